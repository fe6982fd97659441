"""The shape of the program: imports run one way, and the base install needs no heavy package."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "server" / "hartmann"
VALUES = {"errors", "moods", "extras", "settings", "logs", "__init__"}
ALLOWED = {
    "notation": VALUES,
    "vision": VALUES | {"notation"},
    "storage": VALUES,
    "library": VALUES | {"notation", "storage"},
    "composing": VALUES | {"notation", "vision", "library"},
    "serving": VALUES | {"composing", "notation", "vision", "library", "storage", "v1"},
    "training": VALUES | {"composing", "notation", "vision", "library"},
    "remote_errors": VALUES,
    "client": VALUES | {"v1", "remote_errors"},
    "results": VALUES | {"v1", "notation", "vision"},
}
"""Package → what of the program it may import besides itself."""
OUTSIDE_THE_DOMAIN = {
    "grpc",
    "google",
    "sqlalchemy",
    "psycopg",
    "procrastinate",
    "starlette",
    "typer",
    "rich",
}
DOMAIN = ("composing", "vision", "notation")


def imports(path: Path) -> Iterator[str]:
    """The modules a file imports, at its top or inside its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def files(package: str) -> list[Path]:
    folder = ROOT / package
    found = sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{package}.py"]
    assert found
    return found


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_run_one_way(package: str) -> None:
    for path in files(package):
        for module in imports(path):
            if module.startswith("hartmann.") and module.split(".")[1] != package:
                assert module.split(".")[1] in ALLOWED[package], f"{path.name} imports {module}"


@pytest.mark.parametrize("package", DOMAIN)
def test_the_domain_knows_no_grpc_no_sql_and_no_terminal(package: str) -> None:
    for path in files(package):
        outside = {module.split(".")[0] for module in imports(path)} & OUTSIDE_THE_DOMAIN
        assert not outside, f"{path.name} imports {outside}"


def test_the_client_and_the_command_line_need_only_the_base_install() -> None:
    program = (
        "import sys, hartmann.cli, hartmann.client;"
        "heavy = {'torch', 'transformers', 'music21', 'muspy', 'sqlalchemy', 'psycopg', 'open_clip', 'jinja2'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


BRIDGE = ROOT.parents[1] / "plugin" / "hartmann_bridge"
CLIENT_SIDE = {
    "hartmann",
    "hartmann.client",
    "hartmann.errors",
    "hartmann.logs",
    "hartmann.remote_errors",
    "hartmann.results",
    "hartmann.v1",
    "hartmann.vision.heatmap",
    "hartmann.vision.pictures",
}
"""What the bridge may import of the program, with everything inside: the client's side."""


def test_the_bridge_imports_the_clients_side_alone() -> None:
    for path in sorted(BRIDGE.rglob("*.py")):
        for module in imports(path):
            if module.split(".")[0] == "hartmann":
                inside = {module, *(module[:end] for end, sign in enumerate(module) if sign == ".")}
                assert inside & CLIENT_SIDE - {"hartmann"} or module == "hartmann", (
                    f"{path.name} imports {module}"
                )


def test_the_bridge_runs_on_the_base_install() -> None:
    program = (
        "import sys, pkgutil, importlib, hartmann_bridge;"
        "found = pkgutil.walk_packages(hartmann_bridge.__path__, 'hartmann_bridge.');"
        "[importlib.import_module(one.name) for one in found];"
        "heavy = {'torch', 'transformers', 'music21', 'muspy', 'sqlalchemy', 'psycopg', 'open_clip', 'jinja2', "
        "'httpx', 'psutil', 'lxml', 'symusic'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
