"""Pass ``gaps``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Draft, Gap, Insert
from restore.order.evidence import weights
from restore.order.geometry import BLOCKS
from restore.order.lacunae import UNKNOWN, Paragraphs, end_features, head_features, paragraphs_of, stumps
from restore.order.losses import LIKELY_INSIDE, NEVER, Losses, known_losses, marks_between
from restore.order.seams import find
from restore.order.sorted_blocks import HEIGHTS
from restore.pipeline import Tools, repair_pass
from restore.view import View

# log-odds: of a mark that is put, by how much more one is certain, and of one that is shown
_LIKELY, _SURE, _THINKABLE = -0.4, 2.8, -2.1
_WHOLE_PAGE = 2.5  # more evidence asked for where the dump's kind speaks against lost lines
_FEWEST_MARKS, _ENOUGH = (
    0.01,
    200,
)  # stops and commas for a glyph (text has 0.05 and more, also badly read), and glyphs that tell
_NO_MARKS = "hardly any stops and commas: where sentences end cannot be told, so no lost text is marked"
_LONGEST_HEADING, _MARKUP = 40, 12  # glyphs of a heading, and characters of markup before it
_BREAKS_OFF = "the paragraph breaks off; its end is not in the dump"
_BEGINS_INSIDE = "the paragraph begins in the middle of a sentence; what stood before is not in the dump"
_APART = "these two lines do not follow each other; what stood between is not in the dump"


@repair_pass(after=["paragraphs", "join_lines"])
def gaps(view: View, tools: Tools) -> Iterator[Draft]:
    """Text that is not in the dump.

    Repairs: nothing is invented; a mark 〔…〕 is put where a sentence breaks off at the end of its paragraph, or where a
    paragraph begins in the middle of a sentence. The record gives the likely extent.
    Why it happens: layout models lose short last lines of paragraphs, first lines and heads of articles.
    Example: ``成为摆在这个站党委案`` becomes ``成为摆在这个站党委案〔…〕``.
    When it is wrong: at the end of a list, a table or a title set like text; in prose that is cut on purpose. Nothing is marked
    where the whole text has no punctuation.
    """
    if not (view.classes & (ch.HAN | ch.KANA)).any() or tools.memo.get("read_across"):
        return
    if _unpunctuated(view):
        tools.note(_NO_MARKS)
        return
    known = tools.memo.get("lines")
    lasts, width, around = known if known is not None else (None, None, None)
    found = paragraphs_of(view.text, tools.language.model, view.origin, lasts, width, around)
    if not len(found):
        return
    # the networks know Chinese; of other scripts, and where no lines are known, the tables speak
    losses = known_losses(view, tools.memo)
    kind = tools.memo.get("reading_order", {"kind": BLOCKS})["kind"]
    extent = Gap(0.0, float(np.median(around)) if around is not None else None)
    yield from _at_edges(view, found, losses, kind, extent)
    if losses is not None:
        inside = losses.inside.copy()
        inside[marks_between(losses, view, tools.language.model)[0]] = NEVER  # `lost_marks` supplies it
        yield from _inside(view, losses, inside, kind, extent)


def _unpunctuated(view: View) -> bool:
    """Whether a text has no stops and commas to speak of: printed so, or lost by a converter. Then no paragraph ends in one."""
    marks, glyphs = ((view.classes & kind) > 0 for kind in (ch.STOP | ch.COMMA, ch.HAN | ch.KANA))
    return int(glyphs.sum()) >= _ENOUGH and int(marks.sum()) < _FEWEST_MARKS * int(glyphs.sum())


def _is_heading(view: View, start: int) -> bool:
    """Whether a converter marked what begins at this offset of the view as a heading (``## **...**``)."""
    before = view.source.text[max(0, int(view.origin[start]) - _MARKUP) : int(view.origin[start])]
    return before.rstrip("* ").endswith("#")


def _at_edges(
    view: View, found: Paragraphs, losses: Losses | None, kind: str, extent: Gap
) -> Iterator[Draft]:
    """Marks where paragraphs break off, and before those that begin in the middle of a sentence."""
    # layout models lose lines; a converter that reads a whole page, row by row or line by line, does not
    likely = _LIKELY + (_WHOLE_PAGE if kind != BLOCKS else 0.0)
    tables = weights()
    for where, features, marked, offset in (
        ("end", end_features(found), found.marked_end, found.end),
        ("head", head_features(found), found.marked_head, found.start),
    ):
        end = where == "end"
        table = tables[f"gap_{where}"]
        odds = np.full(len(found), table["bias"])
        for name, value in features:
            odds += table.get(name, 0.0) * value
        need = np.full(len(found), likely)
        if losses is not None:
            # the network that has seen the lines knows better
            at, judged = (losses.last + 1, losses.behind) if end else (losses.first, losses.before)
            apart = np.flatnonzero(~losses.within)
            which, known = find(at[apart], found.end if end else found.start)
            odds[known] = judged[apart[which[known]]]
            need = np.where(known, _LIKELY + _unlearned(kind), need)
        thinkable = np.flatnonzero((odds > need + _THINKABLE) & ~marked)
        for k in np.setdiff1d(thinkable, list(stumps(found.texts, thinkable, end))).tolist():
            if len(found.texts[k]) <= _LONGEST_HEADING and _is_heading(view, int(found.start[k])):
                continue
            evidence = {
                "log_odds": round(float(odds[k]), 2),
                "ends_with" if end else "begins_with": found.texts[k][-8:] if end else found.texts[k][:8],
                "printed_lines": int(found.lines[k]),
            }
            if found.spare[k] != UNKNOWN and end:
                evidence["last_line_short_by_ems"] = round(float(found.spare[k]), 1)
            at_character = int(offset[k])
            while end and at_character > 0 and view.text[at_character - 1].isspace():
                at_character -= 1
            message = _BREAKS_OFF if end else _BEGINS_INSIDE
            yield _mark(at_character, extent, end, message, float(odds[k]), float(need[k]), evidence)


def _inside(
    view: View, losses: Losses, inside: NDArray[np.float64], kind: str, extent: Gap
) -> Iterator[Draft]:
    """Marks between two lines of a paragraph, by the log-odds that text was lost there."""
    least = LIKELY_INSIDE + _unlearned(kind)
    for k in np.flatnonzero(losses.within & (inside > least + _THINKABLE)).tolist():
        a, b = int(losses.last[k]), int(losses.first[k])
        evidence = {
            "log_odds": round(float(inside[k]), 2),
            "ends_with": view.text[max(0, a - 7) : a + 1],
            "begins_with": view.text[b : b + 8],
        }
        yield _mark(a + 1, extent, True, _APART, float(inside[k]), least, evidence)


def _unlearned(kind: str) -> float:
    """More evidence to be asked of the networks, which know dumps of other kinds."""
    return _WHOLE_PAGE if kind == HEIGHTS else 0.0


def _mark(
    at: int, extent: Gap, after: bool, message: str, odds: float, need: float, evidence: dict[str, Any]
) -> Draft:
    """A gap mark as a correction, the more certain the further the odds are beyond what is needed."""
    level = Certainty.HIGH if odds > need + _SURE else Certainty.MEDIUM if odds > need else Certainty.LOW
    chance = float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))
    return Draft((Insert(at, extent, after=after),), message, level, chance, evidence)
