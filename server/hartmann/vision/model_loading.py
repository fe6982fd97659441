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

from hartmann.errors import HartmannError, ModelUnavailable
from hartmann.vision.image_attention import RECORDING_ATTENTION
from hartmann.vision.language_model import ModelInfo
from hartmann.vision.model_folder import check_config, check_folder, check_image_token, check_loaded
from hartmann.vision.model_hub import needs_hub
from hartmann.vision.model_placement import Placement, devices_of
from hartmann.vision.model_revision import folder_revision
from hartmann.vision.model_vocabulary import image_token
from hartmann.vision.out_of_memory import SMALLER, is_out_of_memory

VOICES = {"compact": 2, "full": 8}
"""How many voices the models of a prompt profile have learned to write: the compact one is the mini's."""


def load_folder(source: str | Path, options: dict[str, Any], weights: dict[str, Any]) -> tuple[Any, Any]:
    """Processor and model. `options` say which files are read, `weights` what becomes of them (`model_placement`).

    Raises ModelUnavailable with the reason.
    """
    from transformers import AutoProcessor

    if Path(source).is_dir():
        check_folder(Path(source))
    asks = needs_hub(source, options.get("revision"), bool(options.get("local_files_only")))
    options = {**options, "local_files_only": not asks}
    try:
        check_config(source, _config(source, options))
        processor = AutoProcessor.from_pretrained(str(source), **options)  # type: ignore[no-untyped-call]
        if (
            getattr(processor, "tokenizer", None) is None
            or getattr(processor, "image_processor", None) is None
        ):
            raise ModelUnavailable(
                f"{source} has no processor of pictures and text, as models that read pictures do"
            )
        model, report = _load_model(source, options, {**weights, **options})
        check_loaded(source, report)
        check_image_token(source, image_token(model, processor), processor)
    except HartmannError:
        raise
    except (
        Exception
    ) as error:  # transformers, tokenizers, safetensors and code of others raise what they like
        raise _reason(source, error) from error
    return processor, model.eval()


def _config(source: str | Path, options: dict[str, Any]) -> dict[str, Any]:
    """What `config.json` says, before any class makes something of it."""
    from transformers import PreTrainedConfig

    kept = {name: options[name] for name in ("revision", "local_files_only") if name in options}
    return dict(PreTrainedConfig.get_config_dict(str(source), **kept)[0])


def _load_model(
    source: str | Path, options: dict[str, Any], more: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The weights, with the attention that can be overheard, or else the one that shows its matrices; and a report of
    which tensors the files did not hold as they should."""
    auto = _auto_class(source, options)
    more = {**more, "output_loading_info": True, "ignore_mismatched_sizes": True}
    try:
        return _with_report(
            auto.from_pretrained(str(source), attn_implementation=RECORDING_ATTENTION, **more)
        )
    except (ValueError, KeyError) as error:
        if "attention" not in str(error).lower() and RECORDING_ATTENTION not in str(error):
            raise
    return _with_report(auto.from_pretrained(str(source), attn_implementation="eager", **more))


def _with_report(loaded: Any) -> tuple[Any, dict[str, Any]]:
    model, report = loaded
    return model, dict(report)


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
    if is_out_of_memory(error):
        return ModelUnavailable(
            f"{source} does not fit into the device's memory; {SMALLER}, or use a smaller model"
        )
    why = " ".join(str(error).split())[:300] or repr(error)
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
        records_attention=text._attn_implementation in (RECORDING_ATTENTION, "eager"),
        attention=attention,
        details={
            "architecture": type(model).__name__,
            "dtype": str(model.dtype).removeprefix("torch."),
            "quantisation": placement.quantisation.value,
        },
    )


def revision_of(source: str | Path, wished: str | None) -> str:
    """The commit of a model from the hub, as its cache names it; of a folder, a digest of its files."""
    from huggingface_hub import try_to_load_from_cache

    if Path(source).is_dir():
        return folder_revision(Path(source))
    file = try_to_load_from_cache(str(source), "config.json", revision=wished)
    return Path(file).parent.name if isinstance(file, str) else wished or ""


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
