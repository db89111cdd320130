"""The cross-encoder: what lies between a line and the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from restore.data import DataError
from restore.language import shared
from restore.language.arrays import write_arrays
from restore.language.crossing import FILE, RELATIONS, TABLE, VERSION, CrossEncoder
from restore.order.evidence import tails_and_heads

# invented pieces of news, cut into printed lines; a paragraph each
PIECES = [
    "入秋以来，青石镇的三座水库|陆续开闸放水，下游的两万亩|晚稻及时得到了灌溉，农民们|都说今年的收成差不了。",
    "县文化馆举办的农民摄影展览|昨天正式开幕，一共展出四十|名农民拍摄的一百二十幅作|品，观众络绎不绝。",
    "市第一人民医院从本月起延长|门诊时间，周末也安排了医生|值班，老年患者挂号可以优先|，不必再排长队等候。",
    "铁路部门为春节运输增开列车|五十对，旅客可以提前六十天|购买车票，车站还增设了自动|售票机和行李寄存处。",
]
LINES = [line for piece in PIECES for line in piece.split("|")]
GOES_ON, PARAGRAPH = RELATIONS.index("goes on"), RELATIONS.index("paragraph")


@pytest.fixture(scope="module")
def encoder() -> CrossEncoder:
    return shared().crossing


def relations(encoder: CrossEncoder, lines: list[str]) -> np.ndarray:
    model = shared().model
    ends, begins = shared().lines.vectors(lines)
    tails, heads = tails_and_heads(lines, model)
    edge = np.full((len(lines) - 1, heads.shape[1]), model.bos, dtype=heads.dtype)
    logp = np.column_stack(
        [
            model.seams(tails[:-1], heads[1:]),
            model.seams(edge, heads[1:]),
            model.logp_given(tails[:-1], edge[:, :1])[:, 0],
        ]
    )
    return encoder.relations(lines, ends[:-1] * begins[1:], logp.astype(np.float32))


def test_what_is_likely_adds_up_to_one(encoder: CrossEncoder) -> None:
    found = relations(encoder, LINES)
    assert found.shape == (len(LINES) - 1, len(RELATIONS))
    assert np.allclose(np.exp(found).sum(axis=1), 1, atol=1e-5)


def test_lines_in_order_go_on_and_paragraphs_end(encoder: CrossEncoder) -> None:
    found = relations(encoder, LINES)
    ends = np.arange(len(found)) % 4 == 3
    assert (found[~ends].argmax(axis=1) == GOES_ON).mean() >= 0.6
    assert np.exp(found[ends, GOES_ON]).max() < 0.2


def test_a_line_left_out_is_missed(encoder: CrossEncoder) -> None:
    whole = np.exp(relations(encoder, LINES)[:, GOES_ON])
    gone = [line for k, line in enumerate(LINES) if k % 4 != 2]
    torn = np.exp(relations(encoder, gone)[:, GOES_ON])
    assert torn[1::3].mean() < 0.7 * whole[np.arange(len(whole)) % 4 != 3].mean()


def test_a_paragraph_without_its_end_is_missed(encoder: CrossEncoder) -> None:
    cut = [line for k, line in enumerate(LINES) if k % 4 != 3]
    assert (relations(encoder, cut)[2::3].argmax(axis=1) != PARAGRAPH).all()
    assert (relations(encoder, cut)[2::3].argmax(axis=1) != GOES_ON).all()


def test_a_boundary_does_not_depend_on_others(encoder: CrossEncoder) -> None:
    alone = relations(encoder, LINES[4:6])
    assert np.allclose(relations(encoder, LINES)[4:5], alone, atol=1e-4)


def test_scripts_and_widths_count_alike(encoder: CrossEncoder) -> None:
    one = relations(encoder, ["县文化馆举办的农民摄影展,", "于1998年开幕"])
    two = relations(encoder, ["縣文化館舉辦的農民攝影展，", "于2015年開幕"])
    assert np.allclose(one, two, atol=1e-5)


@pytest.mark.parametrize("lines", [["", "水"], ["\U0002a6d6\U0002a6d6", "\ud800", "水" * 500]])
def test_any_lines_have_an_answer(encoder: CrossEncoder, lines: list[str]) -> None:
    found = relations(encoder, lines)
    assert found.shape == (len(lines) - 1, len(RELATIONS))
    assert np.isfinite(found).all()


def test_a_damaged_file_names_itself_and_its_script(tmp_path: Path) -> None:
    file = tmp_path / FILE
    write_arrays(file, TABLE, VERSION, {"out": np.zeros(9)})
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(DataError, match=r"crossing\.bin.*dictionaries/build/crossing\.py"):
        CrossEncoder.load(file)
