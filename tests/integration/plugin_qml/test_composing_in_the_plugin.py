"""The plugin as somebody uses it: from a picture's path to the open score, and everything that can come between."""

from __future__ import annotations

import json

import pytest
from mock_editor import OpenPlugin, Plugin, Score, Selected, remembering
from PySide6.QtCore import Qt
from scripted_bridge import ABC, CAPTION, CREATE, MOTIVATION, Script, ScriptedBridge, event, up_to

pytestmark = pytest.mark.integration


@pytest.fixture
def ready(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> Plugin:
    """The plugin, connected, with a picture."""
    plugin = open_plugin(remembered=remembering())
    plugin.wait_until("link.ready")
    return plugin


def test_nothing_happens_before_the_command_is_chosen(
    bridge: ScriptedBridge, open_plugin: OpenPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Plugin, "start", Plugin.pump)
    plugin = open_plugin()
    assert not plugin.ask("started")
    assert bridge.asked == []


def test_compose_shows_progress_before_the_bridge_has_answered(ready: Plugin) -> None:
    ready.tell("compose()")
    assert ready.ask("work.phase") == "sending"
    assert ready.ask("result.empty") is False


def test_what_was_asked_is_sent_as_the_bridge_wants_it(ready: Plugin, bridge: ScriptedBridge) -> None:
    ready.tell("ask.setWishes({ensemble: 'flute, cello', bars: '16', tempo: '72.5', key: 'D dorian'})")
    ready.tell("ask.prompt = '  a harbour '; ask.seedLocked = true; ask.seed = '7'")
    ready.tell("compose()")
    ready.wait_until(lambda: bridge.requests(*CREATE))
    (order,) = bridge.requests(*CREATE)
    assert order.pop("request_id")
    assert order == {
        "picture": "/pictures/sea.jpg", "prompt": "a harbour", "seed": 7, "excerpt": None,
        "wishes": {"ensemble": "flute, cello", "bars": 16, "tempo": 72.5, "key": "D dorian"},
    }  # fmt: skip


def test_events_become_what_the_window_shows(ready: Plugin) -> None:
    ready.tell("compose()")
    ready.wait_until("work.phase === 'finished'")
    assert ready.ask("work.caption") == CAPTION
    assert ready.ask("work.motivation") == MOTIVATION
    assert [reference["rank"] for reference in ready.ask("work.references")] == [1, 2]
    assert [draft["number"] for draft in ready.ask("work.drafts")] == [1, 2, 3]
    assert ready.ask("work.score.title") == "Harbour Lights"
    assert {stage["state"] for stage in ready.ask("work.stages").values()} == {"done"}


def test_stages_take_the_time_that_their_events_say(ready: Plugin) -> None:
    ready.tell("compose()")
    ready.wait_until("work.phase === 'finished'")
    seconds = ready.ask("work.seconds")
    assert seconds["caption"] == pytest.approx(7.5)
    assert seconds["draft"] == pytest.approx(12.5)
    assert seconds["total"] == pytest.approx(45.0)


def test_the_view_goes_along_with_the_work_until_somebody_chooses_a_stage(
    ready: Plugin, bridge: ScriptedBridge
) -> None:
    bridge.script.events = up_to("stageStarted", 3)
    ready.tell("compose()")
    ready.wait_until("result.stage === 'draft'")
    ready.tell("result.following = false; result.show('caption')")
    bridge.script.tell(event(9, "REFINE", "stageStarted", {}))
    ready.wait_until("work.current === 'refine'")
    assert ready.ask("result.stage") == "caption"


def test_a_finished_score_opens_by_itself_through_the_bridge(ready: Plugin, bridge: ScriptedBridge) -> None:
    ready.tell("compose()")
    ready.wait_until("work.opening === 'opened'")
    assert bridge.requests("POST", "/v1/compositions/c1/open") == [{"version": "4"}]
    assert ready.editor.read == []


def test_a_score_stays_closed_when_the_person_wants_that(
    open_plugin: OpenPlugin, bridge: ScriptedBridge
) -> None:
    plugin = open_plugin(remembered=remembering(opensByItself=False))
    plugin.wait_until("link.ready")
    plugin.tell("compose()")
    plugin.wait_until("work.phase === 'finished'")
    assert plugin.ask("work.opening") == ""
    assert bridge.requests("POST", "/v1/compositions/c1/open") == []


def test_a_score_that_could_not_be_opened_is_said_with_its_path(
    ready: Plugin, bridge: ScriptedBridge
) -> None:
    message = "MuseScore was not found. Install it, or name it in the settings."
    bridge.script.refusals["POST /v1/compositions/c1/open"] = (
        409,
        {"reason": "NO_EDITOR", "message": message},
    )
    ready.tell("compose()")
    ready.wait_until("work.opening === 'notOpened'")
    assert ready.ask("work.refusal.message") == message
    assert ready.ask("result.stage") == "engrave"


def test_musescore_3_reads_the_saved_file_itself(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    plugin = open_plugin(remembered=remembering(), major=3)
    plugin.wait_until("link.ready")
    plugin.tell("compose()")
    plugin.wait_until(lambda: plugin.editor.read)
    assert plugin.editor.read == ["/home/you/Music/Hartmann/Harbour Lights.musicxml"]
    assert plugin.ask("work.opening") == "opening"
    plugin.editor.score = Score("Harbour Lights", [0])
    plugin.wait_until("work.opening === 'opened'")
    assert bridge.requests("POST", "/v1/compositions/c1/save") == [{"fresh": True}]


@pytest.mark.parametrize(
    ("setting", "field"),
    [("ask.setWishes({bars: '0'})", "bars"), ("ask.setWishes({tempo: 'fast'})", "tempo"),
     ("ask.seedLocked = true; ask.seed = '-1'", "seed"), ("ask.picturePath = ' '", "picture")],
)  # fmt: skip
def test_what_can_not_be_meant_is_said_beside_its_field_and_not_sent(
    ready: Plugin, bridge: ScriptedBridge, setting: str, field: str
) -> None:
    ready.tell(setting)
    ready.tell("compose()")
    assert list(ready.ask("ask.errors")) == [field]
    assert bridge.requests(*CREATE) == []


def test_a_refusal_stands_beside_the_field_that_it_is_about(ready: Plugin, bridge: ScriptedBridge) -> None:
    error = {"reason": "WISH_INVALID", "message": "'H' is no key", "field": "wishes.key"}
    bridge.script.refusals["POST /v1/compositions"] = (422, error)
    ready.tell("compose()")
    ready.wait_until("work.refusal !== null")
    assert ready.ask("ask.errors") == {"key": "'H' is no key"}
    assert ready.ask("work.phase") == "idle"


def test_a_failure_is_told_in_the_servers_words(ready: Plugin, bridge: ScriptedBridge) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "MODEL_FAILED"}]
    failed = {"code": 13, "message": "The model stopped.", "details": details}
    bridge.script.events = [*up_to("stageStarted", 3), event(9, "DRAFT", "failed", failed)]
    ready.tell("compose()")
    ready.wait_until("work.phase === 'failed'")
    assert ready.ask("work.failure") == {"message": "The model stopped.", "reason": "MODEL_FAILED"}
    assert ready.ask("work.stages.draft.state") == "failed"
    assert ready.ask("work.stages.caption.state") == "done"


