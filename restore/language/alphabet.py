"""Characters and pairs of characters as rows of the tables of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.language.fold import Fold

__all__ = ["UNKNOWN", "Alphabet"]

UNKNOWN = 1

Ints = NDArray[np.int64]


class Alphabet:
    """Which characters and pairs a network knows; row 0 stands for none, `UNKNOWN` for a character it does not know."""

    def __init__(self, vocabulary: NDArray[Any], pairs: NDArray[Any]) -> None:
        """Of folded code points by row, and the known pairs as keys, ascending."""
        self._fold = Fold(vocabulary, UNKNOWN)
        self._size = len(vocabulary)
        self._pairs: Ints = pairs.astype(np.int64)

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
        key = left * self._size + right
        at = np.minimum(np.searchsorted(self._pairs, key), len(self._pairs) - 1)
        return np.where(self._pairs[at] == key, at + 1, 0)
