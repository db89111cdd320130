"""Text read through a wrong character map, as a substitution cipher: what signs stand for, found by the language model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.language.context import RunningText
from restore.language.repertoire import common_ideographs
from restore.language.scorer import Scorer
from restore.source import Codes
from restore.view import View

__all__ = ["MARKS", "Key", "Known", "decipher", "gains"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MARKS = np.array([ord(c) for c in "，。、；：（）《》“”"], dtype=np.uint32)
"""Marks that a sign may stand for."""

_TIMES = 2  # occurrences from which a sign can be deciphered
_USED = 60  # occurrences looked at
_ROWS = 256  # occurrences of signs looked at together, or somewhat more
_NEAR, _EACH, _SHOWN = 60, 8, 3  # readings that fit all places, and each place; shown
_FONTS = 3  # readings of one sign, by font
_FITS = 3.0  # nats by which a reading may be worse than the best one at a place
_CLEAR, _CLEAR_MARK = 6.0, 14.0  # nats by which one reading of all occurrences is better than the next; of a mark
_PRESENT = 2.0  # nats against a reading for each time the page has it in plain, up to the times of the sign


@dataclass
class Key:
    """What a sign stands for, by how many nats it is better than the next reading, and the readings with their share."""

    printed: int
    margin: float
    alternatives: dict[str, float]


Known = dict[bytes, dict[int, Key]]
"""What came of a sign, by the sign and what stands around its places."""


def _narrow(codes: Codes) -> Codes:
    """The half-width or straight forms of marks; other characters as they are."""
    out = np.where((codes > 0xFF00) & (codes < 0xFF5F), codes - 0xFEE0, codes)
    return np.where((codes == ord("“")) | (codes == ord("”")), np.uint32(ord('"')), out).astype(np.uint32)


def _running(plain: Codes, place: Ints, model: Scorer) -> tuple[RunningText, Ints]:
    text = RunningText(
        View.of_text(plain.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")), model
    )
    return text, np.searchsorted(text.at, place)


@dataclass(frozen=True)
class _Pool:
    """Characters that signs may stand for: code points, ids, and how often the page has each in plain, ``(n,)`` each."""

    codes: Codes
    ids: Ints
    plenty: Floats
    halves: Floats
    half: Codes
    own: Codes

    def against(self, sign: int) -> Floats:
        """How often the page has each in plain when ``sign`` is read: the sign is not its own rival."""
        return self.plenty + np.where(self.half == sign, 0.0, self.halves)


@dataclass
class _Sign:
    """A sign that is being deciphered.

    Attributes:
        key: the sign and what stands around its places.
        at, place: these in the running text and in the view, shape ``(m,)``.
        ahead: ln P of each of the pool behind what stands before them, shape ``(m, pool)``.
        rest: numbers of the places that are not read yet.
        found: by place in the view, what the sign stands for.
    """

    key: bytes
    at: Ints
    place: Ints
    ahead: NDArray[np.float32]
    rest: Ints
    found: dict[int, Key]
    plenty: Floats
    clear: float

    def near(self, pool: _Pool) -> Ints:
        """Readings that fit what stands before all places, or before some of them."""
        before = self.ahead[self.rest]
        against = _PRESENT * np.minimum(self.plenty, len(self.rest))
        near = np.argpartition(against - before.sum(axis=0), _NEAR)[:_NEAR]
        return np.union1d(near, np.argpartition(-before, _EACH, axis=1)[:, :_EACH])

    def read(self, near: Ints, each: Floats, pool: _Pool) -> None:
        """Note the reading that fits clearly best, and leave in ``rest`` the places that it does not fit.

        Args:
            each: ln P of the text at each place with each reading, shape ``(rest, near)``.
        """
        total = each.sum(axis=0) - (_PRESENT * np.minimum(self.plenty, len(self.rest)))[near]
        best = int(np.argmax(total))
        # the reading that most places speak for, among themselves
        for _ in range(2):
            fits = each[:, best] >= each.max(axis=1) - _FITS
            if not fits.any():
                break
            total = each[fits].sum(axis=0) - _PRESENT * np.minimum(self.plenty[near], fits.sum())
            best = int(np.argmax(total))
        fits = each[:, best] >= each.max(axis=1) - _FITS
        others = total[pool.ids[near] != pool.ids[near[best]]]
        margin = float(total[best] - others.max())
        if fits.sum() >= _TIMES and margin >= self.clear:
            order = np.argsort(-total, kind="stable")[:_SHOWN]
            share = np.exp(total[order] - total[best])
            share /= share.sum()
            readings = {
                chr(int(pool.codes[near[k]])): round(float(s), 4) for k, s in zip(order, share, strict=True)
            }
            key = Key(int(pool.codes[near[best]]), margin, readings)
            self.found.update(dict.fromkeys(self.place[self.rest[fits]].tolist(), key))
        elif not fits.any():
            self.rest = self.rest[:0]
            return
        self.rest = self.rest[~fits]


def decipher(
    plain: Codes, place: Ints, codes: Codes, script: int, model: Scorer, known: Known
) -> dict[int, Key]:
    """What stands at the places of signs that one character fits clearly best.

    What came of signs beside which nothing was deciphered since is taken from ``known``.
    """
    text, at = _running(plain, place, model)
    ideographs, _ = common_ideographs(text.model, script)
    characters = np.concatenate((MARKS, ideographs))
    ids = text.model.encode(characters.astype("<u4").tobytes().decode("utf-32-le")).astype(np.int64)
    # a character that a font's map gets wrong is wrong everywhere: one that the page has in plenty is no reading
    in_plain = np.isin(text.at, place, invert=True) & (text.codes < 0x10000)
    count = np.bincount(text.codes[in_plain], minlength=0x10000).astype(np.float64)
    half = _narrow(characters)
    pool = _Pool(characters, ids, count[characters], np.where(half == characters, 0.0, count[half]), half, half[: len(MARKS) if count[ord(",")] > count[ord("，")] else 0])
    found: dict[int, Key] = {}
    new: list[tuple[bytes, Ints]] = []
    for sign in np.unique(codes[place]).tolist():
        here = np.flatnonzero(codes[place] == sign)[:_USED]
        if len(here) < _TIMES:
            continue
        around = np.concatenate((text.left(at[here]), text.right(at[here])), axis=1)
        key = sign.to_bytes(4, "little") + around.tobytes()
        if key in known:
            found.update(known[key])
        else:
            new.append((key, here))
    # so many at once
    bounds = np.cumsum([0, *(len(here) for _, here in new)])
    for group in np.split(np.arange(len(new)), np.flatnonzero(np.diff(bounds[:-1] // _ROWS)) + 1):
        some = [new[k] for k in group.tolist()]
        if some:
            for one in _read([(key, at[here], place[here]) for key, here in some], text, pool):
                known[one.key] = one.found
                found.update(one.found)
    return found


def _read(places: list[tuple[bytes, Ints, Ints]], text: RunningText, pool: _Pool) -> list[_Sign]:
    """Decipher some signs, each given by its key and its places in the running text and in the view.

    Two fonts of a page may give the same sign for two characters: places that the best reading of a sign does not fit
    are tried again among themselves.
    """
    ahead = text.model.seam_matrix(text.left(np.concatenate([at for _, at, _ in places])), pool.ids[:, None])
    bounds = np.cumsum([len(at) for _, at, _ in places])[:-1]
    signs = [
        _Sign(
            key,
            at,
            place,
            part,
            np.arange(len(at)),
            {},
            pool.against(int.from_bytes(key[:4], "little")),
            _CLEAR_MARK if int.from_bytes(key[:4], "little") in pool.own else _CLEAR,
        )
        for (key, at, place), part in zip(places, np.split(ahead, bounds), strict=True)
    ]
    for _ in range(_FONTS):
        open_ = [one for one in signs if len(one.rest) >= _TIMES]
        if not open_:
            break
        nears = [one.near(pool) for one in open_]
        rows = [np.repeat(one.at[one.rest], len(near)) for one, near in zip(open_, nears, strict=True)]
        columns = [np.tile(pool.ids[near], len(one.rest)) for one, near in zip(open_, nears, strict=True)]
        fits = text.instead(np.concatenate(rows), np.concatenate(columns))
        parts = np.split(fits, np.cumsum([len(row) for row in rows])[:-1])
        for one, near, part in zip(open_, nears, parts, strict=True):
            one.read(near, part.reshape(len(one.rest), -1), pool)
    return signs


def gains(plain: Codes, place: Ints, now: Codes, then: Codes, reach: int, model: Scorer) -> Floats:
    """Nats that places gain by a reading.

    Args:
        plain: the text, with what is deciphered.
        place: places in it.
        now, then: code points of the readings and of what the dump has, ``(n,)`` each like ``place``.
        reach: characters behind each place that count.
    """
    if not len(place):
        return np.empty(0)
    text, at = _running(plain, place, model)
    read, dumped = (
        model.encode(some.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")).astype(np.int64)
        for some in (now, then)
    )
    gain: Floats = text.instead(at, read, reach=reach) - text.instead(at, dumped, reach=reach)
    return gain
