"""Hard cases of ABC, written for this test: each small, each a place where readers have been seen to go wrong.

A case is judged by abc2midi. Where abc2midi departs from ABC 2.1, `notes` says what the standard asks for, as
`onset+duration:pitch` in quarters, and `why` gives the clause.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A tune: its body, and header fields in place of those of 4/4 in quarters in C."""

    name: str
    body: str
    key: str = "C"
    meter: str = "4/4"
    unit: str = "1/4"
    header: str = ""
    notes: str = ""
    why: str = ""

    @property
    def text(self) -> str:
        """The whole tune; abc2midi is told to play no chord symbols and to strum no chords."""
        unit = f"L:{self.unit}\n" if self.unit else ""
        header = f"{self.header}\n" if self.header else ""
        quiet = "%%MIDI gchordoff\n%%MIDI chordattack 0\n"
        return f"X:1\nT:{self.name}\nM:{self.meter}\n{unit}{header}K:{self.key}\n{quiet}{self.body}\n"


ACCIDENTALS = [
    Case("an accidental binds all octaves", "^FFfF,|Ff4|"),
    Case("it ends with the bar", "^C C|C C|_B B|B B|", meter="2/4"),
    Case("double accidentals", "^^C __D ^^F __E|"),
    Case("a natural against the key", "F =F F f|F4|", key="D"),
    Case("an accidental in a chord binds later notes", "[^FA]F f F|"),
    Case("a chord with two of one letter", "[^C=C] C c C|"),
    Case("a tie carries an accidental over the bar line", "z3 ^c-|c4|c4|"),
    Case("a tied accidental does not bind the next bar", "z3 ^c-|c c c2|"),
    Case("a tie carries a natural", "z3 =f-|f2 f2|", key="G"),
    Case("a flat, its natural, and back", "_B B =B B|_B4|"),
    Case("an inline key clears accidentals of the old key", "^F2[K:F]B F|"),
    Case("a key change keeps to its place", "FF[K:G]FF|FF[K:C]FF|"),
    Case("key by number of flats", "BEAD|GCF2|", key="Db"),
    Case("six sharps", "FCGD|AEB2|", key="F#"),
    Case("a minor key", "F C G D|", key="F#m"),
    Case("a minor key in words", "B E A2|", key="C minor"),
    Case("dorian", "C F B2|", key="Ador"),
    Case("mixolydian in full", "F C G2|", key="D Mixolydian"),
    Case("phrygian", "F B C2|", key="EPhr"),
    Case("lydian", "B F E2|", key="FLyd"),
    Case("locrian", "B C F E|", key="Bloc"),
    Case("mode in capitals", "F C G2|", key="AMIX"),
    Case("ionian and aeolian", "FC[K:Eaeo]FC|", key="Dion"),
    Case("no key", "FCGB|", key="none"),
    Case("an explicit key", "B F E2|", key="D exp _b ^f"),
    Case("a key with one more accidental", "F C G2|", key="D ^g"),
    Case("a key with one accidental less", "F C G2|", key="D =c"),
    Case("the key of highland pipes", "F C G2|", key="HP"),
    Case("accidentals that bind one octave only", "^C c C c|", header="%%propagate-accidentals octave"),
    Case("accidentals that bind nothing", "^C C c C|", header="%%propagate-accidentals not"),
]  # fmt: skip

