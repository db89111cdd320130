"""The diff report: one HTML file that works from disk, with everything in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jinja2 import BaseLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

from restore.report.model import build_model, to_json
from restore.restoration import Restoration

__all__ = ["render_report"]

#: In the order they are read: each uses only what stands before it.
SCRIPTS = (
    "start.js",
    "columns.js",
    "sections.js",
    "decisions.js",
    "render.js",
    "rows.js",
    "paint.js",
    "judge.js",
    "keep.js",
    "list.js",
    "explain.js",
    "sheet.js",
    "page.js",
)


def render_report(
    restoration: Restoration,
    *,
    manuals: Mapping[str, str] | None = None,
    served: Mapping[str, Any] | None = None,
) -> str:
    """The report as one self-contained HTML document.

    Everything that comes from the dump is data: JSON in the page, escaped, shown by the page's script as
    text. The content policy in the page allows that one script and no request at all.

    Args:
        restoration: what to report on.
        manuals: docstrings of passes that are neither built in nor entry points, by name.
        served: for a page that the review server shows: ``decisions`` (where changes are sent), ``revision``,
            ``saved`` (the decisions so far, as their file has them), ``file`` (its name) and ``list`` (the way
            back, or ""). The page then asks its own server, and nobody else.

    Returns:
        HTML, encodable as UTF-8.
    """
    model = build_model(restoration, manuals)
    if served is not None:
        model["served"] = dict(served)
    page = _template().render(
        title=model["source"]["name"],
        short=re.split(r"[/\\]", model["source"]["name"])[-1],
        words=_words(),
        style=Markup(_asset("report.css")),
        policy=_policy("connect-src 'self'; " if served is not None else ""),
        back=(served or {}).get("list", ""),
        script=Markup(_script()),
        data=Markup(to_json(model)),
        words_json=Markup(to_json(_words())),
    )
    return page


@cache
def _asset(name: str) -> str:
    return files("restore.report").joinpath("assets", name).read_text("utf-8")


@cache
def _script() -> str:
    """The page's script: the parts in one function, so that no name of theirs is global."""
    return "(() => {\n" + "\n".join(_asset(name) for name in SCRIPTS) + "\n})();"


@cache
def _policy(more: str = "") -> str:
    """Content security policy: this very script, styles, nothing from anywhere but what ``more`` allows."""
    digest = base64.b64encode(hashlib.sha256(_script().encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        f"{more}base-uri 'none'; form-action 'none'"
    )


@cache
def _words() -> dict[str, Any]:
    """The interface in its languages, ``{"zh": {...}, "en": {...}}``."""
    words: dict[str, Any] = orjson.loads(_asset("words.json"))
    return words


@cache
def _template() -> Template:
    environment = Environment(
        loader=BaseLoader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.from_string(_asset("report.html.j2"))
