"""Alignment of two texts of which the one may be a rearrangement of the other."""

from __future__ import annotations

import heapq
import re

import numpy as np
from rapidfuzz.distance import Levenshtein

from restore.evaluation.texts import STAND_IN, Ints, shapes
from restore.source import text_to_codes

__all__ = ["align"]

_TILE = 8  # shortest tile of the first pass; of the second 5
_TILE_SHORT = 5
_FREQUENT = 60  # a k-gram that occurs more often in the output marks no place
_BAND, _DROP = 12, 14  # extension: widest shift, and by how much the score may fall behind the best
_REACH = 80  # longest stretch that an extension looks at


def align(truth: str, output: str) -> Ints:
    """Aligns two texts of which the one may be a rearrangement of the other.

    Common stretches are taken greedily, longest first, down to 5 characters (greedy string tiling, M. Wise,
    *String similarity via greedy string tiling and running Karp-Rabin matching*, 1993). What is left is
    aligned by edit distance between two tiles that follow each other in both texts, else extended from the
    tiles on either side; then stretches that moved away whole, and 3- and 2-grams that are left once on
    either side, are placed, and the rest is filled again. Radicals count as their plain characters here.

    Returns:
        For each position of `truth` the position of `output` that stands for it, or -1, shape
        ``(len(truth),)``. No position of `output` occurs twice.
    """
    tiling = _Tiling(truth.translate(shapes()), output.translate(shapes()))
    tiling.tile(_TILE)
    tiling.tile(_TILE_SHORT)
    tiling.fill()
    tiling.place_whole()
    for k in (3, 2):
        tiling.unique(k)
        tiling.fill()
    return np.array(tiling.to_output, dtype=np.int64)


