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
from hartmann.vision.language_model import ModelInfo
from hartmann.vision.model_placement import Placement, devices_of
from hartmann.vision.model_revision import folder_revision

VOICES = {"compact": 1, "full": 8}
"""How many voices the models of a prompt profile have learned to write: the compact one is the mini's."""


def load_folder(source: str | Path, options: dict[str, Any], weights: dict[str, Any]) -> tuple[Any, Any]:
    """Processor and model. `options` say which files are read, `weights` what becomes of them (`model_placement`).

    Raises ModelUnavailable with the reason.
    """
    from transformers import AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(str(source), **options)  # type: ignore[no-untyped-call]
        if getattr(processor, "tokenizer", None) is None:
            raise ModelUnavailable(f"{source} holds a text model; a model that reads pictures is needed")
        model = _load_model(source, options, {**weights, **options})
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, AttributeError, TypeError) as error:
        raise _reason(source, error) from error
    return processor, model.eval()


def _load_model(source: str | Path, options: dict[str, Any], more: dict[str, Any]) -> Any:
    """The weights, with the attention that can be overheard, or else the one that shows its matrices."""
    auto = _auto_class(source, options)
    try:
        return auto.from_pretrained(str(source), attn_implementation=RECORDING_ATTENTION, **more)
    except (ValueError, KeyError) as error:
        if "attention" not in str(error).lower() and RECORDING_ATTENTION not in str(error):
            raise
    return auto.from_pretrained(str(source), attn_implementation="eager", **more)


def _auto_class(source: str | Path, options: dict[str, Any]) -> Any:
    """What loads the model: a folder with code of its own may offer it under a more general name (Keye-VL does)."""
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText

    config = AutoConfig.from_pretrained(str(source), **options)
    offered = {} if type(config).__module__.startswith("transformers.") else config.auto_map
    classes = (AutoModelForImageTextToText, AutoModelForCausalLM, AutoModel)
    return next((auto for auto in classes if auto.__name__ in offered), AutoModelForImageTextToText)


def _reason(source: str | Path, error: Exception) -> ModelUnavailable:
    if "trust_remote_code" in str(error):
        return ModelUnavailable(
            f"{source} brings code of its own, which is not run unless you allow it: read its .py files, and if you "
            "trust them set HARTMANN_TRUST_REMOTE_CODE=true (trust_remote_code = true in hartmann.toml)"
        )
    why = str(error).splitlines()[0] if str(error) else repr(error)
    return ModelUnavailable(f"{source} can't be loaded as a model that sees and writes: {why}")


def info_of(
    model: Any, *, name: str, revision: str, profile: str, placement: Placement, attention: str
) -> ModelInfo:
    """Who a loaded model is, and what it can do."""
    text = model.config.get_text_config()
    return ModelInfo(
        name=name,
        revision=revision,
        device=devices_of(model),
        context_tokens=int(text.max_position_embeddings),
        prompt_profile=profile,
        voices=VOICES[profile],
        records_attention=text._attn_implementation == RECORDING_ATTENTION,
        attention=attention,
        details={
            "architecture": type(model).__name__,
            "dtype": str(model.dtype).removeprefix("torch."),
            "quantisation": placement.quantisation.value,
        },
    )


def revision_of(source: str | Path, wished: str | None, model: Any) -> str:
    """The commit of a model from the hub; of a folder, a digest of its files."""
    if Path(source).is_dir():
        return folder_revision(Path(source))
    return str(getattr(model.config, "_commit_hash", None) or wished or "")


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
