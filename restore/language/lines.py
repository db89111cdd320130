"""Which line goes on where another ends: two small encoders and the product of what they say.

One encoder reads the end of a line, the other the beginning; the larger the product of their vectors, the likelier the
second goes on where the first ends. They see what the character model does not: words and the matter at hand, over the
whole line. All pairs of a page cost one matrix product (a dual encoder; Gillick et al. 2018). Built by
``dictionaries/build/lines.py``; the file is memory-mapped, so processes share it.
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

__all__ = ["FILE", "REACH", "TABLE", "VERSION", "LineEncoder"]

FILE = "lines.bin"
TABLE = "lines"
VERSION = 1
REACH = 22  # characters read on each side of a seam
_BLOCK = 16  # lines whose rows are spread out at a time, so that they stay in the cache

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class LineEncoder:
    """The encoders of line ends and line beginnings; `load` gives the ones that ship."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Wrap the arrays of a model file; use `load`."""
        self._arrays = arrays
        self._alphabet = Alphabet(arrays["vocabulary"], arrays["pairs"])
        self._gates = {
            name: (
                arrays[f"{name}.gate"] * arrays["single_scale"],
                arrays[f"{name}.pair_gate"] * arrays["pair_scale"],
            )
            for name in ("tail", "head")
        }

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Map a model file, by default the one that ships.

        Raises:
            restore.data.DataError: when the file is missing, truncated, something else or of another version.
        """
        return cls(open_arrays(path or data_path(FILE), TABLE, VERSION, "dictionaries/build/lines.py"))

    def vectors(self, lines: Sequence[str]) -> tuple[Floats, Floats]:
        """Vectors of the ends and of the beginnings of lines, both ``(n, size)``.

        The product of an end and a beginning is how well the one goes on as the other, in nats but for a constant.

        Args:
            lines: without white space.
        """
        tails, heads = self._alphabet.edges(lines, REACH)
        pairs = self._alphabet.pairs
        ends = self._encode(tails, pairs(tails[:, 1:], tails[:, :-1]), "tail")
        begins = self._encode(heads, pairs(heads[:, :-1], heads[:, 1:]), "head")
        return ends, begins

    def _encode(self, ids: Ints, pairs: Ints, name: str) -> Floats:
        """Vectors of line ends or beginnings, shape ``(n, size)``; ids are counted from the seam."""
        arrays = self._arrays
        gate, pair_gate = self._gates[name]
        one, two = _gated(arrays["single"], ids, gate), _gated(arrays["pair"], pairs, pair_gate)
        filled = (ids > 0).mean(axis=1, dtype=np.float32)[:, None]
        hidden = np.concatenate([one, two, filled], axis=1) @ arrays[f"{name}.hidden"]
        hidden += arrays[f"{name}.hidden_bias"]
        silu(hidden)
        return np.asarray(hidden @ arrays[f"{name}.out"] + arrays[f"{name}.out_bias"], dtype=np.float32)


def _gated(table: NDArray[np.int8], rows: Ints, gate: Floats) -> Floats:
    """Sum of rows of a table ``(size, d)``, each number weighed by its place, ``(k, d)``: ``(n, k)`` -> ``(n, d)``."""
    out = np.empty((len(rows), table.shape[1]), dtype=np.float32)
    for a in range(0, len(rows), _BLOCK):
        read = table.take(rows[a : a + _BLOCK], axis=0).astype(np.float32)
        np.einsum("nkd,kd->nd", read, gate, out=out[a : a + _BLOCK])
    return out
