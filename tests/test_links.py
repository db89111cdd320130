"""Likely links judged with their surroundings."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from restore.data import DataError
from restore.language import shared
from restore.layout.segments import Segments, segments_of
from restore.order.again import _two_best, again_features
from restore.order.evidence import Evidence, evidence_of
from restore.order.links import GROUPS, _best, candidates, link_features
from restore.order.network import LINKS, OF_SHORT, SECOND, THIRD, Network, parts
from restore.order.seams import Seams
from restore.order.sequence import chains_of, in_chains
from restore.order.successors import Judgement, assign, best_over, first_solution, solve
from restore.source import Source
from restore.view import View

LEFT = [
    "入秋以来，青石镇的三",
    "座水库陆续开闸放水，下游",
    "两万亩晚稻及时得到灌溉。",
    "镇党委书记介绍，今年全镇",
    "把水利建设放在农业工作的",
    "首位，先后投入资金三百万",
    "元，整修渠道四十公里，解",
    "决了六个村的用水困难。",
]
RIGHT = [
    "县文化馆举办的农民摄",
    "影展昨天开幕，展览共展出",
    "四十名农民拍摄的一百二十",
    "幅作品，其中既有丰收的田",
    "野，也有放学的孩子。展览",
    "将持续到本月底，群众可以",
    "免费参观，不用提前预约，",
    "每天上午九点准时开门。",
]


def page(lines: list[str]) -> tuple[Segments, Judgement]:
    segments = segments_of(View.of(Source("\n".join(lines))))
    assert segments.texts == lines
    return segments, solve(segments, shared())


def test_lines_in_order_stay() -> None:
    _, judged = page(LEFT + RIGHT)
    assert in_chains(chains_of(judged.successor)).tolist() == list(range(16))


def test_lines_in_another_order_are_read_as_before() -> None:
    segments = segments_of(View.of(Source("\n".join(LEFT + RIGHT))))
    evidence_of(segments, shared())
    order = np.random.default_rng(3).permutation(len(segments))
    moved = segments.taken(order, segments.newlines[order])
    carried = evidence_of(moved, shared(), neighbours=True)
    moved.view.carried.clear()
    fresh = evidence_of(moved, shared(), neighbours=True)
    for one in fields(Evidence):
        old, new = (getattr(e, one.name) for e in (carried, fresh))
        assert np.allclose(getattr(old, "values", old), getattr(new, "values", new), atol=1e-5), one.name


def test_columns_in_turn_are_taken_apart() -> None:
    lines = [line for pair in zip(LEFT, RIGHT, strict=True) for line in pair]
    segments, judged = page(lines)
    assert [segments.texts[k] for k in in_chains(chains_of(judged.successor))] == LEFT + RIGHT


def test_lines_that_changed_places_change_back() -> None:
    lines = [*LEFT[:4], RIGHT[4], *LEFT[5:], *RIGHT[:4], LEFT[4], *RIGHT[5:]]
    segments, judged = page(lines)
    order = [segments.texts[k] for k in in_chains(chains_of(judged.successor))]
    assert order.index(RIGHT[4]) == order.index(RIGHT[3]) + 1
    assert order.index(LEFT[4]) == order.index(LEFT[3]) + 1


def test_candidates_are_few_and_have_the_next_lines() -> None:
    segments, judged = page(LEFT + RIGHT)
    n = len(segments)
    i, j = candidates(judged.first.total, judged.first.text, judged.successor)
    pairs = set(zip(i.tolist(), j.tolist(), strict=True))
    assert {(k, k + 1) for k in range(n - 1)} <= pairs
    assert all(a != b for a, b in pairs)
    many = np.zeros((300, 300))
    i, _ = candidates(many, many, np.full(300, -1))
    assert len(i) < 300 * 60


def test_hopeless_candidates_are_not_judged_and_nothing_likely_is_among_them() -> None:
    lines = [line for pair in zip(LEFT, RIGHT, strict=True) for line in pair]
    segments, judged = page(lines)
    every = solve(segments, shared(), screen=False)
    left_out = (every.at >= 0) & (judged.at < 0)
    assert left_out.sum() > 0.3 * (every.at >= 0).sum()
    assert every.odds[left_out].max() < -2
    assert (judged.successor == every.successor).all()
    n = len(segments)
    linked = np.flatnonzero(judged.first.successor >= 0)
    assert (judged.at[linked, judged.first.successor[linked]] >= 0).all()
    assert (judged.at[np.arange(n - 1), np.arange(1, n)] >= 0).all()


def test_features_are_finite_and_grouped() -> None:
    segments, judged = page(LEFT + RIGHT)
    i, j = np.nonzero(judged.at >= 0)
    found = dict(link_features(judged.first, segments, i, j))
    assert all(np.isfinite(np.asarray(v, dtype=float)).all() for v in found.values())
    assert {name.split(": ")[0] for name in found} == set(GROUPS)
    assert tuple(found) == Network.load(LINKS, SECOND + OF_SHORT).names
    again = dict(again_features(judged.second, best_over(judged.second), i, j))
    assert all(np.isfinite(np.asarray(v, dtype=float)).all() for v in again.values())
    assert (*found, *again) == Network.load(LINKS, THIRD + OF_SHORT).names


def test_what_speaks_for_a_link_is_named() -> None:
    _, judged = page(LEFT + RIGHT)
    at = int(judged.at[0, 1])
    told = parts(Network.load(LINKS, SECOND + OF_SHORT), judged.features[at : at + 1], GROUPS)
    assert set(told) == set(GROUPS)
    assert told["text"] > 0


def test_a_network_for_other_features_is_refused() -> None:
    segments, judged = page(LEFT + RIGHT)
    model = Network.load(LINKS, SECOND + OF_SHORT)
    other = replace(model, names=("text: of another version", *model.names[1:]))
    i, j = np.nonzero(judged.at >= 0)
    with pytest.raises(DataError, match=r"dictionaries/build/links\.py"):
        other.standardised(link_features(judged.first, segments, i, j))


def test_what_was_found_out_of_a_seam_is_found_again_by_source_offsets() -> None:
    segments, judged = page(LEFT + RIGHT)
    order = np.array([*range(3), *range(4, 16), 3])
    origin = segments.view.origin
    seams = Seams.of(judged.odds, order, origin[segments.start], origin[segments.end - 1])
    last, first = origin[segments.end - 1], origin[segments.start]
    link, onward, inward, *_ = seams.between(last[[2, 2, 1]], first[[4, 3, 2]])
    assert link[0] == pytest.approx(float(judged.odds[2, 4]))
    assert np.isnan(link[1])  # no longer neighbours
    assert link[2] == onward[2] == inward[2] == pytest.approx(float(judged.odds[1, 2]))
    assert np.isnan(seams.between(np.array([10**6]), first[:1])[1]).all()


@pytest.mark.parametrize("lines", [LEFT[:1], LEFT[:2], ["水", "火", "土"]])
def test_few_lines_are_no_error(lines: list[str]) -> None:
    segments = segments_of(View.of(Source("\n".join(lines))))
    first_solution(segments, shared())
    assert len(solve(segments, shared()).successor) == len(segments)


@pytest.mark.parametrize("values", [4, 1000])
def test_the_best_of_a_row_are_so_many_also_where_numbers_are_equal(values: int) -> None:
    matrix = np.random.default_rng(7).integers(0, values, (40, 40)).astype(np.float64)
    best = _best(matrix, 12)
    assert (best.sum(axis=1) == 12).all()
    rest = np.where(best, -np.inf, matrix).max(axis=1)
    assert (np.where(best, matrix, np.inf).min(axis=1) >= rest).all()


@pytest.mark.parametrize("values", [3, 1000])
def test_the_two_best_of_a_row_are_what_a_sort_gives(values: int) -> None:
    odds = np.random.default_rng(7).integers(-9, values, (40, 40)).astype(np.float32)
    assert (_two_best(odds) == np.sort(odds, axis=1)[:, -2:]).all()
    assert _two_best(odds[:1, :1]).tolist() == [[-9.0, -9.0]]


def test_the_best_links_of_many_lines_are_the_same_from_either_side() -> None:
    rng = np.random.default_rng(7)
    popular = rng.normal(size=450)  # heads that every tail would like
    gain = np.maximum(np.triu(rng.normal(size=(450, 450)) + popular, 1), 0)  # no cycles
    crowded, apart = assign(gain.copy()), np.where(gain > 1.5, gain, 0)
    backward = assign(np.ascontiguousarray(gain.T))
    assert (gain > 0).mean() > 0.2 > 0.1 > (apart > 0).mean()
    linked = np.flatnonzero(crowded >= 0)
    assert (backward[crowded[linked]] == linked).all()
    assert len(np.unique(crowded[linked])) == len(linked)
