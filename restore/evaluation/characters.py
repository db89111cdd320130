"""Measures of characters: error rates, what the source had, marks."""

from __future__ import annotations

import sys
import unicodedata

import numpy as np
from rapidfuzz.distance import Levenshtein

from restore.evaluation.comparison import Comparison
from restore.evaluation.texts import Ints, pick
from restore.source import codes_to_text, text_to_codes

__all__ = [
    "cer_free",
    "cer_ordered",
    "cer_strict",
    "error_counts",
    "false_change",
    "fixed",
    "insertions_per_1000",
    "punctuation_exact",
]


def error_counts(c: Comparison) -> tuple[int, int, int]:
    """Substitutions, deletions, insertions under the alignment with block moves."""
    aligned = c.to_output >= 0
    substituted = int((c.body & aligned & ~c.right).sum())
    return substituted, int((c.body & ~aligned).sum()), len(c.output.text) - int(aligned.sum())


def cer_free(c: Comparison) -> float:
    """Character error rate that does not mind the order: (substitutions + deletions + insertions) / size.

    Counted under the alignment with block moves (`align`), so that a block in the wrong place costs nothing
    and a wrong glyph one.
    """
    return sum(error_counts(c)) / c.size


def cer_ordered(c: Comparison) -> float:
    """Character error rate with the articles in the order in which the output has them.

    An article's place is the median place of its characters. Never above `cer_strict`.
    """
    article = c.truth.article_of
    place = np.full(int(article.max(initial=-1)) + 1, sys.maxsize, dtype=np.int64)
    for number in range(len(place)):
        here = c.to_output[c.body & (article == number) & (c.to_output >= 0)]
        if len(here):
            place[number] = np.sort(here)[len(here) // 2]
    rank = np.empty_like(place)
    rank[np.argsort(place, kind="stable")] = np.arange(len(place))
    order = np.argsort(rank[article], kind="stable")
    return min(_ordered_distance(c, order) / c.size, cer_strict(c))


def cer_strict(c: Comparison) -> float:
    """Character error rate in the truth's order: Levenshtein distance / size, without furniture."""
    order = np.argsort(np.where(c.body, c.truth.article_of, -1), kind="stable")
    return _ordered_distance(c, order) / c.size


def insertions_per_1000(c: Comparison) -> float:
    """Characters of the output that stand for none of the truth, per 1000 truth characters."""
    return 1000 * error_counts(c)[2] / c.size


def false_change(c: Comparison) -> float | None:
    """Characters that the source has right and the output has not / those the source has right.

    Furniture left out; None without a source.
    """
    if c.source_right is None:
        return None
    had = c.body & c.source_right
    return float((had & ~c.right).sum() / max(1, had.sum()))


def fixed(c: Comparison) -> float | None:
    """Characters wrong or missing in the source, though not lost, that the output has right / all such.

    None without a source, or when the source has none.
    """
    if c.source_right is None:
        return None
    wrong = c.body & ~c.source_right & ~c.missing_in_source
    return float((wrong & c.right).sum() / wrong.sum()) if wrong.any() else None


def punctuation_exact(c: Comparison) -> float:
    """Punctuation and symbols that have the truth's own code point / those that the output has at all."""
    kinds = {char: unicodedata.category(char)[0] in "PS" for char in set(c.truth.raw)}
    mark = np.array([kinds[char] for char in c.truth.raw], dtype=np.bool_) & c.body & (c.to_output >= 0)
    exact = text_to_codes(c.truth.raw)[mark] == text_to_codes(c.output.raw)[c.to_output[mark]]
    return float(exact.sum() / max(1, len(exact)))


def _ordered_distance(c: Comparison, order: Ints) -> int:
    order = order[c.body[order]]
    return Levenshtein.distance(codes_to_text(text_to_codes(c.truth.text)[order]), _output_body(c))


def _output_body(c: Comparison) -> str:
    """The output without characters that stand for furniture."""
    here = c.to_truth >= 0
    furniture = np.zeros(len(c.output.text), dtype=np.bool_)
    furniture[here] = c.truth.furniture[c.to_truth[here]]
    return pick(c.output.text, ~furniture)
