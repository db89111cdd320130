"""Numbers in which a letter, an ideograph or a full-width mark was read for a figure or for the mark of a decimal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from restore.correction import Certainty, Draft, Replace
from restore.source import Span

__all__ = ["NumberReading", "drafts", "misread_numbers"]

_ZERO, _ONE = "Oo〇", "Il"
_FIGURES = {**dict.fromkeys(_ZERO, "0"), **dict.fromkeys(_ONE, "1")}
_UNITS = "%％‰亿億万萬千百元倍个個人吨噸公米亩畝平岁歲"
_DATED = "年月日号號时時"
_MIXED = re.compile(
    r"(?<![A-Za-z0-9@/_.,:\-])(?=[0-9.,:]*[OoIl〇])[0-9OoIl〇]+(?:[.,:][0-9OoIl〇]+)*(?![A-Za-z0-9@/_])"
)
_LONE = re.compile(r"(?<![0-9])(?:\d{1,4}年|\d{1,2}月)[Il](?=[月日号號])|(?<=第)[Il](?=[号號届屆次名期])")
_NUMERALS = "一二三四五六七八九〇零"
_HAN_ZERO = re.compile(
    rf"(?<![0-9A-Za-z{_NUMERALS}])[{_NUMERALS}]+[0Oo][{_NUMERALS}0Oo]*[{_NUMERALS}](?![0-9A-Za-z])"
)
_YEAR = re.compile(r"(?<![0-9一])(?=[0-9]{0,3}一)(?:[12一][0-9一]{3})(?=年)")
_POINT = re.compile(rf"(?<![0-9.,。、])(\d{{1,4}})。(\d{{1,2}})(?=[{_UNITS}])")
_THOUSANDS = re.compile(rf"(?<![0-9.,。、])(\d{{1,3}})((?:、\d{{3}})+)(?=[{_UNITS}])")
_WHOLE = re.compile(
    rf"(?<![0-9.,{_NUMERALS}])[0-9{_NUMERALS}][0-9{_NUMERALS}.,:]*[{_UNITS}{_DATED}](?![0-9{_NUMERALS}])"
)
# what all of these have; hardly any page does
_HINT = re.compile(rf"[OoIl〇]|[{_NUMERALS}]0|[0-9]一|一[0-9]|[0-9]。[0-9]|[0-9]、[0-9]{{3}}")
_HAN = re.compile(r"[㐀-鿿]")
_BESIDE = re.compile(r"[㐀-鿿，。、；：（）“”《》！？]")
_SHARE, _AGAIN = 0.9, 0.98  # probability of a number, and of one that the page has elsewhere


@dataclass(frozen=True)
class NumberReading:
    """A number as it was read and as it was printed.

    Attributes:
        start, end: where it stands in the text.
        seen, true: how it stands there, and what was printed; of one length.
    """

    start: int
    end: int
    seen: str
    true: str

    @property
    def places(self) -> list[int]:
        """Offsets of the glyphs that differ."""
        return [
            self.start + k
            for k, (one, other) in enumerate(zip(self.seen, self.true, strict=True))
            if one != other
        ]


def misread_numbers(text: str) -> list[NumberReading]:
    """Numbers with a glyph that is none of a number, in order and apart: ``3O亿元``, ``8月l日``, ``二0一九年``, ``3。5%``.

    What may be a name of its own kind is none: a letter beside the stretch (``D2O``, ``CO2``), Latin text before it.

    >>> [(one.seen, one.true) for one in misread_numbers("投资3O亿元，比去年增长3。5%；CO2、D2O次。")]
    [('3O', '30'), ('3。5', '3.5')]
    """
    found: list[NumberReading] = []
    if not _HINT.search(text):
        return found
    for m in _MIXED.finditer(text):
        seen = m[0]
        figures = sum("0" <= c <= "9" for c in seen)
        if figures * 2 >= sum(c.isalnum() for c in seen) and _among_han(text, m.start(), m.end()):
            true = "".join(_FIGURES.get(c, c) for c in seen)
            found.append(NumberReading(m.start(), m.end(), seen, true))
    found += [NumberReading(m.start(), m.end(), m[0], m[0][:-1] + "1") for m in _LONE.finditer(text)]
    found += [
        NumberReading(m.start(), m.end(), m[0], m[0].replace("一", "1"))
        for m in _YEAR.finditer(text)
        if m[0].count("一") < 3
    ]
    found += [
        NumberReading(m.start(), m.end(), m[0], re.sub("[0Oo]", "〇", m[0])) for m in _HAN_ZERO.finditer(text)
    ]
    for pattern, seen, true in ((_POINT, "。", "."), (_THOUSANDS, "、", ",")):
        found += [
            NumberReading(m.start(), m.end(), m[0], m[0].replace(seen, true)) for m in pattern.finditer(text)
        ]
    found.sort(key=lambda one: one.start)
    apart: list[NumberReading] = []
    for one in found:
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
    return apart


def drafts(text: str) -> Iterator[Draft]:
    """What misread numbers are proposed to be: only shown, as numbers are protected, but where the page has the number too."""
    found = misread_numbers(text)
    known = Counter(_WHOLE.findall(text)) if found else Counter()
    for one in found:
        again = _again(text, one, known)
        share = _AGAIN if again else _SHARE
        evidence: dict[str, Any] = {
            "context": text[max(0, one.start - 6) : one.end + 6].replace("\n", "⏎"),
            "alternatives": {one.true: share, one.seen: round(1 - share, 4)},
            "on_page": {"as_changed": again},
        }
        edits = tuple(Replace(Span(at, at + 1), one.true[at - one.start]) for at in one.places)
        message = f"{one.seen} was read for the number {one.true}"
        yield Draft(edits, message, Certainty.MEDIUM if again else Certainty.LOW, share, evidence)


def _again(text: str, one: NumberReading, known: Counter[str]) -> int:
    """How often the page has the number as it is read, with the same unit behind it; ``known``: all that it has, with theirs."""
    unit = text[one.end : one.end + 1]
    if one.end - one.start < 2 or not unit or unit not in _UNITS + _DATED:  # many things may be 12, or 1
        return 0
    form = one.true + unit
    if form not in known and any(part in _DATED for part in one.true):  # 8月1日 is more than one number
        known[form] = len(re.findall(rf"(?<![0-9.,{_NUMERALS}]){form}(?![0-9{_NUMERALS}])", text))
    return known[form]


def _among_han(text: str, start: int, end: int) -> bool:
    """Whether Chinese text stands beside a stretch, and no Latin text before it or numeral of the script at it."""
    before, after = text[max(0, start - 8) : start].rstrip(" "), text[end : end + 8].lstrip(" ")
    if before[-1:].isascii() and before[-1:].isalpha():
        return False
    if (before and before[-1] in _NUMERALS) or (after and after[0] in _NUMERALS):
        return False
    return bool(_BESIDE.match(before[-1:]) or _HAN.match(after[:1]))
