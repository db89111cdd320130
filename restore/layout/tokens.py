"""Tokens of a dump: stretches between white space, with what stands between them.

A token is a candidate for a printed line, or for a piece of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.view import View

__all__ = ["Tokens", "ems", "letter_spaced", "one_a_line", "spaced_runs", "tokens_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_Columns = tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]

_ONE = 2.0  # ems of one character with a mark beside it
_MOSTLY_ALONE = 0.7  # share of the tokens of a text whose lines are vertical
_MOSTLY_SPACED = 0.6  # share of a text's width in such lines above which all of its lines are letter-spaced
_ASCII_MARKS = np.zeros(128, dtype=np.bool_)
_ASCII_MARKS[[ord(c) for c in ",:;?!()\"'"]] = True
_RUN, _RUN_LONGEST, _RUN_SINGLE = (
    4,
    2,
    0.6,
)  # tokens of a run set apart, characters of one, share of single ones
_BITS = np.arange(1 << 16, dtype=np.uint16)
_EMS = np.where((_BITS & ch.WIDE) > 0, 1.0, 0.5)  # by class
_EMS[(_BITS & (ch.NEWLINE | ch.MARK)) > 0] = 0.0


@dataclass(frozen=True)
class Tokens:
    """Columns over the tokens of a text, each of shape ``(n,)`` unless said otherwise.

    Attributes:
        start, end: view offsets of the content.
        newlines: line breaks between this token and the next (0: only spaces).
        spaces: columns of horizontal space before the next token or line break (an ideographic space counts two).
        indent: columns of space between the line break before and this token; 0 inside a line.
        row: number of the physical line.
        block: number of the block; blocks are parted by blank lines.
        width: ems, with half-width marks as :func:`ems` says.
    """

    view: View
    start: Ints
    end: Ints
    newlines: Ints
    spaces: Ints
    indent: Ints
    row: Ints
    block: Ints
    width: Floats

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def first(self) -> NDArray[np.uint16]:
        """Class bits of each token's first character."""
        return self.view.classes.take(self.start)

    @cached_property
    def last(self) -> NDArray[np.uint16]:
        """Class bits of each token's last character."""
        return self.view.classes.take(self.end - 1)

    def merged(self, inside: Bools) -> Tokens:
        """Tokens in which those with ``inside`` go on in the next one. Shape of ``inside`` ``(n,)``; the last is False."""
        if not inside.any():
            return self
        last = (~inside).nonzero()[0]
        first = np.zeros_like(last)
        np.add(last[:-1], 1, out=first[1:])
        return Tokens(
            self.view,
            self.start.take(first),
            self.end.take(last),
            self.newlines.take(last),
            self.spaces.take(last),
            self.indent.take(first),
            self.row.take(first),
            self.block.take(first),
            np.add.reduceat(self.width, first),
        )

    def text(self, index: int) -> str:
        """Content of one token."""
        return self.view.text[int(self.start[index]) : int(self.end[index])]


def ems(view: View, half_mark: float | None = None) -> Floats:
    """Width of every character in ems, shape ``(n,)``.

    CJK characters and marks count 1, everything else half. ASCII marks stand in a dump for full-width ones that a
    converter folded, or were printed half-width; ``half_mark`` says which (1.0 or 0.5). None decides for the page: full
    when the text has hardly any full-width commas.
    """
    classes = view.classes
    out: Floats = _EMS.take(classes)
    if half_mark is None:
        half_mark = 1.0
    if half_mark != 0.5:
        codes = view.codes
        marks = view.ascii[_ASCII_MARKS.take(codes.take(view.ascii))]
        if len(marks):
            beside = classes.take(np.maximum(marks - 1, 0)) | classes.take(
                np.minimum(marks + 1, len(codes) - 1)
            )
            out[marks[(beside & (ch.WIDE | ch.PUNCT)) > 0]] = half_mark
    return out


def tokens_of(view: View, widths: Floats | None = None) -> Tokens:
    """Cut a view at white space."""
    found: tuple[Ints, _Columns] | None = view.kept.get("tokens")
    if found is None:
        found = view.kept["tokens"] = _cut(view)
    if widths is None:
        widths = ems(view)
    edges, columns = found
    if len(edges) and edges[-1] == len(view):
        edges = edges[:-1]
    return Tokens(view, *columns, np.add.reduceat(widths, edges)[::2] if len(edges) else np.zeros(0))


