"""Build ``crossing.bin``: a network that tells what lies between a line and the next, from plain-text corpora.

    python dictionaries/build/crossing.py dictionaries/crossing.bin --corpus WEIGHT FILE [--corpus WEIGHT FILE ...]
        [--held-out FILE] [--steps N]

Corpora as for ``lines.py``. Paragraphs are cut into lines of a measure drawn at random; an example is a line and what may
stand behind it: the next line, the first line of the next paragraph, a line further on in the same one, the first line of
the next though the first's paragraph has not ended, an inner line of the next, or an inner line of another text. How much
of either line is seen is drawn at random, so that its length says nothing: the measure is other evidence's matter. Reads
what ``lines.bin`` and ``ngram.bin`` say, which must have been built before. Needs PyTorch. One thread and fixed seeds: the
same inputs give the same file on the same kind of machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lines import MEASURES, Text, arguments, eight_bits  # beside this file
from ngram import read_text, tokens  # beside this file
from numpy.typing import NDArray
from torch import Tensor, nn

from restore.language import lines as line_encoders
from restore.language import shared
from restore.language.alphabet import UNKNOWN, Alphabet
from restore.language.arrays import open_arrays, write_arrays
from restore.language.crossing import (
    NEAR,
    PAIRS,
    RELATIONS,
    TABLE,
    VERSION,
    crossing_pairs,
    scaled,
)
from restore.order.evidence import REACH as SEAM

SINGLE, PAIR = 40, 24  # size of the vector of a character, of a pair of characters
HIDDEN = (384, 128)
BATCH = 4096
MIX = (0.34, 0.16, 0.2, 0.1, 0.1, 0.1)
"""Shares of the relations; what reads the answers weighs them by what else it knows."""
SKIPPED = (1, 1, 1, 2, 2, 3, 5)  # lines lost inside a paragraph
SEEN = (5, 30)  # characters of a line that are seen
NOT_FIRST = "，。、；：？！”’）》」』…—,.;:?!)"
NOT_LAST = "“‘（《「『("
SHORTEST = 4  # characters of a paragraph: headlines and bylines too
LONG = 400  # characters of a paragraph that count for how often a line of it is drawn
NEIGHBOURHOOD = 0.4  # share of other texts that are a few paragraphs on
NOISE = 0.01  # share of characters not recognised
RATE = 2e-3
REACH = line_encoders.REACH
GOES_ON, PARAGRAPH, INSIDE, BEHIND, BEFORE, ELSEWHERE = range(len(RELATIONS))

Ints = NDArray[np.int64]
Examples = tuple[Ints, Ints, Ints]
"""Rows of the first lines' ends and of the second lines' beginnings, counted from the boundary, and the relation."""


class Cutter:
    """Draws examples from a text."""

    def __init__(self, text: Text, vocabulary: NDArray[np.uint32]) -> None:
        self.ids, self.begin = text.ids, text.begin.astype(np.int64)
        self.length = (text.end - text.begin).astype(np.int64)
        document = np.searchsorted(text.document, np.arange(len(self.begin)), side="right")
        self.followed = np.append(document[1:] == document[:-1], False)  # by one of the same document
        row = {chr(code): k for k, code in enumerate(vocabulary)}
        self.not_first, self.not_last = (
            np.isin(np.arange(len(vocabulary)), [row[mark] for mark in marks if mark in row])
            for marks in (NOT_FIRST, NOT_LAST)
        )
        self.share = np.cumsum(np.minimum(self.length, LONG)) / np.minimum(self.length, LONG).sum()

    def examples(self, rng: np.random.Generator, size: int) -> Examples:
        """About so many examples."""
        relation = rng.choice(len(MIX), size, p=MIX)
        measure = rng.choice(np.array(MEASURES), size)
        within = (relation == GOES_ON) | (relation == INSIDE) | (relation == ELSEWHERE)
        ended = (relation == PARAGRAPH) | (relation == BEFORE)
        behind = np.select([relation == INSIDE, ended], [2, 0], 1)  # lines that must follow the first
        last = len(self.begin) - 1

        def unfit(drawn: Ints) -> NDArray[np.bool_]:
            after = np.minimum(drawn + 1, last)
            short = (relation == BEFORE) & (self.length[after] <= measure)
            unended = self._last_line(drawn, measure) < behind
            return np.asarray(unended | (~within & ~self.followed[drawn]) | short)

        one = self._draw(rng, size, unfit, ended)
        good = ~unfit(one)
        lines = self._last_line(one, measure)
        number = (rng.random(size) * np.maximum(lines - (relation == INSIDE), 1)).astype(np.int64)
        end = np.where(ended, self.length[one], self._cut(rng, one, measure, number))
        two = np.where(within, one, np.minimum(one + 1, last))
        near = np.minimum(one + rng.integers(1, 4, size), last)
        other = self._draw(rng, size, lambda drawn: self.length[drawn] <= measure + 2, np.zeros_like(ended))
        near_enough = (rng.random(size) < NEIGHBOURHOOD) & (self.length[near] > measure + 2)
        two = np.where(relation == ELSEWHERE, np.where(near_enough, near, other), two)
        further = self._cut(
            rng, one, measure, np.minimum(number + rng.choice(np.array(SKIPPED), size), lines - 1)
        )
        some = (rng.random(size) * np.maximum(1, self._last_line(two, measure) + 1)).astype(np.int64)
        inner = self._cut(rng, two, measure, some)
        start = np.select(
            [relation == GOES_ON, relation == INSIDE, ~within & (relation != BEFORE)],
            [end, further, 0],
            inner,
        )
        good &= (start < self.length[two]) & ((relation != INSIDE) | (start > end))
        one, end, two, start, relation = (values[good] for values in (one, end, two, start, relation))
        place = np.arange(REACH)
        seen = [np.minimum(rng.integers(*SEEN, len(one)), REACH)[:, None] for _ in range(2)]
        tails = self._read(rng, one, end[:, None] - 1 - place, place < np.minimum(seen[0], end[:, None]))
        heads = self._read(
            rng, two, start[:, None] + place, place < np.minimum(seen[1], (self.length[two] - start)[:, None])
        )
        return tails, heads, relation

    def _draw(
        self,
        rng: np.random.Generator,
        size: int,
        unfit: Callable[[Ints], NDArray[np.bool_]],
        whole: NDArray[np.bool_],
    ) -> Ints:
        """Paragraphs by their length, or each as often as any other; what does not fit is drawn again, some times."""

        def some(whole: NDArray[np.bool_]) -> Ints:
            by_length = np.searchsorted(self.share, rng.random(len(whole)))
            return np.where(whole, rng.integers(len(self.begin), size=len(whole)), by_length)

        drawn = some(whole)
        for _ in range(30):
            bad = unfit(drawn)
            if not bad.any():
                break
            drawn[bad] = some(whole[bad])
        return drawn

    def _last_line(self, paragraph: Ints, measure: Ints) -> Ints:
        """Number of the last line of paragraphs, whose first line is two ems short."""
        return np.asarray(np.maximum(0, (self.length[paragraph] - (measure - 2) + measure - 1) // measure))

    def _cut(self, rng: np.random.Generator, paragraph: Ints, measure: Ints, line: Ints) -> Ints:
        """Where lines of paragraphs end, at marks as print does. Shape as given."""
        uneven = np.where(rng.random(len(line)) < 0.2, rng.integers(-1, 2, len(line)), 0)
        length = self.length[paragraph]
        end = np.clip(measure - 2 + line * measure + uneven, 1, length - 1)
        begin = self.begin[paragraph]
        squeezed = np.where(rng.random(len(line)) < 0.5, 1, -1)
        end = np.clip(end + squeezed * self.not_first[self.ids[begin + end]], 1, length)
        return np.asarray(np.clip(end - self.not_last[self.ids[begin + end - 1]], 1, length))

    def _read(self, rng: np.random.Generator, paragraph: Ints, at: Ints, inside: NDArray[np.bool_]) -> Ints:
        at = np.clip(self.begin[paragraph][:, None] + at, 0, len(self.ids) - 1)
        rows = np.where(inside, self.ids[at], 0).astype(np.int64)
        rows[(rng.random(rows.shape) < NOISE) & (rows > 0)] = UNKNOWN
        return rows


class Others:
    """What the line encoders and the character model say of examples."""

    def __init__(self) -> None:
        arrays = open_arrays(
            Path(__file__).resolve().parent.parent / line_encoders.FILE,
            line_encoders.TABLE,
            line_encoders.VERSION,
            "dictionaries/build/lines.py",
        )
        self.vocabulary: NDArray[np.uint32] = np.array(arrays["vocabulary"])
        self.pairs: NDArray[np.uint32] = np.array(arrays["pairs"])
        self.alphabet = Alphabet(self.vocabulary, self.pairs)
        self.arrays = {name: torch.from_numpy(np.array(a, dtype=np.float32)) for name, a in arrays.items()}
        for table in ("single", "pair"):
            self.arrays[table] *= self.arrays[f"{table}_scale"]
            self.arrays[table][0] = 0
        self.model = shared().model
        known = [chr(code) if code > 0x20 else "\u3000" for code in self.vocabulary]
        self.number = np.asarray(self.model.encode("".join(known)))
        self.number[0] = self.model.bos

    def vectors(self, ids: Ints, pairs: Ints, name: str) -> Tensor:
        """As `LineEncoder.vectors`; place by place, so that what is added up stays in the processor's cache."""
        arrays = self.arrays
        sums = []
        for table, rows, gate in (("single", ids, "gate"), ("pair", pairs, "pair_gate")):
            total = torch.zeros(len(rows), arrays[table].shape[1])
            for k in range(rows.shape[1]):
                total.addcmul_(arrays[table][torch.from_numpy(rows[:, k])], arrays[f"{name}.{gate}"][k])
            sums.append(total)
        filled = torch.from_numpy((ids > 0).mean(axis=1, dtype=np.float32)[:, None])
        hidden = torch.cat([*sums, filled], 1) @ arrays[f"{name}.hidden"] + arrays[f"{name}.hidden_bias"]
        return nn.functional.silu(hidden) @ arrays[f"{name}.out"] + arrays[f"{name}.out_bias"]

    def say(self, tails: Ints, heads: Ints) -> tuple[Tensor, Tensor]:
        """Products of the vectors, and the rest of what the network reads; see `CrossEncoder.relations`."""
        pairs = self.alphabet.pairs
        with torch.no_grad():
            ends = self.vectors(tails, pairs(tails[:, 1:], tails[:, :-1]), "tail")
            begins = self.vectors(heads, pairs(heads[:, :-1], heads[:, 1:]), "head")
            products = ends * begins
        left, right = self.number[tails[:, SEAM - 1 :: -1]], self.number[heads[:, :SEAM]]
        edge = np.full_like(right, self.model.bos)
        logp = [
            self.model.seams(left, right),
            self.model.seams(edge, right),
            self.model.logp_given(left, edge[:, :1])[:, 0],
        ]
        others = np.column_stack([products.sum(1).numpy(), *logp]).astype(np.float32)
        return products, torch.from_numpy(scaled(others))


