"""Reading order of boxes: which line stands under which, and which block of a page comes before which.

Everything here is geometry; boxes are left, top, right, bottom in ems, lines running to the right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "before", "blocks_of", "edges_of", "neighbours_of", "reading_order", "topological"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_OVERLAP = 0.4  # share of the narrower line that must stand over the other
_UNDER = 2.2  # ems of white at most between a line and the one under it
_ALIKE = 1.22  # ratio of type sizes from which two lines are not of one paragraph
_INDENT = 2.8  # ems by which left edges of a column's lines differ
_DISPLAY = 1.3  # ems from which type is that of headlines, which may stand in pieces anywhere
_TIGHT = 0.4  # ems of such type between pieces
_CLOSE = 3.0  # ems to lines that show a column
_EDGE = 1.5  # times the usual white between lines that parts running head and imprint from the page
_ASIDE = 0.03
_CENTRED = 0.8  # ems that a byline or subhead leaves free on both sides
_SLACK = 0.3  # ems by which boxes may overlap


@dataclass(frozen=True)
class Neighbours:
    """What stands next to what.

    Attributes:
        under: the line directly under each, -1 for none, shape ``(n,)``.
        white: ems of white between each line and the one under it, shape ``(n,)``.
        beside: the piece to the right in the same printed line, -1 for none, shape ``(n,)``.
    """

    under: Ints
    white: Floats
    beside: Ints


def overlap(a: Floats, b: Floats, low: int, high: int) -> Floats:
    """Length that every box of ``a`` shares with every one of ``b`` along an axis, shape ``(len(a), len(b))``."""
    return np.asarray(
        np.minimum(a[:, None, high], b[None, :, high]) - np.maximum(a[:, None, low], b[None, :, low])
    )


def neighbours_of(box: Floats, size: Floats) -> Neighbours:
    """Find the line under each line (each the nearest of the other), and pieces of one printed line."""
    n = len(box)
    across = overlap(box, box, 0, 2)
    width = box[:, 2] - box[:, 0]
    shared = across / np.maximum(np.minimum(width[:, None], width[None, :]), 1e-6)
    middle = (box[:, 1] + box[:, 3]) / 2
    drop = box[None, :, 1] - box[:, None, 3]
    index = np.arange(n)
    lower = (shared > _OVERLAP) & (
        middle[None, :] > middle[:, None] + 0.4 * np.minimum(size[:, None], size[None, :])
    )
    aside = np.minimum(
        np.abs(box[:, None, 0] - box[None, :, 0]), 10.0
    )  # of two side by side, the one at the left edge
    far = np.where(lower, middle[None, :] - middle[:, None] + _ASIDE * aside, np.inf)
    nearest = far.argmin(axis=1)
    above = far.argmin(axis=0)
    mutual = (above[nearest] == index) & np.isfinite(far[index, nearest])
    white = np.where(mutual, drop[index, nearest], np.inf)
    under = np.where(mutual, nearest, -1)
    # pieces of one printed line
    down = overlap(box, box, 1, 3)
    high = box[:, 3] - box[:, 1]
    level = down > 0.6 * np.minimum(high[:, None], high[None, :])
    gap = box[None, :, 0] - box[:, None, 2]
    right = (
        level
        & (gap > -0.5)
        & (gap < 1.0 * np.maximum(size[:, None], size[None, :]))
        & (index[:, None] != index)
    )
    alike = _ratio(size) < _ALIKE
    tight = gap < _TIGHT * np.minimum(size[:, None], size[None, :])
    tight &= (size[:, None] >= _DISPLAY) & (size[None, :] >= _DISPLAY)
    gaps = np.where(right & alike & (_spanned(box, size) | tight), gap, np.inf)
    beside = np.where(np.isfinite(gaps.min(axis=1)), gaps.argmin(axis=1), -1) if n else index
    return Neighbours(under, white, beside)


def _spanned(box: Floats, size: Floats) -> Bools:
    """Whether a line close above or below reaches over both of two pieces: then they stand in one column. ``(n, n)``."""
    middle_x, middle_y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    close = np.abs(middle_y[:, None] - middle_y[None, :]) < _CLOSE * np.maximum(size[:, None], 1.0)
    close &= np.abs(middle_y[:, None] - middle_y[None, :]) > 0.5
    left = (box[:, 0][:, None] <= middle_x[None, :]) & close  # [line, piece]
    right = (box[:, 2][:, None] >= middle_x[None, :]) & close
    return np.asarray((left.astype(np.float32).T @ right.astype(np.float32)) > 0)


def _ratio(size: Floats) -> Floats:
    return np.asarray(np.maximum(size[:, None] / size[None, :], size[None, :] / size[:, None]))


def blocks_of(box: Floats, size: Floats, near: Neighbours) -> Ints:
    """Number of the block of each line: runs of lines under each other, of one size and one column. Shape ``(n,)``."""
    n = len(box)
    pitch = _pitch(box, near)
    joins = near.under >= 0
    i = np.flatnonzero(joins)
    j = near.under[i]
    ratio = np.maximum(size[i] / size[j], size[j] / size[i])
    left = np.abs(box[i, 0] - box[j, 0])
    right = np.abs(box[i, 2] - box[j, 2])
    inset = box[i, 0] - box[j, 0], box[j, 2] - box[i, 2]
    centred = (inset[0] > _CENTRED) & (inset[1] > _CENTRED) & (np.abs(inset[0] - inset[1]) < _CENTRED)
    ok = (
        ~centred
        & (ratio < _ALIKE)
        & (near.white[i] < min(_UNDER, pitch + 0.9))
        & ((left < _INDENT) | (right < 1.0))
    )
    block = np.arange(n)
    for a, b in zip(i[ok].tolist(), j[ok].tolist(), strict=True):
        while block[a] != a:
            a = int(block[a])
        while block[b] != b:
            b = int(block[b])
        block[max(a, b)] = min(a, b)
    for k in range(n):
        block[k] = block[block[k]]
    return np.unique(block, return_inverse=True)[1]


def _pitch(box: Floats, near: Neighbours) -> float:
    """Ems of white that usually lie between two lines of a paragraph."""
    white = near.white[np.isfinite(near.white)]
    return float(np.median(white)) if len(white) else 0.5


def before(box: Floats) -> Bools:
    """Whether box a is read before box b, shape ``(n, n)``: above it, or left of it with nothing across both between.

    After Breuel (2003), "High performance document layout analysis".
    """
    n = len(box)
    across = overlap(box, box, 0, 2) > _SLACK
    np.fill_diagonal(across, False)
    middle = (box[:, 1] + box[:, 3]) / 2
    above = across & (middle[:, None] < middle[None, :])
    left = box[:, None, 2] <= box[None, :, 0] + _SLACK
    # a box between the two in height that reaches over both
    parted = np.zeros((n, n), dtype=np.bool_)
    for c in range(n):
        over = across[c]
        upper, lower = over & (middle < middle[c]), over & (middle > middle[c])
        parted |= (upper[:, None] & lower[None, :]) | (lower[:, None] & upper[None, :])
    return np.asarray(above | (left & ~parted))


def topological(earlier: Bools, key: Floats) -> Ints:
    """An order in which everything stands behind what comes before it; of what is free, the least key first.

    Where the relation runs in a circle, the box with the fewest open predecessors goes first.
    """
    n = len(earlier)
    waits = earlier.sum(axis=0).astype(np.int64)
    done = np.zeros(n, dtype=np.bool_)
    order = np.empty(n, dtype=np.int64)
    for place in range(n):
        free = np.where(done, np.inf, waits * 1e9 + key)
        k = int(free.argmin())
        order[place] = k
        done[k] = True
        waits -= earlier[k]
    return order


def edges_of(box: Floats, near: Neighbours) -> Bools:
    """Lines of the page's first and last row, where more white than usual parts them from the rest. Shape ``(n,)``."""
    n = len(box)
    out = np.zeros(n, dtype=np.bool_)
    least = _EDGE * max(_pitch(box, near), 0.2) + 0.5
    middle = (box[:, 1] + box[:, 3]) / 2
    for first in (True, False):
        k = int(middle.argmin() if first else middle.argmax())
        row = (middle >= box[k, 1]) & (middle <= box[k, 3])  # a box may have no height
        rest = ~row
        if not rest.any() or row.sum() > n / 4:
            continue
        white = box[rest, 1].min() - box[row, 3].max() if first else box[row, 1].min() - box[rest, 3].max()
        if white > least:
            out |= row
    return out


def reading_order(box: Floats, block: Ints, aside: Bools) -> Ints:
    """Lines block after block, downwards within a block; then those ``aside``. Shape ``(n,)``."""
    inner, outer = np.flatnonzero(~aside), np.flatnonzero(aside)
    outer = outer[np.lexsort((box[outer, 0], np.rint(box[outer, 1])))]
    if not len(inner):
        return outer
    number = np.unique(block[inner], return_inverse=True)[1]
    return np.concatenate((inner[_by_blocks(box[inner], number)], outer))


def _by_blocks(box: Floats, block: Ints) -> Ints:
    count = int(block.max()) + 1
    around = np.empty((count, 4))
    for side, op in ((0, np.minimum), (1, np.minimum), (2, np.maximum), (3, np.maximum)):
        first = np.full(count, np.inf if side < 2 else -np.inf)
        op.at(first, block, box[:, side])
        around[:, side] = first
    rank = np.empty(count, dtype=np.int64)
    rank[topological(before(around), around[:, 0] + around[:, 1])] = np.arange(count)
    return np.lexsort((box[:, 0], np.rint(box[:, 1] + box[:, 3]), rank[block]))
