"""The bridge's settings: what `GET` and `PUT /v1/settings` show and change, kept as JSON in the config folder.

Options of `hartmann bridge` and the variables HARTMANN_SERVER and HARTMANN_API_KEY stand above the file; what
they fix is named in `fixed` and can be stored, but counts only once they are gone.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_serializer,
    field_validator,
)

from hartmann.errors import InvalidRequest
from hartmann_bridge.places import write_privately

DEFAULT_PORT = 50071
HIDDEN = "**********"
"""What a secret looks like from outside; sent back, it leaves the secret as it is."""
_ADDRESS = re.compile(r"(https?://)?(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):\d{1,5}")
_EDITOR = re.compile(r"(?i)(org\.musescore\.)?(mscore|musescore)[^/\\]*")


def default_scores_folder() -> Path:
    """`Hartmann` in the user's documents, whatever that folder is called in the user's language."""
    return Path(platformdirs.user_documents_path()) / "Hartmann"


class BridgeSettings(BaseModel):
    """Everything that can be set. Example: `{"scores_folder": "/home/ada/Scores", "port": 50080}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    scores_folder: Path = Field(
        default_factory=default_scores_folder, description="Folder for finished scores; made when needed."
    )
    musescore: str = Field(
        default="", description="MuseScore's program, such as /usr/bin/mscore3; empty: it is looked for."
    )
    server: str = Field(default="127.0.0.1:50061", description="HOST:PORT of the server, https://… for TLS.")
    api_key: SecretStr = Field(default=SecretStr(""), description="The server's key, if it wants one.")
    host: Literal["127.0.0.1", "localhost"] = Field(
        default="127.0.0.1", description="Where the bridge listens. Loopback alone."
    )
    port: int = Field(
        default=DEFAULT_PORT, ge=0, le=65535, description="Its port, from the next start on; 0: any free one."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info")
    log_format: Literal["console", "json"] = Field(default="console")

    @field_validator("scores_folder")
    @classmethod
    def _whole_path(cls, value: Path) -> Path:
        if not value.is_absolute():
            raise ValueError("write the whole path")
        return value

    @field_validator("musescore")
    @classmethod
    def _an_editor(cls, value: str) -> str:
        if value and not (Path(value).is_absolute() and _EDITOR.fullmatch(Path(value).name)):
            raise ValueError("write the whole path of MuseScore's program, such as /usr/bin/mscore3")
        return value

    @field_validator("server")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if not _ADDRESS.fullmatch(value):
            raise ValueError("write HOST:PORT, such as 127.0.0.1:50061")
        return value

    @field_validator("host", mode="before")
    @classmethod
    def _loopback(cls, value: object) -> object:
        if value not in ("127.0.0.1", "localhost"):
            raise ValueError("the bridge listens on this machine alone: 127.0.0.1")
        return value

    @field_serializer("api_key")
    def _hidden(self, value: SecretStr) -> str:
        return HIDDEN if value.get_secret_value() else ""

    def changed(self, changes: Mapping[str, Any]) -> BridgeSettings:
        """These settings with some changed. Raises InvalidRequest that names the field."""
        kept = {name: value for name, value in changes.items() if (name, value) != ("api_key", HIDDEN)}
        return _checked({**self._plain(), **kept})

    def _plain(self) -> dict[str, Any]:
        """Everything that was set, as JSON has it, the secret included."""
        plain = self.model_dump(mode="json", exclude_unset=True)
        if "api_key" in plain:
            plain["api_key"] = self.api_key.get_secret_value()
        return plain


class SettingsStore:
    """The settings in a file, with what the command line fixed on top."""

    def __init__(self, path: Path, fixed: Mapping[str, Any] | None = None) -> None:
        self._path = path
        self._fixed = {name: value for name, value in (fixed or {}).items() if value is not None}
        self._stored = _read(path)
        self.current = self._stored.changed(self._fixed)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Names of the settings that the command line or the environment decides."""
        return tuple(self._fixed)

    def change(self, changes: Mapping[str, Any]) -> BridgeSettings:
        """Checks, stores and returns what counts from now on. Raises InvalidRequest and stores nothing."""
        stored = self._stored.changed(changes)
        current = stored.changed(self._fixed)
        body = json.dumps(stored._plain(), indent=2, ensure_ascii=False)
        write_privately(self._path, body.encode() + b"\n")
        self._stored, self.current = stored, current
        return current


def from_environment() -> dict[str, str]:
    """What the variables say that the other commands know too."""
    named = {"server": "HARTMANN_SERVER", "api_key": "HARTMANN_API_KEY"}
    return {name: os.environ[variable] for name, variable in named.items() if os.environ.get(variable)}


def _read(path: Path) -> BridgeSettings:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return BridgeSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the bridge's settings in {path} can't be read: {error}") from error
    try:
        return _checked(json.loads(text))
    except (ValueError, InvalidRequest) as error:
        raise InvalidRequest(f"the bridge's settings in {path} can't be used: {error}") from error


def _checked(plain: object) -> BridgeSettings:
    try:
        return BridgeSettings.model_validate(plain)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        said = fault["msg"].removeprefix("Value error, ")
        raise InvalidRequest(f"{field or 'settings'}: {said[:1].lower()}{said[1:]}", field=field) from error
