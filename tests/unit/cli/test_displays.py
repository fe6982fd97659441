"""What each display shows of the same composition."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from composed_events import events
from google.protobuf.json_format import ParseDict
from rich.console import Console

from hartmann.cli.announcements import Progress
from hartmann.cli.assembled_text import AssembledText
from hartmann.cli.display import Display
from hartmann.cli.json_display import JsonDisplay
from hartmann.cli.live_display import LiveDisplay
from hartmann.cli.plain_display import PlainDisplay
from hartmann.results.record import Record
from hartmann.v1 import composition_pb2 as pb


def show_all(display: Display) -> None:
    record = Record("sunset.jpg")
    with display:
        for event in events():
            record.add(event)
            display.event(event, record)
        display.written({".abc": Path("scores/sunset.abc")})


def plain() -> str:
    output = io.StringIO()
    show_all(PlainDisplay(output))
    return output.getvalue()


def live() -> str:
    console = Console(file=io.StringIO(), record=True, force_terminal=True, width=120)
    show_all(LiveDisplay(console))
    return console.export_text()


@pytest.mark.parametrize("show", [plain, live])
@pytest.mark.parametrize(
    "said",
    [
        "sunset.jpg: seed 7, model mini",
        "A low sun over [dark] water.",
        "Tune 1",
        "0.71",
        "0.64",
        "Draft 1, the first",
        "1 error",
        "error in voice 1, bar 3 (line 6): the bar lasts 7/8 where the meter is 6/8",
        "Draft 2, a repair",
        "no problems",
        "bar 3 is new",
        "7 semitones",
        "GAB d2B|]",
        "The low sun asks for long notes.",
        "Draft 2 of 2: it has no errors.",
        "scores/sunset.abc",
    ],
)
def test_people_are_shown(show: object, said: str) -> None:
    assert said in show()  # type: ignore[operator]


def test_live_display_names_the_regions_of_sections() -> None:
    assert "A: looked most at the upper left" in live()


def test_plain_lines_hold_no_terminal_codes() -> None:
    assert "\x1b" not in plain()


@pytest.mark.parametrize("kind", [PlainDisplay, LiveDisplay])
def test_terminal_codes_in_a_models_text_are_shown_not_obeyed(kind: type) -> None:
    output = io.StringIO()
    display = kind(Console(file=output, force_terminal=True) if kind is LiveDisplay else output)
    event = pb.CompositionEvent(sequence=1, caption=pb.Caption(text="\x1b]0;owned\x07 a\rb"))
    display.event(event, Record("sunset.jpg"))
    assert "\x1b]0;" not in output.getvalue()
    assert "\ufffd]0;owned\ufffd a\ufffdb" in output.getvalue()


def test_plain_lines_leave_out_pieces_of_text() -> None:
    assert "A low sun\n" not in plain()


def test_plain_progress_says_each_tenth_once() -> None:
    output = io.StringIO()
    display = PlainDisplay(output)
    for done in range(0, 1001):
        display.preparing(Progress("Filling the library", done, 1000))
    assert len(output.getvalue().splitlines()) == 11


def test_json_lines_are_the_events_and_nothing_else() -> None:
    output = io.StringIO()
    show_all(JsonDisplay(output))
    read = [ParseDict(json.loads(line), pb.CompositionEvent()) for line in output.getvalue().splitlines()]
    assert read == events()


def test_text_being_written_is_seen_before_it_is_finished() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    display = LiveDisplay(console)
    record = Record("sunset.jpg")
    for event in events()[:3]:
        record.add(event)
        display.event(event, record)
    with console.capture() as seen:
        console.print(display._now())
    assert "Describing the picture" in seen.get()
    assert "A low sun" in seen.get()


def test_library_fill_has_a_bar_with_numbers() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    display = LiveDisplay(console)
    display.preparing(Progress("Filling the library", 1200, 11900))
    with console.capture() as seen:
        console.print(display._now())
    assert "1,200 of 11,900" in seen.get()


def delta(offset: int, text: str, draft: int = 1) -> pb.CompositionEvent:
    return pb.CompositionEvent(
        stage=pb.STAGE_DRAFT, text_delta=pb.TextDelta(draft=draft, offset=offset, text=text)
    )


def test_pieces_join_to_the_whole_text() -> None:
    texts = AssembledText()
    texts.add(delta(0, "GAB "))
    assert texts.add(delta(4, "d2B")) == "GAB d2B"


def test_piece_at_an_earlier_offset_replaces_the_text_from_there() -> None:
    texts = AssembledText()
    texts.add(delta(0, "GAB d2B"))
    assert texts.add(delta(4, "e3")) == "GAB e3"


def test_drafts_do_not_mix() -> None:
    texts = AssembledText()
    texts.add(delta(0, "GAB", draft=1))
    assert texts.add(delta(0, "cde", draft=2)) == "cde"
