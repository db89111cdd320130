"""``restore batch``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from restore.cli import batch as batch_words
from restore.cli import options as opt
from restore.cli.console import (
    CHANGES,
    STOPPED,
    Failure,
    guarded,
    say,
)

__all__ = ["batch"]


@guarded
def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="IN", help="Files and folders of any format that can be read, archives too."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="OUT", help="Folder for the results: new, or with --resume begun."
        ),
    ],
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j",
            "--jobs",
            metavar="N",
            min=1,
            help="Worker processes (default: one a core).",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the batch in OUT: do what is missing or has changed.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="With --resume: try pages in quarantine again.")
    ] = False,
    format: Annotated[
        batch_words.Formats, typer.Option(help="A text file a page, or files of many pages, one row each.")
    ] = batch_words.Formats.TEXT,
    report: Annotated[
        batch_words.Reports,
        typer.Option(help="Diff reports for no page, for those with something to judge, or for all."),
    ] = batch_words.Reports.FINDINGS,
    record: Annotated[bool, typer.Option(help="Keep the record of every page.")] = True,
    edition: Annotated[
        list[batch_words.Editions] | None,
        typer.Option(
            help="Also write this of every page: a TEI P5 edition, or its PAGE file with a new reading order "
            "(of pages read from PAGE). May be given twice."
        ),
    ] = None,
    shard: Annotated[int, typer.Option(metavar="N", min=1, help="Pages in one JSONL or Parquet file.")] = 500,
    engine: Annotated[
        batch_words.Engines, typer.Option(help="This machine, or Ray (see docs/batch.md).")
    ] = batch_words.Engines.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="A Ray cluster that runs already; without it Ray is started here."
        ),
    ] = None,
    time_limit: Annotated[float, typer.Option(metavar="S", min=0.1, help="Seconds a page may take.")] = 300.0,
    memory_limit: Annotated[
        int, typer.Option(metavar="MB", min=0, help="Memory a page may take; 0 for no limit.")
    ] = 2048,
    from_format: opt.FromOption = None,
    text_field: opt.TextFieldOption = None,
    id_field: opt.IdFieldOption = None,
    most: opt.MostOption = None,
    oversize: Annotated[
        batch_words.Oversizes, typer.Option(help="Cut such a page at blank lines, or refuse it.")
    ] = batch_words.Oversizes.CUT,
    fast: opt.FastOption = None,
    certainty: opt.CertaintyOption = None,
    select: opt.SelectOption = None,
    ignore: opt.IgnoreOption = None,
    punctuation: opt.PunctuationOption = None,
    spacing: opt.SpacingOption = None,
    script: opt.ScriptOption = None,
    encoding: opt.EncodingOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Restore many pages into a folder; nothing is lost, and a run that was stopped can be gone on with.

    Texts, records, reports, an index page for reviewers (index.html), a log (log.jsonl) and the list of pages
    that could not be restored (quarantine.jsonl) go into OUT. Ctrl-C ends when the pages under way are done.

    Exit code 0: all pages are restored; 1: some are in quarantine; 2: an error; 130: stopped.
    """
    from dataclasses import replace

    from restore.batch import Limits, run_batch

    if retry and not resume:
        raise Failure("--retry goes with --resume")
    chosen = opt.choices(certainty, punctuation, spacing, script, fast, select, ignore)
    plan = batch_words.make_plan(
        chosen,
        inputs,
        format.value,
        report.value,
        record,
        shard,
        replace(
            opt.reading(encoding, from_format, text_field, id_field, most),
            oversize="cut" if oversize is batch_words.Oversizes.CUT else "refuse",
        ),
        Limits(time_limit, memory_limit),
        edition or (),
    )
    with batch_words.Teller(quiet) as teller:
        result = run_batch(
            inputs,
            out,
            plan,
            jobs=jobs or batch_words.usable_cores(),
            resume=resume,
            retry=retry,
            engine="local" if engine is batch_words.Engines.LOCAL else "ray",
            address=address,
            watcher=teller,
        )
    say(*(batch_words.troubles if quiet else batch_words.ended)(result, out))
    if result.stopped:
        raise typer.Exit(STOPPED)
    raise typer.Exit(CHANGES if result.quarantine else 0)
