"""``restore evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from restore.cli.console import (
    Failure,
    guarded,
    say,
    write_bytes,
    write_lines,
)

__all__ = ["evaluate"]


@guarded
def evaluate(
    truth: Annotated[
        Path | None, typer.Argument(metavar="TRUTH", help="truth.json of the page: its blocks and lines.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Argument(
            metavar="OUTPUT|RECORD",
            help="The text to score, or the record of a restoration; - for standard input.",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(metavar="DUMP", help="The dump it was made from: what was lost, what was fixed."),
    ] = None,
    lost: Annotated[
        Path | None, typer.Option(metavar="LOST.json", help="What the dump has lost, when that is recorded.")
    ] = None,
    decisions: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="D.json",
            help="Instead of a text, score corrections by what reviewers decided; may be given several times.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="With a record: every judged correction that was not right.")
    ] = False,
) -> None:
    """Score a text, or a record with its corrections, against the truth of its page; or what reviewers decided.

    Of a record the restored text is scored, and each applied correction of a glyph pass is judged: right when its
    place now equals the truth, harm when it was equal and is not. With --decisions: how many corrections of each
    pass and certainty were accepted as they were, with a 95 % interval.
    """
    if decisions:
        if truth is not None or source is not None or lost is not None:
            raise Failure("--decisions stands alone: it needs no truth, text, --source or --lost")
        _evaluate_decisions(decisions, json)
        return
    if truth is None or output is None:
        raise Failure("evaluate needs TRUTH and OUTPUT, or --decisions; see: restore evaluate --help")
    from dataclasses import asdict

    from restore import evaluation
    from restore import record as records
    from restore.cli.verdicts import VerdictReport
    from restore.cli.work import is_record, read_bytes
    from restore.source import Source

    data, name = read_bytes(output), "<stdin>" if output == "-" else output
    restoration = records.loads(data, name) if is_record(data) else None
    if listed and restoration is None:
        raise Failure(f"{name}: --list needs the record of a restoration, not a text")
    text = restoration.text if restoration else Source.from_bytes(data, name).text
    try:
        page = evaluation.PageTruth.load(truth)
        gone = evaluation.read_lost(lost) if lost else None
    except OSError as error:
        raise Failure(f"{error.filename}: cannot be read ({error.strerror or error})") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{truth}: not the truth of a page ({error})") from None
    dump = Source.read(source).text if source else restoration.source.text if restoration else None
    scores = asdict(evaluation.evaluate(page, text, dump, gone))
    judged = VerdictReport.of(page, restoration) if restoration else None
    if json:
        import orjson

        write_bytes(
            orjson.dumps(scores | (judged.data if judged else {}), option=orjson.OPT_INDENT_2) + b"\n"
        )
        return
    width = max(map(len, scores))
    for name, value in scores.items():
        shown = "-" if value is None else f"{value:.4f}" if isinstance(value, float) else f"{value:,}"
        typer.echo(f"{name:<{width}}  {shown:>8}")
    if judged:
        write_lines(["", *judged.table, *(["", *judged.listed] if listed else [])])


def _evaluate_decisions(paths: list[Path], json: bool) -> None:
    from restore import decisions as judged
    from restore.labels import precision

    rows = precision([judged.load(path) for path in paths])
    if json:
        import orjson

        body = [
            {
                "pass": row.pass_name or None,
                "certainty": row.certainty or None,
                "judged": row.judged,
                "accepted": row.accepted,
                "edited": row.edited,
                "rejected": row.rejected,
                "precision": row.precision,
                "interval": row.interval,
                "mean_score": row.mean_score,
            }
            for row in rows
        ]
        write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
        return
    if not rows:
        say("restore: no decision in these files")
        return
    from restore.report.terminal import printable

    width = max(8, *(len(row.pass_name) for row in rows))
    heads = ("judged", "accepted", "edited", "rejected", "precision", "95 % interval", "mean score")
    lines = [f"{'pass':<{width}}  {'certainty':<9}  " + "  ".join(heads)]
    for row in rows:
        low, high = row.interval
        score = "-" if row.mean_score is None else f"{row.mean_score:.3f}"
        lines.append(
            f"{printable(row.pass_name) or 'all':<{width}}  {row.certainty or 'all':<9}  {row.judged:>6,}  "
            f"{row.accepted:>8,}  {row.edited:>6,}  {row.rejected:>8,}  {row.precision:>9.3f}  "
            f"{f'{low:.3f}–{high:.3f}':>13}  {score:>10}"
        )
    write_lines(lines)
