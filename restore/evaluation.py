"""How well does a text match the truth of a page?

    >>> truth = PageTruth.from_dict({
    ...     "blocks": [{"id": "a.p1", "article": "a", "role": "p", "text": "水到田头，话到心头。"}],
    ...     "lines": [{"block": "a.p1", "start": 0, "text": "水到田头，"},
    ...               {"block": "a.p1", "start": 5, "text": "话到心头。"}]})
    >>> scores = evaluate(truth, "水到田头，话到心头。")
    >>> scores.cer_free, scores.adjacency_f1
    (0.0, 1.0)
    >>> evaluate(truth, "话到心头。水到田头，").adjacency_f1
    0.0

White space never counts as a character. Full-width and half-width forms, straight and curly quotes are
folded together (`punctuation_exact` looks at the unfolded marks); the code points of CJK radicals are not:
⼈ for 人 is an error. Gap marks such as ``〔…〕`` are taken out first and scored on their own. Furniture
(running heads, imprint) and its absence are free. The definitions with their reasons are in
``docs/evaluation.md``.

Everything rests on one alignment of truth and output that allows block moves (`align`). The measures are
functions of a `Comparison`; `evaluate` computes them all.
"""

from __future__ import annotations

import heapq
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from restore.language.forms import load_forms

__all__ = [
    "Comparison",
    "Document",
    "EvaluationError",
    "Joins",
    "PageTruth",
    "Scores",
    "TruthBlock",
    "adjacency",
    "align",
    "cer_free",
    "cer_ordered",
    "cer_strict",
    "compare",
    "counted",
    "evaluate",
    "false_change",
    "fixed",
    "fold",
    "gap_precision_recall",
    "insertions_per_1000",
    "kendall_tau",
    "paragraph_precision_recall",
    "punctuation_exact",
    "read_lost",
]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Blocks = Literal["auto", "blank", "newline"]
LostSpan = tuple[str, int, int]
"""Block id, start, end (code points of the block's text): text that the source has not got."""

