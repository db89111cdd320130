"""PAGE with the restored text and a new reading order, put back into the file that the page came from.

Old readings stay: each line keeps its ``TextEquiv`` behind the restored one, which has index 0. A region whose lines
went to several places is divided; its parts are called ``ID_part2`` and so on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from restore.files import OutputError
from restore.readers.document import Document, ReadOptions
from restore.readers.opened import Opened, need
from restore.readers.page_text import Box, around, join_words
from restore.readers.pagexml import lines_of, outline
from restore.readers.xml import local, parse_xml
from restore.restoration import Restoration

__all__ = ["page_xml"]

_BEFORE_ORDER = ("AlternativeImage", "Border", "PrintSpace")
_AFTER_TEXT = ("TextStyle", "UserDefined", "Labels")


def page_xml(document: Document, restoration: Restoration) -> bytes:
    """The page's own PAGE file with the restored text of every line and a reading order of its regions.

    Raises:
        OutputError: when the document did not come from a PAGE file.
    """
    if document.original is None or document.meta.get("format") != "page":
        raise OutputError(f"{document.id}: PAGE can be written only for a page that was read from PAGE")
    etree = need("lxml.etree", "writing PAGE")
    root = parse_xml(Opened(document.id, document.id, data=document.original), ReadOptions(), "PAGE")
    one = next(e for e in root.iter() if local(e) == "Page")
    lines = [item for item in lines_of(one) if join_words(item[0])[0].strip()]
    spans = _line_spans(document.source.text)
    if len(spans) != len(lines):
        raise OutputError(f"{document.id}: the lines of the file are not those of the page that was restored")
    texts, places, articles = _restored(restoration, spans)
    space = root.tag.rpartition("}")[0] + "}" if root.tag.startswith("{") else ""
    make = _Maker(etree, space)
    for (line, _, element), text in zip(lines, texts, strict=True):
        if element is not None and text != join_words(line)[0].strip():
            make.reading(element, text)
    order = sorted(range(len(lines)), key=lambda k: places[k])
    make.reading_order(one, _divided(lines, order, articles, make))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _line_spans(text: str) -> list[tuple[int, int]]:
    spans = []
    at = 0
    for line in text.split("\n"):
        if line.strip():
            spans.append((at, at + len(line)))
        at += len(line) + 1
    return spans


def _restored(
    restoration: Restoration, spans: list[tuple[int, int]]
) -> tuple[list[str], list[float], list[int]]:
    """Text of every line, where it stands in the restored text, and which article it belongs to."""
    rendering = restoration.rendering
    start = np.array([a for a, _ in spans], dtype=np.int64)
    end = np.array([b for _, b in spans], dtype=np.int64)
    line = np.searchsorted(start, rendering.origin, side="right") - 1
    inside = (line >= 0) & (rendering.origin < end[np.maximum(line, 0)])
    at = np.flatnonzero(inside & (rendering.codes != 10))
    owner = line[at]
    by_line = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[by_line], np.arange(len(spans) + 1))
    text = restoration.text
    texts: list[str] = []
    places: list[float] = []
    articles: list[int] = []
    starts = np.array([b.start for b in restoration.blocks], dtype=np.int64)
    last = -1.0
    for k in range(len(spans)):
        own = at[by_line[bounds[k] : bounds[k + 1]]]
        texts.append("".join(text[q] for q in own.tolist()))
        place = (
            float(own[0]) if len(own) else last + 0.5
        )  # a line that was taken out stays behind the one before it
        places.append(place)
        last = place
        block = int(np.searchsorted(starts, place, side="right")) - 1
        articles.append(restoration.blocks[block].article if block >= 0 else 0)
    return texts, places, articles


def _divided(
    lines: list[tuple[Any, Any, Any]], order: list[int], articles: list[int], make: _Maker
) -> list[tuple[str, int]]:
    """Region ids in reading order, each with its article; regions whose lines are apart are divided."""
    runs: list[list[int]] = []
    for k in order:
        if runs and lines[runs[-1][-1]][1] is lines[k][1] and articles[runs[-1][-1]] == articles[k]:
            runs[-1].append(k)
        else:
            runs.append([k])
    parts: dict[int, int] = {}
    out: list[tuple[str, int]] = []
    for number, run in enumerate(runs):
        region = lines[run[0]][1]
        part = parts[id(region)] = parts.get(id(region), 0) + 1
        name = region.get("id") or f"restored_region{number + 1}"
        region.set("id", name)
        movable = [lines[k][2] for k in run if lines[k][2] is not None]
        if part > 1 and movable:
            name = make.part(region, f"{name}_part{part}", movable)
        elif part > 1:
            continue
        else:
            make.in_order(region, movable)
        out.append((name, articles[run[0]]))
    return out


class _Maker:
    """Makes elements in the file's own namespace."""

    def __init__(self, etree: Any, space: str) -> None:
        self._etree, self._space = etree, space

    def _new(self, parent: Any, name: str, **attributes: str) -> Any:
        return self._etree.SubElement(parent, f"{self._space}{name}", **attributes)

    def reading(self, line: Any, text: str) -> None:
        """The restored reading of a line, before those it had."""
        old = [e for e in line if local(e) == "TextEquiv"]
        for k, one in enumerate(sorted(old, key=lambda e: _index(e)), 1):
            one.set("index", str(k))
        new = self._new(line, "TextEquiv", index="0")
        self._new(new, "Unicode").text = _allowed(text)
        behind = old[:1] or [e for e in line if local(e) in _AFTER_TEXT][:1]
        if behind:
            behind[0].addprevious(new)

    def in_order(self, region: Any, lines: list[Any]) -> None:
        """Lines of a region in their new order, in the places they had."""
        if len(lines) < 2:
            return
        mark = self._new(region, "TextLine")
        lines_now = [e for e in region if local(e) == "TextLine" and e is not mark]
        lines_now[0].addprevious(mark)
        for one in lines:
            mark.addprevious(one)
        region.remove(mark)

    def part(self, region: Any, name: str, lines: list[Any]) -> str:
        """A region of its own for some lines of another."""
        new = self._etree.Element(f"{self._space}TextRegion", id=name)
        for key in (
            "type",
            "orientation",
            "primaryLanguage",
            "primaryScript",
            "readingDirection",
            "textLineOrder",
        ):
            if region.get(key):
                new.set(key, region.get(key))
        box = around(outline(e) for e in lines) or outline(region)
        self._new(new, "Coords", points=_points(box or (0.0, 0.0, 0.0, 0.0)))
        for one in lines:
            new.append(one)
        place = region
        while place.getnext() is not None and (place.getnext().get("id") or "").startswith(
            f"{region.get('id')}_part"
        ):
            place = place.getnext()
        place.addnext(new)
        return name

    def reading_order(self, one: Any, regions: list[tuple[str, int]]) -> None:
        """In the place of the old reading order a new one, grouped by article."""
        for old in [e for e in one if local(e) == "ReadingOrder"]:
            one.remove(old)
        if not regions:
            return
        order = self._new(one, "ReadingOrder")
        at = sum(1 for e in one if local(e) in _BEFORE_ORDER)
        one.insert(at, order)
        group = self._new(order, "OrderedGroup", id="restored_order")
        numbers = {article for _, article in regions if article}
        inner, inner_article, top, below = None, 0, 0, 0
        for name, article in regions:
            if len(numbers) < 2 or not article:
                self._new(group, "RegionRefIndexed", index=str(top), regionRef=name)
                inner, top = None, top + 1
                continue
            if inner is None or article != inner_article:
                inner = self._new(group, "OrderedGroupIndexed", id=f"restored_article{top}", index=str(top))
                inner_article, below, top = article, 0, top + 1
            self._new(inner, "RegionRefIndexed", index=str(below), regionRef=name)
            below += 1


def _index(element: Any) -> float:
    try:
        return float(element.get("index") or 1e6)
    except ValueError:
        return 1e6


def _points(box: Box) -> str:
    left, top, right, bottom = (max(0, round(v)) for v in box)
    return f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"


def _allowed(text: str) -> str:
    """Text without characters that XML cannot hold."""
    return "".join(
        c
        if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
        else "\ufffd"
        for c in text
    )
