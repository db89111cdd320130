"""Size of the character model against perplexity and against seam accuracy.

Reads what ``ngram.py --save`` wrote and makes models of several orders and sizes from it. Run::

    python dictionaries/build/ngram_curve.py SAVED.npz --order N [--bytes N ...] --text NAME FILE ... --page
    FILE ...

Texts are for perplexity per Han character (UTF-8, ``.xz`` or plain, at most `MOST` characters); pages are
``truth.json`` with printed lines, or a gold file with fragments: for every two lines of a block that follow
each other, the true successor is ranked among all lines of the page by ln P(head | tail) less the logarithm
of the mean of P(head | tail) over all tails of the page. Seams: first, among the first 20; then the same
with the page cache.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from kneser_ney import Backoff
from ngram import UNKNOWN_TYPES, export, prune, read_text
from numpy.typing import NDArray

from restore.language.arrays import write_arrays
from restore.language.cache import PageCache
from restore.language.ngram import TABLE, UNKNOWN, VERSION, NgramModel
from restore.language.scorer import Scorer

MOST = 300_000
REACH = 4

Page = tuple[list[str], list[tuple[int, int]]]
Floats = NDArray[np.float64]


def read_page(file: Path) -> Page:
    """Printed lines in source order and the pairs of lines that follow each other in a block."""
    data = json.loads(file.read_text("utf-8"))
    lines: list[str] = []
    pairs: list[tuple[int, int]] = []
    if "units" in data:
        found = [
            (fragment["start"], fragment["source"], unit, place)
            for unit, content in enumerate(data["units"])
            for place, fragment in enumerate(content["fragments"])
            if "source" in fragment and not fragment.get("gap")
        ]
        found.sort()
        index = {(unit, place): k for k, (_, _, unit, place) in enumerate(found)}
        lines = [text for _, text, _, _ in found]
        pairs = [
            (k, index[unit, place + 1]) for (unit, place), k in index.items() if (unit, place + 1) in index
        ]
    else:
        block = None
        for line in data["lines"]:
            lines.append(line["text"])
            if line["block"] == block:
                pairs.append((len(lines) - 2, len(lines) - 1))
            block = line["block"]
    return ["".join(line.split()) for line in lines], pairs


def compact(text: str) -> str:
    """Paragraphs without other white space, one line each."""
    return "\n".join("".join(line.split()) for line in text.splitlines() if line.strip())


def seam_ranks(scores: Floats, pairs: list[tuple[int, int]], pool: NDArray[np.int64]) -> tuple[float, float]:
    """Share of pairs within a pool of lines whose true successor ranks first, and among the first 20."""
    scores = scores[np.ix_(pool, pool)]
    place = {line: k for k, line in enumerate(pool.tolist())}
    left, right = np.array([(place[a], place[b]) for a, b in pairs if a in place and b in place]).T
    top = scores.max(axis=0)
    scores = scores - top - np.log(np.exp(scores - top).mean(axis=0))
    np.fill_diagonal(scores, -np.inf)
    ranks = (scores[left] > scores[left, right][:, None]).sum(axis=1)
    return float((ranks == 0).mean()), float((ranks < 20).mean())


def judge_page(model: Scorer, page: Page, shortest: int) -> list[float]:
    """First and top 20 without the page cache, then with it; shorter lines are left out of the ranking."""
    lines, pairs = page
    ids = [model.encode(line) for line in lines]
    tails = np.full((len(lines), REACH), model.bos, dtype=np.int64)
    heads = tails.copy()
    for row, line in enumerate(ids):
        tails[row, REACH - min(REACH, len(line)) :] = line[-REACH:]
        heads[row, : min(REACH, len(line))] = line[:REACH]
    scores = model.seam_matrix(tails, heads).astype(np.float64)
    gains = PageCache(lines, model).gain_matrix()
    pool = np.flatnonzero([len(line) >= shortest for line in lines])
    return [*seam_ranks(scores, pairs, pool), *seam_ranks(scores + gains, pairs, pool)]


def perplexity(logp: NDArray[Any], text: str) -> float:
    """Per Han character."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    han = (codes >= 0x4E00) & (codes < 0xA000)
    return float(np.exp(-logp[han].mean(dtype=np.float64)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("saved", type=Path)
    parser.add_argument("--order", type=int, required=True)
    parser.add_argument("--bytes", type=int, nargs="+", default=[])
    parser.add_argument("--text", nargs=2, action="append", default=[], metavar=("NAME", "FILE"))
    parser.add_argument("--page", type=Path, nargs="+", default=[])
    parser.add_argument("--shortest", type=int, default=1, help="characters of a line that is ranked")
    parser.add_argument("--work", type=Path, required=True, help="where the models are written")
    arguments = parser.parse_args()
    saved = np.load(arguments.saved)
    vocabulary = saved["vocabulary"]
    orders = range(arguments.order)
    full = Backoff(len(vocabulary), [saved[f"keys{n}"] for n in orders], [saved[f"prob{n}"] for n in orders])
    weights = [saved[f"weight{n}"] for n in orders]
    texts = [(name, compact(read_text(Path(file))[: MOST * 2])[:MOST]) for name, file in arguments.text]
    pages = [read_page(file) for file in arguments.page]
    print(
        "order",
        "bytes",
        "n-grams",
        *(name for name, _ in texts),
        "first top20 cached-first cached-top20",
        sep="\t",
    )
    model: NgramModel | None = None
    for budget in arguments.bytes:
        pruned, keep = prune(full, weights, budget)
        arrays = export(
            pruned, vocabulary, [weight[mask] for weight, mask in zip(weights, keep, strict=True)]
        )
        file = arguments.work / f"order{arguments.order}-{budget}.bin"
        write_arrays(file, TABLE, VERSION, arrays)
        model = NgramModel.load(file)
        row = [f"{perplexity(model.logp(model.encode(text)), text):.2f}" for _, text in texts]
        seams = np.array([judge_page(model, page, arguments.shortest) for page in pages])
        if len(seams):
            row += [f"{value:.3f}" for value in seams[0]] + [
                f"{value:.3f}" for value in seams[1:].mean(axis=0)
            ]
        print(arguments.order, file.stat().st_size, sum(map(len, pruned.keys)), *row, sep="\t", flush=True)
    if model is not None:
        row = []
        for _, text in texts:
            ids = model.encode(text)
            logp = full.logp(ids) - np.where(ids == UNKNOWN, np.log(UNKNOWN_TYPES), 0)
            row.append(f"{perplexity(logp, text):.2f}")
        print(arguments.order, "exact", sum(map(len, full.keys)), *row, sep="\t", flush=True)


if __name__ == "__main__":
    main()
