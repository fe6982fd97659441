"""Pictures and texts as vectors in one space, by any CLIP that open_clip loads.

An `Embedder` gives unit vectors, so that a dot product is the cosine of Eq. 1; its `space` names the model, and
vectors of different spaces are never compared. `load_embedder` understands these names:

- `mini`: the small model that Hartmann ships;
- `hf-hub:owner/name`: whatever open_clip loads from there;
- `ViT-B-32:laion2b_s34b_b79k`: an architecture of open_clip and one of its sets of weights, as
  `open_clip.list_pretrained(as_str=True)` writes them, or the path of a file of weights for it;
- a folder with `open_clip_config.json`, with or without `local-dir:` before it;
- a folder of transformers' CLIPModel, or a file of weights under OpenAI's names: see `clip_checkpoint.py`. So is
  LongCLIP published, which reads 248 tokens.

A space is named after the model and a digest of its weights: other weights under the same name are another space.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hartmann.errors import HartmannError, MissingExtra, ModelUnavailable
from hartmann.settings import Settings
from hartmann.vision.clip_checkpoint import is_transformers_folder, load_checkpoint
from hartmann.vision.model_placement import device_of
from hartmann.vision.open_clip_embedder import BATCH_SIZE, OpenClipEmbedder

MINI_SPACE: Final = "mini/v1"
VOCABULARY: Final = 49_408
"""Tokens of CLIP's byte-pair encoding, which every checkpoint without a tokenizer of its own was trained with."""
_DIGESTED: Final = 4096
"""Values at the beginning of each tensor that name a space: training changes them all."""


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


def load_embedder(
    name: str = "mini",
    device: str = "cpu",
    dtype: str = "float32",
    batch_size: int = BATCH_SIZE,
    local_files_only: bool = False,
) -> OpenClipEmbedder:
    """Load an embedder by name, see above.

    `device` as torch names it, or `auto`; `dtype` of the weights while computing, as torch names it; `batch_size`
    inputs are computed at once; with `local_files_only` what a hub has is taken from its cache alone. Raises
    MissingExtra, and ModelUnavailable for a name that names nothing or a file that is no model.
    """
    try:
        import open_clip  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtra("open_clip_torch", "server") from error
    try:
        with _hub(local_files_only):
            model, preprocess, tokenizer, label = _load(open_clip, name)
        space = MINI_SPACE if name == "mini" else f"{label}/{weights_digest(model)}"
        return OpenClipEmbedder(
            model,
            preprocess,
            tokenizer,
            space=space,
            device=device_of(device),
            dtype=dtype,
            batch_size=batch_size,
        )
    except HartmannError:
        raise
    except Exception as error:  # open_clip, safetensors, torch and the hub have errors of many kinds
        reason = " ".join(str(error).split())[:300] or repr(error)
        raise ModelUnavailable(f"the embedding model {name} can't be loaded: {reason}") from error


def configured_embedder(settings: Settings, name: str = "") -> OpenClipEmbedder:
    """The embedder that is named, or that of the settings, where and how they say. Raises as `load_embedder` does."""
    return load_embedder(
        name or settings.embedding_model,
        device=settings.embedding_device or settings.device,
        dtype=settings.embedding_dtype,
        batch_size=settings.embedding_batch_size,
        local_files_only=settings.local_files_only,
    )


@contextmanager
def _hub(local_files_only: bool) -> Iterator[None]:
    """The hub's library as it is, or kept from asking; open_clip passes no such wish on."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or local_files_only
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def weights_digest(model: Any) -> str:
    """Eight hex digits of the weights: names, shapes, and the beginning of each."""
    seen = hashlib.blake2b(digest_size=4)
    for name, value in model.state_dict().items():
        seen.update(f"{name} {tuple(value.shape)} ".encode())
        seen.update(value.flatten()[:_DIGESTED].float().cpu().numpy().tobytes())
    return seen.hexdigest()


def _load(open_clip: Any, name: str) -> tuple[Any, Any, Any, str]:
    """Model, transform of pictures, tokenizer, and the name that the space begins with."""
    if name == "mini":
        from hartmann.vision.mini import clip_folder

        return _by_open_clip(open_clip, f"local-dir:{clip_folder()}", None, name)
    if name.startswith("hf-hub:"):
        return _by_open_clip(open_clip, name, None, name.partition(":")[2])
    path = Path(name.removeprefix("local-dir:"))
    if path.is_file() or (path.is_dir() and is_transformers_folder(path)):
        return _by_checkpoint(open_clip, path)
    if path.is_dir():
        return _by_open_clip(open_clip, f"local-dir:{path.resolve()}", None, path.resolve().name)
    architecture, _, weights = name.partition(":")
    if weights and architecture in open_clip.list_models():
        return _by_open_clip(open_clip, architecture, weights, f"{architecture}/{Path(weights).stem}")
    raise ModelUnavailable(
        f"{name} names no embedding model; use mini, hf-hub:owner/name, a name and weights that open_clip knows "
        "such as ViT-B-32:laion2b_s34b_b79k, or the path of a folder or checkpoint"
    )


def _by_open_clip(open_clip: Any, source: str, weights: str | None, label: str) -> tuple[Any, Any, Any, str]:
    model, preprocess = open_clip.create_model_from_pretrained(source, weights)
    tokenizer = open_clip.get_tokenizer(source, context_length=model.context_length)
    return model, preprocess, tokenizer, label


def _by_checkpoint(open_clip: Any, path: Path) -> tuple[Any, Any, Any, str]:
    model = load_checkpoint(path)
    if model.vocab_size != VOCABULARY:
        raise ModelUnavailable(
            f"{path} has {model.vocab_size} tokens, expected the {VOCABULARY} of CLIP's vocabulary"
        )
    mean, std = _colours(path / "preprocessor_config.json")
    preprocess = open_clip.image_transform(model.visual.image_size, is_train=False, mean=mean, std=std)
    tokenizer = open_clip.SimpleTokenizer(context_length=model.context_length)
    return model, preprocess, tokenizer, path.resolve().name if path.is_dir() else path.stem


def _colours(file: Path) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Mean and deviation of the red, green and blue that the model was trained with; None: OpenAI's."""
    if not file.is_file():
        return None, None
    settings = json.loads(file.read_text(encoding="utf-8"))
    mean, std = settings.get("image_mean"), settings.get("image_std")
    return tuple(mean) if mean else None, tuple(std) if std else None
