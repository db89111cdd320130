"""What a model of text must be able to do to judge seams: the place where a stronger one plugs in."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ids", "Scorer"]

Ids = NDArray[Any]
"""Ids of characters, any integer type."""


@runtime_checkable
class Scorer(Protocol):
    """A model of running text over characters.

    All probabilities are natural logarithms. Ids are the scorer's own, one per code point of a text; those of
    two scorers must not be mixed.
    """

    @property
    def bos(self) -> int:
        """Id of the boundary of a paragraph: before its first character and after its last."""

    def encode(self, text: str) -> Ids:
        """Ids of a text, one per code point, shape ``(len(text),)``; never fails on an unknown character."""

    def logp(self, ids: Ids) -> NDArray[np.float32]:
        """ln P of each character given those before it; a paragraph begins first. Shape ``(n,)``."""

    def logp_given(self, context: Ids, target: Ids) -> NDArray[np.float32]:
        """ln P of each target character given its row's context and the target before it.

        Args:
            context: shape ``(n, c)``, may be padded on the left with `bos`.
            target: shape ``(n, t)``.

        Returns:
            Shape ``(n, t)``.
        """

    def seams(self, tails: Ids, heads: Ids) -> NDArray[np.float32]:
        """ln P(head | tail) per row: ``(n, a)``, ``(n, b)`` -> ``(n,)``."""

    def seam_matrix(
        self, tails: Ids, heads: Ids, lengths: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """ln P(head | tail) of all pairs: ``(n, a)``, ``(m, b)`` -> ``(n, m)``.

        Args:
            tails, heads: ids.
            lengths: how many ids of each head count, shape ``(m,)``; by default all.
        """
