"""Which of two pieces that found each other stays where it is: the stray goes to its article."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from restore.order.sequence import stay_put

__all__ = ["settle"]

Ints = NDArray[np.int64]

_LONGEST_RUN = 8  # lines of a stray
_LOOSE = -2.5  # what two neighbours score that have nothing to do with each other
_TIED = 1.0  # nats of text evidence that tie the stray to the piece
_LONGEST_PIECE = 60  # lines of a piece that can go to a smaller one
_AROUND = 30  # lines on each side that tell what an article is about
_COHESION = 2.0  # how much more a piece must share with the lines there than with those here
_FEWEST_PHRASES = 8


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
        if last + 1 >= n or last - first >= _LONGEST_RUN or head == 0:
            continue
        behind = int(order[last + 1])
        loose_before = first == 0 or text[order[first - 1], head] <= 0
        if (
            text[order[last], behind] < _TIED
            or not loose_before
            or place_of[head - 1] in (first - 1, last + 1)
        ):
            continue
        end = last + 1  # the larger piece: what goes on from there
        while end + 1 < n and end - last < _LONGEST_PIECE and text[order[end], order[end + 1]] > _LOOSE / 2:
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
