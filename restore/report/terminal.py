"""The diff for a terminal: every change in its place, character by character, moves shown as moves.

A line of the output is a line of the source, so that line numbers can be looked up in the dump. Text that
went is struck out and text that came is underlined; without colour they stand in ``[-...-]`` and ``{+...+}``.
A line that moved leaves its number where it stood (``⟦3→``) and shows it again where it went (``⟦→3``).
"""

from __future__ import annotations

import os
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TextIO

import numpy as np
from numpy.typing import NDArray

from restore.correction import Correction, EditKind, Move
from restore.restoration import Restoration

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["Positions", "diff_lines", "make_console", "printable", "statistics_lines", "summary_lines"]

Kind = Literal["same", "deleted", "inserted", "gap", "left", "came"]

_CONTEXT = 12  # unchanged characters shown on each side of a change
_EXCERPT = 24  # characters of a moved line shown where it went
_STYLES: dict[Kind, str] = {
    "same": "",
    "deleted": "strike bright_yellow",
    "inserted": "underline bright_blue",
    "gap": "bold reverse",
    "left": "dim italic",
    "came": "bold underline bright_cyan",
}
_PLAIN: dict[Kind, tuple[str, str]] = {
    "same": ("", ""),
    "deleted": ("[-", "-]"),
    "inserted": ("{+", "+}"),
    "gap": ("{+", "+}"),
    "left": ("", ""),
    "came": ("", ""),
}


# ---------------------------------------------------------------------- characters
def printable(text: str) -> str:
    """``text`` as it may safely be shown on a terminal, in one line.

    Line ends, controls, bidirectional and zero-width characters become visible; bytes that could not be
    decoded are shown by their value.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\u3000" else _visible(c) for c in text)


def _visible(c: str) -> str:
    code = ord(c)
    if c == "\n":
        return "⏎"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"<byte {code - 0xDC00:02X}>"
    return f"<U+{code:04X}>"


def _changed(text: str) -> str:
    """Text that came or went: its spaces count, so they are made visible."""
    return printable("".join("␣" if unicodedata.category(c) == "Zs" else c for c in text))


class Positions:
    """Line and column of source offsets, both counted from 1; a line ends with LF."""

    def __init__(self, text: str) -> None:
        """Find the line ends of ``text``."""
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)
        self.size = len(text)

    def line(self, offset: int) -> int:
        """Number of the line ``offset`` is in."""
        return bisect_right(self._starts, offset)

    def locate(self, offset: int) -> tuple[int, int]:
        """Line and column of ``offset``."""
        line = self.line(offset)
        return line, offset - self._starts[line - 1] + 1

    def words(self, offset: int, seen_from: int) -> str:
        """A place in words: its line or, in the line of offset ``seen_from``, its column."""
        (line, column), here = self.locate(offset), self.line(seen_from)
        return f"line {line}" if line != here else f"column {column}"

    def offset(self, line: int, column: int) -> int | None:
        """The inverse of :meth:`locate`, None when there is no such place."""
        if not 1 <= line <= len(self._starts):
            return None
        end = self._starts[line] if line < len(self._starts) else self.size + 1
        at = self._starts[line - 1] + column - 1
        return at if column >= 1 and at < end else None


# ---------------------------------------------------------------------- the page in pieces
@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of one kind: ``at`` is the source offset it is shown at."""

    kind: Kind
    at: int
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Moved:
    number: int
    start: int
    end: int
    to: int
    rank: float
    row: int


