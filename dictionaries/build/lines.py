"""Build ``lines.bin``: two encoders that tell which line goes on where another ends, from plain-text corpora.

    python dictionaries/build/lines.py dictionaries/lines.bin --corpus WEIGHT FILE [--corpus WEIGHT FILE ...]
        [--held-out FILE] [--steps N]

Each corpus is UTF-8 (``.xz`` or plain); a line is a paragraph, a blank line parts documents. Pages are drawn at random:
a few documents, cut into lines of one measure; each line's end must find the line that followed it among all lines of
the page, and each line's beginning the line before it (contrastive learning with the other lines of the batch as
negatives; van den Oord et al. 2018). Needs PyTorch, which nothing else in the project does. One thread and fixed seeds:
the same inputs give the same file on the same kind of machine.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from ngram import LEAST_DOCUMENTS, read_text, tokens, vocabulary_of  # beside this file
from numpy.typing import NDArray
from torch import Tensor, nn

from restore.language.alphabet import UNKNOWN
from restore.language.arrays import write_arrays
from restore.language.lines import REACH, TABLE, VERSION

SINGLE, PAIR = 160, 64  # size of the vector of a character, of a pair of characters
PAIRS = 52_000
HIDDEN, SIZE = 320, 128
LINES = 320  # of a page
PAGES = 3  # of a step
MEASURES = (9, 10, 11, 12, 13, 14, 16, 17, 19, 22, 25)
SHORTEST = 20  # characters of a paragraph worth cutting
NOISE = 0.01  # share of characters not recognised
RATE = 2e-3

Ints = NDArray[np.int64]


class Text:
    """A corpus as ids, with its paragraphs and documents."""

    def __init__(
        self,
        codes: NDArray[np.uint32],
        documents: NDArray[np.int32],
        number: NDArray[np.int64],
        shortest: int = SHORTEST,
    ) -> None:
        self.ids = number[codes].astype(np.int32)
        breaks = np.flatnonzero(codes == 0)
        begin, end = breaks[:-1] + 1, breaks[1:]
        keep = end - begin >= shortest
        self.begin, self.end = begin[keep], end[keep]
        of = documents[self.begin]
        first = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
        self.document = np.append(first, len(of))
        self.pairs: NDArray[np.int32] = np.zeros(0, dtype=np.int32)

    def page(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Ids and pairs of tails and heads, ``(n, REACH)`` and ``(n, REACH - 1)``, and the next line of each or -1."""
        measure = int(rng.choice(MEASURES))
        start: list[int] = []
        stop: list[int] = []
        follow: list[int] = []
        while len(start) < LINES:
            d = int(rng.integers(len(self.document) - 1))
            a, b = int(self.document[d]), int(self.document[d + 1])
            wanted, got = int(rng.integers(15, 90)), 0
            for p in range(int(rng.integers(a, b)) if b - a > 4 else a, b):
                at, end, width = int(self.begin[p]), int(self.end[p]), measure - 2
                while at < end:
                    to = min(end, at + width + (int(rng.integers(-1, 2)) if rng.random() < 0.3 else 0))
                    start.append(at)
                    stop.append(to)
                    follow.append(len(start) if to < end else -1)
                    at, width, got = to, measure, got + 1
                if got >= wanted or len(start) >= LINES:
                    break
        first, last = np.array(start)[:, None], np.array(stop)[:, None]
        place = np.arange(REACH)
        out: list[NDArray[np.int64]] = []
        for at, inside in (
            (last - 1 - place, last - 1 - place >= first),
            (first + place, first + place < last),
        ):
            at = np.clip(at, 0, len(self.ids) - 2)
            ids = np.where(inside, self.ids[at], 0)
            ids[(rng.random(ids.shape) < NOISE) & (ids > 0)] = UNKNOWN
            both = inside[:, 1:] & inside[:, :-1]
            pairs = np.where(both, self.pairs[np.minimum(at[:, 1:], at[:, :-1])], 0)
            out += [ids, pairs]
        return *(torch.from_numpy(o.astype(np.int64)) for o in out), torch.tensor(follow)


