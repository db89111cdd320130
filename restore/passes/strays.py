"""Pass ``strays``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft, Edit, Replace
from restore.glyphs.numbers import misread_numbers
from restore.language.context import RunningText
from restore.language.glyphs import Confusables
from restore.language.scripts import detect_script, script_bits
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span
from restore.view import View

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

_BITS = {"hans": 1, "hant": 2, "none": 3}
_MARKS = np.array([ord(c) for c in ".·-_'`|^~\\<>{}[]#$*=°¨¬¦§¤¢£€¥￥©®¶†‡■□◆◇▲▼♦«»¿¡＿"], dtype=np.uint32)
_WRONG = np.array([ord(c) for c in "`|^\\<>{}#$¨¬¦"], dtype=np.uint32)  # never printed inside Chinese
_BROKEN = np.array([ord(c) for c in "~|`^·"], dtype=np.uint32)  # at most beside figures or between names
_RARE = np.array([ord(c) for c in "'~_[]*=¤¢£€©®¶†‡♦«»¿¡＿"], dtype=np.uint32)
_ORNAMENTS = {
    ord(c) for c in "■□◆◇▲▼¥￥£€©®"
}  # printed between words; no mark is read as one, and it is no speck
_ADDRESS = np.array([ord(c) for c in ".@/"], dtype=np.uint32)
_DASH = ord("—")  # alone; two are a dash
_PRINTED = np.array([ord(c) for c in "。，、："], dtype=np.uint32)
_OPENING, _CLOSING, _TERM = "“‘《「『", "”’》」』", 8
_KEPT = {"small": 1.0, "capital": 6.0, "digit": 3.5, "mark": 3.0, "rare": 0.5, "wrong": -2.0, "kana": 3.0}
"""By what kind of sign it is: nats that speak for leaving it as it stands."""
_UNSEEN = -9.0  # log P(sign | ideograph) of pairs that were never counted
_DROP = -9.5  # log P(a sign is read where nothing was printed)
_PLAIN, _PLAIN_FIGURE = -12.0, -16.0  # nats above which a sign reads well where it stands
_ALIEN = {"sign": -16.0, "figure": -20.0}  # nats below which it does not belong there, whatever was printed
_WORN = 1.4  # damage of a page from which a mark, a capital or a figure can be alien
_PAGE = 1.5  # nats for each doubling of a reading's occurrences on the page
_KEEP, _KEEP_USUAL = 0.6, 0.25  # probability of the sign itself above which it is not even shown
_SURE, _LIKELY, _FIGURE, _ONE_MARK = (
    0.98,
    0.9,
    0.99,
    0.9,
)  # share of the probability that one reading must have
_THIN = "一"  # so low a glyph that engines take it for a rule, and converters for something apart from its neighbours
_NEAR, _FIRST, _SECOND = 1500, 60, 3  # candidates that fit what stands before; looked at closely; shown
_BLOCK = 16  # signs looked at together
_SIGNS = 128  # different signs of which it is kept what they are read for


@repair_pass(after=["join_lines", "spaces", "doubles"])
def strays(view: View, tools: Tools) -> Iterator[Draft]:
    """A letter, digit or mark alone among ideographs.

    Repairs: the sign is replaced when words, page and model leave one reading for its place, deleted when it is a
    mark without which the text reads on, and otherwise shown with the likeliest readings. The spaces go that a converter
    set beside what was 一.
    Why it happens: recognition sees a part of a glyph, a speck or a rule, and takes it for a letter or a mark.
    A single dash is read as 一 where that is the one reading (—切).
    Example: ``机b车驾驶证`` becomes ``机动车驾驶证``.
    When it is wrong: letters, figures and marks belong to Chinese text too (A股, 卡拉OK, 第1名, names with a
    dot): what the language knows as written so is left alone, and what is quoted.
    """
    script = detect_script(view.text)
    if script not in _BITS or not (view.classes & ch.HAN).any():
        return
    text = RunningText.shared(view, tools.language.model, tools.memo)
    place, kept = _suspects(text)
    if not len(place):
        return
    figures: set[int] | None = None
    between = _Between(text.codes)
    for start in range(0, len(place), _BLOCK):
        block = slice(start, start + _BLOCK)
        for one in _readings(text, place[block], between, tools.language.confusables, _BITS[script]):
            draft = _judge(text, one, float(kept[start + one.number]))
            if draft is not None and draft.certainty == Certainty.LOW:
                # letters in numbers are likelier the figures that they look like than what is only shown here
                if figures is None:
                    figures = {at for number in misread_numbers(view.text) for at in number.places}
                if int(text.at[one.place]) in figures:
                    continue
            if draft is not None:
                yield draft


def _suspects(text: RunningText) -> tuple[Ints, Floats]:
    """Single signs between ideographs, and what speaks for keeping each, in nats."""
    n = len(text)
    if n < 3:
        return np.empty(0, dtype=np.int64), np.empty(0)
    codes, classes = text.codes, text.classes
    kept = np.full(n, np.nan)
    latin = (classes & ch.LATIN) > 0
    small = latin & (codes >= ord("a")) & (codes <= ord("z"))
    kept[ch.among(codes, _MARKS)] = _KEPT["mark"]
    kept[ch.among(codes, _RARE)] = _KEPT["rare"]
    kept[ch.among(codes, _WRONG)] = _KEPT["wrong"]
    dash = codes == _DASH
    dash &= np.append(codes[1:], 0) != _DASH
    dash &= np.append(0, codes[:-1]) != _DASH
    kept[dash] = _KEPT["mark"]
    kept[latin] = _KEPT["capital"]
    kept[small] = _KEPT["small"]
    kept[(classes & ch.DIGIT) > 0] = _KEPT["digit"]
    kept[(classes & (ch.KANA | ch.HANGUL)) > 0] = _KEPT["kana"]
    sign = ~np.isnan(kept)
    edge = np.append(
        np.append(True, np.diff(text.at) > 1), True
    )  # a space or the page's end before each place
    before, after = np.zeros(n, dtype=np.uint16), np.zeros(n, dtype=np.uint16)
    before[1:], after[:-1] = classes[:-1], classes[1:]
    han_before, han_after = (before & ch.HAN) > 0, (after & ch.HAN) > 0
    near_han = (han_before & ~edge[:-1]) | (han_after & ~edge[1:])
    # a letter beside letters is a word; a mark or figure beside figures is part of a number
    word, number = latin & ~_pair(small, latin), (classes & ch.DIGIT) > 0
    beside = np.where(latin, ch.LATIN, ch.DIGIT | ch.LATIN).astype(np.uint16)
    alone = ((before | after) & beside) == 0
    alone |= _pair(small, latin)
    marks = sign & ~latin & ~ch.among(codes, _WRONG)
    closed = ((before & (ch.HAN | ch.FULL)) > 0) & ((after & (ch.HAN | ch.FULL)) > 0)
    inside = near_han & alone & (closed | ~(marks | number | (latin & ~small)))
    inside &= ~(word & ~alone)
    inside &= ~_of_address(codes, latin | number)
    inside |= _two(codes, small, before, after) | (
        ch.among(codes, _BROKEN) & (han_before | han_after) & ~number
    )
    place = np.flatnonzero(inside & sign)
    bias = kept[place] - text.damage
    # where the language knows the sign no reading can be better by as much as it is unlikely to be misread
    plain = np.where(number[place], _PLAIN_FIGURE, _PLAIN)
    doubtful = text.stands(place) + bias < plain
    return place[doubtful], bias[doubtful]


def _pair(small: NDArray[np.bool_], latin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Lower-case letters of runs of two: too short for a word, two glyphs in a row were misread."""
    run = np.diff(np.concatenate(([0], latin.astype(np.int8), [0])))
    start, end = np.flatnonzero(run == 1), np.flatnonzero(run == -1)
    two = (end - start == 2) & small[np.minimum(start, len(small) - 1)]
    out = np.zeros(len(latin), dtype=np.bool_)
    out[start[two]] = small[start[two] + 1]
    out[start[two] + 1] = small[start[two] + 1]
    return out


