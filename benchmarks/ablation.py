"""What each kind of evidence contributes to reading order: true links found when one kind is left out.

    python benchmarks/ablation.py [PAGES_DIR]

By default on the project's own pages, which were not used for fitting. A kind of evidence is left out by setting its
features to their mean; "first solution" is the order before links are judged with their surroundings.
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
from restore.order.links import GROUPS, LinkModel  # noqa: E402
from restore.order.successors import assign, solve  # noqa: E402

LEAST = -3.0


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "fixtures" / "pages"
    model = LinkModel.load()
    share: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted(folder.glob("*/truth.json")):
        page = PageTruth.load(file)
        for dump in sorted(file.parent.glob("dump/*.txt")):
            found = label(file.parent.name, dump.name, dump.read_text("utf-8"), page, shared())
            if not 8 <= len(found.segments) <= 1500 or not (found.within >= 0).any():
                continue
            judged = solve(found.segments, shared())
            true = np.flatnonzero(found.within >= 0)
            kind = dump.stem.rsplit("-", 1)[0] if dump.stem.startswith("stolen") else dump.stem

            def note(name: str, successor: np.ndarray) -> None:
                share[name][kind].append(float((successor[true] == found.within[true]).mean()))  # noqa: B023

            note("dump as it is", np.append(np.arange(1, len(found.segments)), -1))
            note("first solution", judged.first.successor)
            i, j = np.nonzero(judged.at >= 0)
            for left_out in ("", *GROUPS):
                table = judged.features[judged.at[i, j]].copy()
                if left_out:
                    table[:, [n.startswith(f"{left_out}: ") for n in model.names]] = 0
                gain = np.zeros(judged.odds.shape)
                gain[i, j] = np.maximum(model.odds(table) - LEAST, 0)
                note(f"without {left_out}" if left_out else "all evidence", assign(gain))
    kinds = sorted({k for row in share.values() for k in row})
    print(f"{'':<18}" + "".join(f"{k:>15}" for k in kinds))
    for name, row in share.items():
        print(f"{name:<18}" + "".join(f"{np.mean(row[k]):>15.3f}" for k in kinds))


if __name__ == "__main__":
    main()
