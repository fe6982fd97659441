"""The token: long, in a file for its owner's eyes alone, the same after a restart."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hartmann_bridge.access_token import read_or_make


def test_token_is_long_and_in_a_file_that_only_the_owner_reads(tmp_path: Path) -> None:
    token = read_or_make(tmp_path / "token")
    assert len(token) >= 43
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_token_stays_over_restarts(tmp_path: Path) -> None:
    assert read_or_make(tmp_path / "token") == read_or_make(tmp_path / "token")


def test_two_users_have_two_tokens(tmp_path: Path) -> None:
    assert read_or_make(tmp_path / "one") != read_or_make(tmp_path / "two")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_token_that_others_could_read_is_replaced(tmp_path: Path, mode: int) -> None:
    before = read_or_make(tmp_path / "token")
    (tmp_path / "token").chmod(mode)
    after = read_or_make(tmp_path / "token")
    assert after != before
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 50])
def test_damaged_token_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    (tmp_path / "token").chmod(0o600)
    assert len(read_or_make(tmp_path / "token")) >= 43


def test_link_in_the_tokens_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x" * 50)
    (tmp_path / "elsewhere").chmod(0o600)
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    assert read_or_make(tmp_path / "token") != "x" * 50
    assert (tmp_path / "elsewhere").read_text() == "x" * 50
