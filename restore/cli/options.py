"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from restore.config import Config

if TYPE_CHECKING:
    from restore.readers.document import ReadOptions

__all__ = [
    "Certainties",
    "DumpOrRecord",
    "Dumps",
    "EncodingOption",
    "Exports",
    "FastOption",
    "ForceOption",
    "Formats",
    "FromOption",
    "IdFieldOption",
    "IgnoreOption",
    "MostOption",
    "OutOption",
    "Outputs",
    "PageOption",
    "Punctuations",
    "QuietOption",
    "RecordFile",
    "Scripts",
    "SelectOption",
    "Spacings",
    "TeiOption",
    "TextFieldOption",
    "ToOption",
    "choices",
    "complete_passes",
    "reading",
]


class Certainties(StrEnum):
    """How sure a repair must be to be applied."""

    HIGH, MEDIUM, LOW = "high", "medium", "low"


class Punctuations(StrEnum):
    """What becomes of half-width marks."""

    FULL, KEEP = "full", "keep"


class Spacings(StrEnum):
    """What becomes of spaces between Han and digits or Latin."""

    AUTO, NONE, KEEP = "auto", "none", "keep"


class Scripts(StrEnum):
    """The script to convert to."""

    KEEP, HANS, HANT, TW, HK, JP = "keep", "hans", "hant", "tw", "hk", "jp"


class Exports(StrEnum):
    """Formats a restoration can be written in."""

    TEI, MARKDOWN, UNIFIED, TEXT = "tei", "markdown", "unified", "text"


class Outputs(StrEnum):
    """What results are written as."""

    TEXT, PAGE, JSONL, PARQUET = "text", "page", "jsonl", "parquet"


class Formats(StrEnum):
    """For people, or for scripts, code scanning and GitHub Actions."""

    TEXT, JSON, SARIF, GITHUB = "text", "json", "sarif", "github"


def complete_passes(incomplete: str) -> list[str]:
    """Pass and preset names for shell completion; the last of a comma-separated list is completed."""
    from restore.cli.work import known_passes
    from restore.pipeline import PRESETS

    head, comma, last = incomplete.rpartition(",")
    names = [*PRESETS, *known_passes()]
    return [f"{head}{comma}{name}" for name in names if name.startswith(last)]


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
OutOption = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="Write here instead of to standard output: a file, or a folder (with / at its end).",
    ),
]
ForceOption = Annotated[bool, typer.Option("-f", "--force", help="Overwrite results that exist already.")]
QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
RecordOption = Annotated[
    str | None,
    typer.Option(
        metavar="R.json",
        help="Also write the record: every correction as JSON, enough to report, revert and replay; "
        "of several pages, a folder.",
    ),
]
ReportOption = Annotated[
    str | None,
    typer.Option(
        metavar="R.html",
        help="Also write the diff report: one HTML file, opens in any browser; of several pages, a folder.",
    ),
]
TeiOption = Annotated[
    str | None,
    typer.Option(
        metavar="R.xml",
        help="Also write a TEI P5 edition, every change marked in it; of several pages, a folder.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoding of the input, such as gb18030, when it is not recognised.",
        show_default=False,
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FORMAT",
        help="Format of the input, when it is not recognised: text, markdown, jsonl, parquet, arrow, ocr-json, hocr, alto, page, pdf, zip, tar.",
    ),
]
TextFieldOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Field that holds the text, in jsonl, parquet and arrow (default: text)."
    ),
]
IdFieldOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Field that names the page there (default: its number).")
]
MostOption = Annotated[
    int | None,
    typer.Option(
        "--max-characters",
        metavar="N",
        min=1,
        help="Size from which a page is cut at blank lines or refused (default: 4000000).",
    ),
]
PageOption = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Which page of an input that has several.")
]
ToOption = Annotated[
    Outputs | None,
    typer.Option(
        "--to",
        help="What to write: text, PAGE with a new reading order, or rows with text, record and statistics "
        "(default: by the ending of OUT).",
        show_default=False,
    ),
]
FastOption = Annotated[
    bool | None,
    typer.Option("--fast", help="Skip the checks that nothing was lost or invented.", show_default=False),
]
CertaintyOption = Annotated[
    Certainties | None,
    typer.Option(
        help="Apply repairs that are at least this certain (default: medium); others are only shown."
    ),
]
SelectOption = Annotated[
    str | None,
    typer.Option(
        metavar="P,...",
        help="Run only these passes or presets (see: restore passes).",
        autocompletion=complete_passes,
    ),
]
IgnoreOption = Annotated[
    str | None,
    typer.Option(metavar="P,...", help="Leave out these passes or presets.", autocompletion=complete_passes),
]
PunctuationOption = Annotated[
    Punctuations | None,
    typer.Option(help="Full-width marks in CJK text (default: full), or keep the dump's."),
]
SpacingOption = Annotated[
    Spacings | None,
    typer.Option(help="Spaces between Han and digits or Latin: as the page prints them (default: auto)."),
]
ScriptOption = Annotated[
    Scripts | None,
    typer.Option(help="Convert to Simplified, Traditional (general, Taiwan, Hong Kong) or Japanese forms."),
]


def reading(
    encoding: str | None = None,
    from_format: str | None = None,
    text_field: str | None = None,
    id_field: str | None = None,
    most: int | None = None,
) -> ReadOptions:
    """How inputs are read."""
    from restore.readers.document import ReadOptions

    given = {"text_field": text_field, "most_characters": most}
    known = {name: value for name, value in given.items() if value is not None}
    return ReadOptions(format=from_format, encoding=encoding, id_field=id_field, **known)  # type: ignore[arg-type]


def choices(
    certainty: Certainties | None = None,
    punctuation: Punctuations | None = None,
    spacing: Spacings | None = None,
    script: Scripts | None = None,
    fast: bool | None = None,
    select: str | None = None,
    ignore: str | None = None,
) -> Config:
    """What the command line chose; the rest may stand in a settings file."""
    return Config(
        certainty=certainty.value if certainty else None,
        punctuation=punctuation.value if punctuation else None,
        spacing=spacing.value if spacing else None,
        script=script.value if script else None,
        fast=fast or None,
        select=_listed(select),
        ignore=_listed(ignore),
    )


def _listed(names: str | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(word.strip() for word in names.split(",") if word.strip())
