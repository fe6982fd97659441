"""What `hartmann attention` says about bad input before it loads a model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hartmann.cli import main

TUNE = "X:1\nT:Good\nM:6/8\nL:1/8\nK:G\nGAB d2B|GAB d3|]\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file that stands for a picture, and a tune."""
    picture, tune = tmp_path / "boat.jpg", tmp_path / "tune.abc"
    picture.write_bytes(b"no picture")
    tune.write_text(TUNE)
    return picture, tune


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> tuple[int, str]:
    """Exit status and standard error of `hartmann attention ARGUMENTS…`."""
    monkeypatch.setattr(sys, "argv", ["hartmann", "attention", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        sys.exit(main())
    return int(end.value.code or 0), capsys.readouterr().err


def test_an_order_to_write_nothing_is_refused(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = "hartmann: say what to write: -o MAPS.png, --raw FILE.safetensors, or both\n"
    assert said(monkeypatch, capsys, *files) == (2, expected)


def test_a_file_that_is_there_is_kept(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = f"hartmann: {files[1]} exists already; choose another name\n"
    assert said(monkeypatch, capsys, *files, "--raw", files[1]) == (2, expected)


def test_a_folder_that_is_not_there_is_named(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = files[0].parent / "none" / "maps.png"
    assert said(monkeypatch, capsys, *files, "-o", target) == (
        2,
        f"hartmann: there is no folder {target.parent}\n",
    )


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--by", "page", "'page' is nothing to draw maps of; choose section, voice, bar, caption"),
        ("--raw-type", "int8", "raw attention is written as float16 or float32, not 'int8'"),
    ],
)
def test_what_can_not_be_chosen_is_told_with_what_can(
    files: tuple[Path, Path],
    option: str,
    value: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = files[0].parent / "out"
    assert said(monkeypatch, capsys, *files, "-o", target, option, value) == (2, f"hartmann: {sentence}\n")


def test_events_that_are_none_are_told_by_their_line(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = files[0].parent / "boat.events.jsonl"
    events.write_text('{"sequence": "1"}\nnothing\n')
    status, sentence = said(monkeypatch, capsys, files[0], events, "-o", files[0].parent / "maps.png")
    assert (status, sentence) == (2, "hartmann: line 2 is no event of a composition\n")


def test_bytes_that_are_no_picture_are_told(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, sentence = said(monkeypatch, capsys, *files, "-o", files[0].parent / "maps.png")
    assert status == 2
    assert "picture" in sentence
