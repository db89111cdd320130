"""The second look: every likely link judged with its surroundings, once a first solution of the page is known.

A line that strayed opens a seam where it was printed and breaks another where it landed; two lines that changed places
do both twice; lines that stray do so in company. None of that is in a pair of lines alone. So the likely pairs are
judged again, with what else would have to change, how the other candidates fare, and which links of the first solution
run alongside. A small network weighs it (:mod:`restore.order.network`); what it says is the log-odds, in nats, that the
second line was printed behind the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from restore.order.geometry import BLOCKS, LINES, ROWS, measure_class

if TYPE_CHECKING:
    from restore.layout.segments import Segments
    from restore.order.successors import Solution

__all__ = ["GROUPS", "beyond", "candidates", "company", "link_features"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_Real = TypeVar("_Real", np.float32, np.float64)

_BEST, _BEST_TEXT = 12, 8  # candidates a line has by all evidence, by the text alone
_AHEAD = 4  # the next lines of the dump are always candidates
_NOTHING = -6.0  # nats of a seam with nothing for it, or beyond the page
_STEPS = np.array([-150, -80, -50, -30, -18, -9, -4, 0, 1, 2, 3, 4, 6, 10, 19, 31, 51, 81, 151])
NEAR, AROUND = 3.0, 10.0  # segments over which the company of a link fades

GROUPS = ("text", "rivals", "place", "detour", "company", "width", "page")
"""What features speak of: the beginning of their names."""


def candidates(total: NDArray[np.float64], text: NDArray[np.float64], successor: Ints) -> tuple[Ints, Ints]:
    """Pairs worth a second look: the best of every line and for every line, and its next ones. Index arrays ``(m,)``."""
    n = len(total)
    index = np.arange(n)
    chosen = np.zeros((n, n), dtype=np.bool_)
    for matrix, count in ((total, _BEST), (text, _BEST_TEXT)):
        count = min(count, n - 1)
        if count < 1:
            continue
        chosen |= _best(matrix, count)
        chosen |= _best(np.ascontiguousarray(matrix.T), count).T
    for step in range(1, min(_AHEAD, n - 1) + 1):
        chosen[index[:-step], index[step:]] = True
    linked = np.flatnonzero(successor >= 0)
    chosen[linked, successor[linked]] = True
    chosen[index, index] = False
    i, j = np.divmod(np.flatnonzero(chosen), n)
    return i, j


def _best(matrix: NDArray[np.float64], count: int) -> Bools:
    """Which are the so many largest numbers of each row; of equal ones as many as there is room for. Shape ``(n, n)``."""
    least = np.sort(matrix, axis=1)[:, -count]  # sorting numbers is sooner done than finding their places
    best = matrix >= least[:, None]
    tied = np.flatnonzero(best.sum(axis=1) > count)
    if len(tied):
        best[tied] = False
        best[tied[:, None], np.argpartition(-matrix[tied], count - 1, axis=1)[:, :count]] = True
    return best


def _log_sums(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ln of the sums of exp over rows and over columns, the diagonal left out."""
    bare = matrix.copy()
    np.fill_diagonal(bare, -20.0)
    sums = []
    for axis in (1, 0):
        top = bare.max(axis=axis, keepdims=True)
        sums.append((top + np.log(np.exp(bare - top).sum(axis=axis, keepdims=True))).ravel())
    return sums[0], sums[1]


def _margins(matrix: NDArray[np.float64], i: Ints, j: Ints) -> Iterator[NDArray[np.float64]]:
    """By how much each pair beats the best other pair of its row, then of its column."""
    value = matrix[i, j]
    for table, at in ((matrix, i), (matrix.T, j)):
        rest, best = table.copy(), table.argmax(axis=1)
        rows = np.arange(len(table))
        top = rest[rows, best]
        rest[rows, best] = -np.inf
        first, second = top[at], rest.max(axis=1)[at]
        yield value - np.where(value >= first - 1e-9, second, first)


def company(i: Ints, j: Ints, a: Ints, b: Ints, reach: float, n: int) -> Floats:
    """How many links ``a -> b`` run close to each pair, fading with distance; a link is no company for itself.

    What fades with the sum of two distances is a product, and so one matrix product gives it for all pairs of the page.

    Args:
        reach: segments over which company fades.
        n: segments of the page.
    """
    if not len(a):
        return np.zeros(len(i), dtype=np.float32)
    place = np.arange(-1, n + 1, dtype=np.float32)[:, None]
    table = np.exp(np.abs(place - a) / np.float32(-reach)) @ np.exp(np.abs(place - b) / np.float32(-reach)).T
    np.subtract.at(table, (a + 1, b + 1), np.float32(1))
    return np.asarray(table[i + 1, j + 1], dtype=np.float32)


