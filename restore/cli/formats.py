"""Corrections for scripts: JSON, SARIF 2.1.0 (code scanning) and GitHub Actions' workflow commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from restore.correction import Correction, Delete, Gap, Insert, Move, Replace
from restore.report.terminal import Positions, change_words
from restore.restoration import Restoration

__all__ = ["github_lines", "to_json", "to_sarif"]

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"high": "warning", "medium": "warning", "low": "note"}
_GITHUB_LEVELS = {"high": "warning", "medium": "warning", "low": "notice"}


def to_json(restorations: Sequence[Restoration]) -> bytes:
    """All corrections of each text, applied or not, with source positions.

    Offsets are code points from 0; lines and columns count from 1.
    """
    documents = [
        {
            "name": r.source.name,
            "encoding": r.source.encoding,
            "sha256": r.source.sha256,
            "notes": list(r.notes),
            "characters_in": len(r.source.text),
            "characters_out": len(r.rendering.codes),
            "statistics": r.statistics(),
            "corrections": [_plain(one, positions) for one in r.corrections],
        }
        for r in restorations
        for positions in (Positions(r.source.text),)
    ]
    body = {"format": "restore-corrections", "version": 1, "documents": documents}
    return orjson.dumps(_utf8(body), option=orjson.OPT_INDENT_2) + b"\n"


def _plain(one: Correction, positions: Positions) -> dict[str, Any]:
    line, column = positions.locate(one.span.start)
    return {
        "id": one.id,
        "pass": one.pass_name,
        "certainty": one.certainty.label,
        "score": round(one.score, 4),
        "applied": one.applied,
        "message": one.message,
        "evidence": dict(one.evidence),
        "line": line,
        "column": column,
        "before": one.before,
        "after": one.after,
        "edits": [_edit(edit) for edit in one.edits],
    }


def _edit(edit: Delete | Insert | Replace | Move) -> dict[str, Any]:
    if isinstance(edit, Move):
        return {"kind": "move", "start": edit.span.start, "end": edit.span.end, "to": edit.to}
    if isinstance(edit, Insert):
        if isinstance(edit.text, Gap):
            return {"kind": "gap", "at": edit.at, "least_ems": edit.text.least, "most_ems": edit.text.most}
        return {"kind": "insert", "at": edit.at, "text": edit.text}
    span = {"start": edit.span.start, "end": edit.span.end}
    return (
        {"kind": "replace", **span, "text": edit.text}
        if isinstance(edit, Replace)
        else {"kind": "delete", **span}
    )


def to_sarif(restorations: Sequence[Restoration]) -> bytes:
    """One SARIF run over all texts; a correction is a result with its fix, a pass is a rule."""
    from restore import __version__

    names = list(dict.fromkeys(name for r in restorations for name in r.statistics()))
    number = {name: k for k, name in enumerate(names)}
    results = []
    for r in restorations:
        positions = Positions(r.source.text)
        for one in r.corrections:
            results.append(_result(one, r, positions, number[one.pass_name]))
    driver = {
        "name": "restore",
        "semanticVersion": __version__,
        "rules": [_rule(name) for name in names],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    body = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(_utf8(body), option=orjson.OPT_INDENT_2) + b"\n"


def _rule(name: str) -> dict[str, Any]:
    from restore.passes import BUILT_IN

    found = BUILT_IN.get(name)
    doc = inspect.cleandoc(found.__doc__ or "") if found else ""
    first, _, rest = doc.partition("\n")
    rule: dict[str, Any] = {"id": name, "shortDescription": {"text": first or name}}
    if rest.strip():
        rule["fullDescription"] = {"text": rest.strip()}
    return rule


def _result(one: Correction, r: Restoration, positions: Positions, rule: int) -> dict[str, Any]:
    artifact = {"uri": _uri(r.source.name)}
    return {
        "ruleId": one.pass_name,
        "ruleIndex": rule,
        "level": _LEVELS[one.certainty.label],
        "message": {"text": f"{one.message}: {change_words(one, positions)}"},
        "locations": [
            {"physicalLocation": {"artifactLocation": artifact, "region": _region(*one.span, positions)}}
        ],
        "partialFingerprints": {"correction/v1": one.id},
        "rank": round(100 * min(max(one.score, 0.0), 1.0), 2),
        "properties": {"certainty": one.certainty.label, "applied": one.applied},
        "fixes": [
            {
                "description": {"text": one.message},
                "artifactChanges": [
                    {"artifactLocation": artifact, "replacements": _replacements(one, r, positions)}
                ],
            }
        ],
    }


def _replacements(one: Correction, r: Restoration, positions: Positions) -> list[dict[str, Any]]:
    out = []
    for edit in one.edits:
        if isinstance(edit, Insert):
            text = "〔…〕" if isinstance(edit.text, Gap) else edit.text
            out.append(
                {"deletedRegion": _region(edit.at, edit.at, positions), "insertedContent": {"text": text}}
            )
        elif isinstance(edit, Move):
            text = r.source.text[edit.span.start : edit.span.end]
            out.append({"deletedRegion": _region(*edit.span, positions)})
            out.append(
                {"deletedRegion": _region(edit.to, edit.to, positions), "insertedContent": {"text": text}}
            )
        else:
            change: dict[str, Any] = {"deletedRegion": _region(*edit.span, positions)}
            if isinstance(edit, Replace):
                change["insertedContent"] = {"text": edit.text}
            out.append(change)
    return out


def _region(start: int, end: int, positions: Positions) -> dict[str, int]:
    line, column = positions.locate(start)
    last, last_column = positions.locate(end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": last,
        "endColumn": last_column,
        "charOffset": start,
        "charLength": end - start,
    }


def _uri(name: str) -> str:
    from urllib.parse import quote

    return (
        quote(name.replace("\\", "/"), safe="/:<>", errors="surrogateescape")
        .replace("<", "%3C")
        .replace(">", "%3E")
    )


def github_lines(restorations: Iterable[Restoration]) -> Iterator[str]:
    """One annotation a correction, as GitHub Actions reads them from a log."""
    for r in restorations:
        positions = Positions(r.source.text)
        for one in r.corrections:
            line, column = positions.locate(one.span.start)
            last, last_column = positions.locate(one.span.end)
            where = f"file={_property(r.source.name)},line={line},endLine={last},col={column}"
            if last == line:  # columns only make sense in one line there
                where += f",endColumn={last_column}"
            level = _GITHUB_LEVELS[one.certainty.label]
            message = f"{one.message}: {change_words(one, positions)}"
            yield f"::{level} {where},title={_property(one.pass_name)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _utf8(value: Any) -> Any:
    """``value`` with undecodable bytes (lone surrogates) made visible, since JSON cannot hold them."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        return value
    if isinstance(value, dict):
        return {_utf8(k): _utf8(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_utf8(v) for v in value]
    return value
