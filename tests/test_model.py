"""The correction model: random texts, random corrections several passes deep, random judgements.

``HYPOTHESIS_PROFILE=thorough pytest tests/test_model.py`` runs more than 20,000 examples in total.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restore import record as records
from restore.correction import (
    GAP_MARK,
    Batch,
    Certainty,
    CorrectionError,
    Delete,
    Draft,
    Gap,
    Insert,
    Move,
    Replace,
)
from restore.ledger import AFTER, BEFORE, BODY, Ledger, render
from restore.pipeline import Pipeline, Settings, Tools
from restore.recorder import record
from restore.restoration import Restoration
from restore.source import Source, Span
from restore.view import View

_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile(
    "fast", max_examples=60, deadline=None, derandomize=True, suppress_health_check=_QUIET
)
settings.register_profile("thorough", max_examples=4000, deadline=None, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

ALPHABETS = (
    "党的基层组织人人为公里裏",  # Han
    "かなカナー々",
    "나룻배는아침",
    "abc XYZé",
    "0123456789０１２",
    "，。、；：？！“”‘’（）《》…—,.;:?!()\"'-",
    " \u3000\t\u00a0",
    "\n\r\f\u0085\u2028",
    "\x00\x07\x1b\u200b\ufeff\u202e",
    "𠮷𩸽😀",
    "e\u0301ガ\u3099\ufe0f",
    "\ud800\udc80\udcff\udfff",  # lone surrogates: bytes that could not be decoded
)
characters = st.one_of(*(st.sampled_from(alphabet) for alphabet in ALPHABETS), st.characters())
texts = st.text(characters, max_size=30)
words = st.text(characters, min_size=1, max_size=4)


# ---------------------------------------------------------------------- what a pass should do, said plainly
@dataclass
class Cell:
    """A character of a view with what the pass attaches to it."""

    text: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def expected(text: str, drafts: list[Draft]) -> str:
    """The text that these drafts make of a view, character by character; the model that NumPy code must agree with."""
    cells = [Cell(c) for c in text]
    head: list[str] = []
    moves: list[tuple[int, float, int, int]] = []
    for draft in drafts:
        for edit in draft.edits:
            match edit:
                case Delete(span):
                    for k in range(*span):
                        cells[k].text = ""
                case Replace(span, new):
                    for k in range(*span):
                        cells[k].text = ""
                    cells[span.start].text = new
                case Insert(at, new, after):
                    word = GAP_MARK if isinstance(new, Gap) else new
                    if not cells:
                        head.append(word)
                    elif (after and at > 0) or at == len(cells):
                        cells[at - 1].after.append(word)
                    else:
                        cells[at].before.append(word)
                case Move(span, to, rank):
                    moves.append((to, rank, span.start, span.end))
    key: list[tuple[float, float]] = [(k, np.inf) for k in range(len(cells))]
    for to, rank, start, end in moves:
        for k in range(start, end):
            key[k] = (to, rank)
    order = sorted(range(len(cells)), key=lambda k: key[k])
    return "".join(head) + "".join("".join((*cells[k].before, cells[k].text, *cells[k].after)) for k in order)


def slot_edges(view: View, ledger: Ledger) -> list[int]:
    """View offsets at which text can be cut for moving: not between a character and the texts that go with it."""
    return [k for k in range(len(view) + 1) if k in (0, len(view)) or view.origin[k] != view.origin[k - 1]]


# ---------------------------------------------------------------------- random passes
@st.composite
def rewrites(draw: st.DrawFn, n: int) -> list[Draft | Batch]:
    """Disjoint deletions, replacements and insertions on a view of ``n`` characters, as drafts and as batches."""
    cuts = [*sorted(draw(st.lists(st.integers(0, n), max_size=8))), n + 1]
    edits: list[Delete | Replace | Insert] = []
    for a, b in itertools.pairwise(cuts):
        kind = draw(st.sampled_from(("delete", "replace", "insert", "gap", "nothing")))
        if a == b or (edits and isinstance(edits[-1], Insert) and edits[-1].at == a):
            continue  # which of two insertions at one place comes first is not said
        if kind == "insert":
            edits.append(Insert(a, draw(words), draw(st.booleans())))
        elif kind == "gap":
            edits.append(Insert(a, Gap(1.0, 9.0), draw(st.booleans())))
        elif b > n:
            continue
        elif kind == "delete":
            edits.append(Delete(Span(a, b)))
        elif kind == "replace":
            edits.append(Replace(Span(a, b), draw(words)))
    if draw(st.booleans()) and all(not (isinstance(e, Insert) and isinstance(e.text, Gap)) for e in edits):
        return [as_batch(edits, draw(certainties), after) for after in (True, False) if chosen(edits, after)]
    out: list[Draft | Batch] = []
    while edits:
        size = draw(st.integers(1, 3))
        mine, edits = edits[:size], edits[size:]
        out.append(
            Draft(tuple(mine), "because", draw(certainties), 0.5, {"seen": "\udc80" if len(mine) > 2 else 1})
        )
    return draw(st.permutations(out))


certainties = st.sampled_from((Certainty.HIGH, Certainty.HIGH, Certainty.MEDIUM, Certainty.LOW))


def chosen(edits: list[Any], after: bool) -> list[Any]:
    return [e for e in edits if (e.after if isinstance(e, Insert) else True) == after]


def as_batch(edits: list[Any], certainty: Certainty, after: bool) -> Batch:
    mine = chosen(edits, after)
    spans = [(e.at, e.at) if isinstance(e, Insert) else tuple(e.span) for e in mine]
    pool = ["", *dict.fromkeys(getattr(e, "text", "") for e in mine)]
    start, end = np.array(spans, dtype=np.int64).T
    index = np.array([pool.index(getattr(e, "text", "")) for e in mine])
    return Batch(start, end, index, pool, ["because"], 0, certainty, 0.5, after)


def as_drafts(found: list[Draft | Batch]) -> list[Draft]:
    out = []
    for one in found:
        if isinstance(one, Draft):
            out.append(one)
            continue
        for a, b, k in zip(
            one.start.tolist(), one.end.tolist(), np.broadcast_to(one.text, len(one)), strict=True
        ):
            text = one.texts[int(k)]
            edit = (
                Insert(a, text, one.after)
                if a == b
                else Replace(Span(a, b), text)
                if text
                else Delete(Span(a, b))
            )
            out.append(Draft((edit,), "", Certainty(int(np.asarray(one.certainty)))))
    return out


@st.composite
def moves(draw: st.DrawFn, view: View, edges: list[int]) -> list[Draft]:
    """Disjoint moves between places where a view can be cut; what moves has a character of the source's own."""
    cuts = sorted(draw(st.lists(st.sampled_from(edges), max_size=6, unique=True)))
    out = []
    for rank, (a, b) in enumerate(itertools.pairwise(cuts)):
        if draw(st.booleans()) and (view.owner[a:b] < 0).any():
            out.append(
                Draft(
                    (Move(Span(a, b), draw(st.sampled_from(edges)), float(rank)),),
                    "line moved",
                    draw(certainties),
                )
            )
    return out


