"""A batch from its beginning to its end: takes pages in, writes down how each ended, tells the user."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Literal, Protocol

import orjson

from restore.batch.crew import Event, Outcome, Task
from restore.batch.index import write_index
from restore.batch.log import Log
from restore.batch.outputs import blames_page
from restore.batch.page import Page, Summary
from restore.batch.plan import BatchError, Plan
from restore.batch.shards import check_parquet
from restore.batch.store import DONE, QUARANTINE, Entry, Store
from restore.files import OutputError, write
from restore.readers import Document, Failure
from restore.readers.issue import InCommon

__all__ = ["Result", "Run", "Watcher", "run_batch"]


@dataclass(frozen=True)
class Result:
    """How a batch ended.

    Attributes:
        done, quarantine: pages in the output folder restored, and not.
        restored, skipped: pages restored by this run, and left as an earlier run had them.
        stopped: whether somebody stopped it before its end.
        seconds: how long this run took.
        statistics: sums by pass over all restored pages.
        failures: the first pages in quarantine, with reasons.
    """

    done: int
    quarantine: int
    restored: int
    skipped: int
    stopped: bool
    seconds: float
    statistics: dict[str, dict[str, int]] = field(default_factory=dict)
    failures: tuple[tuple[str, str], ...] = ()


class Watcher(Protocol):
    """Somebody who wants to be told."""

    def total(self, size: int) -> None:
        """So many bytes of inputs are to be read."""

    def settled(self, pages: int, read: int) -> None:
        """So many pages have been settled and bytes read."""

    def said(self, line: str) -> None:
        """Something to tell at once."""


class _Nobody:
    def total(self, size: int) -> None: ...

    def settled(self, pages: int, read: int) -> None: ...

    def said(self, line: str) -> None: ...


class Run:
    """What the engines need: pages in, outcomes down."""

    def __init__(self, store: Store, plan: Plan, log: Log, watcher: Watcher) -> None:
        """For an open store."""
        self.store, self.plan, self.log, self.watcher = store, plan, log, watcher
        self.stopping = False
        self.restored = 0
        self._settled = 0
        self._read = 0

    # ------------------------------------------------------------------ in
    def take(self, document: Document, common: InCommon, content: str) -> Task | None:
        """A page has been read: the task to restore it, or None when there is nothing to do."""
        entry = self.store.enter(document.id, content)
        if entry.known:
            self._twice(document)
            return None
        if not entry.todo:
            self._tell()
            return None
        return Task(document, common, entry.path, entry.number)

    def _twice(self, document: Document) -> None:
        number = 2
        while (entry := self.store.enter(f"{document.id}~{number}", None)).known:
            number += 1
        self._quarantine(
            entry, f"{document.id}~{number}", "another page of the batch has the same id", document
        )

    def fail(self, failure: Failure) -> None:
        """A page or an input could not be read."""
        entry = self.store.enter(failure.id, None)
        if entry.known:
            entry = self.store.enter(f"{failure.id}~", None)
        if not entry.known:
            self._quarantine(entry, failure.id, failure.reason, None)

    # ------------------------------------------------------------------ out
    def outcome(self, outcome: Outcome) -> None:
        """A page has ended.

        Raises:
            BatchError: when the disk refuses results.
        """
        task = outcome.task
        entry = Entry(task.number, task.path, True)
        if outcome.kind == "disk":
            raise BatchError(_disk(outcome.reason))
        if outcome.kind == "failed":
            self._quarantine(entry, task.document.id, outcome.reason, task.document)
            return
        summary = outcome.result
        if isinstance(summary, Page):
            try:
                self.store.outputs.put(summary, task.path, task.number)
            except OutputError as error:
                if not blames_page(error):
                    raise
                self._quarantine(entry, task.document.id, str(error), task.document)
                return
            summary = summary.summary
        assert isinstance(summary, Summary)
        self.store.done(entry, summary)
        self.restored += 1
        self.log.write(
            "page",
            id=task.document.id,
            seconds=round(summary.seconds, 4),
            characters=summary.characters,
            applied=summary.applied,
            open=summary.open,
            need=summary.need,
        )
        self._tell()

    def _quarantine(self, entry: Entry, identity: str, reason: str, document: Document | None) -> None:
        data = None if document is None else document.source.to_bytes()
        try:
            self.store.quarantine(entry, reason, data)
        except OutputError as error:
            if not blames_page(error):
                raise
            self.store.quarantine(entry, reason, None)  # its name cannot be a file's
        self.log.write("quarantine", id=identity, reason=reason)
        self.watcher.said(f"{identity}: {reason}; in quarantine")
        self._tell()

    def events(self, events: list[Event]) -> None:
        """Write down what happened to workers, and forget it."""
        for event in events:
            fields = {"id": event.id, "reason": event.reason}
            self.log.write(event.what, pid=event.pid, **{k: v for k, v in fields.items() if v})
        events.clear()

    def progress(self, read: int) -> None:
        """So many bytes of the inputs have been read."""
        self._read = read

    def _tell(self) -> None:
        self._settled += 1
        self.watcher.settled(self._settled, self._read)


def _disk(reason: str) -> str:
    return f"{reason}; nothing is lost: free some space or make the folder writable, then go on with --resume"


def run_batch(
    named: str | Path | Sequence[str | Path],
    out: str | Path,
    plan: Plan | None = None,
    *,
    jobs: int = 1,
    resume: bool = False,
    retry: bool = False,
    engine: Literal["local", "ray"] = "local",
    address: str | None = None,
    watcher: Watcher | None = None,
) -> Result:
    """Restore all pages of some inputs into a folder.

    Args:
        named: files and folders, of any format there is a reader for.
        out: the output folder: new or empty, or with ``resume`` that of an earlier run.
        plan: settings, wanted results and limits.
        jobs: worker processes; on a cluster, actors.
        resume: go on where an earlier run stopped; pages that changed, or were made by other settings or another
            version, are made again.
        retry: try pages in quarantine again.
        engine: ``local`` or ``ray``.
        address: of a Ray cluster; None starts Ray here.
        watcher: is told of progress.

    Raises:
        BatchError: when it cannot begin or go on; what has been restored so far stays and can be resumed.
    """
    if isinstance(named, str | Path):
        named = [named]
    plan = plan or Plan()
    watcher = watcher or _Nobody()
    if jobs < 1:
        raise BatchError("at least one worker process is needed")
    if plan.format == "parquet":
        check_parquet()
    work = _engine(engine, address)
    plan.pipeline()  # complaints about passes come before anything is made
    begin = time.monotonic()
    with _disk_told():
        store = Store(Path(out), plan, named, resume=resume, retry=retry)
    try:
        with _disk_told(), contextlib.closing(Log(store.folder / "log.jsonl")) as log:
            run = Run(store, plan, log, watcher)
            log.write("begin", run=store.run, engine=engine, jobs=jobs, plan=plan.as_data())
            for folder in store.left_out:
                log.write("left out", id=folder, reason="has the results of another batch")
                watcher.said(f"{folder}: has the results of another batch and is left out")
            watcher.total(store.input_bytes())
            try:
                with _stoppable(run):
                    work(run, jobs)
            except BatchError as error:
                with contextlib.suppress(OSError):
                    log.write("stop", reason=str(error))
                raise
            return _end(run, begin)
    finally:
        store.close()


def _engine(name: str, address: str | None) -> Callable[[Run, int], None]:
    if name == "ray":
        from restore.batch.cluster import run_ray

        return run_ray(address)
    from restore.batch.local import run_local

    return run_local


def _end(run: Run, begin: float) -> Result:
    store = run.store
    if not run.stopping:
        store.finish()
        if store.changed:
            run.watcher.said(
                f"{store.changed} pages had changed, or were made with other settings, and were made again"
            )
    statistics: dict[str, Counter[str]] = {}
    failures: list[tuple[str, str]] = []
    for row in store.rows():
        if row.summary is not None:
            for name, counts in row.summary.statistics.items():
                statistics.setdefault(name, Counter()).update(counts)
        else:
            if len(failures) < 20:
                failures.append((row.id, row.reason))
    counts = store.counts()
    ran = run.plan.pipeline().names  # pages of an earlier run may have others
    in_order = sorted(statistics, key=lambda name: ran.index(name) if name in ran else len(ran))
    result = Result(
        counts[DONE],
        counts[QUARANTINE],
        run.restored,
        store.skipped,
        run.stopping,
        time.monotonic() - begin,
        {name: dict(statistics[name]) for name in in_order},
        tuple(failures),
    )
    write_index(store, result, run.plan)
    _write_lists(store, result)
    run.log.write(
        "stop" if run.stopping else "end",
        done=result.done,
        quarantine=result.quarantine,
        restored=result.restored,
        skipped=result.skipped,
        seconds=round(result.seconds, 1),
    )
    return result


def _write_lists(store: Store, result: Result) -> None:
    """``summary.json`` and ``quarantine.jsonl``."""
    body: dict[str, Any] = {
        "done": result.done,
        "quarantine": result.quarantine,
        "statistics": result.statistics,
        "plan": store.plan.as_data(),
    }
    write(store.folder / "summary.json", orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n", force=True)
    target = store.folder / "quarantine.jsonl"
    staged = store.outputs.staging / target.name
    with staged.open("wb") as out:
        for row in store.rows("need"):
            if row.summary is not None:
                break  # quarantine comes first
            out.write(orjson.dumps({"id": row.id, "reason": row.reason}) + b"\n")
    staged.replace(target)


@contextlib.contextmanager
def _disk_told() -> Iterator[None]:
    """What the system says about disks, in words, and with the way on."""
    try:
        yield
    except OutputError as error:
        raise BatchError(_disk(str(error))) from None
    except sqlite3.OperationalError as error:
        raise BatchError(_disk(f"the state of the batch cannot be written ({error})")) from None
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise BatchError(_disk(f"{name}cannot be written ({error.strerror or error})")) from None


@contextlib.contextmanager
def _stoppable(run: Run) -> Iterator[None]:
    """Ctrl-C, or SIGTERM, ends the batch when the pages under way are done; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if run.stopping:
            raise KeyboardInterrupt
        run.stopping = True
        run.watcher.said("stopping when the pages under way are done; once more to stop at once")

    names = (signal.SIGINT, signal.SIGTERM) if sys.platform != "win32" else (signal.SIGINT,)
    before = {name: signal.signal(name, stop) for name in names}
    try:
        yield
    except KeyboardInterrupt:
        run.stopping = True
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
