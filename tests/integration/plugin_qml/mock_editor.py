"""MuseScore 4 as far as a plugin sees it, in a Qt 6 engine: the types `MuseScore`, `FileIO`, `Settings`, `FileDialog`.

The types have the names, versions and members that MuseScore 4.4 to 4.6 register (its `qmlpluginapi.h`, `extapiv1.cpp`,
`util.h`); `readScore` and `writeScore` do nothing there, as in those versions. What the plugin does to the editor
is kept in `Editor`.
"""

# The names are those of the editor's C++ classes.
# ruff: noqa: N802, N815

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

from PySide6.QtCore import (
    Property,
    QEvent,
    QEventLoop,
    QObject,
    Qt,
    QtMsgType,
    QUrl,
    Signal,
    Slot,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtQml import (
    QPyQmlParserStatus,
    QQmlComponent,
    QQmlEngine,
    QQmlExpression,
    qmlContext,
    qmlRegisterType,
)
from PySide6.QtQuick import QQuickItem, QQuickView


@dataclass
class Editor:
    """What the mock editor was told, and what it answers."""

    home: Path
    major: int = 4
    score: Score | None = None
    exported: str = ""
    remembered: str = ""
    closed: int = 0
    read: list[str] = field(default_factory=list)


_editor = Editor(Path())


class MuseScore(QQuickItem):
    """The plugin's root."""

    run = Signal()
    changed = Signal()
    curScoreChanged = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self._words: dict[str, str] = {}
        self._requires_score = True

    def _get(name: str) -> Any:  # type: ignore[misc]  # noqa: N805
        return lambda self: self._words.get(name, "")

    def _set(name: str) -> Any:  # type: ignore[misc]  # noqa: N805
        return lambda self, value: self._words.__setitem__(name, value)

    menuPath = Property(str, _get("menuPath"), _set("menuPath"), notify=changed)
    description = Property(str, _get("description"), _set("description"), notify=changed)
    version = Property(str, _get("version"), _set("version"), notify=changed)
    pluginType = Property(str, _get("pluginType"), _set("pluginType"), notify=changed)
    title = Property(str, _get("title"), _set("title"), notify=changed)
    categoryCode = Property(str, _get("categoryCode"), _set("categoryCode"), notify=changed)
    thumbnailName = Property(str, _get("thumbnailName"), _set("thumbnailName"), notify=changed)

    @Property(bool, notify=changed)
    def requiresScore(self) -> bool:
        return self._requires_score

    @requiresScore.setter  # type: ignore[no-redef]
    def requiresScore(self, value: bool) -> None:
        self._requires_score = value

    @Property(int, constant=True)
    def mscoreMajorVersion(self) -> int:
        return _editor.major

    @Property("QVariant", notify=curScoreChanged)
    def curScore(self) -> Score | None:
        return _editor.score

    @Slot(str, result="QVariant")
    def readScore(self, path: str) -> None:
        _editor.read.append(path)

    @Slot("QVariant", str, str, result=bool)
    def writeScore(self, score: Any, path: str, suffix: str) -> bool:
        if not _editor.exported:
            return False
        Path(f"{path}.{suffix}").write_text(_editor.exported)
        return True

    @Slot()
    def quit(self) -> None:
        _editor.closed += 1


class FileIO(QObject):
    """Text files."""

    changed = Signal()
    error = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = ""

    @Property(str, notify=changed)
    def source(self) -> str:
        return self._source

    @source.setter  # type: ignore[no-redef]
    def source(self, value: str) -> None:
        self._source = value

    @Slot(result=str)
    def read(self) -> str:
        return Path(self._source).read_text() + "\n"

    @Slot(result=bool)
    def exists(self) -> bool:
        return Path(self._source).is_file()

    @Slot(result=bool)
    def remove(self) -> bool:
        Path(self._source).unlink()
        return True

    @Slot(result=str)
    def homePath(self) -> str:
        return str(_editor.home)

    @Slot(result=str)
    def tempPath(self) -> str:
        return str(_editor.home)


class Settings(QPyQmlParserStatus):
    """What stays from one start to the next: properties that the plugin declares on it are kept."""

    changed = Signal()

    @Property(str, notify=changed)
    def category(self) -> str:
        return "Hartmann"

    @category.setter  # type: ignore[no-redef]
    def category(self, value: str) -> None:
        """One plugin, one category."""

    def classBegin(self) -> None:
        """Nothing to do before the properties are there."""

    def componentComplete(self) -> None:
        """Puts back what was kept, and keeps what is written from now on."""
        self.setProperty("remembered", _editor.remembered)
        self.rememberedChanged.connect(self._keep)

    @Slot()
    def _keep(self) -> None:
        _editor.remembered = self.property("remembered")


class FileDialog(QObject):
    """A dialog that nobody answers."""

    accepted = Signal()
    changed = Signal()

    @Property(bool, notify=changed)
    def visible(self) -> bool:
        return False

    @visible.setter  # type: ignore[no-redef]
    def visible(self, value: bool) -> None:
        """Opens in the real editor."""

    @Property(str, notify=changed)
    def filePath(self) -> str:
        return ""


def remembering(**settings: object) -> str:
    """What the plugin kept from the last time: a picture, and whatever else."""
    return json.dumps({"picture": "/pictures/sea.jpg", **settings})


def register() -> None:
    """Makes the types known to every engine of this process."""
    qmlRegisterType(MuseScore, "MuseScore", 3, 0, "MuseScore")
    qmlRegisterType(FileIO, "FileIO", 3, 0, "FileIO")
    qmlRegisterType(Settings, "MuseScore", 3, 0, "Settings")
    qmlRegisterType(FileDialog, "MuseScore", 3, 0, "FileDialog")


class Segment(QObject):
    """A place in time."""

    def __init__(self, tick: int) -> None:
        super().__init__()
        self._tick = tick

    @Property(int, constant=True)
    def tick(self) -> int:
        return self._tick


class Measure(QObject):
    """A bar of the open score."""

    def __init__(self, tick: int, following: Measure | None) -> None:
        super().__init__()
        self._segment, self._following = Segment(tick), following

    @Property(QObject, constant=True)
    def firstSegment(self) -> QObject:
        return self._segment

    @Property("QVariant", constant=True)
    def nextMeasure(self) -> Measure | None:
        return self._following


class Cursor(QObject):
    """Goes to the ends of the selection: `rewind(1)` and `rewind(2)`; a selection up to the end ends at tick 0."""

    def __init__(self, selected: Selected | None) -> None:
        super().__init__()
        self._selected, self._end = selected, 1
        self._segment = Segment(0)

    @Slot(int)
    def rewind(self, mode: int) -> None:
        self._end = mode

    @Property("QVariant")
    def segment(self) -> Segment | None:
        return self._segment if self._selected else None

    @Property(int)
    def tick(self) -> int:
        assert self._selected
        return self._selected.ticks[self._end - 1]

    @Property(int)
    def staffIdx(self) -> int:
        assert self._selected
        return self._selected.staves[self._end - 1]


@dataclass(frozen=True)
class Selected:
    """A range of bars: ticks from and to (0: to the end), first and last staff from 0."""

    ticks: tuple[int, int]
    staves: tuple[int, int]


class Score(QObject):
    """The open score, with bars that begin at `starts`."""

    def __init__(self, title: str, starts: list[int], selected: Selected | None = None) -> None:
        super().__init__()
        self._title, self.selected = title, selected
        self._first: Measure | None = None
        self._cursors: list[Cursor] = []
        for tick in reversed(starts):
            self._first = Measure(tick, self._first)

    @Property(str, constant=True)
    def title(self) -> str:
        return self._title

    @Property(str, constant=True)
    def scoreName(self) -> str:
        return self._title

    @Property("QVariant", constant=True)
    def firstMeasure(self) -> Measure | None:
        return self._first

    @Slot(result=QObject)
    def newCursor(self) -> Cursor:
        self._cursors.append(Cursor(self.selected))
        return self._cursors[-1]


class Plugin:
    """The plugin in a window, as the editor shows it after its command was chosen."""

    def __init__(
        self, folder: Path, editor: Editor, size: tuple[int, int] = (960, 720), beside: Plugin | None = None
    ) -> None:
        global _editor
        _editor = self.editor = editor
        self.application = QGuiApplication.instance() or QGuiApplication(["mock-editor"])
        self.loop = QEventLoop()
        self.beside = beside
        self.messages: list[str] = []
        qInstallMessageHandler(self._say)
        self.engine = beside.engine if beside else QQmlEngine()
        self.component = QQmlComponent(self.engine, QUrl.fromLocalFile(str(folder / "Hartmann.qml")))
        self.root = self.component.create()
        if self.root is None:
            raise AssertionError("\n".join(error.toString() for error in self.component.errors()))
        self.view = QQuickView(self.engine, None)
        self.view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        self.view.setContent(self.component.url(), self.component, self.root)
        self.view.resize(*size)
        self.view.show()
        self.face = self.root.property("front")

    def _say(self, kind: QtMsgType, context: object, text: str) -> None:
        self.messages.append(text)

    def pump(self) -> None:
        """Lets Qt do what is due."""
        self.loop.processEvents()

    def start(self) -> None:
        """Chooses the plugin's command."""
        self.root.run.emit()
        self.pump()

    def ask(self, expression: str) -> Any:
        """The value of an expression in the scope of the plugin's window: `work.phase`."""
        return json.loads(self._evaluate(f"JSON.stringify([{expression}])"))[0]

    def tell(self, statements: str) -> None:
        """Runs statements in the scope of the plugin's window: `compose()`."""
        self._evaluate(f"{statements}; ''")

    def _evaluate(self, text: str) -> str:
        """Texts alone come over: for every null, PySide 6.12 gives away a reference to None that is not its own."""
        found = QQmlExpression(qmlContext(self.face.childItems()[0]), self.face, text)
        value = found.evaluate()
        if found.hasError():
            raise AssertionError(found.error().toString())
        return value[0] if isinstance(value, tuple) else value

    def wait_until(self, expression: str | Callable[[], object], seconds: float = 30) -> Any:
        """What the expression gives once it is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump()
            if value := self.ask(expression) if isinstance(expression, str) else expression():
                return value
            select.select([], [], [], 0.005)
        raise AssertionError(
            f"{expression} did not come true; phase {self.ask('work.phase')}; {self.messages}"
        )

    def press(
        self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier, text: str = ""
    ) -> None:
        """A key, pressed and let go."""
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            self.application.sendEvent(self.view, QKeyEvent(kind, key, modifiers, text))
        self.pump()

    def close(self) -> None:
        """Takes everything down, in the order that Qt likes."""
        self.view.close()
        self.pump()
        self.view.deleteLater()
        self.pump()
        if not self.beside:
            self.engine.deleteLater()
        self.pump()
        qInstallMessageHandler(None)


OpenPlugin = Callable[..., Plugin]
"""Opens and starts the plugin: a size, then fields of `Editor` by name."""
