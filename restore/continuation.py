"""Articles that go on on another page of the issue, as a page's restoration and record keep them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

__all__ = ["Continuation"]


@dataclass(frozen=True, slots=True)
class Continuation:
    """A reference in the source to another page of its issue.

    Attributes:
        start, end: where it stands, offsets into the source.
        goes: ``next`` when the article goes on there (下转第3版), ``prev`` when it comes from there (上接第1版);
            the words are those of TEI's ``@next`` and ``@prev``.
        folio: number of the page it names.
        page: id of that page; None when it is not among the pages that were read.
        at: offset of the answering reference in that page's source; None when nothing answers there.
        score: continuity of the text across the two references, in nats; None when nothing answers.
    """

    start: int
    end: int
    goes: Literal["next", "prev"]
    folio: str
    page: str | None = None
    at: int | None = None
    score: float | None = None

    def as_data(self) -> dict[str, Any]:
        """Plain data, as it stands in the record."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def of(cls, data: Any, size: int) -> Self:
        """From plain data; ``size`` is the length of the source.

        Raises:
            TypeError, ValueError: when the data are none.
        """
        if not isinstance(data, dict) or set(data) != set(_FIELDS):
            raise TypeError(f"a continuation is not an object with {', '.join(_FIELDS)}")
        one = cls(**data)
        places = [one.start, one.end] + ([one.at] if one.at is not None else [])
        if any(type(place) is not int or place < 0 for place in places) or not one.start <= one.end <= size:
            raise ValueError("a continuation reaches outside the source")
        if one.goes not in ("next", "prev") or not isinstance(one.folio, str):
            raise ValueError("a continuation goes neither on nor back")
        if not (one.page is None or isinstance(one.page, str)):
            raise TypeError("the page of a continuation is not text")
        if not (one.score is None or type(one.score) in (int, float)):
            raise TypeError("the score of a continuation is no number")
        return one


_FIELDS = ("start", "end", "goes", "folio", "page", "at", "score")
