"""From successors to an order: rings, chains, and which lines have to move."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "chains_of",
    "cycles_of",
    "far_links",
    "gate",
    "in_chains",
    "pieces_parted",
    "run_lengths",
    "stay_put",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]


def gate(successor: Ints, total: Floats, least: float) -> Ints:
    """Keep the dump's own order wherever leaving it gains too little.

    The solution and the dump's order (every segment before the next) differ in alternating paths; each path is taken
    whole or not at all.

    Args:
        successor: the solution, shape ``(n,)``.
        total: log-odds of every link, shape ``(n, n)``.
        least: nats that a path must gain over the dump's order.

    Returns:
        Successors, shape ``(n,)``.
    """
    n = len(successor)
    out = successor.copy()
    own = np.append(np.arange(1, n), -1)
    predecessor = np.full(n, -1)
    linked = np.flatnonzero(successor >= 0)
    predecessor[successor[linked]] = linked
    seen = np.zeros(n, dtype=np.bool_)
    for start in range(n):
        if seen[start] or successor[start] == own[start]:
            continue
        # all segments whose links depend on each other
        path, todo = [], [start]
        while todo:
            i = todo.pop()
            if i < 0 or seen[i] or successor[i] == own[i]:
                continue
            seen[i] = True
            path.append(i)
            j = int(successor[i])
            if j > 0:
                todo.append(j - 1)  # who had j in the dump
            k = int(own[i])
            if k >= 0:
                todo.append(int(predecessor[k]))  # who has our own next one now
        new = sum(float(total[i, successor[i]]) for i in path if successor[i] >= 0)
        old = sum(max(float(total[i, own[i]]), -2.0) for i in path if own[i] >= 0)
        moved = any(successor[i] >= 0 for i in path)
        if moved and new - old < least:
            for i in path:
                out[i] = own[i] if own[i] >= 0 and total[i, own[i]] > -2.0 else -1
    for cycle in cycles_of(out):  # one path kept and another taken can meet in a ring
        weakest = min(cycle, key=lambda k: float(total[k, out[k]]))
        out[weakest] = -1
    return out


def cycles_of(successor: Ints) -> list[list[int]]:
    """Rings of segments that follow each other."""
    # every ring comes back to its first segment from a later one
    back = successor[(successor >= 0) & (successor <= np.arange(len(successor)))]
    state = [0] * len(successor)
    follow = successor.tolist()
    found = []
    for start in np.sort(back).tolist():
        path, k = [], start
        while k >= 0 and state[k] == 0:
            state[k] = start + 1
            path.append(k)
            k = follow[k]
        if k >= 0 and state[k] == start + 1:
            found.append(path[path.index(k) :])
    return found


def far_links(successor: Ints) -> NDArray[np.bool_]:
    """Whether each segment is linked to one that is not among the next two of the dump. Shape ``(n,)``."""
    step = successor - np.arange(len(successor))
    return (successor >= 0) & ((step < 1) | (step > 2))


def pieces_parted(successor: Ints) -> Ints:
    """Size of the smaller of the two pieces that each far link ties together, in segments. Shape ``(n,)``.

    A piece is a run of segments linked without a far link; a segment without a far link has 0.
    """
    far = far_links(successor)
    before, behind = run_lengths(np.where(far, -1, successor))
    out = np.zeros(len(successor), dtype=np.int64)
    at = np.flatnonzero(far)
    out[at] = np.minimum(before[at], behind[successor[at]])
    return out


def run_lengths(successor: Ints) -> tuple[Ints, Ints]:
    """Segments of the run of links onwards that ends with each segment, and of the one that begins with it; ``(n,)`` each.

    Args:
        successor: later segments, -1 for none, shape ``(n,)``.
    """
    n, follow = len(successor), successor.tolist()
    ending, beginning = [1] * n, [1] * n
    for k in range(n):
        if follow[k] >= 0:
            ending[follow[k]] = ending[k] + 1
    for k in range(n - 1, -1, -1):
        if follow[k] >= 0:
            beginning[k] = beginning[follow[k]] + 1
    return np.array(ending, dtype=np.int64), np.array(beginning, dtype=np.int64)


def chains_of(successor: Ints) -> list[list[int]]:
    """Runs of segments that follow each other, each from its first to its last; by where they begin in the dump."""
    has_predecessor = np.zeros(len(successor), dtype=np.bool_)
    has_predecessor[successor[successor >= 0]] = True
    follow = successor.tolist()
    chains: list[list[int]] = []
    for start in np.flatnonzero(~has_predecessor).tolist():
        chain, k = [], start
        while k >= 0:
            chain.append(k)
            k = follow[k]
        chains.append(chain)
    return chains


def in_chains(chains: list[list[int]], homes: Sequence[int] | None = None) -> Ints:
    """Segments chain after chain, by where each chain is at home in the dump. Shape ``(n,)``.

    Args:
        homes: a segment of each chain; by default its first.
    """
    at = [chain[0] for chain in chains] if homes is None else homes
    return np.array(
        [k for c in sorted(range(len(chains)), key=at.__getitem__) for k in chains[c]], dtype=np.int64
    )


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
