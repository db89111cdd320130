"""Where text was lost between two printed lines: behind the first, or before the second.

In a paragraph both are the same. Between paragraphs a lost last line leaves a sentence that breaks off, a lost first line
one that begins in the middle; what tells them from headlines, lists and captions is what the paragraph is like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from restore import characters as ch
from restore.language.marks import best_marks
from restore.language.scripts import detect_script
from restore.order.boundaries import BREAK, FILE, JOIN, Boundaries
from restore.order.evidence import FULL
from restore.order.network import Named, Network
from restore.order.seams import Seams
from restore.source import Codes, text_to_codes

if TYPE_CHECKING:
    from restore.language.scorer import Scorer
    from restore.layout.segments import Segments
    from restore.view import View

__all__ = [
    "BEFORE",
    "BEHIND",
    "LIKELY_INSIDE",
    "NEVER",
    "Losses",
    "known_losses",
    "loss_features",
    "lost_text",
    "marks_between",
    "torn",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BEHIND, BEFORE = "lost_behind", "lost_before"
"""Names of the networks in the file of the boundaries."""

NEVER = -12.0
LIKELY_INSIDE = 1.0
"""Log-odds from which text is taken for lost between two lines of a paragraph."""
_OTHER_SCRIPTS = ("jp", "ko")
_SPACE = 0x20
_CLEAR = 4.0  # nats by which two lines must read better with a mark between them, if that is what was lost
_FEW = 3  # segments further on in the dump that still are near
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

    @property
    def inside(self) -> Floats:
        """Log-odds that text was lost between the two: the better of the two judgements, shape ``(n - 1,)``."""
        return np.maximum(self.behind, self.before)

    def on(self, view: View) -> Losses:
        """The same with offsets of the view; neighbours whose lines it does not have any more are left out."""
        size = int(max(view.origin.max(initial=0), self.last.max(initial=0), self.first.max(initial=0))) + 1
        place = np.full(size, -1, dtype=np.int64)
        place[view.origin[::-1]] = np.arange(len(view.origin))[::-1]
        last, first = place[self.last], place[self.first]
        there = (last >= 0) & (first > last)
        return Losses(last[there], first[there], self.within[there], self.behind[there], self.before[there])


def known_losses(view: View, memo: Mapping[str, Any]) -> Losses | None:
    """What ``paragraphs`` found out of lost text, with offsets of the view.

    None where no printed lines are known, and in scripts that the networks have not learned.
    """
    if "losses" not in memo or detect_script(view.text) in _OTHER_SCRIPTS:
        return None
    losses: Losses = memo["losses"]
    return losses.on(view)


def marks_between(losses: Losses, view: View, model: Scorer) -> tuple[Ints, Ints, Floats]:
    """Neighbours between which a mark was lost rather than text: one space parts them in the dump, and with it they read on.

    Args:
        losses: with offsets of the view.

    Returns:
        Indices of the neighbours, of the mark in `MARKS`, and nats by which it reads better; all of shape ``(m,)``.
    """
    source, last = view.source.codes, view.origin[losses.last]
    spaced = (view.origin[losses.first] == last + 2) & (
        source[np.minimum(last + 1, len(source) - 1)] == _SPACE
    )
    spaced &= losses.first - losses.last <= 2  # nothing but that space, or nothing any more
    han = ((view.classes[losses.last] & view.classes[losses.first]) & ch.HAN) > 0
    at = np.flatnonzero(losses.within & spaced & han & (losses.inside > 0))
    at = at[np.argsort(losses.last[at])]  # furniture may have gone elsewhere since
    best, nats = best_marks(model, view.text, losses.last[at] + 1, losses.first[at])
    clear = nats > _CLEAR
    return at[clear], best[clear], nats[clear]


def lost_text(segments: Segments, found: Boundaries, seams: Seams | None = None) -> Losses:
    """Judge where text was lost between neighbours; `seams`: what reading order said of their ends."""
    features = list(loss_features(segments, found, seams))
    odds = []
    for name in (BEHIND, BEFORE):
        network = Network.load(FILE, name)
        odds.append(network.odds(network.standardised(features)).astype(np.float64))
    view, within = segments.view, found.fate != BREAK
    last, first = segments.end[:-1] - 1, segments.start[1:]
    # dumps set spaces beside figures; no line ends there by that alone
    figures = ((view.classes[last] | view.classes[first]) & (ch.DIGIT | ch.LATIN)) > 0
    spaced = figures & (segments.newlines[:-1] == 0)
    # nor did lines that the networks know begin with a mark: where some do, type was set without that rule
    unruly = np.asarray(found.evidence.not_first[1:])
    behind, before = (np.where(within & (spaced | unruly), NEVER, side) for side in odds)
    return Losses(view.origin[last], view.origin[first], within, behind, before)


def loss_features(segments: Segments, found: Boundaries, seams: Seams | None = None) -> Iterator[Named]:
    """Named features of the boundaries, each of shape ``(n - 1,)``.

    Those of `found`, what its paragraphs are like, how its neighbours stood to each other in the dump, and whether the text
    has another place for what is loose.
    """
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
    yield "finished", np.clip(found.evidence.finished, -12, 0)
    yield "begun", np.clip(found.evidence.begun[j], -40, 0)
    # the page: how many of its paragraphs end in the middle of a sentence with a full line
    full = np.asarray(found.evidence.form) == FULL
    open_end = ~np.asarray(found.evidence.stop) & full
    share = float(open_end[breaks].mean()) if len(breaks) else 0.0
    yield "page: open ends", np.full(n - 1, share)
    yield from _source_features(segments)
    yield from _free_features(segments, seams)
    # ends that nothing continues, to heads that continue nothing: as many where lines only strayed
    ends = float(open_end[breaks].sum())
    begun_inside = float((1 / (1 + np.exp(np.clip(found.evidence.opening[j][breaks], -20, 20)))).sum())
    yield "page: ends to heads", np.full(n - 1, np.log((ends + 1) / (begun_inside + 1)))


def torn(segments: Segments, losses: Losses) -> NDArray[np.bool_]:
    """Neighbours that stood far apart in the dump, between which text is more likely lost than not. Shape ``(n - 1,)``.

    That a line was moved there is then doubtful too.
    """
    step = _steps(segments)
    return ((step < 1) | (step > _FEW)) & (losses.inside > 0)


def _steps(segments: Segments) -> Ints:
    """How many segments further on in the dump each one's neighbour stood. Shape ``(n - 1,)``."""
    place = np.empty(len(segments), dtype=np.int64)
    place[np.argsort(segments.view.origin[segments.start], kind="stable")] = np.arange(len(segments))
    return np.diff(place)


