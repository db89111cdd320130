"""The list of corrections, in columns, and the one function that turns source plus corrections into text.

A page has a thousand repairs and an archive 10^8, so nothing here is an object per repair: edits are rows of arrays,
texts are indices into a pool, and :func:`render` is NumPy throughout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
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
from restore.source import Codes, Source, Span, text_to_codes

__all__ = ["Ledger", "Rendering", "covered", "inside", "render", "rendered_on"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

EDIT_COLUMNS = ("corr", "kind", "start", "end", "text", "side", "to", "rank", "over")
CORR_COLUMNS = ("pass", "certainty", "score", "message", "first")
DTYPES = {
    "corr": np.int64,
    "kind": np.int8,
    "start": np.int64,
    "end": np.int64,
    "text": np.int64,
    "side": np.int8,
    "to": np.int64,
    "rank": np.float64,
    "over": np.int64,
    "pass": np.int16,
    "certainty": np.int8,
    "score": np.float32,
    "message": np.int32,
    "first": np.int64,
}
_REPLACE = int(EditKind.REPLACE)
_MOVE = int(EditKind.MOVE)  # a plain number: arrays compare with it much faster than with an enumeration
# where in its slot a text stands: before the character, in its place, behind it
BEFORE, BODY, AFTER = 0, 1, 2
_ROOM = 1024  # rows that a table has room for at first
#: What most edits have in these columns: they take away or replace characters of the source where those stand.
USUAL = {"side": BODY, "to": 0, "rank": 0.0, "over": -1}


class Ledger:
    """Columns of corrections and their edits, append-only.

    ``edits`` has one row per edit: ``corr`` (correction), ``kind``, ``start``/``end`` (source), ``text`` (pool index),
    ``side`` (BEFORE, BODY or AFTER the character that carries the text), ``to`` (moves), ``rank`` (order among the moves
    to one place, or among the texts at one side of one character) and ``over`` (the earlier row whose text this row
    takes the place of, -1 for none).
    ``corrs`` has one row per correction: ``pass``, ``certainty``, ``score``, ``message`` (pool index), ``first`` (first edit).
    """

    def __init__(self) -> None:
        self.passes: list[str] = []
        self.texts: list[str] = [""]
        self._text_index: dict[str, int] = {"": 0}
        self.messages: list[str] = []
        self._message_index: dict[str, int] = {}
        self._edits = _Table(EDIT_COLUMNS)
        self._corrs = _Table(CORR_COLUMNS)
        self._ids: list[str] | None = None
        self._pool: tuple[Codes, Ints] | None = None
        self.n_corrections = 0
        self.n_edits = 0
        self.only_usual = True  # no edit has more than the usual values where there are such
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

    def extend(self, corrs: Mapping[str, Any], edits: Mapping[str, Any]) -> None:
        """Append rows, in columns; a column of one value may be that value, one of :data:`USUAL` values may be missing.

        ``edits["corr"]``, ``edits["over"]`` and ``corrs["first"]`` are already absolute.
        """
        self.n_corrections = self._corrs.extend(corrs, len(corrs["first"]))
        self.n_edits = self._edits.extend(edits, len(edits["corr"]))
        self.only_usual &= USUAL.keys().isdisjoint(edits)
        self._ids = None

    # ------------------------------------------------------------------ columns
    @property
    def pool(self) -> tuple[Codes, Ints]:
        """All texts end to end, and where each begins; shape ``(total,)`` and ``(len(texts) + 1,)``."""
        if self._pool is None or len(self._pool[1]) != len(self.texts) + 1:
            self._pool = _pool(self.texts)
        return self._pool

    @property
    def edits(self) -> Mapping[str, NDArray[Any]]:
        """Edit columns, each of shape ``(n_edits,)``."""
        return self._edits

    @property
    def corrs(self) -> Mapping[str, NDArray[Any]]:
        """Correction columns, each of shape ``(n_corrections,)``."""
        return self._corrs

    def keep(self, mask: Bools) -> Ledger:
        """A ledger with only the corrections in ``mask``; whatever depends on a dropped one must be dropped too."""
        new = Ledger()
        new.passes, new.messages, new._message_index = self.passes, self.messages, self._message_index
        new.texts, new._text_index = self.texts, self._text_index
        number = mask.cumsum() - 1
        e = self.edits
        rows = mask[e["corr"]]
        edits = {name: e[name][rows] for name in EDIT_COLUMNS}
        edits["corr"] = number[edits["corr"]]
        line = np.append(rows.cumsum() - 1, -1)  # new number of each row; -1 stays -1
        edits["over"] = line[edits["over"]]
        corrs = {name: self.corrs[name][mask] for name in CORR_COLUMNS}
        corrs["first"] = edits["corr"].searchsorted(np.arange(len(corrs["pass"])))
        new.extend(corrs, edits)
        new.evidence = {int(number[i]): v for i, v in self.evidence.items() if mask[i]}
        for name in ("builds_on", "requires"):
            old: dict[int, tuple[int, ...]] = getattr(self, name)
            setattr(
                new,
                name,
                {int(number[i]): tuple(int(number[j]) for j in v) for i, v in old.items() if mask[i]},
            )
        return new

    # ------------------------------------------------------------------ dependence
    def closure(self, accepted: Bools) -> Bools:
        """``accepted`` without the corrections whose foundations are not accepted. Shape ``(n_corrections,)``."""
        if (not self.builds_on and not self.requires) or accepted.all():
            return accepted
        left_out = set((~accepted).nonzero()[0].tolist())
        fallen: list[int] = []
        # dependencies point backwards, so one ascending sweep is enough
        for index in sorted(self.builds_on.keys() | self.requires.keys()):
            if index not in left_out:
                needs = self.builds_on.get(index, ()) + self.requires.get(index, ())
                if not left_out.isdisjoint(needs):
                    left_out.add(index)
                    fallen.append(index)
        out = accepted.copy()
        out[fallen] = False
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

    @property
    def identifiers(self) -> list[str]:
        """Twelve hexadecimal digits for each correction that name what it does; no two are alike."""
        if self._ids is None:
            e, c = self.edits, self.corrs
            columns = (e[name].tolist() for name in ("kind", "start", "end", "side", "to", "text"))
            edits = [
                f"{k},{a},{b},{s},{t},{self.texts[x]}" for k, a, b, s, t, x in zip(*columns, strict=True)
            ]
            first = [*c["first"].tolist(), len(edits)]
            self._ids, seen = [], dict[str, int]()
            for name, a, b in zip(c["pass"].tolist(), first, first[1:], strict=False):
                what = "|".join((self.passes[name], *edits[a:b]))
                before = seen[what] = seen.get(what, -1) + 1
                if before:  # the same thing done again at the same place
                    what += f"|{before}"
                self._ids.append(
                    hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
                )
        return self._ids

    def identifier(self, index: int) -> str:
        """Twelve hexadecimal digits that name what correction ``index`` does."""
        return self.identifiers[index]

    # ------------------------------------------------------------------ conflicts
    def clashes(self, accepted: Bools) -> list[tuple[int, int]]:
        """Pairs of accepted corrections that rewrite the same text without standing on each other."""
        e = self.edits
        rows = (accepted[e["corr"]] & (e["kind"] != _MOVE) & (e["end"] > e["start"])).nonzero()[0]
        rows = rows[e["over"][rows] < 0]
        rows = rows[np.argsort(e["start"][rows], kind="stable")]
        found: list[tuple[int, int]] = []
        reach = -1  # row that reaches furthest so far
        start, end = e["start"], e["end"]
        furthest = np.maximum.accumulate(end[rows])
        for k in (start[rows[1:]] < furthest[:-1]).nonzero()[0]:
            reach = int(rows[(end[rows[: k + 1]] == furthest[k]).nonzero()[0][0]])
            found.append((int(e["corr"][reach]), int(e["corr"][rows[k + 1]])))
        second = (accepted[e["corr"]] & (e["over"] >= 0)).nonzero()[0]
        order = second[np.argsort(e["over"][second], kind="stable")]
        for k in (np.diff(e["over"][order]) == 0).nonzero()[0]:
            found.append((int(e["corr"][order[k]]), int(e["corr"][order[k + 1]])))
        return [(a, b) for a, b in found if a != b]

    def settled(self, applied: Bools) -> Ledger:
        """A ledger without the proposals (not ``applied``) that contradict what is applied, or an earlier proposal.

        Afterwards every subset that is closed under :meth:`closure` can be applied.
        """
        if applied.all():
            return self
        e = self.edits
        size = int(e["end"].max(initial=0)) + 1
        own = (e["kind"] != _MOVE) & (e["end"] > e["start"]) & (e["over"] < 0)
        done = own & applied[e["corr"]]
        delta = np.bincount(e["start"][done], minlength=size) - np.bincount(e["end"][done], minlength=size)
        cover = delta.cumsum() > 0
        # by whom the text of a row is replaced
        replaced = dict(
            zip(
                *(e[name][applied[e["corr"]] & (e["over"] >= 0)].tolist() for name in ("over", "corr")),
                strict=True,
            )
        )
        stay = applied.copy()
        for index in (~applied).nonzero()[0].tolist():
            rows = self.rows(index)
            needs = self.builds_on.get(index, ()) + self.requires.get(index, ())
            over = [o for o in e["over"][rows.start : rows.stop].tolist() if o >= 0]
            fits = all(stay[j] for j in needs) and all(replaced.get(o, index) == index for o in over)
            if fits and not any(own[r] and cover[e["start"][r] : e["end"][r]].any() for r in rows):
                stay[index] = True
                replaced |= dict.fromkeys(over, index)
                for r in rows:
                    if own[r]:
                        cover[e["start"][r] : e["end"][r]] = True
        return self if stay.all() else self.keep(stay)


class _Table(Mapping[str, NDArray[Any]]):
    """Columns that rows are added to: arrays with room for more, which are copied when that is used up.

    What it gives for a name is a view of the rows there are. Rows are never changed, so that views stay right.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._size, self._room = 0, 0
        self._arrays: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if not self._room:
            self._make_room(0)
        return self._arrays[name][: self._size]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def extend(self, rows: Mapping[str, Any], count: int) -> int:
        """Append ``count`` rows; returns how many there are. A column that is not given has its usual value."""
        if not count:
            return self._size
        first, last = self._size, self._size + count
        if last > self._room:
            self._make_room(last)
        for name, values in rows.items():
            self._arrays[name][first:last] = values
        self._size = last
        return last

    def _make_room(self, size: int) -> None:
        """Larger arrays, for twice as many rows as there must be; free rows have the usual values."""
        self._room = max(_ROOM, 2 * size)
        for name in self._names:
            grown = np.zeros(self._room, dtype=DTYPES[name])
            if USUAL.get(name):
                grown[:] = USUAL[name]
            if self._size:
                grown[: self._size] = self._arrays[name][: self._size]
            self._arrays[name] = grown


