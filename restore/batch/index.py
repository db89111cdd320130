"""The index page: all pages of a batch, those first that need a person most, with links to what there is to see."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import BaseLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

from restore.batch.plan import Plan
from restore.batch.store import Row, Store
from restore.files import write

if TYPE_CHECKING:
    from restore.batch.run import Result

__all__ = ["PER_PAGE", "write_index"]

PER_PAGE = 500
"""Rows of one HTML file: what a browser shows at once."""


def write_index(store: Store, result: Result, plan: Plan) -> None:
    """Write ``index.html``, and ``index-2.html`` and so on for long batches; rows come from the store one by one."""
    total = result.done + result.quarantine
    last = max(1, -(-total // PER_PAGE))
    rows = store.rows("need")
    for number in range(1, last + 1):
        page = _template().render(
            number=number,
            last=last,
            shown=_near(number, last),
            name=_name,
            done=result.done,
            quarantine=result.quarantine,
            stopped=result.stopped,
            statistics=result.statistics,
            rows=list(islice(rows, PER_PAGE)),
            links=lambda row: _links(store, row),
        )
        write(store.folder / _name(number), page.encode("utf-8", "backslashreplace"), force=True)
    number = last + 1  # of an earlier run with more pages
    while (store.folder / _name(number)).exists():
        (store.folder / _name(number)).unlink()
        number += 1


def _name(number: int) -> str:
    return "index.html" if number == 1 else f"index-{number}.html"


def _near(number: int, last: int) -> list[int]:
    """Numbers of the lists that one list links to: the first, the last, and those around."""
    return sorted({1, last, *(k for k in range(number - 4, number + 5) if 1 <= k <= last)})


def _links(store: Store, row: Row) -> Markup:
    return Markup(" ").join(
        Markup('<a href="{}">{}</a>').format(quote(where), word) for word, where in _targets(store, row)
    )


def _targets(store: Store, row: Row) -> Iterator[tuple[str, str]]:
    outputs = store.outputs
    wanted = (
        [("input", outputs.quarantined(row.path))]
        if row.summary is None
        else [
            ("report", outputs.report(row.path)),
            ("text", outputs.text(row.path)),
            ("record", outputs.record(row.path)),
            ("TEI", outputs.edition("tei", row.path)),
            ("PAGE", outputs.edition("page", row.path)),
        ]
    )
    for word, path in wanted:
        if path.exists():
            yield word, path.relative_to(outputs.folder).as_posix()


@cache
def _template() -> Template:
    environment = Environment(
        loader=BaseLoader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.from_string(
        files("restore.batch").joinpath("assets", "index.html.j2").read_text("utf-8")
    )
