"""PDF, Parquet and Arrow in a process of their own: a file can bring down the library that reads it, or blow up in it.

``python -m restore.readers.apart`` takes a pickled request on standard input and writes pickled pages to standard output.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened, need

__all__ = ["read_apart", "read_pdf_apart"]

_MEMORY = 2**30 - 2**27  # bytes of data the process may have; with the one that asks, a gigabyte
_SECONDS = 40  # of processor time for one page or batch of rows
_DEATHS = 3  # pages of one PDF that may bring it down

Pages = Iterator[Document | Failure]


class _Died(Exception):  # noqa: N818
    """The process came to an end before the file did."""


def read_apart(kind: str, opened: Opened, options: ReadOptions) -> Pages:
    """The pages of a file of rows, read by :mod:`restore.readers.rows` in another process.

    Raises:
        ReadError: as the reader, and when the process comes to an end before the file does.
    """
    need("pyarrow", f"reading {kind.capitalize()}")
    try:
        yield from _read(kind, opened, options)
    except _Died:
        raise ReadError(f"{opened.shown}: {_too_much(kind.capitalize() + ' file')}; write it again") from None


def read_pdf_apart(opened: Opened, options: ReadOptions) -> Pages:
    """The pages of a PDF, read by :mod:`restore.readers.pdf` in another process; begun again behind a page that ends it.

    Raises:
        ReadError: as the reader, and when several pages bring the process to an end.
    """
    need("pypdfium2", "reading PDF")
    done = deaths = 0
    while True:
        try:
            for one in _read("pdf", opened, options, done):
                done += 1
                yield one
            return
        except _Died:
            done += 1
            deaths += 1
            if deaths == _DEATHS:
                raise ReadError(f"{opened.shown}: {_too_much('PDF')}; read up to page {done - 1}") from None
            yield Failure(f"{opened.name}#{done}", f"{opened.shown}, page {done}: {_too_much('page')}")


def _too_much(what: str) -> str:
    return f"damaged {what} (it brought down the library that reads it, or needs too much memory or time)"


def _read(kind: str, opened: Opened, options: ReadOptions, begin: int = 0) -> Pages:
    command = [sys.executable, "-m", "restore.readers.apart"]
    # an allocator that takes what it needs, so that a limit on memory is one
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError), child.stdin as stdin:
            pickle.dump((kind, opened, options, begin), stdin)
        while True:
            try:
                one = pickle.load(child.stdout)
            except (EOFError, pickle.UnpicklingError):
                raise _Died from None
            if one is None:
                return
            if isinstance(one, str):
                raise ReadError(one)
            yield one
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _reader(kind: str, opened: Opened, options: ReadOptions, begin: int) -> Pages:
    if kind == "pdf":
        from restore.readers.pdf import read_pdf

        return read_pdf(opened, options, begin)
    from restore.readers.rows import read_arrow, read_parquet

    return (read_parquet if kind == "parquet" else read_arrow)(opened, options)


def _limit() -> None:
    """Limits on the memory of this process, where the system has them."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


def _wind_up() -> None:
    """Let the system end this process when the next page takes too long; inside a library nothing else can."""
    with contextlib.suppress(ImportError, AttributeError, ValueError, OSError):
        import signal

        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)


def _serve() -> None:
    _limit()
    kind, opened, options, begin = pickle.load(sys.stdin.buffer)
    out = sys.stdout.buffer

    def send(one: Any) -> None:
        pickle.dump(one, out, protocol=pickle.HIGHEST_PROTOCOL)
        out.flush()

    try:
        _wind_up()
        for one in _reader(kind, opened, options, begin):
            send(one)
            _wind_up()
    except ReadError as error:
        send(str(error))
    else:
        send(None)


if __name__ == "__main__":
    _serve()
