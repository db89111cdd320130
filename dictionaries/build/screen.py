"""Fits ``dictionaries/screen.bin``: which candidate links the later looks need not judge.

    python dictionaries/build/screen.py PAGES_DIR [--half a|b|all] [--also MORE_PAGES]

Pages as in ``continuity.py``; ``links.py`` must have been run before. Every candidate link of every dump is an example; it is
worth a look where the network of the third look, asked about all of them, gives it log-odds above -4, or where it is chosen.
No truth is asked. Needs PyTorch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from continuity import arguments, load  # beside this file
from links import KINDS, MOST_SEGMENTS  # beside this file
from networks import Plan, fitted, table  # beside this file

from restore.language import shared
from restore.language.arrays import write_arrays
from restore.order.network import VERSION
from restore.order.screen import SCREEN, screen_features
from restore.order.successors import solve

OUT = Path(__file__).resolve().parent.parent / f"{SCREEN}.bin"
PLAN = Plan(hidden=(12,), epochs=8, batch=4096, rate=1e-2)
WORTH = -4.0  # log-odds of the third look above which a candidate is worth it
LIKELIER, WEIGHT = -1.5, 4.0  # above these it weighs so much more


def main() -> None:
    options = arguments(__doc__, OUT).parse_args()
    names: tuple[str, ...] = ()
    tables, labels, weights = [], [], []
    for dump in load(options.pages, options.half, shared(), KINDS, options.also):
        if not 8 <= len(dump.segments) <= MOST_SEGMENTS:
            continue
        judged = solve(dump.segments, shared(), screen=False)
        i, j = np.nonzero(judged.at >= 0)
        names, columns = zip(*screen_features(judged.first, i, j), strict=True)
        odds = judged.odds[i, j]
        chosen = judged.successor[i] == j
        tables.append(table(columns))
        labels.append((odds > WORTH) | chosen)
        weights.append(np.where((odds > LIKELIER) | chosen, WEIGHT, 1.0))
    y, w = (np.concatenate(one).astype(np.float32) for one in (labels, weights))
    network = fitted(names, tables, y, w, PLAN)
    write_arrays(options.out, SCREEN, VERSION, network.arrays(SCREEN))


if __name__ == "__main__":
    main()
