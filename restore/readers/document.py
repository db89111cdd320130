"""What readers yield: a page to restore, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from restore.layout.boxes import Layout
from restore.source import InputError, Source

__all__ = ["Document", "Failure", "Layout", "ReadError", "ReadOptions"]


@dataclass(frozen=True)
class Document:
    """One page to restore; ``Pipeline.run(document.source, settings, document.layout)``.

    Attributes:
        id: stable and relative: ``folder/a.txt``, ``book.pdf#3``, ``pages.jsonl#17``, ``scans.zip!/p1.xml``. Safe as a
            relative path after :func:`restore.writers.output_path`.
        source: the page's text; with the bytes it was decoded from where the page is a text of its own.
        layout: printed lines with boxes, spans into ``source.text``; None where the format has no positions.
        meta: what the file says about the page: ``format``, ``page``, ``title`` and so on.
        original: the bytes of the page's own file, where a writer can put the result back into them (PAGE).
    """

    id: str
    source: Source
    layout: Layout | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    original: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Failure:
    """A page, member or row that could not be read; the others are not affected.

    Attributes:
        id: as of the :class:`Document` there would have been.
        reason: a sentence for people: what is wrong, where, what to do.
    """

    id: str
    reason: str


class ReadError(InputError):
    """An input cannot be read as a whole; the message says what was wrong, where (file, member, line), what to do."""


@dataclass(frozen=True)
class ReadOptions:
    """How inputs are read.

    Attributes:
        format: name of the format (:data:`restore.readers.FORMATS`), or None to recognise it by content and name.
        encoding: encoding of text files; None to recognise it.
        text_field: column or key that holds the text, in JSONL, Parquet and Arrow.
        id_field: column or key that names a page there; None for its number.
        most_characters: size above which a page is cut at blank lines or refused.
        oversize: ``cut`` such a page at blank lines (refused where it has none), or ``refuse`` it.
        most_bytes: size above which a file, or a member of an archive, is not read.
    """

    format: str | None = None
    encoding: str | None = None
    text_field: str = "text"
    id_field: str | None = None
    most_characters: int = 4_000_000
    oversize: Literal["cut", "refuse"] = "cut"
    most_bytes: int = 256 * 2**20
