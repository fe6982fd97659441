"""`hartmann convert`: what is written where, what is said of bad files, and what is never overwritten."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from hartmann.cli import main
from hartmann.notation import formats

TUNE = "X:1\nT:Tune\nM:6/8\nL:1/8\nK:G\nGAB d2B|GAB d3|]\n"
BOOK = "X:7\nT:One\nM:2/4\nL:1/8\nK:G\nGABc|]\n\nX:12\nT:Two\nM:2/4\nL:1/8\nK:D\ndefg|]\n"
FAULTY = TUNE.replace("GAB d3|]", "GAB d4|]")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`hartmann convert ARGUMENTS…` in a folder of its own: (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def converted(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hartmann", "convert", *arguments])
        try:
            status = main()
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return converted


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("out.abc", b"X:1\n"), ("out.musicxml", b"<?xml"), ("out.xml", b"<?xml"), ("out.mxl", b"PK"),
        ("out.mid", b"MThd"), ("out.midi", b"MThd"), ("OUT.MID", b"MThd"),
    ],
)  # fmt: skip
def test_the_suffix_says_the_format(name: str, beginning: bytes, run: Run) -> None:
    Path("tune.abc").write_text(TUNE)
    assert run("tune.abc", name) == (0, "", "")
    assert Path(name).read_bytes().startswith(beginning)


@pytest.mark.parametrize("middle", ["tune.mid", "tune.musicxml", "tune.mxl"])
def test_every_format_is_read_back(middle: str, run: Run) -> None:
    Path("tune.abc").write_text(TUNE)
    assert run("tune.abc", middle)[0] == 0
    assert run(middle, "again.abc")[0] == 0
    assert "GAB d2B" in Path("again.abc").read_text().replace("=", "")


def test_an_unknown_suffix_is_refused_with_those_that_are_known(run: Run) -> None:
    Path("tune.abc").write_text(TUNE)
    status, _, error = run("tune.abc", "tune.pdf")
    assert status == 2
    assert "tune.pdf" in error
    assert all(suffix in error for suffix in (".abc", ".musicxml", ".mxl", ".mid"))


def test_many_files_go_into_a_folder_under_their_own_names(run: Run) -> None:
    for name in ("a.abc", "b.abc"):
        Path(name).write_text(TUNE)
    assert run("a.abc", "b.abc", "-d", "out", "--to", "mxl") == (0, "out/a.mxl\nout/b.mxl\n", "")


def test_a_bad_file_is_one_sentence_and_the_others_are_converted(run: Run) -> None:
    Path("good.abc").write_text(TUNE)
    Path("empty.abc").touch()
    Path("broken.mid").write_bytes(b"MThd but no more")
    Path("notes.txt").write_text(TUNE)
    Path("folder.abc").mkdir()
    bad = ["empty.abc", "broken.mid", "notes.txt", "folder.abc", "missing.abc"]
    status, out, error = run(*bad, "good.abc", "-d", "out", "--to", "mid")
    assert (status, out) == (1, "out/good.mid\n")
    *sentences, last = error.splitlines()
    assert [line.split(":")[1].strip() for line in sentences] == bad
    assert last == "hartmann: 5 of 6 files could not be converted, or not wholly"


def test_errors_in_the_notation_are_counted_and_the_music_converted(run: Run) -> None:
    Path("faulty.abc").write_text(FAULTY)
    status, _, error = run("faulty.abc", "faulty.mid")
    assert status == 0
    assert "one error in the notation; see: hartmann check faulty.abc" in error
    assert Path("faulty.mid").exists()


def test_text_without_music_is_said(run: Run) -> None:
    Path("words.abc").write_text("Dear diary")
    status, _, error = run("words.abc", "words.mid")
    assert status == 1
    assert "there is no music in it" in error


def test_what_exists_is_kept_unless_forced(run: Run) -> None:
    Path("tune.abc").write_text(TUNE)
    Path("tune.mid").write_text("mine")
    status, _, error = run("tune.abc", "tune.mid")
    assert (status, error) == (1, "hartmann: tune.abc: tune.mid exists already; --force overwrites it\n")
    assert Path("tune.mid").read_text() == "mine"
    assert run("tune.abc", "tune.mid", "--force") == (0, "", "")
    assert Path("tune.mid").read_bytes().startswith(b"MThd")


def test_one_file_is_never_written_for_two(run: Run) -> None:
    for folder in ("x", "y"):
        Path(folder).mkdir()
        Path(folder, "tune.abc").write_text(TUNE)
    status, out, error = run("x/tune.abc", "y/tune.abc", "-d", "out", "--to", "mid", "--force")
    assert (status, out) == (1, "out/tune.mid\n")
    assert "y/tune.abc: out/tune.mid was just made of x/tune.abc" in error


def test_tunes_of_a_book_become_files_by_their_numbers(run: Run) -> None:
    Path("book.abc").write_text(BOOK)
    assert run("book.abc", "-d", "out", "--to", "mid") == (0, "out/book-07.mid\nout/book-12.mid\n", "")


def test_a_book_stays_one_file_as_abc(run: Run) -> None:
    Path("book.abc").write_text(BOOK)
    assert run("book.abc", "again.abc")[0] == 0
    lines = Path("again.abc").read_text().splitlines()
    assert [line for line in lines if line.startswith(("X:", "T:"))] == ["X:7", "T:One", "X:12", "T:Two"]


def test_a_book_does_not_fit_into_one_file_of_another_format(run: Run) -> None:
    Path("book.abc").write_text(BOOK)
    status, _, error = run("book.abc", "book.mid")
    assert status == 1
    assert "there are 2 tunes in it; write one file each with -d FOLDER --to FORMAT" in error


def piped(monkeypatch: pytest.MonkeyPatch, given: bytes) -> io.BytesIO:
    """Standard input that holds `given`, and where standard output's bytes go."""
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(given)))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out, isatty=lambda: False, flush=lambda: None))
    return out


