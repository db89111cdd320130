"""Pass ``duplicates``."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft
from restore.layout.segments import segments_of
from restore.order.geometry import ROWS, kind_of
from restore.pipeline import Tools, repair_pass
from restore.source import Codes, Span, codes_to_text
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
_NESTED = 6  # stairs whose steps are what is left of stairs
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
    page = _Page(view, np.flatnonzero((view.classes & ch.BLANK) == 0))
    if len(page.codes) < 2 * _SEED:
        return
    runs = _repetitions(page.codes)
    stairs = _stairs(page, runs)
    if stairs:
        page = page.without([(one.start, one.end) for one in stairs])
        runs = _repetitions(page.codes)
    inside = np.zeros(len(view), dtype=np.bool_)
    for span, draft in _lines(page, runs, [one.span for one in stairs], tools):
        inside[span.start : span.end] = True
        yield draft
    for one in stairs:
        if not inside[one.span.start]:
            yield one.draft()


class _Page:
    """A view without its white space; positions below count its characters, those ``at`` these offsets of the view."""

    def __init__(self, view: View, at: Ints) -> None:
        self.view, self.at = view, at
        self.codes = _wide(view.codes[self.at])
        self.classes = view.classes[self.at]
        n = len(self.at)
        self.begins = np.ones(n + 1, dtype=np.bool_)  # a line or piece of one begins here
        blank = np.concatenate(([0], np.cumsum((view.classes & ch.BLANK) > 0)))
        self.begins[1:n] = np.diff(blank[self.at]) > 0
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

    @cached_property
    def edges(self) -> Ints:
        """Where physical lines begin, and the end of the text."""
        return np.flatnonzero(self.new_line)

    @cached_property
    def has_rows(self) -> bool:
        """Whether physical lines are rows across several columns."""
        return kind_of(segments_of(self.view)) == ROWS

    def without(self, stretches: Sequence[tuple[int, int]]) -> _Page:
        """The same without some stretches ``[start, end)``."""
        keep = np.ones(len(self.at), dtype=np.bool_)
        for start, end in stretches:
            keep[start:end] = False
        return _Page(self.view, self.at[keep])

    def text(self, start: int, end: int) -> str:
        return codes_to_text(self.codes[start:end])

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
    return _whole(codes, _Runs(at[first], at[last] + _SEED, lag[first]))


def _whole(codes: Codes, runs: _Runs) -> _Runs:
    """Stretches that go on with the same lag, where a part of them occurs somewhere between as well, in one piece."""
    beyond = runs.end + runs.lag
    goes_on = np.zeros(len(runs.end), dtype=np.bool_)
    inside = np.flatnonzero(beyond < len(codes))
    goes_on[inside] = codes[runs.end[inside]] == codes[beyond[inside]]
    if not goes_on.any():
        return runs
    keep, end = np.ones(len(runs.end), dtype=np.bool_), runs.end.copy()
    reached: dict[int, int] = {}
    for k in np.flatnonzero(np.isin(runs.lag, runs.lag[goes_on])).tolist():
        lag = int(runs.lag[k])
        if int(runs.end[k]) <= reached.get(lag, 0):
            keep[k] = False
            continue
        at = int(runs.end[k])
        while goes_on[k]:
            there = codes[at + lag : at + lag + _FAR]
            same = codes[at : at + len(there)] == there
            size = len(same) if same.all() else int(same.argmin())
            at += size
            if size < _FAR:
                break
        end[k] = reached[lag] = at
    return _Runs(runs.start[keep], end[keep], runs.lag[keep])


# ---------------------------------------------------------------------- shrinking suffixes
@dataclass(frozen=True)
class _Stair:
    """A line that is repeated, each time a little shorter.

    Attributes:
        start, end: where its ever shorter ends stand.
        steps: how many these are.
        line: what is repeated.
        span: where they stand in the view.
    """

    start: int
    end: int
    steps: int
    line: str
    span: Span

    def draft(self) -> Draft:
        return Draft(
            (Delete(self.span),),
            "the line is repeated, each time a little shorter",
            Certainty.HIGH if self.steps >= _STEPS + 1 else Certainty.MEDIUM,
            1.0 - 0.5**self.steps,
            {"line": self.line, "steps": self.steps},
        )


def _stairs(page: _Page, runs: _Runs) -> list[_Stair]:
    """Lines followed by ever shorter ends of themselves; what is left of each may be such an end of the line before."""
    left: Ints = np.arange(len(page.codes))
    found: list[_Stair] = []
    for turn in range(_NESTED):
        codes = page.codes[left]
        if turn and len(codes) >= 2 * _SEED:
            runs = _repetitions(codes)
        new = list(_stairs_of(codes, page.classes[left], runs))
        if found and not new:  # what is so short is one only where there are others
            new = list(
                _short_stairs_of(codes, page.classes[left], page.begins[np.append(left, len(page.codes))])
            )
        if not new or len(codes) < 2 * _SEED:
            break
        keep = np.ones(len(left), dtype=np.bool_)
        for one in new:
            keep[one.start : one.end] = False
            found.append(replace(one, start=int(left[one.start]), end=int(left[one.end - 1]) + 1))
        left = left[keep]
    whole: list[_Stair] = []
    for one in sorted(found, key=lambda stair: (stair.start, -stair.end)):
        last = whole[-1] if whole else None
        if (
            last and one.start == last.end and not page.begins[one.start]
        ):  # goes on: one repetition for a reader
            whole[-1] = replace(last, end=one.end, steps=max(last.steps, one.steps))
        elif not last or one.start >= last.end:  # not inside one of longer steps
            whole.append(one)
    return [replace(one, span=page.span(one.start, one.end)) for one in whole]


def _stairs_of(codes: Codes, classes: NDArray[np.uint16], runs: _Runs) -> Iterator[_Stair]:
    """Stairs of a text, one behind the other."""
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
            steps, at, size, last = 1, start + lag, lag, lag
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
                steps, last = steps + 1, size
                at += size
            if steps < _STEPS and not (steps == _STEPS - 1 and last >= _FIRST_STEP):
                continue
            if ((classes[start - lag : start] & ch.CJK) > 0).sum() < _FIRST_STEP:
                continue  # a rule, a leader, the frame of a table
            done = at
            yield _Stair(start, at, steps, codes_to_text(codes[start - lag : start]), Span(0, 0))
            break


def _short_stairs_of(
    codes: Codes, classes: NDArray[np.uint16], begins: NDArray[np.bool_]
) -> Iterator[_Stair]:
    """The same of the last two or three characters of a piece, or of its stop: ``天晴。天晴。晴。。``."""
    n = len(codes)
    for size in (3, 2, 1):
        # the last characters themselves, all of them again, all but the first, and so on
        parts = [np.arange(size), *(np.arange(k, size) for k in range(size))]
        wanted = np.concatenate(parts)
        if n < len(wanted):
            continue
        windows = np.lib.stride_tricks.sliding_window_view(codes, len(wanted))
        ends = begins[len(wanted) :] & ((classes[size - 1 : size - 1 + len(windows)] & ch.STOP) > 0)
        for k in np.flatnonzero(ends).tolist():
            if (windows[k] == windows[k][wanted]).all():
                yield _Stair(k + size, k + len(wanted), size, codes_to_text(codes[k : k + size]), Span(0, 0))


# ---------------------------------------------------------------------- the same line twice
def _lines(page: _Page, runs: _Runs, stairs: Sequence[Span], tools: Tools) -> Iterator[tuple[Span, Draft]]:
    """Lines that stand twice, and what of the view goes with the copy; ``stairs``: what goes anyway."""
    done = -1
    taken = np.zeros(len(page.codes), dtype=np.bool_)
    deleted, stair = (np.zeros(len(page.view), dtype=np.bool_) for _ in range(2))
    for span in stairs:
        stair[span.start : span.end] = True
    for first, last in _clusters(page, runs):
        pair = _snap(
            page, int(runs.start[first]), int(runs.end[last]), int(runs.lag[first]), int(runs.lag[last])
        )
        if pair is None:
            continue
        a, a_end, b, b_end = pair
        if a < done or taken[a:a_end].any() or taken[b:b_end].any():
            continue
        judged = _judge(page, a, a_end, b, b_end, tools)
        if judged is not None:
            span, draft = judged
            low = draft.certainty == Certainty.LOW
            if deleted[span.start : span.end].any() or (low and stair[span.start : span.end].any()):
                continue  # white space, or what is only shown
            deleted[span.start : span.end] = True
            taken[b:b_end] = True
            if not low:
                taken[a:a_end] = True
            done = a
            yield span, draft


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


def _judge(page: _Page, a: int, a_end: int, b: int, b_end: int, tools: Tools) -> tuple[Span, Draft] | None:
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
        if (sentence and size < 10) or (whole and size < 16) or _lead(page, a, a_end, b, b_end):
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
    return span, Draft((Delete(span),), message, level, alike, evidence)


def _label(page: _Page, start: int, end: int, again: int) -> bool:
    """Whether a line looks like the label of a series: a short line of its own, far from filling the measure."""
    return bool(page.new_line[start] and page.new_line[again]) and _narrow(page, start, end)


def _narrow(page: _Page, start: int, end: int) -> bool:
    """Whether a line is short, far from filling the measure, and has no mark that parts sentences."""
    short = end - start <= min(_LABEL, _NARROW * page.measure)
    return short and not (page.classes[start:end] & (ch.STOP | ch.COMMA)).any()


def _lead(page: _Page, start: int, end: int, again: int, again_end: int) -> bool:
    """Whether a line looks like a headline, and what stands again like the lead that takes it up: that goes on, or ends in a stop."""
    blocks = page.new_block[start] and page.new_block[end] and page.new_block[again]
    headline = not page.classes[end - 1] & ch.STOP
    goes_on = not page.new_line[again_end] or page.classes[again_end - 1] & ch.STOP
    return bool(blocks and headline and goes_on)


def _longer(one: str, two: str) -> bool:
    """Whether one of two readings goes on before or behind the other."""
    return any(
        op.tag != "replace"
        and (
            (op.src_pos, op.dest_pos) == (0, 0)
            or (len(one) - op.src_pos, len(two) - op.dest_pos) in ((1, 0), (0, 1))
        )
        for op in Levenshtein.editops(one, two)
    )


def _abreast(page: _Page, start: int, end: int, again: int, again_end: int) -> bool:
    """Whether two copies may stand in two columns: labels of a series over articles side by side, or lines that begin alike."""
    if page.has_rows:
        return not page.new_line[again] or _narrow(page, start, end)
    if page.new_line[again]:
        return False
    before = int(page.edges.searchsorted(start, "right")) - 1
    line = page.text(int(page.edges[before]), int(page.edges[page.edges.searchsorted(again_end)]))
    one = page.text(start, end)
    return _narrow(page, start, end) and line == one * (len(line) // len(one))


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
