"""Pages of one issue: what stands on all of them, and articles that go on on another page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import regex

from restore.layout.furniture import is_section
from restore.order.evidence import tails_and_heads

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["Jump", "Link", "RunningLines", "continued", "folio", "jumps", "running"]

_EDGE = 8  # lines at each end of a page that can be running heads or imprint
_LONGEST = 80  # characters
_SHARE = 0.5  # of the pages of an issue that a line must stand on
_FEWEST = 2
_DIGITS = regex.compile(r"[0-9０-９〇零一二三四五六七八九十]+")
_SPACE = regex.compile(r"\s+")
_NUMBER = r"(?:([A-Za-z]?\s*\d{1,3})|([〇零一二三四五六七八九十]{1,3}))"
_FOLIO = regex.compile(rf"(?<![转接轉])第\s*{_NUMBER}\s*版")
_OPENED, _REST, _CLOSED = r"(?:[（(【［《]\s*)?", "[^）)】］》\n]", "[）)】］》]?"
_OUT = regex.compile(
    rf"{_OPENED}(?:[紧緊]?\s*下\s*[转轉接]|转|轉)\s*第?\s*{_NUMBER}\s*版{_REST}{{0,12}}{_CLOSED}"
)
_IN = regex.compile(
    rf"{_OPENED}(?:[紧緊]?\s*上\s*接|[紧緊]\s*接|(?<!下\s*)接)\s*第?\s*{_NUMBER}\s*版{_REST}{{0,30}}{_CLOSED}"
)
# other ways of a page to give its number, on a line that is no sentence
_SENTENCE = regex.compile("[。，；！？“”]")
_WEAKER = (
    regex.compile(r"版\s*次\s*[:：]?\s*([A-Z]?\d{1,3})"),
    regex.compile(r"^\s*([A-Z]?\d{1,2})\s*版(?!\p{Han})|(?<!\S)([A-Z]?\d{1,2})\s*版\s*$"),
    regex.compile(r"^\s*([A-D]\d{1,2})(?![\w-])|(?<!\S)([A-D]\d{1,2})\s*$"),
)
_DATED = regex.compile(r"(?:^|\s)(\d{1,2})\s*$|^\s*(\d{1,2})\s+(?=\D|\d{4}\s*年)")
_DATE = regex.compile(r"\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日")
_NAMED = regex.compile(
    r"^\s*(\p{Han}{2,4})\s*[·・|｜]?\s*(\d{1,2})\s*$|^\s*(\d{1,2})\s*[·・|｜]?\s*(\p{Han}{2,4})\s*$"
)
_CHINESE = {c: k for k, c in enumerate("零一二三四五六七八九")} | {"〇": 0}
_AROUND = 12


def _shape(line: str) -> str:
    """A line with its numbers and spaces taken out: dates and folios change from page to page."""
    return _DIGITS.sub("0", _SPACE.sub("", line))


@dataclass
class RunningLines:
    """Counts the lines at the edges of pages; those that many pages have are running heads, imprint or hotline lists.

    >>> seen = RunningLines()
    >>> for page in ("青石日报 第1版\\n水渠通水", "青石日报 第2版\\n摄影展开幕", "青石日报 第3版\\n晚稻丰收"):
    ...     seen.add(page)
    >>> seen.found()
    frozenset({'青石日报第0版'})
    """

    pages: int = 0
    _count: Counter[str] = field(default_factory=Counter, repr=False)

    def add(self, text: str) -> None:
        """Count a page."""
        head, tail = text[: _EDGE * _LONGEST * 2].split("\n"), text[-_EDGE * _LONGEST * 2 :].split("\n")
        lines = [line for line in head if line.strip()][:_EDGE] + [line for line in tail if line.strip()][
            -_EDGE:
        ]
        self.pages += 1
        self._count.update({s for line in lines if 4 <= len(s := _shape(line)) <= _LONGEST})

    def found(self) -> frozenset[str]:
        """The shapes of the lines that recur."""
        least = max(_FEWEST, _SHARE * self.pages)
        return frozenset(shape for shape, count in self._count.items() if count >= least)


def running(texts: Sequence[str], shapes: frozenset[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which lines are of one of these shapes, shape ``(n,)``."""
    return np.array([len(t) <= _LONGEST and _shape(t) in shapes for t in texts], dtype=np.bool_)


