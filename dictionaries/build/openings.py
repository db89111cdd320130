"""Build ``openings.bin`` and ``running.bin``: where paragraphs begin in running text, from plain-text corpora.

    python dictionaries/build/openings.py --corpus WEIGHT FILE [--corpus WEIGHT FILE ...] [--held-out FILE ...]
        [--articles N] [--judged N] [--only strings|networks] [--out DIR]

Each corpus is UTF-8 (``.xz`` or plain); a line is a paragraph, a blank line parts articles, the first line of an article is
its headline. The articles are put together to one text without line ends. ``openings.bin`` (weights of strings, a logistic
regression) is fitted on two of three articles, and what it says of the third goes into the small networks of
``running.bin``; of the articles that ``--held-out`` names only figures are printed. Only weights are kept, under hashes.
Needs PyTorch. One thread and fixed seeds: the same inputs give the same files on the same kind of machine.
"""

from __future__ import annotations

import argparse
import lzma
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from networks import Plan, fitted  # beside this file
from numpy.typing import NDArray
from torch import nn

from restore.language import openings as table
from restore.language import shared
from restore.language.arrays import write_arrays
from restore.language.fold import code_points, fold_codes
from restore.order import running
from restore.order.network import VERSION, Named

OUT = Path(__file__).resolve().parent.parent
PAGE = 12  # articles of one text, as on a page
EPOCHS, BATCH, RATE = 3, 1024, 3e-3
NETWORK = Plan(hidden=(32,), epochs=4, batch=256, decay=1e-3)
NEGATIVES = 0.25  # share of the places behind sentences inside articles from which a headline is looked for

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Text:
    """Articles put together.

    Attributes:
        text: without white space.
        begins: whether a paragraph begins at each character, shape ``(n + 1,)``.
        heads: places where a headline begins, and where it ends, shape ``(articles, 2)``.
    """

    text: str
    begins: Bools
    heads: NDArray[np.int64]


def articles(file: Path) -> Iterator[list[str]]:
    """Articles as lists of paragraphs without white space."""
    with (
        lzma.open(file, "rt", encoding="utf-8")
        if file.suffix == ".xz"
        else file.open(encoding="utf-8") as stream
    ):
        one: list[str] = []
        for line in stream:
            words = "".join(line.split())
            if words:
                one.append(words)
            elif one:
                yield one
                one = []
        if one:
            yield one


def texts(file: Path, most: int, third: int | None, share: int = 1) -> Iterator[Text]:
    """Texts of `PAGE` articles; ``third`` 2 are those of every third page, 0 the others, None all."""
    page: list[list[str]] = []
    number = 0
    for count, one in enumerate(articles(file)):
        if number * PAGE >= most:
            return
        if count % share or len(one) < 2 or len(one[0]) > running.LONGEST:
            continue
        page.append(one)
        if len(page) == PAGE:
            number += 1
            if third is None or (number % 3 == 2) == (third == 2):
                yield put_together(page)
            page = []


def put_together(page: list[list[str]]) -> Text:
    """One text of articles."""
    parts: list[str] = []
    begins: list[int] = []
    heads: list[tuple[int, int]] = []
    at = 0
    for one in page:
        heads.append((at, at + len(one[0])))
        for line in one:
            begins.append(at)
            parts.append(line)
            at += len(line)
    flags = np.zeros(at + 1, dtype=np.bool_)
    flags[begins] = True
    return Text("".join(parts), flags, np.array(heads, dtype=np.int64))


def headline_places(text: Text, rng: np.random.Generator | None) -> tuple[NDArray[np.int64], ...]:
    """Starts, places where the headline may end, and whether it does, each of shape ``(m,)``."""
    starts = running.sentence_ends(text.text)
    true = set(text.heads[:, 0].tolist())
    if rng is not None:
        keep = rng.random(len(starts)) < NEGATIVES
        starts = np.array(
            [k for k, yes in zip(starts.tolist(), keep.tolist(), strict=True) if yes or k in true]
        )
    starts = np.union1d(starts, np.array([0]))
    ends = dict(text.heads.tolist())
    first, places, label = [], [], []
    for a in starts.tolist():
        for k in running.headline_ends(text.text, a).tolist():
            first.append(a)
            places.append(k)
            label.append(ends.get(a) == k)
    return np.array(first, dtype=np.int64), np.array(places, dtype=np.int64), np.array(label, dtype=np.bool_)


