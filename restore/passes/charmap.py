"""Pass ``charmap``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.correction import Certainty, Draft, Replace
from restore.language.cipher import MARKS, Key, Known, decipher, gains, one_sign_each
from restore.language.forms import load_forms
from restore.language.lexicon import word_list
from restore.language.scripts import SIMPLIFIED, TRADITIONAL, detect_script
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span
from restore.view import View

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BITS = {"hans": SIMPLIFIED, "hant": TRADITIONAL}
_FOREIGN = np.uint32(0x80)  # from here on no sign of a keyboard: letters with accents, control characters
_LEAST, _RATE = (
    6,
    0.003,
)  # foreign signs between ideographs that show a garbled map, and their share of the text
_ROUNDS = 3
_SURE = 14.0  # nats by which one reading of all occurrences is better than the next
_GAIN, _GAIN_ELSEWHERE = (
    2.0,
    4.0,
)  # nats that one occurrence must gain, and one that the key was not found from
_GAIN_FIGURE = 7.0  # the same of figures and letters, which may mean themselves
_GAIN_LETTER = (
    2.0  # the same of a figure beside a letter that is not read, where the page has the mark nowhere
)
_HARDLY = (
    0.1  # times that the page has a character in plain, to those of its sign, up to which it counts as absent
)
_STRETCH = 80  # characters on each side in which a font shows that its map is garbled
_NEARBY = 30  # characters on each side in which a font shows that it prints figures
_NAMED = 8  # signs named in the note
_OPENING = np.array([ord(c) for c in "（《“"], dtype=np.uint32)
_FIGURES = np.arange(ord("0"), ord("9") + 1, dtype=np.uint32)
_ALNUM = np.array([c for c in range(0x80) if chr(c).isalnum()], dtype=np.uint32)


@repair_pass()
def charmap(view: View, tools: Tools) -> Iterator[Draft]:
    """Text that a converter read through a wrong character map.

    Repairs: signs that stand between ideographs again and again where no such sign is printed (``ÿ`` for ``：``, ``2`` for
    ``。``) are read as a substitution cipher: a sign is deciphered when one character fits all its places clearly better
    than any other. What was found there is then used at line ends, at gaps and beside other signs too, where that reads
    better. That the map is garbled, and how much of it stays unread, is said in a note.
    Why it happens: a PDF font has no table, or a wrong one, from glyphs to characters; some converters then give the
    glyph's number in the font.
    Example: ``专家认~当前ð家`` stays, but the page is said to be garbled.
    When it is wrong: when a page really prints the sign: figures and letters are only read otherwise where that fits
    much better. Figures that stand for a mark which the page has (almost) nowhere need not fit much better, unless they
    stand beside other figures, on the wrong side of the mark, or where no sign nearby shows a garbled font; they stay
    where the line or its neighbourhood prints other figures alone, as tables do. Signs that stand once cannot be
    deciphered, and which half of a pair of quotation marks a sign stands for is not known.
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
    bare = _plain(view)
    plain = bare.copy()
    keys: dict[int, Key] = {}
    before: Known = {}
    for _ in range(_ROUNDS):
        read = decipher(plain, place, codes, _BITS[script], tools.language.model, before, keys)
        if read.keys() <= keys.keys():
            break
        keys = one_sign_each(read | keys, codes, before)
        plain = bare.copy()
        plain[list(keys)] = [key.printed for key in keys.values()]
    used = _Uses(view, plain, keys, tools).find() if keys else {}
    for at, (key, gain) in sorted(used.items()):
        sign = chr(int(codes[at]))
        sure = key.margin >= _SURE and gain >= _may_be_plain(sign)
        evidence: dict[str, Any] = {"alternatives": key.alternatives, "language_nats": round(gain, 2)}
        yield Draft(
            (Replace(Span(at, at + 1), chr(key.printed)),),
            f"a garbled character map gives {sign!r} for {chr(key.printed)}",
            Certainty.HIGH if sure else Certainty.MEDIUM,
            1 / (1 + exp(-min(key.margin, 30.0))),
            evidence,
        )
    named = ", ".join(repr(chr(int(c)))[1:-1] for c in np.unique(codes[place][foreign])[:_NAMED])
    note = (
        f"the character map of this text is garbled: {len(used.keys() | set(place.tolist()))} signs such as {named} stand for other characters; "
        f"{len(used)} could be deciphered"
    )
    tools.note(note)


