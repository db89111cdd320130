"""The third look: every likely link judged once more, now that the second look has judged the others.

What the second look knows of the rivals of a link and of what else would have to change comes from single pairs of lines.
Here the same questions are asked of its answers: does what stands behind this line have another home that is likely, would
the line that is skipped go somewhere, do the likely links run alongside. (Stacked generalisation, Wolpert 1992: the
network of this look is fitted on what networks of the second look say of pages they were not fitted on.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.order.links import AROUND, NEAR, beyond, company
from restore.order.sequence import far_links, run_lengths

__all__ = ["LEAST", "again_features"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LEAST, _MOST = -9.0, 9.0  # log-odds are cut off here; below, and beyond the page, nothing speaks for a pair


def again_features(odds: Floats, successor: Ints, i: Ints, j: Ints) -> Iterator[tuple[str, NDArray[Any]]]:
    """Named features of candidate links ``i -> j``, each of shape ``(m,)``.

    Args:
        odds: log-odds of all candidates from the second look, at least ``LEAST`` elsewhere. Shape ``(n, n)``.
        successor: the best successors over them, shape ``(n,)``.
        i, j: index arrays, shape ``(m,)``.
    """
    n = len(odds)
    index = np.arange(n)
    odds = np.clip(odds, LEAST, _MOST)
    seam = beyond(odds, LEAST)
    # the two best of every line and for every line
    onward, inward = _two_best(odds), _two_best(np.ascontiguousarray(odds.T))

    def best_but(best: Floats, at: Ints, value: Floats) -> Floats:
        """The best of each line but the pair whose odds are given."""
        row = best[np.clip(at, 0, n - 1)]
        other = np.where(value >= row[:, 1] - 1e-6, row[:, 0], row[:, 1])
        return np.where((at >= 0) & (at < n), other, np.float32(LEAST))

    here = odds[i, j]
    likely = 1 / (1 + np.exp(-here))
    yield "again: second look", here
    yield "rivals: sum of row, again", np.bincount(i, weights=likely, minlength=n)[i] - likely
    yield "rivals: sum of column, again", np.bincount(j, weights=likely, minlength=n)[j] - likely
    yield "rivals: best of row, again", best_but(onward, i, here)
    yield "rivals: best of column, again", best_but(inward, j, here)
    own, before = seam(i, i + 1), seam(j - 1, j)
    yield "rivals: home of the next", best_but(inward, i + 1, own)
    yield "rivals: way on of the one before", best_but(onward, j - 1, before)
    yield "rivals: best before", inward[i, 1]
    yield "rivals: best behind", onward[j, 1]
    yield "detour: own next, again", own
    yield "detour: own before, again", before
    yield "detour: hole behind, again", seam(j - 1, j + 1)
    yield "detour: return, again", seam(j, i + 1)
    yield "detour: return before, again", seam(j - 1, i)
    yield "detour: hole before, again", seam(i - 1, i + 1)
    yield "detour: hole behind, two, again", seam(j - 1, j + 2)
    yield "detour: hole before, two, again", seam(i - 2, i + 1)
    yield "detour: return, two, again", seam(j + 1, i + 1)
    yield "detour: return before, two, again", seam(j - 1, i - 1)
    yield "detour: swap of ends, again", seam(j - 1, i + 1)
    yield "detour: first from the one before", seam(i - 1, i)
    yield "detour: second to the next", seam(j, j + 1)
    predecessor = np.full(n, -1)
    linked = np.flatnonzero(successor >= 0)
    predecessor[successor[linked]] = linked
    taken, taken_by = successor[i], predecessor[j]
    rival, rival_of = (taken >= 0) & (taken != j), (taken_by >= 0) & (taken_by != i)
    low = np.float32(LEAST)
    yield "rivals: linked, again", taken == j
    there = odds[i, np.maximum(taken, 0)]
    yield "rivals: taken, again", np.where(rival, there, low)
    yield "rivals: other home of the taken", np.where(rival, best_but(inward, taken, there), 0)
    there = odds[np.maximum(taken_by, 0), j]
    yield "rivals: taken by, again", np.where(rival_of, there, low)
    yield "rivals: other way of the taker", np.where(rival_of, best_but(onward, taken_by, there), 0)
    yield "company: first has one before", predecessor[i] >= 0
    yield "company: second goes on", successor[j] >= 0
    step = successor - index
    jump = linked[(step[linked] != 1) & (step[linked] != 2)]
    to = successor[jump]
    for name, reach in (("near", NEAR), ("around", AROUND)):
        yield f"company: {name}, again", company(i, j, jump, to, reach, n)
        yield f"company: {name}, returning, again", company(i + 1, j - 1, to, jump, reach, n)
    yield "company: alongside before, again", np.where(i > 0, successor[np.maximum(i - 1, 0)], -9) == j - 1
    yield "company: alongside behind, again", successor[np.minimum(i + 1, n - 1)] == j + 1
    # how long the runs are that the link would tie together
    ending, beginning = run_lengths(np.where(far_links(successor), -1, successor))
    yield "page: run before", np.log(ending)[i]
    yield "page: run behind", np.log(beginning)[j]
    share = float((step[linked] == 1).mean()) if len(linked) else 1.0
    yield "page: order, again", np.full(len(i), share)
    far = float((np.abs(step[linked] - 1) > 8).mean()) if len(linked) else 0.0
    yield "page: far links", np.full(len(i), far)


def _two_best(odds: Floats) -> Floats:
    """The second and the best of each row, shape ``(n, 2)``; a sort of rows that are nearly all alike took far longer."""
    n = len(odds)
    if n < 2:
        return np.full((n, 2), LEAST, dtype=np.float32)
    rest, rows, best = odds.copy(), np.arange(n), odds.argmax(axis=1)
    rest[rows, best] = -np.inf
    return np.stack((rest.max(axis=1), odds[rows, best]), axis=1)
