"""Our metrics against MusPy's own on abc2midi's MIDI files of real tunes."""

from __future__ import annotations

import random
from dataclasses import asdict
from pathlib import Path

import muspy
import pytest
import symusic
from abc2midi_judge import heard, play, same, unornamented
from muspy_oracle import by_muspy

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.metrics import measure
from hartmann.notation.midi import to_midi
from hartmann.notation.muspy_music import RESOLUTION

pytestmark = [pytest.mark.integration, pytest.mark.abc2midi]


def read_by_muspy(midi: bytes) -> muspy.Music:
    """A MIDI file as MusPy's, at 24 ticks a quarter. (MusPy's own reader raises on what mido warns of.)"""
    file = symusic.Score.from_midi(midi).resample(RESOLUTION, min_dur=1)
    tracks = [
        muspy.Track(notes=[muspy.Note(note.time, note.pitch, note.duration) for note in track.notes])
        for track in file.tracks
    ]
    return muspy.Music(resolution=RESOLUTION, tracks=tracks)


def test_real_tunes_have_muspys_values_of_abc2midis_file(tmp_path: Path) -> None:
    compared = 0
    for text in random.Random(8).sample([tune.text for tune in all_tunes()], 60):
        tune = unornamented(text)
        made = check(tune).score
        assert made is not None
        midi = play(tune, tmp_path)
        if same(heard(to_midi(made)), heard(midi)):
            compared += 1
            assert asdict(measure(made, played=True)) == by_muspy(read_by_muspy(midi)), tune
    assert compared >= 55
