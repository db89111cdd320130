"""Pass ``doubles``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.characters import classify
from restore.correction import Certainty, Delete, Draft
from restore.data import path
from restore.glyphs.protected import numerals
from restore.language.context import RunningText
from restore.language.fold import fold_codes
from restore.language.lexicon import Lexicon, word_list
from restore.language.trees import Trees
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span
from restore.view import View

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_LONGEST = 8  # characters of a repeated word
_MARKS = np.array([ord(c) for c in "，、；：》）」』】"], dtype=np.uint32)  # never doubled in print
_OPENING = np.array([ord(c) for c in '《“‘「『〈"'], dtype=np.uint32)
_DOT = np.array([ord(c) for c in "·•・-"], dtype=np.uint32)
_POINT = ord("点")
_COUNT = np.array([ord(c) for c in "一每半逐"], dtype=np.uint32)  # 一步步, 一株一株: each of many
_NUMERALS, _TENS, _DATED = "〇零一二三四五六七八九", "十百千万亿", ("月", "日", "年", "号", "")
_NUMBER = "a number may have it twice"
_FILE = "glyph_gate.json"
_ENOUGH = 1000  # characters that tell whether a page is damaged
_RARE = 10  # occurrences below which a listed word is no evidence
# why the language may double here, by the feature that says so; of several the last
_REASONS = {
    "inside": "a word of the language",
    "elsewhere": "the page has such a pair elsewhere",
    "between": "the end of one word and the beginning of the next",
    "named": "maybe a name",
    "counted": "one after another",
    "paired": "a pair of doubled glyphs",
    "within": "part of a longer word",
    "titled": "a name or title",
    "phrase": "the page has it elsewhere",
}
FEATURES = (
    "gain",
    "before",
    "behind",
    "once",
    "size",
    "damage",
    *_REASONS,
    "triple",
    "word_left",
    "word_right",
    "stop_left",
    "stop_right",
)
"""The evidence of one repetition, in the order of the docs."""


@repair_pass(after=["duplicates", "join_lines", "spaces", "reading_order"])
def doubles(view: View, tools: Tools) -> Iterator[Draft]:
    """Glyphs, words and marks that stand twice where they were printed once.

    Repairs: the second of two equal glyphs or words side by side, when the text reads much better without it,
    and the second of two equal commas or closing brackets.
    Why it happens: a glyph on the edge of two recognised boxes is read in both; a line end is read again.
    Example: ``取得更大发发展成就`` becomes ``取得更大发展成就``.
    When it is wrong: the language itself doubles (人人, 研究研究, 一步步, 2017年年底): a pair that is in a word,
    lies between two words or is on the page elsewhere needs more evidence, or stays; so does one
    behind a decimal point, and one alone on a page that shows no other damage. Numerals of one number (二二三人) are
    only shown, unless the page has the number with one of them.
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
    found = _repetitions(text, tools.language.lexicon)
    if not len(found.place):
        return
    gate, odds = _gate(), found.odds
    # a decimal is as good with one figure as with two (一点六六万)
    figure = numerals(codes[found.place]) & (codes[np.maximum(found.place - 1, 0)] == _POINT)
    # one alone where nothing else is damaged: the language doubles likelier than the converter
    alone = text.damage == 0 and len(text) >= _ENOUGH and ((odds >= gate["medium"]) & ~figure).sum() <= 1
    medium = gate["plain" if alone else "medium"]
    chosen: list[int] = []
    done = 0
    # of repetitions that overlap (一步步步) the likeliest goes
    for k in range(len(odds)):
        if odds[k] < gate["low"]:
            continue
        if chosen and found.place[k] < done:
            if odds[k] <= odds[chosen[-1]]:
                continue
            chosen.pop()
        chosen.append(k)
        done = int(found.place[k] + 2 * found.size[k])
    for k in chosen:
        place, size = int(found.place[k]), int(found.size[k])
        start, end = int(text.at[place + size]), int(text.at[place + 2 * size - 1]) + 1
        twice = text.text[place : place + 2 * size]
        once = float(1 / (1 + np.exp(-odds[k])))
        evidence = {
            "context": text.excerpt(place, 2 * size),
            "alternatives": {twice[:size]: round(once, 4), twice: round(1 - once, 4)},
            "language_nats": round(float(found.features["gain"][k]), 2),
        }
        protected = size == 1 and _in_number(text.text, place)
        if protected:
            evidence["kept_because"] = _NUMBER
        natural = [why for name, why in _REASONS.items() if found.features[name][k] > 0]
        if natural and not protected:
            evidence["in_spite_of" if odds[k] >= medium else "kept_because"] = natural[-1]
        yield Draft(
            (Delete(Span(start, end)),),
            f"the {'glyph' if size == 1 else 'word'} stands twice; it reads better once",
            Certainty.LOW
            if protected or odds[k] < (gate["high"] if figure[k] else medium)
            else Certainty.HIGH
            if odds[k] >= gate["high"]
            else Certainty.MEDIUM,
            once,
            evidence,
        )