LENGTHS = [
    Case("halves by strokes", "A/B/ c// d// e2/ z//|"),
    Case("fractions", "A3/2 B/ c3/4 d/4 e1|"),
    Case("strokes with numbers", "A3/ B/2 c5/4 d3/4|"),
    Case("no unit in 2/4", "ABcd efga|", meter="2/4", unit=""),
    Case("no unit in 3/4", "ABcdef|", meter="3/4", unit=""),
    Case("no unit in 6/8", "ABc def|", meter="6/8", unit=""),
    Case("no unit in 3/8", "AB c2 d2|", meter="3/8", unit=""),
    Case("no unit in common time", "A2B2 c2d2|", meter="C", unit=""),
    Case("no unit in cut time", "A2B2 c2d2|", meter="C|", unit=""),
    Case("long notes", "C8|D16|", meter="none"),
    Case("a unit of a sixteenth", "ABcd e4 f8|", unit="1/16"),
    Case("an inline unit", "A B [L:1/8] c d e f|g8|"),
    Case("a unit between lines", "A B c d|\nL:1/8\nA2B2c2d2|"),
    Case("broken rhythm", "A>B c<d|"),
    Case("doubly and triply broken", "A>>B c<<d|A>>>B c<<<d|"),
    Case("broken rhythm with lengths", "A2>B2|A/>B/ c/<d/ e2|"),
    Case("broken rhythm with blanks", "A > B c < d|"),
    Case("broken rhythm of chords", "[CE]>[DF] [EG]<[FA]|"),
    Case("broken rhythm with a rest", "z>A B<z|"),
    Case("broken rhythm under slurs", "(A>B) (c<d)|(A)>(B) c2|"),
    Case("broken rhythm with an accidental and a decoration", "A>^B c<ud|"),
    Case("broken rhythm after a chord symbol", '"Am"A>"E"B "C"c<d|'),
    Case("broken rhythm of a chord and a rest", "[CE]<z z>[DF]|"),
    Case("broken rhythm over a bar line has no victim", "A>B|c<d|", meter="2/4"),
    Case("a triplet", "(3ABc d2 e|"),
    Case("a triplet of quarters and halves", "(3A2B2c2|", meter="4/4"),
    Case("a triplet with a rest", "(3AzB c2 d|"),
    Case("a triplet of chords", "(3[CE][DF][EG] c2 d|"),
    Case("a triplet with blanks", "(3A B c d2 e|"),
    Case("three numbers", "(3:2:3ABc (3:2:2A2B|"),
    Case("four notes in a triplet", "(3:2:4ABc/d/ e f|", meter="none"),
    Case("two numbers", "(3:2ABc d2 e|", meter="none"),
    Case("a missing middle number", "(3::2A2B c d|"),
    Case("a duplet in 6/8", "(2AB cde|", meter="6/8", unit="1/8"),
    Case("a quadruplet in 6/8", "(4ABcd efg|", meter="6/8", unit="1/8"),
    Case("a quintuplet", "(5ABcde f2|", unit="1/8"),
    Case("a quintuplet in 9/8", "(5ABcde fga bag|", meter="9/8", unit="1/8"),
    Case("a sextuplet", "(6ABcdef g2|", unit="1/8", meter="2/4"),
    Case("a septuplet in 4/4", "(7ABcdefg a2 b4|", unit="1/8"),
    Case("an octuplet", "(8ABcdefga b2|", unit="1/8", meter="none"),
    Case("a nonuplet", "(9ABcdefgab c2|", unit="1/8", meter="none"),
    Case("broken rhythm in a triplet", "(3A>Bc d2 e|"),
    Case("a slurred triplet", "((3ABc) d2 e|"),
    Case("two triplets in a row", "(3ABc(3def g|", meter="none"),
]

CHORDS_TIES_RESTS = [
    Case("a chord with a length outside", "[CEG]2 [DFA]/ [EGB]3/2|"),
    Case("a chord with lengths inside", "[C2E2G2] [D2F2A2]|"),
    Case(
        "a chord with lengths inside and outside",
        "[C2E2]/ [DF]3|",
        notes="0+1:60 0+1:64 1+3:62 1+3:65",
        why="4.17: modifiers inside and outside are multiplied; abc2midi keeps the outer one",
    ),
    Case("a chord lasts as long as its first note", "[C2E4] F2|"),
    Case("a chord with octave marks and accidentals", "[C,^E'_g]4|"),
    Case("a chord with a word inside", '["C"CEG]4|'),
    Case("tied notes", "c4-|c2 c2|"),
    Case("notes tied in a bar", "c-c c-c|"),
    Case("three tied bars", "c4-|c4-|c4|"),
    Case("a tie with a blank before it", "c2 -c2|"),
    Case("tied chords", "[CE]4-|[CE]4|"),
    Case("some notes of a chord tied", "[C-E]4|[CF]4|"),
    Case("all notes of a chord tied inside", "[C-E-]4|[CE]4|"),
    Case("a tie over a line end", "c4-|\nc4|"),
    Case("a tie over a double bar", "c4-||c4|"),
    Case("a tie from a chord to a note", "[CE]4-|C2 E2|"),
    Case("a tie into a repeat", "|:c4-|c4:|d4|"),
    Case("rests", "z z2 z/ z/|x2 c2|"),
    Case("a bar of rest", "c4|Z|c4|"),
    Case("bars of rest", "c3|Z2|c3|", meter="3/4"),
    Case("an invisible bar of rest", "c4|X|c4|"),
    Case("rests in 6/8", "z3 ABc|Z|A6|", meter="6/8", unit="1/8"),
    Case("octaves up and down", "C,, C, C c c' c''|", meter="none"),
    Case("octave marks that cancel", "C,' c', C2|"),
]

