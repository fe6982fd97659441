"""MIDI to ABC: what is left of the notes, how long the text is, how long it takes; beside midi2abc and music21.

Run as `python tests/benchmarks/bench_midi_to_abc.py [--clean 40] [--pop 60] [--scores 8]`; needs abc2midi, and
midi2abc for the comparison (both in Debian's `abcmidi`). The files are those of `tests/made_midi.py`: clean ones as
notation programs export them, and songs as people leave them (up to ten tracks, drums, tempo changes, swing, loose
onsets with a standard deviation of up to 0.05 quarter). Whole files are converted for F1 and characters, 16 bars for
the excerpt's length and time. What the figures mean says `tests/midi_judging.py`. The last lines compare keys and
spelled notes with those of music21's scores, from MIDI that states no key.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).parents[1]))

from made_midi import clean_file, multi_part_sources, pop_file, tune_sources
from midi_judging import abc2midi, body_characters, f1, heard

from hartmann.notation.checking import check
from hartmann.notation.from_midi import midi_to_abc, midi_to_score


def midi2abc(data: bytes, folder: Path) -> str:
    """abcmidi's own converter."""
    source, target = folder / "source.mid", folder / "target.abc"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    subprocess.run(
        ["midi2abc", source, "-o", target], cwd=folder, capture_output=True, timeout=60, check=False
    )
    return target.read_text(errors="replace") if target.exists() else ""


def music21_parse(data: bytes) -> object:
    """music21's own MIDI reading: quantised streams, no text yet."""
    from music21 import midi

    file = midi.MidiFile()
    file.readstr(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return midi.translate.midiFileToStream(file)


def milliseconds(work: Callable[[bytes], object], files: Iterable[bytes]) -> list[float]:
    """The time of `work` for each file."""
    times = []
    for data in files:
        start = time.perf_counter()
        work(data)
        times.append(1000 * (time.perf_counter() - start))
    return times


def judge(name: str, convert: Callable[[bytes], str], files: Sequence[bytes], folder: Path) -> None:
    """Print F1 (onsets; onsets and ends) and characters a note over whole files."""
    scores, with_ends, lengths = [], [], []
    for data in files:
        truth = heard(data)
        abc = convert(data)
        try:
            played = heard(abc2midi(abc, folder))
        except FileNotFoundError:
            played = []
        scores.append(f1(truth, played))
        with_ends.append(f1(truth, played, ends=True))
        lengths.append(body_characters(abc) / len(truth))
    print(
        f"  {name:34} F1 mean {mean(scores):.4f} median {median(scores):.4f} least {min(scores):.3f}; "
        f"ends too {mean(with_ends):.3f}; characters a note median {median(lengths):.2f} mean {mean(lengths):.2f}"
    )


def excerpts(files: Sequence[bytes]) -> None:
    """Print how long excerpts are, that they are right, and the time beside music21's parser."""
    texts = [midi_to_abc(data) for data in files]
    bad = sum(not check(text).ok for text in texts)
    ours = milliseconds(midi_to_abc, files)
    few = files[:6]
    theirs = milliseconds(music21_parse, few)
    print(
        f"  16 bars: {median(ours):.1f} ms median, {max(ours):.0f} ms most (music21 reads the file alone in "
        f"{median(theirs):.0f} ms, {len(few)} files); {median(map(len, texts)):.0f} characters; {bad} with errors"
    )


def names(scores: int) -> None:
    """Print how many notes are spelled, and how many keys found, as in music21's scores."""
    right = total = keys = 0
    sources = multi_part_sources(scores)
    for source in sources:
        score = midi_to_score(clean_file(source, keyed=False), bars=None)
        truth = {(round(onset, 3), midi): (step, alter) for onset, midi, step, alter in source.spelled}
        found = {
            (round(float(bar.onset + note.onset), 3), pitch.midi): (pitch.step, pitch.alter)
            for voice in score.voices
            for bar in voice.bars
            for note in bar.notes
            for pitch in note.pitches
        }
        shared = truth.keys() & found.keys()
        total += len(shared)
        right += sum(truth[place] == found[place] for place in shared)
        keys += score.key.fifths == source.fifths
    print(
        f"names: {right / total:.2%} of {total:,} notes spelled as in the score, "
        f"{keys} of {len(sources)} key signatures found"
    )


def main() -> None:
    """Print everything."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--clean", type=int, default=30, help="folk tunes among the clean files")
    options.add_argument("--pop", type=int, default=50, help="songs")
    options.add_argument("--scores", type=int, default=8, help="scores in several parts to make files of")
    given = options.parse_args()
    sources = (*multi_part_sources(given.scores), *tune_sources(max(given.clean, 40)))
    clean = [clean_file(source) for source in sources[: given.scores + given.clean]]
    drawn = random.Random(1).choices(sources, k=given.pop)
    pop = [pop_file(source, seed) for seed, source in enumerate(drawn)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, files in (("clean", clean), ("pop-like", pop)):
            print(
                f"{kind}, {len(files)} files, {median(len(heard(data)) for data in files):.0f} notes median"
            )
            judge("ours", lambda data: midi_to_abc(data, bars=None, drums=False), files, folder)
            judge("ours, percussion as a voice", lambda data: midi_to_abc(data, bars=None), files, folder)
            judge("midi2abc", lambda data: midi2abc(data, folder), files, folder)
            excerpts(files)
    names(given.scores)


if __name__ == "__main__":
    main()
