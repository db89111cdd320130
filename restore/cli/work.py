"""From what was typed to restorations: inputs, settings, and which results go where."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from restore import config
from restore.cli.console import Failure, say
from restore.config import Config
from restore.layout.boxes import Layout
from restore.pipeline import ENTRY_POINTS, PRESETS, Pipeline, Settings
from restore.readers.document import ReadOptions
from restore.readers.issue import ALONE, InCommon
from restore.readers.recognise import is_format
from restore.restoration import Restoration
from restore.source import InputError, Source

__all__ = [
    "Job",
    "from_file",
    "is_folder",
    "known_passes",
    "make_folders",
    "open_restoration",
    "output_of",
    "pass_names",
    "plan",
    "read_source",
    "restored",
    "shown",
    "stable",
]

STDIN = "-"


# ---------------------------------------------------------------------- inputs
def read_bytes(name: str) -> bytes:
    """The bytes of an input, ``-`` being standard input."""
    if name == STDIN:
        if sys.stdin.isatty():
            say("restore: reading from the terminal; end with Ctrl-D (or name a file)")
        return sys.stdin.buffer.read()
    path = Path(name)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; name the files in it (restore batch takes folders)") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def read_source(name: str, encoding: str | None = None) -> Source:
    """The text file of that name."""
    return Source.from_bytes(read_bytes(name), shown(name), encoding)


def shown(name: str) -> str:
    """The name of an input in messages."""
    return "<stdin>" if name == STDIN else name


def is_record(data: bytes) -> bool:
    """Whether an input is not a dump but a record."""
    from restore.record import FORMAT

    return data[:1] == b"{" and f'"{FORMAT}"'.encode() in data[:200]


def open_restoration(
    name: str,
    chosen: Config,
    options: ReadOptions,
    page: int | None = None,
    several: str = "choose one with --page",
) -> Restoration:
    """A page, restored now, or a record, as it was restored; ``several`` is what to do when there are more pages."""
    from restore import record
    from restore.cli.pages import one_page

    if name == STDIN or (options.format is None and _begins_as_record(name)):
        data = read_bytes(name)
        if is_record(data):
            return record.loads(data, shown(name))
        document = one_page(name, options, page, data, several)
    else:
        document = one_page(name, options, page, several=several)
    return restored(document.source, name, chosen, document.layout)


def _begins_as_record(name: str) -> bool:
    try:
        with Path(name).open("rb") as file:
            return is_record(file.read(200))
    except OSError:
        return False


# ---------------------------------------------------------------------- settings
@cache
def known_passes() -> tuple[str, ...]:
    """Names of the passes there are: built in, in the order of the presets, then those of plug-ins."""
    from importlib.metadata import entry_points

    from restore.passes import BUILT_IN

    order = list(dict.fromkeys(name for names in PRESETS.values() for name in names))
    built_in = sorted(BUILT_IN, key=lambda name: order.index(name) if name in order else len(order))
    return (*built_in, *sorted(point.name for point in entry_points(group=ENTRY_POINTS)))


def pass_names(select: Sequence[str] | None, ignore: Sequence[str] | None) -> list[str]:
    """Passes to run, in the order of the default preset; plug-ins follow in the order they were named.

    Raises:
        Failure: for a name that is neither pass nor preset, or when nothing is left.
    """
    wanted = _expanded(("default",) if select is None else select)
    left_out = set(_expanded(ignore or ()))
    order = list(dict.fromkeys(name for names in PRESETS.values() for name in names))
    names = [name for name in dict.fromkeys(wanted) if name not in left_out]
    if not names:
        raise Failure("no pass is left to run; see: restore passes")
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def _expanded(words: Sequence[str]) -> list[str]:
    out: list[str] = []
    for word in words:
        if word in PRESETS:
            out.extend(PRESETS[word])
        elif word in known_passes():
            out.append(word)
        else:
            near = difflib.get_close_matches(word, [*PRESETS, *known_passes()], n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see: restore passes"
            raise Failure(f"there is no pass or preset {word!r}; {hint}")
    return out


@cache
def from_file(folder: Path) -> Config:
    """The settings file that counts in a folder.

    Raises:
        ConfigError, Failure: when there is something wrong in it.
    """
    found = config.find(folder)
    if found is None:
        return Config()
    one = config.load(found)
    try:
        _expanded([*(one.select or ()), *(one.ignore or ())])
    except Failure as error:
        raise Failure(f"{found}: {error}") from None
    return one


def setup(name: str, chosen: Config) -> tuple[Pipeline, Settings]:
    """Pipeline and settings for an input: the command line over the settings file nearest to it."""
    folder = Path.cwd() if name == STDIN else Path(name).resolve().parent
    return _setup(chosen.over(from_file(folder)))


@cache
def _setup(one: Config) -> tuple[Pipeline, Settings]:
    return Pipeline(pass_names(one.select, one.ignore)), Settings(**one.settings())


def restored(
    source: Source,
    name: str,
    chosen: Config,
    layout: Layout | None = None,
    common: InCommon = ALONE,
) -> Restoration:
    """``source`` restored with the settings that count for the input ``name``."""
    pipeline, settings = setup(name, chosen)
    restoration = pipeline.run(source, settings, layout, common.running)
    restoration.continuations = common.continuations
    return restoration


def stable(restoration: Restoration, name: str, chosen: Config) -> bool:
    """Whether restoring the restored text again would change nothing."""
    pipeline, settings = setup(name, chosen)
    return not pipeline.run(Source(restoration.text, name=shown(name)), settings).changed


# ---------------------------------------------------------------------- outputs
@dataclass(frozen=True)
class Job:
    """One input and where its results go; ``out`` None is standard output.

    The folders are for inputs of several pages; ``out_folder`` None is for all texts in one. Those in ``to_make`` were
    named as folders and are made when there is a result to put into them.
    """

    name: str
    out: Path | None
    record: Path | None = None
    report: Path | None = None
    tei: Path | None = None
    out_folder: Path | None = None
    record_folder: Path | None = None
    report_folder: Path | None = None
    tei_folder: Path | None = None
    to_make: tuple[Path, ...] = ()

    @property
    def outputs(self) -> list[Path]:
        """The files it would write."""
        return [p for p in (self.out, self.record, self.report, self.tei) if p is not None]


def plan(
    names: Sequence[str],
    out: str | None,
    record: str | None = None,
    report: str | None = None,
    suffix: str = ".txt",
    tei: str | None = None,
) -> list[Job]:
    """Where the results of each input go.

    For several inputs every output option names a folder, for one it does where there is such a folder, or where a slash
    ends its name.

    Raises:
        Failure: when that cannot be done.
    """
    for option, value in (("--record", record), ("--report", report), ("--tei", tei)):
        if value == STDIN:
            raise Failure(f"{option} needs the name of a file; only the text goes to standard output")
    if out == STDIN:
        out = None
    if list(names).count(STDIN) > 1:
        raise Failure("standard input (-) can be named once")
    to, records, reports, editions = (None if o is None else Path(o) for o in (out, record, report, tei))
    if len(names) == 1:
        (name,) = names
        base = _base(name, suffix)
        folder = to if out is not None and is_folder(out) else None
        files = (
            _inside(out, base),
            _inside(record, base, ".json"),
            _inside(report, base, ".html"),
            _inside(tei, base, ".xml"),
        )
        to_make = tuple(Path(one) for one in (out, record, report, tei) if one is not None and is_folder(one))
        return [Job(name, *files, folder, records, reports, editions, to_make)]
    if to is None:
        raise Failure("several inputs need -o with the name of a folder for the results")
    jobs: list[Job] = []
    for name in names:
        base = _base(name, suffix)
        jobs.append(
            Job(
                name,
                to / base,
                records / _with_ending(base, ".json") if records else None,
                reports / _with_ending(base, ".html") if reports else None,
                editions / _with_ending(base, ".xml") if editions else None,
                to,
                records,
                reports,
                editions,
            )
        )
    make_folders(
        [f for f in (to, records, reports, editions) if f is not None],
        "with several inputs the results need a folder",
    )
    return jobs


def output_of(out: str | None, name: str, suffix: str) -> Path | None:
    """The file that ``-o`` names, or names the folder of: called as the input is, with another ending. None is for stdout."""
    base = "stdin" if name == STDIN else Path(name).name
    return None if out == STDIN else _inside(out, base, suffix)


def is_folder(named: str) -> bool:
    """Whether an output option names a folder: one that exists, or a name with a slash at its end."""
    return named.endswith(("/", os.sep)) or Path(named).is_dir()


def make_folders(folders: Iterable[Path], why: str = "a name that ends in a slash is a folder's") -> None:
    """Make folders for results where they do not exist.

    Raises:
        Failure: when that cannot be done; ``why`` says why a folder is wanted.
    """
    for folder in dict.fromkeys(folders):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise Failure(f"{folder}: is a file; {why}") from None
        except OSError as error:
            raise Failure(f"{folder}: the folder cannot be made ({error.strerror or error})") from None


def _base(name: str, suffix: str) -> str:
    """Name of a result: the input's own, with the suffix of what it becomes where it was no text."""
    if name == STDIN:
        return f"stdin{suffix}"
    base = Path(name).name or f"text{suffix}"
    return f"{base}{suffix}" if is_format(base) and not base.lower().endswith(suffix) else base


def _inside(named: str | None, base: str, suffix: str = "") -> Path | None:
    """The file of that name, or when it is that of a folder the file in it."""
    if named is None or not is_folder(named):
        return None if named is None else Path(named)
    return Path(named) / (_with_ending(base, suffix) if suffix else base)


def _with_ending(base: str, suffix: str) -> Path:
    """A file name with another ending; what stands behind the last dot of a date (1998.01.02) is none."""
    path = Path(base)
    return Path(base + suffix) if path.suffix[1:].isdigit() else path.with_suffix(suffix)
