"""Models that think aloud before they answer: whether they shall, and how their thoughts are kept out of the answer.

Three kinds of switches are known. A chat template may take `enable_thinking` (Qwen3 and kin); a model may obey
`/think` and `/no_think` at the end of a person's turn (Keye-VL); and a template may open the thought itself, which is
closed again where none is wanted. `auto` leaves the choice to the template and the model.

Thoughts stand at the beginning of an answer, between `<think>` and `</think>`; Keye-VL puts its choice of mode into
`<analysis>` and may wrap the answer itself into `<answer>`. None of that is text of the answer, nor streamed, nor
searched for stop strings. What continues a text, or is written under a grammar, begins without a thought.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from hartmann.vision.token_text import TokenText

_CLOSED_BY: Final = {"<think>": "</think>", "<analysis>": "</analysis>"}
_ANSWER, _ANSWERED = "<answer>", "</answer>"
_EMPTY: Final = "\n\n</think>\n\n"
"""What makes an open thought an empty one, as Qwen3's template writes it."""


class Thinking(StrEnum):
    """Whether a model shall think before it answers; AUTO: as its template and itself would have it."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"

    def as_template_option(self) -> dict[str, bool]:
        """What a template is told that takes `enable_thinking`; others ignore it."""
        return {} if self is Thinking.AUTO else {"enable_thinking": self is Thinking.ON}

    def as_words(self) -> str:
        """What is put behind the person's last turn, for a model that obeys it."""
        return {Thinking.AUTO: "", Thinking.ON: "/think", Thinking.OFF: "/no_think"}[self]


def obeys_words(model_type: str) -> bool:
    """Whether a model of this type looks for `/think` and `/no_think` in its person's turn (Keye-VL's model card)."""
    return model_type.lower().startswith("keye")


def is_open_thought(prompt: str) -> bool:
    """Whether a rendered prompt ends inside a thought."""
    return prompt.rstrip().endswith("<think>")


def without_thought(prompt: str) -> str:
    """The prompt with its open thought closed, so that the answer itself comes next."""
    return prompt.rstrip() + _EMPTY if is_open_thought(prompt) else prompt


class ThoughtfulText(TokenText):
    """The text of the answer alone. `thinking`: None where no thought can come, else whether one is open already.

    `tokens` are all that were added, those of thoughts too; `kept` and `spans` are of the answer's.
    """

    def __init__(
        self,
        decode: Callable[[list[int]], str],
        stop: Sequence[str],
        on_text: Callable[[str], None],
        thinking: bool | None = None,
    ) -> None:
        super().__init__(decode, stop, on_text)
        self._is_answer = thinking is None
        self._closing = _CLOSED_BY["<think>"] if thinking else ""
        self._held: list[int] = []
        self._written: list[int] = []
        self._kept: list[int] = []

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens added so far."""
        return tuple(self._written)

    @property
    def kept(self) -> Sequence[int]:
        """The numbers of the answer's tokens among `tokens`."""
        return self._kept

    def add(self, token: int) -> None:
        """Take one more token, of a thought or of the answer."""
        self._written.append(token)
        self._held.append(token)
        if self._is_answer:
            self._answer()
        elif self._closing:
            self._think()
        else:
            self._decide()

    def finish(self) -> str:
        """No more tokens: the answer."""
        if not self._closing:
            self._answer()
        return super().finish()

    def _think(self) -> None:
        """Wait for the end of the thought."""
        if self._closing in self._decode(self._held):
            self._closing = ""
            self._held.clear()

    def _decide(self) -> None:
        """What the tokens held back begin: a thought, the answer, or what can't be told yet."""
        begun = self._decode(self._held).lstrip()
        if any(tag.startswith(begun) and tag != begun for tag in (*_CLOSED_BY, _ANSWER)):
            return
        if begun.startswith(_ANSWER):
            self._stop = (*self._stop, _ANSWERED)
            self._held.clear()
            self._is_answer = True
        elif opened := next((tag for tag in _CLOSED_BY if begun.startswith(tag)), ""):
            self._closing = _CLOSED_BY[opened]
        else:
            self._answer()

    def _answer(self) -> None:
        """What is held back belongs to the answer, but for the blank lines between a thought and it."""
        self._is_answer = True
        first = len(self._written) - len(self._held)
        for number, token in enumerate(self._held, first):
            is_blank = first and not self._kept and not self._decode([token]).strip()
            if not (is_blank or self.stopped):
                super().add(token)
                self._kept.append(number)
        self._held.clear()