_MARK = "\ufdd0"  # stands for a gap mark while a text is taken apart; not a character, so in no text
_WORD_FOR_LOST = r"(?:…+|\.{3,}|缺[^\]】⟧]{0,8}|gap[^\]】⟧]{0,8}|lacuna[^\]】⟧]{0,8})"
_GAP = re.compile(
    rf"""
      〔[^〔〕\n]{{0,12}}[…缺?？□]+[^〔〕\n]{{0,12}}〕       # 〔…〕 〔缺3行〕 〔?〕
    | [\[【⟦]{_WORD_FOR_LOST}[\]】⟧]                      # [...] 【缺】 [gap 3]
    | [□▢〓]+(?!\s*(?:本[报報]|[记記]者|通[讯訊][员員]))    # boxes, but not those before a byline
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ALIKE = {"'": "‘’′", '"': "“”„″", "·": "・•‧∙", "—": "―─⸺", "…": "⋯", "~": "〜"}
_ALIKE |= {",": "﹐", ";": "﹔", ":": "﹕", "?": "﹖", "!": "﹗", "。": "｡", "、": "､"}
_FOLD = {ord(x): ord(to) for to, xs in _ALIKE.items() for x in xs} | {
    c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)
}
_INVISIBLE = [0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF]


class EvaluationError(ValueError):
    """A truth file does not describe a page; the message says what is wrong."""


# ---------------------------------------------------------------------------------- texts


@cache
def _space_table() -> Bools:
    """Which code points are white space or invisible, shape ``(0x110000,)``."""
    table = np.zeros(0x110000, dtype=np.bool_)
    table[[c for c in range(0x3001) if chr(c).isspace()]] = True
    table[_INVISIBLE] = True
    return table


def _codes(text: str) -> NDArray[np.uint32]:
    """Code points, shape ``(len(text),)``."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _is_space(text: str) -> Bools:
    return _space_table()[_codes(text)]


def _pick(text: str, keep: Bools) -> str:
    picked: bytes = _codes(text)[keep].tobytes()
    return picked.decode("utf-32-le", "surrogatepass")


def counted(text: str) -> Bools:
    """Which characters count: neither white space nor part of a gap mark. Shape ``(len(text),)``."""
    mask = ~_is_space(text)
    for mark in _GAP.finditer(text):
        mask[mark.start() : mark.end()] = False
    return mask


def fold(text: str) -> str:
    """The text as it is compared: one form for full and half width, for straight and curly quotes."""
    return text.translate(_FOLD)


@cache
def _shapes() -> dict[int, str]:
    """The plain form of every radical code point: the alignment looks through them."""
    forms = load_forms("hans").items()
    return {ord(c): to for c, (to, kind) in forms if kind in ("kangxi", "radical") and len(to) == 1}


@dataclass(frozen=True, eq=False)
class Document:
    """A text without white space and gap marks.

    Attributes:
        raw: the characters that count, as they are.
        text: the same, folded for comparison; as long as `raw`.
        breaks: positions in `text` before which a block begins (never 0), ascending.
        gaps: positions in `text` before which a gap mark stands, ascending; one entry for each mark.
    """

    raw: str
    text: str
    breaks: Ints
    gaps: Ints

    @classmethod
    def read(cls, text: str, blocks: Blocks = "blank") -> Self:
        """Takes a text apart.

        `blocks` says what parts blocks: a blank line, any line end, or (``auto``) blank lines when they are
        at least 15 in 100 of the line ends. A form feed always does.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
        text = _GAP.sub(_MARK, text)
        if blocks == "auto":
            body = text.strip()
            ends = len(re.findall(r"\n+", body))
            blank = len(re.findall(r"\n[ \t\u3000]*\n", body))
            blocks = "blank" if blank and blank >= 0.15 * ends else "newline"
        codes = _codes(text)
        items = np.flatnonzero(~_space_table()[codes])
        is_mark = codes[items] == ord(_MARK)
        position = np.cumsum(~is_mark) - ~is_mark
        line_ends = np.diff(np.cumsum(codes == 10)[items], prepend=0)
        begins = (line_ends >= (2 if blocks == "blank" else 1)) & (position > 0)
        raw = codes[items[~is_mark]].tobytes().decode("utf-32-le", "surrogatepass")
        return cls(raw, raw.translate(_FOLD), np.unique(position[begins]), position[is_mark])


@dataclass(frozen=True)
class TruthBlock:
    """A paragraph, heading, caption or piece of furniture of the truth."""

    id: str
    article: str
    role: str
    text: str


@dataclass(frozen=True, eq=False)
class PageTruth:
    """What was printed: blocks in reading order, and the printed lines they are set in.

    Positions are those of the characters that count, over all blocks; `n` characters, `m` lines.

    Attributes:
        blocks: blocks in reading order.
        raw, text: characters that count, as printed and folded; length `n`.
        block_of, offset: for each character its block and its place in the block's text, shape ``(n,)``.
        line_of: its printed line or -1, shape ``(n,)``.
        line_start, line_end: half-open stretch of each printed line, shape ``(m,)``.
    """

    blocks: tuple[TruthBlock, ...]
    raw: str
    text: str
    block_of: Ints
    offset: Ints
    line_of: Ints
    line_start: Ints
    line_end: Ints

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Reads a ``truth.json``.

        Raises:
            OSError: the file cannot be read.
            EvaluationError: it is not JSON, or lacks `blocks` or `lines`.
        """
        try:
            page = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise EvaluationError(f"{path} is not JSON: {error}") from error
        return cls.from_dict(page)

    @classmethod
    def from_dict(cls, page: Mapping[str, Any]) -> Self:
        """Makes a truth from ``blocks`` (id, article, role, text) and ``lines`` (block, start, text).

        A line's `start` is an offset into its block's text; white space in `text` may be left out.

        Raises:
            EvaluationError: a field is missing, or a line names an unknown block.
        """
        try:
            blocks = tuple(TruthBlock(b["id"], b["article"], b["role"], b["text"]) for b in page["blocks"])
            lines = [(str(x["block"]), int(x["start"]), str(x["text"])) for x in page["lines"]]
        except (KeyError, TypeError) as error:
            raise EvaluationError(f"the truth lacks {error}; it needs `blocks` and `lines`") from error
        kept = [np.flatnonzero(~_is_space(b.text)) for b in blocks]
        first = np.concatenate([[0], np.cumsum([len(k) for k in kept])]).astype(np.int64)
        raw = "".join(_pick(b.text, ~_is_space(b.text)) for b in blocks)
        index = {b.id: i for i, b in enumerate(blocks)}
        if unknown := {name for name, _, _ in lines} - index.keys():
            raise EvaluationError(f"lines of unknown blocks: {sorted(unknown)[:3]}")
        starts, ends = [], []
        for name, start, text in lines:
            i = index[name]
            a = first[i] + np.searchsorted(kept[i], start)
            z = min(a + int(np.count_nonzero(~_is_space(text))), first[i + 1])
            if z > a:
                starts.append(a)
                ends.append(z)
        line_of = np.full(len(raw), -1, dtype=np.int64)
        for number, (a, z) in enumerate(zip(starts, ends, strict=True)):
            line_of[a:z] = number
        return cls(
            blocks=blocks,
            raw=raw,
            text=raw.translate(_FOLD),
            block_of=np.repeat(np.arange(len(blocks)), np.diff(first)),
            offset=np.concatenate([*kept, np.empty(0, dtype=np.int64)]).astype(np.int64),
            line_of=line_of,
            line_start=np.array(starts, dtype=np.int64),
            line_end=np.array(ends, dtype=np.int64),
        )

    @cached_property
    def furniture(self) -> Bools:
        """Which characters are furniture, shape ``(n,)``."""
        return np.array([b.role == "furniture" for b in self.blocks], dtype=np.bool_)[self.block_of]

    @cached_property
    def article_of(self) -> Ints:
        """Number of the article of each character, in order of first appearance, shape ``(n,)``."""
        return self._article_of_block[self.block_of]

    @cached_property
    def _article_of_block(self) -> Ints:
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(b.article, len(numbers)) for b in self.blocks], dtype=np.int64)

    @cached_property
    def block_span(self) -> Ints:
        """Half-open stretch of each block, shape ``(blocks, 2)``."""
        edges = np.searchsorted(self.block_of, np.arange(len(self.blocks) + 1))
        return np.stack([edges[:-1], edges[1:]], axis=1)

    def positions(self, spans: Iterable[LostSpan]) -> Bools:
        """The characters within the given stretches of blocks, as a mask of shape ``(n,)``."""
        mask = np.zeros(len(self.text), dtype=np.bool_)
        index = {b.id: i for i, b in enumerate(self.blocks)}
        for name, start, end in spans:
            if name in index:
                a, z = self.block_span[index[name]]
                inside = self.offset[a:z]
                mask[a + np.searchsorted(inside, start) : a + np.searchsorted(inside, end)] = True
        return mask


