"""Pass ``doubles``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.characters import classify
from restore.correction import Certainty, Delete, Draft
from restore.language.context import RunningText
from restore.language.fold import fold_codes
from restore.language.lexicon import Lexicon, word_list
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span
from restore.view import View

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LONGEST = 8  # characters of a repeated word
_MARKS = np.array([ord(c) for c in "，、；：》）」』】"], dtype=np.uint32)  # never doubled in print
_OPENING = np.array([ord(c) for c in '《“‘「『〈"'], dtype=np.uint32)
_DOT = np.array([ord(c) for c in "·•・-"], dtype=np.uint32)
_COUNT = np.array([ord(c) for c in "一每半逐"], dtype=np.uint32)  # 一步步, 一株一株: each of many
# nats that the text must gain by losing the second copy
_SURE, _LIKELY, _THINKABLE = 9.5, 6.5, 4.0
_DAMAGE = 1.4  # how much the damage of the page counts
_REPEATED_WORD = 4.5  # what a repeated word must gain more: print repeats words for emphasis
_RARE = 10  # occurrences below which a listed word is no evidence
# why the language may double here, with what the text must gain more in spite of it
_NEVER = 99.0
_REASONS = {
    "": 0.0,
    "a word of the language": 4.0,
    "the page has such a pair elsewhere": 1.8,
    "the end of one word and the beginning of the next": 3.0,
    "maybe a name": 2.5,
    "one after another": _NEVER,
    "a pair of doubled glyphs": _NEVER,
    "part of a longer word": _NEVER,
    "a name or title": _NEVER,
    "the page has it elsewhere": _NEVER,
}


@repair_pass(after=["duplicates", "join_lines", "spaces", "reading_order"])
def doubles(view: View, tools: Tools) -> Iterator[Draft]:
    """Glyphs, words and marks that stand twice where they were printed once.

    Repairs: the second of two equal glyphs or words side by side, when the text reads much better without it,
    and the second of two equal commas or closing brackets.
    Why it happens: a glyph on the edge of two recognised boxes is read in both; a line end is read again.
    Example: ``取得更大发发展成就`` becomes ``取得更大发展成就``.
    When it is wrong: the language itself doubles (人人, 研究研究, 一步步, 2017年年底): a pair that is in a word,
    lies between two words or is on the page elsewhere needs more evidence, or stays.
    """
    if not (view.classes & ch.HAN).any():
        return
    text = RunningText.shared(view, tools.language.model, tools.memo)
    if len(text) < 3:
        return
    codes, tight = text.codes, _tight(text)
    marks = np.flatnonzero((codes[1:] == codes[:-1]) & ch.among(codes[1:], _MARKS) & tight)
    for k in marks.tolist():
        at = int(text.at[k + 1])
        yield Draft((Delete(Span(at, at + 1)),), "the mark stands twice", Certainty.HIGH, 0.99)
    done = 0
    for place, size, gain, natural in _suspects(text, tools.language.lexicon):
        if place < done:
            continue
        weighed = gain + _DAMAGE * text.damage - _REASONS[natural] - (_REPEATED_WORD if size > 1 else 0.0)
        level = (
            Certainty.HIGH if weighed >= _SURE else Certainty.MEDIUM if weighed >= _LIKELY else Certainty.LOW
        )
        if level == Certainty.LOW and gain < (_LIKELY + _REPEATED_WORD if natural else _THINKABLE):
            continue
        done = place + 2 * size
        start, end = int(text.at[place + size]), int(text.at[place + 2 * size - 1]) + 1
        twice = text.text[place : place + 2 * size]
        odds = max(weighed - _LIKELY + 2.0, -3.0)
        once = float(1 / (1 + np.exp(-odds)))
        evidence = {
            "context": text.excerpt(place, 2 * size),
            "alternatives": {twice[:size]: round(once, 4), twice: round(1 - once, 4)},
            "language_nats": round(gain, 2),
        }
        if natural:
            evidence["kept_because"] = natural
        what = "glyph" if size == 1 else "word"
        yield Draft(
            (Delete(Span(start, end)),),
            f"the {what} stands twice; it reads better once",
            level,
            once,
            evidence,
        )


def _tight(text: RunningText) -> Bools:
    """Whether each character and the next stand side by side, shape ``(n - 1,)``."""
    return np.asarray(np.diff(text.at) == 1)


def _suspects(text: RunningText, lexicon: Lexicon) -> Iterator[tuple[int, int, float, str]]:
    """Repetitions as (place, size, nats gained by losing one, reason why the language may double here)."""
    codes, han = text.codes, (text.classes & ch.HAN) > 0
    tight = _tight(text)
    found: list[tuple[int, int, float, str]] = []
    for size in range(1, min(_LONGEST, len(text) // 2) + 1):
        same = (codes[size:] == codes[:-size]) & han[size:] & han[:-size]
        if size == 1:
            place = np.flatnonzero(same & tight)
        else:
            begins = np.flatnonzero(same[:-1] & same[1:]) if size < len(same) else np.empty(0, dtype=np.int64)
            run = np.concatenate(([0], np.cumsum(same)))
            place = begins[begins + size <= len(same)]
            place = place[run[place + size] - run[place] == size]
            place = place[codes[place] != codes[place + 1]]
        if not len(place):
            continue
        gain = text.without(place, size) - text.stands(place, size)
        reasons = _natural(text, lexicon, place, size)
        found.extend(zip(place.tolist(), [size] * len(place), gain.tolist(), reasons, strict=True))
    yield from sorted(found)


def _natural(text: RunningText, lexicon: Lexicon, place: Ints, size: int) -> list[str]:
    """Why a repetition may be the language's own; empty for no reason."""
    reach = 3
    pad = np.zeros(reach + 1, dtype=np.uint32)
    around = fold_codes(np.concatenate((pad, text.codes, pad)))
    first = place + reach + 1  # of the first copy in `around`
    second = first + size
    before, after = around[first - 1], around[second + size]
    # AABB, ABAB and other words that hold both copies
    inside = _words(around, first, 2 * size, lexicon)
    within = np.zeros(len(place), dtype=np.bool_)
    for length in range(2 * size + 1, min(2 * size + 2, 4) + 1):
        for start in range(2 * size - length, 1):
            within |= _words(around, first + start, length, lexicon)
    ends = np.zeros(len(place), dtype=np.bool_)
    begins = np.zeros(len(place), dtype=np.bool_)
    for length in (2, 3, 4):
        if length > size:
            ends |= _words(around, second - length, length, lexicon)
            begins |= _words(around, second, length, lexicon)
    counted = ch.among(before, _COUNT) | ch.among(around[first], _COUNT)
    paired = np.zeros(len(place), dtype=np.bool_)
    if size == 1:
        paired = (after == around[second + 2]) & ((classify(after) & ch.HAN) > 0)
        paired |= (before == around[first - 2]) & ((classify(before) & ch.HAN) > 0)
    named = ch.among(before, _surnames()) & (size == 1) & ~_words(around, first - 1, 2, lexicon)
    titled = ch.among(before, _OPENING) | ch.among(before, _DOT) | ch.among(after, _DOT)
    elsewhere = _count(around, first, 2 * size) > 1
    whole = (_count(around, first - 1, 2 * size + 1) > 1) | (_count(around, first, 2 * size + 1) > 1)
    reasons = np.zeros(len(place), dtype=np.int64)
    masks = (inside, elsewhere, ends & begins, named, counted, paired, within, titled, whole & elsewhere)
    for number, mask in enumerate(masks, 1):
        reasons[mask] = number
    names = list(_REASONS)
    return [names[k] for k in reasons.tolist()]


def _count(around: Codes, start: Ints, length: int) -> Ints:
    """How often the text has the stretch that starts at each place (compared by a 64-bit hash)."""
    total = len(around) - length + 1
    key = np.zeros(total, dtype=np.uint64)
    for k in range(length):
        key = (key ^ around[k : k + total].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    wanted = key[start]
    key.sort()
    return np.searchsorted(key, wanted, side="right") - np.searchsorted(key, wanted, side="left")


@cache
def _surnames() -> Codes:
    """Surnames of one character."""
    return np.array(
        sorted({ord(row[0]) for row in word_list("surnames") if len(row[0]) == 1}), dtype=np.uint32
    )


def _words(around: Codes, start: Ints, length: int, lexicon: Lexicon) -> Bools:
    """Whether a word of the list starts at each place."""
    at = np.clip(start, 0, len(around) - length)
    out: Bools = lexicon.freq_codes(around[at[:, None] + np.arange(length)]) >= _RARE
    return out
