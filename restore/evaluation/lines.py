"""Measures of printed lines: their joins, and their order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from restore.evaluation.comparison import Comparison
from restore.evaluation.texts import Bools, Ints

__all__ = ["Joins", "adjacency", "f1", "kendall_tau"]


@dataclass(frozen=True)
class Joins:
    """Joins of printed lines; see `adjacency`."""

    precision: float
    recall: float
    f1: float
    articles_f1: float
    false_per_1000: float


def adjacency(c: Comparison) -> Joins:
    """Is a printed line followed by the line that follows it in the truth?

    A *true join* is a pair of lines that follow each other in one block; neither is lost. The output has it
    when the head of the second comes right after the tail of the first (one character may overlap, up to
    three may stand between). A *claim* is a place of the output where the alignment goes from one line to
    another within four characters; a claim that is no true join is wrong, unless all lines between the two
    are lost. A gap mark excuses the claim where the source lost text, and spoils the join where it did not.
    Precision = true joins had / (those + wrong claims), recall = true joins had / true joins.
    `articles_f1` is the same over whole articles (headline, byline, paragraphs); `false_per_1000` counts the
    claims that are no join of any article, per 1000 truth characters.
    """
    truth, lost = c.truth, c.missing_in_source
    count = len(truth.line_start)
    block = truth.block_of[truth.line_start]
    article = truth.article_of[truth.line_start]
    before = np.concatenate([[0], np.cumsum(lost)])
    lost_share = before[truth.line_end] - before[truth.line_start]
    gone = 2 * lost_share > truth.line_end - truth.line_start
    gone_before = np.concatenate([[0], np.cumsum(gone)])

    follows = np.zeros(count, dtype=np.bool_)
    follows[:-1] = article[:-1] == article[1:]
    in_block = follows.copy()
    in_block[:-1] &= block[:-1] == block[1:]
    whole = np.zeros(count, dtype=np.bool_)
    whole[:-1] = ~gone[:-1] & ~gone[1:]
    first, last = _line_ends(c)
    had = np.zeros(count, dtype=np.bool_)
    between = first[1:] - last[:-1] - 1
    had[:-1] = follows[:-1] & (between >= -2) & (between <= 3)

    o = np.flatnonzero(c.to_truth >= 0)
    o = o[truth.line_of[c.to_truth[o]] >= 0]
    t = c.to_truth[o]
    line = truth.line_of[t]
    turn = np.flatnonzero((line[1:] != line[:-1]) & (np.diff(o) <= 4))
    marked = np.searchsorted(c.output.gaps, o[turn + 1], "right") > np.searchsorted(
        c.output.gaps, o[turn], "right"
    )
    padded = np.concatenate([[False], lost, [False]])
    excused = padded[t[turn] + 2] | padded[t[turn + 1]]
    i, j = line[turn], line[turn + 1]
    spoilt = marked & ~excused & (j == i + 1)
    had[i[spoilt]] = False
    claimed = ~(marked & excused)
    pairs = np.unique(np.stack([i[claimed], j[claimed]], axis=1), axis=0)
    i, j = pairs[:, 0], pairs[:, 1]
    skips_lost = (i < j) & (article[i] == article[j]) & (gone_before[j] - gone_before[i + 1] == j - i - 1)
    # the pair of neighbours itself skips nothing; it is right when had, wrong when spoilt or torn apart
    wrong = ~((j == i + 1) & had[i]) & ~skips_lost

    def figures(joins: Bools) -> tuple[float, float]:
        hits = int((joins & whole & had).sum())
        missed = int((joins & whole).sum()) - hits
        false = int((wrong & joins[i]).sum())
        precision = hits / (hits + false) if hits + false else 1.0
        return precision, hits / (hits + missed) if hits + missed else 1.0

    precision, recall = figures(in_block)
    jumps = 1000 * int((wrong & follows[i]).sum()) / c.size
    return Joins(precision, recall, f1(precision, recall), f1(*figures(follows)), jumps)


def kendall_tau(c: Comparison) -> float:
    """Kendall's tau-b of the order of printed lines: 1 the truth's order, 0 none, -1 the reverse.

    A line's place is the median place of its characters; lines that are not there, and furniture, are left
    out. With fewer than two lines 1.
    """
    here = np.flatnonzero((c.to_output >= 0) & c.body & (c.truth.line_of >= 0))
    lines = c.truth.line_of[here]
    edges = np.flatnonzero(np.diff(lines, prepend=-1, append=-1))
    place = np.array([np.median(c.to_output[here[a:z]]) for a, z in pairwise(edges)])
    if len(place) < 2:
        return 1.0
    signs = np.sign(place[None, :] - place[:, None])[np.triu_indices(len(place), 1)]
    untied = np.count_nonzero(signs)
    return float(signs.sum() / np.sqrt(len(signs) * untied)) if untied else 0.0


def f1(precision: float, recall: float) -> float:
    """Harmonic mean of the two; 0 when both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _line_ends(c: Comparison) -> tuple[Ints, Ints]:
    """Output places of the first and the last character of each printed line, or far-away numbers.

    When the outermost character is not there, the next but one is taken as its stand-in.
    """
    first = np.full(len(c.truth.line_start), -(10**9), dtype=np.int64)
    last = np.full(len(c.truth.line_start), 10**9, dtype=np.int64)
    for step in (2, 1, 0):
        t = c.truth.line_start + step
        ok = t < c.truth.line_end
        ok[ok] = c.to_output[t[ok]] >= 0
        first[ok] = c.to_output[t[ok]] - step
        t = c.truth.line_end - 1 - step
        ok = t >= c.truth.line_start
        ok[ok] = c.to_output[t[ok]] >= 0
        last[ok] = c.to_output[t[ok]] + step
    return first, last
