"""What language models do to ABC, one slip a case: what music must be read all the same, and what must be said.

Music is written as MIDI pitches in quarters, bar by bar: `60 62 64 65 | 67.2 -.2` is four quarters, then a half
note and a half rest; `[60+64]` is a chord. Voices are listed one after another.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hartmann.notation.checking import check
from hartmann.notation.score import Note, Voice
from hartmann.notation.writing import to_abc

SCALE = "60 62 64 65 | 67 69 71 72"
TUNE = "X:1\nT:A tune\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|]\n"


@dataclass(frozen=True)
class Slip:
    """A text as a model may write it; `codes` are problems that it must be told about."""

    name: str
    text: str
    music: tuple[str, ...] = (SCALE,)
    codes: frozenset[str] = frozenset()
    errors: bool = False


def slip(name: str, text: str, *music: str, codes: str = "", errors: bool = False) -> Slip:
    return Slip(name, text, music or (SCALE,), frozenset(codes.split()), errors)


def head(*fields: str, body: str = "CDEF|GABc|]\n") -> str:
    return "\n".join(("X:1", *fields, body))


WRAPPINGS = [
    slip("a fence", f"```\n{TUNE}```", codes="text_around_music"),
    slip("a fence with a language", f"```abc\n{TUNE}```\n", codes="text_around_music"),
    slip("a fence of tildes", f"~~~abc\n{TUNE}~~~\n", codes="text_around_music"),
    slip("an indented fence", f"  ```abc\n{TUNE}  ```\n", codes="text_around_music"),
    slip("a fence that is not closed", f"```abc\n{TUNE}", codes="text_around_music"),
    slip("words before", f"Here is the piece that you asked for:\n\n{TUNE}", codes="text_around_music"),
    slip(
        "words before and after a fence",
        f"Sure! Here it is.\n```abc\n{TUNE}```\nI hope you like the mood of it.",
    ),
    slip(
        "words after",
        f"{TUNE}\nThis melody rises slowly like the sun over the sea.",
        codes="text_around_music",
    ),
    slip("several paragraphs after", f"{TUNE}\nThe key of C is bright.\n\nThe rhythm is calm and steady."),
    slip("a list after", f"{TUNE}\n- The melody rises with the mountains\n- The rhythm follows the waves"),
    slip("a heading before", f"## The Quiet Harbour\n\n{TUNE}"),
    slip("bold words before", f"**ABC notation of the piece:**\n\n{TUNE}"),
    slip(
        "thoughts",
        f"<think>\nThe key could be K:G. X:1 M:3/4\nGGG|\n</think>\n{TUNE}",
        codes="text_around_music",
    ),
    slip("thoughts that are not closed before the tune is repeated", f"{TUNE}<think>Was that right? GGGG|"),
    slip("two tunes in two fences", f"```abc\nX:1\nK:G\nGGGG|\n```\nBetter:\n```abc\n{TUNE}```\n"),
    slip("Windows line ends", TUNE.replace("\n", "\r\n")),
    slip("old Macintosh line ends", TUNE.replace("\n", "\r")),
    slip("a byte order mark", "\ufeff" + TUNE),
    slip("indented lines", "\n".join("    " + line for line in TUNE.split("\n"))),
    slip("blanks at line ends", TUNE.replace("\n", "   \n")),
    slip("tabs", TUNE.replace("CDEF", "C\tD\tE\tF")),
    slip("empty lines between fields", TUNE.replace("\n", "\n\n"), codes="empty_line"),
    slip("an empty line in the music", TUNE.replace("F|G", "F|\n\nG"), codes="empty_line"),
    slip("a blank behind the colons", "X: 1\nT: A tune\nM: 4/4\nL: 1/4\nK: C\nCDEF|GABc|]\n"),
    slip("a blank before the fields", " X:1\n M:4/4\n L:1/4\n K:C\nCDEF|GABc|]\n"),
]

HEADERS = [
    slip("no number", TUNE.replace("X:1\n", ""), codes="missing_x"),
    slip("no meter", head("L:1/4", "K:C"), codes="missing_m"),
    slip("no unit", head("M:4/4", "K:C", body="C2D2E2F2|G2A2B2c2|]\n"), codes="missing_l"),
    slip("no key", head("M:4/4", "L:1/4"), codes="missing_k"),
    slip("no header at all", "C2D2E2F2|G2A2B2c2|]\n", codes="missing_x missing_m missing_l missing_k"),
    slip("the key before the meter", head("K:C", "M:4/4", "L:1/4")),
    slip("the key first of all", "K:C\nX:1\nM:4/4\nL:1/4\nT:A tune\nCDEF|GABc|]\n"),
    slip("the title before the number", "T:A tune\nX:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|]\n"),
    slip("the tempo behind the key", head("M:4/4", "L:1/4", "K:C", "Q:1/4=90")),
    slip("the unit behind the key", head("M:4/4", "K:C", "L:1/4")),
    slip(
        "lyrics in words behind the header",
        head("M:4/4", "L:1/4", "K:C", body="CDEF|GABc|]\nw:one two three four\n"),
    ),
    slip("a key in words", head("M:4/4", "L:1/4", "K:A minor", body="CDEF|GABc|]\n")),
    slip("a key in capitals", head("M:4/4", "L:1/4", "K:C MAJOR")),
    slip("a key with a full stop's worth of blanks", head("M:4/4", "L:1/4", "K: C maj ")),
    slip("a key with a small letter", head("M:4/4", "L:1/4", "K:c")),
    slip("a key with a flat sign", head("M:4/4", "L:1/4", "K:B♭"), "60 62 63 65 | 67 69 70 72"),
    slip("a key with a sharp sign", head("M:4/4", "L:1/4", "K:F♯ minor"), "61 62 64 66 | 68 69 71 73"),
    slip("a minor key with an m apart", head("M:4/4", "L:1/4", "K:E m"), "60 62 64 66 | 67 69 71 72"),
    slip("a key with its scale", head("M:4/4", "L:1/4", "K:G % G major"), "60 62 64 66 | 67 69 71 72"),
    slip("cut time", head("M:C|", "L:1/4", "K:C")),
    slip("common time in small", head("M:c", "L:1/4", "K:C")),
    slip("a meter with blanks", head("M: 4 / 4", "L:1/4", "K:C")),
    slip("a unit with blanks", head("M:4/4", "L: 1 / 4", "K:C")),
    slip("a tempo that is a number", head("M:4/4", "L:1/4", "Q:60", "K:C")),
    slip("a tempo with its unit in words", head("M:4/4", "L:1/4", "Q:1/4=60 bpm", "K:C")),
    slip("a tempo in words", head("M:4/4", "L:1/4", 'Q:"Andante"', "K:C")),
    slip("a tempo that means nothing", head("M:4/4", "L:1/4", "Q:gently", "K:C"), codes="bad_tempo"),
    slip("a field that nobody knows", head("E:something", "M:4/4", "L:1/4", "K:C"), codes="unread_field"),
    slip("fields in small letters", "X:1\nM:4/4\nL:1/4\nK:C\nr:a remark\nCDEF|GABc|]\n"),
    slip("a clef in the key", head("M:4/4", "L:1/4", "K:C clef=treble")),
    slip("a bare clef in the key", head("M:4/4", "L:1/4", "K:C treble")),
    slip("a comment behind a field", head("M:4/4 % common time", "L:1/4", "K:C")),
    slip("a style sheet", head("%%scale 0.8", "%%MIDI program 40", "M:4/4", "L:1/4", "K:C")),
]

BASS = "48.4 | 55.4"
SECOND = "C,4|G,4|]"
VOICES = [
    slip("voices in the header and the body", head("M:4/4", "L:1/4", "V:1 clef=treble", "V:2 clef=bass", "K:C",
         body=f"V:1\nCDEF|GABc|]\nV:2\n{SECOND}\n"), SCALE, BASS),
    slip("voices with names and sub-names", head("M:4/4", "L:1/4", "K:C",
         body=f'V:1 name="Right hand" snm="RH"\nCDEF|GABc|]\nV:2 nm="Left hand" clef=bass\n{SECOND}\n'), SCALE, BASS),
    slip("names without quotation marks", head("M:4/4", "L:1/4", "K:C",
         body=f"V:1 name=Violin clef=treble\nCDEF|GABc|]\nV:2 name=Cello clef=bass\n{SECOND}\n"), SCALE, BASS),
    slip("names in typographic quotation marks", head("M:4/4", "L:1/4", "K:C",
         body=f"V:1 name=“Violin”\nCDEF|GABc|]\nV:2 name=“Cello”\n{SECOND}\n"), SCALE, BASS),
    slip("voices by words", head("M:4/4", "L:1/4", "K:C", body=f"V:Melody\nCDEF|GABc|]\nV:Bass\n{SECOND}\n"),
         SCALE, BASS),
    slip("voices in brackets, interleaved", head("M:4/4", "L:1/4", "K:C",
         body="[V:1] CDEF|\n[V:2] C,4|\n[V:1] GABc|]\n[V:2] G,4|]\n"), SCALE, BASS),
    slip("voices in brackets with a blank", head("M:4/4", "L:1/4", "K:C",
         body="[V: 1] CDEF|GABc|]\n[V: 2] C,4|G,4|]\n"), SCALE, BASS),
    slip("voices in brackets with clefs", head("M:4/4", "L:1/4", "K:C",
         body=f"[V:1 clef=treble] CDEF|GABc|]\n[V:2 clef=bass] {SECOND}\n"), SCALE, BASS),
    slip("voices on one line", head("M:4/4", "L:1/4", "K:C", body=f"[V:1]CDEF|GABc|][V:2]{SECOND}\n"), SCALE, BASS),
    slip("notes on the voice line", head("M:4/4", "L:1/4", "K:C", body=f"V:1 CDEF|GABc|]\nV:2 {SECOND}\n"),
         SCALE, BASS, codes="notes_on_voice_line"),
    slip("notes behind a voice line's name", head("M:4/4", "L:1/4", "K:C",
         body=f'V:1 name="Flute" CDEF|GABc|]\nV:2 name="Bass" clef=bass {SECOND}\n'), SCALE, BASS,
         codes="notes_on_voice_line"),
    slip("a blank before the voice", head("M:4/4", "L:1/4", "K:C", body=f"V: 1\nCDEF|GABc|]\nV: 2\n{SECOND}\n"),
         SCALE, BASS),
    slip("a voice that is declared and never sings", head("M:4/4", "L:1/4", "V:1", "V:2", "K:C",
         body="V:1\nCDEF|GABc|]\n"), codes="empty_voice"),
    slip("a score line", head("M:4/4", "L:1/4", "%%score {1 2}", "K:C", body=f"V:1\nCDEF|GABc|]\nV:2\n{SECOND}\n"),
         SCALE, BASS),
    slip("sections in comments between voices", head("M:4/4", "L:1/4", "K:C",
         body="% [intro]\n[V:1]CDEF|\n[V:2]C,4|\n% [A]\n[V:1]GABc|]\n[V:2]G,4|]\n"), SCALE, BASS),
    slip("a clef an octave down for a guitar", head("M:4/4", "L:1/4", "V:1 clef=treble-8", "K:C",
         body="V:1\ncdef|gabc'|]\n"), SCALE),
]  # fmt: skip


def body(music: str) -> str:
    return f"X:1\nM:4/4\nL:1/4\nK:C\n{music}\n"


CHARACTERS = [
    slip("full-width bars", body("CDEF｜GABc｜]"), codes="unusual_characters"),
    slip("box-drawing bars", body("CDEF│GABc│]"), codes="unusual_characters"),
    slip("a double bar in one sign", body("CDEF‖GABc‖"), codes="unusual_characters"),
    slip("full-width letters", body("ＣＤＥＦ|ＧＡＢｃ|]"), codes="unusual_characters"),
    slip("typographic quotation marks", body("“C”CDEF|„G“GABc|]"), codes="unusual_characters"),
    slip("a typographic apostrophe", body("CDEF|GABc|c’4|]"), f"{SCALE} | 84.4", codes="unusual_characters"),
    slip("dashes for ties", body("CDEF|GABc–|c4|]"), f"{SCALE} | 72.4", codes="unusual_characters"),
    slip("no-break spaces", body("C\u00a0D\u00a0E\u00a0F|GABc|]"), codes="unusual_characters"),
    slip("zero-width spaces", body("CD\u200bEF|GABc|]"), codes="unusual_characters"),
    slip("a sharp behind the note", body("C#DEF|GABc|]"), "61 62 64 65 | 67 69 71 72", codes="sharp_sign"),
    slip("a sharp before the note", body("#CDEF|GABc|]"), "61 62 64 65 | 67 69 71 72", codes="sharp_sign"),
    slip("a sharp sign behind the note", body("C♯DEF|GABc|]"), "61 62 64 65 | 67 69 71 72"),
    slip("a sharp sign before the note", body("♯CDEF|GABc|]"), "61 62 64 65 | 67 69 71 72"),
    slip("a flat sign behind the note", body("CDE♭F|GABc|]"), "60 62 63 65 | 67 69 71 72"),
    slip("a flat sign before the note", body("CD♭EF|GABc|]"), "60 61 64 65 | 67 69 71 72"),
    slip("a natural sign", body("^C♮CEF|GABc|]"), "61 60 64 65 | 67 69 71 72"),
    slip("a flat in a chord symbol", body('"B♭7"CDEF|"F♯m"GABc|]')),
    slip("a multiplication sign", body("CDEF|GABc|]").replace("T:", "T:×")),
]  # fmt: skip

MUSIC = [
    slip("section names in comments", body("% [intro]\nCDEF|\n% Section A\nGABc|]")),
    slip("a section name in square brackets alone", body("[intro]\nCDEF|GABc|]"), codes="prose"),
    slip("a section name in words alone", body("Verse One Section:\nCDEF|GABc|]"), codes="prose"),
    slip("remarks", body("[r: the sea is calm]CDEF|[r: a gull cries]GABc|]")),
    slip("bar numbers in comments", body("CDEF|% bar 1\nGABc|]% bar 2")),
    slip("words on a line of their own", body("CDEF|\nThe second phrase answers the first one.\nGABc|]"), errors=True,
         codes="prose"),
    slip("a chord that is not closed", body("[CEG DEF|GABc|]"), "[60+64+67] 62 64 65 | 67 69 71 72", errors=True,
         codes="unclosed_chord"),
    slip("a decimal length", body("C1.5D0.5EF|GABc|]"), "60.3/2 62.1/2 64 65 | 67 69 71 72", errors=True,
         codes="bad_length"),
    slip("a quotation mark that is not closed", body('"Am CDEF|GABc|]'), "69 60 62 64 65 | 67 69 71 72", errors=True,
         codes="unclosed_quote"),
    slip("bars at line starts", body("|CDEF|\n|GABc|]")),
    slip("a bar line on a line of its own", body("CDEF\n|\nGABc\n|]")),
    slip("doubled bar lines", body("CDEF||GABc||")),
    slip("a repeat that is not closed", body("|:CDEF|GABc|]"), codes="unclosed_repeat", errors=True),
    slip("a decoration that nobody knows", body("!shimmering!CDEF|GABc|]")),
    slip("dynamics", body("!p!CDEF|!crescendo(!GABc!crescendo)!|]")),
    slip("a backslash at the line end", body("CDEF|\\\nGABc|]")),
    slip("chord symbols of jazz", body('"Cmaj7"C"D-7"D"E7#9"EF|"G13"GA"Bø7"B"C6/9"c|]')),
    slip("a chord with lengths of its own", body("[C2E2]EF|GABc|]"), "[60+64].2 64 65 | 67 69 71 72"),
    slip("a chord whose lengths differ", body("[C2E4]EF|GABc|]"), "[60+64].2 64 65 | 67 69 71 72",
         codes="chord_lengths"),
    slip("a rest in capitals", body("CDEF|Z|GABc|]"), "60 62 64 65 | -.4 | 67 69 71 72"),
    slip("an invisible bar line before a repeat", body("CDEF|GABc[|]:|")),
    slip("an ellipsis at the end", body("CDEF|GABc|...")),
    slip("a stray full stop", body("CDEF|GABc|.")),
]  # fmt: skip

SLIPS = [*WRAPPINGS, *HEADERS, *VOICES, *CHARACTERS, *MUSIC]


def said(voice: Voice) -> str:
    """The voice as it sounds, in the words above."""
    return " | ".join(" ".join(_note(note, voice.transpose) for note in bar.notes) for bar in voice.bars)


def _note(note: Note, transpose: int) -> str:
    pitches = "+".join(str(pitch.midi + transpose) for pitch in note.pitches)
    shown = f"[{pitches}]" if "+" in pitches else pitches or "-"
    return shown if note.duration == 1 else f"{shown}.{note.duration}"


@pytest.mark.parametrize("case", SLIPS, ids=lambda case: case.name)
def test_a_slip_is_read_as_the_music_that_was_meant_and_told(case: Slip) -> None:
    checked = check(case.text)
    assert checked.score is not None
    assert tuple(map(said, checked.score.voices)) == case.music
    assert case.codes <= {problem.code for problem in checked.problems}
    assert bool(checked.errors) == case.errors, checked.errors
    assert check(to_abc(checked.score)).ok or case.errors
