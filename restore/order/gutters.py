"""Lines that a recogniser drew across the gutter between two columns, cut in two.

Where a gutter is, the other lines of the page tell: many end at its left edge, many begin at its right edge. Whether a
line that crosses one is two lines or one wide one, its text tells: two lines do not continue each other at the cut.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restore.layout.placed import Placed
from restore.layout.tokens import ems
from restore.order.evidence import tails_and_heads

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["Cut", "gutter_cuts"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_EDGE = 0.45  # ems by which edges of one column differ
_WHITE = (-0.3, 1.8)  # ems of white that a gutter has, at least and at most
_FEWEST = 3  # edges that show a gutter
_INDENT = 2.0  # ems
_INSIDE = 3.0  # ems of a line on each side of a gutter
_REACH = 30.0  # ems above and below a line from which edges count for it
_BODY = (0.85, 1.2)  # type sizes in ems of the body type
_SEAM, _OFF = (
    0.5,
    3.0,
)  # weights of running on, and of squared ems off the gutter, in choosing the place of a cut
_MARK_FIRST = 3.0  # for a right piece that begins with a mark that begins no line
_RUNS_ON = 0.0  # nats of continuity at a single cut from which its line is a wide one
_SAME_GUTTER = 1.5  # ems
_BELOW = 2.5  # ems to the line below
_NOT_FIRST = set("。！？!?…，,、；;：:”’》）)」』")
_SAMPLE = 100  # line ends that stand for all of a page
_WIDE = 0.25  # share of ems by which a line may be off the width of its type


class Cut(NamedTuple):
    """Where a line is two: view offset, ems that it is off the gutter, edges of the pieces there, edges of others there."""

    line: int
    at: int
    off: float
    left: float
    right: float
    edges: int


def gutter_cuts(placed: Placed, model: Scorer) -> list[Cut]:
    """Cuts of the page's lines, by line and offset."""
    box, segments = placed.box, placed.segments
    found: list[list[Cut]] = []
    widths = np.where(segments.view.classes > 0, ems(segments.view, 1.0), 0.0)
    for i in range(len(box)):
        if _BODY[0] <= placed.size[i] <= _BODY[1]:
            found += _cuts_of(placed, widths, i)
    return _refined(placed, found, model) if found else []


def _cuts_of(placed: Placed, widths: Floats, i: int) -> list[list[Cut]]:
    box, segments = placed.box, placed.segments
    left, top, right, bottom = box[i].tolist()
    if right - left < 2 * _INSIDE:
        return []
    near = (box[:, 1] < bottom + _REACH) & (box[:, 3] > top - _REACH)
    near &= (placed.size > _BODY[0]) & (placed.size < _BODY[1])
    inner = near & (box[:, 2] > left + _INSIDE) & (box[:, 2] < right - _INSIDE)
    ends = np.sort(box[inner, 2])
    inner = near & (box[:, 0] > left + _INSIDE) & (box[:, 0] < right - _INSIDE)
    begins = np.sort(box[inner, 0])
    if not len(ends) or not len(begins):
        return []
    gutters: list[tuple[int, float, float]] = []
    for x in np.unique(np.rint(begins / _EDGE)).tolist():
        here = begins[np.abs(begins - x * _EDGE) <= _EDGE]
        if not len(here):
            continue
        edge = float(np.median(here))
        other = ends[(edge - ends >= _WHITE[0]) & (edge - ends <= _WHITE[1])]
        # the left piece begins where its column does, or with an indent
        starts = box[near & (np.abs(box[:, 2] - np.median(other)) <= _EDGE), 0] if len(other) else other
        set_in = np.abs(left - starts), np.abs(left - starts - _INDENT)
        if not len(starts) or min(set_in[0].min(), set_in[1].min()) > 2 * _EDGE:
            continue
        if len(other) and len(here) + len(other) >= _FEWEST:
            gutters.append((len(here) + len(other), float(np.median(other)), edge))
    chosen: list[tuple[float, float, int]] = []
    for edges, a, b in sorted(gutters, reverse=True):
        if all(abs(b - other) > 2 * _INSIDE for _, other, _ in chosen):
            chosen.append((a, b, edges))
    start, end = int(segments.start[i]), int(segments.end[i])
    total = np.cumsum(widths[start:end])
    white = sum(max(b - a, 0.0) for a, b, _ in chosen)
    scale = float(total[-1]) / max(right - left - white, 1e-6)  # text ems for an em of the page
    if not 1 - _WIDE < scale < 1 + _WIDE:
        return []
    cuts: list[list[Cut]] = []
    before = 0.0
    for a, b, edges in sorted(chosen):
        target = (a - left - before) * scale
        k = int(np.abs(total - target).argmin()) + 1
        before += max(b - a, 0.0)
        options = [
            Cut(i, start + q, float(total[q - 1]) - target, a, b, edges)
            for q in (k, k - 1, k + 1)
            if 1 < q < end - start - 1
        ]
        if options:
            cuts.append(options)
    return cuts