def _cut(view: View) -> tuple[Ints, _Columns]:
    """Where the tokens begin and end, by turns, and the columns of `Tokens` from ``start`` to ``block``."""
    n = len(view)
    solid = np.zeros(n + 2, dtype=np.bool_)
    np.equal(view.classes & ch.BLANK, 0, out=solid[1:-1])
    edges = (solid[1:] != solid[:-1]).nonzero()[0]
    start, end = edges[::2].copy(), edges[1::2].copy()
    m = len(start)
    follow = np.concatenate((start[1:], [n])) if m else start
    # line breaks behind each token, and where the line of each begins and ends
    breaks = np.concatenate(([-1], view.breaks, [n]))
    nth = view.breaks.searchsorted(end)
    line = view.breaks.searchsorted(start)
    newlines = view.breaks.searchsorted(follow) - nth
    opening = np.ones(m, dtype=np.bool_)
    np.greater(newlines[:-1], 0, out=opening[1:])
    wide = view.wide_spaces
    spaces = _columns(view, wide, end, np.where(newlines > 0, breaks.take(nth + 1), follow))
    indent = np.where(opening, _columns(view, wide, breaks.take(line) + 1, start), 0)
    row, block = opening.cumsum() - 1, np.zeros(m, dtype=np.int64)
    np.cumsum(newlines[:-1] > 1, out=block[1:])
    return edges, (start, end, newlines, spaces, indent, row, block)


def _columns(view: View, wide: Ints, start: Ints, end: Ints) -> Ints:
    """Columns that the white space from ``start`` to ``end`` takes: an ideographic space two, a tab four.

    ``wide`` are the positions of such characters.
    """
    if not len(wide):
        return end - start
    more = np.concatenate(([0], np.where(view.codes[wide] == 9, 3, 1).cumsum()))
    return end - start + more[wide.searchsorted(end)] - more[wide.searchsorted(start)]


def letter_spaced(tokens: Tokens) -> Bools:
    """Spaces inside physical lines whose characters or words all stand apart, shape ``(n,)``; the last is False."""
    n = len(tokens)
    if not n:
        return np.zeros(0, dtype=np.bool_)
    row = tokens.row
    size = tokens.end - tokens.start
    count = np.bincount(row)
    mean = np.bincount(row, weights=size) / np.maximum(count, 1)
    single = np.bincount(row, weights=size <= 1)
    spaced = ((count >= 4) & (mean < 2.6) & (single >= 0.35 * count)) | ((count >= 3) & (single == count))
    # where most of a page is set apart, the few lines with whole words in them are too
    if tokens.width[spaced[row]].sum() >= _MOSTLY_SPACED * tokens.width.sum():
        spaced[:] = True
    inner: Bools = spaced[row] & (tokens.newlines == 0) & (tokens.spaces <= 2)
    inner[-1] = False
    return inner


def spaced_runs(tokens: Tokens) -> Bools:
    """Spaces inside runs of characters that stand apart, in physical lines that hold more than such a run, shape ``(n,)``.

    A justified line of one column (``高 质 量 , 间``) among lines of others.
    """
    n = len(tokens)
    inner = np.zeros(n, dtype=np.bool_)
    if n < _RUN:
        return inner
    size = tokens.end - tokens.start
    short = size <= _RUN_LONGEST
    inner[:-1] = short[:-1] & short[1:] & ((size[:-1] == 1) | (size[1:] == 1))
    inner[:-1] &= (tokens.newlines[:-1] == 0) & (tokens.spaces[:-1] == 1)
    if not inner.any():
        return inner
    run = np.cumsum(np.append(True, ~inner[:-1])) - 1
    count = np.bincount(run)
    letters = (tokens.first & (ch.HAN | ch.KANA)) > 0
    single = np.bincount(run, weights=size == 1)
    enough = (count >= _RUN) & (single >= _RUN_SINGLE * count)
    enough &= np.bincount(run, weights=letters) >= 0.5 * count
    return np.asarray(inner & enough[run])


def one_a_line(tokens: Tokens) -> Bools:
    """Line breaks inside vertical lines that a dump writes with one character a line, shape ``(n,)``.

    The last is False. A vertical line ends at a blank line. Single characters on lines of their own must be most of the
    text, so that a stray one is no line.
    """
    n = len(tokens)
    if not n:
        return np.zeros(0, dtype=np.bool_)
    alone = (np.bincount(tokens.row)[tokens.row] == 1) & (tokens.width <= _ONE)
    inner: Bools = np.zeros(n, dtype=np.bool_)
    if alone.mean() < _MOSTLY_ALONE:
        return inner
    inner[:-1] = alone[:-1] & alone[1:] & (tokens.newlines[:-1] == 1)
    return inner
