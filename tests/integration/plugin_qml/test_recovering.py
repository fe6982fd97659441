"""Connections that break: whatever happens to the bridge or the server, the piece arrives, whole and once."""

from __future__ import annotations

from pathlib import Path

import pytest
from mock_editor import OpenPlugin, Plugin, remembering
from scripted_bridge import CAPTION, CREATE, Script, ScriptedBridge, event, events, scripted_bridge, up_to

pytestmark = pytest.mark.integration


def composing(open_plugin: OpenPlugin) -> Plugin:
    """A plugin whose piece is being written."""
    plugin = open_plugin(remembered=remembering())
    plugin.wait_until("link.ready")
    plugin.tell("compose()")
    return plugin


def test_a_line_cut_in_half_comes_again_whole(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    bridge.script.cut_after = 3
    plugin = composing(open_plugin)
    plugin.wait_until("work.phase === 'finished'")
    assert plugin.ask("work.caption") == CAPTION
    streams = [path for _, path, _ in bridge.asked if "/events" in path]
    first, *later = [path.split("after=")[1].split("&")[0] for path in streams]
    assert (first, set(later)) == ("0", {"3"})  # Qt itself may ask again for what broke off


def test_every_stream_has_a_lease_of_its_own(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    bridge.script.cut_after = 3
    plugin = composing(open_plugin)
    plugin.wait_until("work.phase === 'finished'")
    leases = [path.split("lease=")[1] for _, path, _ in bridge.asked if "/events" in path]
    renewed = {path.split("/")[-1] for _, path, _ in bridge.asked if path.startswith("/v1/leases/")}
    assert len(set(leases)) == 2
    assert set(leases) == renewed


def test_a_bridge_that_died_and_came_back_on_another_port_is_found(
    open_plugin: OpenPlugin, home: Path
) -> None:
    with scripted_bridge(Script(events=up_to("stageStarted", 3)), home):
        plugin = composing(open_plugin)
        plugin.wait_until("work.current === 'draft'")
    plugin.wait_until("link.status === 'noBridge' && work.interrupted")
    assert plugin.ask("work.phase") == "running"
    with scripted_bridge(Script(), home):
        plugin.wait_until("work.opening === 'opened'")
        assert plugin.ask("work.drafts.length") == 3


def test_an_order_waits_for_the_bridge_and_is_sent_once(open_plugin: OpenPlugin, home: Path) -> None:
    plugin = open_plugin(remembered=remembering())
    plugin.wait_until("link.status === 'noBridge'")
    plugin.tell("compose()")
    plugin.wait_until("work.serverMessage !== ''")
    assert plugin.ask("work.phase") == "sending"
    with scripted_bridge(Script(), home) as bridge:
        plugin.wait_until("work.phase === 'finished'")
        assert len(bridge.requests(*CREATE)) == 1


def test_an_order_that_waits_can_be_taken_back(open_plugin: OpenPlugin, home: Path) -> None:
    plugin = open_plugin(remembered=remembering())
    plugin.wait_until("link.status === 'noBridge'")
    plugin.tell("compose()")
    plugin.wait_until("work.serverMessage !== ''")
    plugin.tell("work.cancel()")
    with scripted_bridge(Script(), home) as bridge:
        plugin.wait_until("link.ready")
        assert plugin.ask("work.phase") == "idle"
        assert bridge.requests(*CREATE) == []


def test_an_order_refused_for_want_of_a_server_is_sent_again_as_the_same(
    open_plugin: OpenPlugin, bridge: ScriptedBridge
) -> None:
    away = (503, {"reason": "SERVER_AWAY", "message": "No server answers; run: hartmann up"})
    bridge.script.refusals["POST /v1/compositions"] = away
    plugin = composing(open_plugin)
    plugin.wait_until("work.serverMessage === 'No server answers; run: hartmann up'")
    del bridge.script.refusals["POST /v1/compositions"]
    plugin.wait_until("work.phase === 'finished'")
    orders = bridge.requests(*CREATE)
    assert len(orders) >= 2
    assert len({order["request_id"] for order in orders}) == 1


def test_a_server_that_goes_away_in_the_middle_is_told_until_it_is_back(
    open_plugin: OpenPlugin, bridge: ScriptedBridge
) -> None:
    bridge.script.events = [
        *up_to("caption"),
        {"bridge": {"server": "away", "message": "The server stopped."}},
    ]
    plugin = composing(open_plugin)
    plugin.wait_until("work.interrupted")
    assert plugin.ask("work.serverMessage") == "The server stopped."
    bridge.script.tell({"bridge": {"server": "back"}}, *events()[5:])
    plugin.wait_until("work.phase === 'finished'")
    assert not plugin.ask("work.interrupted")


def test_a_score_opens_late_when_the_bridge_died_before_it_was_saved(
    open_plugin: OpenPlugin, home: Path
) -> None:
    script = Script()
    script.refusals["POST /v1/compositions/c1/open"] = (503, {"reason": "SERVER_AWAY", "message": "Away."})
    with scripted_bridge(script, home):
        plugin = composing(open_plugin)
        plugin.wait_until("work.phase === 'finished'")
        assert plugin.ask("work.opening") == "opening"
    plugin.wait_until("link.status === 'noBridge'")
    with scripted_bridge(Script(), home):
        plugin.wait_until("work.opening === 'opened'")


def test_a_silent_stream_is_opened_again(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    bridge.script.events = up_to("caption")
    plugin = composing(open_plugin)
    plugin.wait_until("work.captionDone")
    watch = "(function () { for (var i in work.data) if (work.data[i].silence) return work.data[i]; })()"
    plugin.tell(f"{watch}.silence = 50")
    plugin.wait_until(lambda: len([path for _, path, _ in bridge.asked if "/events?after=5" in path]) >= 1)


def test_a_composition_that_is_gone_is_a_failure_with_its_reason(
    open_plugin: OpenPlugin, bridge: ScriptedBridge
) -> None:
    gone = {"bridge": {"error": {"reason": "COMPOSITION_NOT_FOUND", "message": "It was deleted."}}}
    bridge.script.events = [*up_to("caption"), gone]
    plugin = composing(open_plugin)
    plugin.wait_until("work.phase === 'failed'")
    assert plugin.ask("work.failure.message") == "It was deleted."


def test_a_token_that_does_not_fit_is_said(
    open_plugin: OpenPlugin, bridge: ScriptedBridge, home: Path
) -> None:
    place = home / ".config" / "hartmann" / "bridge.json"
    place.write_text(place.read_text().replace("scripted-token", "yesterday"))
    plugin = open_plugin()
    plugin.wait_until("link.status === 'refused'")
    bridge.write_connection(home)
    plugin.wait_until("link.ready")


def test_events_that_come_twice_change_nothing(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    bridge.script.events = [*up_to("textDelta", 2), *up_to("textDelta", 2)[1:], *events()[4:]]
    plugin = composing(open_plugin)
    plugin.wait_until("work.phase === 'finished'")
    assert plugin.ask("work.caption") == CAPTION


def test_a_heartbeat_is_no_event(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    beat = event(5, "CAPTION", "heartbeat", {})
    bridge.script.events = [*up_to("caption"), beat, beat, *events()[5:]]
    plugin = composing(open_plugin)
    plugin.wait_until("work.phase === 'finished'")
    assert plugin.ask("work.drafts.length") == 3
