"""Reading ABC: what each sign means, in the words of ABC 2.1 and of what models write."""

from fractions import Fraction

import pytest

from hartmann.notation.checking import check, split_tunebook
from hartmann.notation.score import Bar, Note, Score


def read(body: str, key: str = "C", meter: str = "4/4", unit: str = "1/4") -> Score:
    """The score of a tune with that body; fails when there is none."""
    score = check(f"X:1\nM:{meter}\nL:{unit}\nK:{key}\n{body}\n").score
    assert score is not None
    return score


def bars(body: str, **header: str) -> tuple[Bar, ...]:
    return read(body, **header).voices[0].bars


def notes(body: str, **header: str) -> list[Note]:
    return [note for bar in bars(body, **header) for note in bar.notes]


def pitches(body: str, **header: str) -> list[int]:
    return [pitch.midi for note in notes(body, **header) for pitch in note.pitches]


def durations(body: str, **header: str) -> list[Fraction]:
    return [note.duration for note in notes(body, **header)]


def test_letters_commas_and_apostrophes_give_octaves() -> None:
    assert pitches("C,, C, C c c' c''") == [36, 48, 60, 72, 84, 96]


def test_accidentals_last_to_the_end_of_the_bar_in_every_octave() -> None:
    assert pitches("^FFf=f|Ff") == [66, 66, 78, 77, 65, 77]


def test_an_accidental_is_carried_over_the_bar_line_by_a_tie_and_no_further() -> None:
    assert pitches("C2^c2-|cccc") == [60, 73, 73, 72, 72, 72]


@pytest.mark.parametrize(
    ("key", "sharp_or_flat"),
    [
        ("G", 1), ("Em", 1), ("E minor", 1), ("A Dorian", 1), ("Ador", 1), ("D mix", 1), ("Dmixolydian", 1),
        ("Bb", -2), ("F# minor", 3), ("F#m", 3), ("C major", 0), ("Am", 0), ("AMin", 0), ("F LYD", 0), ("g", 1),
        ("Gmaj clef=bass", 1), ("A min -8va", 0), ("HP", 2), ("none", 0), ("", 0), ("Cb", -7), ("Glocrian", -4),
    ],
)  # fmt: skip
def test_keys_are_read_in_any_shape(key: str, sharp_or_flat: int) -> None:
    assert read("C4|", key=key).key.fifths == sharp_or_flat


def test_a_key_may_state_its_accidentals_itself() -> None:
    assert pitches("DEFG|", key="D exp _e ^f") == [62, 63, 66, 67]
    assert pitches("GFCD|", key="D =c") == [67, 66, 60, 62]


@pytest.mark.parametrize(
    ("meter", "quarters"),
    [("4/4", 4), ("C", 4), ("C|", 4), ("6/8", 3), ("2+3/8", Fraction(5, 2)), ("(3+2)/4", 5), ("none", 0)],
)
def test_meters_are_read_in_any_shape(meter: str, quarters: Fraction) -> None:
    assert read("C", meter=meter).meter.bar_duration == quarters


@pytest.mark.parametrize(
    ("tempo", "quarters_a_minute", "text"),
    [
        ("1/4=120", 120, ""), ("3/8=80", 120, ""), ('"Allegro" 1/4=132', 132, "Allegro"), ("60", 60, ""),
        ("1/2=66", 132, ""), ('"Adagio"', 66, "Adagio"), ("1/4 = 92.5", 92.5, ""), ("C=100", 100, ""),
    ],
)  # fmt: skip
def test_tempi_are_read_in_any_shape(tempo: str, quarters_a_minute: float, text: str) -> None:
    found = check(f"X:1\nM:4/4\nL:1/4\nQ:{tempo}\nK:C\nCDEF|").score
    assert found is not None
    assert found.tempo is not None
    assert (found.tempo.quarters_per_minute, found.tempo.text) == (quarters_a_minute, text)


def test_lengths_multiply_and_divide_the_unit() -> None:
    assert durations("C2 C C/ C// C3/2 C/4 C3/") == [
        2, 1, Fraction(1, 2), Fraction(1, 4), Fraction(3, 2), Fraction(1, 4), Fraction(3, 2),
    ]  # fmt: skip


