"""Pass ``charmap``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Draft, Replace
from restore.language.context import RunningText
from restore.language.forms import load_forms
from restore.language.repertoire import common_ideographs
from restore.language.scripts import SIMPLIFIED, TRADITIONAL, detect_script
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span
from restore.view import View

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BITS = {"hans": SIMPLIFIED, "hant": TRADITIONAL}
_MARKS = np.array([ord(c) for c in "，。、；：（）《》“”"], dtype=np.uint32)
_FOREIGN = np.uint32(0x80)  # from here on no sign of a keyboard: letters with accents, control characters
_LEAST, _RATE = (
    6,
    0.003,
)  # foreign signs between ideographs that show a garbled map, and their share of the text
_TIMES = 2  # occurrences from which a sign can be deciphered
_USED = 60  # occurrences looked at
_ROWS = 256  # occurrences of signs looked at together, or somewhat more
_NEAR, _EACH, _SHOWN = 60, 8, 3  # readings that fit all places, and each place; shown
_FONTS = 3  # readings of one sign, by font
_FITS = 3.0  # nats by which a reading may be worse than the best one at a place
_ROUNDS = 3
_CLEAR, _SURE = 6.0, 14.0  # nats by which one reading of all occurrences is better than the next
_PRESENT = 1.2  # nats against a reading for each time the page has it in plain, up to the times of the sign
_GAIN, _GAIN_FIGURE = 2.0, 7.0  # nats that one occurrence must gain; figures and letters may mean themselves
_NAMED = 8  # signs named in the note


@dataclass
class _Key:
    """What a sign stands for, by how many nats it is better than the next reading, and the readings with their share."""

    printed: int
    margin: float
    alternatives: dict[str, float]


_Known = dict[bytes, dict[int, _Key]]
"""What came of a sign, by the sign and what stands around its places."""


@repair_pass()
def charmap(view: View, tools: Tools) -> Iterator[Draft]:
    """Text that a converter read through a wrong character map.

    Repairs: signs that stand between ideographs again and again where no such sign is printed (``ÿ`` for ``：``, ``2`` for
    ``。``) are read as a substitution cipher: a sign is deciphered when one character fits all its places clearly better
    than any other. That the map is garbled, and how much of it stays unread, is said in a note.
    Why it happens: a PDF font has no table, or a wrong one, from glyphs to characters; some converters then give the
    glyph's number in the font.
    Example: ``专家认~当前ð家`` stays, but the page is said to be garbled.
    When it is wrong: when a page really prints the sign: figures and letters are only read otherwise where that fits
    much better. Signs that stand once cannot be deciphered.
    """
    script = detect_script(view.text)
    if script not in _BITS:
        return
    place = _signs(view)
    codes = view.codes
    foreign = codes[place] >= _FOREIGN
    han = int(((view.classes & ch.HAN) > 0).sum())
    kinds = len(np.unique(codes[place][foreign]))
    if int(foreign.sum()) < max(_LEAST, _RATE * han) or kinds < 2:
        return
    plain = _plain(view)
    keys: dict[int, _Key] = {}
    before: _Known = {}
    for _ in range(_ROUNDS):
        read = _decipher(plain, place, codes, _BITS[script], tools, before)
        if read.keys() <= keys.keys():
            break
        keys = read | keys
        plain[list(keys)] = [key.printed for key in keys.values()]
    known = np.array(sorted(keys), dtype=np.int64)
    done = 0
    for at, gain in zip(known.tolist(), _gains(plain, known, codes, tools), strict=True):
        sign, key = chr(int(codes[at])), keys[at]
        if gain < (_GAIN_FIGURE if sign.isascii() and sign.isalnum() else _GAIN):
            continue
        done += 1
        evidence: dict[str, Any] = {"alternatives": key.alternatives, "language_nats": round(gain, 2)}
        yield Draft(
            (Replace(Span(at, at + 1), chr(key.printed)),),
            f"a garbled character map gives {sign!r} for {chr(key.printed)}",
            Certainty.HIGH if key.margin >= _SURE else Certainty.MEDIUM,
            float(1 / (1 + np.exp(-min(key.margin, 30.0)))),
            evidence,
        )
    named = ", ".join(repr(chr(int(c)))[1:-1] for c in np.unique(codes[place][foreign])[:_NAMED])
    note = (
        f"the character map of this text is garbled: {len(place)} signs such as {named} stand for other characters; "
        f"{done} could be deciphered"
    )
    tools.memo["notes"] = (*tools.memo.get("notes", ()), note)


def _signs(view: View) -> Ints:
    """Places of single signs, not of CJK text, directly between characters of CJK text."""
    codes, classes = view.codes, view.classes
    if len(codes) < 3:
        return np.empty(0, dtype=np.int64)
    text = (classes & (ch.CJK | ch.FULL | ch.MARK)) > 0
    text |= (codes >= 0x2E80) & (codes < 0x2FE0)
    wide = (classes & ch.WIDE) > 0
    sign = ~text & ~wide & ((classes & ch.BLANK) == 0) & (codes != 0xFFFD) & (codes != ord("\n"))
    inner = np.zeros(len(codes), dtype=np.bool_)
    inner[1:-1] = sign[1:-1] & text[:-2] & text[2:]
    return np.flatnonzero(inner)


def _plain(view: View) -> Codes:
    """The text with radicals as their plain characters, as long as it was."""
    plain = view.codes.copy()
    forms = load_forms("hans")
    odd = np.flatnonzero((plain >= 0x2E80) & (plain < 0x2FE0))
    plain[odd] = [ord(forms.get(chr(c), (chr(c), ""))[0][0]) for c in plain[odd].tolist()]
    return plain


def _running(plain: Codes, place: Ints, tools: Tools) -> tuple[RunningText, Ints]:
    text = RunningText(
        View.of_text(plain.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")), tools.language.model
    )
    return text, np.searchsorted(text.at, place)


@dataclass(frozen=True)
class _Pool:
    """Characters that signs may stand for: code points, ids, and how often the page has each in plain, ``(n,)`` each."""

    codes: Codes
    ids: Ints
    plenty: Floats


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
    found: dict[int, _Key]

    def near(self, pool: _Pool) -> Ints:
        """Readings that fit what stands before all places, or before some of them."""
        before = self.ahead[self.rest]
        against = _PRESENT * np.minimum(pool.plenty, len(self.rest))
        near = np.argpartition(against - before.sum(axis=0), _NEAR)[:_NEAR]
        return np.union1d(near, np.argpartition(-before, _EACH, axis=1)[:, :_EACH])

    def read(self, near: Ints, each: Floats, pool: _Pool) -> None:
        """Note the reading that fits clearly best, and leave in ``rest`` the places that it does not fit.

        Args:
            each: ln P of the text at each place with each reading, shape ``(rest, near)``.
        """
        total = each.sum(axis=0) - (_PRESENT * np.minimum(pool.plenty, len(self.rest)))[near]
        best = int(np.argmax(total))
        # the reading that most places speak for, among themselves
        for _ in range(2):
            fits = each[:, best] >= each.max(axis=1) - _FITS
            if not fits.any():
                break
            total = each[fits].sum(axis=0) - _PRESENT * np.minimum(pool.plenty[near], fits.sum())
            best = int(np.argmax(total))
        fits = each[:, best] >= each.max(axis=1) - _FITS
        others = total[pool.ids[near] != pool.ids[near[best]]]
        margin = float(total[best] - others.max())
        if fits.sum() >= _TIMES and margin >= _CLEAR:
            order = np.argsort(-total, kind="stable")[:_SHOWN]
            share = np.exp(total[order] - total[best])
            share /= share.sum()
            readings = {
                chr(int(pool.codes[near[k]])): round(float(s), 4) for k, s in zip(order, share, strict=True)
            }
            key = _Key(int(pool.codes[near[best]]), margin, readings)
            self.found.update(dict.fromkeys(self.place[self.rest[fits]].tolist(), key))
        elif not fits.any():
            self.rest = self.rest[:0]
            return
        self.rest = self.rest[~fits]


def _decipher(
    plain: Codes, place: Ints, codes: Codes, script: int, tools: Tools, known: _Known
) -> dict[int, _Key]:
    """What stands at the places of signs that one character fits clearly best.

    What came of signs beside which nothing was deciphered since is taken from ``known``.
    """
    text, at = _running(plain, place, tools)
    ideographs, _ = common_ideographs(text.model, script)
    characters = np.concatenate((_MARKS, ideographs))
    ids = text.model.encode(characters.astype("<u4").tobytes().decode("utf-32-le")).astype(np.int64)
    # a character that a font's map gets wrong is wrong everywhere: one that the page has in plenty is no reading
    in_plain = np.isin(text.at, place, invert=True) & (text.codes < 0x10000)
    plenty = np.bincount(text.codes[in_plain], minlength=0x10000)[characters].astype(np.float64)
    pool = _Pool(characters, ids, plenty)
    found: dict[int, _Key] = {}
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
        _Sign(key, at, place, part, np.arange(len(at)), {})
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


def _gains(plain: Codes, place: Ints, codes: Codes, tools: Tools) -> Floats:
    """Nats that each deciphered place gains by its reading, its neighbours deciphered too."""
    if not len(place):
        return np.empty(0)
    text, at = _running(plain, place, tools)
    now, then = (
        text.model.encode(some.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")).astype(np.int64)
        for some in (plain[place], codes[place])
    )
    gain: Floats = text.instead(at, now) - text.instead(at, then)
    return gain
