"""Segments of a page whose printed lines have boxes: measure, indent and columns come from the boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.boxes import Layout
from restore.layout.measure import column_measures
from restore.layout.segments import Segments
from restore.layout.tokens import ems
from restore.view import View

__all__ = ["Placed", "cut", "placed_segments"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_GUTTER = (
    1.6  # line heights of white inside a line of the recogniser from which it holds lines of two columns
)
_FAR = 1e9  # no page is as large in any unit
_TALL = 1.5  # times as high as wide, from which a box is a line set vertically
_LONG = 5.0  # ems of a line from which its box says how large its type is


@dataclass(frozen=True)
class Placed:
    """Segments with their boxes, turned so that lines run to the right and follow each other downwards.

    Attributes:
        segments: one for each printed line, in the order of the file.
        box: left, top, right, bottom in ems of the page's body type, shape ``(n, 4)``.
        size: size of the type in ems of the body type, shape ``(n,)``.
        vertical: whether the page is set vertically and was turned.
    """

    segments: Segments
    box: Floats
    size: Floats
    vertical: bool


def placed_segments(view: View, layout: Layout) -> Placed | None:
    """The printed lines of a view; None when there is text that the layout does not know of, or lines have moved."""
    origin = view.origin
    if not (np.abs(layout.box) < _FAR).all() or not (np.abs(layout.word_box) < _FAR).all():
        return None  # neither infinite nor no number at all
    if len(origin) > 1 and (np.diff(origin) < 0).any():
        return None
    start, end, box = _columns_apart(view, layout)
    box = np.concatenate(
        (box[:, :2], np.maximum(box[:, 2:], box[:, :2])), axis=1
    )  # words may lie outside their line
    solid = (view.classes & (ch.SPACE | ch.NEWLINE)) == 0
    a, b = np.searchsorted(origin, start), np.searchsorted(origin, end)
    # without the white space at both ends
    after = np.append(np.flatnonzero(solid), len(view))
    before = np.concatenate(([-1], np.flatnonzero(solid)))
    a = after[np.searchsorted(after, a)] if len(a) else a
    b = before[np.searchsorted(before, b) - 1] + 1 if len(b) else b
    have = b > a
    a, b, box = a[have], b[have], box[have]
    n = len(a)
    covered = np.zeros(len(view) + 1, dtype=np.int64)
    np.add.at(covered, a, 1)
    np.add.at(covered, b, -1)
    if n < 2 or (solid & (np.cumsum(covered)[:-1] != 1)).any():
        return None
    text_ems = np.add.reduceat(np.append(ems(view, 1.0) * solid, 0.0), np.stack((a, b), axis=1).ravel())[::2]
    wide, high = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    weight = np.where(text_ems >= 2, text_ems, 0.0)
    vertical = bool(weight[high > _TALL * wide].sum() > weight[wide > _TALL * high].sum())
    if vertical:  # lines run downwards and follow each other to the left
        box = np.stack((box[:, 1], -box[:, 2], box[:, 3], -box[:, 0]), axis=1)
        wide = high
    own = wide / np.maximum(text_ems, 0.5)
    long = text_ems >= _LONG
    if not long.any():
        return None
    em = _weighted_median(own[long], text_ems[long])
    if em <= 0:
        return None
    box = box / em
    thick = box[:, 3] - box[:, 1]
    usual = _weighted_median(thick[long], text_ems[long])
    by_height = thick / max(usual, 1e-6)
    # boxes are rough and digits narrow: of two ways to tell the size of type, the one nearer to the body's
    by_width = own / em
    size = np.where(
        np.abs(np.log(np.maximum(by_width, 1e-6))) < np.abs(np.log(np.maximum(by_height, 1e-6))),
        by_width,
        by_height,
    )
    return Placed(_segments(view, a, b, box, size), box, size, vertical)


def cut(placed: Placed, cuts: Sequence[tuple[int, int, float, float]]) -> Placed:
    """The same lines with some of them cut: (line, view offset, right edge before, left edge behind), ascending."""
    if not cuts:
        return placed
    s = placed.segments
    lines = np.array([c[0] for c in cuts])
    copies = np.bincount(lines, minlength=len(s)) + 1
    source = np.repeat(np.arange(len(s)), copies)
    start, end, box = s.start[source], s.end[source], placed.box[source]
    first = np.cumsum(copies) - copies
    seen: dict[int, int] = {}
    text = s.view.text
    for line, at, left, right in cuts:
        k = int(first[line]) + seen.get(line, 0)
        seen[line] = seen.get(line, 0) + 1
        head, tail = text[int(start[k]) : at], text[at : int(end[k])]
        end[k + 1 : int(first[line]) + int(copies[line])] = end[k]
        end[k] = at - (len(head) - len(head.rstrip()))
        start[k + 1] = at + (len(tail) - len(tail.lstrip()))
        box[k + 1] = box[k]
        box[k, 2], box[k + 1, 0] = left, right
    size = placed.size[source]
    return Placed(_segments(s.view, start, end, box, size), box, size, placed.vertical)


def _segments(view: View, start: Ints, end: Ints, box: Floats, size: Floats) -> Segments:
    n = len(start)
    ends = [*start[1:].tolist(), len(view)]
    newlines = [view.text.count("\n", a, b) for a, b in zip(end.tolist(), ends, strict=True)]
    zero = np.zeros(n, dtype=np.int64)
    width = box[:, 2] - box[:, 0]
    return Segments(
        view,
        start,
        end,
        width / np.maximum(size, 0.5),
        np.arange(n),
        zero,
        zero,
        zero - 1,
        zero,
        zero,
        np.array(newlines, dtype=np.int64),
        1.0,
        column_measures(width),
    )


def _columns_apart(view: View, layout: Layout) -> tuple[Ints, Ints, Floats]:
    """Spans in the source and boxes of lines, cut where a recogniser's line has a gutter in it."""
    start, end, box = layout.start, layout.end, layout.box
    if len(layout.word_start) < 2:
        return start, end, box
    line = np.searchsorted(start, layout.word_start, side="right") - 1
    wb = layout.word_box
    thick = np.minimum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    flat = (box[:, 2] - box[:, 0]) >= (box[:, 3] - box[:, 1])
    white = np.where(flat[line[1:]], wb[1:, 0] - wb[:-1, 2], wb[1:, 1] - wb[:-1, 3])
    cut = (line[1:] == line[:-1]) & (white > _GUTTER * thick[line[1:]]) & (thick[line[1:]] > 0)
    at = np.flatnonzero(cut) + 1
    if not len(at):
        return start, end, box
    starts, ends, boxes = start.tolist(), end.tolist(), box.copy().tolist()
    for k in at.tolist()[::-1]:
        i = int(line[k])
        cut_at = int(layout.word_start[k])
        tail_end, tail = ends[i], list(boxes[i])
        side, other = (0, 2) if flat[i] else (1, 3)
        tail[side] = float(wb[k, side])
        boxes[i][other] = float(wb[k - 1, other])
        ends[i] = int(layout.word_end[k - 1])
        starts.insert(i + 1, cut_at)
        ends.insert(i + 1, tail_end)
        boxes.insert(i + 1, tail)
    return np.array(starts), np.array(ends), np.array(boxes).reshape(-1, 4)


def _weighted_median(values: Floats, weight: Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
