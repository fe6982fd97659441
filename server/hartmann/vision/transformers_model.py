"""Any Hugging Face image-text-to-text model behind the protocol of `language_model.py`.

A folder or a hub name goes through `AutoProcessor` and `AutoModelForImageTextToText`; nothing here knows a
family, but for what `image_grid.py` and `chat_prompt.py` say of layouts and templates. Generation is a loop of our
own, because every step is ours: the cache kept between calls, what `continuation.py` asks and decides at every token,
the rows of a batch, and the attention row that predicted a token.

Loading imports torch and transformers, and so takes seconds; importing this module does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PIL.Image import Image

from hartmann.errors import (
    AttentionUnavailable,
    HartmannError,
    MissingExtra,
    ModelFailed,
    ModelUnavailable,
)
from hartmann.vision.attention_selection import EVERYTHING, AttentionSelection
from hartmann.vision.batch_decoder import BatchDecoder, shared_prompt, write_together
from hartmann.vision.cached_decoder import CachedDecoder
from hartmann.vision.chat_prompt import ChatPrompter, Prompt
from hartmann.vision.continuation import Continuation, Vocabulary
from hartmann.vision.generation_results import generation, record
from hartmann.vision.image_attention import (
    AttentionRecorder,
    Recorder,
    register_recording_attention,
)
from hartmann.vision.language_model import (
    AttentionRecord,
    Generation,
    GenerationRequest,
    Message,
    ModelInfo,
    ignore_text,
    ignore_texts,
    never_stop,
    never_stop_any,
)
from hartmann.vision.model_loading import info_of, load_folder, quiet, revision_of
from hartmann.vision.model_placement import Placement, Quantisation
from hartmann.vision.model_vocabulary import end_tokens, image_token, merge_size, writable
from hartmann.vision.out_of_memory import STRETCH, FittedPictures, with_less_at_need
from hartmann.vision.raw_attention import RawAttention, read_raw
from hartmann.vision.replay import replay
from hartmann.vision.sampling import GrammarMask, GrammarTokenizer
from hartmann.vision.thinking import Thinking, ThoughtfulText, obeys_words
from hartmann.vision.token_text import text_of

if TYPE_CHECKING:
    from torch import Tensor

Result = TypeVar("Result")


class TransformersModel:
    """A loaded model. Not thread-safe: `model_thread.ModelThread` gives it a thread of its own."""

    def __init__(
        self,
        model: Any,
        processor: Any,
        info: ModelInfo,
        attention: AttentionSelection = EVERYTHING,
        picture_pixels: int = 0,
        thinking: Thinking = Thinking.AUTO,
    ) -> None:
        self._info = info
        self._attention = attention
        self._model = model
        self._tokenizer = processor.tokenizer
        self._decoder = CachedDecoder(model)
        self._prompter = ChatPrompter(
            processor,
            image_token(model, processor),
            merge_size(model),
            thinking,
            obeys_words(model.config.model_type),
        )
        self._width = int(model.config.get_text_config().vocab_size)
        ends = end_tokens(model, processor.tokenizer)
        self._vocabulary = Vocabulary(writable(processor.tokenizer, self._width, ends), ends)
        self._grammars: GrammarTokenizer | None = None
        self._pictures = FittedPictures(picture_pixels)

    @classmethod
    def load(
        cls,
        folder_or_name: str | Path,
        *,
        name: str = "",
        device: str = "cpu",
        dtype: str = "float32",
        device_map: str = "",
        quantisation: str = "none",
        revision: str | None = None,
        local_files_only: bool = False,
        trust_remote_code: bool = False,
        profile: str = "full",
        threads: int = 0,
        picture_pixels: int = 0,
        attention_layers: str = "all",
        attention_heads: str = "all",
        thinking: str = "auto",
    ) -> TransformersModel:
        """Load weights. `device`, `dtype`, `device_map` and `quantisation` as `model_placement.Placement` takes them.

        `revision` pins a commit of a hub's model; `local_files_only` never asks the hub. `name` is what provenance
        calls the model (by default the folder's or hub's), `threads` the CPU threads torch may use for one operation
        (0: its own choice; it holds for the whole process). Pictures of more than `picture_pixels` (0: of any size) are
        scaled down before the family's own processor sees them. `attention_layers` and `attention_heads` count when
        attention is averaged (see `attention_selection`). `thinking` (auto, on, off) is for models that think aloud
        before they answer (see `thinking`). Raises MissingExtra without torch, ModelUnavailable when the folder holds
        no such model, InvalidRequest for layers that it does not have.
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
        placement = Placement(device, device_map, dtype, Quantisation(quantisation))
        with quiet(transformers):
            processor, model = load_folder(folder_or_name, options, placement.options())
        attention = AttentionSelection.for_model(attention_layers, attention_heads, model.config)
        info = info_of(
            model,
            name=name or (Path(folder_or_name).name if is_folder else str(folder_or_name)),
            revision=revision_of(folder_or_name, revision),
            profile=profile,
            placement=placement,
            attention="" if attention == EVERYTHING else str(attention),
        )
        return cls(model, processor, info, attention, picture_pixels, Thinking(thinking))

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
            text = self._continuation(request, on_text, should_stop)
            return self._spared(lambda less: self._write(request, text, less))

    def _write(self, request: GenerationRequest, text: Continuation, less: bool) -> Generation:
        """Write a text to its end, from its last token if it was begun."""
        begun = bool(text.tokens)
        prompt = self._prompt_of(request, less and not begun)
        text.room = prompt.room(self._info.context_tokens, request.room)
        recorder = self._recorder(prompt) if request.record_attention and not begun else None
        read = prompt.followed_by(text.tokens)
        reused = self._decoder.begin(read)
        last = read.ids[-1:]
        while text.goes_on():
            text.take(self._decoder.advance(last, recorder=recorder)[0])
            last = text.tokens[-1:]
        if request.record_attention and recorder is None:
            recorder = self._replayed(prompt, text.tokens)
        return generation(text, prompt, reused, recorder)

    def generate_batch(
        self,
        requests: Sequence[GenerationRequest],
        on_text: Callable[[int, str], None] = ignore_texts,
        should_stop: Callable[[int], bool] = never_stop_any,
    ) -> tuple[Generation, ...]:
        """Several texts about one picture, written side by side; see `BatchWriter.generate_batch`.

        Attention, where it is asked for, is that of a replay of each finished text.
        """
        if not requests:
            return ()
        with self._failures():
            texts = [
                self._continuation(request, partial(on_text, row), partial(should_stop, row))
                for row, request in enumerate(requests)
            ]
            half = (len(requests) + 1) // 2

            def write(less: bool) -> tuple[Generation, ...]:
                if not less:
                    return self._write_together(requests, texts)
                if not any(text.tokens for text in texts):
                    self._prompt_of(requests[0], less=True)
                first = self._write_together(requests[:half], texts[:half])
                return first + self._write_together(requests[half:], texts[half:])

            return self._spared(write)

    def _write_together(
        self, requests: Sequence[GenerationRequest], texts: Sequence[Continuation]
    ) -> tuple[Generation, ...]:
        """Write texts to their ends, each from its last token if it was begun."""
        if not requests:
            return ()
        prompts = [self._prompt_of(request) for request in requests]
        for text, prompt, request in zip(texts, prompts, requests, strict=True):
            text.room = prompt.room(self._info.context_tokens, request.room)
        begun = [prompt.followed_by(text.tokens) for prompt, text in zip(prompts, texts, strict=True)]
        shared = shared_prompt(begun)
        reused = self._decoder.begin(shared)
        known = len(shared.ids) - 1
        write_together(BatchDecoder(self._decoder, len(texts)), texts, [read.ids[known:] for read in begun])
        return tuple(
            generation(
                text,
                prompt,
                reused,
                self._replayed(prompt, text.tokens) if request.record_attention else None,
            )
            for request, prompt, text in zip(requests, prompts, texts, strict=True)
        )

    def attend(self, conversation: tuple[Message, ...], picture: Image) -> AttentionRecord:
        """The attention of the last (assistant's) message to the picture, by one pass over it."""

        def read(less: bool) -> AttentionRecord:
            prompt, answer = self._finished(conversation, picture, less)
            return record(self._replayed(prompt, answer), prompt, text_of(answer, self._decode))

        with self._failures():
            return self._spared(read)

    def attend_each(self, conversation: tuple[Message, ...], picture: Image) -> RawAttention:
        """The same for each layer and head that counts, read block by block as the blocks are asked for.

        Until they are, the model must not be asked for anything else.
        """
        with self._failures():
            prompt, answer = self._finished(conversation, picture)
            columns, text = self._columns(prompt), text_of(answer, self._decode)
            chosen = self._attention.numbers(self._model.config)

            def replayed(recorder: Recorder, rows: int) -> Iterator[float]:
                with self._failures():
                    yield from replay(self._decoder, prompt, answer, recorder, rows)

            return read_raw(text.text, text.spans, prompt.layout, columns, chosen, replayed)

    def log_probability(self, conversation: tuple[Message, ...], picture: Image) -> float:
        """Natural-log probability of the last (assistant's) message given all before it, summed over its tokens."""

        def read(less: bool) -> float:
            prompt, answer = self._finished(conversation, picture, less)
            return float(sum(replay(self._decoder, prompt, answer)))

        with self._failures():
            return self._spared(read)

    def count_tokens(self, text: str) -> int:
        """How many tokens a text takes."""
        return len(self._prompter.tokens(text))

    def close(self) -> None:
        """Free the weights. Idempotent."""
        self._decoder.forget()
        self._model = None

    def _spared(self, work: Callable[[bool], Result]) -> Result:
        """`work(False)`; where memory runs out `work(True)`, with nothing kept and little read at once."""

        def less() -> Result:
            most, self._decoder.stretch = self._pictures.most, STRETCH
            try:
                return work(True)
            except BaseException:
                self._pictures.most = most
                raise
            finally:
                self._decoder.stretch = 0

        who = f"{self._info.name} on {self._info.device}"
        return with_less_at_need(who, partial(work, False), less, self._decoder.forget)

    def _prompt_of(self, request: GenerationRequest, less: bool = False) -> Prompt:
        return self._prompt(request.conversation, request.picture, less, may_think=request.grammar is None)

    def _prompt(
        self,
        conversation: Sequence[Message],
        picture: Image | None,
        less: bool = False,
        may_think: bool = False,
    ) -> Prompt:
        """What is read before a text, with the picture as large as it may be; `less` makes it smaller from now on."""
        if picture is not None:
            if less:
                self._pictures.show_less(
                    picture, lambda shown: len(self._prompter.build(conversation, shown).columns)
                )
            picture = self._pictures.fit(picture)
        return self._prompter.build(conversation, picture, may_think)

    def _continuation(
        self, request: GenerationRequest, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Continuation:
        mask = self._grammar(request.grammar) if request.grammar is not None else None
        thinking = self._prompter.opens_thought(request.conversation) if mask is None else None
        text = ThoughtfulText(self._decode, request.sampling.stop, on_text, thinking)
        return Continuation(text, request.sampling, self._vocabulary, mask, should_stop)

    def _replayed(self, prompt: Prompt, answer: Sequence[int]) -> AttentionRecorder:
        """A recorder that has seen a finished answer read."""
        recorder = self._recorder(prompt)
        for _ in replay(self._decoder, prompt, answer, recorder):
            pass
        return recorder

    def _finished(
        self, conversation: tuple[Message, ...], picture: Image, less: bool = False
    ) -> tuple[Prompt, tuple[int, ...]]:
        turns, answer = self._prompter.split(conversation)
        prompt = self._prompt(turns, picture, less)
        tokens = self._prompter.tokens(answer)
        if not tokens:
            raise ModelFailed("expected a conversation that ends with the assistant's text")
        prompt.followed_by(tokens[1:]).room(self._info.context_tokens)
        return prompt, tokens

    def _recorder(self, prompt: Prompt) -> AttentionRecorder:
        return AttentionRecorder(self._columns(prompt), self._attention)

    def _columns(self, prompt: Prompt) -> Tensor:
        """Where the image tokens are, for a recorder. Raises AttentionUnavailable where none could see them."""
        import torch

        if not self._info.records_attention:
            raise AttentionUnavailable(f"{self._info.name} runs an attention that can't be recorded")
        if not prompt.columns:
            raise AttentionUnavailable("the conversation shows no picture to attend to")
        return torch.tensor(prompt.columns, device=self._model.device)

    def _grammar(self, grammar: str) -> GrammarMask:
        if self._grammars is None:
            self._grammars = GrammarTokenizer(self._tokenizer, self._width, self._vocabulary.ends)
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
