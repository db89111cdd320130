"""Pass ``lost_marks``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from restore import characters as ch
from restore.correction import Batch, Certainty
from restore.pipeline import Tools, repair_pass
from restore.view import View

_CHOICES = ("、", "，")
_SIDE = 4  # characters of context on each side
_LEAST = 0.0  # nats by which the text must read better with the mark than without it


@repair_pass(after=["printed_lines", "join_lines"])
def lost_marks(view: View, tools: Tools) -> Iterator[Batch]:
    """Spaces that stand where a mark was printed.

    Repairs: a space between two Han characters inside a printed line, which the measure shows to be a whole em wide, was a
    mark; 、 or ， is supplied, whichever reads better.
    Why it happens: a converter does not know the glyph of a mark in the font at hand, and leaves its place empty.
    Example: ``为群众做好事 办实事 解难事`` becomes ``为群众做好事、办实事、解难事``.
    When it is wrong: between names or the parts of a headline, which are parted by a printed space. A single such space
    is only shown (low certainty); two or more in one line are an enumeration.
    """
    if tools.memo.get("read_across"):
        return
    known = tools.memo.get("lost_marks")
    if known is None or not len(known):
        return
    classes = view.classes
    letters = ch.HAN | ch.KANA
    space = (classes & ch.SPACE) > 0
    edge = np.diff(np.concatenate(([0], space.astype(np.int8), [0])))
    start, end = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    inside = (start > 0) & (end < len(view))
    start, end = start[inside], end[inside]
    use = np.isin(view.origin[start - 1], known)
    use &= ((classes[start - 1] & letters) > 0) & ((classes[end] & letters) > 0)
    start, end = start[use], end[use]
    if not len(start):
        return
    model = tools.language.model
    text = view.text
    best, gain = [], []
    for a, b in zip(start.tolist(), end.tolist(), strict=True):
        left, right = text[max(0, a - _SIDE) : a], text[b : b + _SIDE]
        scores = [float(np.sum(model.logp(model.encode(left + mark + right)))) for mark in ("", *_CHOICES)]
        k = int(np.argmax(scores[1:]))
        best.append(k + 1)
        gain.append(scores[k + 1] - scores[0])
    nats = np.array(gain)
    row = np.searchsorted(view.breaks, start)
    several = (
        np.array([np.sum((row == r) & (np.abs(start - s) < 40)) for r, s in zip(row, start, strict=True)]) > 1
    )
    certainty = np.where(several & (nats > _LEAST), Certainty.MEDIUM, Certainty.LOW).astype(np.int8)
    yield Batch(
        start,
        end,
        np.array(best),
        ("", *_CHOICES),
        ("a mark was printed where the space stands",),
        0,
        certainty,
        (1 / (1 + np.exp(-np.clip(nats, -20, 20)))).astype(np.float32),
    )
