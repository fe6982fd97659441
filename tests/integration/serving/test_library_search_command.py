"""`hartmann library search` asks what its options say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from running_server import Running, a_picture

pytestmark = pytest.mark.integration

PROGRAM = Path(sys.executable).parent / "hartmann"


async def searched(server: Running, *options: str) -> subprocess.CompletedProcess[str]:
    """The installed command, run beside the server."""
    command = [str(PROGRAM), "library", "search", *options, "--server", server.address]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def test_words_show_titles_captions_and_one_similarity(server: Running) -> None:
    result = await searched(server, "a sad tune", "-n", "1", "--abc")

    assert result.returncode == 0, result.stderr
    first, caption, *abc = result.stdout.splitlines()
    assert first == "1. Tune 2  1.00  (test/2; CC0)"
    assert caption == "   a sad tune"
    assert "   T:Tune 2" in abc


async def test_a_picture_and_words_show_both_similarities_under_the_rule_asked_for(
    server: Running, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(a_picture())
    options = ("--rule", "weighted_mean", "--image-weight", "0", "-n", "2", "--picture", str(picture))
    result = await searched(server, "a calm tune", *options)

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("1. Tune 0  picture ")
    assert ", text 1.00  (test/0; CC0)" in result.stdout
    assert len([line for line in result.stdout.splitlines() if line[0] != " "]) == 2


async def test_conditions_that_nothing_meets_are_said_to_find_nothing(server: Running) -> None:
    result = await searched(server, "a calm tune", "--key", "C major", "--most-bars", "1")

    assert (result.returncode, result.stdout) == (0, "")
    assert "nothing in the library is like that" in result.stderr
