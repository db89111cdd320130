"""Which ASCII marks stand for full-width ones that a converter folded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.view import View

__all__ = ["FULL_WIDTH", "folded_marks"]

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


def folded_marks(view: View) -> Ints:
    """Positions of ASCII marks ``, : ; ? ! ( )`` in CJK context, ascending.

    A mark is judged by the nearest character on each side that is neither space nor quote nor such a mark, so the answer
    is the same before and after spaces go and marks become full. Marks inside numbers, times and addresses, of Latin
    and of Korean text are left.
    """
    codes, classes = view.codes, view.classes
    role = _ROLE[np.minimum(codes, 0xFFFF)]
    at = np.flatnonzero(role & (_SIMPLE | _OPENING | _CLOSING))
    if not len(at):
        return at
    n = len(codes)
    solid = np.flatnonzero(((role & _SEE_THROUGH) == 0) & ((classes & ch.SPACE) == 0))
    nth = np.searchsorted(solid, at)
    edge = np.append(classes[solid], ch.NEWLINE)
    left, right = edge[nth - 1], edge[nth]  # nth - 1 is -1, the edge, before the first
    evidence = _CJK | ch.FULL
    cjk_left, cjk_right = (left & evidence) > 0, (right & evidence) > 0

    before = np.where(at > 0, classes[at - 1], ch.NEWLINE)
    after = np.where(at + 1 < n, classes[np.minimum(at + 1, n - 1)], ch.NEWLINE)
    word = ch.DIGIT | ch.LATIN
    inside = ((before & word) > 0) & ((after & word) > 0)  # a number, a time, a word
    address = (codes[at] == 0x3A) & (codes[np.minimum(at + 1, n - 1)] == 0x2F)
    korean = ((left & ch.HANGUL) > 0) & ((right & (ch.FULL | ch.HAN)) == 0)
    latin = ((left & ch.LATIN) > 0) & ((right & _CJK) == 0)
    full = (cjk_left | cjk_right) & ~inside & ~address & ~korean & ~latin
    brackets = (role[at] & _SIMPLE) == 0
    if brackets.any():
        letters = np.concatenate(([0], np.cumsum((classes & _CJK) > 0)))
        lines = np.concatenate(([0], np.cumsum((classes & ch.NEWLINE) > 0)))
        k = np.flatnonzero(brackets)
        edges = (right[k] & ch.NEWLINE) > 0
        full[k] = _brackets(
            (role[at[k]] & _OPENING) > 0, lines[at[k]], letters[at[k]], cjk_left[k], cjk_right[k] | edges, cjk_right[k],
            (before[k] & ch.LATIN) == 0,
        )
    return at[full]


def _brackets(
    opening: Bools, line: Ints, letters: Ints, left: Bools, beyond: Bools, right: Bools, free: Bools
) -> Bools:
    """Which brackets are full-width: both of a pair, or neither. All of shape ``(k,)``.

    Args:
        opening: it is ``(``.
        line, letters: lines and CJK letters before it.
        left, right: CJK stands on that side.
        beyond: CJK or the end of the line stands on the right.
        free: no Latin letter stands right before it.
    """
    out = np.zeros(len(opening), dtype=np.bool_)
    stack: list[int] = []
    rows = zip(opening.tolist(), line.tolist(), strict=True)
    for k, (opens, row) in enumerate(rows):
        if stack and row > line[stack[-1]]:
            stack.clear()
        if opens:
            stack.append(k)
        elif stack:
            a = stack.pop()
            # a number or a Latin word between CJK characters is in full ones too, but not the code of (0470)8216229
            out[a] = out[k] = letters[k] > letters[a] or (left[a] and beyond[k])
        else:
            out[k] = left[k]  # its partner is lost, or was recognised as something else
    for a in stack:
        out[a] = right[a] and free[a]
    return out
