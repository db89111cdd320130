"""Pass ``spaces``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Batch, Certainty
from restore.language.names import credits_of
from restore.layout.figures import figures_apart
from restore.layout.marks import judge
from restore.layout.tables import blank_in_tables
from restore.ledger import inside
from restore.pipeline import Tools, repair_pass
from restore.source import Codes
from restore.view import View

_MESSAGES = (
    "space at the edge of a line",
    "space between the characters of a word",
    "space beside a mark that carries its own",
    "space between Han and digits or Latin: the page prints none",
    "space inside a number, a word or a name",
)
_CERTAINTY = np.array([Certainty.HIGH] * 3 + [Certainty.MEDIUM] * 2, dtype=np.int8)  # by message
_SPACED_SHARE = 0.7  # a line is letter-spaced when so many of its tokens are one character
_LONGEST_HEADLINE, _HALF = 40, 3  # characters of a headline at most, of its halves at least
_LETTERS = ch.HAN | ch.KANA
_HYPHEN = 0x2D
_DIAL = 7  # figures and hyphens that a telephone number has at least

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Classes = NDArray[np.uint16]


@repair_pass(after=["join_lines", "paragraphs"])
def spaces(view: View, tools: Tools) -> Iterator[Batch]:
    """Spaces that were not printed.

    Repairs: spaces between all characters (two-layer PDFs: ``张 万 年``), beside marks (``使用, 为国门``), around digits
    where the page prints none, between the digits of one number or the letters of one word that all stand apart
    (``卖出了3 6 0担``), inside the names that close a report in brackets, at the marks inside a number and at one side of a
    hyphen, at the edges of lines. Kept: between the names of a byline, between the parts of a headline (``山村火灾 4人受伤``), in the
    rows of a table of figures, at telephone numbers, in Latin text.
    Why it happens: converters set a space where glyphs stand apart: justification, digits of another font, marks.
    Example: ``整改等问题 200 余个, 今年`` becomes ``整改等问题200余个,今年``.
    When it is wrong: where the print had a space, as in a list of single digits without marks; ``--spacing keep`` leaves
    Han/digit spaces alone.
    """
    if tools.memo.get("read_across"):
        return
    codes = view.codes
    space = (view.classes & ch.SPACE) > 0
    if not space.any():
        return
    marks = judge(view)
    tools.memo["marks"] = marks
    classes = marks.classes
    n = len(codes)
    at = space.nonzero()[0]
    start, end = _runs(at)
    framed = np.append(classes, ch.NEWLINE)  # before the text (-1) and behind it is a line's edge too
    left, right = framed.take(start - 1), framed.take(end)
    # lines as stretches between breaks, and what each has
    line = view.breaks.searchsorted(start)
    bounds = np.concatenate(([-1], view.breaks, [n]))
    length = bounds[1:] - bounds[:-1] - 1
    in_cjk = view.cjk_lines.take(line)
    signs = codes.take(at)
    tabs, ideographic = at[signs == 9], at[signs == 0x3000]
    tabbed = tabs.searchsorted(end) > tabs.searchsorted(start)

    either, size = left | right, end - start
    at_edge = (either & ch.NEWLINE) > 0
    edges = at_edge & in_cjk & ~tabbed
    if len(ideographic):
        wide = ideographic.searchsorted(end) - ideographic.searchsorted(start)
        indent = (wide == size) & (size <= 2)
        edges &= ~(((left & ch.NEWLINE) > 0) & indent)
    narrow = (size <= 3) & ~tabbed
    letter_left, letter_right = (left & _LETTERS) > 0, (right & _LETTERS) > 0
    parts = _LETTERS | ch.FULL | ch.COMMA | ch.DIGIT
    spaced = _letter_spaced(line, length, size)
    inner = spaced & narrow
    if inner.any():
        inner &= ((left & parts) > 0) & ((right & parts) > 0)
        inner &= ~(((left & ch.DIGIT) > 0) & ((right & ch.DIGIT) > 0))
    # a full-width mark brings its own space; only one plain space goes, others were set on purpose
    plain = (size == 1) & (codes[start] == 32)
    beside = ((either & ch.FULL) > 0) & ~at_edge & plain & ~(letter_left & letter_right) & in_cjk
    beside &= ~(((right & ch.OPEN) > 0) & ((left & ch.LATIN) > 0)) & ((either & ch.HANGUL) == 0)
    word = ch.DIGIT | ch.LATIN
    percent = codes.take(np.maximum(start - 1, 0)) == 0x25
    mixed = (letter_left & ((right & word) > 0)) | (letter_right & (((left & word) > 0) | percent))
    mixed &= narrow & (codes[start] == 32)
    spacing = tools.settings.spacing
    if spacing == "keep" or (spacing == "auto" and _prints_spaces(classes, mixed)):
        mixed = np.zeros_like(mixed)
    elif mixed.any():
        places = mixed.nonzero()[0]
        mixed[places[_parts_a_headline(view, start, line, bounds, places)]] = False
        if spacing == "auto":
            mixed[places] &= ~_at_numbers_to_dial(codes, start[places], end[places])
    within = _among(start, figures_apart(view, classes, start[plain], start[spaced]), n)
    names = list(credits_of(view.text))
    if names:
        # an ideographic space inside a name was printed, to make it as wide as the others
        within |= _among(start, [gap.start for one in names for gap in one.inside], n) & plain
        inner &= ~_among(start, [one.gap.start for one in names], n)
    which = np.full(len(start), -1)
    for number, mask in ((4, within), (3, mixed), (2, beside), (1, inner), (0, edges)):
        which[mask] = number
    if tools.memo.get("tables", True) and (which > 0).any():
        which[(which > 0) & blank_in_tables(view).take(start)] = -1
    take = which >= 0
    if take.any():
        which, start, end = which[take], start[take], end[take]
        tools.memo["spaces"] = inside(start, end - start)
        yield Batch(start, end, 0, ("",), _MESSAGES, which, _CERTAINTY[which])


def _at_numbers_to_dial(codes: Codes, start: Ints, end: Ints) -> Bools:
    """Whether a telephone number begins behind each space, or ends before it; they are printed apart from names. Shape like ``start``."""
    out = np.zeros(len(start), dtype=np.bool_)
    for near, step in ((end, 1), (start - 1, -1)):
        far = near + step * (_DIAL - 1)
        ends = _dialled(codes.take(far, mode="clip")) & (far >= 0) & (far < len(codes))
        some = ends.nonzero()[0]
        if not len(some):  # as nearly always: a number is long
            continue
        signs = codes[near[some, None] + step * np.arange(_DIAL)]
        out[some] |= _dialled(signs).all(axis=1) & ((signs != _HYPHEN).sum(axis=1) >= _DIAL - 2)
    return out


def _dialled(codes: Codes) -> Bools:
    """Which are figures or hyphens."""
    return np.asarray(((codes >= 0x30) & (codes <= 0x39)) | (codes == _HYPHEN))


def _runs(at: Ints) -> tuple[Ints, Ints]:
    """Where the stretches of consecutive places begin and end; ``at`` has a place at least, ascending."""
    begins = np.ones(len(at), dtype=np.bool_)
    np.not_equal(at[1:] - at[:-1], 1, out=begins[1:])
    first = begins.nonzero()[0]
    return at.take(first), at.take(np.append(first[1:], len(at)) - 1) + 1


def _among(places: Ints, wanted: Ints | list[int], n: int) -> Bools:
    """Whether each place is one of those ``wanted``, shape like ``places``; both are offsets into ``n`` characters."""
    if not len(wanted):
        return np.zeros(len(places), dtype=np.bool_)
    is_wanted = np.zeros(n, dtype=np.bool_)
    is_wanted[wanted] = True
    return is_wanted.take(places)


def _letter_spaced(line: Ints, length: Ints, size: Ints) -> Bools:
    """Whether each space stands in a line with spaces between (nearly) all its characters, shape like ``line``.

    Args:
        line: number of its line.
        length: characters of every line, white space among them, shape ``(lines,)``.
        size: characters of the space, shape like ``line``.
    """
    lines = len(length)
    gaps = np.bincount(line, minlength=lines)
    solid = length - np.bincount(line, weights=size, minlength=lines)
    return ((gaps >= 3) & (gaps + 1 > _SPACED_SHARE * solid)).take(line)


def _parts_a_headline(view: View, start: Ints, line: Ints, bounds: Ints, places: Ints) -> Bools:
    """Whether a space before a figure is the only one of a line without marks that is a block of its own, and parts it in two.

    Args:
        start, line: view offsets of all spaces, and the numbers of their lines.
        bounds: view offsets of the line breaks, -1 before the first and the text's length behind the last.
        places: which of the spaces are asked about; shape ``(m,)``, as that of the answer.
    """
    at, own = start[places], line[places]
    first, last = bounds[own] + 1, bounds[own + 1]
    out = (at - first >= _HALF) & (last - at > _HALF) & (last - first <= _LONGEST_HEADLINE)
    for k in out.nonzero()[0].tolist():
        a, b, number = int(first[k]), int(last[k]), int(own[k])
        alone = number == 0 or bounds[number - 1] + 1 == bounds[number]
        alone &= number + 2 >= len(bounds) or bounds[number + 2] == b + 1
        figure = view.classes[at[k] - 1] & _LETTERS and view.classes[at[k] + 1] & ch.DIGIT
        single = line.searchsorted(number, "right") - line.searchsorted(number) == 1
        out[k] = alone and figure and single and not (view.classes[a:b] & (ch.STOP | ch.COMMA)).any()
    return np.asarray(out)


def _prints_spaces(classes: Classes, mixed: Bools) -> bool:
    """Whether the page prints Han/digit spaces throughout."""
    loose = int(np.count_nonzero(mixed))
    if loose < 3:
        return False
    letter = (classes & _LETTERS) > 0
    other = (classes & (ch.DIGIT | ch.LATIN)) > 0
    tight = np.count_nonzero(letter[1:] & other[:-1]) + np.count_nonzero(letter[:-1] & other[1:])
    return bool(loose > 4 * tight)
