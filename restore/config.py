"""Settings that stand in a file: ``restore.toml``, or ``[tool.restore]`` in ``pyproject.toml``.

The nearest one upward from the input's folder counts; of two in one folder, ``restore.toml``. A
``pyproject.toml`` without ``[tool.restore]`` is passed over. Options on the command line win over the file::

    certainty = "medium"                 # high | medium | low
    punctuation = "full"                 # full | keep
    spacing = "auto"                     # auto | none | keep
    script = "keep"                      # keep | hans | hant | tw | hk | jp
    fast = false                         # true: do not check the promises on every text
    select = ["default"]                 # passes or presets to run
    ignore = ["confusables"]             # passes or presets to leave out
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

__all__ = ["Config", "ConfigError", "find", "load"]

_WORDS: Mapping[str, tuple[str, ...]] = {
    "certainty": ("high", "medium", "low"),
    "punctuation": ("full", "keep"),
    "spacing": ("auto", "none", "keep"),
    "script": ("keep", "hans", "hant", "tw", "hk", "jp"),
}


class ConfigError(ValueError):
    """A settings file with an unknown key or an impossible value; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings as far as somebody chose them; None is "not said here"."""

    certainty: str | None = None
    punctuation: str | None = None
    spacing: str | None = None
    script: str | None = None
    fast: bool | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None

    def over(self, other: Config) -> Config:
        """This one, and where it says nothing the other."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        return Config(
            **{name: getattr(other, name) if value is None else value for name, value in mine.items()}
        )

    def settings(self) -> dict[str, Any]:
        """The keyword arguments for :class:`restore.Settings`."""
        from restore.correction import Certainty

        names = ("punctuation", "spacing", "script", "fast")
        out = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.certainty is not None:
            out["certainty"] = Certainty.parse(self.certainty)
        return out


def find(folder: str | Path) -> Path | None:
    """The settings file that counts for inputs in ``folder``, or None.

    Raises:
        ConfigError: when a file on the way is not TOML.
    """
    start = Path(folder).resolve()
    for here in (start, *start.parents):
        own = here / "restore.toml"
        if own.is_file():
            return own
        project = here / "pyproject.toml"
        if project.is_file() and _table(project) is not None:
            return project
    return None


def load(path: str | Path) -> Config:
    """The settings in a file.

    Raises:
        ConfigError: naming the file and the key.
    """
    path = Path(path)
    table = _table(path)
    where = f"{path}: [tool.restore]" if path.name == "pyproject.toml" else f"{path}"
    known = [f.name for f in fields(Config)]
    values: dict[str, Any] = {}
    for key, value in (table or {}).items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise ConfigError(f"{where}: unknown key {key!r}; {hint}")
        values[key] = _value(key, value, where)
    return Config(**values)


def _value(key: str, value: Any, where: str) -> Any:
    if key in _WORDS:
        if value not in _WORDS[key]:
            raise ConfigError(f"{where}: {key} must be one of {', '.join(_WORDS[key])}, not {value!r}")
        return value
    if key == "fast":
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: fast must be true or false, not {value!r}")
        return value
    return _names(value, f"{where}: {key}")


def _names(value: Any, where: str) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [None]
    names = [word.strip() if isinstance(word, str) else "" for word in words]
    if not all(names):
        raise ConfigError(f'{where} must be a list of pass names such as ["spaces", "gaps"], not {value!r}')
    return tuple(names)


def _table(path: Path) -> Mapping[str, Any] | None:
    """The settings table of a file, or None when a ``pyproject.toml`` has none."""
    import tomllib

    try:
        body = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML ({error})") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from None
    if path.name != "pyproject.toml":
        return body
    tool = body.get("tool", {})
    table = tool.get("restore") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: [tool.restore] is not a table")
    return table