class Random:
    """A pass that finds what hypothesis draws."""

    def __init__(self, name: str, draw: Callable[[Any], Any], kinds: str = "rewrite move both") -> None:
        self.name = name
        self.draw = draw
        self.kinds = kinds.split()

    def find(self, view: View, tools: Tools) -> Iterator[Draft | Batch]:
        """Random repairs."""
        kind = self.draw(st.sampled_from(self.kinds))
        if kind != "move":
            yield from self.draw(rewrites(len(view)))
        if kind != "rewrite":
            yield from self.draw(moves(view, list(range(len(view) + 1))))


def restored(data: st.DataObject, text: str | None = None) -> Restoration:
    text = data.draw(texts) if text is None else text
    passes = [Random(f"pass{k}", data.draw) for k in range(data.draw(st.integers(1, 4)))]
    return Pipeline(passes).run(Source(text), Settings(fast=True))


def judged(data: st.DataObject, restoration: Restoration) -> Restoration:
    """A random subset accepted and rejected."""
    for index in data.draw(st.lists(st.integers(0, max(len(restoration.corrections) - 1, 0)), max_size=8)):
        if index < len(restoration.corrections):
            decide = restoration.accept if data.draw(st.booleans()) else restoration.reject
            restoration = decide(index)
    return restoration