class _Page:
    """A restoration cut into pieces in source order."""

    def __init__(self, restoration: Restoration) -> None:
        self.restoration = restoration
        self.text = restoration.source.text
        self.positions = Positions(self.text)

    @cached_property
    def moved(self) -> tuple[_Moved, ...]:
        """What moved, in source order: one entry per stretch that stayed together."""
        row_of = self._row_of
        if row_of is None:
            return ()
        e = self.restoration.ledger.edits
        edges = np.flatnonzero(np.diff(row_of)) + 1
        bounds = [0, *edges.tolist(), len(row_of)]
        out: list[_Moved] = []
        for a, b in pairwise(bounds):
            row = int(row_of[a])
            if row >= 0:
                out.append(_Moved(len(out) + 1, a, b, int(e["to"][row]), float(e["rank"][row]), row))
        return tuple(out)

    @cached_property
    def _row_of(self) -> NDArray[np.int64] | None:
        """Edit row that moved each source character, shape ``(source,)``, -1 for none; None for no moves."""
        ledger, accepted = self.restoration.ledger, self.restoration.accepted
        e = ledger.edits
        rows = np.flatnonzero((e["kind"] == EditKind.MOVE) & accepted[e["corr"]]) if ledger.n_edits else ()
        if not len(rows) or not self.text:
            return None
        out = np.full(len(self.text), -1, dtype=np.int64)
        for row in rows:
            out[int(e["start"][row]) : int(e["end"][row])] = row
        return out

    def _supplied(self) -> dict[int, list[_Piece]]:
        """Supplied texts by the offset before which they are shown."""
        r, e, texts = (
            self.restoration.rendering,
            self.restoration.ledger.edits,
            self.restoration.ledger.texts,
        )
        at = np.flatnonzero(r.owner >= 0)
        if not len(at):
            return {}
        owner = r.owner[at]
        first = at[np.concatenate(([True], (owner[1:] != owner[:-1]) | (np.diff(at) > 1)))]
        out: dict[int, list[_Piece]] = {}
        for k in first.tolist():
            row, slot = int(r.owner[k]), int(r.origin[k])
            start, end = int(e["start"][row]), int(e["end"][row])
            gap = e["kind"][row] == EditKind.GAP
            # what replaces a stretch is shown behind it
            shown = end if end > start else start
            piece = _Piece(
                "gap" if gap else "inserted", min(slot, len(self.text)), texts[int(e["text"][row])]
            )
            out.setdefault(shown, []).append(piece)
        return out

    def pieces(self) -> Iterator[_Piece]:
        """All pieces in source order; none crosses the end of a line."""
        text, r = self.text, self.restoration.rendering
        n = len(text)
        supplied = self._supplied()
        leaving = {m.start: m for m in self.moved}
        coming: dict[int, list[_Moved]] = {}
        for m in sorted(self.moved, key=lambda m: (m.rank, m.start)):
            coming.setdefault(m.to, []).append(m)
        cuts = {0, n, *supplied, *coming}
        for m in self.moved:
            cuts.update((m.start, m.end))
        cuts.update((np.flatnonzero(np.diff(r.hidden.astype(np.int8))) + 1).tolist())
        cuts.update((np.flatnonzero(self.restoration.source.codes == 10) + 1).tolist())
        where = sorted(c for c in cuts if c <= n)
        inside: _Moved | None = None
        for k, a in enumerate(where):
            yield from supplied.get(a, ())
            for m in coming.get(a, ()):
                yield _Piece("came", a, self._came(m))
            b = where[k + 1] if k + 1 < len(where) else n
            if a == b:
                continue
            if a in leaving:
                inside = leaving[a]
                yield _Piece("left", a, "", f"⟦{inside.number}→ ")
            kind: Kind = "deleted" if r.hidden[a] else "left" if inside else "same"
            yield _Piece(kind, a, text[a:b])
            if inside and b >= inside.end:
                yield _Piece("left", b - 1, "", f" to {self.positions.words(inside.to, a)}⟧")
                inside = None

    def _came(self, m: _Moved) -> str:
        shown = self.text[m.start : m.end]
        if len(shown) > _EXCERPT:
            shown = shown[: _EXCERPT - 1] + "…"
        return f"⟦→{m.number} from {self.positions.words(m.start, m.to)}: {shown.rstrip()}⟧"