REPEATS = [
    Case("a plain repeat", "|:CDEF:|G4|"),
    Case("a repeat from the beginning", "CDEF:|G4|"),
    Case("a repeat from the last repeat", "CDEF:|GABc:|c4|"),
    Case("two repeats back to back", "|:CDEF::GABc:|"),
    Case("with strokes between", "|:CDEF:||:GABc:|"),
    Case("with one stroke between", "|:CDEF:|:GABc:|"),
    Case("endings", "|:CDEF|1 GABc:|2 c4|]"),
    Case("endings in brackets", "|:CDEF|[1 GABc:|[2 c4|]"),
    Case("endings with blanks before the brackets", "|:CDEF| [1 GABc :| [2 c4 |]"),
    Case(
        "endings for several times",
        "|:CDEF|1,3 G4:|2 c4:|",
        notes="0+1:60 1+1:62 2+1:64 3+1:65 4+4:67 8+1:60 9+1:62 10+1:64 11+1:65 12+4:72 16+1:60 17+1:62 "
        "18+1:64 19+1:65 20+4:67",
        why="4.9: three endings are three times through; abc2midi begins a fourth",
    ),
    Case("endings by range", "|:CDEF|[1-3 GABc:|[4 c4|]"),
    Case("endings of two bars", "|:CDEF|1 GABc|c4:|2 D4|E4||F4|"),
    Case("a second ending in the middle of a tune", "|:C4|1 D4:|2 E4|F4|:G4:|"),
    Case("a pickup before a repeat", "G|:CDEF|GABG:|C4|"),
    Case("a repeat over lines", "|:CDEF|\nGABc:|\nc4|"),
    Case("a repeat that opens at a line's start after a plain bar line", "CDEF|\n|:GABc:|"),
    Case("parts in order", "P:A\nCDEF|\nP:B\nGABc|", header="P:ABA"),
    Case("parts with numbers", "P:A\nCDEF|\nP:B\nGABc|", header="P:A2B2"),
    Case("parts with repeats inside", "P:A\n|:CDEF:|\nP:B\nGABc|", header="P:AB"),
    Case("parts in brackets", "P:A\nC4|\nP:B\nD4|\nP:C\nE4|", header="P:(AB)2C"),
    Case("a tune without a last bar line", "|:CDEF:|GABc"),
    Case("a thick-thin beginning", "[|:CDEF:|]"),
    Case("an invisible bar line", "CDEF[|]GABc|"),
    Case("an invisible bar line before a repeat sign", "|:CDEF[|]:|GABc|"),
    Case("a dotted bar line", "^CDEF.|CDEF|"),
    Case("a repeat of a repeat's first half", "|:C4|D4:|E4|F4:|"),
]

