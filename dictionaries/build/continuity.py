"""Fits ``dictionaries/continuity.json``: what each piece of evidence at a seam weighs.

    python dictionaries/build/continuity.py PAGES_DIR [--half a|b|all] [--also MORE_PAGES]

PAGES_DIR holds pages with truth (``*/truth.json``, ``*/dump/*.txt``, ``*/sim/*.txt``). For every dump the segments are cut
as the pipeline cuts them, aligned with the truth, and true continuations are set against pairs picked at random; a
logistic regression with a small ridge gives the weights in nats. ``--half`` fits on every second page, so that the
other half can be looked at. Pages of ``--also`` are all used. The gaps are judged on what the passes make of the pages:
fit them last, after ``links.py``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from restore.evaluation import Document, PageTruth, align
from restore.language import shared
from restore.layout.segments import Segments, segments_of
from restore.ledger import Ledger
from restore.order.evidence import Evidence, evidence_of, features
from restore.passes import encoding, markup
from restore.pipeline import Tools
from restore.recorder import record
from restore.source import Source
from restore.view import View

if TYPE_CHECKING:
    from restore.language import Language

OUT = Path(__file__).resolve().parent.parent / "continuity.json"
KINDS = (
    "dump/pdftotext-layout.txt",
    "dump/pdftotext.txt",
    "dump/pymupdf-sort.txt",
    "dump/liteparse.txt",
    "dump/pdfplumber.txt",
    "dump/rapid3@mid200.txt",
    "dump/rapid3@low150.txt",
    "dump/pdfminer.txt",
    "dump/pdfium.txt",
    "dump/tess3@mid200.txt",
    "dump/layer-pdftotext@mid200.txt",
    "dump/pymupdf-blocks.txt",
    "dump/pdftext-ftfy.txt",
    "dump/pymupdf4llm-ftfy.txt",
    "sim/light-1.txt",
    "sim/seed-1.txt",
    "sim/seed-2.txt",
    "sim/medium-1.txt",
    "sim/heavy-1.txt",
)
IN_ORDER = ("dump/pdfium.txt", "dump/pymupdf-blocks.txt", "dump/pdftext-ftfy.txt")
NEGATIVES = 30
RIDGE = 3.0
SHARE_ALIGNED = 0.6


@dataclass
class Labelled:
    """A dump's segments with their truth: index of the next segment in the paragraph, and of the next paragraph's first."""

    name: str
    kind: str
    view: View
    segments: Segments
    evidence: Evidence
    within: NDArray[np.int64]
    beyond: NDArray[np.int64]
    ends_block: NDArray[np.bool_]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    truth: PageTruth


def prepared(text: str) -> View:
    """The text as reading order sees it."""
    source, ledger, tools = Source(text), Ledger(), Tools()
    view = View.of(source)
    for one in (encoding, markup):
        record(view, ledger, one.name, one.find(view, tools))
        view = View.of(source, ledger, np.ones(ledger.n_corrections, dtype=np.bool_))
    return view


def label(name: str, kind: str, text: str, truth: PageTruth, language: Language) -> Labelled:
    """Segments of a dump with their true successors."""
    view = prepared(text)
    segments = segments_of(view)
    solid = [k for k, c in enumerate(view.text) if not c.isspace()]
    at = np.full(len(view.text), -1, dtype=np.int64)
    folded = Document.read("".join(view.text[k] for k in solid), "newline").text
    to_output = align(
        truth.text, folded if len(folded) == len(solid) else "".join(view.text[k] for k in solid)
    )
    for t, o in enumerate(to_output):
        if o >= 0:
            at[solid[o]] = t
    n = len(segments)
    first, last = np.full(n, -1), np.full(n, -1)
    for k in range(n):
        here = at[int(segments.start[k]) : int(segments.end[k])]
        good = np.flatnonzero(here >= 0)
        if len(good) >= max(1, SHARE_ALIGNED * 0.6 * len(segments.texts[k])):
            first[k] = here[good[0]] - (good[0] if good[0] <= 2 else 0)
            last[k] = here[good[-1]]
    block = np.asarray(truth.block_of)
    within, beyond = np.full(n, -1), np.full(n, -1)
    order = [int(k) for k in np.argsort(first, kind="stable") if first[k] >= 0]
    for a, b in zip(order, order[1:], strict=False):
        if not 1 <= first[b] - last[a] <= 3:
            continue
        one, two = int(block[last[a]]), int(block[first[b]])
        if one == two:
            within[a] = b
        elif truth.blocks[one].article == truth.blocks[two].article:
            beyond[a] = b
    end_of = {int(b): t for t, b in enumerate(block)}
    ends = np.array([t >= 0 and end_of[int(block[t])] == t for t in last], dtype=np.bool_)
    return Labelled(
        name, kind, view, segments, evidence_of(segments, language), within, beyond, ends, first, last, truth
    )


def page_files(folder: Path, half: str, also: Sequence[Path] = ()) -> list[Path]:
    """The truths of the pages to fit on: all of a folder or every second one, and all of others."""
    files = [
        file
        for number, file in enumerate(sorted(folder.glob("*/truth.json")))
        if half == "all" or number % 2 == "ab".index(half)
    ]
    return [*files, *(file for more in also for file in sorted(more.glob("*/truth.json")))]


def is_vertical(file: Path) -> bool:
    """Whether a page of truth has lines set vertically."""
    return any(line.get("vertical") for line in json.loads(file.read_text("utf-8"))["lines"])


def arguments(doc: str | None, out: Path) -> argparse.ArgumentParser:
    """The options of every script that fits on pages."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--half", choices=["a", "b", "all"], default="all")
    parser.add_argument("--also", type=Path, nargs="+", default=[])
    parser.add_argument("--out", type=Path, default=out)
    return parser


