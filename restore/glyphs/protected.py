"""Places where only the page itself can tell: names, figures, and forms of one character."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.language.context import RunningText
from restore.language.fold import fold_codes
from restore.language.lexicon import Lexicon, word_list
from restore.language.opencc import converter
from restore.source import Codes, codes_to_text

__all__ = ["figures", "in_name", "in_title", "numerals", "regional", "same_simplified", "surnames"]

Ints = NDArray[np.int64]

_NUMERALS = np.array(
    [ord(c) for c in "〇零一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟"], dtype=np.uint32
)
_NAME, _BYLINE = 4, 8  # longest stretch between marks that may be a name, or the names in a bracket
_TITLE, _QUOTED = 40, 6  # longest title, and longest quotation that is a name rather than somebody's words
_BOOK, _BOOK_ENDS, _QUOTES, _QUOTE_ENDS = "《〈", "》〉", "“‘「『", "”’」』"
_COMMON = 50  # occurrences from which words tell that a stretch is no name


def figures(seen: Codes, true: Codes) -> NDArray[np.bool_]:
    """Whether one numeral was read for another, shape ``(n,)``."""
    return numerals(seen) & numerals(true)


def numerals(codes: Codes) -> NDArray[np.bool_]:
    """Whether characters are Chinese numerals, shape like ``codes``."""
    return ch.among(codes, _NUMERALS)


def surnames(seen: Codes, true: Codes) -> NDArray[np.bool_]:
    """Whether one surname was read for another, shape ``(n,)``."""
    return ch.among(seen, _surnames()) & ch.among(true, _surnames())


def in_name(text: RunningText, place: Ints, true: Codes, lexicon: Lexicon) -> NDArray[np.bool_]:
    """Whether a place may be in a person's name: a short stretch between marks that begins with a surname.

    Not where four characters are two common words, or one, with the reading: 堵塞洞洞 is no name, as 堵塞漏洞 is none.
    """
    han = (text.classes & ch.HAN) > 0
    spaced = np.append(True, np.diff(text.at) > 1)
    begins = np.flatnonzero(han & (spaced | ~np.append(False, han[:-1])))
    ends = np.append(begins[1:], len(text))
    stops = np.flatnonzero(~han)
    if len(stops):
        behind = np.append(stops, len(text))[np.searchsorted(stops, begins)]
        ends = np.minimum(ends, behind)
    which = np.maximum(np.searchsorted(begins, place, side="right") - 1, 0)
    if not len(begins):
        return np.zeros(len(place), dtype=np.bool_)
    start, size = begins[which], ends[which] - begins[which]
    before, after = text.codes[np.maximum(start - 1, 0)], text.codes[np.minimum(start + size, len(text) - 1)]
    bracketed = (before == ord("（")) | (before == ord("(")) | (after == ord("）")) | (after == ord(")"))
    surname = ch.among(text.codes[start], _surnames())
    out: NDArray[np.bool_] = surname & (size >= 2) & (size <= np.where(bracketed, _BYLINE, _NAME))
    four = np.flatnonzero(out & ~bracketed & (size == _NAME))
    if len(four):
        stretch = text.codes[start[four, None] + np.arange(_NAME)]
        stretch[np.arange(len(four)), place[four] - start[four]] = true[four]
        stretch = fold_codes(stretch)
        half = _NAME // 2
        freq = np.minimum(lexicon.freq_codes(stretch[:, :half]), lexicon.freq_codes(stretch[:, half:]))
        out[four] = np.maximum(freq, lexicon.freq_codes(stretch)) < _COMMON
    return out


def in_title(text: RunningText, place: Ints, quoted_title: int = _QUOTED) -> NDArray[np.bool_]:
    """Whether a place is in a title: between book-title marks, or in a quotation without a mark.

    Args:
        quoted_title: most characters that such a quotation has.
    """
    title, _, _ = _between(text.codes, place, _BOOK, _BOOK_ENDS)
    quoted, before, after = _between(text.codes, place, _QUOTES, _QUOTE_ENDS)
    marks = np.append(0, np.cumsum((text.classes & (ch.STOP | ch.COMMA)) > 0))
    out: NDArray[np.bool_] = title | (
        quoted & (after - before <= quoted_title + 1) & (marks[after] == marks[before])
    )
    return out


def _between(codes: Codes, place: Ints, opening: str, closing: str) -> tuple[NDArray[np.bool_], Ints, Ints]:
    """Whether the nearest of these marks before a place opens, and the nearest behind it closes; and where the two are."""
    opens, closes = (
        ch.among(codes, np.array([ord(c) for c in kind], dtype=np.uint32)) for kind in (opening, closing)
    )
    marks = np.flatnonzero(opens | closes)
    if not len(marks):
        return np.zeros(len(place), dtype=np.bool_), place, place
    behind = np.searchsorted(marks, place)
    before, after = marks[np.maximum(behind - 1, 0)], marks[np.minimum(behind, len(marks) - 1)]
    inside = (before < place) & (place < after) & opens[before] & closes[after] & (after - before <= _TITLE)
    return np.asarray(inside), before, after


def regional(seen: Codes, true: Codes) -> NDArray[np.bool_]:
    """Whether two glyphs are forms of one character, of which regions prefer one (著 and 着 in Taiwan)."""
    same = np.zeros(len(seen), dtype=np.bool_)
    for scheme in ("t2tw", "t2hk"):
        one, other = (_in_region(c, scheme) for c in (seen, true))
        same |= one == other
    return same


def same_simplified(one: Codes, other: Codes) -> NDArray[np.bool_]:
    """Whether two stretches, row by row, are forms of one text (瞭解, 了解), shape ``(n,)``."""
    convert = converter("t2s")
    texts = ([convert(codes_to_text(row).replace("\0", "")) for row in side] for side in (one, other))
    return np.array([a == b for a, b in zip(*texts, strict=True)], dtype=np.bool_)


def _in_region(codes: Codes, scheme: str) -> NDArray[np.object_]:
    """What a scheme of conversion makes of each character by itself, shape ``(n,)``."""
    distinct, number = np.unique(codes, return_inverse=True)
    return np.array([_alone(code, scheme) for code in distinct.tolist()], dtype=np.object_)[number]


@cache
def _alone(code: int, scheme: str) -> str:
    return converter(scheme)(chr(code))


@cache
def _surnames() -> Codes:
    """First characters of surnames."""
    found = sorted({ord(row[0][0]) for row in word_list("surnames")})
    return np.array(found, dtype=np.uint32)
