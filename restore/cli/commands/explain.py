"""``restore explain`` and ``restore passes``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from restore.cli import options as opt
from restore.cli.console import (
    Failure,
    guarded,
    write_lines,
)

__all__ = ["explain", "passes"]


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
