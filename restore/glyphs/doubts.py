"""Doubtful glyphs of a page: for each its best other reading, what speaks for it, and the log-odds that it was printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.glyphs.gate import Gate
from restore.glyphs.occurrences import grams, log_rate, times_around, times_of, words_around
from restore.glyphs.proposed import Proposed
from restore.glyphs.protected import figures, in_name, in_title, same_simplified, surnames
from restore.glyphs.readings import NOTHING_KNOWN, SCRIPTS, Known, readings_of, shown_by_page
from restore.language.context import REACH, RunningText
from restore.source import Codes

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["FEATURES", "Doubts", "doubts_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

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
_SHOWN = 3  # alternatives kept as evidence
_LAST_OF_BMP = 0xFFFF
_CLEAR = 6.0  # nats by which one reading may be better than the next, at most
_ONE = 0.99  # mistaken glyph
_FAITH = 500.0  # glyphs without a mistake that every page is taken to have besides its own
_RIVAL = 3.0  # nats behind the best reading within which another is a rival
_NO_POSTERIOR = -9.0  # log P(true | seen is wrong) of pairs that are not in the table
_SHOWN_POSTERIOR = -0.7  # log P(true | seen is wrong) of what the page shows by itself
_SURE = 6.0  # nats from which a doubt counts in full as evidence for others of its kind


@dataclass(frozen=True)
class Doubts:
    """Doubtful glyphs, each with its best alternative; arrays of shape ``(n,)``.

    Attributes:
        place: place in the running text, ascending.
        true: code point of the alternative.
        gain: what the model gains by it, nats. channel: log P(seen | true).
        odds: log-odds that the alternative was printed. features: what they were summed from.
        page_seen, page_true: how often the neighbourhood as read (elsewhere) and as changed is on the page.
        guarded: in a place where only the page itself can tell (figures, names, titles).
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
    guarded: Bools
    alone: Bools
    density: float
    rest: list[list[tuple[str, float]]]

    def __len__(self) -> int:
        """Count the doubts."""
        return len(self.place)

    def alternatives(self, k: int, seen: str, odds: float) -> dict[str, float]:
        """Readings with their probabilities, the likeliest first."""
        best = chr(int(self.true[k]))
        weights = {best: 1.0, seen: float(np.exp(-odds))}
        weights.update({c: float(np.exp(d)) for c, d in self.rest[k] if c not in weights})
        total = sum(weights.values())
        ranked = sorted(weights.items(), key=lambda item: -item[1])[: _SHOWN + 1]
        return {c: round(w / total, 4) for c, w in ranked}


def doubts_of(
    text: RunningText,
    script: int,
    language: Language,
    gate: Gate,
    known: Known | None = None,
    proposed: Proposed | None = None,
) -> Doubts | None:
    """Doubts on a page, None where there is nothing to weigh; on a worn page readings that were never counted are among
    them, which is slow.

    Args:
        script: bit of the page's script.
        known, proposed: as before, where the page was weighed before.
    """
    found = None
    proposed = proposed or Proposed.of(text, script)
    if known is None:
        found = _weighed(text, script, language, gate, None, proposed)
        if found is None or not len(found):
            return found
        known = Known(found.density, text.codes, Counter())
    if known.density <= gate["open"]:
        return found or _weighed(text, script, language, gate, known, proposed)
    return _weighed(text, script, language, gate, known, proposed, open_to_all=True)


@dataclass(frozen=True)
class _Ranked:
    """Readings in groups of one place each, the best first.

    Attributes:
        order: indices of the readings, shape ``(m,)``.
        head, stop: of each group in ``order``, shape ``(n,)``.
        total: what each reading gains, its shape counted, shape ``(m,)``.
    """

    order: Ints
    head: Ints
    stop: Ints
    total: Floats

    @classmethod
    def of(cls, place: Ints, total: Floats) -> _Ranked:
        order = np.lexsort((-total, place))
        head = np.flatnonzero(np.append(True, np.diff(place[order]) > 0))
        return cls(order, head, np.append(head[1:], len(order)), total)

    @property
    def best(self) -> Ints:
        """Index of the best reading of each group, shape ``(n,)``."""
        return self.order[self.head]

    def keep(self, mask: Bools) -> _Ranked:
        """Some of the groups."""
        return _Ranked(self.order, self.head[mask], self.stop[mask], self.total)

    def margin(self) -> Floats:
        """Nats by which the best reading of each group is better than the next, shape ``(n,)``."""
        second = self.total[self.order[np.minimum(self.head + 1, len(self.order) - 1)]]
        behind = self.head + 1 < self.stop
        return np.minimum(np.where(behind, self.total[self.best] - second, _CLEAR), _CLEAR)

    def rivals(self, place: Ints, size: int) -> Ints:
        """How many other readings of each group's place are about as good, of a text so long; shape ``(n,)``."""
        top = np.full(size, -np.inf)
        np.maximum.at(top, place, self.total)
        near = np.bincount(place[self.total >= top[place] - _RIVAL], minlength=size)
        return np.asarray(near[place[self.best]] - 1)

    def rest(self, true: Codes) -> list[list[tuple[str, float]]]:
        """The further readings of each group, with their log-odds against the best."""
        return [
            [
                (chr(int(true[j])), float(self.total[j] - self.total[self.order[a]]))
                for j in self.order[a + 1 : min(b, a + _SHOWN)]
            ]
            for a, b in zip(self.head.tolist(), self.stop.tolist(), strict=True)
        ]


