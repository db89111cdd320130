"""The measure: the width in ems that the printed lines of a column have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["column_measures", "common_width"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NARROWEST = 6  # ems; narrower columns do not occur in running text
_NO_LINE = 1000.0  # ems; nothing wider is a printed line
_WIDEST = 100  # half ems; nothing wider is a column


def common_width(
    group: Ints, width: Floats, share: float | Floats = 0.3, least: float | Floats = 2
) -> Floats:
    """The measure of each token's group, 0 where the group has none.

    Args:
        group: group number of each token, ascending, shape ``(n,)``.
        width: ems, shape ``(n,)``.
        share, least: how many of the group's tokens must be about that wide; of all groups, or of each, ``(groups,)``.

    Returns:
        Shape ``(n,)``: the widest width at which enough of the group's tokens end.
    """
    n = len(width)
    if not n:
        return np.zeros(0)
    size = np.bincount(group)
    best = np.zeros(len(size))
    half = np.minimum(np.rint(width * 2).astype(np.int64), _WIDEST) + 2
    enough = np.maximum(least, share * size)
    able = (size >= least).nonzero()[0]
    # a histogram of widths for each group, so many groups at a time
    for part in (able,) if len(able) < 20_000 else np.array_split(able, len(able) // 20_000 + 1):
        if len(part) == len(size):
            row, cell = group, half
        else:
            number = np.full(len(size), -1)
            number[part] = np.arange(len(part))
            row = number[group]
            here = row >= 0
            row, cell = row[here], half[here]
        cells = np.bincount(row * (_WIDEST + 4) + cell, minlength=len(part) * (_WIDEST + 4))
        count = cells.reshape(len(part), _WIDEST + 4)  # the first two and the last of a row are nobody's
        # tokens within one em below and half an em above count for a width
        pairs = cells[:-1] + cells[1:]
        around = np.zeros(count.shape, dtype=np.int64)
        if len(pairs):
            np.add(pairs[:-2], pairs[2:], out=around.reshape(-1)[2:-1])
        around *= count > 0
        around *= around >= enough[part, None]
        # the most common width; of two about equally common ones the wider
        top = around[:, ::-1].argmax(axis=1)
        found = around.max(axis=1) > 0
        best[part] = (_WIDEST + 1 - top) / 2 * found
    return best[group]


def column_measures(width: Floats, least: int = 4) -> Floats:
    """Measures of a page: peaks of the histogram of widths, widest first. Shape ``(k,)``."""
    if not len(width):
        return np.empty(0)
    half = np.rint(np.minimum(width, _NO_LINE) * 2).astype(np.int64)
    count = np.bincount(half, minlength=int(half.max()) + 4).astype(float)
    smooth = count.copy()
    smooth[1:] += count[:-1]
    smooth[:-1] += count[1:]
    peaks = np.argsort(-smooth, kind="stable")
    peaks = peaks[(peaks >= 2 * NARROWEST) & (peaks < 2 * _NO_LINE)]
    peaks = peaks[smooth[peaks] >= max(least, 0.03 * len(width))]
    kept: list[int] = []
    for k in peaks:
        if all(abs(int(k) - j) > 4 for j in kept):
            kept.append(int(k))
    return np.array(sorted(kept, reverse=True)) / 2
