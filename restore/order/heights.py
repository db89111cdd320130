"""Columns rebuilt from the heights of blocks, where a dump has its blocks sorted by height on the page.

Extractors that sort blocks by their upper edge, whatever the columns, leave a paragraph of the third column behind one of
the first. The order still tells where each block stood: a block stands as many lines below the one above it as that has
lines, so of all columns the one that ends highest gets the next block. The columns come back from three things: how many
lines each block has, what reads on in what (:mod:`restore.order.stacked`), and what newspaper pages look like: columns
of a frame begin and end level, only the last ends early, and a page is a little higher than it is wide.

A beam search goes through the blocks in the order of the dump. What is known of the heights of two frames is a system of
difference constraints, closed under shortest paths (Cormen et al., "Introduction to algorithms", 22.4); a placement that
contradicts it is none.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from restore.order.stacked import HEADLINE_INSIDE, LEADING, NONE, OTHER_MEASURE, Pieces

__all__ = ["Column", "Page", "Placed", "page_of"]

_BEAM = 60
_LOWEST = 2  # columns that end highest, which a headline or a new column may stand under
_SLACK = 0.35  # lines by which heights are told wrong
_LEVEL = 1.1  # lines by which feet of columns differ that end level
_FREE = -1e9
_ASPECT, _ASPECT_SPREAD = 1.25, 0.4  # height of a page by its width, and the deviation of its logarithm
_BLANK = 0.15  # share of a page that is no text
_WIDER = 1.12  # columns side by side are together at most so much wider than those at the top

# nats
_BESIDE = -0.7  # a column begins level with the one before it
_ANEW = -4.0  # one begins level with nothing and under no headline
_HEADED = -0.7
_HEADLINE = -1.0
_UNSURE_HEADLINE = -2.0
_HEADLINE_UNDER = -0.5
_FOOT_GOES_ON = 2.0
_TORN = -6.0  # what reads on stands in the middle of a column
_NEXT_COLUMN, _OTHER_COLUMN, _COLUMN_BEFORE, _OWN_COLUMN = 2.0, -1.0, -5.0, -8.0
_APART, _ENDS_EARLY = (
    -3.0,
    -2.5,
)  # a column ends at a height of its own; one that is not the last of its frame does
_PUSHED = 0.7  # share of that for a column that ends where a wide headline begins
_TWISTED = -3.0  # of two at one height the right one comes first
_CROWDED = -4.0
_BLANKS = -8.0


class Column(NamedTuple):
    """A column in the making.

    Attributes:
        frame: its frame; what begins level is of one.
        foot: lines from the frame's top to the column's foot.
        head, last: its first and last piece.
        done: whether nothing can come below it any more.
    """

    frame: int
    foot: int
    head: int
    last: int
    done: bool

    def ended(self) -> Column:
        """The same column, done. (``_replace`` takes several times as long.)"""
        return Column(self.frame, self.foot, self.head, self.last, True)


class Placed(NamedTuple):
    """Where a piece went.

    Attributes:
        piece: index of the piece.
        above: the piece right above it in its column; ``NONE`` where it begins one.
        frame: what begins level is of one frame.
        under: the foot that a new frame stands below, ``NONE`` at the top of the page.
        display: whether it is a headline, which has a frame of its own.
    """

    piece: int
    above: int
    frame: int
    under: int
    display: bool


class _Standing(NamedTuple):
    """The columns while a piece is being placed.

    Attributes:
        nats: what speaks for the placement.
        columns: the columns so far.
        levels: heights at which columns of a frame end.
    """

    nats: float
    columns: tuple[Column, ...]
    levels: frozenset[tuple[int, int]]


Bounds = tuple[tuple[float, ...], ...]  # [f][g]: lines that frame g begins below frame f, at least


@dataclass(slots=True)
class _State:
    nats: float
    before: _State | None
    placed: Placed | None
    columns: tuple[Column, ...]
    bounds: Bounds
    frame: int  # where the piece before was placed
    offset: float
    fresh: str  # "column" or "headline" where that began one
    levels: frozenset[tuple[int, int]]  # heights at which columns of a frame end
    top: bool  # nothing stands below anything yet
    height: float
    width: float

    def history(self) -> list[Placed]:
        """Where every piece went, in the order of the dump."""
        out, state = [], self
        while state.before is not None:
            if state.placed is not None:
                out.append(state.placed)
            state = state.before
        return out[::-1]


class Page(NamedTuple):
    """Where every piece went, in the order of the dump, and lines from the top of the page to every frame, at least."""

    placed: list[Placed]
    down: list[float]


def page_of(pieces: Pieces) -> Page:
    """The likeliest page that a dump sorted by height comes from."""
    search = _Search(pieces)
    beam = [_State(0.0, None, None, (), (), NONE, 0.0, "headline", frozenset(), True, 0.0, 0.0)]
    for piece in range(len(pieces)):
        following = search.following(beam, piece)
        beam, seen = [], set()
        for state in sorted(following, key=lambda state: -state.nats):
            key = state.fresh, *((c.last, c.foot) for c in state.columns if not c.done)
            if key not in seen:
                seen.add(key)
                beam.append(state)
                if len(beam) == _BEAM:
                    break
    best = max(beam, key=lambda state: state.nats + search.end(state))
    return Page(best.history(), [_down(best.bounds, frame) for frame in range(len(best.bounds))])


def _down(bounds: Bounds, frame: int) -> float:
    """Lines from the top of the page to a frame, at least."""
    return max(bounds[0][frame], 0.0) if frame else 0.0


def _with_frame(bounds: Bounds, frame: int, lines: float) -> Bounds:
    """Bounds with a new frame that begins at least so many lines below the top of another."""
    if frame == NONE:
        return (*((*row, _FREE) for row in bounds), (*(_FREE for _ in bounds), 0.0))
    rows = ((*row, row[frame] + lines - _SLACK) for row in bounds)
    return (*rows, (*(_FREE for _ in bounds), 0.0))


def _bound(bounds: Bounds, frame: int, lines: float) -> Bounds:
    """The last frame begins at least so many lines below the top of another, too."""
    last = len(bounds) - 1
    rows = []
    for k, row in enumerate(bounds[:-1]):
        least = (row[frame] if k != frame else 0.0) + lines - _SLACK
        rows.append(row if row[last] >= least else (*row[:last], least))
    return (*rows, bounds[-1])


def _raised(bounds: Bounds, frame: int, other: int, lines: float) -> Bounds | None:
    """Frame begins at least so many lines below the other; None where that cannot be."""
    if bounds[frame][other] + lines > 1e-6:
        return None
    if lines <= bounds[other][frame]:
        return bounds
    table = np.array(bounds)
    table = np.maximum(table, table[:, other][:, None] + lines + table[frame, :][None, :])
    if float(table.diagonal().max()) > 1e-6:
        return None
    return tuple(map(tuple, table.tolist()))


class _Search:
    """What one page's pieces say to every placement."""

    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        self.lines = pieces.lines.tolist()
        self.width = pieces.width.tolist()
        self.below = pieces.below.tolist()
        self.head = (pieces.head + np.where(pieces.headline, HEADLINE_INSIDE, 0.0)).tolist()
        self.foot = pieces.foot.tolist()
        self.unlike = pieces.unlike.tolist()
        self.onward, self.back = pieces.onward.tolist(), pieces.back.tolist()

    def following(self, beam: list[_State], piece: int) -> list[_State]:
        """Every state of the beam with the piece at every place it can have, but for those that are not among the best."""
        found: list[_State] = []
        best: list[float] = []  # a heap of the highest nats, twice the beam as some states are alike
        for state in beam:
            least = best[0] if len(best) == 2 * _BEAM else -math.inf
            for new in self._placements(state, piece, least):
                found.append(new)
                if len(best) < 2 * _BEAM:
                    heapq.heappush(best, new.nats)
                else:
                    heapq.heappushpop(best, new.nats)
        return found

    def _placements(self, state: _State, piece: int, least: float) -> Iterator[_State]:
        feet = sorted(
            (_down(state.bounds, c.frame) + c.foot, k) for k, c in enumerate(state.columns) if not c.done
        )
        lowest = [k for _, k in feet[:_LOWEST]]
        if self.pieces.maybe_headline[piece]:
            yield from self._headline(state, piece, lowest)
        yield from self._new_column(state, piece, lowest)
        for k, column in enumerate(state.columns):
            if not column.done:
                below = self._below(state, piece, k, least)
                if below is not None:
                    yield below

    def end(self, state: _State) -> float:
        """Nats for the page as a whole: how its columns end, its proportions, and what is blank."""
        nats, tops = 0.0, {c.head for c in state.columns}
        feet: dict[int, list[int]] = {}
        for column in state.columns:
            if not column.done:
                feet.setdefault(column.frame, []).append(column.foot)
                nats += self.foot[column.last]
            if self.onward[column.last] not in (NONE, *tops):
                nats += _TORN
        for ends in feet.values():
            level = -_LEVEL - 1.0
            for foot in sorted(ends):
                if foot - level > _LEVEL:
                    level = foot
                    nats += _APART
            nats += _ENDS_EARLY * sum(foot < max(ends[k + 1 :]) - _LEVEL for k, foot in enumerate(ends[:-1]))
        off = self._aspect(max(state.height, 1.0))
        if off < 0:
            nats -= off * off / 2
        if state.width > 0:
            covered = self.pieces.area / (state.width * LEADING * max(state.height, 1.0))
            nats += _BLANKS * max(0.0, 1 - covered - _BLANK)
        return nats

    def _aspect(self, height: float) -> float:
        """Deviations by which a page so many lines high is higher than usual."""
        aspect = (LEADING * height) ** 2 / self.pieces.area
        return math.log(max(aspect, 1e-3) / _ASPECT) / _ASPECT_SPREAD

    def _too_high(self, height: float) -> float:
        off = self._aspect(height) if height > 0 else 0.0
        return -off * off / 2 if off > 0 else 0.0

    def _state(
        self,
        before: _State,
        standing: _Standing,
        placed: Placed,
        bounds: Bounds,
        offset: float,
        fresh: str,
        top: bool,
        width: float,
    ) -> _State:
        nats, columns, levels = standing
        lines = 1 if placed.display else self.lines[placed.piece]
        height = max(before.height, _down(bounds, placed.frame) + offset + lines)
        if height > before.height:
            nats += self._too_high(height) - self._too_high(before.height)
        total = before.nats + nats
        return _State(
            total, before, placed, columns, bounds, placed.frame, offset, fresh, levels, top, height, width
        )

    def _headline(self, state: _State, piece: int, lowest: list[int]) -> Iterator[_State]:
        frame = len(state.bounds)
        nats = _HEADLINE + (0.0 if self.pieces.headline[piece] else _UNSURE_HEADLINE)
        bounds = _with_frame(state.bounds, state.frame, state.offset)
        if state.top:
            placed = Placed(piece, NONE, frame, NONE, True)
            standing = _Standing(nats, state.columns, state.levels)
            yield self._state(state, standing, placed, bounds, 0.0, "headline", True, state.width)
        for k in lowest:
            column = state.columns[k]
            placed = Placed(piece, NONE, frame, column.last, True)
            standing = _ended(state, k, nats + _HEADLINE_UNDER + self.foot[column.last])
            under = _bound(bounds, column.frame, column.foot)
            yield self._state(state, standing, placed, under, 0.0, "headline", False, state.width)

    def _new_column(self, state: _State, piece: int, lowest: list[int]) -> Iterator[_State]:
        begins = self.head[piece]
        before = self.back[piece]
        if 0 <= before < piece:
            begins += _FOOT_GOES_ON if any(c.last == before for c in state.columns) else _TORN
        frame = len(state.bounds)
        if state.fresh == "column":  # level with the one before
            beside = max(k for k, c in enumerate(state.columns) if c.frame == state.frame)
            nats = begins + _BESIDE
            if self.unlike[state.columns[beside].last][piece]:
                nats += OTHER_MEASURE
            standing = _Standing(nats, state.columns, state.levels)
            yield self._begun(state, standing, piece, state.bounds, state.frame)
        if state.top or state.fresh == "headline":
            headed = state.fresh == "headline"
            bounds = _with_frame(state.bounds, state.frame, state.offset + headed)
            nats = begins + (_HEADED if headed else _ANEW)
            standing = _Standing(nats, state.columns, state.levels)
            yield self._begun(state, standing, piece, bounds, frame)
        if state.fresh != "headline" and state.columns:  # below a picture, or beside a box
            goes_on = [k for k, c in enumerate(state.columns) if not c.done and c.last == before != NONE]
            for k in goes_on or lowest[: _LOWEST if 0 <= before < piece else 1]:
                column = state.columns[k]
                bounds = _bound(
                    _with_frame(state.bounds, state.frame, state.offset), column.frame, column.foot
                )
                nats = begins + _ANEW + (0.0 if column.last == before else self.foot[column.last])
                yield self._begun(state, _ended(state, k, nats), piece, bounds, frame, column.last)

    def _begun(
        self,
        state: _State,
        standing: _Standing,
        piece: int,
        bounds: Bounds,
        frame: int,
        under: int = NONE,
    ) -> _State:
        """A column begins, under the foot of another where that is given; those that are in its way end."""
        top = state.top and under == NONE
        width = state.width
        if top:
            width += self.width[piece]
        elif width > 0:
            standing = self._made_room(standing, piece, bounds, frame, width)
        nats, columns, levels = standing
        columns = (*columns, Column(frame, self.lines[piece], piece, piece, False))
        nats += self._onward(piece, columns, len(columns) - 1)
        placed = Placed(piece, NONE, frame, under, False)
        return self._state(state, _Standing(nats, columns, levels), placed, bounds, 0.0, "column", top, width)

    def _made_room(
        self, standing: _Standing, piece: int, bounds: Bounds, frame: int, width: float
    ) -> _Standing:
        """End columns of other frames, the one that ends highest first, until the piece's has room on the page."""
        nats, columns, levels = standing
        taken = sum(self.width[c.last] for c in columns if not c.done) + self.width[piece]
        while taken > _WIDER * width:
            feet = [
                (_down(bounds, c.frame) + c.foot, k)
                for k, c in enumerate(columns)
                if not c.done and c.frame != frame
            ]
            if not feet:
                return _Standing(nats + _CROWDED, columns, levels)
            k = min(feet)[1]
            column = columns[k]
            nats += self.foot[column.last]
            if not _is_level(levels, column):
                nats += _PUSHED * _APART
                levels |= {(column.frame, column.foot)}
            taken -= self.width[column.last]
            columns = _done(columns, k)
        return _Standing(nats, columns, levels)

    def _below(self, state: _State, piece: int, k: int, least: float) -> _State | None:
        """The piece goes on with a column; None where it cannot, or has fewer nats than the least that count."""
        column = state.columns[k]
        nats = self.below[column.last][piece] + self._onward(piece, state.columns, k)
        if state.nats + nats < least:
            return None  # nothing below adds any
        lines = state.offset - column.foot - _SLACK
        bounds: Bounds | None = state.bounds
        if column.frame == state.frame:
            if lines > 0:
                return None
        else:
            bounds = _raised(state.bounds, column.frame, state.frame, lines)
        if bounds is None:
            return None
        if column.frame == state.frame and lines > -2 * _SLACK and state.placed is not None:
            nats += _TWISTED * any(c.last == state.placed.piece for c in state.columns[k + 1 :])
        levels, columns = state.levels, list(state.columns)
        for q, other in enumerate(state.columns):
            if q == k or other.frame != column.frame or other.done or other.foot >= column.foot - _SLACK:
                continue
            columns[q] = other.ended()
            nats += self.foot[other.last]
            if not _is_level(levels, other):
                levels |= {(other.frame, other.foot)}
                nats += _APART
                if any(c.frame == other.frame and not c.done for c in state.columns[q + 1 :]):
                    nats += _ENDS_EARLY
        columns[k] = Column(column.frame, column.foot + self.lines[piece], column.head, piece, False)
        placed = Placed(piece, column.last, column.frame, NONE, False)
        standing = _Standing(nats, tuple(columns), levels)
        return self._state(state, standing, placed, bounds, column.foot, "", False, state.width)

    def _onward(self, piece: int, columns: tuple[Column, ...], own: int) -> float:
        """Nats for where what a piece reads on in was placed before it."""
        to = self.onward[piece]
        if to == NONE or to >= piece:
            return 0.0
        k = next((k for k, c in enumerate(columns) if c.head == to), NONE)
        if k == NONE:
            return _TORN
        if columns[k].frame != columns[own].frame:
            return 0.0
        if k == own + 1:
            return _NEXT_COLUMN
        return _OWN_COLUMN if k == own else _COLUMN_BEFORE if k < own else _OTHER_COLUMN


def _done(columns: tuple[Column, ...], k: int) -> tuple[Column, ...]:
    return (*columns[:k], columns[k].ended(), *columns[k + 1 :])


def _ended(state: _State, k: int, nats: float) -> _Standing:
    """The columns of a state, one of them done."""
    column = state.columns[k]
    return _Standing(nats, _done(state.columns, k), state.levels | {(column.frame, column.foot)})


def _is_level(levels: frozenset[tuple[int, int]], column: Column) -> bool:
    """Whether another column of the frame ended there."""
    return any(f == column.frame and abs(foot - column.foot) <= _LEVEL for f, foot in levels)
