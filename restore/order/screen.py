"""Which candidate links need no second look: a first sieve by what is known of a pair anyway.

The best of every line by all evidence and by the text alone are some twenty candidates a line, of which one in twenty is
likely in the end. Most others can be told at once by how far they fall short of the best of their line. A network of a few
units (``dictionaries/screen.bin``, built by ``dictionaries/build/screen.py``) says of each whether the later looks might
find it likely; those it is sure of are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.order.network import Named, Network

if TYPE_CHECKING:
    from restore.order.successors import Solution

__all__ = ["SCREEN", "screen_features", "screened"]

Ints = NDArray[np.int64]

SCREEN = "screen"
"""The file, and the network in it."""
_LIKELY = -5.0  # log-odds that a link must exceed to be looked at again


def screened(first: Solution, i: Ints, j: Ints) -> tuple[Ints, Ints]:
    """Those of the candidate links ``i -> j`` that are worth a second look; index arrays, shape ``(m,)`` before.

    Args:
        first: the first solution of the page. Its own links and those to the next segment always stay.
    """
    network = Network.load(SCREEN, SCREEN)
    worth = network.odds(network.standardised(screen_features(first, i, j))) > _LIKELY
    worth |= (first.successor[i] == j) | (j == i + 1)
    return i[worth], j[worth]


def screen_features(first: Solution, i: Ints, j: Ints) -> Iterator[Named]:
    """Named features of candidate links ``i -> j``, each of shape ``(m,)``."""
    at = i * len(first.successor) + j
    for name, table, least, most in (("all", first.total, -16, 8), ("text", first.text, -14, 8)):
        others = table.copy()
        np.fill_diagonal(others, -np.inf)  # no line follows itself
        of_row, of_column = others.max(axis=1), others.max(axis=0)
        value = table.take(at)
        yield name, np.clip(value, least, most)
        yield f"{name}, behind the best of the row", np.clip(value - of_row[i], least, 0)
        yield f"{name}, behind the best of the column", np.clip(value - of_column[j], least, 0)
    yield "place", np.clip(first.place.take(at), -10, 8)
    step = j - i
    yield "the next", step == 1
    yield "the next but one", step == 2
    yield "soon", (step > 2) & (step <= 4)
    yield "back", step < 0
