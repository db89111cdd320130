"""Moving runs of lines: the last word on dumps whose order is right but for strays.

A stray line breaks three seams at once, the two it came between and its own. Judged link by link each of them would have
to pay for its distance; judged as one move it pays once. So runs of lines are taken out and put elsewhere as long as
that makes the whole sequence better (Or-opt; Or 1976).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from restore.order.sequence import stay_put

__all__ = ["LOOSE", "merit", "neighbourhood", "refine", "settle", "worth"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_SIZES = (1, 2, 4, 8)  # lines that move as one run, at most
_BREAKS = 2.4  # neighbours of the dump that one move parts, after what SHARES gives back
_LEAST_NEIGHBOUR = 4.0
SHARES = (
    (1, 1.0),
    (2, 0.6),
    (3, 0.4),
    (4, 0.25),
    (5, 0.25),
    (6, 0.25),
)  # a line or a few may have been taken out between
LOOSE = -2.5  # what two neighbours score that have nothing to do with each other
PER_LINE = 0.4  # nats for each line of a run: of two moves with the same result the smaller is the likelier
LEAST = 0.5
BOTH_SIDES = 1.0  # nats of text evidence that the hole, and the new place, must each gain
_MOST_TURNS = 12
_LONGEST_PIECE = 60  # lines of a piece that can go to a smaller one
_AROUND = 30  # lines on each side that tell what an article is about
_COHESION = 2.0  # how much more a piece must share with the lines there than with those here
_FEWEST_PHRASES = 8


def neighbourhood(successor: Ints) -> float:
    """Nats for following each other in the dump too, from how many lines of the page seem to have strayed.

    That a certain line strayed to a certain place has the odds (strays / lines) / lines against it.
    """
    n = len(successor)
    linked = np.flatnonzero(successor >= 0)
    strays = float((successor[linked] != linked + 1).sum()) / 3  # each parts about three pairs
    return max(_LEAST_NEIGHBOUR, float(np.log(n) + np.log(n / (strays + 1))) / _BREAKS)


def weights_of(text: NDArray[np.float64], neighbour: float) -> Floats:
    """Score of following each other for every pair, shape ``(n, n)``: text evidence with a floor, and the dump's order."""
    n = len(text)
    out = np.maximum(text, LOOSE).astype(np.float32)
    for step, share in SHARES:
        k = np.arange(n - step)
        out[k, k + step] += np.float32(share * neighbour)
    return out


def refine(order: Ints, text: NDArray[np.float64], neighbour: float) -> Ints:
    """A better order, from moving runs of a few lines.

    Args:
        order: segments in the order found so far, shape ``(n,)``.
        text: log-odds that j follows i, shape ``(n, n)``.
        neighbour: see :func:`neighbourhood`.
    """
    pair = weights_of(text, neighbour)
    order = order.copy()
    n = len(order)
    if n < 3:
        return order
    # single strays first: what remains for longer runs is then really theirs
    for longest in _SIZES:
        for _ in range(_MOST_TURNS):
            moves = _best_moves(pair, text, order, longest)
            if not moves:
                break
            touched = np.zeros(n + 1, dtype=np.bool_)
            chosen = []
            for _gain, a, size, q in moves:
                zone = [z for z in (a - 1, *range(a, a + size), a + size, q, q + 1) if 0 <= z <= n]
                if not touched[zone].any():
                    touched[zone] = True
                    chosen.append((a, size, q))
            order = _moved(order, chosen)
    return order


def merit(order: Ints, text: NDArray[np.float64], neighbour: float) -> float:
    """What :func:`refine` makes larger: the sum over neighbours of an order."""
    return float(weights_of(text, neighbour)[order[:-1], order[1:]].sum())


def _best_moves(
    pair: Floats, bare: NDArray[np.float64], order: Ints, longest: int
) -> list[tuple[float, int, int, int]]:
    """Gainful moves ``(gain, place, size, behind place)``, best first; at most one per place and size."""
    n = len(order)
    # a row and a column for nothing at both ends
    w = np.zeros((n + 2, n + 2), dtype=np.float32)
    w[1:-1, 1:-1] = pair[np.ix_(order, order)]
    text = np.full((n + 2, n + 2), LOOSE, dtype=np.float32)
    text[1:-1, 1:-1] = np.maximum(bare[np.ix_(order, order)], LOOSE)
    bare_link = text[np.arange(n + 1), np.arange(1, n + 2)]
    link = w[np.arange(n + 1), np.arange(1, n + 2)]  # link[q]: between places q-1 and q
    found = []
    gap = np.arange(n + 1)
    for size in range(1, min(longest, n - 1) + 1):
        a = np.arange(n - size + 1)
        hole = w[a, a + size + 1] - link[a] - link[a + size]
        into = w[:-1, 1 : n - size + 2].T + w[size : n + 1, 1:] - link[None, :]
        gain = hole[:, None] + into - np.float32(PER_LINE * size)
        # a move must gain on both sides: where the run leaves a hole, and where it goes
        left = text[a, a + size + 1] - bare_link[a] - bare_link[a + size]
        home = text[:-1, 1 : n - size + 2].T + text[size : n + 1, 1:] - bare_link[None, :]
        gain[(home < BOTH_SIDES) | (left < BOTH_SIDES)[:, None]] = -1e9
        gain[(gap[None, :] >= a[:, None]) & (gap[None, :] <= a[:, None] + size)] = -1e9
        best = gain.argmax(axis=1)
        value = gain[a, best]
        for k in np.flatnonzero(value > LEAST):
            found.append((float(value[k]), int(k), size, int(best[k]) - 1))
    found.sort(reverse=True)
    return found


