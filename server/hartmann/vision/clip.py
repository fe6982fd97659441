"""Pictures and texts as vectors in one space, by any CLIP that open_clip loads.

An `Embedder` gives unit vectors, so that a dot product is the cosine of Eq. 1; its `space` names the model, and
vectors of different spaces are never compared. Three kinds of names are understood by `load_embedder`:

- `mini`: the small model that Hartmann ships;
- `hf-hub:owner/name`, `local-dir:/folder`: whatever open_clip loads from there;
- a path to a LongCLIP checkpoint (`.pt` or `.safetensors`, OpenAI's names of weights), with 248 text positions. Its
  two position tables (`positional_embedding`, kept for the first 20, and `positional_embedding_res`, trained for the
  rest) add up to one, masked at position 20, so that the plain CLIP architecture computes the same.

A text longer than the model's context is split by sentences, and its vector is the normalised mean of theirs,
weighted by their tokens: nothing is cut off silently.
"""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hartmann.errors import MissingExtra, ModelUnavailable

LONGCLIP_KEPT_POSITIONS = 20
"""Positions that LongCLIP keeps as CLIP trained them (Zhang et al., ECCV 2024, section 3.2)."""
_BATCH = 64
_NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")
"""Numbers that OpenAI's checkpoints carry among their weights."""
_SENTENCE_END = re.compile(r"(?<=[.!?;:\n])\s+")


class Embedder(Protocol):
    """A model of pictures and texts."""

    @property
    def space(self) -> str:
        """The name of its vector space, such as `mini/v1`."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of its vectors."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a row, shape (texts, dimensions)."""
        ...

    def embed_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """One unit vector a row, shape (pictures, dimensions)."""
        ...


