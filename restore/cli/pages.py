"""Inputs that are pages: one or many of them, with or without boxes; and where the results of each go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

from restore.cli import work
from restore.cli.console import Failure, write_bytes
from restore.cli.work import STDIN, Job, shown
from restore.config import Config
from restore.files import check_outputs, open_atomic, write_all
from restore.readers import Document, ReadOptions, read, read_bytes
from restore.readers import Failure as Unread
from restore.readers.issue import ALONE, InCommon, Issue, is_issue
from restore.restoration import Restoration
from restore.source import InputError

if TYPE_CHECKING:
    from restore.writers.rows import RowWriter

__all__ = ["Delivery", "Input", "deliver", "html", "one_page", "write_results"]

PAGE_BREAK = b"\n\f\n"


class Input:
    """An input that can be read more than once."""

    def __init__(self, name: str, options: ReadOptions, data: bytes | None = None) -> None:
        self.name, self._options = name, options
        self._data = data

    def pages(self) -> Iterator[Document | Unread]:
        """Its pages from the first on.

        Raises:
            InputError: when it cannot be read.
        """
        if self._data is None and self.name != STDIN:
            path = Path(self.name)
            if path.is_dir():
                raise InputError(f"{path}: is a folder; name the files in it (restore batch takes folders)")
            return read(path, self._options)
        if self._data is None:
            self._data = work.read_bytes(STDIN)
        name = "stdin" if self.name == STDIN else Path(self.name).name
        return read_bytes(self._data, name, self._options, shown=shown(self.name))


def one_page(
    name: str,
    options: ReadOptions,
    number: int | None = None,
    data: bytes | None = None,
    several: str = "choose one with --page",
) -> Document:
    """The only page of an input, or its page of that number.

    Args:
        name: the input.
        options: how it is read.
        number: of the page; None when there must be one only.
        data: the input's bytes, when they have been read already.
        several: what the user can do when there are more.

    Raises:
        InputError: when it has none, or several and no number is given.
    """
    pages = Input(name, options, data).pages()
    if number is not None:
        found = next(islice(pages, number - 1, None), None) if number > 0 else None
        if found is None:
            raise InputError(f"{shown(name)}: has no page {number}")
        return _readable(found)
    first = next(pages, None)
    if first is None:
        raise InputError(f"{shown(name)}: has no pages")
    if next(pages, None) is not None:
        raise InputError(f"{shown(name)}: has several pages; {several}")
    return _readable(first)


def _readable(one: Document | Unread) -> Document:
    if isinstance(one, Unread):
        raise InputError(one.reason)
    return one


@dataclass
class Delivery:
    """How results are wanted.

    Attributes:
        chosen: settings.
        options: how inputs are read.
        inputs: names of all inputs, none of which is written over.
        force: whether results may take the place of files.
        check: whether restoring once more must change nothing.
        to: ``text``, ``page``, ``jsonl`` or ``parquet``.
        rows: where rows go, for the last two.
        tell: is told of every page that was restored.
        fail: is told of every page that was not.
        taken: results that were written, with the page they are of.
    """

    chosen: Config
    options: ReadOptions
    inputs: list[str]
    force: bool
    check: bool
    to: str
    rows: RowWriter | None
    tell: Callable[[Restoration], None]
    fail: Callable[[str], None]
    taken: dict[Path, str]


def deliver(job: Job, how: Delivery) -> None:
    """Restore the pages of an input and write what was asked for.

    Raises:
        Failure, InputError, OutputError: for an input of one page, when that cannot be done; of several pages each is
            told on its own.
    """
    source = Input(job.name, how.options)
    pages = source.pages()
    if how.rows is not None:
        _rows(job, how, source, pages)
        return
    first = list(islice(pages, 2))
    if not first:
        raise InputError(f"{shown(job.name)}: has no pages")
    if len(first) == 1:
        _single(job, how, _readable(first[0]))
    else:
        _several(job, how, source, chain(first, pages))


def _single(job: Job, how: Delivery, document: Document) -> None:
    work.make_folders(job.to_make)
    _claim(job.outputs, job.name, how)
    restoration = _restored(document, job.name, how)
    out = _encoded(document, restoration, how.to)
    files = {} if job.out is None else {job.out: out}
    write_results(files, restoration, job, how.force)
    if job.out is None:
        write_bytes(out)
    how.tell(restoration)


def _claim(paths: list[Path], name: str, how: Delivery) -> None:
    for path in paths:
        other = how.taken.get(path.resolve())
        if other is not None:
            raise Failure(f"{name}: {path} has the results of {other} already; rename one of them")
    check_outputs(paths, [one for one in how.inputs if one != STDIN], force=how.force)
    how.taken.update((path.resolve(), name) for path in paths)


def _restored(document: Document, name: str, how: Delivery, common: InCommon = ALONE) -> Restoration:
    restoration = work.restored(document.source, name, how.chosen, document.layout, common)
    if how.check and not work.stable(restoration, name, how.chosen):
        raise Failure(
            f"{document.source.name}: restoring the result once more changes it; nothing was written, please report it"
        )
    return restoration


def _encoded(document: Document, restoration: Restoration, to: str) -> bytes:
    if to == "page":
        from restore.writers.page import page_xml

        return page_xml(document, restoration)
    from restore.source import encode_output

    return encode_output(restoration.text)


def html(restoration: Restoration) -> bytes:
    """The diff report."""
    from restore.report.html import render_report

    return render_report(restoration).encode("utf-8", "backslashreplace")


def write_results(files: dict[Path, bytes], restoration: Restoration, job: Job, force: bool) -> None:
    """Write ``files``, and the record, report and edition that the job wants: all of them or none."""
    files = dict(files)
    if job.record is not None:
        from restore.record import dumps

        files[job.record] = dumps(restoration)
    if job.report is not None:
        files[job.report] = html(restoration)
    if job.tei is not None:
        from restore.writers.tei import to_tei

        files[job.tei] = to_tei(restoration)
    write_all(files, force=force)


# ---------------------------------------------------------------------- several pages
def _issue(source: Input, first: Document | Unread | None) -> Issue | None:
    """What the pages of an input have in common, where they belong together."""
    return Issue(source.pages()) if is_issue(first) else None


def _sidecar(issue: Issue) -> bytes:
    """The issue as a whole, as JSON: folios, running lines, and the links between pages that their records have."""
    import orjson

    body = {
        "format": "restore-issue",
        "version": 1,
        "pages": [{"page": page, "folio": number} for page, number in issue.folios.items()],
        "running_lines": sorted(issue.running),
        "continuations": [{"on": page, **one.as_data()} for page, one in issue.continuations()],
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n"


def _several(job: Job, how: Delivery, source: Input, pages: Iterator[Document | Unread]) -> None:
    """Each page on its own: into a folder, or all texts into one file or stream with form feeds between."""
    from restore.writers.paths import output_path

    folder = job.out_folder
    if how.to == "page" and folder is None:
        raise Failure(
            f"{shown(job.name)}: has several pages and PAGE holds one; name a folder with -o, or another format with --to"
        )
    work.make_folders(job.to_make)
    for path in (job.record_folder, job.report_folder, job.tei_folder):
        if path is not None and path.is_file():
            raise Failure(f"{path}: is a file; with several pages the results need a folder")
    first = next(pages)
    issue = _issue(source, first)
    with ExitStack() as stack:
        joined: BinaryIO | None = None
        if folder is None and job.out is not None:
            _claim([job.out], job.name, how)
            joined = stack.enter_context(open_atomic(job.out, force=how.force))
        elif folder is None:
            joined = sys.stdout.buffer
        count = 0
        for one in chain([first], pages):
            if isinstance(one, Unread):
                how.fail(one.reason)
                continue
            try:
                restoration = _restored(one, job.name, how, issue.of(one.id) if issue else ALONE)
                base = output_path(one.id)
                paths = [
                    None if root is None else root / _named(base, suffix)
                    for root, suffix in (
                        (folder, ".xml" if how.to == "page" else ".txt"),
                        (job.record_folder, ".json"),
                        (job.report_folder, ".html"),
                        (job.tei_folder, ".xml"),
                    )
                ]
                named = [path for path in paths if path is not None]
                for path in named:
                    path.parent.mkdir(parents=True, exist_ok=True)
                _claim(named, one.id, how)
                text = _encoded(one, restoration, how.to)
                out, record, report, tei = paths
                files = {} if out is None else {out: text}
                write_results(files, restoration, Job(one.id, out, record, report, tei), how.force)
            except BrokenPipeError:
                raise
            except Exception as error:
                from restore.cli.console import explained

                how.fail(explained(error, one.id))
                continue
            if joined is not None:
                joined.write((PAGE_BREAK if count else b"") + text.rstrip(b"\n"))
            count += 1
            how.tell(restoration)
        if joined is not None:
            joined.write(b"\n")
            joined.flush()
        if issue is not None and job.record_folder is not None:
            path = job.record_folder / output_path(Path(job.name).name, ".issue.json")
            _claim([path], job.name, how)
            write_all({path: _sidecar(issue)}, force=how.force)


def _named(base: PurePath, suffix: str) -> PurePath:
    """The path of a result: the text of a text file, and the page of a page file, keep the file's name."""
    same = suffix in (".txt", ".xml") and base.name.lower().endswith(suffix)
    return base if same else base.with_name(base.name + suffix)


def _rows(job: Job, how: Delivery, source: Input, pages: Iterator[Document | Unread]) -> None:
    from restore.cli.console import explained
    from restore.writers.rows import row

    assert how.rows is not None
    first = list(islice(pages, 2))
    issue = _issue(source, first[0]) if len(first) == 2 else None
    for one in chain(first, pages):
        if isinstance(one, Unread):
            how.fail(one.reason)
            continue
        try:
            restoration = _restored(one, job.name, how, issue.of(one.id) if issue else ALONE)
        except Exception as error:
            how.fail(explained(error, one.id))
            continue
        how.rows.add(row(one, restoration))
        how.tell(restoration)
