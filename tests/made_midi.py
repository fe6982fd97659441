"""MIDI files made for tests: scores as notation programs export them, and songs as sequencers and players leave them.

No collection of MIDI files is installed everywhere, so they are made from music21's corpus. `multi_part_sources`
reads some of its scores in several parts, `tune_sources` folk tunes, which get chords and a bass; both once a
process. From one source come as many files as there are seeds:

- `clean_file`: the source as it is, one track a part, on the beat.
- `pop_file`: an excerpt, transposed, on other instruments, doubled, melody with chords, bass and drums on
  channel 10, up to ten tracks; tempo changes, swing, loose onsets and lengths, ticks as they come, key signatures
  that are missing or wrong. What the notes are, the file itself says.
- `made_songs`: as many such files as asked for, each with the facts that a data set of captioned MIDI states (key,
  meter, tempo, instruments, a caption). To write one in the format of MidiCaps, put `song.midi` at
  `folder / song.location` and `song.row()` as a line of JSON into `train.json`.

Everything follows from the seed. A thousand songs take about five seconds, reading the sources five more.
"""

from __future__ import annotations

import hashlib
import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from symusic.core import (
    KeySignatureTick,
    NoteTick,
    ScoreTick,
    TempoTick,
    TimeSignatureTick,
    TrackTick,
)

from hartmann.notation.instruments import instrument_name

Notes = NDArray[np.float64]
"""Shape (notes, 3): onset and duration in quarters, MIDI pitch."""

SCORES = (
    "bach/bwv1.6.mxl", "bach/bwv66.6.mxl", "haydn/opus1no1/movement1.mxl", "mozart/k155/movement2.mxl",
    "joplin/maple_leaf_rag.mxl", "monteverdi/madrigal.3.1.mxl", "schumann_robert/opus48no2.mxl",
    "trecento/Fava_Dicant_nunc_iudei.xml", "bach/bwv269.mxl", "bach/bwv253.mxl", "bach/bwv4.8.mxl",
    "mozart/k80/movement1.mxl", "mozart/k458/movement2.mxl", "mozart/k156/movement2.mxl",
    "corelli/opus3no1/1grave.xml", "weber/concertino_clarinet.mxl",
    "beethoven/opus18no1/movement2.mxl", "beethoven/opus59no1/movement3.mxl",
    "schumann_clara/opus17/movement3.xml", "schumann_clara/polonaise_op1n1.mxl", "monteverdi/madrigal.3.10.mxl",
)  # fmt: skip
"""Paths in music21's corpus; those that an installation lacks are left out."""

_MELODIES, _CHORDS, _BASSES = (0, 4, 11, 22, 52, 56, 64, 65, 68, 71, 73, 75, 80, 81), (
    0, 1, 4, 5, 16, 24, 25, 26, 27, 48, 50, 88, 89), (32, 33, 34, 35, 38, 39)  # fmt: skip
_TICKS = (96, 120, 192, 220, 240, 384, 480, 960)
_MOST_TRACKS = 10
_TRIADS = ((0, 4, 7), (7, 11, 2), (5, 9, 0), (9, 0, 4), (2, 5, 9))
"""Triads of a major key as semitones above its tonic: I, V, IV, VI, II."""


@dataclass(frozen=True)
class Source:
    """A piece to make files of: parts as (name, notes), meter changes as (onset in quarters, upper, lower number),
    sharps of its key, and whether that is minor."""

    name: str
    parts: tuple[tuple[str, Notes], ...]
    meters: tuple[tuple[float, int, int], ...]
    fifths: int
    minor: bool
    spelled: tuple[tuple[float, int, str, int], ...] = ()
    """(onset, MIDI pitch, letter, alteration) of each note, where the source is a score."""

    @property
    def quarters(self) -> float:
        return max(float((notes[:, 0] + notes[:, 1]).max()) for _, notes in self.parts)


@dataclass(frozen=True)
class Song:
    """A made file with what is known of it."""

    location: str
    midi: bytes
    title: str
    caption: str
    key: str
    meter: str
    tempo: int
    instruments: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """The song as a line of MidiCaps' `train.json` has it (fields that nobody here reads are left out)."""
        return {
            "location": self.location,
            "caption": self.caption,
            "key": self.key,
            "time_signature": self.meter,
            "tempo": self.tempo,
            "instrument_summary": list(self.instruments),
            "genre": ["pop"],
            "mood": ["happy"],
            "test_set": False,
        }


