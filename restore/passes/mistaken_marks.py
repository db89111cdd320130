"""Pass ``mistaken_marks``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Draft, Replace
from restore.glyphs.protected import in_title
from restore.language.context import REACH, RunningText
from restore.language.glyphs import Confusables
from restore.language.scripts import detect_script
from restore.layout.marks import FULL_WIDTH
from restore.pipeline import Tools, repair_pass
from restore.source import Span, text_to_codes
from restore.view import View

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SCRIPTS = ("hans", "hant", "none")
_PRINTED = np.array([ord(c) for c in "，。、；：（）《"], dtype=np.uint32)
_SEEN = np.array([ord(c) for c in "，。、；：·・．.,;:*°-〈"], dtype=np.uint32)
_ODD = np.array(
    [ord(c) for c in "*°-〈"], dtype=np.uint32
)  # never printed between two ideographs, but for rules and brackets
_DOTS = np.array([ord(c) for c in "·・"], dtype=np.uint32)
_SLOGAN = 24  # characters of a quotation whose words are parted by dots: “植树·护林·治水”
_OPEN, _CLOSED = "（《", "）》"
_WITHIN = 60  # characters within which a bracket is closed
_UNPAIRED = 5.0  # nats against a bracket that nothing closes, or opens
_ROUND, _ROUND_CLOSED = "（(", "）)"
_ANGLES = dict(zip("《〈【［[{", "》〉】］]}", strict=True))  # read where a round bracket was printed
_BRACKETS = text_to_codes("".join(("\n", _ROUND, _ROUND_CLOSED, *_ANGLES, *_ANGLES.values())))
_ANGLE_FOR_ROUND = (
    -4.0
)  # log P(an opening round bracket is read as one of these), where its other half is round
_ANGLE_FOR_CLOSED = -6.0  # the same of a closing one
_ROUND_FOR_ANGLE = -8.0  # log P(the other half of one of these is read as a round one)
_SUSPECT = -9.0  # nats of a mark and what follows it, above which it reads well
_WRONG = 0.01  # share of the marks that is misread on a page about which nothing is known
_UNSEEN = -11.0  # log P(seen | printed) of pairs never counted
_FAITH = 25.0  # marks that this prior is worth, when the page tells how readily its marks are misread
_ROUNDS = 3
_FULL = np.array([ord(c) for c in "，。、；："], dtype=np.uint32)  # what a page prints everywhere
_DOUBT = -6.0  # nats against one of these being another; both often make sense, so it is only shown
_HIGH, _MEDIUM, _LOW = 0.99, 0.96, 0.6  # probability of a reading
_SHOWN = 3
_STROKE, _DASH = ord("一"), "——"
_BETTER = 6.0  # nats that a dash must gain on two strokes


@repair_pass(after=["join_lines", "spaces", "punctuation"])
def mistaken_marks(view: View, tools: Tools) -> Iterator[Draft]:
    """Punctuation marks that were taken for others.

    Repairs: a mark inside Chinese text, when another mark that it is known to be mistaken for reads much better on both
    sides: ``会议昨天召开·会议强调`` for ``会议昨天召开。会议强调``. How readily a mark is doubted follows from how many marks of its kind
    are plainly wrong on the page. An opening 《, 〈 or 【 that a round bracket closes was round: ``《记者王明）``; so was a closing one that a
    round one opens.
    Why it happens: marks are small: a full stop becomes a dot, a comma on worn print a full stop, a bracket an angle.
    Example: ``会议昨天召开·会议强调`` becomes ``会议昨天召开。会议强调``.
    When it is wrong: a comma and an enumeration comma, or a comma and a full stop, may both make sense: then the
    mark stays. Dots in foreign names, and between the words of a quoted slogan, marks in figures, times and Latin text are left alone. Two strokes (一一) are
    read as a dash only where it reads much better: 一一 is a word, too.
    """
    if detect_script(view.text) not in _SCRIPTS or not (view.classes & ch.HAN).any():
        return
    text = RunningText.shared(view, tools.language.model, tools.memo)
    yield from _printed_dashes(text)
    opening, closing = _unlike_halves(text)
    yield from _round_brackets(text, opening, "（")
    yield from _round_brackets(text, closing, "）")
    place = _suspects(text)
    place = place[~np.isin(place, opening[:, 0])]
    if not len(place):
        return
    odds = _posterior(text, place, tools.language.confusables)
    likely = (odds[:, 1:].max(axis=1) >= _LOW).nonzero()[0]
    parted = in_title(text, place[likely], _SLOGAN) & ch.among(text.codes[place[likely]], _DOTS)
    for k, share, kept in zip(place[likely].tolist(), odds[likely], parted.tolist(), strict=True):
        best = int(np.argmax(share[1:]))
        chance = float(share[1 + best])
        level = (
            Certainty.HIGH if chance >= _HIGH else Certainty.MEDIUM if chance >= _MEDIUM else Certainty.LOW
        )
        if kept or text.codes[k] in _FULL:
            level = Certainty.LOW
        seen, printed = chr(int(text.codes[k])), chr(int(_PRINTED[best]))
        if FULL_WIDTH.get(seen) == printed:
            continue
        readings = [seen, *(chr(int(c)) for c in _PRINTED)]
        ranked = np.argsort(-share, kind="stable")[:_SHOWN]
        evidence: dict[str, Any] = {
            "context": text.excerpt(k),
            "alternatives": {readings[int(j)]: round(float(share[j]), 4) for j in ranked},
        }
        at = int(text.at[k])
        message = f"{seen} was taken for {printed}, which reads on from both sides"
        yield Draft((Replace(Span(at, at + 1), printed),), message, level, chance, evidence)


def _printed_dashes(text: RunningText) -> Iterator[Draft]:
    """Pairs of 一 that were a dash."""
    codes, n = text.codes, len(text)
    if n < 4:
        return
    place = np.flatnonzero((codes[1:-2] == _STROKE) & (codes[2:-1] == _STROKE)) + 1
    alone = (codes[place - 1] != _STROKE) & (codes[np.minimum(place + 2, n - 1)] != _STROKE)
    alone &= (text.classes[place - 1] & (ch.HAN | ch.FULL | ch.CLOSE)) > 0
    place = place[alone & (np.diff(text.at)[place] == 1)]
    if not len(place):
        return
    heads = np.concatenate(
        (np.tile(text.model.encode(_DASH), (len(place), 1)).astype(np.int64), text.right(place, 2)), axis=1
    )
    gain = text.model.seams(text.left(place), heads).astype(np.float64) - text.stands(place, 2)
    for k, nats in zip(place.tolist(), gain.tolist(), strict=True):
        if nats < _BETTER:
            continue
        chance = float(1 / (1 + np.exp(_BETTER / 2 - nats)))
        level = (
            Certainty.HIGH if chance >= _HIGH else Certainty.MEDIUM if chance >= _MEDIUM else Certainty.LOW
        )
        evidence: dict[str, Any] = {
            "context": text.excerpt(k, 2),
            "alternatives": {_DASH: round(chance, 4), "一一": round(1 - chance, 4)},
            "language_nats": round(nats, 2),
        }
        span = Span(int(text.at[k]), int(text.at[k + 1]) + 1)
        yield Draft((Replace(span, _DASH),), "一一 was taken for a dash", level, chance, evidence)


def _unlike_halves(text: RunningText) -> tuple[Ints, Ints]:
    """Places of an angle bracket and of the round one that is its other half, where it opens and where it closes, ``(n, 2)`` each.

    Pairs inside them are looked through; a bracket is not open beyond its paragraph.
    """
    found: list[tuple[int, int]] = []
    closed: list[tuple[int, int]] = []
    marks = np.flatnonzero(ch.among(text.codes, _BRACKETS))
    opened: list[tuple[str, int]] = []
    for k in marks.tolist():
        mark = chr(int(text.codes[k]))
        if mark == "\n":
            opened.clear()
        elif mark in _ROUND or mark in _ANGLES:
            opened.append(("）" if mark in _ROUND else _ANGLES[mark], k))
        else:
            closing = "）" if mark in _ROUND_CLOSED else mark
            same = [number for number, (wanted, _) in enumerate(opened) if wanted == closing]
            if same:
                del opened[same[-1] :]
            elif closing == "）" and len(opened) == 1 and k - opened[0][1] <= _WITHIN:
                found.append((opened[0][1], k))
                opened.clear()
            elif len(opened) == 1 and opened[0][0] == "）" and k - opened[0][1] <= _WITHIN:
                closed.append((k, opened[0][1]))
                opened.clear()
    opening, closing_ = (np.array(pairs, dtype=np.int64).reshape(-1, 2) for pairs in (found, closed))
    # an interval [0, 1) begins with a figure
    opening = opening[(text.classes[opening[:, 0] + 1] & ch.HAN) > 0]
    return opening, closing_[(text.classes[closing_[:, 1] + 1] & ch.HAN) > 0]


def _round_brackets(text: RunningText, halves: Ints, round_: str) -> Iterator[Draft]:
    """Brackets that were round: the other half is, and it reads better than if that were mistaken.

    Args:
        halves: places of the brackets and of their other halves, ``(n, 2)``.
        round_: what they were, opening or closing.
    """
    if not len(halves):
        return
    first, last = halves.T
    opens = round_ == "（"
    kinds, others = (list(_ANGLES), list(_ANGLES.values()))[:: 1 if opens else -1]
    right, *other = text.model.encode(round_ + "".join(others)).astype(np.int64).tolist()
    which = [kinds.index(chr(int(code))) for code in text.codes[first]]
    rounded = text.instead(first, np.full(len(first), right)) - text.stands(first)
    angled = text.instead(last, np.array(other)[which]) - text.stands(last)
    read = _ANGLE_FOR_ROUND if opens else _ANGLE_FOR_CLOSED
    odds = rounded + read - np.logaddexp(angled + _ROUND_FOR_ANGLE, _UNSEEN)
    for k, nats in zip(first.tolist(), odds.tolist(), strict=True):
        chance = float(1 / (1 + np.exp(-nats)))
        if chance < _LOW:
            continue
        level = (
            Certainty.HIGH if chance >= _HIGH else Certainty.MEDIUM if chance >= _MEDIUM else Certainty.LOW
        )
        seen, at = chr(int(text.codes[k])), int(text.at[k])
        evidence: dict[str, Any] = {
            "context": text.excerpt(k),
            "alternatives": {round_: round(chance, 4), seen: round(1 - chance, 4)},
        }
        message = f"{seen} was taken for {round_}, as a round bracket {'closes' if opens else 'opens'} it"
        yield Draft((Replace(Span(at, at + 1), round_),), message, level, chance, evidence)


def _suspects(text: RunningText) -> Ints:
    """Marks beside ideographs that do not read well where they stand."""
    n = len(text)
    if n < 3:
        return np.empty(0, dtype=np.int64)
    place = np.flatnonzero(ch.among(text.codes, _SEEN))
    place = place[(place > 0) & (place < n - 1)]
    if not len(place):
        return place
    before, after = text.classes[place - 1], text.classes[place + 1]
    latin, digit = (np.uint16(bits) for bits in (ch.LATIN, ch.DIGIT))
    plain = ((before | after) & latin) == 0
    plain &= ~(((before & digit) > 0) & ((after & digit) > 0))
    plain &= ((before & (ch.HAN | ch.FULL | ch.CLOSE | digit)) > 0) & ((after & (ch.HAN | ch.FULL)) > 0)
    odd = ch.among(text.codes[place], _ODD) & (text.codes[place] != ord("〈"))
    plain &= np.where(odd, before & after, before | after) & ch.HAN > 0
    # a number at the head of a line and its full stop
    plain &= ((before & digit) == 0) | ~np.isin(text.codes[place], [ord("."), ord("．"), ord("、")])
    place = place[plain]
    # titles within titles stand in angle brackets
    angles = {k for k in place[text.codes[place] == ord("〈")].tolist() if _closes(text.text, k, "〈", "〉")}
    place = place[[k not in angles for k in place.tolist()]]
    rough = text.logp[place] + text.logp[place + 1]
    found: Ints = place[(rough < _SUSPECT) | ch.among(text.codes[place], _ODD)]
    return found


def _posterior(text: RunningText, place: Ints, table: Confusables) -> Floats:
    """Probability of the mark as it stands (first column) and of every other, ``(places, 1 + marks)``."""
    many, count = len(_PRINTED), len(place)
    seen = text.codes[place]
    ids = text.model.encode(_PRINTED.astype("<u4").tobytes().decode("utf-32-le")).astype(np.int64)
    gain = text.instead(np.repeat(place, many), np.tile(ids, count)).reshape(count, many)
    gain -= text.stands(place)[:, None]
    gain[:, [chr(int(c)) in _OPEN + _CLOSED for c in _PRINTED]] -= _brackets(text, place)
    same = seen[:, None] == _PRINTED[None, :]
    same |= text.ids[place + REACH][:, None] == ids[None, :]
    kinds, which = np.unique(seen, return_inverse=True)
    misread = table.log_seen_given_true(
        np.repeat(kinds, many), np.tile(_PRINTED, len(kinds)), _UNSEEN
    ).reshape(-1, many)
    prior = np.maximum(misread, _UNSEEN)[which]
    prior += np.where(ch.among(seen, _FULL), _DOUBT, 0.0)[:, None]
    bracket = np.isin(_PRINTED, [ord(c) for c in _OPEN])
    prior += np.where((seen == ord("〈"))[:, None], np.where(bracket, _UNPAIRED, -np.inf), 0.0)
    prior = np.where(same, -np.inf, prior + np.log(_WRONG / 0.01))
    printed = np.array([(text.codes == mark).sum() for mark in _PRINTED], dtype=np.float64)
    first = np.full((len(kinds), many), -np.inf)
    np.maximum.at(first, which, prior)
    channel = first
    stay = np.zeros((count, 1))
    share = np.zeros((count, 1 + many))
    for _ in range(_ROUNDS):
        score = np.concatenate((stay, gain + channel[which]), axis=1)
        share = np.exp(score - score.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        mistaken = np.zeros((len(kinds), many))
        np.add.at(mistaken, which, share[:, 1:])
        # a mark was printed as often as it is seen, and where others are seen for it
        total = printed[None, :] + mistaken.sum(axis=0)[None, :]
        with np.errstate(divide="ignore"):
            channel = np.log((_FAITH * np.exp(first) + mistaken) / (_FAITH + total))
        channel = np.where(np.isfinite(first), channel, -np.inf)
    return share


def _brackets(text: RunningText, place: Ints) -> Floats:
    """Nats against each bracket of `_PRINTED` at each place: that it has no other half, ``(places, brackets)``."""
    found = []
    for mark in (chr(int(c)) for c in _PRINTED):
        if mark in _OPEN:
            other = _CLOSED[_OPEN.index(mark)]
            found.append([0.0 if _closes(text.text, k, mark, other) else _UNPAIRED for k in place.tolist()])
        elif mark in _CLOSED:
            other = _OPEN[_CLOSED.index(mark)]
            found.append([0.0 if _opened(text.text, k, other, mark) else _UNPAIRED for k in place.tolist()])
    return np.array(found).T.reshape(len(place), -1)


def _closes(text: str, k: int, opening: str, closing: str) -> bool:
    behind = text[k + 1 : k + 1 + _WITHIN]
    at = behind.find(closing)
    return at >= 0 and opening not in behind[:at]


def _opened(text: str, k: int, opening: str, closing: str) -> bool:
    before = text[max(0, k - _WITHIN) : k]
    at = before.rfind(opening)
    return at >= 0 and closing not in before[at:]