def test_cancel_asks_the_bridge_and_waits_for_the_event(ready: Plugin, bridge: ScriptedBridge) -> None:
    bridge.script.events = up_to("stageStarted", 3)
    ready.tell("compose()")
    ready.wait_until("work.phase === 'running'")
    ready.tell("work.cancel()")
    ready.wait_until(lambda: bridge.requests("POST", "/v1/compositions/c1/cancel") == [None])
    assert ready.ask("work.cancelling")
    bridge.script.tell(event(9, "UNSPECIFIED", "cancelled", {}))
    ready.wait_until("work.phase === 'cancelled'")
    assert not ready.ask("work.cancelling || work.busy")


def test_text_appears_as_it_is_written(ready: Plugin, bridge: ScriptedBridge) -> None:
    bridge.script.events = up_to("textDelta")
    ready.tell("compose()")
    ready.wait_until("work.caption !== ''")
    assert ready.ask("work.caption") == CAPTION[:90]
    bridge.script.tell(event(4, "CAPTION", "textDelta", {"text": "XY", "offset": 5}))
    ready.wait_until(f"work.caption === {json.dumps(CAPTION[:5] + 'XY')}")


def test_a_draft_under_way_is_shown_until_it_is_there(ready: Plugin, bridge: ScriptedBridge) -> None:
    bridge.script.events = up_to("textDelta", 3)
    ready.tell("compose()")
    ready.wait_until("work.writing.text !== ''")
    assert ready.ask("work.writing") == {"number": 1, "text": ABC[:70]}
    bridge.script.tell(*up_to("draft")[9:])
    ready.wait_until("work.drafts.length === 1")
    assert ready.ask("work.writing.text") == ""


