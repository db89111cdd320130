"""Page furniture: running heads, folios, dates, imprint and hotline lists, told by how such lines are worded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import regex
from numpy.typing import NDArray

from restore.data import DataError, path

__all__ = ["furniture_lines"]

_LONGEST = 60  # characters; furniture is short
_COVER = 0.75  # share of a line that patterns must cover
_HINT = re.compile("[版年期:：;；]")  # what all patterns but those of a section's letter have
_SECTION = regex.compile(r"[\p{Han}]{2,6}")


@cache
def _pattern() -> regex.Pattern[str]:
    file = path("furniture.tsv")
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines() if line and line[0] != "#"]
    if not rows or rows[0] != ["kind", "pattern"]:
        raise DataError(f"{file}: not a table of furniture patterns")
    return regex.compile("|".join(f"(?:{pattern})" for _, pattern in rows[1:]), regex.IGNORECASE)


@lru_cache(maxsize=4096)  # several passes ask about the same lines
def _worded(text: str) -> bool:
    covered = sum(m.end() - m.start() for m in _pattern().finditer(text))
    return covered >= _COVER * len(text)


def furniture_lines(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which lines are furniture, shape ``(n,)``.

    A line of a few characters between two furniture lines (the name of the section) is furniture too.
    """
    n = len(texts)
    out = np.zeros(n, dtype=np.bool_)
    for k, text in enumerate(texts):
        if 2 <= len(text) <= _LONGEST and (_HINT.search(text) or text[0] in "ABCD"):
            out[k] = _worded(text)
    for k in (np.flatnonzero(out[:-2] & ~out[1:-1]) + 1).tolist():
        if out[k + 1] and _SECTION.fullmatch(texts[k]):
            out[k] = True
    return out
