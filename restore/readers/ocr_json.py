"""JSON of PaddleOCR and RapidOCR, in the forms their versions and wrappers have written.

- lists of ``[points, text, score]`` or ``[points, [text, score]]``, one page or a list of pages;
- ``rec_texts`` with ``rec_polys``, ``dt_polys`` or ``rec_boxes`` (PaddleOCR 3), alone or under ``res``;
- ``txts`` with ``boxes`` (RapidOCR 2 and later);
- objects with ``text``, ``txt`` or ``transcription`` and ``box``, ``bbox``, ``text_region`` or ``points``, in a list, under
  numbers, or under ``res``, ``data``, ``result`` or ``lines``; and what services wrap all these in, a page each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened
from restore.readers.page_text import Box, Line, Word, around, number, page

__all__ = ["read_ocr_json"]

_TEXTS = ("text", "txt", "transcription", "rec_text", "rec_txt")
_BOXES = (
    "box",
    "bbox",
    "text_region",
    "points",
    "poly",
    "dt_box",
    "rec_box",
    "dt_boxes",
    "text_box_position",
)
_HOLDERS = (
    "res",
    "data",
    "result",
    "results",
    "lines",
    "ocr_result",
    "overall_ocr_res",
    "prunedResult",
    "ocrResults",
    "layoutParsingResults",
)
_MOST_DEEP = 12


def read_ocr_json(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """The pages of a file; ids are numbered where there are several."""
    try:
        body = orjson.loads(opened.content(options).removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise ReadError(
            f"{opened.shown}: not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from None
    pages = _pages(body)
    if not pages:
        raise ReadError(
            f"{opened.shown}: JSON without recognised lines (of PaddleOCR or RapidOCR) in it;"
            " for one page a line choose the format jsonl"
        )
    for k, lines in enumerate(pages, 1):
        name = opened.name if len(pages) == 1 else f"{opened.name}#{k}"
        shown = opened.shown if len(pages) == 1 else f"{opened.shown}, page {k}"
        yield page(name, shown, lines, (0.0, 0.0), {"format": "ocr-json", "page": str(k)})


def _pages(body: Any) -> list[list[Line]]:
    lines = _lines(body, 0)
    if lines is not None:
        return [lines]
    for _ in range(_MOST_DEEP):  # of what services wrap pages in
        if not isinstance(body, dict):
            break
        body = next((body[h] for h in _HOLDERS if isinstance(body.get(h), list | dict)), [])
    if not isinstance(body, list):
        return []
    # RapidOCR 1 gives how long each step took behind the lines
    found = [_lines(one, 0) for one in body if not _times(one)]
    return [one if one is not None else [] for one in found] if any(found) else []


def _lines(body: Any, depth: int) -> list[Line] | None:
    """Lines of one page, None when this is not one."""
    if depth > _MOST_DEEP:
        return None
    if isinstance(body, dict):
        for name in ("rec_texts", "txts"):
            texts = body.get(name)
            if isinstance(texts, list):
                return _columns(body, texts)
        if body and all(key.isdecimal() for key in body):
            return _lines([body[key] for key in sorted(body, key=int)], depth + 1)
        for holder in _HOLDERS:
            inner = body.get(holder)
            if isinstance(inner, dict | list):
                found = _lines(inner, depth + 1)
                if found is not None:
                    return found
        return None
    if not isinstance(body, list) or not body:
        return None
    lines = [_line(one) for one in body]
    if all(one is not None for one in lines):
        return [one for one in lines if one is not None]
    blocks = [one for one in body if isinstance(one, dict) and isinstance(one.get("res"), list)]
    if blocks:  # blocks of a layout model, each with its lines
        out: list[Line] = []
        for region, block in enumerate(blocks):
            for line in _lines(block["res"], depth + 1) or []:
                line.region = region
                out.append(line)
        return out
    return None


def _times(body: Any) -> bool:
    return isinstance(body, list) and bool(body) and all(isinstance(one, int | float) for one in body)


def _columns(body: dict[str, Any], texts: list[Any]) -> list[Line]:
    shapes: list[Any] = []
    for name in ("rec_polys", "rec_boxes", "dt_polys", "boxes"):
        value = body.get(name)
        if isinstance(value, list) and len(value) == len(texts):
            shapes = value
            break
    shapes = shapes or [None] * len(texts)
    return [Line([Word(str(t))], _box(s)) for t, s in zip(texts, shapes, strict=True)]


def _line(one: Any) -> Line | None:
    if isinstance(one, dict):
        text = next((one[k] for k in _TEXTS if isinstance(one.get(k), str)), None)
        if text is None:
            return None
        shape = next((one[k] for k in _BOXES if one.get(k) is not None), None)
        return Line(_words(one.get("words"), text), _box(shape))
    if isinstance(one, list) and len(one) in (2, 3):
        text = one[1]
        if isinstance(text, list) and text and isinstance(text[0], str):
            text = text[0]
        box = _box(one[0])
        if isinstance(text, str) and box is not None:
            return Line([Word(text)], box)
    return None


def _words(words: Any, text: str) -> list[Word]:
    """Words that make up the line, or the line as one."""
    if not isinstance(words, list):
        return [Word(text)]
    out: list[Word] = []
    at = 0
    for one in words:
        if not (isinstance(one, list) and len(one) == 5 and isinstance(one[0], str) and one[0]):
            return [Word(text)]
        found = text.find(one[0], at)
        if found < 0 or text[at:found].strip():
            return [Word(text)]
        out.append(Word(text[at:found] + one[0], _box(one[1:])))
        at = found + len(one[0])
    return out if out and not text[at:].strip() else [Word(text)]


def _box(shape: Any) -> Box | None:
    """A box from four numbers or from points."""
    if not isinstance(shape, list) or not 1 < len(shape) <= 1000:
        return None
    if len(shape) == 4 and all(isinstance(v, int | float) for v in shape):
        x, y, right, bottom = (number(str(v)) for v in shape)
        if x is None or y is None or right is None or bottom is None:
            return None
        return (min(x, right), min(y, bottom), max(x, right), max(y, bottom))
    points = []
    for pair in shape:
        if not (isinstance(pair, list) and len(pair) == 2):
            return None
        x, y = (number(str(v)) if isinstance(v, int | float) else None for v in pair)
        if x is None or y is None:
            return None
        points.append((x, y, x, y))
    return around(points)
