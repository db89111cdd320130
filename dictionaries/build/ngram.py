"""Build ``ngram.bin``: the character model, from plain-text corpora.

Each corpus is UTF-8 (``.xz`` or plain); a line is a paragraph, a blank line parts documents. Run::

    python dictionaries/build/ngram.py dictionaries/ngram.bin --corpus WEIGHT FILE [--corpus WEIGHT FILE ...]

The corpora are estimated apart and mixed with the weights given. No n-gram, and no character, that occurs
in fewer than 3 documents is stored. The same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import lzma
import time
from pathlib import Path
from typing import Any

import numpy as np
from kneser_ney import Backoff, Counts, count, estimate, find, mix, total_documents
from numpy.typing import NDArray

from restore.language.arrays import write_arrays
from restore.language.fold import code_points, fold_codes
from restore.language.fuse import build_words, geometry
from restore.language.ngram import BOS, TABLE, UNKNOWN, VERSION, hash_tables

ORDER = 5
LEAST_DOCUMENTS = 3
UNKNOWN_TYPES = 20000
"""How many characters share the mass of the unknown: about the ideographs of Unicode's first block."""
MAX_BYTES = 12_000_000
WIDTHS = {"bigram": (32, 8, 8), "middle": (24, 6, 6), "top": (16, 6, 0)}
"""Bits of a stored word, of its probability and of its backoff weight; the rest is its fingerprint."""

Index = NDArray[np.int64]


def read_text(file: Path) -> str:
    """A corpus with each document once."""
    data = file.read_bytes()
    raw = (lzma.decompress(data) if file.suffix == ".xz" else data).decode("utf-8")
    return "\n\n".join(dict.fromkeys(part.strip() for part in raw.split("\n\n") if part.strip()))


def tokens(text: str) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Folded code points, 0 between paragraphs, and the document of each; white space left out."""
    codes = fold_codes(code_points(text))
    codes = codes[(codes != ord(" ")) & (codes != 0xFEFF)]
    newline = codes == ord("\n")
    blank = newline.copy()
    blank[1:] &= newline[:-1]
    blank[0] = False
    document = np.cumsum(blank, dtype=np.int32)
    keep = ~blank
    keep[np.flatnonzero(newline[:-1] & blank[1:])] = True
    codes = np.where(newline, 0, codes)[keep].astype(np.uint32)
    return np.concatenate([[0], codes, [0]]).astype(np.uint32), np.pad(document[keep], 1, mode="edge")


def vocabulary_of(corpora: list[tuple[NDArray[np.uint32], NDArray[np.int32]]]) -> NDArray[np.uint32]:
    """Code points in enough documents, ascending, behind the boundary (a newline) and the unknown (0)."""
    seen = np.zeros(0x110000, dtype=np.int64)
    for codes, documents in corpora:
        pairs = np.unique(codes.astype(np.uint64) << np.uint64(32) | documents.astype(np.uint64))
        seen += np.bincount((pairs >> np.uint64(32)).astype(np.int64), minlength=len(seen))
    seen[[0, ord("\n"), ord(" ")]] = 0
    return np.concatenate([[ord("\n"), 0], np.flatnonzero(seen >= LEAST_DOCUMENTS)]).astype(np.uint32)


def codebook(values: NDArray[np.float64], weights: NDArray[np.float64], bits: int) -> NDArray[np.float32]:
    """2**bits levels, ascending, of small weighted squared error: Lloyd's algorithm on a histogram."""
    low, high = float(values.min()), float(values.max())
    bins = 1 << 14
    place = np.minimum(((values - low) / max(high - low, 1e-9) * bins).astype(np.int64), bins - 1)
    mass = np.bincount(place, weights, bins)
    centres = np.bincount(place, weights * values, bins) / np.maximum(mass, 1e-300)
    used = mass > 0
    mass, centres = mass[used], centres[used]
    share = np.cumsum(np.cbrt(mass))
    ranks = (np.arange(1 << bits) + 0.5) / (1 << bits) * share[-1]
    levels = centres[np.minimum(np.searchsorted(share, ranks), len(centres) - 1)]
    for _ in range(60):
        nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, centres)
        total = np.bincount(nearest, mass, len(levels))
        mean = np.bincount(nearest, mass * centres, len(levels))
        levels = np.sort(np.where(total > 0, mean / np.maximum(total, 1e-300), levels))
    book: NDArray[np.float32] = levels.astype(np.float32)
    return book


