"""The commands of ``restore``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restore.cli import batch as batch_words
from restore.cli import options as opt
from restore.cli.console import (
    CHANGES,
    ERROR,
    STOPPED,
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
    from restore.writers.rows import RowWriter

__all__ = ["app", "with_only"]

app = typer.Typer(
    name="restore",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: restore clean page.txt -o clean.txt --report clean.html",
)

Dump = Annotated[str, typer.Argument(metavar="IN", help="The dump: a text file, or - for standard input.")]
Dumps = Annotated[list[str], typer.Argument(metavar="IN", help="Dumps: text files, or - for standard input.")]
DumpOrRecord = Annotated[
    str,
    typer.Argument(
        metavar="IN", help="The dump (a text file, or - for standard input), or the record of one."
    ),
]
RecordFile = Annotated[
    Path, typer.Argument(metavar="RECORD", help="A record written by: restore clean --record")
]


def with_only(name: str) -> None:
    """Leave out the commands that are not called ``name``, where one is: making them all takes longer than most runs."""
    wanted = [one for one in app.registered_commands if one.callback and one.callback.__name__ == name]
    if wanted:
        app.registered_commands = wanted


def _version(wanted: bool) -> None:
    if wanted:
        from restore._version import __version__

        typer.echo(f"restore-cjk {__version__}")
        raise typer.Exit


@app.callback()
def restore(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn the text dump of a scanned newspaper page back into what was printed, and show every change.

    The input is never changed. Text goes to standard output, messages go to standard error.

    Exit code 0: done; 1: check found something to repair, or batch put pages into quarantine; 2: an error.
    """


