"""Where a paragraph breaks off, or begins in the middle: evidence that text is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import regex
from numpy.typing import NDArray

from restore.correction import GAP_MARK
from restore.order.evidence import tails_and_heads
from restore.source import text_to_codes

if TYPE_CHECKING:
    from restore.language.scorer import Scorer

__all__ = ["Paragraphs", "end_features", "head_features", "paragraphs_of", "stumps"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BLOCK = regex.compile(r"[^\n](?:[^\n]|\n(?!\n))*")
_STOPS = set("。！？!?…")
_CLOSING = set("”’\"'」』）)》〕】")
_COMMAS = set("，,、")
_COLONS = set("：:；;")
_OPENING = set('“"《（(‘「『—□●■◆▲△○①②③④⑤⑥⑦⑧⑨')
_NOT_FIRST = set("。！？!?，,、”’》）)；：;:」』的了着们")
UNKNOWN = -1.0
_NOTHING = -3.0  # nats when nothing fits
_SAME = 12  # characters that two places have in common by no chance
_LINE_END = ord("\n")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd multiplier of a polynomial hash
_MOST_PAIRED = 400  # paragraphs of which all pairs are scored


@dataclass(frozen=True)
class Paragraphs:
    """Blocks of a text, with what is known about their ends. Each of shape ``(n,)``.

    Attributes:
        start, end: offsets.
        lines: printed lines it was joined from, 0 when unknown.
        spare: ems by which its last line falls short of the measure; -1 when unknown.
        lead: ems by which its first line falls short of the measure; -1 when unknown.
        stops: full stops inside, the last character apart.
        finished: ln P(paragraph ends | its last characters) less the page's mean.
        opening: ln P(its first characters | paragraph begins) less the ln of the mean behind the page's other tails.
        continued: how well the best paragraph that begins in the middle of a sentence would continue this one, in nats.
        preceded: how well this one would continue the best paragraph that breaks off, in nats.
        marked_end, marked_head: a gap mark stands there already.
    """

    texts: list[str]
    start: Ints
    end: Ints
    lines: Ints
    spare: Floats
    lead: Floats
    stops: Ints
    finished: Floats
    opening: Floats
    continued: Floats
    preceded: Floats
    marked_end: Bools
    marked_head: Bools

    def __len__(self) -> int:
        return len(self.texts)


def paragraphs_of(
    text: str, model: Scorer, origin: Ints, lasts: Ints | None, width: Floats | None, around: Floats | None
) -> Paragraphs:
    """Read the blocks of a text.

    Args:
        origin: source offset of every character, shape ``(len(text),)``.
        lasts: source offsets of the last character of each printed line, with the line's width and the measure around
            it, in ems; None when the lines are not known.
    """
    spans = [m.span() for m in _BLOCK.finditer(text)]
    texts = ["".join(text[a:b].split()) for a, b in spans]
    n = len(spans)
    start = np.array([a for a, _ in spans], dtype=np.int64)
    end = np.array([b for _, b in spans], dtype=np.int64)
    lines, spare, lead = np.zeros(n, dtype=np.int64), np.full(n, UNKNOWN), np.full(n, UNKNOWN)
    if lasts is not None and width is not None and around is not None and len(lasts):
        place = np.full(int(max(origin.max(initial=0), lasts.max())) + 2, -1, dtype=np.int64)
        place[origin[::-1]] = np.arange(len(origin))[::-1]
        at = place[lasts]
        block = np.searchsorted(start, at, side="right") - 1
        inside = (at >= 0) & (block >= 0)
        inside &= at < end[np.maximum(block, 0)]
        lines = np.bincount(block[inside], minlength=n)
        order = np.flatnonzero(inside)[np.argsort(at[inside], kind="stable")]
        short = around - width
        spare[block[order]] = short[order]  # the last one written stays
        lead[block[order[::-1]]] = short[order[::-1]]
    bare = [t.replace(GAP_MARK, "") or "　" for t in texts]
    tails, heads = tails_and_heads(bare, model)
    boundary = np.full((n, 1), model.bos, dtype=tails.dtype)
    close = np.asarray(model.logp_given(tails, boundary), dtype=np.float64)[:, 0] if n else np.zeros(0)
    opening = np.zeros(n)
    continued, preceded = np.full(n, _NOTHING), np.full(n, _NOTHING)
    if n:
        first = np.asarray(model.seams(np.repeat(boundary, 4, axis=1), heads), dtype=np.float64)
        rows = np.arange(n) if n <= _MOST_PAIRED else np.arange(0, n, n // _MOST_PAIRED)
        matrix = np.asarray(model.seam_matrix(tails[rows], heads), dtype=np.float64)
        top = matrix.max(axis=0)
        mean = top + np.log(np.exp(matrix - top).mean(axis=0))
        opening = first - mean
        if n == len(rows) and n > 1:
            fits = matrix - mean
            np.fill_diagonal(fits, _NOTHING)
            fits = np.clip(fits, _NOTHING, 9)
            middle = opening < 0
            breaks = np.array([ends_open(t) for t in bare])
            if middle.any():
                continued = np.where(middle[None, :], fits, _NOTHING).max(axis=1)
            if breaks.any():
                preceded = np.where(breaks[:, None], fits, _NOTHING).max(axis=0)
    return Paragraphs(
        bare,
        start,
        end,
        lines,
        spare,
        lead,
        np.array([sum(t.count(c, 0, len(t) - 1) for c in _STOPS) for t in bare], dtype=np.int64),
        close,
        np.clip(opening, -8, 8),
        continued,
        preceded,
        np.array([t.endswith(GAP_MARK) for t in texts], dtype=np.bool_),
        np.array([t.startswith(GAP_MARK) for t in texts], dtype=np.bool_),
    )


def ends_open(text: str) -> bool:
    """Whether a text stops without a mark that could end it."""
    end = len(text) - 1
    while end > 0 and text[end] in _CLOSING:
        end -= 1
    return text[end] not in _STOPS and text[-1] not in _COLONS and text[-1] not in "）)】〕》"


def end_features(p: Paragraphs) -> Iterator[tuple[str, NDArray[Any]]]:
    """Named features of paragraph ends, each of shape ``(n,)``."""
    last = [t[-1] for t in p.texts]
    length = np.array([len(t) for t in p.texts])
    yield "open", np.array([ends_open(t) for t in p.texts])
    yield "comma", np.array([c in _COMMAS for c in last])
    yield "quote", np.array([c in "”’\"'」』" for c in last])
    yield "finished", np.clip(p.finished, -12, 0)
    yield "length", np.log(length + 1.0)
    yield "short text", length < 14
    yield "stops inside", np.minimum(p.stops, 3)
    yield "any stop inside", p.stops > 0
    yield "one line", p.lines == 1
    yield "two lines", p.lines == 2
    yield "three lines", p.lines >= 3
    known = p.spare != UNKNOWN
    yield "lines known", known
    for name, low, high in (
        ("full", -9, 0.7),
        ("nearly full", 0.7, 1.7),
        ("short", 1.7, 5),
        ("very short", 5, 99),
    ):
        yield name, known & (p.spare > low) & (p.spare <= high)
    commas = np.array([any(c in _COMMAS for c in t) for t in p.texts])
    yield "comma inside", commas
    yield "continued", p.continued
    yield "continued>2", np.maximum(p.continued - 2, 0)
    yield "sentence-like", (p.stops > 0) | (commas & (length > 30))


def head_features(p: Paragraphs) -> Iterator[tuple[str, NDArray[Any]]]:
    """Named features of paragraph heads, each of shape ``(n,)``."""
    length = np.array([len(t) for t in p.texts])
    yield "opening", p.opening
    yield "opening<-2", np.minimum(p.opening + 2, 0)
    yield "opening<-5", np.minimum(p.opening + 5, 0)
    yield "opens", np.array([t[0] in _OPENING for t in p.texts])
    yield "not first", np.array([t[0] in _NOT_FIRST for t in p.texts])
    yield "length", np.log(length + 1.0)
    yield "short text", length < 14
    yield "any stop inside", p.stops > 0
    yield "three lines", p.lines >= 3
    known = p.lead != UNKNOWN
    yield "lines known", known
    for name, low, high in (
        ("full", -9, 0.7),
        ("nearly full", 0.7, 1.4),
        ("indent", 1.4, 2.6),
        ("short", 2.6, 99),
    ):
        yield name, known & (p.lead > low) & (p.lead <= high)
    yield "preceded", p.preceded
    yield "preceded>2", np.maximum(p.preceded - 2, 0)
    yield "ends open", np.array([ends_open(t) for t in p.texts])


def stumps(texts: list[str], which: Ints, end: bool) -> set[int]:
    """Paragraphs whose end, or beginning, stands a second time on the page and goes on there.

    Converters that print parts of a line twice leave such stumps; what follows them is not lost.

    Args:
        which: paragraphs that are asked about, shape ``(k,)``.
        end: whether their ends are, not their beginnings.
    """
    asked = [k for k in which.tolist() if len(texts[k]) >= _SAME]
    if not asked:
        return set()
    edges = text_to_codes("".join(texts[k][-_SAME:] if end else texts[k][:_SAME] for k in asked))
    page = text_to_codes("\n".join(("", *texts, "")))
    windows = np.lib.stride_tricks.sliding_window_view(page[1:-1], _SAME)
    beside = page[_SAME + 1 :] if end else page[: len(windows)]
    windows = windows[beside != _LINE_END]  # those of which the line has more
    rows = edges.reshape(-1, _SAME)
    like = np.isin(_hashes(windows), _hashes(rows))
    met = {window.tobytes() for window in windows[like]}
    return {k for k, row in zip(asked, rows, strict=True) if row.tobytes() in met}


def _hashes(rows: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """A number for every row of characters, shape ``(n,)``; rows that are alike have one."""
    out = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        out = out * _FACTOR + column
    return out
