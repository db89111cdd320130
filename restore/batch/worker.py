"""What runs in the other processes: one that restores pages, and one that reads inputs.

Both answer over a pipe and end when the process that leads the batch is gone.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restore.batch.outputs import Outputs
    from restore.batch.plan import Plan

__all__ = ["Answer", "read_inputs", "restore_pages"]


@dataclass(frozen=True)
class Answer:
    """What a worker says of a page.

    Attributes:
        kind: ``page`` (with a summary, or with the whole page where nobody writes it there), ``failed`` (the
            page's own fault), ``memory`` (the worker ends) or ``disk`` (results cannot be written).
        reason: why, for people.
    """

    kind: str
    reason: str = ""
    result: object = None


def restore_pages(pipe: Connection, lifeline: Connection, plan: Plan, outputs: Outputs | None) -> None:
    """Restore the pages that come over ``pipe`` as ``(document, what it has in common, path, number)`` until it is closed."""
    _settle(lifeline)
    from restore.batch.page import restore_page

    pipeline = plan.pipeline()
    _warm(plan)
    gc.freeze()  # what has been loaded stays: collections need not look through it again and again
    _limit_memory(plan.limits.megabytes)
    pipe.send("ready")
    while True:
        try:
            document, common, path, number = pipe.recv()
        except (EOFError, OSError):
            return
        answer: Answer
        try:
            page = restore_page(document, plan, pipeline, common)
            answer = Answer("page", "", page) if outputs is None else _written(outputs, page, path, number)
        except MemoryError:
            answer = Answer("memory", f"needed more than {plan.limits.megabytes} MB of memory")
        except Exception as error:
            answer = Answer("failed", _told(error))
        with contextlib.suppress(NameError):
            del page
        del document
        try:
            pipe.send(answer)
        except (BrokenPipeError, OSError):
            return
        if answer.kind == "memory":
            return


def _written(outputs: Outputs, page: object, path: str, number: int) -> Answer:
    from restore.batch.outputs import blames_page
    from restore.batch.page import Page
    from restore.files import OutputError

    assert isinstance(page, Page)
    try:
        outputs.put(page, path, number)
    except OutputError as error:
        return Answer("failed" if blames_page(error) else "disk", str(error))
    return Answer("page", "", page.summary)


def _told(error: Exception) -> str:
    from restore.correction import CorrectionError
    from restore.pipeline import told
    from restore.restoration import InvariantError

    if isinstance(error, InvariantError):
        return f"restore broke a promise on this text ({error}); please report it"
    if isinstance(error, CorrectionError):
        return f"a pass contradicts itself ({error}); please report it"
    return f"internal error ({told(error)}); please report it"


def read_inputs(pipe: Connection, lifeline: Connection, plan: Plan) -> None:
    """Read the inputs whose ``(path, name)`` come over ``pipe``.

    For each, any number of ``(document, what it has in common, hash)`` and of failures, then a string: empty, or why nothing (more)
    could be read.
    """
    _settle(lifeline)
    from restore.batch.page import content_hash
    from restore.batch.reading import pages
    from restore.readers import Failure
    from restore.source import InputError

    # room for the largest file that is read, its text and what is made of it, besides what a page may take
    megabytes = plan.limits.megabytes and plan.limits.megabytes + 3 * (plan.read.most_bytes >> 20)
    _limit_memory(megabytes)
    pipe.send("ready")
    while True:
        try:
            path, name = pipe.recv()
        except (EOFError, OSError):
            return
        reason = ""
        try:
            for one in pages(path, plan.read, name):
                pipe.send(one if isinstance(one, Failure) else (*one, content_hash(*one)))
        except BrokenPipeError:
            return
        except InputError as error:
            reason = str(error)
        except OSError as error:
            reason = f"{path}: cannot be read ({error.strerror or error})"
        except MemoryError:
            reason = f"{path}: reading it needs more than {megabytes} MB of memory"
        except Exception as error:
            reason = (
                f"{path}: internal error while reading ({type(error).__name__}: {error}); please report it"
            )
        try:
            pipe.send(reason)
        except (BrokenPipeError, OSError):
            return


def _settle(lifeline: Connection) -> None:
    """Leave Ctrl-C to the leading process, and end when it ends, however it does."""
    with contextlib.suppress(ValueError):  # not in the main thread, in a test
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            lifeline.recv_bytes()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _warm(plan: Plan) -> None:
    """Map the tables before memory is counted."""
    from restore.language import shared

    if not {"reading_order", "confusables", "doubles", "strays"}.isdisjoint(plan.passes):
        language = shared()
        _ = language.model, language.lexicon


def _limit_memory(megabytes: int) -> None:
    """Let this process have so much more memory than it has; where the system cannot limit that, nothing is done."""
    if not megabytes or not sys.platform.startswith("linux"):
        return
    import resource

    with open("/proc/self/statm") as counts:  # noqa: PTH123
        data = int(counts.read().split()[5]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = data + megabytes * 2**20
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
