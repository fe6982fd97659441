"""MusPy's own values of the eight metrics, in the form of ours."""

from __future__ import annotations

import math

import muspy
import pytest


def by_muspy(music: muspy.Music) -> dict[str, float | None]:
    """MusPy's eight values of music with a pitched track, NaN as None."""
    values = {
        "pitch_range": muspy.pitch_range(music),
        "pitches_used": muspy.n_pitches_used(music),
        "pitch_classes_used": muspy.n_pitch_classes_used(music),
        "polyphony": muspy.polyphony(music),
        "scale_consistency": muspy.scale_consistency(music),
        "pitch_entropy": muspy.pitch_entropy(music),
        "pitch_class_entropy": muspy.pitch_class_entropy(music),
        "empty_beat_rate": muspy.empty_beat_rate(music),
    }
    return {name: None if math.isnan(value) else pytest.approx(value) for name, value in values.items()}
