"""Corrections: one repair a reader can judge, as edits over the immutable source.

Passes speak in *view* coordinates (the text as restored so far) and hand over :class:`Draft` objects, or a
:class:`Batch` of many one-edit repairs in columns. The engine maps them to the source and keeps them in columns
(:mod:`restore.ledger`); :class:`Correction` objects are made when somebody asks for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.source import Span

__all__ = [
    "GAP_MARK",
    "Batch",
    "Certainty",
    "Correction",
    "CorrectionError",
    "Delete",
    "Draft",
    "Edit",
    "EditKind",
    "Gap",
    "Insert",
    "Move",
    "Replace",
]

GAP_MARK = "〔…〕"


class CorrectionError(ValueError):
    """Corrections that contradict each other, or that do not fit the text."""


class Certainty(IntEnum):
    """How sure a repair is. ``low`` is shown and never applied by default."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @property
    def label(self) -> str:
        """The lower-case word used on the command line and in the record."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Certainty:
        """``"high" | "medium" | "low"`` to a certainty.

        Raises:
            ValueError: for any other word.
        """
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"certainty must be high, medium or low, not {word!r}") from None


class EditKind(IntEnum):
    """The four things an edit can do, and the gap mark, which is an insertion of nothing known."""

    DELETE = 0
    INSERT = 1
    REPLACE = 2
    MOVE = 3
    GAP = 4


@dataclass(frozen=True, slots=True)
class Gap:
    """Lost text. ``least`` and ``most`` bound its extent in ems, where that is known."""

    least: float = 0.0
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Take ``span`` out."""

    span: Span


@dataclass(frozen=True, slots=True)
class Insert:
    """Put ``text``, or a gap mark, at ``at``.

    ``after`` says which neighbour it belongs to when lines move: the character before it (True) or behind it. Two
    insertions of one pass at one place stand in the order in which the pass made them.
    """

    at: int
    text: str | Gap
    after: bool = True


@dataclass(frozen=True, slots=True)
class Replace:
    """Put ``text`` where ``span`` was."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Move:
    """Show ``span`` before the character at ``to``; several moved there follow each other by ``rank``.

    Text that was supplied goes with the character that carries it. A place inside a line that was itself moved is the
    place before that line.
    """

    span: Span
    to: int
    rank: float = 0.0


Edit = Delete | Insert | Replace | Move


@dataclass(frozen=True, slots=True)
class Draft:
    """A correction as a pass proposes it, its edits in view coordinates."""

    edits: tuple[Edit, ...]
    message: str
    certainty: Certainty = Certainty.HIGH
    score: float = 1.0
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Many one-edit corrections of one pass in columns, in view coordinates, ascending and disjoint.

    Attributes:
        start, end: shape ``(n,)``; equal for insertions.
        text: shape ``(n,)``, indices into ``texts``; ``texts[0]`` is by convention the empty text (a deletion).
        message: one index per correction into ``messages``, or a scalar.
        certainty, score: scalars or shape ``(n,)``.
        after: for insertions, see :class:`Insert`.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    text: NDArray[np.int64] | int
    texts: Sequence[str]
    messages: Sequence[str]
    message: NDArray[np.int64] | int = 0
    certainty: NDArray[np.int8] | Certainty = Certainty.HIGH
    score: NDArray[np.float32] | float = 1.0
    after: bool = True

    def __len__(self) -> int:
        return len(self.start)

    @classmethod
    def deletions(
        cls,
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        message: str,
        certainty: NDArray[np.int8] | Certainty = Certainty.HIGH,
        score: NDArray[np.float32] | float = 1.0,
    ) -> Batch:
        """A batch that only deletes."""
        return cls(start, end, 0, ("",), (message,), 0, certainty, score)


@dataclass(frozen=True, slots=True)
class Correction:
    """One repair, in source coordinates, as it stands in a restoration.

    Attributes:
        index: its place in the restoration's list.
        id: hash of what it does; the same repair on the same source has the same id in every run.
        pass_name: the pass that made it; ``restore explain PASS`` says what that pass is for.
        applied: whether the restored text has it.
        builds_on: indices of corrections whose supplied text it changes.
        requires: indices of corrections without which it makes no sense.
    """

    index: int
    id: str
    pass_name: str
    edits: tuple[Edit, ...]
    certainty: Certainty
    score: float
    message: str
    evidence: Mapping[str, Any]
    builds_on: tuple[int, ...]
    requires: tuple[int, ...]
    applied: bool
    before: str
    after: str

    @property
    def span(self) -> Span:
        """The stretch of the source that its edits touch, from the first to the last."""
        spans = [Span(e.at, e.at) if isinstance(e, Insert) else e.span for e in self.edits]
        return Span(min(s.start for s in spans), max(s.end for s in spans))

    def explain(self) -> str:
        """Why it was made, in a few lines for a person."""
        lines = [f"{self.pass_name} ({self.certainty.label}, {self.score:.2f}): {self.message}"]
        if self.before or self.after:
            lines.append(f"  {self.before!r} -> {self.after!r}")
        lines.extend(f"  {key}: {value}" for key, value in self.evidence.items())
        if not self.applied:
            lines.append("  not applied")
        return "\n".join(lines)
