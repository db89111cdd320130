"""Which way a quotation mark points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.view import View

__all__ = ["code_lines", "direct_quotes"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_DOUBLE, _SINGLE, _OPENS, _CLOSES = 1, 2, 4, 8
_KIND = np.zeros(1 << 16, dtype=np.uint8)
_KIND[[0x22, 0x201C, 0x201D, 0xFF02, 0x201E, 0x2033]] = _DOUBLE
_KIND[[0x27, 0x2018, 0x2019, 0xFF07, 0x2032]] = _SINGLE
_KIND[[0x201C, 0x2018]] |= _OPENS
_KIND[[0x201D, 0x2019]] |= _CLOSES
_IS_CODE = np.zeros(128, dtype=np.bool_)
_IS_CODE[[ord(c) for c in "{}\\"]] = True
_AGAINST = 2.0  # nats of its surroundings against a mark's reading that leave it open
_DISTANCE = 0.7  # nats for a neighbour on one side at less than half the distance of that on the other
_ALONE = -1  # no mark of the paragraph on that side
_WANTED = np.array([0x201C, 0x201D, 0x2018, 0x2019], dtype=np.uint32)
# costs of a reading, in nats; a directed mark that is turned round must be outvoted by its surroundings
_TURN = 2.5
_POINTS = np.zeros(16)  # by kind: for opening from the way the mark points
_POINTS[[kind for kind in range(16) if kind & _OPENS]] += _TURN
_POINTS[[kind for kind in range(16) if kind & _CLOSES]] -= _TURN
_NEST = 3.0
_UNCLOSED = 1.5
_STRAY = 4.0
_UNOPENED = 2.0  # a first mark that closes: the head of the paragraph, or the quotation's, is not in it
_OTHER_KIND = 2.0  # a single mark that stands for a double one: half of its pair was taken for the other kind
# (from, to, 0 opening or 1 closing, 4 more when a single mark is read as a double one, cost) between what is open: 0 nothing, 1 “, 2 ‘, 3 “‘
_STEPS_BY_HAND = {
    True: (
        (0, 0, 1, _STRAY),
        (0, 1, 0, 0.0),
        (1, 0, 1, 0.0),
        (1, 1, 0, _STRAY),
        (2, 2, 1, _STRAY),
        (2, 3, 0, _NEST),
        (3, 0, 1, _UNCLOSED),
        (3, 3, 0, _STRAY),
    ),
    False: (
        (0, 0, 1, _STRAY),
        (0, 1, 4, _OTHER_KIND),
        (0, 2, 0, _NEST / 2),
        (1, 0, 5, _OTHER_KIND),
        (1, 1, 1, _STRAY),
        (1, 3, 0, 0.0),
        (2, 0, 1, 0.0),
        (2, 2, 0, _STRAY),
        (3, 1, 1, 0.0),
        (3, 3, 0, _STRAY),
    ),
}
#: The same with what a step leaves behind at its end.
_STEPS = {
    double: tuple((a, b, what % 2, extra, (a, what)) for a, b, what, extra in steps)
    for double, steps in _STEPS_BY_HAND.items()
}
_END = (0.0, _UNCLOSED, _UNCLOSED * 2, _UNCLOSED * 2)  # a quotation may go on in the next paragraph


def code_lines(view: View) -> Bools:
    """Whether each line is code or data rather than text: it has braces or a backslash. Shape ``(lines,)``."""
    out: Bools | None = view.kept.get("code_lines")
    if out is None:
        out = view.kept["code_lines"] = np.zeros(len(view.breaks) + 1, dtype=np.bool_)
        braces = view.ascii[_IS_CODE.take(view.codes.take(view.ascii))]
        out[view.breaks.searchsorted(braces)] = True
    return out


def direct_quotes(view: View) -> tuple[Ints, Ints, Bools, Bools]:
    """Quotes that should point, or point the other way.

    Within each paragraph the marks are read as opening or closing so that they nest and fit their surroundings: an
    opening mark follows a mark or begins a phrase, a closing one comes before a mark. Where straight simple alternation
    agrees with the surroundings nothing more is computed.

    Returns:
        Positions; what stands there (0 “, 1 ”, 2 ‘, 3 ’); whether the reading is sure; whether the mark was a straight
        one. Only positions that change.
    """
    codes = view.codes
    kinds = _KIND.take(codes.take(view.marks), mode="clip")
    quotes = kinds > 0
    at, kind = view.marks[quotes], kinds[quotes]
    left, right = _surroundings(view, at)
    # quotes of lines without CJK, apostrophes, primes and single quotes inside Latin text are not ours
    line = view.breaks.searchsorted(at)
    use = (view.cjk_lines & ~code_lines(view)).take(line)
    single = ((kind & _SINGLE) > 0).nonzero()[0]
    if len(single):
        use[single] &= ~_apart(left[single], right[single])
    at, left, right, kind, line = at[use], left[use], right[use], kind[use], line[use]
    if not len(at):
        return at, at, use[:0], use[:0]
    is_double = (kind & _DOUBLE) > 0
    lean = _lean(left, right, kind)
    # the paragraphs as runs of marks
    begins = np.ones(len(at), dtype=np.bool_)
    np.not_equal(line[1:], line[:-1], out=begins[1:])
    first = begins.nonzero()[0]
    size = np.append(first[1:], len(at)) - first
    opens = (np.arange(len(at)) - np.repeat(first, size)) % 2 == 0
    odd = ~is_double | ~np.where(opens, lean >= -0.4, lean <= 0.6)
    plain = (np.add.reduceat(odd, first, dtype=np.int64) == 0) & (size % 2 == 0)
    target = np.where(opens, 0, 1)
    sure = np.ones(len(at), dtype=np.bool_)
    if not plain.all():
        read: list[int] = []
        leans, doubles = (lean + _by_distance(at, begins)).tolist(), is_double.tolist()
        for a, m in zip(first[~plain].tolist(), size[~plain].tolist(), strict=True):
            read += _read(leans[a : a + m], doubles[a : a + m])
        here = np.repeat(~plain, size).nonzero()[0]
        target[here] = read
        # a mark that finds its place among the others is sure unless its surroundings speak against it
        sure[here] = np.where(target[here] % 2 == 0, -lean[here], lean[here]) < _AGAINST
        # the two marks of one quotation are turned together, or half of it would point the wrong way
        pair = (target[:-1] == 0) & (target[1:] == 1) & ~begins[1:]
        pair &= ((kind[:-1] & _CLOSES) > 0) & ((kind[1:] & _OPENS) > 0)
        both = np.flatnonzero(pair & (sure[:-1] != sure[1:]))
        sure[both], sure[both + 1] = True, True
    target = np.where(is_double | (target >= 4), target % 4, 2 + target)
    change = _WANTED[target] != codes[at]
    straight = (kind & (_OPENS | _CLOSES)) == 0
    return at[change], target[change], sure[change], straight[change]


def _apart(left: NDArray[np.uint16], right: NDArray[np.uint16]) -> Bools:
    """Whether a single mark with these neighbours is an apostrophe or a prime rather than a quote."""
    blank = ((left & ch.BLANK) > 0) & ((right & ch.BLANK) > 0)
    word_left, word_right = ((side & (ch.LATIN | ch.DIGIT)) > 0 for side in (left, right))
    latin_left, latin_right = ((side & (ch.LATIN | ch.BLANK)) > 0 for side in (left, right))
    apart: Bools = (word_left & word_right) | (latin_left & latin_right & ~blank)
    return apart


def _surroundings(view: View, at: Ints) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Classes of the nearest characters on both sides of each quote that are not quotes themselves.

    White space at the edge of a line counts as the edge, before a mark as the mark: it says nothing, and will go.
    """
    if not len(at):
        return view.framed[at], view.framed[at]
    closes = np.ones(len(at), dtype=np.bool_)
    closes[:-1] = at[1:] - at[:-1] != 1
    ends = closes.nonzero()[0]  # the last quote of each run of them
    nth = ends.searchsorted(np.arange(len(at)))
    begins = np.zeros_like(ends)
    np.add(ends[:-1], 1, out=begins[1:])
    first, after = at.take(begins.take(nth)), at.take(ends.take(nth)) + 1
    framed = view.framed
    left, right = framed.take(first - 1), framed.take(after)
    blank = (((left | right) & ch.SPACE) > 0).nonzero()[0]
    if len(blank):
        solid = ((framed & ch.SPACE) == 0).nonzero()[0]
        before = framed[solid[solid.searchsorted(first[blank]) - 1]]
        behind = framed[solid[solid.searchsorted(after[blank])]]
        left[blank] = np.where(before & (ch.NEWLINE | ch.COMMA | ch.OPEN), before, left[blank])
        right[blank] = np.where(behind & (ch.NEWLINE | ch.COMMA | ch.STOP | ch.CLOSE), behind, right[blank])
    return left, right


