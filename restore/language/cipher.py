"""Text read through a wrong character map, as a substitution cipher: what signs stand for, found by the language model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.language.context import REACH, RunningText
from restore.language.repertoire import common_ideographs
from restore.language.scorer import Scorer
from restore.source import Codes
from restore.view import View

__all__ = ["MARKS", "Key", "Known", "decipher", "gains", "one_sign_each"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MARKS = np.array([ord(c) for c in "，。、；：（）《》“”"], dtype=np.uint32)
"""Marks that a sign may stand for."""

_TIMES = 2  # occurrences from which a sign can be deciphered
_USED = 30  # occurrences looked at
_ROWS = 256  # occurrences of signs looked at together, or somewhat more
_NEAR, _EACH, _SHOWN = 60, 8, 3  # readings that fit all places, and each place; shown
_FONTS = 3  # readings of one sign, by font
_FITS = 3.0  # nats by which a reading may be worse than the best one at a place
_CLEAR, _CLEAR_MARK = (
    6.0,
    14.0,
)  # nats by which one reading of all occurrences is better than the next; of a mark
_RIVAL = (
    0.6  # times that a sign has a reading to those of another sign with it, up to which it is the wrong one
)
_QUOTES = (ord("“"), ord("”"))  # the model has one id for both
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


def _text(codes: Codes) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _ids(codes: Codes, model: Scorer) -> Ints:
    return model.encode(_text(codes)).astype(np.int64)


def _running(plain: Codes, place: Ints, model: Scorer) -> tuple[RunningText, Ints]:
    text = RunningText(View.of_text(_text(plain)), model)
    return text, np.searchsorted(text.at, place)


@dataclass(frozen=True)
class _Pool:
    """Characters that signs may stand for.

    Attributes:
        codes, ids: their code points and the model's ids, shape ``(n,)``.
        half: their half-width or straight forms, shape ``(n,)``.
        plenty: how often the page has each in plain, shape ``(n,)``.
        halves: how often it has its half-width form, 0 where that is the same, shape ``(n,)``.
        taken, times: another sign that was read as each, and how often, shape ``(n,)``.
        own: half-width marks that this page prints for the wide ones.
    """

    codes: Codes
    ids: Ints
    half: Codes
    plenty: Floats
    halves: Floats
    taken: Codes
    times: Floats
    own: Codes

    def against(self, sign: int) -> Floats:
        """How often the page has each in other ways than by ``sign``."""
        halves = np.where(self.half == sign, 0.0, self.halves)
        out: Floats = self.plenty + halves + np.where(self.taken == sign, 0.0, self.times)
        return out


@dataclass
class _Sign:
    """A sign that is being deciphered.

    Attributes:
        key: the sign and what stands around its places.
        at, place: these in the running text and in the view, shape ``(m,)``.
        ahead: -ln P of each of the pool behind what stands before them, shape ``(m, pool)``.
        rest: numbers of the places that are not read yet.
        found: by place in the view, what the sign stands for.
        plenty: how often the page has each of the pool in other ways, shape ``(pool,)``.
        clear: nats by which one reading must be better than the next.
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
        before = self.ahead if len(self.rest) == len(self.ahead) else self.ahead[self.rest]
        against = _PRESENT * np.minimum(self.plenty, len(self.rest))
        near = np.argpartition(against + before.sum(axis=0), _NEAR)[:_NEAR]
        return np.union1d(near, np.argpartition(before, _EACH, axis=1)[:, :_EACH])

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
    plain: Codes, place: Ints, codes: Codes, script: int, model: Scorer, known: Known, keys: dict[int, Key]
) -> dict[int, Key]:
    """What stands at the places of signs that one character fits clearly best.

    What came of signs beside which nothing was deciphered since is taken from ``known``.

    Args:
        plain: the text, with what is deciphered, ``(n,)``.
        place: places of signs in it.
        codes: the text of the dump, ``(n,)``.
        script: bits of the script whose ideographs are readings.
        model: judges the readings.
        known: what came of signs in earlier rounds; what comes of others is added.
        keys: what is deciphered, by place.
    """
    text, at = _running(plain, place, model)
    ideographs, _ = common_ideographs(model, script)
    characters = np.concatenate((MARKS, ideographs))
    # a character that a font's map gets wrong is wrong everywhere: one that the page has in plenty is no reading
    in_plain = np.isin(text.at, place, invert=True) & (text.codes < 0x10000)
    count = np.bincount(text.codes[in_plain], minlength=0x10000).astype(np.float64)
    half = _narrow(characters)
    # and one that another sign stands for neither
    taken, times = np.zeros(0x10000, dtype=np.uint32), np.zeros(0x10000)
    for (sign, printed), many in Counter((int(codes[k]), key.printed) for k, key in keys.items()).items():
        if many > times[printed] and printed not in _QUOTES:
            taken[printed], times[printed] = sign, many
    pool = _Pool(
        characters,
        _ids(characters, model),
        half,
        count[characters],
        np.where(half == characters, 0.0, count[half]),
        taken[characters],
        times[characters],
        half[: len(MARKS)] if count[ord(",")] > count[ord("，")] else half[:0],
    )
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
    np.negative(ahead, out=ahead)
    bounds = np.cumsum([len(at) for _, at, _ in places])[:-1]
    signs = [
        _Sign(
            key,
            at,
            place,
            part,
            np.arange(len(at)),
            {},
            pool.against(_sign(key)),
            _CLEAR_MARK if _sign(key) in pool.own else _CLEAR,
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


def _sign(key: bytes) -> int:
    return int.from_bytes(key[:4], "little")


def one_sign_each(keys: dict[int, Key], codes: Codes, known: Known) -> dict[int, Key]:
    """Leave out what other signs stand for much oftener: a font has one glyph for a character.

    What came of the signs that lose is taken out of ``known``, so that they are looked at again.
    """
    times = Counter((int(codes[at]), key.printed) for at, key in keys.items())
    most: dict[int, int] = {}
    for (_, printed), many in times.items():
        most[printed] = max(most.get(printed, 0), many)
    lost = {
        (sign, printed)
        for (sign, printed), many in times.items()
        if many <= _RIVAL * most[printed] and printed not in _QUOTES
    }
    signs = {sign for sign, _ in lost}
    for key in [key for key in known if _sign(key) in signs]:
        del known[key]
    return {at: key for at, key in keys.items() if (int(codes[at]), key.printed) not in lost}


def gains(plain: Codes, place: Ints, now: Codes, then: Codes, ahead: Bools, model: Scorer) -> Floats:
    """Nats that places gain by a reading, shape ``(n,)``.

    Args:
        plain: the text, with what is deciphered.
        place: places in it, ``(n,)``.
        now, then: code points of the readings and of what the dump has, ``(n,)`` each.
        ahead: whether what stands behind each place counts, ``(n,)``.
    """
    gain = np.empty(len(place))
    text, at = _running(plain, place, model)
    read, dumped = _ids(now, model), _ids(then, model)
    for reach, rows in ((REACH, ahead), (0, ~ahead)):
        some = at[rows]
        gain[rows] = text.instead(some, read[rows], reach=reach) - text.instead(
            some, dumped[rows], reach=reach
        )
    return gain
