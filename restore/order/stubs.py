"""Printed lines that a dump wrote as several: stubs that fill the measure together, and read on.

A text layer keeps words of one printed line apart whose boxes differ a little in height: each stands on a line of its own,
and looks like the short last line of a paragraph.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restore.layout.segments import Segments
from restore.order.evidence import evidence_of
from restore.order.sequence import stay_put

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["Pieces", "pieces_of_lines", "whole_lines"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST = 5  # stubs of one printed line
_AROUND = 10  # segments on each side that tell the measure
_PARTIAL, _FIRST, _FULL = 2.0, 0.5, 0.0  # nats, as in cutting segments
_SLACK = 0.2  # nats for each em off the measure
_BELOW, _ABOVE = 1.6, 1.1  # ems by which a full line can be off its measure
_INNER = 1.6  # nats that a line break inside a printed line costs
_STOP = 1.0  # the same behind a full stop
_BLANK = 3.0  # and where a blank line stands, in a text that has none between lines
_SEAM = 0.4  # weight of reading on
_OUTER, _LEAST = 0.3, -2.0  # weight of reading on from line to line, and its least, where a paragraph ends
_SWAP = 1.0  # nats for each piece that stands before or behind where it was printed
_WINDOW = 1200  # segments looked at together
_ANY_ORDER = 3  # pieces that may stand in any order
_LOW, _HIGH = -4.0, 6.0


class Pieces(NamedTuple):
    """Segments that are one printed line.

    Attributes:
        first: the first of them in the dump.
        order: how they were printed, counted from ``first``.
    """

    first: int
    order: tuple[int, ...]


def pieces_of_lines(segments: Segments, language: Language) -> list[Pieces]:
    """The printed lines that stand in several segments, in the order of the dump."""
    found: list[Pieces] = []
    before = 0
    for part in segments.windows(_WINDOW):
        found += [Pieces(before + first, order) for first, order in _pieces(part, language)]
        before += len(part)
    return found


def _pieces(segments: Segments, language: Language) -> list[Pieces]:
    """The same of a text that is looked at as a whole.

    The best way to part the segments into printed lines, by dynamic programming: neighbours that fill the measure together,
    in whatever order reads on.
    """
    n = len(segments)
    if n < 3 or not len(segments.measures):
        return []
    evidence = evidence_of(segments, language)
    reads = 0.5 * (np.clip(evidence.raw, _LOW, _HIGH) + np.clip(evidence.lines, _LOW, _HIGH)).astype(
        np.float64
    )
    inner = (_INNER - _SEAM * reads + _STOP * evidence.stop[:, None]).tolist()
    outer = (-_OUTER * np.maximum(reads, _LEAST)).tolist()
    blank = segments.newlines[:-1] > 1
    gutter = (segments.newlines[:-1] == 0) & (segments.gap[1:] > 2)
    apart = np.append(
        np.where(gutter, np.inf, _BLANK * max(0.0, 1 - 2 * float(blank.mean())) * blank), 0
    ).tolist()
    measure = _measure_around(segments).tolist()
    width = segments.width.tolist()
    # cost and way back of the best reading of the segments before each place, by which of them is read last
    best: list[dict[int, tuple[float, int, int, tuple[int, ...]]]] = [{-1: (0.0, -1, -1, ())}]
    best += [{} for _ in range(n)]
    for k in range(n):
        w = between = 0.0
        for j in range(k + 1, min(n, k + _MOST) + 1):
            w += width[j - 1]
            if j > k + 1:
                between += apart[j - 2]
                if between == np.inf or not measure[k] or w > measure[k] + _ABOVE:
                    break
            whole = between + _line_cost(w, measure[k])
            for order in _ORDERS[j - k]:
                cost = whole + _moved(order)
                cost += sum(inner[k + a][k + b] for a, b in pairwise(order))
                first, last = k + order[0], k + order[-1]
                here = best[j]
                for before, (value, *_) in best[k].items():
                    value += cost + (outer[before][first] if before >= 0 else 0.0)
                    if last not in here or value < here[last][0] - 1e-9:
                        here[last] = (value, k, before, order)
    found = []
    j, last = n, min(best[n], key=lambda at: best[n][at][0])
    while j > 0:
        _, k, before, order = best[j][last]
        if len(order) > 1:
            found.append(Pieces(k, order))
        j, last = k, before
    return found[::-1]


def whole_lines(segments: Segments, language: Language, across: bool = True) -> Segments:
    """The segments with those in one that are one printed line and stand in its order; itself where there are none.

    Args:
        across: whether pieces may stand on several physical lines.
    """
    inside = np.zeros(len(segments), dtype=np.bool_)
    for first, order in pieces_of_lines(segments, language):
        parted = segments.newlines[first : first + len(order) - 1].any()
        if order == tuple(range(len(order))) and (across or not parted):
            inside[first : first + len(order) - 1] = True
    return _merged(segments, inside) if inside.any() else segments


def _merged(segments: Segments, inside: NDArray[np.bool_]) -> Segments:
    last = np.flatnonzero(~inside)
    first = np.append(0, last[:-1] + 1)
    row = segments.row[first]
    return replace(
        segments,
        start=segments.start[first],
        end=segments.end[last],
        width=np.add.reduceat(segments.width, first),
        row=row,
        block=segments.block[first],
        x=segments.x[first],
        gap=segments.gap[first],
        indent=segments.indent[first],
        place=np.arange(len(first)) - np.searchsorted(row, row),
        newlines=segments.newlines[last],
    )


def _orders() -> list[list[tuple[int, ...]]]:
    """The orders in which so many pieces may have been printed: of more than three only one went elsewhere."""
    out: list[list[tuple[int, ...]]] = [[], [(0,)]]
    for size in range(2, _MOST + 1):
        here = list(permutations(range(size)))
        out.append([order for order in here if size <= _ANY_ORDER or _moved(order) <= _SWAP])
    return out


@cache
def _moved(order: tuple[int, ...]) -> float:
    """What it costs that pieces were printed in this order."""
    return _SWAP * float((~stay_put(np.array(order))).sum())


def _line_cost(width: float, measure: float) -> float:
    off = width - measure
    if -_BELOW <= off <= _ABOVE:
        return min(_FULL + _SLACK * abs(off), _PARTIAL)
    if -2.7 <= off <= -1.3:
        return _FIRST
    return _PARTIAL


def _measure_around(segments: Segments) -> Floats:
    """The measure that most of the segments around each have, 0 for none. Shape ``(n,)``."""
    n = len(segments)
    off = segments.width[:, None] - segments.measures[None, :]
    near = ((off >= -1.1) & (off <= 0.8)) * segments.width[:, None]
    total = np.concatenate((np.zeros((1, near.shape[1])), np.cumsum(near, axis=0)))
    at = np.arange(n)
    votes = total[np.minimum(at + _AROUND + 1, n)] - total[np.maximum(at - _AROUND, 0)]
    best = votes.argmax(axis=1)
    return np.where(votes.max(axis=1) > 0, segments.measures[best], 0.0)


_ORDERS = _orders()
