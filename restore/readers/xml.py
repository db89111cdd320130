"""XML and HTML of strangers: no entities, no network, no depth or size beyond the parser's own limits."""

from __future__ import annotations

import re
from typing import Any

from restore.readers.document import ReadError, ReadOptions
from restore.readers.opened import Opened, need

__all__ = ["local", "name_of_root", "parse_html", "parse_xml"]

_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")
_ASIDE = re.compile(r"<\?.*?\?>|<!--.*?-->", re.S)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(\[.*?\]\s*)?>", re.S | re.I)


def name_of_root(head: bytes) -> str | None:
    """Name of the first element without its prefix, None when ``head`` does not begin as XML or HTML does."""
    encoding = "utf-8"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif head[:4] in (b"<\x00?\x00", b"<\x00a\x00", b"<\x00P\x00", b"<\x00h\x00"):
        encoding = "utf-16-le"
    text = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if not text.startswith("<"):
        return None
    text = _DOCTYPE.sub("", _ASIDE.sub("", text), count=1).lstrip()
    found = _ROOT.match(text)
    return found[1] if found else None


def local(element: Any) -> str:
    """Name of an element without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def parse_xml(opened: Opened, options: ReadOptions, kind: str) -> Any:
    """The root element.

    Raises:
        ReadError: with line and column where the file is no XML, or goes beyond what a page needs.
    """
    etree = need("lxml.etree", f"reading {kind}")
    data = opened.content(options)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError, AssertionError) as error:
        raise ReadError(f"{opened.shown}: damaged {kind} ({_said(error)})") from None
    if root is None:
        raise ReadError(f"{opened.shown}: damaged {kind} (no element in it)")
    return root


def parse_html(opened: Opened, options: ReadOptions, kind: str) -> Any:
    """The root element of XHTML, or of HTML where it is not well-formed.

    Raises:
        ReadError: when it is neither.
    """
    etree = need("lxml.etree", f"reading {kind}")
    try:
        return parse_xml(opened, options, kind)
    except ReadError:
        data = opened.content(options)
        try:
            data.decode("utf-8")
            encoding = "utf-8"  # HTML that does not name its encoding would be taken for Latin 1
        except UnicodeDecodeError:
            encoding = None
        parser = etree.HTMLParser(
            no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding=encoding
        )
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, etree.ParserError, ValueError, LookupError, AssertionError) as error:
            raise ReadError(f"{opened.shown}: damaged {kind} ({_said(error)})") from None
        if root is None:
            raise ReadError(f"{opened.shown}: damaged {kind} (no element in it)") from None
        return root


def _said(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
