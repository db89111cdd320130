"""Pass ``korean_words``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from restore.correction import Certainty, Delete, Draft
from restore.language.lexicon import word_list
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_WORD = re.compile(r"[\uac00-\ud7a3]+")


@repair_pass(after=["join_lines"])
def korean_words(view: View, tools: Tools) -> Iterator[Draft]:
    """Korean words that a line end cut in two.

    Repairs: where a page cuts words at its line ends, the space that a line end left goes when what stands behind it is
    a particle or an ending, which is never a word, or when the page has the whole word elsewhere and not its parts.
    Why it happens: narrow columns are broken between any two syllables, and a dump does not say whether the break was
    between words.
    Example: at a line end ``도서관에 서는`` becomes ``도서관에서는`` when the page has that word elsewhere.
    When it is wrong: a part may also be a word. Without evidence the space is kept, and shown at low certainty.
    """
    seams = tools.memo.get("korean_seams")
    if seams is None or not len(seams):
        return
    text = view.text
    where = np.flatnonzero(np.isin(view.origin, seams) & (view.owner < 0))
    known = Counter(_WORD.findall(text))
    for place in (where + 1).tolist():
        if text[place : place + 1] != " " or place + 1 >= len(text):
            continue
        head = _WORD.match(text, place + 1)
        tail = _WORD.search(text[max(0, place - 20) : place][::-1])
        if head is None or tail is None or tail.start() != 0:
            continue
        first, second = tail[0][::-1], head[0]
        whole = known[first + second]
        span = Span(place, place + 1)
        evidence: dict[str, Any] = {
            "alternatives": {},
            "on_page": {"whole": whole, "first": known[first] - 1, "second": known[second] - 1},
        }
        if second in _endings():
            evidence["alternatives"] = {first + second: 0.99, f"{first} {second}": 0.01}
            yield Draft(
                (Delete(span),), "an ending is written on to its word", Certainty.HIGH, 0.99, evidence
            )
        elif whole and known[first] + known[second] <= 2:
            evidence["alternatives"] = {first + second: 0.95, f"{first} {second}": 0.05}
            yield Draft(
                (Delete(span),), "the page has the whole word elsewhere", Certainty.MEDIUM, 0.95, evidence
            )
        elif known[first] < 2 and known[second] < 2:
            evidence["alternatives"] = {f"{first} {second}": 0.5, first + second: 0.5}
            message = "the line end may have cut a word: nothing tells, so the space stays"
            yield Draft((Delete(span),), message, Certainty.LOW, 0.5, evidence)


@cache
def _endings() -> frozenset[str]:
    return frozenset(row[0] for row in word_list("korean_endings"))
