"""Nothing is cut off, at 480 pixels width and in large type: every text of every page is measured.

A text is cut off when Qt elided it, when it is wider than its place, or when it lies outside of the window's width or
of anything that clips it sideways. What lies below can be scrolled to.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mock_editor import OpenPlugin, Plugin, Score, Selected, remembering
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor
from PySide6.QtQuick import QQuickItem
from scripted_bridge import ScriptedBridge, event, up_to

pytestmark = pytest.mark.integration

SIZES = [(480, 1.0), (480, 1.25), (480, 1.5), (480, 2.0), (960, 1.0), (1920, 2.0)]
PAGES = ["ask", "result", "earlier"]
STAGES = ["caption", "retrieve", "draft", "explain", "engrave"]
HALF_A_PIXEL = 0.5


def visible_items(item: QQuickItem) -> Iterator[QQuickItem]:
    """The item and everything in it that can be seen."""
    if item.isVisible() and item.width() > 0:
        yield item
        for child in item.childItems():
            yield from visible_items(child)


def texts(plugin: Plugin) -> list[QQuickItem]:
    """Every visible text that says something."""
    found = [item for item in visible_items(plugin.face) if item.inherits("QQuickText")]
    return [item for item in found if item.property("text").strip()]


def place(item: QQuickItem) -> QRectF:
    """Where the text itself is drawn, in the window."""
    corner = item.mapToScene(QPointF(0, 0))
    return QRectF(corner.x(), corner.y(), item.property("contentWidth"), item.property("contentHeight"))


def cut_off(plugin: Plugin) -> list[str]:
    """What is wrong with the texts of the page as it stands."""
    faults = []
    for text in texts(plugin):
        words = text.property("text")
        if text.property("truncated"):
            faults.append(f"elided: {words!r}")
        if text.property("contentWidth") > text.width() + HALF_A_PIXEL:
            faults.append(f"wider than its place: {words!r}")
        box, above = place(text), text.parentItem()
        while above is not None:
            if above.clip() or above is plugin.root:
                left = above.mapToScene(QPointF(0, 0)).x()
                if (
                    box.left() < left - HALF_A_PIXEL
                    or text.mapToScene(QPointF(0, 0)).x() + min(box.width(), text.width())
                    > left + above.width() + HALF_A_PIXEL
                ):
                    faults.append(f"outside: {words!r}")
                    break
            above = above.parentItem()
    return faults


def overlapping(plugin: Plugin) -> list[str]:
    """Pairs of texts that are drawn over one another, within one scrolling column."""
    found = texts(plugin)
    boxes = [(text.property("text"), place(text).adjusted(1, 3, -1, -3), scroller(text)) for text in found]
    return [
        f"{words!r} over {others!r}"
        for index, (words, box, around) in enumerate(boxes)
        for others, other, elsewhere in boxes[index + 1 :]
        if around is elsewhere and box.intersects(other)
    ]


def scroller(item: QQuickItem) -> QQuickItem | None:
    """The nearest thing around it that clips."""
    above = item.parentItem()
    while above is not None and not above.clip():
        above = above.parentItem()
    return above


def settle(plugin: Plugin) -> None:
    """Lets bindings and positioners come to rest: both are done when a frame is drawn."""
    for _ in range(3):
        plugin.pump()
        plugin.view.grabWindow()


def faults(plugin: Plugin) -> list[str]:
    settle(plugin)
    return cut_off(plugin) + overlapping(plugin)


@pytest.mark.parametrize(("width", "scale"), SIZES)
def test_no_text_of_a_finished_piece_is_cut_off(
    open_plugin: OpenPlugin, bridge: ScriptedBridge, width: int, scale: float
) -> None:
    score = Score("Sonata in a Very Long Title That Somebody Gave It", [0, 480], Selected((0, 480), (0, 0)))
    remembered = remembering(textSize=scale, prompt="a harbour at dusk", seed="7", seedLocked=True)
    plugin = open_plugin((width, 900), remembered=remembered, score=score)
    bridge.script.earlier = [
        {"id": "e1", "state": "finished", "title": "Harbour Lights", "prompt": "dusk " * 30, "seed": 7,
         "created": "2026-01-01T12:00:00Z", "wishes": {}, "picture_url": ""},
    ]  # fmt: skip
    plugin.wait_until("link.ready")
    plugin.tell("compose()")
    plugin.wait_until("work.opening === 'opened' && past.items.length === 1")
    found = {}
    for page in PAGES:
        plugin.tell(f"show('{page}')")
        for stage in STAGES:
            plugin.tell(f"result.show('{stage}')")
            found[page, stage] = faults(plugin)
    assert {where: wrong for where, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(("width", "scale"), SIZES)
def test_no_word_of_trouble_is_cut_off(
    open_plugin: OpenPlugin, bridge: ScriptedBridge, width: int, scale: float
) -> None:
    failed = event(9, "DRAFT", "failed", {"code": 13, "message": "The model stopped. " * 12 + "/a/path" * 30})
    bridge.script.events = [*up_to("stageStarted", 3), failed]
    bridge.script.server = {
        "state": "away",
        "message": "No server answers at localhost:50051; run: hartmann up",
    }
    plugin = open_plugin((width, 900), remembered=remembering(textSize=scale))
    plugin.wait_until("link.status === 'noServer'")
    plugin.tell("ask.setWishes({bars: 'many', tempo: 'fast'}); ask.order()")
    assert faults(plugin) == []
    plugin.tell("ask.setWishes({}); compose()")
    plugin.wait_until("work.phase === 'failed'")
    plugin.tell("show('result')")
    assert faults(plugin) == []
    plugin.tell("view.visible = true")
    settle(plugin)
    assert cut_off(plugin) == []


@pytest.mark.parametrize("kind", ["caption", "references", "draft", "explanation"])
def test_no_text_is_cut_off_while_it_is_written(
    open_plugin: OpenPlugin, bridge: ScriptedBridge, kind: str
) -> None:
    bridge.script.events = up_to(kind)
    plugin = open_plugin((480, 800), remembered=remembering(textSize=1.5))
    plugin.wait_until("link.ready")
    plugin.tell("compose()")
    plugin.wait_until(f"work.story.last === {len(bridge.script.events)}")
    assert faults(plugin) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground_it_stands_on(open_plugin: OpenPlugin, theme: str) -> None:
    plugin = open_plugin()
    plugin.tell(f"Theme.choice = '{theme}'")
    pairs = [
        ("text", "ground"), ("text", "surface"), ("text", "raised"), ("text", "pressed"), ("muted", "ground"),
        ("muted", "surface"), ("muted", "raised"), ("accent", "surface"), ("accent", "accentSoft"),
        ("accent", "raised"), ("accentInk", "accent"), ("accentInk", "accentPressed"), ("text", "accentSoft"),
        ("text", "warnSoft"), ("text", "badSoft"), ("text", "goodSoft"), ("good", "surface"), ("good", "goodSoft"),
        ("warn", "surface"), ("bad", "surface"), ("surface", "bad"),
    ]  # fmt: skip
    low = {(a, b): contrast(plugin, a, b) for a, b in pairs if contrast(plugin, a, b) < 4.5}
    assert low == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_focus_ring_stands_out(open_plugin: OpenPlugin, theme: str) -> None:
    plugin = open_plugin()
    plugin.tell(f"Theme.choice = '{theme}'")
    assert min(contrast(plugin, "accent", ground) for ground in ("ground", "surface", "raised")) >= 3


def contrast(plugin: Plugin, front: str, back: str) -> float:
    """WCAG 2.1's contrast ratio of two colours of the theme."""
    light, dark = sorted((luminance(plugin, front), luminance(plugin, back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(plugin: Plugin, name: str) -> float:
    """WCAG 2.1's relative luminance."""
    colour = QColor(plugin.ask(f"String(Theme.{name})"))
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