# ---------------------------------------------------------------------- what was said is what is done
def one_step(source: Source, ledger: Ledger, view: View, name: str, found: list[Draft | Batch]) -> View:
    first, _, places = record(view, ledger, name, found)
    applied = np.ones(ledger.n_corrections, dtype=np.bool_)
    return view.after(ledger, first, applied, places) if found else View.of(source, ledger, applied)


@given(st.data())
def test_rewrites_do_what_they_say(data: st.DataObject) -> None:
    source, ledger = Source(data.draw(texts)), Ledger()
    view = View.of(source)
    for k in range(data.draw(st.integers(1, 4))):
        found = data.draw(rewrites(len(view)))
        want = expected(view.text, sorted(as_drafts(found), key=lambda draft: 0))
        before = view.text
        view = one_step(source, ledger, view, f"pass{k}", found)
        assert sorted(view.text) == sorted(want), before
        assert view.text == want, before


@given(st.data())
def test_rendering_pass_by_pass_is_rendering_at_once(data: st.DataObject) -> None:
    restoration = restored(data)
    stepwise = restoration.rendering
    at_once = render(restoration.source.codes, restoration.ledger, restoration.accepted)
    for column in ("codes", "origin", "owner", "hidden"):
        assert np.array_equal(getattr(stepwise, column), getattr(at_once, column)), column
    restoration.check()


@given(st.data())
def test_moves_do_what_they_say(data: st.DataObject) -> None:
    source, ledger = Source(data.draw(texts)), Ledger()
    view = View.of(source)
    for k in range(data.draw(st.integers(1, 3))):
        edges = slot_edges(view, ledger)
        r = view.rendering
        if r.key_rank is not None and r.key_to is not None:  # a line that moved is not moved into; see Move
            at = np.minimum(view.origin, len(source.text) - 1)
            edges = [
                e
                for e in edges
                if not 0 < e < len(view)
                or not np.isfinite(r.key_rank[at[e]])
                or r.key_to[at[e]] != r.key_to[at[e - 1]]
                or r.key_rank[at[e]] != r.key_rank[at[e - 1]]
            ]
        found: list[Draft | Batch] = list(data.draw(moves(view, edges)))
        if data.draw(st.booleans()):
            found += data.draw(rewrites(len(view)))
            want = None if ledger.n_corrections else expected(view.text, as_drafts(found))
        else:
            want = expected(view.text, as_drafts(found))
        view = one_step(source, ledger, view, f"pass{k}", found)
        if want is not None:
            assert view.text == want


# ---------------------------------------------------------------------- invariants 1 and 2
def accounted_for(restoration: Restoration) -> None:
    """Invariant 1, told from edits and texts alone."""
    source, ledger, accepted = restoration.source.text, restoration.ledger, restoration.accepted
    r = restoration.rendering
    deleted = set()
    for one in restoration.corrections:
        if one.applied:
            for edit in one.edits:
                if isinstance(edit, Delete | Replace):
                    deleted |= set(range(*edit.span))
    shown = [int(o) for o, w in zip(r.origin, r.owner, strict=True) if w < 0]
    assert sorted(shown) == [k for k in range(len(source)) if k not in deleted]
    text = restoration.text
    supplied: dict[int, str] = {}
    for char, origin, owner in zip(text, r.origin.tolist(), r.owner.tolist(), strict=True):
        if owner < 0:
            assert char == source[origin]
        else:
            assert accepted[ledger.edits["corr"][owner]]
            supplied[owner] = supplied.get(owner, "") + char
    covered = set(ledger.edits["over"][accepted[ledger.edits["corr"]]].tolist())
    for row in range(ledger.n_edits):
        given_text = ledger.texts[int(ledger.edits["text"][row])]
        if accepted[ledger.edits["corr"][row]] and row not in covered:
            assert supplied.pop(row, "") == given_text
    assert not supplied


