"""All figures of one output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from restore.evaluation.blocks import gap_precision_recall, lacunae, paragraph_precision_recall
from restore.evaluation.characters import (
    cer_free,
    cer_ordered,
    cer_strict,
    error_counts,
    false_change,
    fixed,
    insertions_per_1000,
    punctuation_exact,
)
from restore.evaluation.comparison import compare
from restore.evaluation.lines import adjacency, f1, kendall_tau
from restore.evaluation.texts import Blocks
from restore.evaluation.truth import LostSpan, PageTruth

__all__ = ["Scores", "evaluate"]


@dataclass(frozen=True)
class Scores:
    """All figures of one output. Shares are in 0..1; None where a figure has no sense (see the functions).

    Attributes:
        cer_free, cer_ordered, cer_strict: character error rates; order-free, articles in the output's order,
            in the truth's order.
        adjacency_precision, adjacency_recall, adjacency_f1: joins of printed lines in blocks.
        adjacency_articles_f1: the same over whole articles.
        false_joins_per_1000: joins no article has, per 1000 truth characters.
        paragraph_precision, paragraph_recall, paragraph_f1: block breaks.
        gap_precision, gap_recall: gap marks.
        lacunae, marks: number of lost runs, and of gap marks in the output.
        false_change, fixed: against the source.
        substitutions, deletions, insertions: the parts of `cer_free`.
        insertions_per_1000: insertions per 1000 truth characters.
        punctuation_exact: marks with the truth's code point.
        kendall_tau: order of printed lines, -1..1.
        characters, output_characters: truth without furniture, output; white space and gap marks left out.
    """

    cer_free: float
    cer_ordered: float
    cer_strict: float
    adjacency_precision: float
    adjacency_recall: float
    adjacency_f1: float
    adjacency_articles_f1: float
    false_joins_per_1000: float
    paragraph_precision: float
    paragraph_recall: float
    paragraph_f1: float
    gap_precision: float | None
    gap_recall: float | None
    lacunae: int
    marks: int
    false_change: float | None
    fixed: float | None
    substitutions: int
    deletions: int
    insertions: int
    insertions_per_1000: float
    punctuation_exact: float
    kendall_tau: float
    characters: int
    output_characters: int


def evaluate(
    truth: PageTruth,
    output: str,
    source: str | None = None,
    lost: Iterable[LostSpan] | None = None,
    blocks: Blocks = "blank",
) -> Scores:
    """Scores an output against the truth of its page.

    Args:
        truth: the page as printed.
        output: plain text, blocks parted as `blocks` says, gaps marked ``〔…〕``.
        source: the dump that was restored; needed for `false_change` and `fixed`, and unless `lost` is given
            for the gap figures.
        lost: what is known to be lost in the source, as (block id, start, end); see `read_lost`.
        blocks: ``blank``, ``newline``, or ``auto`` to judge by the share of blank lines.
    """
    c = compare(truth, output, source, lost, blocks)
    joins = adjacency(c)
    paragraph_p, paragraph_r = paragraph_precision_recall(c)
    gap_p, gap_r = gap_precision_recall(c)
    substitutions, deletions, insertions = error_counts(c)
    return Scores(
        cer_free=cer_free(c),
        cer_ordered=cer_ordered(c),
        cer_strict=cer_strict(c),
        adjacency_precision=joins.precision,
        adjacency_recall=joins.recall,
        adjacency_f1=joins.f1,
        adjacency_articles_f1=joins.articles_f1,
        false_joins_per_1000=joins.false_per_1000,
        paragraph_precision=paragraph_p,
        paragraph_recall=paragraph_r,
        paragraph_f1=f1(paragraph_p, paragraph_r),
        gap_precision=gap_p,
        gap_recall=gap_r,
        lacunae=len(lacunae(c)),
        marks=len(c.output.gaps),
        false_change=false_change(c),
        fixed=fixed(c),
        substitutions=substitutions,
        deletions=deletions,
        insertions=insertions,
        insertions_per_1000=insertions_per_1000(c),
        punctuation_exact=punctuation_exact(c),
        kendall_tau=kendall_tau(c),
        characters=int(c.body.sum()),
        output_characters=len(c.output.text),
    )
