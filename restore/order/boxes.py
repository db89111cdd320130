"""Reading order of printed lines with boxes: geometry says what is near, text decides where a column goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.layout.placed import Placed
from restore.order.columns import Neighbours, blocks_of, edges_of, neighbours_of, reading_order
from restore.order.evidence import evidence_of, score, weights
from restore.order.sequence import chains_of, in_chains
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
_BESIDE_COLUMN = 2.0  # the same in the column next to it
_BELOW_PICTURE = 1.0
_OVER_COLUMNS = -1.5
_GUTTER = 5.0  # ems at most between neighbouring columns
_EDGE = 0.8  # ems by which edges of one column differ
_HEADLINE = 3  # lines of a headline at most
_WIDER = 1.25
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
    # a line of a list that is worded like furniture is none
    worded = segments.furniture
    worded &= (np.bincount(block, weights=worded) >= 0.5 * np.bincount(block))[block]
    aside = worded | edges_of(box, near)
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
    order = base[in_chains(chains_of(_renamed(successor, base, rank)))]
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
    ends = head[None, :] & tail[:, None]
    place = np.where(column & ends, _NEXT_COLUMN, place)
    beside = (box[None, :, 0] > box[:, None, 2] - 1.0) & (box[None, :, 0] < box[:, None, 2] + _GUTTER)
    place = np.where(column & beside & ends, _BESIDE_COLUMN, place)
    # further down in the same column, below a picture
    below = (np.abs(box[:, None, 0] - box[None, :, 0]) < _EDGE) & (
        np.abs(box[:, None, 2] - box[None, :, 2]) < _EDGE
    )
    below &= box[None, :, 1] > box[:, None, 3]
    place = np.where(below & ends, _BELOW_PICTURE, place)
    # a few lines much wider than the column are a headline, whatever the size of their type
    lines = np.bincount(block)[block]
    wide = box[:, 2] - box[:, 0]
    headline = (lines <= _HEADLINE)[None, :] & (wide[None, :] > _WIDER * column_of(box, block)[:, None])
    place += np.where(headline, _OVER_COLUMNS, 0.0)
    place += np.where(rank[None, :] < rank[:, None], _BACKWARDS, 0.0)
    nexts = by_rank[1:], by_rank[:-1]
    place[nexts[1], nexts[0]] = np.where(same, _UNDER, _NEXT_BLOCK)
    i = np.flatnonzero(near.beside >= 0)
    place[i, near.beside[i]] = _BESIDE
    ratio = np.abs(np.log(size[:, None] / size[None, :]))
    place += _OTHER_SIZE * np.clip((ratio - _SAME_SIZE) / (_NOT_SAME_SIZE - _SAME_SIZE), 0, 1)
    place[index, index] = _ELSEWHERE
    return place


def column_of(box: Floats, block: Ints) -> Floats:
    """Width of the block of each line, shape ``(n,)``."""
    left, right = np.full(int(block.max()) + 1, np.inf), np.full(int(block.max()) + 1, -np.inf)
    np.minimum.at(left, block, box[:, 0])
    np.maximum.at(right, block, box[:, 2])
    return np.asarray((right - left)[block])


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
