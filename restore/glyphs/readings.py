"""What may have been printed where a glyph was read, and how likely it is to be read so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.data import path
from restore.glyphs.gate import Gate
from restore.glyphs.proposed import Proposed
from restore.glyphs.protected import regional
from restore.language.context import REACH, RunningText
from restore.language.fold import fold_codes
from restore.language.glyphs import Confusables
from restore.language.scripts import script_bits
from restore.source import Codes, codes_to_text

__all__ = ["NOTHING_KNOWN", "SCRIPTS", "Known", "Readings", "readings_of", "shown_by_page"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SCRIPTS = {"hans": 1, "hant": 2, "none": 3}
"""Bits of the scripts whose glyphs are compared by shape."""
NOTHING_KNOWN = -30.0
"""log P(seen | true) of pairs of which nothing is known."""
_MARKS = np.array([ord(c) for c in "，。、：；—·（）《》"], dtype=np.uint32)  # read as ideographs at times
_DEPTH = 24  # candidates looked at for one glyph
_PART_LOST = -10.5  # log P(a part of a glyph is read for the whole)
_LAST_OF_BMP = 0xFFFF
_ANY = -7.9  # log P(a misread glyph is taken for one that it was never taken for)
_LEAST_MISREAD = -6.0  # log P(a glyph is misread), at least
_TWICE = 2  # mended places from which a page shows by itself what it takes a glyph for
_FAITHFUL = 2.0  # glyphs read right that every page is taken to have besides its own


@dataclass(frozen=True)
class Known:
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
class Readings:
    """Readings of doubtful places, one each; arrays of shape ``(m,)``.

    Attributes:
        place: place in the running text.
        true: code point that may have been printed. ids: what the model calls it.
        channel: log P(seen | true).
        unlisted: 1 for pairs of glyphs that were never counted.
        reader: log-odds that the page was read by the engine that never reads some ideographs.
    """

    place: Ints
    true: Codes
    ids: Ints
    channel: Floats
    unlisted: Floats
    reader: Floats

    def __len__(self) -> int:
        """Count the readings."""
        return len(self.place)

    def take(self, kept: NDArray[np.bool_] | Ints) -> Readings:
        """Some of them, by a mask or by index."""
        which = kept.nonzero()[0] if kept.dtype == np.bool_ else kept
        return Readings(*(getattr(self, name).take(which) for name in self.__dataclass_fields__))


def readings_of(
    text: RunningText,
    script: int,
    table: Confusables,
    gate: Gate,
    known: Known | None,
    proposed: Proposed,
    *,
    open_to_all: bool = False,
) -> Readings:
    """What may have been printed where the text reads badly, except what fails at the first two characters.

    Args:
        script: bit of the page's script.
        known: what an earlier look told.
        open_to_all: whether the language proposes readings for more places.
    """
    n = len(text)
    logp = text.logp
    han = (text.classes & ch.HAN) > 0
    suspects = np.flatnonzero(han & (logp[:n] + logp[1 : n + 1] < gate["suspect"]))
    hard = suspects[logp[suspects] + logp[suspects + 1] < gate["hard" if open_to_all else "hardest"]]
    simplified = script == SCRIPTS["hans"]
    place, true, channel = _listed(text.codes, suspects, table, script)
    more, extra = proposed.unlisted(text, hard)
    also, such, fitting = proposed.never_read(text, hard if simplified else hard[:0])
    more, extra = np.append(more, also), np.append(extra, such)
    pairs = np.concatenate(((place << 21) | true, (more << 21) | extra))
    new = np.unique(pairs, return_index=True)[1] - len(place)  # where each stands first
    new = new[new >= 0]
    unlisted = np.append(np.zeros(len(place)), np.ones(len(new)))
    place, true = np.append(place, more[new]), np.append(true, extra[new]).astype(np.uint32)
    channel = np.append(channel, np.maximum(table.misread[extra[new]], _LEAST_MISREAD) + _ANY)
    if known and (again := _further_places(text.codes, known.taken, place, true)).size:
        place, true = np.append(place, again[0]), np.append(true, again[1]).astype(np.uint32)
        channel, unlisted = (
            np.append(x, np.full(again.shape[1], y)) for x, y in ((channel, NOTHING_KNOWN), (unlisted, 0.0))
        )
    rate = proposed.unread.rate(true) if simplified else np.zeros(len(true))
    if known:  # what is mended was not read, and fitted
        mended = np.array([printed for (_, printed), _ in known.taken.items()], dtype=np.uint32)
        fitting = np.union1d(fitting, np.intersect1d(proposed.unread.codes, mended))
    page = known.codes if known else text.codes
    reader = proposed.unread.log_odds(page, int(han.sum()), fitting, true)
    channel += _more_often(table.misread[np.minimum(true, _LAST_OF_BMP)], rate, reader)
    if known:
        channel = np.maximum(channel, shown_by_page(text.codes, known.taken, place, true))
    ids = text.model.encode(codes_to_text(true)).astype(np.int64)
    found = Readings(place, true, ids, channel, unlisted, reader)
    # a variant of the same character is the script pass's business
    found = found.take(found.ids != text.ids[found.place + REACH])
    gain = proposed.soon.at(text, found.place, found.ids) - text.stands(found.place, reach=1)
    kept = gain + found.channel > gate["fair"]
    if script == SCRIPTS["hant"]:
        kept &= ~regional(text.codes[found.place], found.true)
    return found.take(kept)


def _listed(codes: Codes, suspects: Ints, table: Confusables, script: int) -> tuple[Ints, Codes, Floats]:
    """Known confusions of the suspects that are of the page's script: place, code point, log P(seen | it)."""
    where, true, channel = _candidates(codes[suspects], table)
    keep = ch.among(true, _MARKS) | ((script_bits()[true] & script) > 0)
    # of forms that the model takes for one, Simplified text has the simple one (乾, 干)
    if script == SCRIPTS["hans"]:
        keep &= fold_codes(true) == true
    kept = keep.nonzero()[0]
    return suspects.take(where.take(kept)), true.take(kept), channel.take(kept)


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


def _further_places(codes: Codes, taken: Mapping[tuple[int, int], int], place: Ints, true: Codes) -> Ints:
    """Further places of glyphs that the page shows to be mistaken, and what they were taken for, ``(2, m)``."""
    found = [np.empty((2, 0), dtype=np.int64)]
    for (seen, printed), times in sorted(taken.items()):
        if times >= _TWICE:
            more = np.setdiff1d(np.flatnonzero(codes == seen), place[true == printed])
            found.append(np.stack((more, np.full(len(more), printed))))
    return np.concatenate(found, axis=1)


def shown_by_page(codes: Codes, taken: Mapping[tuple[int, int], int], place: Ints, true: Codes) -> Floats:
    """log P(seen | true) of readings as the page itself shows it, shape ``(m,)``."""
    out = np.full(len(place), NOTHING_KNOWN)
    for (seen, printed), times in taken.items():
        if times >= _TWICE:  # every place that is mended holds the true one now
            often = np.log(times / (float((codes == printed).sum()) + _FAITHFUL))
            out[(codes[place] == seen) & (true == printed)] = often
    return out


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
