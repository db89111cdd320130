"""Reviewed decisions as labelled data: how often a person agreed, by pass and certainty.

>>> from restore.decisions import Decision, Decisions
>>> judged = Decisions("0" * 64, (
...     Decision("a" * 12, "gaps", "accept", certainty="high", score=0.9),
...     Decision("b" * 12, "gaps", "reject", certainty="high", score=0.7)))
>>> row = precision([judged])[0]
>>> row.pass_name, row.certainty, row.judged, row.precision
('gaps', 'high', 2, 0.5)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from restore.decisions import REVIEW, Decision, Decisions

__all__ = ["Agreement", "precision"]

_ORDER = {"high": 0, "medium": 1, "low": 2, "unknown": 3}
_Z = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Agreement:
    """What people decided about corrections of one pass and one certainty.

    Attributes:
        pass_name: the pass, "" for all.
        certainty: ``high``, ``medium``, ``low``, ``unknown`` (files that do not say), or "" for all.
        accepted: right as they are.
        edited: the right place, and another text: not counted as right.
        rejected: wrong.
        mean_score: mean of the scores of those that have one, None when none has; with scores that are
            probabilities it would be the precision.
    """

    pass_name: str
    certainty: str
    accepted: int
    edited: int
    rejected: int
    mean_score: float | None

    @property
    def judged(self) -> int:
        """How many were decided."""
        return self.accepted + self.edited + self.rejected

    @property
    def precision(self) -> float:
        """Share that was accepted as it was."""
        return self.accepted / self.judged

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the precision.

        E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
        """
        n, p = self.judged, self.precision
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
        return min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half))  # rounding apart, as it is


def precision(decisions: Iterable[Decisions]) -> list[Agreement]:
    """Agreement by pass and certainty, then by certainty over all passes, then over everything.

    Args:
        decisions: of any number of sources. Of several decisions about one correction of one source the
            last counts.

    Returns:
        Rows in the order of the passes' names; only those with a decision.
    """
    latest: dict[tuple[str, str], Decision] = {}
    for judged in decisions:
        for one in judged.items:
            if one.pass_name != REVIEW:
                latest[judged.sha256, one.id] = one
    groups: dict[tuple[str, str], list[Decision]] = {}
    for one in latest.values():
        certainty = one.certainty or "unknown"
        for key in ((one.pass_name, certainty), ("", certainty), ("", "")):
            groups.setdefault(key, []).append(one)
    keys = sorted(groups, key=lambda key: (not key[0], key[0], _ORDER.get(key[1], 4)))
    return [_agreement(*key, groups[key]) for key in keys]


def _agreement(pass_name: str, certainty: str, items: list[Decision]) -> Agreement:
    said = [one.decision for one in items]
    scores = [one.score for one in items if one.score is not None]
    mean = sum(scores) / len(scores) if scores else None
    return Agreement(
        pass_name, certainty, said.count("accept"), said.count("edit"), said.count("reject"), mean
    )
