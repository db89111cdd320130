"""Pass ``duplicates``."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft
from restore.layout.segments import segments_of
from restore.order.geometry import ROWS, kind_of
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span
from restore.view import View

Ints = NDArray[np.int64]

_SEED = 4  # characters that two copies must have in a row somewhere
_SHORTEST = 5  # characters of a line worth calling repeated
_FAR = 40  # characters of a paragraph that is repeated elsewhere
_NEAR_LINES = 2  # lines that may stand between a line and its repetition
_LONGEST_LINE = 120
_REACH = 3 * _LONGEST_LINE
_ALIKE, _ALIKE_SHORT = 0.8, 0.85
_NEVER = -16.0  # log P of a confusion that is not in the table
_EVEN = 0.6  # nats per character between two readings that are equally good
_SLACK = 6  # characters by which recognition errors at the edges may hide where a copy begins or ends
_STEPS, _FIRST_STEP = 3, 3
_LABEL, _NARROW = 16, 0.8  # most characters of a series' label, and share of the measure it may fill

_MARKS = str.maketrans(",:;?!()", "，：；？！（）")


@repair_pass(after=["encoding", "markup"])
def duplicates(view: View, tools: Tools) -> Iterator[Draft]:
    """Lines and paragraphs that stand in the dump twice.

    Repairs: a line that follows itself, also when it was recognised twice with different errors (the better
    reading stays); a line written again and again, each time a little shorter; whole paragraphs repeated.
    Why it happens: layout models find a line in two overlapping boxes; converters print text that a PDF draws
    in several layers, or a clipped line once per clip.
    Example: ``山村看变化村看变化看变化变化化`` becomes ``山村看变化``.
    When it is wrong: refrains, slogans and pull quotes are printed twice on purpose; short lines that are whole
    sentences of their own are therefore only shown, and so is a short line that stands again after another line,
    which may be the label of a series over the next headline.
    """
    if not (view.classes & ch.CJK).any():
        return
    page = _Page(view)
    if len(page.codes) < 2 * _SEED:
        return
    runs = _repetitions(page.codes)
    taken = np.zeros(len(page.codes), dtype=np.bool_)
    yield from _stairs(page, runs, taken)
    yield from _lines(page, runs, taken, tools)


class _Page:
    """A view without its white space; positions below count its characters."""

    def __init__(self, view: View) -> None:
        self.view = view
        solid = (view.classes & ch.BLANK) == 0
        self.at: Ints = np.flatnonzero(solid)
        self.codes = _wide(view.codes[self.at])
        self.classes = view.classes[self.at]
        n = len(self.at)
        self.begins = np.ones(n + 1, dtype=np.bool_)  # a line or piece of one begins here
        self.begins[1:n] = np.diff(self.at) > 1
        breaks = np.concatenate(([0], np.cumsum((view.classes & ch.NEWLINE) > 0)))
        between = np.zeros(n + 1, dtype=np.int64)
        if n:
            between[1:n] = breaks[self.at[1:]] - breaks[self.at[:-1]]
        between[0] = between[n] = 2
        self.new_line = between > 0
        self.new_block = between > 1
        self.places: Ints = np.flatnonzero(self.begins)
        # the length of line that half of the text stands in lines no longer than
        sizes = np.sort(np.diff(self.places))
        reached = np.cumsum(sizes)
        self.measure = int(sizes[np.searchsorted(reached, reached[-1] / 2)]) if len(sizes) else 0
        self._places: list[int] = self.places.tolist()  # single ones are looked up quicker in a list

    def text(self, start: int, end: int) -> str:
        return self.codes[start:end].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

    def span(self, start: int, end: int) -> Span:
        """View span of characters ``[start, end)``."""
        return Span(int(self.at[start]), int(self.at[end - 1]) + 1)

    def beside(self, positions: Ints, within: int) -> NDArray[np.bool_]:
        """Whether a piece begins at most ``within`` away."""
        found = np.searchsorted(self.places, positions - within, side="left")
        out: NDArray[np.bool_] = self.places[np.minimum(found, len(self.places) - 1)] <= positions + within
        return out

    def nearest(self, position: int, within: int) -> list[int]:
        """Places where a piece begins or the text ends, at most ``within`` away, nearest first."""
        lo = bisect_left(self._places, position - within)
        hi = bisect_left(self._places, position + within + 1, lo)
        return sorted(self._places[lo:hi], key=lambda p: abs(p - position))


def _wide(codes: Codes) -> Codes:
    """ASCII marks as full-width ones: two readings of a line may differ in that."""
    table = np.arange(128, dtype=np.uint32)
    for half, full in _MARKS.items():
        table[half] = ord(full) if isinstance(full, str) else int(full or 0)
    return np.where(codes < 128, table[np.minimum(codes, 127)], codes).astype(np.uint32)


@dataclass(frozen=True)
class _Runs:
    """Stretches that occur again: ``[start, end)`` is also at ``start + lag``. Shapes ``(n,)``, by start."""

    start: Ints
    end: Ints
    lag: Ints


def _repetitions(codes: Codes) -> _Runs:
    """Every stretch of at least `_SEED` characters with its next occurrence."""
    n = len(codes) - _SEED + 1
    key = np.zeros(n, dtype=np.uint64)
    for k in range(_SEED):
        key = (key << np.uint64(16)) | (codes[k : k + n] & np.uint32(0xFFFF)).astype(np.uint64)
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    at, lag = order[same], order[same + 1] - order[same]
    by = np.argsort(at, kind="stable")
    at, lag = at[by], lag[by]
    if not len(at):
        empty = np.empty(0, dtype=np.int64)
        return _Runs(empty, empty, empty)
    cut = np.flatnonzero((np.diff(at) != 1) | (np.diff(lag) != 0)) + 1
    first = np.concatenate(([0], cut))
    last = np.append(cut, len(at)) - 1
    return _Runs(at[first], at[last] + _SEED, lag[first])


# ---------------------------------------------------------------------- shrinking suffixes
def _stairs(page: _Page, runs: _Runs, taken: NDArray[np.bool_]) -> Iterator[Draft]:
    """A line followed by ever shorter ends of itself."""
    codes = page.codes
    n = len(codes)
    square = (runs.end - runs.start >= runs.lag) & (runs.lag <= _LONGEST_LINE)
    done = 0
    for a, b, lag in zip(
        runs.start[square].tolist(), runs.end[square].tolist(), runs.lag[square].tolist(), strict=True
    ):
        # inside a long run every period is like the first: only its beginning and its end are looked at
        starts: Sequence[int] = range(max(a + lag, done), b + 1)
        if b - a > 6 * lag:
            inner = starts[: 2 * lag + 1], starts[max(2 * lag + 1, len(starts) - 3 * lag) :]
            starts = [*inner[0], *inner[1]]
        for start in starts:
            if start + lag > n or not (codes[start - lag : start] == codes[start : start + lag]).all():
                continue
            steps, at, size = [lag], start + lag, lag
            while size > 1:
                size = next(
                    (
                        k
                        for k in range(min(size - 1, n - at), 0, -1)
                        if (codes[at - k : at] == codes[at : at + k]).all()
                    ),
                    0,
                )
                if not size:
                    break
                steps.append(size)
                at += size
            if len(steps) < _STEPS and not (len(steps) == _STEPS - 1 and steps[-1] >= _FIRST_STEP):
                continue
            if ((page.classes[start - lag : start] & ch.CJK) > 0).sum() < _FIRST_STEP:
                continue  # a rule, a leader, the frame of a table
            taken[start - lag : at] = True
            done = at
            yield Draft(
                (Delete(page.span(start, at)),),
                "the line is repeated, each time a little shorter",
                Certainty.HIGH if len(steps) >= _STEPS + 1 else Certainty.MEDIUM,
                1.0 - 0.5 ** len(steps),
                {"line": page.text(start - lag, start), "steps": len(steps)},
            )
            break


# ---------------------------------------------------------------------- the same line twice
def _lines(page: _Page, runs: _Runs, taken: NDArray[np.bool_], tools: Tools) -> Iterator[Draft]:
    done = -1
    deleted = np.zeros(len(page.view), dtype=np.bool_)
    for first, last in _clusters(page, runs):
        pair = _snap(
            page, int(runs.start[first]), int(runs.end[last]), int(runs.lag[first]), int(runs.lag[last])
        )
        if pair is None:
            continue
        a, a_end, b, b_end = pair
        if a < done or taken[a:a_end].any() or taken[b:b_end].any():
            continue
        draft = _judge(page, a, a_end, b, b_end, tools)
        if draft is not None:
            span = draft.edits[0].span
            if deleted[span.start : span.end].any():  # white space, or what is only shown
                continue
            deleted[span.start : span.end] = True
            if draft.certainty > Certainty.LOW:
                taken[a:a_end] = True
                taken[b:b_end] = True
            else:
                taken[b:b_end] = True
            done = a
            yield draft


def _clusters(page: _Page, runs: _Runs) -> list[tuple[int, int]]:
    """Runs ``[first, last]`` of one repetition each: a wrong glyph parts them, a lost one shifts the lag."""
    keep = (runs.lag <= _REACH) | (runs.end - runs.start >= _FAR // 2)
    # both copies begin near the beginning of a line; a set phrase that recurs in running text does not
    keep_start = page.beside(runs.start, _SLACK) & page.beside(runs.start + runs.lag, _SLACK + 3)
    near = np.flatnonzero(keep)
    if not len(near):
        return []
    lag, start, end = runs.lag[near], runs.start[near], runs.end[near]
    apart = np.ones(len(near), dtype=np.bool_)
    apart[1:] = (np.abs(np.diff(lag)) > 2) | (start[1:] - end[:-1] > 2 * _SLACK)
    first = np.maximum.accumulate(np.where(apart, np.arange(len(near)), 0))
    # two lines in a row, each printed twice, have one lag
    turn = (start - start[first]) // np.maximum(lag[first] - 2, 1)
    apart[1:] |= np.diff(turn) > 0
    begins = np.flatnonzero(apart)
    ends = np.append(begins[1:], len(near)) - 1
    good = keep_start[near[begins]]
    return list(zip(near[begins[good]].tolist(), near[ends[good]].tolist(), strict=True))


def _snap(page: _Page, start: int, end: int, lag: int, last_lag: int) -> tuple[int, int, int, int] | None:
    """The two lines a repetition lies in: both copies begin and end where lines do."""
    if end - start > min(lag, last_lag):
        end = start + min(lag, last_lag)
    for a in page.nearest(start, _SLACK):
        for b in page.nearest(a + lag, 3):
            if b <= a:
                continue
            ends_b = page.nearest(end + last_lag, _SLACK)
            ends_a = [b] if abs(b - end) <= _SLACK else page.nearest(end, _SLACK)
            for b_end in ends_b:
                for a_end in ends_a:
                    if a < a_end <= b < b_end and abs((a_end - a) - (b_end - b)) <= max(2, (b_end - b) // 8):
                        return a, a_end, b, b_end
    return None


def _judge(page: _Page, a: int, a_end: int, b: int, b_end: int, tools: Tools) -> Draft | None:
    one, two = page.text(a, a_end), page.text(b, b_end)
    size = min(len(one), len(two))
    between = int(page.begins[a_end:b].sum())
    if size < _SHORTEST or not ((page.classes[a:a_end] & ch.CJK) > 0).sum() >= _SHORTEST - 1:
        return None
    if _digits(one) != _digits(two):
        return None  # rows of a table, results of matches
    alike = 1.0 if one == two else _alike(one, two)
    blocks = size >= _FAR and all(page.new_block[p] for p in (a, a_end, b, b_end))
    near = between <= _NEAR_LINES and size <= _LONGEST_LINE and not blocks
    if near:
        if alike < (_ALIKE if size >= 16 else _ALIKE_SHORT if size >= 8 else 1 - 1.01 / size):
            return None
    elif not blocks or alike < 0.9:
        return None
    whole = bool(page.new_line[a] and page.new_line[a_end] and page.new_line[b] and page.new_line[b_end])
    sentence = _closes(page, a) and _closes(page, a_end)
    if near and between == 0:
        level = Certainty.HIGH if alike == 1 and not sentence and not whole else Certainty.MEDIUM
        if (sentence and size < 10) or (whole and size < 16):
            level = Certainty.LOW
        if (alike < 1 and size < 8) or _abreast(page, a, a_end, b, b_end):
            level = Certainty.LOW
    elif near:
        sure = not sentence and size >= 8 and alike >= 0.9 and not _label(page, a, a_end, b)
        sure = (
            sure and one[0] == two[0] and one[-1] == two[-1]
        )  # the lead of an article takes up its headline
        level = Certainty.MEDIUM if sure else Certainty.LOW
    else:
        level = Certainty.MEDIUM if alike >= 0.98 else Certainty.LOW
    evidence: dict[str, Any] = {"line": one, "again": two, "alike": round(alike, 3), "lines_between": between}
    drop_first = False
    if one != two:
        scores = [_fluency(page, x, y, tools) for x, y in ((a, a_end), (b, b_end))]
        evidence["nats_per_character"] = [round(s, 2) for s in scores]
        drop_first = scores[1] > scores[0]
        if not _misread(one, two, tools) and abs(scores[0] - scores[1]) < _EVEN:
            level = Certainty.LOW  # parallel phrases, both good
    if drop_first:
        stop = int(page.at[b]) if between == 0 else int(page.at[min(a_end, len(page.at) - 1)])
        span = Span(int(page.at[a]), stop)
    else:
        span = Span(int(page.at[b - 1]) + 1, int(page.at[b_end - 1]) + 1)
    message = "the line stands here twice" if near else "the paragraph is repeated"
    if one != two:
        message += ", recognised differently; the better reading stays"
    return Draft((Delete(span),), message, level, alike, evidence)


def _label(page: _Page, start: int, end: int, again: int) -> bool:
    """Whether a line looks like the label of a series: a short line of its own, far from filling the measure."""
    size = end - start
    return bool(
        size <= min(_LABEL, _NARROW * page.measure)
        and page.new_line[start]
        and page.new_line[again]
        and not (page.classes[start:end] & ch.STOP).any()
    )


def _abreast(page: _Page, start: int, end: int, again: int, again_end: int) -> bool:
    """Whether two copies may stand in two columns: labels of a series over articles side by side, or lines that begin alike."""
    if kind_of(segments_of(page.view)) == ROWS:
        return not page.new_line[again] or end - start <= _LABEL
    if page.new_line[again]:
        return False
    edges = np.flatnonzero(page.new_line)
    line = page.text(int(edges[edges <= start][-1]), int(edges[edges >= again_end][0]))
    one = page.text(start, end)
    return end - start <= _LABEL and line == one * (len(line) // len(one))


def _misread(one: str, two: str, tools: Tools) -> bool:
    """Whether every exchanged pair of ideographs is one that recognition exchanges."""
    pairs = [
        (ord(one[op.src_pos]), ord(two[op.dest_pos]))
        for op in Levenshtein.editops(one, two)
        if op.tag == "replace" and not one[op.src_pos].isascii() and not two[op.dest_pos].isascii()
    ]
    if not pairs:
        return True
    left, right = np.array(pairs, dtype=np.uint32).T
    table = tools.language.confusables
    either = np.maximum(
        table.log_seen_given_true(left, right, _NEVER), table.log_seen_given_true(right, left, _NEVER)
    )
    return bool((either > _NEVER).all())


def _alike(one: str, two: str) -> float:
    """Similarity of two readings of a line; a letter or mark in place of an ideograph tells little against it."""
    cost = 0.0
    for op in Levenshtein.editops(one, two):
        pair = (
            one[op.src_pos : op.src_pos + (op.tag != "insert")]
            + two[op.dest_pos : op.dest_pos + (op.tag != "delete")]
        )
        cost += 1.0 if all(c.isalpha() and not c.isascii() for c in pair) else 0.25
    return 1.0 - cost / max(len(one), len(two))


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _closes(page: _Page, position: int) -> bool:
    """Whether a sentence ends before a position."""
    return bool(position == 0 or page.new_block[position] or page.classes[position - 1] & ch.STOP)


def _fluency(page: _Page, start: int, end: int, tools: Tools) -> float:
    """Log probability of a line per character, with one character before it."""
    model = tools.language.model
    ids = model.encode(page.text(start, end))
    padded = np.concatenate((np.full(3, model.bos, dtype=ids.dtype), ids))
    context = np.stack([padded[k : k + len(ids)] for k in range(3)], axis=1)
    return float(model.logp_given(context, ids[:, None])[3:, 0].mean()) if len(ids) > 3 else 0.0