class Crossing(nn.Module):
    """The network as it is learned; `restore.language.crossing` is what is used."""

    def __init__(self, characters: int, pairs: int, products: int) -> None:
        super().__init__()
        self.single = nn.Embedding(characters, SINGLE)
        self.pair = nn.Embedding(pairs + 1, PAIR, sparse=True)
        self.single.weight.data.mul_(0.1)
        self.pair.weight.data.mul_(0.05)
        size = 2 * NEAR * SINGLE + (2 * PAIRS + 1) * PAIR + products + 4
        self.first, self.second = nn.Linear(size, HIDDEN[0]), nn.Linear(*HIDDEN)
        self.out, self.others = nn.Linear(HIDDEN[1], len(RELATIONS)), nn.Linear(4, len(RELATIONS), bias=False)

    def forward(self, near: Tensor, pairs: Tensor, products: Tensor, others: Tensor) -> Tensor:
        read = torch.cat([self.single(near).flatten(1), self.pair(pairs).flatten(1), products, others], 1)
        for layer in (self.first, self.second):
            read = nn.functional.silu(layer(read))
        odds: Tensor = self.out(read) + self.others(others)
        return odds


def main() -> None:
    options = arguments(__doc__, 2000)
    rng = np.random.default_rng(1)
    others = Others()
    number = np.full(0x110000, UNKNOWN, dtype=np.int64)
    number[others.vocabulary] = np.arange(len(others.vocabulary))
    number[0] = 0

    def cutter(file: str) -> Cutter:
        return Cutter(Text(*tokens(read_text(Path(file))), number, SHORTEST), others.vocabulary)

    share = np.array([float(w) for w, _ in options.corpus])
    share /= share.sum()
    cutters = [cutter(file) for _, file in options.corpus]

    def given(examples: Examples) -> tuple[tuple[Tensor, ...], Tensor]:
        """What the network reads of examples, and the answers."""
        tails, heads, relation = examples
        near = np.concatenate([tails[:, :NEAR], heads[:, :NEAR]], axis=1)
        pairs = crossing_pairs(others.alphabet, tails, heads)
        return (torch.from_numpy(near), torch.from_numpy(pairs), *others.say(tails, heads)), torch.from_numpy(
            relation
        )

    exam = (
        given(cutter(options.held_out).examples(np.random.default_rng(5), 12_000))
        if options.held_out
        else None
    )
    net = Crossing(len(others.vocabulary), len(others.pairs), others.arrays["tail.out"].shape[1])
    dense = [p for p in net.parameters() if p is not net.pair.weight]
    optimisers = [torch.optim.Adam(dense, lr=RATE), torch.optim.SparseAdam([net.pair.weight], lr=RATE)]
    began, recent = time.time(), []
    for step in range(options.steps):
        rate = RATE * min(1.0, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * step / options.steps)) + 1e-6
        parts = [cut.examples(rng, int(BATCH * w) + 1) for cut, w in zip(cutters, share, strict=True)]
        read, relation = given(tuple(np.concatenate(column) for column in zip(*parts, strict=True)))  # type: ignore[arg-type]
        for optimiser in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = rate
        loss = nn.functional.cross_entropy(net(*read), relation)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in optimisers:
            optimiser.step()
        recent.append(loss.item())
        if step % 250 == 249 or step + 1 == options.steps:
            print(
                f"{step + 1} steps, {time.time() - began:.0f} s, loss {np.mean(recent[-250:]):.4f}{told(net, exam)}",
                flush=True,
            )
            save(net, others, options.out)


