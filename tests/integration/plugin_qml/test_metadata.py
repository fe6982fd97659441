"""What the editors read of the plugin's files before they run it.

MuseScore 4.4 and later read a plugin's properties as text, line by line; `read_as_musescore_4` does it by the rules of
its `ExtPluginsLoader::parseManifest` (src/framework/extensions/internal/legacy/extpluginsloader.cpp): every `.qml` file
below the plugins' folder that has a `{` and the word MuseScore anywhere counts as a plugin; lines are read from the
start up to the second that ends in `{`; `//4.4 ` at the start of a line is taken away; other comments are skipped;
a value is what stands between quotes after the property's name, all on one line. MuseScore 3 makes an instance
of every file and asks it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TAKEN = ("title", "description", "pluginType", "categoryCode", "thumbnailName", "requiresScore", "version")
ES6 = re.compile(r"=>|`|\b(let|const|class|async|await)\b\s|\.\.\.\w|\bfor \((var )?\w+ of\b")
ALLOWED_IMPORTS = {
    "QtQuick 2.9", "QtQuick.Window 2.2", "MuseScore 3.0", "FileIO 3.0", '"."', '"views"', '"../controls"', '"../logic"',
}  # fmt: skip


def read_as_musescore_4(path: Path) -> dict[str, str] | None:
    """The properties as MuseScore 4.4 finds them; None where it sees no plugin."""
    content = path.read_text()
    if content.find("{") <= 0 or "MuseScore" not in content:
        return None
    found: dict[str, str] = {}
    inside = False
    for raw in content.split("\n")[:-1]:
        line = raw.strip().removeprefix("//4.4 ")
        if line.startswith("/"):
            continue
        if line.endswith("{"):
            if inside:
                break
            inside = True
            continue
        name = line.split(":")[0]
        if name in TAKEN:
            found[name] = without_quotes(line[len(name) + 1 :].strip())
        if len(found) == len(TAKEN):
            break
    return found


def without_quotes(value: str) -> str:
    """`"a"` and `qsTr("a")` are a; semicolons at the end go; what has fewer than three characters is nothing."""
    value = value.rstrip(";")
    if len(value) < 3:
        return ""
    for before, after in (('qsTr("', '")'), ('"', '"')):
        if value.startswith(before) and value.endswith(after):
            return value[len(before) : -len(after)]
    return value


def code(path: Path) -> str:
    """A source without its comments and texts."""
    return re.sub(r'"(\\.|[^"\\])*"|//[^\n]*', '""', path.read_text())


@pytest.fixture(scope="module")
def sources(plugin_folder: Path) -> list[Path]:
    return sorted([*plugin_folder.rglob("*.qml"), *plugin_folder.rglob("*.js")])


def test_musescore_4_finds_exactly_one_plugin_with_everything_about_it(plugin_folder: Path) -> None:
    found = {path.name: read_as_musescore_4(path) for path in plugin_folder.rglob("*.qml")}
    plugins = {name: properties for name, properties in found.items() if properties is not None}
    assert plugins == {
        "Hartmann.qml": {
            "title": "Hartmann", "description": "Looks at a picture and writes a score for it.", "version": "0.1.0",
            "pluginType": "dialog", "categoryCode": "composing-arranging-tools", "thumbnailName": "thumbnail.png",
            "requiresScore": "false",
        }
    }  # fmt: skip


def test_the_thumbnail_is_there(plugin_folder: Path) -> None:
    assert (plugin_folder / "thumbnail.png").read_bytes().startswith(b"\x89PNG")


def test_the_version_is_the_programs(plugin_folder: Path) -> None:
    project = Path(__file__).parents[3] / "pyproject.toml"
    (version,) = re.findall(r'^version = "(.*)"$', project.read_text(), re.MULTILINE)
    assert (read_as_musescore_4(plugin_folder / "Hartmann.qml") or {})["version"] == version


def test_properties_that_musescore_3_does_not_know_are_comments_there(plugin_folder: Path) -> None:
    lines = (plugin_folder / "Hartmann.qml").read_text().splitlines()
    for unknown in ("title", "categoryCode", "thumbnailName"):
        (line,) = [line for line in lines if re.match(rf"\s*(//4.4 )?{unknown}:", line)]
        assert line.strip().startswith("//4.4 ")


def test_nothing_is_imported_that_one_of_the_editors_lacks(sources: list[Path]) -> None:
    imports = {
        line.removeprefix("import ").split(" as ")[0].strip()
        for path in sources
        if path.suffix == ".qml"
        for line in path.read_text().splitlines()
        if line.startswith("import ") and ".js" not in line
    }
    assert imports <= ALLOWED_IMPORTS


def test_the_language_is_the_one_that_qt_5_9_understands(sources: list[Path]) -> None:
    assert {path.name: ES6.findall(code(path)) for path in sources if ES6.search(code(path))} == {}


def test_no_signal_handler_relies_on_parameters_that_qt_6_does_not_inject(sources: list[Path]) -> None:
    injected = re.compile(r"\bon[A-Z]\w*: (?!function).*\b(mouse|wheel|event|drop)\.")
    assert {path.name for path in sources if injected.search(code(path))} == set()


def test_every_word_that_is_shown_stands_in_the_table(sources: list[Path], plugin_folder: Path) -> None:
    literal = re.compile(r'\b(text|label|title|placeholder|words|error): "[^"]*[A-Za-z]{2}')
    files = [path for path in sources if path != plugin_folder / "Hartmann.qml" and path.suffix == ".qml"]
    assert {
        path.name: literal.findall(path.read_text()) for path in files if literal.search(path.read_text())
    } == {}


def test_every_word_of_the_table_is_used_and_every_used_one_is_there(
    sources: list[Path], plugin_folder: Path
) -> None:
    table = (plugin_folder / "js" / "strings.js").read_text()
    defined = set(re.findall(r"^        (\w+): \"", table, re.MULTILINE))
    text = "\n".join(path.read_text() for path in sources)
    used = set(re.findall(r"Strings\.t\.(\w+)", text))
    families = (*re.findall(r'Strings\.t\["(\w+?_)', text), "metric_", "says_", "unit_")
    assert used <= defined
    spoken = {word for word in defined if word.startswith(families)} | {"easy", "medium", "hard"}
    assert defined - used - spoken == set()
