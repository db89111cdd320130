"""Fits ``dictionaries/homes.bin``: the network that says at which of its runs a chain of lines is at home.

    python dictionaries/build/homes.py PAGES_DIR [--half a|b|all] [--also MORE_PAGES]

Pages as in ``continuity.py``; ``links.py`` must have been run before. Of each page every simulated dump is taken
(``sim/*.txt``), and the dumps of whole blocks. The runs of a chain are worth as many characters as then stand in order, the
other chains where they are best. Needs PyTorch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from continuity import Labelled, arguments, is_vertical, label, page_files  # beside this file
from networks import Plan, choosing, table  # beside this file
from numpy.typing import NDArray

from restore.evaluation import PageTruth
from restore.language import shared
from restore.language.arrays import write_arrays
from restore.order.geometry import BLOCKS
from restore.order.homes import FILE, HOME, Runs, run_features
from restore.order.network import VERSION
from restore.order.sequence import chains_of, in_chains
from restore.order.successors import solve

OUT = Path(__file__).resolve().parent.parent / f"{FILE}.bin"
KINDS = ("sim/*.txt", "dump/pymupdf-blocks.txt", "dump/pdftext-ftfy.txt", "dump/pymupdf4llm-ftfy.txt")
PLAN = Plan(hidden=(16,), epochs=8, batch=32, decay=1e-3)
MEMBERS = 4
UNIT = 3.0  # characters
ROUNDS = 2
MOST_SEGMENTS = 1500

Group = tuple[NDArray[Any], NDArray[Any]]


def in_order(first: NDArray[np.int64], letters: NDArray[np.int64]) -> int:
    """Characters of the segments that stand in the order of the truth; ``first`` is where they do there, -1 for nowhere."""
    known = first >= 0
    at = np.argsort(np.argsort(first[known], kind="stable"), kind="stable")
    ends: list[int] = []  # places in the truth at which the best run so far gets longer
    best: list[int] = []
    for place, count in zip(at.tolist(), letters[known].tolist(), strict=True):
        k = bisect_left(ends, place)
        value = (best[k - 1] if k else 0) + count
        stop = k
        while stop < len(ends) and best[stop] <= value:
            stop += 1
        ends[k:stop], best[k:stop] = [place], [value]
    return best[-1] if best else 0


def groups_of(page: Labelled) -> tuple[tuple[str, ...], list[Group]]:
    """Names of the features, and those and the worth of the runs of each chain for which it matters."""
    judged = solve(page.segments, shared())
    chains = chains_of(judged.successor)
    runs = Runs.of(chains)
    if judged.first.geometry.kind != BLOCKS or not len(runs):
        return (), []
    letters = np.array([len(text) for text in page.segments.texts])

    def value(homes: list[int]) -> int:
        order = in_chains(chains, homes)
        return in_order(page.first[order], letters[order])

    homes = [chain[0] for chain in chains]
    parts = list(zip(runs.groups.tolist(), [*runs.groups[1:].tolist(), len(runs)], strict=True))
    for a, b in parts:
        longest = a + int((runs.end[a:b] - runs.begin[a:b]).argmax())
        homes[int(runs.chain[a])] = int(runs.first[longest])
    worth = np.zeros(len(runs))
    now = value(homes)
    for _ in range(ROUNDS):
        for a, b in parts:
            chain = int(runs.chain[a])
            for k in range(a, b):
                worth[k] = value([*homes[:chain], int(runs.first[k]), *homes[chain + 1 :]])
            best = a + int(worth[a:b].argmax())
            if worth[best] > now:
                homes[chain], now = int(runs.first[best]), int(worth[best])
    names, columns = zip(*run_features(runs, chains, judged, page.segments), strict=True)
    features = table(columns)
    return names, [(features[a:b], worth[a:b]) for a, b in parts if worth[a:b].max() > worth[a:b].min()]


def dumps(folder: Path, half: str, also: Sequence[Path]) -> Iterator[Labelled]:
    """Labelled dumps of the horizontal pages."""
    for file in page_files(folder, half, also):
        if is_vertical(file):
            continue
        truth = PageTruth.load(file)
        for kind in KINDS:
            for dump in sorted(file.parent.glob(kind)):
                page = label(file.parent.name, dump.stem, dump.read_text("utf-8"), truth, shared())
                if 8 <= len(page.segments) <= MOST_SEGMENTS:
                    yield page


def main() -> None:
    options = arguments(__doc__, OUT).parse_args()
    names: tuple[str, ...] = ()
    groups: list[Group] = []
    for page in dumps(options.pages, options.half, options.also):
        found, more = groups_of(page)
        names, groups = found or names, groups + more
    network = choosing(names, groups, UNIT, PLAN, MEMBERS)
    write_arrays(options.out, FILE, VERSION, network.arrays(HOME))


if __name__ == "__main__":
    main()
