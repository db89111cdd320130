"""The data files under dictionaries/: format, order, duplicates, normal form, origin and licence named."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from restore.data import path
from restore.language.glyphs import Confusables
from restore.language.lexicon import Lexicon, word_list

ROOT = path("radicals.tsv").parent
TSV = (
    "radicals",
    "scripts",
    "bylines",
    "surnames",
    "suffixes",
    "measures",
    "number_patterns",
    "korean_endings",
    "unread",
)
BINARY = ("lexicon.bin", "confusables.bin")
DATA = (".bin", ".json", ".tsv")
HEADERS = {
    "radicals": "code\tchar\tto\thans\tkind",
    "scripts": "code\tchar\tscripts",
    "surnames": "surname\tkind",
    "bylines": "word\tkind",
    "suffixes": "suffix\tkind",
    "measures": "word\tkind",
    "number_patterns": "kind\tpattern",
    "korean_endings": "ending\tkind",
    "unread": "glyph\tmisread\tper_million",
}
LICENCE = re.compile(r"\b(MIT|Apache|Unicode|OFL|Arphic|GPL|own making)\b")


def rows(name: str) -> list[list[str]]:
    text = path(f"{name}.tsv").read_text("utf-8")
    assert text.endswith("\n")
    assert "\r" not in text
    return [line.split("\t") for line in text.split("\n")[:-1]]


@pytest.mark.parametrize("name", TSV)
def test_format(name: str) -> None:
    header, *body = rows(name)
    assert "\t".join(header) == HEADERS[name]
    assert body
    for row in body:
        assert len(row) == len(header)
        assert all(field == field.strip() for field in row)


@pytest.mark.parametrize("name", TSV)
def test_no_duplicates(name: str) -> None:
    body = [tuple(row) for row in rows(name)[1:]]
    assert len(set(body)) == len(body)


@pytest.mark.parametrize("name", ["radicals", "scripts"])
def test_keys_are_unique_sorted_and_say_their_code(name: str) -> None:
    body = rows(name)[1:]
    keys = [row[1] for row in body]
    assert keys == sorted(set(keys))
    for row in body:
        assert row[0] == " ".join(f"U+{ord(char):04X}" for char in row[1])


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("surnames", 1),
        ("suffixes", 1),
        ("measures", 1),
        ("number_patterns", 0),
        ("korean_endings", 1),
        ("bylines", 1),
    ],
)
def test_lists_are_sorted_by_kind(name: str, by: int) -> None:
    body = rows(name)[1:]
    order = [(row[by], row[1 - by]) for row in body]
    if name == "surnames":
        order = [(kind != "single", word) for kind, word in order]  # type: ignore[misc]
    assert order == sorted(order)


@pytest.mark.parametrize("name", TSV)
def test_nfc(name: str) -> None:
    """All but the column of forms that NFC would undo."""
    for row in rows(name)[1:]:
        fields = [row[0], *row[2:]] if name == "radicals" else row
        assert fields == [unicodedata.normalize("NFC", field) for field in fields]


def test_script_letters() -> None:
    assert {row[2] for row in rows("scripts")[1:]} == {"s", "t", "j", "st", "sj", "tj"}


def test_surnames_are_one_or_several_characters() -> None:
    for name, kind in word_list("surnames"):
        assert (len(name) == 1) == (kind == "single")


@pytest.mark.parametrize(
    ("kind", "whole", "not_whole"),
    [
        ("integer_han", "二百五十三万", "二百个"),
        ("integer_arabic", "1,234,567", "1,23"),
        ("percent_sign", "12.5%", "12.5"),
        ("percent_han", "百分之三十", "百分点"),
        ("ordinal", "第十五", "第"),
        ("year_han", "一九九八年", "九八年"),
        ("year_arabic", "1998年", "98年"),
        ("date_month_day", "10月31日", "10月"),
        ("score", "3∶1", "3"),
        ("approximate", "近三百多", "三百"),
    ],
)
def test_number_patterns(kind: str, whole: str, not_whole: str) -> None:
    pattern = {row[0]: row[1] for row in word_list("number_patterns")}[kind]
    assert re.fullmatch(pattern, whole)
    assert not re.fullmatch(pattern, not_whole)


def test_number_patterns_compile() -> None:
    for _, pattern in word_list("number_patterns"):
        assert not re.compile(pattern).match("")


def test_words_and_pairs_are_nfc() -> None:
    for word in list(Lexicon.load())[::37]:
        assert word == unicodedata.normalize("NFC", word)
    table = Confusables.load()
    chars = "".join(map(chr, {*table.seen.tolist(), *table.true.tolist()}))
    assert chars == unicodedata.normalize("NFC", chars)


@pytest.mark.parametrize("name", sorted(file.name for file in ROOT.iterdir() if file.suffix in DATA))
def test_origin_licence_and_command_are_named(name: str) -> None:
    about = [part for part in paragraphs(ROOT / "SOURCES.md") if f"`{name}`" in part]
    assert about, f"no paragraph on {name}"
    assert any(LICENCE.search(part) for part in about)
    assert any("python dictionaries/build/" in part or "own making" in part for part in about)


def test_all_but_the_model_is_small() -> None:
    total = sum(path(name).stat().st_size for name in [*(f"{n}.tsv" for n in TSV), *BINARY])
    assert total < 4_000_000


def paragraphs(note: Path) -> list[str]:
    """Sections of a note, each from its heading on."""
    return re.split(r"(?m)^(?=#)", note.read_text("utf-8"))
