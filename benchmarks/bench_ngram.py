"""The character model against kenlm in the same run: load time, characters and seams per second.

``kenlm`` (PyPI, 0.3) is built from source when installed; ``ngram.py --arpa FILE`` writes the same n-grams
for it. Run::

    python benchmarks/bench_ngram.py TEXT --arpa FILE

Both score the same characters. kenlm gets its text cut into words (characters) beforehand; that is not
timed, nor is `NgramModel.encode`, which has a row of its own. A seam is four characters given four: kenlm
has no batches, so it scores both together less the first four, the fastest way it has.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from restore.language.fold import fold_text
from restore.language.ngram import NgramModel

ROUNDS = 7
CHARACTERS = 1_000_000
SEAMS = 200_000
PEER_SHARE = 10
"""kenlm gets a tenth of the work; it is as fast on little as on much."""


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest round: others may be using the machine."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("text", type=Path)
    parser.add_argument("--arpa", type=Path)
    arguments = parser.parse_args()
    model = NgramModel.load()
    paragraphs = ["".join(line.split()) for line in arguments.text.read_text("utf-8").splitlines()]
    text = "\n".join(filter(None, paragraphs)) + "\n"
    ids = model.encode(text)
    many = np.tile(ids, -(-CHARACTERS // len(ids)))[:CHARACTERS]
    inner = ids[ids != model.bos]
    rng = np.random.default_rng(0)
    starts = rng.integers(0, len(inner) - 4, (2, SEAMS))
    tails, heads = (np.stack([inner[at + k] for k in range(4)], axis=1) for at in starts)
    heads_350, tails_350 = heads[:350], tails[:350]
    long_text = text * -(-CHARACTERS // len(text))
    load = best(NgramModel.load)
    encode = len(long_text) / best(lambda: model.encode(long_text))
    characters = len(many) / best(lambda: model.logp(many))
    seams = SEAMS / best(lambda: model.seams(tails, heads))
    matrix = 350 * 350 / best(lambda: model.seam_matrix(tails_350, heads_350))
    print(f"load           {1e3 * load:10.1f} ms")
    print(f"encode         {encode / 1e6:10.2f} M characters/s")
    print(f"logp           {characters / 1e6:10.2f} M characters/s")
    print(f"seams          {seams / 1e3:10.0f} k/s")
    print(f"seam_matrix    {matrix / 1e3:10.0f} k/s (350 by 350)")
    if not arguments.arpa:
        return
    kenlm = importlib.import_module("kenlm")  # not a dependency of the project
    peer = kenlm.Model(str(arguments.arpa))
    folded = [" ".join(fold_text(line)) for line in text.splitlines()]
    few = folded * max(1, CHARACTERS // PEER_SHARE // len(text))
    size = sum(len(line) // 2 + 2 for line in few)
    words = fold_text(text.replace("\n", ""))
    sides = [[" ".join(words[k : k + 4]) for k in at[: SEAMS // PEER_SHARE].tolist()] for at in starts]
    both = [f"{tail} {head}" for tail, head in zip(*sides, strict=True)]

    def score_seams() -> list[float]:
        score = peer.score
        return [
            score(pair, bos=False, eos=False) - score(tail, bos=False, eos=False)
            for pair, tail in zip(both, sides[0], strict=True)
        ]

    peer_characters = size / best(lambda: [peer.score(line) for line in few])
    peer_seams = len(both) / best(score_seams)
    theirs = np.array(score_seams()) * np.log(10)
    ours = model.seams(tails, heads)[: len(theirs)]
    apart = np.abs(ours - theirs)
    ratio = characters / peer_characters
    print(f"kenlm score    {peer_characters / 1e6:10.2f} M characters/s, ratio {ratio:.1f}")
    print(f"kenlm seams    {peer_seams / 1e3:10.0f} k/s, ratio {seams / peer_seams:.1f}")
    print(f"seams that differ by more than half a nat: {(apart > 0.5).mean():.2%}")
    print(f"by more than two nats: {(apart > 2).mean():.2%}; median difference {np.median(apart):.3f} nats")


if __name__ == "__main__":
    main()