def _refined(placed: Placed, cuts: list[list[Cut]], model: Scorer) -> list[Cut]:
    """Of the places where each cut can be the one that text and boxes like best; none where the text runs on."""
    text, start, end = placed.segments.view.text, placed.segments.start, placed.segments.end
    flat = [cut for options in cuts for cut in options]
    lefts = ["".join(text[max(c.at - 6, int(start[c.line])) : c.at].split()) or "。" for c in flat]
    rights = ["".join(text[c.at : min(c.at + 6, int(end[c.line]))].split()) or "。" for c in flat]
    tails, _ = tails_and_heads(lefts, model)
    _, heads = tails_and_heads(rights, model)
    texts = placed.segments.texts
    sample, _ = tails_and_heads(texts[:: len(texts) // _SAMPLE + 1], model)
    matrix = np.asarray(model.seam_matrix(sample, heads), dtype=np.float64)
    anywhere = np.logaddexp.reduce(matrix, axis=0) - np.log(len(matrix))
    seam = np.clip(np.asarray(model.seams(tails, heads), dtype=np.float64) - anywhere, -6, 6)
    chosen: list[Cut] = []
    across = np.empty(len(cuts))
    at = 0
    for number, options in enumerate(cuts):
        own = seam[at : at + len(options)]
        first = np.array([rights[at + q][0] in _NOT_FIRST for q in range(len(options))])
        cost = _SEAM * own + _OFF * np.array([c.off for c in options]) ** 2 + _MARK_FIRST * first
        k = int(cost.argmin())
        chosen.append(options[k])
        across[number] = own[k]
        at += len(options)
    # two columns: each piece goes on in the piece below; one wide line: across the cut
    edge = np.array([c.right for c in chosen])
    line = np.array([c.line for c in chosen])
    keep = []
    for one in chosen:
        same = np.flatnonzero(np.abs(edge - one.right) < _SAME_GUTTER)
        same = same[np.argsort(placed.box[line[same], 1], kind="stable")]
        down = _down(placed, [chosen[q] for q in same], sample, model)
        # where many lines keep to the gutter and few cross it, those that do are hardly wide ones
        rare = max(0.0, float(np.log(one.edges / len(same))))
        keep.append(float(across[same].mean()) < (float(down.mean()) if len(down) else _RUNS_ON) + rare)
    return [one for one, yes in zip(chosen, keep, strict=True) if yes]


def _down(placed: Placed, cuts: list[Cut], sample: Ints, model: Scorer) -> Floats:
    """Nats for the left piece of each line going on in the left piece of the line below, shape ``(m,)``."""
    text, segments = placed.segments.view.text, placed.segments
    pairs = [
        (a, b)
        for a, b in pairwise(cuts)
        if a.line != b.line and placed.box[b.line, 1] - placed.box[a.line, 3] < _BELOW
    ]
    if not pairs:
        return np.empty(0)
    lefts = [
        "".join(text[max(a.at - 6, int(segments.start[a.line])) : a.at].split()) or "。" for a, _ in pairs
    ]
    heads = [
        "".join(text[int(segments.start[b.line]) : int(segments.start[b.line]) + 6].split()) or "。"
        for _, b in pairs
    ]
    tails, _ = tails_and_heads(lefts, model)
    _, firsts = tails_and_heads(heads, model)
    matrix = np.asarray(model.seam_matrix(sample, firsts), dtype=np.float64)
    anywhere = np.logaddexp.reduce(matrix, axis=0) - np.log(len(matrix))
    nats = np.asarray(model.seams(tails, firsts), dtype=np.float64) - anywhere
    return np.asarray(np.clip(nats, -6, 6))
