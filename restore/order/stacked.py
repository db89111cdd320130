"""Blocks of a dump as pieces of columns: how high each is, where it may go on, what may stand below it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from restore.layout.segments import Segments
    from restore.order.successors import Judgement

__all__ = ["GUTTER", "HEADLINE_INSIDE", "LEADING", "NONE", "OTHER_MEASURE", "Pieces"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NONE = -1
LEADING, GUTTER = 1.6, 1.3  # ems from line to line, and between columns

_MARKS = frozenset("。，、；：？！”’）》」』…—:;,.?!)\"'")  # a headline seldom ends in one
_COLONS = frozenset("：:")
_HEADLINE_LINES, _HEADLINE = 6, 60  # segments and characters of a headline at most
_FEW_LINES, _PER_LINE = 2, 5  # of a headline for sure; more only where each has few characters
_HEAD_LINES, _BEGINNING = 4, 0.1  # lines of a block, and share of the page, where headlines run into text
_RATHER = 3.0  # nats by which a paragraph must be likelier there further down
_FULL = 1.2  # ems by which a full line misses the measure
_OFF = (1.3, 0.13)  # ems, and share, by which measures of one column differ
_INDENT = 2.0  # ems
_PLACE = 3.0  # nats at most that the place in the dump counts: of such a dump it tells nothing
_TIE, _TIED = 3, 6.0  # nats from which a piece reads on in another; from which neither can be a headline
_TAKEN = 5.0  # the same from which it begins amid a sentence of another
_BEGINS, _MISSING = 3.0, -4.0  # nats that a paragraph behind a paragraph has, and that can be missing
_NEVER = -12.0
_UNLIKE = -30.0

# nats for what stands below what
_PARAGRAPH = 1.0
_READS, _READS_NOT = (0.0, 3.0), (-6.0, 0.0)
_WEAK = 0.5
_TAKES = 5.0  # at most, for taking what reads on from elsewhere
OTHER_MEASURE, HEADLINE_INSIDE = -4.0, -2.5
"""Nats for another measure in a column or a frame, and for a headline in a column."""


@dataclass(frozen=True)
class Pieces:
    """Pieces of a dump, in its order; shapes ``(m,)`` unless said otherwise. Running heads and imprint are none.

    Attributes:
        first, last: segments that each begins and ends with.
        lines: how many lines each has.
        width: ems that a column of it takes, with a gutter.
        measure: ems of its full lines, NaN where it has none.
        breaks_off: whether it ends amid a sentence.
        headline, maybe_headline: whether it is worded and set like one; whether it could be one.
        onward, back: the piece that each reads on in, and that reads on in it; ``NONE`` where there is none.
        below: nats for j (columns) standing right below i (rows) in a column, shape ``(m, m)``.
        head, foot: nats for the first, the last piece of a column.
        unlike: whether two are of different measure, shape ``(m, m)``.
    """

    first: Ints
    last: Ints
    lines: Ints
    width: Floats
    measure: Floats
    breaks_off: Bools
    headline: Bools
    maybe_headline: Bools
    onward: Ints
    back: Ints
    below: Floats
    head: Floats
    foot: Floats
    unlike: Bools

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def area(self) -> float:
        """Square ems that all pieces cover."""
        return float((LEADING * self.lines * self.width).sum())

    @classmethod
    def of(cls, segments: Segments, judged: Judgement) -> Pieces:
        """Cut the blocks of a dump where a line does not follow the one before it."""
        first, last = _cut(segments, judged)
        lines = last - first + 1
        texts, evidence = segments.texts, judged.first.evidence
        stop = evidence.stop[last] > 0
        ends = [texts[k][-1] for k in last.tolist()]
        letters = np.array([sum(map(len, texts[a : b + 1])) for a, b in zip(first, last, strict=True)])
        grid = np.ix_(last, first)
        continues = judged.first.continues[grid].astype(np.float64)
        either = np.maximum(continues, judged.first.follows[grid])
        np.fill_diagonal(continues, _UNLIKE)
        np.fill_diagonal(either, _UNLIKE)
        reads = continues + np.clip(judged.odds[grid], -_PLACE, _PLACE)
        maybe = ~stop & ~np.isin(ends, list(_MARKS)) & (lines <= _HEADLINE_LINES) & (letters <= _HEADLINE)
        headline = maybe & ((lines <= _FEW_LINES) | (letters <= _PER_LINE * lines))
        headline &= (reads.max(axis=1) < _TIED) & (reads.max(axis=0) < _TIED)
        headline[: int((~maybe).argmax())] = True  # before any text there are only headlines
        off = ~stop & ~headline & ~np.isin(ends, list(_COLONS))
        reads[~off] = reads[:, headline] = _NEVER
        onward, back = _ties(reads, off)
        measure, indented = _measures(segments, first, last, off, back)
        unlike = _unlike(measure, indented)
        best = reads.max(axis=0)
        begins = np.clip(either - _BEGINS, _BEGINS - 6, 0) * _WEAK - np.clip(best - _TAKEN, 0, _TAKES)
        margin = (np.clip(_margin(reads, 1), -8, 6) + np.clip(_margin(reads, 0), -8, 6)) / 2
        goes_on = np.clip(margin, _READS_NOT[0], _READS[1])
        below = np.where(off[:, None], goes_on, begins + _PARAGRAPH)
        below += np.where(unlike, OTHER_MEASURE, 0.0)
        below += np.where(headline[:, None] | headline, HEADLINE_INSIDE, 0.0)
        head = np.where(
            headline | (best > _TAKEN), 0.0, _WEAK * np.clip(either.max(axis=0) - _BEGINS, _MISSING, 0)
        )
        foot = np.where(off, _WEAK * np.clip(reads.max(axis=1) - _BEGINS, _MISSING, 0), 0.0)
        usual = measure[(lines >= 3) & ~np.isnan(measure)]
        usual = usual if len(usual) else measure[~np.isnan(measure)]
        most = float(np.median(usual)) if len(usual) else float(segments.measures[0])
        width = np.where(np.isnan(measure) | (lines < 2), most, measure) + GUTTER
        return cls(
            first, last, lines, width, measure, off, headline, maybe, onward, back, below, head, foot, unlike
        )


def _cut(segments: Segments, judged: Judgement) -> tuple[Ints, Ints]:
    """First and last segment of every piece."""
    n = len(segments)
    block, furniture, texts = segments.block, segments.furniture, segments.texts
    follows_none = np.ones(n, dtype=np.bool_)
    follows_none[judged.successor[judged.successor >= 0]] = False
    short = np.abs(segments.width[:, None] - segments.measures[None, :]).min(axis=1) > _FULL
    open_end = (judged.first.evidence.stop == 0) & ~np.isin([text[-1] for text in texts], list(_MARKS))
    starts, begin, display = [0], 0, True
    for k in range(1, n):
        if block[k] != block[k - 1] or furniture[k] != furniture[k - 1]:
            starts.append(k)
            begin, display = k, True
            continue
        display = display and bool(open_end[k - 1])
        successor = int(judged.successor[k - 1])
        if successor != k and not (successor < 0 and follows_none[k]):
            starts.append(k)
        elif display and k - begin <= _HEAD_LINES and short[k - 1]:
            # a headline that runs into its text in one block
            over = float(judged.first.follows[k - 1, k] - judged.first.continues[k - 1, k])
            if over > (0.0 if k < _BEGINNING * n else _RATHER):
                starts.append(k)
    first = np.array(starts, dtype=np.int64)
    last = np.append(first[1:], n) - 1
    text = ~furniture[first]
    return first[text], last[text]


def _margin(reads: Floats, axis: int) -> Floats:
    """How much each entry is above the best other one along an axis; 0 where there is none."""
    if reads.shape[axis] < 2:
        return np.zeros_like(reads)
    ordered = np.sort(reads, axis=axis)
    best, second = np.take(ordered, [-1], axis), np.take(ordered, [-2], axis)
    return np.asarray(reads - np.where(reads == best, second, best))


def _ties(reads: Floats, off: Bools) -> tuple[Ints, Ints]:
    """The piece that each reads on in, where either is the best for the other; and the reverse."""
    m = len(reads)
    onward, back = np.full(m, NONE), np.full(m, NONE)
    to = reads.argmax(axis=1)
    tied = off & (reads.argmax(axis=0)[to] == np.arange(m)) & (reads[np.arange(m), to] > _TIE)
    onward[tied] = to[tied]
    back[to[tied]] = np.flatnonzero(tied)
    return onward, back


def _measures(segments: Segments, first: Ints, last: Ints, off: Bools, back: Ints) -> tuple[Floats, Bools]:
    """Ems of each piece's full lines, and whether only an indented first line tells of them."""
    measure, indented = np.full(len(first), np.nan), np.zeros(len(first), dtype=np.bool_)
    for k, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        widths = segments.width[a : b + 1 if off[k] else b]  # the last line of a paragraph may be short
        begins = back[k] == NONE
        if len(widths) == 1:
            measure[k], indented[k] = widths[0], begins
        elif len(widths):
            measure[k] = np.median(widths[1:]) if begins and len(widths) > 2 else widths.max()
    return measure, indented


def _unlike(measure: Floats, indented: Bools) -> Bools:
    """Whether two measures are those of different columns, shape ``(m, m)``."""
    over = measure[:, None] - measure[None, :]
    least = np.maximum(_OFF[0], _OFF[1] * np.fmax(measure[:, None], measure[None, :]))
    alike = (np.abs(over) <= least) | np.isnan(over)
    alike |= indented[:, None] & (np.abs(over + _INDENT) <= least)
    alike |= indented[None, :] & (np.abs(over - _INDENT) <= least)
    return ~alike
