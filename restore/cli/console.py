"""What the command line says: results to stdout, the rest to stderr, an error as one clear sentence."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer

if TYPE_CHECKING:
    from restore.restoration import Restoration

__all__ = [
    "Failure",
    "Progress",
    "explained",
    "guarded",
    "say",
    "tell_restored",
    "write_bytes",
    "write_lines",
]

P = ParamSpec("P")
T = TypeVar("T")

#: Exit codes: what was asked for; something would be changed (``check``), pages in quarantine (``batch``); an error;
#: stopped by Ctrl-C.
OK, CHANGES, ERROR, STOPPED = 0, 1, 2, 130


class Failure(Exception):  # noqa: N818  (it is no fault of the program)
    """Something the user has to put right; the message is one sentence."""


def say(*lines: str) -> None:
    """Messages, to stderr."""
    from restore.report.terminal import printable

    for line in lines:
        typer.echo(printable(line), err=True)


def tell_restored(restoration: Restoration, summary: bool = False) -> None:
    """What was done to a page, and what its readers should know: a line, or ten with ``summary``."""
    from restore.report.terminal import head_line, summary_lines

    say(*(summary_lines(restoration) if summary else [head_line(restoration)]))
    say(*(f"  note: {note}" for note in dict.fromkeys([*restoration.source.notes, *restoration.notes])))
    if restoration.source.encoding not in ("utf-8", "str"):
        say(f"  note: read as {restoration.source.encoding}; the result is UTF-8")


def write_lines(lines: Iterable[str]) -> None:
    """Results for people or scripts, to stdout."""
    for line in lines:
        typer.echo(line)


def write_bytes(data: bytes) -> None:
    """A text or file, to stdout; on a terminal the last line gets its end."""
    sys.stdout.flush()
    out = sys.stdout.buffer
    out.write(data)
    if sys.stdout.isatty() and not data.endswith(b"\n"):
        out.write(b"\n")
    out.flush()


def explained(error: Exception, name: str = "") -> str:
    """One sentence for an error: what the user can do, or that the program is at fault."""
    from restore.batch.plan import BatchError
    from restore.config import ConfigError
    from restore.correction import CorrectionError
    from restore.data import DataError
    from restore.decisions import DecisionError
    from restore.files import OutputError
    from restore.record import RecordError
    from restore.restoration import InvariantError
    from restore.source import InputError

    known = (BatchError, ConfigError, DataError, DecisionError, Failure, InputError, OutputError, RecordError)
    if isinstance(error, known):
        return str(error)
    where = f"{name}: " if name else ""
    if os.environ.get("RESTORE_TRACEBACK"):
        raise error
    if isinstance(error, InvariantError):
        return f"{where}restore broke a promise on this text ({error}); nothing was written, please report it"
    if isinstance(error, CorrectionError):
        return f"{where}a pass contradicts itself ({error}); nothing was written, please report it"
    if isinstance(error, OSError):  # results for files have their own errors
        return f"{error.filename or 'standard output'}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return f"{where}not enough memory"
    from restore.pipeline import told

    return (
        f"{where}internal error ({told(error)}); nothing was written, please report it "
        "(RESTORE_TRACEBACK=1 shows where it happened)"
    )


def guarded(command: Callable[P, T]) -> Callable[P, T]:
    """A command whose errors are told in one sentence, with exit code 2."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except Exception as error:
            say(f"restore: {explained(error)}")
            raise typer.Exit(ERROR) from None

    return run


class Progress:
    """Which of several inputs is being worked on; silent unless stderr is a terminal."""

    def __init__(self, names: Sequence[str]) -> None:
        """For these inputs."""
        self._names = names
        self._shown = len(names) > 1 and sys.stderr.isatty()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Numbers and names, in turn."""
        for number, name in enumerate(self._names):
            if self._shown:
                typer.echo(f"\r\x1b[K[{number + 1}/{len(self._names)}] {name}", err=True, nl=False)
            yield number, name
        self.clear()

    def clear(self) -> None:
        """Take the line away, before a message or at the end."""
        if self._shown:
            typer.echo("\r\x1b[K", err=True, nl=False)
