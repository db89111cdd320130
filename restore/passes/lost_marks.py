"""Pass ``lost_marks``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Draft, Edit, Insert, Replace
from restore.language.marks import MARKS, mark_scores
from restore.language.scripts import detect_script
from restore.order.losses import LIKELY_INSIDE, known_losses, marks_between
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SCRIPTS = ("hans", "hant", "none")
_LEAST = 0.0  # nats by which the text must read better with the mark than without it
_PHRASE = range(3, 7)  # characters of each of several phrases alike
_ALIKE = 6.0  # nats that several phrases alike speak for a mark between them
_LETTERS = ch.HAN | ch.KANA
_SENTENCE = 20  # characters from which on a line with marks is running text
_HEAD = 6  # characters at the head of a line, as of a place and an agency, behind which a space was printed
_FEW_SPACES = 6  # characters for each space of a line in which spaces say something
_CLEAR = 3.0  # nats by which a sentence must read better with a mark where one space stands; where there are more, any
_NOTHING = "(nothing)"
_SPACE = 0x20


@repair_pass(after=["printed_lines", "join_lines"])
def lost_marks(view: View, tools: Tools) -> Iterator[Draft]:
    """Spaces that stand where a mark was printed.

    Repairs: a space between two Han characters inside a printed line, which the measure shows to be a whole em wide, was a
    mark; 、 or ， is supplied, whichever reads better.
    Why it happens: a converter does not know the glyph of a mark in the font at hand, and leaves its place empty.
    Example: ``为群众做好事 办实事 解难事`` becomes ``为群众做好事、办实事、解难事``.
    When it is wrong: between names or the parts of a headline, which are parted by a printed space. A single such space
    is only shown (low certainty); two or more in one line are an enumeration. Three phrases of one length with one last
    character, parted by spaces in one line of the dump, are an enumeration whatever the measure is; in a line without any mark,
    which may be a headline, they are only shown. So is a space inside a sentence that reads much better with a mark there.
    Where two lines that only a space parts do not go together, but read on with a mark between them, the mark was lost and
    not a line.
    """
    if tools.memo.get("read_across"):
        return
    taken: set[int] = set()
    for found in (_between_lines, _phrases_alike, _by_measure, _in_sentences):
        for at, draft in found(view, tools):
            if at not in taken:
                taken.add(at)
                yield draft


Found = Iterator[tuple[int, Draft]]


def _between_lines(view: View, tools: Tools) -> Found:
    """Marks lost between two lines that do not go together without one."""
    losses = known_losses(view, tools.memo)
    if losses is None:
        return
    at, _, _ = marks_between(losses, view, tools.language.model)
    known = tools.memo.get("lost_marks")
    if known is not None:  # of these the measure tells
        at = at[~np.isin(view.origin[losses.last[at]], known)]
    level = np.where(losses.inside[at] > LIKELY_INSIDE, Certainty.MEDIUM, Certainty.LOW)
    message = "a mark was printed between these lines; without it they do not go together"
    yield from _drafts(view, tools, losses.last[at] + 1, losses.first[at], message, level)


def _phrases_alike(view: View, tools: Tools) -> Found:
    """Marks lost between phrases alike; a line without any mark may be a headline, which prints spaces."""
    start, end = parallel_phrases(view)
    if not len(start):
        return
    marked = _marked_lines(view)[view.breaks.searchsorted(start)]
    level = np.where(marked | (end == start), Certainty.MEDIUM, Certainty.LOW)
    message = "phrases of one length with one ending, parted by spaces: a mark was printed between them"
    yield from _drafts(view, tools, start, end, message, level, _ALIKE, only=MARKS[:1])


def _by_measure(view: View, tools: Tools) -> Found:
    """Marks of which the measure tells that they were lost."""
    known = tools.memo.get("lost_marks")
    if known is None or not len(known):
        return
    start, end = _kept_spaces(view)
    use = np.isin(view.origin[start - 1], known)
    start, end = start[use], end[use]
    if not len(start):
        return
    scores = mark_scores(tools.language.model, view.text, start, end)
    nats = scores[:, 1:].max(axis=1) - scores[:, 0]
    row = view.breaks.searchsorted(start)
    several = (
        np.array([np.sum((row == r) & (np.abs(start - s) < 40)) for r, s in zip(row, start, strict=True)]) > 1
    )
    level = np.where(several & (nats > _LEAST), Certainty.MEDIUM, Certainty.LOW)
    yield from _drafts(view, tools, start, end, "a mark was printed where the space stands", level)


def _in_sentences(view: View, tools: Tools) -> Found:
    """Single spaces inside sentences that read much better with a mark; where the space came from is not known."""
    if detect_script(view.text) not in _SCRIPTS:
        return
    start, end = _kept_spaces(view)
    single = (end - start == 1) & (view.codes[start] == _SPACE)
    start, end = start[single], end[single]
    if not len(start):
        return
    row = view.breaks.searchsorted(start)
    bounds = np.concatenate(([-1], view.breaks, [len(view)]))
    size, spaces = np.diff(bounds) - 1, np.bincount(row, minlength=len(bounds) - 1)
    running = _marked_lines(view) & (size >= np.maximum(_SENTENCE, _FEW_SPACES * spaces))
    use = running[row] & (start - bounds[row] > _HEAD)
    start, end = start[use], end[use]
    if not len(start):
        return
    scores = mark_scores(tools.language.model, view.text, start, end)
    nats = scores[:, 1:].max(axis=1) - scores[:, 0]
    # spaces between the same two marks are those of one enumeration, and judged together
    part = np.cumsum((view.classes & (ch.COMMA | ch.STOP | ch.NEWLINE)) > 0)[start]
    which = np.unique(part, return_inverse=True)[1]
    together = np.bincount(which, weights=nats)[which]
    several = (np.bincount(which)[which] > 1) & (together > _LEAST)
    for use, message in (
        (several, "spaces in what may be an enumeration, which reads better with marks"),
        (~several & (nats > _CLEAR), "the sentence reads better with a mark where this space stands"),
    ):
        level = np.full(int(use.sum()), Certainty.LOW)
        yield from _drafts(view, tools, start[use], end[use], message, level)


def _drafts(
    view: View,
    tools: Tools,
    start: Ints,
    end: Ints,
    message: str,
    level: NDArray[Any],
    worth: float = 0.0,
    only: tuple[str, ...] = MARKS,
) -> Found:
    """A mark for each stretch, and where it begins; ``worth``: nats that speak for one besides how the text reads."""
    scores = mark_scores(tools.language.model, view.text, start, end)[:, : 1 + len(only)]
    scores[:, 1:] += worth
    share = np.exp(scores - scores.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    readings = (_NOTHING, *only)
    for a, b, own, score, odds in zip(
        start.tolist(), end.tolist(), level.tolist(), scores, share, strict=True
    ):
        best = 1 + int(score[1:].argmax())
        edit: Edit = Replace(Span(a, b), readings[best]) if b > a else Insert(a, readings[best], after=True)
        ranked = np.argsort(-odds, kind="stable").tolist()
        evidence = {
            "context": view.text[max(0, a - 6) : b + 6].replace("\n", "⏎"),
            "alternatives": {readings[k]: round(float(odds[k]), 4) for k in ranked},
            "language_nats": round(float(score[best] - worth - score[0]), 2),
        }
        chance = float(1 / (1 + np.exp(-np.clip(score[best] - score[0], -20, 20))))
        yield a, Draft((edit,), message, Certainty(own), chance, evidence)


def _kept_spaces(view: View) -> tuple[Ints, Ints]:
    """White space between two letters of the script that stands in the view."""
    classes = view.classes
    space = (classes & ch.SPACE) > 0
    edge = np.diff(np.concatenate(([0], space.astype(np.int8), [0])))
    start, end = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    inside = (start > 0) & (end < len(view))
    start, end = start[inside], end[inside]
    between = ((classes[start - 1] & _LETTERS) > 0) & ((classes[end] & _LETTERS) > 0)
    return start[between], end[between]


def _marked_lines(view: View) -> Bools:
    """Whether each line has a comma or a full stop, shape ``(lines,)``."""
    out = np.zeros(len(view.breaks) + 1, dtype=np.bool_)
    marks = np.flatnonzero((view.classes & (ch.COMMA | ch.STOP)) > 0)
    out[view.breaks.searchsorted(marks)] = True
    return out


def parallel_phrases(view: View) -> tuple[Ints, Ints]:
    """Stretches between phrases of one length and one last character that only spaces of the dump parted (办实事 解难事).

    Where the space is still there the stretch is the space, where it was taken out it is empty. A place counts when the
    phrases on both sides of another such place in the same line are of the same kind, so that there are three at least;
    shapes ``(n,)``.
    """
    none = np.empty(0, dtype=np.int64)
    at = np.flatnonzero(view.codes != _SPACE)
    n = len(at)
    if n < 3 * _PHRASE.start:
        return none, none
    han, codes, origin = (view.classes[at] & ch.HAN) > 0, view.codes[at], view.origin[at]
    source = view.source.codes
    parted = han[:-1] & han[1:] & (np.diff(origin) == 2) & (np.diff(at) <= 2)
    parted &= source[np.minimum(origin[:-1] + 1, len(source) - 1)] == _SPACE
    seams: Ints = np.flatnonzero(parted) + 1
    # where the run of ideographs behind each seam ends, at the next seam or space at the latest
    apart = np.diff(at, append=len(view) + 1) > 1
    stops = np.sort(np.concatenate((np.flatnonzero(~han), np.flatnonzero(apart) + 1, [n])))
    ends = np.minimum(stops[np.searchsorted(stops, seams, side="right")], np.append(seams[1:], n))
    size = ends - seams
    phrase = (size >= _PHRASE.start) & (size < _PHRASE.stop) & (seams >= size)
    seams, ends, size = seams[phrase], ends[phrase], size[phrase]
    before = np.concatenate(([0], np.cumsum(han)))
    alike = (before[seams] - before[seams - size] == size) & (codes[seams - 1] == codes[ends - 1])
    seams, ends, size = seams[alike], ends[alike], size[alike]
    if len(seams) < 2:
        return none, none
    follows = (seams[1:] == ends[:-1]) & (size[1:] == size[:-1])
    seams = seams[np.append(follows, False) | np.append(False, follows)]
    return at[seams - 1] + 1, at[seams]
