"""Rows of glyphs, each of another vertical column, with their places in the row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import regex

from restore import characters as ch
from restore.layout.furniture import furniture_lines
from restore.view import View

__all__ = ["FEWEST", "Cell", "GlyphRows", "glyph_rows"]

FEWEST = 6  # rows of a region
_PIECE = regex.compile(r"[0-9A-Za-z.%,:()\-]*[0-9A-Za-z%][0-9A-Za-z.%]*|\S")
_WHOLE = 5  # letters side by side of a line that is no row
_APART = 0.3  # share of spaces that are wider than one where they keep the places of columns
_REGIONS_GAP = 3  # lines of another kind between rows of one region


@dataclass(frozen=True)
class Cell:
    """A glyph, or figures set on their side.

    Attributes:
        start, end: view offsets.
        x: code points before it in its line; `column` the same with wide characters as two.
        touches: whether no space stands before it.
    """

    start: int
    end: int
    x: int
    column: int
    touches: bool


@dataclass(frozen=True)
class GlyphRows:
    """Lines that hold a glyph of every vertical column.

    Attributes:
        start, end: view offsets of the first and behind the last glyph.
        rows: the glyphs of each line, from left to right.
        length: code points of the longest line.
    """

    start: int
    end: int
    rows: list[list[Cell]]
    length: int


def glyph_rows(view: View) -> list[GlyphRows]:
    """The regions of a text that are written in rows of glyphs whose spaces keep the places of columns."""
    edges = np.concatenate(([-1], view.breaks, [len(view)]))
    lines = [(int(a) + 1, int(b)) for a, b in zip(edges, edges[1:], strict=False)]
    lines = [(a, b) for a, b in lines if not view.text[a:b].isspace() and a < b]
    texts = [view.text[a:b] for a, b in lines]
    heads = [_is_furniture(text) for text in texts]
    length = max(map(len, texts), default=0)
    found: list[GlyphRows] = []
    run: list[list[Cell]] = []
    for (start, end), text, head in zip(lines, texts, heads, strict=True):
        if head or regex.search(rf"[\p{{Han}}]{{{_WHOLE},}}", text):
            _keep(found, run, length)
            run = []
        else:
            run.append(_cells(view, start, end))
    _keep(found, run, length)
    return found


def _is_furniture(text: str) -> bool:
    """Whether a line is a running head or an imprint, as most of its parts are."""
    parts = text.split()
    told = furniture_lines(["".join(parts), *parts])
    return bool(told[0]) or float(told[1:].mean()) > 0.5


def _keep(found: list[GlyphRows], run: list[list[Cell]], length: int) -> None:
    if len(run) < FEWEST:
        return
    gaps = [b.x - a.x - (a.end - a.start) for row in run for a, b in zip(row, row[1:], strict=False)]
    if sum(gap > 1 for gap in gaps) >= _APART * sum(gap > 0 for gap in gaps) or _indented(run):
        found.append(GlyphRows(run[0][0].start, run[-1][-1].end, run, length))


def _indented(run: list[list[Cell]]) -> bool:
    """Whether rows begin at different places, as those do whose first columns have ended."""
    return sum(row[0].x > 1 for row in run) >= 0.2 * len(run)


def _cells(view: View, start: int, end: int) -> list[Cell]:
    wide = (view.classes[start:end] & ch.WIDE) > 0
    columns = np.concatenate(([0], np.cumsum(np.where(wide, 2, 1))))
    out: list[Cell] = []
    for match in _PIECE.finditer(view.text[start:end]):
        a, b = match.span()
        touches = bool(out) and out[-1].end == start + a
        out.append(Cell(start + a, start + b, a, int(columns[a]), touches))
    return out
