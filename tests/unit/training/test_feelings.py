"""The feeling of a tune that is not written yet is the feeling that will be measured in it."""

from __future__ import annotations

import pytest
from tune_samples import checked, lessons

from hartmann.library.features import measure_features
from hartmann.training.feelings import cues_of
from hartmann.training.melodies import moved
from hartmann.training.modes import in_mode
from hartmann.training.tune_text import Heading, write_tune


@pytest.mark.parametrize("tempo", [60, 96, 180])
@pytest.mark.parametrize("mode", ["major", "minor", "dorian", "mixolydian"])
@pytest.mark.parametrize("rhythm", ["", "lament", "reel"])
def test_feeling_at_a_tempo_is_what_is_measured_in_the_tune(tempo: int, mode: str, rhythm: str) -> None:
    for lesson in lessons():
        melody = in_mode(lesson.melody, mode)
        score = checked(write_tune(melody, Heading("Abc", rhythm, tempo, 0)))
        measured = measure_features(score)
        valence, arousal = cues_of(melody, rhythm, "Abc").feeling(tempo)
        assert valence == pytest.approx(measured.valence, abs=0.03)
        assert arousal == pytest.approx(measured.arousal, abs=0.03)


def test_moving_by_an_octave_moves_the_cues_of_register() -> None:
    for lesson in lessons():
        higher = cues_of(moved(lesson.melody, 0, 7), "", "")
        assert cues_of(lesson.melody, "", "").moved(12).feeling(100) == pytest.approx(higher.feeling(100))
