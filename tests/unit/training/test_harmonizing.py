"""Harmonies: chords that hold the melody's notes and close on the tonic."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from tune_samples import checked, lessons, melody_of

from hartmann.notation.harmony import CHORDS, MOTIONS, Chord, Span, _fit, _joint, _place, best_chords
from hartmann.training.harmonizing import chord_names, harmonize, span_of
from hartmann.training.modes import in_mode
from hartmann.training.tune_text import Heading, write_tune


def test_path_is_the_best_of_all_paths() -> None:
    spans = [
        Span(((0, 1.0), (4, 0.5)), True, True, False, False),
        Span(((-1, 1.0), (3, 1.0)), False, False, False, False),
        Span(((5, 2.0), (2, 0.5)), True, False, False, False),
        Span(((0, 1.0),), False, False, True, True),
    ]
    chords = CHORDS["major"]

    def worth(path: tuple[Chord, ...]) -> float:
        total = 0.0
        for place, (chord, span) in enumerate(zip(path, spans, strict=True)):
            total += chords[chord] + _fit(chord, span) + _place(chord, span)
            if place:
                before = path[place - 1]
                total += MOTIONS.get(chord.root - before.root, -0.4)
                total += _joint(before, chord, span)
        return total

    best = max(product(chords, repeat=len(spans)), key=worth)
    assert worth(tuple(best_chords(spans, "major"))) == pytest.approx(worth(best))


@pytest.mark.parametrize("mode", ["major", "minor", "dorian", "mixolydian"])
def test_every_tune_ends_on_its_tonic_chord_and_most_notes_belong_to_their_chord(mode: str) -> None:
    for lesson in lessons():
        melody = in_mode(lesson.melody, mode)
        inside = total = Fraction(0)
        for part, section in zip(melody.parts, harmonize(melody), strict=True):
            for bar, chords in zip(part.bars, section, strict=True):
                time = Fraction(0)
                for event in bar if chords else ():
                    chord = chords[min(int(time / span_of(melody)), len(chords) - 1)]
                    belongs = event.step < 0 or event.fifths - melody.tonic in chord.tones
                    inside, total = inside + belongs * event.sounding, total + event.sounding
                    time += event.sounding
        assert inside > 0.6 * total
        assert harmonize(melody)[-1][-1][-1].root == 0


def test_dominant_comes_before_the_tonic_at_the_end_of_the_jig() -> None:
    last_bars = chord_names(melody_of("Jig"))[-1][-2:]
    assert [name for bar in last_bars for name in bar.values()][-2:] in (["D7", "G"], ["D", "G"])


def test_chord_symbols_stand_where_the_chord_changes_and_are_read_back() -> None:
    for lesson in lessons():
        names = chord_names(lesson.melody)
        score = checked(write_tune(lesson.melody, Heading("A", "", 90, 0), names))
        read = [n.chord_symbol for bar in score.voices[0].bars for n in bar.notes if n.chord_symbol]
        said = [name for section in names for bar in section for _, name in sorted(bar.items())]
        assert read
        assert set(read) <= set(said)
        assert len(read) >= 0.6 * len(said)
