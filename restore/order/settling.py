"""Glyphs of vertical columns that do not stand in their row: marks that came late, and figures set on their side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.order.evidence import tails_and_heads
from restore.order.glyph_columns import Glyph

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["settle_figures", "settle_marks"]

Floats = NDArray[np.float64]

_MARKS, _CLOSING = frozenset("，。、；：！？"), frozenset("」』”’）)》〉")
_LATE, _SETTLES = 3, 1.5  # rows by which a low mark comes late; nats by which it then reads better
_TALL = 6  # rows above and below figures on their side in which they may stand
_FITS, _CLEARLY = 3.0, 3.0  # nats that figures gain in their place, and by which it is better than any other
_BESIDE = 2.0  # columns by which their place may be off


def settle_marks(tier: list[list[Glyph]], row_of: dict[int, int], model: Scorer) -> None:
    """Put marks before the glyph above them where that reads better: a low mark gets a row of its own, which comes late."""
    at = [
        (column, k)
        for column in tier
        for k in range(1, len(column))
        if column[k].text in _MARKS
        and column[k - 1].text not in _MARKS
        and column[k - 1].text not in _CLOSING
        and 0 < row_of[column[k].at] - row_of[column[k - 1].at] <= _LATE
    ]
    if not at:
        return
    before = ["".join(g.text for g in column[max(0, k - 5) : k - 1])[-4:] or "。" for column, k in at]
    behind = ["".join(g.text for g in column[k + 1 : k + 3]) for column, k in at]
    odds = [
        _read(
            before,
            [
                column[k + a].text + column[k + b].text + after
                for (column, k), after in zip(at, behind, strict=True)
            ],
            model,
        )
        for a, b in ((0, -1), (-1, 0))
    ]
    for (column, k), better in zip(at, (odds[0] - odds[1] > _SETTLES).tolist(), strict=True):
        if better:
            column[k - 1 : k + 1] = [column[k], column[k - 1]]


def settle_figures(
    tiers: list[list[list[Glyph]]], loose: list[Glyph], row_of: dict[int, int], line: float, model: Scorer
) -> list[Glyph]:
    """Put figures between two glyphs of a column where they read clearly best; those that do so nowhere are left.

    Args:
        line: length of the longest line, in the unit of the places of figures.
    """
    chosen: list[tuple[float, int, list[Glyph], Glyph]] = []
    for number, figure in enumerate(loose):
        spots = [
            (column, k)
            for tier in tiers
            for column in tier
            for k in range(len(column))
            if abs(row_of[column[k].at] - row_of[figure.at]) <= _TALL
        ]
        if len(spots) < 2:
            continue
        # how many columns the place is off, counted from the left
        rank = {id(column): (len(tier) - 1 - n, len(tier)) for tier in tiers for n, column in enumerate(tier)}
        ranks = np.array([rank[id(column)] for column, _ in spots], dtype=np.float64)
        off = ranks[:, 0] - figure.x / max(line, 1.0) * ranks[:, 1]
        before = ["".join(g.text for g in column[max(0, k - 4) : k])[-4:] or "。" for column, k in spots]
        behind = ["".join(g.text for g in column[k : k + 3]) for column, k in spots]
        gain = _read(before, [figure.text + after for after in behind], model) - _read(before, behind, model)
        gain -= np.median(gain)
        gain -= 0.5 * (off / _BESIDE) ** 2
        order = np.argsort(-gain)
        if gain[order[0]] > _FITS and gain[order[0]] > gain[order[1]] + _CLEARLY:
            column, k = spots[int(order[0])]
            chosen.append((float(gain[order[0]]), number, column, column[k]))
    taken: set[int] = set()
    done: set[int] = set()
    for _, number, column, behind_it in sorted(chosen, key=lambda one: -one[0]):
        if behind_it.at not in taken:
            taken.add(behind_it.at)
            done.add(number)
            column.insert(column.index(behind_it), loose[number])
    return [figure for number, figure in enumerate(loose) if number not in done]


def _read(before: list[str], texts: list[str], model: Scorer) -> Floats:
    """ln P of each text behind what stands before it, shape ``(n,)``."""
    tails, _ = tails_and_heads(before, model)
    length = np.array([len(text) for text in texts])
    ids = np.full((len(texts), int(length.max(initial=1))), model.bos, dtype=np.int64)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = model.encode(text)
    each = np.asarray(model.logp_given(tails, ids), dtype=np.float64)
    each[np.arange(ids.shape[1])[None, :] >= length[:, None]] = 0.0
    total: Floats = each.sum(axis=1)
    return total
