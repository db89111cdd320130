"""Vertical columns out of rows that were read across them, where the rows keep the places of the columns.

Such a dump writes the glyphs of a vertical page row by row: the first of every column from left to right, then the second.
Spaces keep the columns apart, so a glyph's place in its row says which column it stands in. Tiers, one below the other,
share these places; where one ends, the text tells: inside a tier the glyphs read on downwards, and the foot of a column
reads on at the head of the next to the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.order.evidence import tails_and_heads

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["Glyph", "Turned", "looseness", "turned"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEWEST = 0.04  # share of the rows in which a column has a glyph
_NEAR = 0.75  # of the distance of two columns: places closer than that are one
_TOGETHER = (
    0.35  # share of the rows that have glyphs at both of such places, above which they are two columns
)
_LEAST, _MOST = -4.0, 6.0  # nats that a single seam counts
_OFF = 3.0  # nats for a glyph half a column beside its own
_EXACT = 0.1  # of that distance: glyphs so near their place need no telling
_FEWEST_COLUMNS = 4
_MARKS, _CLOSING = frozenset("，。、；：！？"), frozenset("」』”’）)》〉")
_LATE, _SETTLES = 3, 1.5  # rows by which a low mark comes late; nats by which it then reads better
_TALL = 6  # rows above and below figures on their side in which they may stand
_FITS, _CLEARLY = 3.0, 3.0  # nats that figures gain in their place, and by which it is better than any other
_BESIDE = 2.0  # columns by which their place may be off
_STACKED = 5.0  # nats for two glyphs of one column in one row
_LOOKS, _DOWN = 2, 6  # how often rows are set against the columns; rows below that the second look sees
_SAMPLE = 96  # column ends that tell how likely a glyph is anywhere
_TIER = 6.0  # nats that a tier must gain
_APART = 12.0  # nats that columns with tiers of their own must gain
_BAND, _DEPTH = 3, 2  # columns of such a band at least; how often one is parted again
_ROW = 3  # glyphs of a row that tells of the end of a tier
_SPANS = 2.0  # nats by which a column reads on across the end of a tier rather than in its neighbour


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
    places = _places(upright)
    if len(places) < _FEWEST_COLUMNS:
        return None
    grid = _Grid(upright, _columns(upright, places, model), model)
    if not grid.width:
        return None
    tiers = grid.pieces()
    row_of = {glyph.at: number for number, row in enumerate(rows) for glyph in row}
    for tier in tiers:
        _settle_marks(tier, row_of, model)
    loose = [glyph for row, sideways in zip(rows, figures, strict=True) if sideways for glyph in row]
    left = _settle_figures(tiers, loose, row_of, line, model)
    if left:
        tiers.append([[glyph] for glyph in left])
    return Turned(tiers, grid.gain())


def looseness(rows: Sequence[Sequence[Glyph]]) -> float:
    """Share of the glyphs that stand at no place which many rows have in common: the measure of a unit of places."""
    places = _places(rows)
    x = np.array([g.x for row in rows for g in row])
    if not len(places) or not len(x):
        return 1.0
    return float((np.abs(x[:, None] - places[None, :]).min(axis=1) > 0.5).mean())


def _settle_marks(tier: list[list[Glyph]], row_of: dict[int, int], model: Scorer) -> None:
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


def _settle_figures(
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


def _places(rows: Sequence[Sequence[Glyph]]) -> Floats:
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


def _columns(rows: Sequence[Sequence[Glyph]], places: Floats, model: Scorer) -> list[Ints]:
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
    for k in range(number + 1, min(number + _DOWN, len(rows))):
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
    return np.asarray(np.clip(matrix - anywhere, _LEAST, _MOST))


class _Grid:
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
        return [[g.text for g in column] for column in self.glyphs]

    def head(self, column: int, k: int) -> str:
        return "".join(self.texts[column][k : k + 4])[:4]

    def tail(self, column: int, k: int) -> str:
        """What stands before glyph ``k`` of a column."""
        return "".join(self.texts[column][max(0, k - 4) : k])[-4:]

    @cached_property
    def sample(self) -> list[str]:
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
        return np.asarray(np.clip(each.sum(axis=1) - anywhere[which], _LEAST, _MOST))

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
        usual = max(_DOWN, 2 * float(np.median(np.diff(rows[:k]))) if k > 1 else 0.0)
        while k < stop and rows[k] - rows[k - 1] <= usual:
            k += 1
        return k

    def gain(self) -> float:
        """How well the glyphs read on downwards, in the mean, where no tier ends."""
        inner = np.concatenate([column[1:] for column in self.down])
        return float(np.median(inner)) if len(inner) else 0.0
