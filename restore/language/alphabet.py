"""Characters and pairs of characters as rows of the tables of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.language.fold import Fold

__all__ = ["UNKNOWN", "Alphabet"]

UNKNOWN = 1

_SLOTS = 4  # for each pair, or up to twice as many: few pairs share one then
_SPREAD = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)  # multiplicative hashing (Knuth, vol. 3, 6.4)

Ints = NDArray[np.int64]


class Alphabet:
    """Which characters and pairs a network knows; row 0 stands for none, `UNKNOWN` for a character it does not know."""

    def __init__(self, vocabulary: NDArray[Any], pairs: NDArray[Any]) -> None:
        """Of folded code points by row, and the known pairs as keys, ascending."""
        self._fold = Fold(vocabulary, UNKNOWN)
        self._size = len(vocabulary)
        self._pairs: Ints = np.append(-1, pairs.astype(np.int64))  # by row
        bits = (_SLOTS * len(pairs)).bit_length()
        self._beyond = np.array(64 - bits, dtype=np.uint64)
        # a row for each slot, the last of those that share it, 0 for none: sooner read than a search is done
        self._slots = np.zeros(1 << bits, dtype=np.int32)
        self._slots[self._slot(self._pairs[1:])] = np.arange(1, len(self._pairs))

    def edges(self, lines: Sequence[str], reach: int) -> tuple[Ints, Ints]:
        """Rows of the last and of the first characters of lines, both counted from the edge; ``(n, reach)`` each."""
        n = len(lines)
        length = np.array([len(line) for line in lines], dtype=np.int64)
        ids = self._fold.encode("".join(lines)).astype(np.int64)
        if not len(ids):
            nothing = np.zeros((n, reach), dtype=np.int64)
            return nothing, nothing
        begin = np.cumsum(length) - length
        place = np.arange(reach)
        inside = place < length[:, None]
        tails = np.where(inside, ids[np.clip((begin + length)[:, None] - 1 - place, 0, len(ids) - 1)], 0)
        heads = np.where(inside, ids[np.minimum(begin[:, None] + place, len(ids) - 1)], 0)
        return tails, heads

    def pairs(self, left: Ints, right: Ints) -> Ints:
        """Rows of pairs, 0 for those that are not known; any shape."""
        keys = left * self._size + right
        key = keys.ravel()
        row: Ints = self._slots.take(self._slot(key)).astype(np.int64)
        other = (self._pairs.take(row) != key).nonzero()[0]
        shared = other[row.take(other) > 0]
        row[other] = 0
        if len(shared):  # the slot has another pair, which may have taken this one's place
            wanted = key.take(shared)
            at = np.minimum(self._pairs.searchsorted(wanted), len(self._pairs) - 1)
            row[shared] = np.where(self._pairs.take(at) == wanted, at, 0)
        return row.reshape(keys.shape)

    def _slot(self, keys: Ints) -> Ints:
        """Where in the table of slots the row of each key is looked for, shape ``(n,)``."""
        slots = keys.astype(np.uint64)
        slots *= _SPREAD
        slots >>= self._beyond
        return slots.view(np.int64)
