"""Boosted decision trees as plain data: log-odds from features, in NumPy.

The trees are fitted elsewhere (``dictionaries/build/glyph_gate.py``) and kept as columns of nodes. A node sends a row to
``left`` when its feature is at most the threshold; a negative child ``~k`` is leaf k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trees"]

Floats = NDArray[np.float64]
#: Looked at together: a page that repeats one word would else fill the memory with places in trees.
_ROWS = 1024


class Trees:
    """A sum of decision trees.

    Args:
        data: ``features`` (names), ``roots`` (node or ``~leaf`` each tree begins with), ``feature``, ``threshold``,
            ``left``, ``right`` (of each node), ``values`` (of each leaf) and ``bias``.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Wrap the columns."""
        self.features: Sequence[str] = tuple(data["features"])
        self._roots = np.array(data["roots"], dtype=np.int64)
        self._feature = np.array(data["feature"], dtype=np.int64)
        self._threshold = np.array(data["threshold"], dtype=np.float64)
        self._children = np.stack(
            [np.array(data["right"], dtype=np.int64), np.array(data["left"], dtype=np.int64)]
        )
        self._values = np.array(data["values"], dtype=np.float64)
        self._bias = float(data["bias"])

    def log_odds(self, columns: Mapping[str, Floats]) -> Floats:
        """Log-odds of rows given as columns by name, each of shape ``(n,)``."""
        table = np.stack([np.asarray(columns[name], dtype=np.float64) for name in self.features], axis=1)
        out = np.empty(len(table))
        for k in range(0, len(table), _ROWS):
            out[k : k + _ROWS] = self._sums(table[k : k + _ROWS])
        return out

    def _sums(self, table: Floats) -> Floats:
        at = np.repeat(self._roots[None, :], len(table), axis=0)
        rows, trees = np.divmod(np.flatnonzero(at >= 0), len(self._roots))
        while len(rows):
            node = at[rows, trees]
            low = table[rows, self._feature[node]] <= self._threshold[node]
            at[rows, trees] = self._children[low.astype(np.int64), node]
            going = at[rows, trees] >= 0
            rows, trees = rows[going], trees[going]
        out: Floats = self._values[~at].sum(axis=1) + self._bias
        return out