def _source_features(segments: Segments) -> Iterator[Named]:
    """How neighbours stood to each other in the dump."""
    n = len(segments)
    step = _steps(segments)
    moved = step != 1
    yield "dump: next", ~moved
    yield "dump: next but few", (step > 1) & (step <= _FEW)
    yield "dump: back", step < 0
    yield "dump: steps", np.log(np.abs(step))
    yield "dump: moved before", np.append(False, moved[:-1])
    yield "dump: moved behind", np.append(moved[1:], False)
    yield "page: moved", np.full(n - 1, float(moved.mean()))


def _free_features(segments: Segments, seams: Seams | None) -> Iterator[Named]:
    """Whether the text has a segment that is free and could stand between neighbours."""
    n = len(segments) - 1
    if seams is None:
        onward = inward = np.full(n, np.nan)
    else:
        origin = segments.view.origin
        *_, onward, inward = seams.between(origin[segments.end[:-1] - 1], origin[segments.start[1:]])
    for name, odds in (("onward", onward), ("inward", inward)):
        yield f"free: {name}", np.clip(np.where(np.isnan(odds), 0, odds), -8, 8)
        yield f"free: {name} known", ~np.isnan(odds)


def _count(codes: Codes, bounds: Ints, marks: str) -> Ints:
    """How many of the marks each text has; the texts stand end to end, one from each bound to the next."""
    wanted = np.array([ord(mark) for mark in marks], dtype=np.uint32)
    so_far = np.append(0, np.cumsum(ch.among(codes, wanted)))
    return np.diff(so_far[bounds])
