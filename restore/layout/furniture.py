"""Page furniture: running heads, folios, dates, imprint and hotline lists, told by how such lines are worded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import cache, lru_cache

import numpy as np
import regex
from numpy.typing import NDArray

from restore.data import DataError, path

__all__ = ["furniture_lines", "is_section"]

_LONGEST = 60  # characters; furniture is short
_COVER = 0.75  # share of a line that patterns must cover
_HINT = re.compile("[版年期:：;；]")  # what all patterns but those of a section's letter have
_SECTION = regex.compile(r"[\p{Han}]{2,6}")
_RULES = regex.compile(r"[\s|｜·•—–/()（）-]+")  # what sets the parts of a running head apart
_ENDS = regex.compile(
    r"[。！？!?…：:；;”’」』》）)】〕]$"
)  # a sentence, or a line that is none, may end here
_GOES_ON = regex.compile(
    r"[，,、。；;：:！!？?）)”’」』》]|[至到起前后後的在]"
)  # what a date is followed by in a sentence
_DIGIT = regex.compile(r"[\p{N}〇零一二三四五六七八九]")
_LETTER = regex.compile(r"[\p{Han}\p{L}\p{N}]")
_LINE = 8  # characters from which on a line may be one of running text
_RAGGED = 3  # characters by which full lines of one column differ


class _Wording(Enum):
    NONE = 0
    DATE = 1  # a date and nothing more
    SURE = 2


@cache
def _patterns() -> tuple[regex.Pattern[str], tuple[str, ...], regex.Pattern[str], regex.Pattern[str]]:
    """One pattern with a group for each row of furniture, the groups' kinds, the sections' pattern and that of contacts."""
    file = path("furniture.tsv")
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines() if line and line[0] != "#"]
    if not rows or rows[0] != ["kind", "pattern"]:
        raise DataError(f"{file}: not a table of furniture patterns")
    parts = [(kind, pattern) for kind, pattern in rows[1:] if kind not in ("section", "contact")]
    sections, contacts = (
        regex.compile("|".join(f"(?:{pattern})" for kind, pattern in rows[1:] if kind == wanted))
        for wanted in ("section", "contact")
    )
    return (
        regex.compile("|".join(f"({pattern})" for _, pattern in parts), regex.IGNORECASE),
        tuple(kind for kind, _ in parts),
        sections,
        contacts,
    )


@lru_cache(maxsize=4096)  # several passes ask about the same lines
def _worded(text: str) -> _Wording:
    if not _HINT.search(text) and text[:1] not in "ABCD":
        return _Wording.NONE
    pattern, kinds, sections, _ = _patterns()
    found = list(pattern.finditer(text))
    if any(kinds[(m.lastindex or 1) - 1] != "date" for m in found):
        covered = sum(m.end() - m.start() for m in found)
        return _Wording.SURE if covered >= _COVER * len(text) else _Wording.NONE
    if not found:
        return _Wording.NONE
    ends = [0, *(m.end() for m in found)]
    starts = [*(m.start() for m in found), len(text)]
    rest = [
        r for a, b in zip(ends, starts, strict=True) for r in _RULES.split(text[a:b]) if r not in ("", "版")
    ]
    weekday = len(found) > 1
    if not rest:
        return _Wording.SURE if weekday or not _DIGIT.match(found[0][0]) else _Wording.DATE
    # a sentence that begins with a date goes on with other words; the name of a section is known, or stands apart
    name = "".join(rest)
    known = sections.fullmatch(name) is not None
    apart = rest[0] in _RULES.split(text)
    if _SECTION.fullmatch(name) and (known or weekday) and (apart or (known and weekday)):
        return _Wording.SURE
    return _Wording.NONE


def furniture_lines(texts: Sequence[str], in_order: bool = False) -> NDArray[np.bool_]:
    """Which lines are furniture, shape ``(n,)``.

    A date without a weekday that may belong to the sentence around it is none. A line of a few characters between two
    furniture lines (the name of the section) is furniture too, and one that is worded as a section's name is where one
    neighbour is furniture or, once the lines are in reading order, where it parts two full lines of one sentence. What stands
    beside a contact is part of a notice.
    """
    n = len(texts)
    out = np.zeros(n, dtype=np.bool_)
    dates = []
    for k, text in enumerate(texts):
        wording = _worded(text) if 2 <= len(text) <= _LONGEST else _Wording.NONE
        if wording is _Wording.SURE:
            out[k] = True
        elif wording is _Wording.DATE:
            dates.append(k)
    out[[k for k in dates if not _in_a_sentence(texts, k, out)]] = True
    out[[k for k in np.flatnonzero(out).tolist() if _in_a_notice(texts, k, out)]] = False
    for k in (np.flatnonzero(out[:-2] & ~out[1:-1]) + 1).tolist():
        if out[k + 1] and _SECTION.fullmatch(texts[k]):
            out[k] = True
    sections = _patterns()[2]
    beside = np.zeros(n, dtype=np.bool_)
    beside[1:] |= out[:-1]
    beside[:-1] |= out[1:]
    named = [
        k
        for k, text in enumerate(texts)
        if 2 <= len(text) <= 6
        and not out[k]
        and sections.fullmatch(text)
        and (beside[k] or (in_order and _parts_a_sentence(texts, k)))
    ]
    out[named] = True
    return out


def is_section(text: str) -> bool:
    """Whether a text is the name of a section (要闻, 国际)."""
    return _patterns()[2].fullmatch(text) is not None


def _in_a_sentence(texts: Sequence[str], k: int, sure: NDArray[np.bool_]) -> bool:
    """Whether a line that is only a date may be part of the text around it."""
    before = texts[k - 1] if k else ""
    after = texts[k + 1] if k + 1 < len(texts) else ""
    if (before and sure[k - 1]) or (after and sure[k + 1]):
        return False
    if before and not _ENDS.search(before):
        return True
    # the first line of a paragraph, with its indent as wide as the next
    return bool(after and (_GOES_ON.match(after) or len(after) <= len(texts[k]) + _RAGGED))


def _in_a_notice(texts: Sequence[str], k: int, found: NDArray[np.bool_]) -> bool:
    """Whether a telephone number or the like stands beside a line that says whom to ask, or where: ``联系人：``."""
    contact = _patterns()[3]
    beside = [j for j in (k - 1, k + 1) if 0 <= j < len(texts) and not found[j]]
    return any(contact.match(texts[j]) for j in beside)


def _parts_a_sentence(texts: Sequence[str], k: int) -> bool:
    """Whether a line stands between two full lines of one column, the first of which ends inside a sentence."""
    if k < 1 or k + 1 >= len(texts):
        return False
    before, after = texts[k - 1], texts[k + 1]
    return (
        min(len(before), len(after)) >= max(_LINE, 2 * len(texts[k]))
        and abs(len(before) - len(after)) <= _RAGGED
        and not _ENDS.search(before)
        and _LETTER.match(after) is not None
    )
