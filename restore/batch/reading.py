"""Pages of one input, with what the pages of an issue have in common."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from restore.readers import Document, Failure, ReadOptions, read

__all__ = ["pages"]

_ISSUES = ("pdf", "hocr", "alto", "ocr-json")  # formats whose files with several pages are issues of a paper


def pages(path: str, options: ReadOptions, name: str) -> Iterator[tuple[Document, frozenset[str]] | Failure]:
    """Pages of a file, each with the lines that recur on the pages of its issue; a file of several is read twice.

    Raises:
        InputError, OSError: as :func:`restore.readers.read`.
    """
    found = read(path, options, name=name)
    first, second = next(found, None), next(found, None)
    running: frozenset[str] = frozenset()
    issue = isinstance(first, Document) and (first.meta.get("format") in _ISSUES or "!/" in first.id)
    if issue and second is not None:
        from restore.order.issue import RunningLines

        seen = RunningLines()
        for one in read(path, options, name=name):
            if isinstance(one, Document):
                seen.add(one.source.text)
        running = seen.found()
    for page in chain([first, second], found):
        if page is not None:
            yield (page, running) if isinstance(page, Document) else page