def told(net: Crossing, exam: tuple[tuple[Tensor, ...], Tensor] | None) -> str:
    """How the network does on examples held out."""
    if exam is None:
        return ""
    with torch.no_grad():
        odds = net(*exam[0])
    loss = nn.functional.cross_entropy(odds, exam[1]).item()
    right = (odds.argmax(1) == exam[1]).float().mean().item()
    return f", held out {loss:.4f}, right {right:.3f}"


def save(net: Crossing, others: Others, out: Path) -> None:
    """Write the model file."""
    plain = {name: p.detach().numpy() for name, p in net.named_parameters()}
    arrays: dict[str, NDArray[Any]] = {"vocabulary": others.vocabulary, "pairs": others.pairs}
    for table in ("single", "pair"):
        arrays[table], arrays[f"{table}_scale"] = eight_bits(plain[f"{table}.weight"])
    for layer in ("first", "second", "out"):
        kind = np.float16 if layer == "first" else np.float32
        arrays[layer] = plain[f"{layer}.weight"].T.astype(kind)
        arrays[f"{layer}_bias"] = plain[f"{layer}.bias"]
    arrays["others"] = plain["others.weight"].T
    fresh = out.with_name(out.name + ".new")  # a file in use is mapped
    write_arrays(fresh, TABLE, VERSION, arrays)
    fresh.replace(out)


if __name__ == "__main__":
    main()
