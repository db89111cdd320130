"""Pass ``gaps``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from restore import characters as ch
from restore.correction import Certainty, Draft, Gap, Insert
from restore.order.evidence import weights
from restore.order.geometry import BLOCKS
from restore.order.lacunae import UNKNOWN, end_features, head_features, paragraphs_of
from restore.pipeline import Tools, repair_pass
from restore.view import View

# log-odds: of a mark that is put, by how much more one is certain, and of one that is shown
_LIKELY, _SURE, _THINKABLE = -0.9, 2.8, -3.0
_WHOLE_PAGE = 2.5  # more evidence asked for where the dump's kind speaks against lost lines


@repair_pass(after=["paragraphs", "join_lines"])
def gaps(view: View, tools: Tools) -> Iterator[Draft]:
    """Text that is not in the dump.

    Repairs: nothing is invented; a mark 〔…〕 is put where a sentence breaks off at the end of its paragraph, or where a
    paragraph begins in the middle of a sentence. The record gives the likely extent.
    Why it happens: layout models lose short last lines of paragraphs, first lines and heads of articles.
    Example: ``成为摆在这个站党委案`` becomes ``成为摆在这个站党委案〔…〕``.
    When it is wrong: at the end of a list, a table or a title set like text; in prose that is cut on purpose.
    """
    if not (view.classes & (ch.HAN | ch.KANA)).any() or tools.memo.get("read_across"):
        return
    known = tools.memo.get("lines")
    lasts, width, around = known if known is not None else (None, None, None)
    found = paragraphs_of(view.text, tools.language.model, view.origin, lasts, width, around)
    if not len(found):
        return
    # layout models lose lines; a converter that reads a whole page, row by row or line by line, does not
    layout = tools.memo.get("reading_order")
    whole = layout is not None and layout["kind"] != BLOCKS
    likely = _LIKELY + (_WHOLE_PAGE if whole else 0.0)
    tables = weights()
    for where, features, marked in (
        ("end", end_features(found), found.marked_end),
        ("head", head_features(found), found.marked_head),
    ):
        table = tables[f"gap_{where}"]
        odds = np.full(len(found), table["bias"])
        for name, value in features:
            odds += table.get(name, 0.0) * value
        for k in np.flatnonzero((odds > _THINKABLE) & ~marked):
            level = (
                Certainty.HIGH
                if odds[k] > likely + _SURE
                else Certainty.MEDIUM
                if odds[k] > likely
                else Certainty.LOW
            )
            measure = float(np.median(around)) if around is not None else None
            evidence = {
                "log_odds": round(float(odds[k]), 2),
                "ends_with" if where == "end" else "begins_with": found.texts[k][-8:]
                if where == "end"
                else found.texts[k][:8],
                "printed_lines": int(found.lines[k]),
            }
            if found.spare[k] != UNKNOWN and where == "end":
                evidence["last_line_short_by_ems"] = round(float(found.spare[k]), 1)
            at = int(found.end[k]) if where == "end" else int(found.start[k])
            while where == "end" and at > 0 and view.text[at - 1].isspace():
                at -= 1
            message = (
                "the paragraph breaks off; its end is not in the dump"
                if where == "end"
                else "the paragraph begins in the middle of a sentence; what stood before is not in the dump"
            )
            yield Draft(
                (Insert(at, Gap(0.0, measure), after=where == "end"),),
                message,
                level,
                float(1 / (1 + np.exp(-odds[k]))),
                evidence,
            )
