"""Numbers, words and names in whose middle a converter set spaces, inside Chinese or Japanese text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import regex
from numpy.typing import NDArray

from restore import characters as ch
from restore.view import View

__all__ = ["figures_apart"]

Ints = NDArray[np.int64]

_APART = regex.compile(
    r"(?<![\p{Latin}\p{Nd}]|[.·∶．:%‰/\-] ?)"
    r"(?:\d(?: \d| ?[.·∶．] ?\d(?!\d))++(?: ?[%‰])?|[A-Za-z](?: [A-Za-z])++)"
)  # digits, or letters, that all stand apart, and the marks between them
_GOES_ON = regex.compile(r" ?[\p{Latin}\p{Nd}.·∶．:%‰/\-]")  # behind a run that is part of something else
_MARKED = regex.compile(
    r"(?<=\d)(?: [·∶．.](?=\d)| ∶ (?=\d)|[·∶] (?=\d)| (?=[%‰](?![\p{Latin}\p{Nd}])))"
)  # a mark inside a number, or behind one
_NUMBER_MARKS = np.array([ord(c) for c in "·∶．.%‰"], dtype=np.uint32)
_SPACE = 0x20
_HYPHENS = np.array([ord(c) for c in "-‐"], dtype=np.uint32)
_HYPHEN = regex.compile(r"(?<=\p{Han}{2})(?: [-‐]|[-‐] )(?=\p{Han}{2})")  # in the name of a person or place
_FIGURES = ch.DIGIT | ch.LATIN
_SOLID = ch.HAN | ch.KANA | ch.FULL
_FEWEST_LETTERS = 3  # of a word whose letters stand apart where nothing else does; fewer are a list
_LIST = 3  # digits or letters in a row that count on are a list


def figures_apart(view: View, classes: NDArray[np.uint16], single: Ints, spaced: Ints) -> Ints:
    """Where single spaces stand inside a number, a word or a name, ascending view offsets.

    A number or word is closed where ideographs or full-width marks stand around it, and at least one of them touches it,
    or all characters of the line stand apart.

    Args:
        classes: of the characters as they were printed, shape ``(n,)``.
        single: offsets of the spaces that stand beside no other white space.
        spaced: offsets of the spaces of lines whose characters all stand apart.
    """
    text, codes = view.text, view.codes
    single = single[(single > 0) & (single < len(codes) - 1)]
    around = np.stack((single - 1, single + 1))
    signs = codes.take(around)
    found: set[int] = set()
    if ch.among(signs, _HYPHENS).any():
        found.update(k for match in _HYPHEN.finditer(text) for k in range(*match.span()) if text[k] == " ")
    part = ((classes.take(around) & _FIGURES) > 0) | ch.among(signs, _NUMBER_MARKS)
    inner = single[part[0] & part[1]]
    if not len(inner):
        return np.array(sorted(found), dtype=np.int64)  # as on most pages: no number has a space inside
    alike = ((classes & _FIGURES) > 0) | ch.among(codes, _NUMBER_MARKS) | (codes == _SPACE)
    stretches = list(_around(inner, alike))
    apart = frozenset(spaced.tolist())
    lines = _Lines(view, classes)
    for match in _matches(_APART, text, stretches):
        a, b = match.span()
        if _GOES_ON.match(text, b):
            continue
        left, right = _beyond(text, a, -1), _beyond(text, b, 1)
        inside = [k for k in range(a, b) if text[k] == " "]
        figures = [c for c in match[0] if c.isalnum()]
        stand_apart = all(k in apart for k in inside)
        sides = [_solid(classes, k) or (stand_apart and _edge(text, k)) for k in (left, right)]
        if not all(sides) or not lines.in_words(a, b):
            continue
        if not stand_apart:
            touches = left == a - 1 or right == b
            few = figures[0].isalpha() and len(figures) < _FEWEST_LETTERS
            if not touches or few or _counts_on(figures):
                continue
        found.update(inside)
    for match in _matches(_MARKED, text, stretches):
        if lines.among_letters(*match.span()):
            found.update(k for k in range(*match.span()) if text[k] == " ")
    return np.array(sorted(found), dtype=np.int64)


def _around(places: Ints, alike: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """The stretches of characters of one kind that places stand in, each once, ascending; ``alike`` is the kind, shape ``(n,)``."""
    edges = (alike[1:] != alike[:-1]).nonzero()[0] + 1
    nth = np.bincount(edges.searchsorted(places, "right")).nonzero()[0]
    bounds = np.concatenate(([0], edges, [len(alike)]))
    return zip(bounds[nth].tolist(), bounds[nth + 1].tolist(), strict=True)


def _matches(
    pattern: regex.Pattern[str], text: str, stretches: list[tuple[int, int]]
) -> Iterator[regex.Match[str]]:
    """Matches inside stretches; a pattern may look at what stands before, and at one character behind."""
    for start, end in stretches:
        yield from pattern.finditer(text, start, end + 1)


def _beyond(text: str, at: int, step: int) -> int:
    """Offset of the character behind (before, where ``step`` is -1) a stretch and at most one space; may be no offset."""
    k = at if step > 0 else at - 1
    return k + step if 0 <= k < len(text) and text[k] == " " else k


def _solid(classes: NDArray[np.uint16], at: int) -> bool:
    return bool(0 <= at < len(classes) and classes[at] & _SOLID)


def _edge(text: str, at: int) -> bool:
    """Whether no character of the same line stands at ``at``."""
    return not 0 <= at < len(text) or text[at] == "\n"


def _counts_on(signs: list[str]) -> bool:
    """Whether signs are a list such as 1 2 3 or A B C."""
    return len(signs) >= _LIST and all(ord(b) - ord(a) == 1 for a, b in _pairs(signs))


def _pairs(signs: list[str]) -> Iterator[tuple[str, str]]:
    return zip(signs, signs[1:], strict=False)


class _Lines:
    """Counts of the lines of a text, and ends of its numbers, looked up without reading any of it twice."""

    def __init__(self, view: View, classes: NDArray[np.uint16]) -> None:
        self.text, self.codes, self.classes = view.text, view.codes, classes

    @cached_property
    def breaks(self) -> Ints:
        """Where lines end, ascending."""
        found: Ints = (self.codes == ord("\n")).nonzero()[0]
        return found

    @cached_property
    def sums(self) -> Ints:
        """Letters thrice, less figures, before each place, shape ``(n + 1,)``."""
        letters = (self.classes & (ch.HAN | ch.KANA)) > 0
        figures = (self.classes & _FIGURES) > 0
        return np.append(0, np.cumsum(3 * letters.astype(np.int64) - figures))

    @cached_property
    def others(self) -> Ints:
        """Where stands what is part of no number, ascending."""
        number = ((self.classes & ch.DIGIT) > 0) | (self.codes == _SPACE)
        found: Ints = (~(number | ch.among(self.codes, _NUMBER_MARKS))).nonzero()[0]
        return found

    def in_words(self, start: int, end: int) -> bool:
        """Whether the line of a stretch has an ideograph or kana for every three figures: it is no row of a table."""
        a, b = int(self.breaks.searchsorted(start)), int(self.breaks.searchsorted(end))
        first = int(self.breaks[a - 1]) + 1 if a else 0
        last = int(self.breaks[b]) if b < len(self.breaks) else len(self.classes)
        return bool(self.sums[last] >= self.sums[first])

    def among_letters(self, start: int, end: int) -> bool:
        """Whether the number around a mark stands in Chinese or Japanese text: beside a letter, and beside nothing else."""
        a, b = int(self.others.searchsorted(start)), int(self.others.searchsorted(end))
        before = int(self.others[a - 1]) if a else -1
        behind = int(self.others[b]) if b < len(self.others) else len(self.classes)
        sides = [_solid(self.classes, k) for k in (before, behind)]
        edges = [_edge(self.text, k) for k in (before, behind)]
        return any(sides) and all(s or e for s, e in zip(sides, edges, strict=True))
