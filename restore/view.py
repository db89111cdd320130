"""The text as restored so far, mapped back to the source.

A pass reads a :class:`View` and yields drafts in view coordinates; :class:`Recorder` maps them to the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.characters import classify
from restore.correction import (
    GAP_MARK,
    Batch,
    Certainty,
    CorrectionError,
    Delete,
    Draft,
    Edit,
    EditKind,
    Gap,
    Insert,
    Move,
    Replace,
)
from restore.ledger import AFTER, BEFORE, BODY, Bools, Ints, Ledger, Rendering, render
from restore.source import Codes, Source, Span, codes_to_text

__all__ = ["View", "record"]


@dataclass(frozen=True)
class View:
    """Text of a source under some corrections.

    ``text`` and ``codes`` are the text; ``origin`` gives the source offset of every character (for a supplied one, of
    the character that carries it) and ``owner`` the edit that supplied it, -1 for the source's own characters.
    """

    source: Source
    rendering: Rendering = field(repr=False)

    @classmethod
    def of(cls, source: Source, ledger: Ledger | None = None, accepted: Bools | None = None) -> View:
        """View of ``source`` under the accepted corrections of ``ledger`` (none by default)."""
        ledger = ledger or Ledger()
        if accepted is None:
            accepted = np.zeros(ledger.n_corrections, dtype=np.bool_)
        return cls(source, render(source.codes, ledger, accepted))

    @classmethod
    def of_text(cls, text: str) -> View:
        """View of bare text."""
        return cls.of(Source(text))

    def __len__(self) -> int:
        return len(self.rendering.codes)

    @property
    def codes(self) -> Codes:
        """Code points, shape ``(n,)``."""
        return self.rendering.codes

    @property
    def origin(self) -> Ints:
        """Source offsets, shape ``(n,)``."""
        return self.rendering.origin

    @property
    def owner(self) -> Ints:
        """Edit rows that supplied characters, -1 for the source's own, shape ``(n,)``."""
        return self.rendering.owner

    @cached_property
    def text(self) -> str:
        """The text."""
        if len(self.codes) == len(self.source.codes) and self.rendering.key_to is None and not self.has_supplied:
            return self.source.text
        return codes_to_text(self.codes)

    @cached_property
    def has_supplied(self) -> bool:
        """Whether any character is not the source's own."""
        return bool((self.owner >= 0).any())

    @cached_property
    def classes(self) -> NDArray[np.uint16]:
        """Character classes (:mod:`restore.characters`), shape ``(n,)``."""
        return classify(self.codes)

    @cached_property
    def _jump(self) -> Bools:
        """Whether the step into character k is not one to the next source character. Shape ``(n + 1,)``."""
        n = len(self)
        jump = np.zeros(n + 1, dtype=np.bool_)
        if n > 1:
            own = self.owner < 0
            jump[1:n] = ~((self.origin[1:] - self.origin[:-1] == 1) & own[1:] & own[:-1])
        return jump

    @cached_property
    def _jumps_before(self) -> Ints:
        """Jumps at positions below k, shape ``(n + 2,)``."""
        return np.concatenate(([0], np.cumsum(self._jump)))

    @cached_property
    def _seams(self) -> Ints:
        """Positions k where moves made characters k-1 and k neighbours, ascending."""
        r = self.rendering
        if r.key_to is None or r.mover is None or r.key_rank is None or not len(self):
            return np.empty(0, dtype=np.int64)
        at = np.minimum(self.origin, len(r.mover) - 1)
        left, right = at[:-1], at[1:]
        apart = (r.key_to[right] != r.key_to[left]) | (r.key_rank[right] != r.key_rank[left])
        moved = (r.mover[left] >= 0) | (r.mover[right] >= 0)
        # unmoved on both sides: a seam when something between them was moved away
        gone = np.concatenate(([0], np.cumsum(r.mover >= 0)))
        between = (right > left) & (gone[right] - gone[np.minimum(left + 1, len(r.mover))] > 0)
        return np.flatnonzero(np.where(moved, apart, between)) + 1

    def movers_at(self, start: int, end: int) -> tuple[int, ...]:
        """Corrections whose moves made the neighbourhoods inside and at the ends of view span ``[start, end]``."""
        r = self.rendering
        if r.mover is None:
            return ()
        found: set[int] = set()
        lo, hi = np.searchsorted(self._seams, (start, end + 1))
        for k in self._seams[lo:hi]:
            p, q = (min(int(self.origin[i]), len(r.mover) - 1) for i in (k - 1, k))
            here = {int(r.mover[p]), int(r.mover[q])} - {-1}
            if not here and q > p:
                here = {int(m) for m in np.unique(r.mover[p + 1 : q])} - {-1}
            found |= here
        return tuple(sorted(found))


