"""The measure: the width in ems that the printed lines of a column have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["column_measures", "common_width"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NARROWEST = 6  # ems; narrower columns do not occur in running text


def common_width(group: Ints, width: Floats, share: float = 0.3, least: int = 2) -> Floats:
    """The measure of each token's group, 0 where the group has none.

    Args:
        group: group number of each token, ascending, shape ``(n,)``.
        width: ems, shape ``(n,)``.
        share, least: how many of the group's tokens must be about that wide.

    Returns:
        Shape ``(n,)``: the widest width at which enough of the group's tokens end.
    """
    n = len(width)
    out = np.zeros(n)
    if not n:
        return out
    half = np.rint(width * 2).astype(np.int64)
    span = int(half.max()) + 8
    key = group * span + half
    count = np.bincount(key - key.min(), minlength=0) if key.max() - key.min() < 64 * n + 4096 else None
    values, inverse, tally = np.unique(key, return_inverse=True, return_counts=True)
    # tokens within one em below and half an em above count for a width
    around = np.zeros(len(values), dtype=np.int64)
    for off in (-2, -1, 0, 1):
        at = np.searchsorted(values, values + off)
        hit = (at < len(values)) & (values[np.minimum(at, len(values) - 1)] == values + off)
        around += np.where(hit, tally[np.minimum(at, len(values) - 1)], 0)
    del count
    size = np.bincount(group, minlength=int(group.max()) + 1)
    home = values // span
    enough = around >= np.maximum(least, share * size[home])
    best = np.zeros(len(size))
    score = np.where(enough, around, 0)
    # the most common width; of two about equally common ones the wider
    order = np.lexsort((values, score, home))
    last = np.append(np.flatnonzero(np.diff(home[order])), len(order) - 1)
    chosen = order[last]
    best[home[chosen]] = np.where(score[chosen] > 0, (values[chosen] % span) / 2, 0)
    return best[group]


def column_measures(width: Floats, least: int = 4) -> Floats:
    """Measures of a page: peaks of the histogram of widths, widest first. Shape ``(k,)``."""
    if not len(width):
        return np.empty(0)
    half = np.rint(width * 2).astype(np.int64)
    count = np.bincount(half, minlength=int(half.max()) + 4).astype(float)
    smooth = count.copy()
    smooth[1:] += count[:-1]
    smooth[:-1] += count[1:]
    peaks = [
        k
        for k in np.argsort(-smooth, kind="stable")
        if k >= 2 * NARROWEST and smooth[k] >= max(least, 0.03 * len(width))
    ]
    kept: list[int] = []
    for k in peaks:
        if all(abs(int(k) - j) > 4 for j in kept):
            kept.append(int(k))
    return np.array(sorted(kept, reverse=True)) / 2
