"""MIDI files become ABC: what is in the file is in the text, and what can't be read says why."""

from __future__ import annotations

import pytest
from midi_bytes import END, key, meter, midi_file, name, tempo, track

from hartmann.errors import UnreadableScore
from hartmann.notation.checking import check
from hartmann.notation.from_midi import Limits, midi_to_abc, midi_to_score
from hartmann.notation.sounding import sounding_notes
from hartmann.notation.writing import to_abc

SCALE = [(i * 96, i * 96 + 96, pitch) for i, pitch in enumerate((60, 62, 64, 65, 67, 69, 71, 72))]


def music_of(data: bytes, **options: object) -> list[str]:
    """The lines of music of the ABC, which is right and canonical."""
    abc = midi_to_abc(data, **options)  # type: ignore[arg-type]
    checked = check(abc)
    assert checked.problems == ()
    assert checked.score is not None
    assert to_abc(checked.score) == abc
    return [line for line in abc.splitlines() if line[1:2] != ":" and not line.startswith("%")]


def test_a_scale_is_written_as_one() -> None:
    assert midi_to_abc(midi_file(track(SCALE))) == (
        "X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:Cmaj\n%%MIDI program 0\nC D E F|G A B c|]\n"
    )


def test_running_status_is_understood() -> None:
    body = b"\x00\x90\x3c\x40\x60\x3c\x00\x00\x3e\x40\x60\x3e\x00" + END
    assert music_of(midi_file(body, form=0)) == ["C D z2|]"]


