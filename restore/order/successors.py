"""The best successor for every segment, all segments together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.layout.segments import Segments
from restore.order.again import again_features
from restore.order.evidence import Evidence, evidence_of, scores, weights
from restore.order.geometry import BLOCKS, Geometry
from restore.order.links import candidates, link_features
from restore.order.network import LINKS, OF_SHORT, SECOND, THIRD, Named, Network
from restore.order.screen import screened
from restore.order.sequence import cycles_of, far_links, pieces_parted

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["Judgement", "Solution", "assign", "best_over", "first_solution", "second_look", "solve", "spread"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ROUNDS = 5
_END = 2.0  # nats that a link must not fall short of; below it a chain ends
_NEW_PARAGRAPH = 1.5  # what taking the next segment as a new paragraph costs
_NEVER = -6.0
_MOST_CYCLES = 40
_MANY, _CROWDED = (
    400,
    0.1,
)  # segments, and possible links as a share of all pairs, of an assignment that takes long
_LIKELY = -3.0  # log-odds that a link must exceed to be chosen; chosen on pages not fitted on
_FEWEST = 3  # segments that have surroundings
# the same for links that go far where a dump has whole blocks: in a paragraph, to a new one, of two long pieces
_LIKELY_FAR, _LIKELY_BEGIN, _LIKELY_PIECE = -2.0, 0.0, 0.8
_LIKELY_FAR_OF_FEW, _FEW_STRAYS = 0.0, 0.95  # in a paragraph, where so many segments are linked to the next
_LIKELY_NEXT = (
    0.75  # of a new paragraph in the next segment; below it stays there, but goes nowhere with the one before
)
_LIKELY_SKIP = 0.0  # of the segment behind the next: below it the one between did not stray
_LIKELY_BACK = 0.0
_SHORT = 60  # segments of a short text
_PIECE = 4  # segments of a long piece
_UNLIKELY = -12.0  # log-odds of pairs that are no candidates


@dataclass(frozen=True)
class Solution:
    """Successors and what spoke for them.

    Attributes:
        successor: index of the next segment, -1 where a chain ends. Shape ``(n,)``.
        continues: log-odds that j continues i in the same paragraph, from the text alone. Shape ``(n, n)``.
        follows: log-odds that j begins the paragraph after i. Shape ``(n, n)``.
        place: log-odds from where the two stand. Shape ``(n, n)``.
        evidence: what the first two were computed from.
        geometry: what the third was computed from.
    """

    successor: Ints
    continues: Floats
    follows: Floats
    place: Floats
    evidence: Evidence
    geometry: Geometry

    @cached_property
    def text(self) -> Floats:
        """Log-odds that j follows i in the same or a new paragraph, from the text alone, shape ``(n, n)``."""
        return np.asarray(np.logaddexp(self.continues, self.follows - _NEW_PARAGRAPH))

    @cached_property
    def total(self) -> Floats:
        """All evidence for every pair, in nats, shape ``(n, n)``."""
        return self.text + self.place


@dataclass(frozen=True)
class Judgement:
    """The links that were chosen, and what speaks for them.

    Attributes:
        successor: index of the next segment, -1 where a chain ends. Shape ``(n,)``.
        odds: log-odds that j was printed behind i, shape ``(n, n)``; -12 for pairs that were not looked at.
        first: the first solution.
        second: the same from the second look.
        network: what weighed the features of the second look.
        features: these, standardised, for the pairs looked at, shape ``(m, f)``.
        at: row of ``features`` for each pair, -1 for pairs not looked at. Shape ``(n, n)``.
    """

    successor: Ints
    odds: NDArray[np.float32]
    first: Solution
    second: NDArray[np.float32]
    network: Network
    features: NDArray[np.float32]
    at: NDArray[np.int32]


def solve(segments: Segments, language: Language, screen: bool = True) -> Judgement:
    """Find successors: a first solution, then every likely link judged twice more with its surroundings.

    Args:
        screen: whether candidates that cannot become likely are left out at once.
    """
    first = first_solution(segments, language)
    n = len(segments)
    if n < _FEWEST:
        nothing = np.zeros((0, 0), dtype=np.float32)
        likely = np.asarray(first.total, dtype=np.float32)
        network = Network.load(LINKS, SECOND + OF_SHORT)
        return Judgement(
            first.successor, likely, first, likely, network, nothing, np.full((n, n), -1, dtype=np.int32)
        )
    i, j, seen, features, second = second_look(segments, first, screen)
    again = again_features(second, best_over(second), i, j)
    looked, network = (Network.load(LINKS, name + _kind(segments)) for name in (SECOND, THIRD))
    odds = spread(network.odds(network.standardised(chain(seen, again))), segments, i, j)
    at = np.full((n, n), -1, dtype=np.int32)
    at[i, j] = np.arange(len(i))
    successor = best_over(odds)
    linked = np.flatnonzero(successor >= 0)
    begins = first.follows[linked, successor[linked]] > first.continues[linked, successor[linked]]
    if first.geometry.kind != BLOCKS:
        # a new paragraph further up: where that is not likely, the columns keep the order of their heads
        back = begins & (successor[linked] < linked) & (odds[linked, successor[linked]] < _LIKELY_BACK)
        successor[linked[back]] = -1
    else:
        few = float((successor[linked] == linked + 1).mean()) >= _FEW_STRAYS if len(linked) else True
        doubtful = odds[linked, successor[linked]] < np.where(
            pieces_parted(successor)[linked] >= _PIECE,
            _LIKELY_PIECE,
            np.where(begins, _LIKELY_BEGIN, _LIKELY_FAR_OF_FEW if few else _LIKELY_FAR),
        )
        far = far_links(successor)[linked]
        idle = ~far & begins & (odds[linked, successor[linked]] < _LIKELY_NEXT)
        skips = (successor[linked] == linked + 2) & (odds[linked, successor[linked]] < _LIKELY_SKIP)
        successor[linked[(doubtful & far) | idle | skips]] = -1
    return Judgement(successor, odds, first, second, looked, features, at)


def second_look(
    segments: Segments, first: Solution, screen: bool = True
) -> tuple[Ints, Ints, list[Named], NDArray[np.float32], NDArray[np.float32]]:
    """Judge every likely link with its surroundings in the first solution.

    Returns:
        Candidates ``i``, ``j`` of shape ``(m,)``, their features by name and standardised ``(m, f)``, and the log-odds
        of all pairs ``(n, n)``.
    """
    i, j = candidates(first.total, first.text, first.successor)
    if screen:
        i, j = screened(first, i, j)
    network = Network.load(LINKS, SECOND + _kind(segments))
    seen = [(name, np.asarray(one, dtype=np.float32)) for name, one in link_features(first, segments, i, j)]
    features = network.standardised(seen)
    return i, j, seen, features, spread(network.odds(features), segments, i, j)


def _kind(segments: Segments) -> str:
    """Which networks know texts of this size, as the end of their names."""
    return OF_SHORT if len(segments) <= _SHORT else ""


def best_over(odds: NDArray[np.float32]) -> Ints:
    """Best successors over log-odds ``(n, n)``; a chain ends where they are too low. Shape ``(n,)``."""
    return assign(np.maximum(odds.astype(np.float64) - _LIKELY, 0))


def spread(values: NDArray[np.float32], segments: Segments, i: Ints, j: Ints) -> NDArray[np.float32]:
    """Log-odds of candidates in a table of all pairs; running heads and imprint continue nothing."""
    n = len(segments)
    odds = np.full((n, n), _UNLIKELY, dtype=np.float32)
    odds[i, j] = values
    apart = np.flatnonzero(segments.furniture)
    odds[apart, :] = odds[:, apart] = _UNLIKELY
    return odds


def first_solution(segments: Segments, language: Language) -> Solution:
    """Find successors: an assignment with "ends here" as an option, solved again as the page teaches its layout."""
    evidence = evidence_of(segments, language)
    n = len(evidence)
    index = np.arange(n)
    table = weights()
    both = scores(evidence, (table["continues"], table["follows"]), index[:, None], index[None, :])
    continues, follows = (odds.astype(np.float64) for odds in both)
    apart = np.flatnonzero(segments.furniture)
    for table_ in (continues, follows):  # running heads and imprint continue nothing
        table_[apart, :] = table_[:, apart] = _NEVER
    geometry = Geometry(segments)
    base = np.logaddexp(continues, follows - _NEW_PARAGRAPH)
    place = geometry.prior()
    successor = np.full(n, -1)
    for turn in range(ROUNDS + 1):
        if turn:
            i = np.flatnonzero(successor >= 0)
            j = successor[i]
            trust = 1 / (1 + np.exp(-np.clip(base[i, j] + place[i, j] - 1, -20, 20)))
            place = geometry.learned(i, j, trust, local=turn > 1)
        gain = np.maximum(base + place + _END, 0)
        gain[index, index] = 0
        successor = assign(gain, thorough=turn == ROUNDS)
    found = Solution(successor, continues, follows, place, evidence, geometry)
    found.__dict__["text"] = base  # the same sum
    return found


def assign(gain: Floats, thorough: bool = True) -> Ints:
    """Best one-to-one successors without cycles; a cycle is opened at its weakest link. Shape ``(n,)``.

    When ``thorough`` the assignment is sought again after each opening.
    ``gain`` is not negative; 0 means no link. It is changed where cycles are opened.
    """
    successor = _match(gain)
    for _ in range(_MOST_CYCLES):
        cycles = cycles_of(successor)
        if not cycles:
            break
        for cycle in cycles:
            weakest = min(cycle, key=lambda k: gain[k, successor[k]])
            gain[weakest, successor[weakest]] = 0
            if not thorough:
                successor[weakest] = -1
        if thorough:
            successor = _match(gain)
    else:
        for cycle in cycles_of(successor):
            successor[cycle[0]] = -1
    return successor


def _match(gain: Floats) -> Ints:
    from lap import (
        lapjv,
    )  # only reading order needs it; importing scipy for it took as long as restoring a page

    if len(gain) > _MANY and np.count_nonzero(gain) > _CROWDED * gain.size:
        # tails of senseless text all want the same few heads; chosen from the side of the heads it takes half the time
        successor = np.asarray(lapjv(np.ascontiguousarray(-gain.T))[2], dtype=np.int64)
    else:
        successor = np.asarray(lapjv(-gain)[1], dtype=np.int64)
    successor[gain[np.arange(len(gain)), successor] <= 0] = -1  # no link, that is: ends here
    return successor