def _may_be_plain(sign: str) -> float:
    """Nats from which on a sign that may mean itself surely stands for something else."""
    return _GAIN_FIGURE if sign.isascii() and sign.isalnum() else _GAIN


class _Uses:
    """Where the keys of a page are used: at the places they were found from, and at others of the same signs.

    Other places are those beside CJK text, or beside signs that surely stand for such, on one side at least.
    """

    def __init__(self, view: View, plain: Codes, keys: dict[int, Key], tools: Tools) -> None:
        self.codes, self.plain, self.keys = view.codes, plain, keys
        self.model = tools.language.model
        self.at = np.array(sorted(keys), dtype=np.int64)
        text, sign = _kinds(view)
        self.read = np.zeros(len(plain), dtype=np.bool_)
        self.read[self.at] = True
        # readings by sign: the one of the greatest margin of each, and how often it was found
        pairs = np.stack((self.codes[self.at], plain[self.at]), axis=1)
        kinds, which, times = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
        margins = np.array([keys[at].margin for at in self.at.tolist()])
        order = np.lexsort((-margins, which.ravel()))
        first = order[np.searchsorted(which.ravel()[order], np.arange(len(kinds)))]
        self.best = [keys[at] for at in self.at[first].tolist()]
        self.signs, self.printed = kinds[:, 0], kinds[:, 1]
        self.which = which.ravel()
        self.need, self.free = self._needs(times)
        self.alnum, self.figure = ch.among(self.codes, _ALNUM), ch.among(self.codes, _FIGURES)
        garbled = sign & ((self.codes >= _FOREIGN) | (np.isin(self.codes, self.signs) & ~self.alnum))
        self.text = text | self.read
        self.good = self.text | garbled
        self.open = np.flatnonzero(sign & ~self.read & np.isin(self.codes, self.signs))
        self.in_garbled_font = _within(garbled, _STRETCH) > 0
        # where figures that stand for nothing else stand alone, others may do so too
        blank = (view.classes & ch.BLANK) > 0
        before, behind = _beside(text)[0], np.append((text | blank)[1:], True)
        counted = _beside(ch.among(plain, _measures()))[1]
        alone = self.figure & ~np.isin(self.codes, self.signs) & before & behind & ~counted
        self.prints_figures = _within(alone, _NEARBY) > _within(garbled, _NEARBY)
        line = np.cumsum(self.codes == ord("\n"))
        self.prints_figures |= (np.bincount(line, alone) > np.bincount(line, garbled))[line]

    def _needs(self, times: Ints) -> tuple[Floats, Bools]:
        """Nats that each reading must gain elsewhere, and which of them are figures for marks that the page lacks."""
        kinds, count = np.unique(self.codes, return_counts=True)
        where = np.minimum(np.searchsorted(kinds, self.printed), len(kinds) - 1)
        present = np.where(kinds[where] == self.printed, count[where], 0) > _HARDLY * times
        alnum, figure = ch.among(self.signs, _ALNUM), ch.among(self.signs, _FIGURES)
        mark = ch.among(self.printed, MARKS)
        need = np.where(alnum & (present | (figure & ~mark)), _GAIN_FIGURE, _GAIN_ELSEWHERE)
        return need, figure & mark & ~present

    def find(self) -> dict[int, tuple[Key, float]]:
        """Keys by place, and the nats that each gains there."""
        everywhere = np.ones(len(self.at), dtype=np.bool_)
        gain = gains(self.plain, self.at, self.plain[self.at], self.codes[self.at], everywhere, self.model)
        out = {}
        need = np.where(
            self.free[self.which],
            0.0,
            np.where(self.alnum[self.at], self.need[self.which], _GAIN),
        )
        need[self.free[self.which] & ~self.in_garbled_font[self.at]] = _GAIN_FIGURE
        need[self.figure[self.at] & self.prints_figures[self.at]] = np.inf
        for at, nats in zip(self.at[gain >= need].tolist(), gain[gain >= need].tolist(), strict=True):
            out[at] = (self.keys[at], nats)
        # figures last: they may be part of a number whose other signs are read first
        for figures in (False, True):
            out |= self._elsewhere(self.open[~self.figure[self.open] | figures])
        return out

    def _elsewhere(self, some: Ints) -> dict[int, tuple[Key, float]]:
        """Use keys at some more places, which are then taken as read."""
        before, behind = _beside(self.good)
        some = some[(before | behind)[some] & ~self.read[some]]
        if not len(some):
            return {}
        low = np.searchsorted(self.signs, self.codes[some])
        many = np.searchsorted(self.signs, self.codes[some], side="right") - low
        at = np.repeat(some, many)
        starts = np.cumsum(many) - many
        which = np.arange(len(at)) - np.repeat(starts - low, many)
        # what is not read tells nothing
        ahead = _beside(self.text)[1][at]
        gain = gains(self.plain, at, self.printed[which], self.codes[at], ahead, self.model)
        over = gain - self._asked(at, which, before[at], behind[at])
        best = np.lexsort((-over, at))[starts]
        best = best[over[best] >= 0]
        self.read[at[best]] = self.text[at[best]] = self.good[at[best]] = True
        self.plain[at[best]] = self.printed[which[best]]
        rows_ = zip(at[best].tolist(), which[best].tolist(), gain[best].tolist(), strict=True)
        return {place: (self.best[k], nats) for place, k, nats in rows_}

    def _asked(self, at: Ints, which: Ints, before: Bools, behind: Bools) -> Floats:
        """Nats that readings must gain at places; no more than nothing where a figure surely is no number."""
        figure = self.figure & ~self.read
        point = (self.codes > ord(" ")) & (self.codes < _FOREIGN) & ~self.alnum & ~self.read
        left, right = _beside(figure)
        left, right = _beside(figure | (point & left & right))  # 24, 2.4, 2:4
        number = (left | right)[at]
        left, right = _beside(self.alnum & ~self.read)
        letter = (left | right)[at]
        leans = np.where(ch.among(self.printed[which], _OPENING), behind, before)
        free = self.free[which] & ~number & leans & self.in_garbled_font[at]
        need = np.where(self.free[which], _GAIN_FIGURE, self.need[which])
        need = np.where(free, np.where(letter, _GAIN_LETTER, 0.0), need)
        return np.where(self.figure[at] & self.prints_figures[at], np.inf, need)