def record(view: View, ledger: Ledger, name: str, drafts: Iterable[Draft | Batch]) -> tuple[int, int]:
    """Map what pass ``name`` found on ``view`` to the source and append it to ``ledger``.

    Returns:
        The range of correction indices that were added.

    Raises:
        CorrectionError: when drafts overlap each other, are empty, or reach outside the text.
    """
    before = ledger.n_corrections
    taken: list[tuple[Ints, Ints]] = []
    recorder = _Recorder(view, ledger, name)
    for draft in drafts:
        if isinstance(draft, Batch):
            if len(draft):
                recorder.batch(draft)
                taken.append((np.asarray(draft.start), np.asarray(draft.end)))
        else:
            spans = recorder.draft(draft)
            if len(spans):
                taken.append((spans[:, 0], spans[:, 1]))
    if len(taken) > 1 or (taken and not _ascending(*taken[0])):
        _refuse_overlap(view, name, taken)
    return before, ledger.n_corrections


def _ascending(start: Ints, end: Ints) -> bool:
    return bool((start[1:] >= end[:-1]).all())


def _refuse_overlap(view: View, name: str, taken: Sequence[tuple[Ints, Ints]]) -> None:
    start = np.concatenate([s for s, _ in taken])
    end = np.concatenate([e for _, e in taken])
    order = np.lexsort((end, start))
    start, end = start[order], end[order]
    clash = np.flatnonzero(start[1:] < np.maximum.accumulate(end)[:-1])
    if len(clash):
        k = int(clash[0])
        raise CorrectionError(
            f"pass {name!r} repairs the same text twice: view offsets {start[k]}-{end[k]} and {start[k + 1]}-{end[k + 1]} "
            f"({view.text[int(start[k]) : int(end[k + 1])]!r})"
        )