def _in_number(text: str, place: int) -> bool:
    """Whether two equal numerals at a place are a number's own (二二三人), unless the page has it with one of them, too.

    一 is a word besides: only beside other numerals, and before what is counted by dates, it is a figure.
    """
    seen, behind = text[place], text[place + 2 : place + 3]
    if seen not in _NUMERALS or (behind and behind in _TENS):  # 三三十 is no number
        return False
    start, end = place, place + 2
    while start > 0 and text[start - 1] in _NUMERALS + _TENS:
        start -= 1
    while end < len(text) and text[end] in _NUMERALS + _TENS:
        end += 1
    if seen == "一" and end - start == 2 and text[end : end + 1] not in _DATED:
        return False
    once = text[start:place] + text[place + 1 : end + 1]
    return re.search(f"(?<![{_NUMERALS}{_TENS}]){re.escape(once)}", text) is None


@cache
def _gate() -> Mapping[str, Any]:
    """Trees that weigh the evidence and the log-odds asked for; built by ``dictionaries/build/doubles_gate.py``."""
    loaded: Mapping[str, Any] = json.loads(path(_FILE).read_text("utf-8"))["doubles"]
    return loaded


@cache
def _evidence() -> Trees:
    """What the evidence says together."""
    return Trees(_gate()["trees"])


@dataclass(frozen=True)
class _Repetitions:
    """Equal stretches side by side, by place; arrays of shape ``(n,)``.

    Attributes:
        place: where the first copy begins in the running text. size: characters of one copy.
        features: the evidence, by the names of `FEATURES`.
    """

    place: Ints
    size: Ints
    features: Mapping[str, Floats]

    @cached_property
    def odds(self) -> Floats:
        """Log-odds that one copy was printed."""
        return _evidence().log_odds(self.features)


def _tight(text: RunningText) -> Bools:
    """Whether each character and the next stand side by side, shape ``(n - 1,)``."""
    return np.asarray(np.diff(text.at) == 1)


def _repetitions(text: RunningText, lexicon: Lexicon) -> _Repetitions:
    """Every ideograph, and every stretch of up to `_LONGEST` of them, that stands twice in a row."""
    codes, han = text.codes, (text.classes & ch.HAN) > 0
    tight = _tight(text)
    places: list[Ints] = []
    sizes: list[Ints] = []
    rows: list[Mapping[str, Floats]] = []
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
        if len(place):
            places.append(place)
            sizes.append(np.full(len(place), size))
            rows.append(_features(text, lexicon, place, size))
    if not places:
        empty = np.empty(0, dtype=np.int64)
        return _Repetitions(empty, empty, {})
    where = np.concatenate(places)
    order = np.argsort(where, kind="stable")
    return _Repetitions(
        where[order],
        np.concatenate(sizes)[order],
        {name: np.concatenate([row[name] for row in rows])[order] for name in FEATURES},
    )


def _features(text: RunningText, lexicon: Lexicon, place: Ints, size: int) -> Mapping[str, Floats]:
    """What speaks for and against a second copy, shape ``(m,)`` each.

    ``gain``: nats that the text gains by losing it; ``before``, ``behind``: of the first copy and of what stands
    behind, as printed; ``once``: of that without the copy. The rest are reasons why the language may double here.
    """
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
    elsewhere = _count(around, first, 2 * size)
    whole = np.maximum(_count(around, first - 1, 2 * size + 1), _count(around, first, 2 * size + 1))
    stands, once = text.stands(place, size), text.without(place, size)
    columns = {
        "gain": once - stands,
        "before": text.stands(place, size, 0),
        "behind": text.stands(place + size, size, 0),
        "once": once,
        "size": np.full(len(place), size),
        "damage": np.full(len(place), text.damage),
        "inside": inside,
        "elsewhere": np.log1p(np.minimum(elsewhere - 1, 4)),
        "between": ends & begins,
        "named": named,
        "counted": counted,
        "paired": paired,
        "within": within,
        "titled": titled,
        "phrase": np.log1p(np.minimum(whole - 1, 4)) * (elsewhere > 1),
        "triple": (before == around[first]) | (after == around[first]),
        "word_left": ends,
        "word_right": begins,
        "stop_left": (classify(before) & ch.HAN) == 0,
        "stop_right": (classify(after) & ch.HAN) == 0,
    }
    return {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}


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
