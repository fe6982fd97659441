"""Any Hugging Face image-text-to-text model behind the protocol of `language_model.py`.

A folder or a hub name goes through `AutoProcessor` and `AutoModelForImageTextToText`; nothing here knows a
family, but for what `image_grid.py` and `chat_prompt.py` say of layouts and templates. Generation is a loop of our
own, because every step is ours: the cache kept between calls, the grammar's mask, the seed, the stop strings, the
question whether to go on before each token, and the attention row that predicted it.

Loading imports torch and transformers, and so takes seconds; importing this module does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hartmann.errors import (
    AttentionUnavailable,
    HartmannError,
    MissingExtra,
    ModelFailed,
    ModelInputTooLong,
    ModelUnavailable,
)
from hartmann.vision.cached_decoder import CachedDecoder
from hartmann.vision.chat_prompt import ChatPrompter, Prompt
from hartmann.vision.image_attention import (
    RECORDING_ATTENTION,
    AttentionRecorder,
    register_recording_attention,
)
from hartmann.vision.language_model import (
    AttentionRecord,
    Finish,
    Generation,
    GenerationRequest,
    Message,
    ModelInfo,
    ignore_text,
    never_stop,
)
from hartmann.vision.model_loading import device_of, load_folder, quiet, revision_of
from hartmann.vision.model_vocabulary import end_tokens, image_token, merge_size, writable
from hartmann.vision.sampling import GrammarMask, GrammarTokenizer, Sampler
from hartmann.vision.token_text import TokenText

VOICES = {"compact": 1, "full": 8}
"""How many voices the models of a prompt profile have learned to write: the compact one is the mini's."""
_CHUNK = 256
"""Tokens of an answer that are read at once: bounds the memory of replayed attention to heads × 256 × keys floats."""


