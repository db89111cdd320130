"""Where successors stand: the page teaches its own layout.

The log-odds of each displacement are estimated from the links of the current solution, for the page and around each
segment, and the solution is sought again. Nothing is assumed about the tool that made the dump.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from restore.layout.segments import Segments

__all__ = ["Geometry", "Layer", "kind_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_Scalar = TypeVar("_Scalar", bound=np.generic)

BLOCKS, ROWS, LINES = "blocks", "rows", "lines"

_FAR = np.array([-60, -35, -22, -15, -11, *range(-10, 12), 12, 16, 23, 36, 61])
_NEAR = np.array([-20, -4, 0, 1, 2, 4, 9, 25])
_ROWS, _PLACES = 8, 5
_PRIOR = 25.0  # links that the prior counts for
_LOCAL_PRIOR = 2.0
_NEIGHBOURHOOD = 5.0  # segments over which the layout around one is averaged
_COLD = 0.35  # weight of the prior alone, before the page has taught anything


@dataclass(frozen=True)
class Layer:
    """One way to say where j stands from i.

    Attributes:
        key: shape ``(n, n)``.
        prior: probability of each key for a successor, shape ``(k,)``.
        chance: probability of each key for a pair picked at random, shape ``(k,)``.
        weight: share of the layer's evidence that counts; layers are not independent.
        local: whether the neighbourhood of a segment is learned apart from the page.
    """

    key: Ints
    prior: Floats
    chance: Floats
    weight: float
    local: bool

    @cached_property
    def of_row(self) -> Ints:
        """Places of the keys in a table of one row of keys for each segment i, shape ``(n, n)``."""
        return self.key + len(self.prior) * np.arange(len(self.key))[:, None]


def kind_of(segments: Segments) -> str:
    """How the dump shows lines: whole blocks on physical lines, rows of several columns, or single lines."""
    n = len(segments)
    rows = int(segments.row[-1]) + 1 if n else 1
    per_block = (
        np.bincount(segments.block, weights=np.append(True, np.diff(segments.row) > 0)) if n else np.ones(1)
    )
    alone = float((per_block[segments.block] <= 1).mean()) if n else 0.0
    if alone > 0.6 and n / rows > 2:
        return BLOCKS
    return ROWS if n and float((segments.row_size > 1).mean()) > 0.3 else LINES


class Geometry:
    """Layers of displacement over the segments of a page, and what has been learned of them."""

    def __init__(self, segments: Segments) -> None:
        self.n = len(segments)
        self.kind = kind_of(segments)
        steps = np.arange(1 - self.n, self.n)
        self.layers: list[Layer] = []
        if self.kind == ROWS:
            self._rows(segments)
        else:
            column_step = column_displacement(segments.width, segments.measures)
            near = np.clip(column_step, -4, 6) + 4
            self._layer(near * 9 + _by_step(np.searchsorted(_NEAR, steps, side="right")), _near_prior(), 0.5)
            self._layer(_by_step(np.searchsorted(_FAR, steps, side="right")), _far_prior(), 0.5)
        self._decay = _by_step(np.where(steps == 0, 0.0, np.exp(-np.abs(steps) / _NEIGHBOURHOOD)))

    def _rows(self, segments: Segments) -> None:
        down = np.clip(segments.row[None, :] - segments.row[:, None], -_ROWS, _ROWS) + _ROWS
        across = np.clip(segments.place[None, :] - segments.place[:, None], -_PLACES, _PLACES) + _PLACES
        self._layer(down * (2 * _PLACES + 1) + across, _row_prior(), 1.0)
        if int(segments.gap.max(initial=0)) >= 3:  # runs of spaces: the dump keeps the positions of the print
            shift = np.rint((segments.x[None, :] - segments.x[:, None]) / 2.0)
            self._layer(np.clip(shift, -12, 12).astype(np.int64) + 12, _shift_prior(), 1.0, local=False)

    def _layer(self, key: Ints, prior: Floats, weight: float, local: bool = True) -> None:
        count = np.bincount(key.ravel(), minlength=len(prior))
        chance = (count + 0.5) / (count.sum() + 0.5 * len(prior))
        self.layers.append(Layer(key, prior / prior.sum(), chance, weight, local))

    def prior(self) -> Floats:
        """Log-odds of every pair before anything is learned, shape ``(n, n)``."""
        out = np.zeros((self.n, self.n))
        for layer in self.layers:
            out += (layer.weight * _COLD * (np.log(layer.prior + 1e-9) - np.log(layer.chance))).take(
                layer.key
            )
        return out

    def learned(self, i: Ints, j: Ints, weight: Floats, local: bool) -> Floats:
        """Log-odds of every pair given links ``i -> j`` of some weight, shape ``(n, n)``.

        A segment's own link is not evidence for itself where the neighbourhood is learned.
        """
        out = np.zeros((self.n, self.n))
        for layer in self.layers:
            found = layer.key[i, j]
            size = len(layer.prior)
            count = np.bincount(found, weights=weight, minlength=size)
            page = (count + _PRIOR * layer.prior) / (count.sum() + _PRIOR)
            if layer.local and local:
                kinds, which = np.unique(found, return_inverse=True)  # links are of a few keys only
                own = np.zeros((self.n, len(kinds)))
                own[i, which] = weight
                around = np.zeros((self.n, size))
                around[:, kinds] = self._decay @ own
                near = (around + _LOCAL_PRIOR * page) / (around.sum(axis=1, keepdims=True) + _LOCAL_PRIOR)
                odds = np.log(near) - np.log(layer.chance)
                out += (layer.weight * odds).take(layer.of_row)
            else:
                out += (layer.weight * (np.log(page) - np.log(layer.chance))).take(layer.key)
        return out


def _by_step(values: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """A matrix whose entry ``(i, j)`` is the value for the step ``j - i``.

    Args:
        values: for the steps from ``1 - n`` to ``n - 1``, shape ``(2n - 1,)``.
    """
    n = (len(values) + 1) // 2
    return (
        np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(values, n)[::-1])
        if n
        else values[:0].reshape(0, 0)
    )


def measure_class(width: Floats, measures: Floats) -> Ints:
    """Index of the measure a segment has, as a full or a first line; -1 for none. Shape ``(n,)``."""
    if not len(measures):
        return np.full(len(width), -1)
    off = width[:, None] - measures[None, :]
    cost = np.where(
        (off >= -1.2) & (off <= 1.1), np.abs(off), np.where((off >= -2.7) & (off < -1.2), 1.5, 9.0)
    )
    return np.where(cost.min(axis=1) < 5, cost.argmin(axis=1), -1)


def column_displacement(width: Floats, measures: Floats) -> Ints:
    """Steps from i to j counting only segments of the same measure, shape ``(n, n)``.

    In a block with lines of the neighbour's column between its own, the next line of the own measure is one step away.
    """
    n = len(width)
    kind = measure_class(width, measures)
    k = int(kind.max(initial=-1)) + 1
    before = np.zeros((k + 1, n + 1), dtype=np.int64)
    for q in range(k):
        before[q, 1:] = np.cumsum(kind == q)
    before[k, 1:] = np.arange(1, n + 1)
    index = np.arange(n)
    own = np.where(kind < 0, k, kind)
    here = before[own, index]
    out = before[own, :n] - here[:, None]
    # from a segment of no measure, those of the measure of j count
    unknown = np.flatnonzero(kind < 0)
    step = index - unknown[:, None]
    out[unknown] = np.where(kind < 0, step, here - before[own[:, None], unknown].T + (step > 0))
    return out


def _far_prior() -> Floats:
    edges = [-90, *_FAR.tolist(), 90]
    middle = np.array(
        [-80.0] + [(edges[q] + edges[q + 1] - 1) / 2 for q in range(1, len(edges) - 2)] + [80.0]
    )
    prior = np.where(middle > 0, 1.0, 0.3) / (np.abs(middle) + 1.0) ** 1.3
    prior[np.abs(middle) < 0.4] = 1e-6
    prior *= np.where(np.abs(middle) > 11, np.abs(middle) * 0.4, 1.0)
    prior *= 0.6 / prior.sum()
    prior[middle == 1] += 0.4
    return np.asarray(prior)


def _near_prior() -> Floats:
    column = np.array([6.0 if s == 1 else 1.0 / (1 + abs(s - 1)) for s in range(-4, 7)])
    step = np.array([0.2, 0.3, 0.4, 0.01, 3.0, 1.5, 1.0, 0.7, 0.4])
    return np.asarray(column[:, None] * step[None, :]).ravel()


def _row_prior() -> Floats:
    prior = np.ones((2 * _ROWS + 1, 2 * _PLACES + 1))
    prior[_ROWS + 1] = 4
    prior[_ROWS + 1, _PLACES - 1 : _PLACES + 2] = (12, 40, 12)
    prior[_ROWS, _PLACES + 1] = 6
    prior[_ROWS + 2, _PLACES] = 8
    return prior.ravel()


def _shift_prior() -> Floats:
    prior = np.full(25, 0.5)
    prior[10:15] = (5, 5, 14, 5, 5)
    return prior
