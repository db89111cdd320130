"""The character model: how likely each character is after those before it.

An n-gram model with backoff: P(c | h) is stored for the n-grams that matter and is otherwise
``backoff(h) * P(c | h without its first character)``. It was estimated by interpolated modified Kneser-Ney
(Chen and Goodman 1999) per kind of text, mixed, pruned by relative entropy (Stolcke 1998) and quantised by
``dictionaries/build/ngram.py``. Each order is a `FuseMap`: what is stored is always read right; an n-gram
that is not stored is taken for one that is with probability ``2 ** -bits of its fingerprint``, and only if
the two shorter n-grams in it are stored. The file is memory-mapped, so processes share it.
"""

from __future__ import annotations

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

_CHUNK = 1 << 14
"""Characters scored at a time: the intermediate arrays stay in the cache of one core."""

Floats = NDArray[np.float32]


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

    def seam_matrix(self, tails: Ids, heads: Ids) -> Floats:
        """ln P(head | tail) of every tail with every head: ``(n, a)``, ``(m, b)`` -> ``(n, m)``.

        The k-th character of a head sees the last ``order - 1 - k`` characters of a tail only, so every
        distinct pair of what matters is scored once.
        """
        total = np.zeros((len(tails), len(heads)), dtype=np.float32)
        for k in range(heads.shape[1]):
            reach = min(max(self.order - 1 - k, 0), tails.shape[1])
            ends, of_tail = np.unique(tails[:, tails.shape[1] - reach :], axis=0, return_inverse=True)
            starts, of_head = np.unique(heads[:, : k + 1], axis=0, return_inverse=True)
            context = np.empty((len(ends), len(starts), reach + k), dtype=np.int64)
            context[:, :, :reach] = ends[:, None, :]
            context[:, :, reach:] = starts[None, :, :k]
            last = np.broadcast_to(starts[:, k], (len(ends), len(starts)))
            grid = self.logp_given(context.reshape(-1, reach + k), last.reshape(-1, 1))
            total += grid.reshape(len(ends), len(starts))[of_tail.ravel()[:, None], of_head.ravel()[None, :]]
        return total

    def _score(self, ids: NDArray[np.int64], step: int) -> Floats:
        """Score ids whose predecessor is ``step`` places before; ``order - 1`` steps are context."""
        count = len(ids) - (self.order - 1) * step
        total = self._unigram[ids[-count:]]
        backoff = self._unigram_backoff[ids]
        hashes = self._hash[0][ids]
        shorter = np.ones(len(ids), dtype=np.bool_)
        for n in range(2, self.order + 1):  # arrays begin at the first place that has n - 1 before it
            hashes = hashes[step:] ^ self._hash[n - 1][ids[: len(ids) - (n - 1) * step]]
            value, found = self._maps[n - 2].get(hashes)
            found &= shorter[step:]
            found &= shorter[:-step]
            total += backoff[-count - step : -step]
            np.copyto(total, self._prob[n - 2].take(value[-count:]), where=found[-count:])
            if n < self.order:
                backoff = self._backoff[n - 2].take(value)
                backoff *= found
                shorter = found
        return total