class Tower(nn.Module):
    """One encoder: characters and pairs, gated by their place, added up; then one hidden layer."""

    def __init__(self) -> None:
        super().__init__()
        near = torch.exp(-torch.arange(REACH) / 6.0)[:, None]
        self.gate = nn.Parameter(torch.randn(REACH, SINGLE) * 0.3 + near)
        self.pair_gate = nn.Parameter(torch.randn(REACH - 1, PAIR) * 0.3 + near[:-1])
        self.hidden = nn.Linear(SINGLE + PAIR + 1, HIDDEN)
        self.out = nn.Linear(HIDDEN, SIZE)

    def forward(self, ids: Tensor, pairs: Tensor, single: nn.Embedding, pair: nn.Embedding) -> Tensor:
        known = (ids > 0)[..., None]
        one = (single(ids) * self.gate * known).sum(1)
        two = (pair(pairs) * self.pair_gate * (pairs > 0)[..., None]).sum(1)
        length = known.float().mean(1)
        out: Tensor = self.out(nn.functional.silu(self.hidden(torch.cat([one, two, length], 1))))
        return out


class Encoders(nn.Module):
    """Both towers over shared vectors."""

    def __init__(self, characters: int, pairs: int) -> None:
        super().__init__()
        self.single = nn.Embedding(characters, SINGLE, sparse=True)
        self.pair = nn.Embedding(pairs + 1, PAIR, sparse=True)
        self.single.weight.data.mul_(0.1)
        self.pair.weight.data.mul_(0.05)
        self.tail, self.head = Tower(), Tower()
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, page: tuple[Tensor, ...]) -> Tensor:
        t, tp, h, hp, _ = page
        tails, heads = self.tail(t, tp, self.single, self.pair), self.head(h, hp, self.single, self.pair)
        return tails @ heads.T * torch.exp(self.scale) / 8

    def loss(self, page: tuple[Tensor, ...]) -> tuple[Tensor, float]:
        """Mean cross-entropy both ways, and the share of lines whose successor comes first."""
        follow = page[-1]
        i = torch.nonzero(follow >= 0)[:, 0]
        j = follow[i]
        score = self(page) - 1e4 * torch.eye(len(follow))
        both = nn.functional.cross_entropy(score[i], j) + nn.functional.cross_entropy(score[:, j].T, i)
        return both / 2, float((score[i].argmax(1) == j).float().mean())


def eight_bits(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A table in 8 bits, one scale a column."""
    scale = np.maximum(np.quantile(np.abs(weights), 0.9995, axis=0), 1e-9).astype(np.float32) / 127
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale


def common_pairs(
    texts: list[Text], weights: list[float], documents: list[NDArray[np.int32]], size: int
) -> Ints:
    """The pairs of characters that occur most, each in enough documents; ascending keys."""
    total = np.zeros(size * size, dtype=np.float32)
    seen = np.zeros(size * size, dtype=np.int32)
    for text, weight, document in zip(texts, weights, documents, strict=True):
        key = text.ids[:-1].astype(np.int64) * size + text.ids[1:]
        good = (text.ids[:-1] > UNKNOWN) & (text.ids[1:] > UNKNOWN)
        key, of = key[good], document[:-1][good]
        count = np.bincount(key, minlength=size * size)
        total += (count * (weight / len(key))).astype(np.float32)
        pairs = np.unique(key << 24 | of)  # fewer than 2**24 documents
        seen += np.bincount(pairs >> 24, minlength=size * size).astype(np.int32)
    total[seen < LEAST_DOCUMENTS] = 0
    return np.sort(np.argsort(-total, kind="stable")[: min(PAIRS, int((total > 0).sum()))])


def arguments(description: str | None, steps: int) -> argparse.Namespace:
    """What the command line of this script says, and of others that learn from corpora; one thread, a fixed seed."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", nargs=2, action="append", required=True, metavar=("WEIGHT", "FILE"))
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--steps", type=int, default=steps)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    return parser.parse_args()


