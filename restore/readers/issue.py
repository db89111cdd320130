"""Pages of one issue: what stands on all of them, and articles that go on on another page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from restore.continuation import Continuation
from restore.readers.document import Document, Failure

if TYPE_CHECKING:
    from restore.order.issue import Jump, Link

__all__ = ["ALONE", "InCommon", "Issue", "is_issue"]

_FORMATS = ("pdf", "hocr", "alto", "ocr-json")
"""Formats whose files with several pages are issues of a paper. Archives are too, each folder in them one."""


def is_issue(first: object) -> bool:
    """Whether the pages of an input that has several, and begins with this one, belong together."""
    return isinstance(first, Document) and (first.meta.get("format") in _FORMATS or "!/" in first.id)


@dataclass(frozen=True)
class InCommon:
    """What a page has from the others of its issue.

    Attributes:
        running: shapes of lines that recur (:class:`restore.order.issue.RunningLines`).
        continuations: its references to other pages, with the answers.
    """

    running: frozenset[str] = frozenset()
    continuations: tuple[Continuation, ...] = ()


ALONE = InCommon()
"""Of a page that belongs to no issue."""


class Issue:
    """What the pages of one input have in common, found in their sources.

    References are paired among pages that lie together (of one file, or in one folder of an archive). A folio that
    two of them have names neither: then they are not of one issue, or one was misread.
    """

    def __init__(self, pages: Iterable[Document | Failure]) -> None:
        """Of these pages."""
        from restore.order.issue import RunningLines, folio, jumps

        seen = RunningLines()
        self.folios: dict[str, str] = {}
        found: dict[str, list[Jump]] = {}
        for one in pages:
            if isinstance(one, Failure):
                continue
            text = one.source.text
            seen.add(text)
            number, here = folio(text), jumps(one.id, text)
            if number is not None:
                self.folios[one.id] = number
            if here:
                found.setdefault(_together(one.id), []).extend(here)
        self.running = seen.found()
        self._of: dict[str, list[Continuation]] = {
            jump.page: [] for jumps_ in found.values() for jump in jumps_
        }
        for key, jumps_ in found.items():
            self._pair(key, jumps_)

    def of(self, identity: str) -> InCommon:
        """What the page of this id has from the others."""
        found = sorted(self._of.get(identity, ()), key=lambda one: one.start)
        return InCommon(self.running, tuple(found))

    def continuations(self) -> Iterator[tuple[str, Continuation]]:
        """All references, with the ids of the pages they stand on, page by page in the order of the input."""
        return ((page, one) for page in self._of for one in self.of(page).continuations)

    def _pair(self, key: str, found: list[Jump]) -> None:
        """Continuations of pages that lie together."""
        folios = {page: number for page, number in self.folios.items() if _together(page) == key}
        often = Counter(folios.values())
        folios = {page: number for page, number in folios.items() if often[number] == 1}
        links, loose = _continued(found, folios)
        for link in links:
            for one, other in ((link.origin, link.target), (link.target, link.origin)):
                self._add(one, Continuation(*_place(one), other.page, other.start, round(link.score, 2)))
        pages = {number: page for page, number in folios.items()}
        for one in loose:
            self._add(one, Continuation(*_place(one), pages.get(one.to)))

    def _add(self, jump: Jump, one: Continuation) -> None:
        self._of[jump.page].append(one)


def _together(identity: str) -> str:
    """What the ids of pages that lie together begin with."""
    folder, _, name = identity.rpartition("/")
    file, numbered, _ = name.partition("#")
    return f"{folder}/{file}" if numbered else folder


def _place(jump: Jump) -> tuple[int, int, Literal["next", "prev"], str]:
    return jump.start, jump.end, "next" if jump.out else "prev", jump.to


def _continued(found: list[Jump], folios: dict[str, str]) -> tuple[list[Link], list[Jump]]:
    """As :func:`restore.order.issue.continued`; the model is loaded only where there is something to pair."""
    out = {(folios.get(one.page), one.to) for one in found if one.out}
    back = {(one.to, folios.get(one.page)) for one in found if not one.out}
    if not out & back:
        return [], found
    from restore.language import shared
    from restore.order.issue import continued

    return continued(found, folios, shared().model)
