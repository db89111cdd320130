"""Forms (radicals, presentation forms, ...) and confusables."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from restore.data import DataError, path
from restore.language import forms, glyphs
from restore.language.forms import KINDS, form_positions, load_forms, load_sequences
from restore.language.glyphs import Confusables, Kind, pack_log

SIMPLIFIED = dict(
    zip("⻓⻔⺠⻜⻘⻛⻢⻬⻰⻋⻚⻉⻥⻦⻨⻩⻮⻳⻄⻅", "长门民飞青风马齐龙车页贝鱼鸟麦黄齿龟西见", strict=True)
)


def test_every_kangxi_radical_is_its_nfkc() -> None:
    table = load_forms()
    for code in range(0x2F00, 0x2FD6):
        assert table[chr(code)] == (unicodedata.normalize("NFKC", chr(code)), "kangxi")


@pytest.mark.parametrize(("radical", "plain"), SIMPLIFIED.items())
def test_radicals_of_simplified_pages(radical: str, plain: str) -> None:
    assert load_forms("hans")[radical] == (plain, "radical")


def test_the_radicals_supplement_is_complete() -> None:
    missing = {chr(code) for code in range(0x2E80, 0x2EF4)} - set(load_forms())
    assert missing == {"⺀", "\u2e9a"}  # two dots, which no ideograph consists of; not assigned


def test_forms_of_one_glyph_follow_the_script() -> None:
    assert load_forms()["⼾"][0] == "戶"
    assert load_forms("hans")["⼾"][0] == "户"
    assert {load_forms("hans")[c][0] for c in "⾭⿈"} == {"青", "黄"}
    assert load_forms("hans")["⿓"][0] == "龍"  # drawn unlike 龙, so it was printed so


@pytest.mark.parametrize(
    ("char", "plain", "kind"),
    [
        ("︵", "（", "vertical"),
        ("﹁", "「", "vertical"),
        ("︒", "。", "vertical"),
        ("︙", "…", "vertical"),
        ("︱", "—", "vertical"),
        ("﹐", "，", "small"),
        ("﹑", "、", "small"),
        ("ｱ", "ア", "halfwidth"),
        ("ｰ", "ー", "halfwidth"),
        ("ﾟ", "゜", "halfwidth"),
        ("ﾱ", "ㅁ", "halfwidth"),
        ("\uf9dd", "利", "compat"),
        ("\U0002f800", "丽", "compat"),
        ("ﬁ", "fi", "ligature"),
        ("\u2329", "\u3008", "canonical"),
        ("㇐", "一", "stroke"),
    ],
)
def test_forms(char: str, plain: str, kind: str) -> None:
    assert load_forms()[char] == (plain, kind)


def test_voiced_kana_are_one() -> None:
    assert load_sequences()["ｶﾞ"] == ("ガ", "halfwidth")
    assert load_sequences()["ﾊﾟ"] == ("パ", "halfwidth")
    assert all(len(pair) == 2 for pair in load_sequences())


@pytest.mark.parametrize("char", [*"，,。．.｡､（(Ａ１a1人戶·…—「", "㎡", "Ⅱ", "\u3000", "你"])
def test_what_is_no_mere_form_is_left(char: str) -> None:
    assert char not in load_forms()


@pytest.mark.parametrize("script", ["hans", "other"])
def test_plain_forms_are_final(script: forms.Script) -> None:
    table = load_forms(script)
    for plain, kind in table.values():
        assert kind in KINDS
        assert unicodedata.normalize("NFC", plain) == plain
        assert not any(char in table for char in plain)


def test_every_kind_is_there() -> None:
    assert {kind for _, kind in load_forms().values()} == set(KINDS)


def test_positions() -> None:
    text = "⼈民⺠，a﹁"
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    assert form_positions(codes).tolist() == [0, 2, 5]


def test_a_damaged_table_of_forms_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "radicals.tsv").write_text("code\tchar\nU+2F00\n", "utf-8")
    monkeypatch.setattr(forms, "path", lambda name: tmp_path / name)
    forms._rows.cache_clear()
    with pytest.raises(DataError, match=r"build/radicals\.py"):
        forms._rows()
    monkeypatch.undo()
    forms._rows.cache_clear()


@pytest.fixture(scope="module")
def table() -> Confusables:
    return Confusables.load()


@pytest.mark.parametrize(
    ("seen", "true"),
    ["人入", "入人", "晶品", "品晶", "日目", "己已", "土士", "未末", "大太", "间问", "也他", "千干"],
)
def test_the_classics_are_candidates(table: Confusables, seen: str, true: str) -> None:
    assert true in [char for char, _ in table.candidates(seen)]


@pytest.mark.parametrize(("seen", "true"), ["更便", "便更", "主住", "贝员"])
def test_parts_and_wholes_are_there_though_rarely_counted(table: Confusables, seen: str, true: str) -> None:
    found = table.candidates(seen, k=99)
    assert true in [char for char, _ in found]
    assert dict(found)[true] < 2e-3


@pytest.mark.parametrize(("seen", "true"), ["—一", "丶、"])
def test_signs_and_ideographs(table: Confusables, seen: str, true: str) -> None:
    kind = Kind.SIGN_FOR_HAN if seen == "—" else Kind.HAN_FOR_SIGN
    assert true in [char for char, _ in table.candidates(seen, kind=kind)]
    assert true not in [char for char, _ in table.candidates(seen, kind=Kind.HAN)]


def test_candidates_are_ranked_distinct_and_other(table: Confusables) -> None:
    for seen in "人大国解的":
        found = table.candidates(seen, k=16, kind=Kind.HAN)
        assert len(found) == 16
        assert len({char for char, _ in found}) == 16
        assert seen not in {char for char, _ in found}
        assert all(0 < p <= 0.05 for _, p in found)
    assert (table.seen != table.true).all()


def test_arrays_are_sorted_and_parallel(table: Confusables) -> None:
    assert len(table.seen) == len(table.true) == len(table.logp) == len(table.logpost) == len(table.kind)
    assert (np.diff(table.seen.astype(int)) >= 0).all()
    same = np.diff(table.seen.astype(int)) == 0
    assert (np.diff(table.logpost)[same] <= 1e-6).all()
    assert table.logp.max() <= 0
    assert table.start[-1] == len(table)
    keys = table.seen.astype(np.int64) << 16 | table.true
    assert len(np.unique(keys)) == len(keys)


def test_probabilities_of_what_a_glyph_may_be_sum_to_at_most_one(table: Confusables) -> None:
    sums = np.bincount(table.seen, weights=np.exp(table.logpost))
    assert sums.max() < 1.04  # 8-bit steps
    assert np.median(sums[sums > 0]) > 0.25
    misread = np.bincount(table.true, weights=np.exp(table.logp))
    # engines hardly ever read some rare characters right; none is taken to be misread more than this
    assert misread.max() < 30 * 1.04 * glyphs.NOMINAL_ERROR


def test_a_frequent_true_character_needs_more_errors(table: Confusables) -> None:
    """P(seen | true) divides by how common the true character is."""
    rare, common = table.log_seen_given_true(
        np.array([ord("晶"), ord("旳")]), np.array([ord("品"), ord("的")])
    )
    assert rare > common


def test_gather_agrees_with_candidates(table: Confusables) -> None:
    text = "人a大。国\U00020000—"
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    where, rows = table.gather(codes, k=7)
    assert (np.diff(where) >= 0).all()
    for index, char in enumerate(text):
        found = [chr(int(code)) for code in table.true[rows[where == index]]]
        assert found == [true for true, _ in table.candidates(char, k=7)]


def test_log_seen_given_true(table: Confusables) -> None:
    seen, true = np.array([ord("人"), ord("人"), 0x20000]), np.array([ord("入"), ord("国"), ord("人")])
    found = table.log_seen_given_true(seen, true, floor=-30.0)
    assert found[0] == pytest.approx(np.log(dict(table.candidates("人"))["入"]), abs=1e-4)
    assert found[2] == -30
    assert found[0] > found[1]


def test_unknown_characters_have_no_candidates(table: Confusables) -> None:
    assert table.candidates("\u0e01") == []
    assert table.candidates("\U0001f600") == []
    with pytest.raises(ValueError, match="one character"):
        table.candidates("人人")


def test_logarithms_pack_within_half_a_step() -> None:
    values = np.array([0.0, -0.01, -3.3, -18.0, -99.0])
    back = pack_log(values) * -glyphs.STEP
    assert np.abs(back[:4] - values[:4]).max() <= glyphs.STEP / 2
    assert back[4] == pytest.approx(-255 * glyphs.STEP)


def test_a_truncated_table_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "confusables.bin").write_bytes(path("confusables.bin").read_bytes()[:5000])
    monkeypatch.setattr(glyphs, "path", lambda name: tmp_path / name)
    with pytest.raises(DataError, match=r"confusables\.bin.*truncated.*build/confusables\.py"):
        Confusables.load.__wrapped__(Confusables)
