"""Characters that only look like an ordinary one: radicals, presentation forms, compatibility ideographs.

A PDF stores glyphs; a converter that maps them back to characters may pick the wrong one of several that
share a glyph (⼈ U+2F08 for 人). The table lists every such character with its ordinary form. It is built
from the Unicode Character Database by ``dictionaries/build/radicals.py``. Ideographic punctuation of half
or full width is not in it: which width is right depends on the context.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restore.data import DataError, path

__all__ = ["FILE", "KINDS", "form_positions", "load_forms", "load_sequences"]

FILE = "radicals.tsv"
KINDS = (
    "kangxi",
    "radical",
    "stroke",
    "compat",
    "canonical",
    "vertical",
    "small",
    "ligature",
    "halfwidth",
)
"""Kangxi radicals, CJK Radicals Supplement, CJK strokes, compatibility ideographs, other canonical
singletons, vertical forms, small forms, Latin ligatures, half-width kana and Hangul."""

_HEADER = ["code", "char", "to", "hans", "kind"]

Script = Literal["hans", "other"]


@cache
def _rows() -> tuple[tuple[str, str, str, str], ...]:
    """All rows as (characters, plain form, plain form in Simplified text, kind)."""
    file = path(FILE)
    table = [line.split("\t") for line in file.read_text("utf-8").splitlines()]
    if not table or table[0] != _HEADER or any(len(row) != len(_HEADER) for row in table):
        raise DataError(
            f"{file} is damaged or not a table of forms; rebuild it with dictionaries/build/radicals.py"
        )
    return tuple((chars, to, hans or to, kind) for _, chars, to, hans, kind in table[1:])


@cache
def load_forms(script: Script = "other") -> dict[str, tuple[str, str]]:
    """Map each character to (plain form, kind); the plain form may be longer than one character.

    With script ``"hans"`` the few radicals that fonts draw with the Simplified outline give the Simplified
    form: ⼾ is 户 there, else 戶. Kinds are those of `KINDS`. The dict is shared: do not change it.

    >>> load_forms()["⼈"]
    ('人', 'kangxi')
    """
    pick = 2 if script == "hans" else 1
    return {row[0]: (row[pick], row[3]) for row in _rows() if len(row[0]) == 1}


@cache
def load_sequences() -> dict[str, tuple[str, str]]:
    """Map each pair of characters that makes one to (plain form, kind): half-width kana with a voicing mark.

    To be tried before `load_forms` on the same text.

    >>> load_sequences()["ｶﾞ"]
    ('ガ', 'halfwidth')
    """
    return {row[0]: (row[1], row[3]) for row in _rows() if len(row[0]) > 1}


@cache
def _mask() -> NDArray[np.bool_]:
    mask = np.zeros(0x110000, dtype=np.bool_)
    mask[[ord(char) for char in load_forms()]] = True
    return mask


def form_positions(codes: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Positions of characters that `load_forms` maps, ascending.

    ``codes`` are the code points of a text, shape ``(n,)``.
    """
    return np.flatnonzero(_mask()[codes])
