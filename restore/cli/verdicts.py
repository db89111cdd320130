"""How ``restore evaluate`` prints the verdicts on corrections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from restore.evaluation import PageTruth
from restore.report.terminal import printable
from restore.restoration import Restoration
from restore.verdicts import Judged, Tally, Verdict, judge, tally

__all__ = ["VerdictReport"]


@dataclass(frozen=True)
class VerdictReport:
    """Verdicts on the glyph corrections of a restoration."""

    restoration: Restoration
    judged: list[Judged]
    tallies: list[Tally]

    @classmethod
    def of(cls, truth: PageTruth, restoration: Restoration) -> Self:
        """Judge the applied corrections."""
        judged = judge(truth, restoration)
        return cls(restoration, judged, tally(judged))

    @property
    def data(self) -> dict[str, Any]:
        """For the JSON output."""
        return {
            "glyph_corrections": [
                {
                    "pass": one.pass_name,
                    "certainty": one.certainty,
                    "changes": one.changes,
                    "right": one.right,
                    "neither": one.neither,
                    "harm": one.harm,
                    "form_only": one.form,
                    "precision": one.precision,
                    "harm_share": one.harm_share,
                }
                for one in self.tallies
            ]
        }

    @property
    def table(self) -> Iterator[str]:
        """One line for each pass and certainty."""
        yield "glyph corrections    changes  right  neither  harm  precision   harm"
        for one in self.tallies:
            shares = (
                f"{one.precision:9.3f}  {one.harm_share:5.3f}"
                if one.precision is not None and one.harm_share is not None
                else f"{'-':>9}  {'-':>5}"
            )
            label = f"{one.pass_name} {one.certainty}" if one.pass_name != "all" else "all"
            yield f"{label:<20} {one.changes:7d} {one.right:6d} {one.neither:8d} {one.harm:5d}  {shares}"

    @property
    def listed(self) -> Iterator[str]:
        """One line for each correction that is not right."""
        for one in self.judged:
            if one.verdict in (Verdict.NEITHER, Verdict.HARM):
                correction = self.restoration.corrections[one.index]
                printed = "" if one.truth is None else f"  printed: {one.truth}"
                yield printable(
                    f"{one.verdict.name.lower():8s} {one.pass_name} ({one.certainty.label}) {correction.id} "
                    f"{one.before!r} -> {one.after!r}  {one.context}{printed}"
                )
