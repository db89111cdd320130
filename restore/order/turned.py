"""Vertical columns out of rows that were read across them.

Such a dump writes the glyphs of a vertical page row by row: the first of every column, then the second of every column.
Each row is set against the columns as far as they have come, like two sequences: a glyph goes on a column (as far as the
character model and its place in the row say), opens a new one, or a column has no glyph in this row, since it begins
lower or has ended. Where hardly any column goes on, a new tier of columns begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["Glyph", "columns_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_REACH = 3  # characters of a column that the next is told by
_LEAST, _MOST = -4.0, 6.0  # nats of one glyph
_OFF = 8.0  # nats for one squared unit between a glyph and its column
_SKIP, _SKIP_ENDED, _SKIP_PLACED = 0.5, 0.05, 0.02  # nats for a column without a glyph in a row; for one that may have ended
_OPEN, _OPEN_EARLY = 3.0, 0.8  # nats for a column that begins; in the first rows of a tier
_EARLY = 4  # rows at whose beginning columns begin
_QUIET = 4  # rows without a glyph after which a column has ended
_TIER, _TIER_EACH = 4.0, 0.4  # nats for a new tier; by which a glyph must go on a column in the mean
_TIER_FEWEST = 5  # glyphs of a row that can open one
_ENDS = frozenset("。！？!?」』）)…")


@dataclass(frozen=True)
class Glyph:
    """What stands in one row of one column: a character, or figures that were set on their side.

    Attributes:
        at: its number in the text.
        text: its characters.
        x: place in its row; the unit is the distance of two columns.
    """

    at: int
    text: str
    x: float


@dataclass
class _Track:
    """A column as far as it has come."""

    x: float
    glyphs: list[Glyph] = field(default_factory=list)
    last_row: int = 0

    @property
    def tail(self) -> str:
        return "".join(g.text for g in self.glyphs[-_REACH:])[-_REACH:]


def columns_of(rows: Sequence[Sequence[Glyph]], model: Scorer, placed: bool) -> list[list[list[Glyph]]]:
    """Tiers of columns from right to left, each column downwards.

    Args:
        rows: glyphs from left to right, rows from the top.
        placed: whether the glyphs' places in their rows say where their columns are.
    """
    tiers: list[list[list[Glyph]]] = []
    tracks: list[_Track] = []
    since = 0
    for number, row in enumerate(rows):
        if not row:
            continue
        opening = _TIER_EACH * len(row) - _TIER if len(row) >= _TIER_FEWEST else -1e9
        if not tracks:
            score, pairs = opening, None
        else:
            score, pairs = _aligned(tracks, row, number, number - since < _EARLY, model, placed)
        if pairs is None or opening > score:
            if tracks:
                tiers.append([t.glyphs for t in reversed(tracks)])
            tracks = [_Track(g.x, [g], number) for g in row]
            since = number
            continue
        fresh: list[_Track] = []
        k = 0
        for i, t in pairs:
            if t >= 0:
                fresh.extend(tracks[k:t])
                track = tracks[t]
                track.glyphs.append(row[i])
                track.last_row = number
                if placed:
                    track.x += (row[i].x - track.x) / min(len(track.glyphs), 8)
                fresh.append(track)
                k = t + 1
            else:
                fresh.append(_Track(row[i].x, [row[i]], number))
        fresh.extend(tracks[k:])
        tracks = sorted(fresh, key=lambda t: t.x) if placed else fresh
    if tracks:
        tiers.append([t.glyphs for t in reversed(tracks)])
    return tiers


def _aligned(
    tracks: list[_Track], row: Sequence[Glyph], number: int, early: bool, model: Scorer, placed: bool
) -> tuple[float, list[tuple[int, int]]]:
    """The best way to set a row against the columns: its worth in nats, and the column of each glyph, -1 for a new one."""
    n, m = len(tracks), len(row)
    gain = _gains(tracks, row, model)
    if placed:
        off = np.array([t.x for t in tracks])[:, None] - np.array([g.x for g in row])[None, :]
        gain = gain - _OFF * np.minimum(off**2, 4.0)

    skip = np.array(
        [
            _SKIP_ENDED if t.tail[-1:] in _ENDS or number - t.last_row > _QUIET else _SKIP
            for t in tracks
        ]
    )
    if placed or 2 * m < n:
        skip[:] = _SKIP_PLACED
    opens = _OPEN_EARLY if early else _OPEN
    best = np.full((n + 1, m + 1), -1e9)
    back = np.zeros((n + 1, m + 1), dtype=np.int8)
    best[0] = -opens * np.arange(m + 1)
    back[0, 1:] = 2
    for t in range(1, n + 1):
        best[t, 0] = best[t - 1, 0] - skip[t - 1]
        back[t, 0] = 1
        without = best[t - 1] - skip[t - 1]
        going = np.concatenate(([-1e9], best[t - 1, :-1] + gain[t - 1]))
        value = np.maximum(without, going)
        step = np.where(going > without, 0, 1).astype(np.int8)
        value[0], step[0] = best[t, 0], 1
        # a new column behind this one: the running maximum of what came before, less what opening costs
        slope = opens * np.arange(m + 1)
        top = np.maximum.accumulate(value + slope) - slope
        opened = top > value + 1e-12
        best[t] = top
        back[t] = np.where(opened, 2, step)
    pairs: list[tuple[int, int]] = []
    t, i = n, m
    while t > 0 or i > 0:
        if back[t, i] == 2:
            i -= 1
            pairs.append((i, -1))
        elif back[t, i] == 0:
            t, i = t - 1, i - 1
            pairs.append((i, t))
        else:
            t -= 1
    pairs.reverse()
    return float(best[n, m]), pairs


def _gains(tracks: list[_Track], row: Sequence[Glyph], model: Scorer) -> Floats:
    """Nats by which each glyph is likelier behind each column than behind the mean of them, shape ``(n, m)``."""
    tails = np.full((len(tracks), _REACH), model.bos, dtype=np.int64)
    for k, track in enumerate(tracks):
        ids = np.asarray(model.encode(track.tail))
        if len(ids):
            tails[k, _REACH - len(ids) :] = ids
    width = max(len(g.text) for g in row)
    heads = np.full((len(row), width), model.bos, dtype=np.int64)
    for k, glyph in enumerate(row):
        heads[k, : len(glyph.text)] = model.encode(glyph.text)
    lengths = np.array([len(g.text) for g in row])
    matrix = np.asarray(model.seam_matrix(tails, heads, lengths), dtype=np.float64)
    anywhere = np.logaddexp.reduce(matrix, axis=0) - np.log(len(tracks))
    return np.clip(matrix - anywhere, _LEAST, _MOST)
