"""The character model: how likely each character is after those before it.

An n-gram model with backoff: P(c | h) is stored for the n-grams that matter and is otherwise
``backoff(h) * P(c | h without its first character)``. It was estimated by interpolated modified Kneser-Ney
(Chen and Goodman 1999) per kind of text, mixed, pruned by relative entropy (Stolcke 1998) and quantised by
``dictionaries/build/ngram.py``. Each order is a `FuseMap`: what is stored is always read right; an n-gram
that is not stored is taken for one that is with probability ``2 ** -bits of its fingerprint``, and only if
the two shorter n-grams in it are stored. The file is memory-mapped, so processes share it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from restore.data import path as data_path
from restore.language.arrays import open_arrays
from restore.language.fold import Fold
from restore.language.fuse import FuseMap
from restore.language.scorer import Ids

__all__ = ["FILE", "TABLE", "VERSION", "NgramModel", "hash_tables"]

FILE = "ngram.bin"
TABLE = "ngram"
VERSION = 1
BOS, UNKNOWN = 0, 1

_PAIRS = 1 << 19
"""Seams of a matrix scored at a time, which bounds the memory of a page with thousands of lines."""
_FEW = 2000
"""Pairs of a matrix that are scored one by one."""
_SPARSE = 0.7
"""Share of n-grams that can be stored, below which only those are looked up."""
_CHUNK = 1 << 14
"""Characters scored at a time: the intermediate arrays stay in the cache of one core."""

_MANY = 1024
"""Single characters as heads from which what stands behind which is kept."""
_KEPT = 4096
"""Characters for which it is kept: of each some hundred pairs of 6 bytes."""
_SETS = 4
"""Sets of such heads for which it is kept; passes ask about their own sets by turns."""

Floats = NDArray[np.float32]
_Followers = tuple[NDArray[np.uint16], NDArray[np.uint32]]


def hash_tables(size: int, order: int, seed: int) -> NDArray[np.uint64]:
    """A random number per place in an n-gram and id, shape ``(order, size)``.

    The hash of an n-gram is the exclusive or of its characters' numbers (tabulation hashing, Zobrist 1970);
    row 0 is for the last character, row 1 for the one before. The numbers are SplitMix64's (Steele et al.
    2014).
    """
    mixed = np.arange(1, order * size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed += np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed ^ (mixed >> np.uint64(31))).reshape(order, size)


@dataclass(frozen=True)
class _Stored:
    """Which of some n-grams are stored and their values; ``at`` has the places that are, where only those have a value."""

    stored: NDArray[np.bool_]
    value: NDArray[np.uint32]
    at: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def of(self, rows: NDArray[np.int64], column: int) -> _Stored:
        """One column, for these rows."""
        return _Stored(self.stored[rows, column], self.value[rows, column])


class _Edge:
    """The distinct rows of ids on one side of seams, by how many columns count from the seam on.

    Attributes:
        width: columns.
        rows: the distinct rows.
        ids: by length, the distinct beginnings of rows, shape ``(d, length)``; entry 0 is not used.
        number: by length, which of them each row begins with, shape ``(n,)``.
        parent: by length, the beginning one shorter of each, shape ``(d,)``.
        example: by length, one of ``rows`` that begins so, shape ``(d,)``.
    """

    def __init__(self, table: NDArray[np.int64]) -> None:
        """Take the ids, the nearest to the seam first."""
        self.width = table.shape[1]
        self.number = [np.zeros(len(table), dtype=np.int64)]
        self.parent = [np.zeros(1, dtype=np.int64)]
        first = [np.zeros(1, dtype=np.int64)]
        base = int(table.max()) + 1
        for column in range(self.width):
            key = self.number[-1] * base + table[:, column]
            distinct, example, number = np.unique(key, return_index=True, return_inverse=True)
            self.number.append(number)
            self.parent.append(distinct // base)
            first.append(example)
        self.rows = table[first[-1]]
        self.ids = [self.rows[:0]] + [table[at, :size] for size, at in enumerate(first) if size]
        self.example = [self.number[-1][at] for at in first]


class NgramModel:
    """The character model; `load` gives the one that ships. Implements `restore.language.scorer.Scorer`."""

    bos = BOS
    """Id of the boundary of a paragraph, at its begin and its end; a newline has it too."""
    unknown = UNKNOWN
    """Id of every character outside the vocabulary."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Wrap the arrays of a model file; use `load`."""
        sizes = arrays["sizes"].tolist()
        self.order = len(sizes) + 1
        self.vocabulary: NDArray[np.uint32] = arrays["vocabulary"]
        self._fold = Fold(self.vocabulary, UNKNOWN)
        self._unigram: Floats = arrays["unigram"]
        self._unigram_backoff: Floats = arrays["unigram_backoff"]
        self._hash = hash_tables(len(self.vocabulary), self.order, int(arrays["seed"][0]))
        self._maps: list[FuseMap] = []
        self._prob: list[Floats] = []
        self._backoff: list[Floats] = []
        for n, size in enumerate(sizes, start=2):
            words = tuple(arrays[name] for name in (f"words{n}", f"more{n}") if name in arrays)
            prob, backoff = arrays[f"prob{n}"], arrays.get(f"backoff{n}")
            bits = (len(prob) - 1).bit_length()
            if backoff is None:
                self._prob.append(prob)
                self._backoff.append(np.zeros(0, np.float32))
            else:  # indexed by the whole value: one gather instead of shifting and masking first
                self._prob.append(np.tile(prob, len(backoff)))
                self._backoff.append(np.repeat(backoff, len(prob)))
                bits += (len(backoff) - 1).bit_length()
            self._maps.append(FuseMap(words, size, bits))
        self._followers: list[tuple[Ids, dict[int, _Followers]]] = []

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Map a model file, by default the one that ships.

        Raises:
            restore.data.DataError: when the file is missing, truncated, something else or of another version.
        """
        return cls(open_arrays(path or data_path(FILE), TABLE, VERSION, "dictionaries/build/ngram.py"))

    def encode(self, text: str) -> NDArray[np.uint16]:
        """Ids of a text, one per code point, shape ``(len(text),)``; the text is folded
        (`restore.language.fold`).

        White space was no part of the text the model was made from: leave it out before scoring.
        """
        return self._fold.encode(text)

    def logp(self, ids: Ids) -> Floats:
        """ln P of each id given those before it, a paragraph beginning before the first; shape ``(n,)``."""
        reach = self.order - 1
        padded = np.empty(len(ids) + reach, dtype=np.int64)
        padded[:reach] = BOS
        padded[reach:] = ids
        out = np.empty(len(ids), dtype=np.float32)
        for begin in range(0, len(ids), _CHUNK):
            end = min(begin + _CHUNK, len(ids))
            out[begin:end] = self._score(padded[begin : end + reach], 1)
        return out

    def logp_given(self, context: Ids, target: Ids) -> Floats:
        """ln P of each target id given the context and the target before it, row by row.

        Args:
            context: ids, shape ``(n, c)``; rows may be padded on the left with `bos`.
            target: ids, shape ``(n, t)``.

        Returns:
            Shape ``(n, t)``.
        """
        rows, length = target.shape
        reach = self.order - 1
        known = min(reach, context.shape[1])
        columns = np.full((reach + length, rows), BOS, dtype=np.int64)
        if known:
            columns[reach - known : reach] = context[:, context.shape[1] - known :].T
        columns[reach:] = target.T
        out = np.empty((length, rows), dtype=np.float32)
        step = max(1, _CHUNK // (length + 1))
        for begin in range(0, rows if length else 0, step):
            block = np.ascontiguousarray(columns[:, begin : begin + step])
            out[:, begin : begin + step] = self._score(block.ravel(), block.shape[1]).reshape(length, -1)
        return out.T

    def seams(self, tails: Ids, heads: Ids) -> Floats:
        """ln P(head | tail) per row: ``(n, a)``, ``(n, b)`` -> ``(n,)``."""
        total: Floats = self.logp_given(tails, heads).sum(axis=1, dtype=np.float32)
        return total

    def seam_matrix(self, tails: Ids, heads: Ids, lengths: NDArray[np.int64] | None = None) -> Floats:
        """ln P(head | tail) of every tail with every head: ``(n, a)``, ``(m, b)`` -> ``(n, m)``; of the heads only
        ``lengths`` ids each, shape ``(m,)``, where that is given.

        An n-gram across the seam is the end of a tail and the beginning of a head. So every distinct pair of those is
        looked up once, and only where the shorter n-grams in it are stored.
        """
        total = np.zeros((len(tails), len(heads)), dtype=np.float32)
        if not total.size or not heads.shape[1]:
            return total
        if total.size <= _FEW:  # row by row that is sooner done than sorting out what the pairs share
            each = self.logp_given(np.repeat(tails, len(heads), axis=0), np.tile(heads, (len(tails), 1)))
            if lengths is not None:
                each[np.arange(heads.shape[1]) >= np.tile(lengths, len(tails))[:, None]] = 0.0
            total[:] = each.sum(axis=1, dtype=np.float32).reshape(total.shape)
            return total
        if heads.shape[1] == 1 and len(heads) >= _MANY and lengths is None:
            return self._many_behind(tails, np.asarray(heads[:, 0], dtype=np.int64))
        if total.shape[0] == heads.shape[1] == 1 and lengths is None:
            total[0] = self._behind(tails[0], heads[:, 0])
            return total
        begins = _Edge(np.asarray(heads, dtype=np.int64))
        inside = self._windows(begins.rows)
        step = max(1, _PAIRS // len(heads))
        for row in range(0, len(tails), step):
            self._add_seams(tails[row : row + step], begins, inside, total[row : row + step], lengths)
        return total

    def replaced(self, contexts: Ids, of: NDArray[np.int64], ids: Ids, behind: Ids) -> Floats:
        """ln P of single characters in some places and of what stands behind them there, shape ``(m,)``.

        The same as `seams`, for many characters in the same place: what stands around it is looked up once, and n-grams
        with the character in them only where the shorter ones in them are stored.

        Args:
            contexts: ids before each place, ``(p, c)``. of: place of each character, ``(m,)``.
            ids: the characters, ``(m,)``. behind: ids behind each place, ``(p, t)``.
        """
        reach, width = self.order - 1, behind.shape[1]
        before = np.full((len(contexts), reach), BOS, dtype=np.int64)
        known = min(reach, contexts.shape[1])
        before[:, reach - known :] = contexts[:, contexts.shape[1] - known :]
        ahead, after = self._windows(before), self._windows(behind)
        # n-grams of a characters before it, itself and b behind it: which are stored, where, and their values
        every: NDArray[np.int64] = np.arange(len(ids))
        no_values: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        stored: dict[tuple[int, int], NDArray[np.bool_]] = {}
        found: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.uint32]]] = {
            (0, 0): (every, no_values)
        }
        for size in range(2, self.order + 1):
            for b in range(min(size - 1, width) + 1):
                a = size - 1 - b
                some = found[a, b - 1][0] if b else found[a - 1, b][0]
                if a and b:
                    some = some[stored[a - 1, b][some]]
                elif size > 2:
                    inner = ahead[a].stored[:, reach - a] if a else after[b].stored[:, 0]
                    some = some[inner.take(of.take(some))]
                around = np.zeros(len(before), dtype=np.uint64)
                for q in range(1, a + 1):
                    around ^= self._hash[q + b].take(before[:, -q])
                for q in range(1, b + 1):
                    around ^= self._hash[b - q].take(behind[:, q - 1])
                value, hit = self._maps[size - 2].get(
                    around.take(of.take(some)) ^ self._hash[b].take(ids.take(some))
                )
                some = some[hit]
                found[a, b] = some, value[hit]
                if size < self.order:
                    stored[a, b] = np.zeros(len(ids), dtype=np.bool_)
                    stored[a, b][some] = True
        total = np.zeros(0, dtype=np.float32)
        for b in range(width + 1):
            score: Floats = self._unigram.take(behind[:, b - 1]).take(of) if b else self._unigram.take(ids)
            for size in range(2, self.order + 1):
                a = size - 1 - b
                # what the n-gram without its last character says of those it is not stored with
                if size == 2:
                    last = ids if b == 1 else (behind[:, b - 2] if b else before[:, -1]).take(of)
                    score += self._unigram_backoff.take(last)
                elif b and a >= 0:
                    some, value = found[a, b - 1]
                    score[some] += self._backoff[size - 3].take(value)
                else:
                    shorter = (
                        after[size - 1].of(np.arange(len(before)), b - size)
                        if b
                        else ahead[size - 1].of(np.arange(len(before)), reach - size + 1)
                    )
                    score += (self._backoff[size - 3].take(shorter.value) * shorter.stored).take(of)
                if a >= 0:
                    some, value = found[a, b]
                    score[some] = self._prob[size - 2].take(value)
                else:
                    whole = after[size].of(np.arange(len(before)), b - size)
                    at = whole.stored.take(of).nonzero()[0]
                    score[at] = self._prob[size - 2].take(whole.value).take(of.take(at))
            total = total + score if b else score
        return total

    def _behind(self, context: Ids, ids: Ids) -> Floats:
        """ln P of each of many ids behind one context, shape ``(n,)``: the context is looked up once."""
        reach = self.order - 1
        before = np.full(reach, BOS, dtype=np.int64)
        known = min(reach, len(context))
        before[reach - known :] = context[len(context) - known :]
        windows = self._windows(before[None, :])
        total: Floats = self._unigram[ids] + self._unigram_backoff[before[-1]]
        hashes = self._hash[0][ids]
        some = np.arange(len(ids))
        for n in range(2, self.order + 1):
            if n > 2:
                shorter = windows[n - 1].of(np.zeros(1, dtype=np.int64), reach - n + 1)
                if not shorter.stored[0]:
                    break  # nor is any longer one
                total += self._backoff[n - 3][shorter.value[0]]
            hashes = hashes ^ self._hash[n - 1][before[reach - n + 1]]
            value, stored = self._maps[n - 2].get(hashes)
            hashes, some = hashes[stored], some[stored]
            total[some] = self._prob[n - 2].take(value[stored])
        return total

    def _many_behind(self, contexts: Ids, ids: Ids) -> Floats:
        """ln P of each of many ids behind each context, shape ``(n, m)``.

        Which of the ids stand behind a character at all is kept: on every page the same characters come again.
        """
        reach = self.order - 1
        before = np.full((len(contexts), reach), BOS, dtype=np.int64)
        known = min(reach, contexts.shape[1])
        before[:, reach - known :] = contexts[:, contexts.shape[1] - known :]
        windows = self._windows(before)
        total: Floats = self._unigram[ids] + self._unigram_backoff[before[:, -1]][:, None]
        followers = self._followers_of(before[:, -1], ids)
        rows = np.repeat(np.arange(len(contexts)), [len(at) for at, _ in followers])
        columns = np.concatenate([at for at, _ in followers]).astype(np.int64)
        value = np.concatenate([values for _, values in followers])
        hashes = self._hash[0].take(ids.take(columns)) ^ self._hash[1].take(before[:, -1]).take(rows)
        for n in range(2, self.order + 1):
            if n > 2:
                shorter = windows[n - 1].of(np.arange(len(contexts)), reach - n + 1)
                total += (self._backoff[n - 3].take(shorter.value) * shorter.stored)[:, None]
                likely = shorter.stored.take(rows).nonzero()[0]
                rows, columns = rows.take(likely), columns.take(likely)
                hashes = hashes.take(likely) ^ self._hash[n - 1].take(before[:, reach - n + 1]).take(rows)
                value, stored = self._maps[n - 2].get(hashes)
                some = stored.nonzero()[0]
                rows, columns = rows.take(some), columns.take(some)
                hashes, value = hashes.take(some), value.take(some)
            total[rows, columns] = self._prob[n - 2].take(value)
        return total

    def _followers_of(self, before: Ids, ids: Ids) -> list[_Followers]:
        """For each character, which of ``ids`` stand behind it in a stored pair, and the values of the pairs."""
        kept = next((kept for known, kept in self._followers if np.array_equal(known, ids)), None)
        if kept is None:
            kept = {}
            self._followers = [(ids.copy(), kept), *self._followers[: _SETS - 1]]
        distinct = np.unique(before).tolist()
        out = {one: kept[one] for one in distinct if one in kept}
        new = [one for one in distinct if one not in out]
        if new:
            value, hit = self._maps[0].get((self._hash[1][new][:, None] ^ self._hash[0][ids]).ravel())
            for number, one in enumerate(new):
                row = slice(number * len(ids), (number + 1) * len(ids))
                at = hit[row].nonzero()[0].astype(np.uint16)
                out[one] = at, value[row][at]
            if len(kept) + len(new) > _KEPT:
                kept.clear()
            kept.update({one: out[one] for one in new[:_KEPT]})
        return [out[one] for one in before.tolist()]

    def _add_seams(
        self,
        tails: Ids,
        begins: _Edge,
        inside: list[_Stored],
        total: Floats,
        lengths: NDArray[np.int64] | None,
    ) -> None:
        """Add ln P of every head, or of its first ``lengths`` ids, behind every tail to ``total``."""
        reach = self.order - 1
        known = min(reach, tails.shape[1])
        outward = np.full((len(tails), reach), BOS, dtype=np.int64)
        outward[:, :known] = tails[:, tails.shape[1] - known :][:, ::-1]
        ends = _Edge(outward)
        windows = self._windows(ends.rows[:, ::-1])
        before = [windows[max(a, 1)].of(ends.example[a], reach - max(a, 1)) for a in range(reach + 1)]
        across: dict[tuple[int, int], _Stored] = {}
        backoff: dict[tuple[int, int], Floats] = {}
        for size in range(2, self.order + 1):
            for a in range(size - 1, 0, -1):
                b = size - a
                if b > begins.width:
                    continue
                likely = None
                if size > 2:  # without its first character and without its last
                    later = (
                        inside[b].of(begins.example[b], 0).stored[None, :]
                        if a == 1
                        else across[a - 1, b].stored.take(ends.parent[a], axis=0)
                    )
                    likely = later & (
                        before[a].stored[:, None]
                        if b == 1
                        else across[a, b - 1].stored.take(begins.parent[b], axis=1)
                    )
                hit = across[a, b] = self._across(ends.ids[a], begins.ids[b], likely)
                if size < self.order:
                    backoff[a, b] = np.zeros(hit.stored.shape, dtype=np.float32)
                    np.put(backoff[a, b], hit.at, self._backoff[size - 2].take(hit.value))
        for k in range(begins.width):
            scores = self._alone(begins, inside, k)[None, :]
            for a in range(1, reach - k + 1):
                if a > 1:
                    scores = scores.take(ends.parent[a], axis=0)
                if k:
                    scores = scores + backoff[a, k].take(begins.parent[k + 1], axis=1)
                elif a == 1:
                    scores = scores + self._unigram_backoff[ends.ids[1]]
                else:
                    weight = self._backoff[a - 2].take(before[a].value) * before[a].stored
                    scores = scores + weight[:, None]
                hit = across[a, k + 1]
                np.put(scores, hit.at, self._prob[a + k - 1].take(hit.value))
            rows = ends.number[reach - k] if k < reach else np.zeros(len(tails), dtype=np.int64)
            whole = scores.take(rows, axis=0).take(begins.number[k + 1], axis=1)
            if lengths is not None:
                whole[:, lengths <= k] = 0.0
            total += whole

    def _across(self, ends: Ids, begins: Ids, likely: NDArray[np.bool_] | None) -> _Stored:
        """The n-grams of ends of tails, counted from the seam, and beginnings of heads; only ``likely`` pairs, or all."""
        size = begins.shape[1]
        left, right = np.zeros(len(ends), dtype=np.uint64), np.zeros(len(begins), dtype=np.uint64)
        for q in range(ends.shape[1]):
            left ^= self._hash[size + q].take(ends[:, q])
        for q in range(size):
            right ^= self._hash[size - 1 - q].take(begins[:, q])
        table = self._maps[ends.shape[1] + size - 2]
        if likely is None:
            value, hit = table.get((left[:, None] ^ right).ravel())
            at = np.flatnonzero(hit)
            return _Stored(hit.reshape(len(left), len(right)), value[at], at)
        at = likely.ravel().nonzero()[0]
        i = at // len(right)  # sooner done than divmod
        j = at - i * len(right)
        value, hit = table.get(left.take(i) ^ right.take(j))
        at = at[hit]
        stored = np.zeros(likely.shape, dtype=np.bool_)
        np.put(stored, at, True)
        return _Stored(stored, value[hit], at)

    def _windows(self, ids: Ids) -> list[_Stored]:
        """The n-grams inside rows of ids by their length and the column they begin in; entry 0 is not used."""
        width = ids.shape[1]
        hashes = self._hash[0].take(ids)
        out = [_Stored(np.ones(ids.shape, dtype=np.bool_), np.zeros(ids.shape, dtype=np.uint32))] * 2
        for size in range(2, min(width, self.order) + 1):
            hashes = hashes[:, 1:] ^ self._hash[size - 1].take(ids[:, : width + 1 - size])
            value, hit = self._maps[size - 2].get(hashes.ravel())
            shorter = out[-1].stored
            stored = hit.reshape(hashes.shape) & shorter[:, 1:] & shorter[:, :-1]
            out.append(_Stored(stored, value.reshape(hashes.shape)))
        return out

    def _alone(self, begins: _Edge, inside: list[_Stored], k: int) -> Floats:
        """Score the k-th characters of heads by what the heads themselves have before them."""
        rows = begins.example[k + 1]
        total = self._unigram[begins.ids[k + 1][:, k]]
        for n in range(2, min(k + 1, self.order) + 1):
            if n == 2:
                total += self._unigram_backoff[begins.ids[k + 1][:, k - 1]]
            else:
                shorter = inside[n - 1].of(rows, k - n + 1)
                total += self._backoff[n - 3].take(shorter.value) * shorter.stored
            whole = inside[n].of(rows, k - n + 1)
            np.copyto(total, self._prob[n - 2].take(whole.value), where=whole.stored)
        return total

    def _score(self, ids: NDArray[np.int64], step: int) -> Floats:
        """Score ids whose predecessor is ``step`` places before; ``order - 1`` steps are context."""
        count = len(ids) - (self.order - 1) * step
        total = self._unigram.take(ids[-count:])
        backoff = self._unigram_backoff.take(ids)
        hashes = self._hash[0].take(ids)
        shorter = np.ones(len(ids), dtype=np.bool_)
        for n in range(2, self.order + 1):  # arrays begin at the first place that has n - 1 before it
            hashes = hashes[step:] ^ self._hash[n - 1].take(ids[: len(ids) - (n - 1) * step])
            likely = shorter[step:] & shorter[:-step]
            some = likely.nonzero()[0] if n > 2 else ()
            look_up = self._maps[n - 2].get if step == 1 else self._maps[n - 2].get_runs
            total += backoff[-count - step : -step]
            if n > 2 and len(some) < _SPARSE * len(likely):
                # where the shorter ones in it are not stored, it is not; few are, and only those are touched
                value, hit = look_up(hashes.take(some))
                at, value = some[hit], value[hit]
                scored = at.searchsorted(len(likely) - count)
                total[at[scored:] - (len(likely) - count)] = self._prob[n - 2].take(value[scored:])
                if n < self.order:
                    shorter = np.zeros(len(likely), dtype=np.bool_)
                    shorter[at] = True
                    backoff = np.zeros(len(likely), dtype=np.float32)
                    backoff[at] = self._backoff[n - 2].take(value)
                continue
            value, shorter = look_up(hashes)
            shorter &= likely
            np.copyto(total, self._prob[n - 2].take(value[-count:]), where=shorter[-count:])
            if n < self.order:
                backoff = self._backoff[n - 2].take(value)
                backoff *= shorter
        return total
