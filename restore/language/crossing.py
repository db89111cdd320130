"""What lies between a line and the next: a small network that reads both sides of the boundary at once.

The character model and the line encoders judge how well one line goes on as another. They do not say what else it would
be: that a paragraph ends there, or that text is missing between the two. This network (a cross-encoder; Humeau et al. 2020)
tells those apart. It reads the characters next to the boundary in their places, and what the other two say of it, so it is
asked about lines that have been put behind each other, not about all pairs. Built by ``dictionaries/build/crossing.py``; the
file is memory-mapped, so processes share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from restore.data import path as data_path
from restore.language.alphabet import Alphabet
from restore.language.arrays import open_arrays
from restore.language.layers import silu

__all__ = [
    "FILE",
    "NEAR",
    "PAIRS",
    "RELATIONS",
    "SCALE",
    "TABLE",
    "VERSION",
    "CrossEncoder",
    "crossing_pairs",
]

FILE = "crossing.bin"
TABLE = "crossing"
VERSION = 1
NEAR = 10  # characters read on each side
PAIRS = 6  # pairs of characters read on each side, beside the one across the boundary
RELATIONS = ("goes on", "paragraph", "lost inside", "lost behind", "lost before", "elsewhere")
"""What the second line may be to the first: it goes on; it begins a new paragraph behind it; it stands further on in the
same paragraph; the end of the first one's paragraph is missing before it; the beginning of its own is; or neither is
where it belongs."""
SCALE = np.array([4.0, 10.0, 10.0, 4.0], dtype=np.float32)
"""What the evidence of others is divided by: product of the vectors, ln P of the seam, of a beginning, of an end."""
_LEAST = np.array([-np.inf, -40.0, -40.0, -12.0], dtype=np.float32)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def crossing_pairs(alphabet: Alphabet, tails: Ints, heads: Ints) -> Ints:
    """Rows of the pairs around each boundary, ``(n, 2 * PAIRS + 1)``; both sides are counted from it."""
    across = alphabet.pairs(tails[:, :1], heads[:, :1])
    left = alphabet.pairs(tails[:, 1 : PAIRS + 1], tails[:, :PAIRS])
    right = alphabet.pairs(heads[:, :PAIRS], heads[:, 1 : PAIRS + 1])
    return np.concatenate([across, left, right], axis=1)


def scaled(evidence: Floats) -> Floats:
    """What others say of each boundary, as the network reads it, ``(n, 4)``."""
    return np.asarray(np.maximum(evidence, _LEAST) / SCALE, dtype=np.float32)


class CrossEncoder:
    """The network; `load` gives the one that ships."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Wrap the arrays of a model file; use `load`."""
        self._arrays = arrays
        self._alphabet = Alphabet(arrays["vocabulary"], arrays["pairs"])
        self._layers = [
            (arrays[name].astype(np.float32, copy=False), arrays[f"{name}_bias"])
            for name in ("first", "second")
        ]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Map a model file, by default the one that ships.

        Raises:
            restore.data.DataError: when the file is missing, truncated, something else or of another version.
        """
        return cls(open_arrays(path or data_path(FILE), TABLE, VERSION, "dictionaries/build/crossing.py"))

    def relations(self, lines: Sequence[str], products: Floats, logp: Floats) -> Floats:
        """How likely each of the `RELATIONS` is between neighbours, ``(n - 1, 6)``: ln P.

        Args:
            lines: without white space, ``n`` of them.
            products: of the vector of each line's end and the vector of the next line's beginning, as the line encoders
                give them, number by number; shape ``(n - 1, size)``.
            logp: ln P, by the character model, of the next line's beginning behind this line's end, of that beginning
                where a paragraph begins, and of a paragraph's end behind this line's end; shape ``(n - 1, 3)``.
        """
        arrays = self._arrays
        tails, heads = self._alphabet.edges(lines, NEAR)
        tails, heads = tails[:-1], heads[1:]
        n = len(tails)
        others = scaled(np.concatenate([products.sum(axis=1, keepdims=True), logp], axis=1))
        single = (
            arrays["single"].take(np.concatenate([tails, heads], axis=1), axis=0) * arrays["single_scale"]
        )
        pairs = (
            arrays["pair"].take(crossing_pairs(self._alphabet, tails, heads), axis=0) * arrays["pair_scale"]
        )
        read = np.concatenate([single.reshape(n, -1), pairs.reshape(n, -1), products, others], axis=1)
        for weights, bias in self._layers:
            read = read @ weights
            read += bias
            silu(read)
        odds = read @ arrays["out"] + others @ arrays["others"] + arrays["out_bias"]
        odds -= odds.max(axis=1, keepdims=True)
        return np.asarray(odds - np.log(np.exp(odds).sum(axis=1, keepdims=True)), dtype=np.float32)
