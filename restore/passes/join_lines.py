"""Pass ``join_lines``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Batch
from restore.language.names import credits_of
from restore.layout.ends import line_ends
from restore.layout.korean import korean_line_ends
from restore.layout.tokens import tokens_of
from restore.pipeline import Tools, repair_pass
from restore.view import View

_WIDE = ch.HAN | ch.KANA | ch.FULL

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Classes = NDArray[np.uint16]

_MESSAGES = (
    "line end: no space between CJK characters",
    "line end between Latin words",
    "word hyphenated at a line end",
    "line end between the names of a credit",
)
_TEXTS = ("", " ", "\u3000")
_NAMES = 3  # of the messages
_AS_IT_IS = -1


@repair_pass(after=["encoding", "markup", "printed_lines", "reading_order", "paragraphs"])
def join_lines(view: View, tools: Tools) -> Iterator[Batch]:
    """Printed line ends that became spaces or newlines.

    Repairs: the space or newline at the end of each printed line is taken out where the script has no spaces (CSS Text 3,
    segment break transformation: Chinese and Japanese yes, Korean no); between Latin words it becomes one space, and a
    word hyphenated at the line end is put together. Between the two names in the brackets that close a report it is the
    space that parts them.
    Why it happens: a converter writes every line of type as a line or sets a space where it ended.
    Example: ``新修的灌溉渠从水库 一直通到村口`` becomes ``新修的灌溉渠从水库一直通到村口``.
    When it is wrong: in verse, lists and tables, which end their lines on purpose; they are told by the marks at their
    line ends and by widths that have nothing in common.
    """
    if tools.memo.get("read_across"):
        return
    judged = tools.memo.get("paragraphs")
    if judged is None:
        ends = line_ends(view)
        tokens, join = ends.tokens, ends.join
        tools.memo["tables"] = bool(ends.tables.any())
    else:  # the paragraphs pass has told line ends from paragraph ends
        tokens = tokens_of(view)
        join = np.isin(view.origin[tokens.end - 1], judged) & (tokens.newlines < 2)
        join[-1:] = False
    korean_ends = korean_line_ends(view, tokens)
    join = join | korean_ends.join
    if korean_ends.cuts:
        tools.memo["korean_seams"] = view.origin[tokens.end[korean_ends.join.nonzero()[0]] - 1]
    at = join.nonzero()[0]
    if not len(at):
        return
    start, end = tokens.end[at], tokens.start[at + 1]
    left, right = view.classes[start - 1], view.classes[end]
    between = _between_names(view, start, end)
    either = left | right
    if not between.any() and not (((either & ch.HANGUL) > 0) | ((either & _WIDE) == 0)).any():
        yield Batch(start, end, 0, _TEXTS, _MESSAGES)  # all stand beside a script without spaces
        return
    keep, hyphen = _spaced(view, start, left, right)
    codes = view.codes
    nothing = keep & ~hyphen & (end - start == 1) & (codes[start] == 32)
    nothing |= between == _AS_IT_IS
    take = ~nothing
    first = np.where(hyphen, start - 1, start)
    text = np.where(keep & ~hyphen, 1, 0)
    message = np.where(between > 0, _NAMES, np.where(hyphen, 2, text))
    text = np.where(between > 0, between, text)
    if take.any():
        yield Batch(first[take], end[take], text[take], _TEXTS, _MESSAGES, message[take])


def _between_names(view: View, start: Ints, end: Ints) -> Ints:
    """What becomes of line ends between the names of a credit: a number of `_TEXTS`, or `_AS_IT_IS`; 0 elsewhere.

    Shape ``(n,)``. A wide space that stands there beside the line end becomes an ideographic one.
    """
    out = np.zeros(len(start), dtype=np.int64)
    if not _in_brackets(view, start):
        return out
    text = view.text
    for gap, _ in credits_of(text):
        at = int(start.searchsorted(gap.start))
        if at < len(start) and start[at] == gap.start and end[at] == gap.end:
            white = text[gap.start : gap.end]
            out[at] = _AS_IT_IS if "\n" not in white else 1 if set(white) <= {" ", "\n"} else 2
    return out


def _in_brackets(view: View, start: Ints) -> bool:
    """Whether a line ends between an opening bracket and the next closing one, as between the names of a credit."""
    codes = view.codes
    opening = ((codes == 0x28) | (codes == 0xFF08)).nonzero()[0]
    if not len(opening):
        return False
    closing = ((codes == 0x29) | (codes == 0xFF09)).nonzero()[0]
    nth = closing.searchsorted(opening)
    pairs = nth < len(closing)
    ends = start.searchsorted(closing[nth[pairs]]) > start.searchsorted(opening[pairs])
    return bool(ends.any())


def _spaced(view: View, start: Ints, left: Classes, right: Classes) -> tuple[Bools, Bools]:
    """Line ends between words that are parted by a space, and those that cut a word at a hyphen, both of shape ``(n,)``.

    Args:
        start: where the line ends.
        left, right: classes of what stands before and behind.
    """
    korean = ((left & ch.HANGUL) > 0) & ((right & (ch.HANGUL | ch.LATIN | ch.DIGIT)) > 0)
    behind = ch.HANGUL | ch.LATIN | ch.DIGIT | ch.COMMA | ch.STOP | ch.CLOSE
    korean |= ((right & ch.HANGUL) > 0) & (((left & behind) > 0) | (view.codes[start - 1] == 0x2E))
    korean |= ((left & ch.HANGUL) > 0) & ((right & ch.OPEN) > 0)
    latin = ((left | right) & _WIDE) == 0
    words = (
        latin
        & ((left & (ch.LATIN | ch.COMMA | ch.STOP | ch.CLOSE)) > 0)
        & ((right & (ch.LATIN | ch.OPEN)) > 0)
    )
    words |= latin & ((left & ch.LATIN) > 0) & ((right & ch.DIGIT) > 0)
    hyphen = words | (latin & ((right & ch.LATIN) > 0))
    hyphen &= (view.codes[start - 1] == 0x2D) & ((view.classes[np.maximum(start - 2, 0)] & ch.LATIN) > 0)
    return words | korean, hyphen
