"""Formats in: text files, archives and formats with positions, as a stream of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened
from restore.readers.recognise import FORMATS, recognise

__all__ = ["FORMATS", "Document", "Failure", "ReadError", "ReadOptions", "read", "read_bytes"]

Pages = Iterator[Document | Failure]
_DEFAULT = ReadOptions()
_ARCHIVES = ("zip", "tar")


def read(path: str | Path, options: ReadOptions = _DEFAULT, *, name: str | None = None) -> Pages:
    """The pages of a file, an archive or a folder, one after another.

    The format is recognised by content and name. Archives, JSON lines, Parquet and PDF files are read as streams: a page
    or a few rows are in memory at a time.

    Args:
        path: a file or a folder. Of a folder its files are read in order of their names; hidden files and images are
            passed over.
        options: how to read.
        name: what the ids begin with; by default the file's or folder's own name.

    Yields:
        Pages, and a :class:`Failure` in place of each that could not be read.

    Raises:
        ReadError: when nothing, or nothing more, can be read from ``path`` (missing, unreadable, of no known format,
            damaged from somewhere on).
    """
    from restore.readers.archive import is_aside, is_picture

    path = Path(path)
    base = name or path.name or path.resolve().name
    if not path.is_dir():
        yield from _pages(Opened.file(path, base), options)
        return
    for one in sorted(p for p in path.rglob("*") if p.is_file()):
        inner = one.relative_to(path).as_posix()
        if is_aside(inner) or is_picture(inner):
            continue
        identity = f"{base}/{inner}"
        try:
            yield from _pages(Opened.file(one, identity), options)
        except ReadError as error:
            yield Failure(identity, str(error))


def read_bytes(data: bytes, name: str, options: ReadOptions = _DEFAULT, *, shown: str | None = None) -> Pages:
    """The pages of a file's content; see :func:`read`.

    Args:
        data: the content.
        name: what the ids begin with; its ending helps to recognise the format.
        options: how to read.
        shown: the name for messages, by default ``name``.
    """
    yield from _pages(Opened(name, shown or name, data=data), options)


def _pages(opened: Opened, options: ReadOptions, member: bool = False) -> Pages:
    from restore.readers.plain import pieces

    kind = options.format if options.format and not member else recognise(opened)
    if kind not in FORMATS:
        raise ReadError(f"{opened.shown}: there is no format {kind!r}; there are {', '.join(FORMATS)}")
    if kind in _ARCHIVES:
        if member:
            raise ReadError(f"{opened.shown}: an archive in an archive is not opened; unpack it")
        yield from _archive(kind, opened, options)
        return
    if opened.size() == 0:
        raise ReadError(f"{opened.shown}: the file is empty; nothing to restore")
    for one in _readers()[kind](opened, options):
        if isinstance(one, Document):
            yield from pieces(one, options)
        else:
            yield one


def _archive(kind: str, opened: Opened, options: ReadOptions) -> Pages:
    from restore.readers.archive import read_tar, read_zip

    def reader(one: Opened, how: ReadOptions) -> Pages:
        return _pages(one, how, member=True)

    yield from (read_zip if kind == "zip" else read_tar)(opened, options, reader)


def _readers() -> Mapping[str, Callable[[Opened, ReadOptions], Pages]]:
    from restore.readers.alto import read_alto
    from restore.readers.apart import read_apart, read_pdf_apart
    from restore.readers.hocr import read_hocr
    from restore.readers.ocr_json import read_ocr_json
    from restore.readers.pagexml import read_page
    from restore.readers.plain import read_markdown, read_text
    from restore.readers.rows import read_jsonl

    return {
        "text": read_text,
        "markdown": read_markdown,
        "jsonl": read_jsonl,
        "parquet": partial(read_apart, "parquet"),
        "arrow": partial(read_apart, "arrow"),
        "ocr-json": read_ocr_json,
        "hocr": read_hocr,
        "alto": read_alto,
        "page": read_page,
        "pdf": read_pdf_apart,
    }
