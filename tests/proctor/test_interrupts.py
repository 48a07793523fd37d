"""Ctrl-C is heard, wherever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import pytest

from proctor.interrupts import ends, heard


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_interrupts(number: signal.Signals) -> None:
    def run() -> None:
        with heard():
            os.kill(os.getpid(), number)
            time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        run()


def test_closed_terminal_is_not_heeded_where_nohup_says_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heard():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.01)
        assert signal.SIGHUP not in ends()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_interrupt_within_a_callback_of_the_collector_is_heard_after_it() -> None:
    reached = []

    def gc_callback() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)
        reached.append(True)

    def run() -> None:
        with heard():
            gc_callback()
            time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert reached == [True]


def test_interrupt_within_an_import_is_heard_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "import os, signal, time\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(0.001)\nexcept BaseException:\n    lost = True\n"
    (tmp_path / "module_that_drops_exceptions.py").write_text(module, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def run() -> None:
        with heard():
            import_module("module_that_drops_exceptions")
            time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert not hasattr(sys.modules.pop("module_that_drops_exceptions"), "lost")


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with heard():
        assert signal.getsignal(signal.SIGTERM) is signal.getsignal(signal.SIGINT)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_other_threads_change_nothing() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with heard():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize("seconds", [0.3, 2.0], ids=["at its start", "under way"])
def test_interrupted_proof_ends_at_once_with_130(seconds: float) -> None:
    command = [sys.executable, "-m", "proctor", "mutate", "timedash", "productive"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as proof:
        time.sleep(seconds)
        proof.send_signal(signal.SIGINT)
        _, errors = proof.communicate(timeout=15)
    assert proof.returncode in (130, -signal.SIGINT)
    assert errors == "Interrupted.\n"
