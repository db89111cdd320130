"""Many documents: worker processes or a Ray cluster, nothing lost, every run can be gone on with.

``run_batch`` does what ``restore batch`` does; `Restorer` is for programs that have their own way of going through
many documents (Ray, datatrove, pandas).
"""

from __future__ import annotations

from restore.batch.adapter import Restorer
from restore.batch.plan import BatchError, Limits, Plan
from restore.batch.run import Result, run_batch

__all__ = ["BatchError", "Limits", "Plan", "Restorer", "Result", "run_batch"]
