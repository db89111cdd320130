"""The lexicon: look-ups, cut words, damaged files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from restore.data import DataError, path
from restore.language import lexicon
from restore.language.arrays import open_arrays, write_arrays
from restore.language.lexicon import MAX_LEN, Lexicon, pack_freq, pack_key, unpack_freq, word_list

REBUILD = "dictionaries/build/lexicon.py"


@pytest.fixture(scope="module")
def lex() -> Lexicon:
    return Lexicon.load()


def test_every_word_is_found_with_its_frequency(lex: Lexicon) -> None:
    words = list(lex)
    assert len(words) == len(lex) == len(set(words)) > 250_000
    freq = lex.freq(words)
    assert (freq > 0).all()
    assert int(freq.sum()) == lex.total


def test_words_are_sorted_and_within_length(lex: Lexicon) -> None:
    words = list(lex)
    assert words == sorted(words, key=lambda word: (len(word), word))
    assert max(map(len, words)) <= lex.max_len == MAX_LEN


@pytest.mark.parametrize("word", ["人民", "政治委员", "人人", "高高兴兴", "中华人民共和国", "的", "超声波"])
def test_listed(lex: Lexicon, word: str) -> None:
    assert word in lex


@pytest.mark.parametrize(
    "word", ["", "民人的", "繁體", "\U00020000", "人\U00020000", "人" * 17, "人民币值得"]
)
def test_not_listed(lex: Lexicon, word: str) -> None:
    assert word not in lex
    assert lex.freq([word])[0] == 0


def test_non_strings_are_not_listed(lex: Lexicon) -> None:
    assert 3 not in lex


def test_mixed_lengths_keep_their_places(lex: Lexicon) -> None:
    words = ["人民", "x", "中华人民共和国", "人", "没有这个词啊", "政治"]
    assert [bool(f) for f in lex.freq(words)] == [True, False, True, True, False, True]


def test_common_words_are_more_frequent(lex: Lexicon) -> None:
    common, rare = lex.freq(["中国", "囹圄"])
    assert common > 50 * rare > 0


def test_a_long_word_is_compared_and_not_only_hashed(lex: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Lexicon(lex._arrays)
    monkeypatch.setattr(lexicon, "_hash_rows", lambda codes: np.zeros(len(codes), dtype=np.uint64))
    assert "这不是一个词" not in fresh


def test_cut_words_score_high_and_others_nothing(lex: Lexicon) -> None:
    left = ["中共中央政", "开展了调", "他们去了", "，", "", "发展是"]
    right = ["治局委员", "查工作", "很远的地方", "但是", "人民", "，我们"]
    evidence = lex.cuts(left, right)
    assert evidence.shape == (6,)
    assert (evidence[:2] > 4).all()
    assert (evidence[2:] == 0).all()


def test_cuts_takes_the_strongest_word(lex: Lexicon) -> None:
    words = dict(lex.cut_words("中共政", "治委员会"))
    assert {"政治", "政治委员"} <= set(words)
    assert lex.cuts(["中共政"], ["治委员会"])[0] == max(words.values())


def test_a_long_word_of_two_words_is_weaker_evidence_than_a_cut_through_a_word(lex: Lexicon) -> None:
    between, within = lex.cuts(["政治", "政"], ["委员", "治委员"])
    assert 0 < between < within


def test_true_boundaries_beat_shuffled_ones(lex: Lexicon) -> None:
    words = [word for word in lex if len(word) == 3][::97]
    left, right = [word[:1] for word in words], [word[1:] for word in words]
    true = lex.cuts(left, right)
    half = len(words) // 2  # neighbours in the list begin alike
    false = lex.cuts(left, right[half:] + right[:half])
    assert (true > 0).mean() > 0.9
    assert (false > 0).mean() < 0.2
    assert true.mean() > 5 * false.mean()


def test_sides_must_match(lex: Lexicon) -> None:
    with pytest.raises(ValueError, match="2 left sides, 1 right"):
        lex.cuts(["a", "b"], ["c"])


def test_frequencies_survive_packing() -> None:
    freq = np.array([0, 1, 2, 32767, 32768, 40000, 883_634])
    back = unpack_freq(pack_freq(freq))
    assert (back[:4] == freq[:4]).all()
    assert (np.abs(back - freq) < 32).all()


def test_keys_keep_the_order_of_code_points() -> None:
    words = sorted(["人民", "人们", "一一", "龙龙", "A股"])
    keys = pack_key(np.array([[ord(c) for c in word] for word in words], dtype=np.uint16))
    assert (np.diff(keys.astype(np.int64)) > 0).all()


@pytest.mark.parametrize("keep", [0, 5, 40, -1000])
def test_truncated_file_is_named_with_its_script(tmp_path: Path, keep: int) -> None:
    broken = tmp_path / "lexicon.bin"
    broken.write_bytes(path("lexicon.bin").read_bytes()[:keep])
    with pytest.raises(DataError, match=REBUILD) as caught:
        open_arrays(broken, "lexicon", 1, REBUILD)
    assert str(broken) in str(caught.value)


def test_another_file_version_or_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.bin"
    file.write_bytes(b"something else entirely, long enough for a header")
    with pytest.raises(DataError, match="not a data table"):
        open_arrays(file, "lexicon", 1, REBUILD)
    write_arrays(file, "lexicon", 9, {"a": np.arange(3)})
    with pytest.raises(DataError, match="version 9"):
        open_arrays(file, "lexicon", 1, REBUILD)
    with pytest.raises(DataError, match="wanted 'confusables'"):
        open_arrays(file, "confusables", 9, REBUILD)
    with pytest.raises(DataError, match="cannot be read"):
        open_arrays(tmp_path / "none.bin", "lexicon", 1, REBUILD)


def test_arrays_come_back_and_bytes_are_stable(tmp_path: Path) -> None:
    arrays = {"a": np.arange(5, dtype=">u4"), "b": np.zeros((2, 3)), "empty": np.zeros(0, dtype=np.uint8)}
    write_arrays(tmp_path / "one", "t", 1, arrays)
    write_arrays(tmp_path / "two", "t", 1, arrays)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    back = open_arrays(tmp_path / "one", "t", 1, "")
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert (back[name] == array).all()
        assert back[name].shape == array.shape
    with pytest.raises(ValueError, match="read-only"):
        back["a"][0] = 1


def test_word_lists() -> None:
    assert ("欧阳", "compound") in word_list("surnames")
    assert ("王", "single") in word_list("surnames")
    assert {"省", "市", "县", "区", "局", "厅", "委", "院"} <= {row[0] for row in word_list("suffixes")}
    assert ("公里", "length") in word_list("measures")


def test_a_list_with_a_short_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(path("surnames.tsv"), tmp_path / "broken.tsv")
    with (tmp_path / "broken.tsv").open("a", encoding="utf-8") as file:
        file.write("王\n")
    monkeypatch.setattr(lexicon, "path", lambda name: tmp_path / name)
    with pytest.raises(DataError, match=r"broken\.tsv:\d+: 1 fields where 2"):
        word_list("broken")
