"""Pass ``reading_order``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Draft
from restore.layout.segments import Segments, printed_lines, segments_of
from restore.order.boxed import by_boxes
from restore.order.doubts import torn_links
from restore.order.geometry import BLOCKS, ROWS
from restore.order.glued import unglued
from restore.order.homes import homes_of
from restore.order.links import GROUPS
from restore.order.moves import Group, chance_of, moves_of, together
from restore.order.network import parts
from restore.order.seams import Seams
from restore.order.sequence import chains_of, gate, in_chains
from restore.order.sorted_blocks import HEIGHTS, by_heights, out_of_order, pieces_of
from restore.order.successors import Judgement, solve
from restore.pipeline import Tools, repair_pass
from restore.view import View

if TYPE_CHECKING:
    from restore.language import Language

Ints = NDArray[np.int64]

_IN_ORDER = 0.85  # share of links to the next segment above which single lines strayed
_MOSTLY = 0.7  # the same where the dump has whole blocks on its physical lines
_GATE = 6.0  # nats a detour must gain in a dump whose lines follow each other
_LOOSE = -3.0  # log-odds of a link that ties two lines to nothing
_FLOOR, _CEILING = -4.0, 8.0  # between these a seam's log-odds count for what a move gains
_RATHER = 1.5  # nats by which a new paragraph must be likelier than the same one
_WINDOW = 1200  # segments looked at together; a longer text is cut at a blank line
_FEWEST = 6  # segments that can be in another order
_SURE = 8.0  # nats above which a move is certain
_LIKELY = 0.85  # share of neighbours that are right where columns are rebuilt from heights


@repair_pass(after=["encoding", "markup", "printed_lines"])
def reading_order(view: View, tools: Tools) -> Iterator[Draft]:
    """Lines that stand where they were not printed.

    Repairs: lines of one column inside a block of its neighbour, rows read across all columns, lines or blocks in the
    order of height. Each line goes behind the line it continues.
    Why it happens: converters and layout models assign lines to the wrong block, or read a page from left to right
    whatever its columns.
    Example: of ``18 项不同的 课""一杯茶思想汇报 考评标准`` the middle goes to the paragraph it was taken from.
    When it is wrong: where set phrases recur on a page, or where the true neighbour is lost and another line fits.
    """
    if not (view.classes & ch.CJK).any():
        return
    if tools.layout is not None:
        drafts = by_boxes(view, tools.layout, tools.language, tools.memo)
        if drafts is not None:
            yield from drafts
            return
    if tools.read_across(view):
        return
    segments = segments_of(view)
    if not printed_lines(segments):
        return
    segments = unglued(segments, tools.language.model)
    kinds, seams = [], []
    windows = segments.windows(_WINDOW)
    for number, part in enumerate(windows):
        stop = int(windows[number + 1].start[0]) if number + 1 < len(windows) else len(view)
        if len(part) < _FEWEST:
            continue
        found = _found(part, tools.language)
        kinds.append(found.kind)
        first, last = view.origin[part.start], view.origin[part.end - 1]
        seams.append(Seams.of(found.judged.odds, found.order, first, last))
        if (np.diff(found.order) != 1).any():
            yield from _drafts(view, part, found, stop)
        del found  # the matrices of one window at a time
    tools.memo["reading_order"] = {"kind": kinds[0] if kinds else BLOCKS, "segments": len(segments)}
    if seams:
        tools.memo["seams"] = Seams.joined(seams)


@dataclass(frozen=True)
class _Found:
    """The order of the segments of a window.

    Attributes:
        judged: the links, and what speaks for them.
        order: segments in reading order, shape ``(n,)``.
        links: the segment that each is followed by in its paragraph or block, -1 for none, shape ``(n,)``.
        single: whether single lines strayed, rather than whole columns.
        by_height: whether blocks were sorted by height.
        kind: of the dump.
    """

    judged: Judgement
    order: Ints
    links: Ints
    single: bool
    by_height: bool
    kind: str


def _found(segments: Segments, language: Language) -> _Found:
    """Put the segments of a window in order."""
    judged = solve(segments, language)
    kind = judged.first.geometry.kind
    pieces = pieces_of(segments, judged)
    sorted_blocks = by_heights(segments, pieces) if pieces is not None else None
    if sorted_blocks is not None:
        return _Found(judged, *sorted_blocks, False, True, HEIGHTS)
    links, order, single = _order(judged, segments)
    if pieces is not None and out_of_order(pieces, segments.blocks):
        return _Found(judged, order, links, single, False, HEIGHTS)
    if single and kind == BLOCKS:
        doubted = torn_links(judged, segments, order, language)
        if len(doubted):
            judged.successor[doubted] = -1
            links, order, single = _order(judged, segments)
    return _Found(judged, order, links, single, False, kind)


def _order(judged: Judgement, segments: Segments) -> tuple[Ints, Ints, bool]:
    """Successors as they are used, the order, and whether single lines strayed rather than whole columns."""
    kind = judged.first.geometry.kind
    links = judged.successor
    n = len(links)
    linked = np.flatnonzero(links >= 0)
    in_order = float((links[linked] == linked + 1).mean()) if len(linked) else 1.0
    single = in_order >= (_MOSTLY if kind == BLOCKS else _IN_ORDER)
    if single and kind != BLOCKS:
        far = linked[(links[linked] - linked != 1) & (judged.odds[linked, links[linked]] < 0)]
        links = links.copy()
        links[far] = -1  # less likely than not, in a dump whose lines follow each other
        links = gate(links, judged.odds, _GATE)
    chains = chains_of(links)
    whole = kind == BLOCKS or single  # else a chain goes where its first line stands
    order = in_chains(chains, homes_of(chains, judged, segments) if whole else None)
    if single:
        links = np.full(n, -1)
        tied = judged.odds[order[:-1], order[1:]] > _LOOSE
        links[order[:-1][tied]] = order[1:][tied]
    return links, order, single


def _drafts(view: View, segments: Segments, found: _Found, stop: int) -> Iterator[Draft]:
    """Moves, and the line ends they need, as corrections; nothing moves beyond view offset ``stop``."""
    want = _white_space(found)
    groups = moves_of(view, segments.start, segments.end, found.order, want, stop)
    if not groups:
        return
    if found.single:
        for group in groups:
            yield _moved(segments, found, group)
        return
    kind = found.judged.first.geometry.kind
    what, level, chance = "lines in order of height", Certainty.HIGH, 1.0
    if found.by_height:
        what, level, chance = "blocks in order of height", Certainty.MEDIUM, _LIKELY
    elif kind == ROWS:
        what = "rows across columns"
    edits, listed = together(groups, found.order, segments.texts)
    yield Draft(edits, f"columns taken apart: the dump has {what}", level, chance, {"kind": kind} | listed)


def _white_space(found: _Found) -> list[str]:
    """What stands between each two neighbours of the new order: a line end inside a paragraph, or one between two."""
    first = found.judged.first
    one, two = found.order[:-1], found.order[1:]
    linked = found.links[one] == two
    within = linked & (first.continues[one, two] > first.follows[one, two] - _RATHER)
    line_end = " " if found.single and first.geometry.kind == BLOCKS else "\n"
    same = within if found.single else linked
    return [line_end if goes_on else "\n\n" for goes_on in same.tolist()]


def _moved(segments: Segments, found: _Found, group: Group) -> Draft:
    """Lines that strayed together, as one correction."""
    order, judged = found.order, found.judged
    first, last = int(order[group.first]), int(order[group.last])
    before = int(order[group.first - 1]) if group.first else -1
    behind = int(order[group.last + 1]) if group.last + 1 < len(order) else -1

    def around(before: int, behind: int) -> dict[str, Any]:
        ends = {"before": (before, first), "behind": (last, behind)}
        inside = ((name, i, j) for name, (i, j) in ends.items() if i >= 0 and 0 <= j < len(order))
        return {name: _seam(segments, judged, i, j) for name, i, j in inside}

    gain = _worth(judged.odds, order, group.first, group.last)
    best = np.argsort(-judged.odds[before])[:4].tolist() if before >= 0 else []
    evidence = {
        "gain_nats": round(gain, 2),
        "seams": around(before, behind),
        "seams_in_dump": around(first - 1, last + 1),
        "parts": _parts(judged, before, first) if before >= 0 else {},
        "alternatives": [
            {"text": segments.texts[k][:10], "chance": _chance(judged.odds[before, k])}
            for k in best
            if k != first
        ],
    }
    one = group.first == group.last
    return Draft(
        tuple(group.edits),
        "line moved to the line it continues" if one else "lines moved to the line they continue",
        Certainty.HIGH if gain >= _SURE else Certainty.MEDIUM,
        chance_of(gain),
        evidence,
    )


def _worth(odds: np.ndarray[Any, Any], order: np.ndarray[Any, Any], first: int, last: int) -> float:
    """Nats that the seams around the run at places ``first..last`` gain over the dump's."""

    def seam(i: int, j: int) -> float:
        inside = 0 <= i < len(odds) and 0 <= j < len(odds)
        return float(np.clip(odds[i, j], _FLOOR, _CEILING)) if inside else 0.0

    a, b = int(order[first]), int(order[last])
    before = int(order[first - 1]) if first else -1
    behind = int(order[last + 1]) if last + 1 < len(order) else -1
    now = seam(before, a) + seam(b, behind) + seam(a - 1, b + 1)
    then = seam(a - 1, a) + seam(b, b + 1) + (seam(before, behind) if before >= 0 and behind >= 0 else 0.0)
    return now - then


def _parts(judged: Judgement, i: int, j: int) -> dict[str, float]:
    """What each kind of evidence gives the link in the second look, and what the third adds, in nats."""
    at = int(judged.at[i, j])
    if at < 0:
        return {}
    again = round(float(judged.odds[i, j] - judged.second[i, j]), 2)
    return parts(judged.network, judged.features[at : at + 1], GROUPS) | {"again": again}


def _chance(odds: float) -> float:
    """Probability of calibrated log-odds, to a hundredth."""
    return round(float(1 / (1 + np.exp(-np.clip(odds, -30, 30)))), 2)


def _seam(segments: Segments, judged: Judgement, i: int, j: int) -> dict[str, Any]:
    return {
        "text": f"{segments.texts[i][-6:]}|{segments.texts[j][:6]}",
        "chance": _chance(judged.odds[i, j]),
        "nats": round(float(judged.odds[i, j]), 2),
        "language": round(float(judged.first.evidence.raw[i, j]), 2),
        "place": round(float(judged.first.place[i, j]), 2),
    }