# -- sources -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def multi_part_sources(count: int = len(SCORES)) -> tuple[Source, ...]:
    """The first `count` of `SCORES`, read by music21."""
    import music21

    folder = Path(music21.__file__).parent / "corpus"
    return tuple(_score_source(folder / name) for name in SCORES[:count] if (folder / name).exists())


def _score_source(path: Path) -> Source:
    from music21 import converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = converter.parse(path, forceSource=True).stripTies()
    parts = []
    spelled = []
    for index, part in enumerate(score.parts):
        rows = [
            (float(n.getOffsetInHierarchy(part)), float(n.quarterLength), pitch.midi)
            for n in part.recurse().notes
            if not n.duration.isGrace
            for pitch in n.pitches
        ]
        spelled += [
            (float(n.getOffsetInHierarchy(part)), pitch.midi, pitch.step, int(pitch.alter))
            for n in part.recurse().notes
            for pitch in n.pitches
        ]
        if rows:
            parts.append((part.partName or f"Part {index + 1}", np.array(sorted(rows), float)))
    first = score.parts[0]
    meters = [
        (float(t.getOffsetInHierarchy(first)), t.numerator, t.denominator)
        for t in first.recurse().getElementsByClass("TimeSignature")
    ]
    key = first.recurse().getElementsByClass("KeySignature").first()
    measures = list(first.getElementsByClass("Measure"))
    return Source(
        f"{path.parent.name} {path.stem}",
        tuple(parts),
        tuple(_with_upbeat(meters, measures)),
        key.sharps if key is not None else 0,
        bool(getattr(key, "mode", "") == "minor"),
        tuple(spelled),
    )


def _with_upbeat(
    meters: Sequence[tuple[float, int, int]], measures: Sequence[Any]
) -> Iterator[tuple[float, int, int]]:
    """The meters as a notation program writes them into MIDI: an anacrusis is a bar with a meter of its own."""
    held = float(measures[1].offset) if len(measures) > 1 else 0.0
    full = 4 * meters[0][1] / meters[0][2]
    if 0 < held < full and (held * 4).is_integer():
        yield _short_meter(held)
        yield held, *meters[0][1:]
        yield from meters[1:]
    else:
        yield from meters


def _short_meter(quarters: float) -> tuple[float, int, int]:
    """The plainest meter at 0 that lasts so many quarters, a multiple of sixteenths."""
    below = 4 if quarters.is_integer() else 8 if (quarters * 2).is_integer() else 16
    return 0.0, int(quarters * below / 4), below


@lru_cache(maxsize=4)
def tune_sources(count: int = 300) -> tuple[Source, ...]:
    """`count` folk tunes of 16 bars and more, drawn from all collections (seeded), read by our parser, accompanied."""
    from hartmann.library.ingest.music21_tunes import all_tunes
    from hartmann.notation.checking import check

    found: list[Source] = []
    tunes = list(all_tunes())
    for tune in random.Random(count).sample(tunes, len(tunes)):
        if len(found) == count:
            break
        score = check(tune.text).score
        if score is not None and _is_song(score):
            found.append(_accompanied(score, score.title or tune.id))
    return tuple(found)


def _is_song(score: Any) -> bool:
    """A melody of 16 bars and more, in a meter, in major or minor."""
    one = len(score.voices) == 1 and len(score.voices[0].bars) >= 16
    return one and score.meter.symbol != "free" and score.key.mode in {"major", "minor"}


def _accompanied(score: Any, title: str) -> Source:
    """A tune with triads of its key, struck on the beats, and a bass: in each bar the triad that most of it is in."""
    from hartmann.notation.sounding import placed_bars, sounding_notes

    voice = score.voices[0]
    melody = np.array([(float(s.onset), float(s.duration), s.pitch) for s in sounding_notes(voice)])
    triads = [[(7 * score.key.fifths + step) % 12 for step in triad] for triad in _TRIADS]
    chords: list[tuple[float, float, float]] = []
    bass: list[tuple[float, float, float]] = []
    for onset, _, bar in placed_bars(voice):
        start, stop = float(onset), float(onset + bar.duration)
        heard = melody[(melody[:, 0] >= start) & (melody[:, 0] < stop)]
        triad = max(triads, key=lambda triad: float(heard[np.isin(heard[:, 2] % 12, triad), 1].sum()))
        for beat in np.arange(start, stop, 1.0) if bar.number else ():
            length = min(1.0, stop - beat)
            chords += [(beat, length, 60 + (pitch - 60) % 12) for pitch in triad]
            bass.append((beat, length, 36 + triad[2 if (beat - start) % 2 else 0]))
    parts = (("Melody", melody), ("Chords", np.array(chords)), ("Bass", np.array(bass)))
    return Source(title, parts, tuple(_tune_meters(voice, score.meter)), score.key.fifths, score.key.is_minor)


