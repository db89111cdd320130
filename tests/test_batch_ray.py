"""The cluster engine, on a real Ray of this machine with two workers: same results as local, also when one dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from restore.batch import BatchError, Plan, Restorer, run_batch

pytest.importorskip("ray", reason="Ray is not installed: pip install 'restore-cjk[ray]'")

pytestmark = pytest.mark.ray
PASSES = ("join_lines", "spaces", "punctuation")
PLUG = """
import time

def slowly(view, tools):
    time.sleep(0.1)
    return []

class Slow:
    name = "slow"
    find = staticmethod(slowly)
"""
TEXT = (
    "新修的灌溉渠从水库 一直通到村口,沿线的 三十户人家今年都用 上了干净的自来水,又 省了挑水的工夫。\n第{}页\n"
)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Slow passes, installed for the processes of a Ray that is started once."""
    import ray

    plug = tmp_path_factory.mktemp("plug-in")
    info = plug / "slow-1.dist-info"
    info.mkdir()
    (plug / "slow.py").write_text(PLUG, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[restore.passes]\nslow = slow:Slow\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(plug))
        patch.setenv("PYTHONPATH", str(plug))
        ray.init(num_cpus=3, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
        try:
            yield Plan(passes=(*PASSES, "slow"))
        finally:
            ray.shutdown()


def results(out: Path) -> dict[str, bytes]:
    return {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in sorted(out.rglob("*"))
        if p.is_file() and ".batch" not in p.parts and p.name != "log.jsonl"
    }


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for k in range(60):
        (folder / f"{k:02d}.txt").write_text(TEXT.format(k), "utf-8")
    (folder / "20.txt").write_bytes(b"")  # cannot be read
    rows = [f'{{"id": "r{k}", "text": "水渠通水了,好!第 {k} 页"}}' for k in range(20)]
    (folder / "rows.jsonl").write_text("\n".join(rows), "utf-8")
    return folder


def mine(pid: int) -> bool:
    """Whether a process descends from this one."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
    return False


class Killer:
    """Kills a worker when some pages are done."""

    killed = 0

    def total(self, size: int) -> None: ...

    def said(self, line: str) -> None: ...

    def settled(self, pages: int, read: int) -> None:
        if pages < 5 or self.killed:
            return
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                title = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if title.startswith(b"ray::") and b"Actor" in title and mine(int(folder.name)):
                os.kill(int(folder.name), signal.SIGKILL)
                self.killed = int(folder.name)
                return


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
def test_fault_ray_worker_killed(plan: Plan, inputs: Path, tmp_path: Path) -> None:
    killer = Killer()
    one = run_batch([inputs], tmp_path / "ray", plan, jobs=2, engine="ray", watcher=killer)
    assert killer.killed, "no worker was found to kill"
    assert (one.done, one.quarantine) == (79, 1)
    two = run_batch([inputs], tmp_path / "local", plan, jobs=2)
    assert results(tmp_path / "ray") == results(tmp_path / "local")
    assert one.statistics == two.statistics
    # either goes on where the other stopped
    (inputs / "07.txt").write_text(TEXT.format(700), "utf-8")
    again = run_batch([inputs], tmp_path / "local", plan, jobs=2, engine="ray", resume=True)
    assert (again.restored, again.skipped) == (1, 78)
    again = run_batch([inputs], tmp_path / "ray", plan, jobs=2, resume=True)
    assert (again.restored, again.skipped) == (1, 78)
    assert results(tmp_path / "ray") == results(tmp_path / "local")


def test_rows_through_ray(plan: Plan, inputs: Path, tmp_path: Path) -> None:
    plan = Plan(passes=PASSES, format="jsonl", shard=25, report="none")
    run_batch([inputs], tmp_path / "ray", plan, jobs=2, engine="ray")
    run_batch([inputs], tmp_path / "local", plan, jobs=2)
    assert results(tmp_path / "ray") == results(tmp_path / "local")


def test_restorer_in_a_ray_program(plan: Plan) -> None:
    import ray.data

    pages = ray.data.from_items([{"id": str(k), "text": TEXT.format(k)} for k in range(4)])
    restorer = Restorer(Plan(passes=PASSES, report="none"))
    rows = pages.map_batches(restorer.batch).take_all()
    assert sorted(row["text"] for row in rows) == sorted(restorer(TEXT.format(k))["text"] for k in range(4))


def test_no_cluster_there(inputs: Path, tmp_path: Path) -> None:
    import ray

    if ray.is_initialized():
        ray.shutdown()
    with pytest.raises(BatchError, match="no Ray cluster"):
        run_batch([inputs], tmp_path / "out", Plan(), engine="ray", address="127.0.0.1:1")
    assert not (tmp_path / "out").exists()
