"""Estimate backoff n-gram models on packed integer keys, in NumPy.

An n-gram of ids below ``size`` is the integer whose digits in base ``size`` they are, so sorting keys groups
n-grams by their context. Estimation is interpolated modified Kneser-Ney (Chen and Goodman 1999), pruning by
relative entropy (Stolcke 1998), mixing as in Hsu, "Generalized linear interpolation of language models"
(2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from restore.language.ngram import BOS, UNKNOWN

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Bools = NDArray[np.bool_]

RARE, FREQUENT = 0.1, 5.0
"""How often a corpus must have seen a context to be heard; chosen on held-out text, flat around there."""


@dataclass
class Counts:
    """n-grams of one order, ascending: keys, occurrences, documents they occur in; each shape ``(n,)``."""

    keys: Keys
    counts: Index
    documents: Index


def find(keys: Keys, wanted: Keys) -> tuple[Index, Bools]:
    """Index of each wanted key in sorted keys (any index where it is not there), and whether it is there."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.searchsorted(keys, wanted)
    np.minimum(at, len(keys) - 1, out=at)
    return at, keys[at] == wanted


def ngram_keys(ids: NDArray[np.uint16], size: int, order: int) -> tuple[Keys, NDArray[np.int64]]:
    """Key and position of the last character of all n-grams within a paragraph, without unknowns."""
    length = len(ids) - order + 1
    if length <= 0:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    keys = np.zeros(length, np.uint64)
    valid = np.ones(length, np.bool_)
    for place in range(order):
        part = ids[place : place + length]
        keys *= np.uint64(size)
        keys += part
        valid &= part != UNKNOWN
        if 0 < place < order - 1:
            valid &= part != BOS
    if order == 2:
        valid &= (ids[:-1] != BOS) | (ids[1:] != BOS)
    at = np.flatnonzero(valid)
    return keys[at], at + (order - 1)


def count(ids: NDArray[np.uint16], documents: NDArray[np.int32], size: int, order: int) -> Counts:
    """Count the n-grams of an order from 2 in a stream of ids with the document of each, both ``(n,)``."""
    keys, at = ngram_keys(ids, size, order)
    by_key = np.argsort(keys, kind="stable")
    keys = keys[by_key]
    where = documents[at[by_key]]
    del by_key, at
    if not len(keys):
        return Counts(keys, np.zeros(0, np.int64), np.zeros(0, np.int64))
    new = np.empty(len(keys), np.bool_)
    new[0] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    new[1:] |= where[1:] != where[:-1]
    counts = np.diff(starts, append=len(keys))
    seen = np.add.reduceat(new, starts, dtype=np.int64)
    return Counts(keys[starts], counts, seen)


def total_documents(parts: list[Counts]) -> tuple[Keys, Index]:
    """All keys of several corpora, ascending, and their document frequency over all."""
    keys = np.concatenate([part.keys for part in parts])
    seen = np.concatenate([part.documents for part in parts])
    by_key = np.argsort(keys, kind="stable")
    keys, seen = keys[by_key], seen[by_key]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], np.add.reduceat(seen, starts)


@dataclass
class Level:
    """Discounted estimate of one order from one corpus, before it is interpolated with the order below."""

    keys: Keys
    discounted: Floats
    contexts: Keys
    totals: Floats
    left: Floats  # probability mass that each context leaves to the order below

    def interpolate(self, wanted: Keys, lower: Floats, size: int) -> tuple[Floats, Floats]:
        """P(last | context) of wanted keys from that of the order below; how often each context was seen."""
        at, there = find(self.keys, wanted)
        context, known = find(self.contexts, wanted // np.uint64(size))
        known &= self.totals[context] > 0
        there &= known
        total = np.where(known, self.totals[context], 0)
        own = np.where(there, self.discounted[at] / np.maximum(total, 1), 0)
        return own + np.where(known, self.left[context], 1) * lower, total


def discounts(counts: Index) -> Floats:
    """Discounts of counts 0, 1, 2, 3 and more (Chen and Goodman 1999, eq. 26); fixed where data is scarce."""
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == k)) for k in (1, 2, 3, 4))
    if not min(n1, n2, n3, n4):
        return np.array([0, 0.5, 0.75, 0.9])
    y = n1 / (n1 + 2 * n2)
    raw = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    bounded: Floats = np.clip(raw, [0, 0.1, 0.1, 0.1], [0, 1, 2, 3])
    return bounded


