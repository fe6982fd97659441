"""From a conversation to what a model reads: token ids, picture tensors, and where the picture stands among them.

The family's own chat template writes the turns. The last assistant's message, which is to be continued, is put
behind the generation prompt as it is, to the character; templates would trim it. Text that people or models wrote
is data: names of special tokens in it are broken up, so that nobody's prompt can end a turn or fake a picture.

The first message with its picture is processed once and kept, since every stage of a composition repeats it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL.Image import Image

from hartmann.errors import ModelFailed, ModelInputTooLong, ModelUnavailable
from hartmann.vision.image_grid import TokenLayout, layout_of
from hartmann.vision.language_model import Message, Role
from hartmann.vision.picture_cutting import picture_cutting
from hartmann.vision.thinking import Thinking, is_open_thought, without_thought

_SEQUENCE_INPUTS = ("mm_token_type_ids", "token_type_ids")
"""Processor outputs with one value a token; text after the picture has 0."""
_NOT_FOR_THE_MODEL = ("input_ids", "attention_mask")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as a model takes it.

    `ids`: the tokens. `columns`: positions of the image tokens among them. `picture`: a digest of the picture, empty
    without one. `tensors`: the picture's inputs (pixels, grids); `per_token`: inputs with one value for each of the
    first tokens, the rest being 0.
    """

    ids: tuple[int, ...]
    columns: tuple[int, ...] = ()
    picture: str = ""
    tensors: Mapping[str, Any] = field(default_factory=dict)
    per_token: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    layout_inputs: Mapping[str, Any] = field(default_factory=dict)
    merge: int = 1

    @property
    def layout(self) -> TokenLayout:
        """How the image tokens cover the picture. Raises AttentionUnavailable where that is unknown."""
        return layout_of(len(self.columns), self.layout_inputs, self.merge)

    def room(self, context: int, needed: int = 1) -> int:
        """Tokens that fit behind the prompt in a context of so many. Raises ModelInputTooLong where fewer do than are
        needed."""
        room = context - len(self.ids)
        if room < needed:
            answer = f" with {needed} for the answer" if needed > 1 else ""
            raise ModelInputTooLong(
                f"the prompt takes {len(self.ids)} tokens{answer}, and the model holds {context}; "
                "shorten it or show fewer references",
                metadata={"promptTokens": str(len(self.ids)), "contextTokens": str(context)},
            )
        return room

    def followed_by(self, ids: Sequence[int]) -> Prompt:
        """The same with text tokens behind it."""
        return replace(self, ids=(*self.ids, *ids))


