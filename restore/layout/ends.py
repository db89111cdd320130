"""Where a printed line ends, from widths alone: the quick judgement that needs no language model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.measure import NARROWEST, common_width
from restore.layout.tokens import Tokens, ems, tokens_of
from restore.view import View

__all__ = ["LineEnds", "line_ends"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE = 1.6  # ems by which a full line may fall short of the measure: kinsoku and justification
FEW = 4  # tokens that a group needs before it has a measure of its own
_SQUEEZE = 2.1  # ems by which squeezed marks can stretch a line beyond the measure
_OVERLONG, _OVERLONG_PAGE = 0.34, 0.5  # share of the text in wider stretches, from which there are no printed lines


@dataclass(frozen=True)
class LineEnds:
    """Judgement about the white space behind every token but the last.

    Attributes:
        tokens: the tokens.
        measure: the measure each token is judged by, 0 where there is none. Shape ``(n,)``.
        join: the next token continues the same paragraph in a new printed line. Shape ``(n,)``; the last is False.
        inside: the white space stands inside a printed line. Shape ``(n,)``.
    """

    tokens: Tokens
    measure: Floats
    join: Bools
    inside: Bools


def line_ends(view: View) -> LineEnds:
    """Judge every token boundary of a view.

    A token as wide as its neighbours have in common ended at the column's edge. A short token that ends a sentence ended
    its paragraph. Lines that all end at a mark are verse, a list or a table: those stay. Two short tokens on one
    physical line that make up the measure together were parted by a stray space.
    """
    tokens = tokens_of(view, ems(view))
    n = len(tokens)
    no = np.zeros(n, dtype=np.bool_)
    if n < 2:
        return LineEnds(tokens, np.zeros(n), no, no.copy())
    width = tokens.width
    # a group is a block; in a dump without blank lines, a window of it
    group = tokens.block
    size = np.bincount(group)
    if size.max(initial=0) > 40:
        within = np.arange(n) - np.searchsorted(group, group)
        key = group * (n // 16 + 2) + within // 16
        group = np.cumsum(np.concatenate(([0], np.diff(key) != 0)))
    whole = np.zeros(n, dtype=np.int64)
    measure = _of_printed_lines(group, width, common_width(group, width), _OVERLONG)
    page = _of_printed_lines(whole, width, common_width(whole, width, share=0.15, least=FEW), _OVERLONG_PAGE)
    small = np.bincount(group)[group] < FEW
    measure = np.where(small | (measure < NARROWEST), page, measure)
    measure[measure < NARROWEST] = 0

    stop = ((tokens.last & ch.STOP) > 0) | _closes_sentence(tokens)
    mark = (tokens.last & ch.PUNCT) > 0
    full = (measure > 0) & (width >= measure - TOLERANCE)
    behind = tokens.newlines
    near = np.zeros(n, dtype=np.bool_)
    near[:-1] = behind[:-1] < 2
    # verse, lists and tables end every line at a mark; printed lines do not
    ragged = _share(group, near & ~mark, near) > 0.25
    cjk = ((tokens.last | np.roll(tokens.first, -1)) & (ch.CJK | ch.WIDE)) > 0
    next_width, next_measure = np.roll(width, -1), np.roll(measure, -1)
    indented = np.roll(tokens.indent, -1) >= 2
    lost_indent = (np.abs(next_width - (next_measure - 2)) < 0.8) & np.roll(full, -2)
    # newline form
    broken = near & (behind == 1) & full & ragged & cjk
    broken &= ~(indented & stop) & ~(stop & lost_indent & (next_width < measure - 1))
    # space form
    wrapped = _share(group, full & near, near) > 0.4
    spaced = near & (behind == 0) & wrapped & ragged
    pair = width + next_width + 1
    inside = spaced & ~full & ~stop & (np.roll(measure, -1) > 0) & (pair <= measure + 1.1)
    spaced &= ~inside & ~(stop & ~full)
    join = broken | spaced
    join[-1] = inside[-1] = False
    return LineEnds(tokens, measure, join, inside)


def _closes_sentence(tokens: Tokens) -> Bools:
    """A closing quote or bracket right behind a full stop ends the sentence too."""
    view = tokens.view
    before = view.classes[np.maximum(tokens.end - 2, 0)]
    closing = (tokens.last & ch.CLOSE) > 0
    straight = view.codes[tokens.end - 1] == 0x22
    return (closing | straight) & ((before & ch.STOP) > 0) & (tokens.end - tokens.start > 1)


def _of_printed_lines(group: Ints, width: Floats, measure: Floats, most: float) -> Floats:
    """``measure``, 0 where much of the group is wider: paragraphs, or lines that have been joined. Shape ``(n,)``."""
    overlong = np.bincount(group, weights=width * (width > measure + _SQUEEZE))
    share = overlong / np.maximum(np.bincount(group, weights=width), 0.5)
    return np.where(share[group] > most, 0.0, measure)


def _share(group: NDArray[np.int64], hit: Bools, of: Bools) -> Floats:
    """Share of ``hit`` among ``of`` in each token's group, shape ``(n,)``."""
    total = np.bincount(group, weights=of)
    return (np.bincount(group, weights=hit & of) / np.maximum(total, 1))[group]
