"""Every line of a stranger's `train.json` is a description, or refused with the reason and its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.library.ingest import caption_lines
from hartmann.library.ingest.caption_lines import CaptionIndex, parse_description

GOOD = {"location": "lmd_full/1/a.mid", "caption": "A song."}
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=6,
)


def index_of(folder: Path, *lines: str | dict[str, Any]) -> tuple[CaptionIndex, dict[str, str]]:
    path = folder / "train.json"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    index = CaptionIndex(path)
    return index, {reject.id: reject.reason for reject in index.read()}


def test_lines_are_found_again_by_their_locations(tmp_path: Path) -> None:
    other = {"location": "./lmd_full/2/b.mid", "caption": "Another  one,\nin ü."}
    index, refused = index_of(tmp_path, GOOD, "", other)
    assert refused == {}
    assert list(index.places()) == ["lmd_full/1/a.mid", "lmd_full/2/b.mid"]
    assert index.description("lmd_full/2/b.mid").caption == "Another one, in ü."
    assert index.lines() == 2


@pytest.mark.parametrize(
    ("line", "name", "reason"),
    [
        (json.dumps(GOOD)[:30], "train.json:2", "cut short"),
        ("[1, 2]", "train.json:2", "no JSON object"),
        ("\\u0000", "train.json:2", "cut short"),
        ({"caption": "A song."}, "train.json:2", "no location"),
        (GOOD | {"location": 7}, "train.json:2", "no location"),
        (GOOD | {"location": "../../etc/passwd"}, "train.json:2", "leads out of the data set"),
        (GOOD | {"location": "a/../../b.mid"}, "train.json:2", "leads out of the data set"),
        (GOOD | {"location": "a\\..\\b.mid"}, "train.json:2", "leads out of the data set"),
        (GOOD | {"location": "/etc/passwd"}, "train.json:2", "is absolute"),
        (GOOD | {"location": "C:/x.mid"}, "train.json:2", "is absolute"),
        (GOOD | {"location": "a\x00b.mid"}, "train.json:2", "leads out of the data set"),
        (GOOD | {"location": "a" * 501}, "train.json:2", "longer than 500 bytes"),
        (GOOD, "train.json:2", "is that of line 1 too"),
        ({"location": "b.mid"}, "b.mid", "it has no caption (train.json:2)"),
        ({"location": "b.mid", "caption": " "}, "b.mid", "no caption"),
        ({"location": "b.mid", "caption": ["A"]}, "b.mid", "no caption"),
        ({"location": "b.mid", "caption": "a" * 9000}, "b.mid", "9,000 characters"),
    ],
)
def test_a_line_that_describes_nothing_is_refused_with_its_place(
    tmp_path: Path, line: str | dict[str, Any], name: str, reason: str
) -> None:
    _, refused = index_of(tmp_path, GOOD, line)
    assert refused.keys() == {name}
    assert reason in refused[name]


def test_a_line_without_an_end_costs_no_memory_and_not_the_lines_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caption_lines, "LONGEST_LINE", 100)
    index, refused = index_of(tmp_path, "x" * 1000, GOOD)
    assert refused == {"train.json:1": "the line has more than 100 bytes"}
    assert list(index.places()) == ["lmd_full/1/a.mid"]


def test_fields_are_read_as_the_data_set_has_them() -> None:
    said = parse_description(
        json.dumps(
            GOOD
            | {
                "genre": ["Electronic", "pop"],
                "mood": ["dark", "film"],
                "key": "F# minor",
                "time_signature": "12/8",
                "tempo": 96,
                "duration": 218,
                "instrument_summary": ["Piano", "Drums", "Piano"],
                "chord_summary": ["Am", "F"],
                "test_set": True,
            }
        ).encode()
    )
    assert (said.genres, said.moods) == (("electronic", "pop"), ("dark", "film"))
    assert (said.key, said.meter, said.tempo, said.seconds) == ("F# minor", "12/8", 96, 218.0)
    assert (said.instruments, said.is_test) == (("piano", "drums"), True)
    assert (said.title, said.more) == ("Electronic in F# minor", {"chord_summary": ["Am", "F"]})


@given(st.dictionaries(st.sampled_from([*GOOD, "genre", "mood", "key", "tempo", "duration"]), json_values))
def test_fields_may_hold_anything(fields: dict[str, Any]) -> None:
    said = parse_description(json.dumps(fields | {"caption": "A song."}).encode())
    assert said.caption == "A song."
    assert 0 <= said.tempo <= 1000


@given(st.binary(max_size=60))
def test_a_line_may_be_any_bytes(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"line|caption"):
        parse_description(line)
