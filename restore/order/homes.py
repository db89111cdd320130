"""Where each chain is at home: at which of its runs of neighbouring lines the chain was printed.

A chain that consists of several runs tells that lines strayed, not which. The longest run need not be it: the tail of an
article may stand far away as a whole, and only its first line where it belongs. A small network
(:mod:`restore.order.network`) looks at every run: how long it is, how what stands around goes with the chain and, when
the run is taken away, with each other, and how many words the chain shares with the lines there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from restore.order.geometry import measure_class
from restore.order.network import Named, Network

if TYPE_CHECKING:
    from restore.layout.segments import Segments
    from restore.order.successors import Judgement

__all__ = ["FILE", "HOME", "Runs", "homes_of", "run_features"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FILE, HOME = "homes", "home"
"""The file of the network, and its name in it."""

_NEIGHBOUR = 3  # places between neighbours of a run; strays may stand between
_LEAST, _MOST = -6.0, 4.0  # nats that a seam around a run counts
_OPENING = 5.0
_NEAR = 6  # lines on each side whose measure is looked at
_REACHES = (8, 30)  # lines on each side whose words are looked at
_UNSEEN, _TEN = 0.05, 10.0  # the share of words that is next to none; shares are in tenths


@dataclass(frozen=True)
class Runs:
    """The runs of all chains that have several; all of shape ``(r,)``, those of one chain together.

    Attributes:
        chain: index of the chain.
        begin, end: places in the chain.
        first, last: segments.
    """

    chain: Ints
    begin: Ints
    end: Ints
    first: Ints
    last: Ints

    @classmethod
    def of(cls, chains: list[list[int]]) -> Runs:
        """Runs of neighbours, with at most a few strays between them."""
        rows = []
        for number, chain in enumerate(chains):
            places = np.array(chain)
            step = np.diff(places)
            begins = np.flatnonzero(np.append(True, (step < 1) | (step > _NEIGHBOUR)))
            if len(begins) > 1:
                ends = np.append(begins[1:], len(chain)) - 1
                rows += [
                    (number, a, b, chain[a], chain[b])
                    for a, b in zip(begins.tolist(), ends.tolist(), strict=True)
                ]
        return cls(*np.array(rows, dtype=np.int64).reshape(-1, 5).T)

    def __len__(self) -> int:
        return len(self.chain)

    @cached_property
    def groups(self) -> Ints:
        """Index of the first run of each chain."""
        return np.flatnonzero(np.append(True, np.diff(self.chain) != 0))

    @cached_property
    def group(self) -> Ints:
        """Number of each run's group."""
        return np.cumsum(np.append(True, np.diff(self.chain) != 0)) - 1


def homes_of(chains: list[list[int]], judged: Judgement, segments: Segments) -> list[int]:
    """First segment of the run at which each chain is at home."""
    homes = [chain[0] for chain in chains]
    runs = Runs.of(chains)
    if not len(runs):
        return homes
    network = Network.load(FILE, HOME)
    worth = network.odds(network.standardised(run_features(runs, chains, judged, segments)))
    for a, b in zip(runs.groups.tolist(), [*runs.groups[1:].tolist(), len(runs)], strict=True):
        best = a + int(worth[a:b].argmax())
        homes[int(runs.chain[best])] = int(runs.first[best])
    return homes


def run_features(
    runs: Runs, chains: list[list[int]], judged: Judgement, segments: Segments
) -> Iterator[Named]:
    """Named features of runs, each of shape ``(r,)``; and the same against the best of the chain's other runs."""
    for name, column in _features(runs, chains, judged, segments):
        values = np.asarray(column, dtype=np.float64)
        yield name, values
        yield f"{name}, of the most", values - np.maximum.reduceat(values, runs.groups)[runs.group]