def load(
    folder: Path, half: str, language: Language, kinds: tuple[str, ...] = KINDS, also: Sequence[Path] = ()
) -> Iterator[Labelled]:
    """Labelled dumps of the horizontal pages."""
    for file in page_files(folder, half, also):
        truth = PageTruth.load(file)
        if is_vertical(file):
            continue
        for kind in kinds:
            dump = file.parent / kind
            if dump.exists():
                text = dump.read_text("utf-8")
                if len(text) > 50:
                    yield label(file.parent.name, kind, text, truth, language)


def table_of(
    pages: list[Labelled], target: str, rng: np.random.Generator
) -> tuple[list[str], NDArray[Any], ...]:
    """Feature names, design matrix, labels and weights for one kind of link."""
    names: list[str] = []
    blocks, labels, weight = [], [], []
    for page in pages:
        n = len(page.segments)
        goal = getattr(page, target)
        i = np.flatnonzero(goal >= 0)
        if not len(i):
            continue
        a, b = rng.integers(0, n, len(i) * NEGATIVES), rng.integers(0, n, len(i) * NEGATIVES)
        other = (a != b) & (page.within[a] != b) & (page.beyond[a] != b)
        for x, y, truth in ((i, goal[i], 1.0), (a[other], b[other], 0.0)):
            columns = list(features(page.evidence, x, y))
            names = [name for name, _ in columns]
            blocks.append(np.stack([np.asarray(c, dtype=np.float32) for _, c in columns], axis=1))
            labels.append(np.full(len(x), truth))
            weight.append(np.full(len(x), 1.0 if truth else len(i) / max(1, len(x))))
    return names, np.concatenate(blocks), np.concatenate(labels), np.concatenate(weight)


def fit(
    x: NDArray[Any], y: NDArray[Any], w: NDArray[Any], ridge: float = RIDGE
) -> tuple[float, NDArray[Any]]:
    """Bias and weights of a logistic regression, on standardised features."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    z = np.concatenate(
        [np.ones((len(x), 1), dtype=np.float32), ((x - mean) / scale).astype(np.float32)], axis=1
    )

    def loss(b: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        s = z @ b
        p = 1 / (1 + np.exp(-s))
        g = z.T @ (w * (p - y))
        g[1:] += ridge * b[1:]
        return float((w * (np.logaddexp(0, s) - y * s)).sum() + ridge * (b[1:] ** 2).sum() / 2), g

    found = minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    weights = found[1:] / scale
    return float(found[0] - (weights * mean).sum()), weights


def log_loss(x: NDArray[Any], y: NDArray[Any], w: NDArray[Any], bias: float, weights: NDArray[Any]) -> float:
    """Mean loss in bits of a fitted table."""
    s = x @ weights + bias
    return float((w * (np.logaddexp(0, s) - y * s)).sum() / w.sum() / np.log(2))


def main() -> None:
    parser = arguments(__doc__, OUT)
    parser.add_argument("--only", choices=["seams", "gaps"], help="keep the other tables of the file")
    options = parser.parse_args()
    language = shared()
    if options.only == "gaps":
        body = json.loads(options.out.read_text("utf-8"))
        _fit_gaps(body, options, language)
        return
    pages = list(load(options.pages, options.half, language, also=options.also))
    rng = np.random.default_rng(1)
    body: dict[str, Any] = {
        "how": "logistic regression of true continuations against random pairs; see dictionaries/build/continuity.py",
        "pages": sorted({p.name for p in pages}),
        "dumps": list(KINDS),
        "negatives_per_positive": NEGATIVES,
        "ridge": RIDGE,
        "loss_bits": {},
        "weights": {},
    }
    if options.only == "seams":
        old = json.loads(OUT.read_text("utf-8"))
        for key in ("loss_bits", "weights"):
            body[key] = {name: value for name, value in old[key].items() if name.startswith("gap")}
    for name, target in (("continues", "within"), ("follows", "beyond")):
        names, x, y, w = table_of(pages, target, rng)
        bias, weights = fit(x, y, w)
        body["weights"][name] = {"bias": round(bias, 3)} | {
            k: round(float(v), 3) for k, v in zip(names, weights, strict=True) if abs(v) >= 5e-4
        }
        body["loss_bits"][name] = round(log_loss(x, y, w, bias, weights), 4)
        print(name, len(x), "pairs, loss", body["loss_bits"][name], "bits")
    options.out.write_text(
        json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )  # the passes read it
    if options.only != "seams":
        _fit_gaps(body, options, language)


def _fit_gaps(body: dict[str, Any], options: argparse.Namespace, language: Language) -> None:
    """Fit the tables for lost text on what the passes make of the pages, and write the file."""
    from gaps import gap_tables  # beside this file

    for name, (names, x, y, w) in gap_tables(options.pages, options.half, options.also).items():
        bias, weights = fit(x, y, w, ridge=1.0)
        body["weights"][name] = {"bias": round(bias, 3)} | {
            k: round(float(v), 3) for k, v in zip(names, weights, strict=True) if abs(v) >= 5e-4
        }
        body["loss_bits"][name] = round(log_loss(x, y, w, bias, weights), 4)
        print(name, len(x), int(y.sum()), "lost, loss", body["loss_bits"][name], "bits")
    options.out.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
