"""Was each applied correction right? The changes of a restoration, one by one, against the truth of the page.

A correction is *right* when its place now equals the truth, *harm* when the place was equal and is not any more,
*neither* when it was wrong and still is. A change of form only (width of a mark, straight for curly quotes, spaces) is
no matter of right and wrong here, as everywhere in `restore.evaluation`.

The restored text is aligned with the truth. Around a correction the nearest characters that are right on either side
are taken as anchors; what stands between them in the truth is compared with what stands there, and with what would stand
there without the correction. Where the text goes on elsewhere than the truth (a line end, a line out of place) a
replaced character is compared with the one aligned to it, a deletion with the truth that has nothing aligned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from restore.correction import Certainty, EditKind
from restore.evaluation import PageTruth, align, counted, fold
from restore.ledger import Rendering
from restore.restoration import Restoration

__all__ = ["GLYPH_PASSES", "Judged", "Tally", "Verdict", "judge", "tally"]

GLYPH_PASSES = (
    "encoding",
    "bylines",
    "duplicates",
    "doubles",
    "strays",
    "confusables",
    "lost_marks",
    "punctuation",
    "mistaken_marks",
    "charmap",
    "script",
)
"""Passes that change what is printed, not where it stands."""

_REACH = 8  # characters of the text looked at for an anchor
_ROOM = 8  # by how much the truth between two anchors may be longer than the text
_STRETCH = 6  # from so many characters on, a deletion is that of a line
_ALIKE = 60  # partial similarity, in 100, from which a deleted stretch is a missing one of the truth


class Verdict(IntEnum):
    """What a correction did to its place."""

    FORM = 0
    """Nothing that counts."""
    RIGHT = 1
    NEITHER = 2
    HARM = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """A correction with its verdict.

    Attributes:
        index: of the correction in the restoration.
        before, after: the characters that count, folded for comparison.
        context: the restored text around it.
        truth: what the truth has between the anchors, None where it has no such place.
    """

    index: int
    pass_name: str
    certainty: Certainty
    verdict: Verdict
    before: str
    after: str
    context: str
    truth: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Verdicts on the corrections of one pass and certainty; "all" where they are summed."""

    pass_name: str
    certainty: str
    right: int
    neither: int
    harm: int
    form: int

    @property
    def changes(self) -> int:
        """Corrections that change more than a form."""
        return self.right + self.neither + self.harm

    @property
    def precision(self) -> float | None:
        """Share of the changes that are right."""
        return self.right / self.changes if self.changes else None

    @property
    def harm_share(self) -> float | None:
        """Share of the changes that do harm."""
        return self.harm / self.changes if self.changes else None


def judge(truth: PageTruth, restoration: Restoration, passes: Sequence[str] = GLYPH_PASSES) -> list[Judged]:
    """Verdicts on the applied corrections of some passes, in the order of the corrections.

    Moves and gap marks are not judged. Of several edits of one correction the worst verdict counts.
    """
    page = _Page(truth, restoration)
    ledger = restoration.ledger
    wanted = np.isin(ledger.corrs["pass"], [k for k, name in enumerate(ledger.passes) if name in passes])
    found = []
    for index in np.flatnonzero(wanted & restoration.accepted).tolist():
        verdicts = [one for row in ledger.rows(index) if (one := page.verdict(row)) is not None]
        if not verdicts:
            continue
        verdict, before, after, context, printed = max(verdicts, key=lambda one: one[0])
        name = ledger.passes[int(ledger.corrs["pass"][index])]
        level = Certainty(int(ledger.corrs["certainty"][index]))
        found.append(Judged(index, name, level, verdict, before, after, context, printed))
    return found