@given(st.data())
def test_nothing_vanishes_and_nothing_is_invented(data: st.DataObject) -> None:
    restoration = restored(data)
    restoration.check()
    accounted_for(restoration)


@given(st.data())
def test_any_subset_applies_and_reverts(data: st.DataObject) -> None:
    restoration = restored(data)
    source = restoration.source.text
    some = judged(data, restoration)
    some.check()
    accounted_for(some)
    assert some.revert() == source
    accepted = some.accepted
    for later, earlier in [*some.ledger.builds_on.items(), *some.ledger.requires.items()]:
        assert not accepted[later] or accepted[list(earlier)].all()
    nothing = restoration.reject(*range(len(restoration.corrections)))
    assert nothing.text == source
    assert not nothing.changed


@given(st.data())
def test_accepting_brings_foundations_and_rejecting_takes_dependents(data: st.DataObject) -> None:
    restoration = restored(data)
    n = len(restoration.corrections)
    if not n:
        return
    index = data.draw(st.integers(0, n - 1))
    taken = restoration.accept(index)
    assert taken.accepted[[index, *restoration.ledger.foundations(index)]].all()
    dropped = restoration.reject(index)
    fallen = {index, *(one.index for one in restoration.dependents(index))}
    assert not dropped.accepted[sorted(fallen)].any()
    assert all(dropped.accepted[i] == restoration.accepted[i] for i in range(n) if i not in fallen)
    assert dropped.undecided(index).text == restoration.text


@given(st.data())
def test_a_move_and_its_undoing_leave_the_other_lines_alone(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.text("甲乙丙丁", min_size=1, max_size=3), min_size=2, max_size=6))
    text = "\n".join(lines)
    edges = [0, *(k + 1 for k, c in enumerate(text) if c == "\n"), len(text)]
    source, ledger = Source(text), Ledger()
    record(View.of(source), ledger, "order", data.draw(moves(View.of(source), edges)))
    restoration = Restoration(source, ledger, Certainty.LOW)
    keep = data.draw(st.sets(st.integers(0, max(ledger.n_corrections - 1, 0))))
    some = restoration.reject(*(i for i in range(ledger.n_corrections) if i not in keep))
    moved = {
        k
        for i in keep
        if i < ledger.n_corrections
        for e in restoration.corrections[i].edits
        if isinstance(e, Move)
        for k in range(*e.span)
    }
    origin = some.rendering.origin.tolist()
    assert [o for o in origin if o not in moved] == [k for k in range(len(text)) if k not in moved]


# ---------------------------------------------------------------------- invariant 3
@given(texts)
def test_formatting_applies_nothing_to_its_own_result(text: str) -> None:
    once = Pipeline.preset("formatting").run(text)
    again = Pipeline.preset("formatting").run(once.text)
    assert again.text == once.text
    assert not again.changed, [c.explain() for c in again.corrections if c.applied]


# ---------------------------------------------------------------------- invariant 4, ids
@given(st.data())
def test_the_record_replays(data: st.DataObject) -> None:
    restoration = judged(data, restored(data))
    again = records.loads(records.dumps(restoration))
    assert again.text == restoration.text
    assert again.source.text == restoration.source.text
    assert again.ledger.texts == restoration.ledger.texts
    assert (again.accepted == restoration.accepted).all()
    assert records.dumps(again) == records.dumps(restoration)
    assert again.ledger.identifiers == restoration.ledger.identifiers
    records.check_replay(restoration)


@given(st.data())
def test_ids_are_one_each_and_do_not_depend_on_decisions(data: st.DataObject) -> None:
    restoration = restored(data)
    ids = restoration.ledger.identifiers
    assert len(set(ids)) == len(ids)
    assert [c.id for c in restoration.corrections] == ids
    some = judged(data, restoration)
    assert some.ledger.identifiers == ids
    for index, identifier in enumerate(ids):
        assert some.index_of(identifier) == index


