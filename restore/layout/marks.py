"""What the marks of a text were in print: which ASCII marks stand for full-width ones, which way quotes point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.quotes import code_lines, direct_quotes
from restore.view import View

__all__ = ["FULL_WIDTH", "Marks", "folded_marks", "judge"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FULL_WIDTH = {",": "，", ":": "：", ";": "；", "?": "？", "!": "！", "(": "（", ")": "）"}
_SIMPLE, _OPENING, _CLOSING, _SEE_THROUGH = 1, 2, 4, 8
_ROLE = np.zeros(1 << 16, dtype=np.uint8)
_ROLE[[ord(c) for c in ",:;?!"]] = _SIMPLE
_ROLE[ord("(")] = _OPENING
_ROLE[ord(")")] = _CLOSING
# judged by what stands beyond them, whether they have been made full already or not
for _c in ",:;?!()，：；？！（）\"'“”‘’%+":
    _ROLE[ord(_c)] |= _SEE_THROUGH
_CJK = ch.HAN | ch.KANA
#: Classes of “, ”, ‘ and ’.
_AS_QUOTES = np.array([ch.OPEN, ch.CLOSE] * 2) | ch.PUNCT | ch.FULL | ch.WIDE


@dataclass(frozen=True)
class Marks:
    """What the marks of a text were in print.

    Attributes:
        view: the text.
        folded: positions of ASCII marks that were full-width ones.
        quotes, target, sure, straight: as :func:`restore.layout.quotes.direct_quotes` gives them.
    """

    view: View
    folded: Ints
    quotes: Ints
    target: Ints
    sure: Bools
    straight: Bools

    @cached_property
    def classes(self) -> NDArray[np.uint16]:
        """Classes of the text's characters as they were printed, shape ``(n,)``."""
        classes = self.view.classes.copy()
        classes[self.folded] |= ch.FULL | ch.WIDE
        classes[self.quotes[self.sure]] = _AS_QUOTES.take(self.target[self.sure])
        return classes

    def on(self, view: View) -> Marks:
        """The same on a later view; judged anew when more than white space is different there."""
        if view is self.view:
            return self
        old, new = (((v.classes & ch.BLANK) == 0).nonzero()[0] for v in (self.view, view))
        if not np.array_equal(self.view.codes.take(old), view.codes.take(new)):
            return judge(view)
        folded, quotes = (new.take(old.searchsorted(marks)) for marks in (self.folded, self.quotes))
        return Marks(view, folded, quotes, self.target, self.sure, self.straight)


def judge(view: View) -> Marks:
    """Judge the marks of a text."""
    return Marks(view, folded_marks(view), *direct_quotes(view))


def folded_marks(view: View) -> Ints:
    """Positions of ASCII marks ``, : ; ? ! ( )`` in CJK context, ascending.

    A mark is judged by the nearest character on each side that is neither space nor quote nor such a mark, so the answer
    is the same before and after spaces go and marks become full. Marks inside numbers, times and addresses, of Latin
    and of Korean text are left.
    """
    codes, classes, framed = view.codes, view.classes, view.framed
    roles = _ROLE.take(codes.take(view.marks), mode="clip")
    judged = (roles & (_SIMPLE | _OPENING | _CLOSING)) > 0
    at, role = view.marks[judged], roles[judged]
    if not len(at):
        return at
    n = len(codes)
    is_solid = (framed & ch.SPACE) == 0  # the edge behind the text is
    is_solid[view.marks[(roles & _SEE_THROUGH) > 0]] = False
    solid = is_solid.nonzero()[0]
    nth = solid.searchsorted(at)
    # nth - 1 is -1, the edge, before the first
    left, right = framed.take(solid.take(nth - 1, mode="wrap")), framed.take(solid.take(nth))
    evidence = _CJK | ch.FULL
    cjk_left, cjk_right = (left & evidence) > 0, (right & evidence) > 0

    before, after = framed.take(at - 1), framed.take(at + 1)
    word = ch.DIGIT | ch.LATIN
    inside = ((before & word) > 0) & ((after & word) > 0)  # a number, a time, a word
    address = (codes.take(at) == 0x3A) & (codes.take(at + 1, mode="clip") == 0x2F)
    korean = ((left & ch.HANGUL) > 0) & ((right & (ch.FULL | ch.HAN)) == 0)
    latin = ((left & ch.LATIN) > 0) & ((right & _CJK) == 0)
    full = (cjk_left | cjk_right) & ~(inside | address | korean | latin)
    line = view.breaks.searchsorted(at)
    code = code_lines(view).take(line)
    brackets = (role & _SIMPLE) == 0
    if brackets.any():
        k = brackets.nonzero()[0]
        letters = ((classes & _CJK) > 0).nonzero()[0]
        edges = (right[k] & ch.NEWLINE) > 0
        full[k] = _brackets(
            (role[k] & _OPENING) > 0,
            line[k],
            letters.searchsorted(at[k]),
            cjk_left[k],
            cjk_right[k] | edges,
            cjk_right[k],
            (before[k] & ch.LATIN) == 0,
            (codes[np.minimum(at[k] + 1, n - 1)] == 0x2E)
            & ((classes[np.minimum(at[k] + 2, n - 1)] & ch.LATIN) > 0),
        )
    return np.asarray(at[full & ~code])


def _brackets(
    opening: Bools,
    line: Ints,
    letters: Ints,
    left: Bools,
    beyond: Bools,
    right: Bools,
    free: Bools,
    name: Bools,
) -> Bools:
    """Which brackets are full-width: both of a pair, or neither. All of shape ``(k,)``.

    Args:
        opening: it is ``(``.
        line, letters: lines and CJK letters before it.
        left, right: CJK stands on that side.
        beyond: CJK or the end of the line stands on the right.
        free: no Latin letter stands right before it.
        name: the ending of a file name stands right behind it.
    """
    out = right & free  # an opening one whose partner is lost, or was recognised as something else
    stack: list[int] = []
    for k, (opens, row) in enumerate(zip(opening.tolist(), line.tolist(), strict=True)):
        if stack and row > line[stack[-1]]:
            stack.clear()
        if opens:
            stack.append(k)
        elif stack:
            a = stack.pop()
            # a number or a Latin word between CJK characters is in full ones too, but not the code of (0470)8216229
            out[a] = out[k] = not name[k] and (letters[k] > letters[a] or (left[a] and beyond[k]))
        else:
            out[k] = left[k]
    return out
