"""One page: from a document to the bytes of its results, the same in every engine."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import orjson

from restore.batch.plan import Plan
from restore.correction import EditKind
from restore.pipeline import Pipeline
from restore.readers.document import Document
from restore.readers.issue import ALONE, InCommon
from restore.restoration import Restoration
from restore.source import encode_output

__all__ = ["Page", "Summary", "content_hash", "restore_page"]

#: What a person has to judge, in the order of one correction that is proposed and not applied: a page's note
#: (such as an order that cannot be trusted) concerns all of it, a gap must be looked up in the print.
_NOTE, _GAP, _OPEN, _UNSURE = 20.0, 2.0, 1.0, 0.25


@dataclass(frozen=True)
class Summary:
    """What the index page, the statistics and the log need of a page.

    Attributes:
        characters, restored: characters of the dump and of the restored text.
        applied, open: corrections applied, and proposed only.
        gaps, moves: applied corrections that mark a gap or move lines.
        need: how much there is for a person to judge; 0 for nothing.
        notes: what the page's readers should know, a sentence each.
        statistics: by pass, as :meth:`restore.Restoration.statistics`.
        seconds: what it cost.
    """

    characters: int
    restored: int
    applied: int
    open: int
    gaps: int
    moves: int
    need: float
    notes: tuple[str, ...]
    statistics: Mapping[str, Mapping[str, int]]
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Page:
    """Results of a page: contents of files in UTF-8. Where rows are wanted, ``row`` has text and record (as JSON).

    ``editions`` has by kind (``tei``, ``page``) what is written besides.
    """

    id: str
    text: bytes
    record: bytes | None
    report: bytes | None
    summary: Summary
    row: bytes | None = None
    editions: Mapping[str, bytes] = field(default_factory=dict)


def content_hash(document: Document, common: InCommon = ALONE) -> str:
    """Thirty-two hexadecimal digits that name what a page's result is made from: text, encoding, boxes, its issue."""
    source, layout = document.source, document.layout
    state = hashlib.sha256(f"{source.encoding}\0".encode())
    state.update(source.to_bytes())
    if layout is not None:
        state.update(orjson.dumps(layout.as_data()))
    if document.original is not None:  # an edition is made of all of it
        state.update(document.original)
    if common.running:
        lines = sorted(common.running)
        state.update(orjson.dumps([line.encode("utf-8", "surrogatepass").hex() for line in lines]))
    if common.continuations:
        state.update(repr(common.continuations).encode("utf-8", "surrogatepass"))
    return state.hexdigest()[:32]


def restore_page(
    document: Document,
    plan: Plan,
    pipeline: Pipeline | None = None,
    common: InCommon = ALONE,
) -> Page:
    """Restore a document and make its results.

    Args:
        document: the page. It goes under its id from here on, so that results do not depend on where an input lay.
        plan: settings and wanted results.
        pipeline: ``plan.pipeline()``, when it has been made already.
        common: what it has from the other pages of its issue.

    Raises:
        CorrectionError, InvariantError: as :meth:`restore.Pipeline.run`.
    """
    begin = time.perf_counter()
    source = replace(document.source, name=document.id)
    restoration = (pipeline or plan.pipeline()).run(source, plan.settings, document.layout, common.running)
    restoration.continuations = common.continuations
    summary = _summary(restoration)
    record = report = line = None
    text = b""
    if plan.format != "text":
        from restore.writers import row

        body = row(replace(document, source=source), restoration)
        line = orjson.dumps(body if plan.record else body | {"record": ""}) + b"\n"
    else:
        text = encode_output(restoration.text)
    if plan.record and line is None:
        from restore.record import dumps

        record = dumps(restoration)
    if plan.report == "all" or (plan.report == "findings" and summary.need > 0):
        from restore.report.html import render_report

        report = render_report(restoration).encode("utf-8", "backslashreplace")
    editions = _editions(document, restoration, plan.editions)
    summary = replace(summary, seconds=time.perf_counter() - begin)
    return Page(document.id, text, record, report, summary, line, editions)


def _editions(document: Document, restoration: Restoration, kinds: Sequence[str]) -> dict[str, bytes]:
    """What is written besides text, record and report, by kind; PAGE only of what was read from PAGE."""
    out: dict[str, bytes] = {}
    if "tei" in kinds:
        from restore.writers.tei import to_tei

        out["tei"] = to_tei(restoration)
    if "page" in kinds and document.original is not None and document.meta.get("format") == "page":
        from restore.writers.page import page_xml

        out["page"] = page_xml(document, restoration)
    return out


def _summary(r: Restoration) -> Summary:
    c, e, accepted = r.ledger.corrs, r.ledger.edits, r.accepted
    applied = int(np.count_nonzero(accepted))
    shown = accepted[e["corr"]]
    gaps = int(np.count_nonzero(shown & (e["kind"] == EditKind.GAP)))
    moves = len(np.unique(e["corr"][shown & (e["kind"] == EditKind.MOVE)]))
    unsure = int(np.count_nonzero(accepted & (c["certainty"] < 2)))
    open_ = r.ledger.n_corrections - applied
    notes = tuple(dict.fromkeys([*r.source.notes, *r.notes]))
    need = _NOTE * len(notes) + _GAP * gaps + _OPEN * open_ + _UNSURE * unsure
    statistics: dict[str, Any] = r.statistics()
    return Summary(
        len(r.source.text), len(r.rendering.codes), applied, open_, gaps, moves, need, notes, statistics
    )
