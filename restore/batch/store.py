"""The state of a batch: which pages there are, which are done, which are in quarantine and why.

It is a SQLite file in the output folder, so the process that leads a batch holds nothing that grows with the
number of pages, and the end of that process, at whatever point, loses at most the pages under way.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import orjson

from restore.batch.inputs import Input, list_inputs
from restore.batch.lock import Lock
from restore.batch.outputs import OWN, STATE, Outputs
from restore.batch.page import Summary
from restore.batch.plan import BatchError, Plan
from restore.batch.shards import pack, shard_name, unpack
from restore.files import OutputError
from restore.source import has_surrogate
from restore.writers import output_path

__all__ = ["DONE", "QUARANTINE", "TODO", "Entry", "Row", "Store"]

TODO, DONE, QUARANTINE = "todo", "done", "quarantine"

_SCHEMA = """
create table if not exists facts(name text primary key, value text);
create table if not exists inputs(n integer primary key, name text unique, path text, bytes integer, run integer, read integer);
create table if not exists pages(
    n integer primary key, id text unique, path text unique, hash text, print text, run integer, state text,
    reason text, need real, summary text, shard integer);
"""


@dataclass(frozen=True)
class Entry:
    """A page on its way in.

    Attributes:
        number: its number, from 0, in the order of the inputs.
        path: its output path.
        todo: whether it has to be restored.
        known: whether its id has been met in this run already.
    """

    number: int
    path: str
    todo: bool
    known: bool = False


@dataclass(frozen=True)
class Row:
    """A settled page, for the index page and the list of quarantine."""

    number: int
    id: str
    path: str
    state: str
    reason: str
    need: float
    summary: Summary | None


class Store:
    """The state of the batch in an output folder; made for one run, which holds the folder's lock."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        named: Sequence[str | Path],
        *,
        resume: bool = False,
        retry: bool = False,
    ) -> None:
        """Open or begin a batch.

        Args:
            folder: the output folder; made when it is missing.
            plan: what is to be done.
            named: inputs, files and folders.
            resume: go on with the batch in the folder.
            retry: try pages in quarantine again.

        Raises:
            BatchError: when the folder has something else in it, or a batch and not ``resume``, or one at work, or one
                that keeps its results in other files.
        """
        self.plan, self.folder, self.retry = plan, folder, retry
        self.outputs = Outputs(folder.absolute(), plan.format != "text")
        self.print = plan.fingerprint
        own = folder / OWN
        state = own / STATE
        _check_folder(folder, own.is_dir(), resume)
        self.left_out: list[str] = []  # folders that have the results of other batches
        inputs = list_inputs(named, folder, self.left_out.append)
        first = next(inputs, None)  # complaints about inputs come before anything is made
        if first is None:
            results = f" but the results of another batch in {self.left_out[0]}" if self.left_out else ""
            raise BatchError(f"there is no file to read in what was named{results}")
        begun = own.is_dir()
        own.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(own / "lock")
        db: sqlite3.Connection | None = None
        try:
            self.outputs.clear_staging()
            self._db = db = _open(state)
            self._same_files()
            self.run = int(self._fact("run", "0")) + 1
            self._set("run", str(self.run))
            self._list(first, inputs)
            self._block: Counter[int] = Counter()  # settled pages of the files being filled
        except BaseException:
            if db is not None:
                db.close()
            self._lock.release()
            if not begun:  # leave nothing that looks like a batch
                shutil.rmtree(own, ignore_errors=True)
            raise
        self.seen = self.skipped = self.changed = 0

    def _same_files(self) -> None:
        """Refuse to go on in other files than those the batch began with, which would have pages twice or lose them."""
        plan = self.plan
        files = plan.format if plan.format == "text" else f"{plan.format} --shard {plan.shard}"
        begun = self._fact("files", files)
        if begun != files:
            raise BatchError(
                f"{self.folder}: the batch in it was begun with --format {begun}; go on with that, or choose another folder"
            )
        self._set("files", files)

    # ------------------------------------------------------------------ inputs
    def _list(self, first: Input, others: Iterator[Input]) -> None:
        with self._db as db:
            db.execute("begin")
            for one in chain((first,), others):
                name, path = _kept(one.name), _kept(one.path)
                found = db.execute("select path, run from inputs where name = ?", (name,)).fetchone()
                if found is not None and found[0] != path and found[1] == self.run:
                    raise BatchError(
                        f"{_given(found[0])} and {one.path} would both be called {one.name}; name a folder above them"
                    )
                db.execute(
                    "insert into inputs(name, path, bytes, run, read) values (?, ?, ?, ?, 0) "
                    "on conflict(name) do update set path = excluded.path, bytes = excluded.bytes, run = excluded.run",
                    (name, path, one.bytes, self.run),
                )

    def inputs(self) -> Iterator[Input]:
        """Files to read in this run, in order: those found, and those of an earlier run that were never read."""
        last = 0
        while True:
            found = self._db.execute(
                "select n, path, name, bytes from inputs where n > ? and (run = ? or read = 0) order by n limit 1000",
                (last, self.run),
            ).fetchall()
            if not found:
                return
            for _, path, name, size in found:
                yield Input(_given(path), _given(name), size)
            last = found[-1][0]

    def input_bytes(self) -> int:
        """Size of all files to read."""
        (total,) = self._db.execute(
            "select coalesce(sum(bytes), 0) from inputs where run = ? or read = 0", (self.run,)
        ).fetchone()
        return int(total)

    def input_read(self, name: str) -> None:
        """A file has been read to its end."""
        self._db.execute("update inputs set read = 1 where name = ?", (_kept(name),))

    def done_before(self, name: str) -> dict[str, str]:
        """Content hashes by id of the finished pages of an input; none in a first run. Its ids begin with its name."""
        if self.run == 1:
            return {}
        found = self._db.execute(
            "select id, hash, n, path, shard from pages where id >= ? and id < ? and print = ? "
            "and (state = ? or (state = ? and not ?))",
            (_key(name), _key(name) + "\U0010ffff", self.print, DONE, QUARANTINE, self.retry),
        )
        return {
            identity: content
            for identity, content, number, path, shard in found.fetchall()
            if content is not None and self._has_results(number, path, shard)
        }

    # ------------------------------------------------------------------ pages
    def enter(self, identity: str, content: str | None) -> Entry:
        """Note that there is a page, and say whether it has to be restored.

        Args:
            identity: its id.
            content: its content hash; None when it could not be read.
        """
        self.seen += 1
        found = self._db.execute(
            "select n, path, hash, print, run, state, shard from pages where id = ?", (_key(identity),)
        ).fetchone()
        if found is None:
            return self._new(identity, content)
        number, path, old, made, run, state, shard = found
        if run == self.run:
            return Entry(number, path, False, known=True)
        same = old == content and made == self.print
        if (
            same
            and content is not None
            and (
                (state == DONE and self._has_results(number, path, shard))
                or (state == QUARANTINE and not self.retry)
            )
        ):
            self._db.execute("update pages set run = ? where n = ?", (self.run, number))
            self.skipped += 1
            self._settled(number)
            return Entry(number, path, False)
        if state == DONE:
            self.changed += 1
        if shard is not None:
            self._unpack(shard)
        self._db.execute(
            "update pages set run = ?, hash = ?, print = ?, state = ? where n = ?",
            (self.run, content, self.print, TODO, number),
        )
        return Entry(number, path, True)

    def _new(self, identity: str, content: str | None) -> Entry:
        number = int(self._db.execute("select coalesce(max(n), -1) + 1 from pages").fetchone()[0])
        path = str(output_path(identity))
        if not path.lower().endswith(".txt"):  # also of a text whose name had to be changed
            path += ".txt"
        if self._db.execute("select 1 from pages where path = ?", (path,)).fetchone():
            path = str(output_path(f"{identity}~{number}", ".txt"))
        self._db.execute(
            "insert into pages(n, id, path, hash, print, run, state, need) values (?, ?, ?, ?, ?, ?, ?, 0)",
            (number, _key(identity), path, content, self.print, self.run, TODO),
        )
        return Entry(number, path, True)

    def _has_results(self, number: int, path: str, shard: int | None) -> bool:
        if not self.outputs.rows:
            return self.outputs.text(path).exists()
        return (self._shard(shard) if shard is not None else self.outputs.row(number)).exists()

    def done(self, entry: Entry, summary: Summary) -> None:
        """A page is restored and its results are written."""
        plain = [
            summary.characters,
            summary.restored,
            summary.applied,
            summary.open,
            summary.gaps,
            summary.moves,
            summary.notes,
            summary.statistics,
        ]
        self._db.execute(
            "update pages set state = ?, reason = null, need = ?, summary = ? where n = ?",
            (
                DONE,
                summary.need,
                _key(json.dumps(plain, ensure_ascii=False, separators=(",", ":"))),
                entry.number,
            ),
        )
        if self.run > 1:
            self.outputs.release(entry.path)
        self._settled(entry.number)

    def quarantine(self, entry: Entry, reason: str, data: bytes | None) -> None:
        """A page cannot be restored; ``data`` is what came in, where it could be read."""
        if data is not None:
            self.outputs.quarantine(entry.path, data)
        self._db.execute(
            "update pages set state = ?, reason = ?, need = 0, summary = null where n = ?",
            (QUARANTINE, _key(reason), entry.number),
        )
        self.outputs.drop(entry.path, entry.number)
        self._settled(entry.number)

    # ------------------------------------------------------------------ rows
    def _shard(self, number: int) -> Path:
        return self.folder / shard_name(number + 1, self.plan.format)

    def _settled(self, number: int) -> None:
        if not self.outputs.rows:
            return
        block = number // self.plan.shard
        self._block[block] += 1
        if self._block[block] == self.plan.shard:
            del self._block[block]
            self._pack(block)

    def _pack(self, block: int) -> None:
        """Put the rows of a file together, unless it has them already."""
        first = block * self.plan.shard
        found = self._db.execute(
            "select n, shard from pages where n >= ? and n < ? and state = ? order by n",
            (first, first + self.plan.shard, DONE),
        ).fetchall()
        if all(shard is not None for _, shard in found) and (not found or self._shard(block).exists()):
            return
        if any(shard is not None for _, shard in found):  # pages have been added to a file that was not full
            self._unpack(block)
        rows = (self.outputs.row(number).read_bytes() for number, _ in found)
        staged = self.outputs.staging / shard_name(block + 1, self.plan.format)
        try:
            pack(rows, staged, self.plan.format)
            staged.replace(self._shard(block))
        except OSError as error:
            raise _unwritten(self._shard(block), error) from None
        self._db.execute(
            "update pages set shard = ? where n >= ? and n < ? and state = ?",
            (block, first, first + self.plan.shard, DONE),
        )
        for number, _ in found:
            self.outputs.row(number).unlink(missing_ok=True)

    def _unpack(self, block: int) -> None:
        """Take a file apart again because one of its pages has to be done anew."""
        found = self._db.execute(
            "select n from pages where shard = ? and state = ? order by n", (block, DONE)
        ).fetchall()
        if self._shard(block).exists():
            for (number,), line in zip(found, unpack(self._shard(block), self.plan.format), strict=True):
                target = self.outputs.row(number)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(line)
        self._db.execute("update pages set shard = null where shard = ?", (block,))

    # ------------------------------------------------------------------ the end
    def finish(self) -> None:
        """Every input has been read and every page settled: pack the last file, and miss what has gone missing."""
        self._db.execute(
            "update pages set state = ?, reason = ? where state = ? and run < ?",
            (QUARANTINE, "its input is not there any more", TODO, self.run),
        )
        # what could not be read in an earlier run and was not met again is not in the inputs any more
        self._db.execute(
            "delete from pages where state = ? and hash is null and run < ? and reason <> ?",
            (QUARANTINE, self.run, "its input is not there any more"),
        )
        for block in sorted(self._block):
            self._pack(block)
        self._block.clear()

    def rows(self, order: str = "n") -> Iterator[Row]:
        """Settled pages, one after another: by number, or (``need``) those first that need a person most."""
        by = {"n": "n", "need": "state = 'quarantine' desc, need desc, n"}[order]
        # fetchmany on a cursor of its own: the sort is SQLite's, on disk when it is large
        found = self._db.execute(
            f"select n, id, path, state, reason, need, summary from pages where state <> 'todo' order by {by}"
        )
        while part := found.fetchmany(500):
            for number, identity, path, state, reason, need, summary in part:
                words = None if summary is None else orjson.loads(summary)
                told = None
                if words is not None:
                    a, b, c, d, e, f, notes, statistics = words
                    told = Summary(a, b, c, d, e, f, need, tuple(notes), statistics)
                yield Row(number, identity, path, state, reason or "", need, told)

    def counts(self) -> dict[str, int]:
        """Pages by state."""
        found = dict(self._db.execute("select state, count(*) from pages group by state").fetchall())
        return {state: int(found.get(state, 0)) for state in (DONE, QUARANTINE, TODO)}

    def close(self) -> None:
        """Give the folder back."""
        try:
            self._db.close()
        finally:
            self._lock.release()

    # ------------------------------------------------------------------ small things
    def _fact(self, name: str, usual: str) -> str:
        found = self._db.execute("select value from facts where name = ?", (name,)).fetchone()
        return usual if found is None else str(found[0])

    def _set(self, name: str, value: str) -> None:
        self._db.execute("insert or replace into facts values (?, ?)", (name, value))


