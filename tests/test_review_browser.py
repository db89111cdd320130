"""``restore review`` as a user has it: the program itself, a real browser, the file beside the dump."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the review server needs pip install 'restore-cjk[review]'")
from test_report_browser import PATIENCE, browser, pytestmark  # noqa: F401
from typer.testing import CliRunner

from restore.cli.app import app

try:
    from playwright.sync_api import Browser, Page, expect
except ImportError:
    pytest.skip("the browser tests need Playwright: pip install playwright", allow_module_level=True)

PAGES = Path(__file__).parent.parent / "fixtures" / "pages"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    page = PAGES / "01-canal" / "dump"
    (folder / "easy.txt").write_bytes((page / "inorder.txt").read_bytes())
    (folder / "hard.txt").write_bytes((page / "stolen-1.txt").read_bytes())
    return folder


class Served:
    """The program at work, and what its pages asked for or complained about."""

    def __init__(self, desk: Path, chromium: Browser, *names: str) -> None:
        command = [sys.executable, "-m", "restore", "review", *names]
        self.process = subprocess.Popen(
            command, cwd=desk, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.process.communicate()
        self.context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
        self.troubles: list[str] = []
        self.quiet = True

    def open(self, address: str = "") -> Page:
        page = self.context.new_page()
        page.set_default_navigation_timeout(PATIENCE)
        page.on("console", lambda m: self.note(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda e: self.note(str(e)))
        page.on("request", lambda r: self.note(f"request {r.url}", not r.url.startswith(self.address)))
        page.goto(address or self.address)
        return page

    def note(self, trouble: str, bad: bool = True) -> None:
        if bad and self.quiet:
            self.troubles.append(trouble)

    def stop(self) -> tuple[str, str]:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=60)


@pytest.fixture
def served(desk: Path, browser: Browser) -> Iterator[Served]:  # noqa: F811
    one = Served(desk, browser, "easy.txt", "hard.txt")
    yield one
    one.context.close()
    _, errors = one.stop()
    assert one.troubles == []
    assert "Traceback" not in errors
    assert one.process.returncode == 0


def kept(path: Path, number: int) -> list[dict[str, str]]:
    """The decisions in a file, once there are that many."""
    for _ in range(600):
        if path.exists() and len(found := json.loads(path.read_text("utf-8"))["decisions"]) == number:
            return found
        time.sleep(0.05)
    raise AssertionError(path.read_text("utf-8") if path.exists() else f"{path} is not there")


def ready(page: Page) -> Page:
    page.wait_for_selector("body[data-ready]", timeout=60_000)
    return page


def test_from_the_list_to_decisions_beside_the_file(served: Served, desk: Path) -> None:
    page = served.open()
    assert page.locator("tbody tr").count() == 2
    assert "hard.txt" in page.locator("tbody tr").first.inner_text()
    page.locator("a", has_text="hard.txt").click()
    ready(page)
    path = desk / "hard.decisions.json"
    assert not path.exists(), "looking writes nothing"
    for key, number in (("j", 0), ("r", 1), ("a", 2)):
        page.keyboard.press(key)
        if number:
            kept(path, number)
    page.keyboard.press("u")
    assert kept(path, 1)[0]["decision"] == "reject"
    shown = page.evaluate("restoreReport.text()")
    done = CliRunner().invoke(
        app, ["apply", str(desk / "hard.txt"), str(path), "-o", str(desk / "out.txt"), "-q"]
    )
    assert done.exit_code == 0, done.output
    assert (desk / "out.txt").read_text("utf-8") == shown

    # another window sees it; the older one then says that it is behind, and changes nothing
    other = ready(served.open(page.url))
    assert other.evaluate("restoreReport.text()") == shown
    served.quiet = False  # a refused request is on the console
    for key in "jja":
        other.keyboard.press(key)
    newest = kept(path, 2)
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.locator("#storage")).to_contain_text("changed elsewhere", timeout=30_000)
    assert kept(path, 2) == newest
    page.close()

    # back in the list the file has its count
    other.locator(".back").click()
    assert "2 / " in other.locator("tbody tr", has_text="hard.txt").inner_text()
    assert sorted(p.name for p in desk.iterdir()) == [
        "easy.txt",
        "hard.decisions.json",
        "hard.txt",
        "out.txt",
    ]


def test_a_server_that_is_gone_is_said(desk: Path, browser: Browser) -> None:  # noqa: F811
    served = Served(desk, browser, "easy.txt")
    served.quiet = False
    page = ready(served.open())
    assert page.url == served.address + "1", "one file needs no list"
    served.stop()
    page.keyboard.press("j")
    page.keyboard.press("r")
    if page.get_by_role("dialog").is_visible():  # asked first where a whole group is meant
        page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    expect(page.locator("#storage")).to_contain_text("does not answer", timeout=30_000)
    assert not (desk / "easy.decisions.json").exists()
    served.context.close()
