"""Fits ``dictionaries/boundaries.bin``: the networks that judge what lies between two neighbouring lines.

    python dictionaries/build/boundaries.py PAGES_DIR [--half a|b|all] [--also MORE_PAGES ...] [--only breaks|losses] [--jobs N]

Pages as in ``continuity.py``, which must have been run before, and ``links.py`` too. Every dump is taken as far as the
passes before ``paragraphs`` bring it; each pair of neighbours is an example. Three networks: does a new paragraph begin
(``breaks``), was text lost behind the first line (``lost_behind``), or before the second (``lost_before``). Needs PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from continuity import arguments, is_vertical, page_files, prepared  # beside this file
from links import KINDS  # beside this file
from networks import Plan, fitted, mean_of, table  # beside this file
from numpy.typing import NDArray

from restore.evaluation import Document, PageTruth, align
from restore.language import shared
from restore.language.arrays import write_arrays
from restore.layout.segments import Segments, printed_lines, segments_of
from restore.ledger import Ledger
from restore.order.boundaries import BREAKS, FILE, boundary_features, decide, with_neighbours
from restore.order.evidence import Evidence, evidence_of
from restore.order.geometry import kind_of
from restore.order.losses import BEFORE, BEHIND, loss_features
from restore.order.network import VERSION, Named, Network
from restore.order.seams import Seams
from restore.passes import duplicates, encoding, line_pieces, markup, reading_order
from restore.passes import printed_lines as printed_lines_pass
from restore.pipeline import Tools
from restore.recorder import record
from restore.source import Source
from restore.view import View

OUT = Path(__file__).resolve().parent.parent / f"{FILE}.bin"
MORE_KINDS = ("dump/pdftotext-raw.txt", "dump/pymupdf.txt", "dump/tess3@low150.txt")
PASSES = (encoding, markup, duplicates, printed_lines_pass, line_pieces, reading_order)
BREAK_PLAN = Plan(hidden=(48, 24), epochs=6, batch=1024, decay=1e-2)
LOSS_PLAN = Plan(hidden=(32, 16), epochs=6, batch=1024, decay=1e-2)
BREAK_MEMBERS, AROUND_MEMBERS, LOSS_MEMBERS = 2, 4, 4
UNSEEN = 3  # of so many dumps, one is also an example of a dump that reading order has not seen
FAR = 240  # characters of truth between two lines beyond which the second does not continue the first


@dataclass
class Page:
    """Neighbours of one dump: features, and what is true of them, each of shape ``(n - 1,)``."""

    name: str
    kind: str
    segments: Segments
    evidence: Evidence
    features: list[Named]
    seams: Seams | None
    known: NDArray[np.bool_]
    breaks: NDArray[np.float32]
    behind: NDArray[np.float32]
    before: NDArray[np.float32]


def ordered(text: str) -> tuple[View, Tools]:
    """The text in reading order, as the paragraphs pass sees it."""
    source, ledger, tools = Source(text), Ledger(), Tools()
    view = View.of(source)
    for one in PASSES:
        record(view, ledger, one.name, one.find(view, tools))
        view = View.of(source, ledger, ledger.closure(ledger.corrs["certainty"] >= 1))
    return view, tools


def truth_of(dump: Path, text: str, truth: PageTruth) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Truth index of every character of a dump (-1: none), and which characters of the truth are lost."""
    at = np.full(len(text) + 1, -1)
    lost = np.zeros(len(truth.text) + 2, dtype=np.bool_)
    side = dump.with_suffix(".json")
    if dump.parent.name == "sim" and side.exists():
        position = {
            (truth.blocks[int(b)].id, int(o)): t
            for t, (b, o) in enumerate(zip(truth.block_of, truth.offset, strict=True))
        }
        body = json.loads(side.read_text("utf-8"))
        for a, b, name, s, _ in body["spans"]:
            for q in range(a, b):
                at[q] = position.get((name, s + q - a), -1)
        for name, s, e, *_ in body["lost"]:
            for o in range(s, e):
                if (name, o) in position:
                    lost[position[name, o]] = True
        return at, lost
    view = prepared(text)
    solid = [k for k, c in enumerate(view.text) if not c.isspace()]
    bare = "".join(view.text[k] for k in solid)
    folded = Document.read(bare, "newline").text
    for t, o in enumerate(align(truth.text, folded if len(folded) == len(solid) else bare)):
        if o >= 0:
            at[view.origin[solid[o]]] = t
    return at, lost