# ---------------------------------------------------------------------- output
def make_console(file: TextIO, *, color: bool | None = None) -> Console:
    """A rich console for ``file``.

    Args:
        color: whether to use colour; by default on a terminal, unless ``NO_COLOR`` is set (see no-color.org).
    """
    from rich.console import Console

    if color is None:
        color = not os.environ.get("NO_COLOR")
    return Console(
        file=file,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        **({} if color else {"color_system": None}),  # type: ignore[arg-type]
    )


def diff_lines(restoration: Restoration, *, color: bool = False) -> Iterator[Text]:
    """The diff line by line, as rich text (``.plain`` is the text alone).

    Args:
        color: strike out and underline what changed instead of setting it in brackets.
    """
    from rich.text import Text

    page = _Page(restoration)
    lines = page.restoration.source.text.count("\n") + 1
    gutter = max(4, len(str(lines)))
    yield Text(head_line(restoration), "bold")
    last = 0
    for number, pieces in _by_line(page):
        if last and number > last + 1:
            yield Text(" " * gutter + " ⋮", "dim")
        yield Text().append(f"{number:>{gutter}} │ ", "dim").append_text(_line(pieces, color))
        last = number
    yield from _proposals(restoration, page.positions)


def head_line(restoration: Restoration) -> str:
    """One line: what the text is and how much was done to it."""
    source, accepted = restoration.source, restoration.accepted
    applied = int(accepted.sum())
    open_ = len(accepted) - applied
    parts = [
        f"{len(source.text):,} characters in, {len(restoration.rendering.codes):,} out",
        f"{applied:,} {'correction' if applied == 1 else 'corrections'} applied",
    ]
    if open_:
        parts.append(f"{open_:,} shown only")
    return f"{printable(source.name)}: {', '.join(parts)}"


def _by_line(page: _Page) -> Iterator[tuple[int, list[_Piece]]]:
    """Source lines on which anything changed, with their pieces."""
    number, pieces, end = 1, list[_Piece](), -1
    for piece in page.pieces():
        # what is supplied behind or for a line end that went belongs to that line; all else to the next
        if end >= 0 and not ((piece.note or piece.kind in ("inserted", "gap")) and piece.at < end):
            if any(p.kind != "same" for p in pieces):
                yield number, pieces
            number, pieces, end = number + 1, [], -1
        pieces.append(piece)
        if piece.text.endswith("\n") and piece.kind in ("same", "deleted", "left"):
            end = piece.at + len(piece.text)
    if any(p.kind != "same" for p in pieces):
        yield number, pieces


def _line(pieces: Sequence[_Piece], color: bool) -> Text:
    from rich.text import Text

    out = Text()
    for k, piece in enumerate(pieces):
        if piece.note:
            out.append(piece.note, _STYLES[piece.kind])
            continue
        if piece.kind == "same":
            shown = _folded(piece.text.rstrip("\n"), k == 0, k == len(pieces) - 1)
            out.append(printable(shown))
            continue
        shown = printable(piece.text) if piece.kind in ("left", "came") else _changed(piece.text)
        before, after = ("", "") if color else _PLAIN[piece.kind]
        out.append(f"{before}{shown}{after}", _STYLES[piece.kind])
    return out


def _folded(text: str, first: bool, last: bool) -> str:
    """An unchanged stretch without its middle."""
    head, tail = (0 if first else _CONTEXT), (0 if last else _CONTEXT)
    if len(text) <= head + tail + 4:
        return text
    return f"{text[:head]} … {text[len(text) - tail :]}"


