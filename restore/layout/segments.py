"""Segments: the printed lines, or pieces of them, that a dump's physical lines consist of.

A physical line may hold one printed line, a whole block of them (spaces for line ends), or one segment of every column.
Cutting too often does little harm, since reading order puts neighbours together again; merging two columns does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

from restore import characters as ch
from restore.language.names import REPORTER
from restore.layout.furniture import furniture_lines
from restore.layout.measure import column_measures
from restore.layout.tables import inside_tables
from restore.layout.tokens import Tokens, ems, letter_spaced, one_a_line, spaced_runs, tokens_of
from restore.source import text_to_codes
from restore.view import View

__all__ = ["Segments", "printed_lines", "segments_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# costs in nats of a segment's width, and of a space that is not a line end; see docs/reading-order.md
_PARTIAL = 2.0
_OTHER_MEASURE = 0.7
_FIRST = 0.5
_TOO_WIDE = 6.0
_INNER_SOFT = 0.6
_INNER_HAN = 2.3
_INNER_LOOSE = 0.2
_SQUEEZED, _SQUEEZED_LINE = 0.5, 0.3  # ems that a mark can be squeezed by, and nats of a line with such marks
_ROWS_AROUND = 8  # physical lines on each side that tell which measures stand in one
_USUAL, _FEW_TOKENS = 0.2, 4  # share of them that such a measure has, and tokens
_ONE_LINE = 1.6  # ems by which a line must be wider than the widest measure to hold several columns
_FEW_OWN = 2  # tokens of a line that is a block by itself
_MOST_PIECES = 12
_FEWEST = 6  # segments below which there are no printed lines to speak of
_SET_SHARE = 0.35  # share of segments that have a measure where type was set in columns
_BOXES = text_to_codes("□■◇◆○●△▲☆★")  # marks that begin a line
# the names of a byline, which are no part of the line behind it
_BYLINE = regex.compile(rf"{REPORTER}[\u3000 ]{{1,2}}\p{{Han}}{{2,3}}(?=[\u3000 ]{{1,2}}\P{{Han}})")
_SQUEEZE = 2.1  # ems by which squeezed marks can stretch a line beyond the measure


@dataclass(frozen=True)
class Segments:
    """Columns over segments, each of shape ``(n,)`` unless said otherwise.

    Attributes:
        start, end: view offsets of the content (spaces inside a segment included).
        width: ems, without the spaces inside.
        row, block: physical line and block.
        x: display column at which the segment starts in its physical line (CJK characters count two).
        gap: columns of space before the segment in its physical line; -1 at the beginning of one.
        indent: columns of space at the beginning of the physical line, for its first segment.
        place: index of the segment in its physical line.
        newlines: line breaks behind the segment.
        half_mark: ems that ASCII marks count on this page.
        measures: the page's measures, widest first; shape ``(k,)``.
    """

    view: View
    start: Ints
    end: Ints
    width: Floats
    row: Ints
    block: Ints
    x: Ints
    gap: Ints
    indent: Ints
    place: Ints
    newlines: Ints
    half_mark: float
    measures: Floats

    def __len__(self) -> int:
        return len(self.start)

    @property
    def blocks(self) -> int:
        """How many blocks there are; of segments in the dump's order."""
        return int(self.block[-1]) + 1 if len(self) else 0

    @cached_property
    def texts(self) -> list[str]:
        """Content of every segment without white space."""
        text, kept = self.view.text, self.view.kept
        known = kept.get("texts")
        if known is not None and known[0] is self.start and known[1] is self.end:
            return list(known[2])  # another pass read the same segments of the same view
        found = [
            "".join(text[a:b].split()) for a, b in zip(self.start.tolist(), self.end.tolist(), strict=True)
        ]
        kept["texts"] = self.start, self.end, found
        return found

    @cached_property
    def furniture(self) -> Bools:
        """Which segments are worded as running heads, folios and imprint are."""
        return furniture_lines(self.texts)

    def windows(self, most: int) -> list[Segments]:
        """Parts of at most ``most`` segments, cut where most line breaks stand, the later the better."""
        parts, begin = [], 0
        while len(self) - begin > most:
            least = begin + most // 2
            breaks = self.newlines[least - 1 : begin + most]
            end = least + int(len(breaks) - 1 - breaks[::-1].argmax())
            parts.append(self.part(begin, end))
            begin = end
        return [*parts, self.part(begin, len(self)) if begin else self]

    def part(self, a: int, b: int) -> Segments:
        """The segments from ``a`` to before ``b``."""
        columns = self._columns(slice(a, b))
        for name in ("row", "block"):
            columns[name] = columns[name] - columns[name][:1]
        return replace(self, **columns)

    def taken(self, order: Ints, newlines: Ints) -> Segments:
        """The segments in another order, with these line breaks behind them, both of shape ``(n,)``."""
        return replace(self, **self._columns(order) | {"newlines": newlines})

    def _columns(self, which: slice | Ints) -> dict[str, Any]:
        names = ("start", "end", "width", "row", "block", "x", "gap", "indent", "place", "newlines")
        return {name: getattr(self, name)[which] for name in names}

    @cached_property
    def row_size(self) -> Ints:
        """Segments in each segment's physical line."""
        return np.bincount(self.row)[self.row] if len(self) else self.row


