"""Pass ``lost_marks``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Batch, Certainty
from restore.language.marks import MARKS, best_marks
from restore.order.losses import LIKELY_INSIDE, known_losses, marks_between
from restore.pipeline import Tools, repair_pass
from restore.view import View

_LEAST = 0.0  # nats by which the text must read better with the mark than without it
_PHRASE = range(3, 7)  # characters of each of several phrases alike
_SPACE = 0x20


@repair_pass(after=["printed_lines", "join_lines"])
def lost_marks(view: View, tools: Tools) -> Iterator[Batch]:
    """Spaces that stand where a mark was printed.

    Repairs: a space between two Han characters inside a printed line, which the measure shows to be a whole em wide, was a
    mark; 、 or ， is supplied, whichever reads better.
    Why it happens: a converter does not know the glyph of a mark in the font at hand, and leaves its place empty.
    Example: ``为群众做好事 办实事 解难事`` becomes ``为群众做好事、办实事、解难事``.
    When it is wrong: between names or the parts of a headline, which are parted by a printed space. A single such space
    is only shown (low certainty); two or more in one line are an enumeration. Three phrases of one length with one last
    character, parted by spaces in one line of the dump, are an enumeration whatever the measure is. Where two lines that only
    a space parts do not go together, but read on with a mark between them, the mark was lost and not a line.
    """
    if tools.memo.get("read_across"):
        return
    yield from _between_lines(view, tools)
    alike = parallel_phrases(view)
    if len(alike):
        yield Batch(
            alike,
            alike,
            1,
            ("", MARKS[0]),
            ("phrases of one length with one ending, parted by spaces: a mark was printed between them",),
            0,
            Certainty.MEDIUM,
        )
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
    best, nats = best_marks(tools.language.model, view.text, start, end)
    row = np.searchsorted(view.breaks, start)
    several = (
        np.array([np.sum((row == r) & (np.abs(start - s) < 40)) for r, s in zip(row, start, strict=True)]) > 1
    )
    certainty = np.where(several & (nats > _LEAST), Certainty.MEDIUM, Certainty.LOW).astype(np.int8)
    yield Batch(
        start,
        end,
        best + 1,
        ("", *MARKS),
        ("a mark was printed where the space stands",),
        0,
        certainty,
        (1 / (1 + np.exp(-np.clip(nats, -20, 20)))).astype(np.float32),
    )


def _between_lines(view: View, tools: Tools) -> Iterator[Batch]:
    """Marks lost between two lines that do not go together without one."""
    losses = known_losses(view, tools.memo)
    if losses is None:
        return
    at, best, nats = marks_between(losses, view, tools.language.model)
    known = tools.memo.get("lost_marks")
    if known is not None:  # of these the measure tells
        other = ~np.isin(view.origin[losses.last[at]], known)
        at, best, nats = at[other], best[other], nats[other]
    if not len(at):
        return
    yield Batch(
        losses.last[at] + 1,
        losses.first[at],
        best + 1,
        ("", *MARKS),
        ("a mark was printed between these lines; without it they do not go together",),
        0,
        np.where(losses.inside[at] > LIKELY_INSIDE, Certainty.MEDIUM, Certainty.LOW).astype(np.int8),
        (1 / (1 + np.exp(-np.clip(nats, -20, 20)))).astype(np.float32),
    )


def parallel_phrases(view: View) -> NDArray[np.int64]:
    """Places between phrases of one length and one last character that only spaces of the dump parted (办实事 解难事).

    A place counts when the phrases on both sides of another such place in the same line are of the same kind, so that there
    are three at least; shape ``(n,)``.
    """
    n = len(view)
    if n < 3 * _PHRASE.start:
        return np.empty(0, dtype=np.int64)
    han = (view.classes & ch.HAN) > 0
    origin, source = view.origin, view.source.codes
    parted = han[:-1] & han[1:] & (np.diff(origin) == 2)
    parted &= source[np.minimum(origin[:-1] + 1, len(source) - 1)] == _SPACE
    seams: NDArray[np.int64] = np.flatnonzero(parted) + 1
    # where the run of ideographs behind each seam ends, at the next seam at the latest
    stops = np.append(np.flatnonzero(~han), n)
    ends = np.minimum(stops[np.searchsorted(stops, seams)], np.append(seams[1:], n))
    size = ends - seams
    phrase = (size >= _PHRASE.start) & (size < _PHRASE.stop) & (seams >= size)
    seams, ends, size = seams[phrase], ends[phrase], size[phrase]
    before = np.concatenate(([0], np.cumsum(han)))
    alike = (before[seams] - before[seams - size] == size) & (view.codes[seams - 1] == view.codes[ends - 1])
    seams, ends, size = seams[alike], ends[alike], size[alike]
    if len(seams) < 2:
        return np.empty(0, dtype=np.int64)
    follows = (seams[1:] == ends[:-1]) & (size[1:] == size[:-1])
    found: NDArray[np.int64] = seams[np.append(follows, False) | np.append(False, follows)]
    return found
