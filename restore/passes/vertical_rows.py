"""Pass ``vertical_rows``."""

from __future__ import annotations

from collections.abc import Iterator

from restore import characters as ch
from restore.correction import Certainty, Delete, Draft, Edit, Insert, Move
from restore.layout.glyph_rows import GlyphRows, glyph_rows
from restore.order.across import read_across
from restore.order.running import how_it_reads
from restore.order.turned import Glyph, looseness, turned
from restore.pipeline import Tools, repair_pass
from restore.source import Span
from restore.view import View

_LOOSE = 0.035  # share of the glyphs that may stand at no place of a column
_READS = -5.9  # ln P per character of columns that were found
_BETTER = 1.5  # nats per character by which they must read better than the rows


@repair_pass(after=["encoding", "markup"])
def vertical_rows(view: View, tools: Tools) -> Iterator[Draft]:
    """Vertical pages read across their columns.

    Repairs: takes rows that hold one glyph of every vertical column apart, and writes each column as a line, from right to
    left and tier by tier. Only where spaces keep the places of the columns, and only if what comes out reads on.
    Why it happens: a converter that knows only horizontal lines puts all glyphs of one height into a line.
    Example: ``水  新`` above ``了  渠`` above ``。  通`` is 新渠通 and 水了。
    When it is wrong: figures that were set on their side lie between the rows; those whose place is not clear stay behind
    their columns. A glyph that stands between two columns may go to the wrong one.
    """
    if not (view.classes & (ch.HAN | ch.KANA)).any() or not read_across(view, tools.language.model):
        return
    for region in glyph_rows(view):
        yield from _region(view, region, tools)


def _rows(view: View, region: GlyphRows, unit: str) -> list[list[Glyph]]:
    """The glyphs of a region, their places in code points (``x``) or in columns of a terminal (``column``)."""
    number = iter(range(sum(map(len, region.rows))))
    return [
        [
            Glyph(next(number), view.text[cell.start : cell.end], float(getattr(cell, unit)), cell.touches)
            for cell in row
        ]
        for row in region.rows
    ]


def _region(view: View, region: GlyphRows, tools: Tools) -> Iterator[Draft]:
    model = tools.language.model
    cells = [cell for row in region.rows for cell in row]
    rows = min((_rows(view, region, unit) for unit in ("x", "column")), key=looseness)
    found = turned(rows, region.length, model) if looseness(rows) < _LOOSE else None
    if found is None:
        return
    reads = how_it_reads("".join(g.text for tier in found.tiers for column in tier for g in column), model)
    across = how_it_reads("".join(view.text[c.start : c.end] for c in cells), model)
    if reads < max(_READS, across + _BETTER):
        return
    columns = [[cells[g.at] for g in column] for tier in found.tiers for column in tier]
    ends = {column[-1].start for column in columns[:-1]}
    edits: list[Edit] = []
    placed = [cell for column in columns for cell in column]
    for rank, cell in enumerate(placed):
        edits.append(Move(Span(cell.start, cell.end), region.end, float(rank)))
        if cell.start in ends:
            edits.append(Insert(cell.end, "\n"))
    edits += [Delete(Span(a.end, b.start)) for a, b in zip(cells, cells[1:], strict=False) if a.end < b.start]
    yield Draft(
        tuple(edits),
        f"vertical page read across: {len(region.rows)} rows are {len(columns)} columns",
        Certainty.MEDIUM,
        evidence={
            "reads": round(reads, 2),
            "read_across": round(across, 2),
            "lines": ["".join(view.text[c.start : c.end] for c in column) for column in columns],
        },
    )
