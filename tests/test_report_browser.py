"""The diff report in a real browser: Debian's chromium, driven by Playwright, headless."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_report import SEED, every_kind

from restore import Block, Draft, Pipeline, Replace, Restoration, Source, Span, Tools, View, clean
from restore.continuation import Continuation
from restore.correction import EditKind
from restore.decisions import Decisions
from restore.decisions import loads as load_decisions
from restore.report.html import render_report

CHROMIUM = Path("/usr/bin/chromium")
ROWS = """() => Object.fromEntries([...document.querySelectorAll('.sheet .row')].map((row) => {
    const copy = row.cloneNode(true);
    for (const mark of copy.querySelectorAll('[class]')) mark.className = [...mark.classList].filter((c) => c !== 'cur' && c !== 'lit').sort().join(' ');
    return [row.dataset.row, copy.innerHTML];
}))"""
"""What each painted row shows, whatever is in focus."""
PATIENCE = 120_000  # milliseconds for a page; other tests run beside
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

try:
    from playwright.sync_api import Browser, Page, expect, sync_playwright
except ImportError:
    pytest.skip("the browser tests need Playwright: pip install playwright", allow_module_level=True)

pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM.exists() and shutil.which("chromium") is None,
        reason="the browser tests need Debian's package chromium: apt-get install chromium",
    ),
    pytest.mark.xdist_group("browser"),  # one browser at a time
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = str(CHROMIUM) if CHROMIUM.exists() else shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def restoration() -> Restoration:
    return every_kind()


class Opened:
    """A report in a browser, with what went wrong in it."""

    def __init__(self, browser: Browser, file: Path, **context: Any) -> None:
        self.context = browser.new_context(
            viewport={"width": 1400, "height": 900}, locale="en-GB", accept_downloads=True, **context
        )
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.context.set_default_navigation_timeout(PATIENCE)
        self.file = file
        self.troubles: list[str] = []
        self.open()

    def open(self) -> Page:
        self.page = self.context.new_page()
        self.page.on("console", lambda m: self.troubles.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.troubles.append(str(e)))
        self.page.on("dialog", lambda d: (self.troubles.append("dialog " + d.message), d.dismiss()))
        self.page.on("request", lambda r: self.asked(r.url))
        self.page.goto(self.file.as_uri())
        self.page.wait_for_selector("body[data-ready]", timeout=PATIENCE)
        return self.page

    def asked(self, url: str) -> None:
        if url != self.file.as_uri() and not url.startswith("blob:"):
            self.troubles.append(f"request {url}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self) -> str:
        text: str = self.page.evaluate("restoreReport.text()")
        return text

    def decided(self) -> dict[str, dict[str, str]]:
        listed = self.page.evaluate("restoreReport.decisions()")["decisions"]
        return {one["id"]: one for one in listed}


@pytest.fixture
def opened(browser: Browser, restoration: Restoration, tmp_path: Path) -> Iterator[Opened]:
    yield from _opened(browser, restoration, tmp_path)


def _opened(browser: Browser, restoration: Restoration, folder: Path) -> Iterator[Opened]:
    file = folder / "page.html"
    file.write_text(render_report(restoration), "utf-8")
    one = Opened(browser, file)
    yield one
    one.context.close()
    assert one.troubles == []


def python_text(restoration: Restoration, decisions: Any) -> str:
    """What `restore apply` makes of an exported file."""
    return load_decisions(json.dumps(decisions)).apply(restoration).restoration.text


class Reads:
    """A glyph with several readings, and evidence of every shape."""

    name = "reads"

    def find(self, view: View, tools: Tools) -> list[Draft]:
        evidence = {
            "alternatives": {"渠": 0.7, "梁": 0.25},
            "language_nats": 3.5,
            "parts": {},
            "lines": [{"line": 0, "place": 4, "text": "水梁"}],
        }
        return [
            Draft(
                (Replace(Span(1, 2), "渠"),),
                "梁 was taken for 渠, which it looks like and which fits here",
                evidence=evidence,
            ),
            Draft((Replace(Span(2, 3), "通"),), "constructor"),
        ]


def test_explains_in_the_language_of_the_reader(browser: Browser, tmp_path: Path) -> None:
    made = Pipeline([Reads()]).run("水梁同了，下转第3版。（上接第1版）")
    made.continuations = (
        Continuation(5, 11, "next", "3", "issue.zip!/<b>3.txt", 4, -1.0),
        Continuation(11, 18, "prev", "1"),
    )
    for one in _opened(browser, made, tmp_path):
        why, facts = one.page.locator("#why"), one.page.locator("#facts")
        expect(facts).to_contain_text("Goes on on page 3 (line 1): issue.zip!/<b>3.txt")
        expect(facts).to_contain_text("Comes from page 1 (line 1): not among the pages read")
        one.press("j")
        for words in (
            "梁 was taken for 渠",
            "language (nats)",
            "70 % likely",
            "25 % likely",
            "printed line 1, now 5",
        ):
            expect(why).to_contain_text(words)
        assert "what spoke for it" not in why.inner_text()  # there is nothing in it
        one.page.locator("[data-do=language]").click()
        for words in (
            "“梁”应为形近的“渠”，后者合乎此处",
            "语言（奈特）",
            "可能性 70 %",
            "原第 1 印刷行，现为第 5",
        ):
            expect(why).to_contain_text(words)
        expect(facts).to_contain_text("下转第 3 版")
        one.press("j")
        expect(why).to_contain_text("constructor")  # nobody's words for it: as it is


def test_shows_the_restored_text_and_every_pass(opened: Opened, restoration: Restoration) -> None:
    assert opened.text() == restoration.text
    rows = opened.page.locator("#chart tbody tr").count()
    assert rows == len(restoration.statistics())
    assert opened.page.locator(".sheet .src .ln").first.inner_text() == "1"
    # what is painted first is the head of the page, on both sides
    first = restoration.text.split("\n")[0]
    shown = opened.page.locator(".sheet .out p").first.evaluate("e => e.textContent")
    assert shown.lstrip("0123456789") == first  # a moved line carries its number


def test_reading_view_holds_the_whole_text(opened: Opened, restoration: Restoration) -> None:
    opened.press("3")
    chunks = opened.page.locator(".chunk")
    lines = []
    for k in range(chunks.count()):
        chunks.nth(k).evaluate("e => e.scrollIntoView()")
        chunks.nth(k).locator("p").first.wait_for()
        lines += chunks.nth(k).locator("p").all_text_contents()
    squeezed = "".join("".join(lines).split())
    assert squeezed == "".join(restoration.text.split())


def test_any_decisions_give_the_text_python_gives(opened: Opened, restoration: Restoration) -> None:
    lots = random.Random(6)
    n = restoration.ledger.n_corrections
    standing = sorted(restoration.ledger.builds_on.keys() | restoration.ledger.requires.keys())
    moving = [i for i in range(n) if i not in standing and len(restoration.ledger.rows(i)) != 1] + standing
    for round_ in range(60):
        chosen = lots.sample(range(n), lots.choice((1, 5, 60, n // 2, n)))
        chosen += lots.sample(moving, min(len(moving), lots.randint(0, 12)))
        decisions = {i: lots.choice(("accept", "reject", "reject")) for i in chosen}
        edits = {}
        if round_ % 2:
            for i in lots.sample(range(n), 6):
                rows = restoration.ledger.rows(i)
                kinds = restoration.ledger.edits["kind"]
                if all(kinds[r] != EditKind.MOVE for r in rows) and not touches(restoration, i, edits):
                    edits[i] = lots.choice(("", "改\n写", "𠮷<b>", restoration.corrections[i].after))
        ids = [restoration.corrections[i].id for i in range(n)]
        file = {
            "format": "restore-decisions",
            "version": 1,
            "source": {"sha256": restoration.source.sha256},
            "decisions": [{"id": ids[i], "decision": what} for i, what in decisions.items() if i not in edits]
            + [{"id": ids[i], "decision": "edit", "text": text} for i, text in edits.items()],
        }
        listed = [[i, what, None] for i, what in decisions.items() if i not in edits]
        listed += [[i, "edit", text] for i, text in edits.items()]
        shown = opened.page.evaluate("list => restoreReport.textUnder(list)", listed)
        assert shown == python_text(restoration, file), (round_, edits)


def touches(restoration: Restoration, index: int, others: dict[int, str]) -> bool:
    """Whether an edit of `index` would be about the same text as another edit."""
    ledger = restoration.ledger
    around = {index, *ledger.foundations(index), *ledger.dependents(index)}
    return bool(around & others.keys())


def test_accept_reject_undo_by_keyboard(opened: Opened, restoration: Restoration) -> None:
    opened.press("j")
    first = opened.page.locator('[aria-selected="true"]').get_attribute("data-e")
    identifier = restoration.corrections[int(first)].id
    opened.press("r")
    assert opened.decided()[identifier]["decision"] == "reject"
    assert opened.text() == restoration.reject(int(first)).text != restoration.text
    second = opened.page.locator('[aria-selected="true"]').get_attribute("data-e")
    assert second != first
    opened.press("a")
    assert opened.decided()[restoration.corrections[int(second)].id]["decision"] == "accept"
    opened.press("u")
    assert set(opened.decided()) == {identifier}
    opened.press("u")
    assert opened.decided() == {}
    assert opened.text() == restoration.text
    opened.press("u")  # nothing left: says so, changes nothing
    assert "Nothing to take back" in opened.page.locator("#toast").inner_text()


def test_skip_and_back(opened: Opened) -> None:
    def selected() -> str | None:
        return opened.page.locator('[aria-selected="true"]').get_attribute("data-e")

    opened.press("j")
    first = selected()
    opened.press("s")
    assert selected() != first
    opened.press("k")
    assert selected() == first


def test_low_certainty_is_shown_and_applied_only_when_accepted(
    opened: Opened, restoration: Restoration
) -> None:
    low = next(c for c in restoration.corrections if c.certainty.label == "low" and c.pass_name == "shuffle")
    opened.page.locator('[data-level="2"]').uncheck()
    opened.page.locator('[data-level="1"]').uncheck()
    opened.page.locator("#search").fill(low.id)
    expect(opened.page.locator("#list .entry")).to_have_count(1)
    opened.page.locator("#list .entry").click()
    assert opened.page.locator(f'.sheet .low.off[data-c="{low.index}"]').count() >= 1
    opened.press("a")
    assert opened.text() == restoration.accept(low.index).text != restoration.text


def test_a_mark_lights_up_on_both_sides(opened: Opened) -> None:
    mark = opened.page.locator(".sheet .out ins.put").first
    index = mark.get_attribute("data-c")
    mark.hover()
    lit = opened.page.locator(f'.sheet .lit[data-c="{index}"]')
    assert lit.count() == 2
    assert {lit.nth(k).evaluate("e => !!e.closest('.src')") for k in range(2)} == {True, False}
    mark.click()
    assert opened.page.locator(f'.sheet .cur[data-c="{index}"]').count() == 2
    assert opened.page.locator("#why h2").inner_text() != ""


def test_edit_export_reload_and_apply(opened: Opened, restoration: Restoration, tmp_path: Path) -> None:
    gap = next(c for c in restoration.corrections if c.message == "the sentence breaks off")
    opened.page.locator("#search").fill(gap.id)
    expect(opened.page.locator("#list .entry")).to_have_count(1)
    opened.page.locator("#list .entry").click()
    opened.press("e")
    opened.page.locator("#edit-text").fill("补上的话。")
    opened.press("Enter")
    assert "补上的话。" in opened.text()
    opened.page.locator("#search").fill("")
    expect(opened.page.locator("#list .entry").nth(3)).to_be_visible()
    opened.press("Escape", "Escape", "j", "r", "j", "a")
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name="Export decisions").click()
    path = tmp_path / "decisions.json"
    download.value.save_as(path)
    decisions = load_decisions(path.read_bytes())
    assert isinstance(decisions, Decisions)
    assert len(decisions) == len(opened.decided()) >= 3
    shown = opened.text()
    assert decisions.apply(restoration).restoration.text == shown
    # another page of the same browser: the decisions are still there
    opened.page.close()
    opened.open()
    assert opened.text() == shown
    assert len(opened.decided()) == len(decisions)


def test_decisions_of_an_earlier_run_that_are_gone_are_listed_and_kept(
    browser: Browser, restoration: Restoration, tmp_path: Path
) -> None:
    old = {"id": "feedfeedfeed", "pass": "old", "decision": "reject"}
    for opened in _opened(browser, restoration, tmp_path):
        opened.page.evaluate(
            "([sha, file]) => localStorage.setItem('restore-decisions:' + sha, JSON.stringify(file))",
            [restoration.source.sha256, {"format": "restore-decisions", "version": 1, "decisions": [old]}],
        )
        opened.page.close()
        page = opened.open()
        assert "feedfeedfeed" in page.locator("#gone").inner_text()
        assert opened.decided()["feedfeedfeed"]["decision"] == "reject"
        page.get_by_role("button", name="Forget them").click()
        assert opened.decided() == {}


def test_all_of_a_pass_shows_its_scope_first(opened: Opened, restoration: Restoration) -> None:
    shuffled = restoration.corrections.by_pass("shuffle")
    opened.page.locator("#search").fill(shuffled[0].id)
    expect(opened.page.locator("#list .entry")).to_have_count(1)
    opened.page.locator("#list .entry").click()
    opened.page.locator("#search").fill("")
    expect(opened.page.locator("#list .entry").nth(3)).to_be_visible()
    opened.press("Escape")
    opened.page.evaluate("document.activeElement.blur()")
    opened.page.locator(f'[data-e="{shuffled[0].index}"]').click()
    opened.press("R")
    scope = opened.page.locator("#scope")
    assert str(len(shuffled)) in scope.locator("h2").inner_text()
    falls = {d.index for c in shuffled for d in restoration.dependents(c.index) if d.applied} - {
        c.index for c in shuffled
    }
    assert str(len(falls)) in scope.locator("#scope-text").inner_text()
    assert opened.decided() == {}
    opened.press("Enter")
    expected = restoration.reject(*(c.index for c in shuffled)).text
    assert opened.text() == expected
    opened.press("u")
    assert opened.text() == restoration.text


def test_filters_narrow_the_list_and_the_marks(opened: Opened, restoration: Restoration) -> None:
    opened.page.locator(".pass", has_text="shuffle").click()
    assert (
        opened.page.locator("#found")
        .inner_text()
        .startswith(f"{len(restoration.corrections.by_pass('shuffle'))} of")
    )
    passes = {
        c.pass_name
        for c in restoration.corrections
        if opened.page.locator(f'.sheet [data-c="{c.index}"]').count()
    }
    assert passes == {"shuffle"}
    opened.page.locator("#score").evaluate("e => { e.value = 0.35; e.dispatchEvent(new Event('input')) }")
    few = [c for c in restoration.corrections.by_pass("shuffle") if c.score <= 0.35]
    assert opened.page.locator("#found").inner_text().startswith(f"{len(few)} of")
    opened.page.locator(".pass", has_text="shuffle").click()
    opened.page.locator("#score").evaluate("e => { e.value = 1; e.dispatchEvent(new Event('input')) }")
    opened.page.locator("#order").select_option("certainty")
    entries = opened.page.locator("#list .entry:not(.group)")
    scores = [
        restoration.corrections[int(entries.nth(k).get_attribute("data-e"))] for k in range(entries.count())
    ]
    keys = [(int(c.certainty), round(c.score, 3)) for c in scores]
    assert keys == sorted(keys)


def test_review_queue_begins_with_what_weighs_most(opened: Opened, restoration: Restoration) -> None:
    opened.press("4")
    first = int(opened.page.locator('[aria-selected="true"]').get_attribute("data-e"))
    assert "Move" in opened.page.locator("#why .kind").inner_text()
    assert opened.page.locator(f'#review [data-c="{first}"]').count() >= 2
    opened.page.locator("#list").evaluate("e => e.scrollTop = e.scrollHeight")
    group = opened.page.locator("#list .entry.group").last
    group.click()
    assert opened.page.locator("#review .samples li").count() > 3


def test_moves_are_shown_as_moves(opened: Opened) -> None:
    opened.press("j")
    index = opened.page.locator('[aria-selected="true"]').get_attribute("data-e")
    at = f'.sheet [data-c="{index}"]'
    assert opened.page.locator(f".sheet .src .mv[data-c='{index}'] .no").count() == 1
    assert opened.page.locator(f".sheet .out .mv[data-c='{index}']").count() >= 1
    assert opened.page.locator(f".sheet .out .ghost[data-c='{index}']").count() >= 1
    assert opened.page.locator(at).count() >= 3
    assert opened.page.locator("#arrow path").count() == 2


def test_copy_as_test_case(opened: Opened, restoration: Restoration) -> None:
    one = next(c for c in restoration.corrections if c.message == "read twice")
    opened.page.locator("#search").fill(one.id)
    expect(opened.page.locator("#list .entry")).to_have_count(1)
    opened.page.locator("#list .entry").click()
    opened.page.get_by_role("button", name="Copy as test case").click()
    expect(opened.page.locator("#toast")).to_have_text("Copied")
    case = json.loads(opened.page.evaluate("navigator.clipboard.readText()"))
    assert case["text"] in restoration.source.text
    assert one.before in case["text"]
    assert case["expected"].replace("\n", "") in restoration.text.replace("\n", "")


def test_speaks_chinese_and_english(opened: Opened) -> None:
    assert opened.page.locator("h2.over").inner_text() == "Diff report"
    opened.page.locator('[data-do="language"]').click()
    assert opened.page.locator("h2.over").inner_text() == "修复对照报告"
    assert opened.page.evaluate("document.documentElement.lang") == "zh-CN"


@pytest.mark.parametrize(
    "text",
    [
        "<script>document.title='x';alert(1)</script>基础 不牢,地动 山摇,",
        "</script><script>alert(1)</script><!--<img src=http://example.com/x onerror=alert(1)>基础 不牢,",
        "&lt;b&gt; '\"` ${alert(1)} {{7*7}} 基础 不牢,地动 山摇,",
    ],
)
def test_markup_in_a_dump_does_nothing(browser: Browser, tmp_path: Path, text: str) -> None:
    restoration = clean(Source(text, name="<img src=x onerror=alert(2)>"), preset="formatting")
    for opened in _opened(browser, restoration, tmp_path):
        opened.press("j", "2", "3", "4", "1")
        opened.page.wait_for_timeout(100)
        assert opened.text() == restoration.text
        assert opened.page.locator(".sheet script, .sheet img, h1 img").count() == 0
        assert opened.page.locator(".sheet .src p").first.evaluate("e => e.textContent").startswith(text[:1])


def test_bidi_and_control_characters_are_shown_by_number(browser: Browser, tmp_path: Path) -> None:
    restoration = Restoration(
        Source("甲\u202e乙\u2067丙\x07丁\udc80戊"), clean("甲", preset="formatting").ledger
    )
    for opened in _opened(browser, restoration, tmp_path):
        shown = opened.page.locator(".sheet .out p").first.inner_text()
        assert shown == "甲U+202E乙U+2067丙U+0007丁\\x80戊"
        raw = opened.page.evaluate("document.body.innerText")
        assert not set(raw) & set("\u202e\u2067\x07")


def test_works_without_any_correction_or_text_of_note(browser: Browser, tmp_path: Path) -> None:
    for text in ("水到田头，话到心头。\n", "\n\n\n", "42"):
        restoration = clean(text, preset="formatting")
        for opened in _opened(browser, restoration, tmp_path):
            opened.press("j", "k", "a", "r", "e", "s", "u", "A", "R", "2", "3", "4", "1")
            assert opened.text() == restoration.text


def test_prints_in_black_where_the_screen_is_dark(opened: Opened) -> None:
    page = opened.page
    for theme in ("", "dark", "light"):  # "": as the system has it
        page.evaluate("t => document.documentElement.dataset.theme = t", theme)
        for media, ink in (("screen", "#1f1e1b" if theme == "light" else "#e4e1da"), ("print", "#000")):
            page.emulate_media(color_scheme="dark", media=media)  # type: ignore[arg-type]
            found = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')")
            assert (theme, media, found.strip()) == (theme, media, ink)


def test_prints_the_text_with_numbered_notes(opened: Opened) -> None:
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    notes = opened.page.locator("#print .notes li").count()
    assert notes > 10
    numbers = opened.page.locator("#print sup").all_text_contents()
    assert [int(n) for n in numbers] == sorted(int(n) for n in numbers)
    assert len(numbers) == notes
    assert len(opened.page.pdf(format="A4")) > 20_000


def test_headlines_and_bylines_look_like_what_they_are(browser: Browser, tmp_path: Path) -> None:
    restoration = clean("水到 田头\n\n(闻笛)\n\n话到心头, 人人称好。", preset="formatting")
    text = restoration.text
    roles = ("headline", "byline", "p")
    starts = [text.index(word) for word in ("水", "（", "话")]
    restoration.blocks = tuple(Block(a, a + 2, role) for a, role in zip(starts, roles, strict=True))
    for opened in _opened(browser, restoration, tmp_path):
        shown = opened.page.locator(".sheet .out p")
        assert [shown.nth(k).get_attribute("class") for k in range(3)] == list(roles)


def test_unchanged_stretches_fold_and_open(browser: Browser, tmp_path: Path) -> None:
    same = "水到田头，话到心头。\n\n"
    restoration = clean(
        "基础 不牢,地动 山摇。\n\n" + same * 9 + "基础 不牢,地动 山摇。\n", preset="formatting"
    )
    for opened in _opened(browser, restoration, tmp_path):
        assert opened.page.locator(".fold").count() == 1
        rows = opened.page.locator(".row").count()
        opened.page.locator(".fold").click()
        assert opened.page.locator(".fold").count() == 0
        assert opened.page.locator(".row").count() == rows + 9


def axe_path() -> Path | None:
    """axe-core: the file AXE_CORE names, or the one that .ci/run fetched."""
    named = os.environ.get("AXE_CORE")
    path = Path(named) if named else Path(__file__).parent.parent / ".cache" / "axe.min.js"
    return path if path.exists() else None


@pytest.mark.skipif(
    axe_path() is None,
    reason="axe-core is not there: .ci/run fetches it into .cache/axe.min.js, or name it in AXE_CORE",
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(
    browser: Browser, restoration: Restoration, tmp_path: Path, scheme: Any, width: int
) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_report(restoration), "utf-8")
    opened = Opened(browser, file, color_scheme=scheme, bypass_csp=True)
    opened.page.set_viewport_size({"width": width, "height": 900})
    opened.page.evaluate(axe_path().read_text("utf-8"))  # type: ignore[union-attr]
    found = []
    for keys in ([], ["j"], ["2"], ["3"], ["4"], ["1", "R"], ["Escape", "?"]):
        opened.press(*keys)
        opened.page.wait_for_timeout(200)
        result = opened.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            (v["id"], keys, v["nodes"][0]["html"])
            for v in result["violations"]
            if v["impact"] in ("serious", "critical")
        ]
    opened.context.close()
    assert found == []


def test_vertical_text_begins_at_the_right_with_all_of_it(opened: Opened, restoration: Restoration) -> None:
    opened.press("3")
    opened.page.get_by_role("button", name="Vertical text").click()
    paragraphs = opened.page.locator(".sheet p")
    assert "".join("".join(paragraphs.all_text_contents()).split()) == "".join(restoration.text.split())
    first, second = (paragraphs.nth(k).bounding_box() for k in (0, 1))
    assert first["x"] > second["x"]
    assert first["x"] + first["width"] <= 1400
    opened.page.get_by_role("button", name="Vertical text").click()
    assert paragraphs.nth(1).bounding_box()["y"] > paragraphs.nth(0).bounding_box()["y"]


def assert_same_when_built_anew(opened: Opened) -> None:
    """Rows that were changed bit by bit are those that the page lays out at once."""
    bit_by_bit = opened.page.evaluate(ROWS)
    opened.press("3", "1")  # built anew
    at_once = opened.page.evaluate(ROWS)
    both = bit_by_bit.keys() & at_once.keys()
    assert len(both) >= 2
    assert {k: bit_by_bit[k] for k in both} == {k: at_once[k] for k in both}


def test_what_is_laid_out_bit_by_bit_is_what_is_laid_out_at_once(browser: Browser, tmp_path: Path) -> None:
    """Decisions lay out and paint only what they change; that must not show."""
    lots = random.Random(9)
    restoration = every_kind("\n\n".join([SEED.read_text("utf-8")] * 4))
    index = {c.id: c.index for c in restoration.corrections}
    for opened in _opened(browser, restoration, tmp_path):
        opened.page.locator("#unfold-routine").check()
        opened.page.locator("#order").select_option("certainty")
        opened.page.evaluate("document.activeElement.blur()")
        for round_ in range(24):
            key = lots.choice("jjjkrrrauAR")
            opened.press(key, *(["Enter"] if key in "AR" else []))
            if round_ % 8 == 7:
                opened.press(lots.choice("12"))
            decided = [[index[i], one["decision"], None] for i, one in opened.decided().items()]
            assert opened.text() == opened.page.evaluate("list => restoreReport.textUnder(list)", decided)
        assert opened.decided()
        opened.press("1", "r", "j", "r", "a", "u")
        assert_same_when_built_anew(opened)


def test_all_of_a_pass_is_shown_kept_and_taken_back_wherever_it_is(browser: Browser, tmp_path: Path) -> None:
    """What is out of sight is laid out later; text, figures, storage and paint must not show that."""
    restoration = every_kind("\n\n".join([SEED.read_text("utf-8")] * 3))
    lines = restoration.corrections.by_pass("join_lines")
    figures = "() => document.getElementById('figures').innerText"
    for opened in _opened(browser, restoration, tmp_path):
        opened.page.locator("#unfold-routine").check()
        opened.page.locator("#order").select_option("page")
        opened.page.locator("#search").fill(lines[len(lines) // 2].id)
        expect(opened.page.locator("#list .entry")).to_have_count(1)
        opened.page.locator("#list .entry").click()
        opened.page.locator("#search").fill("")
        expect(opened.page.locator("#list .entry").nth(3)).to_be_visible()
        opened.page.evaluate("document.activeElement.blur()")
        before = opened.page.evaluate(figures)
        assert f"{len(restoration.source.text):,}" in before
        assert f"{len(restoration.text):,}" in before
        opened.press("R", "Enter")
        # gone at once: what was decided is in the storage all the same
        opened.page.evaluate("dispatchEvent(new Event('pagehide'))")
        kept = json.loads(
            opened.page.evaluate("sha => localStorage['restore-decisions:' + sha]", restoration.source.sha256)
        )
        rejected = {one["id"] for one in kept["decisions"] if one["decision"] == "reject"}
        assert rejected == {c.id for c in lines}
        opened.page.locator("#scroll").evaluate("e => e.scrollTop = e.scrollHeight")
        opened.page.wait_for_timeout(300)
        assert_same_when_built_anew(opened)
        rejecting = restoration.reject(*(c.index for c in lines))
        assert opened.text() == rejecting.text
        assert opened.page.evaluate(figures) != before
        opened.press("u")
        assert opened.decided() == {}
        assert opened.text() == restoration.text
        opened.page.wait_for_timeout(500)
        assert opened.page.evaluate(figures) == before


def test_a_move_is_brought_into_sight_where_its_line_stands(opened: Opened) -> None:
    opened.press("j")
    index = opened.page.locator('[aria-selected="true"]').get_attribute("data-e")
    line = opened.page.locator(f".sheet .out .mv[data-c='{index}']").first
    expect(line).to_be_in_viewport()