VOICES = [
    Case("voices one after the other", "V:1\nCDEF|GABc|\nV:2\nC,4|G,4|"),
    Case("voices in brackets", "[V:1]CDEF|GABc|\n[V:2]C,4|G,4|"),
    Case("voices interleaved", "V:1\nCDEF|\nV:2\nC,4|\nV:1\nGABc|\nV:2\nG,4|"),
    Case("voices with names", 'V:S name="Soprano" clef=treble\nV:B name=Bass clef=bass\n[V:S]CDEF|\n[V:B]C,4|'),
    Case("voices declared in the header", "[V:1]CDEF|\n[V:2]C,4|", header="V:1\nV:2 clef=bass"),
    Case("repeats in voices", "V:1\n|:CDEF|GABc:|\nV:2\n|:C,4|G,4:|"),
    Case("endings in voices", "V:1\n|:CDEF|1 G4:|2 A4|]\nV:2\n|:C,4|1 D,4:|2 E,4|]"),
    Case("accidentals stay in their voice", "V:1\n^FF\nV:2\nF,F,\nV:1\nF2|\nV:2\nF,2|"),
    Case("a key in one voice", "V:1\n[K:D]FFFF|\nV:2\nF,4|"),
    Case("a unit in one voice", "V:1\n[L:1/8]CDEFGABc|\nV:2\nC,4|"),
    Case("a meter between lines", "V:1\nC4|\nM:3/4\nC3|\nV:2\nE4|\nM:3/4\nE3|"),
    Case("a voice that rests", "V:1\nC4|D4|\nV:2\nZ|E4|"),
    Case("chords in two voices", "V:1\n[CE]2[DF]2|\nV:2\n[C,G,]4|"),
    Case("a tie in each voice", "V:1\nC4-|C4|\nV:2\nE4|E4|"),
    Case("three voices", "V:1\nc4|\nV:2\nG4|\nV:3\nC,4|"),
    Case("an overlay", "CDEF & c4|G4|"),
    Case("an overlay in two bars", "CDEF & c4|GABc & e4|"),
    Case("two overlays in a bar", "CDEF & c4 & e4|G4|"),
    Case("an overlay with a chord", "CDEF & [ce]2[df]2|"),
    Case("an overlay in one voice of two", "V:1\nCDEF & c4|G4|\nV:2\nC,4|D,4|"),
    Case("accidentals of an overlay", "^F4 & z2 f2|F4|", notes="0+4:66 2+2:78 4+4:65",
         why="4.2: an accidental lasts to the bar line, and an overlay stands in the same bar"),
    Case("a clef an octave down", "CDEF|", key="C clef=treble-8"),
    Case("a clef an octave up", "V:1 clef=treble+8\nCDEF|"),
    Case("a bare clef an octave down", "CDEF|", key="C bass-8"),
    Case("a clef with a number drawn only", "V:1 clef=treble_8\nCDEF|"),
    Case("a bass clef moves nothing", "CDEF|", key="C bass"),
    Case("octaves of a voice", "V:1 clef=bass octave=-1\nCDEF|"),
    Case("octaves of the tune", "CDEF|", key="C octave=1"),
    Case("a clef that changes", "CDEF|[K:clef=treble-8]CDEF|[K:treble]CDEF|"),
    Case("a transposed voice", "V:1 transpose=-2\nCDEF|\nV:2\nCDEF|"),
    Case("a transposed tune", "CDEF|", key="C transpose=-2"),
    Case("middle moves nothing", "V:1 clef=bass middle=d\nCDEF|"),
    Case("transposition for MIDI", "CDEF|", header="%%MIDI transpose 5"),
    Case("transposition for MIDI, in an inline field", "CDEF|", header="I:MIDI transpose 5"),
    Case("transposition of one voice for MIDI", "V:1\nCDEF|\nV:2\n%%MIDI transpose -12\nE4|"),
    Case("transposition upon transposition", "%%MIDI transpose 5\n%%MIDI rtranspose 2\nCDEF|"),
    Case("transposition by an octave halfway", "CDEF|\n%%MIDI transpose 12\nCDEF|"),
    Case("drums", "V:1\n%%MIDI channel 10\n^FF_AB|"),
    Case("drums by a map", "%%MIDI channel 10\n%%MIDI drummap C 36\n%%MIDI drummap ^D 40\nC^DEF|"),
    Case("drums by a map beside a melody", "V:1\nCDEF|\nV:2\n%%MIDI channel 10\n%%MIDI drummap C 36\nCCCC|"),
    Case("the layout of staves changes no note", "[V:1]CDEF|\n[V:2]E4|", header="%%score {1 2}\nV:1\nV:2"),
]  # fmt: skip

