"""``restore batch``: from options to a plan, progress on a terminal, and the words at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from restore.cli.console import say
from restore.config import Config

if TYPE_CHECKING:
    from rich.progress import Progress

    from restore.batch import Limits, Plan, Result
    from restore.readers import ReadOptions

__all__ = [
    "Engines",
    "Formats",
    "Oversizes",
    "Reports",
    "Teller",
    "ended",
    "make_plan",
    "troubles",
    "usable_cores",
]


class Engines(StrEnum):
    """Where pages are restored."""

    LOCAL, RAY = "local", "ray"


class Reports(StrEnum):
    """Which pages get a diff report."""

    NONE, FINDINGS, ALL = "none", "findings", "all"


class Formats(StrEnum):
    """How texts and records are kept."""

    TEXT, JSONL, PARQUET = "text", "jsonl", "parquet"


class Editions(StrEnum):
    """What can be written besides."""

    TEI, PAGE = "tei", "page"


class Oversizes(StrEnum):
    """What happens to a page that is too large."""

    CUT, REFUSE = "cut", "refuse"


def usable_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def make_plan(
    chosen: Config,
    inputs: list[str],
    format: str,
    report: str,
    record: bool,
    shard: int,
    read: ReadOptions,
    limits: Limits,
    editions: Sequence[Editions] = (),
) -> Plan:
    """The plan of a batch; settings that the command line leaves open come from the file nearest to the first input."""
    from restore.batch import Plan
    from restore.cli.work import from_file, pass_names
    from restore.pipeline import Settings

    first = Path(inputs[0]).resolve()
    one = chosen.over(from_file(first if first.is_dir() else first.parent))
    return Plan(
        passes=tuple(pass_names(one.select, one.ignore)),
        settings=Settings(**one.settings()),
        format=format,  # type: ignore[arg-type]  # checked there
        report=report,  # type: ignore[arg-type]
        record=record,
        editions=tuple(one.value for one in editions),
        shard=shard,
        read=read,
        limits=limits,
    )


class Teller:
    """Tells how a batch goes on: a line with rate and time left on a terminal, messages anywhere."""

    _MOST = 20  # messages on a page each; the rest stands in the list of quarantine

    def __init__(self, quiet: bool) -> None:
        """``quiet``: nothing but errors."""
        self._quiet = quiet
        self._bar: Progress | None = None
        self._said = 0
        if sys.stderr.isatty() and not quiet:
            self._bar, self._task = _make_bar()

    def __enter__(self) -> Teller:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def total(self, size: int) -> None:
        """So many bytes of inputs."""
        if self._bar is not None:
            self._bar.update(self._task, total=max(size, 1))

    def settled(self, pages: int, read: int) -> None:
        """So many pages settled and bytes read."""
        if self._bar is not None:
            self._bar.update(self._task, completed=read, pages=pages)

    def said(self, line: str) -> None:
        """A message."""
        self._said += 1
        if self._quiet or self._said > self._MOST:
            return
        if self._said == self._MOST:
            line += "; further messages are in log.jsonl only"
        if self._bar is None:
            say(f"restore: {line}")
            return
        from restore.report.terminal import printable

        self._bar.console.print(f"restore: {printable(line)}", markup=False, highlight=False)


def _make_bar() -> tuple[Progress, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Pages, and pages a second."""

        def render(self, task: Any) -> Text:
            pages, took = task.fields["pages"], task.elapsed or 0.0
            rate = f", {pages / took:,.1f}/s" if took > 1 else ""
            return Text(f"{pages:,} pages{rate}")

    bar = Progress(
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        Rate(),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True),
        transient=True,
        speed_estimate_period=120,
    )
    return bar, bar.add_task("", total=None, pages=0)


def ended(result: Result, out: Path) -> list[str]:
    """What to say at the end."""
    pages = f"{result.restored:,} {'page' if result.restored == 1 else 'pages'} restored"
    rate = f" in {_clock(result.seconds)}"
    if result.restored and result.seconds > 1:
        rate += f" ({result.restored / result.seconds:,.1f} a second)"
    lines = [f"{pages}{rate}" + (f", {result.skipped:,} were done before" if result.skipped else "")]
    if result.statistics:
        lines += _table(result.statistics)
    return [*lines, *troubles(result, out), f"pages to review: {out / 'index.html'}"]


def troubles(result: Result, out: Path) -> list[str]:
    """What is not as it should be at the end."""
    lines = []
    if result.stopped:
        lines.append(f"stopped before the end; go on with: --resume -o {out}")
    if result.quarantine:
        lines.append(f"{result.quarantine:,} in quarantine (all in {out / 'quarantine.jsonl'}):")
        lines += [f"  {name}: {reason}" for name, reason in result.failures]
        if result.quarantine > len(result.failures):
            lines.append(f"  and {result.quarantine - len(result.failures):,} more")
    return lines


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _table(rows: Mapping[str, Mapping[str, int]]) -> list[str]:
    width = max(map(len, [*rows, "pass"]))
    out = [f"  {'pass':<{width}}  {'high':>10} {'medium':>10} {'low':>10} {'applied':>10}"]
    for name, row in rows.items():
        counts = " ".join(f"{row.get(key, 0):>10,}" for key in ("high", "medium", "low", "applied"))
        out.append(f"  {name:<{width}}  {counts}")
    return out
