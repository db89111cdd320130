"""PAGE content files of 2010 to 2019 (https://github.com/PRImA-Research-Lab/PAGE-XML), whatever the namespace says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from restore.readers.document import Document, Failure, ReadError, ReadOptions
from restore.readers.opened import Opened
from restore.readers.page_text import Box, Line, Word, around, number, page
from restore.readers.xml import local, parse_xml

__all__ = ["lines_of", "outline", "read_page"]


def read_page(opened: Opened, options: ReadOptions) -> Iterator[Document | Failure]:
    """The page of a file, its regions in the file's own reading order where it has one."""
    root = parse_xml(opened, options, "PAGE")
    one = next((e for e in root.iter() if local(e) == "Page"), None)
    if one is None:
        raise ReadError(f"{opened.shown}: PAGE without a Page")
    meta = {"format": "page", "page": "1"}
    if one.get("imageFilename"):
        meta["image"] = one.get("imageFilename")
    size = (number(one.get("imageWidth")) or 0.0, number(one.get("imageHeight")) or 0.0)
    yield page(
        opened.name, opened.shown, [line for line, _, _ in lines_of(one)], size, meta, opened.content(options)
    )


def outline(element: Any) -> Box | None:
    """The box around the ``Coords`` of an element."""
    for child in element:
        if local(child) != "Coords":
            continue
        points = [pair.split(",") for pair in (child.get("points") or "").split()]
        numbers = [(number(p[0]), number(p[1])) for p in points if len(p) == 2]
        numbers += [(number(p.get("x")), number(p.get("y"))) for p in child if local(p) == "Point"]
        return around((x, y, x, y) for x, y in numbers if x is not None and y is not None)
    return None


def content(element: Any) -> str:
    """The text of a region, line or word: of its readings the one with the lowest index."""
    readings = []
    for place, child in enumerate(element):
        if local(child) == "TextEquiv":
            text = next((e.text or "" for e in child if local(e) == "Unicode"), "")
            index = number(child.get("index"))
            readings.append((index if index is not None else 1e6, place, text))
    return min(readings)[2] if readings else ""


def regions_of(one: Any) -> list[Any]:
    """Text regions of a page: in its reading order, then those that it does not name.

    Regions in a region that the order does not name follow it.
    """
    regions = [e for e in one.iter() if local(e) == "TextRegion"]
    by_id = {e.get("id"): e for e in regions if e.get("id")}
    order = next((e for e in one if local(e) == "ReadingOrder"), None)
    named = []
    if order is not None:
        for ref in _references(order):
            element = by_id.pop(ref, None)
            if element is not None:
                named.append(element)
    seen = {id(e) for e in named}
    inner: dict[int, list[Any]] = {}
    loose = []
    for element in regions:
        if id(element) in seen:
            continue
        around_it = next((e for e in element.iterancestors() if id(e) in seen), None)
        if around_it is None:
            loose.append(element)
        else:
            inner.setdefault(id(around_it), []).append(element)
    return [e for outer in named for e in (outer, *inner.get(id(outer), ()))] + loose


def _references(order: Any) -> list[str]:
    """Region ids of a reading order, groups by index, without recursion."""
    out: list[str] = []
    stack = [order]
    while stack:
        element = stack.pop()
        ref = element.get("regionRef")
        if ref:
            out.append(ref)
        children = [e for e in element if local(e)]
        if local(element).startswith("OrderedGroup"):
            children.sort(key=lambda e: number(e.get("index")) or 0.0)
        stack.extend(reversed(children))
    return out


def lines_of(one: Any) -> list[tuple[Line, Any, Any]]:
    """Lines of a page in reading order, each with its region and its own element (None for text of a region alone)."""
    lines: list[tuple[Line, Any, Any]] = []
    for region, element in enumerate(regions_of(one)):
        own = [e for e in element if local(e) == "TextLine"]
        if not own and not _told_within(element):
            lines += [(line, element, None) for line in _bare(element, region)]
        for line in own:
            words = [Word(content(e), outline(e)) for e in line if local(e) == "Word"]
            text = content(line)
            if text or not words:
                words = _placed(text, words)
            box = outline(line) or around(w.box for w in words)
            lines.append((Line(words, box, region, line.get("id") or ""), element, line))
    return lines


def _told_within(region: Any) -> bool:
    """Whether a region's text is that of the regions in it, so that it stands in the file twice."""
    return any(
        local(e) == "TextRegion"
        and (any(local(child) == "TextLine" for child in e) or content(e).strip() != "")
        for e in region.iterdescendants()
    )


def _placed(text: str, words: list[Word]) -> list[Word]:
    """The line's own text, cut into its words where these make it up; they have the boxes."""
    at = 0
    out: list[Word] = []
    for word in words:
        found = text.find(word.text, at) if word.text else -1
        if found < 0 or text[at:found].strip():
            return [Word(text)]
        out.append(Word(text[at:found] + word.text, word.box))
        at = found + len(word.text)
    return out if out and not text[at:].strip() else [Word(text)]


def _bare(element: Any, region: int) -> list[Line]:
    """Lines of a region that has only text: its box is shared out among them."""
    texts = content(element).splitlines()
    box = outline(element)
    if box is None or not texts:
        return [Line([Word(text)], None, region) for text in texts]
    left, top, right, bottom = box
    high = (bottom - top) / len(texts)
    return [
        Line([Word(text)], (left, top + k * high, right, top + (k + 1) * high), region)
        for k, text in enumerate(texts)
    ]
