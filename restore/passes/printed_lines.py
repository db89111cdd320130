"""Pass ``printed_lines``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from restore import characters as ch
from restore.correction import Batch, Certainty
from restore.layout.segments import printed_lines as has_printed_lines
from restore.layout.segments import segments_of
from restore.layout.tables import blank_in_tables
from restore.order.abreast import abreast_cuts, set_apart
from restore.pipeline import Tools, repair_pass
from restore.view import View

_MESSAGES = (
    "a space inside a printed line, by the measure: behind a mark",
    "a space inside a printed line whose characters all stand apart",
    "the gutter between two columns: the line reads on downwards, not across",
)
_SHORT = 6  # characters, blanks among them, of a line whose few blanks say as much as many
_GUTTER = "   "  # as wide as no space inside a line


@repair_pass(after=["encoding", "markup", "duplicates"])
def printed_lines(view: View, tools: Tools) -> Iterator[Batch]:
    """Spaces that look like line ends and are none.

    Repairs: tells by the measure (the width of the column in ems) which spaces and newlines of a block were printed line
    ends; those that stand inside a printed line, behind a mark or between all its characters, are taken out. Line ends
    themselves stay for ``join_lines``. Where all characters stand apart, the space between two columns on one line, across
    which neither reads on, is made wide.
    Why it happens: converters set a space wherever glyphs stand apart: behind half-width marks, in justified lines.
    Example: in a column of 19 ems ``市委、市政府的大力支持下, 以深化长廊建设为`` is one printed line, not two.
    When it is wrong: where a column is so narrow that half a line and a whole one cannot be told apart.
    """
    if not (view.classes & ch.CJK).any() or tools.read_across(view):
        return
    segments = segments_of(view)
    if not has_printed_lines(segments):
        return
    classes = view.classes
    space = (classes & ch.SPACE) > 0
    within = np.zeros(len(view) + 1, dtype=np.int64)
    np.add.at(within, segments.start, 1)
    np.add.at(within, segments.end, -1)
    inside = space & (np.cumsum(within)[:-1] > 0) & ~blank_in_tables(view)
    if not inside.any():
        return
    edge = np.diff(np.concatenate(([0], inside.astype(np.int8), [0])))
    start, end = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    left, right = classes[start - 1], classes[np.minimum(end, len(view) - 1)]
    owner = np.searchsorted(segments.start, start, side="right") - 1
    size = (segments.end - segments.start)[owner]
    count = np.bincount(owner, minlength=len(segments))[owner]
    # where the characters of a page stand apart, so do those of its few lines with whole words in them
    tools.memo["set_apart"] = set_apart(segments)
    spaced = (count >= 3) & (2.6 * (count + 1) > size - count)
    # and those of its shortest lines
    spaced |= tools.memo["set_apart"] & (size <= _SHORT)
    letters = ch.HAN | ch.KANA
    solid = letters | ch.FULL | ch.COMMA | ch.DIGIT
    apart = spaced & ((left & solid) > 0) & ((right & solid) > 0) & ~(((left & right) & ch.DIGIT) > 0)
    mark = ((left & (ch.COMMA | ch.STOP)) > 0) & ((right & (letters | ch.FULL)) > 0)
    lost = ((left & letters) > 0) & ((right & letters) > 0) & ~spaced
    tools.memo["lost_marks"] = view.origin[start[lost] - 1]
    gutter = np.zeros(len(start), dtype=np.bool_)
    if tools.memo["set_apart"]:
        found = abreast_cuts(segments, tools.language.model).values()
        cuts = np.array([at for places in found for at in places], dtype=np.int64)
        gutter = np.isin(end, cuts)
    take = apart | mark | gutter
    if take.any():
        message = np.where(gutter, 2, np.where(apart, 1, 0))
        certainty = np.where(gutter, Certainty.MEDIUM, Certainty.HIGH).astype(np.int8)
        yield Batch(
            start[take],
            end[take],
            np.where(gutter, 1, 0)[take],
            ("", _GUTTER),
            _MESSAGES,
            message[take],
            certainty[take],
        )
