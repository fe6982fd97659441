"""What a batch saves: tokens a second of drafts written side by side, over those written one after the other.

Run with `make bench`. The shipped mini goes on from one header, after a picture and its description, under the grammar
of one voice; drafts of a batch differ in their seeds alone. Both ways write the same drafts and take turns, so that a
busy machine slows both alike. The prompt is read before either is timed. Nothing is asserted: `texts alike` counts
drafts that are the same to the letter (a product of several rows may round its last bit otherwise).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from fractions import Fraction
from random import Random

from hartmann.composing.prompts import Prompts
from hartmann.notation.score import Meter
from hartmann.training.pictures import paint
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.language_model import Generation, GenerationRequest, Message, Role, Sampling
from hartmann.vision.mini import vlm_folder
from hartmann.vision.transformers_model import TransformersModel

HEADER = "X:1\nT:Bench\nR:air\nM:4/4\nL:1/8\nQ:1/4=100\nK:Gmaj\n"
PICTURE = paint(Random(7))


def requests(drafts: int, tokens: int) -> list[GenerationRequest]:
    """One body for each seed, all after the same beginning."""
    prompts = Prompts("compact")
    wishes = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
    talk = (
        Message(Role.USER, prompts.caption(""), picture=True),
        Message(Role.ASSISTANT, "A bright picture in blue and white, calm and light."),
        Message(Role.USER, prompts.compose(caption="", prompt="", wishes=wishes, references=())),
        Message(Role.ASSISTANT, HEADER),
    )
    grammar = body_grammar(Meter(4, 4), Fraction(1, 8), min_bars=16, max_bars=32)
    return [
        GenerationRequest(talk, Sampling(seed, 0.9, 0.95, tokens), PICTURE, grammar) for seed in range(drafts)
    ]


def pace(written: Sequence[Generation], began: float) -> float:
    """Tokens a second."""
    return sum(each.tokens for each in written) / (time.perf_counter() - began)


def compare(model: TransformersModel, drafts: int, tokens: int) -> tuple[float, float, int]:
    """Tokens a second one by one and side by side, and how many texts are alike."""
    asked = requests(drafts, tokens)
    began = time.perf_counter()
    alone = [model.generate(each) for each in asked]
    one_by_one = pace(alone, began)
    began = time.perf_counter()
    together = model.generate_batch(asked)
    alike = sum(each.text == other.text for each, other in zip(alone, together, strict=True))
    return one_by_one, pace(together, began), alike


def main() -> None:
    """Print one line for each size of batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--tokens", type=int, default=120, help="most tokens of a draft")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: torch's own choice")
    options = parser.parse_args()
    model = TransformersModel.load(vlm_folder(), profile="compact", threads=options.threads)
    model.generate(requests(1, 2)[0])
    for size in options.sizes:
        found = [compare(model, size, options.tokens) for _ in range(options.rounds)]
        one_by_one, together = (statistics.median(column) for column in list(zip(*found, strict=True))[:2])
        ratio = statistics.median(batch / single for single, batch, _ in found)
        print(
            f"batch of {size:>2}: {together:7.1f} tokens/s, one by one {one_by_one:7.1f}, ratio {ratio:5.2f}; "
            f"texts alike {found[-1][2]} of {size}",
            flush=True,
        )


if __name__ == "__main__":
    main()
