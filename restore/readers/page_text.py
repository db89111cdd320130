"""From lines with boxes to a page: the text the passes read, and its layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from restore.layout.boxes import Layout
from restore.readers.document import Document
from restore.source import Source

__all__ = ["Box", "Line", "Word", "join_words", "page"]

Box = tuple[float, float, float, float]

_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WIDE = re.compile(
    "[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\u3000-\u303f\u2014\u2018\u2019\u201c\u201d\u2026\U00020000-\U0003ffff]"
)
_SPACE = (
    0.4,
    0.8,
)  # line heights of white from which a space was printed: at one wide character, between two
_FAR = 1e7  # coordinates beyond this are nonsense


@dataclass
class Word:
    """A word or glyph of a line."""

    text: str
    box: Box | None = None


@dataclass
class Line:
    """A printed line as a file has it."""

    words: list[Word]
    box: Box | None
    region: int = -1
    id: str = ""
    spaced: bool = True  # whether spaces between words are to be found out


def number(word: str | None) -> float | None:
    """A coordinate, or None for what is none."""
    try:
        value = float(word) if word is not None else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < _FAR else None


def box_of(x: float | None, y: float | None, width: float | None, height: float | None) -> Box | None:
    """A box from its corner and size."""
    if x is None or y is None or width is None or height is None:
        return None
    return (x, y, x + max(width, 0.0), y + max(height, 0.0))


def around(boxes: Iterable[Box | None]) -> Box | None:
    """The box around some."""
    have = [b for b in boxes if b is not None]
    if not have:
        return None
    a = np.array(have)
    left, top = a[:, :2].min(axis=0).tolist()
    right, bottom = a[:, 2:].max(axis=0).tolist()
    return (left, top, right, bottom)


def join_words(line: Line) -> tuple[str, list[tuple[int, int]]]:
    """Text of a line from its words, and the span of each.

    Recognisers part Han characters into words that nothing was printed between: beside them a space stands only where
    the boxes leave room for one.
    """
    text = ""
    spans: list[tuple[int, int]] = []
    before: Word | None = None
    thick = 0.0
    if line.box is not None:
        thick = min(line.box[2] - line.box[0], line.box[3] - line.box[1])
    for word in line.words:
        content = _BREAKS.sub(" ", word.text)
        if not content:
            spans.append((len(text), len(text)))
            continue
        if line.spaced and before is not None and text and not (text[-1].isspace() or content[0].isspace()):
            wide = (_WIDE.match(text[-1]) is not None) + (_WIDE.match(content[0]) is not None)
            if not wide or _apart(before.box, word.box, thick, _SPACE[wide - 1], without=wide == 1):
                text += " "
        spans.append((len(text), len(text) + len(content)))
        text += content
        before = word
    return text, spans


def _apart(a: Box | None, b: Box | None, thick: float, least: float, without: bool) -> bool:
    """Whether more than ``least`` line heights of white lie between two words; ``without`` boxes nobody knows."""
    if a is None or b is None or thick <= 0:
        return without
    return max(b[0] - a[2], b[1] - a[3]) > least * thick


def page(
    identity: str,
    shown: str,
    lines: list[Line],
    size: tuple[float, float],
    meta: Mapping[str, str],
    original: bytes | None = None,
    notes: tuple[str, ...] = (),
) -> Document:
    """A page of printed lines: one a line of text, a blank line between regions.

    Lines without a box leave the page without a layout, since an order of some lines only would lose the others.
    """
    parts: list[str] = []
    at = 0
    start: list[int] = []
    end: list[int] = []
    kept: list[Line] = []
    words: list[tuple[int, int, Box]] = []
    for line in lines:
        text, spans = join_words(line)
        stripped = text.strip()
        if not stripped:
            continue
        lead = len(text) - len(text.lstrip())
        if kept:
            gap = "\n\n" if line.region != kept[-1].region else "\n"
            parts.append(gap)
            at += len(gap)
        for word, (a, b) in zip(line.words, spans, strict=True):
            a, b = max(a - lead, 0), min(b - lead, len(stripped))
            if word.box is not None and a < b:
                words.append((at + a, at + b, word.box))
        start.append(at)
        at += len(stripped)
        end.append(at)
        parts.append(stripped)
        kept.append(line)
    source = Source("".join(parts), "str", shown, notes)
    layout = None
    if kept and all(line.box is not None for line in kept):
        layout = Layout(
            np.array(start, dtype=np.int64),
            np.array(end, dtype=np.int64),
            np.array([line.box for line in kept], dtype=np.float64).reshape(-1, 4),
            np.array([line.region for line in kept], dtype=np.int64),
            tuple(line.id for line in kept),
            size,
            np.array([w[0] for w in words], dtype=np.int64),
            np.array([w[1] for w in words], dtype=np.int64),
            np.array([w[2] for w in words], dtype=np.float64).reshape(-1, 4),
        )
    return Document(identity, source, layout, meta, original)
