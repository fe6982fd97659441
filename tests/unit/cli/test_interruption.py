"""Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
import threading

import pytest

from hartmann.cli.interruption import Interrupted, Interruptions


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_the_command_with_the_shells_status(number: signal.Signals, code: int) -> None:
    with Interruptions(), pytest.raises(Interrupted) as caught:
        signal.raise_signal(number)
    assert caught.value.exit_code == code
    assert not caught.value.at_once


def test_first_signal_runs_the_gentle_action_and_raises_nothing() -> None:
    called = threading.Event()
    with Interruptions() as interruptions, interruptions.gently(called.set):
        signal.raise_signal(signal.SIGINT)
        assert called.wait(10)
    assert interruptions.first == signal.SIGINT


def test_second_signal_leaves_at_once() -> None:
    with Interruptions() as interruptions, interruptions.gently(lambda: None):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interrupted) as caught:
            signal.raise_signal(signal.SIGINT)
    assert caught.value.at_once


def test_old_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruptions():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