def _features(
    runs: Runs, chains: list[list[int]], judged: Judgement, segments: Segments
) -> Iterator[tuple[str, NDArray[Any]]]:
    n, e, block = len(segments), judged.first.evidence, segments.block
    framed = np.zeros((n + 2, n + 2))  # beyond the text nothing speaks for or against
    framed[1:-1, 1:-1] = np.clip(judged.odds, _LEAST, _MOST)

    def seam(i: Ints, j: Ints) -> Floats:
        return np.asarray(framed[i + 1, j + 1])

    def per_chain(values: NDArray[Any], what: np.ufunc) -> Floats:
        return np.asarray(what.reduceat(values, runs.groups)[runs.group], dtype=np.float64)

    first, last = runs.first, runs.last
    before, behind = first - 1, last + 1
    owner = np.empty(n, dtype=np.int64)
    for c, chain in enumerate(chains):
        owner[chain] = c
    heads, tails = (np.array([chain[k] for chain in chains]) for k in (0, -1))
    # how long
    head, tail = heads[runs.chain], tails[runs.chain]
    size = np.array([len(chain) for chain in chains])[runs.chain]
    lines = runs.end - runs.begin + 1
    letters = np.array([len(text) for text in segments.texts])
    written = [
        int(letters[chains[c][a : b + 1]].sum())
        for c, a, b in zip(runs.chain.tolist(), runs.begin.tolist(), runs.end.tolist(), strict=True)
    ]
    count = per_chain(np.ones(len(runs)), np.add)
    yield "size: lines", np.log(lines)
    yield "size: characters", np.log1p(written)
    yield "size: share", lines / size
    yield "size: longest", lines == per_chain(lines, np.maximum)
    yield "size: first", runs.begin == 0
    yield "size: last", runs.end == size - 1
    yield "size: runs", np.log(count)
    yield "size: chain", np.log(size)
    # what the seams around say
    hole = seam(before, behind)
    yield "seams: before", seam(before, head)
    yield "seams: behind", seam(tail, behind)
    yield "seams: chain before", seam(np.where(before < 0, -1, tails[owner[before]]), head)
    yield "seams: chain behind", seam(tail, np.append(heads[owner], n)[behind])
    yield "seams: hole", hole
    yield "seams: other holes", per_chain(hole, np.add) - hole
    yield "seams: opening", np.clip(e.opening[head], -_OPENING, _OPENING)
    yield "seams: stop", e.stop[tail]
    stop, opening = np.append(e.stop, 1.0), np.append(e.opening, 0.0)  # beyond the text: [-1], [n]
    yield "seams: stop before", stop[before]
    yield "seams: opening behind", opening[behind]
    ends, begins = np.ones(n + 1, dtype=np.bool_), np.ones(n + 1, dtype=np.bool_)
    ends[:n] = begins[:n] = False
    ends[[chain[-1] for chain in chains]] = True
    begins[[chain[0] for chain in chains]] = True
    yield "seams: a chain ends before", ends[before]
    yield "seams: a chain begins behind", begins[behind]
    # where it stands
    place = first.astype(np.float64)
    earlier = np.array(
        [int((first[runs.group == g] < at).sum()) for g, at in zip(runs.group, first, strict=True)]
    )
    yield "place: in the text", place / n
    yield "place: runs before", earlier
    yield "place: runs behind", count - earlier - 1
    number = np.concatenate(([-1], block, [-1]))
    blocks = block[last] - block[first] + 1
    yield "block: begins", (number[first] != block[first]) & (first > 0)
    yield "block: ends", (number[last + 2] != block[last]) & (last < n - 1)
    yield "block: blocks", np.log(blocks)
    yield "block: a line each", blocks / (last - first + 1)
    others = [int(((block == block[a]) & (owner != c)).sum()) for a, c in zip(first, runs.chain, strict=True)]
    yield "block: lines of others", np.log1p(others)
    # the measure of the chain, around and in the run
    kind = measure_class(segments.width, segments.measures)
    usual = {c: _usual(kind[chains[c]]) for c in set(runs.chain.tolist())}
    around, own = [], []
    for c, a, b in zip(runs.chain.tolist(), first.tolist(), last.tolist(), strict=True):
        near = np.arange(max(0, a - _NEAR), min(n, b + 1 + _NEAR))
        around.append(_share(kind[near[owner[near] != c]], usual[c]))
        own.append(_share(kind[a : b + 1], usual[c], known=False))
    yield "width: measure around", np.array(around)
    yield "width: measure", np.array(own)
    yield from _words(runs, chains, owner, segments.texts)


def _usual(kind: Ints) -> int:
    """The class that most have, -1 when none has one."""
    kind = kind[kind >= 0]
    return int(np.bincount(kind).argmax()) if len(kind) else -1


def _share(kind: Ints, usual: int, known: bool = True) -> float:
    """How many have that class, of those that have one at all when ``known``; a half where nothing tells."""
    kind = kind[kind >= 0] if known else kind
    return float((kind == usual).mean()) if len(kind) and usual >= 0 else 0.5


def _words(
    runs: Runs, chains: list[list[int]], owner: Ints, texts: list[str]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """What each chain shares with the lines around its runs: pairs of characters, weighed by how rare they are."""
    n = len(texts)
    has, rare = _pairs(texts)
    total = np.zeros((n + 1, has.shape[1]), dtype=np.int16)
    np.cumsum(has, axis=0, out=total[1:])
    of_chain = {c: has[chains[c]].any(axis=0) for c in set(runs.chain.tolist())}
    middle = (runs.first + runs.last) // 2
    for reach in _REACHES:
        shared, share = [], []
        for c, at in zip(runs.chain.tolist(), middle.tolist(), strict=True):
            a, b = max(0, at - reach), min(n, at + reach + 1)
            own = np.flatnonzero(owner[a:b] == c) + a
            there = total[b] - total[a] > has[own].sum(axis=0)
            both = float(rare[there & of_chain[c]].sum())
            shared.append(both / np.sqrt(max(1, int(there.sum()))))
            share.append(both / max(1.0, float(rare[there].sum())))
        yield f"words: shared within {reach}", np.log1p(shared)
        yield f"words: share within {reach}", np.log(_UNSEEN + _TEN * np.array(share))


def _pairs(texts: list[str]) -> tuple[Bools, Floats]:
    """Which lines have which pairs of characters, of those in several lines ``(n, p)``; and ln of one in how many ``(p,)``."""
    line = np.repeat(np.arange(len(texts)), [max(0, len(text) - 1) for text in texts])
    codes = [np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32) for text in texts]
    pairs = [(code[:-1].astype(np.int64) << 21) | code[1:] for code in codes]
    _, column = np.unique(
        np.concatenate(pairs) if pairs else np.zeros(0, dtype=np.int64), return_inverse=True
    )
    has = np.zeros((len(texts), int(column.max(initial=-1)) + 1), dtype=np.bool_)
    has[line, column] = True
    count = has.sum(axis=0)
    often = count > 1
    return has[:, often], np.log(len(texts) / count[often])
