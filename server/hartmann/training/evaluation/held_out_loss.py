"""The loss on what was not learned: mean cross entropy a token of held-out captions, tunes and motivations."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from hartmann.training.conversations import Kind, Teacher
from hartmann.training.encoding import Encoder, batches
from hartmann.training.learning import batch_loss


def held_out_loss(model: Any, encoder: Encoder, teacher: Teacher, count: int = 100) -> dict[str, float]:
    """Mean cross entropy a token (nats), by what is written. The teacher's pictures and tunes must be held out."""
    import torch

    lost: defaultdict[str, float] = defaultdict(float)
    learned: Counter[str] = Counter()
    for number in range(count):
        conversation = teacher.conversation(number, Kind.WHOLE)
        for place, name in ((1, "caption"), (3, "tune"), (5, "motivation")):
            if place >= len(conversation.turns):
                continue
            turns = tuple(replace(turn, learned=i == place) for i, turn in enumerate(conversation.turns))
            (batch,) = batches([encoder.example(replace(conversation, turns=turns))], 4096, 0)
            with torch.no_grad():
                loss, tokens = batch_loss(model, batch)
            lost[name] += float(loss)
            learned[name] += tokens
    return {name: round(lost[name] / learned[name], 3) for name in learned}
