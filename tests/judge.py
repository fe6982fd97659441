"""Judge our reading of ABC by abc2midi's: `python tests/judge.py --tunes 400 --seed 1`.

Plays a seeded sample of music21's corpus, from all its folders, and pieces in several voices through our
MIDI and through abc2midi (Debian's `abcmidi`), and compares pitch, onset and duration of every note, as
written and with repeats played. Prints the shares that agree and every piece that does not, with the
verdict that `tests/data/abc2midi_verdicts.toml` holds on it: which of the two is wrong, by which clause of
ABC 2.1 or by which arithmetic. Ends with status 1 where a disagreement has no verdict.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from abc2midi_judge import first_difference, heard, our_notes, play, same, without_repeats
from judged_tunes import Piece, by_hand, sample, several_voices

VERDICTS = Path(__file__).parent / "data" / "abc2midi_verdicts.toml"
TUNES, VOICES, SEED = 400, 30, 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why two readings differ: who is `wrong` (abc2midi, hartmann, or neither where ABC 2.1 leaves it open)."""

    wrong: str
    why: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A piece that the two play differently."""

    id: str
    difference: str
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of one comparison of many pieces."""

    name: str
    pieces: int
    disagreements: tuple[Disagreement, ...]

    @property
    def exact(self) -> float:
        """The share of pieces in which every note agrees."""
        return 1 - len(self.disagreements) / self.pieces

    @property
    def unexplained(self) -> tuple[Disagreement, ...]:
        """The disagreements without a verdict."""
        return tuple(one for one in self.disagreements if one.verdict is None)


def verdicts() -> dict[str, Verdict]:
    """The verdicts by the id of the piece."""
    with VERDICTS.open("rb") as file:
        return {name: Verdict(**said) for name, said in tomllib.load(file).items()}


def judged(name: str, pieces: Sequence[Piece], folder: Path, *, repeats: bool) -> Judgement:
    """Compare all pieces; without `repeats`, as written."""
    known = verdicts()
    found = []
    for piece in pieces:
        text = piece.text if repeats else without_repeats(piece.text)
        ours, theirs = our_notes(piece.text, repeats=repeats), heard(play(text, folder))
        if not same(ours, theirs):
            found.append(Disagreement(piece.id, first_difference(ours, theirs), known.get(piece.id)))
    return Judgement(name, len(pieces), tuple(found))


def judgements(tunes: int, voices: int, seed: int, folder: Path) -> Iterable[Judgement]:
    """The comparisons, one by one."""
    single = sample(tunes, seed)
    yield judged("one voice, as written", single, folder, repeats=False)
    yield judged("one voice, repeats played", single, folder, repeats=True)
    several = several_voices(voices, seed) + by_hand()
    yield judged("several voices, as written", several, folder, repeats=False)
    together = [piece for piece in several if piece.repeats]
    yield judged("several voices, repeats played", together, folder, repeats=True)


def main(arguments: Sequence[str]) -> int:
    """Print the judgements."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--tunes", type=int, default=TUNES, help="tunes of the corpus at least (%(default)s)"
    )
    options.add_argument("--voices", type=int, default=VOICES, help="pieces in several voices (%(default)s)")
    options.add_argument("--seed", type=int, default=SEED, help="which sample (%(default)s)")
    given = options.parse_args(arguments)
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        for judgement in judgements(given.tunes, given.voices, given.seed, Path(folder)):
            agreeing = judgement.pieces - len(judgement.disagreements)
            print(f"{judgement.name}: {agreeing} of {judgement.pieces} exact ({judgement.exact:.2%})")
            for one in judgement.disagreements:
                said = f"{one.verdict.wrong} is wrong: {one.verdict.why}" if one.verdict else "NO VERDICT"
                print(f"  {one.id}: {one.difference}\n    {said}")
            unexplained += len(judgement.unexplained)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
