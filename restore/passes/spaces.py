"""Pass ``spaces``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Batch, Certainty
from restore.pipeline import Tools, repair_pass
from restore.view import View

_MESSAGES = (
    "space at the edge of a line",
    "space between the characters of a word",
    "space beside a mark that carries its own",
    "space between Han and digits or Latin: the page prints none",
)
_SPACED_SHARE = 0.6  # a line is letter-spaced when so many of its tokens are one character
_LETTERS = ch.HAN | ch.KANA


@repair_pass(after=["join_lines", "paragraphs"])
def spaces(view: View, tools: Tools) -> Iterator[Batch]:
    """Spaces that were not printed.

    Repairs: spaces between all characters (two-layer PDFs: ``张 万 年``), beside marks (``使用, 为国门``), around digits
    where the page prints none, at the edges of lines. Kept: between the names of a byline, between the parts of a
    headline, in Latin text.
    Why it happens: converters set a space where glyphs stand apart: justification, digits of another font, marks.
    Example: ``整改等问题 200 余个, 今年`` becomes ``整改等问题200余个,今年``.
    When it is wrong: where the print had a space; ``--spacing keep`` leaves Han/digit spaces alone.
    """
    classes, codes = view.classes, view.codes
    n = len(codes)
    space = (classes & ch.SPACE) > 0
    if not space.any():
        return
    edge = np.diff(np.concatenate(([0], space.astype(np.int8), [0])))
    start, end = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    outer = np.uint16(ch.NEWLINE)
    left = np.where(start > 0, classes[np.maximum(start - 1, 0)], outer)
    right = np.where(end < n, classes[np.minimum(end, n - 1)], outer)
    tab = np.zeros(len(start), dtype=np.bool_)
    if (codes == 9).any():
        tab = np.add.reduceat(codes == 9, start) > 0
    cjk_line = _lines_with(classes, ch.CJK)
    in_cjk = cjk_line[start]

    edges = (((left | right) & ch.NEWLINE) > 0) & in_cjk & ~tab
    edges |= ((right & ch.NEWLINE) > 0) & ~tab & ((left & ch.NEWLINE) == 0) & in_cjk
    narrow = (end - start <= 3) & ~tab
    letters = ((left & _LETTERS) > 0) & ((right & _LETTERS) > 0)
    marks = ch.FULL | ch.COMMA
    spaced = _letter_spaced(view, start, end, left, right)[start] & narrow
    inner = spaced & ((left & (_LETTERS | marks | ch.DIGIT)) > 0) & ((right & (_LETTERS | marks | ch.DIGIT)) > 0)
    inner &= ~(((left & ch.DIGIT) > 0) & ((right & ch.DIGIT) > 0))
    # a mark and a CJK character: the mark brings its own space. Straight quotes are left to their words.
    before = codes[np.maximum(start - 1, 0)]
    after = codes[np.minimum(end, n - 1)]
    ascii_mark = (before < 128) & ((left & ch.COMMA) > 0) & ((right & (_LETTERS | ch.DIGIT | ch.OPEN)) > 0)
    ascii_mark &= _cjk_beside(classes, start, end)
    beside = ascii_mark | (((left & ch.FULL) > 0) & ((right & ch.NEWLINE) == 0)) | (
        ((right & ch.FULL) > 0) & ((left & ch.NEWLINE) == 0)
    )
    beside |= ((after < 128) & ((right & ch.COMMA) > 0)) & ((left & _LETTERS) > 0)
    # brackets and quotes after a name or number keep what was printed: only one plain space goes
    beside &= (end - start == 1) & (codes[start] == 32) & ~letters & in_cjk
    beside &= ~(((right & ch.OPEN) > 0) & ((left & ch.LATIN) > 0))
    mixed = ((left & _LETTERS) > 0) & ((right & (ch.DIGIT | ch.LATIN)) > 0)
    mixed |= ((right & _LETTERS) > 0) & ((left & (ch.DIGIT | ch.LATIN)) > 0)
    percent = (before == 0x25) & ((right & _LETTERS) > 0)
    mixed = (mixed | percent) & narrow & (codes[start] == 32)
    spacing = tools.settings.spacing
    if spacing == "keep" or (spacing == "auto" and _prints_spaces(view, mixed, left, right)):
        mixed = np.zeros_like(mixed)
    which = np.full(len(start), -1)
    for number, mask in ((3, mixed), (2, beside), (1, inner), (0, edges)):
        which[mask] = number
    take = which >= 0
    if take.any():
        certainty = np.where(which == 3, Certainty.MEDIUM, Certainty.HIGH).astype(np.int8)
        yield Batch(start[take], end[take], 0, ("",), _MESSAGES, which[take], certainty[take])


def _lines_with(classes: NDArray[np.uint16], bits: np.uint16) -> NDArray[np.bool_]:
    """Whether each character's line has a character of these classes, shape ``(n,)``."""
    line = np.cumsum((classes & ch.NEWLINE) > 0)
    found = np.bincount(line, weights=(classes & bits) > 0) > 0
    return found[line]


def _cjk_beside(classes: NDArray[np.uint16], start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a CJK character stands within two characters of a space, shape like ``start``."""
    n = len(classes)
    near = classes[np.maximum(start - 2, 0)] | classes[np.minimum(end, n - 1)] | classes[np.minimum(end + 1, n - 1)]
    return (near & ch.CJK) > 0


def _letter_spaced(
    view: View,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    left: NDArray[np.uint16],
    right: NDArray[np.uint16],
) -> NDArray[np.bool_]:
    """Whether each character stands in a line with spaces between (nearly) all its characters, shape ``(n,)``."""
    classes = view.classes
    line = np.cumsum((classes & ch.NEWLINE) > 0)
    solid = (classes & ch.BLANK) == 0
    size = np.bincount(line, weights=solid)
    gaps = np.bincount(line[start], minlength=len(size))
    spaced = (gaps >= 3) & (gaps + 1 > _SPACED_SHARE * size)
    return spaced[line]


def _prints_spaces(
    view: View, mixed: NDArray[np.bool_], left: NDArray[np.uint16], right: NDArray[np.uint16]
) -> bool:
    """Whether the page prints Han/digit spaces throughout."""
    classes = view.classes
    letter = (classes & _LETTERS) > 0
    other = (classes & (ch.DIGIT | ch.LATIN)) > 0
    tight = int((letter[1:] & other[:-1]).sum() + (letter[:-1] & other[1:]).sum())
    loose = int(mixed.sum())
    return loose >= 3 and loose > 4 * tight
