"""Worker processes under supervision: a page that kills its worker, or takes too long, costs nobody else anything."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Literal

from restore.batch.outputs import Outputs
from restore.batch.page import Page, Summary
from restore.batch.plan import BatchError, Plan
from restore.batch.process import Helper
from restore.batch.worker import Answer, restore_pages
from restore.readers import Document
from restore.readers.issue import ALONE, InCommon

__all__ = ["Crew", "Event", "Outcome", "Task"]

_AHEAD = 2  # pages a worker has: the one it is at and the next, so that it never waits
_FALSE_STARTS = 3


@dataclass
class Task:
    """A page to restore, with what it has from the others of its issue; ``path`` and ``number`` say where its results go."""

    document: Document
    common: InCommon = ALONE
    path: str = ""
    number: int = 0
    tries: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a page ended.

    Attributes:
        kind: ``page``; ``failed`` (to quarantine, with the reason); ``disk`` (not written: the disk refuses).
        result: the page's summary, or the page when workers do not write.
    """

    task: Task
    kind: Literal["page", "failed", "disk"]
    reason: str = ""
    result: Summary | Page | None = None


@dataclass(frozen=True)
class Event:
    """Something for the log: a worker that began or was lost."""

    what: str
    pid: int
    id: str = ""
    reason: str = ""


@dataclass
class _Hand:
    helper: Helper
    tasks: deque[Task] = field(default_factory=deque)
    since: float = 0.0  # when it began with the first of them


