"""MIDI reading on anything: notes on a grid come back exactly, voices lose nothing, damaged files never break it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_bytes import midi_file, track

from hartmann.errors import UnreadableScore
from hartmann.notation.checking import check
from hartmann.notation.from_midi import midi_to_abc, midi_to_score
from hartmann.notation.from_midi.key_finding import find_key, make_key, pitch_class_weights
from hartmann.notation.from_midi.spelling import spell
from hartmann.notation.from_midi.voices import Span, segments, separate
from hartmann.notation.score import Pitch
from hartmann.notation.sounding import sounding_notes

TICKS = 96


@st.composite
def gridded_notes(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Notes of one part: each beat in sixteenths or in triplets, ends at points of the grid too."""
    points: list[int] = []
    for beat in range(draw(st.integers(2, 10))):
        step = draw(st.sampled_from((24, 32)))
        inside = draw(st.lists(st.integers(0, TICKS // step - 1), min_size=1, unique=True))
        points += [beat * TICKS + step * i for i in sorted(inside)]
    notes: list[tuple[int, int, int]] = []
    for pitch in draw(st.lists(st.integers(30, 90), min_size=1, max_size=4, unique=True)):
        chosen = sorted(draw(st.lists(st.sampled_from(points), min_size=2, unique=True)))
        notes += [(start, end, pitch) for start, end in pairwise(chosen) if draw(st.booleans())]
    return sorted(notes)


@given(gridded_notes().filter(bool))
@settings(max_examples=60)
def test_notes_on_a_grid_come_back_exactly(notes: list[tuple[int, int, int]]) -> None:
    score = midi_to_score(midi_file(track(notes)), bars=None)
    heard = sorted(
        (int(sound.onset * TICKS), int(sound.end * TICKS), sound.pitch)
        for voice in score.voices
        for sound in sounding_notes(voice)
    )
    assert heard == notes


@given(
    st.lists(
        st.builds(
            lambda start, length, pitch: Span(start, start + length, pitch, Pitch("C", 0, pitch)),
            st.integers(0, 100),
            st.integers(1, 60),
            st.integers(0, 9),
        ),
        min_size=1,
        max_size=30,
        unique_by=lambda span: (span.pitch, span.start),
    )
)
def test_voices_hold_every_note_from_its_onset_to_its_end(spans: list[Span]) -> None:
    apart = [span for span in spans if not any(_overlaps(span, other) for other in spans)]
    if not apart:
        return
    for voices in (segments(apart),), separate(apart, 2):
        found = [span for voice in voices for span in _joined(voice)]
        assert sorted(found) == sorted((span.start, span.end, span.pitch) for span in apart)


def _overlaps(span: Span, other: Span) -> bool:
    return (
        span is not other and span.pitch == other.pitch and span.start < other.end and other.start < span.end
    )


def _joined(voice: list) -> list[tuple[int, int, int]]:  # type: ignore[type-arg]
    """The notes of a voice's segments with what is held joined."""
    found: list[tuple[int, int, int]] = []
    held: dict[int, tuple[int, int]] = {}
    for segment in voice:
        for name, on in zip(segment.pitches, segment.held, strict=True):
            start, end = held.pop(name.octave, (segment.start, segment.start))
            assert end == segment.start
            if on:
                held[name.octave] = (start, segment.end)
            else:
                found.append((start, segment.end, name.octave))
    assert not held
    return found


@given(st.data())
@settings(max_examples=100)
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    notes = [(i * 48, i * 48 + 40, 60 + i % 12) for i in range(24)]
    content = bytearray(midi_file(track(notes), track(notes, channel=9)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from((None, None, data.draw(st.integers(0, len(content))))))
    try:
        abc = midi_to_abc(bytes(content[:cut]), bars=data.draw(st.sampled_from((None, 4))))
    except UnreadableScore as refused:
        assert len(refused.message) > 20
    else:
        assert check(abc).ok


@given(st.integers(-7, 7), st.booleans())
def test_a_scale_with_its_triad_has_its_own_key(fifths: int, minor: bool) -> None:
    key = make_key(fifths, minor)
    tonic = (7 * fifths + (9 if minor else 0)) % 12
    scale = [tonic + step for step in ((0, 2, 3, 5, 7, 8, 11) if minor else (0, 2, 4, 5, 7, 9, 11))]
    pitches = np.array([*scale, tonic, tonic, tonic + 7])
    found = find_key(pitch_class_weights(pitches, np.ones(len(pitches), np.int64)))
    assert ((found.fifths - key.fifths) % 12, found.mode) == (0, key.mode)


@pytest.mark.parametrize(
    ("fifths", "minor", "pitches", "names"),
    [
        (0, True, [57, 59, 60, 62, 64, 68, 69], "A B C D E G# A"),
        (-3, True, [60, 62, 63, 65, 67, 71, 72], "C D Eb F G B C"),
        (3, True, [66, 68, 69, 71, 73, 77, 78], "F# G# A B C# E# F#"),
        (2, False, [62, 64, 66, 68, 69, 67, 62], "D E F# G# A G D"),
        (-5, False, [61, 63, 65, 66, 68, 70, 72], "Db Eb F Gb Ab Bb C"),
    ],
)
def test_scales_are_spelled_as_books_do(fifths: int, minor: bool, pitches: list[int], names: str) -> None:
    spelled = spell(np.array(pitches), make_key(fifths, minor))
    signs = {-1: "b", 0: "", 1: "#"}
    assert " ".join(pitch.step + signs[pitch.alter] for pitch in spelled) == names
    assert [pitch.midi for pitch in spelled] == pitches
