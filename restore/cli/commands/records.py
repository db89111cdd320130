"""``restore report``, ``restore export`` and ``restore revert``: what is made of a record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restore.cli import options as opt
from restore.cli.console import (
    Failure,
    guarded,
    write_bytes,
)

if TYPE_CHECKING:
    from restore.restoration import Restoration

__all__ = ["export", "report", "revert"]


@guarded
def report(record: opt.RecordFile, out: opt.OutOption = None, force: opt.ForceOption = False) -> None:
    """Make the HTML diff report of a record."""
    from restore.cli.pages import html
    from restore.record import load

    _write_one(html(load(record)), out, str(record), ".html", force)


@guarded
def export(
    input: opt.DumpOrRecord,
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
    text_field: opt.TextFieldOption = None,
    id_field: opt.IdFieldOption = None,
    max_characters: opt.MostOption = None,
    page: opt.PageOption = None,
) -> None:
    """Write a restoration in another format: from its record, or from a dump restored now."""
    from restore.cli.work import open_restoration, output_of
    from restore.files import check_outputs

    path = output_of(out, input, _SUFFIXES[format])
    if path is not None and path.parent.is_dir():
        check_outputs([path], [input] if input != "-" else [], force=force)
    chosen = opt.choices(certainty, punctuation, spacing, script, None, select, ignore)
    options = opt.reading(encoding, from_format, text_field, id_field, max_characters)
    restoration = open_restoration(input, chosen, options, page)
    _write_one(_exported(restoration, format), out, input, _SUFFIXES[format], force)


_SUFFIXES = {
    opt.Exports.TEI: ".xml",
    opt.Exports.MARKDOWN: ".md",
    opt.Exports.UNIFIED: ".diff",
    opt.Exports.TEXT: ".txt",
}


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


@guarded
def revert(record: opt.RecordFile, out: opt.OutOption = None, force: opt.ForceOption = False) -> None:
    """Give the source of a record back, byte for byte."""
    from restore.record import load

    restoration = load(record)
    if restoration.revert() != restoration.source.text:
        raise Failure(
            f"{record}: taking the corrections back does not give the source; the record is damaged"
        )
    _write_one(restoration.source.to_bytes(), out, str(record), ".txt", force)


def _write_one(data: bytes, out: str | None, name: str, suffix: str, force: bool) -> None:
    from restore.cli.work import is_folder, make_folders, output_of
    from restore.files import check_outputs, write

    path = output_of(out, name, suffix)
    if path is None:
        write_bytes(data)
        return
    if out is not None and is_folder(out):
        make_folders([Path(out)])
    check_outputs([path], [name] if name != "-" else [], force=force)
    write(path, data, force=force)
