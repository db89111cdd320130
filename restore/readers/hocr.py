"""hOCR: HTML of recognisers with boxes in titles (http://kba.github.io/hocr-spec/1.2/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened
from restore.readers.page_text import Box, Line, Word, around, number, page
from restore.readers.xml import parse_html

__all__ = ["is_hocr", "read_hocr"]

_BOX = re.compile(
    r"(?:^|;)\s*bbox\s+(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)"
)
_NUMBER = re.compile(r"(?:^|;)\s*ppageno\s+(\d+)")
_IMAGE = re.compile(r"""(?:^|;)\s*image\s+["']?([^"';]+)""")
_LINES = {"ocr_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat", "ocr_pageno"}
_REGIONS = {"ocr_par", "ocr_carea", "ocr_column", "ocrx_block"}
_WORDS = {"ocrx_word", "ocr_word"}


def is_hocr(head: bytes) -> bool:
    """Whether HTML is hOCR."""
    return b"ocr_page" in head or b"ocr-system" in head or b"ocr_line" in head


def read_hocr(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """The pages of a file; ids are numbered where there are several."""
    root = parse_html(opened, options, "hOCR")
    pages = [e for e in root.iter() if "ocr_page" in _classes(e)] or [root]
    if pages == [root] and not any(_LINES & _classes(e) for e in root.iter()):
        raise ReadError(f"{opened.shown}: HTML without a page of hOCR in it; read it as text (format text)")
    for k, one in enumerate(pages, 1):
        title = one.get("title") or ""
        box = _box(title)
        meta = {"format": "hocr", "page": str(k)}
        image = _IMAGE.search(title)
        if image:
            meta["image"] = image[1].strip()
        name = opened.name if len(pages) == 1 else f"{opened.name}#{k}"
        shown = opened.shown if len(pages) == 1 else f"{opened.shown}, page {k}"
        yield page(name, shown, _lines(one), (box[2], box[3]) if box else (0.0, 0.0), meta)


def _classes(element: Any) -> set[str]:
    value = element.get("class") if isinstance(element.tag, str) else None
    return set(value.split()) if value else set()


def _box(title: str) -> Box | None:
    found = _BOX.search(title)
    if not found:
        return None
    x, y, right, bottom = (number(v) for v in found.groups())
    if x is None or y is None or right is None or bottom is None:
        return None
    return (x, y, max(right, x), max(bottom, y))


def _lines(one: Any) -> list[Line]:
    lines: list[Line] = []
    region = -1
    for element in one.iter():
        kinds = _classes(element)
        if kinds & _REGIONS:
            region += 1
        elif kinds & _LINES:
            words = [
                Word("".join(w.itertext()).strip(), _box(w.get("title") or ""))
                for w in element.iter()
                if _WORDS & _classes(w)
            ]
            if not any(w.text for w in words):
                words = [Word(" ".join("".join(element.itertext()).split()))]
            box = _box(element.get("title") or "") or around(w.box for w in words)
            lines.append(Line(words, box, region, element.get("id") or ""))
    return lines