def _proposals(restoration: Restoration, positions: Positions) -> Iterator[Text]:
    from rich.text import Text

    open_ = np.flatnonzero(~restoration.accepted)
    if not len(open_):
        return
    yield Text("")
    yield Text(f"Shown only, not applied ({len(open_):,}):", "bold")
    for index in open_.tolist():
        one = restoration.corrections[index]
        line, column = positions.locate(one.span.start)
        rejected = "rejected, " if restoration.decisions.get(index) == "reject" else ""
        yield Text(
            f"  line {line}, column {column}: {change_words(one, positions)} "
            f"({one.pass_name}, {rejected}{one.certainty.label}: {one.message})"
        )


def change_words(one: Correction, positions: Positions | None = None) -> str:
    """What a correction does, in a few words: ``«人» → «入»``. With ``positions``, moves name their line."""
    before, after = printable(_short(one.before)), printable(_short(one.after))
    moves = [e for e in one.edits if isinstance(e, Move)]
    if moves:
        where = f" to {positions.words(moves[0].to, moves[0].span.start)}" if positions else ""
        return (
            f"«{before}» moves{where}"
            if len(moves) == 1
            else f"{len(moves):,} lines move, from «{before}» on"
        )
    if not before:
        return f"insert «{after}»"
    return f"«{before}» → «{after}»" if after else f"delete «{before}»"


def _short(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


def statistics_lines(restoration: Restoration) -> list[str]:
    """Corrections by pass and certainty, as a table."""
    rows = restoration.statistics()
    width = max(map(len, [*rows, "pass"]))
    out = [
        head_line(restoration),
        f"  {'pass':<{width}}  {'high':>6} {'medium':>6} {'low':>6} {'applied':>8}",
    ]
    for name, row in rows.items():
        counts = f"{row['high']:>6} {row['medium']:>6} {row['low']:>6} {row['applied']:>8}"
        out.append(f"  {name:<{width}}  {counts}")
    return out


# ---------------------------------------------------------------------- summary
_KIND_WORDS = {
    "move": "moved: lines put where they were printed",
    "gap": "gaps: text that is lost, marked 〔…〕",
    "glyph": "glyphs: wrong characters set right",
    "deletion": "taken out: surplus characters",
    "supplied": "supplied: characters put in",
    "mark": "marks: width, direction and form of punctuation",
    "space": "spaces: line ends joined, spaces, paragraphs",
}


def summary_lines(restoration: Restoration) -> list[str]:
    """What was repaired, for a newcomer: ten lines, one example for each kind of repair."""
    from restore.report.model import KINDS, kinds_of

    accepted = restoration.accepted
    kinds = kinds_of(restoration)
    positions = Positions(restoration.source.text)
    out = [head_line(restoration)]
    for number, kind in enumerate(KINDS):
        mine = np.flatnonzero((kinds == number) & accepted)
        row = f"  {len(mine):>6,}  {_KIND_WORDS.get(kind, kind)}"
        if len(mine):
            row += f"; {_example(restoration, restoration.corrections[int(mine[len(mine) // 2])], positions)}"
        out.append(row)
    certainty = restoration.ledger.corrs["certainty"][accepted]
    counts = [
        f"{int((certainty == level).sum()):,} {word}"
        for level, word in ((2, "high"), (1, "medium"), (0, "low"))
    ]
    out.append(f"  certainty of what was applied: {', '.join(counts)}")
    exact = restoration.revert() == restoration.source.text
    out.append(
        f"  taking everything back gives the dump again: {'yes' if exact else 'NO; please report this'}"
    )
    return out


def _example(restoration: Restoration, one: Correction, positions: Positions) -> str:
    text = restoration.source.text
    a, b = one.span
    line = positions.line(a)
    if len(one.edits) > 1 or isinstance(one.edits[0], Move) or b - a > _EXCERPT:
        return f"line {line}: {change_words(one, positions)}"
    went = f"[-{_changed(one.before)}-]" if one.before else ""
    came = f"{{+{_changed(one.after)}+}}" if one.after else ""
    return f"line {line}: {printable(text[max(0, a - 5) : a])}{went}{came}{printable(text[b : b + 5])}"
