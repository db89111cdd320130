"""A unified diff from the dump to the restored text, line by line, as ``patch`` applies it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from rapidfuzz.distance import Indel

from restore.restoration import Restoration
from restore.source import encode_output

__all__ = ["to_unified", "unified_lines"]

_NO_END = "\\ No newline at end of file\n"


def to_unified(restoration: Restoration, context: int = 3) -> bytes:
    """The diff as UTF-8; empty when nothing was changed.

    Args:
        restoration: what was made of the dump.
        context: unchanged lines around each change.
    """
    before, after = restoration.source.text, restoration.text
    return encode_output("".join(unified_lines(before, after, restoration.source.name, context)))


def unified_lines(before: str, after: str, name: str, context: int = 3) -> Iterator[str]:
    """Lines of the diff, each with its end.

    Lines end at a line feed and nowhere else, so that no other character is lost or made.
    """
    if before == after:
        return
    old, new = _lines(before), _lines(after)
    shown = "".join(char if char.isprintable() or "\udc80" <= char <= "\udcff" else "_" for char in name)
    yield f"--- {shown}\t(dump)\n"
    yield f"+++ {shown}\t(restored)\n"
    # difflib's own search is quadratic, and gives up on lines that are frequent; it only groups here
    matcher: SequenceMatcher[str] = SequenceMatcher(None, "", "")
    matcher.opcodes = list(map(tuple, Indel.opcodes(old, new)))  # type: ignore[attr-defined]
    for group in matcher.get_grouped_opcodes(context):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from (_line(" ", line) for line in old[a:b])
                continue
            yield from (_line("-", line) for line in old[a:b])
            yield from (_line("+", line) for line in new[c:d])


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _line(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n{_NO_END}"


def _range(start: int, end: int) -> str:
    """Lines ``[start, end)`` as the format counts them: from 1, an empty range by the line before it."""
    size = end - start
    return f"{start + 1 if size else start},{size}" if size != 1 else f"{start + 1}"