def fit_strings(rows: list[NDArray[np.int32]], labels: Bools, weights: NDArray[np.float32]) -> dict[str, Any]:
    """A logistic regression over hashed strings, as an array of whole numbers, and what one of them is worth."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    x, y, w = (
        torch.from_numpy(np.concatenate(rows)),
        torch.from_numpy(labels.astype(np.float32)),
        torch.from_numpy(weights),
    )
    bag = nn.EmbeddingBag(1 << table.BITS, 1, mode="sum")
    nn.init.zeros_(bag.weight)
    base = nn.Parameter(torch.tensor([math.log(labels.mean() / (1 - labels.mean()))], dtype=torch.float32))
    optimiser = torch.optim.Adam([bag.weight, base], lr=RATE)
    steps = EPOCHS * (len(x) // BATCH)
    for step in range(steps):
        if step % (len(x) // BATCH) == 0:
            order = torch.randperm(len(x))
        for group in optimiser.param_groups:
            group["lr"] = RATE * (0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
        at = (step % (len(x) // BATCH)) * BATCH
        pick = order[at : at + BATCH]
        loss = nn.functional.binary_cross_entropy_with_logits(bag(x[pick])[:, 0] + base, y[pick], w[pick])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    values = bag.weight.detach().numpy()[:, 0]
    unit = float(np.abs(values).max()) / 127
    print(
        f"{len(x)} places, {int(labels.sum())} true, loss {loss.item():.4f}, largest weight {127 * unit:.2f}",
        flush=True,
    )
    return {"weights": np.rint(values / unit).astype(np.int8), "scale": np.array([unit, float(base)])}


def places_of(head: str, text: Text, rng: np.random.Generator | None) -> tuple[Any, Any, Any]:
    """Starts, places and labels for a head of the table."""
    if head == running.SENTENCE:
        places = running.sentence_ends(text.text)
        return places, places, text.begins[places]
    return headline_places(text, rng)


def features_of(head: str, text: Text, starts: Any, places: Any) -> list[Named]:
    """Features as the passes compute them."""
    if head == running.SENTENCE:
        return list(running.sentence_features(text.text, places, shared()))
    return list(running.headline_features(text.text, starts, places, shared().model))


def figures(head: str, network: Any, held: list[Text]) -> None:
    """Print how well the network does."""
    odds, truth = [], []
    for one in held:
        starts, places, label = places_of(head, one, None)
        said = network.odds(network.standardised(features_of(head, one, starts, places)))
        if head == running.HEADLINE:  # the best end of each start
            order = np.lexsort((-said, starts))
            first = np.append(True, np.diff(starts[order]) > 0)
            has = {int(a) for a in one.heads[:, 0]}
            truth += [bool(label[k]) for k in order[first]]
            odds += said[order[first]].tolist()
            missing = len(has) - int(np.isin(starts[order[first]], list(has)).sum())
            truth += [True] * missing
            odds += [-99.0] * missing
        else:
            truth += label.tolist()
            odds += said.tolist()
    o, t = np.array(odds), np.array(truth)
    p = 1 / (1 + np.exp(-np.clip(o, -30, 30)))
    loss = -np.where(t, np.log(p + 1e-9), np.log(1 - p + 1e-9)).mean()
    best = max(
        (2 * ((o > x) & t).sum() / max(1, ((o > x).sum() + t.sum())), x) for x in np.arange(-3, 3, 0.1)
    )
    for x in (-1.0, -0.5, 0.0, 0.5, 1.0):
        print(f"  {head} at {x}: precision {t[o > x].mean():.3f}, recall {(o > x)[t].mean():.3f}")
    print(
        f"  {head}: loss {loss:.4f}, share {t.mean():.3f}, best F1 {best[0]:.4f} at {best[1]:.1f}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs=2, action="append", required=True, metavar=("WEIGHT", "FILE"))
    parser.add_argument("--held-out", nargs="*", default=[], type=Path)
    parser.add_argument("--articles", type=int, default=80_000, help="of each corpus at most")
    parser.add_argument("--judged", type=int, default=15_000, help="of each corpus at most, for the networks")
    parser.add_argument("--only", choices=("strings", "networks"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    if options.only != "networks":
        strings(options)
    if options.only != "strings":
        networks(options)


def strings(options: argparse.Namespace) -> None:
    """Fit ``openings.bin``."""
    arrays: dict[str, NDArray[Any]] = {}
    for head in table.HEADS:
        rng = np.random.default_rng(1)
        rows, labels, weights = [], [], []
        for weight, file in options.corpus:
            for one in texts(Path(file), options.articles, 0):
                _, places, label = places_of(head, one, rng)
                rows.append(table.strings_around(fold_codes(code_points(one.text)), places))
                labels.append(label)
                weights.append(np.full(len(label), float(weight), dtype=np.float32))
        fit = fit_strings(rows, np.concatenate(labels), np.concatenate(weights))
        arrays |= {f"{head}.{name}": values for name, values in fit.items()}
    beside = options.out / "openings.bin.new"
    write_arrays(beside, table.FILE, table.VERSION, arrays)
    beside.replace(options.out / "openings.bin")


def networks(options: argparse.Namespace) -> None:
    """Fit ``running.bin``."""
    kept: dict[str, NDArray[Any]] = {}
    for head in table.HEADS:
        rng = np.random.default_rng(2)
        tables, labels, weights = [], [], []
        for weight, file in options.corpus:
            for one in texts(Path(file), options.judged, 2):
                starts, places, label = places_of(head, one, rng)
                names, columns = zip(*features_of(head, one, starts, places), strict=True)
                tables.append(np.stack([np.asarray(c, dtype=np.float32) for c in columns], axis=1))
                labels.append(label.astype(np.float32))
                weights.append(np.full(len(label), float(weight), dtype=np.float32))
        network = fitted(names, tables, np.concatenate(labels), np.concatenate(weights), NETWORK, members=2)
        kept |= network.arrays(head)
        for file in options.held_out:
            print(file.name)
            figures(head, network, list(texts(file, 360, None)))
    beside = options.out / f"{running.FILE}.bin.new"
    write_arrays(beside, running.FILE, VERSION, kept)
    beside.replace(options.out / f"{running.FILE}.bin")


if __name__ == "__main__":
    main()
