"""Which characters an OCR engine takes for which: candidates for a seen glyph and P(seen | true).

The table is built by ``dictionaries/build/confusables.py`` from counted OCR confusions, smoothed with shape
similarity. It holds, for each glyph that may be seen, the 16 likeliest characters that may have been printed,
then some that it is a part of or that are a part of it. Two numbers belong to each pair, natural logarithms:

- ``logp`` = log P(seen | true), for a noisy channel, at a nominal rate of one wrong character in a hundred
  (`NOMINAL_ERROR`): on a page with error rate e add ``log(e / NOMINAL_ERROR)``;
- ``logpost`` = log P(true | seen, and seen is wrong): what is likely when nothing else is known.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache, cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from restore.characters import HAN, classify
from restore.data import path
from restore.language.arrays import open_arrays

__all__ = ["Confusables", "Kind"]

FILE = "confusables.bin"
TABLE = "confusables"
VERSION = 1
STEP = 1 / 14
"""Logarithms are stored in 8 bits, from 0 down to -255 steps (-18.2 nats)."""
NOMINAL_ERROR = 0.01
_SELDOM = 1e-4


class Kind(IntEnum):
    """What was taken for what."""

    HAN = 0
    """One ideograph for another."""
    SIGN_FOR_HAN = 1
    """A letter, digit or mark is seen where an ideograph was printed: — for 一."""
    HAN_FOR_SIGN = 2
    """An ideograph is seen where a letter, digit or mark was printed: 丶 for 、."""
    SIGN = 3
    """One letter, digit or mark for another."""


def pack_log(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Logarithms, at most 0, in 8 bits."""
    return np.clip(np.rint(-values / STEP), 0, 255).astype(np.uint8)


class Confusables:
    """Pairs (seen, true) in parallel arrays, sorted by seen, then by falling ``logpost``.

    ``seen`` and ``true`` are code points (uint16), ``logp`` and ``logpost`` float32, ``kind`` uint8 (`Kind`);
    all have the shape ``(len(self),)``. The candidates of code point c are ``start[c]:start[c + 1]``.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Wrap the arrays of a confusables file; use `load`."""
        sizes = arrays["sizes"].astype(np.intp)
        self.seen: NDArray[np.uint16] = np.repeat(arrays["chars"], sizes)
        self.true: NDArray[np.uint16] = arrays["true"]
        self.logp: NDArray[np.float32] = arrays["logp"] * np.float32(-STEP)
        self.logpost: NDArray[np.float32] = arrays["logpost"] * np.float32(-STEP)
        table = np.zeros(0x10001, dtype=np.intp)
        table[arrays["chars"].astype(np.intp) + 1] = sizes
        self.start: NDArray[np.intp] = np.cumsum(table)

    @classmethod
    @cache
    def load(cls) -> Self:
        """Map the shipped table; the same object each time.

        Raises:
            DataError: when the file is missing, truncated or something else.
        """
        return cls(open_arrays(path(FILE), TABLE, VERSION, "dictionaries/build/confusables.py"))

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.true)

    def candidates(self, seen: str, k: int = 10, kind: Kind | None = None) -> list[tuple[str, float]]:
        """The k likeliest true characters for a seen one, with P(seen | true); empty if none is known.

        Args:
            seen: one character.
            k: how many at most.
            kind: only pairs of this kind.
        """
        if len(seen) != 1:
            raise ValueError(f"one character expected, got {seen!r}")
        code = min(ord(seen), 0xFFFF)
        rows = np.arange(self.start[code], self.start[code + 1])
        if kind is not None:
            rows = rows[self.kind[rows] == kind]
        return [(chr(int(self.true[row])), float(np.exp(self.logp[row]))) for row in rows[:k]]

    def gather(self, codes: NDArray[np.uint32], k: int = 10) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Candidates of many seen characters at once.

        Args:
            codes: code points, shape ``(n,)``.
            k: how many at most for each.

        Returns:
            ``(where, rows)``, both ``(m,)``: ``where`` indexes ``codes``, ascending, ``rows`` indexes
            ``self.true``, ``self.logp`` and the other arrays.
        """
        inside = np.minimum(codes, 0xFFFF).astype(np.intp)
        first = self.start[inside]
        count = np.minimum(self.start[inside + 1] - first, k)
        count[codes > 0xFFFF] = 0
        where = np.repeat(np.arange(len(codes)), count)
        offset = np.arange(len(where)) - np.repeat(np.cumsum(count) - count, count)
        return where, first[where] + offset

    @cached_property
    def kind(self) -> NDArray[np.uint8]:
        """`Kind` of each pair."""
        seen = (classify(self.seen.astype(np.uint32)) & HAN) != 0
        true = (classify(self.true.astype(np.uint32)) & HAN) != 0
        kinds = np.select(
            [seen & true, true, seen], [Kind.HAN, Kind.SIGN_FOR_HAN, Kind.HAN_FOR_SIGN], Kind.SIGN
        )
        return kinds.astype(np.uint8)

    @cached_property
    def misread(self) -> NDArray[np.float32]:
        """Log of how often each code point of the BMP is taken for another, shape ``(65536,)``."""
        total = np.bincount(self.true, np.exp(self.logp), 0x10000)
        out: NDArray[np.float32] = np.log(np.maximum(total, _SELDOM)).astype(np.float32)
        return out

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
        """Pairs as one integer each, sorted, and their rows."""
        keys = (self.seen.astype(np.uint32) << np.uint32(16)) | self.true
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def log_seen_given_true(
        self, seen: NDArray[np.uint32], true: NDArray[np.uint32], floor: float = -16.0
    ) -> NDArray[np.float32]:
        """Log P(seen | true) of pairs of code points, ``floor`` for pairs that are not in the table."""
        return self._of_pairs(self.logp, seen, true, floor)

    def log_true_given_wrong(
        self, seen: NDArray[np.uint32], true: NDArray[np.uint32], floor: float = -16.0
    ) -> NDArray[np.float32]:
        """Log P(true | seen, and seen is wrong) of pairs of code points, ``floor`` for pairs not in the table."""
        return self._of_pairs(self.logpost, seen, true, floor)

    def _of_pairs(
        self, column: NDArray[np.float32], seen: NDArray[np.uint32], true: NDArray[np.uint32], floor: float
    ) -> NDArray[np.float32]:
        wanted = (seen.astype(np.uint32) << np.uint32(16)) | true.astype(np.uint32)
        keys, order = self._sorted
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        hit = (keys[at] == wanted) & (seen <= 0xFFFF) & (true <= 0xFFFF)
        found: NDArray[np.float32] = np.where(hit, column[order[at]], np.float32(floor))
        return found
