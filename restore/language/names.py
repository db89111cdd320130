"""Names of people in bylines and imprints, which print parts by spaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import regex

from restore.language.lexicon import word_list
from restore.source import Span

__all__ = ["REPORTER", "Credit", "byline_words", "credits_of", "is_surnamed", "quotes_between_names"]


def byline_words(*kinds: str) -> str:
    """A pattern for any of the words and marks that bylines and captions begin with, of these kinds.

    Args:
        kinds: of ``dictionaries/bylines.tsv``: ``reporter``, ``commentator``, ``contributor``, ``paper``, ``rank``,
            ``grade``, ``picture``, ``box``, ``sign``.
    """
    return f"(?:{'|'.join(regex.escape(word) for word, kind in word_list('bylines') if kind in kinds)})"


_QUOTES = r"[ \u3000]?(?P<quotes>[\"“”„″＂]{1,2})[ \u3000]?"
_NAME = r"\p{Han}(?:\n?\p{Han}){1,3}"
REPORTER = byline_words("reporter")
"""Titles that stand before the names of a byline, as a pattern."""
_BRACKET = regex.compile(
    rf"(?:\p{{Han}}{{0,4}}{REPORTER})?{_NAME}(?:(?:[ 、]|[ \u3000]?[\"“”„″＂]{{1,2}}[ \u3000]?){_NAME})+(?=[）)])"
)
_PARTED = regex.compile(rf"(?:(?<!\p{{Han}})|(?<={REPORTER}))(?P<before>{_NAME}){_QUOTES}(?P<after>{_NAME})")
_OPENING, _LABEL_END = (
    regex.compile(r"[（(〈《]"),
    regex.compile(r"[：:；;] ?"),
)  # before brackets and labelled names
_LABELLED = regex.compile(rf"(?P<before>{_NAME}){_QUOTES}(?P<after>{_NAME})(?= ?[：:；;])")
_BYLINE = regex.compile(rf"{REPORTER}{_QUOTES}(?P<after>{_NAME})(?![\p{{Han}}\"“”：:])")
_CREDIT = regex.compile(r"[（(]\p{Zs}?(\p{Han}(?:[\p{Zs}\n]{0,4}\p{Han}){3,5})\p{Zs}?[）)](?=\s|$)")
_WHITE = regex.compile(r"[\p{Zs}\n]+")
_SHORTEST_NAME, _LONGEST_NAME = 2, 3  # characters of a name in a credit


class Credit(NamedTuple):
    """Two names in the brackets at the end of a report.

    Attributes:
        gap: the white space between the names.
        inside: white space inside a name.
    """

    gap: Span
    inside: tuple[Span, ...]


@cache
def _surnames() -> frozenset[str]:
    return frozenset(row[0] for row in word_list("surnames"))


def is_surnamed(name: str) -> bool:
    """Whether a name begins with a surname."""
    known = _surnames()
    return name[:1] in known or name[:2] in known


def quotes_between_names(text: str, is_label: Callable[[str], bool]) -> Iterator[tuple[Span, bool]]:
    """Quotation marks where print has a space: between the names of a byline, or a name and what it is beside.

    Args:
        text: paragraphs parted by newlines.
        is_label: whether a word followed by a colon says what somebody did on the page.

    Yields:
        The marks; whether what should be names all begin with surnames (of a byline one must: glyphs are misread).
    """
    if not any(mark in text for mark in '"“”„″＂'):
        return
    for mark in _OPENING.finditer(text):
        if (bracket := _BRACKET.match(text, mark.end())) is None:
            continue
        for found in _PARTED.finditer(text, *bracket.span(), overlapped=True):
            named = is_surnamed(found["before"]), is_surnamed(found["after"])
            if any(named):
                yield Span(*found.span("quotes")), all(named)
    for mark in _LABEL_END.finditer(text):
        labelled = _LABELLED.match(text, mark.end())
        if labelled and is_label(labelled["after"]):
            yield Span(*labelled.span("quotes")), is_surnamed(labelled["before"])
    for found in _BYLINE.finditer(text):
        if is_surnamed(found["after"]):
            yield Span(*found.span("quotes")), True


def credits_of(text: str) -> Iterator[Credit]:
    """The two names in brackets at the ends of paragraphs, where white space stands between them and no mark.

    Both names must begin with a surname and be two or three characters long. Where that leaves several cuts, the white
    space must agree with just one of them. Where every character stands apart nothing is said.
    """
    for bracket in sorted([*_places("(", text), *_places("（", text)]):
        match = _CREDIT.match(text, bracket)
        if match is None:
            continue
        parts = match[1].split()
        bare = "".join(parts)
        if len(parts) in (1, len(bare)):
            continue
        white = list(accumulate(map(len, parts[:-1])))  # characters of the names before each stretch of it
        cuts = [k for k in white if _are_names(bare[:k], bare[k:])]
        if len(cuts) == 1:
            spans = [Span(*one.span()) for one in _WHITE.finditer(text, *match.span(1))]
            gap = spans.pop(white.index(cuts[0]))
            yield Credit(gap, tuple(spans))


def _are_names(*names: str) -> bool:
    """Whether each could be the name of a person in a credit."""
    return all(_SHORTEST_NAME <= len(name) <= _LONGEST_NAME and is_surnamed(name) for name in names)


def _places(mark: str, text: str) -> Iterator[int]:
    """Where a mark stands; looked for by itself it is found many times faster than one of a set."""
    at = text.find(mark)
    while at >= 0:
        yield at
        at = text.find(mark, at + 1)
