"""The list of corrections, in columns, and the one function that turns source plus corrections into text.

A page has a thousand repairs and an archive 10^8, so nothing here is an object per repair: edits are rows of arrays,
texts are indices into a pool, and :func:`render` is NumPy throughout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.correction import (
    Certainty,
    Correction,
    Delete,
    Edit,
    EditKind,
    Gap,
    Insert,
    Move,
    Replace,
)
from restore.source import Codes, Source, Span, codes_to_text, text_to_codes

__all__ = ["Ledger", "Rendering", "render"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

EDIT_COLUMNS = ("corr", "kind", "start", "end", "text", "side", "to", "rank")
CORR_COLUMNS = ("pass", "certainty", "score", "message", "first")
_DTYPES = {
    "corr": np.int64,
    "kind": np.int8,
    "start": np.int64,
    "end": np.int64,
    "text": np.int64,
    "side": np.int8,
    "to": np.int64,
    "rank": np.float64,
    "pass": np.int16,
    "certainty": np.int8,
    "score": np.float32,
    "message": np.int32,
    "first": np.int64,
}
# where in its slot a text stands: before the character, in its place, behind it
BEFORE, BODY, AFTER = 0, 1, 2


class Ledger:
    """Columns of corrections and their edits, append-only.

    ``edits`` has one row per edit: ``corr`` (correction), ``kind``, ``start``/``end`` (source), ``text`` (pool index),
    ``side`` (BEFORE, BODY or AFTER the character that carries the text), ``to`` and ``rank`` (moves).
    ``corrs`` has one row per correction: ``pass``, ``certainty``, ``score``, ``message`` (pool index), ``first`` (first edit).
    """

    def __init__(self) -> None:
        self.passes: list[str] = []
        self.texts: list[str] = [""]
        self._text_index: dict[str, int] = {"": 0}
        self.messages: list[str] = []
        self._message_index: dict[str, int] = {}
        self._edit_parts: dict[str, list[NDArray[Any]]] = {name: [] for name in EDIT_COLUMNS}
        self._corr_parts: dict[str, list[NDArray[Any]]] = {name: [] for name in CORR_COLUMNS}
        self._edits: dict[str, NDArray[Any]] | None = None
        self._corrs: dict[str, NDArray[Any]] | None = None
        self.n_corrections = 0
        self.n_edits = 0
        self.evidence: dict[int, Mapping[str, Any]] = {}
        self.builds_on: dict[int, tuple[int, ...]] = {}
        self.requires: dict[int, tuple[int, ...]] = {}

    # ------------------------------------------------------------------ filling
    def pass_index(self, name: str) -> int:
        """Index of a pass name, added when new."""
        if name not in self.passes:
            self.passes.append(name)
        return self.passes.index(name)

    def text_index(self, text: str) -> int:
        """Index of a text in the pool, added when new."""
        found = self._text_index.get(text)
        if found is None:
            found = self._text_index[text] = len(self.texts)
            self.texts.append(text)
        return found

    def message_index(self, message: str) -> int:
        """Index of a message in the pool, added when new."""
        found = self._message_index.get(message)
        if found is None:
            found = self._message_index[message] = len(self.messages)
            self.messages.append(message)
        return found

    def extend(self, corrs: Mapping[str, NDArray[Any]], edits: Mapping[str, NDArray[Any]]) -> None:
        """Append rows. ``edits["corr"]`` and ``corrs["first"]`` are already absolute."""
        for name in CORR_COLUMNS:
            self._corr_parts[name].append(np.asarray(corrs[name], dtype=_DTYPES[name]))
        for name in EDIT_COLUMNS:
            self._edit_parts[name].append(np.asarray(edits[name], dtype=_DTYPES[name]))
        self.n_corrections += len(corrs["pass"])
        self.n_edits += len(edits["corr"])
        self._edits = self._corrs = None

    # ------------------------------------------------------------------ columns
    @property
    def edits(self) -> dict[str, NDArray[Any]]:
        """Edit columns, each of shape ``(n_edits,)``."""
        if self._edits is None:
            self._edits = _joined(self._edit_parts)
        return self._edits

    @property
    def corrs(self) -> dict[str, NDArray[Any]]:
        """Correction columns, each of shape ``(n_corrections,)``."""
        if self._corrs is None:
            self._corrs = _joined(self._corr_parts)
        return self._corrs

    def keep(self, mask: Bools) -> Ledger:
        """A ledger with only the corrections in ``mask``; whatever depends on a dropped one must be dropped too."""
        new = Ledger()
        new.passes, new.messages, new._message_index = self.passes, self.messages, self._message_index
        new.texts, new._text_index = self.texts, self._text_index
        number = np.cumsum(mask) - 1
        e = self.edits
        rows = mask[e["corr"]]
        edits = {name: e[name][rows] for name in EDIT_COLUMNS}
        edits["corr"] = number[edits["corr"]]
        corrs = {name: self.corrs[name][mask] for name in CORR_COLUMNS}
        corrs["first"] = np.searchsorted(edits["corr"], np.arange(len(corrs["pass"])))
        new.extend(corrs, edits)
        new.evidence = {int(number[i]): v for i, v in self.evidence.items() if mask[i]}
        for name in ("builds_on", "requires"):
            old: dict[int, tuple[int, ...]] = getattr(self, name)
            setattr(new, name, {int(number[i]): tuple(int(number[j]) for j in v) for i, v in old.items() if mask[i]})
        return new

    # ------------------------------------------------------------------ dependence
    def closure(self, accepted: Bools) -> Bools:
        """``accepted`` without the corrections whose foundations are not accepted. Shape ``(n_corrections,)``."""
        out = accepted.copy()
        # dependencies point backwards, so one ascending sweep is enough
        for index in sorted(self.builds_on.keys() | self.requires.keys()):
            if out[index]:
                needs = self.builds_on.get(index, ()) + self.requires.get(index, ())
                if not all(out[j] for j in needs):
                    out[index] = False
        return out

    def dependents(self, index: int) -> list[int]:
        """Corrections that fall with ``index``, ascending."""
        fallen = {index}
        for later in sorted(self.builds_on.keys() | self.requires.keys()):
            if fallen & {*self.builds_on.get(later, ()), *self.requires.get(later, ())}:
                fallen.add(later)
        return sorted(fallen - {index})

    def foundations(self, index: int) -> list[int]:
        """Corrections that ``index`` stands on, ascending."""
        found: set[int] = set()
        todo = [index]
        while todo:
            i = todo.pop()
            for j in self.builds_on.get(i, ()) + self.requires.get(i, ()):
                if j not in found:
                    found.add(j)
                    todo.append(j)
        return sorted(found)

    # ------------------------------------------------------------------ objects on demand
    def edit(self, row: int) -> Edit:
        """The edit of a row as an object."""
        e = self.edits
        kind, start, end = EditKind(int(e["kind"][row])), int(e["start"][row]), int(e["end"][row])
        text = self.texts[int(e["text"][row])]
        if kind is EditKind.MOVE:
            return Move(Span(start, end), int(e["to"][row]), float(e["rank"][row]))
        if kind is EditKind.GAP:
            extent = self.evidence.get(int(e["corr"][row]), {}).get("extent_ems", (0.0, None))
            return Insert(start, Gap(*extent), bool(e["side"][row] == AFTER))
        if kind is EditKind.DELETE:
            return Delete(Span(start, end))
        if kind is EditKind.INSERT:
            return Insert(start, text, bool(e["side"][row] == AFTER))
        return Replace(Span(start, end), text)

    def rows(self, index: int) -> range:
        """Rows of ``edits`` that belong to correction ``index``."""
        first = self.corrs["first"]
        end = int(first[index + 1]) if index + 1 < self.n_corrections else self.n_edits
        return range(int(first[index]), end)

    def correction(self, index: int, source: Source, applied: bool) -> Correction:
        """Correction ``index`` as an object."""
        c = self.corrs
        rows = self.rows(index)
        edits = tuple(self.edit(r) for r in rows)
        name = self.passes[int(c["pass"][index])]
        before, after = [], []
        for edit in edits:
            if isinstance(edit, Insert):
                after.append("〔…〕" if isinstance(edit.text, Gap) else edit.text)
            elif isinstance(edit, Move):
                before.append(source.text[edit.span.start : edit.span.end])
                after.append(before[-1])
            else:
                before.append(source.text[edit.span.start : edit.span.end])
                after.append(edit.text if isinstance(edit, Replace) else "")
        return Correction(
            index=index,
            id=self.identifier(index),
            pass_name=name,
            edits=edits,
            certainty=Certainty(int(c["certainty"][index])),
            score=float(c["score"][index]),
            message=self.messages[int(c["message"][index])],
            evidence=self.evidence.get(index, {}),
            builds_on=self.builds_on.get(index, ()),
            requires=self.requires.get(index, ()),
            applied=applied,
            before="".join(before),
            after="".join(after),
        )

    def identifier(self, index: int) -> str:
        """Twelve hexadecimal digits that name what correction ``index`` does."""
        e, c = self.edits, self.corrs
        parts = [self.passes[int(c["pass"][index])]]
        for r in self.rows(index):
            parts.append(
                f"{e['kind'][r]},{e['start'][r]},{e['end'][r]},{e['side'][r]},{e['to'][r]},{self.texts[int(e['text'][r])]}"
            )
        return hashlib.blake2b("|".join(parts).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _joined(parts: dict[str, list[NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    out = {}
    for name, arrays in parts.items():
        if len(arrays) > 1:
            arrays[:] = [np.concatenate(arrays)]
        out[name] = arrays[0] if arrays else np.empty(0, dtype=_DTYPES[name])
    return out


@dataclass(frozen=True)
class Rendering:
    """Text made from a source and a set of corrections, mapped back character by character.

    Attributes:
        codes: code points of the text, shape ``(n,)``.
        origin: source offset each character stands for; a supplied character has that of the character that
            carries it. Shape ``(n,)``.
        owner: edit row that supplied a character, -1 for characters of the source. Shape ``(n,)``.
        key_to, key_rank: the sort key of every source character, or None when nothing moved. Shape ``(source,)``.
        mover: correction that moved a source character, -1 for none; None when nothing moved. Shape ``(source,)``.
        hidden: whether a source character is not shown. Shape ``(source,)``.
    """

    codes: Codes
    origin: Ints
    owner: Ints
    hidden: Bools
    key_to: Ints | None = None
    key_rank: NDArray[np.float64] | None = None
    mover: Ints | None = None


def render(source: Codes, ledger: Ledger, accepted: Bools) -> Rendering:
    """Apply the accepted corrections to the source.

    Args:
        source: code points, shape ``(n,)``.
        accepted: shape ``(n_corrections,)``, closed under :meth:`Ledger.closure`.

    The output is the source's characters sorted by key (their own offset or, when moved, ``(to, rank)``), each preceded,
    replaced and followed by the texts that edits attach to it. So every accepted subset has exactly one result.
    """
    n = len(source)
    e = ledger.edits
    take = accepted[e["corr"]] if ledger.n_edits else np.zeros(0, dtype=np.bool_)
    for later, earlier in ledger.builds_on.items():
        if accepted[later]:
            _supersede(ledger, take, later, earlier)
    kind = e["kind"]
    moves = np.flatnonzero(take & (kind == EditKind.MOVE))
    rows = np.flatnonzero(take & (kind != EditKind.MOVE))

    start, end, text, side = e["start"][rows], e["end"][rows], e["text"][rows], e["side"][rows]
    hidden = np.zeros(n, dtype=np.bool_)
    if len(rows):
        wide = end > start
        delta = np.bincount(start[wide], minlength=n + 1) - np.bincount(end[wide], minlength=n + 1)
        hidden = np.cumsum(delta[:n]) > 0
    key_to = key_rank = mover = order = None
    if len(moves):
        key_to = np.arange(n, dtype=np.int64)
        key_rank = np.full(n, np.inf)
        mover = np.full(n, -1, dtype=np.int64)
        for r in moves:
            a, b = int(e["start"][r]), int(e["end"][r])
            key_to[a:b], key_rank[a:b], mover[a:b] = e["to"][r], e["rank"][r], e["corr"][r]
        order = np.lexsort((key_rank, key_to))
    with_text = text > 0
    if not with_text.any():
        visible = np.flatnonzero(~hidden) if order is None else order[~hidden[order]]
        codes = source[visible]
        owner = np.full(len(visible), -1, dtype=np.int64)
        return Rendering(codes, visible, owner, hidden, key_to, key_rank, mover)

    rows, start, text, side = rows[with_text], start[with_text], text[with_text], side[with_text]
    # the slot (source offset, n for the end) whose character carries the text
    slot = np.where(side == AFTER, start - 1, start)
    side = np.where(slot < 0, BEFORE, side)
    slot = np.maximum(slot, 0)
    pool, bounds = _pool(ledger.texts)
    length = bounds[text + 1] - bounds[text]
    by = np.lexsort((rows, side, slot))
    rows, slot, side, text, length = rows[by], slot[by], side[by], text[by], length[by]

    shown = np.zeros(n + 1, dtype=np.int64)
    shown[:n] = ~hidden
    before = np.bincount(slot, weights=length * (side == BEFORE), minlength=n + 1).astype(np.int64)
    total = shown + np.bincount(slot, weights=length, minlength=n + 1).astype(np.int64)
    slot_start = np.empty(n + 1, dtype=np.int64)
    if order is None:
        np.cumsum(total, out=slot_start)
        slot_start -= total
    else:
        lined = np.append(order, n)
        ends = np.cumsum(total[lined])
        slot_start[lined] = ends - total[lined]
    size = int(total.sum())
    codes = np.empty(size, dtype=np.uint32)
    origin = np.empty(size, dtype=np.int64)
    owner = np.full(size, -1, dtype=np.int64)
    visible = np.flatnonzero(~hidden)
    dest = slot_start[visible] + before[visible]
    codes[dest] = source[visible]
    origin[dest] = visible
    # texts of one slot follow each other; behind the BEFORE texts stands the character itself, if it is shown
    run = np.cumsum(length) - length
    first = np.searchsorted(slot, slot)
    where = slot_start[slot] + (run - run[first]) + np.where(side == BEFORE, 0, shown[slot])
    spread = np.repeat(np.arange(len(rows)), length)
    inner = np.arange(len(spread)) - np.repeat(run, length)
    at = where[spread] + inner
    codes[at] = pool[bounds[text][spread] + inner]
    origin[at] = slot[spread]
    owner[at] = rows[spread]
    return Rendering(codes, origin, owner, hidden, key_to, key_rank, mover)


def _supersede(ledger: Ledger, take: Bools, later: int, earlier: Sequence[int]) -> None:
    """Drop the earlier corrections' text edits that ``later`` replaces."""
    e = ledger.edits
    kinds = e["kind"]
    mine = [r for r in ledger.rows(later) if kinds[r] != EditKind.MOVE]
    for other in earlier:
        for r in ledger.rows(other):
            if kinds[r] == EditKind.MOVE or not take[r]:
                continue
            if any(
                e["start"][m] <= e["start"][r]
                and e["end"][r] <= e["end"][m]
                and (e["end"][r] > e["start"][r] or e["side"][m] == e["side"][r])
                for m in mine
            ):
                take[r] = False


def _pool(texts: Sequence[str]) -> tuple[Codes, Ints]:
    """All texts end to end, and where each begins; shape ``(total,)`` and ``(len(texts) + 1,)``."""
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(t) for t in texts], out=bounds[1:])
    return text_to_codes("".join(texts)), bounds


def pool_text(rendering: Rendering) -> str:
    """Text of a rendering."""
    return codes_to_text(rendering.codes)
