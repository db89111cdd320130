"""Which way a quotation mark points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.view import View

__all__ = ["direct_quotes"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_DOUBLE = (0x22, 0x201C, 0x201D, 0xFF02, 0x201E, 0x2033)
_SINGLE = (0x27, 0x2018, 0x2019, 0xFF07, 0x2032)
_OPENING = (0x201C, 0x2018)
_CLOSING = (0x201D, 0x2019)
# costs of a reading, in nats; a directed mark that is turned round must be outvoted by its surroundings
_TURN = 2.5
_NEST = 3.0
_UNCLOSED = 1.5
_STRAY = 4.0


def direct_quotes(view: View) -> tuple[Ints, Ints, Bools, Bools]:
    """Quotes that should point, or point the other way.

    Within each paragraph the marks are read as opening or closing so that they nest and fit their surroundings: an
    opening mark follows a mark or begins a phrase, a closing one comes before a mark. Where straight simple alternation
    agrees with the surroundings nothing more is computed.

    Returns:
        Positions; what stands there (0 “, 1 ”, 2 ‘, 3 ’); whether the reading is sure; whether the mark was a straight
        one. Only positions that change.
    """
    codes, classes = view.codes, view.classes
    double = np.isin(codes, _DOUBLE)
    single = np.isin(codes, _SINGLE)
    at = np.flatnonzero(double | single)
    empty = np.empty(0, dtype=np.int64)
    if not len(at):
        return empty, empty, empty.astype(bool), empty.astype(bool)
    n = len(codes)
    left = np.where(at > 0, classes[np.maximum(at - 1, 0)], ch.NEWLINE)
    right = np.where(at + 1 < n, classes[np.minimum(at + 1, n - 1)], ch.NEWLINE)
    # apostrophes, primes and quotes inside Latin text are not ours
    latin = ch.LATIN
    digit = ch.DIGIT
    apostrophe = single[at] & ((left & (latin | digit)) > 0) & ((right & (latin | digit)) > 0)
    line = np.cumsum((classes & ch.NEWLINE) > 0)
    cjk = np.bincount(line, weights=(classes & ch.CJK) > 0) > 0
    latin_side = ((left & (latin | ch.BLANK)) > 0) & ((right & (latin | ch.BLANK)) > 0)
    latin_side &= ~(((left & ch.BLANK) > 0) & ((right & ch.BLANK) > 0))
    use = ~apostrophe & cjk[line[at]]
    use &= ~(latin_side & (single[at]))
    at, left, right = at[use], left[use], right[use]
    if not len(at):
        return empty, empty, empty.astype(bool), empty.astype(bool)
    is_double = double[at]
    code = codes[at]
    straight = ~np.isin(code, _OPENING + _CLOSING)
    # evidence for opening, in nats
    lean = np.zeros(len(at))
    word = ch.HAN | ch.KANA | latin | digit
    lean += np.where((right & (ch.COMMA | ch.STOP | ch.CLOSE | ch.NEWLINE)) > 0, -3.0, 0)
    lean += np.where((left & (ch.COMMA | ch.OPEN | ch.NEWLINE)) > 0, 3.0, 0)
    lean += np.where((left & ch.STOP) > 0, 0.5, 0)
    lean += np.where(((left & ch.SPACE) > 0) & ((right & word) > 0), 1.5, 0)
    lean += np.where(((right & ch.SPACE) > 0) & ((left & word) > 0), -1.5, 0)
    lean += np.where(np.isin(code, _OPENING), _TURN, 0) - np.where(np.isin(code, _CLOSING), _TURN, 0)
    paragraph = line[at]
    first = np.searchsorted(paragraph, paragraph)
    nth = np.arange(len(at)) - first
    opens = nth % 2 == 0
    size = np.bincount(paragraph)[paragraph]
    agree = np.where(opens, lean >= -0.4, lean <= 0.6)
    plain = np.bincount(paragraph, weights=~is_double | ~agree)[paragraph] == 0
    plain &= size % 2 == 0
    target = np.where(opens, 0, 1)
    sure = np.ones(len(at), dtype=np.bool_)
    for p in np.unique(paragraph[~plain]).tolist():
        here = np.flatnonzero(paragraph == p)
        reading, margin = _read(lean[here], is_double[here])
        target[here] = reading
        sure[here] = margin > 0.8
    target = np.where(is_double, target % 2, 2 + target % 2)
    wanted = np.array([0x201C, 0x201D, 0x2018, 0x2019], dtype=np.uint32)[target]
    change = wanted != code
    return at[change], target[change].astype(np.int64), sure[change], straight[change]


def _read(lean: NDArray[np.float64], is_double: Bools) -> tuple[Ints, NDArray[np.float64]]:
    """Best reading of one paragraph's marks: 0 opening, 1 closing; and how much the other reading of each would cost.

    Viterbi over the stack of open quotes, which in practice is one of: none, “, ‘, “‘.
    """
    # states: 0 none, 1 “, 2 ‘, 3 “‘
    n = len(lean)
    inf = 1e9
    cost = np.full(4, inf)
    cost[0] = 0.0
    back = np.zeros((n, 4, 2), dtype=np.int64)
    moves_double = {(0, 1): (0, 0.0), (1, 0): (1, 0.0), (2, 3): (0, _NEST), (3, 0): (1, _UNCLOSED), (1, 1): (0, _STRAY), (0, 0): (1, _STRAY), (3, 3): (0, _STRAY), (2, 2): (1, _STRAY)}
    moves_single = {(0, 2): (0, _NEST / 2), (2, 0): (1, 0.0), (1, 3): (0, 0.0), (3, 1): (1, 0.0), (0, 0): (1, _STRAY), (1, 1): (1, _STRAY), (2, 2): (0, _STRAY), (3, 3): (0, _STRAY)}
    for k in range(n):
        new = np.full(4, inf)
        for (a, b), (what, extra) in (moves_double if is_double[k] else moves_single).items():
            value = cost[a] + extra + max(0.0, -lean[k] if what == 0 else lean[k])
            if value < new[b]:
                new[b] = value
                back[k, b] = (a, what)
        cost = new
    # a paragraph may end inside a quotation that goes on in the next
    end = cost + np.array([0.0, _UNCLOSED, _UNCLOSED * 2, _UNCLOSED * 2])
    state = int(np.argmin(end))
    out = np.zeros(n, dtype=np.int64)
    for k in range(n - 1, -1, -1):
        state, out[k] = int(back[k, state, 0]), int(back[k, state, 1])
    margin = np.where(out == 0, lean, -lean)
    # alternation itself is evidence: a mark that fits its pair is sure even without surroundings
    margin = np.where(np.abs(lean) < 0.1, 1.0, margin)
    return out, margin
