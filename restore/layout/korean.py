"""Printed line ends of Korean text, which has spaces between its words.

A token is a word here, not a line, so that widths of tokens tell nothing; physical lines do. A line that was broken by a
compositor is one into which the next word did not fit, or, where words are cut, one that fills the measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.tokens import Tokens
from restore.view import View

__all__ = ["KoreanEnds", "korean_line_ends"]

Bools = NDArray[np.bool_]

_SHARE = 0.2  # of Hangul among the letters of a Korean page
_LEAST = 6  # physical lines that teach a measure
_FULL = 1.1  # ems by which a line that cuts words may fall short of the measure
_CUTS = 0.85  # share of the line ends that must be full where words are cut
_SPACE, _SLACK = 0.5, 0.1  # ems


@dataclass(frozen=True)
class KoreanEnds:
    """Judgement about the white space behind every token.

    Attributes:
        join: a printed line ends here and its paragraph goes on, shape ``(tokens,)``.
        cuts: whether the page cuts words at its line ends.
    """

    join: Bools
    cuts: bool


def korean_line_ends(view: View, tokens: Tokens) -> KoreanEnds:
    """Judge the line ends of a page in Korean; none on other pages."""
    count = len(tokens)
    nothing = KoreanEnds(np.zeros(count, dtype=np.bool_), cuts=False)
    hangul = np.count_nonzero(view.classes & ch.HANGUL)
    if count < 2 or not hangul or hangul < _SHARE * len(view.letters):
        return nothing
    rows = int(tokens.row[-1]) + 1
    words = np.bincount(tokens.row, minlength=rows)
    width = np.bincount(tokens.row, weights=tokens.width, minlength=rows) + _SPACE * (words - 1)
    last = np.append(np.diff(tokens.row) > 0, False)  # the last token of its line, another line behind it
    at = np.flatnonzero(last & (tokens.newlines == 1))
    if len(at) < _LEAST - 1:
        return nothing
    line = tokens.row[at]
    measure = float(np.percentile(width[line], 90))
    full = width[line] >= measure - _FULL
    cuts = bool(full.mean() >= _CUTS)
    unfit = width[line] + _SPACE + tokens.width[at + 1] > measure - _SLACK
    spaced = width[line] <= measure + _FULL
    join = nothing.join.copy()
    join[at[spaced & (full if cuts else unfit)]] = True
    return KoreanEnds(join, cuts)
