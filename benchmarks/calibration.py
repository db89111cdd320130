"""How well the log-odds of reading order are calibrated, on pages with truth that were not used for fitting.

    python benchmarks/calibration.py [PAGES_DIR]

By default on the project's own pages. Prints a reliability table of the likely links (those with odds between -6 and 6
nats and those beyond), the expected calibration error over all candidate links, and over the links that were chosen.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "dictionaries" / "build"))

from continuity import label  # noqa: E402

from restore.evaluation import PageTruth  # noqa: E402
from restore.language import shared  # noqa: E402
from restore.order.successors import solve  # noqa: E402

EDGES = np.array([-6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6])


def error(p: np.ndarray, y: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: mean distance of what was said and what was found, over equal bins of p."""
    where = np.minimum((p * bins).astype(int), bins - 1)
    total = sum(
        abs(float(p[where == b].mean()) - float(y[where == b].mean())) * int((where == b).sum())
        for b in range(bins)
        if (where == b).any()
    )
    return total / len(p)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "fixtures" / "pages"
    odds, truth, chosen, right = [], [], [], []
    for file in sorted(folder.glob("*/truth.json")):
        page = PageTruth.load(file)
        for dump in sorted(file.parent.glob("dump/*.txt")):
            found = label(file.parent.name, dump.name, dump.read_text("utf-8"), page, shared())
            if not 8 <= len(found.segments) <= 1500:
                continue
            judged = solve(found.segments, shared())
            i, j = np.nonzero(judged.at >= 0)
            known = (found.first[i] >= 0) & (found.first[j] >= 0)
            i, j = i[known], j[known]
            odds.append(judged.odds[i, j])
            truth.append((found.within[i] == j) | (found.beyond[i] == j))
            k = np.flatnonzero((judged.successor >= 0) & (found.first >= 0))
            chosen.append(judged.odds[k, judged.successor[k]])
            right.append((found.within[k] == judged.successor[k]) | (found.beyond[k] == judged.successor[k]))
    s, y = np.concatenate(odds), np.concatenate(truth)
    c, r = np.concatenate(chosen), np.concatenate(right)
    where = np.searchsorted(EDGES, s)
    names = ["below -6", *(f"{a} to {b}" for a, b in zip(EDGES, EDGES[1:], strict=False)), "above 6"]
    print(f"{'nats':<10} {'links':>8} {'said':>7} {'found':>7}")
    p = 1 / (1 + np.exp(-s.astype(float)))
    for b, name in enumerate(names):
        here = where == b
        if here.any():
            print(f"{name:<10} {int(here.sum()):>8,} {p[here].mean():>7.3f} {y[here].mean():>7.3f}")
    q = 1 / (1 + np.exp(-c.astype(float)))
    print(f"expected calibration error: {error(p, y):.4f} of {len(p):,} candidates, ", end="")
    print(f"{error(q, r):.4f} of {len(q):,} chosen links")


if __name__ == "__main__":
    main()
