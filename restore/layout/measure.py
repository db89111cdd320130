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
_ROW = _WIDEST + 4  # cells of a histogram: two before the first and one behind the last are nobody's
_TOGETHER = 20_000  # groups whose histograms fit well into memory


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
    behind = size.cumsum()
    half = np.minimum(np.rint(width * 2), _WIDEST).astype(np.int64)
    enough = np.maximum(least, share * size)[group]
    best = np.zeros(len(size), dtype=np.int64)
    # a histogram of widths for each group, so many groups at a time
    for first in range(0, len(size), _TOGETHER):
        last = min(first + _TOGETHER, len(size))
        a, b = behind[first] - size[first], behind[last - 1]
        wide = half[a:b]
        cell = (group[a:b] - first) * _ROW + wide + 2
        count = np.bincount(cell, minlength=(last - first) * _ROW + 2)
        # tokens within one em below and half an em above count for a width
        pairs = count[:-1] + count[1:]
        around = pairs.take(cell - 2) + pairs.take(cell)
        # the most common width; of two about equally common ones the wider
        around = np.append(np.where(around >= enough[a:b], around * _ROW + wide, 0), 0)
        best[first:last] = np.maximum.reduceat(around, (behind - size)[first:last] - a)
    common: Floats = (best % _ROW)[group] / 2
    return common


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
