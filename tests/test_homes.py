"""At which of its runs a chain of lines is at home."""

from __future__ import annotations

import numpy as np

from restore.language import shared
from restore.layout.segments import segments_of
from restore.order.homes import FILE, HOME, Runs, homes_of, run_features
from restore.order.network import Network
from restore.order.sequence import chains_of, in_chains
from restore.order.successors import solve
from restore.source import Source
from restore.view import View

HARVEST = [
    "入秋以来，青石镇的三座",
    "水库陆续开闸放水，下游的两",
    "万亩晚稻及时得到了灌溉，镇",
    "里的老农说，这样的年景十年",
    "也遇不到几回。",
]
CANALS = [
    "镇党委书记介绍，今年全",
    "镇把水利建设放在农业工作的",
    "首位，先后投入资金三百万元",
    "，整修渠道四十公里，解决了",
    "六个村的用水困难，青石镇的",
    "晚稻因此增产一成以上。",
]
PHOTOGRAPHS = [
    "县文化馆举办的农民摄影",
    "展昨天开幕，展览共展出四十",
    "名农民拍摄的一百二十幅作品",
    "，将持续到本月底，群众可以",
    "免费参观。",
]


def test_a_run_is_lines_that_stand_close() -> None:
    runs = Runs.of([[0, 1, 3, 9, 10], [2], [4, 5, 6]])
    assert runs.chain.tolist() == [0, 0]
    assert list(zip(runs.first.tolist(), runs.last.tolist(), strict=True)) == [(0, 3), (9, 10)]
    assert list(zip(runs.begin.tolist(), runs.end.tolist(), strict=True)) == [(0, 2), (3, 4)]
    assert not len(Runs.of([[0, 1], [2]]))


def test_chains_go_where_they_are_at_home() -> None:
    chains = chains_of(np.array([1, 5, 3, -1, -1, -1]))
    assert chains == [[0, 1, 5], [2, 3], [4]]
    assert in_chains(chains).tolist() == [0, 1, 5, 2, 3, 4]
    assert in_chains(chains, [5, 2, 4]).tolist() == [2, 3, 4, 0, 1, 5]


def test_the_network_knows_the_features_and_finds_the_home() -> None:
    text = " ".join([*HARVEST[:3], PHOTOGRAPHS[2], *HARVEST[3:]]) + "\n\n"
    text += " ".join(CANALS) + "\n\n" + " ".join([*PHOTOGRAPHS[:2], *PHOTOGRAPHS[3:]])
    segments = segments_of(View.of(Source(text)))
    judged = solve(segments, shared())
    chains = chains_of(np.array([1, 2, 4, 14, 5, -1, 7, 8, 9, 10, 11, -1, 13, 3, 15, -1]))
    runs = Runs.of(chains)
    features = list(run_features(runs, chains, judged, segments))
    assert tuple(name for name, _ in features) == Network.load(FILE, HOME).names
    assert all(np.isfinite(column).all() and column.shape == (len(runs),) for _, column in features)
    # the stray goes to its paragraph, not the paragraph to the stray
    assert homes_of(chains, judged, segments) == [0, 6, 12]
