"""The commands of ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from restore.config import Config

if TYPE_CHECKING:
    from restore.cli.work import Job
    from restore.restoration import Restoration

__all__ = ["app"]

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

    Exit code 0: done; 1: check found something to repair; 2: an error.
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
    certainty: opt.CertaintyOption = None,
    select: opt.SelectOption = None,
    ignore: opt.IgnoreOption = None,
    punctuation: opt.PunctuationOption = None,
    spacing: opt.SpacingOption = None,
    script: opt.ScriptOption = None,
    encoding: opt.EncodingOption = None,
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
    from restore.cli.work import plan

    chosen = opt.choices(certainty, punctuation, spacing, script, fast, select, ignore)
    jobs = plan(inputs, out, record, report)
    taken: dict[Path, str] = {}
    failed: list[str] = []
    progress = Progress([job.name for job in jobs])
    for number, name in progress:
        try:
            restoration = _clean_one(jobs[number], inputs, chosen, encoding, force, check_stable, taken)
        except BrokenPipeError:
            raise
        except Exception as error:
            progress.clear()
            say(f"restore: {explained(error, name)}")
            failed.append(name)
            continue
        if not quiet:
            progress.clear()
            _tell(restoration, summary)
    if failed:
        if len(jobs) > 1:
            say(f"restore: {len(failed)} of {len(jobs)} inputs failed: {', '.join(failed)}")
        raise typer.Exit(ERROR)


def _clean_one(
    job: Job,
    inputs: list[str],
    chosen: Config,
    encoding: str | None,
    force: bool,
    check: bool,
    taken: dict[Path, str],
) -> Restoration:
    from restore.cli.work import read_source, restored, stable
    from restore.files import check_outputs

    for path in job.outputs:
        if path.resolve() in taken:
            raise Failure(
                f"{job.name}: {path} has the results of {taken[path.resolve()]} already; rename one of them"
            )
    check_outputs(job.outputs, [name for name in inputs if name != "-"], force=force)
    restoration = restored(read_source(job.name, encoding), job.name, chosen)
    if check and not stable(restoration, job.name, chosen):
        raise Failure(
            f"{job.name}: restoring the result once more changes it; nothing was written, please report it"
        )
    _deliver(restoration, job.out, job.record, job.report, force)
    taken.update((path.resolve(), job.name) for path in job.outputs)
    return restoration


def _deliver(
    restoration: Restoration, out: Path | None, record: Path | None, report: Path | None, force: bool
) -> None:
    """Write text, record and report: all of them or none."""
    from restore.files import write_all
    from restore.record import dumps
    from restore.source import encode_output

    files: dict[Path, bytes] = {}
    text = encode_output(restoration.text)
    if out is not None:
        files[out] = text
    if record is not None:
        files[record] = dumps(restoration)
    if report is not None:
        files[report] = _html(restoration)
    write_all(files, force=force)
    if out is None:
        write_bytes(text)


def _html(restoration: Restoration) -> bytes:
    from restore.report.html import render_report

    return render_report(restoration).encode("utf-8", "backslashreplace")


def _tell(restoration: Restoration, summary: bool = False) -> None:
    from restore.report.terminal import head_line, summary_lines

    say(*(summary_lines(restoration) if summary else [head_line(restoration)]))
    say(*(f"  note: {note}" for note in dict.fromkeys([*restoration.source.notes, *restoration.notes])))
    if restoration.source.encoding not in ("utf-8", "str"):
        say(f"  note: read as {restoration.source.encoding}; the result is UTF-8")


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
) -> None:
    """Say whether clean would change anything; write nothing.

    Exit code 1 when something would be applied, 0 when not, 2 when an input could not be read.
    """
    from restore.cli.work import read_source, restored
    from restore.report.terminal import statistics_lines

    chosen = opt.choices(certainty, punctuation, spacing, script, fast, select, ignore)
    done: list[Restoration] = []
    failed: list[str] = []
    changed = False
    progress = Progress(inputs)
    for _, name in progress:
        try:
            one = restored(read_source(name, encoding), name, chosen)
        except Exception as error:
            progress.clear()
            say(f"restore: {explained(error, name)}")
            failed.append(name)
            continue
        changed |= one.changed
        if format is not opt.Formats.TEXT:
            done.append(one)
            continue
        progress.clear()
        write_lines(statistics_lines(one) if stat else [_verdict(one)])
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
) -> None:
    """Show what clean would change, character by character.

    What goes is struck out, what comes is underlined; without colour (NO_COLOR, or not a terminal) they are
    marked [-so-] and {+so+}. A line that moves leaves its number where it stood and is shown again where it
    goes.
    """
    from restore.cli.work import open_restoration
    from restore.report.terminal import statistics_lines

    chosen = opt.choices(certainty, punctuation, spacing, script, None, select, ignore)
    restoration = open_restoration(input, chosen, encoding)
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
    from restore.record import load

    _write_one(_html(load(record)), out, record, force)


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
    quiet: opt.QuietOption = False,
) -> None:
    """Restore a dump as a reviewer decided.

    The dump is restored with the settings that were reviewed; then what was rejected is left out, what was
    accepted is put in, and edited text stands instead of what was supplied. Decisions about corrections that
    this version does not make any more are listed.
    """
    from restore import decisions as judged
    from restore import record as records
    from restore.cli.work import is_record, plan, read_bytes
    from restore.files import check_outputs
    from restore.source import Source

    made = judged.load(decisions)
    (job,) = plan([input], out, record, report)
    check_outputs(job.outputs, [p for p in (input, str(decisions)) if p != "-"], force=force)
    data = read_bytes(input)
    name = "<stdin>" if input == "-" else input
    if is_record(data):
        result = made.apply(records.loads(data, name))
    else:
        result = made.run(Source.from_bytes(data, name, encoding))
    _deliver(result.restoration, job.out, job.record, job.report, force)
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
    restoration = open_restoration(target, chosen, encoding)
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
        Path, typer.Argument(metavar="TRUTH", help="truth.json of the page: its blocks and lines.")
    ],
    output: Annotated[
        str,
        typer.Argument(
            metavar="OUTPUT|RECORD",
            help="The text to score, or the record of a restoration; - for standard input.",
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Option(metavar="DUMP", help="The dump it was made from: what was lost, what was fixed."),
    ] = None,
    lost: Annotated[
        Path | None, typer.Option(metavar="LOST.json", help="What the dump has lost, when that is recorded.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="With a record: every judged correction that was not right.")
    ] = False,
) -> None:
    """Score a text, or a record with its corrections, against the truth of its page.

    Of a record the restored text is scored, and each applied correction of a glyph pass is judged: right when its
    place now equals the truth, harm when it was equal and is not.
    """
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