# ---------------------------------------------------------------------- clean
@app.command()
@guarded
def clean(
    inputs: Dumps,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Write the text here: a file, or for several inputs a folder.",
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
            _tell(restoration, summary)

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


def _output_format(to: opt.Outputs | None, out: Path | None) -> opt.Outputs:
    """What was asked for, or what the ending of the output says."""
    if to is not None:
        return to
    by_name = {".jsonl": opt.Outputs.JSONL, ".ndjson": opt.Outputs.JSONL, ".parquet": opt.Outputs.PARQUET}
    return by_name.get(out.suffix.lower() if out is not None else "", opt.Outputs.TEXT)


@contextmanager
def _rows_to(out: Path | None, kind: opt.Outputs, inputs: list[str], force: bool) -> Iterator[RowWriter]:
    from restore.files import check_outputs
    from restore.writers.rows import RowWriter, writing

    if out is None or out == Path("-"):
        if kind is opt.Outputs.PARQUET:
            raise Failure("Parquet needs -o with the name of a file")
        writer = RowWriter(sys.stdout.buffer, kind.value)
        yield writer
        writer.close()
        sys.stdout.buffer.flush()
        return
    check_outputs([out], [name for name in inputs if name != "-"], force=force)
    with writing(out, kind.value, force=force) as writer:
        yield writer


def _tell(restoration: Restoration, summary: bool = False) -> None:
    from restore.report.terminal import head_line, summary_lines

    say(*(summary_lines(restoration) if summary else [head_line(restoration)]))
    say(*(f"  note: {note}" for note in dict.fromkeys([*restoration.source.notes, *restoration.notes])))
    if restoration.source.encoding not in ("utf-8", "str"):
        say(f"  note: read as {restoration.source.encoding}; the result is UTF-8")


# ---------------------------------------------------------------------- batch
@app.command()
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


# ---------------------------------------------------------------------- check, diff
@app.command()
@guarded
def check(
    inputs: Dumps,
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


@app.command()
@guarded
def diff(
    input: DumpOrRecord,
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
    import sys

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


# ---------------------------------------------------------------------- records and decisions
@app.command()
@guarded
def report(record: RecordFile, out: opt.OutOption = None, force: opt.ForceOption = False) -> None:
    """Make the HTML diff report of a record."""
    from restore.cli.pages import html
    from restore.record import load

    _write_one(html(load(record)), out, record, force)


@app.command()
@guarded
def export(
    input: DumpOrRecord,
    format: Annotated[
        opt.Exports,
        typer.Option(
            help="tei: an edition in which every change is marked; "
            "markdown: the text with its headlines; unified: a diff that patch applies; text: the restored text."
        ),
    ],
    out: opt.OutOption = None,
    force: opt.ForceOption = False,
    certainty: opt.CertaintyOption = None,
    select: opt.SelectOption = None,
    ignore: opt.IgnoreOption = None,
    punctuation: opt.PunctuationOption = None,
    spacing: opt.SpacingOption = None,
    script: opt.ScriptOption = None,
    encoding: opt.EncodingOption = None,
    from_format: opt.FromOption = None,
    page: opt.PageOption = None,
) -> None:
    """Write a restoration in another format: from its record, or from a dump restored now."""
    from restore.cli.work import open_restoration
    from restore.files import check_outputs

    if out is not None and out != Path("-"):
        check_outputs([out], [input] if input != "-" else [], force=force)
    chosen = opt.choices(certainty, punctuation, spacing, script, None, select, ignore)
    restoration = open_restoration(input, chosen, opt.reading(encoding, from_format), page)
    _write_one(_exported(restoration, format), out, Path(input), force)


def _exported(restoration: Restoration, format: opt.Exports) -> bytes:
    if format is opt.Exports.TEI:
        from restore.writers.tei import to_tei

        return to_tei(restoration)
    if format is opt.Exports.MARKDOWN:
        from restore.writers.markdown import to_markdown

        return to_markdown(restoration)
    if format is opt.Exports.UNIFIED:
        from restore.writers.unified import to_unified

        return to_unified(restoration)
    from restore.source import encode_output

    return encode_output(restoration.text)


@app.command()
@guarded
def revert(record: RecordFile, out: opt.OutOption = None, force: opt.ForceOption = False) -> None:
    """Give the source of a record back, byte for byte."""
    from restore.record import load

    restoration = load(record)
    if restoration.revert() != restoration.source.text:
        raise Failure(
            f"{record}: taking the corrections back does not give the source; the record is damaged"
        )
    _write_one(restoration.source.to_bytes(), out, record, force)


def _write_one(data: bytes, out: Path | None, source: Path, force: bool) -> None:
    from restore.files import check_outputs, write

    if out is None or out == Path("-"):
        write_bytes(data)
        return
    check_outputs([out], [source], force=force)
    write(out, data, force=force)


@app.command()
@guarded
def apply(
    input: DumpOrRecord,
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
    from restore.cli.work import is_record, plan, read_bytes, shown
    from restore.files import check_outputs
    from restore.source import encode_output

    made = judged.load(decisions)
    (job,) = plan([input], out, record, report)
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
    _tell(result.restoration)
    for title, items in (
        ("no longer made, so these decisions changed nothing", result.gone),
        ("not applied, because something they stand on was rejected", result.unmet),
    ):
        if items:
            say(f"  {len(items)} {title}:", *(f"    {item}" for item in items))
    if result.missing:
        say(f"  passes that do not exist any more: {', '.join(result.missing)}")


@app.command()
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


# ---------------------------------------------------------------------- explanations
@app.command()
@guarded
def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PASS|IN",
            help="A pass; or, with --at, a dump or record.",
            autocompletion=opt.complete_passes,
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(metavar="OFFSET", help="A place in the dump: characters from 0, or LINE:COLUMN from 1."),
    ] = None,
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
    """Explain a pass, or a place in a dump: what was done there, and why."""
    from restore.cli.work import known_passes, open_restoration
    from restore.report.terminal import printable

    if at is None:
        if target in known_passes():
            write_lines(_manual(target))
            return
        if Path(target).exists():
            raise Failure(f"{target}: say which place is meant: restore explain {target} --at OFFSET")
        raise Failure(_no_pass(target))
    chosen = opt.choices(certainty, punctuation, spacing, script, None, select, ignore)
    options = opt.reading(encoding, from_format, text_field, id_field, max_characters)
    restoration = open_restoration(target, chosen, options, page)
    offset = _place(at, restoration.source.text)
    write_lines(printable(line) for line in restoration.explain(offset).split("\n"))


def _no_pass(name: str) -> str:
    import difflib

    from restore.cli.work import known_passes

    near = difflib.get_close_matches(name, known_passes(), n=1)
    return f"there is no pass {name!r}; " + (f"did you mean {near[0]!r}?" if near else "see: restore passes")


def _place(word: str, text: str) -> int:
    from restore.report.terminal import Positions

    numbers = word.split(":")
    if len(numbers) > 2 or not all(n.isascii() and n.isdecimal() for n in numbers):
        raise Failure(f"--at needs an offset such as 120, or LINE:COLUMN such as 3:15, not {word!r}")
    if len(numbers) == 2:
        offset = Positions(text).offset(int(numbers[0]), int(numbers[1]))
        if offset is None:
            raise Failure(f"the text has no line and column {word}")
        return offset
    if int(word) > len(text):
        raise Failure(f"the text has {len(text):,} characters; there is no offset {word}")
    return int(word)


def _doc(name: str) -> str:
    import inspect
    from importlib.metadata import entry_points

    from restore.passes import BUILT_IN
    from restore.pipeline import ENTRY_POINTS

    one: Any = BUILT_IN.get(name)
    if one is None:
        one = next(point.load() for point in entry_points(group=ENTRY_POINTS) if point.name == name)
    return inspect.cleandoc(one.__doc__ or "")


def _manual(name: str) -> list[str]:
    from restore.pipeline import PRESETS

    presets = [preset for preset, names in PRESETS.items() if name in names]
    where = f"presets: {', '.join(presets)}" if presets else "in no preset; name it with --select"
    return [f"{name} ({where})", "", *_doc(name).split("\n")]


@app.command()
@guarded
def passes() -> None:
    """List the passes in the order they run.

    A preset can be named wherever a pass can: restore clean --select formatting.
    """
    from restore.cli.work import known_passes
    from restore.pipeline import PRESETS

    names = known_passes()
    width = max(map(len, names))
    for name in names:
        presets = ",".join(preset for preset, members in PRESETS.items() if name in members) or "-"
        first = _doc(name).partition("\n")[0]
        typer.echo(f"{name:<{width}}  {presets:<18}  {first}")


# ---------------------------------------------------------------------- evaluation
@app.command()
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