def printed_lines(segments: Segments) -> bool:
    """Whether a text consists of printed lines: many end at a common width and in the middle of a sentence.

    In running text nearly every line ends a sentence, in verse every line ends at a mark.
    """
    if len(segments) < _FEWEST or not len(segments.measures):
        return False
    off = segments.width[:, None] - segments.measures[None, :]
    typical = (((off >= -1.1) & (off <= 0.8)) | ((off >= -2.7) & (off <= -1.3))).any(axis=1)
    last = segments.view.classes[segments.end - 1]
    cut = typical & ((last & ch.PUNCT) == 0) & (segments.width >= 4)
    total = float(segments.width.sum())
    return float(typical.mean()) >= _SET_SHARE and float(segments.width[cut].sum()) >= 0.3 * total


def half_mark_of(view: View) -> float:
    """Ems that the page's ASCII marks take: the value that makes line widths most alike."""
    best, answer = -1.0, 1.0
    for mark in (1.0, 0.5):
        tokens = tokens_of(view, ems(view, mark))
        long = tokens.width >= 6
        if long.sum() < 8:
            return 1.0
        half = np.rint(tokens.width[long] * 2).astype(np.int64)
        count = np.bincount(half).astype(float)
        score = float((count**2).sum())
        if score > best * 1.02:
            best, answer = score, mark
    return answer


def segments_of(view: View) -> Segments:
    """Cut a view into segments."""
    columns = view.kept.get("segments")
    if columns is None:
        columns = view.kept["segments"] = _cut(view)
    return Segments(view, *columns)


def _cut(view: View) -> tuple[Any, ...]:
    """The columns of `Segments` behind ``view``."""
    mark = half_mark_of(view)
    widths = ems(view, mark)
    tokens = tokens_of(view, widths)
    n = len(tokens)
    keep = np.ones(n, dtype=np.bool_)  # whether a segment begins with this token
    if n:
        inner = letter_spaced(tokens) | one_a_line(tokens) | inside_tables(tokens)
        keep[1:] &= ~inner[:-1]
        merged = _widths(tokens, keep)
        measures = column_measures(merged)
        keep &= ~_pieces(tokens, keep, measures)
    first = np.flatnonzero(keep)
    last = np.append(first[1:], n) - 1
    width = np.add.reduceat(tokens.width, first) if n else tokens.width
    x = _display_column(view, tokens)
    gap = np.full(n, -1, dtype=np.int64)
    if n:
        gap[1:] = np.where(tokens.newlines[:-1] == 0, tokens.spaces[:-1], -1)
    row = tokens.row[first]
    place = np.arange(len(first)) - np.searchsorted(row, row)
    return (
        tokens.start[first],
        tokens.end[last] if n else tokens.end,
        width,
        row,
        tokens.block[first],
        x[first],
        gap[first],
        tokens.indent[first],
        place,
        tokens.newlines[last] if n else tokens.newlines,
        mark,
        column_measures(width),
    )


