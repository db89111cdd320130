"""Text files, and Markdown as converters write it (its markup is taken out by the pass ``markup``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened
from restore.source import InputError, Source

__all__ = ["pieces", "read_markdown", "read_text"]

_BLANK = re.compile(r"\n[ \t\r\u3000]*\n")


def read_text(opened: Opened, options: ReadOptions, kind: str = "text") -> Iterator[Document | Failure]:
    """One page."""
    try:
        source = Source.from_bytes(opened.content(options), opened.shown, options.encoding)
    except ReadError:
        raise
    except InputError as error:
        raise ReadError(str(error)) from None
    yield Document(opened.name, source, None, {"format": kind})


def read_markdown(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """One page of Markdown."""
    return read_text(opened, options, "markdown")


def pieces(document: Document, options: ReadOptions) -> Iterator[Document | Failure]:
    """The page, or when it is too large the pieces between blank lines, or why it is refused.

    The pieces together are the whole text; their ids end in ``@1``, ``@2`` and so on.
    """
    text = document.source.text
    most = options.most_characters
    if len(text) <= most:
        yield document
        return
    size = f"{len(text):,} characters, more than a page may have ({most:,})"
    if options.oversize == "refuse" or document.layout is not None:
        yield Failure(document.id, f"{document.source.name}: {size}; split it, or allow more characters")
        return
    cuts = _cuts(text, most)
    if cuts is None:
        reason = f"{document.source.name}: {size}, and no blank line to cut it at; split it, or allow more"
        yield Failure(document.id, f"{reason} characters")
        return
    source = document.source
    for number, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(text)], strict=True), 1):
        note = f"piece {number} of {len(cuts) + 1}, cut at a blank line: the whole has {size}"
        part = Source(text[a:b], "str", f"{source.name} (piece {number})", (*source.notes, note))
        meta = {**document.meta, "piece": str(number), "pieces": str(len(cuts) + 1)}
        yield Document(f"{document.id}@{number}", part, None, meta)


def _cuts(text: str, most: int) -> list[int] | None:
    """Where to cut so that no piece is longer than ``most``, each as late as it can be; None when that cannot be."""
    cuts: list[int] = []
    start = 0
    while len(text) - start > most:
        end = start + most
        at = text.rfind("\n\n", start, end)
        cut = at + 2 if at >= 0 else -1
        if cut < 0:
            for found in _BLANK.finditer(text, start, end):
                cut = found.end()
        if cut <= start:
            return None
        cuts.append(cut)
        start = cut
    return cuts
