"""Fit the evidence gate of the pass ``confusables``: writes its weights into ``glyph_gate.json``.

Errors are planted into news that the character model was not made from: ideographs are exchanged as recognition
exchanges them (counts), some are lost, doubled or replaced by a letter. Lines that engines really read, strewn over
other news, are added, and pages of news that engines were given to read (``ocr_trials.py --pages``). Boosted trees (LightGBM) then tell, from the features that the pass computes, whether the best
alternative of a doubtful glyph is what was printed. Only the trees are kept. Run::

    python dictionaries/build/glyph_gate.py --ocr OCR --corpus CORPUS --pages pages.tsv dictionaries/glyph_gate.json

OCR holds ``confusions.tsv`` (truth, got, count) and ``lines_*.tsv`` (observed, truth), CORPUS
``news_2025_dev.txt.xz``. Needs numpy, lightgbm, rapidfuzz.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import lzma
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from rapidfuzz.distance import Levenshtein

from restore import View
from restore.glyphs.doubts import FEATURES, doubts_of
from restore.glyphs.gate import Gate
from restore.language import Language, shared
from restore.language.context import RunningText
from restore.language.scripts import SIMPLIFIED
from restore.language.trees import Trees

PAGES = 1500, 6000
"""Characters of a page."""
RATES = (0.0, 0.0, 0.0, 0.001, 0.005, 0.02, 0.06)
"""Errors per character planted in one page after another."""
TREES = {
    "objective": "binary",
    "num_leaves": 12,
    "learning_rate": 0.06,
    "min_data_in_leaf": 80,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
ROUNDS = 150
DIRECTION = {
    "gain": 1,
    "channel": 1,
    "margin": 1,
    "page_true3": 1,
    "page_true2": 1,
    "page_seen3": -1,
    "page_seen2": -1,
    "after": 1,
    "least": 1,
    "same": 1,
    "unread": 1,
    "reader": 1,
}
"""Evidence that may only speak for a change, or only against it."""
STRETCH = 40
"""Doubts in a row that are kept together when half are held out."""
LINES = 60
"""Real lines on one page."""
STRAYS = "abcdehijlnortu1|'`·.^~"
START = {
    "suspect": -13.0,
    "hard": -16.0,
    "hardest": -18.0,
    "fair": -9.0,
    "hopeful": -2.5,
    "plain": 4.0,
    "high": 4.0,
    "medium": 2.0,
    "worn": -5.0,
    "medium_worn": 1.3,
    "medium_alone": 3.5,
    "gain_plain": 14.0,
    "medium_plain": 2.8,
    "open": -7.5,
    "reader": -1.0,
    "reader_alone": 0.0,
    "medium_unread": 0.5,
    "low": -0.5,
}

Counts = dict[str, tuple[list[str], list[int]]]


def han(char: str) -> bool:
    """Whether a character is an ideograph of the basic block."""
    return len(char) == 1 and "\u4e00" <= char <= "\u9fff"


def read_counts(path: Path) -> Counts:
    """What each ideograph was taken for, with counts."""
    found: defaultdict[str, tuple[list[str], list[int]]] = defaultdict(lambda: ([], []))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if han(row["truth"]) and han(row["got"]):
                found[row["truth"]][0].append(row["got"])
                found[row["truth"]][1].append(int(row["count"]))
    return dict(found)


def plant(text: str, rate: float, counts: Counts, rng: random.Random) -> tuple[str, dict[int, str]]:
    """Text with errors, and for each exchanged ideograph its offset and what was there."""
    out: list[str] = []
    truth: dict[int, str] = {}
    for char in text:
        kind = rng.random() / rate if rate and han(char) else 9.0
        if kind < 1 and char in counts:
            truth[len(out)] = char
            out.append(rng.choices(*counts[char])[0])
        elif 1 <= kind < 1.2:
            out.append(rng.choice(STRAYS))
        elif 1.2 <= kind < 1.4:
            continue
        elif 1.4 <= kind < 1.5:
            out.extend((char, char))
        else:
            out.append(char)
    return "".join(out), truth


def exchanged(seen: str, printed: str) -> dict[int, str]:
    """Offsets of ideographs read for other characters, and what was printed."""
    truth = {}
    for step in Levenshtein.opcodes(seen, printed):
        if step.tag == "replace":
            places = zip(
                range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True
            )
            truth.update({a: printed[b] for a, b in places if han(seen[a])})
    return truth


def real_lines(folder: Path, rng: random.Random) -> list[tuple[str, dict[int, str]]]:
    """Lines as engines read them, shuffled; for each exchanged ideograph its offset and what was printed."""
    found = []
    for file in sorted(folder.glob("lines_*.tsv")):
        for row in file.read_text("utf-8").splitlines()[1:]:
            seen, printed = row.split("\t")
            found.append((seen, exchanged(seen, printed)))
    rng.shuffle(found)
    return found


def real_pages(file: Path) -> Iterator[tuple[str, dict[int, str]]]:
    """Pages of running text as engines read them (``ocr_trials.py --pages``)."""
    found: dict[tuple[str, str], tuple[list[str], dict[int, str]]] = {}
    for row in file.read_text("utf-8").splitlines()[1:]:
        engine, number, ends, seen, printed = row.split("\t")
        read, truth = found.setdefault((engine, number), ([], {}))
        start = sum(map(len, read))
        truth.update({start + at: char for at, char in exchanged(seen, printed).items()})
        read.append(seen + "\n" * int(ends))
    return (("".join(read), truth) for read, truth in found.values())


def pages(text: str, counts: Counts, folder: Path) -> Iterator[tuple[str, dict[int, str]]]:
    """Damaged pages: planted errors, then real lines strewn over news, more or less thickly."""
    rng = random.Random(1)
    cuts = [0]
    while cuts[-1] < len(text):
        cuts.append(cuts[-1] + rng.randint(*PAGES))
    pieces = [text[start:stop] for start, stop in itertools.pairwise(cuts)]
    for number, piece in enumerate(pieces):
        yield plant(piece, RATES[number % len(RATES)], counts, rng)
    lines = real_lines(folder, rng)
    for number, piece in enumerate(pieces):
        page, truth = piece[: len(piece) // 2] + "\n", {}
        for line, errors in lines[number * LINES : (number + 1) * LINES]:
            truth.update({len(page) + at: char for at, char in errors.items()})
            page += line + "\n"
        yield page, truth


def samples(
    damaged_pages: Iterable[tuple[str, dict[int, str]]], language: Language, gate: Gate
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of the features, features of every doubtful glyph, and whether its alternative is right."""
    rows, labels, names = [], [], []
    for damaged, truth in damaged_pages:
        running = RunningText(View.of_text(damaged), language.model)
        doubts = doubts_of(running, SIMPLIFIED, language, gate)
        if doubts is None:
            continue
        names = list(doubts.features)
        rows.append(np.stack([doubts.features[name] for name in names], axis=1))
        at = running.at[doubts.place]
        labels.append([truth.get(int(a)) == chr(int(t)) for a, t in zip(at, doubts.true, strict=True)])
    return names, np.concatenate(rows), np.concatenate(labels)


