"""Which script a text is in, and single characters that belong to another.

Every ideograph that Simplified, Traditional and Japanese text do not share is in ``dictionaries/scripts.tsv``
(from OpenCC's tables and the national character sets); here the table is spread over all code points, so that
a text is classified by one gather.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restore.characters import HAN, HANGUL, KANA, classify, table
from restore.data import DataError, path

__all__ = ["Script", "detect_script", "lone_other_script", "script_bits", "script_counts"]

FILE = "scripts.tsv"

Script = Literal["hans", "hant", "jp", "ko", "mixed", "none"]

SIMPLIFIED, TRADITIONAL, JAPANESE = 1, 2, 4
_ALL = SIMPLIFIED | TRADITIONAL | JAPANESE
_LETTERS = {"s": SIMPLIFIED, "t": TRADITIONAL, "j": JAPANESE}
_NAMES = {
    SIMPLIFIED: "hans",
    TRADITIONAL: "hant",
    JAPANESE: "jp",
    SIMPLIFIED | TRADITIONAL: "hans_hant",
    SIMPLIFIED | JAPANESE: "hans_jp",
    TRADITIONAL | JAPANESE: "hant_jp",
}
_BIT = {"hans": SIMPLIFIED, "hant": TRADITIONAL, "jp": JAPANESE}

KANA_SHARE = 0.1
"""Japanese prose has about one kana for every two letters; a Chinese page only quotes some."""
HANGUL_SHARE = 0.2
MINORITY_SHARE = 0.2
"""Beyond this share of the telling characters the second script makes a text mixed."""
WINDOW = 8
"""A character of another script with a second one within so many places is no slip but a quotation."""


@cache
def script_bits() -> NDArray[np.uint8]:
    """Scripts that use each ideograph, as bits: 1 Simplified, 2 Traditional, 4 Japanese.

    Indexed by code point, shape ``(0x110000,)``. Ideographs used by all three have all bits; all else has 0.

    Raises:
        DataError: when the table is damaged.
    """
    file = path(FILE)
    header, *rows = (line.split("\t") for line in file.read_text("utf-8").splitlines())
    if header != ["code", "char", "scripts"] or any(len(row) != 3 for row in rows):
        raise DataError(f"{file} is not a table of scripts; rebuild it with dictionaries/build/scripts.py")
    codes = np.array([int(code[2:], 16) for code, _, _ in rows])
    masks = {name: sum(_LETTERS[letter] for letter in name) for name in {row[2] for row in rows}}
    bits = np.zeros(0x110000, dtype=np.uint8)
    bits[(table() & HAN) != 0] = _ALL
    bits[codes] = [masks[row[2]] for row in rows]
    return bits


def script_counts(text: str) -> dict[str, int]:
    """Count the letters of a text by what they say about its script.

    Keys: ``han``, ``kana``, ``hangul`` (all of each); of ``han`` those used in one script only, ``hans``,
    ``hant``, ``jp``; those used in two, ``hans_hant``, ``hans_jp``, ``hant_jp``.

    >>> script_counts("台湾的發展")["hant"]
    1
    """
    codes = _codes(text)
    classes = classify(codes)
    tally = np.bincount(script_bits()[codes], minlength=_ALL + 1)
    counts = {
        "han": int(np.count_nonzero(classes & HAN)),
        "kana": int(np.count_nonzero(classes & KANA)),
        "hangul": int(np.count_nonzero(classes & HANGUL)),
    }
    return counts | {name: int(tally[mask]) for mask, name in _NAMES.items()}


@lru_cache(maxsize=1)  # several passes ask about the same text, one after another
def detect_script(text: str) -> Script:
    """Script of a text; ``"none"`` where nothing tells: no ideographs, or only ones that all scripts share.

    Kana and Hangul decide for Japanese and Korean by their share of the letters; between Simplified and
    Traditional the characters decide that only one of the two uses.

    >>> detect_script("国务院发布了通知"), detect_script("國務院發布了通知"), detect_script("一二三")
    ('hans', 'hant', 'none')
    """
    counts = script_counts(text)
    letters = counts["han"] + counts["kana"] + counts["hangul"]
    if not letters:
        return "none"
    korean, japanese = counts["hangul"] / letters, counts["kana"] / letters
    if korean >= HANGUL_SHARE and japanese >= KANA_SHARE:
        return "mixed"
    if korean >= HANGUL_SHARE:
        return "ko"
    if japanese >= KANA_SHARE:
        return "jp"
    simplified = counts["hans"] + counts["hans_jp"]
    traditional = counts["hant"] + counts["hant_jp"]
    if simplified + traditional == 0:
        return "none"
    if min(simplified, traditional) > MINORITY_SHARE * (simplified + traditional):
        return "mixed"
    return "hans" if simplified >= traditional else "hant"


def lone_other_script(text: str, script: Script | None = None) -> NDArray[np.intp]:
    """Positions of single ideographs that the script of the text does not use, ascending.

    Lone means that no second such character stands within `WINDOW` places on either side; a passage in the
    other script is a quotation, not a slip.

    Args:
        text: running text, offsets are code points.
        script: the script of the text; detected when not given. Nothing is found in Korean, mixed or
            undecided text.
    """
    bit = _BIT.get(script or detect_script(text), 0)
    if not bit:
        return np.empty(0, dtype=np.intp)
    bits = script_bits()[_codes(text)]
    alien = np.flatnonzero((bits != 0) & (bits & bit == 0))
    if len(alien) < 2:
        return alien
    gap = np.diff(alien) > WINDOW
    alone = np.concatenate([[True], gap]) & np.concatenate([gap, [True]])
    lone: NDArray[np.intp] = alien[alone]
    return lone


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)