def level(keys: Keys, counts: Index, size: int) -> Level:
    """Discount counts and group them by context."""
    discount = discounts(counts)
    taken = discount[np.minimum(counts, 3)]
    context = keys // np.uint64(size)
    starts = (
        np.flatnonzero(np.concatenate([[True], context[1:] != context[:-1]]))
        if len(keys)
        else np.zeros(0, np.int64)
    )
    totals = np.add.reduceat(counts, starts).astype(np.float64)
    mass = np.add.reduceat(taken, starts)
    return Level(keys, counts - taken, context[starts], totals, mass / np.maximum(totals, 1))


def continuations(keys: Keys, higher: Counts, raw: Index, size: int, order: int) -> Index:
    """In how many contexts each n-gram of an order occurs; at the begin of a paragraph, how often."""
    suffix = np.sort(higher.keys % np.uint64(size**order))
    starts = (
        np.flatnonzero(np.concatenate([[True], suffix[1:] != suffix[:-1]]))
        if len(suffix)
        else np.zeros(0, np.int64)
    )
    distinct = np.diff(starts, append=len(suffix))
    at, there = find(suffix[starts], keys)
    found = np.where(there, distinct[at], 0) if len(distinct) else np.zeros(len(keys), np.int64)
    if order > 1:
        begins = keys < np.uint64(size ** (order - 1))  # first digit is BOS, which is 0
        found = np.where(begins, raw, found)
    return found


@dataclass
class Corpus:
    """Estimates from one kind of text: unigrams, and orders 2, 3, ...."""

    unigram: Floats
    levels: list[Level]


def estimate(ids: NDArray[np.uint16], counts: list[Counts], size: int) -> Corpus:
    """Kneser-Ney estimates of one corpus: its ids, its n-grams of orders 2, 3, ..., and the number of ids."""
    single = np.bincount(ids, minlength=size).astype(np.int64)
    every = np.arange(size, dtype=np.uint64)
    base = continuations(every, counts[0], single, size, 1)
    base[UNKNOWN] = min(single[UNKNOWN], base.max())  # n-grams with unknowns are not counted
    taken = discounts(base[base > 0])[np.minimum(base, 3)]
    unigram = (base - taken + taken.sum() / size) / base.sum()
    levels = []
    for index, own in enumerate(counts):
        used = own.counts
        if index < len(counts) - 1:
            used = continuations(own.keys, counts[index + 1], own.counts, size, index + 2)
        levels.append(level(own.keys, used, size))
    return Corpus(unigram, levels)


