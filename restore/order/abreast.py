"""Lines of columns abreast that a text layer wrote as one, where it sets every character or word apart.

Nothing tells the space in the gutter from the others, and words that strayed from their line make lines of any width.
What tells is the text: a line that was cut at the right place reads on downwards on both sides of the cut, not across it.
"""

from __future__ import annotations

from itertools import pairwise
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
_FILLED = 75  # percentile of the widths of lines that is the measure
_SHORTEST = 4  # ems of a line that is not cut
_FEWEST = 8  # lines of a stretch that can be columns abreast
_WIDE = 4  # lines as wide as all its columns that it needs
_NARROWEST, _WIDEST = 6.0, 20.0  # ems of a column that others of its measure stand beside
_ABREAST = 6  # columns at most
_NO_SPACE = 2.0  # nats of a line without a space where it should be cut
_NEAR, _AT = 1.3, 0.8  # ems that lines, and gutters, may be off
_APART = -0.3  # mean nats across the gutter below which a stretch is columns abreast
_TOGETHER = -4.5  # and nats of all its lines, since chance gives a few lines that
_MOST = 6  # ways to cut a line that are looked at
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


def abreast_cuts(segments: Segments, model: Scorer) -> dict[int, list[int]]:
    """Segment -> view offsets at which its parts but the first begin."""
    found: dict[int, list[int]] = {}
    reading = _Reading(segments, model)
    begin = 0
    for stop in [*(np.flatnonzero(segments.newlines[:-1] > 1) + 1).tolist(), len(segments)]:
        if stop - begin >= _FEWEST:
            lines = _places(reading, segments.width, begin, stop)
            measures = _columns(lines, segments.width, begin, stop)
            if len(measures):
                found |= _cuts(reading, lines, segments.width, begin, stop, measures)
        begin = stop
    return {k: reading.solid[at].tolist() for k, at in found.items()}


class _Places(NamedTuple):
    """Where a line can be cut: places, how wide what stands before is, and how what stands behind reads on; ``(m,)`` each."""

    at: Ints
    offset: Floats
    across: Floats


def _places(reading: _Reading, width: Floats, begin: int, stop: int) -> dict[int, _Places]:
    """Of the lines of a stretch that can be several."""
    at, owner = [], []
    for k in (begin + np.flatnonzero(width[begin:stop] > _SHORTEST)).tolist():
        here = np.arange(int(reading.first[k]) + 1, int(reading.stop[k]))
        here = here[reading.solid[here] - reading.solid[here - 1] > 1]
        at.append(here)
        owner.append(np.full(len(here), k))
    if not at:
        return {}
    place, of = np.concatenate(at), np.concatenate(owner)
    first, end = reading.first[of], reading.stop[of]
    across = reading.odds(np.column_stack((first, place)), np.column_stack((place, end)))
    offset = reading.total[place] - reading.total[first]
    return {int(k): _Places(place[of == k], offset[of == k], across[of == k]) for k in np.unique(of).tolist()}


def _columns(lines: dict[int, _Places], width: Floats, begin: int, stop: int) -> list[float]:
    """The measures of the columns abreast in a stretch, none where there are none."""
    own = width[begin:stop]
    measures = column_measures(own).tolist()
    sets = {(a, b) for a in measures for b in measures if any(abs(a + b - m) <= _NEAR for m in measures)}
    sets |= {(m,) * k for m in np.arange(_NARROWEST, _WIDEST, 0.5).tolist() for k in range(2, _ABREAST + 1)}
    left = {k: width[k] for k in lines if width[k] >= 2 * _NARROWEST - _NEAR}
    found: set[float] = set()
    while len(left) >= _WIDE:
        best, answer, there = _TOGETHER, None, []
        for one in sorted(sets):
            total = sum(one)
            here = [k for k, w in left.items() if abs(w - total) <= _NEAR]
            if len(here) < _WIDE:
                continue
            edges = np.cumsum(one)[:-1]
            odds = np.array([_least(lines[k], edges) for k in here])
            if odds.mean() < _APART and odds.sum() < best:
                best, answer, there = float(odds.sum()), one, here
        if answer is None:
            break
        # most lines are a little narrower than the measure, none much wider
        wide = float(np.percentile([left[k] for k in there], _FILLED)) / sum(answer)
        found |= {m * wide for m in answer}
        for k in there:
            del left[k]
    return sorted(found)


def _least(line: _Places, edges: Floats) -> list[float]:
    """How the line reads on at the best place near each edge; a line that has no space there is none of several."""
    out = []
    for edge in edges.tolist():
        near = line.across[np.abs(line.offset - edge) <= _AT]
        out.append(float(near.min()) if len(near) else _NO_SPACE)
    return out


