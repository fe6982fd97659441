"""The plugin with the real bridge, the real server and a real database; the models follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mock_editor import OpenPlugin, Plugin, Score, Selected, remembering
from running_server import Running, a_picture, running_server, settings_for
from scripted_models import CAPTION, MOTIVATION, ScriptedWriter

from hartmann_bridge import serving
from hartmann_bridge.places import Places

pytestmark = pytest.mark.integration

Check = str | Callable[[], object]


async def wait_until(plugin: Plugin, check: Check, seconds: float = 60) -> Any:
    """What the check gives once it is true; bridge and server work meanwhile, in the same loop."""
    async with asyncio.timeout(seconds):
        while not (value := plugin.ask(check) if isinstance(check, str) else check()):
            plugin.pump()
            await asyncio.sleep(0.005)
    return value


@asynccontextmanager
async def running_bridge(home: Path, address: str) -> AsyncIterator[str]:
    """A bridge on a free port, whose file lies where the plugin looks for it; its URL."""
    stop = asyncio.Event()
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    fixed = {"server": address, "port": 0, "scores_folder": home / "Scores"}
    places = Places(home / ".config" / "hartmann")
    task = asyncio.create_task(serving.serve(places, fixed=fixed, on_ready=opened.set_result, stop=stop))
    await asyncio.wait({task, opened}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield opened.result()
    finally:
        stop.set()
        await task


@pytest.fixture
def picture(home: Path) -> Path:
    """A picture in the person's home."""
    home.mkdir()
    path = home / "field.png"
    path.write_bytes(a_picture())
    return path


def opened(open_plugin: OpenPlugin, picture: Path, **editor: object) -> Plugin:
    """The plugin in MuseScore 3 (which reads the file itself), with the picture."""
    return open_plugin(remembered=remembering(picture=str(picture)), major=3, **editor)


def held() -> ScriptedWriter:
    """A writer that stops in the middle of its first draft."""
    writer = ScriptedWriter()
    writer.hold.clear()
    return writer


async def to_the_end(plugin: Plugin, server: Running) -> bytes:
    """Waits for the saved score; its bytes, which are the server's."""
    await wait_until(plugin, lambda: plugin.editor.read)
    assert plugin.ask("work.phase") == "finished"
    saved = await asyncio.to_thread(Path(plugin.editor.read[0]).read_bytes)
    events = await server.watch(f"compositions/{plugin.ask('work.compositionId')}")
    assert saved == events[-1].score.musicxml
    assert plugin.ask("work.story.last") == events[-1].sequence
    return saved


async def test_a_picture_becomes_a_saved_score(
    open_plugin: OpenPlugin, home: Path, picture: Path, database_url: str
) -> None:
    async with running_server(settings_for(database_url)) as server, running_bridge(home, server.address):
        plugin = opened(open_plugin, picture)
        await wait_until(plugin, "link.ready && ask.facts !== null")
        assert plugin.ask("[ask.facts.width, ask.facts.height]") == [60, 40]
        plugin.tell("compose()")
        await to_the_end(plugin, server)
        assert plugin.ask("work.caption") == CAPTION
        assert plugin.ask("work.motivation") == MOTIVATION
        assert len(plugin.ask("work.references")) >= 1
        drafts = plugin.ask("work.drafts")
        assert drafts[-1]["metrics"]
        await wait_until(plugin, "work.pictures && work.pictures.attention && work.preview(work.score.draft)")
        shown = "result.show('explain')"
        plugin.tell(shown)
        await wait_until(plugin, lambda: pictures_shown(plugin) >= 1)
        plugin.editor.score = Score(Path(plugin.editor.read[0]).stem, [0])
        await wait_until(plugin, "work.opening === 'opened'")
        await wait_until(plugin, "past.items.length === 1 && past.items[0].state === 'finished'")


def pictures_shown(plugin: Plugin) -> int:
    """How many pictures of the result's page are loaded and drawn."""
    plugin.view.grabWindow()
    return plugin.ask(
        "(function count(item) { var own = item.source !== undefined && item.ready === true && item.visible ? 1 : 0;"
        " for (var i = 0; i < item.children.length; i++) own += count(item.children[i]); return own; })(result)"
    )


async def test_a_bridge_restarted_in_the_middle_costs_nothing(
    open_plugin: OpenPlugin, home: Path, picture: Path, database_url: str
) -> None:
    writer = held()
    async with running_server(settings_for(database_url), writer) as server:
        async with running_bridge(home, server.address) as first:
            plugin = opened(open_plugin, picture)
            await wait_until(plugin, "link.ready")
            plugin.tell("compose()")
            await wait_until(plugin, "work.current === 'draft'")
        await wait_until(plugin, "link.status === 'noBridge'")
        writer.hold.set()
        async with running_bridge(home, server.address) as second:
            assert first != second
            await to_the_end(plugin, server)


