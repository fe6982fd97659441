"""`hartmann compose` as a person runs it: the installed command, real server, database and models."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from running import PATIENCE_SECONDS, PHOTOS, Composed, Hartmann, processes_of, read_events_until, wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

SUFFIXES = {".musicxml", ".abc", ".mid", ".attention.png", ".explanation.md", ".events.jsonl"}
SUNSET = PHOTOS / "sunset_by_Aitzol_Berasategi.jpg"


@pytest.fixture(scope="module")
def sunset(hartmann: Hartmann, tmp_path_factory: pytest.TempPathFactory) -> Composed:
    """The sunset with seed 1."""
    return hartmann.compose(SUNSET, tmp_path_factory.mktemp("sunset"), "--seed", "1")


@pytest.fixture(scope="module")
def all_photos(
    hartmann: Hartmann, sunset: Composed, tmp_path_factory: pytest.TempPathFactory
) -> list[Composed]:
    """Every photograph with seed 1."""
    others = [photo for photo in sorted(PHOTOS.glob("*.jpg")) if photo != SUNSET]
    return [sunset] + [
        hartmann.compose(photo, tmp_path_factory.mktemp("photo"), "--seed", "1") for photo in others
    ]


def test_three_photographs_give_three_captions(all_photos: list[Composed]) -> None:
    assert len({composed.event("caption")["text"] for composed in all_photos}) == 3


def test_three_photographs_give_three_scores(all_photos: list[Composed]) -> None:
    music = {composed.event("score")["abc"].partition("\nK:")[2] for composed in all_photos}
    assert len(music) == 3


def test_same_seed_gives_the_same_files_byte_for_byte(
    hartmann: Hartmann, sunset: Composed, tmp_path: Path
) -> None:
    again = hartmann.compose(SUNSET, tmp_path, "--seed", "1")
    for suffix in (".musicxml", ".abc", ".mid", ".attention.png"):
        assert again.file(suffix).read_bytes() == sunset.file(suffix).read_bytes(), suffix


def test_another_seed_gives_another_score(hartmann: Hartmann, sunset: Composed, tmp_path: Path) -> None:
    other = hartmann.compose(SUNSET, tmp_path, "--seed", "2")
    assert other.file(".abc").read_bytes() != sunset.file(".abc").read_bytes()


def test_files_bear_the_pictures_name(sunset: Composed) -> None:
    assert {path.name for path in sunset.output.iterdir()} == {SUNSET.stem + suffix for suffix in SUFFIXES}


def test_score_is_musicxml_with_notes(sunset: Composed) -> None:
    root = ElementTree.parse(sunset.file(".musicxml")).getroot()
    assert root.tag == "score-partwise"
    assert len(root.findall(".//note/pitch")) >= 8


def test_attention_picture_shows_every_section(sunset: Composed) -> None:
    sections = [s for s in sunset.event("explanation")["spans"] if s["kind"] == "SPAN_KIND_SECTION"]
    assert sections
    with Image.open(sunset.file(".attention.png")) as panels:
        assert panels.format == "PNG"
        assert panels.width >= 200


def test_page_tells_caption_motivation_and_references(sunset: Composed) -> None:
    page = sunset.file(".explanation.md").read_text()
    assert "## What was seen" in page
    assert "## Why this music" in page
    for reference in sunset.event("references")["references"]:
        assert f"`{reference['id']}`" in page


def test_events_are_numbered_without_gaps_and_end_with_the_score(sunset: Composed) -> None:
    assert [int(event["sequence"]) for event in sunset.events] == list(range(1, len(sunset.events) + 1))
    assert "score" in sunset.events[-1]


def test_events_file_holds_what_standard_output_said(sunset: Composed) -> None:
    lines = sunset.file(".events.jsonl").read_text().splitlines()
    assert len(lines) == len(sunset.events)


def test_second_run_into_the_same_folder_overwrites_nothing(hartmann: Hartmann, tmp_path: Path) -> None:
    mine = tmp_path / f"{SUNSET.stem}.musicxml"
    mine.write_text("my own score")
    hartmann.compose(SUNSET, tmp_path, "--seed", "1", "--bars", "4")
    assert mine.read_text() == "my own score"
    assert {path.name for path in tmp_path.iterdir()} == {mine.name} | {
        f"{SUNSET.stem}-2{suffix}" for suffix in SUFFIXES
    }


def test_wishes_are_heard(hartmann: Hartmann, tmp_path: Path) -> None:
    composed = hartmann.compose(SUNSET, tmp_path, "--seed", "1", "--key", "D minor", "--meter", "3/4")
    abc = composed.event("score")["abc"].splitlines()
    assert "M:3/4" in abc
    assert any(line.startswith(("K:Dmin", "K:Dm")) for line in abc)


def test_plain_output_tells_the_story_in_lines(hartmann: Hartmann, tmp_path: Path) -> None:
    done = hartmann.run("compose", SUNSET, "--output", tmp_path, "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    for said in (
        "Description: ",
        "References: ",
        "Draft 1",
        "Why: ",
        f"Wrote {tmp_path}/{SUNSET.stem}.musicxml",
    ):
        assert said in done.stdout


def test_first_ctrl_c_cancels_the_composition(hartmann: Hartmann, tmp_path: Path) -> None:
    command = hartmann.start("compose", SUNSET, "--output", tmp_path, "--json")
    read_events_until(command, "textDelta")
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=PATIENCE_SECONDS)
    assert command.returncode == 130, err
    assert '"cancelled"' in out.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_second_ctrl_c_leaves_at_once_and_nothing_stays_behind(
    hartmann: Hartmann, data_dir: Path, tmp_path: Path
) -> None:
    command = hartmann.start("compose", SUNSET, "--output", tmp_path, "--json")
    read_events_until(command, "accepted")
    command.send_signal(signal.SIGINT)
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=PATIENCE_SECONDS)
    assert command.returncode == 130
    wait_until(lambda: not processes_of(data_dir), "server and Postgres to end")


def test_sigterm_ends_the_command_and_its_postgres(
    hartmann: Hartmann, data_dir: Path, tmp_path: Path
) -> None:
    command = hartmann.start("compose", SUNSET, "--output", tmp_path, "--json")
    read_events_until(command, "stageStarted")
    assert any("postgres" in line for line in processes_of(data_dir))
    command.terminate()
    command.communicate(timeout=PATIENCE_SECONDS)
    assert command.returncode == 143
    assert processes_of(data_dir) == []


def test_killed_command_takes_its_server_along(hartmann: Hartmann, data_dir: Path, tmp_path: Path) -> None:
    command = hartmann.start("compose", SUNSET, "--output", tmp_path, "--json")
    read_events_until(command, "stageStarted")
    command.kill()
    command.communicate(timeout=PATIENCE_SECONDS)
    wait_until(lambda: not processes_of(data_dir), "server and Postgres to end")


def test_two_commands_at_once_share_the_database(hartmann: Hartmann, data_dir: Path, tmp_path: Path) -> None:
    commands = [
        hartmann.start("compose", SUNSET, "--output", tmp_path, "--json", "--seed", seed, "--bars", "8")
        for seed in ("11", "12")
    ]
    for command in commands:
        _, err = command.communicate(timeout=PATIENCE_SECONDS)
        assert command.returncode == 0, err
    names = {path.name for path in tmp_path.iterdir()}
    assert {f"{SUNSET.stem}.abc", f"{SUNSET.stem}-2.abc"} <= names
    assert processes_of(data_dir) == []


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (b"this is no picture", ()),
        (SUNSET.read_bytes()[:9000], ()),
        (SUNSET.read_bytes(), ("--meter", "0/4")),
    ],
    ids=["text", "truncated", "meter"],
)
def test_bad_request_is_a_sentence_and_leaves_nothing(
    hartmann: Hartmann, tmp_path: Path, body: bytes, options: tuple[str, ...]
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(body)
    done = hartmann.run("compose", picture, "--output", tmp_path / "scores", *options)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("hartmann: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "scores").exists()


def test_nothing_is_written_outside_the_data_and_output_folders(hartmann: Hartmann, sunset: Composed) -> None:
    assert sunset.events
    assert [path for path in hartmann.home.rglob("*") if path.is_file()] == []


def test_person_sees_it_live_in_a_terminal(hartmann: Hartmann, tmp_path: Path) -> None:
    seen = run_in_terminal(
        [str(hartmann.program), "compose", str(SUNSET), "--output", str(tmp_path), "--seed", "1"],
        hartmann.environment,
    )
    assert "Describing the picture" in seen
    assert "Draft 1" in seen


def run_in_terminal(command: list[str], environment: dict[str, str]) -> str:
    """Runs a command with a pseudo-terminal of 120 × 40 as its output, and returns everything it drew."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {**environment, "TERM": "xterm-256color"}
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        drawn = read_all(ours)
    assert process.returncode == 0, drawn
    return drawn


def read_all(terminal: int) -> str:
    """Everything until the other side closes, which a pseudo-terminal reports as an I/O error."""
    pieces = []
    try:
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    except OSError:
        pass
    os.close(terminal)
    return b"".join(pieces).decode(errors="replace")