@dataclass(frozen=True)
class Rendering:
    """Text made from a source and a set of corrections, mapped back character by character.

    Attributes:
        codes: code points of the text, shape ``(n,)``.
        origin: source offset each character stands for; a supplied character has that of the character that
            carries it. Shape ``(n,)``.
        owner: edit row that supplied a character, -1 for characters of the source. Shape ``(n,)``.
        has_supplied: whether any character is not the source's own.
        key_to, key_rank: the sort key of every source character, or None when nothing moved. Shape ``(source,)``.
        mover: correction that moved a source character, -1 for none; None when nothing moved. Shape ``(source,)``.
        size: characters of the source.
    """

    codes: Codes
    origin: Ints
    owner: Ints
    size: int
    has_supplied: bool
    key_to: Ints | None = None
    key_rank: NDArray[np.float64] | None = None
    mover: Ints | None = None

    @cached_property
    def own(self) -> Bools:
        """Whether each character is the source's own. Shape ``(n,)``."""
        return self.owner < 0

    @cached_property
    def hidden(self) -> Bools:
        """Whether a source character is not shown. Shape ``(source,)``."""
        hidden = np.ones(self.size, dtype=np.bool_)
        hidden[self.origin[self.own]] = False
        return hidden


def render(source: Codes, ledger: Ledger, accepted: Bools) -> Rendering:
    """Apply the accepted corrections to the source.

    Args:
        source: code points, shape ``(n,)``.
        accepted: shape ``(n_corrections,)``, closed under :meth:`Ledger.closure`.

    The output is the source's characters sorted by key (their own offset or, when moved, ``(to, rank)``), each preceded,
    replaced and followed by the texts that edits attach to it. So every accepted subset has exactly one result.
    Without accepted corrections ``codes`` is the source itself.
    """
    n = len(source)
    if not accepted.any():
        return Rendering(source, np.arange(n), np.full(n, -1), n, False)
    e = ledger.edits
    take = accepted[e["corr"]]
    over = e["over"]
    if over.max() >= 0:
        take[over[take & (over >= 0)]] = False
    moving = e["kind"] == _MOVE
    rows = (take & ~moving).nonzero()[0]
    start, end, text, side = e["start"][rows], e["end"][rows], e["text"][rows], e["side"][rows]
    hidden = covered(start, end, n)
    visible = (~hidden).nonzero()[0]
    place: Ints | None = None
    keys: tuple[Ints, NDArray[np.float64], Ints] | tuple[()] = ()
    if (take & moving).any():
        place, keys = _places(n, e, (take & moving).nonzero()[0])
        visible = visible[np.argsort(place[visible])]

    # texts in their order; a text belongs to a slot: a source offset, or n for the end
    with_text = text > 0
    rows, start, text, side = rows[with_text], start[with_text], text[with_text], side[with_text]
    slot = start - (side == AFTER)
    if len(slot) and int(slot.min()) < 0:
        side = np.where(slot < 0, np.int8(BEFORE), side)
        slot = np.maximum(slot, 0)
    if place is not None:
        slot = place[slot]
    rank = e["rank"][rows]
    if rank.any() or (over[rows] >= 0).any():
        order = np.lexsort((_roots(over, rows), rank, side, slot))
    else:
        order = np.argsort(slot * 3 + side, kind="stable")
    rows, slot, side, text = rows[order], slot[order], side[order], text[order]

    # where they stand: behind so many shown characters and so much text
    pool, bounds = ledger.pool
    length = bounds[text + 1] - bounds[text]
    ahead = np.searchsorted(visible if place is None else place[visible], slot + (side != BEFORE))
    run = length.cumsum() - length
    spread = np.repeat(np.arange(len(rows)), length)
    inner = np.arange(len(spread)) - run[spread]
    at = ahead[spread] + run[spread] + inner
    size = len(visible) + len(spread)
    own = np.ones(size, dtype=np.bool_)
    own[at] = False
    origin = np.zeros(size, dtype=np.int64)
    origin[own] = visible
    codes = source.take(origin) if n else np.empty(size, dtype=np.uint32)
    owner = np.full(size, -1)
    carrier = slot if place is None else np.append(np.argsort(place[:n]), n)[slot]
    codes[at], origin[at], owner[at] = pool[bounds[text][spread] + inner], carrier[spread], rows[spread]
    return Rendering(codes, origin, owner, n, len(at) > 0, *keys)


