"""TEI for tests: validation against tei_all, and reading both texts back by the rules that the writer states."""

from __future__ import annotations

import os
from pathlib import Path

from lxml import etree

TEI = "{http://www.tei-c.org/ns/1.0}"
RNG = "{http://relaxng.org/ns/structure/1.0}"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
CARRIERS = {TEI + name for name in ("p", "head", "byline", "fw")}
SPACES = {"space": " ", "newline": "\n", "return": "\r", "tab": "\t", "ideographic-space": "\u3000"}


def schema_path() -> Path | None:
    """tei_all as RELAX NG: the file TEI_RNG names, or the one that .ci/run fetched."""
    named = os.environ.get("TEI_RNG")
    path = Path(named) if named else Path(__file__).parent.parent / ".cache" / "tei.rng"
    return path if path.exists() else None


def schema_for(document: etree._Element, path: Path) -> etree.RelaxNG:
    """The schema with elements that the document does not use forbidden.

    For this document it accepts exactly what the whole one accepts, and is read in a moment instead of half a minute.
    """
    used = {element.tag.removeprefix(TEI) for element in document.iter()}
    grammar = etree.parse(str(path)).getroot()
    for define in grammar.iter(RNG + "define"):
        element = define.find(RNG + "element")
        if element is not None and element.get("name") not in used:
            define[:] = [etree.Element(RNG + "notAllowed")]
    return etree.RelaxNG(etree.ElementTree(grammar))


def parse(data: bytes) -> etree._Element:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def source_order(root: etree._Element) -> None:
    """Exchange what each transpose names."""
    named = {element.get(XML_ID): element for element in root.iter() if element.get(XML_ID)}
    for transpose in root.iter(TEI + "transpose"):
        one, other = (named[pointer.get("target").removeprefix("#")] for pointer in transpose)
        _exchange(one, other)


def _exchange(one: etree._Element, other: etree._Element) -> None:
    first, second = etree.Element("a"), etree.Element("b")
    for element, stand_in in ((one, first), (other, second)):
        stand_in.tail, element.tail = element.tail, None
        element.getparent().replace(element, stand_in)
    for element, stand_in in ((other, first), (one, second)):
        element.tail = stand_in.tail
        stand_in.getparent().replace(stand_in, element)


def texts(data: bytes) -> tuple[str, str]:
    """The source's text and the restored text."""
    root = parse(data)
    restored = _read(root, restored=True)
    source_order(root)
    return _read(root, restored=False), restored


def _read(root: etree._Element, restored: bool) -> str:
    out: list[str] = []

    def walk(element: etree._Element, inside: bool, shown: bool) -> None:
        name = element.tag.removeprefix(TEI)
        inside |= element.tag in CARRIERS
        if name in ("sic", "surplus"):
            shown &= not restored
        elif name in ("corr", "supplied"):
            shown &= restored
        if shown and name == "gap" and restored:
            out.append("〔…〕")
        elif shown and name == "lb" and element.get("break") == "no":
            if not restored:
                out.extend(SPACES.get(word) or chr(int(word[2:], 16)) for word in element.get("rend").split())
        elif shown and name == "lb":
            out.append("\n")
        elif shown and name == "g":
            out.append(chr(int(element.get("n")[2:], 16)))
        if inside and shown and element.text:
            out.append(element.text)
        for child in element:
            walk(child, inside, shown)
            if inside and shown and child.tail:
                out.append(child.tail)

    walk(root.find(TEI + "text"), False, True)
    return "".join(out)
