"""MuseScore is found wherever its packages put it, on machines of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hartmann_bridge.musescore_places import Machine, find_all, version_in


@dataclass
class Layout:
    """A machine with these programs; `{root}` and `{home}` stand for its folders."""

    platform: str
    programs: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def machine(tmp_path: Path, layout: Layout) -> Machine:
    root, home = tmp_path / "root", tmp_path / "root" / "home" / "ada"
    home.mkdir(parents=True)
    for program in layout.programs:
        path = Path(program.format(root=root, home=home))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    environment = {name: value.format(root=root, home=home) for name, value in layout.environment.items()}
    return Machine(layout.platform, home, environment, root)


FOUND = {
    "Debian": Layout("linux", ("{root}/usr/bin/mscore3",), {"PATH": "{root}/bin:{root}/usr/bin"}),
    "Arch": Layout("linux", ("{root}/usr/bin/mscore",), {"PATH": "{root}/usr/bin"}),
    "Fedora": Layout("linux", ("{root}/usr/bin/musescore",), {"PATH": "{root}/usr/bin"}),
    "AppImage": Layout("linux", ("{home}/Applications/MuseScore-4.4.2.242570931-x86_64.AppImage",)),
    "AppImage in Downloads": Layout("linux", ("{home}/Downloads/MuseScore-Studio-4.5.1-x86_64.AppImage",)),
    "AppImage in opt": Layout("linux", ("{root}/opt/MuseScore-3.6.2.548021370-x86_64.AppImage",)),
    "installed AppImage": Layout(
        "linux", ("{home}/.local/bin/mscore4portable",), {"PATH": "{home}/.local/bin"}
    ),
    "Flatpak": Layout("linux", ("{root}/var/lib/flatpak/exports/bin/org.musescore.MuseScore",)),
    "Flatpak of one's own": Layout(
        "linux", ("{home}/.local/share/flatpak/exports/bin/org.musescore.MuseScore",)
    ),
    "snap": Layout("linux", ("{root}/snap/bin/musescore",)),
    "macOS": Layout("darwin", ("{root}/Applications/MuseScore 4.app/Contents/MacOS/mscore",)),
    "macOS, own applications": Layout(
        "darwin", ("{home}/Applications/MuseScore 3.app/Contents/MacOS/mscore",)
    ),
    "Windows": Layout(
        "win32",
        ("{root}/Program Files/MuseScore 4/bin/MuseScore4.exe",),
        {"ProgramFiles": "{root}/Program Files"},
    ),
    "Windows, old": Layout(
        "win32",
        ("{root}/Program Files (x86)/MuseScore 3/bin/MuseScore3.exe",),
        {"ProgramFiles(x86)": "{root}/Program Files (x86)"},
    ),
    "Windows, for one user": Layout(
        "win32", ("{home}/Local/Programs/MuseScore 4/bin/MuseScore4.exe",), {"LOCALAPPDATA": "{home}/Local"}
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_musescore_is_found(tmp_path: Path, name: str) -> None:
    layout = FOUND[name]
    here = machine(tmp_path, layout)
    expected = layout.programs[0].format(root=here.root, home=here.home)
    assert [found.path for found in find_all(here)] == [expected]


def test_machine_without_musescore_has_none(tmp_path: Path) -> None:
    for platform in ("linux", "darwin", "win32"):
        assert find_all(Machine(platform, tmp_path, {}, tmp_path)) == ()


def test_newest_comes_first_and_the_setting_before_it(tmp_path: Path) -> None:
    programs = ("{root}/usr/bin/mscore3", "{home}/Applications/MuseScore-4.4.2-x86_64.AppImage")
    here = machine(tmp_path, Layout("linux", programs, {"PATH": "{root}/usr/bin"}))
    assert [found.version for found in find_all(here)] == ["4.4.2", "3"]
    chosen, expected = str(here.root / "usr/bin/mscore3"), find_all(here)[0].path
    assert [found.path for found in find_all(here, chosen)] == [chosen, expected]


def test_program_with_several_names_is_found_once(tmp_path: Path) -> None:
    here = machine(tmp_path, Layout("linux", ("{root}/usr/bin/mscore3",), {"PATH": "{root}/usr/bin"}))
    (here.root / "usr/bin/musescore3").symlink_to("mscore3")
    assert len(find_all(here)) == 1


def test_link_that_leads_nowhere_and_file_that_does_not_run_are_passed_over(tmp_path: Path) -> None:
    here = machine(tmp_path, Layout("linux", ("{root}/opt/MuseScore-4.0.AppImage",)))
    (here.root / "opt/MuseScore-4.0.AppImage").chmod(0o644)
    (here.root / "opt/MuseScore-4.1.AppImage").symlink_to("gone")
    assert find_all(here) == ()


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/usr/bin/mscore3", "3"),
        ("/usr/bin/musescore", ""),
        ("/home/a/MuseScore-4.4.2.242570931-x86_64.AppImage", "4.4.2.242570931"),
        ("/home/a/MuseScore-Studio-4.5.1-x86_64.AppImage", "4.5.1"),
        ("/Applications/MuseScore 4.app/Contents/MacOS/mscore", "4"),
        ("C:\\Program Files\\MuseScore 3\\bin\\MuseScore3.exe", "3"),
        ("MuseScore3 3.2.3", "3.2.3"),
        ("/home/ada5/bin/mscore", ""),
    ],
)
def test_version_is_read_from_the_path(path: str, version: str) -> None:
    assert version_in(path) == version
