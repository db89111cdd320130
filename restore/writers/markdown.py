"""Markdown (CommonMark): the restored text with its headlines, without any mark of what was changed."""

from __future__ import annotations

import re

from restore.restoration import Restoration
from restore.writers.stream import blocks_of

__all__ = ["to_markdown"]

_INLINE = re.compile(r"[\\`*_\[\]<>&~|]")
# at the beginning of a line these would make a headline, list, quotation, rule or code of it
_LEADING = re.compile(r"^[#+\-=>]")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")
_HEADINGS = {"headline": "## ", "subhead": "### "}


def to_markdown(restoration: Restoration) -> bytes:
    """The restored text as Markdown, UTF-8: an article's headline is a heading of the second level.

    Text is escaped, so that nothing in a dump becomes markup. Page furniture stands below a rule at the end,
    whatever its place was.
    """
    text = restoration.text
    out: list[str] = []
    furniture: list[str] = []
    for block in blocks_of(restoration):
        body = text[block.start : block.end].strip()
        if not body:
            continue
        if block.role == "furniture":
            furniture.append(_paragraph(body))
        elif block.role in ("headline", "subhead"):
            out.append(_HEADINGS[block.role] + _escape(" ".join(body.split())).rstrip("#"))
        elif block.role in ("kicker", "byline"):
            out.append(f"*{_escape(' '.join(body.split()))}*")
        elif block.role == "caption":
            out.append("\n".join(f"> {line}" for line in _paragraph(body).split("\n")))
        else:
            out.append(_paragraph(body))
    if furniture:
        out += ["---", *furniture] if out else furniture
    return ("\n\n".join(out) + "\n").encode("utf-8", "backslashreplace") if out else b""


def _paragraph(body: str) -> str:
    """A block's text; its line ends stay line ends."""
    lines = [_escape(line.strip(" \t")) for line in body.splitlines()]
    return "\\\n".join(_NUMBERED.sub(r"\1\\\2", _LEADING.sub(r"\\\g<0>", line)) for line in lines)


def _escape(text: str) -> str:
    return _INLINE.sub(lambda m: "&lt;" if m[0] == "<" else "&amp;" if m[0] == "&" else "\\" + m[0], text)
