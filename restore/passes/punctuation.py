"""Pass ``punctuation``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import regex
from numpy.typing import NDArray

from restore.correction import Batch, Certainty
from restore.layout.marks import FULL_WIDTH, judge
from restore.pipeline import Tools, repair_pass
from restore.view import View

_TEXTS = ("", *FULL_WIDTH.values(), "“", "”", "‘", "’", "……", "——")
_QUOTE, _DOTS, _RULE = (_TEXTS.index(text) for text in ("“", "……", "——"))
_INDEX = np.zeros(128, dtype=np.int64)
_INDEX[[ord(mark) for mark in FULL_WIDTH]] = np.arange(1, len(FULL_WIDTH) + 1)
# plain numbers: arrays are made of them much faster than of an enumeration
_LOW, _MEDIUM, _HIGH = (np.int8(certainty) for certainty in Certainty)
_ELLIPSIS = regex.compile(r"(?<=[\p{Han}\p{Hiragana}\p{Katakana}，。、”’》）])(?:\.{3,}|。{3,}|…{3,}|⋯{2,})")
_STROKES = r"(?:(?<!-)-{2,3}(?!-)|――|──|－－)"
_DASH = regex.compile(
    rf"(?<![A-Za-z0-9]){_STROKES}(?=[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}\s“‘《\"'])"
    rf"|(?<=[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}”’》）]){_STROKES}(?![A-Za-z0-9])"
)
_TWINS = {ord(c) for c in ".。…⋯-―─－"}
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
    marks = tools.memo["marks"].on(view) if "marks" in tools.memo else judge(view)
    folded, quotes, sure, straight = marks.folded, marks.quotes, marks.sure, marks.straight
    parts = [
        (
            folded,
            folded + 1,
            _INDEX[view.codes[folded]],
            0,
            np.full(len(folded), _HIGH),
        )
    ]
    if len(quotes):
        kind = np.where(sure, np.where(straight, _HIGH, _MEDIUM), _LOW)
        for flag, message in ((straight, 1), (~straight, 2)):
            parts.append((quotes[flag], quotes[flag] + 1, marks.target[flag] + _QUOTE, message, kind[flag]))
    if _has_twins(view):
        parts.append(_pattern(_ELLIPSIS, view.text, _DOTS, 3))
        parts.append(_pattern(_DASH, view.text, _RULE, 4))

    parts = [p for p in parts if len(p[0])]
    if not parts:
        return
    start = np.concatenate([p[0] for p in parts])
    order = np.argsort(start, kind="stable")
    yield Batch(
        start[order],
        np.concatenate([p[1] for p in parts])[order],
        np.concatenate([p[2] for p in parts])[order],
        _TEXTS,
        _MESSAGES,
        np.concatenate([np.full(len(p[0]), p[3]) for p in parts])[order],
        np.concatenate([p[4] for p in parts])[order],
    )


def _has_twins(view: View) -> bool:
    """Whether a dot or a stroke stands twice side by side: no ellipsis or dash is to be repaired in other texts."""
    at, codes = view.marks, view.codes.take(view.marks)
    twins = codes[1:][(at[1:] - at[:-1] == 1) & (codes[1:] == codes[:-1])]
    return not _TWINS.isdisjoint(twins.tolist())


def _pattern(
    pattern: regex.Pattern[str], text: str, index: int, message: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int, NDArray[np.int8]]:
    spans = np.array([m.span() for m in pattern.finditer(text)], dtype=np.int64).reshape(-1, 2)
    m = len(spans)
    return spans[:, 0], spans[:, 1], np.full(m, index), message, np.full(m, _HIGH)
