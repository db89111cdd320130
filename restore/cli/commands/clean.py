"""``restore clean``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restore.cli import options as opt
from restore.cli.console import (
    ERROR,
    Failure,
    Progress,
    explained,
    guarded,
    say,
    tell_restored,
)

if TYPE_CHECKING:
    from restore.restoration import Restoration
    from restore.writers.rows import RowWriter

__all__ = ["clean"]


@guarded
def clean(
    inputs: opt.Dumps,
    out: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Write the text here: a file, or a folder (with / at its end, or for several inputs).",
        ),
    ] = None,
    force: opt.ForceOption = False,
    fast: opt.FastOption = None,
    record: opt.RecordOption = None,
    report: opt.ReportOption = None,
    tei: opt.TeiOption = None,
    certainty: opt.CertaintyOption = None,
    select: opt.SelectOption = None,
    ignore: opt.IgnoreOption = None,
    punctuation: opt.PunctuationOption = None,
    spacing: opt.SpacingOption = None,
    script: opt.ScriptOption = None,
    encoding: opt.EncodingOption = None,
    from_format: opt.FromOption = None,
    text_field: opt.TextFieldOption = None,
    id_field: opt.IdFieldOption = None,
    max_characters: opt.MostOption = None,
    to: opt.ToOption = None,
    check_stable: Annotated[
        bool, typer.Option("--check-stable", help="Fail when restoring the result once more would change it.")
    ] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Say in ten lines what was repaired.")] = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Restore dumps.

    The text goes to standard output or to -o. Options may also stand in restore.toml, or in [tool.restore] of
    a pyproject.toml, in the input's folder or above it.
    """
    from contextlib import ExitStack

    from restore.cli.pages import Delivery, deliver
    from restore.cli.work import Job, plan

    chosen = opt.choices(certainty, punctuation, spacing, script, fast, select, ignore)
    wanted = _output_format(to, out)
    rows = wanted in (opt.Outputs.JSONL, opt.Outputs.PARQUET)
    if rows and (record is not None or report is not None or tei is not None):
        raise Failure("rows hold the records; --record, --report and --tei are for text")
    suffix = ".xml" if wanted is opt.Outputs.PAGE else ".txt"
    jobs = [Job(name, None) for name in inputs] if rows else plan(inputs, out, record, report, suffix, tei)
    failed: list[str] = []
    parts: list[str] = []
    progress = Progress([job.name for job in jobs])

    def tell(restoration: Restoration) -> None:
        if not quiet:
            progress.clear()
            tell_restored(restoration, summary)

    def fail(reason: str) -> None:
        progress.clear()
        say(f"restore: {reason}")
        parts.append(reason)

    with ExitStack() as stack:
        writer = stack.enter_context(_rows_to(out, wanted, inputs, force)) if rows else None
        options = opt.reading(encoding, from_format, text_field, id_field, max_characters)
        how = Delivery(chosen, options, inputs, force, check_stable, wanted.value, writer, tell, fail, {})
        for number, name in progress:
            try:
                deliver(jobs[number], how)
            except BrokenPipeError:
                raise
            except Exception as error:
                progress.clear()
                say(f"restore: {explained(error, name)}")
                failed.append(name)
    if failed and len(jobs) > 1:
        say(f"restore: {len(failed)} of {len(jobs)} inputs failed: {', '.join(failed)}")
    if parts:
        say(f"restore: {len(parts)} {'page' if len(parts) == 1 else 'pages'} could not be restored")
    if failed or parts:
        raise typer.Exit(ERROR)


def _output_format(to: opt.Outputs | None, out: str | None) -> opt.Outputs:
    """What was asked for, or what the ending of the output says."""
    from restore.cli.work import is_folder

    if to is not None:
        return to
    if out is None or is_folder(out):
        return opt.Outputs.TEXT
    by_name = {".jsonl": opt.Outputs.JSONL, ".ndjson": opt.Outputs.JSONL, ".parquet": opt.Outputs.PARQUET}
    return by_name.get(Path(out).suffix.lower(), opt.Outputs.TEXT)


@contextmanager
def _rows_to(out: str | None, kind: opt.Outputs, inputs: list[str], force: bool) -> Iterator[RowWriter]:
    from restore.cli.work import is_folder
    from restore.files import check_outputs
    from restore.writers.rows import RowWriter, writing

    if out is None or out == "-":
        if kind is opt.Outputs.PARQUET:
            raise Failure("Parquet needs -o with the name of a file")
        writer = RowWriter(sys.stdout.buffer, kind.value)
        yield writer
        writer.close()
        sys.stdout.buffer.flush()
        return
    if is_folder(out):
        raise Failure(f"{out}: is a folder; {kind.value} needs the name of a file in it")
    check_outputs([out], [name for name in inputs if name != "-"], force=force)
    with writing(Path(out), kind.value, force=force) as writer:
        yield writer