def quantise(values: NDArray[np.float64], levels: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Index of the nearest level."""
    middle = (levels[1:].astype(np.float64) + levels[:-1]) / 2
    return np.searchsorted(middle, values).astype(np.uint32)


def hash_keys(keys: NDArray[np.uint64], size: int, order: int, seed: int) -> NDArray[np.uint64]:
    """Hashes of packed n-grams as the model makes them."""
    tables = hash_tables(size, order, seed)
    hashes = np.zeros(len(keys), np.uint64)
    for place in range(order):
        hashes ^= tables[place][(keys // np.uint64(size**place) % np.uint64(size)).astype(np.int64)]
    return hashes


def layout(n: int, order: int) -> tuple[int, int, int]:
    """Bits of a word, a probability and a backoff weight of one order."""
    return WIDTHS["top"] if n == order else WIDTHS["bigram" if n == 2 else "middle"]


def bytes_of(sizes: list[int]) -> int:
    """Bytes of the tables of orders 2, 3, ... of these sizes."""
    total = 0
    for n, size in enumerate(sizes, start=2):
        length, segments = geometry(size)
        total += length * (segments + 2) * layout(n, len(sizes) + 1)[0] // 8
    return total


def export(
    model: Backoff, vocabulary: NDArray[np.uint32], weights: list[NDArray[np.float64]]
) -> dict[str, NDArray[Any]]:
    """Arrays of the model file; ``weights``: how often each n-gram occurs, for the quantiser."""
    order = len(model.keys)
    unigram = np.log(model.prob[0])
    unigram[UNKNOWN] -= np.log(UNKNOWN_TYPES)
    for seed in range(1, 100):
        tables: dict[str, NDArray[Any]] = {}
        for n in range(2, order + 1):
            width, bits, backoff_bits = layout(n, order)
            keys, weight = model.keys[n - 1], weights[n - 1] + 1e-12
            logs = np.log(model.prob[n - 1])
            levels = codebook(logs, weight, bits)
            values = quantise(logs, levels)
            tables[f"prob{n}"] = levels
            if backoff_bits:
                logs = model.backoff[n - 1]
                levels = codebook(logs[logs != 0], weight[logs != 0], backoff_bits)
                levels[np.argmin(np.abs(levels))] = 0  # most n-grams are no context
                tables[f"backoff{n}"] = levels = np.sort(levels)
                values |= quantise(logs, levels) << np.uint32(bits)
            words = build_words(hash_keys(keys, model.size, n, seed), values, bits + backoff_bits, width)
            if words is None:
                break
            tables[f"words{n}"] = words[0]
            if len(words) > 1:
                tables[f"more{n}"] = words[1]
        else:
            break
    return {
        "sizes": np.array([len(keys) for keys in model.keys[1:]], dtype=np.int64),
        "seed": np.array([seed], dtype=np.int64),
        "vocabulary": vocabulary,
        "unigram": unigram.astype(np.float32),
        "unigram_backoff": model.backoff[0].astype(np.float32),
        **tables,
    }


def write_arpa(model: Backoff, vocabulary: NDArray[np.uint32], file: Path) -> None:
    """Write the model at full precision in ARPA form, for other toolkits; the boundary is <s> and </s>."""
    words = ["<s>", "<unk>", *map(chr, vocabulary[2:].tolist())]
    ln10 = np.log(10)
    with file.open("w", encoding="utf-8") as out:
        out.write("\\data\\\n")
        for n, keys in enumerate(model.keys, start=1):
            out.write(f"ngram {n}={len(keys) + (n == 1)}\n")
        for n, (keys, prob) in enumerate(zip(model.keys, model.prob, strict=True), start=1):
            out.write(f"\n\\{n}-grams:\n")
            logs = np.log10(prob).tolist()
            weights = (model.backoff[n - 1] / ln10).tolist() if n < len(model.keys) else None
            if n == 1:
                out.write(f"-99\t<s>\t{weights[0] if weights else 0:.6f}\n")
            base = np.uint64(model.size)
            digits = [(keys // base ** np.uint64(place) % base).tolist() for place in reversed(range(n))]
            for row, ids in enumerate(zip(*digits, strict=True)):
                gram = [words[k] for k in ids]
                if ids[-1] == BOS:
                    gram[-1] = "</s>"
                tail = f"\t{weights[row]:.6f}" if weights and ids[-1] != BOS else ""
                out.write(f"{logs[row]:.6f}\t{' '.join(gram)}{tail}\n")
        out.write("\n\\end\\\n")


def prune(
    model: Backoff, weights: list[NDArray[np.float64]], budget: int
) -> tuple[Backoff, list[NDArray[np.bool_]]]:
    """Leave out the n-grams that cost least relative entropy, until the tables fit ``budget`` bytes."""
    losses = model.losses(weights)
    order = len(model.keys)
    per_bit = [loss / layout(n, order)[0] for n, loss in enumerate(losses, start=2)]
    low, high = -60.0, 0.0

    def kept(threshold: float) -> list[NDArray[np.bool_]]:
        keep = [np.ones(len(model.keys[0]), np.bool_), *(loss > np.exp(threshold) for loss in per_bit)]
        return model.close(keep)

    for _ in range(40):
        middle = (low + high) / 2
        if bytes_of([int(mask.sum()) for mask in kept(middle)[1:]]) <= budget:
            high = middle
        else:
            low = middle
    keep = kept(high)
    return model.subset(keep), keep


def frequencies(
    parts: list[list[Counts]], singles: list[Index], shares: list[float], keys: list[NDArray[np.uint64]]
) -> list[NDArray[np.float64]]:
    """P(n-gram) of the mixture, from raw counts, for the keys of orders 1, 2, ...."""
    result = [sum(share * single / single.sum() for share, single in zip(shares, singles, strict=True))]
    for n in range(1, len(keys)):
        total = np.zeros(len(keys[n]))
        for counts, single, share in zip(parts, singles, shares, strict=True):
            at, there = find(counts[n - 1].keys, keys[n])
            total += np.where(there, counts[n - 1].counts[at], 0) * (share / single.sum())
        result.append(total)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", nargs=2, action="append", metavar=("WEIGHT", "FILE"), required=True)
    parser.add_argument("--order", type=int, default=ORDER, choices=(2, 3, 4, 5))
    parser.add_argument("--max-bytes", type=int, default=MAX_BYTES)
    parser.add_argument("--least", type=int, default=LEAST_DOCUMENTS, help="least number of documents")
    parser.add_argument("--arpa", type=Path, help="write the pruned model in ARPA form too")
    parser.add_argument("--save", type=Path, help="save the unpruned model for ngram_curve.py")
    arguments = parser.parse_args()
    start = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - start:6.1f} s  {what}", flush=True)

    shares = np.array([float(weight) for weight, _ in arguments.corpus])
    shares /= shares.sum()
    streams = [tokens(read_text(Path(file))) for _, file in arguments.corpus]
    vocabulary = vocabulary_of(streams)
    size = len(vocabulary)
    number = np.full(0x110000, UNKNOWN, dtype=np.uint16)
    number[vocabulary[2:]] = np.arange(2, size)
    number[0] = BOS
    say(
        f"{size} characters, "
        + ", ".join(f"{len(codes)} in {documents[-1] + 1} documents" for codes, documents in streams)
    )
    parts: list[list[Counts]] = []
    singles: list[Index] = []
    corpora = []
    for codes, documents in streams:
        ids = number[codes]
        parts.append([count(ids, documents, size, n) for n in range(2, arguments.order + 1)])
        singles.append(np.bincount(ids, minlength=size))
        corpora.append(estimate(ids, parts[-1], size))
        say("counted " + " ".join(str(len(part.keys)) for part in parts[-1]))
    keys: list[NDArray[np.uint64]] = [np.arange(size, dtype=np.uint64)]
    for n in range(arguments.order - 1):
        every, seen = total_documents([part[n] for part in parts])
        keys.append(every[seen >= arguments.least])
    model = mix(corpora, shares.tolist(), keys, size)
    weights = frequencies(parts, singles, shares.tolist(), keys)
    say("mixed " + " ".join(str(len(own)) for own in keys))
    if arguments.save:
        save: dict[str, Any] = {"vocabulary": vocabulary}
        for n, (own, prob, weight) in enumerate(zip(keys, model.prob, weights, strict=True)):
            save |= {f"keys{n}": own, f"prob{n}": prob, f"weight{n}": weight}
        np.savez(arguments.save, **save)
    room = arguments.max_bytes - 40_000 - size * 12
    pruned, keep = prune(model, weights, room)
    say("pruned " + " ".join(str(len(own)) for own in pruned.keys))
    if arguments.arpa:
        write_arpa(pruned, vocabulary, arguments.arpa)
    arrays = export(pruned, vocabulary, [weight[mask] for weight, mask in zip(weights, keep, strict=True)])
    write_arrays(arguments.out, TABLE, VERSION, arrays)
    say(f"{arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
