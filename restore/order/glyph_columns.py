"""Which column of a vertical page each glyph of a row stands in, where the rows keep the places of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.order.evidence import tails_and_heads

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["DOWN", "LEAST", "MOST", "Glyph", "columns_of", "looseness", "places_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST, MOST = -4.0, 6.0
"""Nats that a single seam counts."""
DOWN = 6
"""Rows below a glyph in which the next one of its column is looked for."""
_FEWEST = 0.04  # share of the rows in which a column has a glyph
_NEAR = 0.75  # of the distance of two columns: places closer than that are one
_TOGETHER = (
    0.35  # share of the rows that have glyphs at both of such places, above which they are two columns
)
_OFF = 3.0  # nats for a glyph half a column beside its own
_EXACT = 0.1  # of that distance: glyphs so near their place need no telling
_STACKED = 5.0  # nats for two glyphs of one column in one row
_LOOKS = 2  # how often rows are set against the columns


@dataclass(frozen=True)
class Glyph:
    """What stands in one row of one column: a character, or figures that were set on their side.

    Attributes:
        at: its number in the text.
        text: its characters.
        x: place in its row.
        touches: whether no space stands before it: it may stand below the one before, in the same column.
    """

    at: int
    text: str
    x: float
    touches: bool = False


def looseness(rows: Sequence[Sequence[Glyph]]) -> float:
    """Share of the glyphs that stand at no place which many rows have in common: the measure of a unit of places."""
    places = places_of(rows)
    x = np.array([g.x for row in rows for g in row])
    if not len(places) or not len(x):
        return 1.0
    return float((np.abs(x[:, None] - places[None, :]).min(axis=1) > 0.5).mean())


def places_of(rows: Sequence[Sequence[Glyph]]) -> Floats:
    """Where columns stand: places that many rows have in common, ascending."""
    x = np.array([g.x for row in rows for g in row])
    steps = np.concatenate([np.diff([g.x for g in row]) for row in rows if len(row) > 1] or [np.empty(0)])
    if not len(steps):
        return np.empty(0)
    value, count = np.unique(np.rint(steps), return_counts=True)
    pitch = float(value[count.argmax()])
    place, often = np.unique(np.rint(x), return_counts=True)
    stands: dict[float, set[int]] = {float(one): set() for one in place}
    for number, row in enumerate(rows):
        for glyph in row:
            stands[float(np.rint(glyph.x))].add(number)
    chosen: list[float] = []
    for k in np.lexsort((place, -often)).tolist():
        if often[k] < max(2, _FEWEST * len(rows)):
            break
        near = [other for other in chosen if abs(place[k] - other) < _NEAR * pitch]
        here = stands[float(place[k])]
        if all(len(here & stands[other]) > _TOGETHER * min(len(here), len(stands[other])) for other in near):
            chosen.append(float(place[k]))
    return np.array(sorted(chosen))


def columns_of(rows: Sequence[Sequence[Glyph]], places: Floats, model: Scorer) -> list[Ints]:
    """The column of every glyph, row by row: ascending in a row, near its place, where it reads on."""
    pitch = float(np.median(np.diff(places)))
    offs = [np.abs(places[:, None] - np.array([g.x for g in row])[None, :]) / pitch for row in rows]
    out: list[Ints] = [np.full(len(row), -1, dtype=np.int64) for row in rows]
    for look in range(_LOOKS):
        tails = ["。"] * len(places)
        for number, row in enumerate(rows):
            if not row:
                continue
            off = offs[number]
            worth = -_OFF * (2 * off) ** 2
            pairs = np.full(len(row), -np.inf)
            touching = [k for k, glyph in enumerate(row) if k and glyph.touches]
            if touching or (off.min(axis=0) > _EXACT).any():
                texts = [g.text for g in row]
                worth = worth + _seams(tails, texts, model)
                if look:
                    worth = worth + _seams(texts, _below(rows, out, number, len(places)), model).T
                if touching:
                    pairs[touching] = _seams(texts, texts, model)[np.array(touching) - 1, touching] - _STACKED
            out[number] = _assigned(worth, pairs)
            for glyph, column in zip(row, out[number].tolist(), strict=True):
                if column >= 0:
                    tails[column] = (tails[column] + glyph.text)[-4:]
    return out


def _below(rows: Sequence[Sequence[Glyph]], columns: list[Ints], number: int, width: int) -> list[str]:
    """The next glyph below a row in every column."""
    found = [""] * width
    for k in range(number + 1, min(number + DOWN, len(rows))):
        for glyph, column in zip(rows[k], columns[k].tolist(), strict=True):
            if column >= 0 and not found[column]:
                found[column] = glyph.text
    return [text or "。" for text in found]


def _assigned(worth: Floats, pairs: Floats) -> Ints:
    """The column of each glyph of a row, ascending, with the most worth; -1 for all where they do not fit.

    Args:
        worth: of each glyph in each column, ``(columns, glyphs)``.
        pairs: of each glyph below the one before it, in the same column; minus infinity where that cannot be.
    """
    n, m = worth.shape
    best = np.full((n + 1, m + 1), -np.inf)
    best[:, 0] = 0.0
    took = np.zeros(best.shape, dtype=np.int8)
    for c in range(1, n + 1):
        one = best[c - 1, :-1] + worth[c - 1]
        two = np.full(m, -np.inf)
        two[1:] = best[c - 1, :-2] + worth[c - 1, :-1] + pairs[1:]
        values = np.stack((best[c - 1, 1:], one, two))
        took[c, 1:] = values.argmax(axis=0)
        best[c, 1:] = values.max(axis=0)
    which = np.full(m, -1, dtype=np.int64)
    c, i = n, m
    while i > 0 and np.isfinite(best[n, m]):
        count = int(took[c, i])
        which[i - count : i] = c - 1
        c, i = c - 1, i - count
    return which


def _seams(tails: list[str], heads: list[str], model: Scorer) -> Floats:
    """Nats by which each head is likelier behind each tail than behind the mean of them, shape ``(n, m)``."""
    ends, _ = tails_and_heads(tails, model)
    _, begins = tails_and_heads(heads, model)
    lengths = np.array([min(len(h), begins.shape[1]) for h in heads])
    matrix = np.asarray(model.seam_matrix(ends, begins, lengths), dtype=np.float64)
    anywhere = np.logaddexp.reduce(matrix, axis=0) - np.log(len(tails))
    return np.asarray(np.clip(matrix - anywhere, LEAST, MOST))