def _tune_meters(voice: Any, meter: Any) -> Iterator[tuple[float, int, int]]:
    pickup = float(voice.bars[0].duration) if voice.bars[0].number == 0 else 0.0
    whole = 0 < pickup < float(meter.bar_duration) and (pickup * 4).is_integer()
    if whole:
        yield _short_meter(pickup)
    yield (pickup if whole else 0.0), meter.numerator, meter.denominator


# -- files -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Track:
    name: str
    program: int
    notes: Notes
    drums: bool = False


def clean_file(source: Source, *, ticks: int = 480, tempo: float = 100.0, keyed: bool = True) -> bytes:
    """The source as a notation program exports it: every note on its beat and as long as it is written.

    Where not `keyed`, the file states no key signature.
    """
    tracks = [_Track(name, 40 + min(index, 3), notes) for index, (name, notes) in enumerate(source.parts)]
    keys = [(0.0, source.fifths, source.minor)] if keyed else []
    return _written(tracks, ticks, [(0.0, tempo)], source.meters, keys)


def pop_file(source: Source, seed: int) -> bytes:
    """The source as a song that somebody played or sequenced."""
    return _pop(source, random.Random(seed))[0]


def made_songs(count: int, seed: int = 0, sources: Sequence[Source] | None = None) -> Iterator[Song]:
    """`count` songs, each from a source drawn by chance; of the tunes unless `sources` are given."""
    chance = random.Random(seed)
    drawn = sources or tune_sources()
    for _ in range(count):
        source = chance.choice(drawn)
        midi, tempo, programs, shift = _pop(source, chance)
        names = tuple(dict.fromkeys(instrument_name(program) for program in programs))
        key = _key_name(source, shift)
        meter = "{}/{}".format(*source.meters[-1][1:])
        digest = hashlib.md5(midi, usedforsecurity=False).hexdigest()
        yield Song(
            location=f"lmd_full/{digest[0]}/{digest}.mid",
            midi=midi,
            title=source.name,
            caption=f"A song in {key} and {meter} time at {tempo} beats a minute, played on {', '.join(names)}.",
            key=key,
            meter=meter,
            tempo=tempo,
            instruments=names,
        )


def _pop(source: Source, chance: random.Random) -> tuple[bytes, int, list[int], int]:
    """(file, tempo, programs, transposition)."""
    shift = chance.randint(-5, 6)
    tracks = _arranged(_excerpt(source, chance), shift, chance)
    end = max(float((track.notes[:, 0] + track.notes[:, 1]).max()) for track in tracks)
    if chance.random() < 0.8:
        tracks.append(_drums(source.meters, end, chance))
    if chance.random() < 0.15:
        tracks = [replace(track, notes=_swung(track.notes, source.meters[-1][0])) for track in tracks]
    spread = chance.choice((0.0, 0.0, 0.01, 0.02, 0.03, 0.04, 0.05))
    kept = chance.uniform(0.6, 1.15)
    numbers = np.random.default_rng(chance.getrandbits(32))
    tracks = [replace(track, notes=_played(track.notes, spread, kept, numbers)) for track in tracks]
    tempo = chance.randint(66, 172)
    stated: list[tuple[float, int, bool]] = (
        [(0.0, _fifths(source, shift), source.minor)] if chance.random() < 0.3 else [(0.0, 0, False)]
    )
    keys = stated if chance.random() < 0.7 else []
    tempos = _tempo_map(tempo, end, chance)
    midi = _written(tracks, chance.choice(_TICKS), tempos, source.meters, keys)
    return midi, tempo, [track.program for track in tracks if not track.drums], shift


def _excerpt(source: Source, chance: random.Random) -> list[tuple[str, Notes]]:
    """The first 16 to 96 bars or so of each part."""
    stop = chance.uniform(48.0, 300.0)
    return [(name, notes[notes[:, 0] < stop]) for name, notes in source.parts if (notes[:, 0] < stop).any()]


