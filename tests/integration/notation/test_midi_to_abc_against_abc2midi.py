"""What is left of MIDI files in the ABC made of them, as abc2midi plays it.

A sample; `tests/benchmarks/bench_midi_to_abc.py` prints the same figures over as many files as one asks for.
"""

from __future__ import annotations

import random
from pathlib import Path
from statistics import mean, median

import pytest
from made_midi import clean_file, made_songs, multi_part_sources, pop_file, tune_sources
from midi_judging import abc2midi, body_characters, f1, heard

from hartmann.notation.checking import check
from hartmann.notation.from_midi import midi_to_abc

pytestmark = pytest.mark.integration

MOST_CHARACTERS = 4.0
"""Characters of music a note, percussion left out: MIDI files become prompts."""


def kept(midi: bytes, folder: Path) -> float:
    return f1(heard(midi), heard(abc2midi(midi_to_abc(midi, bars=None), folder)))


def characters_a_note(midi: bytes) -> float:
    return body_characters(midi_to_abc(midi, bars=None, drums=False)) / len(heard(midi))


def clean_files() -> list[bytes]:
    return [clean_file(source) for source in (*multi_part_sources(4), *tune_sources(40)[:16])]


def songs() -> list[bytes]:
    sources = random.Random(4).choices((*multi_part_sources(4), *tune_sources(40)), k=24)
    return [pop_file(source, seed) for seed, source in enumerate(sources)]


@pytest.mark.abc2midi
def test_clean_files_keep_their_notes(tmp_path: Path) -> None:
    assert mean(kept(midi, tmp_path) for midi in clean_files()) >= 0.99


@pytest.mark.abc2midi
def test_songs_keep_their_notes(tmp_path: Path) -> None:
    assert mean(kept(midi, tmp_path) for midi in songs()) >= 0.95


@pytest.mark.parametrize("files", [clean_files, songs])
def test_the_text_is_short(files: object) -> None:
    assert callable(files)
    assert median(characters_a_note(midi) for midi in files()) <= MOST_CHARACTERS


def test_excerpts_have_no_errors_and_every_bar_of_theirs_adds_up() -> None:
    for song in made_songs(60, seed=3, sources=tune_sources(40)):
        checked = check(midi_to_abc(song.midi))
        assert checked.problems == ()
        assert checked.score is not None
        assert all(
            len(voice.bars) <= 17 for voice in checked.score.voices
        )  # an anacrusis may come before 16 bars


def test_made_songs_are_the_same_for_the_same_seed_and_differ_otherwise() -> None:
    first, again, other = (
        [song.location for song in made_songs(5, seed=seed, sources=tune_sources(40))] for seed in (1, 1, 2)
    )
    assert first == again
    assert set(first).isdisjoint(other)
