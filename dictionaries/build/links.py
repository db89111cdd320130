"""Fits ``dictionaries/links.bin``: the network that judges likely links with their surroundings.

    python dictionaries/build/links.py PAGES_DIR [--half a|b|all] [--also MORE_PAGES]

Pages as in ``continuity.py``, which must have been run before: the features are made from its tables. Every candidate
link of every dump is an example; what truth it has is its label. Needs PyTorch. Prints how well the log-odds are
calibrated; with ``--half`` that is measured on the other half.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from continuity import Labelled, load  # beside this file
from numpy.typing import NDArray
from torch import nn

from restore.language import shared
from restore.language.arrays import write_arrays
from restore.order.links import FILE, TABLE, VERSION, candidates, link_features
from restore.order.successors import first_solution

OUT = Path(__file__).resolve().parent.parent / FILE
KINDS = (
    *(
        f"sim/{name}.txt"
        for name in ("light-1", "seed-1", "seed-2", "medium-1", "medium-2", "heavy-1", "heavy-2")
    ),
    # the same damage, but blocks in the order of their height: over the page, or over each fifth of it
    *(f"sim/{name}.txt" for name in ("light-3", "seed-3", "medium-3", "seed-4", "medium-4")),
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
HIDDEN = (64, 32)
EPOCHS = 5
BATCH = 2048
RATE, DECAY = 2e-3, 1e-5
SOFT = 0.5  # weight of links to the next paragraph, and over lines that are lost
MOST_SEGMENTS = 1500


def examples(page: Labelled) -> tuple[list[str], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Feature names, design matrix, labels and weights of one dump."""
    solution = first_solution(page.segments, shared())
    i, j = candidates(solution.total, solution.text, solution.successor)
    names, columns = zip(*link_features(solution, page.segments, i, j), strict=True)
    x = np.stack([np.asarray(c, dtype=np.float32) for c in columns], axis=1)
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
    return list(names), x, (within | soft).astype(np.float32), np.where(soft, SOFT, 1).astype(np.float32)


def fit(x: NDArray[Any], y: NDArray[Any], w: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Weights and biases of the layers."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    layers: list[nn.Module] = []
    size = x.shape[1]
    for hidden in HIDDEN:
        layers += [nn.Linear(size, hidden), nn.SiLU()]
        size = hidden
    net = nn.Sequential(*layers, nn.Linear(size, 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    data = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(w)
    steps, step = EPOCHS * (len(x) // BATCH), 0
    for epoch in range(EPOCHS):
        shuffled, total = torch.randperm(len(x)), 0.0
        for k in range(0, len(x) - BATCH + 1, BATCH):
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * step / steps))
            a, b, c = (d[shuffled[k : k + BATCH]] for d in data)
            loss = (
                nn.functional.binary_cross_entropy_with_logits(net(a)[:, 0], b, reduction="none") * c
            ).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total, step = total + loss.item(), step + 1
        print(f"epoch {epoch + 1}: loss {total / max(1, len(x) // BATCH):.5f}", flush=True)
    return [
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy())
        for layer in net
        if isinstance(layer, nn.Linear)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path)
    parser.add_argument("--half", choices=["a", "b", "all"], default="all")
    parser.add_argument("--also", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    names: list[str] = []
    table, labels, weights = [], [], []
    for page in load(options.pages, options.half, shared(), KINDS, options.also):
        if 8 <= len(page.segments) <= MOST_SEGMENTS:
            names, x, y, w = examples(page)
            table.append(x.astype(np.float16))
            labels.append(y)
            weights.append(w)
    x = np.concatenate(table).astype(np.float32)
    y, w = np.concatenate(labels), np.concatenate(weights)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    print(f"{len(table)} dumps, {len(x)} candidates, {int(y.sum())} links", flush=True)
    arrays: dict[str, NDArray[Any]] = {
        "names": np.frombuffer(json.dumps(names).encode(), dtype=np.uint8),
        "mean": mean.astype(np.float32),
        "scale": scale.astype(np.float32),
    }
    for k, (weight, bias) in enumerate(fit((x - mean) / scale, y, w)):
        arrays[f"weight{k}"], arrays[f"bias{k}"] = weight, bias
    write_arrays(options.out, TABLE, VERSION, arrays)


if __name__ == "__main__":
    main()
