"""What the grammar costs a model that writes: tokens a second under it, over tokens a second without it.

Run with `make bench`. The shipped mini writes one body after another under the grammar of one voice and of two, and
then the same number of tokens without any grammar, after the same prompt; the two take turns, so that a busy machine
slows both alike. A mini is the hardest case: with a larger model the grammar's share vanishes. Beside it stands what a
grammar costs before the first token: read for the first time, and kept. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from random import Random

from hartmann.composing.prompts import Prompts
from hartmann.notation.score import Meter
from hartmann.training.pictures import paint
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.language_model import GenerationRequest, Message, Role, Sampling
from hartmann.vision.mini import vlm_folder
from hartmann.vision.system_grammar import system_grammar
from hartmann.vision.transformers_model import TransformersModel
from hartmann.vision.voice_range import PitchRange

TARGET = 0.7
FLUTE, CELLO = PitchRange(60, 96), PitchRange(36, 67)
HEADER = "X:1\nT:Bench\nR:air\nM:{meter}\nL:1/8\nQ:1/4=100\nK:Gmaj\n"
VOICES = 'V:1 name="Flute"\n%%MIDI program 73\nV:2 name="Cello" clef=bass\n%%MIDI program 42\n'
METERS = (Meter(4, 4), Meter(6, 8), Meter(3, 4))


def request(meter: Meter, voices: int, seed: int, tokens: int) -> GenerationRequest:
    """One body to write, after a picture, its description and a header."""
    prompts, eighth = Prompts("compact"), Fraction(1, 8)
    wishes = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
    talk = (
        Message(Role.USER, prompts.caption(""), picture=True),
        Message(Role.ASSISTANT, "A bright picture in blue and white, calm and light."),
        Message(Role.USER, prompts.compose(caption="", prompt="", wishes=wishes, references=())),
        Message(Role.ASSISTANT, HEADER.format(meter=meter) + (VOICES if voices == 2 else "")),
    )
    if voices == 2:
        grammar = system_grammar(meter, eighth, (FLUTE, CELLO), min_bars=16, max_bars=32)
    else:
        grammar = body_grammar(meter, eighth, min_bars=16, max_bars=32)
    return GenerationRequest(talk, Sampling(seed, 0.9, 0.95, tokens), paint(Random(7)), grammar)


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def pace(model: TransformersModel, asked: GenerationRequest) -> tuple[float, int]:
    """Tokens a second of one text, the reading of the prompt left out, and how many."""
    model.generate(replace(asked, grammar=None, sampling=replace(asked.sampling, max_tokens=1)))
    began = time.perf_counter()
    written = model.generate(asked)
    return written.tokens / (time.perf_counter() - began), written.tokens


def ratios(model: TransformersModel, voices: int, texts: int, tokens: int) -> list[tuple[float, float]]:
    """(tokens a second under the grammar, without) of each text; without, the same number of tokens."""
    found = []
    for number in range(texts):
        asked = request(METERS[number % len(METERS)], voices, number, tokens)
        constrained, written = pace(model, asked)
        free, count = 0.0, 0
        for seed in range(100 * number, 100 * number + 100):
            sampling = replace(asked.sampling, seed=seed, max_tokens=written - count)
            speed, more = pace(model, replace(asked, grammar=None, sampling=sampling))
            free, count = free + more / speed, count + more
            if count >= written:
                break
        found.append((constrained, count / free))
    return found


def say_reading(model: TransformersModel, voices: int) -> None:
    """What a grammar costs before the first token: the first time, and every time after."""
    asked = request(Meter(4, 4), voices, 0, 1)
    other = replace(asked, grammar=f"{asked.grammar}// read anew\n")
    free = min(seconds(lambda: model.generate(replace(asked, grammar=None))) for _ in range(3))
    first, again = seconds(lambda: model.generate(other)), seconds(lambda: model.generate(other))
    print(
        f"  a grammar of {len(asked.grammar or '') / 1024:.0f} KiB: read in {1000 * max(0.0, first - again):.1f} ms "
        f"the first time; one token {1000 * again:.1f} ms under it, {1000 * free:.1f} ms without"
    )


def main() -> None:
    """All figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--texts", type=int, default=12, help="texts for each number of voices")
    parser.add_argument("--tokens", type=int, default=250, help="tokens a text at most")
    given = parser.parse_args()
    model = TransformersModel.load(vlm_folder(), profile="compact", threads=1)
    for voices in (1, 2):
        ratios(model, voices, 1, given.tokens)
        found = ratios(model, voices, given.texts, given.tokens)
        ratio = statistics.median(with_ / without for with_, without in found)
        under, without = (statistics.median(speeds) for speeds in zip(*found, strict=True))
        print(
            f"{voices} voice{'s' if voices > 1 else ' '}: {under:5.0f} tokens/s under the grammar, {without:5.0f} "
            f"without; ratio {ratio:.2f} (median of {given.texts} texts)   target {TARGET} or more",
            flush=True,
        )
        say_reading(model, voices)


if __name__ == "__main__":
    main()
