"""Vertical pages whose dump was read across the columns: recognised, and left as they are.

Each row of such a dump holds one character of every column, so nothing in it reads on from left to right. Its lines are
no lines, and whatever is done to them makes them worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from restore import characters as ch
from restore.language.context import REACH
from restore.layout.segments import segments_of
from restore.layout.tokens import tokens_of

if TYPE_CHECKING:
    from restore.language.scorer import Scorer
    from restore.view import View

__all__ = ["read_across"]

_SINGLE = 0.5  # share of tokens that are single characters
_FEWEST = 40  # tokens below which nothing is said
# ln P per character: letter-spaced text that reads on has -2 to -6, recognised badly too; rows across columns below -6.5
_NONSENSE = -6.3
_SHORTEST = 3  # characters of a line that is scored


def read_across(view: View, model: Scorer) -> bool:
    """Whether the text is a vertical page, read across its columns."""
    if not (view.classes & ch.CJK).any():
        return False
    tokens = tokens_of(view)
    if len(tokens) < _FEWEST or float((tokens.width <= 1).mean()) < _SINGLE:
        return False
    lines = [text for text in segments_of(view).texts if len(text) >= _SHORTEST]
    if not lines:
        return False
    # all lines at once, between them as many boundaries as a character can look back on
    ids = np.asarray(model.encode("".join(lines)))
    ends = np.cumsum([len(line) for line in lines])[:-1]
    scores = model.logp(np.insert(ids, np.repeat(ends, REACH), model.bos))
    within = np.insert(np.ones(len(ids), dtype=np.bool_), np.repeat(ends, REACH), False)
    within[1:] &= within[:-1]
    within[0] = False  # nothing stands before the first of a line
    return float(scores[within].mean()) < _NONSENSE
