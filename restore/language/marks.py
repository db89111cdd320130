"""Which mark, put in place of a stretch of text, makes what stands around it read best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore.language.scorer import Scorer

__all__ = ["MARKS", "best_marks", "mark_scores"]

MARKS = ("、", "，")
_SIDE = 4  # characters of context on each side


def best_marks(
    model: Scorer, text: str, start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each stretch ``[start, end)`` the index of the better of `MARKS`, and by how many nats the text reads better with
    it there than with nothing. Both of shape ``(n,)``.
    """
    scores = mark_scores(model, text, start, end)
    best = scores[:, 1:].argmax(axis=1)
    return best, scores[np.arange(len(best)), best + 1] - scores[:, 0]


def mark_scores(
    model: Scorer, text: str, start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.float64]:
    """ln P of the text around each stretch ``[start, end)`` with nothing there, and with each of `MARKS`: ``(n, 1 + marks)``."""
    out = np.zeros((len(start), 1 + len(MARKS)))
    for k, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        left, right = text[max(0, a - _SIDE) : a], text[b : b + _SIDE]
        out[k] = [float(np.sum(model.logp(model.encode(left + m + right)))) for m in ("", *MARKS)]
    return out
