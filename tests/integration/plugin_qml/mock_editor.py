"""MuseScore 4 as far as a plugin sees it, in a Qt 6 engine: the types `MuseScore`, `FileIO`, `Settings`, `FileDialog`.

The types have the names, versions and members that MuseScore 4.4 to 4.6 register (its `qmlpluginapi.h`, `extapiv1.cpp`,
`util.h`); `readScore` and `writeScore` do nothing there, as in those versions. What the plugin does to the editor
is kept in `Editor`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

from PySide6.QtCore import Property, QObject, QtMsgType, QUrl, Signal, Slot, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import (
    QJSValue,
    QPyQmlParserStatus,
    QQmlComponent,
    QQmlEngine,
    qmlRegisterType,
)
from PySide6.QtQuick import QQuickItem, QQuickView


@dataclass
class Editor:
    """What the mock editor was told, and what it answers."""

    home: Path
    major: int = 4
    score: dict[str, Any] | None = None
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
    def curScore(self) -> Any:
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


def register() -> None:
    """Makes the types known to every engine of this process."""
    qmlRegisterType(MuseScore, "MuseScore", 3, 0, "MuseScore")
    qmlRegisterType(FileIO, "FileIO", 3, 0, "FileIO")
    qmlRegisterType(Settings, "MuseScore", 3, 0, "Settings")
    qmlRegisterType(FileDialog, "MuseScore", 3, 0, "FileDialog")


class Plugin:
    """The plugin in a window, as the editor shows it after its command was chosen."""

    def __init__(self, folder: Path, editor: Editor, size: tuple[int, int] = (960, 720)) -> None:
        global _editor
        _editor = self.editor = editor
        self.application = QGuiApplication.instance() or QGuiApplication(["mock-editor"])
        self.messages: list[str] = []
        qInstallMessageHandler(self._say)
        self.engine = QQmlEngine()
        self.component = QQmlComponent(self.engine, QUrl.fromLocalFile(str(folder / "Hartmann.qml")))
        self.root = self.component.create()
        if self.root is None:
            raise AssertionError("\n".join(error.toString() for error in self.component.errors()))
        self.view = QQuickView(self.engine, None)
        self.view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        self.view.setContent(self.component.url(), self.component, self.root)
        self.view.resize(*size)
        self.view.show()

    def _say(self, kind: QtMsgType, context: object, text: str) -> None:
        self.messages.append(text)

    def pump(self) -> None:
        """Lets Qt do what is due."""
        self.application.processEvents()

    def start(self) -> None:
        """Chooses the plugin's command."""
        self.root.run.emit()
        self.pump()

    @property
    def face(self) -> QQuickItem:
        return next(item for item in self.root.childItems() if item.property("wide") is not None)

    def ask(self, expression: str) -> Any:
        """The value of an expression in the scope of the plugin's window."""
        from PySide6.QtQml import QQmlExpression, qmlContext

        context = qmlContext(self.face.childItems()[0])
        found = QQmlExpression(context, self.face, expression)
        value = found.evaluate()
        if found.hasError():
            raise AssertionError(found.error().toString())
        if isinstance(value, tuple):
            value = value[0]
        return value.toVariant() if isinstance(value, QJSValue) else value

    def close(self) -> None:
        """Takes everything down, in the order that Qt likes."""
        self.view.close()
        self.pump()
        self.view.deleteLater()
        self.engine.deleteLater()
        self.pump()
        qInstallMessageHandler(None)
