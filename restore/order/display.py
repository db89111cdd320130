"""Lines that stand by themselves: kickers, headlines and subheads over each other, and bylines.

Nothing of a paragraph is in them: they end in mid-air, have any width, and what stands below is often about the same, so a
line that continues its predecessor and one that was set under it look much alike. What tells is that they stand between
two paragraphs, and that the one does not read on in the other.
"""

from __future__ import annotations

import numpy as np
import regex
from numpy.typing import NDArray

from restore.language.names import byline_words, is_surnamed
from restore.layout.segments import Segments
from restore.order.evidence import PARTIAL, Evidence

__all__ = ["HALVES", "byline_edges", "lines_apart"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_TITLE = regex.compile(
    rf"(?P<box>{byline_words('box')})?(?P<paper>{byline_words('paper', 'rank')}+)?"
    rf"\p{{Han}}{{0,3}}{byline_words('reporter', 'commentator')}"
)
_NAME = regex.compile(r"\p{Han}{2,4}")
_PART = regex.compile(r"\p{Han}{1,5}")  # of a byline: a name, or a title
_NEAR = 2  # columns of space between the names of a byline, and the halves of a headline
_NO_BYLINE_BEFORE = "、，,（(：:《“电電讯訊"  # what a title stands behind inside a sentence
_OF_PICTURES = "摄攝"  # what a credit ends with
_NO_BYLINE_BEHIND = "、，,）)。：:；;摄攝报報文图圖"  # and what names stand before there
_MOSTLY = 0.4  # share of lines behind which a paragraph ends, from which the page is no page of paragraphs
_GROUP = 3  # lines over a paragraph that are looked at together
_MARKS = frozenset("。！？!?…；;：:，,、")
_NO_HEAD = "的了们們着"  # particles, which begin no headline
_DATE = regex.compile(r"\d[日号號]$")  # of the page
# nats from which a line may be the other half of the one above, by the character model and by the cross-encoder
_CONTINUES, _GOES_ON = 2.0, -1.8
_LEAST = -4.0  # log-odds of a new paragraph below which the lines are one
HALVES = 2.5
"""Ems by which the halves of a headline on one physical line may differ."""
_ALIKE = 0.3  # the same on two lines
_FIRST_LINE = (1.3, 2.7)  # ems by which the first line of a paragraph falls short of the next
_NARROW, _NARROWEST = 3.0, 2.0  # ems of a line, and of what stands below


def byline_edges(segments: Segments, evidence: Evidence) -> tuple[Bools, Bools]:
    """Boundaries where a byline that stands by itself begins or ends, and those inside one; both of shape ``(n - 1,)``.

    A title, with a box or the paper's name before it or at the beginning of a physical line, and the names behind it.
    """
    out = np.zeros(max(0, len(segments) - 1), dtype=np.bool_)
    inside = np.zeros_like(out)
    texts = segments.texts
    near = ((segments.newlines[:-1] == 0) & (segments.gap[1:] <= _NEAR)).tolist()
    behind_byline = -1  # the segment behind the last byline
    for k, text in enumerate(texts):
        if k < behind_byline or (found := _TITLE.match(text)) is None:
            continue
        boxed = found["box"] is not None
        if not boxed and found["paper"] is None and segments.place[k] > 0:
            continue
        stop = _behind_names(texts, near, k, found.end())
        if stop is None:
            continue
        if not boxed and stop < len(texts) and texts[stop][0] in _NO_BYLINE_BEHIND:
            continue
        solid = segments.end[k] - segments.start[k] == len(text)
        if stop == k + 1 and solid and not boxed and evidence.form[k] != PARTIAL:
            continue  # what a paragraph begins with, in a narrow column
        joined = k == behind_byline and not boxed  # reporters of the same report
        if not boxed and not joined and k and texts[k - 1][-1] in _NO_BYLINE_BEFORE:
            continue  # who says so, inside a sentence
        behind_byline = stop
        inside[k : stop - 1] = True
        if k:
            out[k - 1], inside[k - 1] = not joined, joined
        if stop < len(texts):
            out[stop - 1] = True
    return out, inside


def _behind_names(texts: list[str], near: list[bool], k: int, begin: int) -> int | None:
    """The segment behind the names of a byline whose title ends ``texts[k]`` at ``begin``; None where there are none.

    Args:
        near: whether the next segment stands close behind each, on the same physical line.
    """
    rest = texts[k][begin:]
    if rest and not _is_name(rest):
        return None
    stop = k + 1
    while stop < len(texts) and near[stop - 1] and _is_name(texts[stop]):
        stop += 1
    if not rest and stop == k + 1:
        return None
    while stop < len(texts) and near[stop - 1] and _PART.fullmatch(texts[stop]):
        if texts[stop][0] in _NO_BYLINE_BEHIND or texts[stop][-1] in _OF_PICTURES:
            return None
        stop += 1  # pen names, and the titles of others
    return stop


def _is_name(text: str) -> bool:
    if _NAME.fullmatch(text) is None or text[-1] in _OF_PICTURES:
        return False
    return is_surnamed(text)


def lines_apart(
    segments: Segments, evidence: Evidence, parted: Bools, continues: Floats, goes_on: Floats, odds: Floats
) -> Bools:
    """Boundaries between lines over a paragraph that were set under each other, shape ``(n - 1,)``.

    Args:
        parted: where a new paragraph begins.
        continues, goes_on: how well each line reads on in the next, in nats, by the character model and by the
            cross-encoder.
        odds: log-odds of a new paragraph.
    """
    n = len(segments)
    out = np.zeros(max(0, n - 1), dtype=np.bool_)
    if n < 2 or parted.mean() > _MOSTLY:
        return out
    texts, width, furniture = segments.texts, segments.width, segments.furniture
    wider = np.diff(width)
    may = ~parted & (continues < _CONTINUES) & (goes_on < _GOES_ON) & (odds > _LEAST)
    beside = (segments.newlines[:-1] == 0) & (segments.gap[1:] <= _NEAR)
    alone = segments.row_size == 1
    may &= beside | (alone[:-1] & alone[1:])  # else the width is that of a part
    may &= np.abs(wider) > np.where(beside, HALVES, _ALIKE)
    may &= (width[:-1] >= _NARROW) & (width[1:] >= _NARROWEST)
    may &= ~np.asarray(evidence.not_first[:-1] | evidence.not_first[1:], dtype=np.bool_)
    cut = np.asarray((evidence.unclosed | evidence.unopened).any(axis=1), dtype=np.bool_)
    may &= ~(cut[:-1] | cut[1:])
    indented = (wider > _FIRST_LINE[0]) & (wider < _FIRST_LINE[1])
    may &= (evidence.form[:-1] == PARTIAL) | ~indented
    may &= ~furniture[:-1]
    ends = np.append(np.flatnonzero(parted) + 1, n)
    begins = np.append(0, ends[:-1])
    size = np.repeat(ends - begins, ends - begins)[:-1]
    for k in np.flatnonzero(may & (size <= _GROUP)).tolist():
        group = int(np.searchsorted(ends, k, side="right"))
        lines = texts[int(begins[group]) : int(ends[group])]
        if any(line[-1] in _MARKS for line in lines):
            continue
        if len(lines) > 2 and any(_MARKS.intersection(line) for line in lines):
            continue
        if any("。" in line for line in lines) or texts[k + 1][0] in _NO_HEAD or _DATE.search(texts[k]):
            continue
        title = _TITLE.search(texts[k])
        out[k] = not (title and title.end() == len(texts[k]))
    return out