def _display_column(view: View, tokens: Tokens) -> Ints:
    """Display column of each token's start in its physical line."""
    columns = np.where((view.classes & ch.WIDE) > 0, 2, 1)
    total = np.concatenate(([0], np.cumsum(columns)))
    opening = np.ones(len(tokens), dtype=np.bool_)
    opening[1:] = tokens.newlines[:-1] > 0
    base = total[tokens.start] - tokens.indent
    line = np.maximum.accumulate(np.where(opening, np.arange(len(tokens)), 0))
    return total[tokens.start] - base[line]


def _widths(tokens: Tokens, keep: Bools) -> Floats:
    return np.add.reduceat(tokens.width, np.flatnonzero(keep)) if len(tokens) else tokens.width


def _pieces(tokens: Tokens, keep: Bools, measures: Floats) -> Bools:
    """Tokens that belong to the one before them: the space between was not a line end. Shape ``(n,)``."""
    n = len(tokens)
    out = np.zeros(n, dtype=np.bool_)
    if not len(measures):
        return out
    widths = tokens.width.copy()
    behind = tokens.newlines == 0
    left, right = tokens.last, np.roll(tokens.first, -1)
    han = ch.HAN | ch.KANA | ch.FULL
    soft = behind & (tokens.spaces == 1) & ~(((left & han) > 0) & ((right & han) > 0))
    soft |= behind & (tokens.spaces == 1) & ((left & ch.FULL) > 0) & ((left & (ch.COMMA | ch.STOP)) > 0)
    soft &= ~_before_lines(tokens)
    soft[-1] = False
    # physical lines that are whole blocks: many tokens, most of one width
    row = tokens.row
    count = np.bincount(row)
    rows_in_block = np.bincount(tokens.block, weights=np.append(True, np.diff(row) > 0))
    alone = rows_in_block[tokens.block] <= 1.0
    near = np.zeros(n)
    for m in measures:
        near = np.maximum(near, np.abs(widths - m) <= 1.1)
    typical = np.bincount(row, weights=near * widths) / np.maximum(np.bincount(row, weights=widths), 0.5)
    block_row = alone & (count[row] >= 4) & (typical[row] >= 0.5)
    hard = behind & (tokens.spaces == 1) & ~soft & block_row
    hard[-1] = False
    loose = spaced_runs(tokens)
    inner = (soft | hard | loose)[:-1] & (row[1:] == row[:-1])  # spaces that could be no line ends
    rows = np.unique(row[:-1][inner])
    if not len(rows):
        return out
    starts, ends = np.searchsorted(row, rows), np.searchsorted(row, rows, side="right")
    columns = measures.tolist()
    around = _measures_around(tokens, measures, alone)
    width, slack = widths.tolist(), (_SQUEEZED * _marks(tokens)).tolist()
    each = np.where(loose, _INNER_LOOSE, np.where(soft, _INNER_SOFT, np.where(hard, _INNER_HAN, np.inf)))
    price, is_hard = each.tolist(), (hard & ~loose).tolist()
    # letter-spaced lines are one piece already
    joined = np.append(np.flatnonzero(~keep), n) if not keep.all() else None
    costs: dict[tuple[float, float, float, bytes], float] = {}
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        if joined is not None and joined[np.searchsorted(joined, a + 1)] < b:
            continue
        own = _row_measure(width[a:b], columns)
        usual = around[row[a]]
        here = width[a:b], slack[a:b] if usual.any() else [0.0] * (b - a), price[a:b], is_hard[a:b]
        out[a + 1 : b] = _split_row(*here, own, columns, usual, costs)
    return out


def _before_lines(tokens: Tokens) -> Bools:
    """Spaces behind which a line begins, by a mark that begins lines or by the names of a byline before. Shape ``(n,)``."""
    codes = tokens.view.codes
    out = ch.among(np.roll(codes[tokens.start], -1), _BOXES)
    names = [found.end() for found in _BYLINE.finditer(tokens.view.text)]
    return np.asarray(out | np.isin(tokens.end, names))


