"""Reading inputs in a process of their own: a file that crashes or holds up its reader stops nothing else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from restore.batch.inputs import Input
from restore.batch.plan import BatchError, Plan
from restore.batch.process import Helper
from restore.batch.worker import read_inputs
from restore.readers import Document, Failure
from restore.readers.issue import InCommon

__all__ = ["Feed", "InputRead"]

_TRIES = 2
_FALSE_STARTS = 3
_PAUSE = 5.0  # seconds between two polls after which the reader is not blamed for the time


@dataclass(frozen=True)
class InputRead:
    """An input has been read to its end."""

    input: Input


class Feed:
    """Pages of the inputs, in order.

    Use: wait for `pipe`, then `poll`, until `ended`.
    """

    def __init__(self, plan: Plan, inputs: Iterator[Input]) -> None:
        """For inputs, which are taken one by one."""
        self._plan, self._inputs = plan, inputs
        self._helper: Helper | None = None
        self._now: Input | None = None
        self._tries = 0
        self._false_starts = 0
        self._since = 0.0
        self._asked = 0.0
        self._had = self._skip = (
            0  # pages had from the present input, and those to pass over after its reader died
        )
        self.ended = False
        self.bytes_read = 0
        self._next()

    @property
    def pipe(self) -> Connection | None:
        """What to wait for; None when everything has been read."""
        return self._helper.pipe if self._helper is not None and not self.ended else None

    def _next(self) -> None:
        if self._now is not None:
            self.bytes_read += self._now.bytes
        self._now = next(self._inputs, None)
        self._tries = self._had = self._skip = 0
        if self._now is None:
            self.ended = True
            self.close()
            return
        self._ask()

    def _ask(self) -> None:
        assert self._now is not None
        if self._helper is None:
            self._helper = Helper(read_inputs, self._plan)
        self._since = time.monotonic()
        with contextlib.suppress(OSError):  # it is gone; `poll` finds out
            self._helper.pipe.send((self._now.path, self._now.name))

    def poll(self) -> tuple[Document, InCommon, str] | Failure | InputRead | None:
        """The next page with what it has from the others of its issue and its content hash, a failure, the end of an input, or None when there is nothing yet.

        Raises:
            BatchError: when the process that reads cannot be started.
        """
        helper, now = self._helper, self._now
        if helper is None or now is None:
            return None
        if time.monotonic() - self._asked > _PAUSE:  # nobody wanted a page meanwhile: no time of the reader's
            self._since = time.monotonic()
        self._asked = time.monotonic()
        try:
            if not helper.pipe.poll():
                return self._late() if time.monotonic() - self._since > self._plan.limits.seconds else None
            said = helper.pipe.recv()
        except (EOFError, OSError):
            return self._lost(helper.died_of())
        self._since = time.monotonic()
        if said == "ready":
            helper.ready = True
            self._false_starts = 0
            return None
        if isinstance(said, str):
            self._next()
            return Failure(now.name, said) if said else InputRead(now)
        if self._skip:
            self._skip -= 1
            return None
        self._had += 1
        assert isinstance(said, tuple | Failure)
        return said

    def _late(self) -> Failure | None:
        assert self._helper is not None
        if not self._helper.ready:
            return None
        return self._lost(f"took longer than {self._plan.limits.seconds:g} s for a page", again=False)

    def _lost(self, reason: str, again: bool = True) -> Failure | None:
        assert self._now is not None and self._helper is not None
        ready = self._helper.ready
        self._helper.end()
        self._helper = None
        if not ready:
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS:
                raise BatchError(f"the process that reads inputs cannot be started: it {reason}")
            self._ask()
            return None
        self._tries += 1
        self._skip = self._had
        if again and self._tries < _TRIES:
            self._ask()
            return None
        failure = Failure(self._now.name, f"{self._now.path}: the process reading it {reason}")
        self._next()
        return failure

    def close(self) -> None:
        """End the process."""
        if self._helper is not None:
            self._helper.end()
            self._helper = None
