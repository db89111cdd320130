"""What the package offers when it is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

import restore


def test_every_public_name_can_be_imported() -> None:
    for name in restore.__all__:
        assert getattr(restore, name) is not None
    assert set(restore.__all__) <= set(dir(restore))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = restore.nothing  # type: ignore[attr-defined]


def test_the_command_can_say_how_many_threads_numpy_may_start() -> None:
    program = "import sys, restore.cli; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
