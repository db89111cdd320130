"""The cluster engine: Ray Data reads and restores, the process that leads writes.

Each actor has a supervised worker process of its own, as the local engine has: a page that kills it or takes too
long goes into quarantine and costs no other. An actor or a whole node that dies is Ray's affair, which does its
pages again elsewhere. The order of the inputs is kept, so results are the same as on one machine.
"""

from __future__ import annotations

import logging
import pickle
import socket
from collections.abc import Callable, Iterator
from typing import Any

from restore.batch.crew import Crew, Outcome, Task
from restore.batch.page import Page, content_hash
from restore.batch.plan import BatchError, Plan
from restore.batch.reading import pages
from restore.batch.run import Run
from restore.readers import Document, Failure
from restore.readers.issue import ALONE
from restore.source import InputError, Source

__all__ = ["Actor", "Reader", "run_ray"]

_ROWS = 8
"""Pages given to an actor at a time: few, so that one that dies costs little."""

_READER, _ACTOR = 0.1, 0.9
"""Shares of a core: a node with n cores has n actors and can still read."""

Row = dict[str, Any]
"""Columns: ``kind`` (page, same, failure, failed, read), ``id``, ``hash``, ``reason``, ``body`` (pickled
document or page), ``source`` (bytes that came in)."""


class Reader:
    """Reads an input (``path``, ``name``, ``done``: hashes by id of pages that need not be restored)."""

    def __init__(self, plan: Plan) -> None:
        """For a plan."""
        self._plan = plan

    def __call__(self, given: Row) -> Iterator[Row]:
        """Rows of its pages, and one to say that it has been read."""
        done: dict[str, str] = pickle.loads(given["done"])
        path, name = given["path"], given["name"]
        try:
            for one in pages(path, self._plan.read, name):
                if isinstance(one, Failure):
                    yield _row("failure", one.id, reason=one.reason)
                    continue
                content, identity = content_hash(*one), one[0].id
                same = done.get(identity) == content
                body = b"" if same else pickle.dumps(one)
                yield _row("same" if same else "page", identity, content, body=body)
        except InputError as error:
            yield _row("failure", name, reason=str(error))
            return
        except OSError as error:
            yield _row("failure", name, reason=f"{path}: cannot be read ({error.strerror or error})")
            return
        yield _row("read", name)


class Actor:
    """Restores rows of pages; other rows pass."""

    def __init__(self, plan: Plan) -> None:
        """For a plan."""
        self._crew = Crew(plan, 1)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The same rows in the same order, documents made into pages."""
        rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        tasks = [_task(row["body"], number) for number, row in enumerate(rows) if row["kind"] == "page"]
        for outcome in self._crew.run(tasks):
            row = rows[outcome.task.number]
            if outcome.kind == "page":
                row["body"] = pickle.dumps(outcome.result)
            else:
                row |= {"kind": "failed", "reason": outcome.reason, "body": b""}
                row["source"] = outcome.task.document.source.to_bytes()
        return {name: [row[name] for row in rows] for name in batch}


def _task(body: bytes, number: int) -> Task:
    document, common = pickle.loads(body)
    return Task(document, common, "", number)


def _row(kind: str, identity: str, content: str = "", reason: str = "", body: bytes = b"") -> Row:
    # ids of files whose names are not UTF-8 have lone surrogates, which Arrow cannot hold
    return {
        "kind": kind,
        "id": identity.encode("utf-8", "surrogatepass"),
        "hash": content,
        "reason": reason.encode("utf-8", "backslashreplace").decode(),
        "body": body,
        "source": b"",
    }


def run_ray(address: str | None) -> Callable[[Run, int], None]:
    """The engine for a cluster at ``address``, or for Ray started here.

    Raises:
        BatchError: when Ray is not installed, or nobody answers there.
    """
    try:
        import ray
        import ray.data
    except ImportError:
        raise BatchError("the engine ray needs Ray: pip install 'restore-cjk[ray]'") from None
    _check_reachable(address)

    def work(run: Run, jobs: int) -> None:
        own = not ray.is_initialized()
        if own:
            try:
                ray.init(
                    address=address,
                    num_cpus=None if address else jobs + 1,
                    include_dashboard=None if address else False,
                    logging_level=logging.ERROR,
                    log_to_driver=False,
                )
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise BatchError(f"no Ray cluster at {address or 'this machine'} ({error})") from None
        try:
            _run(ray, run, jobs)
        except ray.exceptions.RayError as error:
            raise BatchError(f"Ray gave up ({error}); go on with --resume") from None
        finally:
            if own:
                ray.shutdown()

    return work


def _check_reachable(address: str | None) -> None:
    """Ray itself waits for minutes for a cluster that is not there."""
    host, _, port = (address or "").rpartition("://")[2].rpartition(":")
    if not port.isdecimal():  # none, or "auto"
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise BatchError(f"no Ray cluster at {address} ({error.strerror or error})") from None


def _run(ray: Any, run: Run, jobs: int) -> None:
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in ("ray.data", "ray.data._internal"):
        logging.getLogger(name).setLevel(logging.ERROR)
    store = run.store
    items: list[dict[str, Any]] = [
        {
            "path": one.path,
            "name": one.name,
            "bytes": one.bytes,
            "done": pickle.dumps(store.done_before(one.name)),
        }
        for one in store.inputs()
    ]
    sizes = {one["name"].encode("utf-8", "surrogatepass"): one["bytes"] for one in items}
    rows = (
        ray.data.from_items(items, override_num_blocks=min(len(items), max(4 * jobs, len(items) // 64)))
        .flat_map(Reader(run.plan).__call__, num_cpus=_READER)
        .map_batches(
            Actor,
            fn_constructor_args=(run.plan,),
            batch_size=_ROWS,
            compute=ray.data.ActorPoolStrategy(size=jobs),
            num_cpus=_ACTOR,
            batch_format="numpy",
        )
    )
    read_so_far = 0
    for row in rows.iter_rows():
        if run.stopping:
            return
        if row["kind"] == "read":
            read_so_far += sizes.get(row["id"], 0)
            run.progress(read_so_far)
            store.input_read(row["id"].decode("utf-8", "surrogatepass"))
        else:
            _settle(run, row)


def _settle(run: Run, row: Row) -> None:
    """Write down how a page ended."""
    identity = row["id"].decode("utf-8", "surrogatepass")
    if row["kind"] == "failure":
        run.fail(Failure(identity, row["reason"]))
        return
    page = pickle.loads(row["body"]) if row["body"] else None
    source = Document(identity, Source("", raw=row["source"]))
    task = run.take(source, ALONE, row["hash"])
    if task is None:
        return
    if isinstance(page, Page):
        run.outcome(Outcome(task, "page", "", page))
    elif row["kind"] == "failed":
        run.outcome(Outcome(task, "failed", row["reason"]))
    else:
        raise BatchError(f"{identity}: its results went away during the run; go on with --resume")