def _check_folder(folder: Path, begun: bool, resume: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise BatchError(f"{folder}: is a file; the results of a batch need a folder")
    if begun and not resume:
        raise BatchError(
            f"{folder}: has a batch in it already; go on with it (--resume), or choose another folder"
        )
    if not begun and folder.is_dir() and any(folder.iterdir()):
        raise BatchError(f"{folder}: is not empty; choose a new folder for the results of a batch")


def _open(state: Path) -> sqlite3.Connection:
    db = sqlite3.connect(state, isolation_level=None)
    try:
        # one process alone: no shared-memory file, which network file systems cannot have
        db.execute("pragma locking_mode = exclusive")
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")
        db.executescript(_SCHEMA)
    except sqlite3.DatabaseError as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise BatchError(f"{state}: damaged ({error}); begin again in another folder") from None
    return db


def _unwritten(path: Path, error: OSError) -> OutputError:
    told = OutputError(f"{path}: cannot be written ({error.strerror or error})")
    told.errno = error.errno if error.errno is not None else errno.EIO
    return told


def _key(identity: str) -> str:
    """The id as SQLite can hold it: lone surrogates, from file names that are not UTF-8, escaped."""
    return identity.encode("utf-8", "backslashreplace").decode("utf-8")


def _kept(name: str) -> str | bytes:
    """A name of the file system as SQLite can hold it and give it back: bytes where it is not UTF-8."""
    return os.fsencode(name) if has_surrogate(name) else name


def _given(kept: str | bytes) -> str:
    """The name that :func:`_kept` kept."""
    return os.fsdecode(kept) if isinstance(kept, bytes) else kept
