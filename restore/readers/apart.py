"""Parquet and Arrow in a process of their own: a damaged file can bring down the library that reads it.

``python -m restore.readers.apart`` takes a pickled request on standard input and writes pickled pages to standard output.
"""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened, need

__all__ = ["read_apart"]

_MEMORY = 4 * 2**30  # bytes of address space of the process


def read_apart(kind: str, opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """The pages of a file of rows, read by :mod:`restore.readers.rows` in another process.

    Raises:
        ReadError: as the reader, and when the process comes to an end before the file does.
    """
    need("pyarrow", f"reading {kind.capitalize()}")
    command = [sys.executable, "-m", "restore.readers.apart"]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError), child.stdin as stdin:
            pickle.dump((kind, opened, options), stdin)
        while True:
            try:
                one = pickle.load(child.stdout)
            except (EOFError, pickle.UnpicklingError):
                raise ReadError(
                    f"{opened.shown}: damaged {kind.capitalize()} file (it brought down the library that reads it);"
                    " write it again"
                ) from None
            if one is None:
                return
            if isinstance(one, str):
                raise ReadError(one)
            yield one
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _serve() -> None:
    from restore.readers.rows import read_arrow, read_parquet

    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kind, opened, options = pickle.load(sys.stdin.buffer)
    out = sys.stdout.buffer

    def send(one: Any) -> None:
        pickle.dump(one, out, protocol=pickle.HIGHEST_PROTOCOL)
        out.flush()

    try:
        for one in (read_parquet if kind == "parquet" else read_arrow)(opened, options):
            send(one)
    except ReadError as error:
        send(str(error))
    else:
        send(None)


if __name__ == "__main__":
    _serve()
