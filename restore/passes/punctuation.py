"""Pass ``punctuation``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import regex
from numpy.typing import NDArray

from restore.correction import Batch, Certainty
from restore.layout.marks import FULL_WIDTH, Marks, judge
from restore.pipeline import Tools, repair_pass
from restore.source import Codes
from restore.view import View

Ints = NDArray[np.int64]
_Columns = tuple[Ints, Ints, Ints, Ints, NDArray[np.int8]]  # start, end, text, message, certainty

_TEXTS = ("", *FULL_WIDTH.values(), "“", "”", "‘", "’", "……", "——")
_QUOTE, _DOTS, _RULE = (_TEXTS.index(text) for text in ("“", "……", "——"))
_INDEX = np.zeros(128, dtype=np.int64)
_INDEX[[ord(mark) for mark in FULL_WIDTH]] = np.arange(1, len(FULL_WIDTH) + 1)
# plain numbers: arrays are made of them much faster than of an enumeration
_LOW, _MEDIUM, _HIGH = (np.int8(certainty) for certainty in Certainty)
_ELLIPSIS = regex.compile(
    r"(?<=[\p{Han}\p{Hiragana}\p{Katakana}，。、”’》）])(?:\.{3,}|。{3,}|…{3,}|⋯{2,}|‥{2,}|·{3,}|・{3,})"
)
_STROKES = r"(?:(?<!-)-{2,3}(?!-)|――|──|－－)"
_DASH = regex.compile(
    rf"(?<![A-Za-z0-9]){_STROKES}(?=[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}\s“‘《\"'])"
    rf"|(?<=[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}”’》）]){_STROKES}(?![A-Za-z0-9])"
)
_TWINS = {ord(c) for c in ".。…⋯‥·・-―─－"}
_MESSAGES = (
    "full-width mark in CJK text",
    "straight quote directed",
    "quote turned the right way",
    "ellipsis of six dots",
    "dash of two ems",
)


@repair_pass(after=["join_lines", "spaces", "paragraphs"])
def punctuation(view: View, tools: Tools) -> Iterator[Batch]:
    """Marks that a converter folded to ASCII.

    Repairs: half-width ``, : ; ? ! ( )`` in CJK context, straight quotes (paired and directed, nested, paragraph by
    paragraph), ellipsis and dash forms. Numbers, times, phone numbers, URLs and Latin text keep theirs.
    Why it happens: clean-up tools normalise widths and quotes; fonts map both forms to one glyph.
    Example: ``"五边行动",深入`` becomes ``“五边行动”，深入``.
    When it is wrong: on pages printed with half-width marks; ``--punctuation keep`` leaves widths alone. A quotation
    over several paragraphs reopens in each and closes in the last (GB/T 15834-2011, 4.8.3.5).
    """
    if tools.settings.punctuation == "keep":
        return
    marks = _marks(view, tools)
    folded, quotes, sure, straight = marks.folded, marks.quotes, marks.sure, marks.straight
    parts = [_alike(folded, folded + 1, _INDEX.take(view.codes.take(folded)), 0)]
    if len(quotes):
        kind = np.where(sure, np.where(straight, _HIGH, _MEDIUM), _LOW)
        parts.append((quotes, quotes + 1, marks.target + _QUOTE, np.where(straight, 1, 2), kind))
    if _has_twins(view.codes):
        parts.append(_pattern(_ELLIPSIS, view.text, _DOTS, 3))
        parts.append(_pattern(_DASH, view.text, _RULE, 4))

    columns = [np.concatenate(parts_of) for parts_of in zip(*parts, strict=True)]
    order = columns[0].argsort(kind="stable")
    if len(order):
        start, end, text, message, certainty = (column.take(order) for column in columns)
        yield Batch(start, end, text, _TEXTS, _MESSAGES, message, certainty)


def _marks(view: View, tools: Tools) -> Marks:
    """The marks of a text, as the pass before has judged them where it could."""
    judged: Marks | None = tools.memo.get("marks")
    if judged is None:
        return judge(view)
    gone: Ints | None = tools.memo.get("spaces")
    if gone is None or len(view) != len(judged.view) - len(gone):
        return judged.on(view)
    stay = np.ones(len(judged.view), dtype=np.bool_)
    stay[gone] = False
    if not np.array_equal(judged.view.codes[stay], view.codes):
        return judged.on(view)
    # these spaces went and nothing else
    folded, quotes = (at - gone.searchsorted(at) for at in (judged.folded, judged.quotes))
    return Marks(view, folded, quotes, judged.target, judged.sure, judged.straight)


def _alike(start: Ints, end: Ints, text: Ints, message: int) -> _Columns:
    """Corrections with one message that are all sure."""
    m = len(start)
    return start, end, text, np.full(m, message), np.full(m, _HIGH)


def _has_twins(codes: Codes) -> bool:
    """Whether a dot or a stroke stands twice side by side: no ellipsis or dash is to be repaired in other texts."""
    twins = codes[1:][codes[1:] == codes[:-1]]
    return not _TWINS.isdisjoint(twins.tolist())


def _pattern(pattern: regex.Pattern[str], text: str, index: int, message: int) -> _Columns:
    spans = np.array([m.span() for m in pattern.finditer(text)], dtype=np.int64).reshape(-1, 2)
    return _alike(spans[:, 0], spans[:, 1], np.full(len(spans), index), message)
