"""From a folder or a hub name to a processor and a model in memory, placed and typed as asked.

A folder or a hub name goes through `AutoProcessor` and `AutoModelForImageTextToText`; nothing here knows a family.
Every way in which that can fail is ModelUnavailable, with the reason. Importing this module imports neither torch nor
transformers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hartmann.errors import ModelUnavailable
from hartmann.vision.image_attention import RECORDING_ATTENTION
from hartmann.vision.model_revision import folder_revision


def load_folder(source: str | Path, options: dict[str, Any], dtype: str, device: str) -> tuple[Any, Any]:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(str(source), **options)  # type: ignore[no-untyped-call]
        if getattr(processor, "tokenizer", None) is None:
            raise ModelUnavailable(f"{source} holds a text model; a model that reads pictures is needed")
        more: dict[str, Any] = {"dtype": dtype, **options}
        if device != "cpu":
            more["device_map"] = {"": device}
        try:
            model = AutoModelForImageTextToText.from_pretrained(
                str(source), attn_implementation=RECORDING_ATTENTION, **more
            )
        except ValueError as error:
            if "attention" not in str(error).lower():
                raise
            model = AutoModelForImageTextToText.from_pretrained(str(source), **more)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, AttributeError, TypeError) as error:
        raise ModelUnavailable(
            f"{source} can't be loaded as a model that sees and writes: {str(error).splitlines()[0]}"
        ) from error
    return processor, model.eval()  # type: ignore[no-untyped-call]


def revision_of(source: str | Path, wished: str | None, model: Any) -> str:
    """The commit of a model from the hub; of a folder, a digest of its files."""
    if Path(source).is_dir():
        return folder_revision(Path(source))
    return str(getattr(model.config, "_commit_hash", None) or wished or "")


def device_of(wish: str) -> str:
    import torch

    if wish != "auto":
        return wish
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """No progress bars where nobody watches, no advice at any time."""
    logging = transformers.utils.logging
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    bars = logging.is_progress_bar_enabled()
    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