@dataclass(frozen=True)
class Jump:
    """A reference to another page of the issue.

    Attributes:
        page: id of the page it stands on.
        start, end: where it stands in the page's text.
        to: folio of the page it names.
        out: whether the article goes on there (``下转``), or comes from there (``上接``).
        words: text that stands before an outgoing or behind an incoming reference.
    """

    page: str
    start: int
    end: int
    to: str
    out: bool
    words: str


@dataclass(frozen=True)
class Link:
    """An article that goes on on another page; ``score`` is the continuity of the text in nats."""

    origin: Jump
    target: Jump
    score: float


def folio(text: str) -> str | None:
    """The number that a page says it has (``第3版``, ``A03版``, ``要闻 3``), in the first or last lines.

    >>> folio("青石日报 2019年8月1日 第十二版\\n水渠通水")
    '12'
    """
    lines = [line for line in text.split("\n") if line.strip()]
    edges = (*lines[:_EDGE], *lines[-_EDGE:])
    edges = tuple(line for line in edges if len(line) <= _LONGEST and not _SENTENCE.search(line))
    for line in edges:
        found = _FOLIO.search(line)
        if found:
            return _number(found)
    for line in edges:
        word = _weaker_folio(line)
        if word:
            return _plain_number(word)
    return None


def _weaker_folio(line: str) -> str | None:
    """The number of a page on a line that gives it in another way than ``第3版``."""
    for pattern in _WEAKER:
        found = pattern.search(line)
        if found:
            return next(group for group in found.groups() if group)
    if _DATE.search(line):
        found = _DATED.search(line)
        return next(group for group in found.groups() if group) if found else None
    found = _NAMED.search(line)
    if found and is_section(found[1] or found[4]):
        return str(found[2] or found[3])
    return None


def _plain_number(word: str) -> str:
    word = "".join(word.split()).upper()
    letter = word[: word[0].isalpha()]
    return f"{letter}{int(word[len(letter) :])}"


def _number(found: Any) -> str:
    if found[1]:
        return _plain_number(found[1])
    word = found[2]
    if "十" in word:
        tens, _, ones = word.partition("十")
        return str((_CHINESE.get(tens, 1) if tens else 1) * 10 + (_CHINESE.get(ones, 0) if ones else 0))
    return str(int("".join(str(_CHINESE[c]) for c in word)))


def jumps(page: str, text: str) -> list[Jump]:
    """References to other pages in a page's restored text."""
    out = []
    for pattern, leaves in ((_OUT, True), (_IN, False)):
        for m in pattern.finditer(text):
            words = text[max(0, m.start() - 60) : m.start()] if leaves else text[m.end() : m.end() + 60]
            words = "".join(words.split())
            out.append(
                Jump(
                    page,
                    m.start(),
                    m.end(),
                    _number(m),
                    leaves,
                    words[-_AROUND:] if leaves else words[:_AROUND],
                )
            )
    return sorted(out, key=lambda jump: jump.start)


def continued(
    found: Iterable[Jump], folios: Mapping[str, str], model: Scorer
) -> tuple[list[Link], list[Jump]]:
    """Links between references that answer each other, and references without an answer.

    Where several articles go on on one page, the continuity of their texts decides.

    Args:
        found: references of all pages of an issue.
        folios: folio of each page id.
        model: scores continuity.
    """
    from lap import lapjv

    leaves: dict[tuple[str, str], list[Jump]] = {}
    comes: dict[tuple[str, str], list[Jump]] = {}
    loose: list[Jump] = []
    for jump in found:
        own = folios.get(jump.page)
        if own is None:
            loose.append(jump)
        elif jump.out:
            leaves.setdefault((own, jump.to), []).append(jump)
        else:
            comes.setdefault((jump.to, own), []).append(jump)
    links: list[Link] = []
    for key in sorted(leaves.keys() | comes.keys()):
        a, b = leaves.get(key, []), comes.get(key, [])
        if not a or not b:
            loose += a + b
            continue
        tails, _ = tails_and_heads([j.words or "。" for j in a], model)
        _, heads = tails_and_heads([j.words or "。" for j in b], model)
        score = np.asarray(model.seam_matrix(tails, heads), dtype=np.float64)
        best = lapjv(-score, extend_cost=True)[1].tolist()
        pairs = [(i, j) for i, j in enumerate(best) if j >= 0]
        links += [Link(a[i], b[j], float(score[i, j])) for i, j in pairs]
        loose += [one for k, one in enumerate(a) if k not in {i for i, _ in pairs}]
        loose += [one for k, one in enumerate(b) if k not in {j for _, j in pairs}]
    return links, loose
