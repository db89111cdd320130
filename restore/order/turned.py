"""Vertical columns out of rows that were read across them, where the rows keep the places of the columns.

Such a dump writes the glyphs of a vertical page row by row: the first of every column from left to right, then the second.
Spaces keep the columns apart, so a glyph's place in its row says which column it stands in. Tiers, one below the other,
share these places; where one ends, the text tells: inside a tier the glyphs read on downwards, and the foot of a column
reads on at the head of the next to the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restore.order.glyph_columns import Glyph, columns_of, looseness, places_of
from restore.order.settling import settle_figures, settle_marks
from restore.order.tiers import Grid

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["Glyph", "Turned", "looseness", "turned"]

_FEWEST_COLUMNS = 4


@dataclass(frozen=True)
class Turned:
    """Tiers from the top, each with its columns from right to left, each of which reads downwards.

    Attributes:
        tiers: the columns.
        gain: nats by which the glyphs read on in the mean, better than anywhere.
    """

    tiers: list[list[list[Glyph]]]
    gain: float


def turned(rows: Sequence[Sequence[Glyph]], line: float, model: Scorer) -> Turned | None:
    """Columns of rows of glyphs, from left to right and from the top; None where they have no common places.

    Figures in a row of nothing else were set on their side: they are taller than a row, and their place is that of
    their row in a measure of its own. They go where they read on.

    Args:
        rows: the glyphs.
        line: length of the longest line, in the unit of places.
        model: of characters.
    """
    figures = [bool(row) and all(g.text[0].isascii() and g.text[0].isalnum() for g in row) for row in rows]
    upright = [[] if sideways else row for row, sideways in zip(rows, figures, strict=True)]
    places = places_of(upright)
    if len(places) < _FEWEST_COLUMNS:
        return None
    grid = Grid(upright, columns_of(upright, places, model), model)
    if not grid.width:
        return None
    tiers = grid.pieces()
    row_of = {glyph.at: number for number, row in enumerate(rows) for glyph in row}
    for tier in tiers:
        settle_marks(tier, row_of, model)
    loose = [glyph for row, sideways in zip(rows, figures, strict=True) if sideways for glyph in row]
    left = settle_figures(tiers, loose, row_of, line, model)
    if left:
        tiers.append([[glyph] for glyph in left])
    return Turned(tiers, grid.gain())
