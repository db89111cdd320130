"""From successors to an order: rings, chains, and which lines have to move."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cycles_of", "far_links", "gate", "in_chains", "pieces_parted", "stay_put"]

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

_NEIGHBOUR = 3  # places between neighbours of a run; strays may stand between
# what a run is worth as the home of its chain, in logarithms of its length: per nat around it, and when it is the first
_PER_NAT, _FIRST, _CLIP = 0.2, 0.3, (-6.0, 4.0)
_PHRASES, _FEW = 1.0, 0.05  # the same for each logarithm of phrases shared with a line there
_PHRASE, _AROUND = 4, 30  # characters of a phrase; lines on each side that tell what is written about there


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


def far_links(successor: Ints) -> NDArray[np.bool_]:
    """Whether each segment is linked to one that is not among the next two of the dump. Shape ``(n,)``."""
    step = successor - np.arange(len(successor))
    return (successor >= 0) & ((step < 1) | (step > 2))


def pieces_parted(successor: Ints) -> Ints:
    """Size of the smaller of the two pieces that each far link ties together, in segments. Shape ``(n,)``.

    A piece is a run of segments linked without a far link; a segment without a far link has 0.
    """
    n = len(successor)
    far = far_links(successor)
    near = np.where((successor >= 0) & ~far, successor, -1).tolist()
    before, behind = [1] * n, [1] * n
    for k in range(n):
        if near[k] >= 0:
            before[near[k]] = before[k] + 1
    for k in range(n - 1, -1, -1):
        if near[k] >= 0:
            behind[k] = behind[near[k]] + 1
    out = np.zeros(n, dtype=np.int64)
    at = np.flatnonzero(far)
    out[at] = np.minimum(np.array(before)[at], np.array(behind)[successor[at]])
    return out


def in_chains(successor: Ints, odds: Floats | None = None, texts: Sequence[str] = ()) -> Ints:
    """Segments chain after chain, by where each chain is at home in the dump. Shape ``(n,)``.

    Args:
        odds: log-odds of every link, shape ``(n, n)``, for dumps that are in order but for strays: then a chain is at home
            where a long run of it stands among lines that it goes with, and not where a stray that begins it landed.
            Without them it is at home where its first segment stands.
        texts: of the segments; lines that share names and phrases go together.
    """
    n = len(successor)
    has_predecessor = np.zeros(n, dtype=np.bool_)
    has_predecessor[successor[successor >= 0]] = True
    chains: list[list[int]] = []
    follow = successor.tolist()
    for start in np.flatnonzero(~has_predecessor).tolist():
        chain, k = [], start
        while k >= 0:
            chain.append(k)
            k = follow[k]
        chains.append(chain)
    if odds is not None:
        chains.sort(key=lambda chain: _home(chain, odds, texts))
    return np.array([k for chain in chains for k in chain], dtype=np.int64)


def _home(chain: list[int], odds: Floats, texts: Sequence[str]) -> int:
    """First segment of the run of neighbours that the chain is put at.

    The longer the run the better; the better the whole chain goes with what stands around it, and the lines around the
    other runs with each other; and the more phrases it shares with the lines there.
    """
    runs: list[tuple[int, int]] = []  # first and last place in the chain
    begin = 0
    for q in range(1, len(chain) + 1):
        if q == len(chain) or not 1 <= chain[q] - chain[q - 1] <= _NEIGHBOUR:
            runs.append((begin, q - 1))
            begin = q
    if len(runs) == 1:
        return chain[0]
    n = len(odds)

    def seam(i: int, j: int) -> float:
        return float(np.clip(odds[i, j], *_CLIP)) if i >= 0 and j < n else 0.0

    holes = [seam(chain[a] - 1, chain[b] + 1) for a, b in runs]
    shared = (
        _shared([(chain[a] + chain[b]) // 2 for a, b in runs], chain, texts) if texts else [1.0] * len(runs)
    )
    best, home = -np.inf, chain[0]
    for q, (a, b) in enumerate(runs):
        around = seam(chain[a] - 1, chain[0]) + seam(chain[-1], chain[b] + 1) + sum(holes) - holes[q]
        value = np.log(b - a + 1) + _PER_NAT * around + _PHRASES * np.log(shared[q] + _FEW)
        value += _FIRST if q == 0 else 0.0
        if value > best:
            best, home = value, chain[a]
    return home


def _shared(places: list[int], chain: list[int], texts: Sequence[str]) -> list[float]:
    """Phrases of a chain that stand around each place, for each line there that is not the chain's."""
    own = set(chain)
    names = {
        text[k : k + _PHRASE] for text in (texts[i] for i in chain) for k in range(len(text) - _PHRASE + 1)
    }
    out = []
    for place in places:
        lines = [
            texts[i]
            for i in range(max(0, place - _AROUND), min(len(texts), place + _AROUND + 1))
            if i not in own
        ]
        there = {text[k : k + _PHRASE] for text in lines for k in range(len(text) - _PHRASE + 1)}
        out.append(len(names & there) / max(1, len(lines)))
    return out


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
