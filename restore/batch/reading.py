"""Pages of one input, with what the pages of an issue have in common."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from restore.readers import Document, Failure, ReadOptions, read
from restore.readers.issue import ALONE, InCommon, Issue, is_issue

__all__ = ["pages"]


def pages(path: str, options: ReadOptions, name: str) -> Iterator[tuple[Document, InCommon] | Failure]:
    """Pages of a file, each with what it has from the others of its issue; a file of several is read twice.

    Raises:
        InputError, OSError: as :func:`restore.readers.read`.
    """
    found = read(path, options, name=name)
    first, second = next(found, None), next(found, None)
    issue = Issue(read(path, options, name=name)) if second is not None and is_issue(first) else None
    for page in chain([first, second], found):
        if isinstance(page, Document):
            yield page, issue.of(page.id) if issue is not None else ALONE
        elif page is not None:
            yield page
