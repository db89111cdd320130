"""Many documents: what comes out, what happens when things go wrong, and that every run can be gone on with.

Faults are real ones: processes are killed, disks are full, files are deleted. Pages that do harm name it in their
text; the plug-in pass that reads the names is installed for the processes of the batch in a folder of its own.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from restore import Pipeline
from restore.batch import BatchError, Limits, Plan, Restorer, run_batch
from restore.batch import feed as feeding
from restore.batch.worker import read_inputs

PASSES = ("join_lines", "spaces", "punctuation")
HARM = """
import os, signal, time

class Harm:
    \"\"\"Does what the page says.\"\"\"
    name = "harm"

    def find(self, view, tools):
        text = view.text
        if "every try" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "first try" in text and _first(text):
            os.kill(os.getpid(), signal.SIGKILL)
        if "endless" in text:
            time.sleep(600)
        if "slow" in text:
            time.sleep(0.15)
        if "memory" in text:
            self.held = [bytearray(1 << 20) for _ in range(4000)]
        if "mistake" in text:
            raise RuntimeError("a mistake")
        return []

def _first(text):
    try:
        os.close(os.open(os.environ["HARM_DONE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
"""
LINES = (
    "新修的灌溉渠从水库 一直通到村口,沿线的 三十户人家今年都用 上了干净的自来水,又 省了挑水的工夫。",
    "县文化馆的摄影展昨 天开幕,一楼的长廊里 展出了四十幅当地农 民拍的照片,不用买票。",
)


def page(number: int, harm: str = "") -> str:
    return f"{LINES[number % 2]}\n\n第{number}页 {harm}\n"


@pytest.fixture
def harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan with the pass that does harm, as an installed plug-in."""
    plug = tmp_path / "plug-in"
    info = plug / "harm-1.dist-info"
    info.mkdir(parents=True)
    (plug / "harm.py").write_text(HARM, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harm\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[restore.passes]\nharm = harm:Harm\n", "utf-8")
    monkeypatch.syspath_prepend(str(plug))
    monkeypatch.setenv("PYTHONPATH", str(plug))
    monkeypatch.setenv("HARM_DONE", str(tmp_path / "harm-done"))
    return Plan(passes=(*PASSES, "harm"), report="none")


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder of twelve pages, some in a folder in it."""
    folder = tmp_path / "in"
    (folder / "b").mkdir(parents=True)
    for k in range(12):
        target = folder / ("b" if k % 3 == 0 else ".") / f"{k:02d}.txt"
        target.write_text(page(k), "utf-8")
    return folder


def results(out: Path) -> dict[str, bytes]:
    """Everything that users read, by path; the log has times in it."""
    return {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in sorted(out.rglob("*"))
        if p.is_file() and ".batch" not in p.parts and p.name != "log.jsonl"
    }


def texts(out: Path) -> set[str]:
    return {p.relative_to(out / "text").as_posix() for p in (out / "text").rglob("*") if p.is_file()}


def log(out: Path, event: str) -> list[dict[str, Any]]:
    return [
        one
        for line in (out / "log.jsonl").read_bytes().splitlines()
        if (one := json.loads(line))["event"] == event
    ]


def ids(inputs: Path) -> set[str]:
    return {f"in/{p.relative_to(inputs).as_posix()}" for p in inputs.rglob("*.txt")}


def quarantine(out: Path) -> dict[str, str]:
    lines = (out / "quarantine.jsonl").read_text("utf-8").splitlines()
    return {one["id"]: one["reason"] for one in map(json.loads, lines)}


def accounted(out: Path, inputs: set[str]) -> None:
    """Every page is restored or in quarantine, none is both, none is missing, and nothing is half done."""
    done, lost = texts(out), set(quarantine(out))
    assert done | lost == inputs
    assert not done & lost
    assert {p.name.removesuffix(".json") for p in (out / "records").rglob("*.json")} == {
        Path(name).name for name in done
    }
    assert list((out / ".batch" / "tmp").iterdir()) == []
    assert list(out.rglob("*.tmp")) == []


# ---------------------------------------------------------------------- what comes out
def test_restores_every_page(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run_batch(inputs, out, Plan(passes=PASSES, report="all"), jobs=2)
    assert (result.done, result.restored, result.quarantine, result.stopped) == (12, 12, 0, False)
    accounted(out, ids(inputs))
    for name in ids(inputs):
        dump = (inputs.parent / name).read_text("utf-8")
        assert (out / "text" / name).read_text("utf-8") == Pipeline(PASSES).run(dump).text
        assert (out / "reports" / f"{name}.html").stat().st_size > 10_000
        record = json.loads((out / "records" / f"{name}.json").read_bytes())
        assert record["source"]["name"] == name
    assert sum(row["applied"] for row in result.statistics.values()) == sum(
        one["applied"] for one in log(out, "page")
    )
    assert len(log(out, "begin")) == len(log(out, "end")) == 1


@pytest.mark.parametrize("format", ["text", "jsonl", "parquet"])
def test_any_number_of_processes_gives_the_same(format: Any, inputs: Path, tmp_path: Path) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    plan = Plan(passes=PASSES, format=format, shard=5)
    run_batch([inputs], tmp_path / "one", plan, jobs=1)
    run_batch([inputs], tmp_path / "three", plan, jobs=3)
    assert results(tmp_path / "one") == results(tmp_path / "three")


def rows_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for p in sorted(out.glob("pages-*.jsonl")) for line in p.open(encoding="utf-8")]


def test_rows(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch([inputs], out, Plan(passes=PASSES, format="jsonl", shard=5, report="none"), jobs=2)
    assert [len(p.read_text("utf-8").splitlines()) for p in sorted(out.glob("pages-*"))] == [5, 5, 2]
    rows = rows_of(out)
    assert [row["id"] for row in rows] == sorted(
        ids(inputs)
    )  # here the order of the inputs is that of the names
    assert all(json.loads(row["record"])["format"] == "restore-record" for row in rows)
    assert all(row["statistics"]["punctuation"]["applied"] for row in rows)
    assert not (out / "text").exists()
    assert not any((out / ".batch" / "rows").rglob("*.json"))


def test_parquet_has_the_same_rows(inputs: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for format in ("jsonl", "parquet"):
        run_batch([inputs], tmp_path / format, Plan(passes=PASSES, format=format, shard=5), jobs=1)  # type: ignore[arg-type]
    made = [
        row
        for p in sorted((tmp_path / "parquet").glob("pages-*"))
        for row in parquet.read_table(p).to_pylist()
    ]
    made = [row | {name: json.loads(row[name]) for name in ("statistics", "meta")} for row in made]
    assert made == rows_of(tmp_path / "jsonl")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are Unicode there")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """Names of an old archive in GBK are bytes; they stop nothing, and are known again by a second run."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(page(0), "utf-8")
    for name in ("水渠.txt", "县志.txt"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name.encode("gbk"))).write_text(page(1), "utf-8")
    empty = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.txt"))
    empty.touch()
    out = tmp_path / "out"
    result = run_batch([folder], out, Plan(passes=PASSES, report="all"), jobs=1)
    assert (result.done, result.quarantine) == (3, 1)
    assert {Path(name).suffix for name in texts(out)} == {".txt"}  # they open with a double click
    assert len(texts(out)) == 3
    before = results(out)
    again = run_batch([folder], out, Plan(passes=PASSES, report="all"), jobs=1, resume=True)
    assert (again.done, again.quarantine, again.restored, again.skipped) == (3, 1, 0, 3)
    assert results(out) == before


@pytest.mark.parametrize(
    ("begun", "other"),
    [
        ({"format": "text"}, {"format": "jsonl"}),
        ({"format": "jsonl", "shard": 5}, {"format": "text"}),
        ({"format": "jsonl", "shard": 2}, {"format": "jsonl", "shard": 5}),
    ],
)
def test_a_batch_keeps_its_kind_of_files(
    begun: dict[str, Any], other: dict[str, Any], inputs: Path, tmp_path: Path
) -> None:
    """Files of five rows behind files of two would have pages twice."""
    out = tmp_path / "out"
    plan = Plan(passes=PASSES, report="none", **begun)
    run_batch([inputs], out, plan, jobs=1)
    before = results(out)
    with pytest.raises(BatchError, match=f"was begun with --format {begun['format']}"):
        run_batch([inputs], out, Plan(passes=PASSES, report="none", **other), jobs=1, resume=True)
    assert results(out) == before
    assert run_batch([inputs], out, plan, jobs=1, resume=True).skipped == 12


def test_statistics_are_in_the_order_of_the_passes(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.txt").write_text("水渠通水了,村民都说好。\n", "utf-8")  # has only what the last pass repairs
    (folder / "2.txt").write_text(page(0), "utf-8")
    result = run_batch([folder], tmp_path / "out", Plan(passes=PASSES, report="none"), jobs=1)
    assert list(result.statistics) == ["join_lines", "spaces", "punctuation"]


def test_pages_that_need_a_person_come_first(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name, text in (
        ("a.txt", LINES[0]),
        ("b<script>.txt", LINES[0] * 3 + "\n\n《水渠》“通\n"),
        ("c.txt", ""),
        ("d.txt", LINES[1]),
    ):
        (source / name).write_text(text, "utf-8")
    out = tmp_path / "out"
    result = run_batch(
        [source], out, Plan(passes=("join_lines", "gaps", "spaces", "punctuation", "confusables")), jobs=1
    )
    assert (result.done, result.quarantine) == (3, 1)
    index = (out / "index.html").read_text("utf-8")
    assert "<script" not in index
    assert "b&lt;script&gt;.txt" in index
    assert index.index("in/c.txt") < index.index("in/a.txt")  # quarantine first
    assert 'href="text/in/a.txt"' in index
    for link in [part.split('"')[0] for part in index.split('href="')[1:]]:
        from urllib.parse import unquote

        assert (out / unquote(link)).is_file(), link
    assert "the file is empty" in quarantine(out)["in/c.txt"]


def test_long_lists_are_parted(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from restore.batch import index

    monkeypatch.setattr(index, "PER_PAGE", 5)
    run_batch([inputs], tmp_path / "out", Plan(passes=PASSES), jobs=1)
    pages = sorted((tmp_path / "out").glob("index*.html"))
    assert [p.name for p in pages] == ["index-2.html", "index-3.html", "index.html"]
    assert sum(p.read_text("utf-8").count('<td class="name">') for p in pages) == 12


def test_archives_are_many_pages(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "pages.zip", "w") as archive:
        for k in range(6):
            archive.writestr(f"d/{k}.txt", f"青石日报 第{k}版\n{page(k)}")
        archive.writestr("../../evil.txt", page(7))
    rows = "\n".join(json.dumps({"text": page(k)}, ensure_ascii=False) for k in range(3))
    (tmp_path / "rows.jsonl").write_text(rows, "utf-8")
    out = tmp_path / "deep" / "out"
    plan = Plan(passes=PASSES)
    result = run_batch([tmp_path / "pages.zip", tmp_path / "rows.jsonl"], out, plan, jobs=1)
    assert result.done + result.quarantine == 10
    assert {"pages.zip!/d/0.txt", "rows.jsonl#1.txt"} <= texts(out)
    assert {p.parent for p in tmp_path.rglob("*evil*")} <= set(out.rglob("*")), "nothing outside"
    again = run_batch([tmp_path / "pages.zip", tmp_path / "rows.jsonl"], out, plan, jobs=1, resume=True)
    assert (again.restored, again.done) == (0, result.done)


# ---------------------------------------------------------------------- going on
def test_editions_beside_the_texts(inputs: Path, tmp_path: Path) -> None:
    pytest.importorskip("lxml")
    box = '<Coords points="10,20 90,20 90,40 10,40"/>'
    (inputs / "p.xml").write_text(
        f"""<PcGts><Page imageWidth="400" imageHeight="300"><TextRegion id="a">{box}<TextLine id="b">{box}<TextEquiv>
        <Unicode>沿线的村庄,都用上了水</Unicode></TextEquiv></TextLine></TextRegion></Page></PcGts>""",
        "utf-8",
    )
    out = tmp_path / "out"
    plan = Plan(passes=PASSES, report="none", editions=("tei", "page"))
    assert run_batch([inputs], out, plan, jobs=1).quarantine == 0
    editions = {name for name in results(out) if name.startswith(("tei/", "page/"))}
    assert {"tei/in/01.txt.xml", "tei/in/p.xml", "page/in/p.xml"} <= editions and len(editions) == 14
    written = (out / "page" / "in" / "p.xml").read_text("utf-8")
    assert "沿线的村庄，都用上了水" in written and "沿线的村庄,都用上了水" in written
    assert written.count("RegionRefIndexed") == 1
    assert "page/in/p.xml" in (out / "index.html").read_text("utf-8")
    # what is not wanted any more goes; a file that only its text does not show to have changed is done anew
    one = inputs / "p.xml"
    one.write_text(one.read_text("utf-8").replace('id="a"', 'id="z"'), "utf-8")
    plan = Plan(passes=PASSES, report="none", editions=("page",))
    run_batch([inputs], out, plan, jobs=1, resume=True)
    assert {name for name in results(out) if name.startswith(("tei/", "page/"))} == {"page/in/p.xml"}
    assert 'regionRef="z"' in (out / "page" / "in" / "p.xml").read_text("utf-8")
    with pytest.raises(ValueError, match="editions must be among tei, page"):
        Plan(editions=("docx",))  # type: ignore[arg-type]


def test_resume_does_exactly_the_rest(inputs: Path, tmp_path: Path) -> None:
    out, plan = tmp_path / "out", Plan(passes=PASSES)
    run_batch([inputs], out, plan, jobs=2)
    assert run_batch([inputs], out, plan, jobs=2, resume=True).restored == 0
    (inputs / "01.txt").write_text(page(100), "utf-8")  # changed
    (inputs / "new.txt").write_text(page(101), "utf-8")
    (out / "text" / "in" / "02.txt").unlink()  # result lost
    (inputs / "04.txt").unlink()  # restored before, and not there any more: its result stays
    result = run_batch([inputs], out, plan, jobs=2, resume=True)
    assert (result.restored, result.skipped, result.done) == (3, 9, 13)
    again = Counter(one["id"] for one in log(out, "page"))
    assert {name for name, times in again.items() if times == 2} == {"in/01.txt", "in/02.txt"}
    assert (out / "text/in/01.txt").read_text("utf-8") == Pipeline(PASSES).run(page(100)).text
    assert "in/04.txt" in texts(out)


def test_other_settings_are_other_results(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch([inputs], out, Plan(passes=PASSES), jobs=1)
    result = run_batch([inputs], out, Plan(passes=PASSES[:2]), jobs=1, resume=True)
    assert (result.restored, result.skipped) == (12, 0)
    assert (out / "text/in/01.txt").read_text("utf-8") == Pipeline(PASSES[:2]).run(page(1)).text
    # what costs are allowed changes no result
    assert (
        run_batch([inputs], out, Plan(passes=PASSES[:2], limits=Limits(9)), jobs=1, resume=True).restored == 0
    )


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_resume_in_files_of_rows(format: Any, inputs: Path, tmp_path: Path) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    out, plan = tmp_path / "out", Plan(passes=PASSES, format=format, shard=5)
    run_batch([inputs], out, plan, jobs=2)
    (inputs / "01.txt").write_text(page(100), "utf-8")
    (inputs / "zz.txt").write_text(page(101), "utf-8")
    result = run_batch([inputs], out, plan, jobs=2, resume=True)
    assert (result.restored, result.skipped) == (2, 11)
    run_batch([inputs], tmp_path / "clean", plan, jobs=1)
    assert results(out) == results(tmp_path / "clean")


def test_folders_that_are_not_for_results(inputs: Path, tmp_path: Path) -> None:
    plan = Plan(passes=PASSES)
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(BatchError, match="not empty"):
        run_batch([inputs], full, plan)
    with pytest.raises(BatchError, match="no such file"):
        run_batch([tmp_path / "nowhere"], tmp_path / "out", plan)
    assert not (tmp_path / "out").exists()
    run_batch([inputs / "01.txt"], tmp_path / "out", plan)
    with pytest.raises(BatchError, match="--resume"):
        run_batch([inputs], tmp_path / "out", plan)
    with pytest.raises(BatchError, match="lies in the output folder"):
        run_batch([tmp_path / "out" / "text"], tmp_path / "out", plan, resume=True)
    assert (full / "mine.txt").read_text("utf-8") == "mine"


def test_output_inside_the_input_folder_is_no_input(inputs: Path) -> None:
    plan = Plan(passes=PASSES)
    run_batch([inputs], inputs / "out", plan, jobs=1)
    assert run_batch([inputs], inputs / "out", plan, jobs=1, resume=True).done == 12


def test_results_of_another_batch_are_no_input(inputs: Path, tmp_path: Path) -> None:
    first = run_batch(inputs, inputs / "old", Plan(PASSES))
    copy = shutil.copytree(inputs / "old", inputs / "old copy")
    shutil.rmtree(copy / ".batch")
    said: list[str] = []
    watcher: Any = SimpleNamespace(total=lambda _: 0, settled=lambda *_: 0, said=said.append)
    second = run_batch(inputs, inputs / "new", Plan(PASSES), watcher=watcher)
    assert first.done == second.done == 12
    assert said == [
        f"in/{name}: has the results of another batch and is left out" for name in ("old", "old copy")
    ]
    log = (inputs / "new" / "log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in log if '"left out"' in line] == ["in/old", "in/old copy"]
    with pytest.raises(BatchError, match=r"old: has the results of a batch in it"):
        run_batch(inputs / "old", tmp_path / "out", Plan(PASSES))
    assert run_batch(inputs / "old" / "text", tmp_path / "out", Plan(PASSES)).done == 12  # asked for by name
    holder = tmp_path / "holder"
    holder.mkdir()
    shutil.move(inputs / "old", holder / "old")
    with pytest.raises(BatchError, match=r"what was named but the results .* in holder/old"):
        run_batch(holder, tmp_path / "other", Plan(PASSES))


def test_two_files_of_one_name(inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BatchError, match="no file to read"):
        run_batch([tmp_path / "empty"], tmp_path / "out", Plan(passes=PASSES))
    with pytest.raises(BatchError, match="would both be called"):
        run_batch(
            [inputs / "01.txt", _copy(inputs / "01.txt", tmp_path)], tmp_path / "out", Plan(passes=PASSES)
        )
    assert not (tmp_path / "out" / ".batch").exists()  # the next attempt is a first one


def _copy(file: Path, folder: Path) -> Path:
    return Path(shutil.copy(file, folder))


# ---------------------------------------------------------------------- faults
def test_fault_page_that_kills_its_worker(harm: Plan, inputs: Path, tmp_path: Path) -> None:
    (inputs / "01.txt").write_text(page(1, "every try"), "utf-8")
    before = (inputs / "01.txt").read_bytes()
    out = tmp_path / "out"
    result = run_batch([inputs], out, harm, jobs=2)
    assert (result.done, result.quarantine) == (11, 1)
    accounted(out, ids(inputs))
    assert "SIGKILL" in quarantine(out)["in/01.txt"]
    assert "2 tries" in quarantine(out)["in/01.txt"]
    assert result.failures[0][0] == "in/01.txt"
    assert (inputs / "01.txt").read_bytes() == before == (out / "quarantine/in/01.txt").read_bytes()
    assert len(log(out, "worker lost")) == 2
    # not tried again unasked; when asked, and mended, it is the only one
    assert run_batch([inputs], out, harm, jobs=1, resume=True).quarantine == 1
    assert len(log(out, "worker lost")) == 2
    result = run_batch([inputs], out, harm, jobs=1, resume=True, retry=True)
    assert (len(log(out, "worker lost")), result.quarantine) == (4, 1)
    (inputs / "01.txt").write_text(page(1), "utf-8")
    result = run_batch([inputs], out, harm, jobs=1, resume=True)
    assert (result.restored, result.done, result.quarantine) == (1, 12, 0)
    assert not (out / "quarantine/in/01.txt").exists()
    accounted(out, ids(inputs))


def test_fault_worker_killed_once(harm: Plan, inputs: Path, tmp_path: Path) -> None:
    (inputs / "01.txt").write_text(page(1, "first try"), "utf-8")
    out = tmp_path / "out"
    result = run_batch([inputs], out, harm, jobs=2)
    assert (result.done, result.quarantine) == (12, 0)
    accounted(out, ids(inputs))
    assert [one["id"] for one in log(out, "worker lost")] == ["in/01.txt"]
    assert max(Counter(one["id"] for one in log(out, "page")).values()) == 1


@pytest.mark.parametrize(
    ("what", "limits", "reason"),
    [
        ("endless", Limits(seconds=2), "took longer than 2 s"),
        ("mistake", Limits(), "a mistake"),
        pytest.param(
            "memory",
            Limits(megabytes=200),
            "more than 200 MB",
            marks=pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no such limit here"),
        ),
    ],
)
def test_fault_page_beyond_its_limits(
    what: str, limits: Limits, reason: str, harm: Plan, inputs: Path, tmp_path: Path
) -> None:
    (inputs / "01.txt").write_text(page(1, what), "utf-8")
    out = tmp_path / "out"
    result = run_batch([inputs], out, Plan(passes=harm.passes, report="none", limits=limits), jobs=2)
    assert (result.done, result.quarantine) == (11, 1)
    accounted(out, ids(inputs))
    assert reason in quarantine(out)["in/01.txt"]


class Meddler:
    """Does something when the inputs have been listed and nothing has been read."""

    def __init__(self, act: Any) -> None:
        self._act = act

    def total(self, size: int) -> None:
        self._act()

    def settled(self, pages: int, read: int) -> None: ...

    def said(self, line: str) -> None: ...


def test_fault_input_deleted_during_the_run(inputs: Path, tmp_path: Path) -> None:
    out, plan = tmp_path / "out", Plan(passes=PASSES)
    everything = ids(inputs)
    result = run_batch([inputs], out, plan, jobs=2, watcher=Meddler((inputs / "05.txt").unlink))
    assert (result.done, result.quarantine) == (11, 1)
    accounted(out, everything)
    assert "no such file" in quarantine(out)["in/05.txt"]
    # still missed when gone on with; restored when it is there again
    assert run_batch([inputs], out, plan, jobs=1, resume=True).quarantine == 1
    (inputs / "05.txt").write_text(page(5), "utf-8")
    assert run_batch([inputs], out, plan, jobs=1, resume=True).quarantine == 0
    accounted(out, everything)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


@pytest.mark.parametrize("format", ["text", "jsonl"])
def test_fault_full_disk(format: Any, inputs: Path, tmp_path: Path, small_disk: Path) -> None:
    plan = Plan(passes=PASSES, format=format, shard=5, report="none")
    for k in range(30, 60):
        (inputs / f"{k}.txt").write_text(page(k) * 20, "utf-8")
    out = small_disk / "out"
    with pytest.raises(BatchError, match="space"):
        run_batch([inputs], out, plan, jobs=2)
    for file in [*out.rglob("text/**/*.txt"), *out.glob("pages-*")]:
        assert file.read_text("utf-8").endswith("\n"), "whole files only"
    grow = ["mount", "-o", "remount,size=64m", str(small_disk)]
    subprocess.run(grow, check=True)
    result = run_batch([inputs], out, plan, jobs=2, resume=True)
    assert (result.done, result.quarantine) == (42, 0)
    run_batch([inputs], tmp_path / "clean", plan, jobs=2)
    assert results(out) == results(tmp_path / "clean")


def test_fault_disk_refuses_results(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where no small disk can be had: results are refused by the device that is always full."""
    from restore.batch import run as running
    from restore.batch.store import Store

    out, plan = tmp_path / "out", Plan(passes=PASSES)
    done = Store.done
    calls = Counter[str]()

    def full(self: Store, *args: Any) -> None:
        calls["done"] += 1
        if calls["done"] == 5:
            import errno

            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out / "text"))
        done(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(running.Store, "done", full)
        with pytest.raises(BatchError, match="--resume"):
            run_batch([inputs], out, plan, jobs=2)
    result = run_batch([inputs], out, plan, jobs=2, resume=True)
    assert (result.done, result.skipped) == (12, 4)
    accounted(out, ids(inputs))


def start(*words: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "restore", "batch", *map(str, words)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def wait_for(out: Path, pages: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (out / "log.jsonl").exists() and (out / "log.jsonl").read_bytes().count(
            b'"event":"page"'
        ) >= pages:
            return
        time.sleep(0.02)
    raise AssertionError("the batch does not get on")


OPTIONS = ("--select", ",".join((*PASSES, "harm")), "--jobs", "2", "--report", "none")


@pytest.mark.parametrize("format", ["text", "jsonl"])
def test_fault_leader_killed(format: str, harm: Plan, inputs: Path, tmp_path: Path) -> None:
    for k in range(12, 30):
        (inputs / f"{k}.txt").write_text(page(k, "slow"), "utf-8")
    out = tmp_path / "out"
    options = (*OPTIONS, "--format", format, "--shard", "4")
    process = start(inputs, "-o", out, *options)
    wait_for(out, 14)
    workers = [one["pid"] for one in log(out, "worker")]
    process.kill()
    process.communicate()
    until = time.monotonic() + 20
    while any(map(_runs, workers)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(_runs, workers)), "workers outlive the process that leads them"
    before = len({one["id"] for one in log(out, "page")})
    assert 14 <= before < 30
    process = start(inputs, "-o", out, *options, "--resume")
    _, said = process.communicate()
    assert process.returncode == 0, said
    (end,) = log(out, "end")
    assert (end["done"], end["quarantine"]) == (30, 0)
    assert end["restored"] + end["skipped"] == 30
    assert end["skipped"] >= before
    plan = Plan(passes=harm.passes, report="none", format=format, shard=4)  # type: ignore[arg-type]
    run_batch([inputs], tmp_path / "clean", plan, jobs=2)
    assert results(out) == results(tmp_path / "clean")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_fault_stopped_by_the_user(number: int, harm: Plan, inputs: Path, tmp_path: Path) -> None:
    for k in range(12, 30):
        (inputs / f"{k}.txt").write_text(page(k, "slow"), "utf-8")
    out = tmp_path / "out"
    process = start(inputs, "-o", out, *OPTIONS)
    wait_for(out, 3)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "--resume" in said
    assert (out / "index.html").exists()
    done = texts(out)
    assert 3 <= len(done) < 30
    assert len(done) == len({one["id"] for one in log(out, "page")})
    result = run_batch([inputs], out, harm, jobs=2, resume=True)
    assert (result.restored, result.skipped) == (30 - len(done), len(done))
    accounted(out, ids(inputs))


def test_fault_two_runs_in_one_folder(harm: Plan, inputs: Path, tmp_path: Path) -> None:
    for k in range(12, 30):
        (inputs / f"{k}.txt").write_text(page(k, "slow"), "utf-8")
    out = tmp_path / "out"
    first = start(inputs, "-o", out, *OPTIONS)
    wait_for(out, 1)
    first.send_signal(signal.SIGSTOP)  # so that it is there still, however long the second takes to start
    try:
        second = start(inputs, "-o", out, *OPTIONS, "--resume")
        _, said = second.communicate(timeout=60)
    finally:
        first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert f"process {first.pid}" in said
    assert first.wait(timeout=60) == 0
    (end,) = log(out, "end")
    assert (end["restored"], end["done"]) == (30, 30)
    accounted(out, ids(inputs))


def fragile(pipe: Connection, lifeline: Connection, plan: Plan) -> None:
    """A reader that some files kill."""

    def receive() -> Any:
        path, name = pipe.recv()
        if "05" in name:
            os.kill(os.getpid(), signal.SIGKILL)
        return path, name

    read_inputs(SimpleNamespace(recv=receive, send=pipe.send), lifeline, plan)  # type: ignore[arg-type]


def test_fault_input_that_kills_its_reader(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "read_inputs", fragile)
    out = tmp_path / "out"
    result = run_batch([inputs], out, Plan(passes=PASSES), jobs=1)
    assert (result.done, result.quarantine) == (11, 1)
    accounted(out, ids(inputs))
    assert "SIGKILL" in quarantine(out)["in/05.txt"]


def cannot_start(*args: Any) -> None:
    """A worker whose installation is broken."""
    os._exit(3)


def test_fault_workers_that_cannot_start(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from restore.batch import crew

    monkeypatch.setattr(crew, "restore_pages", cannot_start)
    with pytest.raises(BatchError, match=r"cannot be started: .* exit code 3"):
        run_batch([inputs], tmp_path / "out", Plan(passes=PASSES), jobs=1)


# ---------------------------------------------------------------------- the command
def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "restore", "batch", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_command(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (inputs / "empty.txt").write_bytes(b"")
    (inputs.parent / "restore.toml").write_text('select = ["formatting"]\n', "utf-8")
    done = command(inputs, "-o", out, "--jobs", "1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "12 pages restored" in done.stderr
    assert "1 in quarantine" in done.stderr
    assert "in/empty.txt" in done.stderr
    assert "\x1b" not in done.stderr
    assert json.loads((out / "summary.json").read_bytes())["plan"]["passes"][-1] == "punctuation"
    done = command(inputs, "-o", out, "--jobs", "1")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--resume" in done.stderr
    assert command(inputs, "-o", tmp_path / "other", "--retry").returncode == 2
    assert command(inputs / "01.txt", "-o", tmp_path / "one", "-q", "-j", "1").stderr == ""


# ---------------------------------------------------------------------- other people's programs
def test_restorer_in_tables_and_documents() -> None:
    restorer: Restorer = pickle.loads(pickle.dumps(Restorer(Plan(passes=PASSES, report="none"))))
    wanted = Pipeline(PASSES).run(LINES[0]).text
    columns = restorer.batch({"id": ["a", "b"], "text": [LINES[0], LINES[1]], "year": [1998, 1999]})
    assert columns["text"][0] == wanted
    assert columns["year"] == [1998, 1999]
    assert json.loads(columns["restore_record"][0])["source"]["name"] == "a"
    document = SimpleNamespace(text=LINES[0], id="a", metadata={})
    assert [one.text for one in restorer.documents([document])] == [wanted]
    assert document.metadata["restore_need"] >= 0


def test_restorer_in_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    restorer = Restorer(Plan(passes=PASSES, report="none"))
    frame = pandas.DataFrame({"id": ["a", "b"], "text": list(LINES), "year": [1998, 1999]})
    frame = frame.assign(**restorer.batch(frame.to_dict("list")))
    assert frame["text"].tolist() == [Pipeline(PASSES).run(line).text for line in LINES]
    assert frame["year"].tolist() == [1998, 1999]


def test_restorer_leaves_missing_values_missing() -> None:
    restorer = Restorer(Plan(passes=PASSES, report="none"))
    missing = float("nan")
    columns = restorer.batch({"text": [None, missing, LINES[0]]})
    assert columns["text"][0] is None and columns["text"][1] is missing
    assert "must be str, not NoneType" in columns["restore_error"][0]
    assert columns["restore_error"][2] == "" and columns["restore_record"][:2] == ["", ""]
    (document,) = restorer.documents([SimpleNamespace(text=None, id="a", metadata={})])
    assert document.text is None and "not NoneType" in document.metadata["restore_error"]
    with pytest.raises(KeyError, match="no column 'text', only 'body'"):
        restorer.batch({"body": LINES})


def test_restorer_keeps_what_it_cannot_restore(monkeypatch: pytest.MonkeyPatch) -> None:
    from restore.batch import adapter

    def broken(*args: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(adapter, "restore_page", broken)
    made = Restorer()("水渠")
    assert (made["text"], made["error"]) == ("水渠", "RuntimeError: a mistake")