@given(texts)
def test_ids_are_the_same_in_every_run(text: str) -> None:
    runs = [Pipeline.preset("formatting").run(text).ledger.identifiers for _ in range(2)]
    assert runs[0] == runs[1]


# ---------------------------------------------------------------------- invariant 5
@given(st.data())
def test_a_gap_is_a_mark_and_no_text(data: st.DataObject) -> None:
    source, ledger = Source(data.draw(texts)), Ledger()
    view = View.of(source)
    at = data.draw(st.lists(st.integers(0, len(view)), min_size=1, max_size=4, unique=True))
    record(view, ledger, "gaps", [Draft((Insert(k, Gap(2.0, 9.0)),), "text is lost") for k in at])
    restoration = Restoration(source, ledger)
    assert restoration.text.count(GAP_MARK) >= len(at)
    assert len(restoration.text) == len(source.text) + len(at) * len(GAP_MARK)
    for one in restoration.corrections:
        assert one.edits[0].text == Gap(2.0, 9.0)  # type: ignore[union-attr]


# ---------------------------------------------------------------------- refusals
def draft(*edits: Any) -> Draft:
    return Draft(edits, "because")


@pytest.mark.parametrize(
    "found",
    [
        [draft(Delete(Span(1, 4))), draft(Replace(Span(3, 5), "x"))],
        [draft(Delete(Span(1, 4)), Delete(Span(2, 3)))],
        [draft(Delete(Span(1, 4))), draft(Insert(2, "x"))],
        [draft(Delete(Span(1, 4))), Batch.deletions(np.array([3]), np.array([5]), "because")],
        [Batch.deletions(np.array([0, 1]), np.array([2, 3]), "because")],
        [draft(Move(Span(0, 3), 6)), draft(Move(Span(2, 5), 6))],
    ],
    ids=["partly", "within one", "insert inside", "draft and batch", "in a batch", "moves"],
)
def test_overlaps_within_a_pass_are_refused(found: list[Draft | Batch]) -> None:
    with pytest.raises(CorrectionError, match="twice"):
        record(View.of_text("党的基层组织"), Ledger(), "p", found)


@pytest.mark.parametrize(
    "found",
    [
        draft(Delete(Span(4, 7))),
        draft(Delete(Span(-1, 2))),
        draft(Delete(Span(3, 3))),
        draft(Replace(Span(4, 2), "x")),
        draft(Insert(7, "x")),
        draft(Move(Span(0, 2), 9)),
        draft(Move(Span(0, 2), 3, float("nan"))),
        draft(Move(Span(0, 2), 3, float("inf"))),
        Batch.deletions(np.array([5]), np.array([9]), "because"),
        Batch.deletions(np.array([2, -3]), np.array([4, 1]), "because"),
    ],
)
def test_what_reaches_outside_is_refused(found: Draft | Batch) -> None:
    with pytest.raises(CorrectionError, match="outside"):
        record(View.of_text("党的基层组织"), Ledger(), "p", [found])


@pytest.mark.parametrize(
    "found",
    [draft(), draft(Insert(1, "")), Batch(np.array([2]), np.array([2]), 0, [""], ["because"])],
    ids=["no edit", "empty insertion", "empty insertion in a batch"],
)
def test_what_does_nothing_is_refused(found: Draft | Batch) -> None:
    with pytest.raises(CorrectionError, match="nothing"):
        record(View.of_text("党的基层组织"), Ledger(), "p", [found])


@given(st.data())
def test_random_overlaps_are_refused(data: st.DataObject) -> None:
    spans = data.draw(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), min_size=2, max_size=5))
    found = [draft(Delete(Span(a, min(a + size, 10)))) for a, size in spans]
    taken = [k for a, size in spans for k in range(a, min(a + size, 10))]
    view, ledger = View.of_text("0123456789"), Ledger()
    if len(set(taken)) < len(taken):
        with pytest.raises(CorrectionError):
            record(view, ledger, "p", found)
    else:
        record(view, ledger, "p", found)


