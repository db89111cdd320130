"""``restore check`` and ``restore diff``: what would change."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from restore.cli import options as opt
from restore.cli.console import (
    CHANGES,
    ERROR,
    Failure,
    Progress,
    explained,
    guarded,
    say,
    write_bytes,
    write_lines,
)

if TYPE_CHECKING:
    from restore.restoration import Restoration

__all__ = ["check", "diff"]


@guarded
def check(
    inputs: opt.Dumps,
    format: Annotated[
        opt.Formats, typer.Option(help="How to show what would be changed.")
    ] = opt.Formats.TEXT,
    stat: Annotated[bool, typer.Option("--stat", help="Count by pass.")] = False,
    fast: opt.FastOption = None,
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
) -> None:
    """Say whether clean would change anything; write nothing.

    Exit code 1 when something would be applied, 0 when not, 2 when an input could not be read.
    """
    from restore.cli.pages import Input
    from restore.cli.work import restored
    from restore.readers import Failure as Unread
    from restore.report.terminal import statistics_lines

    chosen = opt.choices(certainty, punctuation, spacing, script, fast, select, ignore)
    options = opt.reading(encoding, from_format, text_field, id_field, max_characters)
    done: list[Restoration] = []
    failed: list[str] = []
    changed = False
    progress = Progress(inputs)
    for _, name in progress:
        try:
            for page in Input(name, options).pages():
                if isinstance(page, Unread):
                    raise Failure(page.reason)
                one = restored(page.source, name, chosen, page.layout)
                changed |= one.changed
                if format is not opt.Formats.TEXT:
                    done.append(one)
                    continue
                progress.clear()
                write_lines(statistics_lines(one) if stat else [_verdict(one)])
        except Exception as error:
            progress.clear()
            say(f"restore: {explained(error, name)}")
            failed.append(name)
    if format is not opt.Formats.TEXT:
        _write_format(done, format)
    if failed and len(inputs) > 1:
        say(f"restore: {len(failed)} of {len(inputs)} inputs failed: {', '.join(failed)}")
    if failed:
        raise typer.Exit(ERROR)
    raise typer.Exit(CHANGES if changed else 0)


def _verdict(one: Restoration) -> str:
    from restore.report.terminal import printable

    applied = int(one.accepted.sum())
    open_ = one.ledger.n_corrections - applied
    words = (
        f"{applied:,} {'correction' if applied == 1 else 'corrections'} to apply"
        if applied
        else "nothing to do"
    )
    return f"{printable(one.source.name)}: {words}" + (f", {open_:,} to look at" if open_ else "")


def _write_format(restorations: list[Restoration], format: opt.Formats) -> None:
    from restore.cli import formats

    if format is opt.Formats.JSON:
        write_bytes(formats.to_json(restorations))
    elif format is opt.Formats.SARIF:
        write_bytes(formats.to_sarif(restorations))
    else:
        write_lines(formats.github_lines(restorations))


@guarded
def diff(
    input: opt.DumpOrRecord,
    format: Annotated[opt.Formats, typer.Option(help="How to show the changes.")] = opt.Formats.TEXT,
    stat: Annotated[bool, typer.Option("--stat", help="Only count, by pass and certainty.")] = False,
    pager: Annotated[bool, typer.Option(help="On a terminal, show a long diff page by page.")] = True,
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
    page: opt.PageOption = None,
) -> None:
    """Show what clean would change, character by character.

    What goes is struck out, what comes is underlined; without colour (NO_COLOR, or not a terminal) they are
    marked [-so-] and {+so+}. A line that moves leaves its number where it stood and is shown again where it
    goes.
    """
    from restore.cli.work import open_restoration
    from restore.report.terminal import statistics_lines

    chosen = opt.choices(certainty, punctuation, spacing, script, None, select, ignore)
    options = opt.reading(encoding, from_format, text_field, id_field, max_characters)
    restoration = open_restoration(input, chosen, options, page)
    if format is not opt.Formats.TEXT:
        _write_format([restoration], format)
    elif stat:
        write_lines(statistics_lines(restoration))
    else:
        _show_diff(restoration, pager)


def _show_diff(restoration: Restoration, pager: bool) -> None:
    import os

    from restore.report.terminal import diff_lines, make_console

    console = make_console(sys.stdout)
    color = console.color_system is not None
    lines = list(diff_lines(restoration, color=color))
    long = sum(1 + line.cell_len // max(console.width, 1) for line in lines) >= console.height
    if pager and long and sys.stdout.isatty() and sys.stdin.isatty():
        os.environ.setdefault("LESS", "FRX")  # colours, and no pager for what fits the screen
        with console.pager(styles=color):
            for line in lines:
                console.print(line)
        return
    for line in lines:
        console.print(line)
