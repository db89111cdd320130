"""Formats in: text files, archives and formats with positions, as a stream of pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.source import InputError, Source

__all__ = ["Document", "Failure", "ReadError", "ReadOptions", "read"]


def read(
    path: str | Path, options: ReadOptions = ReadOptions(), *, name: str | None = None
) -> Iterator[Document | Failure]:
    """The pages of a file, an archive or a folder, one after another.

    The format is recognised by content and name. Archives, JSONL, Parquet and PDFs are streamed.

    Args:
        path: a file or a folder (its files are read in order of their names; hidden ones are not).
        options: how to read.
        name: what the ids begin with; by default the file's or folder's own name.

    Yields:
        pages, and a :class:`Failure` in place of each that could not be read.

    Raises:
        ReadError: when nothing can be read from ``path`` at all (missing, unreadable, of no known format).
    """
    path = Path(path)
    base = name or path.name
    if path.is_dir():
        for one in sorted(p for p in path.rglob("*") if p.is_file()):
            inner = one.relative_to(path)
            if any(part.startswith(".") for part in inner.parts):
                continue
            identity = f"{base}/{inner.as_posix()}"
            try:
                yield from read(one, options, name=identity)
            except ReadError as error:
                yield Failure(identity, str(error))
        return
    try:
        yield Document(base, Source.read(path, options.encoding), None, {"format": "text"})
    except InputError as error:
        raise ReadError(str(error)) from None
