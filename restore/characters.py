"""Character classes by Unicode property, as bits of one 16-bit word per code point.

The table is built from the properties themselves by ``dictionaries/build/characters.py`` (with `regex`) into ranges;
here it is only spread out, so that classifying a text is one NumPy gather.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from restore.data import path

__all__ = ["among", "classify", "table"]

HAN = np.uint16(1 << 0)  # ideographs, with 々 and 〇
KANA = np.uint16(1 << 1)
HANGUL = np.uint16(1 << 2)
LATIN = np.uint16(1 << 3)  # letters of alphabets: Latin, Greek, Cyrillic
DIGIT = np.uint16(1 << 4)  # decimal digits of any width
SPACE = np.uint16(1 << 5)  # horizontal white space
NEWLINE = np.uint16(1 << 6)  # LF, CR, FF, VT, NEL, LS, PS
WIDE = np.uint16(1 << 7)  # East Asian Wide or Fullwidth, and the quotes and dashes that print wide in CJK
PUNCT = np.uint16(1 << 8)  # punctuation and symbols of any width
OPEN = np.uint16(1 << 9)  # opening brackets and quotes that know their direction
CLOSE = np.uint16(1 << 10)
STOP = np.uint16(1 << 11)  # ends a sentence: 。！？ and their half-width forms, but not a bare full stop
COMMA = np.uint16(1 << 12)  # parts a sentence: ，、；： and half-width forms
MARK = np.uint16(1 << 13)  # combining marks
FULL = np.uint16(1 << 14)  # full-width and CJK-only punctuation: tells that a page prints such
CJK = np.uint16(HAN | KANA | HANGUL)
BLANK = np.uint16(SPACE | NEWLINE)


@cache
def table() -> NDArray[np.uint16]:
    """Class bits of every code point, shape ``(0x110000,)``."""
    body = path("characters.tsv").read_text("utf-8").split("bits\n", 1)[1]
    numbers = np.fromstring(body, dtype=np.int64, sep=" ").reshape(-1, 3)
    out = np.zeros(0x110000, dtype=np.uint16)
    start, end, bits = numbers.T
    spread = np.repeat(np.arange(len(start)), end - start)
    at = np.repeat(start - (np.cumsum(end - start) - (end - start)), end - start) + np.arange(len(spread))
    out[at] = bits[spread].astype(np.uint16)
    return out


def classify(codes: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """Class bits of each character, shape like ``codes``."""
    return table().take(codes, mode="clip")  # no code is beyond the table; told so it does not look for one


def among(codes: NDArray[np.uint32], wanted: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether each character is one of ``wanted``, shape like ``codes``: one gather for sets that are asked for often."""
    return _members(wanted.tobytes()).take(codes, mode="clip")


@cache
def _members(wanted: bytes) -> NDArray[np.bool_]:
    out = np.zeros(0x110000, dtype=np.bool_)
    out[np.frombuffer(wanted, dtype=np.uint32)] = True
    return out
