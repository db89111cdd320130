"""What speaks for segment j being the next printed line after segment i, wherever the two stand.

Every piece of evidence has a name; a logistic regression on pages with truth gave each its weight in nats
(``dictionaries/continuity.json``, built by ``dictionaries/build/continuity.py``). The same functions make the training
data, score all pairs of a page at once, and name the parts in the evidence of a move.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import regex
from numpy.typing import NDArray

from restore import characters as ch
from restore.data import DataError, path
from restore.language.crossing import RELATIONS
from restore.layout.segments import Segments
from restore.source import text_to_codes

if TYPE_CHECKING:
    from restore.language import Language
    from restore.language.scorer import Scorer

__all__ = ["Evidence", "Weights", "evidence_of", "features", "score", "scores", "weights"]

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Index = NDArray[np.int64]
_Marks = tuple[Bools, Bools, Bools, Bools, Bools, Bools, Bools, Bools]

_SAMPLE = 60  # tails that stand for all of a page
REACH = 4  # characters scored on each side of a seam
FULL, FIRST, PARTIAL = 0, 1, 2
_LONGEST_STRING = 5  # characters of a string across a seam that the page is searched for
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd multiplier of a polynomial hash
_HINGES = (-5, -2, 0, 2, 4, 6)
_LINE_HINGES = (-2, 0, 2)
_WIDTH_EDGES = np.array([-6, -2.6, -1.4, -0.6, 0.6, 1.4, 2.6, 6])
_CLOSING = set("”’\"'」』）)》〕】")
_STOPS = set("。！？!?…")
_COMMAS = set("，,、")
_SEMI = set("；;：:")
_NOT_FIRST = set("。！？!?…，,、”’》）)；：;:」』")
_OPENING = set('“"《（(‘「『')
_PAIRS = (("“", "”"), ("《", "》"), ("（", "）"), ("「", "」"))
_OF_PAIRS = re.compile("[()" + "".join(a + b for a, b in _PAIRS) + "]")
_NOT_CHINESE = regex.compile(r"[\p{Hiragana}\p{Katakana}\p{Hangul}]")
_ALIKE = str.maketrans("()", "（）")


@dataclass(frozen=True)
class Evidence:
    """What is known about segments and pairs of them before their places count.

    Attributes:
        raw: ln P(j's head | i's tail) less the ln of its mean over all tails of the page, shape ``(n, n)``.
        seen: how long a string across the seam stands elsewhere on the page, 0 or 2 to 5 characters, shape ``(n, n)``.
        lines: what the line encoders give j behind i, less the ln of the mean over all ends of the page, ``(n, n)``.
        lines_of_row: the same less the ln of the mean over all beginnings, shape ``(n, n)``.
        opening: ln P(j's head | paragraph begins) less the same mean, shape ``(n,)``.
        stop, comma, semi: what i ends with, shape ``(n,)``.
        not_first, opens: what j begins with, shape ``(n,)``.
        bracketed: j is one short bracketed remark, as a byline at the end of an article is, shape ``(n,)``.
        unclosed, unopened: quotes and brackets left open in i, closed but not opened in j, shape ``(n, 3)``.
        width: ems, shape ``(n,)``.
        form: FULL (of a measure of the page), FIRST (two ems short of one) or PARTIAL, shape ``(n,)``.
        length: characters, shape ``(n,)``.
        begun: ln P(j's head | paragraph begins), shape ``(n,)``.
        finished: ln P(paragraph ends | i's tail), shape ``(n - 1,)``, of neighbours only.
        relations: ln P of what each segment is to the one before it, by `restore.language.crossing.RELATIONS`; shape
            ``(n - 1, 6)``, of neighbours only; NaN beside kana and Hangul, of which the network has learned nothing.
    """

    raw: Floats
    seen: NDArray[np.int8]
    lines: Floats
    lines_of_row: Floats
    opening: Floats
    stop: Bools
    comma: Bools
    semi: Bools
    not_first: Bools
    opens: Bools
    bracketed: Bools
    unclosed: Bools
    unopened: Bools
    width: Floats
    form: NDArray[np.int8]
    length: Index
    begun: NDArray[np.float64]
    finished: NDArray[np.float64]
    relations: Floats

    def __len__(self) -> int:
        return len(self.width)


def _seams(tails: NDArray[Any], heads: NDArray[Any], length: Index, model: Scorer) -> NDArray[np.float64]:
    """ln P(head | tail) of all pairs; a head shorter than REACH says nothing beyond its end. Shape ``(tails, heads)``."""
    return np.asarray(model.seam_matrix(tails, heads, np.minimum(length, REACH)), dtype=np.float64)


def _log_mean(matrix: NDArray[Any]) -> NDArray[Any]:
    """ln of the mean of exp over the rows of each column, shape ``(columns,)``."""
    if not len(matrix):
        return np.zeros(matrix.shape[1])
    top = matrix.max(axis=0)
    return np.asarray(top + np.log(np.exp(matrix - top).mean(axis=0)))


class Neighbours:
    """Values of the pairs ``(k, k + 1)`` only, in the place of a matrix. Indexed like one."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    def __getitem__(self, pair: tuple[Index, Index]) -> NDArray[Any]:
        return np.asarray(self.values[pair[0]])


def evidence_of(segments: Segments, language: Language, neighbours: bool = False) -> Evidence:
    """Read the segments of a page.

    Args:
        language: whose character model and line encoders are asked.
        neighbours: only pairs of segments that stand behind each other will be asked for. The page's mean is then taken
            over a sample of its tails.
    """
    lines = _lines_of(segments, language)
    model, texts, length, n = language.model, lines.texts, lines.length, len(lines.texts)
    tails, heads, ends, begins = lines.tails, lines.heads, lines.ends, lines.begins
    some = slice(None, None, max(1, n // _SAMPLE) if neighbours else 1)
    matrix = lines.seams[some] if lines.seams is not None else _seams(tails[some], heads, length, model)
    mean = _log_mean(matrix)
    raw: Any = (matrix - mean).astype(np.float32)
    if neighbours and lines.seen is not None:
        seen: Any = lines.seen.diagonal(1)
    else:
        seen = page_strings(texts, neighbours)
    relations, finished = np.zeros((0, len(RELATIONS)), dtype=np.float32), np.zeros(0)
    if not neighbours:
        lines.seams, lines.seen = matrix, seen
    else:
        here = np.asarray(model.logp_given(tails[:-1], heads[1:]), dtype=np.float64)
        edge = np.full((n - 1, 1), model.bos, dtype=tails.dtype)
        finished = np.asarray(model.logp_given(tails[:-1], edge), dtype=np.float64)[:, 0]
        relations = _relations(lines, here.sum(axis=1), finished, language)
        if (segments.view.classes & (ch.KANA | ch.HANGUL)).any():
            other = np.array([_NOT_CHINESE.search(text) is not None for text in texts])
            relations[other[:-1] | other[1:]] = np.nan
        here[np.arange(REACH)[None, :] >= length[1:, None]] = 0.0
        raw = Neighbours((here.sum(axis=1) - mean[1:]).astype(np.float32))
        seen = Neighbours(seen)
    product = ends[some] @ begins.T
    encoded: Any = product - _log_mean(product)
    encoded_of_row: Any = product - _log_mean(product.T)[:, None] if not neighbours else encoded
    if neighbours:
        pairs = (ends[:-1] * begins[1:]).sum(axis=1)
        encoded = Neighbours(pairs - _log_mean(product)[1:])
        encoded_of_row = Neighbours(pairs - _log_mean(begins[some] @ ends[:-1].T))
    return Evidence(
        raw,
        seen,
        encoded,
        encoded_of_row,
        np.clip(lines.opening - mean, -6, 6).astype(np.float32),
        *lines.marks,
        segments.width.astype(np.float32),
        line_form(segments.width, segments.measures),
        length,
        lines.opening,
        finished,
        relations,
    )


def _relations(
    lines: _Lines, seams: NDArray[np.float64], finished: NDArray[np.float64], language: Language
) -> Floats:
    """What the cross-encoder says of neighbours.

    Args:
        seams, finished: ln P across each boundary, and of a paragraph's end there, shape ``(n - 1,)``.
    """
    logp = np.column_stack([seams, lines.opening[1:], finished]).astype(np.float32)
    return language.crossing.relations(lines.texts, lines.ends[:-1] * lines.begins[1:], logp)


@dataclass
class _Lines:
    """What is known of the lines of a text by themselves, and of pairs of them once that was asked for.

    Attributes:
        model: whose ids those are.
        texts: the lines.
        length: characters, shape ``(n,)``.
        tails, heads: ids, see :func:`tails_and_heads`.
        ends, begins: vectors of the line encoders.
        opening: ln P(head | paragraph begins), shape ``(n,)``.
        marks: the columns of `Evidence` from ``stop`` to ``unopened``.
        seams: ln P(j's head | i's tail), shape ``(n, n)``.
        seen: as in `Evidence`, shape ``(n, n)``.
    """

    model: Scorer
    texts: list[str]
    length: Index
    tails: NDArray[Any]
    heads: NDArray[Any]
    ends: Floats
    begins: Floats
    opening: NDArray[np.float64]
    marks: _Marks
    seams: NDArray[np.float64] | None = None
    seen: NDArray[np.int8] | None = None

    def in_order(self, texts: list[str]) -> _Lines | None:
        """The same of these lines in another order; None where one of them is new."""
        number = {text: k for k, text in enumerate(self.texts)}
        found = [number.get(text, -1) for text in texts]
        if not found or min(found) < 0:
            return None
        at = np.array(found, dtype=np.int64)
        pairs = np.ix_(at, at)
        return _Lines(
            self.model,
            texts,
            self.length[at],
            self.tails[at],
            self.heads[at],
            self.ends[at],
            self.begins[at],
            self.opening[at],
            cast(_Marks, tuple(mark[at] for mark in self.marks)),
            None if self.seams is None else self.seams[pairs],
            None if self.seen is None or len(at) < len(self.texts) else self.seen[pairs],
        )


def _lines_of(segments: Segments, language: Language) -> _Lines:
    """Read each line; as it was read before where a pass before had the same lines, in this order or another."""
    known = segments.view.carried.get("lines")
    model, texts = language.model, segments.texts
    if isinstance(known, _Lines) and known.model is model:
        again = known if known.texts == texts else known.in_order(texts)
        if again is not None:
            return again
    tails, heads = tails_and_heads(texts, model)
    boundary = np.full((len(texts), REACH), model.bos, dtype=heads.dtype)
    found = segments.view.carried["lines"] = _Lines(
        model,
        texts,
        np.array([len(t) for t in texts], dtype=np.int64),
        tails,
        heads,
        *language.lines.vectors(texts),
        np.asarray(model.seams(boundary, heads), dtype=np.float64),
        _marks(texts),
    )
    return found


def _marks(texts: list[str]) -> _Marks:
    """What lines end and begin with, and the quotes and brackets in them: the columns ``stop`` to ``unopened``."""
    n = len(texts)
    stop, comma, semi, not_first, opens, bracketed = (np.zeros(n, dtype=np.bool_) for _ in range(6))
    unclosed = np.zeros((n, len(_PAIRS)), dtype=np.bool_)
    unopened = np.zeros((n, len(_PAIRS)), dtype=np.bool_)
    for k, text in enumerate(texts):
        end = len(text) - 1
        while end > 0 and text[end] in _CLOSING and len(text) - end < 4:
            end -= 1
        stop[k], comma[k], semi[k] = text[end] in _STOPS, text[-1] in _COMMAS, text[-1] in _SEMI
        not_first[k], opens[k] = text[0] in _NOT_FIRST, text[0] in _OPENING
        if not _OF_PAIRS.search(text):
            continue
        plain = text.translate(_ALIKE)
        bracketed[k] = len(plain) <= 14 and plain[0] == "（" and plain[-1] == "）"
        for q, (a, b) in enumerate(_PAIRS):
            if a in plain or b in plain:
                unclosed[k, q] = plain.rfind(a) > plain.rfind(b)
                first_close = plain.find(b)
                unopened[k, q] = first_close >= 0 and not 0 <= plain.find(a) < first_close
    return stop, comma, semi, not_first, opens, bracketed, unclosed, unopened


def tails_and_heads(texts: list[str], model: Scorer) -> tuple[NDArray[Any], NDArray[Any]]:
    """Model ids of the last and first REACH characters, padded with the boundary; both ``(n, REACH)``."""
    n = len(texts)
    length = np.array([len(t) for t in texts], dtype=np.int64)
    ids = np.asarray(model.encode("".join(texts)))
    begin = np.cumsum(length) - length
    tails = np.full((n, REACH), model.bos, dtype=ids.dtype)
    heads = np.full((n, REACH), model.bos, dtype=ids.dtype)
    for k in range(REACH):
        has = length > k
        heads[has, k] = ids[begin[has] + k]
        tails[has, REACH - 1 - k] = ids[begin[has] + length[has] - 1 - k]
    return tails, heads


def page_strings(texts: list[str], neighbours: bool = False) -> NDArray[np.int8]:
    """Length of the longest string across each seam that some line of the page has inside, shape ``(n, n)``.

    Of ``neighbours`` only, in the order of the texts: shape ``(n - 1,)``.

    The page's own names and set phrases recur. Strings are only taken from inside lines, so that no seam is evidence for
    itself.
    """
    n = len(texts)
    out = np.zeros(max(n - 1, 0) if neighbours else (n, n), dtype=np.int8)
    if n < 2:
        return out
    length = np.array([len(t) for t in texts], dtype=np.int64)
    codes = text_to_codes("".join(texts)).astype(np.uint64)
    begin = np.cumsum(length) - length
    left = np.repeat(begin + length, length) - np.arange(
        len(codes)
    )  # characters from here to the end of the line
    # h(xy) = h(x) * BASE**len(y) + h(y), modulo 2**64
    windows: dict[int, NDArray[np.uint64]] = {1: codes}
    for size in range(2, _LONGEST_STRING + 1):
        previous = windows[size - 1]
        grown = np.zeros_like(codes)
        grown[: len(codes) - size + 1] = previous[: len(codes) - size + 1] * _BASE + codes[size - 1 :]
        windows[size] = grown
    known = {size: np.sort(windows[size][left >= size]) for size in range(2, _LONGEST_STRING + 1)}
    heads = {
        size: np.where(length >= size, windows[size][np.minimum(begin, len(codes) - 1)], 0)
        for size in range(1, 5)
    }
    tails = {
        size: np.where(length >= size, windows[size][np.maximum(begin + length - size, 0)], 0)
        for size in range(1, 5)
    }
    # only pairs whose two characters at the seam stand together somewhere can have more
    if neighbours:
        i = np.flatnonzero(_among(tails[1][:-1] * _BASE + heads[1][1:], known[2]))
        j = i + 1
    else:
        ends, end_of = np.unique(tails[1], return_inverse=True)
        firsts, first_of = np.unique(heads[1], return_inverse=True)
        pairs = np.zeros((len(ends), len(firsts)), dtype=np.bool_)
        # two side by side inside a line are fewer than pairs of ends and firsts
        here = (left[:-1] >= 2).nonzero()[0]
        one, two = codes.take(here), codes.take(here + 1)
        row = np.minimum(ends.searchsorted(one), len(ends) - 1)
        column = np.minimum(firsts.searchsorted(two), len(firsts) - 1)
        both = (ends.take(row) == one) & (firsts.take(column) == two)
        pairs[row[both], column[both]] = True
        i, j = np.divmod(np.flatnonzero(pairs[end_of][:, first_of]), n)
    place = (lambda i, j: i) if neighbours else (lambda i, j: (i, j))
    out[place(i, j)] = 2
    for size in range(3, _LONGEST_STRING + 1):
        hit = np.zeros(len(i), dtype=np.bool_)
        for a in range(1, size):
            b = size - a
            if a > 4 or b > 4:
                continue
            whole = (length[i] >= a) & (length[j] >= b)
            hit |= whole & _among(tails[a][i] * _BASE ** np.uint64(b) + heads[b][j], known[size])
        out[place(i[hit], j[hit])] = size
        i, j = i[hit], j[hit]  # a longer string has a shorter one in it
    return out


def _among(keys: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which keys are in the sorted array ``known``, shape like ``keys``."""
    if not len(known):
        return np.zeros(keys.shape, dtype=np.bool_)
    at = np.searchsorted(known, keys)
    return np.asarray(known[np.minimum(at, len(known) - 1)] == keys)


def line_form(width: NDArray[np.float64], measures: NDArray[np.float64]) -> NDArray[np.int8]:
    """FULL, FIRST or PARTIAL for each width, shape ``(n,)``."""
    if not len(measures):
        return np.full(len(width), PARTIAL, dtype=np.int8)
    off = width[:, None] - measures[None, :]
    full = ((off >= -1.1) & (off <= 0.8)).any(axis=1)
    first = ((off >= -2.7) & (off <= -1.3)).any(axis=1)
    return np.where(full, FULL, np.where(first, FIRST, PARTIAL)).astype(np.int8)


def features(e: Evidence, i: Index, j: Index) -> Iterator[tuple[str, NDArray[Any]]]:
    """Named features of the pairs ``(i, j)``; index arrays of any shapes that broadcast together."""
    for names, value in _features(e, i, j):
        if isinstance(names, str):
            yield names, value
        else:
            yield from ((name, value == k) for k, name in enumerate(names))


def _features(e: Evidence, i: Index, j: Index) -> Iterator[tuple[str | tuple[str, ...], NDArray[Any]]]:
    """As `features`; of names that exclude each other, all at once with the number of the one that holds."""
    all_pairs = _are_all(i, j, len(e))
    raw, lines, seen = (e.raw, e.lines, e.seen) if all_pairs else (e.raw[i, j], e.lines[i, j], e.seen[i, j])
    raw, lines = np.clip(raw, -9, 12), np.clip(lines, -5, 8)
    yield "seam", raw
    for h in _HINGES:
        yield f"seam>{h}", np.maximum(raw - h, 0)
    yield "lines", lines
    for h in _LINE_HINGES:
        yield f"lines>{h}", np.maximum(lines - h, 0)
    for size in (2, 3, 4, 5):
        yield f"page has {size}", seen == size
    yield "page has 4*seam<0", (seen >= 4) * np.minimum(raw, 0)
    opening, stop = e.opening[j], e.stop[i]
    opening_up = np.maximum(opening, 0)
    yield "opening", opening
    yield "opening>0", opening_up
    yield "stop", stop
    yield "comma", e.comma[i]
    yield "colon", e.semi[i]
    yield "stop*opening", stop * opening
    yield "stop*opening>0", stop * opening_up
    yield "stop*seam", stop * raw
    yield "stop*seam>0", stop * np.maximum(raw, 0)
    wider = e.width[j] - e.width[i]
    bins = np.zeros(wider.shape, dtype=np.int8)
    for edge in _WIDTH_EDGES:
        bins += (wider > edge).view(np.int8)
    yield tuple(f"width{b}" for b in range(len(_WIDTH_EDGES) + 1)), bins
    names = ("full", "first", "partial")
    for a in range(3):
        here = e.form[i] == a
        yield f"{names[a]}-", here
        yield f"{names[a]}-stop", here & stop
        yield f"-{names[a]}", e.form[j] == a
    yield tuple(f"{a}-{b}" for a in names for b in names), 3 * e.form[i] + e.form[j]
    both = (e.form[i] == FULL) & (e.form[j] == FULL)
    yield "other measure", both & (np.abs(wider) > 1.7)
    yield "beyond measure", (e.form[i] == FULL) & (wider > 1.7)
    yield "begins with a mark", e.not_first[j]
    yield "begins with an opening mark", e.opens[j]
    for q, pair in enumerate(_PAIRS):
        name = "".join(pair)
        yield f"{name} met", e.unclosed[i, q] & e.unopened[j, q]
        yield f"{name} left open", e.unclosed[i, q] & ~e.unopened[j, q]
        yield f"{name} never opened", ~e.unclosed[i, q] & e.unopened[j, q]
    yield "short head", e.length[j] < REACH
    yield "short tail", e.length[i] < REACH
    yield "short head*seam", (e.length[j] < REACH) * np.maximum(raw, 0)
    yield "short tail*seam", (e.length[i] < REACH - 1) * np.maximum(raw, 0)


def _are_all(i: Index, j: Index, n: int) -> bool:
    """Whether the pairs are all of ``n`` segments, so that matrices need not be gathered."""
    index = np.arange(n)
    return (
        i.shape == (n, 1) and j.shape == (1, n) and bool((i[:, 0] == index).all() and (j[0] == index).all())
    )


Weights = dict[str, float]


@cache
def weights() -> dict[str, Weights]:
    """Fitted weights: ``continues`` (same paragraph), ``follows`` (next paragraph of the column), and
    ``gap_end``, ``gap_head`` (a paragraph lost its end, its head).

    Raises:
        DataError: when the file is damaged.
    """
    file = path("continuity.json")
    try:
        body = json.loads(file.read_text("utf-8"))
        return {name: {k: float(v) for k, v in table.items()} for name, table in body["weights"].items()}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DataError(
            f"{file}: damaged ({error}); rebuild it with dictionaries/build/continuity.py"
        ) from None


def score(e: Evidence, table: Weights, i: Index, j: Index) -> Floats:
    """Log-odds of pairs under a table of weights, shape of ``i`` and ``j`` broadcast."""
    return scores(e, (table,), i, j)[0]


def scores(e: Evidence, tables: Sequence[Weights], i: Index, j: Index) -> list[Floats]:
    """Log-odds of pairs under each of some tables, shapes of ``i`` and ``j`` broadcast.

    What depends on one of the two lines only is summed over its lines first.
    """
    sums: list[dict[tuple[int, ...], Floats]] = [{} for _ in tables]
    shape = np.broadcast_shapes(i.shape, j.shape)
    for names, value in _features(e, i, j):
        if value.dtype == np.bool_:
            if not value.any():
                continue  # nothing to add, as for most quotes and brackets
            value = value.astype(np.float32)
        for table, total in zip(tables, sums, strict=True):
            if isinstance(names, str):
                weight = table.get(names, 0.0)
                if not weight:
                    continue
                part = np.float32(weight) * value
            else:
                part = np.array([table.get(name, 0.0) for name in names], dtype=np.float32).take(value)
            if value.shape in total:
                total[value.shape] += part
            else:
                total[value.shape] = part.astype(np.float32, copy=False)
    out = []
    for table, total in zip(tables, sums, strict=True):
        whole = total.pop(shape, None)
        whole = np.zeros(shape, dtype=np.float32) if whole is None else whole
        whole += np.float32(table["bias"])
        for part in total.values():
            whole += part
        out.append(whole)
    return out