def _moved(order: Ints, moves: list[tuple[int, int, int]]) -> Ints:
    """Carry out moves that do not touch each other: ``size`` lines from place ``a`` go behind place ``q`` (-1: first)."""
    behind: dict[int, list[int]] = {}
    taken = np.zeros(len(order), dtype=np.bool_)
    for a, size, q in moves:
        behind.setdefault(q, []).extend(order[a : a + size].tolist())
        taken[a : a + size] = True
    out = list(behind.get(-1, []))
    for place, segment in enumerate(order.tolist()):
        if not taken[place]:
            out.append(segment)
        out.extend(behind.get(place, []))
    return np.array(out, dtype=np.int64)


def worth(text: NDArray[np.float64], order: Ints, first: int, last: int) -> float:
    """Nats that the seams around the run at places ``first..last`` gain over the dump's."""

    def seam(i: int, j: int) -> float:
        return max(float(text[i, j]), LOOSE) if 0 <= i < len(text) and 0 <= j < len(text) else 0.0

    a, b = int(order[first]), int(order[last])
    before = int(order[first - 1]) if first else -1
    behind = int(order[last + 1]) if last + 1 < len(order) else -1
    now = seam(before, a) + seam(b, behind) + (seam(a - 1, b + 1))
    then = seam(a - 1, a) + seam(b, b + 1) + (seam(before, behind) if before >= 0 and behind >= 0 else 0.0)
    return now - then


def settle(order: Ints, text: NDArray[np.float64], lines: Sequence[str]) -> Ints:
    """Let the stray go to its article, not the article to the stray.

    Two pieces that were parted can meet at either's place, and the smaller was moved. Where the larger one stands among
    strangers, and shares its names and phrases with the lines around the smaller one's old place, it goes there instead.

    Args:
        order: segments in the order found, shape ``(n,)``.
        text: log-odds that j follows i, shape ``(n, n)``.
        lines: text of every segment.
    """
    n = len(order)
    place_of = np.empty(n, dtype=np.int64)
    place_of[order] = np.arange(n)
    for first in np.flatnonzero(~stay_put(order)).tolist():
        head = int(order[first])
        last = first
        while last + 1 < n and order[last + 1] == order[last] + 1:
            last += 1
        if last + 1 >= n or last - first >= _SIZES[-1] or head == 0:
            continue
        behind = int(order[last + 1])
        loose_before = first == 0 or text[order[first - 1], head] <= 0
        if (
            text[order[last], behind] < BOTH_SIDES
            or not loose_before
            or place_of[head - 1] in (first - 1, last + 1)
        ):
            continue
        end = last + 1  # the larger piece: what goes on from there
        while end + 1 < n and end - last < _LONGEST_PIECE and text[order[end], order[end + 1]] > LOOSE / 2:
            end += 1
        piece = order[last + 1 : end + 1].tolist()
        if len(piece) <= last - first + 1:
            continue
        home = int(place_of[head - 1])  # behind which the smaller piece stood
        if first <= home <= end:
            continue
        names = _phrases(lines[k] for k in piece)
        around_home = [int(k) for k in order[max(0, home - _AROUND) : home + _AROUND + 1] if k not in piece]
        around_here = [
            int(k) for k in (*order[max(0, first - _AROUND) : first], *order[end + 1 : end + 1 + _AROUND])
        ]
        there = len(names & _phrases(lines[k] for k in around_home)) / max(1, len(around_home))
        here = len(names & _phrases(lines[k] for k in around_here)) / max(1, len(around_here))
        if there > _COHESION * here and there * len(around_home) >= _FEWEST_PHRASES:
            whole = order[first : end + 1].tolist()
            rest = [int(k) for k in order if int(k) not in set(whole)]
            at = rest.index(head - 1) + 1
            return settle(np.array(rest[:at] + whole + rest[at:], dtype=np.int64), text, lines)
    return order


def _phrases(lines: Iterable[str]) -> set[str]:
    """Strings of four characters in lines."""
    return {line[k : k + 4] for line in lines for k in range(len(line) - 3)}