def beyond(values: NDArray[_Real], nothing: float) -> Callable[[Ints, Ints], NDArray[_Real]]:
    """Look up pairs in a table ``(n, n)``; each may be at most two lines away from one of the page, where there is nothing."""
    n = len(values)
    framed = np.full((n + 4, n + 4), nothing, dtype=values.dtype)
    framed[2:-2, 2:-2] = values
    flat, row = framed.ravel(), n + 4

    def look_up(i: Ints, j: Ints) -> NDArray[_Real]:
        return flat.take(i * row + (j + 2 * row + 2))

    return look_up


@dataclass(frozen=True)
class _Pairs:
    """Candidate links ``i -> j``, each of shape ``(m,)``, of a page's first solution."""

    solution: Solution
    segments: Segments
    i: Ints
    j: Ints

    @cached_property
    def at(self) -> Ints:
        """Place of each pair in a matrix of all, flat; shape ``(m,)``."""
        return self.i * len(self.segments) + self.j

    @cached_property
    def linked(self) -> Ints:
        """Segments that the solution links to others."""
        return np.flatnonzero(self.solution.successor >= 0)

    @cached_property
    def here(self) -> NDArray[np.float64]:
        """What the text says of each pair, shape ``(m,)``."""
        return np.clip(self.solution.text.take(self.at), -8, 12)


