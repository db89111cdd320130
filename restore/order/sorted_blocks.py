"""Dumps whose blocks are sorted by height: recognised, and put in the order they are read in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.order.heights import Placed, page_of
from restore.order.sheet import reading_order_of
from restore.order.stacked import NONE, Pieces

if TYPE_CHECKING:
    from restore.layout.segments import Segments
    from restore.order.successors import Judgement

__all__ = ["HEIGHTS", "by_heights", "out_of_order", "pieces_of"]

HEIGHTS = "heights"
"""Kind of a dump of whole blocks that are out of order; of others it is ``BLOCKS``, ``ROWS`` or ``LINES``."""

Ints = NDArray[np.int64]

_FEWEST_BLOCKS, _MOST_PIECES = 8, 120
_LINES = 2.5  # that a piece has on average
_ELSEWHERE = 3  # times as many pieces read on elsewhere as in the next one
_NEXT = 4  # pieces at most that read on in the next one
_CUT = 1  # more pieces than blocks: a headline may run into its text, but no lines of others stand in a block


def pieces_of(segments: Segments, judged: Judgement) -> Pieces | None:
    """The blocks of a dump as pieces of columns; None where it has too few of them, or too many, or hardly any lines in them."""
    if segments.blocks < _FEWEST_BLOCKS:
        return None
    pieces = Pieces.of(segments, judged)
    if not _FEWEST_BLOCKS <= len(pieces) <= _MOST_PIECES or float(pieces.lines.mean()) < _LINES:
        return None
    return pieces


def out_of_order(pieces: Pieces, blocks: int) -> bool:
    """Whether a dump has whole blocks out of order: some read on further up, and lines of other blocks stand in none.

    So do converters leave them that take all text of a page in an order of their own. Where a layout model draws the blocks,
    lines stray.

    Args:
        blocks: that the dump has.
    """
    step = _steps(pieces)
    back = int((step < 0).sum())
    return back > 0 and int((step == 1).sum()) <= back and len(pieces) <= blocks


def by_heights(segments: Segments, pieces: Pieces) -> tuple[Ints, Ints] | None:
    """Order of a dump whose blocks are sorted by height, and the links in it; None for any other dump.

    In such a dump nothing reads on in the next block but by chance, and whatever reads on further up does so from the foot
    of a column to the head of the next. That has to hold for every piece that does, once the columns are rebuilt.

    Returns:
        Segments in reading order, and the segment that each is followed by in its paragraph or block (``-1`` for none),
        both of shape ``(n,)``.
    """
    step = _steps(pieces)
    near = int((step == 1).sum())
    if not (step < 0).any() or near > _NEXT or len(step) - near < _ELSEWHERE * near:
        return None
    if len(pieces) > segments.blocks + _CUT:
        return None
    page = page_of(pieces)
    if not _from_foot_to_head(pieces, page.placed):
        return None
    texts = [
        "".join(segments.texts[a : b + 1])
        for a, b in zip(pieces.first.tolist(), pieces.last.tolist(), strict=True)
    ]
    return _lines_of(pieces, reading_order_of(pieces, page.placed, page.down, texts), len(segments))


def _steps(pieces: Pieces) -> Ints:
    """How many pieces further on each one reads on that does."""
    tied = np.flatnonzero(pieces.onward != NONE)
    return np.asarray(pieces.onward[tied] - tied)


def _from_foot_to_head(pieces: Pieces, placed: list[Placed]) -> bool:
    """Whether all that reads on further up does so in the next column of its frame."""
    heads, feet = [], {}
    for one in placed:
        if one.display:
            continue
        if one.above == NONE:
            heads.append((one.frame, one.piece))
            feet[one.piece] = len(heads) - 1
        else:
            feet[one.piece] = feet.pop(one.above)
    for piece, onward in enumerate(pieces.onward.tolist()):
        if not 0 <= onward < piece:
            continue
        column = feet.get(piece, NONE)
        if column in (NONE, len(heads) - 1) or heads[column + 1] != (heads[column][0], onward):
            return False
    return True


def _lines_of(pieces: Pieces, order: list[int], n: int) -> tuple[Ints, Ints]:
    """Segments of pieces in an order; running heads and imprint stay before and behind them."""
    inside = [np.arange(pieces.first[k], pieces.last[k] + 1) for k in order]
    text = np.concatenate(inside)
    others = np.setdiff1d(np.arange(n), text)
    start = int(pieces.first.min())
    links = np.full(n, NONE)
    for lines in inside:
        links[lines[:-1]] = lines[1:]
    tied = np.flatnonzero(pieces.onward != NONE)
    links[pieces.last[tied]] = pieces.first[pieces.onward[tied]]
    return np.concatenate((others[others < start], text, others[others > start])), links
