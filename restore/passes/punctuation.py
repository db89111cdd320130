"""Pass ``punctuation``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import regex
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Batch, Certainty
from restore.layout.quotes import direct_quotes
from restore.pipeline import Tools, repair_pass
from restore.view import View

_FULL = {",": "，", ":": "：", ";": "；", "?": "？", "!": "！", "(": "（", ")": "）"}
_TEXTS = ("", *_FULL.values(), "“", "”", "‘", "’", "……", "——")
_INDEX = np.zeros(128, dtype=np.int64)
for _k, _c in enumerate(_FULL, 1):
    _INDEX[ord(_c)] = _k
_SIMPLE = np.zeros(128, dtype=np.bool_)
_SIMPLE[[ord(c) for c in ",:;?!"]] = True
_ELLIPSIS = regex.compile(r"(?<=[\p{Han}\p{Hiragana}\p{Katakana}，。、”’》）])(?:\.{3,}|。{3,}|…{3,}|⋯{2,})")
_DASH = regex.compile(r"(?<![-\w])(?:--+|――|──|－－)(?=[\p{Han}\s“‘《\"'])|(?<=[\p{Han}”’》）])(?:--+|――|──|－－)(?![-\w])")
_CJK = ch.HAN | ch.KANA
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
    text, codes, classes = view.text, view.codes, view.classes
    n = len(codes)
    ascii_codes = np.minimum(codes, 127)
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int, NDArray[np.int8]]] = []

    simple = np.flatnonzero(_SIMPLE[ascii_codes] & (codes < 128))
    if len(simple):
        left, right = _neighbours(classes, codes, simple)
        cjk = ch.CJK | ch.FULL
        near = ((left & cjk) > 0) | ((right & cjk) > 0)
        # between digits or Latin it is part of a number, a time or a sentence of another language
        tight_left = classes[np.maximum(simple - 1, 0)]
        tight_right = classes[np.minimum(simple + 1, n - 1)]
        token = ((tight_left & (ch.DIGIT | ch.LATIN)) > 0) & ((tight_right & (ch.DIGIT | ch.LATIN)) > 0)
        colon = (codes[simple] == 0x3A) & (codes[np.minimum(simple + 1, n - 1)] == 0x2F)
        korean = ((left & ch.HANGUL) > 0) & ((right & (ch.FULL | ch.HAN)) == 0)
        latin = ((left & ch.LATIN) > 0) & ((right & _CJK) == 0)
        at = simple[near & ~token & ~colon & ~korean & ~latin]
        parts.append((at, at + 1, _INDEX[codes[at]], 0, np.full(len(at), Certainty.HIGH, dtype=np.int8)))

    brackets = _brackets(view)
    if len(brackets):
        parts.append(
            (brackets, brackets + 1, _INDEX[codes[brackets]], 0, np.full(len(brackets), Certainty.HIGH, dtype=np.int8))
        )

    quotes, marks, sure, straight = direct_quotes(view)
    if len(quotes):
        kind = np.where(sure, Certainty.HIGH, Certainty.LOW).astype(np.int8)
        kind[~straight] = np.where(sure[~straight], Certainty.MEDIUM, Certainty.LOW)
        for flag, message in ((straight, 1), (~straight, 2)):
            if flag.any():
                parts.append((quotes[flag], quotes[flag] + 1, marks[flag] + 8, message, kind[flag]))

    if "..." in text or "…" in text or "。。" in text or "⋯" in text:
        parts.append(_pattern(_ELLIPSIS, text, 12, 3))
    if "--" in text or "――" in text or "──" in text or "－－" in text:
        parts.append(_pattern(_DASH, text, 13, 4))

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


def _pattern(
    pattern: regex.Pattern[str], text: str, index: int, message: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int, NDArray[np.int8]]:
    spans = np.array([m.span() for m in pattern.finditer(text)], dtype=np.int64).reshape(-1, 2)
    m = len(spans)
    return spans[:, 0], spans[:, 1], np.full(m, index), message, np.full(m, Certainty.HIGH, dtype=np.int8)


def _neighbours(
    classes: NDArray[np.uint16], codes: NDArray[np.uint32], at: NDArray[np.int64]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Classes of the nearest characters that are neither space nor quote nor bracket, on each side."""
    n = len(classes)

    def step(k: NDArray[np.int64], by: int) -> NDArray[np.uint16]:
        k = k + by
        for _ in range(3):
            inside = np.clip(k, 0, n - 1)
            passing = ((classes[inside] & ch.SPACE) > 0) | (codes[inside] == 0x22) | (codes[inside] == 0x27)
            passing |= (codes[inside] == 0x29) | (codes[inside] == 0x28) | (codes[inside] == 0x25)
            passing |= codes[inside] == 0x2B
            k = np.where(passing, k + by, k)
        out = classes[np.clip(k, 0, n - 1)]
        return np.where((k < 0) | (k >= n), np.uint16(0), out)

    return step(at, -1), step(at, 1)


def _brackets(view: View) -> NDArray[np.int64]:
    """ASCII brackets that stand for full-width ones: both of a pair, or neither."""
    codes, classes = view.codes, view.classes
    opening = np.flatnonzero(codes == 0x28)
    closing = np.flatnonzero(codes == 0x29)
    if not len(opening) and not len(closing):
        return opening
    n = len(codes)
    letters = np.concatenate(([0], np.cumsum((classes & ch.CJK) > 0)))
    breaks = np.concatenate(([0], np.cumsum((classes & ch.NEWLINE) > 0)))
    out: list[int] = []
    stack: list[int] = []
    cjk = int(ch.CJK | ch.FULL)
    events = np.sort(np.concatenate((opening, closing)))
    for k in events.tolist():
        if codes[k] == 0x28:
            stack.append(k)
            continue
        if not stack or breaks[k] > breaks[stack[-1]]:
            stack.clear()
            if k and int(classes[k - 1]) & cjk:
                out.append(k)  # its partner is lost, or was recognised as something else
            continue
        a = stack.pop()
        left = int(classes[a - 1]) if a else 0
        right = int(classes[k + 1]) if k + 1 < n else 0
        inner = letters[k] - letters[a + 1] > 0
        # a number or Latin word between CJK characters: "(村)", "第(3)项" are full, "(0470)8216229" is not
        both = bool(left & cjk) and (bool(right & cjk) or right == 0 or bool(right & int(ch.BLANK)))
        if inner or both:
            out.extend((a, k))
    for a in stack:
        if a + 1 < n and int(classes[a + 1]) & cjk and not int(classes[a - 1] if a else 0) & int(ch.LATIN):
            out.append(a)
    return np.array(sorted(out), dtype=np.int64)
