"""Measures of blocks: where paragraphs begin, and where lost text is marked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from restore.evaluation.comparison import Comparison

__all__ = ["gap_precision_recall", "lacunae", "paragraph_precision_recall"]


def paragraph_precision_recall(c: Comparison) -> tuple[float, float]:
    """Are the block breaks of the output the block ends of the truth?

    A block's end stands after the last of its characters that the output has, when what is missing there was
    lost in the source or is at most three characters; likewise its beginning. Precision: breaks of the output
    (those beside furniture do not count) that stand at a block's end or beginning, give or take two
    characters. Recall: block ends of the truth, furniture left out, that have a break.
    """
    size = len(c.output.text)
    breaks = set(c.output.breaks.tolist())
    allowed: set[int] = set()
    ends: list[tuple[int, int]] = []
    there, lost = c.to_output >= 0, c.missing_in_source
    for block, (a, z) in zip(c.truth.blocks, c.truth.block_span.tolist(), strict=True):
        if block.role == "furniture" or a == z:
            continue
        t = z - 1
        while t >= a and not there[t] and (z - 1 - t < 3 or lost[t]):
            t -= 1
        if t >= a and there[t]:
            slack = min(3, z - 1 - t)
            at = int(c.to_output[t]) + 1
            ends.append((at, slack))
            allowed.update(range(at - 1, at + 2 + slack))
        t = a
        while t < z and not there[t] and (t - a < 3 or lost[t]):
            t += 1
        if t < z and there[t]:
            at = int(c.to_output[t])
            allowed.update(range(at - 1 - min(3, t - a), at + 2))
    here = np.flatnonzero(c.to_truth >= 0)
    furniture = here[c.truth.furniture[c.to_truth[here]]]
    judged = breaks.difference(furniture.tolist(), (furniture + 1).tolist())
    hits = len(judged & allowed)
    met = sum(
        at + slack >= size - 1 or any(at + d in breaks for d in range(-1, 2 + slack)) for at, slack in ends
    )
    return hits / len(judged) if judged else 1.0, met / len(ends) if ends else 1.0


def gap_precision_recall(c: Comparison) -> tuple[float | None, float | None]:
    """Do gap marks stand where text is lost, and is lost text marked?

    A mark is right when the aligned character before it (at most four back) stands at most two before the
    beginning of a lost run, within it or at its end, or when the character after it (at most four on) stands
    within a lost run or up to three after its end. Precision: right marks / marks. Recall: lost runs with a
    mark, of those with two or more characters and some of them in a paragraph (a single glyph may be marked
    or supplied; lost headlines count for neither side). None where there is nothing to divide by.
    """
    if c.lost is None:
        return None, None
    runs = np.array(lacunae(c), dtype=np.int64).reshape(-1, 2)
    starts, ends = runs[:, 0], runs[:, 1]
    met = np.zeros(len(runs), dtype=np.bool_)
    correct = 0
    size = len(c.output.text)
    for g in c.output.gaps.tolist():
        left = c.to_truth[max(0, g - 4) : g][::-1]
        right = c.to_truth[g : min(size, g + 4)]
        hit = np.zeros(len(runs), dtype=np.bool_)
        if (left >= 0).any():
            after = left[left >= 0][0] + 1
            hit |= (starts - 3 <= after) & (after <= ends + 1)
        if (right >= 0).any():
            before = right[right >= 0][0] - 1
            hit |= (starts - 1 <= before) & (before <= ends + 2)
        correct += bool(hit.any())
        met |= hit
    paragraph = np.array([b.role == "p" for b in c.truth.blocks], dtype=np.bool_)[c.truth.block_of]
    counted = np.array([z - a >= 2 and bool(paragraph[a:z].any()) for a, z in runs], dtype=np.bool_)
    marks = len(c.output.gaps)
    return (
        correct / marks if marks else None,
        float(met[counted].mean()) if counted.any() else None,
    )


def lacunae(c: Comparison) -> list[tuple[int, int]]:
    """Runs of lost characters within one article, furniture left out."""
    mask = c.missing_in_source & c.body
    article = np.where(mask, c.truth.article_of, -1)
    edges = np.flatnonzero(np.diff(article, prepend=-2, append=-2))
    return [(int(a), int(z)) for a, z in pairwise(edges) if mask[a]]
