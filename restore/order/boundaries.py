"""Between two lines that follow each other: the same paragraph, a new one, or only a space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import regex
from numpy.typing import NDArray

from restore import characters as ch
from restore.language.crossing import RELATIONS
from restore.language.names import REPORTER
from restore.layout.segments import Segments
from restore.order.display import HALVES, byline_edges, lines_apart
from restore.order.evidence import FULL, PARTIAL, Evidence, evidence_of, scores, weights
from restore.order.geometry import BLOCKS, LINES, ROWS, kind_of
from restore.order.network import Named, Network
from restore.order.seams import Seams

if TYPE_CHECKING:
    from restore.language import Language

__all__ = [
    "BREAK",
    "BREAKS",
    "FILE",
    "JOIN",
    "KEEP",
    "LIKELY_OF_COMMAS",
    "LIKELY_OF_MARKS",
    "Boundaries",
    "boundaries_of",
    "boundary_features",
    "column_width",
    "decide",
    "in_mid_sentence",
    "with_neighbours",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JOIN, KEEP, BREAK = 0, 1, 2
FILE, BREAKS = "boundaries", "breaks"
"""Where the network that weighs boundaries is."""

_NAME_LEFT = regex.compile(r"[（(][\p{Han}·]{2,4}$")
_NAME_RIGHT = regex.compile(r"[\p{Han}·]{2,4}[）)]")
_CREDIT = regex.compile(r"[\p{Han}·]{2,12}[摄攝][）)]?$")  # who took the picture
_INITIAL = regex.compile(r"(?<!\p{Latin})\p{Lu}[.．]$")  # of a name; ends no sentence before another name
_TITLE = regex.compile(rf"{REPORTER}$")
_NAME = regex.compile(r"[\p{Han}·]{2,4}$")
# log-odds of a new paragraph that the white space itself suggests, before the page is heard
_SPACE, _NEWLINE, _BLANK, _INDENT = 0, 1, 2, 3
_PRIOR = np.array([-2.0, 0.0, 2.5, 3.0])
_STRENGTH = 6.0  # boundaries that the prior counts for
_ROUNDS = 4
# log-odds from which a new paragraph begins; where lines strayed, many a seam that does not fit is inside a paragraph
_LIKELY, _LIKELY_OF_BLOCKS = -0.35, 1.3
_LIKELY_OF_STUBS = 2.5  # the same behind a line that ends no sentence, where printed lines come in pieces
# and between lines that one space parts on one physical line
_LIKELY_OF_SPACES, _LIKELY_OF_IMPRINT = 3.0, 9.0
_DATELINE = "讯訊电電"  # what one ends with
_STUB = 2.5  # ems of what is too short to be a line
LIKELY_OF_MARKS, LIKELY_OF_COMMAS = 6.0, 2.5
"""Log-odds that a new paragraph needs before a mark that begins no line, and behind a comma, where the dump has both lines
together too."""
_OTHER_COLUMN = -3.0  # log-odds of the link below which the line belongs elsewhere
_BEHIND_COMMA = 0.0  # and those that a line must have to go on behind a comma
_NEXT = 8  # characters of white space, and marks that are left out, between lines that the dump has together
_MOST = 12.0  # nats beyond which what the cross-encoder says counts alike
_APART = 3.0  # nats for a new paragraph where reading order found no continuation
_ROOM = 0.6  # ems that a line must leave free if it did not end at the column's edge
_ALIKE, _LONG = 0.3, 4.0  # ems between the halves of a headline, and of one at least
_AROUND = 4  # neighbours on each side that tell the measure of a line
_PAIRS = {
    "quote": [0, 3],
    "title": [1],
    "bracket": [2],
}  # of the evidence; 「」 are the quotes of Traditional pages
_OF_NEIGHBOURS = frozenset(
    (
        *("continues", "follows", "seam", "lines", "opening", "stop", "comma", *RELATIONS),
        *("short", "next", "last", "column changes", "full before", "full behind", "length"),
        *(
            "quote left open",
            "quote never opened",
            "link: known",
            "link: odds",
            "onward: odds",
            "inward: odds",
        ),
    )
)  # what is also asked of the boundaries before and behind
_SHORT = np.array([-1.2, -0.6, 0.6, 1.4, 2.6, 5.0])


@dataclass(frozen=True)
class Boundaries:
    """Judgement about the boundary behind each segment but the last.

    Attributes:
        fate: JOIN, KEEP or BREAK, shape ``(n - 1,)``.
        odds: log-odds of a new paragraph, shape ``(n - 1,)``.
        evidence: of the segments.
        features: what the odds were computed from, by name, each of shape ``(n - 1,)``.
    """

    fate: Ints
    odds: Floats
    evidence: Evidence
    features: list[Named]


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
    segments: Segments, evidence: Evidence, seams: Seams | None, kind: str
) -> Iterator[Named]:
    """Named features of the boundaries between neighbours, each of shape ``(n - 1,)``.

    Args:
        evidence: of the segments, neighbours only.
        seams: what reading order said of their ends; None where it did not look at them.
        kind: of the dump, as reading order found it.
    """
    i = np.arange(len(segments) - 1)
    j = i + 1
    table = weights()
    width = segments.width
    around = column_width(width)
    stop = evidence.stop[i]
    continues, follows = scores(evidence, (table["continues"], table["follows"]), i, j)
    yield "continues", np.clip(continues, -8, 12)
    yield "follows", np.clip(follows, -8, 8)
    yield "seam", np.clip(evidence.raw[i, j], -9, 12)
    yield "lines", np.clip(evidence.lines[i, j], -6, 10)
    yield "page has", evidence.seen[i, j]
    yield "opening", evidence.opening[j]
    yield "stop", stop
    yield "comma", evidence.comma[i]
    yield "colon", evidence.semi[i]
    yield "closed bracket", evidence.bracketed[j]
    yield "closed bracket-stop", evidence.bracketed[j] & stop
    yield "after a closed bracket", evidence.bracketed[i]
    yield "stop*opening", stop * evidence.opening[j]
    for name, edge in (("short", width[i]), ("next", width[j])):
        off = around[i] - edge
        level = np.searchsorted(_SHORT, off)
        yield f"{name}", np.clip(off, -10, 20)
        for b in range(len(_SHORT) + 1):
            yield f"{name}{b}", level == b
    yield "next but one", np.clip(around[i] - width[np.minimum(j + 1, len(width) - 1)], -10, 20)
    yield "last", np.clip(around[i] - width[np.maximum(i - 1, 0)], -10, 20)
    yield "column changes", np.clip(around[j] - around[i], -10, 10)
    yield "full before", evidence.form[i] == FULL
    yield "full behind", evidence.form[j] == FULL
    yield "partial before", evidence.form[i] == PARTIAL
    yield "partial behind", evidence.form[j] == PARTIAL
    yield "begins with an opening mark", evidence.opens[j]
    yield "begins with a mark", evidence.not_first[j]
    for name, pairs in _PAIRS.items():
        yield f"{name} left open", np.asarray(evidence.unclosed[i][:, pairs].any(axis=1))
        yield f"{name} never opened", np.asarray(evidence.unopened[j][:, pairs].any(axis=1))
    yield "length", np.log(evidence.length[i])
    yield "length behind", np.log(evidence.length[j])
    yield from _relation_features(evidence)
    yield from _link_features(segments, seams)
    for one in (BLOCKS, ROWS, LINES):
        yield f"page: {one}", np.full(len(i), kind == one)


def with_neighbours(own: list[Named]) -> list[Named]:
    """Features of each boundary, and some of the one before it and of the one behind it; 0 where there is none."""
    chosen = [(name, np.asarray(column)) for name, column in own if name in _OF_NEIGHBOURS]
    chosen.append(("there", np.ones(len(own[0][1]), dtype=np.bool_)))
    out = list(own)
    inner, outer = slice(1, None), slice(None, -1)
    for where, here, there in (("before", inner, outer), ("behind", outer, inner)):
        for name, column in chosen:
            moved = np.zeros_like(column)
            moved[here] = column[there]
            out.append((f"{where}: {name}", moved))
    return out


def _relation_features(evidence: Evidence) -> Iterator[Named]:
    """What the cross-encoder says of neighbours: log-odds that the line goes on, and of all else against that."""
    goes_on = evidence.relations[:, 0]
    yield RELATIONS[0], np.clip(goes_on - np.log(np.maximum(-np.expm1(goes_on), 1e-9)), -_MOST, _MOST)
    for k, name in enumerate(RELATIONS[1:], start=1):
        yield name, np.clip(evidence.relations[:, k] - goes_on, -_MOST, _MOST)


def _link_features(segments: Segments, seams: Seams | None) -> Iterator[Named]:
    """What reading order says of neighbours."""
    n = len(segments) - 1
    if seams is None:
        link = onward = inward = np.full(n, np.nan)
    else:
        origin = segments.view.origin
        link, onward, inward, *_ = seams.between(origin[segments.end[:-1] - 1], origin[segments.start[1:]])
    for name, odds in (("link", link), ("onward", onward), ("inward", inward)):
        known = ~np.isnan(odds)
        yield f"{name}: known", known
        yield f"{name}: odds", np.clip(np.where(known, odds, 0), -8, 8)
    both = ~np.isnan(link)
    yield "link: less onward", np.clip(np.where(both, link - onward, 0), -12, 0)
    yield "link: less inward", np.clip(np.where(both, link - inward, 0), -12, 0)
    share = float((link[both] > 0).mean()) if both.any() else 1.0
    yield "page: linked", np.full(n, share)


def boundaries_of(
    segments: Segments,
    language: Language,
    apart: NDArray[np.bool_] | None = None,
    seams: Seams | None = None,
    stubs: bool = False,
) -> Boundaries:
    """Judge the boundaries between neighbours.

    Args:
        apart: boundaries where boxes put lines behind each other that do not continue each other, shape ``(n - 1,)``.
        seams: what reading order said of the ends of the segments.
        stubs: whether the dump wrote printed lines in several pieces.
    """
    evidence = evidence_of(segments, language, neighbours=True)
    features = list(boundary_features(segments, evidence, seams, kind_of(segments)))
    network = Network.load(FILE, BREAKS)
    text = network.odds(network.standardised(with_neighbours(features))).astype(np.float64)
    if apart is not None:
        text = text + _APART * apart
    return decide(segments, evidence, features, text, stubs)


def decide(
    segments: Segments, evidence: Evidence, features: list[Named], text: Floats, stubs: bool = False
) -> Boundaries:
    """Fates of boundaries, from the log-odds that the text gives, and the white space.

    The page teaches what its blank lines and indents mean: some dumps put a blank line between all lines, some only
    between paragraphs.

    Args:
        text: log-odds of a new paragraph without the white space, shape ``(n - 1,)``.
        stubs: whether the dump wrote printed lines in several pieces. A short line says little then, unless a sentence
            ends with it.
    """
    n = len(segments)
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
    least = np.full(n - 1, _LIKELY_OF_BLOCKS if kind_of(segments) == BLOCKS else _LIKELY)
    if stubs:
        least[~np.asarray(evidence.stop[:-1])] = _LIKELY_OF_STUBS
    least = np.maximum(least, in_mid_sentence(segments, evidence, features))
    fate = np.where(odds > least, BREAK, JOIN)
    named = dict(features)
    continues, goes_on = np.asarray(named["continues"]), np.asarray(named[RELATIONS[0]])
    fate = _spaces(segments, evidence, continues, space, odds, fate)
    edges, inside = byline_edges(segments, evidence)
    fate[inside & (space == _SPACE)] = KEEP
    fate[edges] = BREAK
    if not stubs:
        fate[lines_apart(segments, evidence, fate == BREAK, continues, goes_on, odds)] = BREAK
    return Boundaries(fate, odds, evidence, features)


def in_mid_sentence(segments: Segments, evidence: Evidence, features: list[Named]) -> Floats:
    """Log-odds that a paragraph needs before a mark that begins no line, or behind a comma, where the dump has the lines in
    this order; ``-inf`` elsewhere. Shape ``(n - 1,)``.

    A line that reading order does not link to the one before it is another column's.
    """
    origin = segments.view.origin
    step = origin[segments.start[1:]] - origin[segments.end[:-1] - 1]
    named = dict(features)
    link = np.asarray(named["link: odds"], dtype=np.float64)
    known = np.asarray(named["link: known"], dtype=np.bool_)
    marked = np.asarray(evidence.not_first[1:]) & (~known | (link > _OTHER_COLUMN))
    parted = np.asarray(evidence.comma[:-1]) & known & (link > _BEHIND_COMMA)
    together = (step > 0) & (step <= _NEXT)
    # a closing quotation mark behind a full stop may be an opening one that was misread
    sure = marked & ~np.asarray(evidence.stop[:-1])
    least = np.where(sure, LIKELY_OF_MARKS, np.where(marked | parted, LIKELY_OF_COMMAS, -np.inf))
    return np.asarray(np.where(together, least, -np.inf))


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
    keep = inside & both & short & weak & (odds < _LIKELY_OF_SPACES)
    if inside.any() and kind_of(segments) != BLOCKS:
        imprint = segments.furniture[:-1] & segments.furniture[1:]
        likely = np.where(imprint, _LIKELY_OF_IMPRINT, _LIKELY_OF_SPACES)
        dateline = np.array([text[-1] in _DATELINE for text in segments.texts[:-1]], dtype=np.bool_)
        likely[dateline | (segments.width[:-1] < _STUB)] = np.inf  # or an ordinal, or half a name
        keep |= (
            inside
            & both
            & (evidence.form[:-1] != FULL)
            & (room > _ROOM)
            & (continues < 4)
            & (segments.row_size[:-1] <= 4)
            & ((odds < likely) | _halves(segments, evidence))
        )
    keep |= inside & both & _couplets(segments, evidence)
    keep |= _between_names(segments, inside)
    keep |= (space == _SPACE) & _before_credits(segments)
    fate = np.where(_behind_initials(segments) & (space != _BLANK), JOIN, fate)
    dash = np.array([t[0] in "—―─" for t in segments.texts[1:]])
    fate = np.where(dash & (space == _BLANK), BREAK, fate)
    return np.where(keep, KEEP, fate)


def _halves(segments: Segments, evidence: Evidence) -> NDArray[np.bool_]:
    """Boundaries on a physical line of two parts, about as wide as each other, that may be one headline. ``(n - 1,)``."""
    plain = ~(evidence.stop | evidence.comma | evidence.semi).astype(np.bool_) & (segments.width >= _LONG)
    near = np.abs(np.diff(segments.width)) <= HALVES
    return np.asarray(near & (segments.row_size[:-1] == 2) & plain[:-1] & plain[1:])


def _couplets(segments: Segments, evidence: Evidence) -> NDArray[np.bool_]:
    """Boundaries inside a headline of two lines of equal length: a block of its own, no text set to a measure. ``(n - 1,)``."""
    two = np.bincount(segments.block)[segments.block] == 2
    plain = ~(evidence.stop | evidence.comma | evidence.semi).astype(np.bool_) & (evidence.form != FULL)
    alike = np.abs(np.diff(segments.width)) < _ALIKE
    same = np.diff(segments.block) == 0
    long = segments.width[:-1] >= _LONG
    return np.asarray(same & alike & long & (two & plain)[:-1] & plain[1:])


def _between_names(segments: Segments, some: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of ``some`` boundaries are between two names of a byline, or a reporter's title and name. Shape ``(n - 1,)``."""
    texts = segments.texts
    out = np.zeros_like(some)
    for k in np.flatnonzero(some).tolist():
        a, b = texts[k], texts[k + 1]
        out[k] = (_NAME_LEFT.search(a) and _NAME_RIGHT.match(b)) or (_TITLE.search(a) and _NAME.match(b))
    return out


def _behind_initials(segments: Segments) -> NDArray[np.bool_]:
    """Boundaries between the initial and the name of a person in Latin letters. Shape ``(n - 1,)``."""
    texts = segments.texts
    return np.array(
        [
            b[0].isascii() and b[0].isupper() and bool(_INITIAL.search(a))
            for a, b in zip(texts, texts[1:], strict=False)
        ],
        dtype=np.bool_,
    )


def _before_credits(segments: Segments) -> NDArray[np.bool_]:
    """Boundaries between a caption and the name of who took the picture, its parts included. Shape ``(n - 1,)``."""
    texts = [*segments.texts, "", ""]
    parts = zip(texts[1:-2], texts[2:-1], texts[3:], strict=True)
    if not any("摄" in text or "攝" in text for text in segments.texts):
        return np.zeros(max(0, len(segments) - 1), dtype=np.bool_)
    return np.array(
        [
            any(_CREDIT.match(text) for text in (a, a + b, a + b + c)) or a in ("摄", "攝")
            for a, b, c in parts
        ],
        dtype=np.bool_,
    )