def rendered_on(
    before: Rendering,
    source: Codes,
    ledger: Ledger,
    first: int,
    accepted: Bools,
    places: Ints | None = None,
) -> Rendering:
    """What :func:`render` gives, made from the rendering ``before`` the corrections from ``first`` on.

    Most passes only take away or replace characters of the source where nothing has moved; those are changed in place
    then, and everything else is rendered from the source. ``places`` are where in the rendering the edits of these
    corrections begin, where that is known.
    """
    e = ledger.edits
    row = int(ledger.corrs["first"][first])
    plain = ledger.only_usual or (e["over"][row:].max() < 0 and e["side"].min() != BEFORE)
    if before.mover is not None or not plain or e["kind"][row:].max() > _REPLACE:
        return render(source, ledger, accepted)
    start, end, text = e["start"][row:], e["end"][row:], e["text"][row:]
    rows = np.arange(row, row + len(start))
    # these characters are shown, side by side, and before the texts that belong to them
    at = before.origin.searchsorted(start) if places is None else places
    if not accepted[first:].all():
        take = accepted.take(e["corr"][row:])
        at, rows, start, end, text = at[take], rows[take], start[take], end[take], text[take]
    size = end - start
    gone = covered(at, at + size, len(before.codes))
    codes, origin, owner = before.codes, before.origin, before.owner
    put = text.nonzero()[0]
    if len(put):
        less = int(size.sum())
        pool, bounds = ledger.pool
        if len(put) < len(text):
            at, size, start, rows, text = at[put], size[put], start[put], rows[put], text[put]
        begin = bounds.take(text)
        length = bounds.take(text + 1) - begin
        if (length > size).any():
            return render(source, ledger, accepted)
        filled = inside(at, length)
        codes, owner = codes.copy(), owner.copy()
        codes[filled] = pool.take(inside(begin, length))
        if len(filled) == len(at):  # a first character each, which has its origin already
            owner[filled] = rows
        else:
            origin = origin.copy()
            origin[filled], owner[filled] = np.repeat(start, length), np.repeat(rows, length)
        if len(filled) == less:
            return Rendering(codes, origin, owner, before.size, True)
        gone[filled] = False
    left = (~gone).nonzero()[0]
    supplied = len(put) > 0 or before.has_supplied
    owner = owner.take(left) if supplied else owner[: len(left)]  # without supplied text all the same
    return Rendering(codes.take(left), origin.take(left), owner, before.size, supplied)