def test_a_dash_is_standard_input_and_output(monkeypatch: pytest.MonkeyPatch) -> None:
    out = piped(monkeypatch, TUNE.encode())
    monkeypatch.setattr(sys, "argv", ["hartmann", "convert", "-", "-", "--to", "mid"])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert out.getvalue().startswith(b"MThd")


@pytest.mark.parametrize("kind", list(formats.Format))
def test_what_stands_on_standard_input_is_seen_by_its_beginning(kind: formats.Format) -> None:
    from hartmann.notation.checking import check

    score = check(TUNE).score
    assert score is not None
    assert formats.format_seen(formats.write_as(score, kind)) is kind


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tune.abc"], "say where to write"),
        (["tune.abc", "-d", "out"], "say the format to write"),
        (["tune.abc", "-"], "say the format of standard output"),
        (["a.abc", "b.abc", "c.mid"], "2 files don't fit into c.mid"),
        (["tune.abc", "-d", "out", "--to", "pdf"], "pdf is no format that is known"),
    ],
)
def test_a_command_line_that_does_not_say_enough_is_told_what_to_add(
    arguments: list[str], sentence: str, run: Run
) -> None:
    status, _, error = run(*arguments)
    assert status == 2
    assert sentence in error


def test_nothing_half_written_is_left_where_writing_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from hartmann.results import whole_files

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files, "link", full)
    Path("tune.abc").write_text(TUNE)
    status, _, error = run("tune.abc", "tune.mid")
    assert status == 1
    assert "tune.mid can't be written: no space left on device" in error
    assert [path.name for path in Path().iterdir()] == ["tune.abc"]


def test_a_fault_of_the_program_stops_its_own_file_only(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = formats.write_as

    def failing(score: object, kind: formats.Format) -> bytes:
        if getattr(score, "title", "") == "Bad":
            raise RuntimeError("oh")
        return real(score, kind)  # type: ignore[arg-type]

    monkeypatch.setattr("hartmann.cli.conversion.write_as", failing)
    Path("bad.abc").write_text(TUNE.replace("Tune", "Bad"))
    Path("good.abc").write_text(TUNE)
    status, out, error = run("bad.abc", "good.abc", "-d", "out", "--to", "mid")
    assert (status, out) == (1, "out/good.mid\n")
    assert "bad.abc: a fault of this program, please report it with the file: RuntimeError: oh" in error