async def test_a_server_restarted_in_the_middle_costs_nothing(
    open_plugin: OpenPlugin, home: Path, picture: Path, database_url: str
) -> None:
    async with running_server(settings_for(database_url), held()) as server:
        address = server.address
        bridge = running_bridge(home, address)
        await bridge.__aenter__()
        plugin = opened(open_plugin, picture)
        await wait_until(plugin, "link.ready")
        plugin.tell("compose()")
        await wait_until(plugin, "work.current === 'draft'")
        server.writer.fault = ConnectionError("the server is being stopped")
        server.stop.set()
    try:
        await wait_until(plugin, "work.interrupted")
        assert plugin.ask("work.phase") == "running"
        async with running_server(settings_for(database_url, listen=address)) as server:
            await to_the_end(plugin, server)
    finally:
        await bridge.__aexit__(None, None, None)


async def test_cancel_stops_the_writing(
    open_plugin: OpenPlugin, home: Path, picture: Path, database_url: str
) -> None:
    async with (
        running_server(settings_for(database_url), held()) as server,
        running_bridge(home, server.address),
    ):
        plugin = opened(open_plugin, picture)
        await wait_until(plugin, "link.ready")
        plugin.tell("compose()")
        await wait_until(plugin, "work.current === 'draft'")
        plugin.tell("work.cancel()")
        await wait_until(plugin, "work.phase === 'cancelled'")
        assert plugin.editor.read == []


async def test_a_changed_description_is_written_from(
    open_plugin: OpenPlugin, home: Path, picture: Path, database_url: str
) -> None:
    async with running_server(settings_for(database_url)) as server, running_bridge(home, server.address):
        plugin = opened(open_plugin, picture)
        await wait_until(plugin, "link.ready")
        plugin.tell("compose()")
        await to_the_end(plugin, server)
        before = plugin.ask("work.compositionId")
        plugin.editor.read.clear()
        plugin.tell("work.revise('retrieve', {caption: 'A stormy sea.', keep_seed: true})")
        await wait_until(plugin, lambda: plugin.editor.read)
        assert plugin.ask("work.compositionId") != before
        assert plugin.ask("work.caption") == "A stormy sea."


async def test_the_servers_refusal_of_a_wish_stands_beside_its_field(
    open_plugin: OpenPlugin, home: Path, picture: Path, database_url: str
) -> None:
    async with running_server(settings_for(database_url)) as server, running_bridge(home, server.address):
        plugin = opened(open_plugin, picture)
        await wait_until(plugin, "link.ready")
        for field, value in (
            ("key", "H"),
            ("meter", "0/4"),
            ("ensemble", "spoons"),
            ("tempo", "20.5"),
            ("bars", "256"),
        ):
            plugin.tell(f"ask.setWishes({{{field}: '{value}'}}); compose()")
            await wait_until(
                plugin, "work.refusal !== null || work.phase === 'queued' || work.phase === 'running'"
            )
            if field in ("tempo", "bars"):
                assert plugin.ask("work.refusal") is None
            else:
                assert list(plugin.ask("ask.errors")) == [field]
            plugin.tell("work.clear()")


async def test_selected_bars_reach_the_server(
    open_plugin: OpenPlugin, home: Path, picture: Path, database_url: str
) -> None:
    score = Score("Sonata", [0, 1920, 3840], Selected((1920, 0), (0, 0)))
    exported = musicxml("CDEFGA")
    async with running_server(settings_for(database_url)) as server, running_bridge(home, server.address):
        plugin = opened(open_plugin, picture, score=score, exported=exported)
        await wait_until(plugin, "link.ready && editor.selection")
        plugin.tell("ask.use = 1; compose()")
        await wait_until(plugin, "work.referencesDone || work.refusal !== null")
        assert plugin.ask("work.refusal") is None
        first = plugin.ask("work.references[0]")
        assert first["id"] == "excerpt"


def musicxml(steps: str) -> str:
    """A score of one whole note a bar."""
    bars = "".join(
        f'<measure number="{number}">'
        + ("<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
           if number == 1 else "")
        + f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>4</duration><type>whole</type></note>"
        + "</measure>"
        for number, step in enumerate(steps, 1)
    )  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0"><part-list><score-part id="P1">'
        f'<part-name>Violin</part-name></score-part></part-list><part id="P1">{bars}</part></score-partwise>'
    )