def _arranged(parts: Sequence[tuple[str, Notes]], shift: int, chance: random.Random) -> list[_Track]:
    """The parts on pop instruments; inner parts now and then all on one piano, parts doubled in octaves."""
    moved = [(name, _transposed(notes, shift)) for name, notes in parts]
    if len(moved) > 3 and chance.random() < 0.4:
        merged = np.concatenate([notes for _, notes in moved[1:-1]])
        moved = [moved[0], ("Piano", merged[np.argsort(merged[:, 0], kind="stable")]), moved[-1]]
    tracks = []
    for index, (name, notes) in enumerate(moved):
        programs = _MELODIES if index == 0 else _BASSES if notes[:, 2].mean() < 50 else _CHORDS
        tracks.append(_Track(name if chance.random() < 0.7 else "", chance.choice(programs), notes))
    for _ in range(chance.randint(0, max(0, min(4, _MOST_TRACKS - 1 - len(tracks))))):
        copied = chance.choice(tracks)
        octave = chance.choice((-12, 0, 12))
        tracks.append(_Track("", chance.choice(_CHORDS + _MELODIES), _transposed(copied.notes, octave)))
    return tracks[: _MOST_TRACKS - 1]


def _transposed(notes: Notes, shift: int) -> Notes:
    moved = notes.copy()
    moved[:, 2] = np.clip(moved[:, 2] + shift, 12, 115)
    return moved


def _drums(meters: Sequence[tuple[float, int, int]], end: float, chance: random.Random) -> _Track:
    """Kick, snare and hi-hat through all bars, with a crash every eighth one."""
    rows: list[tuple[float, float, int]] = []
    bar = 4 * meters[-1][1] / meters[-1][2]
    start = meters[-1][0]
    step = chance.choice((0.5, 0.5, 0.25))
    for number, at in enumerate(np.arange(start, end, bar)):
        rows += [(at + offset, 0.25, 42) for offset in np.arange(0, bar, step)]
        rows += [(at + offset, 0.25, 36) for offset in np.arange(0, bar, 2.0)]
        rows += [(at + offset, 0.25, 38) for offset in np.arange(1, bar, 2.0)]
        if number % 8 == 0:
            rows.append((at, 0.25, 49))
    return _Track("Drums", 0, np.array(rows or [(0.0, 0.25, 36)]), drums=True)


def _swung(notes: Notes, downbeat: float) -> Notes:
    """Eighths off the beat at two thirds of it."""
    swung = notes.copy()
    offbeat = np.isclose((swung[:, 0] - downbeat) % 1.0, 0.5)
    swung[offbeat, 0] += 1 / 6
    swung[offbeat, 1] = np.maximum(swung[offbeat, 1] - 1 / 6, 1 / 6)
    return swung


def _played(notes: Notes, spread: float, kept: float, numbers: np.random.Generator) -> Notes:
    """Onsets off by `spread` quarters (standard deviation), and each note as long as a player holds it."""
    loose = notes.copy()
    loose[:, 0] = np.maximum(0.0, loose[:, 0] + numbers.normal(0.0, spread, len(loose)))
    if spread or kept < 0.9:
        held = np.clip(numbers.normal(kept, 0.08, len(loose)), 0.3, 1.3)
        loose[:, 1] = np.maximum(0.06, loose[:, 1] * held)
    return loose


def _tempo_map(tempo: int, end: float, chance: random.Random) -> list[tuple[float, float]]:
    changes = sorted(chance.uniform(8.0, max(9.0, end)) for _ in range(chance.choice((0, 0, 1, 2, 6))))
    return [(0.0, float(tempo)), *((at, tempo * chance.uniform(0.7, 1.3)) for at in changes)]


def _written(
    tracks: Sequence[_Track],
    ticks: int,
    tempos: Sequence[tuple[float, float]],
    meters: Sequence[tuple[float, int, int]],
    keys: Sequence[tuple[float, int, bool]],
) -> bytes:
    file = ScoreTick(ticks)
    for track in tracks:
        made = TrackTick(track.name, track.program, track.drums)
        starts = np.round(track.notes[:, 0] * ticks).astype(int)
        lengths = np.maximum(1, np.round(track.notes[:, 1] * ticks).astype(int))
        for row in zip(
            starts.tolist(), lengths.tolist(), track.notes[:, 2].astype(int).tolist(), strict=True
        ):
            made.notes.append(NoteTick(*row, 80))
        file.tracks.append(made)
    for at, bpm in tempos:
        file.tempos.append(TempoTick(round(at * ticks), qpm=bpm))
    for at, above, below in meters:
        file.time_signatures.append(TimeSignatureTick(round(at * ticks), above, below))
    for at, fifths, minor in keys:
        file.key_signatures.append(KeySignatureTick(round(at * ticks), fifths, int(minor)))
    return bytes(file.dumps_midi())


def _fifths(source: Source, shift: int) -> int:
    return (source.fifths + 7 * shift + 6) % 12 - 6


def _key_name(source: Source, shift: int) -> str:
    from hartmann.notation.from_midi.key_finding import make_key

    return make_key(_fifths(source, shift), source.minor).name
