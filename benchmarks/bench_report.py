"""The report of a very large dump in a real browser, beside dinglehopper's page for the same two texts.

    python benchmarks/bench_report.py [--times 55] [--rounds 3] [--beside 5,10,20]

The dump is the bundled page so many times over (55: 1 MB of UTF-8, 51,000 corrections), the corrections are those of the
page so many times over: it is the page that is measured here, not the passes. Chromium (Debian's package) is driven by
Playwright, headless. A key press is answered when the frame after it has been drawn; its time runs from the event's own
time stamp. Beside it stands the processor time of the page's main thread (which a busy machine does not change as much).

The peer is dinglehopper (``pip install dinglehopper``; without it there is no ratio): its report is written by its own
function for the dump as truth and the restored text as OCR output, and shown in the same browser. Its template asks a
content network for style and scripts; those requests are answered with nothing, in its favour. Its alignment takes more
than twice as long for twice the text, so that it stands beside ours (``--beside``) for fewer copies than 55.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from restore import Block, Restoration, Source, clean
from restore.ledger import Ledger
from restore.report.html import render_report

SEED = next(iter(sorted((Path(__file__).resolve().parent.parent / "seeds").glob("*.txt"))))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
MOST_SECONDS = 1800  # for the peer

WATCH = """
window.presses = [];
addEventListener('keydown', (event) => {
  const began = event.timeStamp;
  requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => presses.push([event.key, performance.now() - began]); c.port2.postMessage(0); });
}, true);
"""


def repeated(one: Restoration, times: int) -> Restoration:
    """The restoration of a dump that is this one so many times over."""
    old, size, ledger = one.ledger, len(one.source.text), Ledger()
    for name in old.passes:
        ledger.pass_index(name)
    for text in old.texts:
        ledger.text_index(text)
    for message in old.messages:
        ledger.message_index(message)
    for k in range(times):
        corrs = {name: column.copy() for name, column in old.corrs.items()}
        edits = {name: column.copy() for name, column in old.edits.items()}
        corrs["first"] += k * old.n_edits
        edits["corr"] += k * old.n_corrections
        edits["over"][edits["over"] >= 0] += k * old.n_edits
        for name in ("start", "end", "to"):
            edits[name] += k * size
        ledger.extend(corrs, edits)
        ahead = k * old.n_corrections
        ledger.evidence |= {i + ahead: value for i, value in old.evidence.items()}
        ledger.builds_on |= {i + ahead: tuple(j + ahead for j in v) for i, v in old.builds_on.items()}
        ledger.requires |= {i + ahead: tuple(j + ahead for j in v) for i, v in old.requires.items()}
    length = len(one.text)
    blocks = tuple(
        Block(b.start + k * length, b.end + k * length, b.role, b.article)
        for k in range(times)
        for b in one.blocks
    )
    source = Source(one.source.text * times, name=one.source.name)
    made = Restoration(source, ledger, one.threshold, {}, one.settings, blocks)
    made.check()
    assert made.text == one.text * times
    return made


class Shown:
    """A page in the browser, and when it was first painted."""

    def __init__(self, browser: Any, file: Path, ready: str | None) -> None:
        self.context = browser.new_context(viewport={"width": 1440, "height": 900})
        self.page = self.context.new_page()
        self.page.set_default_timeout(MOST_SECONDS * 1000)
        self.page.add_init_script(WATCH)
        self.page.route(
            "**/*",
            lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort(),
        )
        self.tools = self.context.new_cdp_session(self.page)
        self.tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.goto(file.as_uri(), wait_until="load")
        if ready:
            self.page.wait_for_selector(ready)
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))")
        self.complete = self.page.evaluate("performance.now()")
        self.processor = float("nan")
        self.first_paint = self.page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
        )

    def work(self) -> float:
        """Processor time of the main thread so far, ms."""
        found = self.tools.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(one["value"]) for one in found if one["name"] == "TaskDuration")

    def press(self, key: str) -> tuple[float, float]:
        """Milliseconds until the answer is drawn, and processor time of the main thread until it is at rest."""
        before, work = self.page.evaluate("presses.length"), self.work()
        self.page.keyboard.press(key)
        waited = "n => new Promise(done => (function look() { presses.length > n ? done(presses.at(-1)[1]) : setTimeout(look, 2) })())"
        took = float(self.page.evaluate(waited, before))
        return took, self.work() - work


def measure(browser: Any, file: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {"first paint": [], "ready": []}
    for _ in range(rounds):
        shown = Shown(browser, file, "body[data-ready]")
        found["first paint"].append((shown.first_paint, float("nan")))
        found["ready"].append((shown.complete, shown.work()))
        shown.context.close()
    shown = Shown(browser, file, "body[data-ready]")
    # moves and gaps first, then joins one by one; in both views that show the whole page
    for view in ("1", "2", "4"):
        shown.press(view)
        for _ in range(rounds):
            for key in "jjkararuuu":
                found.setdefault(key, []).append(shown.press(key))
    shown.press("1")
    shown.page.locator("#order").select_option("page")
    shown.page.locator("#unfold-routine").check()
    shown.page.evaluate("document.activeElement.blur()")
    for _ in range(rounds):
        for key in "jjjkararaauuu":
            found.setdefault(key, []).append(shown.press(key))
    for _ in range(rounds):
        for key in "AR":
            found.setdefault(f"{key} (scope)", []).append(shown.press(key))
            found.setdefault(f"{key} (done)", []).append(shown.press("Enter"))
            found.setdefault(f"{key} (undone)", []).append(shown.press("u"))
    shown.context.close()
    return found


def beside(browser: Any, one: Restoration, times: int, folder: Path) -> None:
    """Both pages for the same two texts: how long they take to write and to show."""
    began = time.process_time()
    (folder / "ours.html").write_text(render_report(repeated(one, times)), "utf-8")
    written = time.process_time() - began
    pages = {"ours": folder / "ours.html"}
    began = time.process_time()
    theirs = peer(one.source.text * times, one.text * times, folder)
    if theirs is None:
        return
    aligned = time.process_time() - began
    pages["dinglehopper"] = theirs
    found: dict[str, list[Shown]] = {name: [] for name in pages}
    for _ in range(3):  # in turn, so that a busy machine does both the same wrong
        for name, file in pages.items():
            shown = Shown(browser, file, "body[data-ready]" if name == "ours" else None)
            shown.processor = shown.work()
            shown.context.close()
            found[name].append(shown)
    for name, file in pages.items():
        paint, complete, work = (
            statistics.median(getattr(one, what) for one in found[name])
            for what in ("first_paint", "complete", "processor")
        )
        print(
            f"{times:3} times over, {name:12}: {file.stat().st_size / 1e6:6.2f} MB, written in "
            f"{written if name == 'ours' else aligned:6.1f} s of processor, first paint {paint:7.0f} ms, complete "
            f"{complete:7.0f} ms (processor {work:7.0f} ms)",
            flush=True,
        )
    ratios = [
        statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(*found.values(), strict=True))
        for what in ("complete", "processor")
    ]
    print(
        f"{times:3} times over, ours in {ratios[0]:.3f} of dinglehopper's time, {ratios[1]:.3f} of its processor time"
    )


def peer(before: str, after: str, folder: Path) -> Path | None:
    try:
        from dinglehopper.cli import process  # type: ignore[import-not-found]
    except ImportError:
        print("dinglehopper is not installed: no ratio (pip install dinglehopper)")
        return None
    (folder / "gt.txt").write_text(before, "utf-8")
    (folder / "ocr.txt").write_text(after, "utf-8")
    process(str(folder / "gt.txt"), str(folder / "ocr.txt"), "peer", str(folder), metrics=False)
    return folder / "peer.html"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=55)
    parser.add_argument(
        "--beside", default="5,10,20", help="copies for which dinglehopper's page is made too"
    )
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("this benchmark needs Playwright: pip install playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("this benchmark needs Debian's package chromium")

    one = clean(Source.read(SEED))
    render_report(one)
    took = []
    for _ in range(9):
        began = time.perf_counter()
        data = render_report(one).encode()
        took.append(1000 * (time.perf_counter() - began))
    print(
        f"report of the bundled page: {statistics.median(took):.0f} ms (worst {max(took):.0f}), {len(data) / 1e6:.2f} MB"
    )

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        large = repeated(one, args.times)
        began = time.perf_counter()
        (folder / "large.html").write_text(render_report(large), "utf-8")
        print(
            f"{args.times} times over: {len(large.source.text.encode()) / 1e6:.2f} MB of text, "
            f"{large.ledger.n_corrections:,} corrections, page of {(folder / 'large.html').stat().st_size / 1e6:.2f} MB "
            f"in {time.perf_counter() - began:.1f} s"
        )
        found = measure(browser, folder / "large.html", args.rounds)
        print(f"{'ms':14} {'best':>7} {'median':>7} {'worst':>7}   {'processor, median':>17} {'worst':>7}")
        for key, values in found.items():
            waits, works = zip(*values, strict=True)
            print(
                f"{key:14} {min(waits):7.0f} {statistics.median(waits):7.0f} {max(waits):7.0f}   "
                f"{statistics.median(works):17.0f} {max(works):7.0f}"
            )
        for times in filter(None, args.beside.split(",")):
            beside(browser, one, int(times), folder)
        browser.close()


if __name__ == "__main__":
    main()
