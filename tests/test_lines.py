"""The encoders of line ends and line beginnings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from restore.data import DataError
from restore.language import shared
from restore.language.alphabet import Alphabet
from restore.language.arrays import write_arrays
from restore.language.lines import FILE, TABLE, VERSION, LineEncoder

# invented pieces of news, cut into printed lines
PIECES = [
    "入秋以来，青石镇的三座水库|陆续开闸放水，下游的两万亩|晚稻及时得到了灌溉，农民|说今年的收成差不了",
    "县文化馆举办的农民摄影展览|昨天正式开幕，一共展出了|四十名农民拍摄的一百二十|幅作品，观众络绎不绝",
    "市第一人民医院从本月起延长|门诊时间，周末也安排了医生|值班，老年患者挂号可以优先|，不必再排长队等候",
    "铁路部门为春节运输增开列车|五十对，旅客可以提前六十天|购买车票，车站还增设了自动|售票机和行李寄存处",
]


@pytest.fixture(scope="module")
def encoder() -> LineEncoder:
    return shared().lines


def matrix(encoder: LineEncoder, lines: list[str]) -> np.ndarray:
    ends, begins = encoder.vectors(lines)
    return ends @ begins.T


def test_the_line_that_goes_on_scores_high(encoder: LineEncoder) -> None:
    lines = [line for piece in PIECES for line in piece.split("|")]
    score = matrix(encoder, lines)
    np.fill_diagonal(score, -np.inf)
    at = [k for k in range(len(lines)) if k % 4 != 3]
    ranks = [(score[k] > score[k, k + 1]).sum() for k in at]
    assert np.mean(ranks) < 2.0  # of fifteen; 7 by chance


def test_lines_of_one_matter_keep_together(encoder: LineEncoder) -> None:
    lines = [line for piece in PIECES for line in piece.split("|")]
    score = matrix(encoder, lines)
    same = np.arange(16)[:, None] // 4 == np.arange(16)[None, :] // 4
    off = ~np.eye(16, dtype=bool)
    assert score[same & off].mean() > score[~same].mean() + 1


def test_scripts_and_widths_count_alike(encoder: LineEncoder) -> None:
    one = encoder.vectors(["县文化馆举办的农民摄影展,", "A B2015"])
    two = encoder.vectors(["縣文化館舉辦的農民攝影展，", "c d1998"])
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("lines", [[], [""], ["", "水"], ["\U0002a6d6\U0002a6d6", "\ud800", "水" * 500]])
def test_any_line_has_a_vector(encoder: LineEncoder, lines: list[str]) -> None:
    ends, begins = encoder.vectors(lines)
    assert ends.shape == begins.shape == (len(lines), ends.shape[1])
    assert np.isfinite(ends).all()
    assert np.isfinite(begins).all()


def test_a_line_does_not_depend_on_its_company(encoder: LineEncoder) -> None:
    alone = encoder.vectors(["水库陆续开闸放水"])
    among = encoder.vectors(["三座", "水库陆续开闸放水", "旅客可以提前"])
    assert np.allclose(alone[0][0], among[0][1], atol=1e-5)
    assert np.allclose(alone[1][0], among[1][1], atol=1e-5)


def test_every_known_pair_has_its_row_and_no_other_has_one() -> None:
    size = 300
    keys = np.sort(np.random.default_rng(7).choice(size * size, 20_000, replace=False))
    alphabet = Alphabet(np.arange(size), keys)
    left, right = np.divmod(np.arange(size * size), size)
    expected = np.zeros(size * size, dtype=np.int64)
    expected[keys] = np.arange(1, len(keys) + 1)
    assert np.array_equal(alphabet.pairs(left, right), expected)
    square = alphabet.pairs(left.reshape(size, size), right.reshape(size, size))
    assert np.array_equal(square, expected.reshape(size, size))


@pytest.mark.parametrize("damage", ["missing", "truncated", "other", "version"])
def test_a_bad_file_says_how_to_mend_it(tmp_path: Path, damage: str) -> None:
    file = tmp_path / FILE
    if damage == "truncated":
        write_arrays(file, TABLE, VERSION, {"vocabulary": np.arange(9)})
        file.write_bytes(file.read_bytes()[:-8])
    elif damage == "other":
        file.write_text("水库", "utf-8")
    elif damage == "version":
        write_arrays(file, TABLE, VERSION + 1, {"vocabulary": np.arange(9)})
    with pytest.raises(DataError, match=r"lines\.bin.*dictionaries/build/lines\.py"):
        LineEncoder.load(file)