def _measures_around(tokens: Tokens, measures: Floats, alone: Bools) -> Bools:
    """Which measures the tokens in and around each physical line have, shape ``(rows, k)``.

    Lines no wider than one of the widest column tell for themselves and have none.

    Args:
        alone: whether each token's line is a block by itself: around it are other blocks.
    """
    off = tokens.width[:, None] - measures[None, :]
    typical = ((off >= -1.1) & (off <= 0.6)).astype(np.float64)
    rows = int(tokens.row[-1]) + 1
    total = np.zeros((rows + 1, len(measures)))
    np.add.at(total, tokens.row + 1, typical)
    own = total[1:].copy()
    np.cumsum(total, axis=0, out=total)
    at = np.arange(rows)
    near = total[np.minimum(at + _ROWS_AROUND + 1, rows)] - total[np.maximum(at - _ROWS_AROUND, 0)]
    weight = near * measures
    usual = (near >= _FEW_TOKENS) & (weight >= _USUAL * weight.sum(axis=1, keepdims=True))
    usual &= (np.bincount(tokens.row, weights=tokens.width) > measures[0] + _ONE_LINE)[:, None]
    by_itself = alone[np.searchsorted(tokens.row, at)]
    return np.asarray(np.where(by_itself[:, None], usual & (own >= _FEW_OWN), usual))


def _row_measure(width: list[float], measures: list[float]) -> float:
    """The measure that most tokens of a physical line have, 0 for none."""
    votes = []
    for m in measures:
        near = [w for w in width if m - 1.6 <= w <= m + 1.6]
        votes.append((sum(near), len(near), m))
    weight, count, measure = max(votes)
    return measure if count >= 2 and weight > 0 else 0.0


def _marks(tokens: Tokens) -> Ints:
    """Punctuation marks in each token, shape ``(n,)``."""
    total = np.concatenate(([0], np.cumsum((tokens.view.classes & ch.PUNCT) > 0)))
    return np.asarray(total[tokens.end] - total[tokens.start])


def _split_row(
    width: list[float],
    slack: list[float],
    inner: list[float],
    hard: list[bool],
    own: float,
    measures: list[float],
    usual: Bools,
    costs: dict[tuple[float, float, float, bytes], float],
) -> list[bool]:
    """Dynamic programming over one physical line of k tokens: which of them continue the one before, ``k - 1`` answers.

    Args:
        slack: ems by which each token's marks can be squeezed.
        inner: nats for the space behind each token being no line end.
        hard: whether a lost mark would have taken that space's place.
        own: the measure that most tokens of the line have, 0 for none.
        usual: which of the measures the lines around have.
        costs: what `_width_cost` has said on this page.
    """
    k = len(width)
    total = [0.0, *accumulate(width)]
    most = measures[0] + 1.1 if measures else 40.0
    around = usual.tobytes()
    best = [0.0] + [1e9] * k
    back = [0] * (k + 1)
    for j in range(1, k + 1):
        cost = marks = 0.0
        for i in range(j - 1, max(-1, j - _MOST_PIECES), -1):
            if i < j - 1:
                if inner[i] == np.inf:
                    break
                cost += inner[i]
                marks += hard[i]  # a lost mark took the space's place
            w = total[j] - total[i] + marks
            if i < j - 1 and w > (own + _SQUEEZE if own else most):
                break
            # what stands apart was hardly squeezed, so only a token as it is can have been
            key = w, slack[i] if i == j - 1 else 0.0, own, around
            price = costs.get(key)
            if price is None:
                price = costs[key] = _width_cost(w, key[1], own, measures, usual.tolist())
            value = best[i] + cost + price
            if value < best[j] - 1e-9:
                best[j], back[j] = value, i
    goes_on = [True] * k
    j = k
    while j > 0:
        goes_on[back[j]] = False
        j = back[j]
    return goes_on[1:]


def _width_cost(width: float, slack: float, own: float, measures: list[float], usual: list[bool]) -> float:
    """How odd a printed line of this width would be, in nats, where it can be squeezed by ``slack`` ems."""
    cost = _PARTIAL
    for m, here in zip(measures, usual, strict=True):
        extra = 0.0 if m == own or own == 0 or here else _OTHER_MEASURE
        off = width - m
        if -1.1 <= off <= 0.6:
            cost = min(cost, extra + 0.2 * abs(off))
        elif -2.6 <= off <= -1.4:
            cost = min(cost, extra + _FIRST)
        elif 0.6 < off <= 0.6 + slack:
            cost = min(cost, extra + _SQUEEZED_LINE)
        elif own == m and off > 1.1:
            cost = max(cost, _TOO_WIDE) if len(measures) == 1 else cost
    return cost