class TransformersModel:
    """A loaded model. Not thread-safe: `model_thread.ModelThread` gives it a thread of its own."""

    def __init__(self, model: Any, processor: Any, info: ModelInfo) -> None:
        self._info = info
        self._model = model
        self._tokenizer = processor.tokenizer
        self._decoder = CachedDecoder(model)
        self._prompter = ChatPrompter(processor, image_token(model, processor), merge_size(model))
        self._width = int(model.config.get_text_config().vocab_size)
        self._ends = end_tokens(model, processor.tokenizer)
        self._writable = writable(processor.tokenizer, self._width, self._ends)
        self._grammars: GrammarTokenizer | None = None

    @classmethod
    def load(
        cls,
        folder_or_name: str | Path,
        *,
        name: str = "",
        device: str = "cpu",
        dtype: str = "float32",
        revision: str | None = None,
        local_files_only: bool = False,
        trust_remote_code: bool = False,
        profile: str = "full",
        threads: int = 0,
    ) -> TransformersModel:
        """Load weights. `device` as torch names it, or `auto`; `dtype` as torch names it, or `auto`.

        `name` is what provenance calls the model (by default the folder's or hub's), `threads` the CPU threads torch
        may use for one operation (0: its own choice; it holds for the whole process). Raises MissingExtra without
        torch, ModelUnavailable when the folder holds no such model.
        """
        try:
            import torch
            import transformers
        except ImportError as error:
            raise MissingExtra("torch with transformers", "server") from error
        if threads:
            torch.set_num_threads(threads)
        register_recording_attention()
        is_folder = Path(folder_or_name).is_dir()
        options = {
            "revision": revision,
            "local_files_only": local_files_only or is_folder,
            "trust_remote_code": trust_remote_code,
        }
        place = device_of(device)
        with quiet(transformers):
            processor, model = load_folder(folder_or_name, options, dtype, place)
        info = ModelInfo(
            name=name or (Path(folder_or_name).name if is_folder else str(folder_or_name)),
            revision=revision_of(folder_or_name, revision, model),
            device=str(model.device),
            context_tokens=int(model.config.get_text_config().max_position_embeddings),
            prompt_profile=profile,
            voices=VOICES[profile],
            records_attention=model.config.get_text_config()._attn_implementation == RECORDING_ATTENTION,
            details={"architecture": type(model).__name__, "dtype": str(model.dtype).removeprefix("torch.")},
        )
        return cls(model, processor, info)

    @property
    def info(self) -> ModelInfo:
        """Who the model is."""
        return self._info

    def generate(
        self,
        request: GenerationRequest,
        on_text: Callable[[str], None] = ignore_text,
        should_stop: Callable[[], bool] = never_stop,
    ) -> Generation:
        """Continue the conversation; see `VisionLanguageModel.generate`."""
        with self._failures():
            prompt = self._prompter.build(request.conversation, request.picture)
            room = self._room(prompt)
            recorder = self._recorder(prompt) if request.record_attention else None
            mask = self._grammar(request.grammar) if request.grammar is not None else None
            reused = self._decoder.begin(prompt)
            text = TokenText(self._decode, request.sampling.stop, on_text)
            budget = min(room, request.sampling.max_tokens)
            finish = self._write(prompt, text, Sampler(request.sampling), mask, recorder, budget, should_stop)
            written = text.finish()
            return Generation(
                text=written,
                finish=finish,
                tokens=len(text.tokens),
                prompt_tokens=len(prompt.ids),
                reused_tokens=reused,
                attention=_record(recorder, prompt, text.spans) if recorder else None,
            )

    def attend(self, conversation: tuple[Message, ...], picture: Image) -> AttentionRecord:
        """The attention of the last (assistant's) message to the picture, by one pass over it."""
        with self._failures():
            prompt, answer = self._finished(conversation, picture)
            recorder = self._recorder(prompt)
            for _ in self._replay(prompt, answer, recorder):
                pass
            text = TokenText(self._decode, (), ignore_text)
            for token in answer:
                text.add(token)
            text.finish()
            return _record(recorder, prompt, text.spans)

    def log_probability(self, conversation: tuple[Message, ...], picture: Image) -> float:
        """Natural-log probability of the last (assistant's) message given all before it, summed over its tokens."""
        with self._failures():
            prompt, answer = self._finished(conversation, picture)
            return float(sum(self._replay(prompt, answer, None)))

    def count_tokens(self, text: str) -> int:
        """How many tokens a text takes."""
        return len(self._prompter.tokens(text))

    def close(self) -> None:
        """Free the weights. Idempotent."""
        self._decoder.forget()
        self._model = None

    def _write(
        self,
        prompt: Prompt,
        text: TokenText,
        sampler: Sampler,
        mask: GrammarMask | None,
        recorder: AttentionRecorder | None,
        budget: int,
        should_stop: Callable[[], bool],
    ) -> Finish:
        """The loop: ask whether to go on, read the last token, choose the next."""
        last = prompt.ids[-1]
        for _ in range(budget):
            if should_stop():
                return Finish.CANCELLED
            if mask is not None and mask.finished:
                return Finish.STOP
            logits = self._decoder.advance([last], recorder=recorder)[0]
            last = sampler.choose(logits, self._allowed(mask))
            if last in self._ends:
                return Finish.STOP
            if mask is not None:
                mask.take(last)
            text.add(last)
            if text.stopped:
                return Finish.STOP
        return Finish.STOP if mask is not None and mask.finished else Finish.LENGTH

    def _allowed(self, mask: GrammarMask | None) -> NDArray[np.bool_]:
        return self._writable if mask is None else mask.allowed() & self._writable

    def _replay(
        self, prompt: Prompt, answer: Sequence[int], recorder: AttentionRecorder | None
    ) -> Iterator[float]:
        """Read a finished answer; yields the log-probability of each of its tokens in turn."""
        self._decoder.begin(prompt)
        read = [prompt.ids[-1], *answer[:-1]]
        for start in range(0, len(answer), _CHUNK):
            chunk = read[start : start + _CHUNK]
            logits = self._decoder.advance(chunk, keep=len(chunk), recorder=recorder)
            scores = logits.double().log_softmax(dim=-1)
            yield from (
                float(scores[row, token]) for row, token in enumerate(answer[start : start + len(chunk)])
            )

    def _finished(self, conversation: tuple[Message, ...], picture: Image) -> tuple[Prompt, tuple[int, ...]]:
        turns, answer = self._prompter.split(conversation)
        prompt = self._prompter.build(turns, picture)
        tokens = self._prompter.tokens(answer)
        if not tokens:
            raise ModelFailed("expected a conversation that ends with the assistant's text")
        self._room(prompt.followed_by(tokens[1:]))
        return prompt, tokens

    def _room(self, prompt: Prompt) -> int:
        """Tokens that fit behind the prompt. Raises ModelInputTooLong where none does."""
        room = self._info.context_tokens - len(prompt.ids)
        if room < 1:
            raise ModelInputTooLong(
                f"the prompt takes {len(prompt.ids)} tokens, and the model holds {self._info.context_tokens}; "
                "shorten it or show fewer references",
                metadata={
                    "promptTokens": str(len(prompt.ids)),
                    "contextTokens": str(self._info.context_tokens),
                },
            )
        return room

    def _recorder(self, prompt: Prompt) -> AttentionRecorder:
        import torch

        if not self._info.records_attention:
            raise AttentionUnavailable(f"{self._info.name} runs an attention that can't be recorded")
        if not prompt.columns:
            raise AttentionUnavailable("the conversation shows no picture to attend to")
        return AttentionRecorder(torch.tensor(prompt.columns, device=self._model.device))

    def _grammar(self, grammar: str) -> GrammarMask:
        if self._grammars is None:
            self._grammars = GrammarTokenizer(self._tokenizer, self._width, self._ends)
        return self._grammars.start(grammar)

    def _decode(self, tokens: list[int]) -> str:
        return str(
            self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Whatever breaks in the model is ModelFailed, and leaves no half-read cache behind."""
        if self._model is None:
            raise ModelUnavailable(f"{self._info.name} was closed")
        try:
            yield
        except HartmannError:
            self._decoder.forget()
            raise
        except (RuntimeError, ValueError, IndexError, KeyError, TypeError, MemoryError) as error:
            self._decoder.forget()
            raise ModelFailed(
                f"{self._info.name} broke: {str(error).splitlines()[0] if str(error) else error!r}"
            ) from error


def _record(
    recorder: AttentionRecorder, prompt: Prompt, spans: tuple[tuple[int, int], ...]
) -> AttentionRecord:
    """The rows as cells of the picture. A last row that predicted only the end of the text is left out."""
    layout = prompt.layout
    weights = layout.on_cells(recorder.weights()[: len(spans)])
    if len(weights) != len(spans):
        raise AttentionUnavailable("the model's layers passed over the attention that should be recorded")
    return AttentionRecord(weights=weights, spans=spans, grid=layout.grid)
