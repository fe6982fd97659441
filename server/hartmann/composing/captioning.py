"""The first stage: the model describes the picture (text T of the paper).

The mini describes in words that can be measured (colours and where they lie, light, contrast, mood), so it writes
sentence by sentence and what measuring refutes is not kept. A large model is believed.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hartmann.composing.carry import Carry
from hartmann.composing.events import CaptionWritten, Stage
from hartmann.composing.sentences import Essay, repeats_itself
from hartmann.composing.work import Work
from hartmann.errors import ModelFailed
from hartmann.vision.picture_features import measure
from hartmann.vision.picture_words import claims, is_true

TEMPERATURE = 0.3
"""Low: a description should be true before it is varied."""
MAX_TOKENS = 400


async def write_caption(work: Work, carry: Carry) -> Carry:
    """Describe the picture, unless that is done. Raises ModelFailed when the model says nothing."""
    if carry.caption is not None:
        return carry
    await work.start(Stage.CAPTION, carry)
    is_measurable = work.tools.vision.info.prompt_profile == "compact"
    text = (await (_measured(work) if is_measurable else _believed(work))).strip()
    if not text:
        raise ModelFailed("the model described the picture with no words; try another seed or another model")
    return await work.record(Stage.CAPTION, "caption", CaptionWritten(text), replace(carry, caption=text))


async def _believed(work: Work) -> str:
    sampling = work.sampling(Stage.CAPTION, temperature=TEMPERATURE, max_tokens=MAX_TOKENS)
    return await work.say(Stage.CAPTION, work.before_caption(), sampling)


async def _measured(work: Work) -> str:
    features = await asyncio.to_thread(measure, work.request.picture.image)

    def is_measured(sentence: str) -> bool:
        return all(is_true(claim, features) for claim in claims(sentence))

    def refuted(sentence: str) -> bool:
        return repeats_itself(sentence) or not is_measured(sentence)

    def corrected(sentence: str) -> str:
        return sentence if is_measured(sentence) else ""

    kept = await Essay(work, Stage.CAPTION, work.before_caption(), TEMPERATURE, refuted, corrected).write()
    return kept or await _believed(work)
