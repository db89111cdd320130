"""The corrections that bring a page with boxes into reading order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from restore import characters as ch
from restore.correction import Certainty, Draft
from restore.layout.boxes import Layout
from restore.layout.placed import cut, placed_segments
from restore.order.boxes import order_by_boxes
from restore.order.gutters import gutter_cuts
from restore.order.moves import chance_of, moves_of, together
from restore.view import View

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["MOST_LINES", "by_boxes", "too_many"]

MOST_LINES = 1500  # of a page whose order is sought: every line is held against every other

_IN_ORDER = (
    0.85  # share of lines that follow the one before them in the file, from which single lines strayed
)
_SURE = 8.0


def too_many(lines: int) -> str:
    """The note for a page whose order is left as it is."""
    return (
        f"{lines:,} printed lines are more than the {MOST_LINES:,} whose order is sought; their order was left as it is"
        " (cut the text into its pages)"
    )


def by_boxes(view: View, layout: Layout, language: Language, memo: dict[str, Any]) -> Iterator[Draft] | None:
    """Moves of printed lines, judged by boxes and text; None where the layout does not cover the text."""
    if not (view.classes & ch.CJK).any():
        return None
    placed = placed_segments(view, layout)
    if placed is None:
        return None
    if len(placed.segments) > MOST_LINES:
        memo.setdefault("notes", []).append(too_many(len(placed.segments)))
        return iter(())
    cuts = [(c.line, c.at, c.left, c.right) for c in gutter_cuts(placed, language.model)]
    return _drafts(view, cut(placed, cuts), language, memo)


def _drafts(view: View, placed: Any, language: Language, memo: dict[str, Any]) -> Iterator[Draft]:
    found = order_by_boxes(placed, language)
    order, segments = found.order, placed.segments
    memo["apart"] = view.origin[segments.end[order[:-1][found.apart]] - 1]
    step = np.diff(order) == 1
    single = bool(step.mean() >= _IN_ORDER)
    memo["reading_order"] = {"kind": "boxes", "segments": len(segments)}
    want = np.where(found.apart, "\n\n", "\n").tolist()
    groups = moves_of(view, segments.start, segments.end, order, want)
    if not groups:
        return
    if not single:
        edits, listed = together(groups, order, segments.texts)
        evidence = {"kind": "boxes", "vertical": placed.vertical} | listed
        yield Draft(edits, "lines put in order by their boxes", Certainty.HIGH, 1.0, evidence)
        return
    for group in groups:
        first, last = int(order[group.first]), int(order[group.last])
        nats = []
        if group.first:
            nats.append(float(found.total[order[group.first - 1], first]))
        if group.last + 1 < len(order):
            nats.append(float(found.total[last, order[group.last + 1]]))
        gain = sum(nats)
        one = group.first == group.last
        yield Draft(
            tuple(group.edits),
            "line moved to where its box stands" if one else "lines moved to where their boxes stand",
            Certainty.HIGH if gain >= _SURE else Certainty.MEDIUM,
            chance_of(gain),
            {
                "kind": "boxes",
                "nats": [round(v, 2) for v in nats],
                "box_ems": placed.box[first].round(2).tolist(),
            },
        )
