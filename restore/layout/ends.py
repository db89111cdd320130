"""Where a printed line ends, from widths alone: the quick judgement that needs no language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.measure import NARROWEST, common_width
from restore.layout.tables import inside_tables
from restore.layout.tokens import Tokens, ems, letter_spaced, tokens_of
from restore.view import View

__all__ = ["LineEnds", "line_ends"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_Scalar = TypeVar("_Scalar", bound=np.generic)

TOLERANCE = 1.6  # ems by which a full line may fall short of the measure: kinsoku and justification
_LARGE_BLOCK = 40  # lines
FEW = 4  # lines that a group needs before it has a measure of its own
_SQUEEZE = 2.1  # ems by which squeezed marks can stretch a line beyond the measure
_OVERLONG, _OVERLONG_PAGE = (
    0.34,
    0.5,
)  # share of the text in wider stretches, from which there are no printed lines


@dataclass(frozen=True)
class LineEnds:
    """Judgement about the white space behind every token but the last.

    Attributes:
        tokens: the tokens.
        join: the next token continues the same paragraph in a new printed line. Shape ``(n,)``; the last is False.
        inside: the white space stands inside a printed line. Shape ``(n,)``.
        tables: the white space stands inside a table. Shape ``(n,)``.
    """

    tokens: Tokens
    join: Bools
    inside: Bools
    tables: Bools


def line_ends(view: View) -> LineEnds:
    """Judge every token boundary of a view.

    A stretch as wide as its neighbours have in common ended at the column's edge. A short one that ends a sentence ended
    its paragraph. Lines that all end at a mark are verse or a list: those stay, and so do the rows of tables. Short tokens in one physical
    line that make up the measure together were parted by stray spaces, and so were the characters of a spaced line.
    """
    tokens = tokens_of(view, ems(view))
    inside = letter_spaced(tokens)
    lines = tokens.merged(inside)
    group = _groups(lines)
    measure = _measures(lines, group)
    parted = _parted(lines, measure)
    if parted.any():
        inside[(~inside).nonzero()[0][parted]] = True
        lines = tokens.merged(inside)
        group = _groups(lines)
        measure = _measures(lines, group)
    join = np.zeros(len(tokens), dtype=np.bool_)
    join[~inside] = _line_ends(lines, measure, group)
    tables = inside_tables(tokens)
    return LineEnds(tokens, join & ~tables, inside & ~tables, tables)


def _groups(lines: Tokens) -> Ints:
    """Blocks; windows of sixteen lines where blocks are large, as in a dump without blank lines. Shape ``(n,)``."""
    block = lines.block
    if len(block) <= _LARGE_BLOCK or np.bincount(block).max() <= _LARGE_BLOCK:
        return block
    place = np.arange(len(lines))
    key = block * (len(lines) // 16 + 2) + (place - block.searchsorted(block)) // 16
    begins = np.zeros(len(key), dtype=np.int64)
    begins[1:] = key[1:] != key[:-1]
    return begins.cumsum()


def _measures(lines: Tokens, group: Ints) -> Floats:
    """The measure each line is judged by, 0 where there is none. Shape ``(n,)``."""
    width, n = lines.width, len(lines)
    if not n:
        return width
    # the groups, and behind them the page as one more
    count = int(group[-1]) + 1
    each = np.concatenate((group, np.full(n, count)))
    widths = np.concatenate((width, width))
    share, least, overlong = (np.full(count + 1, usual) for usual in (0.3, 2.0, _OVERLONG))
    share[count], least[count], overlong[count] = 0.15, FEW, _OVERLONG_PAGE
    common = common_width(each, widths, share, least)
    wide = common[:n]
    # two lines of a width are chance; three are not, nor are two behind a first line that lost its indent
    lines_of = np.bincount(group, weights=(width >= wide - 1) & (width <= wide + 0.5))
    opening = np.ones(n, dtype=np.bool_)
    opening[1:] = lines.block[1:] > lines.block[:-1]
    indents = np.bincount(group, weights=opening & (np.abs(width - (wide - 2)) < 0.8))
    common[:n] = np.where((lines_of + indents)[group] >= 3, wide, 0.0)
    printed = _of_printed_lines(each, widths, common, overlong)
    own, page = printed[:n], printed[n:]
    small = np.bincount(group)[group] < FEW
    measure = np.where(small | (own < NARROWEST), page, own)
    measure[measure < NARROWEST] = 0
    return measure


def _of_printed_lines(group: Ints, width: Floats, measure: Floats, most: Floats) -> Floats:
    """``measure``, 0 where much of the group is wider: paragraphs, or lines that have been joined. Shape ``(n,)``.

    ``most`` is the share of each group that may be wider, shape ``(groups,)``.
    """
    overlong = np.bincount(group, weights=width * (width > measure + _SQUEEZE))
    share = overlong / np.maximum(np.bincount(group, weights=width), 0.5)
    return np.where((share > most)[group], 0.0, measure)


def _parted(lines: Tokens, measure: Floats) -> Bools:
    """Whether the white space behind a token parts it from the rest of its printed line, shape ``(n,)``.

    Consecutive short tokens of one physical line that fill the measure together, once or several times, are so many
    printed lines.
    """
    n = len(lines)
    short = (measure > 0) & (lines.width < measure - TOLERANCE)
    goes_on = np.zeros(n, dtype=np.bool_)
    goes_on[:-1] = short[:-1] & short[1:] & (lines.newlines[:-1] == 0) & (lines.spaces[:-1] == 1)
    if not goes_on.any():
        return goes_on
    starts = np.ones(n, dtype=np.bool_)
    np.logical_not(goes_on[:-1], out=starts[1:])
    first = starts.nonzero()[0]
    run = starts.cumsum() - 1
    total = lines.width.cumsum()
    so_far = total - (total - lines.width)[first][run]  # width of the run up to and with this token
    whole = np.rint(so_far / np.maximum(measure, 1.0))
    off = so_far - whole * measure
    edge = (whole >= 1) & (off >= -TOLERANCE) & (off <= 1.1)  # a line of the run can end here
    # every line of the run, to its last, has one place where it can end
    last = np.full(len(first), n - 1)
    last[:-1] = first[1:] - 1
    fits = edge[last] & (np.bincount(run, weights=edge) == whole[last])
    parted: Bools = goes_on & fits[run] & ~edge
    return parted


def _line_ends(lines: Tokens, measure: Floats, group: Ints) -> Bools:
    """Whether the next line continues the same paragraph, shape ``(n,)``."""
    n = len(lines)
    if n < 2:
        return np.zeros(n, dtype=np.bool_)
    width, behind = lines.width, lines.newlines
    stop = ((lines.last & ch.STOP) > 0) | _closes_sentence(lines)
    mark = (lines.last & ch.PUNCT) > 0
    full = (measure > 0) & (width >= measure - TOLERANCE)
    # the first line of a paragraph is two ems short where its indent is lost
    opening = np.ones(n, dtype=np.bool_)
    opening[1:] = (behind[:-1] > 1) | stop[:-1]
    full |= opening & (measure > 0) & (np.abs(width - (measure - 2)) < 0.8) & ~mark
    near = behind < 2
    near[-1] = False
    # verse, lists and tables end every line at a mark; printed lines do not
    ragged = _share(group, near & ~mark, near.astype(float)) > 0.25
    cjk = ((lines.last | _next(lines.first)) & (ch.CJK | ch.WIDE)) > 0
    indented = _next(lines.indent) >= 2
    lost_indent = (np.abs(_next(width) - (_next(measure) - 2)) < 0.8) & _next(_next(full))
    # newline form
    broken = near & (behind == 1) & full & ragged & cjk
    broken &= ~(indented & stop) & ~(stop & lost_indent & (_next(width) < measure - 1))
    # space form
    wrapped = _share(group, full & near, near * width) > 0.4
    spaced = near & (behind == 0) & (lines.spaces == 1) & wrapped & ragged & ~(stop & ~full)
    ends: Bools = broken | spaced
    return ends


def _next(values: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """The value of the next line for each, shape ``(n,)``."""
    return np.concatenate((values[1:], values[:1]))


def _closes_sentence(lines: Tokens) -> Bools:
    """A closing quote or bracket right behind a full stop ends the sentence too."""
    view = lines.view
    before = view.classes[np.maximum(lines.end - 2, 0)]
    closing = (lines.last & ch.CLOSE) > 0
    straight = view.codes[lines.end - 1] == 0x22
    closes: Bools = (closing | straight) & ((before & ch.STOP) > 0) & (lines.end - lines.start > 1)
    return closes


def _share(group: Ints, hit: Bools, of: Floats) -> Floats:
    """Share of ``hit`` in the weights ``of``, in each line's group, shape ``(n,)``."""
    total = np.bincount(group, weights=of)
    return (np.bincount(group, weights=hit * of) / np.maximum(total, 0.5))[group]