class OpenClipEmbedder:
    """An open_clip model in evaluation mode. Not thread-safe: `EmbedderThread` gives it a thread."""

    def __init__(self, model: Any, preprocess: Any, tokenizer: Any, *, space: str, device: str) -> None:
        self._model = model
        self._preprocess = preprocess
        self._tokenizer = tokenizer
        self._space = space
        self._device = device
        self._context = int(model.context_length)
        self._dimensions = int(self._encode_texts([""]).shape[1])

    @property
    def space(self) -> str:
        """The name of the vector space."""
        return self._space

    @property
    def dimensions(self) -> int:
        """The length of the vectors."""
        return self._dimensions

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a row; a long text's is the mean over its parts."""
        parts = [self._parts(text) for text in texts]
        vectors = self._in_batches([part for split in parts for part in split], self._encode_texts)
        rows = np.empty((len(texts), self._dimensions), np.float32)
        start = 0
        for row, split in enumerate(parts):
            weights = np.array([self._length(part) for part in split], np.float32)
            rows[row] = weights @ vectors[start : start + len(split)]
            start += len(split)
        return _unit(rows)

    def embed_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """One unit vector a row."""
        return self._in_batches(list(pictures), self._encode_pictures)

    def _parts(self, text: str) -> list[str]:
        """The text as pieces that fit the context: whole where possible, else by sentences, at worst by words."""
        if self._length(text) <= self._context:
            return [text]
        sentences = [piece for piece in _SENTENCE_END.split(text) if piece.strip()]
        if len(sentences) == 1:
            return self._halves(text)
        parts: list[str] = []
        for sentence in sentences:
            joined = f"{parts[-1]} {sentence}" if parts else sentence
            if parts and self._length(joined) <= self._context:
                parts[-1] = joined
            else:
                parts.extend(self._parts(sentence))
        return parts

    def _halves(self, text: str) -> list[str]:
        words = text.split()
        if len(words) > 1:
            middle = len(words) // 2
            halves = (" ".join(words[:middle]), " ".join(words[middle:]))
        else:
            halves = (text[: len(text) // 2], text[len(text) // 2 :])
        return [part for half in halves for part in self._parts(half)]

    def _length(self, text: str) -> int:
        """Tokens that a text takes, the marks at its ends included; counted up to a little beyond the context."""
        row = self._tokenizer([text], context_length=self._context + 2)[0].numpy()
        padding = np.flatnonzero(row != row[-1])
        return int(padding[-1]) + 2 if len(padding) and len(padding) < len(row) - 1 else len(padding) + 1

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tokens = self._tokenizer(list(texts), context_length=self._context).to(self._device)
        return self._to_numpy(self._encode_unpadded, tokens)

    def _encode_unpadded(self, tokens: Any) -> Any:
        """Encode without the columns that are padding in every row: a caption fills a quarter of the context.

        In CLIP's text tower, a text sees only what stands before it and is read off at its last token, so the
        result is the same. Other towers get the whole context.
        """
        import torch

        length = int(tokens.any(dim=0).nonzero().max()) + 1
        table, mask = (getattr(self._model, name, None) for name in ("positional_embedding", "attn_mask"))
        if length == tokens.shape[1] or table is None or mask is None:
            return self._model.encode_text(tokens)
        shorter = {"positional_embedding": table[:length], "attn_mask": mask[:length, :length]}
        found = torch.func.functional_call(self._model, shorter, kwargs={"text": tokens[:, :length]})
        return found["text_features"] if isinstance(found, dict) else found[1]

    def _encode_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        import torch

        pixels = torch.stack([self._preprocess(picture.convert("RGB")) for picture in pictures])
        return self._to_numpy(self._model.encode_image, pixels.to(self._device))

    @staticmethod
    def _to_numpy(encode: Any, inputs: Any) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            return _unit(encode(inputs).float().cpu().numpy())

    def _in_batches(self, items: list[Any], encode: Any) -> NDArray[np.float32]:
        if not items:
            return np.zeros((0, self._dimensions), np.float32)
        batches = (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
        return np.concatenate([encode(batch) for batch in batches])


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)


def load_embedder(name: str = "mini", device: str = "cpu") -> OpenClipEmbedder:
    """Load an embedder by name, see above. Raises MissingExtra or ModelUnavailable."""
    try:
        import open_clip  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtra("open_clip_torch", "server") from error
    try:
        if Path(name).is_file():
            return _load_longclip(open_clip, Path(name), device)
        source, space = _source(name)
        model, preprocess = open_clip.create_model_from_pretrained(source, device=device)
        tokenizer = open_clip.get_tokenizer(source, context_length=model.context_length)
    except (OSError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else repr(error)
        raise ModelUnavailable(f"the embedding model {name} can't be loaded: {reason}") from error
    return OpenClipEmbedder(model.eval(), preprocess, tokenizer, space=space, device=device)


def _source(name: str) -> tuple[str, str]:
    """open_clip's name of a model, and the name of its space."""
    if name == "mini":
        from hartmann.vision.mini import clip_folder

        return f"local-dir:{clip_folder()}", "mini/v1"
    if Path(name).is_dir():
        name = f"local-dir:{Path(name).resolve()}"
    if ":" not in name:
        raise ModelUnavailable(
            f"{name} names no embedding model; use mini, hf-hub:owner/name, or the path of a folder or checkpoint"
        )
    return name, Path(name.partition(":")[2]).name if name.startswith("local-dir:") else name.partition(":")[
        2
    ]


def _load_longclip(open_clip: Any, path: Path, device: str) -> OpenClipEmbedder:
    """A LongCLIP checkpoint in the plain CLIP architecture of its own sizes."""
    weights = {
        name: value.float() if value.is_floating_point() else value
        for name, value in one_position_table(_read_weights(path)).items()
        if name not in _NOT_WEIGHTS
    }
    model = _clip_like(weights)
    model.load_state_dict(weights)
    digest = hashlib.blake2b(weights["positional_embedding"].numpy().tobytes(), digest_size=4).hexdigest()
    return OpenClipEmbedder(
        model.eval().to(device),
        open_clip.image_transform(model.visual.image_size, is_train=False),
        open_clip.SimpleTokenizer(context_length=model.context_length),
        space=f"{path.stem}/{digest}",
        device=device,
    )


def _clip_like(weights: dict[str, Any]) -> Any:
    """A CLIP with a vision transformer, its sizes read from the shapes of OpenAI's weights; heads are 64 wide."""
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg  # type: ignore[import-untyped]

    def layers(prefix: str) -> int:
        return sum(
            name.startswith(f"{prefix}transformer.resblocks.") and name.endswith(".attn.in_proj_weight")
            for name in weights
        )

    width, _, patch, _ = weights["visual.conv1.weight"].shape
    grid = round((len(weights["visual.positional_embedding"]) - 1) ** 0.5)
    vision = CLIPVisionCfg(
        layers=layers("visual."), width=width, patch_size=patch, image_size=patch * grid, head_width=64
    )
    context, text_width = weights["positional_embedding"].shape
    text = CLIPTextCfg(
        context_length=context,
        vocab_size=len(weights["token_embedding.weight"]),
        width=text_width,
        heads=max(1, text_width // 64),
        layers=layers(""),
    )
    return CLIP(weights["text_projection"].shape[1], vision, text, quick_gelu=True)


def one_position_table(weights: dict[str, Any]) -> dict[str, Any]:
    """LongCLIP's two position tables as the one that CLIP knows: the first up to position 20, the other behind it."""
    if "positional_embedding_res" not in weights:
        return weights
    table = weights["positional_embedding"].clone()
    table[LONGCLIP_KEPT_POSITIONS:] = weights["positional_embedding_res"][LONGCLIP_KEPT_POSITIONS:]
    rest = {name: value for name, value in weights.items() if name != "positional_embedding_res"}
    return rest | {"positional_embedding": table}


def _read_weights(path: Path) -> dict[str, Any]:
    """The weights of a checkpoint, without running any code in it."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return dict(load_file(path))
    import torch

    return dict(torch.load(path, map_location="cpu", weights_only=True))
