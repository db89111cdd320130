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
_ROWS = 256  # occurrences from which signs are looked at together
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


def _decipher(
    plain: Codes, place: Ints, codes: Codes, script: int, tools: Tools, known: _Known
) -> dict[int, _Key]:
    """What stands at the places of signs that one character fits clearly best.

    What came of signs beside which nothing was deciphered since is taken from ``known``.
    """
    text, at = _running(plain, place, tools)
    ideographs, _ = common_ideographs(text.model, script)
    pool = np.concatenate((_MARKS, ideographs))
    ids = text.model.encode(pool.astype("<u4").tobytes().decode("utf-32-le")).astype(np.int64)
    # a character that a font's map gets wrong is wrong everywhere: one that the page has in plenty is no reading
    in_plain = np.isin(text.at, place, invert=True) & (text.codes < 0x10000)
    plenty = np.bincount(text.codes[in_plain], minlength=0x10000)[pool].astype(np.float64)
    found: dict[int, _Key] = {}
    waiting: list[tuple[bytes, Ints]] = []
    rows = 0
    signs = np.unique(codes[place]).tolist()
    for sign in signs:
        here = np.flatnonzero(codes[place] == sign)[:_USED]
        if len(here) >= _TIMES:
            around = np.concatenate((text.left(at[here]), text.right(at[here])), axis=1)
            key = sign.to_bytes(4, "little") + around.tobytes()
            if key not in known:
                waiting.append((key, here))
                rows += len(here)
            else:
                found.update(known[key])
        if waiting and (rows >= _ROWS or sign == signs[-1]):
            ahead = text.model.seam_matrix(
                text.left(at[np.concatenate([w for _, w in waiting])]), ids[:, None]
            )
            for (key, here), part in zip(
                waiting, np.split(ahead, np.cumsum([len(w) for _, w in waiting])[:-1]), strict=True
            ):
                known[key] = _read(text, at[here], place[here], part, pool, ids, plenty)
                found.update(known[key])
            waiting, rows = [], 0
    return found


def _read(
    text: RunningText,
    at: Ints,
    place: Ints,
    ahead: NDArray[np.float32],
    pool: Codes,
    ids: Ints,
    plenty: Floats,
) -> dict[int, _Key]:
    """What stands at the places of one sign, where one character fits clearly best.

    Two fonts of a page may give the same sign for two characters: places that the best reading of a sign does not fit
    are tried again among themselves.

    Args:
        at, place: of the sign in the running text and in the view, shape ``(m,)``.
        ahead: ln P of each of the pool behind what stands before, shape ``(m, pool)``.
        pool, ids, plenty: readings, their ids, and how often the page has each in plain.
    """
    found: dict[int, _Key] = {}
    rest = np.arange(len(at))
    for _ in range(_FONTS):
        if len(rest) < _TIMES:
            break
        here = at[rest]
        against = _PRESENT * np.minimum(plenty, len(here))
        before = ahead[rest]
        near = np.argpartition(against - before.sum(axis=0), _NEAR)[:_NEAR]
        near = np.union1d(near, np.argpartition(-before, _EACH, axis=1)[:, :_EACH])
        rows, columns = np.repeat(here, len(near)), np.tile(ids[near], len(here))
        each = text.instead(rows, columns).reshape(len(here), -1)
        total = each.sum(axis=0) - against[near]
        best = int(np.argmax(total))
        # the reading that most places speak for, among themselves
        for _ in range(2):
            fits = each[:, best] >= each.max(axis=1) - _FITS
            if not fits.any():
                break
            total = each[fits].sum(axis=0) - _PRESENT * np.minimum(plenty[near], fits.sum())
            best = int(np.argmax(total))
        fits = each[:, best] >= each.max(axis=1) - _FITS
        others = total[ids[near] != ids[near[best]]]
        margin = float(total[best] - others.max())
        if fits.sum() >= _TIMES and margin >= _CLEAR:
            order = np.argsort(-total, kind="stable")[:_SHOWN]
            share = np.exp(total[order] - total[best])
            share /= share.sum()
            readings = {
                chr(int(pool[near[k]])): round(float(s), 4) for k, s in zip(order, share, strict=True)
            }
            key = _Key(int(pool[near[best]]), margin, readings)
            found.update(dict.fromkeys(place[rest[fits]].tolist(), key))
        elif not fits.any():
            break
        rest = rest[~fits]
    return found


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
