"""Japanese and Korean: pieces of ``fixtures/scripts``, broken into printed lines, come back whole and otherwise unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from restore import Restoration, clean
from restore.correction import Certainty
from restore.language.scripts import detect_script

FOLDER = Path(__file__).parent.parent / "fixtures" / "scripts"
NOT_FIRST = set("、。，．・：；？！）」』】〉》ーっゃゅょぁぃぅぇぉッャュョァィゥェォ々ゝ.,!?")
NOT_LAST = set("「『（【〈《")
PIECES = 3
"""On one page."""
CHINESE = {"charmap", "confusables", "doubles", "gaps", "lost_marks", "mistaken_marks", "script", "strays"}
Page = tuple[list[str], list[list[str]], list[list[str]]]


def pieces(name: str) -> list[str]:
    return (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()


def wide(text: str) -> float:
    return sum(0.5 if ord(char) < 0x2E80 else 1.0 for char in text)


def between_syllables(text: str, measure: float) -> tuple[list[str], list[str]]:
    """Lines of a measure with kinsoku, and what stood between them."""
    lines, seams, line = [], [], ""
    for at, char in enumerate(text):
        line += char
        behind = text[at + 1 : at + 2]
        if behind and wide(line) >= measure and behind not in NOT_FIRST and line[-1] not in NOT_LAST:
            seams.append(" " if behind == " " or line.endswith(" ") else "")
            lines.append(line.strip())
            line = ""
    return [*lines, line.strip()], seams


def between_words(text: str, measure: float) -> tuple[list[str], list[str]]:
    """Lines of a measure at most, broken at spaces."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and wide(f"{line} {word}") > measure:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line], [" "] * len(lines)


def joins(texts: Sequence[str], measure: float, cut: object, end: str) -> tuple[int, int, Restoration]:
    """Right joins, joins, and the restoration of a page of pieces."""
    assert callable(cut)
    broken = [cut(text, measure) for text in texts]
    result = clean("\n\n".join(end.join(lines) for lines, _ in broken))
    right = total = 0
    for lines, seams in broken:
        for first, seam, second in zip(lines, seams, lines[1:], strict=False):
            total += 1
            right += first[-5:] + seam + second[:5] in result.text
    return right, total, result


@pytest.mark.parametrize(("name", "script"), [("japanese", "jp"), ("korean", "ko")])
def test_there_are_thirty_pieces_each_of_its_script(name: str, script: str) -> None:
    assert len(pieces(name)) >= 30
    assert {detect_script(text) for text in pieces(name)} == {script}


@pytest.mark.parametrize("end", ["\n", " "])
@pytest.mark.parametrize(
    ("name", "cut"), [("japanese", between_syllables), ("korean", between_words)], ids=["japanese", "korean"]
)
def test_lines_are_joined(name: str, cut: object, end: str) -> None:
    texts = pieces(name)
    right = total = 0
    for k in range(0, len(texts), PIECES):
        for measure in (12, 15, 18):
            hits, joined, result = joins(texts[k : k + PIECES], measure, cut, end)
            right, total = right + hits, total + joined
            assert not CHINESE & {one.pass_name for one in result.corrections}
    assert right >= 0.99 * total, f"{right} of {total}"


@pytest.mark.parametrize("name", ["japanese", "korean"])
def test_whole_text_stays(name: str) -> None:
    text = "\n\n".join(pieces(name))
    assert clean(text).text == text


def test_a_cut_korean_word_is_put_together_only_on_evidence() -> None:
    texts = pieces("korean")
    applied = right = shown = 0
    for k in range(0, len(texts), PIECES):
        page = " ".join(texts[k : k + PIECES])
        _, _, result = joins(texts[k : k + PIECES], 15, between_syllables, "\n")
        for one in result.corrections.by_pass("korean_words"):
            readings = one.evidence["alternatives"]
            shown += one.certainty == Certainty.LOW
            if one.applied:
                applied += 1
                right += max(readings, key=readings.__getitem__) in page
            else:
                assert one.certainty == Certainty.LOW
    assert applied >= 10
    assert shown > 0
    assert right >= 0.95 * applied


def test_japanese_and_traditional_quotes_stay() -> None:
    japanese = "館長は「人々の『声』を聞きたい」と話した。ラーメンの屋台も並んでいる。"
    traditional = "館長說：「我們想聽聽讀者的『心聲』。」縣裡的圖書館從下週起延長開放時間。"
    assert clean(japanese).text == japanese
    assert clean(traditional).text == traditional
