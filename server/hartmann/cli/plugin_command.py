"""`hartmann plugin install|status|uninstall`: the plugin in MuseScore 3 and 4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from hartmann_bridge.installing.install import Status
    from hartmann_bridge.installing.musescore_folders import PluginFolder

plugin = typer.Typer(help="The plugin in MuseScore 3 and 4.", no_args_is_help=True)

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--musescore",
        metavar="DIR",
        help="MuseScore's folder of plugins, such as ~/Documents/MuseScore3/Plugins; else those of every MuseScore "
        "that is found.",
        show_default=False,
    ),
]


@plugin.command()
def install(
    musescore: FolderOption = None,
    shortcut: Annotated[
        str, typer.Option(metavar="KEYS", help="A shortcut in MuseScore 3, such as Ctrl+Shift+H.")
    ] = "",
) -> None:
    """Put the plugin where MuseScore looks, and enable it where that can be done from outside."""
    from hartmann_bridge.installing import install as installing

    for place in _places(musescore):
        done = installing.install(place, _connection(), shortcut)
        typer.echo(f"{_name(place)}: the plugin is in {place.folder / 'Hartmann'}")
        for line in _next_steps(done):
            typer.echo(f"  {line}")


@plugin.command()
def status(musescore: FolderOption = None) -> None:
    """Say where the plugin is installed, and whether it is enabled and this version's."""
    from hartmann_bridge.installing import install as installing
    from hartmann_bridge.installing.install import State

    found = [installing.status(place, _connection()) for place in _places(musescore)]
    for one in found:
        version = f" {one.version}" if one.version else ""
        listed = f", {one.listed}" if one.listed is not None and one.state is not State.ABSENT else ""
        typer.echo(f"{_name(one.place)}: {one.state}{version}{listed} ({one.place.folder / 'Hartmann'})")
        if one.state is not State.CURRENT:
            typer.echo("  Run: hartmann plugin install")
    if not any(one.state is State.CURRENT for one in found):
        raise typer.Exit(ExitCode.FAILED)


@plugin.command()
def uninstall(musescore: FolderOption = None) -> None:
    """Remove the plugin; files that were not written by `hartmann plugin install`, or changed since, stay."""
    from hartmann_bridge.installing import install as installing

    for place in _places(musescore):
        left = installing.uninstall(place)
        typer.echo(f"{_name(place)}: the plugin is gone from {place.folder}")
        for path in left:
            typer.echo(f"  left, since it was changed or is not ours: {path}")


def _places(musescore: Path | None) -> tuple[PluginFolder, ...]:
    from hartmann_bridge.installing.musescore_folders import folders_of, named_folder
    from hartmann_bridge.musescore_places import Machine

    machine = Machine()
    return (named_folder(machine, musescore),) if musescore else folders_of(machine)


def _connection() -> Path:
    from hartmann_bridge.places import user_places

    return user_places().connection


def _name(place: PluginFolder) -> str:
    return f"MuseScore {place.version}".strip()


def _next_steps(status: Status) -> tuple[str, ...]:
    """What a person has to do still."""
    from hartmann_bridge.installing.plugin_list import Listed

    if status.place.version == "3" and status.listed is Listed.ENABLED:
        enabled: tuple[str, ...] = ("It is enabled; start MuseScore 3 again if it is running.",)
    elif status.place.version == "3":
        enabled = ("Enable it in MuseScore 3: Plugins > Plugin Manager, tick Hartmann, OK.",)
    else:
        enabled = ("Enable it in MuseScore 4: Home > Plugins, click Hartmann, Enable.",)
    return (*enabled, "Start the rest in a terminal: hartmann up. Then in MuseScore: Plugins > Hartmann.")
