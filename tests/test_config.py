"""Settings files: found upward from the input, checked key by key, second to the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from restore import Certainty, Settings
from restore.config import Config, ConfigError, find, load


def test_restore_toml(tmp_path: Path) -> None:
    path = tmp_path / "restore.toml"
    path.write_text(
        'certainty = "high"\npunctuation = "keep"\nspacing = "none"\nscript = "tw"\nfast = true\n'
        'select = ["formatting"]\nignore = "spaces, markup"\n'
    )
    found = load(path)
    assert found == Config("high", "keep", "none", "tw", True, ("formatting",), ("spaces", "markup"))
    assert Settings(**found.settings()) == Settings(Certainty.HIGH, "keep", "none", "tw", True)


def test_nothing_said_is_nothing_set() -> None:
    assert Config().settings() == {}
    assert Settings(**Config().settings()) == Settings()


def test_pyproject(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n[tool.restore]\nspacing = "keep"\n')
    assert load(path) == Config(spacing="keep")


def test_the_nearest_counts_and_a_foreign_pyproject_is_passed_over(tmp_path: Path) -> None:
    inner = tmp_path / "archive" / "1998"
    inner.mkdir(parents=True)
    (tmp_path / "restore.toml").write_text('certainty = "high"')
    (tmp_path / "archive" / "pyproject.toml").write_text("[tool.other]\nkey = 1\n")
    assert find(inner) == tmp_path / "restore.toml"
    (tmp_path / "archive" / "pyproject.toml").write_text("[tool.restore]\n")
    assert find(inner) == tmp_path / "archive" / "pyproject.toml"
    (tmp_path / "archive" / "restore.toml").write_text("")
    assert find(inner) == tmp_path / "archive" / "restore.toml"
    assert load(tmp_path / "archive" / "restore.toml") == Config()


def test_command_line_over_file() -> None:
    typed, file = Config(certainty="low", fast=None), Config(certainty="high", spacing="keep", fast=True)
    assert typed.over(file) == Config(certainty="low", spacing="keep", fast=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('certianty = "high"', r"restore\.toml: unknown key 'certianty'; did you mean 'certainty'\?"),
        ("colour = 1", r"restore\.toml: unknown key 'colour'; there are certainty, .*ignore"),
        ('certainty = "sure"', r"restore\.toml: certainty must be one of high, medium, low, not 'sure'"),
        ("spacing = 3", r"restore\.toml: spacing must be one of auto, none, keep, not 3"),
        ('fast = "yes"', r"restore\.toml: fast must be true or false, not 'yes'"),
        ("select = [1]", r"restore\.toml: select must be a list of pass names"),
        ("ignore = 7", r"restore\.toml: ignore must be a list of pass names"),
        ('ignore = ["a", ""]', r"restore\.toml: ignore must be a list of pass names"),
        ("certainty =", r"restore\.toml: not TOML \("),
        ('[certainty]\na = "high"', r"certainty must be one of"),
    ],
)
def test_mistakes_name_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "restore.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load(path)


def test_mistake_in_pyproject_names_the_table(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.restore]\nlevel = 1\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: \[tool\.restore\]: unknown key 'level'"):
        load(path)
    path.write_text("[tool]\nrestore = 1\n")
    with pytest.raises(ConfigError, match=r"\[tool\.restore\] is not a table"):
        load(path)


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "restore.toml"
    path.write_bytes(b'script = "\xff"')
    with pytest.raises(ConfigError, match="not TOML"):
        load(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "restore.toml")
