"""Pass ``line_pieces``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft, Edit, Move, Replace
from restore.layout.segments import printed_lines, segments_of
from restore.order.sequence import stay_put
from restore.order.stubs import pieces_of_lines
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_FEW = 0.04  # share of pieces in a text up to which they are taken for short lines


@repair_pass(after=["encoding", "markup", "printed_lines"])
def line_pieces(view: View, tools: Tools) -> Iterator[Draft]:
    """Printed lines in several pieces.

    Repairs: puts neighbouring lines together that are pieces of one printed line: they fill the measure together and read
    on, in the order they have or in another.
    Why it happens: in the text layer of a recognised page the boxes of words differ a little in height; an extractor gives
    such words a line of their own, above or below the rest of theirs.
    Example: in a column of 13 ems ``的国家``, below ``上把过元旦看做是过年``, was printed at the end of the line above.
    When it is wrong: where a short last line and a headline have the width of the column together.
    """
    if not (view.classes & ch.CJK).any() or not tools.memo.get("set_apart"):
        return
    segments = segments_of(view)
    if not printed_lines(segments):
        return
    start, end = segments.start, segments.end
    ends_line = segments.newlines > 0
    found = [
        one
        for one in pieces_of_lines(segments, tools.language)
        if ends_line[one.first : one.first + len(one.order) - 1].any()
    ]
    count = sum(int(ends_line[one.first : one.first + len(one.order) - 1].sum()) for one in found)
    if count <= _FEW * len(segments):
        return  # the dump keeps its lines whole, and what looks like pieces of one are short lines
    tools.memo["line_pieces"] = sum(len(one.order) - 1 for one in found)
    classes = view.classes
    for first, order in found:
        last = first + len(order) - 1
        edits: list[Edit] = [
            Replace(Span(int(end[k]), int(start[k + 1])), " ")
            if (classes[end[k] - 1] & classes[start[k + 1]] & ch.LATIN) > 0
            else Delete(Span(int(end[k]), int(start[k + 1])))
            for k in range(first, last)
            if end[k] < start[k + 1]
        ]
        stays = stay_put(np.array(order))
        to = int(end[last])
        for place in range(len(order) - 1, -1, -1):
            k = first + order[place]
            if stays[place]:
                to = int(start[k])
            else:
                edits.append(Move(Span(int(start[k]), int(end[k])), to, float(place)))
        yield Draft(
            tuple(edits),
            "these pieces stood in one printed line",
            Certainty.MEDIUM,
            evidence={"pieces": [segments.texts[first + q] for q in order]},
        )