class _Recorder:
    """Maps the drafts of one pass to source coordinates."""

    def __init__(self, view: View, ledger: Ledger, name: str) -> None:
        self.view = view
        self.ledger = ledger
        self.pass_index = ledger.pass_index(name)
        self.name = name

    # ------------------------------------------------------------------ columns
    def batch(self, batch: Batch) -> None:
        view, ledger = self.view, self.ledger
        start, end = np.asarray(batch.start, dtype=np.int64), np.asarray(batch.end, dtype=np.int64)
        n, m = len(view), len(start)
        if m == 0:
            return
        if start[0] < 0 or int(end.max()) > n or (end < start).any():
            raise CorrectionError(f"pass {self.name!r} reaches outside the text of {n} characters")
        pool = np.array([ledger.text_index(t) for t in batch.texts], dtype=np.int64)
        text = np.broadcast_to(pool[np.asarray(batch.text)], (m,))
        lines = np.array([ledger.message_index(t) for t in batch.messages], dtype=np.int64)
        message = np.broadcast_to(lines[np.asarray(batch.message)], (m,))
        certainty = np.broadcast_to(np.asarray(batch.certainty, dtype=np.int8), (m,))
        score = np.broadcast_to(np.asarray(batch.score, dtype=np.float32), (m,))
        insert = start == end
        if (insert & (text == 0)).any():
            raise CorrectionError(f"pass {self.name!r} made a correction that does nothing")
        # plain: an own character run that is contiguous in the source, or an insertion beside an own character
        first = np.minimum(start, n - 1) if n else start
        jumps = view._jumps_before
        plain = (
            (view.owner[first] < 0) & (jumps[end] - jumps[np.minimum(start + 1, end)] == 0)
            if n
            else np.zeros(m, dtype=np.bool_)
        )
        if insert.any():
            carrier = np.where(start > 0, start - 1, 0) if batch.after else first
            plain = np.where(insert, (n > 0) & (view.owner[carrier] < 0) & ((start > 0) | (not batch.after)), plain)
        origin = view.origin
        index = ledger.n_corrections
        if plain.all():
            self._plain(batch, start, end, text, insert, message, certainty, score, origin)
        else:
            for k in range(m):  # rare: neighbours of supplied or moved text, one at a time
                span = Span(int(start[k]), int(end[k]))
                word = ledger.texts[int(text[k])]
                edit: Edit = (
                    Insert(span.start, word, batch.after)
                    if insert[k]
                    else Replace(span, word)
                    if word
                    else Delete(span)
                )
                if plain[k]:
                    one = slice(k, k + 1)
                    self._plain(
                        batch, start[one], end[one], text[one], insert[one], message[one], certainty[one], score[one], origin
                    )
                else:
                    self.draft(
                        Draft((edit,), ledger.messages[int(message[k])], Certainty(int(certainty[k])), float(score[k]))
                    )
        self._require(start, end, index)

    def _plain(
        self,
        batch: Batch,
        start: Ints,
        end: Ints,
        text: Ints,
        insert: Bools,
        message: Ints,
        certainty: NDArray[np.int8],
        score: NDArray[np.float32],
        origin: Ints,
    ) -> None:
        ledger = self.ledger
        m, n = len(start), len(self.view)
        s = origin[np.minimum(start, n - 1)].copy()
        t = origin[np.maximum(end - 1, 0)] + 1
        side = np.full(m, BODY, dtype=np.int8)
        if insert.any():
            if batch.after:
                s = np.where(insert, origin[np.maximum(start - 1, 0)] + 1, s)
            t = np.where(insert, s, t)
            side = np.where(insert, AFTER if batch.after else BEFORE, side)
        kind = np.where(insert, EditKind.INSERT, np.where(text == 0, EditKind.DELETE, EditKind.REPLACE))
        index = np.arange(ledger.n_corrections, ledger.n_corrections + m)
        zero = np.zeros(m)
        ledger.extend(
            {
                "pass": np.full(m, self.pass_index),
                "certainty": certainty,
                "score": score,
                "message": message,
                "first": np.arange(ledger.n_edits, ledger.n_edits + m),
            },
            {"corr": index, "kind": kind, "start": s, "end": t, "text": text, "side": side, "to": zero, "rank": zero},
        )

    def _require(self, start: Ints, end: Ints, index: int) -> None:
        """Note which moves the corrections from ``index`` on stand on."""
        seams = self.view._seams
        if not len(seams):
            return
        near = np.flatnonzero(np.searchsorted(seams, end, side="right") > np.searchsorted(seams, start, side="left"))
        for k in near:
            needs = self.view.movers_at(int(start[k]), int(end[k]))
            if needs:
                self.ledger.requires[index + int(k)] = needs

    # ------------------------------------------------------------------ one by one
    def draft(self, draft: Draft) -> Ints:
        """Add one draft; returns the view spans it takes, shape ``(k, 2)`` (moves take none)."""
        view, ledger = self.view, self.ledger
        index = ledger.n_corrections
        rows: list[tuple[int, int, int, int, int, int, float]] = []  # kind, start, end, text, side, to, rank
        builds: set[int] = set()
        needs: set[int] = set()
        spans: list[tuple[int, int]] = []
        evidence = dict(draft.evidence)
        for edit in draft.edits:
            if isinstance(edit, Move):
                rows.extend(self._move(edit, builds))
                continue
            if isinstance(edit, Insert):
                a = b = edit.at
            else:
                a, b = edit.span
            if not 0 <= a <= b <= len(view) or (a == b and not isinstance(edit, Insert)):
                raise CorrectionError(f"pass {self.name!r}: {edit} reaches outside the text of {len(view)} characters")
            spans.append((a, b))
            needs.update(view.movers_at(a, b))
            gap = isinstance(edit, Insert) and isinstance(edit.text, Gap)
            if isinstance(edit, Insert):
                if isinstance(edit.text, Gap):
                    evidence.setdefault("extent_ems", (edit.text.least, edit.text.most))
                    text = GAP_MARK
                else:
                    text = edit.text
                rows.extend(self._insert(a, text, edit.after, gap, builds))
            else:
                rows.extend(self._rewrite(a, b, edit.text if isinstance(edit, Replace) else "", builds))
        if not rows:
            raise CorrectionError(f"pass {self.name!r} made a correction without an edit")
        columns = list(zip(*rows, strict=True))
        m = len(rows)
        ledger.extend(
            {
                "pass": np.array([self.pass_index]),
                "certainty": np.array([int(draft.certainty)]),
                "score": np.array([draft.score]),
                "message": np.array([ledger.message_index(draft.message)]),
                "first": np.array([ledger.n_edits]),
            },
            {
                "corr": np.full(m, index),
                **{
                    name: np.array(column)
                    for name, column in zip(("kind", "start", "end", "text", "side", "to", "rank"), columns, strict=True)
                },
            },
        )
        if evidence:
            ledger.evidence[index] = evidence
        if builds:
            ledger.builds_on[index] = tuple(sorted(builds))
        needs -= builds
        if needs:
            ledger.requires[index] = tuple(sorted(needs))
        return np.array(spans, dtype=np.int64).reshape(-1, 2)

    def _pieces(self, a: int, b: int) -> list[tuple[int, int, int]]:
        """View span as pieces ``(owner, a, b)``: own runs contiguous in the source, or characters of one edit."""
        view = self.view
        cuts = [a]
        for k in range(a + 1, b):
            if view.owner[k] != view.owner[k - 1] or (view.owner[k] < 0 and view.origin[k] != view.origin[k - 1] + 1):
                cuts.append(k)
        cuts.append(b)
        return [(int(view.owner[i]), i, j) for i, j in zip(cuts, cuts[1:], strict=False)]

    def _supplied(
        self, row: int, a: int, b: int, text: str, builds: set[int]
    ) -> tuple[int, int, int, int, int, int, float]:
        """Rewrite view characters ``[a, b)`` of the text that edit ``row`` supplied; the edit is replaced whole."""
        view, e = self.view, self.ledger.edits
        first = a
        while first > 0 and view.owner[first - 1] == row:
            first -= 1
        whole = self.ledger.texts[int(e["text"][row])]
        new = whole[: a - first] + text + whole[b - first :]
        builds.add(int(e["corr"][row]))
        start, end = int(e["start"][row]), int(e["end"][row])
        if start == end:
            kind = EditKind.INSERT if new else EditKind.DELETE
        else:
            kind = EditKind.REPLACE if new else EditKind.DELETE
        return (kind, start, end, self.ledger.text_index(new), int(e["side"][row]), 0, 0.0)

    def _insert(
        self, at: int, text: str, after: bool, gap: bool, builds: set[int]
    ) -> list[tuple[int, int, int, int, int, int, float]]:
        view = self.view
        n = len(view)
        kind = EditKind.GAP if gap else EditKind.INSERT
        index = self.ledger.text_index(text)
        if n == 0:
            return [(kind, 0, 0, index, BEFORE, 0, 0.0)]
        if after and at > 0 and view.owner[at - 1] < 0:
            s = int(view.origin[at - 1]) + 1
            return [(kind, s, s, index, AFTER, 0, 0.0)]
        if at < n and view.owner[at] < 0 and (not after or at == 0):
            s = int(view.origin[at])
            return [(kind, s, s, index, BEFORE, 0, 0.0)]
        # beside supplied text: it becomes part of that text
        row, k = (int(view.owner[at - 1]), at) if after and at > 0 else (int(view.owner[min(at, n - 1)]), at)
        if row < 0:  # `not after` at the very end
            s = int(view.origin[n - 1]) + 1
            return [(kind, s, s, index, AFTER, 0, 0.0)]
        return [self._supplied(row, k, k, text, builds)]

    def _rewrite(
        self, a: int, b: int, text: str, builds: set[int]
    ) -> list[tuple[int, int, int, int, int, int, float]]:
        rows = []
        done: set[int] = set()
        for owner, i, j in self._pieces(a, b):
            put, text = text, ""  # the new text stands in the first piece
            if owner >= 0:
                if owner in done:
                    continue
                done.add(owner)
                rows.append(self._supplied(owner, i, j, put, builds))
            else:
                s, t = int(self.view.origin[i]), int(self.view.origin[j - 1]) + 1
                kind = EditKind.REPLACE if put else EditKind.DELETE
                rows.append((kind, s, t, self.ledger.text_index(put), BODY, 0, 0.0))
        return rows

    def _move(self, edit: Move, builds: set[int]) -> list[tuple[int, int, int, int, int, int, float]]:
        view, r = self.view, self.view.rendering
        a, b = edit.span
        if not 0 <= a < b <= len(view) or not 0 <= edit.to <= len(view):
            raise CorrectionError(f"pass {self.name!r}: {edit} reaches outside the text of {len(view)} characters")
        to, rank = len(view.source.codes), edit.rank
        if edit.to < len(view):
            to = int(view.origin[edit.to])
            if r.key_to is not None and r.key_rank is not None and np.isfinite(r.key_rank[to]):
                # stands before a line that was itself moved
                rank = float(np.nextafter(r.key_rank[to], -np.inf)) + edit.rank * 1e-9
                to = int(r.key_to[to])
        origins = np.unique(view.origin[a:b])
        origins = origins[origins < len(view.source.codes)]
        runs: list[list[int]] = []
        for o in origins.tolist():
            # hidden characters between shown ones travel along
            if runs and r.hidden[runs[-1][1] : o].all():
                runs[-1][1] = o + 1
            else:
                runs.append([o, o + 1])
        if r.mover is not None:
            builds.update(int(m) for m in np.unique(r.mover[origins]) if m >= 0)
        return [(EditKind.MOVE, s, t, 0, BODY, to, rank) for s, t in runs]


def evidence_of(ledger: Ledger, index: int) -> dict[str, Any]:
    """Evidence recorded for a correction, as a new dict."""
    return dict(ledger.evidence.get(index, {}))