@cache
def _measures() -> Codes:
    """First characters of the words that follow a number."""
    return np.array(sorted({ord(word[0]) for word, _ in word_list("measures")}), dtype=np.uint32)


def _within(one: Bools, reach: int) -> Ints:
    """How many there are within so many characters of each place."""
    before = np.concatenate(([0], np.cumsum(one)))
    here = np.arange(len(one))
    out: Ints = before[np.minimum(here + reach + 1, len(one))] - before[np.maximum(here - reach, 0)]
    return out


def _beside(one: Bools) -> tuple[Bools, Bools]:
    """What stands before each place, and what behind it."""
    return np.append(False, one[:-1]), np.append(one[1:], False)


def _kinds(view: View) -> tuple[Bools, Bools]:
    """Which characters are CJK text, and which are single signs of another kind that may stand for such."""
    codes, classes = view.codes, view.classes
    text = (classes & (ch.CJK | ch.FULL | ch.MARK)) > 0
    text |= (codes >= 0x2E80) & (codes < 0x2FE0)
    wide = (classes & ch.WIDE) > 0
    sign = ~text & ~wide & ((classes & ch.BLANK) == 0) & (codes != 0xFFFD) & (codes != ord("\n"))
    return text, sign


def _signs(view: View) -> Ints:
    """Places of single signs, not of CJK text, directly between characters of CJK text."""
    if len(view.codes) < 3:
        return np.empty(0, dtype=np.int64)
    text, sign = _kinds(view)
    inner = np.zeros(len(sign), dtype=np.bool_)
    inner[1:-1] = sign[1:-1] & text[:-2] & text[2:]
    return np.flatnonzero(inner)


def _plain(view: View) -> Codes:
    """The text with radicals as their plain characters, as long as it was."""
    plain = view.codes.copy()
    forms = load_forms("hans")
    odd = np.flatnonzero((plain >= 0x2E80) & (plain < 0x2FE0))
    plain[odd] = [ord(forms.get(chr(c), (chr(c), ""))[0][0]) for c in plain[odd].tolist()]
    return plain
