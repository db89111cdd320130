"""Fits ``dictionaries/links.bin``: the networks that judge likely links with their surroundings.

    python dictionaries/build/links.py PAGES_DIR [--half a|b|all] [--also MORE_PAGES]

Pages as in ``continuity.py``, which must have been run before: the features are made from its tables. Every candidate
link of every dump is an example; what truth it has is its label. The network of the third look is fitted on what two
networks of the second look, each fitted on every other page, say of the pages they have not seen. Needs PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from continuity import Labelled, arguments, load  # beside this file
from networks import Plan, fitted, table  # beside this file
from numpy.typing import NDArray

from restore.language import shared
from restore.language.arrays import write_arrays
from restore.layout.segments import Segments
from restore.order.again import again_features
from restore.order.links import candidates, link_features
from restore.order.network import LINKS, OF_SHORT, SECOND, THIRD, VERSION, Network
from restore.order.successors import best_over, first_solution, spread

OUT = Path(__file__).resolve().parent.parent / f"{LINKS}.bin"
KINDS = (
    *(
        f"sim/{name}.txt"
        for name in ("light-1", "seed-1", "seed-2", "medium-1", "medium-2", "heavy-1", "heavy-2")
    ),
    # the same damage, but blocks in the order of their height: over the page, or over each fifth of it
    *(f"sim/{name}.txt" for name in ("light-3", "seed-3", "medium-3", "seed-4", "medium-4")),
    # the same with the lower parts of some columns far away
    *(f"sim/{name}.txt" for name in ("light-5", "seed-5", "medium-5")),
    *(
        f"dump/{tool}.txt"
        for tool in (
            *("pdftotext-layout", "pypdf-layout", "pdftotext", "pymupdf-sort", "liteparse", "pdfplumber"),
            *("rapid3@mid200", "rapid3@low150", "pdfminer", "pdfium", "tess3@mid200", "gs-txtwrite"),
            *("layer-pdftotext@mid200", "layer-pdfminer@mid200"),
            *("pymupdf-blocks", "pdftext-ftfy", "pymupdf4llm-ftfy"),
        )
    ),
)
PLAN = Plan()
CUT_OUT = (8, 60)  # segments of a cut-out
FIRST_OF_AGAIN = "again: second look"
SOFT = 0.5  # weight of links to the next paragraph, and over lines that are lost
WRONG = 0.35  # share of the wrong links that are looked at
MOST_SEGMENTS = 1500


@dataclass
class Examples:
    """Candidate links of one dump: features ``(m, f)``, labels and weights ``(m,)``."""

    page: str
    segments: Segments
    i: NDArray[Any]
    j: NDArray[Any]
    names: tuple[str, ...]
    x: NDArray[np.float16]
    y: NDArray[np.float32]
    w: NDArray[np.float32]

    def forget(self) -> None:
        """Take the features of the third look out again."""
        known = self.names.index(FIRST_OF_AGAIN)
        self.names, self.x = self.names[:known], self.x[:, :known]


def cut_out(page: Labelled, rng: np.random.Generator) -> Labelled:
    """Some neighbouring segments of a dump, as if they were all that there is: short texts are restored too."""
    n = len(page.segments)
    size = min(n, int(rng.integers(*CUT_OUT)))
    a = int(rng.integers(0, n - size + 1))

    def inside(index: NDArray[np.int64]) -> NDArray[np.int64]:
        there = (index[a : a + size] >= a) & (index[a : a + size] < a + size)
        return np.where(there, index[a : a + size] - a, -1)

    return replace(
        page,
        segments=page.segments.part(a, a + size),
        within=inside(page.within),
        beyond=inside(page.beyond),
        first=page.first[a : a + size],
        last=page.last[a : a + size],
    )


def examples(page: Labelled) -> Examples:
    """Features, labels and weights of the candidate links of one dump."""
    solution = first_solution(page.segments, shared())
    i, j = candidates(solution.total, solution.text, solution.successor)
    names, columns = zip(*link_features(solution, page.segments, i, j), strict=True)
    order = np.argsort(page.first, kind="stable")
    order = order[page.first[order] >= 0]
    block = np.asarray(page.truth.block_of)
    article = [b.article for b in page.truth.blocks]
    over = np.full(len(page.segments), -1)
    for a, b in zip(order.tolist(), order[1:].tolist(), strict=False):
        same = article[int(block[page.last[a]])] == article[int(block[page.first[b]])]
        if same and page.first[b] > page.last[a]:
            over[a] = b
    within = page.within[i] == j
    soft = ~within & ((page.beyond[i] == j) | (over[i] == j))
    labels, weights = (within | soft).astype(np.float32), np.where(soft, SOFT, 1).astype(np.float32)
    return Examples(page.name, page.segments, i, j, names, table(columns), labels, weights)


def again(page: Examples, second: Network) -> None:
    """Add the features of the third look, from what a network of the second says of the page."""
    odds = spread(second.odds((page.x - second.mean) / second.scale), page.segments, page.i, page.j)
    names, columns = zip(*again_features(odds, best_over(odds), page.i, page.j), strict=True)
    page.names += names
    page.x = np.concatenate((page.x, table(columns)), axis=1)


def network(pages: list[Examples]) -> Network:
    """A network for the features that the pages have; of the wrong links some stand for all."""
    rng = np.random.default_rng(PLAN.seed)
    kept = [(page, np.flatnonzero((page.y > 0) | (rng.random(len(page.y)) < WRONG))) for page in pages]
    y = np.concatenate([page.y[rows] for page, rows in kept])
    w = np.concatenate([page.w[rows] for page, rows in kept])
    w = np.where(y > 0, w, w / np.float32(WRONG))
    return fitted(pages[0].names, [page.x[rows] for page, rows in kept], y, w, PLAN)


def main() -> None:
    options = arguments(__doc__, OUT).parse_args()
    rng = np.random.default_rng(1)
    pages, cut_outs = [], []
    for dump in load(options.pages, options.half, shared(), KINDS, options.also):
        if 8 <= len(dump.segments) <= MOST_SEGMENTS:
            pages.append(examples(dump))
            cut_outs.append(examples(cut_out(dump, rng)))
    arrays = looks(pages, "")
    for page in pages:
        page.forget()
    write_arrays(options.out, LINKS, VERSION, arrays | looks([*pages, *cut_outs], OF_SHORT))


def looks(pages: list[Examples], kind: str) -> dict[str, NDArray[Any]]:
    """Networks of both looks, as the file has them, for texts of a kind."""
    second = network(pages)
    fold = {name: k % 2 for k, name in enumerate(sorted({page.page for page in pages}))}
    folds = [network([page for page in pages if fold[page.page] != k]) for k in (0, 1)]
    for page in pages:
        again(page, folds[fold[page.page]])
    return second.arrays(SECOND + kind) | network(pages).arrays(THIRD + kind)


if __name__ == "__main__":
    main()
