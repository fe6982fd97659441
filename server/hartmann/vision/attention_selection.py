"""Which layers and heads of a model count when its attention is averaged.

The paper's Eq. 2 is the plain mean over all of them, and so is the default here. Lower layers look at the picture as
a whole and upper ones at what is being named, so that people who study a model want to choose: by number (`0,3,8-11`),
or by a part of the stack (`last third`). Layers count from 0, below, as transformers does; heads count from 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hartmann.errors import InvalidRequest

_PARTS = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}
_PART = re.compile(rf"(first|last) ({'|'.join(_PARTS)})")
_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_ATTENDING = ("full_attention", "sliding_attention", "chunked_attention")
"""What transformers calls layers whose attention is a matrix."""
FORMS = "all, numbers such as 0,3,8-11, or a part such as last third (first or last; half, third or quarter)"


@dataclass(frozen=True, slots=True)
class AttentionSelection:
    """Numbers of the layers and heads that count, rising, without repetition; None stands for all of them."""

    layers: tuple[int, ...] | None = None
    heads: tuple[int, ...] | None = None

    @classmethod
    def of(cls, layers: str, heads: str, layer_count: int, head_count: int) -> AttentionSelection:
        """Read a selection as people write it, for a model of so many layers and heads.

        Raises InvalidRequest for a layer or a head that the model does not have, and for what is no selection.
        """
        return cls(
            _numbers("layer", layers, layer_count),
            _numbers("head", heads, head_count),
        )

    @classmethod
    def for_model(cls, layers: str, heads: str, config: Any) -> AttentionSelection:
        """The same for the text part of a model with this configuration."""
        text = config.get_text_config()
        return cls.of(layers, heads, int(text.num_hidden_layers), int(text.num_attention_heads))

    def numbers(self, config: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Layers and heads of a model that count, one by one; layers without attention (linear ones) left out."""
        text = config.get_text_config()
        kinds = getattr(text, "layer_types", None) or [_ATTENDING[0]] * text.num_hidden_layers
        attending = (layer for layer, kind in enumerate(kinds) if kind in _ATTENDING)
        layers = tuple(layer for layer in attending if self.has_layer(layer))
        return layers, tuple(range(text.num_attention_heads)) if self.heads is None else self.heads

    def has_layer(self, layer: int) -> bool:
        """Whether a layer counts."""
        return self.layers is None or layer in self.layers

    def __str__(self) -> str:
        """Both in words: `layers 8–11, all heads`."""
        return f"{_in_words('layers', self.layers)}, {_in_words('heads', self.heads)}"


EVERYTHING = AttentionSelection()
"""The paper's: the plain mean over layers and heads."""


def _numbers(what: str, text: str, count: int) -> tuple[int, ...] | None:
    wish = " ".join(text.lower().split())
    if wish == "all":
        return None
    if part := _PART.fullmatch(wish):
        size = max(1, round(count * _PARTS[part[2]]))
        return tuple(range(size)) if part[1] == "first" else tuple(range(count - size, count))
    chosen = sorted({number for piece in wish.split(",") for number in _run(what, piece.strip())})
    if missing := [number for number in chosen if number >= count]:
        raise InvalidRequest(
            f"there is no {what} {missing[0]}: the model has {count}, numbered 0 to {count - 1}",
            field=f"{what}s",
        )
    return tuple(chosen)


def _run(what: str, text: str) -> range:
    found = _RANGE.fullmatch(text)
    if found is None or int(found[2] or found[1]) < int(found[1]):
        raise InvalidRequest(f"{text!r} names no {what}s; write {FORMS}", field=f"{what}s")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def _in_words(what: str, numbers: tuple[int, ...] | None) -> str:
    if numbers is None:
        return f"all {what}"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    named = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
    return f"{what if len(numbers) > 1 else what[:-1]} {named}"
