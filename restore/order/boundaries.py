"""Between two lines that follow each other: the same paragraph, a new one, or only a space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.segments import Segments
from restore.order.evidence import FULL, PARTIAL, Evidence, evidence_of, score, weights
from restore.order.geometry import BLOCKS, kind_of

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["JOIN", "KEEP", "BREAK", "Boundaries", "boundaries_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JOIN, KEEP, BREAK = 0, 1, 2
# log-odds of a new paragraph that the white space itself suggests, before the page is heard
_SPACE, _NEWLINE, _BLANK, _INDENT = 0, 1, 2, 3
_PRIOR = np.array([-2.0, 0.0, 2.5, 3.0])
_STRENGTH = 6.0  # boundaries that the prior counts for
_ROUNDS = 4
_SCALE = 0.9
_BIAS = -1.2


@dataclass(frozen=True)
class Boundaries:
    """Judgement about the boundary behind each segment but the last.

    Attributes:
        fate: JOIN, KEEP or BREAK, shape ``(n - 1,)``.
        odds: log-odds of a new paragraph, shape ``(n - 1,)``.
        continues: log-odds that the next segment continues this one, from the text, shape ``(n - 1,)``.
        evidence: what these were computed from.
    """

    fate: Ints
    odds: Floats
    continues: Floats
    evidence: Evidence


def boundaries_of(segments: Segments, model: Scorer) -> Boundaries:
    """Judge the boundaries between neighbours.

    The page teaches what its blank lines and indents mean: some dumps put a blank line between all lines, some only
    between paragraphs.
    """
    n = len(segments)
    evidence = evidence_of(segments, model)
    i = np.arange(n - 1)
    table = weights()
    continues = score(evidence, table["continues"], i, i + 1).astype(np.float64)
    follows = score(evidence, table["follows"], i, i + 1).astype(np.float64)
    text = _SCALE * (follows - continues) + _BIAS
    space = np.where(segments.newlines[:-1] == 0, _SPACE, np.where(segments.newlines[:-1] == 1, _NEWLINE, _BLANK))
    indent = segments.indent[1:] >= 2
    base_indent = np.zeros(n - 1, dtype=np.bool_)
    if segments.indent.max(initial=0) >= 2:
        # deeper than the line above by about two ems
        step = segments.x[1:] - segments.x[:-1]
        base_indent = indent & (segments.newlines[:-1] >= 1) & (step >= 2) & (step <= 6)
    space = np.where(base_indent, _INDENT, space)
    extra = _PRIOR.copy()
    odds = text + extra[space]
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
        new = np.bincount(space, weights=p, minlength=4)
        old = np.bincount(space, weights=1 - p, minlength=4)
        prior_new = 1 / (1 + np.exp(-_PRIOR))
        with_prior = (new / max(new.sum(), 1e-9) * new.sum() + _STRENGTH * prior_new) / (new.sum() + _STRENGTH * prior_new.sum())
        without = (old + _STRENGTH * (1 - prior_new)) / (old.sum() + _STRENGTH * (1 - prior_new).sum())
        extra = np.log(with_prior) - np.log(without)
        odds = text + extra[space]
    fate = np.where(odds > 0, BREAK, JOIN)
    fate = _spaces(segments, evidence, continues, space, odds, fate)
    return Boundaries(fate, odds, continues, evidence)


def _spaces(
    segments: Segments, evidence: Evidence, continues: Floats, space: Ints, odds: Floats, fate: Ints
) -> Ints:
    """A space inside a physical line that ends no printed line is kept: names of a byline, parts of a headline."""
    classes = segments.view.classes
    left = classes[segments.end[:-1] - 1]
    right = classes[segments.start[1:]]
    both = ((left & (ch.HAN | ch.KANA)) > 0) & ((right & (ch.HAN | ch.KANA)) > 0)
    inside = space == _SPACE
    short = evidence.form[:-1] == PARTIAL
    weak = continues < 2.5
    keep = inside & both & short & weak & (odds < 3)
    if kind_of(segments) != BLOCKS:
        keep |= inside & both & (evidence.form[:-1] != FULL) & (continues < 4)
    return np.where(keep, KEEP, fate)