# ---------------------------------------------------------------------- found once, kept for good
def steps(text: str, *passes: list[Draft | Batch]) -> Restoration:
    source, ledger = Source(text), Ledger()
    view = View.of(source)
    for k, found in enumerate(passes):
        view = one_step(source, ledger, view, f"pass{k}", list(found))
    out = Restoration(source, ledger, Certainty.LOW)
    out.check()
    records.check_replay(out)
    return out


def test_an_insertion_between_a_character_and_what_was_supplied_behind_it() -> None:
    done = steps("甲乙", [draft(Insert(1, "\n\n"))], [draft(Insert(1, Gap()))])
    assert done.text == f"甲{GAP_MARK}\n\n乙"
    assert done.reject(0).text == f"甲{GAP_MARK}乙"
    assert done.reject(1).text == "甲\n\n乙"


def test_two_rewrites_of_one_supplied_text() -> None:
    done = steps(
        "甲",
        [draft(Replace(Span(0, 1), "abcd"))],
        [draft(Replace(Span(0, 1), "X")), draft(Delete(Span(3, 4)))],
    )
    assert done.text == "Xbc"
    assert done.reject(2).text == "Xbcd"
    assert done.reject(0).text == "甲"


def test_the_surer_of_two_rewrites_stands_alone() -> None:
    found: list[Draft | Batch] = [
        Draft((Replace(Span(0, 1), "X"),), "", Certainty.LOW),
        Draft((Delete(Span(2, 3)),), "", Certainty.HIGH),
    ]
    done = steps("甲", [draft(Replace(Span(0, 1), "abc"))], found)
    sure = next(c for c in done.corrections if c.pass_name == "pass1" and c.certainty is Certainty.HIGH)
    assert sure.builds_on == (0,)


def test_a_moved_line_does_not_take_the_neighbour_that_carries_its_first_text() -> None:
    done = steps("甲乙丙", [draft(Insert(1, "x"))], [draft(Move(Span(1, 3), 4))])
    assert done.text == "甲x丙乙"


def test_a_second_move_to_the_place_of_the_first_stands_behind_it() -> None:
    done = steps("甲乙丙丁", [draft(Move(Span(3, 4), 1, 7.0))], [draft(Move(Span(3, 4), 2, 1.0))])
    assert done.text == "甲丁丙乙"
    done = steps("甲乙丙丁", [draft(Move(Span(3, 4), 1, 7.0))], [draft(Move(Span(3, 4), 1, 900.0))])
    assert done.text == "甲丙丁乙"
    assert done.corrections[1].requires == (0,)
    assert done.reject(0).text == "甲乙丙丁"


def test_equal_corrections_have_ids_of_their_own() -> None:
    done = steps("甲乙", [draft(Insert(1, "x")), draft(Insert(1, "x"))])
    assert done.text == "甲xx乙"
    assert len(set(done.ledger.identifiers)) == 2


def test_accepting_two_that_contradict_each_other_is_refused() -> None:
    source, ledger = Source("甲乙丙"), Ledger()
    record(View.of(source), ledger, "p", [Draft((Delete(Span(0, 2)),), "", Certainty.LOW)])
    record(View.of(source), ledger, "q", [Draft((Delete(Span(1, 3)),), "", Certainty.HIGH)])
    with pytest.raises(CorrectionError, match="only one"):
        Restoration(source, ledger).accept(0)


def test_a_doubtful_rewrite_of_supplied_text_is_still_proposed() -> None:
    class Wide:
        name = "wide"

        def find(self, view: View, tools: Tools) -> Iterator[Draft]:
            """Make it wide."""
            yield draft(Replace(Span(0, 1), "，"))

    class Doubt:
        name = "doubt"

        def find(self, view: View, tools: Tools) -> Iterator[Draft]:
            """Doubt it."""
            yield Draft((Replace(Span(0, 1), "、"),), "", Certainty.LOW)

    done = Pipeline([Wide(), Doubt()]).run(",甲")
    assert done.text == "，甲"
    assert done.accept(1).text == "、甲"


def test_sides_have_the_numbers_that_records_use() -> None:
    assert (BEFORE, BODY, AFTER) == (0, 1, 2)