def read_lost(path: Path | str) -> list[LostSpan]:
    """The lost stretches recorded beside a damaged dump: ``{"lost": [[block, start, end, why], …]}``."""
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["lost"]
    return [(str(block), int(start), int(end)) for block, start, end, *_ in rows]


# ---------------------------------------------------------------------------------- alignment

_TILE = 8  # shortest tile of the first pass; of the second 5
_TILE_SHORT = 5
_FREQUENT = 60  # a k-gram that occurs more often in the output marks no place
_BAND, _DROP = 12, 14  # extension: widest shift, and by how much the score may fall behind the best
_REACH = 80  # longest stretch that an extension looks at


def _kgrams(codes: Ints, k: int) -> Ints:
    """A number for each k-gram, equal where the k-grams are: exact, by ranking of ever longer grams."""

    def rank(values: Ints) -> Ints:
        return np.unique(values, return_inverse=True)[1].astype(np.int64)

    ranks, length = rank(codes), 1
    while length < k:
        step = min(length, k - length)
        head, tail = ranks[: len(ranks) - step], ranks[step:]
        ranks = rank(head * (len(codes) + 1) + tail)
        length += step
    return ranks


class _Tiling:
    """Alignment under construction: which output position stands for which truth position.

    The method is greedy string tiling (Wise 1993): the longest common stretch that is still free is taken
    first, down to a least length; what is left is filled in between and around the tiles.
    """

    def __init__(self, truth: str, output: str) -> None:
        self.truth, self.output = truth, output
        self.to_output = [-1] * len(truth)
        self.taken_truth, self.taken_output = bytearray(len(truth)), bytearray(len(output))
        self._codes = np.concatenate([_codes(truth), [0x110000], _codes(output)]).astype(np.int64)

    def take(self, t: int, o: int, length: int = 1) -> None:
        """Puts a free stretch of the truth at a free stretch of the output."""
        self.to_output[t : t + length] = range(o, o + length)
        self.taken_truth[t : t + length] = self.taken_output[o : o + length] = b"\1" * length

    def free(self, t: int, o: int, length: int) -> bool:
        return self.taken_truth.find(1, t, t + length) < 0 and self.taken_output.find(1, o, o + length) < 0

    def _free_grams(self, k: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Places and numbers of the k-grams that are free throughout, of the truth and of the output."""
        if min(len(self.truth), len(self.output)) < k:
            return (np.empty(0, dtype=np.int64),) * 4
        numbers = _kgrams(self._codes, k)
        found = []
        for taken, grams in (
            (self.taken_truth, numbers[: len(self.truth) - k + 1]),
            (self.taken_output, numbers[len(self.truth) + 1 :]),
        ):
            edge = np.concatenate([[0], np.cumsum(np.frombuffer(taken, dtype=np.uint8), dtype=np.int64)])
            places = np.flatnonzero(edge[k:] == edge[:-k])
            found += [places, grams[places]]
        return found[0], found[1], found[2], found[3]

    def tile(self, k: int) -> None:
        """Takes common stretches of at least `k` characters, the longest first."""
        t_at, t_gram, o_at, o_gram = self._free_grams(k)
        order = np.argsort(o_gram, kind="stable")
        o_at, o_gram = o_at[order], o_gram[order]
        low, high = np.searchsorted(o_gram, t_gram), np.searchsorted(o_gram, t_gram, side="right")
        count = np.where(high - low > _FREQUENT, 0, high - low)
        t = np.repeat(t_at, count)
        within = np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count)
        o = o_at[np.repeat(low, count) + within]
        order = np.lexsort((t, o - t))
        t, o = t[order], o[order]
        first = np.flatnonzero((np.diff(t, prepend=-9) != 1) | (np.diff(o, prepend=-9) != 1))
        length = np.diff(first, append=len(t)) + k - 1
        heap = list(zip((-length).tolist(), t[first].tolist(), o[first].tolist(), strict=True))
        heapq.heapify(heap)
        while heap:
            n, a, b = heapq.heappop(heap)
            n = -n
            if self.free(a, b, n):
                self.take(a, b, n)
                continue
            busy = bytes(
                x | y for x, y in zip(self.taken_truth[a : a + n], self.taken_output[b : b + n], strict=True)
            )
            for piece in re.finditer(rb"\0{%d,}" % k, busy):
                heapq.heappush(heap, (piece.start() - piece.end(), a + piece.start(), b + piece.start()))

    def unique(self, k: int) -> None:
        """Takes k-grams that occur once in the free truth and once in the free output."""
        t_at, t_gram, o_at, o_gram = self._free_grams(k)
        size = int(max(t_gram.max(initial=-1), o_gram.max(initial=-1))) + 1
        in_truth, in_output = np.bincount(t_gram, minlength=size), np.bincount(o_gram, minlength=size)
        place = np.zeros(size, dtype=np.int64)
        place[o_gram] = o_at
        once = (in_truth[t_gram] == 1) & (in_output[t_gram] == 1)
        for t, o in zip(t_at[once].tolist(), place[t_gram[once]].tolist(), strict=True):
            if self.free(t, o, k):
                self.take(t, o, k)

    def rest(self) -> list[tuple[int, int]]:
        """Stretches of the truth that are still free."""
        return [m.span() for m in re.finditer(rb"\0+", self.taken_truth)]

    def fill(self) -> None:
        """Fills free stretches: between two tiles that follow each other, else from either side."""
        for a, b in self.rest():
            left = self.to_output[a - 1] if a else -1
            right = self.to_output[b] if b < len(self.truth) else len(self.output)
            room = right - left - 1
            between = 0 <= room <= 3 * (b - a) + 12
            if between and self.taken_output.find(1, left + 1, right) < 0:
                for op in Levenshtein.opcodes(self.truth[a:b], self.output[left + 1 : right]):
                    width = min(op.src_end - op.src_start, op.dest_end - op.dest_start)
                    if width:
                        self.take(a + op.src_start, left + 1 + op.dest_start, width)
                continue
            if a:
                self._extend_right(a, b, left)
            if b < len(self.truth):
                self._extend_left(a, b, right)

    def _extend_right(self, a: int, b: int, left: int) -> None:
        start = left + 1
        limit = min(len(self.output), start + (b - a) + 8)
        used = self.taken_output.find(1, start, limit)
        end = limit if used < 0 else used
        for i, j in _extension(self.truth[a : min(b, a + _REACH)], self.output[start:end]):
            self.take(a + i, start + j)

    def _extend_left(self, a: int, b: int, right: int) -> None:
        low = max(0, right - (b - a) - 9)
        start = self.taken_output.rfind(1, low, right) + 1
        start = max(start, low)
        a = max(a, self.taken_truth.rfind(1, a, b) + 1, b - _REACH)
        for i, j in _extension(self.truth[a:b][::-1], self.output[start:right][::-1]):
            self.take(b - 1 - i, right - 1 - j)

    def place_whole(self) -> None:
        """Places short stretches that moved away: where a free stretch of the output is just them."""
        masked = "".join(c if not u else _MARK for c, u in zip(self.output, self.taken_output, strict=True))
        whole: dict[str, list[int]] = {}
        for m in re.finditer(rf"[^{_MARK}]+", masked):
            whole.setdefault(m[0], []).append(m.start())
        for a, b in self.rest():
            if b - a < 2:
                continue
            text = self.truth[a:b]
            places = whole.get(text, [])
            if len(places) == 1:
                at = places[0]
            elif b - a >= 3 and masked.count(text) == 1:
                at = masked.find(text)
            else:
                continue
            if self.free(a, at, b - a):
                self.take(a, at, b - a)


def _extension(a: str, b: str) -> list[tuple[int, int]]:
    """The best alignment of a head of `a` with a head of `b`: pairs of positions.

    A match counts 2, a substitution -1, a character without counterpart -2. Cells that fall behind the best
    by `_DROP` are given up (X-drop, as in BLAST's gapped extension), shifts are at most `_BAND`.
    """
    never = -(10**6)
    best, best_cell = 0, (0, 0)
    previous: list[int] = []
    steps: list[list[int]] = []
    lows: list[int] = []
    low, high = 0, min(len(b), _BAND)
    for i in range(len(a) + 1):
        low, high = max(low, i - _BAND), min(len(b), i + _BAND, high)
        row: list[int] = []
        step: list[int] = []
        before = lows[-1] if lows else 0
        for j in range(low, high + 1):
            value, how = (0, 0) if i == j == 0 else (never, 0)
            k = j - before
            if i and 0 < k <= len(previous) and previous[k - 1] > never:
                value = previous[k - 1] + (2 if a[i - 1] == b[j - 1] else -1)
            if i and 0 <= k < len(previous) and previous[k] - 2 > value:
                value, how = previous[k] - 2, 1
            if row and row[-1] - 2 > value:
                value, how = row[-1] - 2, 2
            if value <= best - _DROP:
                value = never
            elif value > best:
                best, best_cell = value, (i, j)
            row.append(value)
            step.append(how)
        alive = [k for k, value in enumerate(row) if value > never]
        if not alive:
            break
        previous = row
        steps.append(step)
        lows.append(low)
        low, high = low + alive[0], low + alive[-1] + 1 + _BAND
    i, j = best_cell
    pairs = []
    while i or j:
        how = steps[i][j - lows[i]]
        if how == 0:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif how == 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def align(truth: str, output: str) -> Ints:
    """Aligns two texts of which the one may be a rearrangement of the other.

    Common stretches are taken greedily, longest first, down to 5 characters (greedy string tiling, M. Wise,
    *String similarity via greedy string tiling and running Karp-Rabin matching*, 1993). What is left is
    aligned by edit distance between two tiles that follow each other in both texts, else extended from the
    tiles on either side; then stretches that moved away whole, and 3- and 2-grams that are left once on
    either side, are placed, and the rest is filled again. Radicals count as their plain characters here.

    Returns:
        For each position of `truth` the position of `output` that stands for it, or -1, shape
        ``(len(truth),)``. No position of `output` occurs twice.
    """
    tiling = _Tiling(truth.translate(_shapes()), output.translate(_shapes()))
    tiling.tile(_TILE)
    tiling.tile(_TILE_SHORT)
    tiling.fill()
    tiling.place_whole()
    for k in (3, 2):
        tiling.unique(k)
        tiling.fill()
    return np.array(tiling.to_output, dtype=np.int64)


# ---------------------------------------------------------------------------------- measures


@dataclass(frozen=True, eq=False)
class Comparison:
    """A truth and an output, aligned, with what is known of the source.

    Attributes:
        truth, output: the two texts.
        to_output: for each truth position its output position or -1, shape ``(n,)``.
        lost: truth characters that the source has not got, shape ``(n,)``; None when nothing is known of it.
        source_right: truth characters that the source has right, shape ``(n,)``; None without a source.
    """

    truth: PageTruth
    output: Document
    to_output: Ints
    lost: Bools | None
    source_right: Bools | None

    @cached_property
    def to_truth(self) -> Ints:
        """For each output position its truth position or -1, shape ``(len(output),)``."""
        back = np.full(len(self.output.text), -1, dtype=np.int64)
        here = np.flatnonzero(self.to_output >= 0)
        back[self.to_output[here]] = here
        return back

    @cached_property
    def right(self) -> Bools:
        """Truth characters that the output has right, shape ``(n,)``."""
        return _right(self.truth.text, self.output.text, self.to_output)

    @cached_property
    def body(self) -> Bools:
        """Truth characters that are not furniture, shape ``(n,)``."""
        return ~self.truth.furniture

    @property
    def size(self) -> int:
        """Number of truth characters without furniture; at least 1."""
        return max(1, int(self.body.sum()))

    @cached_property
    def missing_in_source(self) -> Bools:
        """`lost`, or nowhere when nothing is known, shape ``(n,)``."""
        return np.zeros(len(self.truth.text), dtype=np.bool_) if self.lost is None else self.lost


def _right(truth: str, output: str, to_output: Ints) -> Bools:
    right = to_output >= 0
    if right.any():
        right[right] = _codes(truth)[right] == _codes(output)[to_output[right]]
    return right


def _long_runs(mask: Bools, least: int) -> Bools:
    """The mask without its runs shorter than `least`."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    kept = np.zeros_like(mask)
    for a, z in zip(edges[::2], edges[1::2], strict=True):
        kept[a:z] = z - a >= least
    return kept


def compare(
    truth: PageTruth,
    output: str,
    source: str | None = None,
    lost: Iterable[LostSpan] | None = None,
    blocks: Blocks = "blank",
) -> Comparison:
    """Aligns an output, and the source if there is one, with the truth.

    `lost` says what the source has not got. Without it, but with a source, runs of four or more truth
    characters that the source has nothing for count as lost.
    """
    document = Document.read(output, blocks)
    to_output = align(truth.text, document.text)
    mask = None if lost is None else truth.positions(lost)
    source_right = None
    if source is not None:
        text = document.text if source == output else Document.read(source).text
        to_source = to_output if source == output else align(truth.text, text)
        source_right = _right(truth.text, text, to_source)
        if mask is None:
            mask = _long_runs(to_source < 0, 4)
    return Comparison(truth, document, to_output, mask, source_right)


def _errors(c: Comparison) -> tuple[int, int, int]:
    """Substitutions, deletions, insertions under the alignment with block moves."""
    aligned = c.to_output >= 0
    substituted = int((c.body & aligned & ~c.right).sum())
    return substituted, int((c.body & ~aligned).sum()), len(c.output.text) - int(aligned.sum())


def cer_free(c: Comparison) -> float:
    """Character error rate that does not mind the order: (substitutions + deletions + insertions) / size.

    Counted under the alignment with block moves (`align`), so that a block in the wrong place costs nothing
    and a wrong glyph one.
    """
    return sum(_errors(c)) / c.size


def insertions_per_1000(c: Comparison) -> float:
    """Characters of the output that stand for none of the truth, per 1000 truth characters."""
    return 1000 * _errors(c)[2] / c.size


def _output_body(c: Comparison) -> str:
    """The output without characters that stand for furniture."""
    here = c.to_truth >= 0
    furniture = np.zeros(len(c.output.text), dtype=np.bool_)
    furniture[here] = c.truth.furniture[c.to_truth[here]]
    return _pick(c.output.text, ~furniture)


def cer_strict(c: Comparison) -> float:
    """Character error rate in the truth's order: Levenshtein distance / size, without furniture."""
    order = np.argsort(np.where(c.body, c.truth.article_of, -1), kind="stable")
    return _ordered_distance(c, order) / c.size


def cer_ordered(c: Comparison) -> float:
    """Character error rate with the articles in the order in which the output has them.

    An article's place is the median place of its characters. Never above `cer_strict`.
    """
    article = c.truth.article_of
    place = np.full(int(article.max(initial=-1)) + 1, sys.maxsize, dtype=np.int64)
    for number in range(len(place)):
        here = c.to_output[c.body & (article == number) & (c.to_output >= 0)]
        if len(here):
            place[number] = np.sort(here)[len(here) // 2]
    rank = np.empty_like(place)
    rank[np.argsort(place, kind="stable")] = np.arange(len(place))
    order = np.argsort(rank[article], kind="stable")
    return min(_ordered_distance(c, order) / c.size, cer_strict(c))


def _ordered_distance(c: Comparison, order: Ints) -> int:
    order = order[c.body[order]]
    truth: bytes = _codes(c.truth.text)[order].tobytes()
    return Levenshtein.distance(truth.decode("utf-32-le", "surrogatepass"), _output_body(c))


@dataclass(frozen=True)
class Joins:
    """Joins of printed lines; see `adjacency`."""

    precision: float
    recall: float
    f1: float
    articles_f1: float
    false_per_1000: float


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _line_ends(c: Comparison) -> tuple[Ints, Ints]:
    """Output places of the first and the last character of each printed line, or far-away numbers.

    When the outermost character is not there, the next but one is taken as its stand-in.
    """
    first = np.full(len(c.truth.line_start), -(10**9), dtype=np.int64)
    last = np.full(len(c.truth.line_start), 10**9, dtype=np.int64)
    for step in (2, 1, 0):
        t = c.truth.line_start + step
        ok = t < c.truth.line_end
        ok[ok] = c.to_output[t[ok]] >= 0
        first[ok] = c.to_output[t[ok]] - step
        t = c.truth.line_end - 1 - step
        ok = t >= c.truth.line_start
        ok[ok] = c.to_output[t[ok]] >= 0
        last[ok] = c.to_output[t[ok]] + step
    return first, last


def adjacency(c: Comparison) -> Joins:
    """Is a printed line followed by the line that follows it in the truth?

    A *true join* is a pair of lines that follow each other in one block; neither is lost. The output has it
    when the head of the second comes right after the tail of the first (one character may overlap, up to
    three may stand between). A *claim* is a place of the output where the alignment goes from one line to
    another within four characters; a claim that is no true join is wrong, unless all lines between the two
    are lost. A gap mark excuses the claim where the source lost text, and spoils the join where it did not.
    Precision = true joins had / (those + wrong claims), recall = true joins had / true joins.
    `articles_f1` is the same over whole articles (headline, byline, paragraphs); `false_per_1000` counts the
    claims that are no join of any article, per 1000 truth characters.
    """
    truth, lost = c.truth, c.missing_in_source
    count = len(truth.line_start)
    block = truth.block_of[truth.line_start]
    article = truth.article_of[truth.line_start]
    before = np.concatenate([[0], np.cumsum(lost)])
    lost_share = before[truth.line_end] - before[truth.line_start]
    gone = 2 * lost_share > truth.line_end - truth.line_start
    gone_before = np.concatenate([[0], np.cumsum(gone)])

    follows = np.zeros(count, dtype=np.bool_)
    follows[:-1] = article[:-1] == article[1:]
    in_block = follows.copy()
    in_block[:-1] &= block[:-1] == block[1:]
    whole = np.zeros(count, dtype=np.bool_)
    whole[:-1] = ~gone[:-1] & ~gone[1:]
    first, last = _line_ends(c)
    had = np.zeros(count, dtype=np.bool_)
    between = first[1:] - last[:-1] - 1
    had[:-1] = follows[:-1] & (between >= -2) & (between <= 3)

    o = np.flatnonzero(c.to_truth >= 0)
    o = o[truth.line_of[c.to_truth[o]] >= 0]
    t = c.to_truth[o]
    line = truth.line_of[t]
    turn = np.flatnonzero((line[1:] != line[:-1]) & (np.diff(o) <= 4))
    marked = np.searchsorted(c.output.gaps, o[turn + 1], "right") > np.searchsorted(
        c.output.gaps, o[turn], "right"
    )
    padded = np.concatenate([[False], lost, [False]])
    excused = padded[t[turn] + 2] | padded[t[turn + 1]]
    i, j = line[turn], line[turn + 1]
    spoilt = marked & ~excused & (j == i + 1)
    had[i[spoilt]] = False
    claimed = ~(marked & excused)
    pairs = np.unique(np.stack([i[claimed], j[claimed]], axis=1), axis=0)
    i, j = pairs[:, 0], pairs[:, 1]
    skips_lost = (i < j) & (article[i] == article[j]) & (gone_before[j] - gone_before[i + 1] == j - i - 1)
    # the pair of neighbours itself skips nothing; it is right when had, wrong when spoilt or torn apart
    wrong = ~((j == i + 1) & had[i]) & ~skips_lost

    def figures(joins: Bools) -> tuple[float, float]:
        hits = int((joins & whole & had).sum())
        missed = int((joins & whole).sum()) - hits
        false = int((wrong & joins[i]).sum())
        precision = hits / (hits + false) if hits + false else 1.0
        return precision, hits / (hits + missed) if hits + missed else 1.0

    precision, recall = figures(in_block)
    jumps = 1000 * int((wrong & follows[i]).sum()) / c.size
    return Joins(precision, recall, _f1(precision, recall), _f1(*figures(follows)), jumps)


def paragraph_precision_recall(c: Comparison) -> tuple[float, float]:
    """Are the block breaks of the output the block ends of the truth?

    A block's end stands after the last of its characters that the output has, when what is missing there was
    lost in the source or is at most three characters; likewise its beginning. Precision: breaks of the output
    (those beside furniture do not count) that stand at a block's end or beginning, give or take two
    characters. Recall: block ends of the truth, furniture left out, that have a break.
    """
    size = len(c.output.text)
    breaks = set(c.output.breaks.tolist())
    allowed: set[int] = set()
    ends: list[tuple[int, int]] = []
    there, lost = c.to_output >= 0, c.missing_in_source
    for block, (a, z) in zip(c.truth.blocks, c.truth.block_span.tolist(), strict=True):
        if block.role == "furniture" or a == z:
            continue
        t = z - 1
        while t >= a and not there[t] and (z - 1 - t < 3 or lost[t]):
            t -= 1
        if t >= a and there[t]:
            slack = min(3, z - 1 - t)
            at = int(c.to_output[t]) + 1
            ends.append((at, slack))
            allowed.update(range(at - 1, at + 2 + slack))
        t = a
        while t < z and not there[t] and (t - a < 3 or lost[t]):
            t += 1
        if t < z and there[t]:
            at = int(c.to_output[t])
            allowed.update(range(at - 1 - min(3, t - a), at + 2))
    here = np.flatnonzero(c.to_truth >= 0)
    furniture = here[c.truth.furniture[c.to_truth[here]]]
    judged = breaks.difference(furniture.tolist(), (furniture + 1).tolist())
    hits = len(judged & allowed)
    met = sum(
        at + slack >= size - 1 or any(at + d in breaks for d in range(-1, 2 + slack)) for at, slack in ends
    )
    return hits / len(judged) if judged else 1.0, met / len(ends) if ends else 1.0


def _lacunae(c: Comparison) -> list[tuple[int, int]]:
    """Runs of lost characters within one article, furniture left out."""
    mask = c.missing_in_source & c.body
    article = np.where(mask, c.truth.article_of, -1)
    edges = np.flatnonzero(np.diff(article, prepend=-2, append=-2))
    return [(int(a), int(z)) for a, z in pairwise(edges) if mask[a]]


def gap_precision_recall(c: Comparison) -> tuple[float | None, float | None]:
    """Do gap marks stand where text is lost, and is lost text marked?

    A mark is right when the aligned character before it (at most four back) stands at most two before the
    beginning of a lost run, within it or at its end, or when the character after it (at most four on) stands
    within a lost run or up to three after its end. Precision: right marks / marks. Recall: lost runs with a
    mark, of those with two or more characters and some of them in a paragraph (a single glyph may be marked
    or supplied; lost headlines count for neither side). None where there is nothing to divide by.
    """
    if c.lost is None:
        return None, None
    runs = np.array(_lacunae(c), dtype=np.int64).reshape(-1, 2)
    starts, ends = runs[:, 0], runs[:, 1]
    met = np.zeros(len(runs), dtype=np.bool_)
    correct = 0
    size = len(c.output.text)
    for g in c.output.gaps.tolist():
        left = c.to_truth[max(0, g - 4) : g][::-1]
        right = c.to_truth[g : min(size, g + 4)]
        hit = np.zeros(len(runs), dtype=np.bool_)
        if (left >= 0).any():
            after = left[left >= 0][0] + 1
            hit |= (starts - 3 <= after) & (after <= ends + 1)
        if (right >= 0).any():
            before = right[right >= 0][0] - 1
            hit |= (starts - 1 <= before) & (before <= ends + 2)
        correct += bool(hit.any())
        met |= hit
    paragraph = np.array([b.role == "p" for b in c.truth.blocks], dtype=np.bool_)[c.truth.block_of]
    counted = np.array([z - a >= 2 and bool(paragraph[a:z].any()) for a, z in runs], dtype=np.bool_)
    marks = len(c.output.gaps)
    return (
        correct / marks if marks else None,
        float(met[counted].mean()) if counted.any() else None,
    )


def false_change(c: Comparison) -> float | None:
    """Characters that the source has right and the output has not / those the source has right.

    Furniture left out; None without a source.
    """
    if c.source_right is None:
        return None
    had = c.body & c.source_right
    return float((had & ~c.right).sum() / max(1, had.sum()))


def fixed(c: Comparison) -> float | None:
    """Characters wrong or missing in the source, though not lost, that the output has right / all such.

    None without a source, or when the source has none.
    """
    if c.source_right is None:
        return None
    wrong = c.body & ~c.source_right & ~c.missing_in_source
    return float((wrong & c.right).sum() / wrong.sum()) if wrong.any() else None


def punctuation_exact(c: Comparison) -> float:
    """Punctuation and symbols that have the truth's own code point / those that the output has at all."""
    kinds = {char: unicodedata.category(char)[0] in "PS" for char in set(c.truth.raw)}
    mark = np.array([kinds[char] for char in c.truth.raw], dtype=np.bool_) & c.body & (c.to_output >= 0)
    exact = _codes(c.truth.raw)[mark] == _codes(c.output.raw)[c.to_output[mark]]
    return float(exact.sum() / max(1, len(exact)))


def kendall_tau(c: Comparison) -> float:
    """Kendall's tau-b of the order of printed lines: 1 the truth's order, 0 none, -1 the reverse.

    A line's place is the median place of its characters; lines that are not there, and furniture, are left
    out. With fewer than two lines 1.
    """
    here = np.flatnonzero((c.to_output >= 0) & c.body & (c.truth.line_of >= 0))
    lines = c.truth.line_of[here]
    edges = np.flatnonzero(np.diff(lines, prepend=-1, append=-1))
    place = np.array([np.median(c.to_output[here[a:z]]) for a, z in pairwise(edges)])
    if len(place) < 2:
        return 1.0
    signs = np.sign(place[None, :] - place[:, None])[np.triu_indices(len(place), 1)]
    untied = np.count_nonzero(signs)
    return float(signs.sum() / np.sqrt(len(signs) * untied)) if untied else 0.0


@dataclass(frozen=True)
class Scores:
    """All figures of one output. Shares are in 0..1; None where a figure has no sense (see the functions).

    Attributes:
        cer_free, cer_ordered, cer_strict: character error rates; order-free, articles in the output's order,
            in the truth's order.
        adjacency_precision, adjacency_recall, adjacency_f1: joins of printed lines in blocks.
        adjacency_articles_f1: the same over whole articles.
        false_joins_per_1000: joins no article has, per 1000 truth characters.
        paragraph_precision, paragraph_recall, paragraph_f1: block breaks.
        gap_precision, gap_recall: gap marks.
        lacunae, marks: number of lost runs, and of gap marks in the output.
        false_change, fixed: against the source.
        substitutions, deletions, insertions: the parts of `cer_free`.
        insertions_per_1000: insertions per 1000 truth characters.
        punctuation_exact: marks with the truth's code point.
        kendall_tau: order of printed lines, -1..1.
        characters, output_characters: truth without furniture, output; white space and gap marks left out.
    """

    cer_free: float
    cer_ordered: float
    cer_strict: float
    adjacency_precision: float
    adjacency_recall: float
    adjacency_f1: float
    adjacency_articles_f1: float
    false_joins_per_1000: float
    paragraph_precision: float
    paragraph_recall: float
    paragraph_f1: float
    gap_precision: float | None
    gap_recall: float | None
    lacunae: int
    marks: int
    false_change: float | None
    fixed: float | None
    substitutions: int
    deletions: int
    insertions: int
    insertions_per_1000: float
    punctuation_exact: float
    kendall_tau: float
    characters: int
    output_characters: int


def evaluate(
    truth: PageTruth,
    output: str,
    source: str | None = None,
    lost: Iterable[LostSpan] | None = None,
    blocks: Blocks = "blank",
) -> Scores:
    """Scores an output against the truth of its page.

    Args:
        truth: the page as printed.
        output: plain text, blocks parted as `blocks` says, gaps marked ``〔…〕``.
        source: the dump that was restored; needed for `false_change` and `fixed`, and unless `lost` is given
            for the gap figures.
        lost: what is known to be lost in the source, as (block id, start, end); see `read_lost`.
        blocks: ``blank``, ``newline``, or ``auto`` to judge by the share of blank lines.
    """
    c = compare(truth, output, source, lost, blocks)
    joins = adjacency(c)
    paragraph_p, paragraph_r = paragraph_precision_recall(c)
    gap_p, gap_r = gap_precision_recall(c)
    substitutions, deletions, insertions = _errors(c)
    return Scores(
        cer_free=cer_free(c),
        cer_ordered=cer_ordered(c),
        cer_strict=cer_strict(c),
        adjacency_precision=joins.precision,
        adjacency_recall=joins.recall,
        adjacency_f1=joins.f1,
        adjacency_articles_f1=joins.articles_f1,
        false_joins_per_1000=joins.false_per_1000,
        paragraph_precision=paragraph_p,
        paragraph_recall=paragraph_r,
        paragraph_f1=_f1(paragraph_p, paragraph_r),
        gap_precision=gap_p,
        gap_recall=gap_r,
        lacunae=len(_lacunae(c)),
        marks=len(c.output.gaps),
        false_change=false_change(c),
        fixed=fixed(c),
        substitutions=substitutions,
        deletions=deletions,
        insertions=insertions,
        insertions_per_1000=insertions_per_1000(c),
        punctuation_exact=punctuation_exact(c),
        kendall_tau=kendall_tau(c),
        characters=int(c.body.sum()),
        output_characters=len(c.output.text),
    )
