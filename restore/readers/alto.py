"""ALTO 2 to 4 (https://www.loc.gov/standards/alto/), whatever the namespace says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened
from restore.readers.page_text import Box, Line, Word, around, box_of, number, page
from restore.readers.xml import local, parse_xml

__all__ = ["read_alto"]


def read_alto(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """The pages of a file; ids are numbered where there are several."""
    root = parse_xml(opened, options, "ALTO")
    pages = [e for e in root.iter() if local(e) == "Page"]
    if not pages:
        raise ReadError(f"{opened.shown}: ALTO without a Page")
    unit = next((e.text for e in root.iter() if local(e) == "MeasurementUnit" and e.text), "")
    image = next((e.text for e in root.iter() if local(e) == "fileName" and e.text), None)
    for k, one in enumerate(pages, 1):
        meta = {"format": "alto", "page": one.get("PHYSICAL_IMG_NR") or str(k)}
        if unit.strip():
            meta["unit"] = unit.strip()
        if image:
            meta["image"] = image.strip()
        size = (number(one.get("WIDTH")) or 0.0, number(one.get("HEIGHT")) or 0.0)
        name = opened.name if len(pages) == 1 else f"{opened.name}#{k}"
        shown = opened.shown if len(pages) == 1 else f"{opened.shown}, page {k}"
        yield page(name, shown, _lines(one), size, meta)


def _box(element: Any) -> Box | None:
    return box_of(*(number(element.get(name)) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")))


def _lines(one: Any) -> list[Line]:
    lines: list[Line] = []
    region = -1
    for element in one.iter():
        kind = local(element)
        if kind == "TextBlock":
            region += 1
        elif kind == "TextLine":
            words = _words(element)
            lines.append(
                Line(words, _box(element) or around(w.box for w in words), region, element.get("ID") or "")
            )
    return lines


def _words(line: Any) -> list[Word]:
    """The words of a line; the hyphen that its end has set belongs to the last of them."""
    words: list[Word] = []
    for element in line.iter():
        kind, text = local(element), element.get("CONTENT") or ""
        if kind == "HYP" and words:
            box = around((words[-1].box, _box(element))) if words[-1].box else None
            words[-1] = Word(words[-1].text + text, box)
        elif kind in ("String", "HYP"):
            words.append(Word(text, _box(element)))
    return words
