"""Printed lines that a dump wrote as several: stubs that fill the measure together, and read on.

A text layer keeps words of one printed line apart whose boxes differ a little in height: each stands on a line of its own,
and looks like the short last line of a paragraph.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.layout.segments import Segments
from restore.order.evidence import Evidence, evidence_of

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["whole_lines"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST = 5  # stubs of one printed line
_AROUND = 10  # segments on each side that tell the measure
_PARTIAL, _FIRST, _FULL = 2.0, 0.5, 0.0  # nats, as in cutting segments
_SLACK = 0.2  # nats for each em off the measure
_BELOW, _ABOVE = 1.6, 1.1  # ems by which a full line can be off its measure
_INNER = 1.6  # nats that a line break inside a printed line costs
_STOP = 2.0  # the same behind a full stop
_BLANK = 3.0  # and where a blank line stands, in a text that has none between lines
_SEAM = 0.4  # weight of reading on
_LOW, _HIGH = -4.0, 6.0


def whole_lines(segments: Segments, language: Language) -> Segments:
    """The segments with the stubs of one printed line in one; itself where there are none."""
    n = len(segments)
    if n < 3 or not len(segments.measures):
        return segments
    inside = _inside(segments, evidence_of(segments, language, neighbours=True))
    return _merged(segments, inside) if inside.any() else segments


def _inside(segments: Segments, evidence: Evidence) -> NDArray[np.bool_]:
    """Which segments end in the middle of a printed line, shape ``(n,)``."""
    n = len(segments)
    i = np.arange(n - 1)
    reads = 0.5 * (
        np.clip(evidence.raw[i, i + 1], _LOW, _HIGH) + np.clip(evidence.lines[i, i + 1], _LOW, _HIGH)
    )
    blank = segments.newlines[:-1] > 1
    apart = _BLANK * max(0.0, 1 - 2 * float(blank.mean())) * blank
    price: list[float] = np.append(_INNER - _SEAM * reads + _STOP * evidence.stop[:-1] + apart, 0).tolist()
    measure = _measure_around(segments).tolist()
    width = segments.width.tolist()
    best = [0.0] + [1e9] * n
    back = [0] * (n + 1)
    for j in range(1, n + 1):
        w = cost = 0.0
        for k in range(j - 1, max(-1, j - 1 - _MOST), -1):
            w += width[k]
            if k < j - 1:
                cost += price[k]
                if not measure[k] or w > measure[k] + _ABOVE:
                    break
            value = best[k] + cost + _line_cost(w, measure[k])
            if value < best[j] - 1e-9:
                best[j], back[j] = value, k
    inside = np.ones(n, dtype=np.bool_)
    j = n
    while j > 0:
        inside[j - 1] = False
        j = back[j]
    return inside


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
