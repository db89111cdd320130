"""The character model: folding, tables, estimation, scores, the page cache, other scorers."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import restore.language.fold as fold_module
from restore.data import DataError, path
from restore.language.arrays import open_arrays, write_arrays
from restore.language.cache import PageCache
from restore.language.fold import fold_text
from restore.language.fuse import FuseMap, build_words
from restore.language.ngram import FILE, TABLE, VERSION, NgramModel
from restore.language.scorer import Scorer

BUILD = Path(__file__).resolve().parents[1] / "dictionaries" / "build"
REBUILD = "dictionaries/build/ngram.py"
TEXT = "今天上午，市政府召开会议，研究部署明年的经济工作。会议强调，要坚持稳中求进，着力改善民生。"


@pytest.fixture(scope="module")
def model() -> NgramModel:
    return NgramModel.load()


@pytest.fixture(scope="module")
def build() -> Iterator[Any]:
    """The build scripts as modules."""
    sys.path.insert(0, str(BUILD))
    try:
        import kneser_ney
        import ngram as script

        yield script, kneser_ney
    finally:
        sys.path.remove(str(BUILD))


# folding


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("國務院發布通知", "国务院发布通知"),
        ("⼈⺠⽣⻓", "人民生长"),
        ("2015年１２月٣", "0000年00月0"),
        ("GDPÉ，ｋｍ", "aaaa，aa"),
        ("a,b:c;d?e!(f)", "a，a：a；a？a！（a）"),
        ('"甲"“乙”「丙」', "“甲““乙““丙“"),
        ("'甲'‘乙’『丙』", "‘甲‘‘乙‘‘丙‘"),
        ("―─—", "———"),
        ("，。、；：？！", "，。、；：？！"),
        ("\u3000\xa0\t\n", "   \n"),
        ("𠮷𪚥", "𠮷𪚥"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold_text(text) == folded


@given(st.text())
def test_fold_keeps_length_and_is_stable(text: str) -> None:
    folded = fold_text(text)
    assert len(folded) == len(text)
    assert fold_text(folded) == folded


def test_fold_of_lone_surrogates() -> None:
    assert fold_text("国\ud800") == "国\ud800"


def test_fold_table_is_in_order_and_never_maps_to_what_is_mapped() -> None:
    lines = path("fold.tsv").read_text("utf-8").splitlines()[1:]
    codes = [int(line.split("\t")[0][2:], 16) for line in lines]
    targets = {int(line.split("\t")[1][2:], 16) for line in lines}
    assert codes == sorted(set(codes))
    assert not targets & set(codes)


@pytest.mark.parametrize(
    "content", ["", "code\tto\n", "code\tto\nU+4E00\n", "code\tto\nU+X\tU+4E00\n", "a\tb\n"]
)
def test_damaged_fold_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    file = tmp_path / "fold.tsv"
    file.write_text(content, "utf-8")
    monkeypatch.setattr(fold_module, "path", lambda name: tmp_path / name)
    fold_module._tables.cache_clear()
    try:
        with pytest.raises(DataError, match=r"fold\.tsv.*dictionaries/build/fold\.py"):
            fold_text("国")
    finally:
        fold_module._tables.cache_clear()


def test_one_model_serves_every_script_and_width(model: NgramModel) -> None:
    plain = model.encode("国务院发布“通知”，2015年。")
    assert (plain == model.encode('國務院發布"通知",１９９８年｡')).all()
    assert model.encode("𠀀㍿国")[2] == model.encode("国")[0]
    assert (model.encode("𠀀\ud800") == model.unknown).all()


# the tables


@pytest.mark.parametrize(("width", "value_bits"), [(16, 6), (24, 12), (32, 16)])
@pytest.mark.parametrize("size", [1, 2, 17, 5000, 60_000])
def test_stored_keys_read_right_and_others_rarely_match(width: int, value_bits: int, size: int) -> None:
    rng = np.random.default_rng(size + width)
    hashes = np.unique(rng.integers(0, 2**64, size, dtype=np.uint64))
    values = rng.integers(0, 1 << value_bits, len(hashes), dtype=np.uint32)
    words = build_words(hashes, values, value_bits, width)
    assert words is not None
    table = FuseMap(words, len(hashes), value_bits)
    read, stored = table.get(hashes)
    assert stored.all()
    assert (read == values).all()
    others = rng.integers(0, 2**64, 200_000, dtype=np.uint64)
    expected = 2.0**-table.finger_bits * len(others)
    assert int(table.get(others)[1].sum()) <= expected + 6 * expected**0.5 + 3


# estimation


def corpus_text(seed: int, documents: int = 60) -> str:
    """A made-up corpus: sentences from a small random grammar, so that contexts recur."""
    rng = np.random.default_rng(seed)
    words = [
        "工人",
        "农民",
        "学校",
        "改革",
        "开放",
        "发展",
        "经济",
        "人民",
        "会议",
        "的",
        "在",
        "和",
        "大",
        "中国",
    ]
    parts = []
    for _ in range(documents):
        lines = []
        for _ in range(int(rng.integers(1, 4))):
            size = int(rng.integers(3, 12))
            lines.append("".join(words[k] for k in rng.zipf(1.4, size) % len(words)) + "。")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n\n" + "独见一次的字。"


def naive_counts(script: Any, text: str, order: int) -> tuple[Counter[str], dict[str, set[int]]]:
    counts: Counter[str] = Counter()
    documents: dict[str, set[int]] = defaultdict(set)
    for number, part in enumerate(text.split("\n\n")):
        for line in part.split("\n"):
            padded = "\n" + line + "\n"
            for k in range(len(padded) - order + 1):
                counts[padded[k : k + order]] += 1
                documents[padded[k : k + order]].add(number)
    return counts, documents


def small_model(
    script: Any, kneser_ney: Any, texts: list[str], order: int, least: int = 3
) -> tuple[Any, Any, Any]:
    streams = [script.tokens(text) for text in texts]
    vocabulary = script.vocabulary_of(streams)
    number = np.full(0x110000, 1, dtype=np.uint16)
    number[vocabulary[2:]] = np.arange(2, len(vocabulary))
    number[0] = 0
    ids = [number[codes] for codes, _ in streams]
    size = len(vocabulary)
    parts = [
        [kneser_ney.count(own, documents, size, n) for n in range(2, order + 1)]
        for own, (_, documents) in zip(ids, streams, strict=True)
    ]
    corpora = [kneser_ney.estimate(own, part, size) for own, part in zip(ids, parts, strict=True)]
    keys = [np.arange(size, dtype=np.uint64)]
    for n in range(order - 1):
        every, seen = kneser_ney.total_documents([part[n] for part in parts])
        keys.append(every[seen >= least])
    weights = [1.0 / len(texts)] * len(texts)
    singles = [np.bincount(own, minlength=size) for own in ids]
    frequencies = script.frequencies(parts, singles, weights, keys)
    return kneser_ney.mix(corpora, weights, keys, size), vocabulary, frequencies


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_counts_and_document_frequencies(build: Any, order: int) -> None:
    script, kneser_ney = build
    text = corpus_text(1)
    codes, documents = script.tokens(text)
    alphabet = "\n\0" + "".join(sorted(set(text) - {"\n"}))  # places 0 and 1: boundary and unknown
    ids = np.array([0 if code == 0 else alphabet.index(chr(code)) for code in codes], dtype=np.uint16)
    found = kneser_ney.count(ids, documents, len(alphabet), order)
    counts, where = naive_counts(script, text, order)
    expected = {}
    for gram in counts:
        key = 0
        for char in gram:
            key = key * len(alphabet) + alphabet.index(char)
        expected[key] = (counts[gram], len(where[gram]))
    assert (
        dict(
            zip(
                found.keys.tolist(),
                zip(found.counts.tolist(), found.documents.tolist(), strict=True),
                strict=True,
            )
        )
        == expected
    )


def test_bigrams_are_interpolated_kneser_ney(build: Any) -> None:
    """Against the formula, written out with dictionaries."""
    script, kneser_ney = build
    text = corpus_text(2)
    model, vocabulary, _ = small_model(script, kneser_ney, [text], 2, least=1)
    known = set(map(chr, vocabulary[2:])) | {"\n"}
    counts = {gram: n for gram, n in naive_counts(script, text, 2)[0].items() if set(gram) <= known}

    def discount(values: list[int]) -> list[float]:
        n = [sum(value == k for value in values) for k in (1, 2, 3, 4)]
        if not min(n):
            return [0, 0.5, 0.75, 0.9]
        y = n[0] / (n[0] + 2 * n[1])
        raw = [1 - 2 * y * n[1] / n[0], 2 - 3 * y * n[2] / n[1], 3 - 4 * y * n[3] / n[2]]
        return [0, *(min(max(value, 0.1), k) for k, value in enumerate(raw, start=1))]

    two = discount(list(counts.values()))
    for key, probability in list(zip(model.keys[1].tolist(), model.prob[1].tolist(), strict=True))[::7]:
        first, last = divmod(key, len(vocabulary))
        pair = chr(vocabulary[first]) + chr(vocabulary[last])
        total = sum(n for gram, n in counts.items() if gram[0] == pair[0])
        left = sum(two[min(n, 3)] for gram, n in counts.items() if gram[0] == pair[0])
        own = counts[pair] - two[min(counts[pair], 3)]
        assert probability == pytest.approx(own / total + left / total * model.prob[0][last])


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_probabilities_of_a_mixture_sum_to_one(build: Any, order: int) -> None:
    script, kneser_ney = build
    model, vocabulary, frequencies = small_model(
        script, kneser_ney, [corpus_text(3), corpus_text(4, 30)], order
    )
    pruned, _ = script.prune(
        model, frequencies, int(script.bytes_of([len(keys) for keys in model.keys[1:]]) * 0.7)
    )
    rng = np.random.default_rng(5)
    for chosen in (model, pruned):
        assert chosen.prob[0].sum() == pytest.approx(1)
        for _ in range(6):
            context = rng.choice(np.r_[0, 2 : len(vocabulary)], 4).astype(np.uint16)
            every = [np.append(context, np.uint16(k)) for k in range(len(vocabulary))]
            assert sum(np.exp(chosen.logp(ids)[-1]) for ids in every) == pytest.approx(1)


def test_nothing_rare_is_stored_and_contexts_and_suffixes_are(build: Any) -> None:
    script, kneser_ney = build
    text = corpus_text(6)
    model, vocabulary, frequencies = small_model(script, kneser_ney, [text], 4)
    assert "独" not in {chr(code) for code in vocabulary}
    budget = int(script.bytes_of([len(keys) for keys in model.keys[1:]]) * 0.6)
    pruned, _ = script.prune(model, frequencies, budget)
    assert script.bytes_of([len(keys) for keys in pruned.keys[1:]]) <= budget
    size = len(vocabulary)
    for n in range(2, 5):
        where = naive_counts(script, text, n)[1]
        for key in pruned.keys[n - 1].tolist():
            gram = "".join(chr(vocabulary[key // size**place % size]) for place in reversed(range(n)))
            assert len(where[gram]) >= 3
        shorter = set(pruned.keys[n - 2].tolist())
        assert {key // size for key in pruned.keys[n - 1].tolist()} <= shorter
        assert {key % size ** (n - 1) for key in pruned.keys[n - 1].tolist()} <= shorter


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_file_scores_as_the_exact_model(build: Any, tmp_path: Path, order: int) -> None:
    script, kneser_ney = build
    exact, vocabulary, frequencies = small_model(script, kneser_ney, [corpus_text(7, 200)], order)
    file = tmp_path / "model.bin"
    write_arrays(file, TABLE, VERSION, script.export(exact, vocabulary, frequencies))
    model = NgramModel.load(file)
    assert model.order == order
    ids = model.encode(corpus_text(8, 20).replace("\n\n", "\n"))
    difference = np.abs(model.logp(ids) - exact.logp(ids))[ids != model.unknown]
    assert np.quantile(difference, 0.99) < 0.1
    assert difference.mean() < 0.02


def test_same_inputs_same_bytes(build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, _ = build
    corpora = []
    for number, weight in ((9, "0.7"), (10, "0.3")):
        file = tmp_path / f"{number}.txt"
        file.write_text(corpus_text(number), "utf-8")
        corpora += ["--corpus", weight, str(file)]
    outs = [tmp_path / "a.bin", tmp_path / "b.bin"]
    for out in outs:
        monkeypatch.setattr(sys, "argv", ["ngram.py", str(out), *corpora])
        script.main()
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert np.isfinite(NgramModel.load(outs[0]).logp(NgramModel.load(outs[0]).encode("中国经济"))).all()


# the model that ships


def test_size_and_memory_map(model: NgramModel) -> None:
    assert path(FILE).stat().st_size <= 12_000_000
    arrays = open_arrays(path(FILE), TABLE, VERSION, REBUILD)
    assert not any(array.flags.writeable or array.flags.owndata for array in arrays.values())
    assert model.order == len(arrays["sizes"]) + 1 >= 4


def test_scores_are_logarithms_of_probabilities(model: NgramModel) -> None:
    size = len(model.vocabulary)
    for context in ("", "中", "中华人民共和", "，国务", "龘龘", "会议强调，要"):
        row = np.broadcast_to(model.encode(context), (size, len(context)))
        every = np.exp(model.logp_given(row, np.arange(size)[:, None]).astype(np.float64)).sum()
        assert every == pytest.approx(1, abs=0.1), context  # quantised


def test_text_scores_better_than_its_characters_in_disorder(model: NgramModel) -> None:
    ids = model.encode(TEXT)
    mixed = np.random.default_rng(0).permutation(ids)
    assert model.logp(ids).mean() > model.logp(mixed).mean() + 2
    assert model.logp(ids).mean() > -4


def test_a_paragraph_ends_after_a_full_stop(model: NgramModel) -> None:
    end = np.array([[model.bos]])
    stop, middle = (
        model.logp_given(model.encode(text)[None], end)[0, 0] for text in ("了会议。", "召开了会")
    )
    assert stop > middle + 3
    assert (model.encode("\n") == model.bos).all()


@pytest.mark.parametrize("text", ["", "国", "𠀀", "\n", " ", "\ud800", "ABC 12", "ሰላም"])
def test_any_text_has_scores(model: NgramModel, text: str) -> None:
    logp = model.logp(model.encode(text))
    assert logp.shape == (len(text),)
    assert logp.dtype == np.float32
    assert np.isfinite(logp).all()


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=TEXT + "的一是在不了有和人这龘a0 \n", max_size=60))
def test_rows_score_as_running_text(text: str) -> None:
    model = NgramModel.load()
    ids = model.encode("开" + text + "放改革开")
    whole = model.logp(ids)
    rows = np.stack([ids[k : k + 4] for k in range(len(ids) - 3)])
    context = [np.concatenate([np.full(6, model.bos), ids[:k]])[-6:] for k in range(len(rows))]
    given_context = model.logp_given(np.stack(context), rows)
    assert (given_context == np.stack([whole[k : k + 4] for k in range(len(rows))])).all()


def test_long_texts_are_scored_in_pieces_without_a_seam(model: NgramModel) -> None:
    ids = np.tile(model.encode(TEXT), 1000)
    whole = model.logp(ids)
    period = len(TEXT)
    assert (whole[period:].reshape(-1, period) == whole[period : 2 * period]).all()


def test_padding_with_boundaries_changes_nothing(model: NgramModel) -> None:
    target = model.encode("国务院决")[None]
    for length in (0, 1, 4, 9):
        context = np.full((1, length), model.bos)
        assert (model.logp_given(context, target) == model.logp(target[0])).all()


@pytest.mark.parametrize(("some", "others"), [(7, 5), (40, 30), (60, 70)])
def test_seams_and_their_matrix(model: NgramModel, some: int, others: int) -> None:
    rng = np.random.default_rng(1)
    ids = model.encode(TEXT * 3)
    tails = np.stack([ids[k : k + 4] for k in rng.integers(0, len(ids) - 4, some)])
    heads = np.stack([ids[k : k + 4] for k in rng.integers(0, len(ids) - 4, others)])
    tails[::5, :2] = model.bos
    matrix = model.seam_matrix(tails, heads)
    assert matrix.shape == (some, others)
    pairs = np.repeat(tails, others, axis=0), np.tile(heads, (some, 1))
    assert np.allclose(matrix.ravel(), model.seams(*pairs), atol=1e-4)
    each = model.logp_given(*pairs)
    assert np.allclose(model.seams(*pairs), each.sum(axis=1))
    lengths = rng.integers(0, 5, others)
    each = np.where(np.arange(4) < np.tile(lengths, some)[:, None], each, 0)
    assert np.allclose(model.seam_matrix(tails, heads, lengths).ravel(), each.sum(axis=1), atol=1e-4)


@pytest.mark.parametrize("before", [0, 2, 3, 5])
@pytest.mark.parametrize("behind", [0, 1, 3, 4])
def test_many_characters_in_a_place_score_as_one_by_one(model: NgramModel, before: int, behind: int) -> None:
    ids = model.encode(TEXT * 2).astype(np.int64)
    place = np.arange(6, 40, 3)
    every = np.concatenate((ids, np.arange(0, 5000, 7)))
    of, characters = np.repeat(np.arange(len(place)), len(every)), np.tile(every, len(place))
    contexts = ids[place[:, None] + np.arange(-before, 0)]
    after = ids[place[:, None] + 1 + np.arange(behind)]
    found = model.replaced(contexts, of, characters, after)
    rows = model.seams(contexts[of], np.concatenate((characters[:, None], after[of]), axis=1))
    assert np.array_equal(found, rows)


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 3), (3, 0)])
def test_empty_matrices(model: NgramModel, rows: int, columns: int) -> None:
    tails, heads = np.zeros((rows, 4), np.uint16), np.zeros((columns, 4), np.uint16)
    assert model.seam_matrix(tails, heads).shape == (rows, columns)
    assert model.seams(tails, tails).shape == (rows,)
    assert model.logp_given(tails, tails).shape == (rows, 4)


# damaged files


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"none\.bin.*{REBUILD}"):
        NgramModel.load(tmp_path / "none.bin")


@pytest.mark.parametrize("keep", [0, 5, 40, 1000, -1])
def test_truncated(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "ngram.bin"
    file.write_bytes(path(FILE).read_bytes()[:keep])
    with pytest.raises(DataError, match=rf"ngram\.bin.*{REBUILD}"):
        NgramModel.load(file)


def test_another_version_and_another_table(tmp_path: Path) -> None:
    file = tmp_path / "ngram.bin"
    write_arrays(file, TABLE, VERSION + 1, {"sizes": np.zeros(3, np.int64)})
    with pytest.raises(DataError, match=rf"version {VERSION + 1}.*{REBUILD}"):
        NgramModel.load(file)
    with pytest.raises(DataError, match="lexicon"):
        NgramModel.load(path("lexicon.bin"))
    file.write_text(json.dumps({"not": "a model"}))
    with pytest.raises(DataError, match=REBUILD):
        NgramModel.load(file)


# another scorer


class CountScorer:
    """Witten-Bell smoothed counts of one text in dictionaries: shares no code with the model."""

    bos = 0

    def __init__(self, text: str, order: int = 3) -> None:
        self.order = order
        self.chars = {char: k for k, char in enumerate("\n" + "".join(sorted(set(text) - {"\n"})))}
        self.counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for line in text.split("\n"):
            ids = [0] * (order - 1) + [self.chars[char] for char in line] + [0]
            for k in range(order - 1, len(ids)):
                for reach in range(order):
                    self.counts[tuple(ids[k - reach : k])][ids[k]] += 1

    def encode(self, text: str) -> NDArray[Any]:
        return np.array([self.chars.get(char, len(self.chars)) for char in text], dtype=np.int32)

    def _prob(self, context: tuple[int, ...], last: int) -> float:
        below = self._prob(context[1:], last) if context else 1 / (len(self.chars) + 1)
        seen = self.counts.get(context)
        if not seen:
            return below
        return (seen[last] + len(seen) * below) / (sum(seen.values()) + len(seen))

    def logp_given(self, context: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float32]:
        out = np.empty(target.shape, dtype=np.float32)
        for row in range(len(target)):
            ids = [0] * self.order + context[row].tolist() + target[row].tolist()
            for k in range(target.shape[1]):
                end = len(ids) - target.shape[1] + k
                out[row, k] = np.log(self._prob(tuple(ids[end - self.order + 1 : end]), ids[end]))
        return out

    def logp(self, ids: NDArray[Any]) -> NDArray[np.float32]:
        return self.logp_given(np.zeros((1, 0), np.int32), ids[None])[0]

    def seams(self, tails: NDArray[Any], heads: NDArray[Any]) -> NDArray[np.float32]:
        return self.logp_given(tails, heads).sum(axis=1)

    def seam_matrix(
        self, tails: NDArray[Any], heads: NDArray[Any], lengths: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        each = self.logp_given(np.repeat(tails, len(heads), axis=0), np.tile(heads, (len(tails), 1)))
        if lengths is not None:
            each[np.arange(heads.shape[1]) >= np.tile(lengths, len(tails))[:, None]] = 0
        return each.sum(axis=1).reshape(len(tails), len(heads))


@pytest.fixture(scope="module")
def counted() -> CountScorer:
    return CountScorer(corpus_text(11).replace("\n\n", "\n"))


@pytest.mark.parametrize("which", ["model", "counted"])
def test_of_short_heads_only_their_own_characters_count(which: str, request: pytest.FixtureRequest) -> None:
    scorer: Scorer = request.getfixturevalue(which)
    tails = np.stack([scorer.encode(text) for text in ("和人民会", "的中国经", "中国的学")])
    heads = np.stack([scorer.encode(text) for text in ("议和人民", "济的中国", "学会议和")])
    lengths = np.array([1, 3, 4])
    found = scorer.seam_matrix(tails, heads, lengths)
    for j, size in enumerate(lengths.tolist()):
        assert np.allclose(
            found[:, j],
            scorer.seams(tails, np.repeat(heads[j : j + 1, :size], len(tails), axis=0)),
            atol=1e-4,
        )


@pytest.mark.parametrize("which", ["model", "counted"])
def test_scorers_are_interchangeable(which: str, request: pytest.FixtureRequest) -> None:
    """The same caller finds the cut halves of words with either."""
    scorer: Scorer = request.getfixturevalue(which)
    assert isinstance(scorer, Scorer)
    tails = np.stack([scorer.encode(text) for text in ("和人民会", "的中国经", "中国的学")])
    heads = np.stack([scorer.encode(text) for text in ("议和人民", "济发展的", "校和工人")])
    matrix = scorer.seam_matrix(tails, heads)
    assert (matrix.argmax(axis=0) == np.arange(3)).all()
    assert np.allclose(np.diag(matrix), scorer.seams(tails, heads), atol=1e-4)
    assert np.allclose(scorer.logp(tails[0])[1:], scorer.logp_given(tails[:1, :1], tails[:1, 1:])[0], atol=10)
    assert np.isfinite(PageCache(["和人民会", "议和人民"], scorer).gain_matrix()).all()


# the page cache


@pytest.mark.parametrize("which", ["model", "counted"])
def test_a_name_that_recurs_on_the_page_speaks_for_a_seam(which: str, request: pytest.FixtureRequest) -> None:
    scorer: Scorer = request.getfixturevalue(which)
    lines = ["记者昨天见到韩梓澜同志", "他说，韩梓澜是先进工作者", "全厂学习韩梓", "澜的事迹", "效益好"]
    cache = PageCache(lines, scorer)
    right, wrong = cache.gains(np.array([2, 2]), np.array([3, 4]))
    assert right > 1
    assert wrong <= 0
    assert cache.gain_matrix()[2, 3] == right


def test_a_seam_is_no_evidence_for_itself(model: NgramModel) -> None:
    """Where nothing recurs, true seams gain nothing, whether lines stand in order or not."""
    text = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥金木水火土天地玄黄"
    lines = [text[k : k + 5] for k in range(0, len(text), 5)]
    assert (PageCache(lines, model).gain_matrix() == 0).all()
    assert (PageCache(lines[::-1], model).gain_matrix() == 0).all()


def test_a_true_seam_is_not_held_against_it_elsewhere(model: NgramModel) -> None:
    """That 澜 follows 梓 at the seam itself must not help a false seam with the same end."""
    lines = ["全厂学习韩梓", "澜的事迹", "产量提高", "向阳村的桑梓", "之情"]
    matrix = PageCache(lines, model).gain_matrix()
    assert matrix[3, 1] <= 0
    assert matrix[0, 1] <= 0


@pytest.mark.parametrize("lines", [[], [""], ["国"], ["国", "家", ""], ["\n\n", "国\n家"]])
def test_short_and_empty_lines(model: NgramModel, lines: list[str]) -> None:
    matrix = PageCache(lines, model).gain_matrix()
    assert matrix.shape == (len(lines), len(lines))
    assert np.isfinite(matrix).all()


def test_the_end_of_a_short_line_is_not_held_against_it(model: NgramModel) -> None:
    lines = ["宣传韩梓澜", "全厂学习韩梓", "澜", "采访韩梓澜后", "效益好"]
    matrix = PageCache(lines, model).gain_matrix()
    longer = PageCache([*lines[:2], "澜甲乙丙", *lines[3:]], model).gain_matrix()
    assert matrix[1, 2] > 1
    assert matrix[1, 2] >= longer[1, 2]


def test_many_single_characters_behind_contexts(model: NgramModel) -> None:
    """Kept followers say what looking up every pair says, the second time too."""
    ids = np.arange(2, 2 + 1500, dtype=np.int64)
    contexts = np.stack([model.encode(text) for text in ("和人民", "的中国", "中国的", "人民的")]).astype(
        np.int64
    )
    contexts[0, :2] = model.bos
    for _ in range(2):
        found = model.seam_matrix(contexts, ids[:, None])
        for row, context in enumerate(contexts):
            rows = np.repeat(context[None, :], len(ids), axis=0)
            assert np.array_equal(found[row], model.logp_given(rows, ids[:, None])[:, 0])