@pytest.mark.parametrize("division", [24, 96, 480, 10_080])
def test_ticks_of_any_fineness_mean_the_same(division: int) -> None:
    notes = [(start * division // 96, end * division // 96, pitch) for start, end, pitch in SCALE]
    assert music_of(midi_file(track(notes), division=division)) == ["C D E F|G A B c|]"]


@pytest.mark.parametrize("form", [1, 2])
def test_each_track_is_a_voice(form: int) -> None:
    low = [(start, end, pitch - 24) for start, end, pitch in SCALE]
    lines = music_of(midi_file(track(SCALE), track(low), form=form), bars=None)
    assert lines == ["[V:1] C D E F|G A B c|]", "[V:2] C,, D,, E,, F,,|G,, A,, B,, C,|]"]


def test_triplets_are_triplets() -> None:
    notes = [(i * 32, i * 32 + 32, 60 + i) for i in range(3)] + [(96, 384, 67)]
    assert music_of(midi_file(track(notes))) == ["(3C^CD G6|]"]


def test_a_quarter_note_triplet_goes_over_two_beats() -> None:
    notes = [(i * 64, i * 64 + 64, pitch) for i, pitch in enumerate((60, 62, 64))] + [(192, 384, 67)]
    assert music_of(midi_file(track(notes))) == ["(3CDE G2|]"]


def test_a_note_over_the_bar_line_is_tied() -> None:
    assert music_of(midi_file(track([(0, 480, 60), (480, 768, 62)]))) == ["C4-|C D3|]"]


def test_rests_are_kept() -> None:
    assert music_of(midi_file(track([(96, 192, 60), (768, 864, 62)])), bars=None) == ["z C z2|Z|D z3|]"]


def test_notes_struck_together_are_a_chord() -> None:
    notes = [(0, 384, 60), (0, 384, 64), (0, 384, 67)]
    assert music_of(midi_file(track(notes))) == ["[CEG]8|]"]


def test_a_few_notes_under_a_held_one_are_tied_chords_in_one_voice() -> None:
    notes = [*SCALE, (768, 1152, 60), (768, 960, 64), (960, 1152, 67)]
    assert music_of(midi_file(track(notes)))[-1].endswith("|[C-E]2 [CG]2|]")


def test_a_melody_over_long_notes_is_written_in_two_voices() -> None:
    low = [(0, 384, 48), (384, 768, 50)]
    lines = music_of(midi_file(track(sorted([*SCALE, *low]))))
    assert lines == ["[V:1] C D E F|G A B c|]", "[V:2] C,4|D,4|]"]


def test_one_voice_a_part_can_be_asked_for() -> None:
    low = [(0, 384, 48), (384, 768, 50)]
    lines = music_of(midi_file(track(sorted([*SCALE, *low]))), voices_per_part=1)
    assert lines == ["[C,-C] [C,-D] [C,-E] [C,F]|[D,-G] [D,-A] [D,-B] [D,c]|]"]


def test_percussion_is_a_voice_of_a_whole_file_and_left_out_of_an_excerpt() -> None:
    data = midi_file(track(SCALE), track([(i * 96, i * 96 + 10, 38) for i in range(8)], channel=9))
    assert music_of(data) == ["C D E F|G A B c|]"]
    score = midi_to_score(data, bars=None)
    assert [voice.percussion for voice in score.voices] == [False, True]
    assert music_of(data, bars=None)[1] == "[V:2] D,, D,, D,, D,,|D,, D,, D,, D,,|]"


def test_percussion_alone_is_still_music() -> None:
    assert music_of(midi_file(track([(0, 10, 36), (96, 106, 42)], channel=9))) == ["C,, ^F,, z2|]"]


def test_meters_change_where_the_file_says() -> None:
    changes = meter(3, 2) + b"\x82\x20\xff\x58\x04\x02\x02\x18\x08"  # 3/4, 288 ticks later 2/4
    notes = [(i * 96, i * 96 + 96, 60) for i in range(5)]
    assert music_of(midi_file(track(notes, before=b""), changes + END)) == ["C C C|[M:2/4]C C|]"]


def test_a_meter_that_changes_inside_a_bar_shortens_it() -> None:
    changes = meter(4, 2) + b"\x84\x40\xff\x58\x04\x03\x02\x18\x08"  # 4/4, 576 ticks later 3/4
    notes = [(i * 96, i * 96 + 96, 60) for i in range(9)]
    assert music_of(midi_file(changes + END, track(notes))) == ["C C C C|[M:2/4]C C|[M:3/4]C C C|]"]


def test_a_short_first_bar_is_an_anacrusis() -> None:
    changes = meter(1, 2) + b"\x60\xff\x58\x04\x03\x02\x18\x08"  # 1/4, 96 ticks later 3/4
    score = midi_to_score(midi_file(changes + END, track(SCALE[:7])))
    assert (str(score.meter), [bar.number for bar in score.voices[0].bars]) == ("3/4", [0, 1, 2])


def test_an_excerpt_begins_with_the_upbeat_before_its_first_bar() -> None:
    notes = [(start + 1056, end + 1056, pitch) for start, end, pitch in SCALE]
    assert music_of(midi_file(track(notes)), bars=1) == ["C|D E F G|]"]


def test_an_excerpt_has_as_many_bars_as_asked_for() -> None:
    notes = [(i * 96, i * 96 + 96, 60 + i % 12) for i in range(400)]
    assert len(midi_to_score(midi_file(track(notes)), bars=16).voices[0].bars) == 16


def test_the_melody_comes_first_in_an_excerpt() -> None:
    low = [(start, end, pitch - 24) for start, end, pitch in SCALE]
    score = midi_to_score(midi_file(track(low), track(SCALE, before=name(b"Vocals"))))
    assert [voice.name for voice in score.voices] == ["Vocals", ""]


def test_tempo_changes_are_written_where_they_are_heard() -> None:
    tempos = tempo(90) + tempo(91, 384) + tempo(140, 384) + END
    notes = [(i * 384, i * 384 + 384, 60) for i in range(4)]
    assert music_of(midi_file(tempos, track(notes))) == ["C8|C8|[Q:1/4=140]C8|C8|]"]


def test_the_key_that_the_file_states_is_believed_where_the_music_fits_it() -> None:
    assert midi_to_score(midi_file(key(1) + END, track(SCALE))).key.name == "C major"
    in_g = [(start, end, pitch + 7) for start, end, pitch in SCALE]
    assert midi_to_score(midi_file(key(1) + END, track(in_g))).key.name == "G major"
    assert midi_to_score(midi_file(key(0) + END, track(in_g))).key.name == "G major"


def test_pitches_are_named_by_the_key() -> None:
    flat = [(start, end, pitch + 3) for start, end, pitch in SCALE]
    assert music_of(midi_file(track(flat))) == ["E F G A|B c d e|]"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no MIDI file"),
        (b"RIFF and nothing else", "no MIDI file"),
        (b"\x00" * 500, "no MIDI file"),
        (midi_file(track(SCALE))[:40], "damaged or cut off"),
        (midi_file(END), "no notes"),
        (midi_file(), "no notes"),
        (midi_file(b"\x00\x90\x3c\x40" + END), "no notes"),
        (midi_file(track(SCALE), division=0xE728), "SMPTE"),
        (midi_file(track(SCALE), division=0), "0 ticks"),
        (midi_file(b"\x00\xf0\x7f\x01" + track(SCALE)), "damaged or cut off"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableScore, match=reason):
        midi_to_abc(data)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [(Limits(bytes=50), "bytes"), (Limits(notes=7), "16 notes"), (Limits(parts=1), "2 tracks")],
)
def test_files_beyond_the_limits_are_refused(limits: Limits, reason: str) -> None:
    with pytest.raises(UnreadableScore, match=reason):
        midi_to_abc(midi_file(track(SCALE), track(SCALE)), limits=limits)


def test_a_whole_file_too_long_for_a_score_is_refused_while_its_excerpt_is_not() -> None:
    notes = [(i * 24, i * 24 + 24, 60 + i % 7) for i in range(25_000)]
    data = midi_file(track(notes))
    with pytest.raises(UnreadableScore, match="25,000 notes"):
        midi_to_abc(data, bars=None)
    assert check(midi_to_abc(data)).ok


def test_names_in_no_known_encoding_do_no_harm() -> None:
    data = midi_file(track(SCALE, before=name(b'\xff\xfe Fl\xf6te "%\\')))
    assert check(midi_to_abc(data)).ok


def test_a_midi_file_in_a_riff_is_read() -> None:
    inside = midi_file(track(SCALE))
    data = (
        b"RIFF" + len(inside).to_bytes(4, "little") + b"RMIDdata" + len(inside).to_bytes(4, "little") + inside
    )
    assert music_of(data) == ["C D E F|G A B c|]"]


def test_a_score_sounds_as_the_file_does() -> None:
    score = midi_to_score(midi_file(track(SCALE)))
    sounds = [(float(s.onset), float(s.duration), s.pitch) for s in sounding_notes(score.voices[0])]
    assert sounds == [(start / 96, 1.0, pitch) for start, _, pitch in SCALE]


def test_an_excerpt_of_no_bars_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least 1 bar"):
        midi_to_abc(midi_file(track(SCALE)), bars=0)
