"""Saved scores: unique names, found again without remembering, other people's files untouched."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from composed_events import events, record_of
from PIL import Image

from hartmann.errors import CompositionNotFinished
from hartmann.notation.checking import check
from hartmann.notation.musicxml import to_musicxml
from hartmann.results.record import Record
from hartmann_bridge.refusals import Refused
from hartmann_bridge.saving import Fingerprint, candidates, find, save, stem_of


@pytest.fixture(scope="module")
def musicxml() -> bytes:
    score = check("X:1\nT:Low Sun\nM:4/4\nL:1/4\nK:C\nCDEF|G4|]\n").score
    assert score is not None
    return to_musicxml(score)


@pytest.fixture
def record(musicxml: bytes) -> Record:
    made = record_of(events())
    assert made.score is not None
    made.score.musicxml, made.score.title = musicxml, "Low/Sun: 1"
    return made


@pytest.fixture(scope="module")
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (10, 20, 30)).save(file, "PNG")
    return file.getvalue()


def test_files_have_the_scores_title_and_stand_together(
    tmp_path: Path, record: Record, picture: bytes
) -> None:
    files = save(tmp_path / "new", record, picture, fresh=False)
    assert files.musicxml == str(tmp_path / "new" / "Low_Sun_ 1.musicxml")
    assert {Path(str(path)).name for path in files.model_dump(exclude_none=True).values()} == {
        path.name for path in (tmp_path / "new").iterdir()
    }
    assert files.explanation is not None


def test_score_that_is_there_already_is_found_and_not_written_again(
    tmp_path: Path, record: Record, picture: bytes
) -> None:
    first = save(tmp_path, record, picture, fresh=False)
    before = sorted(tmp_path.iterdir())
    assert save(tmp_path, record, picture, fresh=False) == first
    assert sorted(tmp_path.iterdir()) == before


def test_fresh_files_get_the_next_number(tmp_path: Path, record: Record, picture: bytes) -> None:
    save(tmp_path, record, picture, fresh=False)
    again = save(tmp_path, record, picture, fresh=True)
    assert again.musicxml == str(tmp_path / "Low_Sun_ 1-2.musicxml")


def test_score_that_a_person_changed_stays_and_is_written_beside(
    tmp_path: Path, record: Record, picture: bytes
) -> None:
    first = Path(str(save(tmp_path, record, picture, fresh=False).musicxml))
    first.write_text("changed")
    second = save(tmp_path, record, picture, fresh=False)
    assert second.musicxml != str(first)
    assert first.read_text() == "changed"


def test_files_that_were_removed_since_are_left_out(
    tmp_path: Path, record: Record, picture: bytes, musicxml: bytes
) -> None:
    files = save(tmp_path, record, picture, fresh=False)
    Path(str(files.midi)).unlink()
    found = find(tmp_path, "Low/Sun: 1", Fingerprint.of(musicxml))
    assert found is not None
    assert found.midi is None
    assert found.musicxml == files.musicxml


def test_faulty_musicxml_is_not_saved(tmp_path: Path, record: Record, picture: bytes) -> None:
    assert record.score is not None
    record.score.musicxml = b"<score-partwise/>"
    with pytest.raises(Refused, match="MusicXML is faulty"):
        save(tmp_path, record, picture, fresh=False)
    assert list(tmp_path.iterdir()) == []


def test_composition_without_a_score_cant_be_saved(tmp_path: Path) -> None:
    with pytest.raises(CompositionNotFinished):
        save(tmp_path, Record("x"), b"", fresh=False)


def test_folder_that_cant_be_written_is_told(tmp_path: Path, record: Record, picture: bytes) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused) as caught:
        save(tmp_path / "file", record, picture, fresh=False)
    assert (caught.value.reason, caught.value.field) == ("FOLDER_UNWRITABLE", "scores_folder")


@pytest.mark.parametrize("title", ["../../etc/passwd", "..", "/", "C:\\windows", "", ".", "a\0b", "con"])
def test_no_title_leads_out_of_the_folder(title: str) -> None:
    stem = stem_of(title)
    assert stem
    assert Path(stem).name == stem
    assert stem not in (".", "..")
    assert "\0" not in stem


def test_only_files_of_the_title_are_looked_at(tmp_path: Path) -> None:
    for name in ("Sun.musicxml", "Sun-2.musicxml", "Sunset.musicxml", "Sun.abc", "Sun-x.musicxml"):
        (tmp_path / name).touch()
    assert {path.name for path in candidates(tmp_path, "Sun")} == {"Sun.musicxml", "Sun-2.musicxml"}
