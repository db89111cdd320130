"""Where rebuilt columns stood on the page, which of them make an article, and the order they are read in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from math import comb

import numpy as np
from numpy.typing import NDArray

from restore.order.columns import before, topological
from restore.order.heights import Placed
from restore.order.stacked import GUTTER, LEADING, NONE, Pieces

__all__ = ["reading_order_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ALIKE = 1.6  # ems by which columns of one measure differ
_TOUCH = 0.6  # lines by which what stands below may begin too high
_INSET = 0.01  # ems that a headline is narrower than its columns
_DISPLAY = 0.5  # lines of a headline, where only its place counts
_LOOSE = 1.35  # times the width it needs, from which a free stretch is not filled
_MOST_WAYS = 729  # to part columns, or to share them, that are tried
_ACROSS = 0.6  # lines, and ems, that articles may overlap at a cut across, and down

# nats for how headlines share the columns below them
_CUT_TIE, _CUT_OFF, _CUT_MEASURE = 8.0, 2.0, -3.0
_SHARED, _TWISTED, _OWN = 6.0, 0.7, 1.5


@dataclass
class _Unit:
    """A headline, or a column, on the page: ems from the left, lines from the top."""

    number: int
    display: bool
    under: int
    pieces: list[int]
    top: float
    bottom: float
    width: float = 0.0
    left: float = np.nan
    right: float = np.nan
    article: int = NONE

    @property
    def set(self) -> bool:
        return not np.isnan(self.left)


def reading_order_of(
    pieces: Pieces, placed: Sequence[Placed], down: Sequence[float], texts: Sequence[str]
) -> list[int]:
    """Pieces in the order they are read.

    Args:
        down: lines from the top of the page to every frame.
        texts: content of every piece.
    """
    units = _units(pieces, placed, down)
    _spread(units, pieces, texts)
    order = []
    articles = _articles(units, pieces)
    for number in _cut([_around(article) for article in articles], list(range(len(articles)))):
        article = articles[number]
        box = np.array([(u.left, u.top * LEADING, u.right, u.bottom * LEADING) for u in article])
        for k in topological(before(box), box[:, 0] + box[:, 1]).tolist():
            order += article[k].pieces
    return order


def _units(pieces: Pieces, placed: Sequence[Placed], down: Sequence[float]) -> list[_Unit]:
    units: list[_Unit] = []
    of: dict[int, _Unit] = {}
    for one in placed:
        lines = float(pieces.lines[one.piece])
        if one.above == NONE:
            top = down[one.frame]
            high = _DISPLAY if one.display else lines
            unit = _Unit(len(units), one.display, one.under, [one.piece], top, top + high)
            units.append(unit)
        else:
            unit = of[one.above]
            unit.pieces.append(one.piece)
            unit.bottom += lines
        of[one.piece] = unit
    usual = float(np.median(pieces.width)) - GUTTER
    for unit in units:
        measure = pieces.measure[unit.pieces]
        told = measure[~np.isnan(measure)]
        full = measure[~np.isnan(measure) & (pieces.lines[unit.pieces] >= 2)]
        unit.width = GUTTER + (
            float(np.median(full)) if len(full) else float(told.max()) if len(told) else usual
        )
    return units


def _spread(units: list[_Unit], pieces: Pieces, texts: Sequence[str]) -> None:
    """Give every unit its place from left to right: columns that begin together stand side by side."""
    of = {piece: unit for unit in units for piece in unit.pieces}
    columns: list[_Unit] = []
    headlines: list[_Unit] = []
    for unit, group in _groups(units):
        if group is None:
            headlines.append(unit)
            continue
        above = [of[u.under] for u in (*headlines, *group) if u.under != NONE]
        if above:
            _set_under(group, above, columns, of, pieces)
        else:
            _side_by_side(group, max((c.right for c in columns), default=0.0))
        if headlines:
            _head(headlines, group, pieces, texts)
        else:
            for one, two in pairwise(group):
                if (
                    abs(one.width - two.width) < _ALIKE
                    and pieces.back[two.pieces[0]] == NONE
                    and pieces.onward[one.pieces[-1]] == NONE
                ):
                    two.article = one.number
        columns += group
        headlines = []
    for unit in headlines:  # above nothing
        unit.left, unit.right = 0.0, max((c.right for c in columns), default=1.0)


def _groups(units: list[_Unit]) -> Iterator[tuple[_Unit, list[_Unit] | None]]:
    """Headlines one by one, and runs of columns that begin together."""
    k = 0
    while k < len(units):
        if units[k].display:
            yield units[k], None
            k += 1
            continue
        end = k
        while end < len(units) and not units[end].display and units[end].top == units[k].top:
            end += 1
        yield units[k], units[k:end]
        k = end


def _side_by_side(group: Sequence[_Unit], left: float, scale: float = 1.0) -> None:
    for unit in group:
        unit.left, unit.right = left, left + unit.width * scale
        left = unit.right


def _set_under(
    group: list[_Unit], above: list[_Unit], columns: list[_Unit], of: dict[int, _Unit], pieces: Pieces
) -> None:
    """Set columns below others: each below the one it continues, the rest in what is free there."""
    top = group[0].top
    for unit in group:
        source = of.get(int(pieces.back[unit.pieces[0]]))
        if source is None or source is unit or not source.set:
            continue
        if abs(source.width - unit.width) < _ALIKE and source.bottom <= top + _TOUCH:
            unit.left, unit.right = source.left, source.right
    rest = [unit for unit in group if not unit.set]
    if not rest:
        return
    need = sum(unit.width for unit in rest)
    taken = [(u.left, u.right) for u in group if u.set]
    middles = [(u.left + u.right) / 2 for u in above if u.set]
    free = [
        (a, b)
        for a, b in _free(columns, top)
        if any(a < x < b for x in middles) and not any(c < (a + b) / 2 < d for c, d in taken)
    ]
    if free:
        left, right = max(free, key=lambda stretch: stretch[1] - stretch[0])
        if right - left > _LOOSE * need:
            start = min((u.left for u in above if u.set and left - 0.1 <= u.left <= right), default=left)
            left = start if start + need <= right * 1.05 else max(left, right - need)
            right = min(right, left + need)
    else:
        left = above[0].left if above[0].set else 0.0
        right = left + need
    _side_by_side(rest, left, (right - left) / need)


def _free(columns: list[_Unit], top: float) -> list[tuple[float, float]]:
    """Stretches from left to right where no column reaches below a height."""
    edges = sorted({x for c in columns for x in (c.left, c.right)})
    out: list[tuple[float, float]] = []
    for a, b in pairwise(edges):
        middle = (a + b) / 2
        if any(c.left < middle < c.right and c.bottom > top + _TOUCH for c in columns):
            continue
        if out and out[-1][1] == a:
            out[-1] = out[-1][0], b
        else:
            out.append((a, b))
    return out


def _head(headlines: list[_Unit], group: list[_Unit], pieces: Pieces, texts: Sequence[str]) -> None:
    """Set headlines over the columns that begin below them; several share the columns as their words and links say."""
    edges, share = [0, len(group)], [0] * len(headlines)
    if len(headlines) > 1 and len(group) > 1:
        edges, share = _shared(headlines, group, pieces, texts)
    for a, b in pairwise(edges):
        for unit in group[a + 1 : b]:
            unit.article = group[a].number
    for headline, part in zip(headlines, share, strict=True):
        one, two = group[edges[part]], group[edges[part + 1] - 1]
        headline.left, headline.right = one.left + _INSET, two.right - _INSET
        headline.article = one.number


def _shared(
    headlines: list[_Unit], group: list[_Unit], pieces: Pieces, texts: Sequence[str]
) -> tuple[list[int], list[int]]:
    """Where the columns are parted, and which part each headline stands over."""
    words = [[_pairs("".join(texts[k] for k in u.pieces)) for u in units] for units in (headlines, group)]
    alike = np.array([[len(a & b) / max(1, len(a)) for b in words[1]] for a in words[0]])
    cost = [_cost_of_cut(one, two, pieces) for one, two in pairwise(group)]
    best, answer = -np.inf, ([0, len(group)], [0] * len(headlines))
    for parts in range(1, min(len(headlines), len(group)) + 1):
        if comb(len(group) - 1, parts - 1) > _MOST_WAYS:
            break
        for cuts in combinations(range(1, len(group)), parts - 1):
            edges = [0, *cuts, len(group)]
            gain = np.array([alike[:, a:b].max(axis=1) for a, b in pairwise(edges)]).T
            nats, share = _best_share(gain)
            nats += _OWN * (parts - 1) - sum(cost[k - 1] for k in cuts)
            if nats > best:
                best, answer = nats, (edges, share)
    return answer


def _best_share(gain: Floats) -> tuple[float, list[int]]:
    """Which part each headline stands over, so that each part has one. ``gain`` has shape ``(headlines, parts)``."""
    count, parts = gain.shape
    ways: Iterator[tuple[int, ...]] = product(range(parts), repeat=count)
    if parts**count > _MOST_WAYS:
        ways = iter([tuple(min(parts - 1, k * parts // count) for k in range(count))])
    best, answer = -np.inf, [0] * count
    for way in ways:
        if len(set(way)) < parts:
            continue
        twisted = sum(a > b for a, b in combinations(way, 2))
        nats = _SHARED * float(gain[np.arange(count), way].sum()) - _TWISTED * twisted
        if nats > best:
            best, answer = nats, list(way)
    return best, answer


def _cost_of_cut(one: _Unit, two: _Unit, pieces: Pieces) -> float:
    """Nats against parting two columns side by side."""
    onward = int(pieces.onward[one.pieces[-1]])
    nats = _CUT_MEASURE if abs(one.width - two.width) > _ALIKE else 0.0
    if onward != NONE:
        return nats + (_CUT_TIE if onward == two.pieces[0] else _CUT_OFF)
    return nats + (_CUT_OFF if pieces.back[two.pieces[0]] != NONE else 0.0)


def _pairs(text: str) -> set[str]:
    return {text[k : k + 2] for k in range(len(text) - 1)}


def _articles(units: list[_Unit], pieces: Pieces) -> list[list[_Unit]]:
    """Units that belong together: a headline and its columns, and columns that read on in each other."""
    leader = list(range(len(units)))

    def of(k: int) -> int:
        while leader[k] != k:
            k = leader[k]
        return k

    heads = {unit.pieces[0]: unit.number for unit in units if not unit.display}
    for unit in units:
        onward = heads.get(int(pieces.onward[unit.pieces[-1]])) if not unit.display else None
        for other in (unit.article, NONE if onward is None else onward):
            if other != NONE:
                a, b = sorted((of(unit.number), of(other)))
                leader[b] = a
    together: dict[int, list[_Unit]] = {}
    for unit in units:
        together.setdefault(of(unit.number), []).append(unit)
    return list(together.values())


def _around(article: list[_Unit]) -> tuple[float, float, float, float]:
    """The box of an article: left, top, right, bottom."""
    return (
        min(u.left for u in article),
        min(u.top for u in article),
        max(u.right for u in article),
        max(u.bottom for u in article),
    )


def _cut(boxes: list[tuple[float, float, float, float]], which: list[int]) -> list[int]:
    """Order of boxes by cuts across the page and, where there is none, down it.

    After Nagy and Seth (1984), "Hierarchical representation of optically scanned documents". Boxes that no cut parts, as
    one inside another, follow by where they begin.
    """
    if len(which) < 2:
        return which
    for low, high, slack in ((1, 3, 2 * _ACROSS), (0, 2, _ACROSS)):
        parts = _parted(boxes, which, low, high, slack)
        if len(parts) > 1:
            return [k for part in parts for k in _cut(boxes, part)]
    first = min(which, key=lambda k: (round(boxes[k][1]), boxes[k][0]))
    return [first, *_cut(boxes, [k for k in which if k != first])]


def _parted(
    boxes: list[tuple[float, float, float, float]], which: list[int], low: int, high: int, slack: float
) -> list[list[int]]:
    """Groups of boxes with a clean cut between each two along an axis."""
    parts: list[list[int]] = []
    reach = -np.inf
    for k in sorted(which, key=lambda k: boxes[k][low]):
        if not parts or boxes[k][low] >= reach - slack:
            parts.append([])
        parts[-1].append(k)
        reach = max(reach, boxes[k][high])
    return parts
