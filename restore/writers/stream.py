"""A restoration as one stream in reading order: what is kept, what was taken out, what was put in, what was moved.

The stream has every character of the source and every supplied character once, so both texts can be read from
whatever a writer makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from restore.correction import EditKind
from restore.layout.structure import structure
from restore.ledger import AFTER
from restore.restoration import Block, Restoration
from restore.source import codes_to_text

__all__ = ["Piece", "blocks_of", "pieces"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the stream.

    Attributes:
        before: the source's text, "" where nothing of the source stands.
        after: the restored text, "" where the source's was taken out. Kept text has both, and no ``row``.
        row: edit that did it, -1 for kept text.
        start: source offset of ``before``; for supplied text that of the character that carries it.
        out: where ``after`` stands in the restored text.
        mover: correction that moved it here, -1 for none.
        anchors: source offsets of moved stretches that stood before this piece, ascending.
    """

    before: str
    after: str
    row: int
    start: int
    out: int
    mover: int = -1
    anchors: tuple[int, ...] = ()


def blocks_of(restoration: Restoration) -> tuple[Block, ...]:
    """Blocks of the text as it stands now; paragraphs only, where the run sought no structure."""
    found = structure(restoration.text)
    if restoration.blocks:
        return found
    return tuple(Block(b.start, b.end, "p", 1) for b in found)


def pieces(restoration: Restoration, bounds: NDArray[np.int64] | None = None) -> Iterator[Piece]:
    """The stream of a restoration.

    Args:
        restoration: what to stream.
        bounds: places of the restored text at which a piece must end, ascending.

    Yields:
        Pieces: ``before`` in the order in which the text is read, not that of the source.
    """
    r, e = restoration.rendering, restoration.ledger.edits
    source, n = restoration.source.codes, len(restoration.source.codes)
    order = np.arange(n) if r.key_to is None else np.lexsort((r.key_rank, r.key_to))  # type: ignore[arg-type]
    mover = np.full(n, -1) if r.mover is None else r.mover
    hider = _hiders(restoration, n)
    bounds = np.empty(0, dtype=np.int64) if bounds is None else bounds

    # supplied texts, as runs of one edit in the output
    at = np.flatnonzero(r.owner >= 0)
    rows = r.owner[at]
    first = np.flatnonzero(np.append(True, (rows[1:] != rows[:-1]) | (at[1:] != at[:-1] + 1)))[: len(at)]
    ends = np.append(first, len(at))[1:]
    before: dict[int, list[tuple[int, int, int]]] = {}
    after: dict[int, list[tuple[int, int, int]]] = {}
    body: dict[int, tuple[int, int, int]] = {}
    for a, b in zip(first.tolist(), ends.tolist(), strict=True):
        row, out = int(rows[a]), int(at[a])
        run = (row, out, out + b - a)
        slot = int(r.origin[out])
        if e["end"][row] > e["start"][row]:
            body[row] = run
        elif e["side"][row] == AFTER and e["start"][row] > 0:
            after.setdefault(slot, []).append(run)
        else:
            before.setdefault(slot, []).append(run)

    out_of = np.full(n, -1)
    out_of[r.origin[r.owner < 0]] = np.flatnonzero(r.owner < 0)
    anchors = _anchors(order, mover)
    # where a piece of the source must begin
    cut = np.ones(n, dtype=np.bool_)
    if n:
        a, b = order[:-1], order[1:]
        cut[1:] = (b != a + 1) | (hider[a] != hider[b]) | (mover[a] != mover[b])
        cut[1:] |= np.isin(b, list(before)) | np.isin(a, list(after)) | np.isin(b, list(anchors))
        shown = out_of[order] >= 0
        cut |= shown & np.isin(out_of[order], bounds)
    starts = np.flatnonzero(cut)
    out = 0
    for p, q in pairwise([*starts.tolist(), n]):
        s, t = int(order[p]), int(order[q - 1]) + 1
        moved = int(mover[s])
        waiting = anchors.get(s, ())
        for run in before.get(s, ()):
            for piece in _put(r.codes, run, s, moved, bounds):
                yield _with(piece, waiting)
                waiting, out = (), piece.out + len(piece.after)
        text = codes_to_text(source[s:t])
        row = int(hider[s])
        if row < 0:
            yield Piece(text, text, -1, s, int(out_of[s]), moved, waiting)
            out = int(out_of[s]) + t - s
        elif (found := body.pop(row, None)) is not None:
            # the text stands at the first of the characters it replaces, and goes over bounds as it must
            first_piece, *rest = _put(r.codes, found, s, moved, bounds)
            yield Piece(text, first_piece.after, row, s, first_piece.out, moved, waiting)
            yield from rest
            out = found[2]
        else:
            yield Piece(text, "", row, s, out, moved, waiting)
        for run in after.get(t - 1, ()):
            yield from _put(r.codes, run, t - 1, moved, bounds)
            out = run[2]
    last = anchors.get(n, ())
    for run in before.get(n, ()):
        for piece in _put(r.codes, run, n, -1, bounds):
            yield _with(piece, last)
            last = ()
    if last:
        yield Piece("", "", -1, n, len(r.codes), -1, last)


def _hiders(restoration: Restoration, n: int) -> NDArray[np.int64]:
    """The edit that takes each source character out, -1 for none; of a chain the one whose text is shown."""
    e = restoration.ledger.edits
    take = restoration.accepted[e["corr"]] & (e["kind"] != EditKind.MOVE)
    over = e["over"]
    take[over[take & (over >= 0)]] = False
    hider = np.full(n, -1)
    rows = np.flatnonzero(take & (e["end"] > e["start"]))
    for row, a, b in zip(rows.tolist(), e["start"][rows].tolist(), e["end"][rows].tolist(), strict=True):
        hider[a:b] = row
    return hider


def _anchors(order: NDArray[np.int64], mover: NDArray[np.int64]) -> dict[int, tuple[int, ...]]:
    """Where moved stretches stood: by the unmoved character behind them (or the end), their first characters."""
    n = len(order)
    if not n or mover.max() < 0:
        return {}
    a, b = order[:-1], order[1:]
    begins = np.append(True, (b != a + 1) | (mover[a] != mover[b]))
    first = np.sort(order[begins & (mover[order] >= 0)])
    still = np.append(np.flatnonzero(mover < 0), n)
    behind = still[np.searchsorted(still, first)]
    out: dict[int, tuple[int, ...]] = {}
    for s, place in zip(first.tolist(), behind.tolist(), strict=True):
        out[place] = (*out.get(place, ()), s)
    return out


def _put(
    codes: NDArray[np.uint32], run: tuple[int, int, int], slot: int, mover: int, bounds: NDArray[np.int64]
) -> list[Piece]:
    row, start, end = run
    inner = bounds[(bounds > start) & (bounds < end)].tolist()
    return [
        Piece("", codes_to_text(codes[a:b]), row, slot, a, mover) for a, b in pairwise([start, *inner, end])
    ]


def _with(piece: Piece, anchors: tuple[int, ...]) -> Piece:
    if not anchors:
        return piece
    return Piece(piece.before, piece.after, piece.row, piece.start, piece.out, piece.mover, anchors)
