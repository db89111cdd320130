"""Pass ``reading_order``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from restore import characters as ch
from restore.correction import Certainty, Draft, Edit, Insert, Move, Replace
from restore.layout.segments import Segments, printed_lines, segments_of
from restore.order.boxed import by_boxes
from restore.order.doubts import torn_links
from restore.order.geometry import BLOCKS
from restore.order.glued import unglued
from restore.order.homes import homes_of
from restore.order.links import GROUPS
from restore.order.network import parts
from restore.order.seams import Seams
from restore.order.sequence import chains_of, gate, in_chains, stay_put
from restore.order.sorted_blocks import HEIGHTS, by_heights, out_of_order, pieces_of
from restore.order.successors import Judgement, solve
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

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
        judged = solve(part, tools.language)
        links, order, single = _order(judged, part)
        pieces = pieces_of(part, judged)
        sorted_blocks = by_heights(part, pieces) if pieces is not None else None
        apart = sorted_blocks is not None or (
            pieces is not None and out_of_order(pieces, int(part.block[-1]) + 1)
        )
        kinds.append(HEIGHTS if apart else judged.first.geometry.kind)
        if sorted_blocks is not None:
            order, links = sorted_blocks
            single = False
        elif single and judged.first.geometry.kind == BLOCKS:
            doubted = torn_links(judged, part, order, tools.language)
            if len(doubted):
                judged.successor[doubted] = -1
                links, order, single = _order(judged, part)
        seams.append(Seams.of(judged.odds, order, view.origin[part.start], view.origin[part.end - 1]))
        if (np.diff(order) != 1).any():
            yield from _drafts(view, part, judged, links, order, single, stop, sorted_blocks is not None)
        del judged, links, order  # the matrices of one window at a time
    tools.memo["reading_order"] = {"kind": kinds[0] if kinds else BLOCKS, "segments": len(segments)}
    if seams:
        tools.memo["seams"] = Seams.joined(seams)


def _order(judged: Judgement, segments: Segments) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], bool]:
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


def _drafts(
    view: View,
    segments: Segments,
    judged: Judgement,
    links: np.ndarray[Any, Any],
    order: np.ndarray[Any, Any],
    single: bool,
    stop: int,
    by_height: bool,
) -> Iterator[Draft]:
    """Moves, and the line ends they need, as corrections; nothing moves beyond view offset ``stop``."""
    n = len(order)
    solution = judged.first
    stays = stay_put(order)
    follow = np.append(segments.start[1:], stop)  # where the white space behind a segment ends
    start, end = segments.start, segments.end
    groups: list[list[int]] = []  # runs of places that move together
    for place in range(n):
        if stays[place]:
            continue
        together = place and not stays[place - 1] and order[place] == order[place - 1] + 1
        if together:
            groups[-1].append(place)
        else:
            groups.append([place])
    next_stay = np.full(n + 1, stop, dtype=np.int64)
    for place in range(n - 1, -1, -1):
        next_stay[place] = start[order[place]] if stays[place] else next_stay[place + 1]
    owner = {place: number for number, group in enumerate(groups) for place in group}
    edits: list[list[Edit]] = [[] for _ in groups]
    for number, group in enumerate(groups):
        a, b = int(start[order[group[0]]]), int(follow[order[group[-1]]])
        edits[number].append(Move(Span(a, b), int(next_stay[group[0]]), float(start[0]) + group[0]))
    went = np.full(n, -1)
    for place, number in owner.items():
        went[order[place]] = number
    for place in range(n):
        k = int(order[place])
        after = int(order[place + 1]) if place + 1 < n else -1
        if after == k + 1 or after < 0:
            continue
        linked = int(links[k]) == after
        within = linked and solution.continues[k, after] > solution.follows[k, after] - _RATHER
        want = (" " if solution.geometry.kind == BLOCKS else "\n") if within else "\n\n"
        if linked and not single:
            want = "\n"
        have = view.text[int(end[k]) : int(follow[k])]
        if have == want:
            continue
        number = owner.get(place, owner.get(place + 1, int(went[k + 1]) if k + 1 < n else -1))
        if number < 0:
            number = next((int(went[q]) for q in range(k + 1, n) if went[q] >= 0), 0)
        if have:
            edits[number].append(Replace(Span(int(end[k]), int(follow[k])), want))
        else:
            edits[number].append(Insert(int(end[k]), want))
    if not groups:
        return
    if not single:
        lines = [
            {"line": int(k), "place": place, "text": segments.texts[int(k)][:12]}
            for place, k in enumerate(order.tolist())
        ]
        kind = "rows across columns" if solution.geometry.kind == "rows" else "lines in order of height"
        level, chance = Certainty.HIGH, 1.0
        if by_height:
            kind, level, chance = "blocks in order of height", Certainty.MEDIUM, _LIKELY
        yield Draft(
            tuple(e for group in edits for e in group),
            f"columns taken apart: the dump has {kind}",
            level,
            chance,
            {"kind": solution.geometry.kind, "lines": lines, "moved": int((~stays).sum())},
        )
        return
    for number, group in enumerate(groups):
        first, last = int(order[group[0]]), int(order[group[-1]])
        before = int(order[group[0] - 1]) if group[0] else -1
        behind = int(order[group[-1] + 1]) if group[-1] + 1 < n else -1
        seams: dict[str, Any] = {}
        if before >= 0:
            seams["before"] = _seam(segments, judged, before, first)
        if behind >= 0:
            seams["behind"] = _seam(segments, judged, last, behind)
        left = {}
        if first > 0:
            left["before"] = _seam(segments, judged, first - 1, first)
        if last + 1 < n:
            left["behind"] = _seam(segments, judged, last, last + 1)
        gain = _worth(judged.odds, order, group[0], group[-1])
        best = np.argsort(-judged.odds[before])[:4].tolist() if before >= 0 else []
        evidence = {
            "gain_nats": round(gain, 2),
            "seams": seams,
            "seams_in_dump": left,
            "parts": _parts(judged, before, first) if before >= 0 else {},
            "alternatives": [
                {"text": segments.texts[int(k)][:10], "chance": _chance(judged.odds[before, k])}
                for k in best
                if int(k) != first
            ],
        }
        level = Certainty.HIGH if gain >= _SURE else Certainty.MEDIUM
        yield Draft(
            tuple(edits[number]),
            "line moved to the line it continues"
            if len(group) == 1
            else "lines moved to the line they continue",
            level,
            float(1 / (1 + np.exp(-np.clip(gain, -30, 30) / 4))),
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