@dataclass
class Backoff:
    """A backoff model: keys of orders 1, 2, ... and their P(last | context); at full precision."""

    size: int
    keys: list[Keys]
    prob: list[Floats]

    @cached_property
    def context(self) -> list[Index]:
        """Index of each n-gram's context in the order below."""
        return [
            find(self.keys[n - 1], self.keys[n] // np.uint64(self.size))[0] for n in range(1, len(self.keys))
        ]

    @cached_property
    def suffix(self) -> list[Index]:
        """Index of each n-gram's suffix in the order below."""
        return [
            find(self.keys[n - 1], self.keys[n] % np.uint64(self.size**n))[0]
            for n in range(1, len(self.keys))
        ]

    @cached_property
    def left(self) -> list[tuple[Floats, Floats]]:
        """Per order: what each context leaves unsaid, and what the order below gives to that."""
        result = []
        for n in range(1, len(self.keys)):
            count = len(self.keys[n - 1])
            said = np.bincount(self.context[n - 1], self.prob[n], count)
            below = np.bincount(self.context[n - 1], self.prob[n - 1][self.suffix[n - 1]], count)
            result.append((np.maximum(1 - said, 1e-6), np.maximum(1 - below, 1e-6)))
        return result

    @cached_property
    def backoff(self) -> list[Floats]:
        """ln of the backoff weights of the n-grams of each order but the highest."""
        return [np.log(mass / below) for mass, below in self.left]

    def subset(self, keep: list[Bools]) -> Backoff:
        """Only some of the n-grams, with their probabilities."""
        return Backoff(
            self.size,
            [keys[mask] for keys, mask in zip(self.keys, keep, strict=True)],
            [prob[mask] for prob, mask in zip(self.prob, keep, strict=True)],
        )

    def losses(self, weights: list[Floats]) -> list[Floats]:
        """Relative entropy that leaving out each n-gram alone would cost, per order from 2.

        Args:
            weights: P(context) of the contexts of orders 1, 2, ....
        """
        result = []
        for n in range(1, len(self.keys)):
            context, lower = self.context[n - 1], self.prob[n - 1][self.suffix[n - 1]]
            mass, below = (side[context] for side in self.left[n - 1])
            old, new = np.log(mass / below), np.log((mass + self.prob[n]) / (below + lower))
            change = self.prob[n] * (np.log(self.prob[n]) - np.log(lower) - new) + mass * (old - new)
            result.append(weights[n - 1][context] * change)
        return result

    def close(self, keep: list[Bools]) -> list[Bools]:
        """Keep also contexts and suffixes of what is kept."""
        for n in range(len(self.keys) - 1, 0, -1):
            keep[n - 1][self.context[n - 1][keep[n]]] = True
            keep[n - 1][self.suffix[n - 1][keep[n]]] = True
        return keep

    def logp(self, ids: NDArray[np.uint16]) -> Floats:
        """ln P of each id given those before it; full precision, slow. Shape ``(n,)``."""
        order = len(self.keys)
        padded = np.concatenate([np.full(order, BOS, np.uint64), ids.astype(np.uint64)])
        total = np.log(self.prob[0])[ids]
        length = len(ids)
        for n in range(2, order + 1):
            start = order - (n - 1)
            context = np.zeros(length, np.uint64)
            for place in range(n - 1):
                context = context * np.uint64(self.size) + padded[start + place : start + place + length]
            at, known = find(self.keys[n - 2], context)
            total += np.where(known, self.backoff[n - 2][at], 0)
            at, there = find(self.keys[n - 1], context * np.uint64(self.size) + padded[order:])
            total[there] = np.log(self.prob[n - 1][at[there]])
        return total


def mix(corpora: list[Corpus], weights: list[float], keys: list[Keys], size: int) -> Backoff:
    """Mixture of the corpora's estimates for the given n-grams (orders 1, 2, ...), as one backoff model.

    A corpus that has hardly seen a context has little to say about what follows, so its weight there is
    ``weight * (seen + RARE) / (seen + FREQUENT)`` (generalised linear interpolation, Hsu 2007).
    """
    total = [np.zeros(len(own)) for own in keys]
    share = [np.zeros(len(own)) for own in keys]
    for corpus, weight in zip(corpora, weights, strict=True):
        own = corpus.unigram
        total[0] += weight * own
        share[0] += weight
        for n in range(1, len(keys)):
            suffix = find(keys[n - 1], keys[n] % np.uint64(size**n))[0]
            own, seen = corpus.levels[n - 1].interpolate(keys[n], own[suffix], size)
            trust = weight * (seen + RARE) / (seen + FREQUENT)
            total[n] += trust * own
            share[n] += trust
    return Backoff(size, keys, [sum_ / part for sum_, part in zip(total, share, strict=True)])
