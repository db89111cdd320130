"""From successors to an order: rings, chains, and which lines have to move."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

__all__ = ["cycles_of", "in_chains", "stay_put"]

Ints = NDArray[np.int64]


def cycles_of(successor: Ints) -> list[list[int]]:
    """Rings of segments that follow each other."""
    state = [0] * len(successor)
    follow = successor.tolist()
    found = []
    for start in range(len(follow)):
        path, k = [], start
        while k >= 0 and state[k] == 0:
            state[k] = start + 1
            path.append(k)
            k = follow[k]
        if k >= 0 and state[k] == start + 1:
            found.append(path[path.index(k) :])
    return found


def in_chains(successor: Ints) -> Ints:
    """Segments chain after chain, by where the first segment of each chain stands in the dump. Shape ``(n,)``."""
    n = len(successor)
    has_predecessor = np.zeros(n, dtype=np.bool_)
    has_predecessor[successor[successor >= 0]] = True
    order: list[int] = []
    follow = successor.tolist()
    for start in np.flatnonzero(~has_predecessor).tolist():
        k = start
        while k >= 0:
            order.append(k)
            k = follow[k]
    return np.array(order, dtype=np.int64)


def stay_put(order: Ints) -> NDArray[np.bool_]:
    """Which places of an order keep the dump's sequence: the longest increasing run. Shape ``(n,)``."""
    tails: list[int] = []
    at: list[int] = []
    back = [-1] * len(order)
    for place, value in enumerate(order.tolist()):
        k = bisect_left(tails, value)
        if k == len(tails):
            tails.append(value)
            at.append(place)
        else:
            tails[k], at[k] = value, place
        back[place] = at[k - 1] if k else -1
    out = np.zeros(len(order), dtype=np.bool_)
    place = at[-1] if at else -1
    while place >= 0:
        out[place] = True
        place = back[place]
    return out