def test_a_changed_description_continues_from_there(ready: Plugin, bridge: ScriptedBridge) -> None:
    ready.tell("compose()")
    ready.wait_until("work.phase === 'finished'")
    ready.tell("work.revise('retrieve', {caption: 'A stormy sea.', keep_seed: true})")
    ready.wait_until(lambda: bridge.requests("POST", "/v1/compositions//revise") == [])
    (asked,) = ready.wait_until(lambda: bridge.requests("POST", "/v1/compositions/c1/revise"))
    assert {**asked, "request_id": ""} == {
        "from_stage": "retrieve", "caption": "A stormy sea.", "keep_seed": True, "request_id": "",
    }  # fmt: skip


def test_bars_of_ones_own_score_go_along_with_the_whole_score(
    open_plugin: OpenPlugin, bridge: ScriptedBridge
) -> None:
    score = Score("Sonata", [0, 480, 1920, 3360], Selected((480, 3360), (1, 2)))
    plugin = open_plugin(remembered=remembering(), score=score, exported="<score-partwise version='4.0'/>")
    plugin.wait_until("link.ready && editor.selection")
    plugin.tell("ask.use = 2; compose()")
    (order,) = plugin.wait_until(lambda: bridge.requests(*CREATE))
    assert order["excerpt"] == {
        "musicxml": "<score-partwise version='4.0'/>\n", "first_bar": 2, "last_bar": 3, "staves": [2, 3],
        "use": "vary", "title": "Sonata",
    }  # fmt: skip
    assert list(plugin.editor.home.glob("hartmann-*")) == []


