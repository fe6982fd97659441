"""Names of result files, and that a person's files are never touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.results import files as result_files
from hartmann.results.files import name_for, write_results

CONTENTS = {".abc": b"X:1\n", ".mid": b"MThd"}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_files_take_the_pictures_name(tmp_path: Path) -> None:
    files = write_results(tmp_path, "holiday", CONTENTS)
    assert {suffix: path.name for suffix, path in files.items()} == {
        ".abc": "holiday.abc",
        ".mid": "holiday.mid",
    }
    assert files[".abc"].read_bytes() == b"X:1\n"


def test_missing_folder_is_made(tmp_path: Path) -> None:
    write_results(tmp_path / "a" / "b", "holiday", CONTENTS)
    assert names_in(tmp_path / "a" / "b") == {"holiday.abc", "holiday.mid"}


def test_one_file_that_is_there_already_moves_the_whole_set_to_the_next_number(tmp_path: Path) -> None:
    (tmp_path / "holiday.mid").write_bytes(b"mine")
    files = write_results(tmp_path, "holiday", CONTENTS)
    assert {path.name for path in files.values()} == {"holiday-2.abc", "holiday-2.mid"}
    assert (tmp_path / "holiday.mid").read_bytes() == b"mine"


def test_third_time_gets_the_number_three(tmp_path: Path) -> None:
    for _ in range(2):
        write_results(tmp_path, "holiday", CONTENTS)
    assert write_results(tmp_path, "holiday", CONTENTS)[".abc"].name == "holiday-3.abc"


def test_dangling_link_counts_as_a_file_of_the_persons(tmp_path: Path) -> None:
    (tmp_path / "holiday.abc").symlink_to(tmp_path / "nowhere")
    assert write_results(tmp_path, "holiday", CONTENTS)[".abc"].name == "holiday-2.abc"
    assert not (tmp_path / "nowhere").exists()


def test_name_that_is_taken_between_looking_and_linking_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def link_after_somebody_else(source: Path, target: Path) -> None:
        if target.name == "holiday.mid":
            target.write_bytes(b"theirs")
        link(source, target)

    monkeypatch.setattr(os, "link", link_after_somebody_else)
    files = write_results(tmp_path, "holiday", CONTENTS)
    assert {path.name for path in files.values()} == {"holiday-2.abc", "holiday-2.mid"}
    assert (tmp_path / "holiday.mid").read_bytes() == b"theirs"
    assert not (tmp_path / "holiday.abc").exists()


def test_file_system_without_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(f"no links here: {source} {target}")

    monkeypatch.setattr(os, "link", refuse)
    assert write_results(tmp_path, "holiday", CONTENTS)[".mid"].read_bytes() == b"MThd"


def test_nothing_is_left_behind_when_a_file_cant_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, body: bytes) -> None:
        raise OSError(28, f"no space left for {len(body)} bytes", str(path))

    monkeypatch.setattr(result_files, "write_durably", full)
    with pytest.raises(OSError, match="no space"):
        write_results(tmp_path, "holiday", CONTENTS)
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        ("holiday.jpg", "holiday"),
        ("my.summer.2024.jpeg", "my.summer.2024"),
        ("Ünïcode ☀.png", "Ünïcode ☀"),
        ("what? *now*.png", "what_ _now_"),
        ("CON.png", "CON_"),
        ("...", "score"),
        ("no suffix", "no suffix"),
    ],
)
def test_name_comes_from_the_picture(picture: str, name: str) -> None:
    assert name_for(Path(picture)) == name


@settings(deadline=None)
@given(st.text(min_size=1, max_size=300).filter(lambda text: "\x00" not in text and "/" not in text))
def test_every_picture_name_gives_a_name_that_file_systems_take(text: str) -> None:
    name = name_for(Path(text))
    assert name
    assert len(name.encode("utf-8", "replace")) <= result_files.LONGEST_NAME + 1
    assert not set(name) & set('<>:"/\\|?*\x00\n')
    assert name[0] not in " ." and name[-1] not in " ."  # noqa: PT018