def inside(start: Ints, length: Ints) -> Ints:
    """All places in the spans of ``length`` from ``start`` on, span by span."""
    total: Ints = length.cumsum()
    size = int(total[-1]) if len(total) else 0
    if size == len(length) and length.all():
        return start
    return np.repeat(start - (total - length), length) + np.arange(size)


def covered(start: Ints, end: Ints, n: int) -> Bools:
    """Whether each of ``n`` places is in one of the spans ``[start, end)``, shape ``(n,)``; empty spans cover nothing."""
    out = np.zeros(n, dtype=np.bool_)
    length = end - start
    out[start[length > 0]] = True
    long = (length > 1).nonzero()[0]
    if len(long) > 64:
        start, length = start[long], length[long]
        inner = np.arange(int(length.sum())) - np.repeat(length.cumsum() - length, length)
        out[np.repeat(start, length) + inner] = True
    else:
        for a, b in zip(start[long].tolist(), end[long].tolist(), strict=True):
            out[a:b] = True
    return out


def _places(
    n: int, e: Mapping[str, NDArray[Any]], moves: Ints
) -> tuple[Ints, tuple[Ints, NDArray[np.float64], Ints]]:
    """Where each source character stands among all when ``moves`` are made, shape ``(n + 1,)``; keys and movers."""
    to, rank, mover = np.arange(n), np.full(n, np.inf), np.full(n, -1)
    for r in moves.tolist():
        a, b = int(e["start"][r]), int(e["end"][r])
        to[a:b], rank[a:b], mover[a:b] = e["to"][r], e["rank"][r], e["corr"][r]
    place = np.empty(n + 1, dtype=np.int64)
    place[np.lexsort((rank, to))] = np.arange(n)
    place[n] = n
    return place, (to, rank, mover)


def _roots(over: Ints, rows: Ints) -> Ints:
    """The row at the bottom of what each of ``rows`` stands over: a text keeps the place of the one it replaces."""
    root = rows
    while (below := over[root]).max(initial=-1) >= 0:
        root = np.where(below >= 0, below, root)
    return root


def _pool(texts: Sequence[str]) -> tuple[Codes, Ints]:
    """All texts end to end, and where each begins; shape ``(total,)`` and ``(len(texts) + 1,)``."""
    bounds = np.array([0, *accumulate(map(len, texts))], dtype=np.int64)
    return text_to_codes("".join(texts)), bounds