def page_of(dump: Path, truth: PageTruth) -> Page | None:
    """Neighbours of a dump; None where it has no printed lines."""
    text = dump.read_text("utf-8")
    if len(text) < 50:
        return None
    view, tools = ordered(text)
    segments = segments_of(view)
    if tools.memo.get("read_across") or len(segments) < 8 or not printed_lines(segments):
        return None
    at, lost = truth_of(dump, text, truth)
    n = len(segments)
    first, last = np.full(n, -1), np.full(n, -1)
    for k in range(n):
        here = at[view.origin[int(segments.start[k]) : int(segments.end[k])]]
        good = np.flatnonzero(here >= 0)
        if len(good) >= max(1, 0.36 * len(segments.texts[k])):
            first[k] = here[good[0]] - (good[0] if good[0] <= 2 else 0)
            last[k] = here[good[-1]] + (len(here) - 1 - good[-1] if len(here) - 1 - good[-1] <= 2 else 0)
    block = np.append(np.asarray(truth.block_of), [-1, -1, -1])
    first, last = np.minimum(first, len(truth.text) - 1), np.minimum(last, len(truth.text) - 1)
    a, b = last[:-1], first[1:]
    known = (a >= 0) & (b >= 0)
    aside = np.append([b.role == "furniture" for b in truth.blocks], False)  # no paragraphs
    known &= ~(aside[block[a]] & aside[block[b]])
    there = np.zeros(len(truth.text) + 2, dtype=np.bool_)  # characters of the truth that the dump has
    there[at[at >= 0]] = True
    gone = np.append(0, np.cumsum(there))
    between = gone[np.maximum(b, 0)] - gone[np.minimum(np.maximum(a, 0) + 1, len(gone) - 1)]
    goes_on = (block[a] == block[b]) & (b > a) & (b - a < FAR) & ((b - a <= 3) | (between <= 0.2 * (b - a)))
    behind = lost[a + 1] & (block[a + 1] == block[a])
    before = (b > 0) & lost[b - 1] & (block[b - 1] == block[b])
    evidence = evidence_of(segments, shared(), neighbours=True)
    features = list(boundary_features(segments, evidence, tools.memo.get("seams"), kind_of(segments)))
    return Page(
        dump.parent.parent.name,
        f"{dump.parent.name}/{dump.name}",
        segments,
        evidence,
        features,
        tools.memo.get("seams"),
        known,
        (~goes_on).astype(np.float32),
        behind.astype(np.float32),
        before.astype(np.float32),
    )


def dumps_of(file: Path) -> list[Page]:
    """The dumps of a page; none of a vertical one."""
    if is_vertical(file):
        return []
    truth = PageTruth.load(file)
    dumps = (file.parent / kind for kind in (*KINDS, *MORE_KINDS))
    pages = [page for dump in dumps if dump.exists() and (page := page_of(dump, truth)) is not None]
    for page in pages:  # what views keep is large, and another process cannot share it
        page.segments.view.kept.clear()
        page.segments.view.carried.clear()
    return pages


def load(folder: Path, half: str, also: Sequence[Path], jobs: int) -> Iterator[Page]:
    """Dumps of the horizontal pages."""
    number = 0
    with ProcessPoolExecutor(jobs) as pool:
        for page in chain.from_iterable(pool.map(dumps_of, page_files(folder, half, also))):
            yield page
            if number % UNSEEN == 0:
                # without what reading order said: where boxes decide, or the pass is used alone
                features = boundary_features(page.segments, page.evidence, None, kind_of(page.segments))
                yield replace(page, features=list(features), seams=None)
            number += 1


def main() -> None:
    parser = arguments(__doc__, OUT)
    parser.add_argument("--only", choices=("breaks", "losses"))
    parser.add_argument("--jobs", type=int, default=1, help="processes that read dumps")
    options = parser.parse_args()
    pages = list(load(options.pages, options.half, options.also, options.jobs))
    old = {name: Network.load(FILE, name) for name in (BREAKS, BEHIND, BEFORE)} if options.only else {}
    if options.only != "losses":
        old[BREAKS] = breaks_of(pages)
    if options.only != "breaks":
        old |= losses_of(pages, old[BREAKS])
    arrays = {key: values for name, network in old.items() for key, values in network.arrays(name).items()}
    write_arrays(options.out, FILE, VERSION, arrays)


def breaks_of(pages: list[Page]) -> Network:
    """Says where paragraphs begin: the mean of networks that know the boundary alone, and of ones that know those around it."""
    labels = np.concatenate([page.breaks[page.known] for page in pages])

    def of(features: Callable[[list[Named]], list[Named]], members: int) -> Network:
        names = tuple(name for name, _ in features(pages[0].features))
        tables = [table(v for _, v in features(page.features))[page.known] for page in pages]
        return fitted(names, tables, labels, np.ones_like(labels), BREAK_PLAN, members)

    return mean_of(of(lambda own: own, BREAK_MEMBERS), of(with_neighbours, AROUND_MEMBERS))


def losses_of(pages: list[Page], breaks: Network) -> dict[str, Network]:
    """Networks that say where text was lost, given the one that says where paragraphs begin."""
    networks, tables = {}, []
    for page in pages:
        text = breaks.odds(breaks.standardised(with_neighbours(page.features))).astype(np.float64)
        found = decide(page.segments, page.evidence, page.features, text)
        names, columns = zip(*loss_features(page.segments, found, page.seams), strict=True)
        tables.append(table(columns)[page.known])
    for name in (BEHIND, BEFORE):
        side = "behind" if name == BEHIND else "before"
        labels = np.concatenate([getattr(page, side)[page.known] for page in pages])
        networks[name] = fitted(names, tables, labels, np.ones_like(labels), LOSS_PLAN, LOSS_MEMBERS)
    return networks


if __name__ == "__main__":
    main()