class Crew:
    """So many worker processes, begun as they are needed.

    Use: while there is `room`, `submit`; wait for one of `waitables`; `collect`; `close` in the end.
    """

    def __init__(self, plan: Plan, jobs: int, outputs: Outputs | None = None) -> None:
        """For a plan.

        Args:
            plan: settings and limits.
            jobs: how many processes.
            outputs: where workers write results; None when they hand them over.
        """
        self._plan, self._jobs, self._outputs = plan, jobs, outputs
        self._hands: list[_Hand] = []
        self._again: deque[Task] = deque()  # pages of workers that are gone
        self._false_starts = 0
        self.events: list[Event] = []

    @property
    def room(self) -> bool:
        """Whether another page can be taken at once."""
        if self._again:
            return False
        return len(self._hands) < self._jobs or any(len(hand.tasks) < _AHEAD for hand in self._hands)

    @property
    def busy(self) -> bool:
        """Whether any page is under way."""
        return bool(self._again) or any(hand.tasks for hand in self._hands)

    @property
    def waitables(self) -> list[Connection]:
        """What to wait for."""
        return [hand.helper.pipe for hand in self._hands]

    def timeout(self, most: float) -> float:
        """How long may be waited before `collect` has to look at the time limits, in seconds."""
        now = time.monotonic()
        ends = [hand.since + self._plan.limits.seconds - now for hand in self._hands if self._at_work(hand)]
        return max(0.0, min([most, *ends]))

    def submit(self, task: Task) -> None:
        """Give a page to the worker with the fewest.

        Raises:
            BatchError: when workers cannot be started.
        """
        hand = min(self._hands, key=lambda one: len(one.tasks), default=None)
        if hand is None or (hand.tasks and len(self._hands) < self._jobs):
            hand = self._hire()
        self._give(hand, task)

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Outcomes of all ``tasks``, as they come.

        Raises:
            BatchError: when workers cannot be started.
        """
        todo = iter(tasks)
        more = True
        while more or self.busy:
            while more and self.room:
                task = next(todo, None)
                if task is None:
                    more = False
                else:
                    self.submit(task)
            if self.busy:
                wait(self.waitables, self.timeout(60.0))
                yield from self.collect()

    def _hire(self) -> _Hand:
        hand = _Hand(Helper(restore_pages, self._plan, self._outputs))
        self._hands.append(hand)
        self.events.append(Event("worker", hand.helper.pid))
        return hand

    def _give(self, hand: _Hand, task: Task) -> None:
        if not hand.tasks:
            hand.since = time.monotonic()
        hand.tasks.append(task)
        with contextlib.suppress(OSError):  # it is gone; `collect` finds out
            hand.helper.pipe.send((task.document, task.common, task.path, task.number))

    @staticmethod
    def _at_work(hand: _Hand) -> bool:
        return bool(hand.tasks) and hand.helper.ready

    def collect(self) -> list[Outcome]:
        """What has been finished, without waiting; looks after workers that died or take too long.

        Raises:
            BatchError: when workers cannot be started.
        """
        out: list[Outcome] = []
        for pipe in wait(self.waitables, 0):
            hand = next(one for one in self._hands if one.helper.pipe is pipe)
            self._listen(hand, out)
        now = time.monotonic()
        for hand in list(self._hands):
            if self._at_work(hand) and now - hand.since > self._plan.limits.seconds:
                self._timed_out(hand, out)
        while self._again and (len(self._hands) < self._jobs or any(not hand.tasks for hand in self._hands)):
            task = self._again.popleft()
            # a page that has cost a worker gets a fresh one, to itself, so that it pays for nobody else
            idle = next((hand for hand in self._hands if not hand.tasks), None)
            if task.tries and idle is not None and len(self._hands) >= self._jobs:
                self._dismiss(idle)
                idle = None
            hand = idle if idle is not None and not task.tries else self._hire()
            self._give(hand, task)
        return out

    def _listen(self, hand: _Hand, out: list[Outcome]) -> None:
        """Hear one worker out."""
        pipe = hand.helper.pipe
        try:
            while pipe.poll():
                answer = pipe.recv()
                if answer == "ready":
                    hand.helper.ready = True
                    hand.since = time.monotonic()
                    self._false_starts = 0
                    continue
                if answer.kind == "memory":
                    self._lost(hand, answer.reason, out)
                    return
                task = hand.tasks.popleft()
                hand.since = time.monotonic()
                out.append(_outcome(task, answer))
        except (EOFError, OSError):
            reason = hand.helper.died_of()
            if not hand.helper.ready:
                self._false_starts += 1
                if self._false_starts >= _FALSE_STARTS:
                    raise BatchError(
                        f"worker processes cannot be started: one after another {reason}"
                    ) from None
                self._dismiss(hand)
                self._again.extendleft(reversed(hand.tasks))
                return
            self._lost(hand, f"the process restoring it {reason}", out)

    def _lost(self, hand: _Hand, reason: str, out: list[Outcome]) -> None:
        """A worker is gone: one try of the page it was at; the others it had are none the worse."""
        self._dismiss(hand)
        if not hand.tasks:
            self.events.append(Event("worker lost", hand.helper.pid, "", reason))
            return
        task = hand.tasks.popleft()
        task.tries += 1
        self.events.append(Event("worker lost", hand.helper.pid, task.document.id, reason))
        self._again.extendleft(reversed(hand.tasks))
        if task.tries < self._plan.limits.tries:
            self._again.append(task)
        else:
            out.append(Outcome(task, "failed", f"{reason} ({task.tries} tries)"))

    def _timed_out(self, hand: _Hand, out: list[Outcome]) -> None:
        self._dismiss(hand)
        task = hand.tasks.popleft()
        reason = f"took longer than {self._plan.limits.seconds:g} s"
        self.events.append(Event("worker lost", hand.helper.pid, task.document.id, reason))
        self._again.extendleft(reversed(hand.tasks))
        out.append(Outcome(task, "failed", reason))

    def _dismiss(self, hand: _Hand) -> None:
        hand.helper.end()
        self._hands.remove(hand)

    def close(self) -> None:
        """End all workers; pages under way are lost."""
        for hand in list(self._hands):
            idle = not hand.tasks
            self._hands.remove(hand)
            hand.helper.end(kill=not idle)


def _outcome(task: Task, answer: Answer) -> Outcome:
    if answer.kind == "page":
        assert isinstance(answer.result, Summary | Page)
        return Outcome(task, "page", "", answer.result)
    return Outcome(task, "disk" if answer.kind == "disk" else "failed", answer.reason)
