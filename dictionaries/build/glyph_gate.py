"""Fit the evidence gate of the pass ``confusables``: writes its weights into ``glyph_gate.json``.

Errors are planted into news that the character model was not made from: ideographs are exchanged as recognition
exchanges them (counts), some are lost, doubled or replaced by a letter. Logistic regression (L2) then tells, from the
features that the pass computes, whether the best alternative of a doubtful glyph is what was printed. Only the weights
are kept. Run::

    python dictionaries/build/glyph_gate.py --ocr OCR --corpus CORPUS dictionaries/glyph_gate.json

OCR holds ``confusions.tsv`` (truth, got, count), CORPUS ``news_2025_dev.txt.xz``. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import lzma
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from restore import Tools, View
from restore.language.context import RunningText
from restore.language.scripts import SIMPLIFIED

PAGE = 5000
RATES = (0.0, 0.0, 0.0, 0.001, 0.005, 0.02, 0.06)
"""Errors per character planted in one page after another."""
STRAYS = "abcdehijlnortu1|'`·.^~"
START = {
    "suspect": -11.5,
    "fair": -9.0,
    "hopeful": -5.0,
    "plain": 4.0,
    "high": 4.0,
    "medium": 1.0,
    "low": -1.5,
}

confusables = importlib.import_module("restore.passes.confusables")
Counts = dict[str, tuple[list[str], list[int]]]


def han(char: str) -> bool:
    """Whether a character is an ideograph of the basic block."""
    return len(char) == 1 and "\u4e00" <= char <= "\u9fff"


def read_counts(path: Path) -> Counts:
    """What each ideograph was taken for, with counts."""
    found: defaultdict[str, tuple[list[str], list[int]]] = defaultdict(lambda: ([], []))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if han(row["truth"]) and han(row["got"]) and int(row["count"]) >= 2:
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


def samples(text: str, counts: Counts, tools: Tools) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of the features, features of every doubtful glyph, and whether its alternative is right."""
    rng = random.Random(1)
    rows, labels, names = [], [], []
    for number, start in enumerate(range(0, len(text), PAGE)):
        damaged, truth = plant(text[start : start + PAGE], RATES[number % len(RATES)], counts, rng)
        running = RunningText(View.of_text(damaged), tools.language.model)
        doubts = confusables._doubts(running, SIMPLIFIED, tools)
        if doubts is None:
            continue
        names = list(doubts.features)
        rows.append(np.stack([doubts.features[name] for name in names], axis=1))
        at = running.at[doubts.place]
        labels.append([truth.get(int(a)) == chr(int(t)) for a, t in zip(at, doubts.true, strict=True)])
    return names, np.concatenate(rows), np.concatenate(labels)


def fit(rows: np.ndarray, labels: np.ndarray, strength: float = 1.0) -> tuple[float, np.ndarray]:
    """Bias and weights of a logistic regression with L2 on standardised features."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    z = np.concatenate((np.ones((len(rows), 1)), (rows - mean) / spread), axis=1)
    y = labels.astype(float)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        s = z @ w
        grad = z.T @ (1 / (1 + np.exp(-s)) - y)
        grad[1:] += 2 * strength * w[1:]
        return float(np.logaddexp(0, s).sum() - (s * y).sum() + strength * (w[1:] ** 2).sum()), grad

    w = minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B").x
    weights = w[1:] / spread
    return float(w[0] - (weights * mean).sum()), weights


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ocr", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--characters", type=int, default=1_500_000)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    gate = json.loads(args.out.read_text("utf-8")) if args.out.exists() else {}
    start = START | {"weights": dict.fromkeys((*confusables.FEATURES, "bias"), 0.0)}
    confusables._gate = lambda: start
    with lzma.open(args.corpus / "news_2025_dev.txt.xz", "rt", encoding="utf-8") as file:
        text = file.read(args.characters)
    names, rows, labels = samples(text.replace(" ", ""), read_counts(args.ocr / "confusions.tsv"), Tools())
    half = np.arange(len(rows)) % 2 == 0
    bias, weights = fit(rows[half], labels[half])
    odds = bias + rows[~half] @ weights
    for least in (-2, -1, 0, 1, 2, 3, 4, 5):
        hit = odds > least
        print(
            f"odds > {least}: {int(hit.sum())} changes, {labels[~half][hit].mean():.3f} right,",
            f"{labels[~half][hit].sum() / labels[~half].sum():.3f} of the findable",
        )
    bias, weights = fit(rows, labels)
    found = {"bias": round(bias, 3)} | {n: round(float(w), 3) for n, w in zip(names, weights, strict=True)}
    gate["confusables"] = {"weights": found} | START
    args.out.write_text(json.dumps(gate, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(found)


if __name__ == "__main__":
    main()
