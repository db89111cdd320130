"""Tiers of vertical columns, one below the other: where they end is told by how the glyphs read on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.order.evidence import tails_and_heads
from restore.order.glyph_columns import DOWN, LEAST, MOST, Glyph

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["Grid"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAMPLE = 96  # column ends that tell how likely a glyph is anywhere
_TIER = 6.0  # nats that a tier must gain
_APART = 12.0  # nats that columns with tiers of their own must gain
_BAND, _DEPTH = 3, 2  # columns of such a band at least; how often one is parted again
_ROW = 3  # glyphs of a row that tells of the end of a tier
_SPANS = 2.0  # nats by which a column reads on across the end of a tier rather than in its neighbour


class Grid:
    """Glyphs in columns, and what speaks for each end of a tier."""

    def __init__(self, rows: Sequence[Sequence[Glyph]], columns: list[Ints], model: Scorer) -> None:
        self.model = model
        self.height = len(rows)
        self.width = 1 + max((int(which.max()) for which in columns if len(which)), default=-1)
        self.glyphs: list[list[Glyph]] = [[] for _ in range(self.width)]
        self.rows: list[list[int]] = [[] for _ in range(self.width)]
        for number, (row, which) in enumerate(zip(rows, columns, strict=True)):
            for glyph, column in zip(row, which.tolist(), strict=True):
                if column >= 0:
                    self.glyphs[column].append(glyph)
                    self.rows[column].append(number)

    @cached_property
    def texts(self) -> list[list[str]]:
        """Characters of every glyph, by column."""
        return [[g.text for g in column] for column in self.glyphs]

    def head(self, column: int, k: int) -> str:
        """What begins with glyph ``k`` of a column."""
        return "".join(self.texts[column][k : k + 4])[:4]

    def tail(self, column: int, k: int) -> str:
        """What stands before glyph ``k`` of a column."""
        return "".join(self.texts[column][max(0, k - 4) : k])[-4:]

    @cached_property
    def sample(self) -> list[str]:
        """Some of what stands before glyphs."""
        tails = [self.tail(c, k) for c in range(self.width) for k in range(1, len(self.glyphs[c]))]
        return tails[:: len(tails) // _SAMPLE + 1]

    def fits(self, pairs: list[tuple[str, str]]) -> Floats:
        """Nats by which each head is likelier behind its tail than anywhere, shape ``(n,)``."""
        if not pairs:
            return np.zeros(0)
        known: dict[str, int] = {}
        for _, head in pairs:
            known.setdefault(head, len(known))
        sample, _ = tails_and_heads(self.sample, self.model)
        _, heads = tails_and_heads(list(known), self.model)
        lengths = np.array([len(head) for head in known])
        matrix = np.asarray(self.model.seam_matrix(sample, heads, lengths), dtype=np.float64)
        anywhere = np.logaddexp.reduce(matrix, axis=0) - np.log(len(sample))
        which = np.array([known[head] for _, head in pairs])
        tails, _ = tails_and_heads([tail for tail, _ in pairs], self.model)
        each = np.asarray(self.model.logp_given(tails, heads[which]), dtype=np.float64)
        each[np.arange(each.shape[1])[None, :] >= lengths[which][:, None]] = 0.0
        return np.asarray(np.clip(each.sum(axis=1) - anywhere[which], LEAST, MOST))

    @cached_property
    def down(self) -> list[Floats]:
        """How well each glyph reads on from the one above in its column; 0 for the first. By column."""
        pairs = [
            (self.tail(c, k), self.texts[c][k][:4])
            for c in range(self.width)
            for k in range(1, len(self.glyphs[c]))
        ]
        values = self.fits(pairs)
        out, at = [], 0
        for column in self.glyphs:
            size = max(len(column) - 1, 0)
            out.append(np.concatenate((np.zeros(min(len(column), 1)), values[at : at + size])))
            at += size
        return out

    @cached_property
    def ends(self) -> Ints:
        """Rows at which a tier may begin: the first, those that read on worse than most, and behind the last."""
        per_row, count = np.zeros(self.height), np.zeros(self.height)
        for column, rows in zip(self.down, self.rows, strict=True):
            np.add.at(per_row, rows, column)
            np.add.at(count, rows, 1)
        mean = per_row / np.maximum(count, 1)
        usual = float(np.median(mean[count >= _ROW])) if (count >= _ROW).any() else 0.0
        likely = np.flatnonzero((count >= _ROW) & (mean < usual))
        return np.unique(np.concatenate(([0], likely, [self.height])))

    @cached_property
    def first(self) -> Ints:
        """The first glyph of each column at or behind each of these rows, shape ``(ends, width)``."""
        return np.array([[np.searchsorted(rows, end) for rows in self.rows] for end in self.ends.tolist()])

    @cached_property
    def worth(self) -> Floats:
        """What a tier from one of these rows to another gains in each column, summed from the left: ``(a, b, width + 1)``.

        That is how its glyphs read on, and how its foot does at the head of the next column to the left.
        """
        n, first = len(self.ends), self.first
        out = np.zeros((n, n, self.width + 1))
        pairs: list[tuple[str, str]] = []
        places: list[tuple[int, int, int]] = []
        sums = [np.concatenate(([0.0], np.cumsum(column))) for column in self.down]
        for a in range(n - 1):
            for b in range(a + 1, n):
                filled = np.flatnonzero(first[b] > first[a]).tolist()
                for c in filled:
                    out[a, b, c + 1] = sums[c][first[b, c]] - sums[c][first[a, c] + 1]
                for left, c in zip(filled, filled[1:], strict=False):
                    pairs.append((self.tail(c, int(first[b, c])), self.head(left, int(first[a, left]))))
                    places.append((a, b, c + 1))
        for (a, b, c), value in zip(places, self.fits(pairs).tolist(), strict=True):
            out[a, b, c] += value
        return np.cumsum(out, axis=2)

    def bands(self) -> list[tuple[int, int, list[int]]]:
        """Columns side by side that have tiers of their own, from right to left: first, stop, and numbers of `ends`."""
        return self._band(0, self.width, _DEPTH)[1]

    def _band(self, low: int, high: int, depth: int) -> tuple[float, list[tuple[int, int, list[int]]]]:
        value, cuts = self._tiers(low, high)
        best = value, [(low, high, cuts)]
        if not depth:
            return best
        whole = {
            k: self._tiers(low, k)[0] + self._tiers(k, high)[0] for k in range(low + _BAND, high - _BAND + 1)
        }
        if whole and max(whole.values()) > value + _APART:
            k = max(whole, key=lambda one: whole[one])
            left, right = self._band(low, k, depth - 1), self._band(k, high, depth - 1)
            return left[0] + right[0], right[1] + left[1]
        return best

    def _tiers(self, low: int, high: int) -> tuple[float, list[int]]:
        """The best tiers of the columns from ``low`` to before ``high``, as numbers of `ends`, and their worth."""
        n = len(self.ends)
        worth = self.worth[:, :, high] - self.worth[:, :, low] - _TIER
        best, back = np.full(n, -1e9), np.zeros(n, dtype=np.int64)
        best[0] = 0.0
        for b in range(1, n):
            values = best[:b] + worth[:b, b]
            back[b] = int(values.argmax())
            best[b] = values[back[b]]
        cuts, b = [n - 1], n - 1
        while b > 0:
            b = int(back[b])
            cuts.append(b)
        return float(best[n - 1]), cuts[::-1]

    def pieces(self) -> list[list[list[Glyph]]]:
        """The columns of every tier, from right to left; a column that reads on across the foot of a tier stays whole."""
        out: list[list[list[Glyph]]] = []
        for low, high, cuts in self.bands():
            done = np.zeros(self.width, dtype=np.int64)
            for top, foot in zip(cuts, cuts[1:], strict=False):
                spans = self._spanning(low, high, top, foot) if foot != cuts[-1] else set()
                tier = []
                for c in range(high - 1, low - 1, -1):
                    stop = int(self.first[foot, c])
                    if c in spans:
                        stop = self._unbroken(c, stop, int(self.first[cuts[cuts.index(foot) + 1], c]))
                    if stop > done[c]:
                        tier.append(self.glyphs[c][done[c] : stop])
                        done[c] = stop
                out.append(tier)
        return self._by_height([tier for tier in out if tier])

    def _by_height(self, tiers: list[list[list[Glyph]]]) -> list[list[list[Glyph]]]:
        """The same, with what stands wholly above all else before it: tiers need not share the places of their columns."""
        row = {
            glyph.at: number
            for glyphs, rows in zip(self.glyphs, self.rows, strict=True)
            for glyph, number in zip(glyphs, rows, strict=True)
        }
        spans = [
            (row[column[0].at], row[column[-1].at], k, column)
            for k, tier in enumerate(tiers)
            for column in tier
        ]
        crossed = np.zeros(self.height + 1, dtype=np.int64)
        for top, foot, _, _ in spans:
            crossed[top + 1] += 1
            crossed[foot + 1] -= 1
        clear = np.cumsum(crossed) == 0  # rows at which no column goes on from above
        part = np.cumsum(clear)
        groups: dict[tuple[int, int], list[list[Glyph]]] = {}
        for top, _, k, column in spans:
            groups.setdefault((int(part[top]), k), []).append(column)
        return [groups[key] for key in sorted(groups)]

    def _spanning(self, low: int, high: int, top: int, foot: int) -> set[int]:
        """Columns that read on across the foot of a tier rather than in their neighbour: headlines."""
        filled = [c for c in range(high - 1, low - 1, -1) if self.first[foot, c] > self.first[top, c]]
        pairs = [
            (self.tail(c, int(self.first[foot, c])), self.head(left, int(self.first[top, left])))
            for c, left in zip(filled, filled[1:], strict=False)
        ]
        found = set()
        for c, beside in zip(filled, self.fits(pairs).tolist(), strict=False):
            k = int(self.first[foot, c])
            if k < len(self.glyphs[c]) and self.down[c][k] > max(beside, 0.0) + _SPANS:
                found.add(c)
            else:
                break  # headlines stand at the right
        return found

    def _unbroken(self, column: int, k: int, stop: int) -> int:
        """The glyph at which a column breaks off that was set with the one before ``k``."""
        rows = self.rows[column]
        usual = max(DOWN, 2 * float(np.median(np.diff(rows[:k]))) if k > 1 else 0.0)
        while k < stop and rows[k] - rows[k - 1] <= usual:
            k += 1
        return k

    def gain(self) -> float:
        """How well the glyphs read on downwards, in the mean, where no tier ends."""
        inner = np.concatenate([column[1:] for column in self.down])
        return float(np.median(inner)) if len(inner) else 0.0
