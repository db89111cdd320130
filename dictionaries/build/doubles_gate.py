"""Fit the evidence gate of the pass ``doubles``: writes its weights into ``glyph_gate.json``.

Text is damaged as recognition damages it: ideographs stand twice, others are exchanged, lost or replaced by a letter;
the more of one kind the more of the others, and most pages are good. Boosted trees (LightGBM) then tell, from the
features that the pass computes, whether of two equal stretches side by side one was printed. Only the trees are kept.
Run::

    python dictionaries/build/doubles_gate.py --ocr OCR --corpus CORPUS dictionaries/glyph_gate.json

OCR holds ``confusions.tsv`` (truth, got, count), CORPUS ``news_2025_dev.txt.xz`` and ``people_daily_199801.txt.xz``.
Needs numpy, lightgbm, rapidfuzz, and ``glyph_gate.json`` built before.
"""

from __future__ import annotations

import argparse
import importlib
import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from glyph_gate import PAGES, STRAYS, STRETCH, Counts, fit, han, read_counts

from restore import Tools, View
from restore.language.context import RunningText
from restore.language.trees import Trees

SOURCES = "news_2025_dev", "people_daily_199801"
"""What the character model was not made from, and older news that doubles more."""
RATES = (0.0, 0.0, 0.05, 0.05, 0.1, 0.3, 1.0)
"""How bad one page after another is, against the worst."""
WORST = {"exchanged": 0.02, "stray": 0.004, "lost": 0.006, "double": 0.003}
"""Errors per ideograph of the worst page."""
LONG, LONGEST = 0.12, 5
"""Share of the doubles that are longer than one glyph, and how long they are at most."""
DIRECTION = {"gain": 1, "damage": 1, "elsewhere": -1, "phrase": -1, "within": -1, "inside": -1}
"""Evidence that may only speak for one copy, or only against it."""
ROUNDS = 120
START = {
    "high": 3.0,
    "medium": 0.0,
    "low": -1.0,
    "plain": 2.6,
}  # plain: medium, on a page without other damage

doubles = importlib.import_module("restore.passes.doubles")


def plant(text: str, rate: float, counts: Counts, rng: random.Random) -> tuple[str, set[int]]:
    """A damaged text, and the offsets at which second copies begin."""
    out: list[str] = []
    copies: set[int] = set()
    bounds = np.cumsum([rate * share for share in WORST.values()]).tolist()
    for at, char in enumerate(text):
        if not han(char):
            out.append(char)
            continue
        kind = int(np.searchsorted(bounds, rng.random(), side="right"))
        if kind == 0 and char in counts:
            out.append(rng.choices(*counts[char])[0])
        elif kind == 1:
            out.append(rng.choice(STRAYS))
        elif kind == 2:
            continue
        elif kind == 3:
            size = rng.randint(2, LONGEST) if rng.random() < LONG else 1
            copy = text[max(0, at + 1 - size) : at + 1]
            if (
                len(copy) < size
                or not all(map(han, copy))
                or (out[1 - size :] != list(copy[:-1]) and size > 1)
            ):
                copy = char
            out.append(char)
            copies.add(len(out))
            out.extend(copy)
        else:
            out.append(char)
    return "".join(out), copies


def pages(text: str, counts: Counts) -> Iterator[tuple[str, set[int]]]:
    """Damaged pages."""
    rng = random.Random(2)
    start, number = 0, 0
    while start < len(text):
        stop = start + rng.randint(*PAGES)
        yield plant(text[start:stop], RATES[number % len(RATES)], counts, rng)
        start, number = stop, number + 1


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ocr", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    counts, tools = read_counts(args.ocr / "confusions.tsv"), Tools()
    names = list(doubles.FEATURES)
    rows, labels = [], []
    for source in SOURCES:
        with lzma.open(args.corpus / f"{source}.txt.xz", "rt", encoding="utf-8") as file:
            text = file.read().replace(" ", "")
        for damaged, copies in pages(text, counts):
            running = RunningText(View.of_text(damaged), tools.language.model)
            found = doubles._repetitions(running, tools.language.lexicon)
            if not len(found.place):
                continue
            rows.append(np.stack([found.features[name] for name in names], axis=1))
            begins = running.at[found.place + found.size]
            labels.append([int(at) in copies for at in begins])
    every, right = np.concatenate(rows), np.concatenate(labels)
    print(f"{len(every)} repetitions, {int(right.sum())} of them planted")
    half = np.arange(len(every)) // STRETCH % 2 == 0
    trees = Trees(fit(names, every[half], right[half], DIRECTION, ROUNDS))
    odds = trees.log_odds(dict(zip(names, every[~half].T, strict=True)))
    for least in (-3, -2, -1, 0, 1, 2, 3, 4, 5):
        hit = odds > least
        print(
            f"odds > {least}: {int(hit.sum())} changes, {right[~half][hit].mean():.3f} right,",
            f"{right[~half][hit].sum() / right[~half].sum():.3f} of all",
        )
    gate = json.loads(args.out.read_text("utf-8"))
    gate["doubles"] = {"trees": fit(names, every, right, DIRECTION, ROUNDS)} | START
    args.out.write_text(json.dumps(gate, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
