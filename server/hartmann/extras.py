"""Optional packages: imported when they are used, and named with the command that installs them when absent."""

from __future__ import annotations

import importlib
from typing import Any

from hartmann.errors import MissingExtra


def require(module: str, *, extra: str) -> Any:
    """Import a module of an optional extra. Raises MissingExtra with the pip command when it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtra(module.split(".")[0], extra) from error
