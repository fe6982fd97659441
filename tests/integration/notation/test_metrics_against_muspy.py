"""Our metrics of a score against MusPy's own reading of abc2midi's MIDI file of the same tune."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import muspy
import pytest
from abc2midi_judge import heard, play, same, unornamented

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.metrics import measure
from hartmann.notation.midi import to_midi

pytestmark = pytest.mark.integration


def test_pitch_metrics_equal_muspys_on_abc2midis_file(tmp_path: Path) -> None:
    compared = 0
    for text in random.Random(8).sample([tune.text for tune in all_tunes()], 20):
        tune = unornamented(text)
        score = check(tune).score
        assert score is not None
        midi = play(tune, tmp_path)
        if not same(heard(to_midi(score)), heard(midi)):
            continue
        compared += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            music = muspy.read_midi(tmp_path / "tune.mid")
        ours = measure(score, played=True)
        assert ours.pitch_range == muspy.pitch_range(music)
        assert ours.pitches_used == muspy.n_pitches_used(music)
        assert ours.pitch_classes_used == muspy.n_pitch_classes_used(music)
        assert ours.scale_consistency == pytest.approx(muspy.scale_consistency(music))
        assert ours.pitch_entropy == pytest.approx(muspy.pitch_entropy(music))
        assert ours.pitch_class_entropy == pytest.approx(muspy.pitch_class_entropy(music))
        assert ours.polyphony == pytest.approx(muspy.polyphony(music), abs=0.01)
    assert compared >= 15