def _of_address(codes: Codes, word: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Letters and figures that a dot or the sign of an address parts from others (a.b@c.com)."""
    sign = ch.among(codes, _ADDRESS)
    out = np.zeros(len(codes), dtype=np.bool_)
    out[:-2] |= word[:-2] & sign[1:-1] & word[2:]
    out[2:] |= word[2:] & sign[1:-1] & word[:-2]
    return out


def _two(
    codes: Codes, small: NDArray[np.bool_], before: NDArray[np.uint16], after: NDArray[np.uint16]
) -> NDArray[np.bool_]:
    """Two different signs in a row, a letter and a mark or two marks, between ideographs: two glyphs were misread."""
    odd = small | ch.among(codes, _MARKS)
    first = odd[:-1] & odd[1:] & (codes[:-1] != codes[1:]) & ~(small[:-1] & small[1:])
    first &= ((before[:-1] & ch.HAN) > 0) & ((after[1:] & ch.HAN) > 0)
    out: NDArray[np.bool_] = np.append(first, False) | np.append(False, first)
    return out


@cache
def _pool(table: Confusables, script: int) -> Codes:
    """What may have been printed: ideographs of one script, and marks."""
    found = np.unique(table.true).astype(np.uint32)
    bits = script_bits()[found]
    out: Codes = np.concatenate((found[(bits & script) > 0], _PRINTED))
    return out


def _text_of(codes: Codes) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


@lru_cache(maxsize=_SIGNS)
def _channel(table: Confusables, script: int, seen: int) -> NDArray[np.float32]:
    """Log P(sign | reading) of each of the pool."""
    pool = _pool(table, script)
    out = table.log_seen_given_true(np.full(len(pool), seen, np.uint32), pool, _UNSEEN)
    return np.maximum(out, np.float32(_UNSEEN))


@dataclass(frozen=True)
class _Readings:
    """What may have been printed where a sign stands.

    Attributes:
        number: of the sign among those asked about. place: in the running text.
        codes: the readings that fit best, code points, shape ``(m,)``.
        score: ln P of the text with each and of the sign being read for it, shape ``(m,)``.
        dropped: ln P of what stands behind, without the sign.
    """

    number: int
    place: int
    codes: Codes
    score: Floats
    dropped: float


def _readings(
    text: RunningText, place: Ints, between: _Between, table: Confusables, script: int
) -> Iterator[_Readings]:
    """The readings of signs at some places; most fail at the character before, most others at the one behind."""
    model, pool = text.model, _pool(table, script)
    ids = model.encode(_text_of(pool)).astype(np.int64)
    channel = np.stack([_channel(table, script, seen) for seen in text.codes[place].tolist()])
    likely = model.seam_matrix(text.left(place), ids[:, None]).astype(np.float64) + channel
    near = np.argpartition(-likely, _NEAR, axis=1)[:, :_NEAR] if len(pool) > _NEAR else None
    if near is None:
        near = np.tile(np.arange(len(pool)), (len(place), 1))
    rough = text.instead(np.repeat(place, near.shape[1]), ids.take(near).ravel(), reach=1).reshape(near.shape)
    rough += np.take_along_axis(channel, near, axis=1)
    closest = []
    for row, order in zip(near, np.argsort(-rough, axis=1, kind="stable")[:, :_FIRST], strict=True):
        close = row[order]
        # variants of one character are one reading; the first of them stands for it
        _, first = np.unique(ids[close], return_index=True)
        closest.append(close[np.sort(first)])
    bounds = np.cumsum([0, *map(len, closest)])
    score = text.instead(np.repeat(place, np.diff(bounds)), ids[np.concatenate(closest)])
    dropped = text.without(place)
    for number, (k, close) in enumerate(zip(place.tolist(), closest, strict=True)):
        own = score[bounds[number] : bounds[number + 1]] + channel[number][close]
        own += _PAGE * np.log2(1.0 + between.count(k, pool[close]))
        yield _Readings(number, k, pool[close], own, float(dropped[number]))


def _judge(text: RunningText, one: _Readings, kept: float) -> Draft | None:
    k = one.place
    seen = int(text.codes[k])
    stands = float(text.stands(np.array([k]))[0])
    drop = one.dropped + _DROP
    keep = stands + kept
    scores = np.concatenate((one.score, [drop, keep]))
    odds = np.exp(scores - scores.max())
    odds /= odds.sum()
    usual = odds[-1] > _KEEP or (kept > 2.0 and odds[-1] > _KEEP_USUAL)
    if usual and not _alien(text, k, keep):
        return None
    best = int(np.argmax(odds[:-1]))
    ranked = np.argsort(-odds, kind="stable")[: _SECOND + 2]
    at = int(text.at[k])
    nothing, itself = len(one.codes), len(one.codes) + 1
    readings = {int(j): chr(int(one.codes[j])) for j in {*ranked.tolist(), best} if j < nothing}
    readings |= {nothing: "", itself: chr(seen)}
    evidence: dict[str, Any] = {
        "context": text.excerpt(k),
        "alternatives": {readings[int(j)] or "(nothing)": round(float(odds[int(j)]), 4) for j in ranked},
        "language_nats": round(float(scores[best] - stands), 2),
    }
    if seen == _DASH and readings[best] != _THIN:
        return None  # a dash is printed in many places, between cities above all
    if seen in _ORNAMENTS and (not readings[best] or ord(readings[best]) in _PRINTED):
        return None
    share = float(odds[best])
    level = Certainty.HIGH if share >= _SURE else Certainty.MEDIUM if share >= _LIKELY else Certainty.LOW
    if usual:  # more is wrong here than this sign
        level = Certainty.LOW
    if readings[best] and ord(readings[best]) in _PRINTED and share < _ONE_MARK:
        level = Certainty.LOW
    if not readings[best] and int(text.classes[k]) & ch.LATIN:
        level = Certainty.LOW  # a letter stands for something: what it was is not known
    elif _quoted(text, k):
        level = min(level, Certainty.LOW)
    if int(text.classes[k]) & ch.DIGIT:  # figures are protected
        level = Certainty.MEDIUM if share >= _FIGURE and readings[best] else Certainty.LOW
    span = _with_spaces(text.view, at) if readings[best] == _THIN else Span(at, at + 1)
    edit: Edit = Replace(span, readings[best]) if readings[best] else Delete(span)
    if level == Certainty.LOW:
        message = "a sign that does not belong here; more than one reading is possible"
    elif readings[best]:
        message = f"a sign stands where {readings[best]} was printed: one reading is left"
    else:
        message = "a sign that was not printed; the text reads on without it"
    return Draft((edit,), message, level, share, evidence)


def _with_spaces(view: View, at: int) -> Span:
    """A sign and the single plain spaces that part it from ideographs."""
    codes, classes, n = view.codes, view.classes, len(view)
    start, end = at, at + 1
    if at >= 2 and codes[at - 1] == 32 and classes[at - 2] & ch.HAN:
        start -= 1
    if end + 1 < n and codes[end] == 32 and classes[end + 1] & ch.HAN:
        end += 1
    return Span(start, end)


def _alien(text: RunningText, k: int, keep: float) -> bool:
    """Whether a sign does not belong where it stands, though no reading is much better."""
    classes = int(text.classes[k])
    figure = bool(classes & ch.DIGIT)
    letter = ord("a") <= int(text.codes[k]) <= ord("z")
    return keep < _ALIEN["figure" if figure else "sign"] and (letter or text.damage >= _WORN)


def _quoted(text: RunningText, k: int) -> bool:
    """Whether a place is inside a short quoted word or title, which may be written as its author likes."""
    before, after = text.text[max(0, k - _TERM) : k], text.text[k + 1 : k + 1 + _TERM]
    opened = max(before.rfind(c) for c in _OPENING) > max(before.rfind(c) for c in _CLOSING)
    ends = [after.find(c) for c in _CLOSING if c in after]
    begins = [after.find(c) for c in _OPENING if c in after]
    return opened and bool(ends) and (not begins or min(ends) < min(begins))


class _Between:
    """How often the page has each character between two others; its ends are line breaks."""

    def __init__(self, codes: Codes) -> None:
        """Count what stands on a page."""
        self._codes = np.concatenate(([ord("\n")], codes, [ord("\n")])).astype(np.uint64)
        found = _three(self._codes[:-2], self._codes[1:-1], self._codes[2:])
        self._found, self._counts = np.unique(found, return_counts=True)

    def count(self, k: int, pool: Codes) -> Ints:
        """How often each of the pool stands between the neighbours of place ``k``, shape ``(len(pool),)``."""
        wanted = _three(self._codes[k : k + 1], pool.astype(np.uint64), self._codes[k + 2 : k + 3])
        at = np.minimum(self._found.searchsorted(wanted), len(self._found) - 1)
        return np.where(self._found[at] == wanted, self._counts[at], 0)


def _three(before: Keys, middle: Keys, after: Keys) -> Keys:
    """Three code points, of 21 bits each, in one number."""
    return (before << np.uint64(42)) | (middle << np.uint64(21)) | after
