"""Many documents: worker processes or a Ray cluster, nothing lost, every run can be gone on with.

``run_batch`` does what ``restore batch`` does; `Restorer` is for programs that have their own way of going through
many documents (Ray, datatrove, pandas).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restore.batch.adapter import Restorer
    from restore.batch.plan import BatchError, Limits, Plan
    from restore.batch.run import Result, run_batch

__all__ = ["BatchError", "Limits", "Plan", "Restorer", "Result", "run_batch"]

_HOMES = {
    "BatchError": "plan",
    "Limits": "plan",
    "Plan": "plan",
    "Restorer": "adapter",
    "Result": "run",
    "run_batch": "run",
}


def __getattr__(name: str) -> Any:
    """The public names, when they are asked for: worker processes need few of them and start often."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
