"""Which mark, put between two pieces of text, makes them read best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from restore.language.scorer import Scorer

__all__ = ["MARKS", "best_marks"]

MARKS = ("、", "，")
_SIDE = 4  # characters of context on each side


def best_marks(
    model: Scorer, texts: Sequence[tuple[str, str]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each pair of texts the index of the better of `MARKS`, and by how many nats the two read better with it.

    Both of shape ``(n,)``.
    """
    best, nats = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts))
    for k, (left, right) in enumerate(texts):
        a, b = left[-_SIDE:], right[:_SIDE]
        plain, *marked = (float(np.sum(model.logp(model.encode(a + mark + b)))) for mark in ("", *MARKS))
        best[k] = int(np.argmax(marked))
        nats[k] = marked[best[k]] - plain
    return best, nats