def test_broken_rhythm_dots_one_note_and_shortens_the_other() -> None:
    assert durations("C>D C<D C>>D") == [
        Fraction(3, 2), Fraction(1, 2), Fraction(1, 2), Fraction(3, 2), Fraction(7, 4), Fraction(1, 4),
    ]  # fmt: skip


def test_tuplets_follow_their_three_numbers() -> None:
    assert durations("(3CDE F") == [Fraction(2, 3)] * 3 + [1]
    assert durations("(3:2:2C2D E") == [Fraction(4, 3), Fraction(2, 3), 1]
    assert durations("(2CD", meter="6/8") == [Fraction(3, 2)] * 2
    marks = [(n.tuplet.first, n.tuplet.last) for n in notes("(3CDE") if n.tuplet]
    assert marks == [(True, False), (False, False), (False, True)]


def test_chords_take_the_length_of_their_first_note_times_their_own() -> None:
    (chord,) = notes("[C2E2G2]3/2|")
    assert [p.midi for p in chord.pitches] == [60, 64, 67]
    assert chord.duration == 3


def test_ties_bind_whole_chords_or_single_pitches_of_them() -> None:
    assert notes("[CEG]2-[CEG]2|")[0].ties == (True, True, True)
    assert notes("[C-EG]2[CFA]2|")[0].ties == (True, False, False)


def test_rests_are_visible_or_not_and_may_fill_bars() -> None:
    found = notes("z2x2|Z2|", meter="4/4")
    assert [(n.is_rest, n.invisible, n.whole_bar) for n in found] == [
        (True, False, False), (True, True, False), (True, False, True), (True, False, True),
    ]  # fmt: skip
    assert [bar.duration for bar in bars("Z2|", meter="3/4")] == [3, 3]


def test_grace_notes_chord_symbols_words_and_marks_go_to_the_next_note() -> None:
    first, second = notes('"Am7""^slow"!f!.{/gf}A2 ~"C/G"B2|')
    assert (first.chord_symbol, first.annotations, first.decorations) == (
        "Am7",
        ("^slow",),
        ("f", "staccato"),
    )
    assert [p.midi for p in first.grace] == [79, 77]
    assert first.acciaccatura
    assert (second.chord_symbol, second.decorations) == ("C/G", ("roll",))


def test_a_mark_after_the_last_note_belongs_to_it() -> None:
    assert notes("CDEF!fermata!|]")[-1].decorations == ("fermata",)


def test_slurs_open_before_a_note_and_close_behind_one() -> None:
    found = notes("(C(DE)F)|")
    assert [(n.slurs_begun, n.slurs_ended) for n in found] == [(1, 0), (1, 0), (0, 1), (0, 1)]


def test_lyrics_are_aligned_syllable_by_syllable() -> None:
    found = notes("CDE z|FGAB|\nw:heav-en-ly | _ blue~sky on\nw:one two three")
    assert [n.lyrics for n in found] == [
        ("heav-", "one"), ("en-", "two"), ("ly", "three"), (), ("_",), ("blue sky",), ("on",), (),
    ]  # fmt: skip


def test_an_overlay_is_a_second_layer_of_the_same_bar() -> None:
    (bar,) = bars("c4&E2G2|")
    assert [(n.layer, n.onset, n.duration) for n in bar.notes] == [(0, 0, 4), (1, 0, 2), (1, 2, 2)]
    assert bar.duration == 4


def test_inline_fields_change_key_meter_and_unit_from_there_on() -> None:
    first, second = bars("CDEF|[K:G][M:3/4][L:1/8]F2F2F2|")
    assert second.key is not None
    assert (second.key.fifths, str(second.meter)) == (1, "3/4")
    assert [p.midi for n in second.notes for p in n.pitches] == [66, 66, 66]
    assert (first.duration, second.duration) == (4, 3)


def test_a_change_inside_a_bar_keeps_its_onset() -> None:
    (bar,) = bars("CD[K:D]FF|")
    assert [(c.onset, c.key.fifths) for c in bar.changes if c.key] == [(2, 2)]
    assert bar.notes[2].pitches[0].midi == 66


