"""A truth and an output side by side: what every measure is computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from restore.evaluation.alignment import align
from restore.evaluation.texts import Blocks, Bools, Document, Ints
from restore.evaluation.truth import LostSpan, PageTruth
from restore.source import text_to_codes

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A truth and an output, aligned, with what is known of the source.

    Attributes:
        truth, output: the two texts.
        to_output: for each truth position its output position or -1, shape ``(n,)``.
        lost: truth characters that the source has not got, shape ``(n,)``; None when nothing is known of it.
        source_right: truth characters that the source has right, shape ``(n,)``; None without a source.
    """

    truth: PageTruth
    output: Document
    to_output: Ints
    lost: Bools | None
    source_right: Bools | None

    @cached_property
    def to_truth(self) -> Ints:
        """For each output position its truth position or -1, shape ``(len(output),)``."""
        back = np.full(len(self.output.text), -1, dtype=np.int64)
        here = np.flatnonzero(self.to_output >= 0)
        back[self.to_output[here]] = here
        return back

    @cached_property
    def right(self) -> Bools:
        """Truth characters that the output has right, shape ``(n,)``."""
        return _same_characters(self.truth.text, self.output.text, self.to_output)

    @cached_property
    def body(self) -> Bools:
        """Truth characters that are not furniture, shape ``(n,)``."""
        return ~self.truth.furniture

    @property
    def size(self) -> int:
        """Number of truth characters without furniture; at least 1."""
        return max(1, int(self.body.sum()))

    @cached_property
    def missing_in_source(self) -> Bools:
        """`lost`, or nowhere when nothing is known, shape ``(n,)``."""
        return np.zeros(len(self.truth.text), dtype=np.bool_) if self.lost is None else self.lost


def compare(
    truth: PageTruth,
    output: str,
    source: str | None = None,
    lost: Iterable[LostSpan] | None = None,
    blocks: Blocks = "blank",
) -> Comparison:
    """Aligns an output, and the source if there is one, with the truth.

    `lost` says what the source has not got. Without it, but with a source, runs of four or more truth
    characters that the source has nothing for count as lost.
    """
    document = Document.read(output, blocks)
    to_output = align(truth.text, document.text)
    mask = None if lost is None else truth.positions(lost)
    source_right = None
    if source is not None:
        text = document.text if source == output else Document.read(source).text
        to_source = to_output if source == output else align(truth.text, text)
        source_right = _same_characters(truth.text, text, to_source)
        if mask is None:
            mask = _long_runs(to_source < 0, 4)
    return Comparison(truth, document, to_output, mask, source_right)


def _same_characters(truth: str, output: str, to_output: Ints) -> Bools:
    right = to_output >= 0
    if right.any():
        right[right] = text_to_codes(truth)[right] == text_to_codes(output)[to_output[right]]
    return right


def _long_runs(mask: Bools, least: int) -> Bools:
    """The mask without its runs shorter than `least`."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    kept = np.zeros_like(mask)
    for a, z in zip(edges[::2], edges[1::2], strict=True):
        kept[a:z] = z - a >= least
    return kept
