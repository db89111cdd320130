"""From what a pass found on a view to corrections of the source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from math import isfinite
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

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
from restore.ledger import (
    AFTER,
    BEFORE,
    BODY,
    CORR_COLUMNS,
    EDIT_COLUMNS,
    USUAL,
    Bools,
    Ints,
    Ledger,
)
from restore.source import Span
from restore.view import View

__all__ = ["record"]

_DELETE, _REPLACE = np.int8(EditKind.DELETE), np.int8(EditKind.REPLACE)
_FEW = 64  # texts of a batch that go into the pool whether they are used or not
_Scalar = TypeVar("_Scalar", bound=np.generic)
Row = tuple[int, int, int, int, int, int, int, float, int]  # as EDIT_COLUMNS


def record(
    view: View, ledger: Ledger, name: str, drafts: Iterable[Draft | Batch]
) -> tuple[int, int, Ints | None]:
    """Map what pass ``name`` found on ``view`` to the source and append it to ``ledger``.

    Returns:
        The range of correction indices that were added; where in the view their edits begin, row by row, unless
        that has to be looked for.

    Raises:
        CorrectionError: when drafts overlap each other, do nothing, or reach outside the text.
        TypeError: when they are no drafts.
    """
    before = ledger.n_corrections
    recorder = _Recorder(view, ledger, name)
    if not isinstance(drafts, Iterable):
        raise TypeError(f"pass {name!r}: find must yield drafts or return a list of them, not {drafts!r}")
    for draft in drafts:
        if isinstance(draft, Batch):
            recorder.batch(draft)
        elif isinstance(draft, Draft) and isinstance(draft.edits, tuple | list):
            recorder.draft(draft)
        else:
            wanted = "a Draft with a tuple of edits, or a Batch"
            raise TypeError(f"pass {name!r}: find must yield {wanted}, not {draft!r:.200}")
    recorder.finish()
    return before, ledger.n_corrections, recorder.places


def _column(values: NDArray[_Scalar], size: int) -> NDArray[_Scalar]:
    """One value for each row, from a column or from a single value."""
    return values if values.ndim else np.full(size, values)


class _Recorder:
    """Maps the drafts of one pass to source coordinates.

    Drafts that rewrite supplied text wait until :meth:`finish`, the surest first: several that rewrite the same text
    stand on each other, and a sure one must not stand on a doubtful one.
    """

    def __init__(self, view: View, ledger: Ledger, name: str) -> None:
        self.view = view
        self.ledger = ledger
        self.first = ledger.n_corrections
        self.pass_index = ledger.pass_index(name)
        self.name = name
        self.spans: list[tuple[Ints, Ints]] = []  # view spans whose text is rewritten, from batches
        self.apart = True  # none of these overlap, as is plain from one batch in its order
        self.rewritten: list[tuple[int, int]] = []  # the same, from drafts
        self.moved: list[tuple[int, int]] = []  # view spans that move
        self.places: Ints | None = None  # where in the view the rows begin, when all are from one batch
        self.waiting: list[Draft] = []
        # rows that are not in the ledger's columns yet
        self.corrs: list[tuple[int, int, float, int, int]] = []
        self.rows: list[Row] = []
        # by row of supplied text: the row that has its latest state, and what was rewritten in it
        self.latest: dict[int, tuple[int, int, int, list[tuple[int, int, int]]]] = {}

    def finish(self) -> None:
        """Record what waited, and refuse overlaps."""
        self.waiting.sort(key=lambda draft: -int(draft.certainty))
        for draft in self.waiting:
            self._record(draft)
        self._flush()
        if self.rewritten or not self.apart:
            self._refuse_overlap(self.spans, self.rewritten, "repairs the same text twice")
        self._refuse_overlap([], self.moved, "moves the same text twice")

    def _flush(self) -> None:
        """Bring the drafts recorded so far into columns."""
        if not self.corrs:
            return
        corrs = dict(zip(CORR_COLUMNS, zip(*self.corrs, strict=True), strict=True))
        edits = dict(zip(EDIT_COLUMNS, zip(*self.rows, strict=True), strict=True))
        for name, usual in USUAL.items():
            if all(value == usual for value in edits[name]):
                del edits[name]
        self.ledger.extend(corrs, edits)
        self.corrs, self.rows = [], []
        self.places = None

    @property
    def _next(self) -> tuple[int, int]:
        """Index that the next correction and the next edit will have."""
        return self.ledger.n_corrections + len(self.corrs), self.ledger.n_edits + len(self.rows)

    def _refuse_overlap(
        self, columns: Sequence[tuple[Ints, Ints]], spans: Sequence[tuple[int, int]], what: str
    ) -> None:
        """Raise where spans of batches, in columns, or of drafts overlap."""
        if not columns and all(one[1] <= other[0] for one, other in pairwise(spans)):
            return
        start = np.concatenate([*(s for s, _ in columns), np.array([a for a, _ in spans], dtype=np.int64)])
        end = np.concatenate([*(e for _, e in columns), np.array([b for _, b in spans], dtype=np.int64)])
        order = np.lexsort((end, start))
        start, end = start[order], end[order]
        clash = (start[1:] < np.maximum.accumulate(end)[:-1]).nonzero()[0]
        if len(clash):
            k = int(clash[0])
            raise CorrectionError(
                f"pass {self.name!r} {what}: view offsets {start[k]}-{end[k]} and {start[k + 1]}-{end[k + 1]} "
                f"({self.view.text[int(start[k]) : int(end[k + 1])]!r})"
            )

    def _outside(self, what: object) -> CorrectionError:
        return CorrectionError(
            f"pass {self.name!r}: {what} reaches outside the text of {len(self.view)} characters"
        )

    def _idle(self) -> CorrectionError:
        return CorrectionError(f"pass {self.name!r} made a correction that does nothing")

    # ------------------------------------------------------------------ columns
    def batch(self, batch: Batch) -> None:
        """Add the corrections of a batch."""
        view, ledger = self.view, self.ledger
        start, end = np.asarray(batch.start, dtype=np.int64), np.asarray(batch.end, dtype=np.int64)
        n, m = len(view), len(start)
        if m == 0:
            return
        size = end - start
        least = int(size.min())
        ordered = least >= 0 and bool((start[1:] >= end[:-1]).all())
        low, high = (start[0], end[-1]) if ordered else (start.min(), end.max())
        if least < 0 or low < 0 or high > n:
            raise self._outside("a batch")
        self.apart = ordered and not self.spans
        self.spans.append((start, end))
        which, texts = batch.text, batch.texts
        if len(texts) > _FEW and not isinstance(which, int):  # of a table of replacements only what is used
            used, which = np.unique(which, return_inverse=True)
            texts = [texts[k] for k in used.tolist()]
        pool = np.array([ledger.text_index(t) for t in texts], dtype=np.int64)
        text = pool[which]
        lines = np.array([ledger.message_index(t) for t in batch.messages], dtype=np.int64)
        message = lines[batch.message]
        certainty = np.asarray(batch.certainty, dtype=np.int8)
        score = np.asarray(batch.score, dtype=np.float32)
        insert, inserts = size == 0, least == 0
        if inserts and (insert & (text == 0)).any():
            raise self._idle()
        s, t = self._mapped(start, end, insert, batch.after, inserts)
        if inserts or view.has_supplied or view.rendering.mover is not None:
            plain = self._plain(start, end, insert, batch.after, inserts)
        else:
            plain = t - s == size  # all characters are the source's own, and in its order
        slow: list[Draft] = []
        if not plain.all():
            text, message, certainty, score = (_column(c, m) for c in (text, message, certainty, score))
            for k in (~plain).nonzero()[0].tolist():
                span, word = Span(int(start[k]), int(end[k])), ledger.texts[int(text[k])]
                edit: Edit = Replace(span, word) if word else Delete(span)
                if insert[k]:
                    edit = Insert(span.start, word, batch.after)
                line = ledger.messages[int(message[k])]
                slow.append(Draft((edit,), line, Certainty(int(certainty[k])), float(score[k])))
            start, end, s, t = start[plain], end[plain], s[plain], t[plain]
            text, insert = text[plain], insert[plain]
            message, certainty, score = message[plain], certainty[plain], score[plain]
            m = len(start)
        for draft in slow:  # rare: beside or inside supplied or moved text
            self.draft(draft, again=True)
        if m == 0:
            return
        kind = np.where(text == 0, _DELETE, _REPLACE)
        if inserts:
            kind = np.where(insert, np.int8(EditKind.INSERT), kind)
        self._flush()
        self.places = start if ledger.n_corrections == self.first else None
        first = ledger.n_corrections
        corrs = {
            "pass": self.pass_index,
            "certainty": certainty,
            "score": score,
            "message": message,
            "first": np.arange(ledger.n_edits, ledger.n_edits + m),
        }
        edits: dict[str, Any] = {
            "corr": np.arange(first, first + m),
            "kind": kind,
            "start": s,
            "end": t,
            "text": text,
        }
        if inserts:
            edits["side"] = np.where(insert, np.int8(AFTER if batch.after else BEFORE), np.int8(BODY))
        ledger.extend(corrs, edits)
        if view.rendering.mover is not None:
            seams = view.seams
            for k in (seams.searchsorted(end, "right") > seams.searchsorted(start)).nonzero()[0].tolist():
                needs = view.movers_at(int(start[k]), int(end[k]))
                if needs:
                    ledger.requires[first + k] = needs

    def _mapped(self, start: Ints, end: Ints, insert: Bools, after: bool, inserts: bool) -> tuple[Ints, Ints]:
        """Source spans of what is plain, both of shape ``(m,)``; anything elsewhere."""
        origin, n = self.view.origin, len(self.view)
        if not inserts:
            return origin.take(start), origin.take(end - 1) + 1
        if n == 0:
            return start, end
        s = origin[np.minimum(start, n - 1)]
        t = origin[np.maximum(end - 1, 0)] + 1
        if after:
            s = np.where(insert, origin[np.maximum(start - 1, 0)] + 1, s)
        return s, np.where(insert, s, t)

    def _plain(self, start: Ints, end: Ints, insert: Bools, after: bool, inserts: bool) -> Bools:
        """Own characters that are a run in the source too, and insertions with nothing supplied beside. Shape ``(m,)``."""
        view = self.view
        n = len(view)
        if n == 0:
            return np.zeros(len(start), dtype=np.bool_)
        own = view.own
        plain: Bools = own[np.minimum(start, n - 1)]
        wide = (end - start > 1).nonzero()[0]
        if len(wide):
            jumps = view.jumps
            plain[wide] &= jumps.searchsorted(end[wide]) == jumps.searchsorted(start[wide] + 1)
        if inserts:
            left = own[np.maximum(start - 1, 0)] & (start > 0)
            right = own[np.minimum(start, n - 1)] & (start < n)
            alone = left & (right | (start == n)) if after else right & (left | (start == 0))
            plain = np.where(insert, alone, plain)
        return plain

    # ------------------------------------------------------------------ one by one
    def draft(self, draft: Draft, again: bool = False) -> None:
        """Add a draft, now or when the others are in; ``again`` when its spans have been noted already."""
        view = self.view
        for edit in draft.edits:
            if isinstance(edit, Insert):
                a = b = edit.at
                if edit.text == "":
                    raise self._idle()
            else:
                a, b = edit.span
            if not 0 <= a <= b <= len(view) or (a == b and not isinstance(edit, Insert)):
                raise self._outside(edit)
            if isinstance(edit, Move):
                if not 0 <= edit.to <= len(view) or not isfinite(edit.rank):
                    raise self._outside(edit)
                self.moved.append((a, b))
            elif not again:
                self.rewritten.append((a, b))
        if view.has_supplied and any(self._inside_supplied(edit) for edit in draft.edits):
            self.waiting.append(draft)
        else:
            self._record(draft)

    def _inside_supplied(self, edit: Edit) -> bool:
        """Whether the edit changes text that an earlier correction supplied."""
        owner = self.view.owner
        if isinstance(edit, Insert):
            return (
                0 < edit.at < len(owner)
                and owner[edit.at] >= 0
                and bool(owner[edit.at] == owner[edit.at - 1])
            )
        return not isinstance(edit, Move) and bool((owner[edit.span.start : edit.span.end] >= 0).any())

    def _record(self, draft: Draft) -> None:
        view, ledger = self.view, self.ledger
        index, row = self._next
        rows: list[Row] = []
        builds: set[int] = set()
        needs: set[int] = set()
        evidence = dict(draft.evidence)
        for edit in draft.edits:
            if isinstance(edit, Move):
                rows.extend(self._move(edit, builds, needs))
                continue
            a, b = (edit.at, edit.at) if isinstance(edit, Insert) else edit.span
            needs.update(view.movers_at(a, b))
            if isinstance(edit, Insert):
                text = edit.text
                if isinstance(text, Gap):
                    evidence.setdefault("extent_ems", (text.least, text.most))
                    rows.append(self._insert(a, GAP_MARK, edit.after, EditKind.GAP, builds, rows))
                else:
                    rows.append(self._insert(a, text, edit.after, EditKind.INSERT, builds, rows))
            else:
                self._rewrite(a, b, edit.text if isinstance(edit, Replace) else "", builds, rows)
        if not rows:
            raise self._idle()
        line = ledger.message_index(draft.message)
        self.corrs.append((self.pass_index, int(draft.certainty), draft.score, line, row))
        self.rows.extend((index, *one[1:]) for one in rows)
        if evidence:
            ledger.evidence[index] = evidence
        builds.discard(index)
        if builds:
            ledger.builds_on[index] = tuple(sorted(builds))
        needs -= builds
        if needs:
            ledger.requires[index] = tuple(sorted(needs))

    def _rewrite(self, a: int, b: int, text: str, builds: set[int], rows: list[Row]) -> None:
        """Rows that put ``text`` in the place of view characters ``[a, b)``; it stands where the first of them stood."""
        owners, origins = self.view.owner[a:b].tolist(), self.view.origin[a:b].tolist()
        # where it is no run in the source, nor one supplied text
        cuts = [
            k
            for k in range(1, b - a)
            if owners[k] != owners[k - 1] or (owners[k] < 0 and origins[k] != origins[k - 1] + 1)
        ]
        for i, j in pairwise([0, *cuts, b - a]):
            put, text = text, ""
            if owners[i] >= 0:
                rows.append(self._supplied(owners[i], a + i, a + j, put, builds, rows))
            else:
                s, t = origins[i], origins[j - 1] + 1
                kind = EditKind.REPLACE if put else EditKind.DELETE
                rows.append((0, kind, s, t, self.ledger.text_index(put), BODY, 0, 0.0, -1))

    def _supplied(self, row: int, a: int, b: int, text: str, builds: set[int], rows: list[Row]) -> Row:
        """The row that rewrites view characters ``[a, b)`` of the text which edit ``row`` supplied."""
        ledger, e = self.ledger, self.ledger.edits
        first = a
        while first > 0 and self.view.owner[first - 1] == row:
            first -= 1
        a, b = a - first, b - first
        latest, correction, words, done = self.latest.get(
            row, (row, int(e["corr"][row]), int(e["text"][row]), [])
        )
        shift = sum(delta for _, stop, delta in done if stop <= a)
        whole = ledger.texts[words]
        new = ledger.text_index(whole[: a + shift] + text + whole[b + shift :])
        builds.add(correction)
        done = [*done, (a, b, len(text) - (b - a))]
        index, line = self._next
        self.latest[row] = (line + len(rows), index, new, done)
        start, end = int(e["start"][row]), int(e["end"][row])
        kind = EditKind.DELETE if not new else EditKind.INSERT if start == end else EditKind.REPLACE
        return (index, kind, start, end, new, int(e["side"][row]), 0, float(e["rank"][row]), latest)

    def _insert(
        self, at: int, text: str, after: bool, kind: EditKind, builds: set[int], rows: list[Row]
    ) -> Row:
        """The row that puts ``text`` between view characters ``at - 1`` and ``at``.

        It belongs to one of the two and takes a rank by which it stands between what else belongs there.
        """
        view, e = self.view, self.ledger.edits
        n = len(view)
        word = self.ledger.text_index(text)
        if n == 0:
            return (0, kind, 0, 0, word, BEFORE, 0, 0.0, -1)
        after = at > 0 if after else at == n
        k = at - 1 if after else at  # the character it belongs to
        other = at if after else at - 1
        step = 1.0 if after else -1.0
        row, slot = int(view.owner[k]), int(view.origin[k])
        beside = int(view.owner[other]) if 0 <= other < n and view.origin[other] == slot else -1
        if row >= 0 and row == beside:  # inside a supplied text
            return self._supplied(row, at, at, text, builds, rows)
        side, rank = (AFTER if after else BEFORE), 0.0
        if row >= 0 and e["side"][row] != BODY:
            side, rank = int(e["side"][row]), float(e["rank"][row]) + step
            if beside >= 0 and e["side"][beside] == side:
                low, high = float(e["rank"][row]), float(e["rank"][beside])
                rank = (low + high) / 2
                if not min(low, high) < rank < max(low, high):
                    return self._supplied(row, at, at, text, builds, rows)
        elif beside >= 0 and e["side"][beside] == side:
            rank = float(e["rank"][beside]) - step
        elif row >= 0 and after:
            slot = self._last_slot(row, other)
        place = slot + (side == AFTER)
        return (0, kind, place, place, word, side, 0, rank, -1)

    def _last_slot(self, row: int, other: int) -> int:
        """The last source character that edit ``row`` replaces, where nothing else stands before view character ``other``.

        What follows a replacement shall follow the whole stretch when the replacement is rejected.
        """
        r, e = self.view.rendering, self.ledger.edits
        slot, last = int(e["start"][row]), int(e["end"][row]) - 1
        inside = other < len(self.view) and slot < int(self.view.origin[other]) <= last
        torn = (
            r.key_to is not None
            and r.key_rank is not None
            and (
                np.unique(r.key_rank[slot : last + 1]).size > 1
                or (r.key_rank[slot] < np.inf and np.ptp(r.key_to[slot : last + 1]))
            )
        )
        return slot if inside or torn else last

    def _move(self, edit: Move, builds: set[int], needs: set[int]) -> list[Row]:
        """One row for each stretch of the source that moves; supplied text goes with the character that carries it."""
        view, r = self.view, self.view.rendering
        a, b = edit.span
        supplied = view.has_supplied and bool((view.owner[a:b] >= 0).any())
        slots = self._slots(a, b) if supplied else view.origin[a:b]
        if r.mover is not None:
            builds.update(int(m) for m in np.unique(r.mover[slots]) if m >= 0)
        # hidden characters between shown ones travel along; characters that are not in source order follow by rank
        shown = self._shown
        back = np.diff(slots) < 0
        apart = (back | (shown[slots[1:]] != shown[slots[:-1] + 1])).nonzero()[0]
        turn = np.concatenate(([0], back.cumsum()))
        to, low, high = self._target(edit.to, needs)
        rows: list[Row] = []
        for i, j in zip([0, *(apart + 1).tolist()], [*apart.tolist(), len(slots) - 1], strict=True):
            rank = edit.rank + int(turn[i]) * 2.0**-20
            if low is not None:
                share = 0.5 + rank / (2 + 2 * abs(rank))  # any rank, in order, between 0 and 1
                rank = low + (high - low) * (0.25 + 0.5 * share)
            rows.append((0, EditKind.MOVE, int(slots[i]), int(slots[j]) + 1, 0, BODY, to, rank, -1))
        return rows

    @cached_property
    def _texted(self) -> Ints:
        """Source characters that carry supplied text."""
        return self.view.origin[self.view.owner >= 0]

    @cached_property
    def _shown(self) -> Ints:
        """How many source characters before each offset are shown or carry text, shape ``(source + 1,)``."""
        solid = ~self.view.rendering.hidden
        solid[self._texted[self._texted < len(solid)]] = True
        return np.concatenate(([0], solid.cumsum()))

    def _slots(self, a: int, b: int) -> Ints:
        """Source characters that view span ``[a, b)`` with supplied text stands for, in its order."""
        view, r, e = self.view, self.view.rendering, self.ledger.edits
        size = len(view.source.codes)
        owner, origin = view.owner[a:b], view.origin[a:b]
        rows_here, firsts = np.unique(owner, return_index=True)
        rows_here, firsts = rows_here[rows_here >= 0], firsts[rows_here >= 0]
        body, ends, carriers = e["side"][rows_here] == BODY, e["end"][rows_here], origin[firsts]
        # the stretch of the source that the span comes from
        low, high = int(origin.min()), max(int(origin.max()) + 1, int(ends.max(initial=0)))
        place = np.full(high - low, -1)  # where in the span each source character of it that moves stands
        own = (owner < 0).nonzero()[0]
        place[origin[own] - low] = own
        if (ends[body] == carriers[body] + 1).all():  # each instead of one character
            place[carriers[body] - low] = firsts[body]
        else:
            texted = self._texted
            for first, slot, end in zip(
                firsts[body].tolist(), carriers[body].tolist(), ends[body].tolist(), strict=True
            ):
                place[slot - low : end - low] = first
                place[texted[(texted > slot) & (texted < end)] - low] = -1
        for row, first, slot in zip(
            rows_here[~body].tolist(), firsts[~body].tolist(), carriers[~body].tolist(), strict=True
        ):
            if slot < size and r.hidden[slot]:
                # its carrier is gone: the first of the texts there takes them all along
                here = view.owner[view.origin == slot]
                if int(here[0]) == row and not (e["side"][here] == BODY).any():
                    place[slot - low] = first
        slots = (place[: size - low] >= 0).nonzero()[0] + low
        if not len(slots):
            raise CorrectionError(
                f"pass {self.name!r} moves only text that was supplied ({view.text[a:b]!r}): it goes with the character "
                "that carries it"
            )
        return slots[np.argsort(place[slots - low], kind="stable")]

    def _target(self, at: int, needs: set[int]) -> tuple[int, float | None, float]:
        """The source offset before which view offset ``at`` is, and between which ranks a move there must be.

        The ranks are None and 0 where nothing has been moved to. A place inside a line that was moved itself is the place
        before that line.
        """
        view, r, n = self.view, self.view.rendering, len(self.view)
        side = self.ledger.edits["side"]
        while 0 < at < n and view.owner[at] >= 0 and view.origin[at] == view.origin[at - 1]:
            if side[view.owner[at]] != AFTER:
                break
            at += 1  # goes with the character before it
        to = int(view.origin[at]) if at < n else len(view.source.codes)
        if r.key_to is None or r.key_rank is None or r.mover is None:
            return to, None, 0.0
        high = np.inf
        if at < n and np.isfinite(r.key_rank[to]):
            needs.add(int(r.mover[to]))
            to, high = int(r.key_to[to]), float(r.key_rank[to])
        there = r.key_rank[(r.key_to == to) & (r.key_rank < high)]
        if high == np.inf:
            return (to, float(there.max()), float(there.max()) + 2.0) if len(there) else (to, None, 0.0)
        return to, float(there.max()) if len(there) else high - 2.0, high