def test_a_selection_up_to_the_end_has_the_last_bar(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    plugin = open_plugin(score=Score("Sonata", [0, 480, 1920], Selected((500, 0), (0, 0))))
    plugin.wait_until("editor.selection")
    assert plugin.ask("editor.selection") == {"firstBar": 2, "lastBar": 3, "staves": [1]}


def test_a_score_that_can_not_be_exported_is_not_sent(
    open_plugin: OpenPlugin, bridge: ScriptedBridge
) -> None:
    plugin = open_plugin(remembered=remembering(), score=Score("Sonata", [0], Selected((0, 0), (0, 0))))
    plugin.wait_until("link.ready && editor.selection")
    plugin.tell("ask.use = 1; compose()")
    assert "could not hand over" in plugin.ask("work.refusal.message")
    assert "can't read this score" in plugin.messages.pop()
    assert bridge.requests(*CREATE) == []


def test_what_was_asked_last_is_there_the_next_time(ready: Plugin, open_plugin: OpenPlugin) -> None:
    ready.tell("ask.setWishes({key: 'G', mood: 'calm'}); ask.prompt = 'dawn'; Theme.choice = 'dark'")
    ready.tell("ask.kept = [{name: 'Mine', wishes: {bars: '8'}}]")
    ready.tell("compose()")
    ready.wait_until("work.phase === 'finished'")
    ready.view.close()
    again = open_plugin(remembered=ready.editor.remembered)
    assert again.ask("ask.picturePath") == "/pictures/sea.jpg"
    assert again.ask("ask.wishes.key + ask.wishes.mood + ask.prompt") == "Gcalmdawn"
    assert again.ask("ask.recent") == ["/pictures/sea.jpg"]
    assert again.ask("ask.kept") == [{"name": "Mine", "wishes": {"bars": "8"}}]
    assert again.ask("Theme.dark")


def test_a_closed_window_stops_listening_but_not_the_work(ready: Plugin, bridge: ScriptedBridge) -> None:
    bridge.script.events = up_to("stageStarted", 2)
    ready.tell("compose()")
    ready.wait_until("work.phase === 'running'")
    ready.view.close()
    ready.wait_until("!started")
    assert bridge.requests("POST", "/v1/compositions/c1/cancel") == []
    assert json.loads(ready.editor.remembered)["watching"] == "c1"


def test_a_piece_left_running_is_taken_up_again(open_plugin: OpenPlugin, bridge: ScriptedBridge) -> None:
    plugin = open_plugin(remembered=remembering(watching="c1"))
    plugin.wait_until("work.phase === 'finished'")
    assert plugin.ask("work.compositionId") == "c1"


def test_an_earlier_piece_gives_its_settings_back(ready: Plugin, bridge: ScriptedBridge) -> None:
    earlier = {
        "id": "c9", "state": "finished", "prompt": "dawn", "seed": 11, "created": "2026-01-01T12:00:00Z",
        "wishes": {"ensemble": "harp", "bars": 0, "key": "", "tempo": 66.0}, "picture_url": "",
    }  # fmt: skip
    bridge.script.earlier = [earlier]
    ready.tell("past.refresh()")
    ready.wait_until("past.items.length === 1")
    ready.tell("ask.reuse(past.items[0])")
    assert ready.ask("ask.prompt + ask.seed") == "dawn11"
    assert ready.ask("ask.seedLocked")
    assert ready.ask("Object.keys(ask.wishes).filter(function (w) { return ask.wishes[w] !== ''; })") == [
        "ensemble",
        "tempo",
    ]


def test_an_earlier_piece_shown_again_does_not_open_by_itself(ready: Plugin, bridge: ScriptedBridge) -> None:
    ready.tell("work.show({id: 'c1', state: 'finished'})")
    ready.wait_until("work.score !== null")
    assert ready.ask("work.opening") == ""
    assert bridge.requests("POST", "/v1/compositions/c1/open") == []


def test_control_and_enter_compose_from_anywhere(ready: Plugin, bridge: ScriptedBridge) -> None:
    ready.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    ready.wait_until(lambda: bridge.requests(*CREATE))


def test_escape_closes_the_window_but_not_while_composing(ready: Plugin, bridge: ScriptedBridge) -> None:
    bridge.script.events = up_to("stageStarted", 2)
    ready.tell("compose()")
    ready.wait_until("work.phase === 'running'")
    ready.press(Qt.Key.Key_Escape)
    assert ready.editor.closed == 0
    bridge.script.tell(event(8, "UNSPECIFIED", "cancelled", {}))
    ready.wait_until("!work.busy")
    ready.press(Qt.Key.Key_Escape)
    assert ready.editor.closed == 1


def test_tab_goes_around_through_everything_in_reading_order(ready: Plugin) -> None:
    def place() -> tuple[float, float]:
        item = ready.view.activeFocusItem()
        corner = item.mapToScene(item.boundingRect().topLeft())
        return corner.x(), corner.y()

    ready.tell("ask.focusFirst()")
    first = ready.view.activeFocusItem()
    seen = [first]
    while True:
        ready.press(Qt.Key.Key_Tab)
        item = ready.view.activeFocusItem()
        if item is first:
            break
        assert item not in seen
        assert item.isVisible()
        x, y = place()
        assert 0 <= x <= 960
        assert 0 <= y <= 720
        seen.append(item)
    assert len(seen) >= 15


def test_choosing_the_command_again_opens_no_second_window(ready: Plugin, open_plugin: OpenPlugin) -> None:
    second = open_plugin(beside=ready)
    second.wait_until(lambda: second.editor.closed == 1)
    assert not second.ask("started")
    assert ready.ask("started")


def test_a_window_that_was_closed_makes_room_for_the_next(ready: Plugin, open_plugin: OpenPlugin) -> None:
    ready.view.close()
    ready.wait_until("!started")
    second = open_plugin(beside=ready)
    assert second.ask("started")


def test_the_picture_is_looked_at_before_it_is_sent(ready: Plugin, bridge: ScriptedBridge) -> None:
    error = {"reason": "NOT_FOUND", "message": "There is no file /pictures/x.jpg."}
    bridge.script.refusals["POST /v1/pictures/check"] = (404, error)
    ready.tell("takePicture('file:///pictures/x.jpg')")
    ready.wait_until("ask.pictureError !== ''")
    assert ready.ask("ask.pictureError") == "There is no file /pictures/x.jpg."
    assert ready.ask("ask.facts") is None


def test_what_is_missing_is_said_with_the_command_that_starts_it(open_plugin: OpenPlugin) -> None:
    plugin = open_plugin()
    plugin.wait_until("link.status === 'noBridge'")
    assert plugin.ask("connection.visible")
    assert plugin.ask("connection.command") == "hartmann up"


def test_a_server_that_is_away_is_said_in_the_bridges_words(
    open_plugin: OpenPlugin, bridge: ScriptedBridge
) -> None:
    bridge.script.server = {"state": "away", "message": "No server answers; run: hartmann up"}
    plugin = open_plugin()
    plugin.wait_until("link.status === 'noServer'")
    assert plugin.ask("connection.words") == "No server answers; run: hartmann up"
    bridge.script.server = {"state": "ready", "message": ""}
    plugin.wait_until("link.ready")
    assert not plugin.ask("connection.visible")


def test_script_is_a_whole_composition() -> None:
    assert list(Script().events[-1])[-1] == "score"
