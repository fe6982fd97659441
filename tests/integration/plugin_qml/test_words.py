"""The plugin's JavaScript, module by module, beside what the rest of the program says about the same messages."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlComponent, QQmlEngine, QQmlExpression, qmlContext

from hartmann.results import wording
from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import notation_pb2

pytestmark = pytest.mark.integration


class Modules:
    """Expressions over the modules `words`, `story`, `presets`, `excerpt`, `transcript`, `wire`, `strings`."""

    def __init__(self, folder: Path) -> None:
        self.application = QGuiApplication.instance() or QGuiApplication(["modules"])
        self.engine = QQmlEngine()
        self.component = QQmlComponent(self.engine)
        names = ("words", "story", "presets", "excerpt", "transcript", "wire", "strings")
        imports = "".join(f'import "js/{name}.js" as {name.title()}\n' for name in names)
        source = f"import QtQml 2.2\n{imports}QtObject {{}}"
        self.component.setData(source.encode(), QUrl.fromLocalFile(str(folder / "modules.qml")))
        self.root = self.component.create()
        assert self.root, self.component.errorString()

    def ask(self, expression: str) -> object:
        """The value of an expression, by way of JSON."""
        found = QQmlExpression(qmlContext(self.root), self.root, f"JSON.stringify([{expression}])")
        value = found.evaluate()
        assert not found.hasError(), found.error().toString()
        return json.loads(value[0] if isinstance(value, tuple) else value)[0]


@pytest.fixture(scope="module")
def modules(plugin_folder: Path) -> Modules:
    return Modules(plugin_folder)


@given(st.sets(st.integers(0, 40), min_size=1, max_size=12))
def test_changed_bars_are_named_as_on_the_command_line(modules: Modules, bars: set[int]) -> None:
    draft = pb.Draft(changed_bars=[pb.ChangedBar(voice=1, bar=bar) for bar in bars])
    sent = [{"voice": 1, "bar": bar} if bar else {"voice": 1} for bar in bars]
    said = str(modules.ask(f"Words.changedBars({json.dumps(sent)})"))
    assert said.lower() == wording.changed_bars(draft).lower()


@given(st.lists(st.tuples(st.text(max_size=20), st.integers(0, 30)), max_size=8))
def test_pieces_of_text_are_joined_as_the_protocol_says(
    modules: Modules, pieces: list[tuple[str, int]]
) -> None:
    text = ""
    for piece, wanted in pieces:
        offset = min(wanted, len(text))
        delta = json.dumps({"text": piece, "offset": offset})
        joined = modules.ask(f"Story.splice({json.dumps(text)}, {delta})")
        text = text[:offset] + piece
        assert joined == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "< 0.1 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")],
)
def test_durations_are_as_people_say_them(modules: Modules, seconds: float, words: str) -> None:
    assert str(modules.ask(f"Words.duration({seconds})")).replace("\u00a0", " ") == words


def test_every_metric_of_the_contract_has_a_name_a_value_and_a_meaning(modules: Modules) -> None:
    fields = {field.json_name: 0.5 for field in notation_pb2.Metrics.DESCRIPTOR.fields}
    lines = modules.ask(f"Words.metricLines({json.dumps(fields)})")
    assert isinstance(lines, list)
    assert len(lines) == len(fields)
    assert all(line["name"] and line["value"] and line["says"] for line in lines)


def test_metrics_that_are_not_defined_are_left_out(modules: Modules) -> None:
    assert modules.ask("Words.metricLines({polyphony: 1})") == [
        {"name": "Notes at once", "value": "1.0", "says": "a single line"}
    ]
    assert modules.ask("Words.metricLines(undefined)") == []


def test_every_enum_of_the_contract_has_words(modules: Modules) -> None:
    for kind in pb.DraftKind.keys()[1:]:
        assert modules.ask(f"Words.draftTitle({{number: 2, kind: '{kind}'}})").startswith("Draft 2, ")  # type: ignore[union-attr, attr-defined]
    for stage in pb.Stage.keys()[1:]:
        key = modules.ask(f"Words.stageKey('{stage}')")
        assert modules.ask(f"Strings.t['doing_{key}'] && Strings.t['does_{key}'] && Strings.t['stage_{key}']")


def test_every_kind_of_event_of_the_contract_is_known(modules: Modules) -> None:
    kinds = {field.json_name for field in pb.CompositionEvent.DESCRIPTOR.oneofs_by_name["event"].fields}
    assert set(modules.ask("Story.KINDS")) == kinds  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (
            {"severity": "SEVERITY_ERROR", "message": "too long", "voice": 2, "bar": 0},
            "Error, voice 2, bar 0: too long",
        ),
        (
            {"severity": "SEVERITY_HINT", "message": "unusual", "line": 3, "fix": "K:G"},
            "Hint, line 3: unusual (K:G)",
        ),
        ({"message": "odd"}, "Note: odd"),
    ],
)
def test_problems_are_said_with_their_place(
    modules: Modules, problem: dict[str, object], sentence: str
) -> None:
    assert modules.ask(f"Words.problemSentence({json.dumps(problem)})") == sentence


@pytest.mark.parametrize(
    ("url", "path"),
    [("file:///home/a/b%20c.jpg", "/home/a/b c.jpg"), ("file:///C:/Users/a.jpg", "C:/Users/a.jpg"),
     (" /home/a.jpg ", "/home/a.jpg"), ("file://localhost/a%25b.png", "/a%b.png")],
)  # fmt: skip
def test_paths_come_out_of_whatever_names_a_file(modules: Modules, url: str, path: str) -> None:
    assert modules.ask(f"Words.localPath({json.dumps(url)})") == path


@given(st.lists(st.integers(1, 8), min_size=1, max_size=12), st.data())
def test_selected_ticks_are_the_bars_that_they_touch(
    modules: Modules, lengths: list[int], data: st.DataObject
) -> None:
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    end = sum(lengths)
    first = data.draw(st.integers(0, end - 1))
    last = data.draw(st.integers(first + 1, end))
    touched = [
        number
        for number, (start, length) in enumerate(zip(starts, lengths, strict=True), 1)
        if start < last and start + length > first
    ]
    assert modules.ask(f"Excerpt.barsBetween({starts}, {first}, {last})") == [touched[0], touched[-1]]


@given(st.integers(0, 127), st.integers(-1, 33))
def test_a_pitch_keeps_its_spelling_and_its_height(modules: Modules, pitch: int, tpc: int) -> None:
    fifth = tpc - 13
    alter, step = fifth // 7, "FCGDAEB"[fifth % 7]
    natural = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[step]
    pitch -= (pitch - natural - alter) % 12
    written = str(modules.ask(f"Transcript.pitch({{pitch: {pitch}, tpc: {tpc}}})"))
    found = ElementTree.fromstring(written)
    assert found.findtext("step") == step
    assert int(found.findtext("alter") or 0) == alter
    assert 12 * (int(found.findtext("octave") or 0) + 1) + natural + alter == pitch


def test_tied_notes_of_a_chord_say_so(modules: Modules) -> None:
    chord = {"notes": [{"pitch": 60, "tpc": 14, "begins": True, "ends": False},
                       {"pitch": 64, "tpc": 18, "begins": False, "ends": True}]}  # fmt: skip
    written = ElementTree.fromstring(
        f"<bar>{modules.ask(f'Transcript.element({json.dumps(chord)}, 480, 2)')}</bar>"
    )
    ties = [[tie.get("type") for tie in note.findall("tie")] for note in written]
    assert ties == [["start"], ["stop"]]
    assert [note.find("chord") is not None for note in written] == [False, True]


def test_a_language_is_completed_by_english(modules: Modules) -> None:
    assert (
        modules.ask("(Strings.languages.xx = {compose: 'Los'}, Strings.speak('xx_YY'), Strings.t.compose)")
        == "Los"
    )
    assert modules.ask("Strings.t.cancel") == "Cancel"
    assert modules.ask("(Strings.speak('en_GB'), Strings.t.compose)") == "Compose"


@pytest.mark.parametrize("text", ["", "null", "not json", '{"error": 3}'])
def test_an_answer_that_is_no_json_is_an_error_with_its_status(modules: Modules, text: str) -> None:
    answer = modules.ask(f"Wire.answer(500, {json.dumps(text)})")
    assert isinstance(answer, dict)
    assert answer["status"] == 500
    assert answer["error"]