def test_the_first_full_bar_is_number_one_and_a_pickup_number_zero() -> None:
    assert [bar.number for bar in bars("C|CDEF|CDE|]")] == [0, 1, 2]
    assert [bar.number for bar in bars("CDEF|CDEF|]")] == [1, 2]


def test_repeats_and_endings_stand_at_their_bars() -> None:
    a, b, c, d = bars("|:CDEF|GABc|1CDEF:|2c4|]")
    assert (a.repeat_start, c.repeat_end, c.endings, d.endings, d.barline) == (True, 2, (1,), (2,), "|]")
    assert b.ending_stop
    assert [bar.repeat_end for bar in bars("C4::C4:|")] == [2, 2]


@pytest.mark.parametrize(
    "text",
    [
        "X:1\nM:4/4\nL:1/4\nV:1\nV:2\nK:C\nV:1\nCDEF|\nV:2\nC4|\nV:1\nGABc|\nV:2\nG4|",
        'X:1\nM:4/4\nL:1/4\nK:C\nV:1 name="Flute" clef=treble\nV:2 clef=bass\n[V:1] CDEF|GABc|\n[V:2] C4|G4|',
        "X:1\nM:4/4\nL:1/4\nK:C\n[V:1]CDEF|[V:2]C4|[V:1]GABc|[V:2]G4|",
        "X:1\nM:4/4\nL:1/4\nK:C\nV:1\nCDEF|GABc|\nV:2\nC4|G4|",
        "X:1\nM:4/4\nL:1/4\nK:C\nV:1 CDEF|GABc|\nV:2 C4|G4|",
    ],
)  # fmt: skip
def test_voices_are_read_in_every_style(text: str) -> None:
    score = check(text).score
    assert score is not None
    found = [[[p.midi for n in bar.notes for p in n.pitches] for bar in voice.bars] for voice in score.voices]
    assert found == [[[60, 62, 64, 65], [67, 69, 71, 72]], [[60], [67]]]


def test_voices_keep_name_clef_program_and_percussion() -> None:
    text = (
        'X:1\nM:4/4\nL:1/4\nK:C\nV:T1 name="Solo Flute" clef=treble\n%%MIDI program 73\n'
        "V:D clef=perc\n%%MIDI channel 10\nV:T1\nCDEF|\nV:D\nC4|"
    )
    score = check(text).score
    assert score is not None
    flute, drums = score.voices
    assert (flute.id, flute.name, flute.clef, flute.program) == ("T1", "Solo Flute", "treble", 73)
    assert drums.percussion


def test_sections_come_from_comments_parts_and_double_bars() -> None:
    assert [s.name for s in read("% [intro]\nCDEF|\n% [A]\nGABc|CDEF|").sections] == ["intro", "A"]
    assert [(s.name, s.first, s.last) for s in read("P:A\nCDEF|\nP:B\nGABc|CDEF|").sections] == [
        ("A", 0, 0), ("B", 1, 2),
    ]  # fmt: skip
    assert [(s.name, s.first, s.last) for s in read("CDEF|CDEF:|GABc|c4|]").sections] == [
        ("A", 0, 1), ("B", 2, 3),
    ]  # fmt: skip


def test_every_note_and_bar_knows_its_place_in_the_text() -> None:
    checked = check('X:1\nM:4/4\nL:1/4\nK:C\nCDEF|"Am"A2 [CE]2|\n')
    assert checked.score is not None
    second = checked.score.voices[0].bars[1]
    assert checked.text[second.place.start : second.place.end] == '"Am"A2 [CE]2'
    assert (second.place.line, second.place.column) == (5, 6)
    assert [checked.text[n.place.start : n.place.end] for n in second.notes] == ["A2", "[CE]2"]


def test_remarks_belong_to_the_bar_they_stand_in() -> None:
    assert bars("[r: the waves rise]CDEF|")[0].remarks == ("the waves rise",)


def test_a_tunebook_is_split_before_every_reference_number() -> None:
    assert split_tunebook("% a book\n\nX:1\nK:C\nC|\n\nX: 2\r\nK:D\r\nD|\n") == [
        "X:1\nK:C\nC|\n",
        "X: 2\nK:D\nD|\n",
    ]
    assert split_tunebook("K:C\nCDEF|") == ["K:C\nCDEF|"]
    assert split_tunebook(" \n") == []