def _weighed(
    text: RunningText,
    script: int,
    language: Language,
    gate: Gate,
    known: Known | None,
    proposed: Proposed,
    *,
    open_to_all: bool = False,
) -> Doubts | None:
    """The best reading of every doubtful place, weighed."""
    table = language.confusables
    every = readings_of(text, script, table, gate, known, proposed, open_to_all=open_to_all)
    if not len(every):
        return None
    gain = proposed.late.at(text, every.place, every.ids) - text.stands(every.place)
    ranked = _Ranked.of(every.place, gain + every.channel)
    # how readily the page's glyphs are to be doubted: glyphs that look mistaken, among all
    size = float(((text.classes & ch.HAN) > 0).sum()) + _FAITH
    plain = (ranked.total[ranked.best] > gate["plain"]) & (every.unlisted[ranked.best] == 0)
    density = known.density if known else float(np.log((plain.sum() + 3 * len(text.aliens) + 0.5) / size))
    hopeful = ranked.total[ranked.best] > gate["hopeful"]
    ranked, plain = ranked.keep(hopeful), plain[hopeful]
    if not len(ranked.head):
        return None
    best, gain = every.take(ranked.best), gain[ranked.best]
    around = np.concatenate((np.zeros(REACH, np.uint32), text.codes, np.zeros(REACH, np.uint32)))
    window = around[best.place[:, None] + np.arange(2 * REACH + 1)]
    changed = window.copy()
    changed[:, REACH] = best.true
    word_seen, word_true, seen3, true3, seen2, true2 = _occurrences(language, around, window, changed)
    seen_rate, true_rate = np.split(
        log_rate(text, np.concatenate((text.ids[best.place + REACH], best.ids))), 2
    )
    posterior = table.log_true_given_wrong(text.codes[best.place], best.true, _NO_POSTERIOR)
    if known:
        shown = shown_by_page(text.codes, known.taken, best.place, best.true) > NOTHING_KNOWN
        # nor is a form evidence for itself where the page takes its glyph for the other
        seen3, seen2 = (np.where(shown, 0, times) for times in (seen3, seen2))
        posterior = np.where(shown, np.maximum(posterior, _SHOWN_POSTERIOR), posterior)
    han = (text.classes & ch.HAN) > 0
    ahead = text.instead(best.place, best.ids, reach=0) - text.logp[best.place]
    unknown = text.ids[best.place + REACH] == getattr(text.model, "unknown", -1)
    others = np.maximum(np.exp(density) * size - 0.5 - plain, 0.0)  # a doubt is no evidence for itself
    features = {
        "gain": gain,
        "channel": best.channel,
        "word": word_true - word_seen,
        "word_seen": (word_seen > 0) * 1.0,
        "page_true3": np.log1p(np.minimum(true3, 4)),
        "page_seen3": np.log1p(np.clip(seen3, 0, 4)),
        "page_true2": np.log1p(np.minimum(true2, 6)),
        "page_seen2": np.log1p(np.clip(seen2, 0, 6)),
        "unknown": unknown * 1.0,
        "inside_left": han[np.maximum(best.place - 1, 0)] * 1.0,
        "inside_right": han[np.minimum(best.place + 1, len(text) - 1)] * 1.0,
        "density": np.log((others + 0.5) / size),
        "unlisted": best.unlisted,
        "margin": ranked.margin(),
        "after": gain + text.stands(best.place),
        "least": np.minimum(ahead, gain - ahead),
        "same": np.log1p(_same_elsewhere(text.codes[best.place], best.true, ranked.total[ranked.best])),
        "true_here": np.log1p(times_of(text.codes, best.true)),
        "seen_here": np.log1p(times_of(text.codes, text.codes[best.place])),
        "misread": table.misread[np.minimum(best.true, _LAST_OF_BMP)],
        "posterior": posterior,
        "seen_rate": seen_rate,
        "true_rate": true_rate,
        "rivals": np.log1p(ranked.rivals(every.place, len(text)).astype(np.float64)),
        "unread": proposed.unread.rate(best.true) * (script == SCRIPTS["hans"]),
        "reader": best.reader,
    }
    odds = gate.trees.log_odds(features)
    seen = text.codes[best.place]
    numerals = figures(seen, best.true)
    # one surname for another, in no word
    names = unknown | (surnames(seen, best.true) & (word_true == 0))
    names |= in_name(text, best.place, best.true, language.lexicon)
    names |= in_title(text, best.place)
    guarded = numerals | (names & (true3 == 0))
    odds[numerals] = np.minimum(odds[numerals], gate["low"])
    if script == SCRIPTS["hant"]:
        odds[same_simplified(window, changed)] = -np.inf
    return Doubts(
        best.place,
        best.true,
        gain,
        best.channel,
        odds,
        features,
        seen3,
        true3,
        guarded,
        others < _ONE,
        density,
        ranked.rest(every.true),
    )


def _occurrences(
    language: Language, page: Codes, window: Codes, changed: Codes
) -> tuple[Floats, Floats, Ints, Ints, Ints, Ints]:
    """How common words around each place are, as read and as changed; and how often the page has three and two characters
    there, as read (elsewhere) and as changed. All of shape ``(n,)``."""
    both = np.concatenate((window, changed))
    word_seen, word_true = np.split(words_around(language.lexicon, both), 2)
    seen3, true3 = np.split(times_around(grams(page, 3), both, 3), 2)
    seen2, true2 = np.split(times_around(grams(page, 2), both, 2), 2)
    return word_seen, word_true, seen3 - 1, true3, seen2 - 1, true2


def _same_elsewhere(seen: Codes, true: Codes, total: Floats) -> Floats:
    """How often, weighted, the same glyph is doubted for the same other elsewhere on the page; shape ``(n,)``."""
    likely = np.clip(total / _SURE, 0.0, 1.0)
    _, kind = np.unique((seen.astype(np.uint64) << np.uint64(21)) | true, return_inverse=True)
    out: Floats = np.bincount(kind, likely)[kind] - likely
    return np.maximum(out, 0.0)
