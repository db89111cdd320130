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
from restore.language.arrays import open_arrays
from restore.language.fold import Fold

__all__ = ["FILE", "REACH", "TABLE", "VERSION", "LineEncoder"]

FILE = "lines.bin"
TABLE = "lines"
VERSION = 1
REACH = 22  # characters read on each side of a seam
UNKNOWN = 1

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class LineEncoder:
    """The encoders of line ends and line beginnings; `load` gives the ones that ship."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Wrap the arrays of a model file; use `load`."""
        self._arrays = arrays
        self._fold = Fold(arrays["vocabulary"], UNKNOWN)
        self._size = len(arrays["vocabulary"])
        self._pairs: Ints = arrays["pairs"].astype(np.int64)
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
        n = len(lines)
        length = np.array([len(line) for line in lines], dtype=np.int64)
        ids = self._fold.encode("".join(lines)).astype(np.int64)
        if not n or not len(ids):
            nothing = np.zeros((n, self._arrays["tail.out"].shape[1]), dtype=np.float32)
            return nothing, nothing
        begin = np.cumsum(length) - length
        place = np.arange(REACH)
        inside = place < length[:, None]
        tails = np.where(inside, ids[np.clip((begin + length)[:, None] - 1 - place, 0, len(ids) - 1)], 0)
        heads = np.where(inside, ids[np.minimum(begin[:, None] + place, len(ids) - 1)], 0)
        # pairs as they stand in the text, looked up once for ends and beginnings
        known = np.append(self._pair(ids[:-1], ids[1:]), 0)
        both = inside[:, 1:]
        last = np.where(both, known[np.maximum((begin + length)[:, None] - 2 - place[:-1], 0)], 0)
        first = np.where(both, known[np.minimum(begin[:, None] + place[:-1], len(known) - 1)], 0)
        return self._encode(tails, last, "tail"), self._encode(heads, first, "head")

    def _pair(self, left: Ints, right: Ints) -> Ints:
        """Rows of the table of pairs, 0 for pairs that are not in it."""
        key = left * self._size + right
        at = np.minimum(np.searchsorted(self._pairs, key), len(self._pairs) - 1)
        return np.where(self._pairs[at] == key, at + 1, 0)

    def _encode(self, ids: Ints, pairs: Ints, name: str) -> Floats:
        """Vectors of line ends or beginnings, shape ``(n, size)``; ids are counted from the seam."""
        arrays = self._arrays
        gate, pair_gate = self._gates[name]
        one = np.einsum("nkd,kd->nd", arrays["single"][ids].astype(np.float32), gate)
        two = np.einsum("nkd,kd->nd", arrays["pair"][pairs].astype(np.float32), pair_gate)
        filled = (ids > 0).mean(axis=1, dtype=np.float32)[:, None]
        hidden = (
            np.concatenate([one, two, filled], axis=1) @ arrays[f"{name}.hidden"]
            + arrays[f"{name}.hidden_bias"]
        )
        hidden /= 1 + np.exp(np.minimum(-hidden, 60))  # SiLU
        return np.asarray(hidden @ arrays[f"{name}.out"] + arrays[f"{name}.out_bias"], dtype=np.float32)