class _Tiling:
    """Alignment under construction: which output position stands for which truth position.

    The method is greedy string tiling (Wise 1993): the longest common stretch that is still free is taken
    first, down to a least length; what is left is filled in between and around the tiles.
    """

    def __init__(self, truth: str, output: str) -> None:
        self.truth, self.output = truth, output
        self.to_output = [-1] * len(truth)
        self.taken_truth, self.taken_output = bytearray(len(truth)), bytearray(len(output))
        self._codes = np.concatenate([text_to_codes(truth), [0x110000], text_to_codes(output)]).astype(
            np.int64
        )

    def take(self, t: int, o: int, length: int = 1) -> None:
        """Puts a free stretch of the truth at a free stretch of the output."""
        self.to_output[t : t + length] = range(o, o + length)
        self.taken_truth[t : t + length] = self.taken_output[o : o + length] = b"\1" * length

    def free(self, t: int, o: int, length: int) -> bool:
        return self.taken_truth.find(1, t, t + length) < 0 and self.taken_output.find(1, o, o + length) < 0

    def _free_grams(self, k: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Places and numbers of the k-grams that are free throughout, of the truth and of the output."""
        if min(len(self.truth), len(self.output)) < k:
            return (np.empty(0, dtype=np.int64),) * 4
        numbers = _kgrams(self._codes, k)
        found = []
        for taken, grams in (
            (self.taken_truth, numbers[: len(self.truth) - k + 1]),
            (self.taken_output, numbers[len(self.truth) + 1 :]),
        ):
            edge = np.concatenate([[0], np.cumsum(np.frombuffer(taken, dtype=np.uint8), dtype=np.int64)])
            places = np.flatnonzero(edge[k:] == edge[:-k])
            found += [places, grams[places]]
        return found[0], found[1], found[2], found[3]

    def tile(self, k: int) -> None:
        """Takes common stretches of at least `k` characters, the longest first."""
        t_at, t_gram, o_at, o_gram = self._free_grams(k)
        order = np.argsort(o_gram, kind="stable")
        o_at, o_gram = o_at[order], o_gram[order]
        low, high = np.searchsorted(o_gram, t_gram), np.searchsorted(o_gram, t_gram, side="right")
        count = np.where(high - low > _FREQUENT, 0, high - low)
        t = np.repeat(t_at, count)
        within = np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count)
        o = o_at[np.repeat(low, count) + within]
        order = np.lexsort((t, o - t))
        t, o = t[order], o[order]
        first = np.flatnonzero((np.diff(t, prepend=-9) != 1) | (np.diff(o, prepend=-9) != 1))
        length = np.diff(first, append=len(t)) + k - 1
        heap = list(zip((-length).tolist(), t[first].tolist(), o[first].tolist(), strict=True))
        heapq.heapify(heap)
        while heap:
            n, a, b = heapq.heappop(heap)
            n = -n
            if self.free(a, b, n):
                self.take(a, b, n)
                continue
            busy = bytes(
                x | y for x, y in zip(self.taken_truth[a : a + n], self.taken_output[b : b + n], strict=True)
            )
            for piece in re.finditer(rb"\0{%d,}" % k, busy):
                heapq.heappush(heap, (piece.start() - piece.end(), a + piece.start(), b + piece.start()))

    def unique(self, k: int) -> None:
        """Takes k-grams that occur once in the free truth and once in the free output."""
        t_at, t_gram, o_at, o_gram = self._free_grams(k)
        size = int(max(t_gram.max(initial=-1), o_gram.max(initial=-1))) + 1
        in_truth, in_output = np.bincount(t_gram, minlength=size), np.bincount(o_gram, minlength=size)
        place = np.zeros(size, dtype=np.int64)
        place[o_gram] = o_at
        once = (in_truth[t_gram] == 1) & (in_output[t_gram] == 1)
        for t, o in zip(t_at[once].tolist(), place[t_gram[once]].tolist(), strict=True):
            if self.free(t, o, k):
                self.take(t, o, k)

    def rest(self) -> list[tuple[int, int]]:
        """Stretches of the truth that are still free."""
        return [m.span() for m in re.finditer(rb"\0+", self.taken_truth)]

    def fill(self) -> None:
        """Fills free stretches: between two tiles that follow each other, else from either side."""
        for a, b in self.rest():
            left = self.to_output[a - 1] if a else -1
            right = self.to_output[b] if b < len(self.truth) else len(self.output)
            room = right - left - 1
            between = 0 <= room <= 3 * (b - a) + 12
            if between and self.taken_output.find(1, left + 1, right) < 0:
                for op in Levenshtein.opcodes(self.truth[a:b], self.output[left + 1 : right]):
                    width = min(op.src_end - op.src_start, op.dest_end - op.dest_start)
                    if width:
                        self.take(a + op.src_start, left + 1 + op.dest_start, width)
                continue
            if a:
                self._extend_right(a, b, left)
            if b < len(self.truth):
                self._extend_left(a, b, right)

    def _extend_right(self, a: int, b: int, left: int) -> None:
        start = left + 1
        limit = min(len(self.output), start + (b - a) + 8)
        used = self.taken_output.find(1, start, limit)
        end = limit if used < 0 else used
        for i, j in _extension(self.truth[a : min(b, a + _REACH)], self.output[start:end]):
            self.take(a + i, start + j)

    def _extend_left(self, a: int, b: int, right: int) -> None:
        low = max(0, right - (b - a) - 9)
        start = self.taken_output.rfind(1, low, right) + 1
        start = max(start, low)
        a = max(a, self.taken_truth.rfind(1, a, b) + 1, b - _REACH)
        for i, j in _extension(self.truth[a:b][::-1], self.output[start:right][::-1]):
            self.take(b - 1 - i, right - 1 - j)

    def place_whole(self) -> None:
        """Places short stretches that moved away: where a free stretch of the output is just them."""
        masked = "".join(
            c if not u else STAND_IN for c, u in zip(self.output, self.taken_output, strict=True)
        )
        whole: dict[str, list[int]] = {}
        for m in re.finditer(rf"[^{STAND_IN}]+", masked):
            whole.setdefault(m[0], []).append(m.start())
        for a, b in self.rest():
            if b - a < 2:
                continue
            text = self.truth[a:b]
            places = whole.get(text, [])
            if len(places) == 1:
                at = places[0]
            elif b - a >= 3 and masked.count(text) == 1:
                at = masked.find(text)
            else:
                continue
            if self.free(a, at, b - a):
                self.take(a, at, b - a)


def _kgrams(codes: Ints, k: int) -> Ints:
    """A number for each k-gram, equal where the k-grams are: exact, by ranking of ever longer grams."""

    def rank(values: Ints) -> Ints:
        return np.unique(values, return_inverse=True)[1].astype(np.int64)

    ranks, length = rank(codes), 1
    while length < k:
        step = min(length, k - length)
        head, tail = ranks[: len(ranks) - step], ranks[step:]
        ranks = rank(head * (len(codes) + 1) + tail)
        length += step
    return ranks


def _extension(a: str, b: str) -> list[tuple[int, int]]:
    """The best alignment of a head of `a` with a head of `b`: pairs of positions.

    A match counts 2, a substitution -1, a character without counterpart -2. Cells that fall behind the best
    by `_DROP` are given up (X-drop, as in BLAST's gapped extension), shifts are at most `_BAND`.
    """
    never = -(10**6)
    best, best_cell = 0, (0, 0)
    previous: list[int] = []
    steps: list[list[int]] = []
    lows: list[int] = []
    low, high = 0, min(len(b), _BAND)
    for i in range(len(a) + 1):
        low, high = max(low, i - _BAND), min(len(b), i + _BAND, high)
        row: list[int] = []
        step: list[int] = []
        before = lows[-1] if lows else 0
        for j in range(low, high + 1):
            value, how = (0, 0) if i == j == 0 else (never, 0)
            k = j - before
            if i and 0 < k <= len(previous) and previous[k - 1] > never:
                value = previous[k - 1] + (2 if a[i - 1] == b[j - 1] else -1)
            if i and 0 <= k < len(previous) and previous[k] - 2 > value:
                value, how = previous[k] - 2, 1
            if row and row[-1] - 2 > value:
                value, how = row[-1] - 2, 2
            if value <= best - _DROP:
                value = never
            elif value > best:
                best, best_cell = value, (i, j)
            row.append(value)
            step.append(how)
        alive = [k for k, value in enumerate(row) if value > never]
        if not alive:
            break
        previous = row
        steps.append(step)
        lows.append(low)
        low, high = low + alive[0], low + alive[-1] + 1 + _BAND
    i, j = best_cell
    pairs = []
    while i or j:
        how = steps[i][j - lows[i]]
        if how == 0:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif how == 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]
