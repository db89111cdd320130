"""Between two lines that follow each other: the same paragraph, a new one, or only a space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import regex
from numpy.typing import NDArray

from restore import characters as ch
from restore.layout.segments import Segments
from restore.order.evidence import FULL, PARTIAL, Evidence, evidence_of, scores, weights
from restore.order.geometry import BLOCKS, kind_of

if TYPE_CHECKING:
    from restore.language import Language

__all__ = ["BREAK", "JOIN", "KEEP", "Boundaries", "boundaries_of", "boundary_features", "column_width"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JOIN, KEEP, BREAK = 0, 1, 2
_NAME_LEFT = regex.compile(r"[（(][\p{Han}·]{2,4}$")
_NAME_RIGHT = regex.compile(r"[\p{Han}·]{2,4}[）)]")
_CREDIT = regex.compile(r"[\p{Han}·]{2,12}[摄攝][）)]?$")  # who took the picture
_TITLE = regex.compile(r"(?:记者|記者|通讯员|通訊員)$")
_NAME = regex.compile(r"[\p{Han}·]{2,4}$")
# log-odds of a new paragraph that the white space itself suggests, before the page is heard
_SPACE, _NEWLINE, _BLANK, _INDENT = 0, 1, 2, 3
_PRIOR = np.array([-2.0, 0.0, 2.5, 3.0])
_STRENGTH = 6.0  # boundaries that the prior counts for
_ROUNDS = 4
_APART = 3.0  # nats for a new paragraph where reading order found no continuation
_ROOM = 0.6  # ems that a line must leave free if it did not end at the column's edge
_AROUND = 4  # neighbours on each side that tell the measure of a line
_SHORT = np.array([-1.2, -0.6, 0.6, 1.4, 2.6, 5.0])


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


def column_width(width: Floats) -> Floats:
    """The measure around each line of a text in order: what most of its neighbours fill. Shape ``(n,)``."""
    n = len(width)
    padded = np.concatenate((np.full(_AROUND, np.nan), width, np.full(_AROUND, np.nan)))
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1), axis=1)  # NaN last
    known = np.minimum(
        np.minimum(np.arange(n), _AROUND) + np.minimum(np.arange(n)[::-1], _AROUND) + 1, 2 * _AROUND + 1
    )
    return np.asarray(windows[np.arange(n), np.minimum((known * 0.65).astype(np.int64), known - 1)])


def boundary_features(
    evidence: Evidence, continues: Floats, follows: Floats, around: Floats, i: Ints, j: Ints
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Named features of the boundary between neighbours ``i`` and ``j`` of an order, each of shape ``(m,)``.

    Args:
        continues, follows: log-odds of the pairs, shape ``(m,)``.
        around: :func:`column_width` of each segment, shape ``(n,)``.
    """
    stop = evidence.stop[i]
    yield "continues", np.clip(continues, -8, 8)
    yield "follows", np.clip(follows, -8, 8)
    yield "opening", evidence.opening[j]
    yield "stop", stop
    yield "comma", evidence.comma[i]
    yield "colon", evidence.semi[i]
    yield "closed bracket", evidence.bracketed[j]
    yield "closed bracket-stop", evidence.bracketed[j] & stop
    yield "stop*opening", stop * evidence.opening[j]
    short = np.searchsorted(_SHORT, around[i] - evidence.width[i])
    first = np.searchsorted(_SHORT, around[i] - evidence.width[j])
    for b in range(len(_SHORT) + 1):
        yield f"short{b}", short == b
        yield f"short{b}-stop", (short == b) & stop
        yield f"next{b}", first == b
        yield f"next{b}-stop", (first == b) & stop
    yield "full, indent-short", (short == 2) & (first == 3) & stop
    yield "begins with an opening mark", evidence.opens[j]
    yield "begins with a mark", evidence.not_first[j]
    yield "not a sentence*opening", ~stop * evidence.opening[j]


def boundaries_of(
    segments: Segments, language: Language, apart: NDArray[np.bool_] | None = None
) -> Boundaries:
    """Judge the boundaries between neighbours.

    Args:
        apart: boundaries where reading order put lines behind each other that do not continue each other, shape
            ``(n - 1,)``.

    The page teaches what its blank lines and indents mean: some dumps put a blank line between all lines, some only
    between paragraphs.
    """
    n = len(segments)
    evidence = evidence_of(segments, language, neighbours=True)
    i = np.arange(n - 1)
    table = weights()
    both = scores(evidence, (table["continues"], table["follows"]), i, i + 1)
    continues, follows = (odds.astype(np.float64) for odds in both)
    table_b = table["breaks"]
    text = np.full(n - 1, table_b["bias"])
    around = column_width(segments.width)
    for name, value in boundary_features(evidence, continues, follows, around, i, i + 1):
        text += table_b.get(name, 0.0) * value
    if apart is not None:
        text = text + _APART * apart
    space = np.where(
        segments.newlines[:-1] == 0, _SPACE, np.where(segments.newlines[:-1] == 1, _NEWLINE, _BLANK)
    )
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
        with_prior = (new / max(new.sum(), 1e-9) * new.sum() + _STRENGTH * prior_new) / (
            new.sum() + _STRENGTH * prior_new.sum()
        )
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
    inside = (space == _SPACE) & (segments.gap[1:] <= 2)
    room = (
        column_width(segments.width)[:-1] - segments.width[:-1]
    )  # a line wider than its measure is no short one
    short = (evidence.form[:-1] == PARTIAL) & (room > _ROOM)
    weak = continues < 2.5
    keep = inside & both & short & weak & (odds < 3)
    if kind_of(segments) != BLOCKS:
        keep |= (
            inside
            & both
            & (evidence.form[:-1] != FULL)
            & (room > _ROOM)
            & (continues < 4)
            & (segments.row_size[:-1] <= 4)
        )
    keep |= inside & _between_names(segments)
    keep |= (space == _SPACE) & _before_credits(segments)
    dash = np.array([t[0] in "—―─" for t in segments.texts[1:]])
    fate = np.where(dash & (space == _BLANK), BREAK, fate)
    return np.where(keep, KEEP, fate)


def _between_names(segments: Segments) -> NDArray[np.bool_]:
    """Boundaries between two names of a byline, or between a reporter's title and name. Shape ``(n - 1,)``."""
    texts = segments.texts
    return np.array(
        [
            bool((_NAME_LEFT.search(a) and _NAME_RIGHT.match(b)) or (_TITLE.search(a) and _NAME.match(b)))
            for a, b in zip(texts, texts[1:], strict=False)
        ],
        dtype=np.bool_,
    )


def _before_credits(segments: Segments) -> NDArray[np.bool_]:
    """Boundaries between a caption and the name of who took the picture, its parts included. Shape ``(n - 1,)``."""
    texts = [*segments.texts, "", ""]
    parts = zip(texts[1:-2], texts[2:-1], texts[3:], strict=True)
    return np.array(
        [
            any(_CREDIT.match(text) for text in (a, a + b, a + b + c)) or a in ("摄", "攝")
            for a, b, c in parts
        ],
        dtype=np.bool_,
    )
