"""``restore review`` and ``restore apply``: a reviewer's decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from restore.cli import options as opt
from restore.cli.console import guarded, say, tell_restored, write_bytes

__all__ = ["apply", "review"]


@guarded
def apply(
    input: opt.DumpOrRecord,
    decisions: Annotated[
        Path,
        typer.Argument(metavar="DECISIONS", help="decisions.json, as the report or a review exports it."),
    ],
    out: opt.OutOption = None,
    force: opt.ForceOption = False,
    record: opt.RecordOption = None,
    report: opt.ReportOption = None,
    encoding: opt.EncodingOption = None,
    from_format: opt.FromOption = None,
    text_field: opt.TextFieldOption = None,
    id_field: opt.IdFieldOption = None,
    max_characters: opt.MostOption = None,
    page: opt.PageOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Restore a dump as a reviewer decided.

    The dump is restored with the settings that were reviewed; then what was rejected is left out, what was
    accepted is put in, and edited text stands instead of what was supplied. Decisions about corrections that
    this version does not make any more are listed.
    """
    from restore import decisions as judged
    from restore import record as records
    from restore.cli.pages import one_page, write_results
    from restore.cli.work import is_record, make_folders, plan, read_bytes, shown
    from restore.files import check_outputs
    from restore.source import encode_output

    made = judged.load(decisions)
    (job,) = plan([input], out, record, report)
    make_folders(job.to_make)
    check_outputs(job.outputs, [p for p in (input, str(decisions)) if p != "-"], force=force)
    data = read_bytes(input)
    if is_record(data):
        result = made.apply(records.loads(data, shown(input)))
    else:
        document = one_page(
            input, opt.reading(encoding, from_format, text_field, id_field, max_characters), page, data
        )
        result = made.run(document.source, document.layout)
    text = encode_output(result.restoration.text)
    files = {} if job.out is None else {job.out: text}
    write_results(files, result.restoration, job, force)
    if job.out is None:
        write_bytes(text)
    if quiet:
        return
    tell_restored(result.restoration)
    for title, items in (
        ("no longer made, so these decisions changed nothing", result.gone),
        ("not applied, because something they stand on was rejected", result.unmet),
    ):
        if items:
            say(f"  {len(items)} {title}:", *(f"    {item}" for item in items))
    if result.missing:
        say(f"  passes that do not exist any more: {', '.join(result.missing)}")


@guarded
def review(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IN", help="Dumps (text files), or records of restored ones.")
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1 to serve on; 0 is any that is free.")
    ] = 0,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    certainty: opt.CertaintyOption = None,
    select: opt.SelectOption = None,
    ignore: opt.IgnoreOption = None,
    punctuation: opt.PunctuationOption = None,
    spacing: opt.SpacingOption = None,
    script: opt.ScriptOption = None,
    encoding: opt.EncodingOption = None,
) -> None:
    """Judge corrections in the browser; decisions are kept beside each file as they are made.

    Serves the diff report on this machine only, under an address nobody can guess, until Ctrl-C. For page.txt the
    decisions are in page.decisions.json, which restore apply reads. Several files get a list, what needs a
    person most first.
    """
    from restore.cli.reviewing import start

    chosen = opt.choices(certainty, punctuation, spacing, script, None, select, ignore)
    start(inputs, chosen, encoding, port, open_)