class ChatPrompter:
    """Builds prompts with a family's processor. Raises ModelUnavailable for one without a chat template.

    `obeys_words`: the model is told in its person's turn whether to think (see `thinking.py`).
    """

    def __init__(
        self,
        processor: Any,
        image_token: int,
        merge: int,
        thinking: Thinking = Thinking.AUTO,
        obeys_words: bool = False,
    ) -> None:
        self._processor = processor
        self._tokenizer = processor.tokenizer
        self._image_token = image_token
        self._merge = merge
        self._thinking = thinking
        self._words = thinking.as_words() if obeys_words else ""
        template = getattr(processor, "chat_template", None) or getattr(
            self._tokenizer, "chat_template", None
        )
        if not template:
            raise ModelUnavailable("the model's folder has no chat template; use an instruction-tuned model")
        # Templates that don't know the option must not be told: transformers would take it for the processor's.
        self._options = thinking.as_template_option() if "enable_thinking" in str(template) else {}
        names = sorted(_special_names(self._tokenizer), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, names))) if names else None
        self._first: tuple[str, Image | None, Prompt] | None = None
        self._digest: tuple[Image, str] | None = None

    def build(
        self, conversation: Sequence[Message], picture: Image | None, may_think: bool = False
    ) -> Prompt:
        """Everything the model reads before it writes; a last message of the assistant's is there to be continued.

        A thought that the template opens is closed unless the model `may_think` and begins a new message.
        """
        if any(message.picture for message in conversation) != (picture is not None):
            raise ModelFailed("a conversation about a picture needs the picture, and one without takes none")
        turns, text = self.split(conversation)
        may_think = may_think and not text and self._thinking is not Thinking.OFF
        prompt = self._turns(turns, picture, may_think)
        return prompt.followed_by(self.tokens(text)) if text else prompt

    def opens_thought(self, conversation: Sequence[Message]) -> bool | None:
        """Whether a new message begins inside a thought that the template opened; None where one is continued."""
        turns, text = self.split(conversation)
        if text:
            return None
        return self._thinking is not Thinking.OFF and is_open_thought(
            self._render(self._told(turns), open_turn=True)
        )

    @staticmethod
    def split(conversation: Sequence[Message]) -> tuple[Sequence[Message], str]:
        """The finished turns, and the text of the assistant's turn that is still open."""
        if conversation and conversation[-1].role is Role.ASSISTANT:
            return conversation[:-1], conversation[-1].text
        return conversation, ""

    def tokens(self, text: str) -> tuple[int, ...]:
        """A stretch of plain text as tokens."""
        return tuple(self._tokenizer(self._plain(text), add_special_tokens=False)["input_ids"])

    def _turns(self, turns: Sequence[Message], picture: Image | None, may_think: bool) -> Prompt:
        turns = self._told(turns)
        whole = self._render(turns, open_turn=True)
        if not may_think:
            whole = without_thought(whole)
        head = self._render(turns[:1], open_turn=False) if len(turns) > 1 and turns[0].picture else whole
        if not whole.startswith(head):
            head = whole
        first = self._process(head, picture)
        rest = whole[len(head) :]
        if not rest:
            return first
        return first.followed_by(self._tokenizer(rest, add_special_tokens=False)["input_ids"])

    def _told(self, turns: Sequence[Message]) -> Sequence[Message]:
        """The turns, with the words that switch thoughts on or off behind the person's last one."""
        asked = [number for number, turn in enumerate(turns) if turn.role is Role.USER]
        if not self._words or not asked:
            return turns
        told = list(turns)
        told[asked[-1]] = replace(turns[asked[-1]], text=turns[asked[-1]].text + self._words)
        return told

    def _render(self, turns: Sequence[Message], open_turn: bool) -> str:
        messages = [
            {
                "role": str(turn.role),
                "content": [
                    *([{"type": "image"}] if turn.picture else []),
                    {"type": "text", "text": self._plain(turn.text)},
                ],
            }
            for turn in turns
        ]
        return str(
            self._processor.apply_chat_template(
                messages,
                tokenize=False,
                add_generation_prompt=open_turn,
                **self._options,
            )
        )

    def _plain(self, text: str) -> str:
        return self._special.sub(lambda found: " ".join(found[0]), text) if self._special else text

    def _process(self, text: str, picture: Image | None) -> Prompt:
        if self._first is None or self._first[0] != text or self._first[1] is not picture:
            self._first = (text, picture, self._process_anew(text, picture))
        return self._first[2]

    def _process_anew(self, text: str, picture: Image | None) -> Prompt:
        if picture is None:
            return Prompt(tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"]))
        inputs = self._processor(text=[text], images=[picture], return_tensors="pt")
        ids = inputs["input_ids"][0].tolist()
        columns = tuple(np.flatnonzero(np.array(ids) == self._image_token).tolist())
        if not columns:
            raise ModelFailed(
                "the model's tokenizer does not know its image token; its files do not fit together"
            )
        return Prompt(
            ids=tuple(ids),
            columns=columns,
            picture=self._digest_of(picture),
            tensors={
                name: value
                for name, value in inputs.items()
                if name not in (*_NOT_FOR_THE_MODEL, *_SEQUENCE_INPUTS)
            },
            per_token={name: tuple(inputs[name][0].tolist()) for name in _SEQUENCE_INPUTS if name in inputs},
            layout_inputs=picture_cutting(
                self._processor, inputs, self._tokenizer.convert_ids_to_tokens(ids), columns, picture
            ),
            merge=self._merge,
        )

    def _digest_of(self, picture: Image) -> str:
        if self._digest is None or self._digest[0] is not picture:
            seen = hashlib.blake2b(picture.tobytes(), key=f"{picture.mode}{picture.size}".encode())
            self._digest = (picture, seen.hexdigest())
        return self._digest[1]


def _special_names(tokenizer: Any) -> set[str]:
    """Special tokens by name: those with a role, and those that are only marked as such (names of tiles)."""
    marked = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    return marked | set(tokenizer.all_special_tokens)