def main() -> None:
    options = arguments(__doc__, 5000)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(1)
    weights = [float(w) for w, _ in options.corpus]
    raw = [tokens(read_text(Path(f))) for _, f in options.corpus]
    vocabulary = vocabulary_of(raw)
    number = np.full(0x110000, UNKNOWN, dtype=np.int64)
    number[vocabulary] = np.arange(len(vocabulary))
    number[0] = 0
    size = len(vocabulary)
    texts = [Text(codes, documents, number) for codes, documents in raw]
    keys = common_pairs(texts, weights, [documents for _, documents in raw], size)
    index = np.zeros(size * size, dtype=np.int32)
    index[keys] = np.arange(1, len(keys) + 1)
    held = None
    if options.held_out:
        held = Text(*tokens(read_text(options.held_out)), number)
    for text in [*texts, *([held] if held else [])]:
        text.pairs = index[text.ids[:-1].astype(np.int64) * size + text.ids[1:]]
    del index
    print(size, "characters,", len(keys), "pairs", flush=True)
    net = Encoders(size, len(keys))
    tables = [net.single.weight, net.pair.weight]
    dense = [p for p in net.parameters() if all(p is not t for t in tables)]
    optimisers = [torch.optim.Adam(dense, lr=RATE), torch.optim.SparseAdam(tables, lr=RATE)]
    exam = [held.page(np.random.default_rng(k)) for k in range(12)] if held else []
    share = np.array(weights) / sum(weights)
    began = time.time()
    recent: list[float] = []
    for step in range(options.steps):
        rate = RATE * min(1.0, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * step / options.steps)) + 1e-6
        for optimiser in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = rate
        for _ in range(PAGES):
            loss, _first = net.loss(texts[int(rng.choice(len(texts), p=share))].page(rng))
            (loss / PAGES).backward()
            recent.append(float(loss))
        for optimiser in optimisers:
            optimiser.step()
        if step % 250 == 249 or step + 1 == options.steps:
            with torch.no_grad():
                found = [net.loss(page) for page in exam]
            told = (
                f", held out {np.mean([float(x) for x, _ in found]):.3f}, first {np.mean([f for _, f in found]):.3f}"
                if exam
                else ""
            )
            print(
                f"{step + 1} steps, {time.time() - began:.0f} s, loss {np.mean(recent[-600:]):.3f}{told}",
                flush=True,
            )
            save(net, vocabulary, keys, options.out)


def save(net: Encoders, vocabulary: NDArray[np.uint32], keys: Ints, out: Path) -> None:
    """Write the model file."""
    plain = {name: p.detach().numpy() for name, p in net.named_parameters()}
    plain["single.weight"][0] = plain["pair.weight"][0] = 0.0
    single, single_scale = eight_bits(plain["single.weight"])
    pair, pair_scale = eight_bits(plain["pair.weight"])
    factor = float(np.sqrt(np.exp(plain["scale"]) / 8))
    arrays = {
        "vocabulary": vocabulary,
        "pairs": keys.astype(np.uint32),
        "single": single,
        "single_scale": single_scale,
        "pair": pair,
        "pair_scale": pair_scale,
    }
    for name in ("tail", "head"):
        arrays[f"{name}.gate"] = plain[f"{name}.gate"]
        arrays[f"{name}.pair_gate"] = plain[f"{name}.pair_gate"]
        arrays[f"{name}.hidden"] = plain[f"{name}.hidden.weight"].T
        arrays[f"{name}.hidden_bias"] = plain[f"{name}.hidden.bias"]
        arrays[f"{name}.out"] = plain[f"{name}.out.weight"].T * factor
        arrays[f"{name}.out_bias"] = plain[f"{name}.out.bias"] * factor
    write_arrays(out, TABLE, VERSION, arrays)


if __name__ == "__main__":
    main()
