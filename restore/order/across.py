"""Vertical pages whose dump was read across the columns: recognised, and left as they are.

Each row of such a dump holds one character of every column, so nothing in it reads on from left to right. Its lines are
no lines, and whatever is done to them makes them worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from restore import characters as ch
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
    scores = np.concatenate([model.logp(model.encode(line))[1:] for line in lines])
    return float(scores.mean()) < _NONSENSE
