"""Names of models on a hub: whether the hub has them, can be asked, or need not be, since its cache has them.

One question with a short patience comes before everything else, because loading asks for a dozen files, each with a
patience of its own. Where the hub can't be reached, a model that was downloaded before is taken from the cache.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hartmann.errors import ModelUnavailable

PATIENCE_SECONDS: Final = 5.0
_NAME: Final = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


def needs_hub(source: str | Path, revision: str | None, local_files_only: bool) -> bool:
    """Whether loading has to ask the hub: no for folders, for a wish not to, and where only the cache can be had.

    Raises ModelUnavailable for what names nothing: no folder, no model of the hub's, or a hub that can't be reached
    and no copy in its cache.
    """
    if Path(source).is_dir():
        return False
    name = str(source)
    if not _NAME.fullmatch(name) or Path(source).exists():
        raise ModelUnavailable(
            f"{name} is no folder, and no name of a model on a hub (owner/name); see HARTMANN_VISION_MODEL"
        )
    if local_files_only:
        _require_cached(name, revision, "and local_files_only forbids to ask the hub")
        return False
    try:
        _ask(name, revision)
    except ConnectionError as error:
        _require_cached(name, revision, f"and the hub can't be reached ({error}); check the network")
        return False
    return True


def _ask(name: str, revision: str | None) -> None:
    """Raises ModelUnavailable where the hub has no such model, ConnectionError where it does not answer."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        HfApi(endpoint=constants.ENDPOINT).model_info(name, revision=revision, timeout=PATIENCE_SECONDS)
    except GatedRepoError as error:
        raise ModelUnavailable(
            f"{name} is given only to people who accepted its terms: do so on the hub and set HF_TOKEN"
        ) from error
    except RevisionNotFoundError as error:
        raise ModelUnavailable(f"{name} has no revision {revision}; see HARTMANN_VISION_REVISION") from error
    except RepositoryNotFoundError as error:
        raise ModelUnavailable(
            f"there is no folder {name}, and the hub has no model of that name (a private one needs HF_TOKEN)"
        ) from error
    except (
        Exception
    ) as error:  # which HTTP library the hub's client uses, and raises from, depends on its version
        raise ConnectionError(f"{constants.ENDPOINT}: {' '.join(str(error).split())[:120]}") from error


def _require_cached(name: str, revision: str | None, why: str) -> None:
    from huggingface_hub import try_to_load_from_cache

    if not isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str):
        raise ModelUnavailable(
            f"there is no folder {name}, {name} was not downloaded before, {why}, or download the model's files and "
            "name their folder"
        )
