"""What reading order found out about the ends of every line, kept for the passes that come after it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["Seams", "find"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seams:
    """Segments in their new order, by source offsets, so that they are found again in any later view.

    Attributes:
        first, last: source offsets of the first and the last character. Shape ``(n,)``.
        next: log-odds, in nats, that the segment now behind this one was printed behind it; NaN at the end of a part
            that was looked at by itself. Shape ``(n,)``.
        onward, inward: log-odds of the best link from this segment, and to it. Shape ``(n,)``.
        free_onward, free_inward: the same over the segments that now stand behind, or before, none that they fit;
            -12 where there is none. Shape ``(n,)``.
    """

    first: Ints
    last: Ints
    next: Floats
    onward: Floats
    inward: Floats
    free_onward: Floats
    free_inward: Floats

    @classmethod
    def of(cls, odds: NDArray[np.float32], order: Ints, first: Ints, last: Ints) -> Seams:
        """Of segments with links of these log-odds ``(n, n)``, put in this order ``(n,)``."""
        new = odds[order[:-1], order[1:]].astype(np.float64)
        loose = new < 0
        heads = odds[:, order[np.append(True, loose)]]
        tails = odds[order[np.append(loose, True)], :]
        best = odds.max(axis=1), odds.max(axis=0), heads.max(axis=1), tails.max(axis=0)
        return cls(
            first[order], last[order], np.append(new, np.nan), *(b[order].astype(np.float64) for b in best)
        )

    @classmethod
    def joined(cls, parts: list[Seams]) -> Seams:
        """Of a text that was looked at in parts."""
        names = [one.name for one in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def between(self, last: Ints, first: Ints) -> tuple[Floats, ...]:
        """What is known of neighbours of a later view.

        Args:
            last: source offset of the last character of each line, shape ``(m,)``.
            first: the same of the first character of the line behind it, shape ``(m,)``.

        Returns:
            Log-odds of the link between the two (NaN where reading order did not put them behind each other), of the best
            link from the first, and of the best link to the second (NaN where it knows no such segment), and the same two
            over the segments that are free; ``(m,)`` each.
        """
        one, known_one = find(self.last, last)
        two, known_two = find(self.first, first)
        link = np.where(known_one & known_two & (two == one + 1), self.next[one], np.nan)
        return (
            link,
            np.where(known_one, self.onward[one], np.nan),
            np.where(known_two, self.inward[two], np.nan),
            np.where(known_one, self.free_onward[one], np.nan),
            np.where(known_two, self.free_inward[two], np.nan),
        )


def find(values: Ints, wanted: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Index of each wanted value, and whether it is there at all."""
    if not len(values):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    order = np.argsort(values, kind="stable")
    at = order[np.minimum(np.searchsorted(values[order], wanted), len(values) - 1)]
    return at, values[at] == wanted
