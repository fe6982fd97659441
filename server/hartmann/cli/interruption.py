"""Ctrl-C and SIGTERM, said once kindly and once firmly.

`Interruptions` takes over both signals for a command. As long as nothing special is arranged, a signal
raises `Interrupted` in the main thread, wherever that is. Inside `gently(action)` the first signal calls
`action` in a thread of its own (a signal handler must not talk gRPC: the interrupted code may hold its
locks) and the command goes on, to see the composition end; the second signal raises.

`Interrupted` is no `Exception`, so that nothing on the way takes it for a failure.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal ended the command. `at_once` when the person did not want to wait for a clean end."""

    def __init__(self, number: int, *, at_once: bool = False) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.at_once = at_once

    @property
    def exit_code(self) -> int:
        """128 + signal number: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number


class Interruptions:
    """The two signals while a command runs; a context manager that gives the old handlers back."""

    def __init__(self) -> None:
        self.first: int | None = None
        self._gentle: Callable[[], None] | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Interruptions:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextmanager
    def gently(self, action: Callable[[], None]) -> Iterator[None]:
        """While this is open, the first signal runs `action` in a thread instead of raising."""
        self._gentle = action
        try:
            yield
        finally:
            self._gentle = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        again, self.first = self.first is not None, self.first or number
        if again or self._gentle is None:
            raise Interrupted(number, at_once=again)
        threading.Thread(target=self._gentle, name="cancel", daemon=True).start()
