"""Build ``confusables.bin``: which characters OCR takes for which, with probabilities.

Counts of real confusions are smoothed with a ranker of pairs of ideographs (LightGBM, LambdaMART) that
sees how alike two characters look (``glyph_features.py``), what engines made of them when set in free fonts
(``ocr_trials.py``), how common they are, and what else was counted for either. Inputs: the folder with
``confusions.tsv``, ``pairs_*.tsv`` and ``lines_*.tsv`` (only counts of character pairs are used), the folder
with the plain-text corpora (only character frequencies are used), the trials, Unihan, free fonts. Run::

    python dictionaries/build/confusables.py --ocr OCR --corpus CORPUS --trials trials.tsv \
        --ucd /usr/share/unicode --fonts /usr/share/fonts dictionaries/confusables.bin

With ``--evaluate`` it prints how often the true character is among the candidates for parts held out, and
builds nothing. Needs numpy, scipy, lightgbm, pillow, fonttools, rapidfuzz, and ``scripts.tsv`` built before.
"""

from __future__ import annotations

import argparse
import lzma
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import glyph_features
import lightgbm
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from scipy.optimize import minimize_scalar

from restore.language.arrays import write_arrays
from restore.language.glyphs import NOMINAL_ERROR, TABLE, VERSION, pack_log

Pairs = Counter[tuple[str, str]]
Trials = dict[str, tuple[dict[tuple[str, str], float], Counter[str]]]
Floats = NDArray[np.float32]
Ints = NDArray[np.intp]

