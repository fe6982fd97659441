"""The settings of a command: options over environment over file, with faults said as a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hartmann.errors import InvalidRequest

if TYPE_CHECKING:
    from hartmann.settings import Settings


def load_settings(**options: Any) -> Settings:
    """The settings, with the options that were given (not None) on top. Raises InvalidRequest for faulty ones."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from hartmann.settings import Settings, config_file

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}" for fault in error.errors()
        )
        raise InvalidRequest(
            f"the settings can't be used: {faults} (from options, HARTMANN_… variables and {config_file()})"
        ) from error
    except (SettingsError, OSError, ValueError) as error:
        raise InvalidRequest(f"the settings can't be read: {error} (see {config_file()})") from error
