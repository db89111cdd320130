"""Lines of two columns abreast that a text layer wrote as one, where it sets every character or word apart.

Nothing tells the space in the gutter from the others, and words that strayed from their line make lines of any width.
What tells is the text: a line that was cut at the right place reads on downwards on both sides of the cut, not across it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restore.layout.measure import column_measures
from restore.layout.tokens import ems

if TYPE_CHECKING:
    from restore.language.scorer import Scorer
    from restore.layout.segments import Segments

__all__ = ["abreast_cuts", "set_apart"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_REACH = 4  # characters scored on each side of a seam
_SAMPLE = 60  # tails that stand for all of the page
_SET_APART = 0.3  # blanks for each character, from which characters or words are set apart
_FEWEST = 8  # lines of a stretch that can be two columns
_WIDE = 4  # lines as wide as both columns that it needs
_NEAR, _AT = 1.3, 0.8  # ems that lines, and gutters, may be off
_APART = -0.3  # mean nats across the gutter below which a stretch is two columns
_MOST = 6  # places of a cut that are looked at, in a line
_FULL, _FIRST, _OTHER, _TOO_WIDE = 0.0, 0.5, 1.5, 4.0  # nats of a width
_CUT = 1.0  # nats of a cut
_ACROSS, _DOWN = 0.6, 0.5  # weights of reading on across a cut, and downwards


class _Piece(NamedTuple):
    """Stretch of the solid characters ``first`` to before ``stop``."""

    first: int
    stop: int


class _Reading:
    """How characters of a text read on in others, in nats over the mean of the page's line ends."""

    def __init__(self, segments: Segments, model: Scorer) -> None:
        view = segments.view
        blank = np.array([c.isspace() for c in view.text], dtype=np.bool_)
        self.solid = np.flatnonzero(~blank)
        self.first = np.searchsorted(self.solid, segments.start)
        self.stop = np.searchsorted(self.solid, segments.end)
        self.total = np.append(0.0, np.cumsum(ems(view, segments.half_mark)[self.solid]))
        self.model = model
        self.ids = np.asarray(model.encode("".join(view.text.split())), dtype=np.int64)
        sample = slice(None, None, max(1, len(segments) // _SAMPLE))
        self.sample = self._tails(self.first[sample], self.stop[sample])

    def _tails(self, first: Ints, stop: Ints) -> Ints:
        at = stop[:, None] + np.arange(-_REACH, 0)
        return np.asarray(np.where(at >= first[:, None], self.ids[np.maximum(at, 0)], self.model.bos))

    def odds(self, tail: Ints, head: Ints) -> Floats:
        """Of pieces ``(m, 2)`` behind pieces ``(m, 2)``, shape ``(m,)``."""
        if not len(tail):
            return np.empty(0)
        at = head[:, 0, None] + np.arange(_REACH)
        inside = at < head[:, 1, None]
        heads = np.where(inside, self.ids[np.minimum(at, len(self.ids) - 1)], self.model.bos)
        given = np.asarray(
            self.model.logp_given(self._tails(tail[:, 0], tail[:, 1]), heads), dtype=np.float64
        )
        own = (given * inside).sum(axis=1)
        unique, which = np.unique(np.column_stack((heads, inside)), axis=0, return_inverse=True)
        mean = np.zeros(len(unique))
        for size in range(1, _REACH + 1):
            here = np.flatnonzero(unique[:, _REACH:].sum(axis=1) == size)
            if not len(here):
                continue
            shape = len(here), len(self.sample), size
            left = np.broadcast_to(self.sample, (len(here), *self.sample.shape)).reshape(-1, _REACH)
            right = np.broadcast_to(unique[here][:, None, :size], shape).reshape(-1, size)
            each = (
                np.asarray(self.model.logp_given(left, right), dtype=np.float64)
                .sum(axis=1)
                .reshape(shape[:2])
            )
            top = each.max(axis=1)
            mean[here] = top + np.log(np.exp(each - top[:, None]).mean(axis=1))
        return np.asarray(np.clip(own - mean[which.reshape(-1)], -5.0, 6.0))


def set_apart(segments: Segments) -> bool:
    """Whether the characters or words inside the segments stand apart, on one physical line."""
    solid = sum(map(len, segments.texts))
    breaks = segments.view.breaks  # of vertical lines
    within = np.searchsorted(breaks, segments.end) - np.searchsorted(breaks, segments.start)
    blank = int((segments.end - segments.start - within).sum()) - solid
    return blank > _SET_APART * solid


def abreast_cuts(segments: Segments, model: Scorer) -> dict[int, int]:
    """Segment -> view offset at which its second part begins."""
    found: dict[int, int] = {}
    reading = _Reading(segments, model)
    begin = 0
    for stop in [*(np.flatnonzero(segments.newlines[:-1] > 1) + 1).tolist(), len(segments)]:
        if stop - begin >= _FEWEST:
            columns = _columns(reading, segments.width, begin, stop)
            if columns:
                found |= _cuts(reading, segments.width, begin, stop, *columns)
        begin = stop
    return {k: int(reading.solid[at]) for k, at in found.items()}


def _places(reading: _Reading, k: int) -> tuple[Ints, Floats]:
    """Where segment ``k`` can be cut, and how wide its first part is then."""
    first, stop = int(reading.first[k]), int(reading.stop[k])
    at = np.arange(first + 1, stop)
    at = at[reading.solid[at] - reading.solid[at - 1] > 1]
    return at, reading.total[at] - reading.total[first]


def _columns(reading: _Reading, width: Floats, begin: int, stop: int) -> tuple[float, float] | None:
    """The measures of two columns abreast in a stretch, None where there are none."""
    own = width[begin:stop]
    measures = column_measures(own).tolist()
    pairs = {(a, b) for a in measures for b in measures if any(abs(a + b - m) <= _NEAR for m in measures)}
    pairs |= {(m / 2, m / 2) for m in measures if m >= 14}
    best, answer = 0.0, None
    for a, b in sorted(pairs):
        lines = begin + np.flatnonzero(np.abs(own - a - b) <= _NEAR)
        if len(lines) < _WIDE:
            continue
        rows, left, right = [], [], []
        for k in lines.tolist():
            at, offset = _places(reading, k)
            for place in at[np.abs(offset - a) <= _AT].tolist():
                rows.append(k)
                left.append((reading.first[k], place))
                right.append((place, reading.stop[k]))
        if len(set(rows)) < _WIDE:
            continue
        odds = reading.odds(np.array(left), np.array(right))
        _, which = np.unique(rows, return_inverse=True)
        least = np.full(which.max() + 1, np.inf)
        np.minimum.at(least, which, odds)
        # a line that has no space there is none of two
        mean = float((least.sum() + 2.0 * (len(lines) - len(least))) / len(lines))
        if mean < _APART and mean * len(lines) < best:
            best, answer = mean * len(lines), (a, b)
    return answer


def _width_cost(width: Floats, measure: float) -> Floats:
    off = width - measure
    cost = np.full(len(off), _OTHER)
    cost[(off >= -2.7) & (off <= -1.3)] = _FIRST
    cost[(off >= -1.2) & (off <= _AT)] = _FULL
    cost[off > 1.2] = _TOO_WIDE
    return cost


def _cuts(
    reading: _Reading, width: Floats, begin: int, stop: int, left: float, right: float
) -> dict[int, int]:
    """The best cuts of the lines of a stretch: segment -> place among the solid characters."""
    options: list[list[tuple[int, float]]] = []  # place (-1 for no cut), cost
    for k in range(begin, stop):
        first, end = int(reading.first[k]), int(reading.stop[k])
        whole = min(
            float(_width_cost(width[k : k + 1], left)[0]), float(_width_cost(width[k : k + 1], right)[0])
        )
        here = [(-1, whole)]
        at, offset = _places(reading, k)
        if len(at) and width[k] > 4:
            cost = _width_cost(offset, left) + _width_cost(width[k] - offset, right) + _CUT
            pieces = (
                np.column_stack((np.full(len(at), first), at)),
                np.column_stack((at, np.full(len(at), end))),
            )
            cost += _ACROSS * reading.odds(*pieces)
            for q in np.argsort(cost, kind="stable")[:_MOST].tolist():
                here.append((int(at[q]), float(cost[q])))
        options.append(here)
    down = _down(reading, options, begin)
    best = [np.array([c for _, c in options[0]])]
    back: list[Ints] = []
    for r in range(1, len(options)):
        value = best[-1][:, None] - _DOWN * down[r - 1]
        back.append(value.argmin(axis=0))
        best.append(value.min(axis=0) + np.array([c for _, c in options[r]]))
    q = int(best[-1].argmin())
    found: dict[int, int] = {}
    for r in range(len(options) - 1, -1, -1):
        if options[r][q][0] >= 0:
            found[begin + r] = options[r][q][0]
        if r:
            q = int(back[r - 1][q])
    return found


def _down(reading: _Reading, options: list[list[tuple[int, float]]], begin: int) -> list[Floats]:
    """How options of each line read on in options of the line below, nats, one matrix for each pair of lines."""
    pieces: list[list[list[_Piece]]] = []
    for r, here in enumerate(options):
        first, stop = int(reading.first[begin + r]), int(reading.stop[begin + r])
        pieces.append(
            [[_Piece(first, stop)] if at < 0 else [_Piece(first, at), _Piece(at, stop)] for at, _ in here]
        )
    asked: dict[tuple[_Piece, _Piece], int] = {}
    for above, below in zip(pieces, pieces[1:], strict=False):
        for a in above:
            for b in below:
                for x in a:
                    for y in b:
                        if len(a) < 2 or len(b) < 2 or a.index(x) == b.index(y):
                            asked.setdefault((x, y), len(asked))
    pairs = np.array([[*x, *y] for x, y in asked], dtype=np.int64).reshape(-1, 4)
    odds = np.maximum(reading.odds(pairs[:, :2], pairs[:, 2:]), -1.0)
    out = []
    for above, below in zip(pieces, pieces[1:], strict=False):
        matrix = np.zeros((len(above), len(below)))
        for p, a in enumerate(above):
            for q, b in enumerate(below):
                if len(a) == len(b):
                    matrix[p, q] = sum(odds[asked[x, y]] for x, y in zip(a, b, strict=True))
                else:
                    matrix[p, q] = max(odds[asked[x, y]] for x in a for y in b)
        out.append(matrix)
    return out
