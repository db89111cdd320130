"""From an order of segments to moves in the text, with the white space that the new neighbours need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.correction import Edit, Insert, Move, Replace
from restore.order.sequence import stay_put
from restore.source import Span
from restore.view import View

__all__ = ["Group", "chance_of", "moves_of", "together"]

Ints = NDArray[np.int64]

_SHOWN = 12  # characters of a line by which evidence names it


@dataclass
class Group:
    """Segments that move together.

    Attributes:
        first, last: places in the new order.
        edits: the move, and what it changes in white space.
    """

    first: int
    last: int
    edits: list[Edit]


def moves_of(
    view: View, start: Ints, end: Ints, order: Ints, want: list[str], stop: int | None = None
) -> list[Group]:
    """Edits that bring segments into an order.

    Args:
        start, end: view offsets of the segments, ascending, shape ``(n,)``; between them is only white space.
        order: segments in the new order, shape ``(n,)``.
        want: white space between new neighbours, by place, ``n - 1`` of them.
        stop: view offset behind which nothing moves; by default the text's end.
    """
    n = len(order)
    stop = len(view) if stop is None else stop
    stays = stay_put(order)
    follow = np.append(start[1:], stop)  # where the white space behind a segment ends
    groups: list[Group] = []
    owner = np.full(n, -1)
    for place in np.flatnonzero(~stays).tolist():
        if not (place and owner[place - 1] >= 0 and order[place] == order[place - 1] + 1):
            groups.append(Group(place, place, []))
        groups[-1].last = place
        owner[place] = len(groups) - 1
    if not groups:
        return []
    behind = np.full(n + 1, stop, dtype=np.int64)
    for place in range(n - 1, -1, -1):
        behind[place] = start[order[place]] if stays[place] else behind[place + 1]
    for group in groups:
        span = Span(int(start[order[group.first]]), int(follow[order[group.last]]))
        group.edits.append(Move(span, int(behind[group.first]), float(start[0]) + group.first))
    went = np.full(n, -1)
    went[order] = owner
    left = [0] * (n + 1)  # the group of the first segment from each one on that moves
    for k in range(n - 1, -1, -1):
        left[k] = int(went[k]) if went[k] >= 0 else left[k + 1]
    for place in range(n - 1):
        k, after = int(order[place]), int(order[place + 1])
        if after == k + 1:
            continue
        a, b = int(end[k]), int(follow[k])
        if view.text[a:b] == want[place]:
            continue
        # of the group that came, or else of the first one that left
        number = next((o for o in owner[place : place + 2].tolist() if o >= 0), left[k + 1])
        edit: Edit = Replace(Span(a, b), want[place]) if b > a else Insert(a, want[place])
        groups[number].edits.append(edit)
    return groups


def together(
    groups: list[Group], order: Ints, texts: Sequence[str]
) -> tuple[tuple[Edit, ...], dict[str, Any]]:
    """All moves as one correction: its edits, and evidence that lists the segments in their new order.

    Args:
        order: segments in the new order, shape ``(n,)``; ``texts`` are theirs in the dump's.
    """
    lines = [{"line": k, "place": place, "text": texts[k][:_SHOWN]} for place, k in enumerate(order.tolist())]
    moved = sum(group.last - group.first + 1 for group in groups)
    return tuple(edit for group in groups for edit in group.edits), {"lines": lines, "moved": moved}


def chance_of(nats: float) -> float:
    """How likely a move is right that gains so many nats, of which a quarter counts."""
    return float(1 / (1 + np.exp(-np.clip(nats, -30, 30) / 4)))