def link_features(
    solution: Solution, segments: Segments, i: Ints, j: Ints
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Named features of candidate links ``i -> j``, each of shape ``(m,)``.

    Args:
        solution: the first solution of the page.
        i, j: index arrays, shape ``(m,)``.
    """
    pairs = _Pairs(solution, segments, i, j)
    yield from _of_text(pairs)
    yield from _of_rivals(pairs)
    yield from _of_place(pairs)
    yield from _of_detours(pairs)
    yield from _of_company(pairs)
    yield from _of_type(pairs)
    yield from _of_page(pairs)


def _of_text(pairs: _Pairs) -> Iterator[tuple[str, NDArray[Any]]]:
    """What the two lines say."""
    i, j, at, solution, e = pairs.i, pairs.j, pairs.at, pairs.solution, pairs.solution.evidence
    yield "text: continues", np.clip(solution.continues.take(at), -8, 12)
    yield "text: follows", np.clip(solution.follows.take(at), -8, 12)
    yield "text: either", pairs.here
    yield "text: seam", np.clip(e.raw.take(at), -8, 12)
    yield "text: page has", e.seen.take(at)
    yield "text: lines", np.clip(e.lines.take(at), -6, 10)
    yield "text: lines, of the row", np.clip(e.lines_of_row.take(at), -6, 10)
    yield "text: stop", e.stop[i]
    yield "text: opening", e.opening[j]
    yield "text: comma", e.comma[i]
    yield "text: begins with a mark", e.not_first[j]


def _of_rivals(pairs: _Pairs) -> Iterator[tuple[str, NDArray[Any]]]:
    """How the others fare."""
    i, j, at, linked = pairs.i, pairs.j, pairs.at, pairs.linked
    total, successor = pairs.solution.total, pairs.solution.successor
    for name, matrix in (("text", pairs.solution.text), ("all", total)):
        of_row, of_column = _log_sums(matrix)
        value = matrix.take(at)
        yield f"rivals: share of row, {name}", np.clip(value - of_row[i], -15, 0)
        yield f"rivals: share of column, {name}", np.clip(value - of_column[j], -15, 0)
        for side, margin in zip(("row", "column"), _margins(matrix, i, j), strict=True):
            yield f"rivals: margin in {side}, {name}", np.clip(margin, -10, 10)
    taken = successor[i]
    predecessor = np.full(len(successor), -1)
    predecessor[successor[linked]] = linked
    taken_by = predecessor[j]
    yield (
        "rivals: taken",
        np.clip(np.where((taken >= 0) & (taken != j), total[i, np.maximum(taken, 0)], 0), -10, 12),
    )
    yield (
        "rivals: taken by",
        np.clip(np.where((taken_by >= 0) & (taken_by != i), total[np.maximum(taken_by, 0), j], 0), -10, 12),
    )
    yield "rivals: free before", taken < 0
    yield "rivals: free behind", taken_by < 0


def _of_place(pairs: _Pairs) -> Iterator[tuple[str, NDArray[Any]]]:
    """Where they stand."""
    i, j, segments = pairs.i, pairs.j, pairs.segments
    step = j - i
    yield "place: learned", np.clip(pairs.solution.place.take(pairs.at), -10, 8)
    bucket = np.searchsorted(_STEPS, step, side="right")
    for k in range(len(_STEPS) + 1):
        yield f"place: step {k}", bucket == k
    yield "place: step, log", np.sign(step) * np.log1p(np.abs(step))
    rows = segments.row[j] - segments.row[i]
    places = segments.place[j] - segments.place[i]
    shift = (segments.x[j] - segments.x[i]) / 2.0
    yield "place: row, same", rows == 0
    yield "place: row, next", rows == 1
    yield "place: row", np.clip(rows, -6, 6)
    yield "place: column place", np.clip(places, -4, 4)
    yield "place: column place, same", places == 0
    yield "place: column shift", np.clip(shift, -12, 12)
    yield "place: column shift, none", np.abs(shift) <= 2.1
    yield "place: newlines behind", np.minimum(segments.newlines[i], 2)
    yield "place: newlines before", np.minimum(segments.newlines[np.maximum(j - 1, 0)], 2)


def _of_detours(pairs: _Pairs) -> Iterator[tuple[str, NDArray[Any]]]:
    """What else would have to change."""
    i, j, here = pairs.i, pairs.j, pairs.here
    text = np.maximum(pairs.solution.text, _NOTHING)
    seam = beyond(text, _NOTHING)
    own, before = seam(i, i + 1), seam(j - 1, j)
    bridge, back, into = seam(j - 1, j + 1), seam(j, i + 1), seam(j - 1, i)
    hole = seam(i - 1, i + 1)
    yield "detour: own next", own
    yield "detour: own before", before
    yield "detour: gain", np.clip(2 * here - own - before, -12, 20)
    yield "detour: hole behind", bridge
    yield "detour: hole behind, two", seam(j - 1, j + 2)
    yield "detour: hole before", hole
    yield "detour: hole before, two", seam(i - 2, i + 1)
    yield "detour: return", back
    yield "detour: return, two", seam(j + 1, i + 1)
    yield "detour: return before", into
    yield "detour: return before, two", seam(j - 1, i - 1)
    yield "detour: gain, second moves", np.clip(bridge + back + here - own - before - seam(j, j + 1), -15, 20)
    yield "detour: gain, first moves", np.clip(hole + into + here - seam(i - 1, i) - before - own, -15, 20)
    cross = seam(j - 1, i + 1)
    yield "detour: swap of ends", cross
    change = here + seam(j, i + 2) + cross + seam(i + 1, j + 1)
    yield (
        "detour: swap with the next",
        np.clip(change - own - seam(i + 1, i + 2) - before - seam(j, j + 1), -20, 30),
    )
    change = here + seam(j - 2, i) + seam(i - 1, j - 1) + cross
    yield (
        "detour: swap with the last",
        np.clip(change - own - seam(i - 1, i) - before - seam(j - 2, j - 1), -20, 30),
    )
    skipped = np.minimum(i + 1, len(text) - 1)
    bare = text.copy()
    np.fill_diagonal(bare, _NOTHING)
    yield "detour: home of the skipped", np.where(j - i == 2, bare.max(axis=0)[skipped], 0)
    yield "detour: home behind the skipped", np.where(j - i == 2, bare.max(axis=1)[skipped], 0)


def _of_company(pairs: _Pairs) -> Iterator[tuple[str, NDArray[Any]]]:
    """Which links run alongside."""
    i, j, linked, successor = pairs.i, pairs.j, pairs.linked, pairs.solution.successor
    n = len(successor)
    jump = linked[(successor[linked] - linked != 1) & (successor[linked] - linked != 2)]
    to = successor[jump]
    for name, reach in (("near", NEAR), ("around", AROUND)):
        yield f"company: {name}", company(i, j, jump, to, reach, n)
        yield f"company: {name}, returning", company(i + 1, j - 1, to, jump, reach, n)
    yield "company: linked", successor[i] == j
    yield "company: alongside before", np.where(i > 0, successor[np.maximum(i - 1, 0)], -9) == j - 1
    yield "company: alongside behind", successor[np.minimum(i + 1, n - 1)] == j + 1


def _of_type(pairs: _Pairs) -> Iterator[tuple[str, NDArray[Any]]]:
    """How wide the lines are."""
    i, j, e = pairs.i, pairs.j, pairs.solution.evidence
    width = e.width
    yield "width: step", np.clip(width[j] - width[i], -8, 8)
    yield "width: before", np.minimum(width[i], 30)
    yield "width: behind", np.minimum(width[j], 30)
    kind = measure_class(pairs.segments.width, pairs.segments.measures)
    yield "width: measure, same", (kind[i] == kind[j]) & (kind[i] >= 0)
    yield "width: measure, unknown", (kind[i] < 0) | (kind[j] < 0)
    yield "width: full before", e.form[i] == 0
    yield "width: full behind", e.form[j] == 0
    yield "width: first line behind", e.form[j] == 1


def _of_page(pairs: _Pairs) -> Iterator[tuple[str, NDArray[Any]]]:
    """What the page is like."""
    linked, successor = pairs.linked, pairs.solution.successor
    in_order = float((successor[linked] == linked + 1).mean()) if len(linked) else 1.0
    yield "page: order", np.full(len(pairs.i), in_order)
    yield "page: size", np.full(len(pairs.i), np.log(len(successor)))
    for name in (BLOCKS, ROWS, LINES):
        yield f"page: kind {name}", np.full(len(pairs.i), pairs.solution.geometry.kind == name)