def _width_cost(width: Floats, measures: list[float]) -> Floats:
    """Nats for pieces of these widths, by the measure that suits each best."""
    off = width[..., None] - np.array(measures)
    cost = np.full(off.shape, _OTHER)
    cost[(off >= -2.7) & (off <= -1.3)] = _FIRST
    cost[(off >= -1.2) & (off <= _AT)] = _FULL
    cost[off > 1.2] = _TOO_WIDE
    return np.asarray(cost.min(axis=-1) * np.maximum(1, np.floor(width / measures[-1])))


def _cuts(
    reading: _Reading, lines: dict[int, _Places], width: Floats, begin: int, stop: int, measures: list[float]
) -> dict[int, list[int]]:
    """The best cuts of the lines of a stretch: segment -> places among the solid characters."""
    options: list[list[tuple[tuple[int, ...], float]]] = []  # places, cost
    for k in range(begin, stop):
        line = lines.get(k)
        if line is None or not len(line.at):
            options.append([((), float(_width_cost(width[k : k + 1], measures)[0]))])
        else:
            options.append(_best_cuts(line, float(width[k]), measures))
    down = _down(reading, options, begin)
    best = [np.array([c for _, c in options[0]])]
    back: list[Ints] = []
    for r in range(1, len(options)):
        value = best[-1][:, None] - _DOWN * down[r - 1]
        back.append(value.argmin(axis=0))
        best.append(value.min(axis=0) + np.array([c for _, c in options[r]]))
    q = int(best[-1].argmin())
    found: dict[int, list[int]] = {}
    for r in range(len(options) - 1, -1, -1):
        if options[r][q][0]:
            found[begin + r] = list(options[r][q][0])
        if r:
            q = int(back[r - 1][q])
    return found


def _best_cuts(line: _Places, width: float, measures: list[float]) -> list[tuple[tuple[int, ...], float]]:
    """The best ways to cut a line, the whole line first: places and cost."""
    edge = np.concatenate(([0.0], line.offset, [width]))
    cost = _width_cost(np.maximum(edge[None, :] - edge[:, None], 0), measures)
    cost[:, 1:-1] += _CUT + _ACROSS * line.across
    price, m = cost.tolist(), len(edge)
    # a piece in the middle is no wider than a column
    least = np.searchsorted(edge, edge - measures[-1] - 1.2).tolist()
    best: list[list[tuple[float, tuple[int, ...]]]] = [[(0.0, ())]]
    for j in range(1, m):
        here = [
            (value + price[i][j], (*cuts, j) if j < m - 1 else cuts)
            for i in {0, *range(max(least[j], 0), j)}
            for value, cuts in best[i]
        ]
        best.append(sorted(here)[:_MOST])
    places = line.at.tolist()
    ways = [(tuple(places[j - 1] for j in cuts), value) for value, cuts in best[-1] if cuts]
    return [((), price[0][m - 1]), *ways]


def _down(reading: _Reading, options: list[list[tuple[tuple[int, ...], float]]], begin: int) -> list[Floats]:
    """How options of each line read on in options of the line below, nats, one matrix for each pair of lines."""
    pieces: list[list[list[_Piece]]] = []
    for r, here in enumerate(options):
        first, stop = int(reading.first[begin + r]), int(reading.stop[begin + r])
        pieces.append([[_Piece(a, b) for a, b in pairwise((first, *at, stop))] for at, _ in here])
    asked: dict[tuple[_Piece, _Piece], int] = {}
    for above, below in pairwise(pieces):
        heads = {y for b in below for y in b}
        for x in {x for a in above for x in a}:
            for y in heads:
                asked.setdefault((x, y), len(asked))
    pairs = np.array([[*x, *y] for x, y in asked], dtype=np.int64).reshape(-1, 4)
    odds = np.maximum(reading.odds(pairs[:, :2], pairs[:, 2:]), -1.0).tolist()
    out = []
    for above, below in pairwise(pieces):
        matrix = [[_matched([[odds[asked[x, y]] for y in b] for x in a]) for b in below] for a in above]
        out.append(np.array(matrix))
    return out


def _matched(odds: list[list[float]]) -> float:
    """The best sum when each piece of the line with fewer reads on in one of the other, none across another."""
    if len(odds) > len(odds[0]):
        odds = [list(column) for column in zip(*odds, strict=True)]
    best = [0.0] * (len(odds[0]) + 1)
    for row in odds:
        new = [-np.inf]
        for k, value in enumerate(row):
            new.append(max(new[-1], best[k] + value))
        best = new
    return best[-1]