def tally(judged: Sequence[Judged]) -> list[Tally]:
    """Counts by pass and certainty, the passes in order of appearance, then the sum."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for name in dict.fromkeys(one.pass_name for one in judged):
        for level in sorted(Certainty, reverse=True):
            mine = [one for one in judged if one.pass_name == name and one.certainty == level]
            if mine:
                groups[name, level.label] = mine
    groups["all", "all"] = list(judged)
    return [
        Tally(
            name,
            level,
            *(
                sum(one.verdict == verdict for one in group)
                for verdict in (Verdict.RIGHT, Verdict.NEITHER, Verdict.HARM, Verdict.FORM)
            ),
        )
        for (name, level), group in groups.items()
    ]


_Finding = tuple[Verdict, str, str, str, str | None]


class _Page:
    """A restored text aligned with the truth."""

    def __init__(self, truth: PageTruth, restoration: Restoration) -> None:
        self.restoration = restoration
        self.rendering: Rendering = restoration.rendering
        text = restoration.text
        mask = counted(text)
        self.ahead: NDArray[np.int64] = np.concatenate(([0], np.cumsum(mask)))
        self.text = fold("".join(text[k] for k in np.flatnonzero(mask).tolist()))
        self.truth = truth.text
        self.to_output = align(truth.text, self.text)
        self.to_truth = np.full(len(self.text), -1, dtype=np.int64)
        here = np.flatnonzero(self.to_output >= 0)
        self.to_truth[self.to_output[here]] = here
        self.right = np.zeros(len(self.text), dtype=np.bool_)
        placed = np.flatnonzero(self.to_truth >= 0)
        self.right[placed] = [self.text[o] == truth.text[self.to_truth[o]] for o in placed.tolist()]
        own = np.flatnonzero(self.rendering.owner < 0)
        self.shown = np.full(len(restoration.source.text), -1, dtype=np.int64)
        self.shown[self.rendering.origin[own]] = own
        order = np.argsort(self.rendering.owner, kind="stable")
        self._owned = order, self.rendering.owner[order]
        self._missing = [text for text in self._unaligned() if len(text) >= _STRETCH // 2]

    def _unaligned(self) -> Iterator[str]:
        gone = np.diff((self.to_output < 0).astype(np.int8), prepend=0, append=0)
        starts, ends = np.flatnonzero(gone == 1).tolist(), np.flatnonzero(gone == -1).tolist()
        return (self.truth[a:b] for a, b in zip(starts, ends, strict=True))

    def verdict(self, row: int) -> _Finding | None:
        """On one edit; None for moves, gap marks, and texts that a later correction took the place of."""
        ledger = self.restoration.ledger
        edits = ledger.edits
        kind = EditKind(int(edits["kind"][row]))
        if kind in (EditKind.MOVE, EditKind.GAP):
            return None
        start, end, over = (int(edits[name][row]) for name in ("start", "end", "over"))
        old = ledger.texts[int(edits["text"][over])] if over >= 0 else self.restoration.source.text[start:end]
        new = ledger.texts[int(edits["text"][row])]
        before, after = (
            fold("".join(c for c, here in zip(t, counted(t).tolist(), strict=True) if here))
            for t in (old, new)
        )
        order, owners = self._owned
        first, stop = np.searchsorted(owners, [row, row + 1])
        if new and first == stop:
            return None
        at = int(order[first]) if new else self._gap(start, end)
        place = int(self.ahead[at])
        stop_at = place + len(after)
        context = f"{self.text[max(0, place - 6) : place]}[{after}]{self.text[stop_at : stop_at + 6]}"
        if before == after:
            return Verdict.FORM, before, after, context, None
        found, printed = self._compare(place, before, after)
        return found, before, after, context, printed

    def _gap(self, start: int, end: int) -> int:
        """Position of the text at which a deleted stretch of the source stood."""
        source = self.restoration.source.text
        left, right = start - 1, end
        while left >= 0 and self.shown[left] < 0 and not source[left].isspace():
            left -= 1
        while right < len(source) and self.shown[right] < 0 and not source[right].isspace():
            right += 1
        if left >= 0 and self.shown[left] >= 0 and not source[left].isspace():
            return int(self.shown[left]) + 1
        if right < len(source) and self.shown[right] >= 0:
            return int(self.shown[right])
        while left >= 0 and self.shown[left] < 0:
            left -= 1
        return int(self.shown[left]) + 1 if left >= 0 else 0

    def _compare(self, place: int, before: str, after: str) -> tuple[Verdict, str | None]:
        if not after and len(before) >= _STRETCH:
            missed = any(
                len(run) <= 2 * len(before) and fuzz.partial_ratio(before, run) >= _ALIKE
                for run in self._missing
            )
            return (Verdict.HARM if missed else Verdict.RIGHT), None
        stop = place + len(after)
        left = next((k for k in range(place - 1, max(-1, place - 1 - _REACH), -1) if self.right[k]), -1)
        right = next((k for k in range(stop, min(len(self.text), stop + _REACH)) if self.right[k]), -1)
        if left >= 0 and right >= 0:
            a, b = int(self.to_truth[left]), int(self.to_truth[right])
            if 0 < b - a <= right - left + len(before) + _ROOM:
                printed = self.truth[a + 1 : b]
                head, tail = self.text[left + 1 : place], self.text[stop:right]
                now = Levenshtein.distance(head + after + tail, printed)
                then = Levenshtein.distance(head + before + tail, printed)
                whole = then - now == max(len(before), len(after))
                if now > then:
                    return Verdict.HARM, printed
                return (Verdict.RIGHT if whole or (not now and then) else Verdict.NEITHER), printed
        return self._one_sided(place, before, after, left, right)

    def _one_sided(
        self, place: int, before: str, after: str, left: int, right: int
    ) -> tuple[Verdict, str | None]:
        if after:
            at = self.to_truth[place : place + len(after)].tolist()
            printed = "".join(self.truth[k] if k >= 0 else "\0" for k in at)
            if printed == after:
                return Verdict.RIGHT, printed
            if not before:
                return Verdict.HARM, None
            return (Verdict.HARM if printed == before else Verdict.NEITHER), printed.replace("\0", "")
        behind = int(self.to_truth[left]) + 1 if left >= 0 else len(self.truth)
        ahead = int(self.to_truth[right]) - len(before) if right >= 0 else -1
        for start in (behind, ahead):
            stop = start + len(before)
            if start >= 0 and self.truth[start:stop] == before and (self.to_output[start:stop] < 0).all():
                return Verdict.HARM, before
        return Verdict.RIGHT, None
