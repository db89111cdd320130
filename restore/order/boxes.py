"""Reading order of printed lines with boxes: geometry says what is near, text decides where a column goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.layout.furniture import furniture_lines
from restore.layout.placed import Placed
from restore.order.columns import Neighbours, blocks_of, edges_of, neighbours_of, reading_order
from restore.order.evidence import evidence_of, score, weights
from restore.order.sequence import in_chains
from restore.order.successors import assign

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["BoxOrder", "order_by_boxes"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# nats for where a line stands from another
_UNDER = 6.0
_BESIDE = 4.0
_NEXT_BLOCK = 2.5
_NEXT_COLUMN = 1.0
_BLOCK_HEAD = -1.5
_ELSEWHERE = -7.0
_BACKWARDS = -2.0  # more, against the order of the page
_OTHER_SIZE = -4.0
_SAME_SIZE, _NOT_SAME_SIZE = 0.1, 0.28  # logarithms of ratios of type sizes
_END = 2.0  # nats that a link must not fall short of
_NEW_PARAGRAPH = 1.5
_NEVER = -6.0
_ANY_PARAGRAPH = 1.0
_INDENT = (1.2, 2.8)  # ems


@dataclass(frozen=True)
class BoxOrder:
    """An order and what it rests on.

    Attributes:
        order: lines in reading order, shape ``(n,)``.
        base: lines in the order that boxes alone give, shape ``(n,)``.
        total: nats for every pair, shape ``(n, n)``.
        apart: neighbours in ``order`` between which a paragraph ends, shape ``(n - 1,)``.
        linked: neighbours in ``order`` that are linked, shape ``(n - 1,)``.
    """

    order: Ints
    base: Ints
    total: Floats
    apart: Bools
    linked: Bools


def order_by_boxes(placed: Placed, language: Language) -> BoxOrder:
    """Order the lines of a page."""
    segments, box, size = placed.segments, placed.box, placed.size
    n = len(segments)
    index = np.arange(n)
    near = neighbours_of(box, size)
    block = blocks_of(box, size, near)
    aside = furniture_lines(segments.texts) | edges_of(box, near)
    base = reading_order(box, block, aside)
    rank = np.empty(n, dtype=np.int64)
    rank[base] = index

    evidence = evidence_of(segments, language)
    table = weights()
    continues = score(evidence, table["continues"], index[:, None], index[None, :]).astype(np.float64)
    follows = score(evidence, table["follows"], index[:, None], index[None, :]).astype(np.float64)
    text = np.logaddexp(continues, np.minimum(follows, _ANY_PARAGRAPH) - _NEW_PARAGRAPH)
    total = text + _places(box, size, near, block, rank)
    total[aside, :] = total[:, aside] = 2 * _NEVER
    gain = np.maximum(total + _END, 0)
    gain[index, index] = 0
    successor = assign(gain)
    order = base[in_chains(_renamed(successor, base, rank))]
    linked = successor[order[:-1]] == order[1:]
    return BoxOrder(order, base, total, _paragraphs(box, size, block, order, linked, continues), linked)


def _renamed(successor: Ints, base: Ints, rank: Ints) -> Ints:
    """Successors in terms of places in ``base``."""
    out = successor[base]
    return np.where(out >= 0, rank[out], -1)


def _places(box: Floats, size: Floats, near: Neighbours, block: Ints, rank: Ints) -> Floats:
    """Nats for j standing where it does, seen from i, shape ``(n, n)``."""
    n = len(box)
    index = np.arange(n)
    head = np.ones(n, dtype=np.bool_)  # whether a line is the first of its block
    tail = np.ones(n, dtype=np.bool_)
    by_rank = np.argsort(rank)
    same = block[by_rank[1:]] == block[by_rank[:-1]]
    head[by_rank[1:]] = ~same
    tail[by_rank[:-1]] = ~same
    place = np.full((n, n), _ELSEWHERE)
    place[:, head] = _ELSEWHERE / 2
    place[np.ix_(tail, head)] = _BLOCK_HEAD
    # the head of a block to the right that begins above this line
    column = (box[None, :, 0] > box[:, None, 2] - 1.0) & (box[None, :, 1] < box[:, None, 3])
    place = np.where(column & head[None, :] & tail[:, None], _NEXT_COLUMN, place)
    place += np.where(rank[None, :] < rank[:, None], _BACKWARDS, 0.0)
    nexts = by_rank[1:], by_rank[:-1]
    place[nexts[1], nexts[0]] = np.where(same, _UNDER, _NEXT_BLOCK)
    i = np.flatnonzero(near.beside >= 0)
    place[i, near.beside[i]] = _BESIDE
    ratio = np.abs(np.log(size[:, None] / size[None, :]))
    place += _OTHER_SIZE * np.clip((ratio - _SAME_SIZE) / (_NOT_SAME_SIZE - _SAME_SIZE), 0, 1)
    place[index, index] = _ELSEWHERE
    return place


def _paragraphs(
    box: Floats, size: Floats, block: Ints, order: Ints, linked: Bools, continues: Floats
) -> Bools:
    """Between which neighbours of the order a paragraph ends: not linked, another size, or an indent. ``(n - 1,)``."""
    i, j = order[:-1], order[1:]
    ratio = np.maximum(size[i] / size[j], size[j] / size[i])
    column = np.full(int(block.max()) + 1, np.inf)
    np.minimum.at(column, block, box[:, 0])
    indent = (box[j, 0] - column[block[j]]) / size[j]
    first = (indent > _INDENT[0]) & (indent < _INDENT[1])
    return np.asarray(~linked | (ratio > 1.3) | (first & (continues[i, j] < 4)))
