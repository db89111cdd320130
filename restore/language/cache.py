"""What the page at hand adds to the character model: its names and set phrases recur.

The n-grams of the page are counted over its printed lines in source order, also across the boundary of two
lines, for most lines stand in order. A seam is no evidence for itself: what stands across the boundary
behind its left line in the source, or across the one before its right line, is taken out of the counts
first. (Taking it out only where the two lines are neighbours in the source would punish just those pairs:
the boundary would still speak for every other line that ends in the same character.)

For a context of the page the general model is the prior of a Dirichlet distribution whose strength depends
on the length of the context (MacKay and Peto 1995, "A hierarchical Dirichlet language model"); longer
contexts take the estimate of the next shorter one as theirs. What matters about a seam is by how much that
changes ln P(head | tail). Only n-grams with characters from both sides count: what stands inside a line is
there wherever the line belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.language.fold import code_points, fold_text
from restore.language.scorer import Scorer

__all__ = ["PageCache"]

REACH = 4
"""Characters of a line that count on each side of a seam; the longest n-gram has one more."""
STRENGTH = (800.0, 100.0, 40.0, 20.0)
"""Occurrences that the prior is worth after a context of 1, 2, 3 and 4 characters of the page."""

_PAIRS = 1 << 16
"""Pairs of lines judged at a time, which bounds the memory of a page with thousands of them."""

Floats = NDArray[np.float32]
Index = NDArray[np.int64]


class PageCache:
    """Counts of the n-grams of one page, and how far they speak for two lines following each other."""

    def __init__(self, lines: Sequence[str], scorer: Scorer, strength: Sequence[float] = STRENGTH) -> None:
        """Count a page.

        Args:
            lines: the printed lines in source order; white space in them does not count.
            scorer: the general model.
            strength: occurrences that the prior is worth, by length of the context, at most `REACH`.
        """
        self._scorer = scorer
        self._strength = tuple(strength)
        texts = ["".join(fold_text(line).split()) for line in lines]
        length = np.array([len(text) for text in texts], dtype=np.int64)
        stream = "".join(texts)
        own, numbers = np.unique(code_points(stream), return_inverse=True)
        self._base = len(own) + 1  # the page's own characters, numbered from 1: five of them fit an integer
        numbers = numbers.astype(np.int64).ravel() + 1
        places, inside = _ends(length)
        ids = np.append(np.asarray(scorer.encode(stream), dtype=np.int64), scorer.bos)
        self._ids = np.where(inside, ids[places], scorer.bos)
        self._window = np.where(inside, np.append(numbers, 0)[places], 0)
        self._keys: list[Index] = []
        self._counts: list[Index] = []
        keys = numbers
        for order in range(1, len(self._strength) + 2):
            if order > 1:
                keys = keys[:-1] * self._base + numbers[order - 1 :]
            distinct, counts = np.unique(keys, return_counts=True)
            self._keys.append(distinct)
            self._counts.append(counts)

    def gains(self, left: NDArray[Any], right: NDArray[Any]) -> Floats:
        """By how much the page raises ln P(head | tail), for pairs of lines.

        Args:
            left: index of the line that ends at the seam, shape ``(n,)``.
            right: index of the line that begins there, shape ``(n,)``.

        Returns:
            Nats, shape ``(n,)``; 0 where the page knows nothing.
        """
        left, right = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
        gain = np.zeros(len(left), dtype=np.float32)
        window = np.concatenate([self._window[left, :REACH], self._window[right, REACH:]], axis=1)
        own = self._own(left, right)
        rows = np.flatnonzero(self._count(window, own, 1, 0) > 0)
        if not len(rows):
            return gain
        window, own = window[rows], (own[0][rows], own[1][rows])
        tails, heads = self._ids[left[rows], :REACH], self._ids[right[rows], REACH:]
        before = np.exp(self._scorer.logp_given(tails, heads).astype(np.float64))
        total = np.zeros(len(rows), dtype=np.float64)
        for place in range(REACH):
            after = before[:, place].copy()
            for reach in range(1, len(self._strength) - place + 1):
                seen = self._count(window, own, reach, place)
                if not seen.any():
                    break
                both = self._count(window, own, reach, place + 1)
                weight = self._strength[reach + place - 1]
                after = (both + weight * after) / (np.maximum(seen, both) + weight)
            exists = (
                window[:, REACH + place] > 0
            )  # a short head has an end, about which the page says nothing
            total += np.where(exists, np.log(after / before[:, place]), 0)
        gain[rows] = total
        return gain

    def gain_matrix(self) -> Floats:
        """`gains` of all pairs of lines of the page, shape ``(lines, lines)``."""
        count = len(self._window)
        matrix = np.zeros((count, count), dtype=np.float32)
        rows = max(1, _PAIRS // max(count, 1))
        for begin in range(0, count, rows):
            left, right = np.divmod(np.arange(begin * count, min(begin + rows, count) * count), count)
            matrix[begin : begin + rows] = self.gains(left, right).reshape(-1, count)
        return matrix

    def _own(self, left: Index, right: Index) -> tuple[Index, Index]:
        """What the two boundaries that a seam is about have in common with it, in the source.

        Those are the boundary behind its left line and the one before its right line. Returns how many
        characters of the head also follow the left line there, and how many of the tail also precede the
        right line; -1 where there is no such boundary, or it was named already.
        """
        heads, tails = self._window[:, REACH:], self._window[:, :REACH]
        after = np.minimum(left + 1, len(heads) - 1)
        follow = np.cumprod(heads[after] == heads[right], axis=1).sum(axis=1)
        before = np.maximum(right - 1, 0)
        precede = np.cumprod((tails[before] == tails[left])[:, ::-1], axis=1).sum(axis=1)
        return (
            np.where(left + 1 < len(heads), follow, 0),  # nothing follows the end of the page
            np.where((right > 0) & (right - 1 != left), precede, -1),
        )

    def _count(self, window: Index, own: tuple[Index, Index], reach: int, length: int) -> Index:
        """Occurrences of the n-grams of ``reach`` characters of the tail and ``length`` of the head.

        Those across the boundaries that the seam is about are left out, see `_own`.
        """
        ngrams = window[:, REACH - reach : REACH + length]
        keys = np.zeros(len(ngrams), dtype=np.int64)
        for place in range(reach + length):
            keys = keys * self._base + ngrams[:, place]
        known, counts = self._keys[reach + length - 1], self._counts[reach + length - 1]
        if not len(known):
            return np.zeros(len(ngrams), dtype=np.int64)
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        found = np.where((known[at] == keys) & (ngrams > 0).all(axis=1), counts[at], 0)
        rest: Index = np.maximum(found - (own[0] >= length) - (own[1] >= reach), 0)
        return rest


def _ends(length: Index) -> tuple[Index, NDArray[np.bool_]]:
    """Where the last and the first characters of lines stand in the text of all, and whether they exist.

    Both have shape ``(lines, 2 * REACH)``: the last `REACH` characters, then the first.
    """
    begin = np.cumsum(length) - length
    offset = np.arange(REACH)
    tails = begin[:, None] + length[:, None] - REACH + offset
    heads = begin[:, None] + offset
    inside = np.concatenate([offset >= REACH - length[:, None], offset < length[:, None]], axis=1)
    return np.where(inside, np.concatenate([tails, heads], axis=1), -1), inside
