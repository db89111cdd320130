"""How well does a text match the truth of a page?

    >>> truth = PageTruth.from_dict({
    ...     "blocks": [{"id": "a.p1", "article": "a", "role": "p", "text": "水到田头，话到心头。"}],
    ...     "lines": [{"block": "a.p1", "start": 0, "text": "水到田头，"},
    ...               {"block": "a.p1", "start": 5, "text": "话到心头。"}]})
    >>> scores = evaluate(truth, "水到田头，话到心头。")
    >>> scores.cer_free, scores.adjacency_f1
    (0.0, 1.0)
    >>> evaluate(truth, "话到心头。水到田头，").adjacency_f1
    0.0

White space never counts as a character. Full-width and half-width forms, straight and curly quotes are
folded together (`punctuation_exact` looks at the unfolded marks); the code points of CJK radicals are not:
⼈ for 人 is an error. Gap marks such as ``〔…〕`` are taken out first and scored on their own. Furniture
(running heads, imprint) and its absence are free. The definitions with their reasons are in
``docs/evaluation.md``.

Everything rests on one alignment of truth and output that allows block moves (`align`). The measures are
functions of a `Comparison`; `evaluate` computes them all.
"""

from restore.evaluation.alignment import align
from restore.evaluation.blocks import gap_precision_recall, paragraph_precision_recall
from restore.evaluation.characters import (
    cer_free,
    cer_ordered,
    cer_strict,
    false_change,
    fixed,
    insertions_per_1000,
    punctuation_exact,
)
from restore.evaluation.comparison import Comparison, compare
from restore.evaluation.lines import Joins, adjacency, kendall_tau
from restore.evaluation.scores import Scores, evaluate
from restore.evaluation.texts import Document, counted, fold
from restore.evaluation.truth import EvaluationError, PageTruth, TruthBlock, read_lost

__all__ = [
    "Comparison",
    "Document",
    "EvaluationError",
    "Joins",
    "PageTruth",
    "Scores",
    "TruthBlock",
    "adjacency",
    "align",
    "cer_free",
    "cer_ordered",
    "cer_strict",
    "compare",
    "counted",
    "evaluate",
    "false_change",
    "fixed",
    "fold",
    "gap_precision_recall",
    "insertions_per_1000",
    "kendall_tau",
    "paragraph_precision_recall",
    "punctuation_exact",
    "read_lost",
]
