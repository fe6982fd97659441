"""The first stage: the model describes the picture (text T of the paper)."""

from __future__ import annotations

from dataclasses import replace

from hartmann.composing.carry import Carry
from hartmann.composing.events import CaptionWritten, Stage
from hartmann.composing.work import Work
from hartmann.errors import ModelFailed

TEMPERATURE = 0.3
"""Low: a description should be true before it is varied."""
MAX_TOKENS = {"compact": 160, "full": 400}


async def write_caption(work: Work, carry: Carry) -> Carry:
    """Describe the picture, unless that is done. Raises ModelFailed when the model says nothing."""
    if carry.caption is not None:
        return carry
    await work.start(Stage.CAPTION, carry)
    profile = work.tools.vision.info.prompt_profile
    sampling = work.sampling(Stage.CAPTION, temperature=TEMPERATURE, max_tokens=MAX_TOKENS[profile])
    text = (await work.say(Stage.CAPTION, work.before_caption(), sampling)).strip()
    if not text:
        raise ModelFailed("the model described the picture with no words; try another seed or another model")
    return await work.record(Stage.CAPTION, "caption", CaptionWritten(text), replace(carry, caption=text))
