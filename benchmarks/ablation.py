"""What each kind of evidence contributes to reading order: true links found when one kind is left out.

    python benchmarks/ablation.py [PAGES_DIR]

By default on the project's own pages, which were not used for fitting. A kind of evidence is left out by setting its
features to their mean, in both networks; "first solution" is the order before links are judged with their surroundings,
"second look" the one before they are judged once more.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "dictionaries" / "build"))

from continuity import label  # noqa: E402

from restore.evaluation import PageTruth  # noqa: E402
from restore.language import shared  # noqa: E402
from restore.layout.furniture import furniture_lines  # noqa: E402
from restore.layout.segments import Segments  # noqa: E402
from restore.order.again import again_features  # noqa: E402
from restore.order.links import GROUPS, link_features  # noqa: E402
from restore.order.network import LINKS, SECOND, THIRD, Network  # noqa: E402
from restore.order.successors import best_over, solve, spread  # noqa: E402


def look(
    network: Network, seen: list, left_out: str, segments: Segments, i: np.ndarray, j: np.ndarray
) -> np.ndarray:
    """Log-odds of all pairs ``(n, n)`` without one kind of evidence."""
    table = network.standardised(seen)
    if left_out:
        table[:, [n.startswith(f"{left_out}: ") for n in network.names]] = 0
    return spread(network.odds(table), segments, i, j)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "fixtures" / "pages"
    networks = Network.load(LINKS, SECOND), Network.load(LINKS, THIRD)
    share: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted(folder.glob("*/truth.json")):
        page = PageTruth.load(file)
        for dump in sorted(file.parent.glob("dump/*.txt")):
            found = label(file.parent.name, dump.name, dump.read_text("utf-8"), page, shared())
            if not 8 <= len(found.segments) <= 1500 or not (found.within >= 0).any():
                continue
            judged = solve(found.segments, shared())
            aside = np.asarray(furniture_lines(found.segments.texts))  # they are linked to nothing
            true = np.flatnonzero((found.within >= 0) & ~aside)
            true = true[~aside[found.within[true]]]
            if not len(true):
                continue
            kind = dump.stem.rsplit("-", 1)[0] if dump.stem.startswith("stolen") else dump.stem

            def note(name: str, successor: np.ndarray) -> None:
                share[name][kind].append(float((successor[true] == found.within[true]).mean()))  # noqa: B023

            note("dump as it is", np.append(np.arange(1, len(found.segments)), -1))
            note("first solution", judged.first.successor)
            i, j = np.nonzero(judged.at >= 0)
            seen = list(link_features(judged.first, found.segments, i, j))
            for left_out in ("", *GROUPS):
                odds = look(networks[0], seen, left_out, found.segments, i, j)
                if not left_out:
                    note("second look", best_over(odds))
                again = [*seen, *again_features(odds, best_over(odds), i, j)]
                odds = look(networks[1], again, left_out, found.segments, i, j)
                note(f"without {left_out}" if left_out else "all evidence", best_over(odds))
    kinds = sorted({k for row in share.values() for k in row})
    print(f"{'':<18}" + "".join(f"{k:>15}" for k in kinds))
    for name, row in share.items():
        print(f"{name:<18}" + "".join(f"{np.mean(row[k]):>15.3f}" for k in kinds))


if __name__ == "__main__":
    main()