def fit(
    names: list[str],
    rows: np.ndarray,
    labels: np.ndarray,
    direction: Mapping[str, int] = DIRECTION,
    rounds: int = ROUNDS,
) -> dict[str, Any]:
    """Boosted trees as the columns of `restore.language.trees.Trees`."""
    data = lightgbm.Dataset(rows, label=labels.astype(float), feature_name=names)
    booster = lightgbm.train(
        TREES | {"monotone_constraints": [direction.get(n, 0) for n in names]}, data, rounds
    )
    found: dict[str, Any] = {"features": names, "bias": 0.0, "roots": []}
    columns: dict[str, list[float]] = {k: [] for k in ("feature", "threshold", "left", "right", "values")}

    def add(tree: dict[str, Any]) -> int:
        if "leaf_value" in tree:
            columns["values"].append(round(tree["leaf_value"], 5))
            return ~(len(columns["values"]) - 1)
        node = len(columns["feature"])
        for name in ("feature", "threshold", "left", "right"):
            columns[name].append(0)
        columns["feature"][node] = tree["split_feature"]
        columns["threshold"][node] = round(tree["threshold"], 4)
        columns["left"][node] = add(tree["left_child"])
        columns["right"][node] = add(tree["right_child"])
        return node

    found["roots"] = [add(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    return found | columns


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ocr", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--pages", type=Path, required=True, help="what ocr_trials.py --pages wrote")
    parser.add_argument("--characters", type=int, default=1_000_000)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    gate = json.loads(args.out.read_text("utf-8")) if args.out.exists() else {}
    leaf = {"features": FEATURES, "roots": [-1], "values": [0.0], "bias": 0.0}
    start = START | {"trees": leaf | {k: [] for k in ("feature", "threshold", "left", "right")}}
    with lzma.open(args.corpus / "news_2025_dev.txt.xz", "rt", encoding="utf-8") as file:
        text = file.read(args.characters)
    counts = read_counts(args.ocr / "confusions.tsv")
    read = itertools.chain(real_pages(args.pages), pages(text.replace(" ", ""), counts, args.ocr))
    names, rows, labels = samples(read, shared(), Gate.of(start))
    half = np.arange(len(rows)) // STRETCH % 2 == 0
    trees = Trees(fit(names, rows[half], labels[half]))
    odds = trees.log_odds(dict(zip(names, rows[~half].T, strict=True)))
    for least in (-2, -1, 0, 1, 2, 3, 4, 5):
        hit = odds > least
        print(
            f"odds > {least}: {int(hit.sum())} changes, {labels[~half][hit].mean():.3f} right,",
            f"{labels[~half][hit].sum() / labels[~half].sum():.3f} of the findable",
        )
    gate["confusables"] = {"trees": fit(names, rows, labels)} | START
    args.out.write_text(json.dumps(gate, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
