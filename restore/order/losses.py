"""Where text was lost between two printed lines: behind the first, or before the second.

In a paragraph both are the same. Between paragraphs a lost last line leaves a sentence that breaks off, a lost first line
one that begins in the middle; what tells them from headlines, lists and captions is what the paragraph is like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.order.boundaries import BREAK, FILE, JOIN, Boundaries
from restore.order.evidence import FULL, tails_and_heads
from restore.order.network import Named, Network
from restore.source import Codes, text_to_codes

if TYPE_CHECKING:
    from restore.language.scorer import Scorer
    from restore.layout.segments import Segments

__all__ = ["BEFORE", "BEHIND", "Losses", "loss_features", "lost_text"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BEHIND, BEFORE = "lost_behind", "lost_before"
"""Names of the networks in the file of the boundaries."""

NEVER = -12.0
_STOPS = "。！？!?…"
_COMMAS = "，,、"
_PAIRS = (("（(", "）)"), ("《〈", "》〉"), ("“‘「『", "”’」』"))


@dataclass(frozen=True)
class Losses:
    """Judgement about each pair of neighbours, by source offsets, so that it is found again in any later view.

    Attributes:
        last, first: source offsets of the last character of the first, and of the first of the second. Shape ``(n - 1,)``.
        within: both stand in the same paragraph, shape ``(n - 1,)``.
        behind, before: log-odds, in nats, that text was lost behind the first, before the second. Shape ``(n - 1,)``.
    """

    last: Ints
    first: Ints
    within: NDArray[np.bool_]
    behind: Floats
    before: Floats


def lost_text(segments: Segments, found: Boundaries, model: Scorer) -> Losses:
    """Judge where text was lost between neighbours."""
    features = list(loss_features(segments, found, model))
    odds = []
    for name in (BEHIND, BEFORE):
        network = Network.load(FILE, name)
        odds.append(network.odds(network.standardised(features)).astype(np.float64))
    view, within = segments.view, found.fate != BREAK
    last, first = segments.end[:-1] - 1, segments.start[1:]
    # dumps set spaces beside figures; no line ends there by that alone
    figures = ((view.classes[last] | view.classes[first]) & (ch.DIGIT | ch.LATIN)) > 0
    spaced = within & figures & (segments.newlines[:-1] == 0)
    behind, before = (np.where(spaced, NEVER, side) for side in odds)
    return Losses(view.origin[last], view.origin[first], within, behind, before)


def loss_features(segments: Segments, found: Boundaries, model: Scorer) -> Iterator[Named]:
    """Named features of the boundaries, each of shape ``(n - 1,)``: those of `found`, and what its paragraphs are like."""
    texts = segments.texts
    n = len(texts)
    yield from found.features
    yield "odds of a break", np.clip(found.odds, -10, 10)
    yield "break", found.fate == BREAK
    yield "kept apart", (found.fate != BREAK) & (found.fate != JOIN)
    # the paragraph of each segment: its first and last one
    breaks = np.flatnonzero(found.fate == BREAK)
    number = np.zeros(n, dtype=np.int64)
    number[breaks + 1] = 1
    number = np.cumsum(number)
    begin = np.append(0, breaks + 1)[number]
    end = np.append(breaks, n - 1)[number]
    length = np.array([len(t) for t in texts], dtype=np.int64)
    codes, bounds = text_to_codes("".join(texts)), np.append(0, np.cumsum(length))
    counts = {
        "stops": _count(codes, bounds, _STOPS),
        "commas": _count(codes, bounds, _COMMAS),
        "characters": length,
    }
    sums = {name: np.append(0, np.cumsum(count)) for name, count in counts.items()}
    i = np.arange(n - 1)
    j = i + 1
    ends_in_stop = np.array([t[-1] in _STOPS for t in texts], dtype=np.int64)
    for side, a, b in (("so far", begin[i], i + 1), ("to come", j, end[j] + 1)):
        stops = sums["stops"][b] - sums["stops"][a] - (ends_in_stop[b - 1] if side == "so far" else 0)
        yield f"lines {side}", np.minimum(b - a, 8)
        yield f"one line {side}", b - a == 1
        yield f"stops {side}", np.minimum(stops, 3)
        yield f"any stop {side}", stops > 0
        yield f"any comma {side}", sums["commas"][b] > sums["commas"][a]
        yield f"characters {side}", np.log1p(sums["characters"][b] - sums["characters"][a])
    for q, (openers, closers) in enumerate(_PAIRS):
        level = np.append(0, np.cumsum(_count(codes, bounds, openers) - _count(codes, bounds, closers)))
        yield f"left open {q}", np.clip(level[i + 1] - level[begin[i]], -1, 2)
        yield f"closed later {q}", np.clip(level[end[j] + 1] - level[j], -2, 1)
    tails, heads = tails_and_heads(texts, model)
    edge = np.full((n, 1), model.bos, dtype=tails.dtype)
    finished = np.asarray(model.logp_given(tails, edge), dtype=np.float64)[:, 0]
    begun = np.asarray(model.seams(np.repeat(edge, heads.shape[1], axis=1), heads), dtype=np.float64)
    yield "finished", np.clip(finished[i], -12, 0)
    yield "begun", np.clip(begun[j], -40, 0)
    # the page: how many of its paragraphs end in the middle of a sentence with a full line
    full = np.asarray(found.evidence.form) == FULL
    open_end = ~np.asarray(found.evidence.stop) & full
    share = float(open_end[breaks].mean()) if len(breaks) else 0.0
    yield "page: open ends", np.full(n - 1, share)


def _count(codes: Codes, bounds: Ints, marks: str) -> Ints:
    """How many of the marks each text has; the texts stand end to end, one from each bound to the next."""
    wanted = np.array([ord(mark) for mark in marks], dtype=np.uint32)
    so_far = np.append(0, np.cumsum(ch.among(codes, wanted)))
    return np.diff(so_far[bounds])
