"""Pass ``confusables``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.characters import classify
from restore.correction import Certainty, Draft, Replace
from restore.data import path
from restore.language.context import REACH, RunningText
from restore.language.fold import fold_codes
from restore.language.glyphs import Confusables
from restore.language.lexicon import Lexicon, word_list
from restore.language.repertoire import common_ideographs
from restore.language.scripts import detect_script, script_bits
from restore.language.trees import Trees
from restore.language.unread import Unread
from restore.passes.script import converter
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span
from restore.view import View

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FILE = "glyph_gate.json"
FEATURES = (
    "gain",
    "channel",
    "word",
    "word_seen",
    "page_true3",
    "page_seen3",
    "page_true2",
    "page_seen2",
    "unknown",
    "inside_left",
    "inside_right",
    "density",
    "unlisted",
    "margin",
    "after",
    "least",
    "same",
    "true_here",
    "seen_here",
    "misread",
    "posterior",
    "seen_rate",
    "true_rate",
    "rivals",
    "unread",
    "reader",
)
"""The evidence of one doubt, in the order of the docs."""
_BITS = {"hans": 1, "hant": 2, "none": 3}
_DEPTH = 24  # candidates looked at for one glyph
_NUMERALS = "〇零一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟"
_NAME, _BYLINE = 4, 8  # longest stretch between marks that may be a name, or the names in a bracket
_MARKS = np.array([ord(c) for c in "，。、：；—·（）《》"], dtype=np.uint32)  # read as ideographs at times
_COMMON = 50  # occurrences from which words tell that a stretch is no name
_RARE = 10  # occurrences below which a listed word tells nothing
_PART_LOST = -10.5  # log P(a part of a glyph is read for the whole)
_SHOWN = 3  # alternatives kept as evidence
_AHEAD, _CLOSE = 120, 12  # unlisted readings that fit what stands before, and both sides
_BLOCK = 64  # glyphs tried at once
_LISTED, _FITTING = (
    40,
    4,
)  # ideographs that an engine never reads: those that fit what stands before, and both sides
_LAST_OF_BMP = 0xFFFF
_FITS = 12.0  # nats by which the text reads better with such an ideograph where one was likely misread
_ANY = -7.9  # log P(a misread glyph is taken for one that it was never taken for)
_LEAST_MISREAD = -6.0  # log P(a glyph is misread), at least
_CLEAR = 6.0  # nats by which one reading may be better than the next, at most
_ROUNDS = 3  # a glyph can be told once its neighbour is right
_ONE = 0.99  # mistaken glyph
_FAITH = 500.0  # glyphs without a mistake that every page is taken to have besides its own
_RIVAL = 3.0  # nats behind the best reading within which another is a rival
_NO_POSTERIOR = -9.0  # log P(true | seen is wrong) of pairs that are not in the table
_TWICE = 2  # mended places from which a page shows by itself what it takes a glyph for
_FAITHFUL = 2.0  # glyphs read right that every page is taken to have besides its own
_SHOWN_POSTERIOR = -0.7  # log P(true | seen is wrong) of what the page shows by itself
_NEVER = -30.0  # log P(seen | true) of pairs of which nothing is known
_SURE = 6.0  # nats from which a doubt counts in full as evidence for others of its kind
_ID_BITS = 32  # of a character, in a model
_APART = 2  # of two doubtful glyphs closer than this only the worse is changed: the other suffers from it


@repair_pass(after=["join_lines", "spaces", "reading_order", "doubles", "strays"])
def confusables(view: View, tools: Tools) -> Iterator[Draft]:
    """Ideographs that were taken for others of a like shape.

    Repairs: a glyph that makes no sense where it stands, when a glyph it is known to be mistaken for makes
    good sense there: 收人 for 收入, 扩太 for 扩大. Shapes, the words on both sides and the rest of the page decide
    together; how ready the pass is to doubt a glyph follows from how many errors the page has.
    Why it happens: recognition chooses among glyphs that differ in a stroke, on blurred or worn print.
    Example: ``农民收人增加`` becomes ``农民收入增加``.
    When it is wrong: in new names, in rare or old words and in word play. Figures are never exchanged, a form
    that the page repeats is left alone, and what is merely likely is only shown.
    """
    script = detect_script(view.text)
    if script not in _BITS or not (view.classes & ch.HAN).any():
        return
    text = RunningText.shared(view, tools.language.model, tools.memo)
    drafts: dict[int, tuple[str, Draft]] = {}
    known: _Known | None = None
    proposed = _Proposed.of(text, _BITS[script])
    for _ in range(_ROUNDS):
        doubt = _doubts(text, _BITS[script], tools, known, proposed)
        if doubt is None or not len(doubt.place):
            break
        if known is None:
            known = _Known(doubt.density, text.codes, Counter())
        found = {at: (true, one) for at, true, one in _drafts(text, doubt) if at not in drafts}
        # what is merely likely waits for the last round: its neighbours may change yet
        changed = {at: pair for at, pair in found.items() if pair[1].certainty > Certainty.LOW}
        drafts |= changed
        if not changed:
            drafts |= found
            break
        known.taken.update((int(text.codes[place]), ord(true)) for place, (true, _) in changed.items())
        text = _with(text, {place: true for place, (true, _) in changed.items()})
    for place in sorted(drafts):
        yield drafts[place][1]


def _drafts(text: RunningText, doubt: _Doubts) -> Iterator[tuple[int, str, Draft]]:
    """What is worth showing: place, what was printed, draft."""
    gate = _gate()
    odds = doubt.odds
    # on a page without other mistakes the model's own surprise is the likelier error
    worn = doubt.density > gate["worn"]
    alone = np.where(doubt.gain >= gate["gain_plain"], gate["medium_plain"], gate["medium_alone"])
    least = np.where(doubt.alone, alone, gate["medium_worn" if worn else "medium"])
    # glyphs that the page's engine never reads right are mistaken on good print too
    reader = np.where(doubt.features["unread"] > 0, doubt.features["reader"], -np.inf)
    unread = reader > np.where(doubt.alone, gate["reader_alone"], gate["reader"])
    least = np.where(unread, np.minimum(least, gate["medium_unread"]), least)
    for k in _lone(doubt.place, odds, gate["low"]):
        level = (
            Certainty.LOW
            if doubt.guarded[k] or odds[k] < least[k]
            else Certainty.HIGH
            if odds[k] >= gate["high"]
            else Certainty.MEDIUM
        )
        place = int(doubt.place[k])
        at = int(text.at[place])
        seen, true = chr(int(text.codes[place])), chr(int(doubt.true[k]))
        evidence: dict[str, Any] = {
            "context": text.excerpt(place),
            "alternatives": doubt.alternatives(k, seen, float(odds[k])),
            "language_nats": round(float(doubt.gain[k]), 2),
            "shape_nats": round(float(doubt.channel[k]), 2),
            "guarded": bool(doubt.guarded[k]),
            "on_page": {"as_read": int(doubt.page_seen[k]), "as_changed": int(doubt.page_true[k])},
        }
        yield (
            place,
            true,
            Draft(
                (Replace(Span(at, at + 1), true),),
                f"{seen} was taken for {true}, which it looks like and which fits here",
                level,
                float(1 / (1 + np.exp(-odds[k]))),
                evidence,
            ),
        )


def _with(text: RunningText, changes: Mapping[int, str]) -> RunningText:
    """The text with other glyphs in some places; offsets stay those of the view."""
    codes = text.codes.copy()
    codes[list(changes)] = [ord(char) for char in changes.values()]
    made = RunningText(View.of_text(_text_of(codes)), text.model)
    made.at = text.at
    return made


@cache
def _evidence() -> Trees:
    """What the evidence says together; built by ``dictionaries/build/glyph_gate.py``."""
    return Trees(_gate()["trees"])


@cache
def _gate() -> Mapping[str, Any]:
    """Trees that weigh the evidence and the log-odds asked for; built by ``dictionaries/build/glyph_gate.py``."""
    loaded: Mapping[str, Any] = json.loads(path(_FILE).read_text("utf-8"))["confusables"]
    return loaded


@dataclass(frozen=True)
class _Known:
    """What the first look at a page tells the next ones.

    Attributes:
        density: log of the share of mistaken glyphs.
        codes: the page as it was read.
        taken: how often one glyph was taken for another, as (seen, true), in the places that are mended.
    """

    density: float
    codes: Codes
    taken: Counter[tuple[int, int]]


@dataclass(frozen=True)
class _Doubts:
    """Doubtful glyphs, each with its best alternative; arrays of shape ``(n,)``.

    Attributes:
        place: place in the running text, ascending.
        true: code point of the alternative.
        gain: what the model gains by it, nats. channel: log P(seen | true).
        odds: log-odds that the alternative was printed. features: what they were summed from.
        page_seen, page_true: how often the neighbourhood as read (elsewhere) and as changed is on the page.
        guarded: in a place where only the page itself can tell (figures, names).
        alone: no other glyph of the page is plainly mistaken.
        density: log of the share of mistaken glyphs on the page.
        rest: the further candidates of each, as (character, log-odds against the best).
    """

    place: Ints
    true: Codes
    gain: Floats
    channel: Floats
    odds: Floats
    features: Mapping[str, Floats]
    page_seen: Ints
    page_true: Ints
    guarded: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    density: float
    rest: list[list[tuple[str, float]]]

    def alternatives(self, k: int, seen: str, odds: float) -> dict[str, float]:
        """Readings with their probabilities, the likeliest first."""
        best = chr(int(self.true[k]))
        weights = {best: 1.0, seen: float(np.exp(-odds))}
        weights.update({c: float(np.exp(d)) for c, d in self.rest[k] if c not in weights})
        total = sum(weights.values())
        ranked = sorted(weights.items(), key=lambda item: -item[1])[: _SHOWN + 1]
        return {c: round(w / total, 4) for c, w in ranked}


class _Closest:
    """The readings of a list that fit places best.

    A page is weighed several times, and most of it is the same each time: they are kept by what stands around a place.
    """

    def __init__(self, ids: Ints, ahead: int, both: int) -> None:
        """Take a list.

        Args:
            ids: of the readings. ahead: how many that fit what stands before are asked about both sides. both: how many
                of these are kept.
        """
        self._ids, self._ahead, self._both = ids, ahead, both
        self._row: dict[bytes, int] = {}
        self._close: Ints = np.empty((0, both), dtype=np.int64)
        self._fit: Floats = np.empty((0, both))

    def at(self, text: RunningText, place: Ints) -> tuple[Ints, Floats]:
        """Indices of the readings at each place, and ln P of the text with them up to the next character; ``(m, both)``."""
        around = np.concatenate((text.left(place), text.right(place)[:, :1]), axis=1)
        keys = [row.tobytes() for row in around]
        new = []
        for number, key in enumerate(keys):
            if key not in self._row:
                self._row[key] = len(self._row)
                new.append(number)
        found = [self._found(text, place[new[a : a + _BLOCK]]) for a in range(0, len(new), _BLOCK)]
        if found:
            self._close = np.concatenate((self._close, *(close for close, _ in found)))
            self._fit = np.concatenate((self._fit, *(fit for _, fit in found)))
        rows = np.array([self._row[key] for key in keys], dtype=np.int64)
        return self._close[rows], self._fit[rows]

    def _found(self, text: RunningText, place: Ints) -> tuple[Ints, Floats]:
        before = text.model.seam_matrix(text.left(place), self._ids[:, None])
        best = np.argpartition(-before, self._ahead, axis=1)[:, : self._ahead]
        fit = text.instead(np.repeat(place, self._ahead), self._ids[best.ravel()], reach=1).reshape(
            best.shape
        )
        at = np.argpartition(-fit, self._both, axis=1)[:, : self._both]
        return np.take_along_axis(best, at, axis=1), np.take_along_axis(fit, at, axis=1)


class _Fits:
    """How well readings fit their places: kept while a page is weighed several times, as of most places it is the same."""

    def __init__(self, reach: int) -> None:
        """Keep nothing yet; ``reach``: how many of the characters behind a place count."""
        self._reach = reach
        self._ids: Ints = np.empty(0, dtype=np.int64)  # of the page as it was
        self._keys: Ints = np.empty(0, dtype=np.int64)
        self._fit: Floats = np.empty(0)

    def at(self, text: RunningText, place: Ints, ids: Ints) -> Floats:
        """ln P of each reading in its place and of the characters behind it, shape ``(m,)``."""
        self._forget(text.ids)
        keys = (place << _ID_BITS) | ids
        new, fit = np.ones(len(keys), dtype=np.bool_), np.empty(len(keys))
        if len(self._keys):
            at = np.minimum(self._keys.searchsorted(keys), len(self._keys) - 1)
            new, fit = self._keys.take(at) != keys, self._fit.take(at)
        fit[new] = text.instead(place[new], ids[new], reach=self._reach)
        self._keys, self._fit = np.append(self._keys, keys[new]), np.append(self._fit, fit[new])
        return fit

    def _forget(self, ids: Ints) -> None:
        """Drop what is kept of places near which the page has other characters than before; sort the rest."""
        if len(self._keys):
            changed = np.append(0, np.cumsum(self._ids != ids))
            place = self._keys >> _ID_BITS
            same = (changed[place + 2 * REACH + 1] == changed[place]).nonzero()[0]
            same = same[np.argsort(self._keys[same])]
            self._keys, self._fit = self._keys[same], self._fit[same]
        self._ids = ids


@dataclass(frozen=True)
class _Proposed:
    """The readings that the language alone proposes for glyphs of a page that make no sense, and what is kept of any.

    Attributes:
        codes, common: ideographs in common use.
        unread, seldom: ideographs that an engine never reads.
        soon, late: how well readings fit, with the next character and with all that they matter to.
    """

    codes: Codes
    common: _Closest
    unread: Unread
    seldom: _Closest
    soon: _Fits
    late: _Fits

    @classmethod
    def of(cls, text: RunningText, script: int) -> _Proposed:
        """What there is for texts of a script."""
        codes, ids = common_ideographs(text.model, script)
        unread = Unread.load()
        seldom = _Closest(unread.ids(text.model), _LISTED, _FITTING)
        return cls(codes, _Closest(ids, _AHEAD, _CLOSE), unread, seldom, _Fits(1), _Fits(REACH))


def _doubts(
    text: RunningText,
    script: int,
    tools: Tools,
    known: _Known | None = None,
    proposed: _Proposed | None = None,
) -> _Doubts | None:
    """Doubts on a page; on a worn one with more readings that were never counted, which is slow.

    ``known`` and ``proposed``: as before, where the page was weighed before.
    """
    found = None
    proposed = proposed or _Proposed.of(text, script)
    if known is None:
        found = _weighed(text, script, tools, None, proposed)
        if found is None or not len(found.place):
            return found
        known = _Known(found.density, text.codes, Counter())
    if known.density <= _gate()["open"]:
        return found or _weighed(text, script, tools, known, proposed)
    return _weighed(text, script, tools, known, proposed, open_to_all=True)


def _weighed(
    text: RunningText,
    script: int,
    tools: Tools,
    known: _Known | None,
    proposed: _Proposed,
    *,
    open_to_all: bool = False,
) -> _Doubts | None:
    gate = _gate()
    table, model = tools.language.confusables, text.model
    n = len(text)
    logp = text.logp
    han = (text.classes & ch.HAN) > 0
    suspects = np.flatnonzero(han & (logp[:n] + logp[1 : n + 1] < gate["suspect"]))
    where, true, channel = _candidates(text.codes[suspects], table)
    bits = script_bits()[true]
    keep = ch.among(true, _MARKS) | ((bits & script) > 0)
    if (
        script == _BITS["hans"]
    ):  # of forms that the model takes for one, Simplified text has the simple one (乾, 干)
        keep &= fold_codes(true) == true
    kept = keep.nonzero()[0]
    true, channel, place = true.take(kept), channel.take(kept), suspects.take(where.take(kept))
    hard = suspects[logp[suspects] + logp[suspects + 1] < gate["hard" if open_to_all else "hardest"]]
    more, extra = _unlisted(text, hard, proposed)
    unread = proposed.unread
    simplified = script == _BITS["hans"]
    also, such, fitting = _unread(text, hard if simplified else hard[:0], proposed)
    more, extra = np.append(more, also), np.append(extra, such)
    pairs = np.concatenate(((place << 21) | true, (more << 21) | extra))
    new = np.unique(pairs, return_index=True)[1] - len(place)  # where each stands first
    new = new[new >= 0]
    unlisted = np.append(np.zeros(len(place)), np.ones(len(new)))
    place, true = np.append(place, more[new]), np.append(true, extra[new]).astype(np.uint32)
    channel = np.append(channel, np.maximum(table.misread[extra[new]], _LEAST_MISREAD) + _ANY)
    if known and (again := _again(text.codes, known.taken, place, true)).size:
        place, true = np.append(place, again[0]), np.append(true, again[1]).astype(np.uint32)
        channel, unlisted = (
            np.append(x, np.full(again.shape[1], y)) for x, y in ((channel, _NEVER), (unlisted, 0.0))
        )
    if not len(place):
        return None
    rate = unread.rate(true) if simplified else np.zeros(len(true))
    if known:  # what is mended was not read, and fitted
        mended = [printed for (_, printed), _ in known.taken.items()]
        fitting = np.union1d(fitting, np.intersect1d(unread.codes, np.array(mended, dtype=np.uint32)))
    reader = unread.log_odds(known.codes if known else text.codes, int(han.sum()), fitting, true)
    channel += _more_often(table.misread[np.minimum(true, _LAST_OF_BMP)], rate, reader)
    if known:
        channel = np.maximum(channel, _shown(text.codes, known.taken, place, true))
    ids = model.encode(_text_of(true)).astype(np.int64)
    # a variant of the same character is the script pass's business
    other = ids != text.ids[place + REACH]
    kept = other.nonzero()[0]
    channel, true, place, ids, unlisted, reader = (
        x.take(kept) for x in (channel, true, place, ids, unlisted, reader)
    )
    # most candidates fail at the first two characters
    fair = proposed.soon.at(text, place, ids) - text.stands(place, reach=1) + channel > gate["fair"]
    if script == _BITS["hant"]:
        fair &= ~_regional(text.codes[place], true)
    kept = fair.nonzero()[0]
    true, place, ids, channel, unlisted, reader = (
        x.take(kept) for x in (true, place, ids, channel, unlisted, reader)
    )
    if not len(place):
        return None
    gain = proposed.late.at(text, place, ids) - text.stands(place)
    total = gain + channel
    order = np.lexsort((-total, place))
    first = np.append(True, np.diff(place[order]) > 0)
    heads = np.flatnonzero(first)
    best = order[heads]
    # how readily the page's glyphs are to be doubted: glyphs that look mistaken, among all
    size = float(han.sum()) + _FAITH
    density = known.density if known else None
    if density is None:
        errors = float(((total[best] > gate["plain"]) & (unlisted[best] == 0)).sum() + 3 * len(text.aliens))
        density = float(np.log((errors + 0.5) / size))
    plain = (total[best] > gate["plain"]) & (unlisted[best] == 0)
    hopeful = total[best] > gate["hopeful"]
    heads, best, plain = heads[hopeful], best[hopeful], plain[hopeful]
    if not len(best):
        return None
    ends = np.append(np.flatnonzero(first)[1:], len(order))[hopeful]
    every = true
    next_best = total[order[np.minimum(heads + 1, len(order) - 1)]]
    margin = np.where(heads + 1 < ends, total[best] - next_best, _CLEAR)
    top = np.full(n, -np.inf)
    np.maximum.at(top, place, total)
    rivals = np.bincount(place[total >= top[place] - _RIVAL], minlength=n)
    unlisted, reader, likely = unlisted[best], reader[best], np.clip(total[best] / _SURE, 0.0, 1.0)
    place, true, gain, channel, ids = place[best], true[best], gain[best], channel[best], ids[best]
    ahead = text.instead(place, ids, reach=0) - logp[place]
    around = np.concatenate((np.zeros(REACH, np.uint32), text.codes, np.zeros(REACH, np.uint32)))
    window = around[place[:, None] + np.arange(2 * REACH + 1)]
    changed = window.copy()
    changed[:, REACH] = true
    lexicon = tools.language.lexicon
    both = np.concatenate((window, changed))
    word_seen, word_true = np.split(_words(lexicon, both), 2)
    three, two = _grams(around, 3), _grams(around, 2)
    page_seen3, page_true3 = np.split(_count(three, both, 3), 2)
    page_seen2, page_true2 = np.split(_count(two, both, 2), 2)
    page_seen3, page_seen2 = page_seen3 - 1, page_seen2 - 1
    seen_rate, true_rate = np.split(_rate(text, np.concatenate((text.ids[place + REACH], ids))), 2)
    posterior = table.log_true_given_wrong(text.codes[place], true, _NO_POSTERIOR)
    if known:
        shown = _shown(text.codes, known.taken, place, true) > _NEVER
        # nor is a form evidence for itself where the page takes its glyph for the other
        page_seen3, page_seen2 = (np.where(shown, 0, times) for times in (page_seen3, page_seen2))
        posterior = np.where(shown, np.maximum(posterior, _SHOWN_POSTERIOR), posterior)
    unknown = text.ids[place + REACH] == getattr(model, "unknown", -1)
    right = np.minimum(place + 1, n - 1)
    others = np.maximum(np.exp(density) * size - 0.5 - plain, 0.0)  # a doubt is no evidence for itself
    features = {
        "gain": gain,
        "channel": channel,
        "word": word_true - word_seen,
        "word_seen": (word_seen > 0) * 1.0,
        "page_true3": np.log1p(np.minimum(page_true3, 4)),
        "page_seen3": np.log1p(np.clip(page_seen3, 0, 4)),
        "page_true2": np.log1p(np.minimum(page_true2, 6)),
        "page_seen2": np.log1p(np.clip(page_seen2, 0, 6)),
        "unknown": unknown * 1.0,
        "inside_left": han[np.maximum(place - 1, 0)] * 1.0,
        "inside_right": han[right] * 1.0,
        "density": np.log((others + 0.5) / size),
        "unlisted": unlisted,
        "margin": np.minimum(margin, _CLEAR),
        "after": gain + text.stands(place),
        "least": np.minimum(ahead, gain - ahead),
        "same": np.log1p(_others(text.codes[place], true, likely)),
        "true_here": np.log1p(_times(text.codes, true)),
        "seen_here": np.log1p(_times(text.codes, text.codes[place])),
        "misread": table.misread[np.minimum(true, _LAST_OF_BMP)],
        "posterior": posterior,
        "seen_rate": seen_rate,
        "true_rate": true_rate,
        "rivals": np.log1p(rivals[place] - 1.0),
        "unread": unread.rate(true) * simplified,
        "reader": reader,
    }
    odds = _evidence().log_odds(features)
    numerals = np.array([ord(c) for c in _NUMERALS], dtype=np.uint32)
    figures = ch.among(text.codes[place], numerals) & ch.among(true, numerals)
    # one surname for another, in no word
    surnames = ch.among(text.codes[place], _surnames()) & ch.among(true, _surnames()) & (word_true == 0)
    guarded = figures | ((unknown | surnames | _in_name(text, place, true, lexicon)) & (page_true3 == 0))
    odds[figures] = np.minimum(odds[figures], gate["low"])
    if script == _BITS["hant"]:
        odds[_same_simplified(window, changed)] = -np.inf
    rest = [
        [(chr(int(every[j])), float(total[j] - total[order[a]])) for j in order[a + 1 : min(b, a + _SHOWN)]]
        for a, b in zip(heads.tolist(), ends.tolist(), strict=True)
    ]
    return _Doubts(
        place,
        true,
        gain,
        channel,
        odds,
        features,
        page_seen3,
        page_true3,
        guarded,
        others < _ONE,
        density,
        rest,
    )


def _again(codes: Codes, taken: Mapping[tuple[int, int], int], place: Ints, true: Codes) -> Ints:
    """Further places of glyphs that the page shows to be mistaken, and what they were taken for, ``(2, m)``."""
    found = [np.empty((2, 0), dtype=np.int64)]
    for (seen, printed), times in sorted(taken.items()):
        if times >= _TWICE:
            more = np.setdiff1d(np.flatnonzero(codes == seen), place[true == printed])
            found.append(np.stack((more, np.full(len(more), printed))))
    return np.concatenate(found, axis=1)


def _shown(codes: Codes, taken: Mapping[tuple[int, int], int], place: Ints, true: Codes) -> Floats:
    """log P(seen | true) of readings as the page itself shows it, shape ``(m,)``."""
    out = np.full(len(place), _NEVER)
    for (seen, printed), times in taken.items():
        if times >= _TWICE:  # every place that is mended holds the true one now
            often = np.log(times / (float((codes == printed).sum()) + _FAITHFUL))
            out[(codes[place] == seen) & (true == printed)] = often
    return out


def _candidates(seen: Codes, table: Confusables) -> tuple[Ints, Codes, Floats]:
    """What may have been printed for each glyph: (index into ``seen``, code point, log P(seen | it))."""
    where, rows = table.gather(seen, _DEPTH)
    true, channel = table.true[rows].astype(np.uint32), table.logp[rows].astype(np.float64)
    # glyphs that lost a part, where that was never counted
    parts, wholes = _parts()
    first, stop = np.searchsorted(parts, seen), np.searchsorted(parts, seen, side="right")
    count = stop - first
    more = np.repeat(np.arange(len(seen)), count)
    at = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(len(more))
    extra = wholes[at]
    new = table.log_seen_given_true(seen[more], extra, _PART_LOST) <= _PART_LOST
    more, extra = more[new], extra[new]
    where = np.concatenate((where, more))
    order = np.argsort(where, kind="stable")
    true = np.concatenate((true, extra))[order]
    channel = np.concatenate((channel, np.full(len(more), _PART_LOST)))[order]
    return where[order], true, channel


def _unlisted(text: RunningText, place: Ints, proposed: _Proposed) -> tuple[Ints, Ints]:
    """Readings that the language alone proposes for glyphs that make no sense: (place, code point).

    On bad print engines give glyphs that look nothing like what was printed.
    """
    close, _ = proposed.common.at(text, place)
    return np.repeat(place, _CLOSE), proposed.codes[close.ravel()].astype(np.int64)


def _unread(text: RunningText, place: Ints, proposed: _Proposed) -> tuple[Ints, Ints, Codes]:
    """Ideographs that an engine never reads, where they fit: (place, code point); and those that fit very well."""
    codes = proposed.unread.codes
    close, fit = proposed.seldom.at(text, place)
    gain = fit - text.stands(place, reach=1)[:, None]
    return (
        np.repeat(place, _FITTING),
        codes[close.ravel()].astype(np.int64),
        np.unique(codes[close[gain > _FITS]]),
    )


def _more_often(misread: NDArray[np.float32], rate: Floats, reader: Floats) -> Floats:
    """By how many nats a glyph is likelier to be misread than on any page, for what an engine never reads.

    Args:
        misread: log P(misread) on any page. rate: P(misread) by the engine.
        reader: log-odds that the engine read the page.
    """
    share = 1.0 / (1.0 + np.exp(-reader))
    usual = np.exp(np.maximum(misread, _LEAST_MISREAD).astype(np.float64))
    out: Floats = np.log(np.maximum(usual, (1 - share) * usual + share * rate)) - np.log(usual)
    return out


@cache
def _parts() -> tuple[Codes, Codes]:
    """Ideographs that are another one less a part, and that other one; sorted by the first."""
    rows = [line.split("\t") for line in path("parts.tsv").read_text("utf-8").splitlines()[1:]]
    found = np.array([(ord(part), ord(whole)) for part, whole in rows], dtype=np.uint32)
    found = found[np.argsort(found[:, 0], kind="stable")]
    return found[:, 0].copy(), found[:, 1].copy()


def _regional(seen: Codes, true: Codes) -> NDArray[np.bool_]:
    """Whether two glyphs are forms of one character, of which regions prefer one (著 and 着 in Taiwan)."""
    same = np.zeros(len(seen), dtype=np.bool_)
    for scheme in ("t2tw", "t2hk"):
        one, other = (_in_region(c, scheme) for c in (seen, true))
        same |= one == other
    return same


def _in_region(codes: Codes, scheme: str) -> NDArray[np.object_]:
    """What a scheme of conversion makes of each character by itself, shape ``(n,)``."""
    known = _CONVERTED.setdefault(scheme, {})
    distinct, number = np.unique(codes, return_inverse=True)
    new = [code for code in distinct.tolist() if code not in known]
    if new:
        made = converter(scheme)("\n".join(map(chr, new))).split("\n")
        known.update(zip(new, made, strict=True))
    return np.array([known[code] for code in distinct.tolist()], dtype=np.object_)[number]


_CONVERTED: dict[str, dict[int, str]] = {}
"""By scheme, what it makes of the characters met so far."""


def _same_simplified(one: Codes, other: Codes) -> NDArray[np.bool_]:
    """Whether two stretches, row by row, are forms of one text (瞭解, 了解), shape ``(n,)``."""
    convert = converter("t2s")
    texts = ([convert(_text_of(row).replace("\0", "")) for row in side] for side in (one, other))
    return np.array([a == b for a, b in zip(*texts, strict=True)], dtype=np.bool_)


def _others(seen: Codes, true: Codes, likely: Floats) -> Floats:
    """How often, weighted, the same glyph is doubted for the same other elsewhere on the page; shape ``(n,)``."""
    _, kind = np.unique((seen.astype(np.uint64) << np.uint64(21)) | true, return_inverse=True)
    out: Floats = np.bincount(kind, likely)[kind] - likely
    return np.maximum(out, 0.0)


def _rate(text: RunningText, ids: Ints) -> Floats:
    """Log of how common characters are, whatever stands before."""
    unknown = np.full((1, REACH), getattr(text.model, "unknown", text.model.bos))
    kinds, which = np.unique(ids, return_inverse=True)
    rates: Floats = text.model.seam_matrix(unknown, kinds[:, None])[0].astype(np.float64)
    return rates[which]


def _times(page: Codes, wanted: Codes) -> Ints:
    """How often the page has each of the glyphs."""
    ordered = np.sort(page)
    return np.searchsorted(ordered, wanted, side="right") - np.searchsorted(ordered, wanted)


def _lone(place: Ints, odds: Floats, least: float) -> list[int]:
    """Doubts worth showing; of neighbours the strongest."""
    chosen: list[int] = []
    taken: set[int] = set()
    for k in np.argsort(-odds, kind="stable").tolist():
        if odds[k] < least:
            break
        here = int(place[k])
        if here in taken:
            continue
        chosen.append(k)
        taken.update(range(here - _APART + 1, here + _APART))
    return sorted(chosen)


def _text_of(codes: Codes) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _surnames() -> Codes:
    """First characters of surnames."""
    found = sorted({ord(row[0][0]) for row in word_list("surnames")})
    return np.array(found, dtype=np.uint32)


def _in_name(text: RunningText, place: Ints, true: Codes, lexicon: Lexicon) -> NDArray[np.bool_]:
    """Whether a place may be in a person's name: a short stretch between marks that begins with a surname.

    Not where four characters are two common words, or one, with the reading: 堵塞洞洞 is no name, as 堵塞漏洞 is none.
    """
    han = (text.classes & ch.HAN) > 0
    spaced = np.append(True, np.diff(text.at) > 1)
    begins = np.flatnonzero(han & (spaced | ~np.append(False, han[:-1])))
    ends = np.append(begins[1:], len(text))
    stops = np.flatnonzero(~han)
    if len(stops):
        behind = np.append(stops, len(text))[np.searchsorted(stops, begins)]
        ends = np.minimum(ends, behind)
    which = np.maximum(np.searchsorted(begins, place, side="right") - 1, 0)
    if not len(begins):
        return np.zeros(len(place), dtype=np.bool_)
    start, size = begins[which], ends[which] - begins[which]
    before, after = text.codes[np.maximum(start - 1, 0)], text.codes[np.minimum(start + size, len(text) - 1)]
    bracketed = (before == ord("（")) | (before == ord("(")) | (after == ord("）")) | (after == ord(")"))
    surname = ch.among(text.codes[start], _surnames())
    out: NDArray[np.bool_] = surname & (size >= 2) & (size <= np.where(bracketed, _BYLINE, _NAME))
    four = np.flatnonzero(out & ~bracketed & (size == _NAME))
    if len(four):
        stretch = text.codes[start[four, None] + np.arange(_NAME)]
        stretch[np.arange(len(four)), place[four] - start[four]] = true[four]
        stretch = fold_codes(stretch)
        half = _NAME // 2
        freq = np.minimum(lexicon.freq_codes(stretch[:, :half]), lexicon.freq_codes(stretch[:, half:]))
        out[four] = np.maximum(freq, lexicon.freq_codes(stretch)) < _COMMON
    return out


def _words(lexicon: Lexicon, window: Codes) -> Floats:
    """How common the commonest word of 2 to 4 characters around the middle of each window is; 0: none."""
    folded = fold_codes(window)
    middle = window.shape[1] // 2
    best = np.zeros(len(window))
    for size in (2, 3, 4):
        around = folded[:, middle - size + 1 : middle + size]
        parts = np.lib.stride_tricks.sliding_window_view(around, size, axis=1)
        freq = lexicon.freq_codes(parts.reshape(-1, size)).reshape(-1, size).max(axis=1)
        best = np.maximum(best, np.where(freq >= _RARE, np.log(freq + 1.0) + 2.0 * (size - 2), 0.0))
    return best


def _keys(codes: Codes, size: int) -> NDArray[np.uint64]:
    key = np.zeros(len(codes) - size + 1, dtype=np.uint64)
    for k in range(size):
        key = (key << np.uint64(21)) | codes[k : len(codes) - size + 1 + k].astype(np.uint64)
    return key


def _grams(codes: Codes, size: int) -> NDArray[np.uint64]:
    """Every stretch of so many characters on the page, sorted."""
    return np.sort(_keys(codes, size))


def _count(grams: NDArray[np.uint64], window: Codes, size: int) -> Ints:
    """How often the page has the commonest ``size`` ideographs around the middle of each window."""
    middle = window.shape[1] // 2
    best = np.zeros(len(window), dtype=np.int64)
    han = (classify(window) & ch.HAN) > 0
    for start in range(middle - size + 1, middle + 1):
        key = np.zeros(len(window), dtype=np.uint64)
        for k in range(start, start + size):
            key = (key << np.uint64(21)) | window[:, k].astype(np.uint64)
        count = np.searchsorted(grams, key, side="right") - np.searchsorted(grams, key, side="left")
        best = np.maximum(best, np.where(han[:, start : start + size].all(axis=1), count, 0))
    return best