def _lean(
    left: NDArray[np.uint16], right: NDArray[np.uint16], kind: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Evidence that a mark opens, in nats, from the classes of its neighbours and from the way it points."""
    lean: NDArray[np.float64] = _POINTS.take(kind)
    lean[(right & (ch.COMMA | ch.STOP | ch.CLOSE | ch.NEWLINE)) > 0] -= 3.0
    lean[(left & (ch.COMMA | ch.OPEN | ch.NEWLINE)) > 0] += 3.0
    spaced = (((left | right) & ch.SPACE) > 0).nonzero()[0]
    if len(spaced):
        left, right = left[spaced], right[spaced]
        word = ch.HAN | ch.KANA | ch.LATIN | ch.DIGIT
        lean[spaced] += np.where(((left & ch.SPACE) > 0) & ((right & word) > 0), 1.5, 0.0)
        lean[spaced] -= np.where(((right & ch.SPACE) > 0) & ((left & word) > 0), 1.5, 0.0)
    return lean


def _by_distance(at: Ints, begins: Bools) -> NDArray[np.float64]:
    """Evidence that a mark opens, in nats, from its neighbours among the marks: what is quoted is mostly short.

    Where the head of a paragraph is lost, its first mark may close; then this tells, mark by mark, which way the rest point.
    """
    before = np.full(len(at), _ALONE)
    before[1:] = np.where(begins[1:], _ALONE, at[1:] - at[:-1])
    behind = np.append(before[1:], _ALONE)
    known = (before != _ALONE) & (behind != _ALONE)
    out: NDArray[np.float64] = (
        _DISTANCE * known * ((before > 2 * behind).astype(np.int64) - (behind > 2 * before))
    )
    return out


def _read(lean: list[float], double: list[bool]) -> list[int]:
    """The best reading of one paragraph's marks: 0 opening, 1 closing, 4 more for a single mark read as double. Viterbi over what is open."""
    if all(double):
        return _read_doubles(lean)
    cost: list[float] = [0.0, 1e9, 1e9, 1e9]
    back: list[list[tuple[int, int]]] = []
    for evidence, is_double in zip(lean, double, strict=True):
        against = (-evidence, 0.0) if evidence < 0 else (0.0, evidence)
        new, come = [1e9] * 4, [(0, 0)] * 4
        for a, b, closing, extra, step in _STEPS[is_double]:
            value = cost[a] + extra + against[closing]
            if value < new[b]:
                new[b], come[b] = value, step
        cost = new
        back.append(come)
    ends = [value + unclosed for value, unclosed in zip(cost, _END, strict=True)]
    state = ends.index(min(ends))
    out = []
    for come in reversed(back):
        state, what = come[state]
        out.append(what)
    return out[::-1]


def _read_doubles(lean: list[float]) -> list[int]:
    """As `_read` where all marks are double ones: nothing or one is open, and the steps are written out."""
    closed, opened = 0.0, 1e9
    back: list[
        int
    ] = []  # 1: what is closed then was open before the mark; 2: what is open then was so before
    for number, evidence in enumerate(lean):
        alone = _STRAY if number else _UNOPENED
        if evidence < 0:
            closing = opened
            stray = closed + alone
            opening, again = closed - evidence, opened + _STRAY - evidence
        else:
            closing = opened + evidence
            stray = closed + alone + evidence
            opening, again = closed, opened + _STRAY
        step = 0
        if closing < stray:
            closed, step = closing, 1
        else:
            closed = stray
        if again < opening:
            opened = again
            step += 2
        else:
            opened = opening
        back.append(step)
    is_open = closed + _END[0] > opened + _END[1]
    out = []
    for step in reversed(back):
        out.append(0 if is_open else 1)
        is_open = step >= 2 if is_open else step % 2 == 1
    return out[::-1]
