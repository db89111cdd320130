"""Lines of neighbouring columns that a dump wrote as one, with nothing or a single space between them.

Recognition that reads across a narrow gutter, and converters that drop it, make lines twice as wide as their columns.
Such widths are sums of two measures of the page, and what meets at the place of the gutter does not read on. A line that
was really printed so wide reads on there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.layout.measure import column_measures
from restore.layout.tokens import ems

if TYPE_CHECKING:
    from restore.language.scorer import Scorer
    from restore.layout.segments import Segments

__all__ = ["unglued"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEAR = 1.3  # ems that a sum of measures may be off
_AT = 0.8  # ems that the gutter may be off its measure
_FEWEST = 4  # lines of a width
# nats at the gutter, in the mean over the lines of a width, from which they were printed so wide (glued lines have -1 and
# less, printed ones 0.5 and more), and of a single line among glued ones
_READS_ON, _LINE_READS_ON = -0.5, 1.5
_SHORTEST, _SHORT_READS_ON = (
    2.0,
    -0.5,
)  # ems of a second part, and nats, where other lines of the page are glued
_APART = 0.7  # share of the lines of a width that must not read on
_OFF_GUTTER = 0.7  # nats for each half em
_REACH = 4
_PLAINLY = -13.0  # ln P behind a gutter, in the mean, from which lines read on however they compare
_SAMPLE = 16  # tails that stand for all of the page
_MOST_ROUNDS = 2
_BLANK = re.compile(r"\s")


def unglued(segments: Segments, model: Scorer) -> Segments:
    """The segments with glued lines cut in two; itself where there are none."""
    for _ in range(_MOST_ROUNDS):
        cuts = _cuts(segments, model)
        if not cuts:
            break
        segments = _cut(segments, cuts)
    return segments


def _cuts(segments: Segments, model: Scorer) -> dict[int, int]:
    """Segment -> view offset at which its second part begins."""
    measures = segments.measures.tolist()
    if len(segments) < _FEWEST or not measures:
        return {}
    found: dict[int, int] = {}
    text = _Text(segments, model)
    for a, b in combinations_with_replacement(sorted(measures), 2):
        lines = np.flatnonzero(np.abs(segments.width - a - b) <= _NEAR)
        if len(lines) < _FEWEST:
            continue
        for left in {a, b}:
            at, odds = _gutters(segments, lines, left, text)
            known = at >= 0
            if known.sum() < _FEWEST or odds[known].mean() > _READS_ON or (odds[known] < 0).mean() < _APART:
                continue
            for k, place, value in zip(lines.tolist(), at.tolist(), odds.tolist(), strict=True):
                if place >= 0 and value < _LINE_READS_ON:
                    found.setdefault(k, place)
            # the second of the two can be the short last line of a paragraph
            short = (segments.width > left + _SHORTEST) & (segments.width < a + b - _NEAR)
            short &= (np.abs(segments.width[:, None] - segments.measures[None, :]) > _NEAR).all(axis=1)
            lines = np.flatnonzero(short)
            at, odds = _gutters(segments, lines, left, text)
            for k, place, value in zip(lines.tolist(), at.tolist(), odds.tolist(), strict=True):
                if place >= 0 and value < _SHORT_READS_ON:
                    found.setdefault(k, place)
    return found


class _Text:
    """What all widths of a page are judged with.

    Attributes:
        model: the character model.
        solid: view offsets of the characters that are no white space, shape ``(m,)``.
        total: ems before each of them and before the end, shape ``(m + 1,)``.
        ids: of the model, shape ``(m,)``.
    """

    def __init__(self, segments: Segments, model: Scorer) -> None:
        self.model, self._view, self._half_mark = model, segments.view, segments.half_mark

    @cached_property
    def solid(self) -> Ints:
        return np.flatnonzero(~_blank(self._view.text))

    @cached_property
    def total(self) -> Floats:
        return np.append(0.0, np.cumsum(ems(self._view, self._half_mark)[self.solid]))

    @cached_property
    def ids(self) -> Ints:
        return np.asarray(self.model.encode("".join(self._view.text.split())), dtype=np.int64)


def _gutters(segments: Segments, lines: Ints, left: float, text: _Text) -> tuple[Ints, Floats]:
    """Where each line would be cut behind ``left`` ems, -1 for nowhere, and how well it reads on there, in nats."""
    solid, total, model = text.solid, text.total, text.model
    first, stop = np.searchsorted(solid, segments.start[lines]), np.searchsorted(solid, segments.end[lines])
    size = stop - first
    owner = np.repeat(np.arange(len(lines)), size)
    behind = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size) + 1  # so many characters
    offset = total[first[owner] + behind] - total[first[owner]]
    fits = (np.abs(offset - left) <= _AT) & (behind >= 2) & (behind < size[owner] - 1)
    owner, offset = owner[fits], offset[fits]
    cut = first[owner] + behind[fits]
    at = np.full(len(lines), -1, dtype=np.int64)
    best = np.full(len(lines), np.inf)
    if not len(cut):
        return at, best
    ids = text.ids
    tails, heads = cut[:, None] + np.arange(-_REACH, 0), cut[:, None] + np.arange(_REACH)
    ends = np.where(tails >= first[owner][:, None], ids[tails], model.bos)
    begins = np.where(heads < stop[owner][:, None], ids[np.minimum(heads, len(ids) - 1)], model.bos)
    own = np.asarray(model.seams(ends, begins), dtype=np.float64)
    if own.mean() > _PLAINLY:
        return at, best
    matrix = np.asarray(model.seam_matrix(ends[:: max(1, len(ends) // _SAMPLE)], begins), dtype=np.float64)
    top = matrix.max(axis=0)
    odds = own - top - np.log(np.exp(matrix - top).mean(axis=0))
    # one gutter for all: where the lines read on least in the mean, half an em more or less at a price
    halves = np.rint(offset * 2).astype(np.int64)
    count = np.bincount(halves)
    mean = np.bincount(halves, weights=odds) / np.maximum(count, 1)
    gutter = int(np.where(2 * count >= count.max(), mean, np.inf).argmin())
    price = odds + _OFF_GUTTER * np.abs(halves - gutter)
    cheapest = np.full(len(lines), np.inf)
    where = solid[cut].tolist()
    for k, number in enumerate(owner.tolist()):
        if price[k] < cheapest[number]:
            cheapest[number], at[number], best[number] = price[k], where[k], odds[k]
    return at, best


def _cut(segments: Segments, cuts: dict[int, int]) -> Segments:
    """The segments with those in ``cuts`` in two parts."""
    view = segments.view
    widths = np.concatenate(([0.0], np.cumsum(ems(view, segments.half_mark) * ~_blank(view.text))))
    before = np.array(sorted(cuts), dtype=np.int64)
    place = np.array([cuts[int(k)] for k in before], dtype=np.int64)
    twice = np.ones(len(segments), dtype=np.int64)
    twice[before] = 2
    of = np.repeat(np.arange(len(segments)), twice)
    second = np.append(False, of[1:] == of[:-1])
    first = np.append(of[1:] == of[:-1], False)
    start, end = segments.start[of], segments.end[of]
    start[second] = place
    stop = place.copy()
    for q in range(len(stop)):
        while view.text[int(stop[q]) - 1].isspace():
            stop[q] -= 1
    end[first] = stop
    width = widths[end] - widths[start]
    x, gap, indent, newlines = (
        segments.x[of],
        segments.gap[of],
        segments.indent[of],
        segments.newlines[of],
    )
    x[second] = x[second] + np.rint(2 * width[first]).astype(np.int64) + (place - stop)
    gap[second], indent[second], newlines[first] = place - stop, 0, 0
    row = segments.row[of]
    return replace(
        segments,
        start=start,
        end=end,
        width=width,
        row=row,
        block=segments.block[of],
        x=x,
        gap=gap,
        indent=indent,
        place=np.arange(len(of)) - np.searchsorted(row, row),
        newlines=newlines,
        measures=column_measures(width),
    )


def _blank(text: str) -> NDArray[np.bool_]:
    blank = np.zeros(len(text), dtype=np.bool_)
    blank[np.array([found.start() for found in _BLANK.finditer(text)], dtype=np.int64)] = True
    return blank
