"""Pass ``furniture``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft, Edit, Insert, Move, Replace
from restore.layout.furniture import furniture_lines
from restore.layout.segments import printed_lines, segments_of
from restore.order.issue import running
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_MOST = 0.3  # share of a page that can be furniture; a page of nothing else is a list


@repair_pass(after=["reading_order", "paragraphs"])
def furniture(view: View, tools: Tools) -> Iterator[Draft]:
    """Running heads, page numbers, imprint and hotlines between the articles.

    Repairs: sets them, and names of sections beside them, after the articles, each a block of its own. Nothing is
    dropped.
    Why it happens: a converter takes what stands at the edges of the page for text, and puts it in by its height.
    Example: ``2019年8月1日 星期一`` and ``第10版`` leave the middle of an article for the end of the page.
    When it is wrong: where an article quotes such a line on a line of its own, or a headline beside furniture is worded
    like the name of a section (教育). Captions are no furniture and stay.
    """
    if not (view.classes & ch.CJK).any() or tools.read_across(view):
        return
    segments = segments_of(view)
    n = len(segments)
    if not printed_lines(segments) and not tools.memo.get("vertical_glyphs"):
        return
    found = furniture_lines(segments.texts, in_order=True)
    if tools.running:
        found |= running(segments.texts, tools.running)
    if not found.any() or found.mean() > _MOST:
        return
    last = int(np.flatnonzero(~found)[-1])
    follow = np.append(segments.start[1:], len(view))
    tail = view.text[int(segments.end[-1]) :]
    runs: list[tuple[int, int]] = []
    for k in np.flatnonzero(found).tolist():
        if runs and runs[-1][1] == k - 1:
            runs[-1] = (runs[-1][0], k)
        else:
            runs.append((k, k))
    moving = [run for run in runs if run[0] < last]
    stay_behind = runs[-1][0] > last
    for number, (a, b) in enumerate(runs):
        edits: list[Edit] = []
        moves = a < last
        for k in range(a, b + 1):
            at_end = k == b and (
                (moves and not stay_behind and (a, b) == moving[-1]) or (not moves and k == n - 1)
            )
            want = tail if at_end else "\n\n"
            have = view.text[int(segments.end[k]) : int(follow[k])]
            if have != want:
                if have and want:
                    edits.append(Replace(Span(int(segments.end[k]), int(follow[k])), want))
                elif want:
                    edits.append(Insert(int(segments.end[k]), want))
                else:
                    edits.append(Delete(Span(int(segments.end[k]), int(follow[k]))))
        if moves:
            to = int(segments.start[last + 1]) if stay_behind else len(view)
            edits.insert(0, Move(Span(int(segments.start[a]), int(follow[b])), to, float(number)))
        if (moves and (a, b) == moving[0]) or (not moves and a == last + 1 and not moving):
            have = view.text[int(segments.end[last]) : int(follow[last])]
            if have != "\n\n":
                if have:
                    edits.append(Replace(Span(int(segments.end[last]), int(follow[last])), "\n\n"))
                else:
                    edits.append(Insert(int(segments.end[last]), "\n\n"))
        if edits:
            words = " / ".join(segments.texts[k] for k in range(a, b + 1))
            message = (
                "page furniture set after the articles" if moves else "page furniture: a block of its own"
            )
            yield Draft(tuple(edits), message, Certainty.HIGH, 0.95, {"lines": words[:200]})
