"""Ideographs that an engine never reads (`restore.language.unread`) and what the pass ``confusables`` makes of them."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from restore import Certainty
from restore.data import path
from restore.language.unread import Unread
from restore.passes.confusables import confusables

FIELDS = "今年春天，全县干部群众一起修路治水，发展生产，农民的生活一天天好起来，城里的工厂也增加了产量。"
"""Nothing in it is listed."""


@pytest.fixture(scope="module")
def unread() -> Unread:
    return Unread.load()


def test_the_list_is_sorted_and_plain(unread: Unread) -> None:
    chars = [chr(code) for code in unread.codes.tolist()]
    assert chars == sorted(set(chars))
    assert all(unicodedata.normalize("NFC", c) == c and "\u4e00" <= c <= "\u9fff" for c in chars)
    assert ((unread.misread >= 0.5) & (unread.misread <= 1)).all()
    assert (unread.share > 0).all() and unread.share.sum() < 0.02


def test_rates_are_those_of_the_list(unread: Unread) -> None:
    codes = np.array([ord(c) for c in "袭的柬"], dtype=np.uint32)
    rates = unread.rate(codes)
    assert rates[0] > 0.5 and rates[1] == 0 and rates[2] > 0.5


def test_what_is_missing_and_what_fits_speak_for_the_engine(unread: Unread) -> None:
    def odds(page: str, fitting: str, reading: str) -> float:
        codes, fits, one = (np.array([ord(c) for c in t], dtype=np.uint32) for t in (page, fitting, reading))
        return float(unread.log_odds(codes, len(codes), np.unique(fits), one)[0])

    page = FIELDS * 30
    assert odds(page, "", "袭") > odds(page + "袁袭柬冀磊肇蕾赞", "", "袭")
    assert odds(page, "袭柬", "袭") > odds(page, "袭", "袭")  # a reading is no evidence for itself
    assert odds(page, "袭", "袭") == odds(page, "", "袭")


def test_an_unread_glyph_is_found_where_the_engine_is_known() -> None:
    worn = (
        FIELDS * 12
        + "会上，大家高度赏赏这种做法。当天夜里，敌军突然发动缆击，"
        + "京津责协同发展取得新的进展。"
    )
    done = confusables(worn)
    found = {c.edits[0].text: c for c in done.corrections if hasattr(c.edits[0], "text")}
    assert found["袭"].certainty >= Certainty.LOW and found["冀"].certainty >= Certainty.LOW


def test_clean_text_with_such_glyphs_stays() -> None:
    text = (
        FIELDS
        + "两国领导人互致贺电，祝愿中柬友谊长存。袁老师带着孩子们来到冀中平原，听老人讲当年反袭击的故事。"
    )
    assert confusables(text).text == text


def test_candidates_beyond_the_basic_plane_are_no_trouble() -> None:
    parts = [line.split("\t") for line in path("parts.tsv").read_text("utf-8").splitlines()[1:]]
    rare = "".join(sorted({part for part, whole in parts if ord(whole) > 0xFFFF and ord(part) <= 0x9FFF}))
    assert rare
    text = FIELDS + "".join(f"村里{part}了一次，" for part in rare[:400])
    assert confusables(text).revert() == text
