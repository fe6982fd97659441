"""One model and its key-value cache: tokens in, logits out, and what was read before is not read again.

The caches of the last few conversations are kept. A new prompt shares its longest common prefix with one of them
(the picture too, as long as it is the same one), so the picture is seen once for caption, draft and refinement, also
while compositions take turns. The result never depends on what was kept: it saves time alone.
`batch_decoder.py` goes on from here in several rows.

Rotary positions of the families with spatial ones (Qwen-VL and kin) are computed once for a prompt by the
model's own `get_rope_index`, and go on by one a token behind it.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from hartmann.vision.chat_prompt import Prompt
from hartmann.vision.image_attention import Recorder

if TYPE_CHECKING:
    from torch import Tensor


class _Read:
    """What one cache holds: the tokens read, and the prompt they began with."""

    def __init__(self, prompt: Prompt) -> None:
        from transformers import DynamicCache

        self.prompt = prompt
        self.ids: list[int] = []
        # Made without a config: every layer keeps everything, so that any of them can be cropped.
        self.cache: Any = DynamicCache()

    def common(self, prompt: Prompt) -> int:
        """Length of the common prefix; at least one token of the prompt is always left to read."""
        limit = min(len(self.ids), len(prompt.ids) - 1)
        common = next((i for i in range(limit) if self.ids[i] != prompt.ids[i]), limit)
        columns = [*prompt.columns, *self.prompt.columns]
        same = prompt.picture == self.prompt.picture
        if columns and common > min(columns) and not (same and common > max(columns)):
            common = min(columns)
        return max(common, 0)

    def crop(self, length: int) -> None:
        """Forget all but the first tokens."""
        if length < len(self.ids):
            self.cache.crop(length - len(self.ids))
            del self.ids[length:]


class CachedDecoder:
    """Feeds one model. Not thread-safe. At most `conversations` caches are kept, the longest unused goes first.

    `stretch`: about how many tokens of a prompt are read at once, to save memory; 0 for all of them.
    """

    def __init__(self, model: Any, conversations: int = 4) -> None:
        self._model = model
        self._conversations = conversations
        self._accepted = set(inspect.signature(model.forward).parameters)
        self.stretch = 0
        self._spatial = _owner_of_spatial_positions(model)
        self.shows_matrices = model.config.get_text_config()._attn_implementation == "eager"
        self.forget()

    def forget(self) -> None:
        """Drop the caches, and their memory."""
        self._kept: list[_Read] = []
        self._read = _Read(Prompt(()))
        self._positions: Tensor | None = None

    def begin(self, prompt: Prompt) -> int:
        """Read a prompt but for its last token. Returns how many tokens needed no reading."""
        kept = self._choose(prompt)
        self._positions = self._spatial_positions(prompt)
        while self.length < len(prompt.ids) - 1:
            self.advance(prompt.ids[self.length : self._end_of_stretch(prompt)])
        return kept

    def _end_of_stretch(self, prompt: Prompt) -> int:
        """Up to where the next tokens are read at once; a picture is never divided."""
        end = len(prompt.ids) - 1
        if not self.stretch:
            return end
        return min(end, max(self.length + self.stretch, *(column + 1 for column in prompt.columns[-1:]), 0))

    def _choose(self, prompt: Prompt) -> int:
        """Go on with the cache that has most in common with the prompt; one that knows its picture, or a new one."""
        best = max(self._kept, key=lambda read: read.common(prompt), default=None)
        common = best.common(prompt) if best else 0
        if best is None or common <= max(prompt.columns, default=0):
            best, common = _Read(prompt), 0
        else:
            self._kept.remove(best)
            best.crop(common)
            best.prompt = prompt
        self._kept = [*self._kept, best][-self._conversations :]
        self._read = best
        return common

    def advance(self, ids: Sequence[int], keep: int = 1, recorder: Recorder | None = None) -> Tensor:
        """Read tokens; returns the logits behind the last `keep` of them, shape (keep, vocabulary), float32."""
        watch = recorder.forward(self.length + len(ids)) if recorder else nullcontext()
        try:
            with watch:
                logits = self.forward([ids], self.length, self.cache, keep, recorder)
        except BaseException:
            # Some layers may have read the tokens and others not.
            self.forget()
            raise
        self._read.ids.extend(ids)
        return logits[0]

    @property
    def length(self) -> int:
        """How many tokens have been read."""
        return len(self._read.ids)

    @property
    def cache(self) -> Any:
        """The keys and values of what has been read, one row; whoever goes on from it does so on a copy."""
        return self._read.cache

    def forward(
        self,
        rows: Sequence[Sequence[int]],
        start: int,
        cache: Any,
        keep: int = 1,
        recorder: Recorder | None = None,
    ) -> Tensor:
        """Read stretches of one length behind `start` tokens that a cache holds; several rows are text alone.

        A model that can't be overheard is asked for its matrices where there is a recorder.
        Returns the logits behind the last `keep` tokens, shape (rows, keep, vocabulary), float32.
        """
        import torch

        inputs = self._inputs(rows[0], start)
        if len(rows) > 1:
            inputs = {name: self._for_rows(value, len(rows)) for name, value in inputs.items()}
            inputs["input_ids"] = torch.tensor([list(row) for row in rows], device=self._model.device)
        if "logits_to_keep" in self._accepted:
            inputs["logits_to_keep"] = keep
        asked = recorder if self.shows_matrices else None
        if asked is not None:
            inputs["output_attentions"] = True
        with torch.inference_mode():
            output = self._model(**inputs, past_key_values=cache, use_cache=True)
        if asked is not None:
            asked.see_matrices(output.attentions or ())
        logits: Tensor = output.logits[:, -keep:].float()
        return logits

    @staticmethod
    def _for_rows(value: Tensor, rows: int) -> Tensor:
        """One value a token, shape (1, length), or positions, shape (3, 1, length), for several rows alike."""
        return value.expand(*value.shape[:-2], rows, -1)

    def _inputs(self, ids: Sequence[int], start: int) -> dict[str, Any]:
        import torch

        device = self._model.device
        end = start + len(ids)
        inputs: dict[str, Any] = {"input_ids": torch.tensor([list(ids)], device=device)}
        for name, values in self._read.prompt.per_token.items():
            if name in self._accepted:
                chunk = values[start:end]
                inputs[name] = torch.tensor([[*chunk, *[0] * (len(ids) - len(chunk))]], device=device)
        if any(start <= column < end for column in self._read.prompt.columns):
            inputs |= {name: self._placed(value) for name, value in self._read.prompt.tensors.items()}
        if self._positions is not None:
            inputs["position_ids"] = self._slice_of_positions(start, end)
        return inputs

    def _placed(self, value: Any) -> Any:
        import torch

        if not isinstance(value, torch.Tensor):
            return value
        dtype = self._model.dtype if value.is_floating_point() else None
        return value.to(self._model.device, dtype)

    def _slice_of_positions(self, start: int, end: int) -> Tensor:
        """Positions of a stretch, shape (3, 1, length); behind the prompt they go on by one."""
        import torch

        positions = self._positions
        assert positions is not None
        known = positions.shape[-1]
        if end <= known:
            return positions[:, :, start:end]
        after = torch.arange(max(start, known), end, device=positions.device) - known
        more = positions.max() + 1 + after
        return torch.cat([positions[:, :, start:known], more.expand(3, 1, -1)], dim=-1)

    def _spatial_positions(self, prompt: Prompt) -> Tensor | None:
        import torch

        if self._spatial is None or not prompt.columns:
            return None
        device = self._model.device
        offered = {
            name: torch.tensor([[*values, *[0] * (len(prompt.ids) - len(values))]], device=device)
            for name, values in prompt.per_token.items()
        } | {name: self._placed(value) for name, value in prompt.tensors.items()}
        wanted = inspect.signature(self._spatial).parameters
        positions, _ = self._spatial(
            torch.tensor([prompt.ids], device=device),
            **{name: value for name, value in offered.items() if name in wanted},
        )
        return positions  # type: ignore[no-any-return]


def _owner_of_spatial_positions(model: Any) -> Any:
    """The `get_rope_index` of the families that have one."""
    for module in (model, getattr(model, "model", None)):
        if module is not None and hasattr(module, "get_rope_index"):
            return module.get_rope_index
    return None
