"""Pass ``reading_order``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from restore import characters as ch
from restore.correction import Certainty, Draft, Edit, Insert, Move, Replace
from restore.layout.segments import Segments, printed_lines, segments_of
from restore.order.boxed import MOST_LINES, by_boxes, too_many
from restore.order.evidence import parts, weights
from restore.order.geometry import BLOCKS
from restore.order.refine import LOOSE, merit, neighbourhood, refine, settle, worth
from restore.order.sequence import gate, in_chains, stay_put
from restore.order.successors import Solution, solve
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_IN_ORDER = 0.85  # share of links to the next segment above which single lines strayed
_MOSTLY = 0.7  # the same where the dump has whole blocks on its physical lines
_GATE = 3.0  # nats a detour must gain
_RATHER = 1.5  # nats by which a new paragraph must be likelier than the same one
_SURE = 8.0  # nats above which a move is certain


@repair_pass(after=["encoding", "markup", "printed_lines"])
def reading_order(view: View, tools: Tools) -> Iterator[Draft]:
    """Lines that stand where they were not printed.

    Repairs: lines of one column inside a block of its neighbour, rows read across all columns, lines in the order of
    height. Each line goes behind the line it continues.
    Why it happens: converters and layout models assign lines to the wrong block, or read a page from left to right
    whatever its columns.
    Example: of ``18 项不同的 课""一杯茶思想汇报 考评标准`` the middle goes to the paragraph it was taken from.
    When it is wrong: where set phrases recur on a page, or where the true neighbour is lost and another line fits.
    """
    if not (view.classes & ch.CJK).any():
        return
    if tools.layout is not None:
        drafts = by_boxes(view, tools.layout, tools.language.model, tools.memo)
        if drafts is not None:
            yield from drafts
            return
    segments = segments_of(view)
    if not printed_lines(segments):
        return
    if len(segments) > MOST_LINES:
        tools.memo.setdefault("notes", []).append(too_many(len(segments)))
        return
    solution = solve(segments, tools.language.model)
    tools.memo["reading_order"] = {"kind": solution.geometry.kind, "segments": len(segments)}
    links = solution.successor
    n = len(links)
    linked = np.flatnonzero(links >= 0)
    in_order = float((links[linked] == linked + 1).mean()) if len(linked) else 1.0
    single = in_order >= (_MOSTLY if solution.geometry.kind == BLOCKS else _IN_ORDER)
    if single:
        links = gate(links, solution.total, _GATE)
    order = in_chains(links)
    if single:
        # from the assignment, and from the dump as it is: the better end counts
        starts = (np.arange(n), order)
        near = neighbourhood(solution.successor)
        tried = [refine(o, solution.seams, near) for o in starts]
        order = max(tried, key=lambda o: merit(o, solution.seams, near))
        order = settle(order, solution.seams, segments.texts)
        follows = np.full(n, -1)
        follows[order[:-1]] = order[1:]
        loose = solution.seams[order[:-1], order[1:]] <= LOOSE
        follows[order[:-1][loose]] = -1
        links = follows
    if (np.diff(order) == 1).all():
        return
    if single:
        # where a move made neighbours of lines that do not continue each other
        new = np.diff(order) != 1
        i, j = order[:-1][new], order[1:][new]
        apart = solution.continues[i, j] < 0
        tools.memo["apart"] = view.origin[segments.end[i[apart]] - 1]
    yield from _drafts(view, segments, solution, links, order, single)


def _drafts(
    view: View,
    segments: Segments,
    solution: Solution,
    links: np.ndarray[Any, Any],
    order: np.ndarray[Any, Any],
    single: bool,
) -> Iterator[Draft]:
    """Moves, and the line ends they need, as corrections."""
    n = len(order)
    stays = stay_put(order)
    follow = np.append(segments.start[1:], len(view))  # where the white space behind a segment ends
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
    next_stay = np.full(n + 1, len(view), dtype=np.int64)
    for place in range(n - 1, -1, -1):
        next_stay[place] = start[order[place]] if stays[place] else next_stay[place + 1]
    owner = {place: number for number, group in enumerate(groups) for place in group}
    edits: list[list[Edit]] = [[] for _ in groups]
    for number, group in enumerate(groups):
        a, b = int(start[order[group[0]]]), int(follow[order[group[-1]]])
        edits[number].append(Move(Span(a, b), int(next_stay[group[0]]), float(group[0])))
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
        yield Draft(
            tuple(e for group in edits for e in group),
            f"columns taken apart: the dump has {kind}",
            Certainty.HIGH,
            1.0,
            {"kind": solution.geometry.kind, "lines": lines, "moved": int((~stays).sum())},
        )
        return
    total = solution.total
    table = weights()
    for number, group in enumerate(groups):
        first, last = int(order[group[0]]), int(order[group[-1]])
        before = int(order[group[0] - 1]) if group[0] else -1
        behind = int(order[group[-1] + 1]) if group[-1] + 1 < n else -1
        seams: dict[str, Any] = {}
        if before >= 0:
            seams["before"] = _seam(segments, solution, total, before, first)
        if behind >= 0:
            seams["behind"] = _seam(segments, solution, total, last, behind)
        left = {}
        if first > 0:
            left["before"] = _seam(segments, solution, total, first - 1, first)
        if last + 1 < n:
            left["behind"] = _seam(segments, solution, total, last, last + 1)
        gain = worth(solution.seams, order, group[0], group[-1])
        best = np.argsort(-total[before])[:4].tolist() if before >= 0 else []
        evidence = {
            "gain_nats": round(gain, 2),
            "seams": seams,
            "seams_in_dump": left,
            "parts": parts(solution.evidence, table["continues"], before, first) if before >= 0 else {},
            "alternatives": [
                {"text": segments.texts[int(k)][:10], "nats": round(float(total[before, k]), 2)}
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


def _seam(
    segments: Segments, solution: Solution, total: np.ndarray[Any, Any], i: int, j: int
) -> dict[str, Any]:
    return {
        "text": f"{segments.texts[i][-6:]}|{segments.texts[j][:6]}",
        "nats": round(float(total[i, j]), 2),
        "language": round(float(solution.evidence.raw[i, j]), 2),
        "place": round(float(solution.place[i, j]), 2),
    }