TEXT = [
    Case("chord symbols are no notes", '"Am"A"G7"B"C/E"c"D"d|'),
    Case("words beside the staff", '"^slow"A"_fast"B"<x"c"@3,4y"d|'),
    Case("a comment behind music", "CDEF|% the end of CDEF|\nGABc|"),
    Case("a comment between lines", "CDEF|\n% GABc|\nGABc|"),
    Case("a percent sign in words", '"100\\%"CDEF|', notes="0+1:60 1+1:62 2+1:64 3+1:65",
         why="2.2.1: \\% is no comment; abc2midi stops there"),
    Case("a line that goes on", "CDEF|\\\nGABc|"),
    Case("a bar that goes on", "CD\\\nEF|GABc|"),
    Case("a bar that goes on without a sign", "CD\nEF|GABc|"),
    Case("lyrics", "CDEF|\nw:heav-en-ly light\nGABc|\nw:and * | on"),
    Case("lyrics that go on", "CDEF|\nw:one two\n+:three four\nGABc|"),
    Case("a symbol line", 'CDEF|\ns:!f! * "Am" !p!\nGABc|'),
    Case("remarks", "CD[r:a remark about C]EF|"),
    Case("decorations", "!mf!C!accent!D +tenuto+E !turn!F|"),
    Case("a decoration of one's own", "TCDEF|", header="U:T=!accent!", notes="0+1:60 1+1:62 2+1:64 3+1:65",
         why="4.16: T is an accent here; abc2midi plays its trill all the same"),
    Case("slurs", "(CD)(E F)|(C(DE)F)|"),
    Case("a dotted slur and tie", ".(CD) E.-E|"),
    Case("spacers and backquotes", "CyDy2E``F|"),
    Case("a field inside a bar", "CD[Q:1/4=90]EF|"),
    Case("an inline meter", "C4|[M:3/4]C3|[M:C]C4|"),
    Case("a title in the middle", "CDEF|\nT:Second part\nGABc|"),
    Case("a part without an order", "P:A\nCDEF|\nP:B\nGABc|"),
    Case("text between lines", "CDEF|\n%%text ABC\nGABc|"),
    Case("an inline part", "[P:A]CDEF|[P:B]GABc|"),
    Case("fields with blanks", "C D E F|", key=" G "),
    Case("a field of notes and history", "CDEF|", header="N:CDEF| was here\nH:ABCD|"),
    Case("macros", "C ~G F2|", header="m: ~G = G/A/", notes="0+1:60 1+0.5:67 1.5+0.5:69 2+2:65",
         why="9: a static macro stands for its replacement; this abc2midi reads m: after the first bar only"),
    Case("transposing macros", "~n2 ~A2|~d2 z2|".replace("~n2", "~C2"), header="m: ~n2 = n/o/n",
         notes="0+0.5:60 0.5+0.5:62 1+1:60 2+0.5:69 2.5+0.5:71 3+1:69 4+0.5:74 4.5+0.5:76 5+1:74",
         why="9: n is any note, o the one above it"),
    Case("text in blocks is no music", "CDEF|\n%%begintext\nABAC|\n%%endtext\nGABc|"),
    Case("a fine without a da capo ends nothing", "CDEF|G4!fine!|A4|"),
    Case("da capo al fine", "CDEF|G4!fine!|A4!D.C.!|]",
         notes="0+1:60 1+1:62 2+1:64 3+1:65 4+4:67 8+4:69 12+1:60 13+1:62 14+1:64 15+1:65 16+4:67",
         why="4.14 prints it and players follow it; abc2midi ignores it"),
]  # fmt: skip

CASES = [*ACCIDENTALS, *LENGTHS, *CHORDS_TIES_RESTS, *REPEATS, *VOICES, *TEXT]
