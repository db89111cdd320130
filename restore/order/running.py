"""Where paragraphs begin in running text: a text without line ends tells only by its sentences.

Two kinds of places. Behind the end of a sentence a new paragraph may begin; and where a new one does, its first characters
may be a headline, which ends in mid-air.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from restore.language.lines import REACH
from restore.language.openings import openings
from restore.order.network import Named, Network

if TYPE_CHECKING:
    from restore.language import Language
    from restore.language.lines import LineEncoder
    from restore.language.scorer import Scorer

__all__ = [
    "FILE",
    "HEADLINE",
    "LONGEST",
    "SENTENCE",
    "headline_ends",
    "headline_features",
    "how_it_reads",
    "paragraphs_of",
    "reads_on",
    "sentence_ends",
    "sentence_features",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FILE, SENTENCE, HEADLINE = "running", "sentence", "headline"
"""Where the networks are, and their names."""
LONGEST, _SHORTEST = 44, 3  # characters of a headline
_STOPS, _HALTS, _CLOSING = frozenset("。！？!?…"), frozenset("；;：:"), frozenset("”’」』）)》】〉")
_NOT_FIRST = frozenset("。，、；：？！）》〉」』”’〕】…—·,.:;?!)%％～℃")
_OPENING, _CLOSED = "「『“（(《〈【〔", "」』”）)》〉】〕"
_HEAD = 4  # characters of a head that are scored
_OPEN_FOR = 300  # characters after which an open quotation is taken for closed
_READS_ON = -5.3  # ln P per character: text has -2 to -5, columns read across below -6.5
_LIKELY = {SENTENCE: -0.5, HEADLINE: 0.0}  # log-odds from which a paragraph begins
_HEADED = 1.0  # the same where only a headline behind the sentence tells of it
_LINES = 3  # a headline has at most so many parts: kicker, headline, byline


def sentence_ends(text: str) -> Ints:
    """Places behind the end of a sentence, or of a part before a colon or semicolon, where a paragraph can begin."""
    out, k, n = [], 0, len(text)
    while k < n - 1:
        one = text[k]
        closes = one in _CLOSING and k > 0 and text[k - 1] in _STOPS
        if one in _STOPS or one in _HALTS or closes or one in "）)":
            while k + 1 < n and text[k + 1] in _CLOSING:
                k += 1
            if k + 1 < n and text[k + 1] not in _NOT_FIRST:
                out.append(k + 1)
        k += 1
    return np.array(out, dtype=np.int64)


def headline_ends(text: str, start: int) -> Ints:
    """Places where a headline that begins at ``start`` may end: before the first full stop, and before no mark."""
    out = []
    for k in range(start + _SHORTEST, min(start + LONGEST, len(text) - 1) + 1):
        if text[k - 1] in _STOPS and text[k - 1] not in "！？!?…":
            break
        if text[k] not in _NOT_FIRST and text[k - 1] not in _OPENING and text[k - 1] not in "，,、：:；;":
            out.append(k)
    return np.array(out, dtype=np.int64)


def sentence_features(text: str, places: Ints, language: Language) -> Iterator[Named]:
    """Named features of the places behind sentences of a text without white space, each of shape ``(m,)``."""
    hashed = np.clip(openings(text, places, SENTENCE).astype(np.float64), -8, 8)
    yield "strings", hashed
    yield from _seam_features(text, places, language.model)
    yield from _matter(text, places, language.lines)
    last = np.array([text[k - 1] for k in places.tolist()])
    before = np.array([text[k - 2] if k > 1 else "" for k in places.tolist()])
    yield "stop", np.isin(last, list(_STOPS))
    yield "halt", np.isin(last, list(_HALTS))
    yield "colon", np.isin(last, list("：:"))
    yield "bracket", np.isin(last, list("）)"))
    yield "quote behind a stop", np.isin(last, list("”」』")) & np.isin(before, list(_STOPS))
    yield "quotation inside", _inside_quotation(text)[places]
    edges = np.concatenate(([0], places, [len(text)]))
    size = np.log1p(np.diff(edges).astype(np.float64))
    yield "sentence before", size[:-1]
    yield "sentence behind", size[1:]
    wide = np.log1p(np.concatenate((edges[2:], [len(text)]))[:-1] - edges[:-2])
    yield "both", wide
    for reach in (2, 3):
        alike, anywhere = _again(text, places, reach)
        yield f"{reach} again behind a sentence", np.log1p(alike)
        yield f"{reach} again", np.log1p(anywhere)
    likely = 1 / (1 + np.exp(-hashed))
    padded = np.concatenate(([1.0, 1.0], likely, [1.0, 1.0]))
    far = np.concatenate(([0, 0], places, [len(text), len(text)]))
    for step in (-2, -1, 1, 2):
        yield f"strings {step:+d}", padded[2 + step : len(padded) - 2 + step]
        yield f"distance {step:+d}", np.log1p(np.abs(far[2 + step : len(far) - 2 + step] - places))


def headline_features(text: str, start: Ints, places: Ints, model: Scorer) -> Iterator[Named]:
    """Named features of the places where the headline that begins at ``start`` may end; shapes ``(m,)``."""
    yield "strings", np.clip(openings(text, places, HEADLINE).astype(np.float64), -10, 10)
    yield from _seam_features(text, places, model)
    size = (places - start).astype(np.float64)
    yield "length", size
    yield "log length", np.log(size)
    yield "first", start == 0
    yield "opens", np.clip(openings(text, start, SENTENCE).astype(np.float64), -8, 8)
    commas = np.concatenate(([0], np.cumsum([c in "，,、；" for c in text])))
    yield "commas", np.minimum(commas[places] - commas[start], 3)
    stops = np.array([k for k, c in enumerate(text) if c in _STOPS or c in "，,；;：:"], dtype=np.int64)
    follow = np.append(stops, len(text))[np.searchsorted(stops, places)]
    yield "to the next mark", np.log1p(np.minimum(follow - places, 60))
    yield "digit", np.array([text[k].isdigit() for k in places.tolist()])
    for reach in (2, 3):
        _, anywhere = _again(text, np.concatenate((start, places)), reach)
        yield f"{reach} again", np.log1p(anywhere[len(start) :])
        yield (
            f"opens as the headline, {reach}",
            np.array(
                [text[a : a + reach] == text[k : k + reach] for a, k in zip(start, places, strict=True)]
            ),
        )


def _seam_features(text: str, places: Ints, model: Scorer) -> Iterator[Named]:
    """What the character model says of places: how well the text reads on, begins anew, and might have ended."""
    edge = np.full(_HEAD, model.bos)
    ids = np.concatenate((edge, np.asarray(model.encode(text)), edge)).astype(np.int64)
    around = ids[places[:, None] + np.arange(2 * _HEAD)]
    tails, heads = around[:, 1:_HEAD], around[:, _HEAD:]
    goes_on = np.asarray(model.seams(tails, heads), dtype=np.float64)
    begins = np.asarray(model.seams(np.full_like(tails, model.bos), heads), dtype=np.float64)
    ends = np.asarray(model.logp_given(tails, np.full((len(places), 1), model.bos)), dtype=np.float64)[:, 0]
    yield "goes on", np.clip(goes_on / _HEAD, -12, 0)
    yield "begins", np.clip(begins - goes_on, -12, 15)
    yield "ends", np.clip(ends, -12, 0)


def _matter(text: str, places: Ints, lines: LineEncoder) -> Iterator[Named]:
    """What the line encoders say of what stands before and behind each place: their vectors, and their product."""
    sides = [text[max(0, k - REACH) : k] for k in places.tolist()] + [
        text[k : k + REACH] for k in places.tolist()
    ]
    ends, begins = (
        side[part]
        for side, part in zip(
            lines.vectors(sides), (slice(0, len(places)), slice(len(places), None)), strict=True
        )
    )
    yield "lines", (ends * begins).sum(axis=1)
    for name, vectors in (("end", ends), ("begin", begins)):
        for k, column in enumerate(vectors.T):
            yield f"{name} {k}", column


def _inside_quotation(text: str) -> NDArray[np.bool_]:
    """Whether a quotation or bracket is open before each character, shape ``(n + 1,)``."""
    out = np.zeros(len(text) + 1, dtype=np.bool_)
    depth, since = 0, 0
    for k, one in enumerate(text):
        if one in _OPENING:
            depth, since = depth + 1, k
        elif one in _CLOSED:
            depth = max(depth - 1, 0)
        if k - since > _OPEN_FOR:
            depth = 0
        out[k + 1] = depth > 0
    return out


def _again(text: str, places: Ints, reach: int) -> tuple[Ints, Ints]:
    """How often what stands at each place stands at another of the places, and anywhere else; shapes ``(m,)``."""
    heads = [text[k : k + reach] for k in places.tolist()]
    _, which, count = np.unique(np.array(heads), return_inverse=True, return_counts=True)
    every: dict[str, int] = {}
    for k in range(len(text) - reach + 1):
        key = text[k : k + reach]
        every[key] = every.get(key, 0) + 1
    anywhere = np.array([every.get(head, 1) - 1 for head in heads], dtype=np.int64)
    return count[which] - 1, anywhere


def how_it_reads(text: str, model: Scorer) -> float:
    """ln P per character of a text without white space: -2 to -5 where it reads on, below -6.5 where it was read across."""
    return float(np.asarray(model.logp(model.encode(text))).mean()) if text else -np.inf


def reads_on(text: str, model: Scorer) -> bool:
    """Whether a text without white space is one that reads on."""
    return how_it_reads(text, model) > _READS_ON


def paragraphs_of(text: str, language: Language) -> list[tuple[int, float]]:
    """Places of a text without white space or line ends where a paragraph begins, with the log-odds, ascending."""
    places = sentence_ends(text)
    odds = np.zeros(0)
    if len(places):
        network = Network.load(FILE, SENTENCE)
        odds = network.odds(network.standardised(sentence_features(text, places, language))).astype(
            np.float64
        )
    starts = np.concatenate(([0], places))
    own = np.concatenate(([np.inf], odds))
    headed = _headlines(text, starts, language.model)
    found: dict[int, float] = {}
    for start, sentence in zip(starts.tolist(), own.tolist(), strict=True):
        parts = headed.get(start, [])
        if sentence > _LIKELY[SENTENCE] or (parts and parts[0][1] > _HEADED):
            if start:
                found[start] = max(sentence, parts[0][1] if parts else sentence)
            found.update(parts)
    return sorted(found.items())


def _headlines(text: str, starts: Ints, model: Scorer) -> dict[int, list[tuple[int, float]]]:
    """Where the headline, or the headlines, that begin at a start end, with the log-odds; only starts that have any."""
    network = Network.load(FILE, HEADLINE)
    found: dict[int, list[tuple[int, float]]] = {}
    open_ = {int(a): int(a) for a in starts.tolist()}  # where the next part begins, by the start of the first
    for _ in range(_LINES):
        ends = {a: headline_ends(text, k) for a, k in open_.items()}
        ends = {a: places for a, places in ends.items() if len(places)}
        if not ends:
            break
        of = np.repeat(np.array(list(ends)), [len(places) for places in ends.values()])
        first = np.repeat([open_[a] for a in ends], [len(places) for places in ends.values()])
        places = np.concatenate(list(ends.values()))
        odds = network.odds(network.standardised(headline_features(text, first, places, model)))
        best = np.lexsort((-odds, of))
        best = best[np.append(True, np.diff(of[best]) > 0)]
        best = best[odds[best] > _LIKELY[HEADLINE]]
        open_ = {}
        for k in best.tolist():
            found.setdefault(int(of[k]), []).append((int(places[k]), float(odds[k])))
            open_[int(of[k])] = int(places[k])
    return found