SOURCES = ("scan", "caption", "render")
MIXTURE = {"news_2012_2024": 0.45, "people_daily_199801": 0.15, "laws": 0.15, "wiki": 0.25}
TRADITIONAL = "wiki_traditional"
TRADITIONAL_SHARE = 0.15
FOLDS = 4
CAP = 3
"""One pair counts at most so often for how prone a character is to be misread."""
LEAST_SIGN = 2
"""Pairs with a letter, digit or mark are taken over from this count on."""
RANKED = 20
"""Candidates of one seen character by probability; added to them, because one is a part of the other:"""
COMPONENTS = {
    "seen is right of true": 8,
    "seen is left of true": 2,
    "seen is bottom of true": 4,
    "seen is top of true": 2,
    "true is right of seen": 3,
    "true is bottom of seen": 2,
}
COMPONENT_WEIGHT = 8.0
"""Of the distance against the log frequency."""
COMMON = 1e-6
PRIOR_WEIGHT = 20
"""How many counts the ranker's probabilities are worth for one seen character."""
UNLIKE = 0.001
SINGLE_UNLIKE, SINGLE_OUTSIDE = 0.05, 0.2
"""Worth of a pair counted once that the ranker gives less than UNLIKE, or did not consider."""
SEEN_SMOOTHING = 2000
"""Errors added, spread by frequency, to the count of how often each character is what a misreading gives."""
RATE_SMOOTHING = 5
"""Errors added to the counted and to the expected ones of each true character."""
RATE_BOUND = 5, 30
"""No character is misread so many times less, or more, often than the average one."""
TRIAL_WORTH = 5
"""Weight in the trials from which what a character is taken for follows them as much as the table."""
RANKER = {
    "objective": "lambdarank",
    "learning_rate": 0.06,
    "num_leaves": 31,
    "max_bin": 63,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "lambdarank_truncation_level": 30,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
ROUNDS = 400
NEGATIVES = 0.4
"""Share of the pairs never counted that the ranker is trained on."""
TRIED = 0.02
"""Weight from which a pair that an engine gave in the trials is worth ranking."""
TRIAL_SMOOTHING = 2
"""Times that each character was set and read right, added to those counted."""


def is_han(char: str) -> bool:
    """Whether a string is one unified ideograph of the BMP."""
    return len(char) == 1 and ("\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or char == "〇")


def is_held_out(*parts: str) -> bool:
    """A fixed third of all keys."""
    return zlib.crc32("\t".join(parts).encode()) % 3 == 0


def read_pairs(folder: Path) -> tuple[dict[str, Pairs], Pairs]:
    """(seen, true) -> count: by source from pairs_*.tsv, and from confusions.tsv of the pages."""
    counted: dict[str, Pairs] = {}
    for source in SOURCES:
        rows = (
            line.split("\t") for line in (folder / f"pairs_{source}.tsv").read_text("utf-8").splitlines()[1:]
        )
        counted[source] = Counter({(seen, true): int(count) for seen, true, count in rows})
    pages: Pairs = Counter()
    for line in (folder / "confusions.tsv").read_text("utf-8").splitlines()[1:]:
        true, seen, count, _ = line.split("\t")
        if len(seen) == len(true) == 1:
            pages[seen, true] += int(count)
    return counted, pages


def read_lines(folder: Path) -> tuple[dict[str, Pairs], dict[str, Pairs]]:
    """Substitutions in lines_*.tsv by source, from two thirds of the lines and from the third held out."""
    kept: dict[str, Pairs] = {}
    held: dict[str, Pairs] = {}
    for source in SOURCES:
        kept[source], held[source] = Counter(), Counter()
        for line in (folder / f"lines_{source}.tsv").read_text("utf-8").splitlines()[1:]:
            seen, true = line.split("\t")
            target = held if is_held_out(seen, true) else kept
            for step in Levenshtein.opcodes(seen, true):
                if step.tag == "replace":  # of equal length on both sides
                    changed = zip(
                        seen[step.src_start : step.src_end],
                        true[step.dest_start : step.dest_end],
                        strict=True,
                    )
                    target[source].update(changed)
    return kept, held


def read_frequencies(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Relative frequency of each character of the BMP in Simplified and in Traditional text."""

    def counts(name: str) -> NDArray[np.float64]:
        text = lzma.decompress((folder / f"{name}.txt.xz").read_bytes()).decode("utf-8")
        units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")
        found = np.bincount(units, minlength=0x10000).astype(np.float64)
        found[[ord(char) for char in "\n\r \u3000"]] = 0
        return found

    simplified = np.zeros(0x10000)
    for name, share in MIXTURE.items():
        part = counts(name)
        simplified += share * part / part.sum()
    traditional = counts(TRADITIONAL)
    return simplified, traditional / traditional.sum()


def read_trials(paths: Iterable[Path]) -> Trials:
    """By engine: (seen, true) -> weight, and how often each true one was set; sums over files."""
    found: Trials = {}
    for line in (line for path in paths for line in path.read_text("utf-8").splitlines()[1:]):
        engine, seen, true, weight = line.split("\t")
        weights, given = found.setdefault(engine, ({}, Counter()))
        if seen:
            weights[seen, true] = weights.get((seen, true), 0.0) + float(weight)
        else:
            given[true] += int(float(weight))
    return found


def han_only(pairs: Iterable[Pairs]) -> Pairs:
    """Sum of counters, ideographs for other ideographs only."""
    total: Pairs = Counter()
    for part in pairs:
        total.update({p: n for p, n in part.items() if is_han(p[0]) and is_han(p[1]) and p[0] != p[1]})
    return total


@dataclass
class Candidates:
    """Pairs (seen, true) of a vocabulary, sorted, with their features."""

    vocabulary: str
    seen: Ints
    true: Ints
    features: Floats
    names: list[str]
    vectors: Floats
    prior: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.index = {char: number for number, char in enumerate(self.vocabulary)}
        self.keys = self.seen * len(self.vocabulary) + self.true
        self.start = np.searchsorted(self.seen, np.arange(len(self.vocabulary) + 1))

    def key(self, pair: tuple[str, str]) -> int:
        return self.index[pair[0]] * len(self.vocabulary) + self.index[pair[1]]

    def rows_of(self, heads: Ints) -> tuple[Ints, Ints]:
        """Rows of the pairs of some seen characters, ascending, and how many each has."""
        size = self.start[heads + 1] - self.start[heads]
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        return np.repeat(self.start[heads], size) + offset, size

    def counts(self, pairs: Pairs) -> Floats:
        """Count of each candidate pair."""
        known = np.array(sorted((self.key(pair), count) for pair, count in pairs.items()), dtype=np.int64)
        at = np.minimum(np.searchsorted(known[:, 0], self.keys), len(known) - 1)
        return np.where(known[at, 0] == self.keys, known[at, 1], 0).astype(np.float32)

    def with_evidence(self, pairs: Pairs, rows: Ints | None = None) -> Floats:
        """Features and, from counted pairs, what was seen for either character; of the rows given or all.

        How prone the true character is to be misread; how near it is to others counted for the seen one;
        how near the seen one is to others counted for it; the reverse pair.
        """
        number = len(self.vocabulary)
        misread, misused = np.zeros(number), np.zeros(number)
        by_seen: dict[int, list[int]] = {}
        by_true: dict[int, list[int]] = {}
        for (seen, true), count in pairs.items():
            s, t = self.index[seen], self.index[true]
            misused[s] += min(count, CAP)
            misread[t] += min(count, CAP)
            by_seen.setdefault(s, []).append(t)
            by_true.setdefault(t, []).append(s)
        expected = self.prior / self.prior.sum() * misread.sum()
        prone = np.log((misread + 2) / (expected + 2))
        near_true = np.full(len(self.keys), 4.0, dtype=np.float32)
        near_seen = near_true.copy()
        many_true = np.zeros(len(self.keys), dtype=np.float32)
        many_seen = many_true.copy()
        for s, others in by_seen.items():
            mine = np.arange(self.start[s], self.start[s + 1])
            near_true[mine], many_true[mine] = self.nearness(self.true[mine], np.array(others))
        order = np.argsort(self.true, kind="stable")
        start = np.searchsorted(self.true[order], np.arange(number + 1))
        for t, others in by_true.items():
            mine = order[start[t] : start[t + 1]]
            near_seen[mine], many_seen[mine] = self.nearness(self.seen[mine], np.array(others))
        reverse = self.counts(Counter({(true, seen): count for (seen, true), count in pairs.items()}))
        columns = [
            prone[self.true],
            np.log1p(misread[self.true]),
            np.log1p(misused[self.true]),
            near_true,
            near_seen,
            np.log1p(many_true),
            np.log1p(many_seen),
            np.log1p(reverse),
        ]
        evidence = np.stack(columns, axis=1).astype(np.float32)
        if rows is None:
            return np.concatenate([self.features, evidence], axis=1)
        return np.concatenate([self.features[rows], evidence[rows]], axis=1)

    def nearness(self, some: Ints, others: Ints) -> tuple[Floats, Floats]:
        """Squared distance of each to the nearest of the others (not itself), and how many are near."""
        one, two = self.vectors[some], self.vectors[others]
        distance = np.maximum((one**2).sum(1)[:, None] + (two**2).sum(1)[None] - 2 * one @ two.T, 0)
        distance[some[:, None] == others[None]] = 9
        return np.minimum(distance.min(1), 4), np.exp(-1.5 * distance).sum(1)


def train(candidates: Candidates, pairs: Pairs) -> lightgbm.Booster:
    """Fit the ranker to counted pairs; the evidence of a pair comes from the other folds only."""
    inside = set(candidates.keys.tolist())
    known = {pair: count for pair, count in sorted(pairs.items()) if candidates.key(pair) in inside}
    blocks, labels, groups = [], [], []
    for fold in range(FOLDS):
        mine = {p: n for p, n in known.items() if zlib.crc32(f"fold{p[0]}{p[1]}".encode()) % FOLDS == fold}
        rest = Counter({p: n for p, n in known.items() if p not in mine})
        heads = np.unique([candidates.index[seen] for seen, _ in mine])
        rows, _ = candidates.rows_of(heads)
        rows = rows[candidates.counts(rest)[rows] == 0]
        label = candidates.counts(Counter(mine))[rows] > 0
        sample = candidates.keys[rows] * 2654435761 % 2**32 < NEGATIVES * 2**32  # Knuth's multiplicative hash
        rows, label = rows[label | sample], label[label | sample]
        blocks.append(candidates.with_evidence(rest, rows))
        labels.append(label.astype(np.int8))
        groups.append(np.unique(candidates.seen[rows], return_counts=True)[1])
    data = lightgbm.Dataset(
        np.concatenate(blocks), label=np.concatenate(labels), group=np.concatenate(groups)
    )
    return lightgbm.train(dict(RANKER), data, num_boost_round=ROUNDS)


def log_softmax(scores: NDArray[np.float64], size: Ints) -> NDArray[np.float64]:
    """Log probabilities within groups of rows of the given sizes."""
    filled = size[size > 0]
    first = np.cumsum(filled) - filled
    top = np.repeat(np.maximum.reduceat(scores, first), filled)
    total = np.add.reduceat(np.exp(scores - top), first)
    return np.asarray(scores - top - np.repeat(np.log(total), filled))


@dataclass
class Calibration:
    """How scores of unseen pairs become probabilities."""

    sharpness: float
    inside: float
    """Share of unseen pairs whose true character is among the candidates."""


def calibrate(candidates: Candidates, ranker: lightgbm.Booster, known: Pairs, unseen: Pairs) -> Calibration:
    """Fit to pairs that the ranker was not trained on; only the characters seen in them are scored."""
    inside = {p: n for p, n in unseen.items() if p[0] in candidates.index and p[1] in candidates.index}
    heads = np.unique([candidates.index[seen] for seen, _ in inside])
    rows, size = candidates.rows_of(heads)
    scores = np.asarray(ranker.predict(candidates.with_evidence(known, rows)))
    place = {key: row for row, key in enumerate(candidates.keys[rows].tolist())}
    found = [(place[candidates.key(p)], n) for p, n in inside.items() if candidates.key(p) in place]
    at, weight = np.array(found).T
    best = minimize_scalar(
        lambda log_b: -(log_softmax(scores * np.exp(log_b), size)[at] * weight).sum(), bounds=(-3, 3)
    )
    return Calibration(float(np.exp(best.x)), float(weight.sum() / sum(unseen.values())))


def component_candidates(candidates: Candidates) -> list[set[str]]:
    """For each seen character likely ones it is a part of, or that are a part of it (更 and 便).

    A worn type or a lost group of strokes does this oftener than the engines whose confusions were counted.
    Rare seen characters have none.
    """
    prior = np.log(candidates.prior)[candidates.true]
    found: list[set[str]] = [set() for _ in candidates.vocabulary]
    for name, most in COMPONENTS.items():
        score = prior - COMPONENT_WEIGHT * candidates.features[:, candidates.names.index(name)]
        for number, common in enumerate(candidates.prior > COMMON):
            if common:
                start, stop = candidates.start[number], candidates.start[number + 1]
                best = start + np.argsort(-score[start:stop], kind="stable")[:most]
                found[number].update(candidates.vocabulary[t] for t in candidates.true[best])
    return found


def posterior(
    candidates: Candidates, scores: NDArray[np.float64], pairs: Pairs, calibration: Calibration
) -> dict[str, dict[str, float]]:
    """P(true | seen, seen is wrong): counts, with the ranker's probabilities as the prior of a Dirichlet.

    Gives the `RANKED` likeliest of each seen character and those of `component_candidates`.

    A pair counted once that looks unlike is more often a slip of the alignment than a confusion of shapes
    and counts for less; one the ranker did not even consider, for a little more than that.
    """
    log_rank = log_softmax(scores * calibration.sharpness, np.diff(candidates.start))
    log_rank += np.log(calibration.inside)
    by_seen: dict[str, dict[str, int]] = {}
    for (seen, true), count in sorted(pairs.items()):
        by_seen.setdefault(seen, {})[true] = count
    found: dict[str, dict[str, float]] = {}
    for number, (seen, parts) in enumerate(
        zip(candidates.vocabulary, component_candidates(candidates), strict=True)
    ):
        rows = slice(candidates.start[number], candidates.start[number + 1])
        trues = [candidates.vocabulary[t] for t in candidates.true[rows]]
        prior = dict(zip(trues, np.exp(log_rank[rows]).tolist(), strict=True))
        weight = {true: PRIOR_WEIGHT * share for true, share in prior.items()}
        for true, count in by_seen.get(seen, {}).items():
            slip = count == 1 and prior.get(true, 0.0) < UNLIKE
            worth = (SINGLE_UNLIKE if true in prior else SINGLE_OUTSIDE) if slip else 1.0
            weight[true] = weight.get(true, 0.0) + worth * count
        total = PRIOR_WEIGHT + sum(weight.values()) - sum(prior.values()) * PRIOR_WEIGHT
        ranked = sorted(weight.items(), key=lambda item: (-item[1], item[0]))
        found[seen] = {
            true: share / total for rank, (true, share) in enumerate(ranked) if rank < RANKED or true in parts
        }
    return found


def sign_pairs(counted: dict[str, Pairs], pages: Pairs) -> Pairs:
    """Counted pairs in which either is a letter, digit or mark, other than mere forms of each other."""
    total: Pairs = Counter()
    for part in (*counted.values(), pages):
        total.update(part)

    def wanted(seen: str, true: str) -> bool:
        signs = [char for char in (seen, true) if not is_han(char)]
        plain = all(unicodedata.category(char)[0] in "LNPS" and char <= "\uffff" for char in signs)
        same = unicodedata.normalize("NFKC", seen) == unicodedata.normalize("NFKC", true)
        return len(seen) == len(true) == 1 and bool(signs) and plain and not same

    return Counter({pair: n for pair, n in total.items() if n >= LEAST_SIGN and wanted(*pair)})


def make_candidates(arguments: argparse.Namespace) -> tuple[Candidates, NDArray[np.float64]]:
    """Vocabulary, shapes, pool and features; and the frequency of all characters of the BMP."""
    counted, pages = read_pairs(arguments.ocr)
    hans, hant = read_frequencies(arguments.corpus)
    mixed = (1 - TRADITIONAL_SHARE) * hans + TRADITIONAL_SHARE * hant
    chars = {char for pair in han_only([*counted.values(), pages]) for char in pair}
    for code in range(0x4E00, 0xA000):
        try:
            chr(code).encode("gb2312")
        except UnicodeEncodeError:
            if mixed[code] < 1e-8:
                continue
        chars.add(chr(code))
    vocabulary = "".join(sorted(chars))
    scripts = Path(__file__).resolve().parent.parent / "scripts.tsv"
    shapes = glyph_features.Shapes(vocabulary, arguments.fonts, arguments.ucd, scripts)
    codes = [ord(char) for char in vocabulary]
    log_hans, log_hant, log_mixed = (np.log(f[codes] + 1e-7).astype(np.float32) for f in (hans, hant, mixed))
    seen, true = glyph_features.pool(shapes, log_mixed)
    trials = read_trials(arguments.trials)
    seen, true = with_tried(vocabulary, seen, true, trials)
    columns = glyph_features.pair_features(shapes, seen, true, log_hans, log_hant)
    prior = mixed[codes] + 1e-7
    columns |= trial_features(vocabulary, seen, true, prior, trials)
    features = np.stack(list(columns.values()), axis=1)
    return Candidates(vocabulary, seen, true, features, list(columns), shapes.vectors["all"], prior), mixed


def tried(vocabulary: str, weights: dict[tuple[str, str], float]) -> tuple[Ints, Floats]:
    """Pairs of the vocabulary as one integer each, sorted, and their weights."""
    index = {char: number for number, char in enumerate(vocabulary)}
    rows = sorted(
        (index[seen] * len(vocabulary) + index[true], weight)
        for (seen, true), weight in weights.items()
        if seen in index and true in index
    )
    keys, found = zip(*rows, strict=True)
    return np.array(keys), np.array(found, dtype=np.float32)


def with_tried(vocabulary: str, seen: Ints, true: Ints, trials: Trials) -> tuple[Ints, Ints]:
    """A pool of pairs with those that the trials gave."""
    keys = [seen * len(vocabulary) + true]
    for weights, _ in trials.values():
        more, weight = tried(vocabulary, weights)
        keys.append(more[weight >= TRIED])
    every = np.unique(np.concatenate(keys))
    return every // len(vocabulary), every % len(vocabulary)


def trial_features(
    vocabulary: str, seen: Ints, true: Ints, prior: NDArray[np.float64], trials: Trials
) -> dict[str, Floats]:
    """For each engine: P(seen | true), P(true | seen and wrong), how often true is misread; logarithms."""
    number = len(vocabulary)
    keys = seen * number + true
    columns: dict[str, Floats] = {}
    both = np.zeros(len(keys))
    for engine, (weights, given) in trials.items():
        pairs, weight = tried(vocabulary, weights)
        times = np.array([given[char] for char in vocabulary], dtype=np.float64)
        rate = weight / (times[pairs % number] + TRIAL_SMOOTHING)
        at = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
        mine = np.where(pairs[at] == keys, rate[at], 0.0)
        joint = rate * prior[pairs % number]
        total = np.bincount(pairs // number, joint, number)
        wrong = np.bincount(pairs % number, weight, number)
        share = mine * prior[true] / (total[seen] + 1e-9)
        both += mine
        columns[f"{engine}: given true"] = np.log(mine + 1e-5)
        columns[f"{engine}: given seen"] = np.log(share + 1e-5)
        columns[f"{engine}: misread"] = np.log((wrong + 0.5) / (times + TRIAL_SMOOTHING))[true]
        columns[f"{engine}: times"] = np.log1p(times)[true]
    columns["engines: given true"] = np.log(both + 1e-5)
    return {name: column.astype(np.float32) for name, column in columns.items()}


def trial_rates(trials: Trials) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """How much oftener than the average each character is misread, and the weights of all engines together.

    In the weights a pair whose seen is empty is the sum over all that the true one is taken for.
    """
    relative: dict[str, list[float]] = {}
    taken: dict[tuple[str, str], float] = {}
    for weights, given in trials.values():
        wrong: dict[str, float] = {}
        for (seen, true), weight in weights.items():
            wrong[true] = wrong.get(true, 0.0) + weight
            for pair in ((seen, true), ("", true)):
                taken[pair] = taken.get(pair, 0.0) + weight
        mean = sum(wrong.values()) / sum(given.values())
        for true, times in given.items():
            rate = (wrong.get(true, 0.0) + TRIAL_SMOOTHING * mean) / (times + TRIAL_SMOOTHING)
            relative.setdefault(true, []).append(rate / mean)
    return {true: sum(rates) / len(rates) for true, rates in relative.items()}, taken


def coverage(ranked: dict[str, list[str]], held: Pairs, most: int) -> float:
    """Share of held-out substitutions whose true character is among the first candidates."""
    hits = sum(n for (seen, true), n in held.items() if true in ranked.get(seen, [])[:most])
    return hits / sum(held.values())


def by_score(candidates: Candidates, scores: NDArray[np.float64]) -> dict[str, list[str]]:
    """The first 50 candidates of each seen character by score."""
    found = {}
    for number, seen in enumerate(candidates.vocabulary):
        rows = slice(candidates.start[number], candidates.start[number + 1])
        best = np.argsort(-scores[rows], kind="stable")[:50]
        found[seen] = [candidates.vocabulary[t] for t in candidates.true[rows][best]]
    return found


def evaluate(candidates: Candidates, folder: Path) -> None:
    """Print the coverage of the truth by the candidates on parts held out, step by step."""
    counted, pages = read_pairs(folder)
    column = dict(zip(candidates.names, candidates.features.T, strict=True))
    prior = np.log(candidates.prior)[candidates.true]
    plain = {
        "rendered glyphs": -column["both"],
        "rendered glyphs + frequency": prior - 10 * column["both"],
        "gradient directions, LDA": -column["directions"],
        "gradient directions, LDA + frequency": prior - 8 * column["directions"],
        "four-corner code within 1, by frequency": prior + 100 * (column["same corners"] >= 3),
    }
    kept_lines, held_lines = read_lines(folder)
    by_pair = {s: Counter({p: n for p, n in part.items() if is_held_out(*p)}) for s, part in counted.items()}
    rest_pages = Counter({p: n for p, n in pages.items() if not is_held_out(*p)})
    rest = {s: part - by_pair[s] for s, part in counted.items()}
    print("split\tmethod\t" + "\t".join(["all", *SOURCES, "top 1", "top 5", "top 20"]))
    for split, known, held in (
        ("third of the pairs", han_only([*rest.values(), rest_pages]), by_pair),
        ("third of the lines", han_only([*kept_lines.values(), pages]), held_lines),
    ):
        by_source = [han_only([part]) for part in held.values()]
        everything = han_only(held.values())
        ranked = {method: by_score(candidates, scores) for method, scores in plain.items()}
        observed: dict[str, list[str]] = {}
        for (seen, true), _ in sorted(known.items(), key=lambda item: -item[1]):
            observed.setdefault(seen, []).append(true)
        ranked["observed pairs alone"] = observed
        ranker = train(candidates, known)
        scores = np.asarray(ranker.predict(candidates.with_evidence(known)))
        ranked["ranker alone"] = by_score(candidates, scores)
        unseen = Counter({p: n for p, n in everything.items() if p not in known})
        calibration = calibrate(candidates, ranker, known, unseen)
        table = posterior(candidates, scores, known, calibration)
        ranked["observed pairs + ranker (the table)"] = {seen: list(found) for seen, found in table.items()}
        for method, lists in ranked.items():
            shares = [coverage(lists, part, 10) for part in (everything, *by_source)]
            shares += [coverage(lists, everything, most) for most in (1, 5, 20)]
            print(split, method, *(f"{share:.3f}" for share in shares), sep="\t", flush=True)
        print(f"# {split}: unseen pairs {sum(unseen.values()) / sum(everything.values()):.3f}, {calibration}")


def build(
    candidates: Candidates, frequency: NDArray[np.float64], folder: Path, trial_files: list[Path], out: Path
) -> None:
    """Train on all pairs and write the table."""
    counted, pages = read_pairs(folder)
    known = han_only([*counted.values(), pages])
    kept, held = (han_only([*part.values()]) for part in read_lines(folder))
    rest = kept + han_only([pages])
    unseen = Counter({p: n for p, n in held.items() if p not in rest})
    trial = train(candidates, rest)
    calibration = calibrate(candidates, trial, rest, unseen)
    ranker = train(candidates, known)
    scores = np.asarray(ranker.predict(candidates.with_evidence(known)))
    table = posterior(candidates, scores, known, calibration)

    # how often each character is what a misreading gives: counted, smoothed by how common it is
    signs = sign_pairs(counted, pages)
    errors = sum(known.values()) + sum(signs.values())
    as_seen: Counter[str] = Counter()
    sign_totals: Counter[str] = Counter()
    for (seen, _), count in known.items():
        as_seen[seen] += count
    for (seen, _), count in signs.items():
        sign_totals[seen] += count
    smooth = dict(zip(candidates.vocabulary, candidates.prior / candidates.prior.sum(), strict=True))
    joint: dict[tuple[str, str], float] = {}
    post: dict[tuple[str, str], float] = {}
    for seen, found in table.items():
        weight = as_seen[seen] + SEEN_SMOOTHING * smooth[seen]
        for true, probability in found.items():
            joint[seen, true] = weight * probability / (errors + SEEN_SMOOTHING)
            post[seen, true] = probability * (as_seen[seen] + 1) / (as_seen[seen] + 1 + sign_totals[seen])
    for (seen, true), count in signs.items():
        joint[seen, true] = count / (errors + SEEN_SMOOTHING)
        post[seen, true] = count / (as_seen[seen] + 1 + sign_totals[seen])

    # P(seen | true): the error rate of the true character times what it is then taken for, both counted and
    # tried. The pages that the counts come from repeat some rare words, so the rate is shrunk to the one in the
    # trials and bounded.
    trials = read_trials(trial_files)
    tried_rate, taken = trial_rates(trials)
    total: dict[str, float] = {}
    for (_, true), share in joint.items():
        total[true] = total.get(true, 0.0) + share
    order = sorted(post, key=lambda pair: (pair[0], -post[pair], pair[1]))
    chars, sizes = np.unique([ord(seen) for seen, _ in order], return_counts=True)
    trues = np.array([ord(true) for _, true in order])
    sums = np.array([total[true] for _, true in order])
    relative = np.array([tried_rate.get(true, 1.0) for _, true in order])
    rate = (sums * errors + RATE_SMOOTHING * relative) / (frequency[trues] * errors + RATE_SMOOTHING)
    rate = NOMINAL_ERROR * np.clip(rate, 1 / RATE_BOUND[0], RATE_BOUND[1])
    weight_tried = np.array([taken.get(("", true), 0.0) for _, true in order])
    trust = weight_tried / (weight_tried + TRIAL_WORTH)
    trust[[not is_han(seen) for seen, _ in order]] = 0.0  # only ideographs were counted in the trials
    share_tried = np.array([taken.get(pair, 0.0) for pair in order]) / np.maximum(weight_tried, 1e-9)
    share = np.array([joint[pair] for pair in order]) / sums
    likelihood = rate * ((1 - trust) * share + trust * share_tried)
    likelihood = np.maximum(likelihood, 1e-8)
    write_arrays(
        out,
        TABLE,
        VERSION,
        {
            "chars": chars.astype(np.uint16),
            "sizes": sizes.astype(np.uint8),
            "true": trues.astype(np.uint16),
            "logp": pack_log(np.log(likelihood)),
            "logpost": pack_log(np.log([post[pair] for pair in order])),
        },
    )
    print(f"{len(order)} pairs for {len(chars)} characters, {out.stat().st_size} bytes, {calibration}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--ocr", type=Path, required=True, help="folder with confusions.tsv, pairs_*.tsv, lines_*.tsv"
    )
    parser.add_argument("--corpus", type=Path, required=True, help="folder with the .txt.xz corpora")
    parser.add_argument("--trials", type=Path, nargs="+", required=True, help="what ocr_trials.py wrote")
    parser.add_argument("--ucd", type=Path, required=True, help="folder with the Unihan files")
    parser.add_argument(
        "--fonts", type=Path, required=True, help="folder with the fonts of glyph_features.FONTS"
    )
    parser.add_argument(
        "--evaluate", action="store_true", help="print coverage of held-out parts, build nothing"
    )
    parser.add_argument("out", type=Path, nargs="?")
    arguments = parser.parse_args()
    if not arguments.evaluate and arguments.out is None:
        parser.error("OUT is required unless --evaluate is given")
    candidates, frequency = make_candidates(arguments)
    if arguments.evaluate:
        evaluate(candidates, arguments.ocr)
    else:
        build(candidates, frequency, arguments.ocr, arguments.trials, arguments.out)


if __name__ == "__main__":
    main()
