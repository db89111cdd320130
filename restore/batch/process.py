"""Starting processes so that they neither catch the leader's Ctrl-C nor outlive it, with one BLAS thread each."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from restore.threads import ONE_THREAD

__all__ = ["Helper"]


class Helper:
    """A process with a pipe to it.

    Attributes:
        pipe: what it says; waitable.
        ready: whether it has said that it is.
    """

    def __init__(self, target: Callable[..., None], *args: Any) -> None:
        """Start ``target(pipe, lifeline, *args)``."""
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._lifeline, watched = _one_way(context)
        self.ready = False
        self._process = context.Process(target=target, args=(theirs, watched, *args), daemon=True)
        with _start_conditions():
            self._process.start()
        theirs.close()
        watched.close()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid or 0

    def end(self, kill: bool = True) -> None:
        """End the process, at once or when it has noticed that nobody listens."""
        if kill:
            self._process.kill()
        self.pipe.close()
        self._process.join(None if kill else 2)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self._lifeline.close()

    def died_of(self) -> str:
        """Why a process that has closed its pipe is gone, for people."""
        self._process.join(5)
        code = self._process.exitcode
        if code is None:
            return "does not answer"
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = str(-code)
            hint = "; out of memory?" if name == "SIGKILL" else ""
            return f"was ended by {name}{hint}"
        return f"ended with exit code {code}"


def _one_way(context: Any) -> tuple[Connection, Connection]:
    """A pipe that is never written to: the end given to the process is at its end when this one is closed."""
    watched, mine = context.Pipe(duplex=False)
    return mine, watched


@contextlib.contextmanager
def _start_conditions() -> Iterator[None]:
    """One BLAS thread, no Ctrl-C: these are inherited, and must stand before the process imports anything."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    leads = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if leads else None
    # what is run there can be imported by name: the new process need not import the main program as well, so
    # that may be a script without a guard
    main = sys.modules["__main__"]
    names: tuple[str, ...] = ("__spec__", "__file__")
    hidden = {name: main.__dict__.pop(name) for name in names if name in main.__dict__}
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(hidden)
        if leads:
            signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
