"""Writing results: all or nothing, nothing overwritten unasked, never over the input."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from restore import files
from restore.files import OutputError, check_outputs, write, write_all

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_new_file_has_the_data_and_ordinary_permissions(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"\xe4\xba\xba\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xe4\xba\xba\n"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o666 & ~umask
    assert names(tmp_path) == ["a.txt"]


def test_existing_file_is_refused_without_force(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="exists already; use -f"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_force_overwrites_and_keeps_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write(path, b"new", force=True)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_made_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    stage = files._stage

    def slow(target: Path, data: bytes, staging: Path | None = None) -> Path:
        path.write_bytes(b"somebody else's")
        return stage(target, data, staging)

    monkeypatch.setattr(files, "_stage", slow)
    with pytest.raises(OutputError, match="exists already"):
        write(path, b"mine")
    assert path.read_bytes() == b"somebody else's"
    assert names(tmp_path) == ["a.txt"]


def test_without_hard_links_it_still_writes_and_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    write(tmp_path / "a.txt", b"one")
    assert (tmp_path / "a.txt").read_bytes() == b"one"
    with pytest.raises(OutputError, match="exists already"):
        write(tmp_path / "a.txt", b"two")
    assert names(tmp_path) == ["a.txt"]


def test_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"there\.json"):
        write_all({tmp_path / "a.txt": b"text", tmp_path / "there.json": b"record"})
    assert names(tmp_path) == ["there.json"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written \(No space left on device\)"):
        write(path, b"new", force=True)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write(link, b"new", force=True)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no /dev/null on this system")
def test_a_device_is_written_to_without_force() -> None:
    check_outputs(["/dev/null", "/dev/null"])
    write("/dev/null", b"text")
    assert not Path("/dev/null").is_file()


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path, b"text", force=True)
    with pytest.raises(OutputError, match="does not exist"):
        write(tmp_path / "no" / "a.txt", b"text")
    assert names(tmp_path) == []


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match=r"cannot be written \(Permission denied\)"):
            write(tmp_path / "a.txt", b"text")
    finally:
        tmp_path.chmod(0o700)


class TestCheckOutputs:
    def test_same_file_under_any_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        dump = tmp_path / "p.txt"
        dump.write_bytes(b"text")
        (tmp_path / "link.txt").symlink_to(dump)
        os.link(dump, tmp_path / "hard.txt")
        monkeypatch.chdir(tmp_path)
        for output in (dump, "p.txt", "./p.txt", "link.txt", "hard.txt"):
            with pytest.raises(OutputError, match="input and output are the same file"):
                check_outputs([output], [dump], force=True)

    def test_two_results_in_one_file(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="two results"):
            check_outputs([tmp_path / "a", tmp_path / "." / "a"])

    def test_existing(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"")
        with pytest.raises(OutputError, match="exists already"):
            check_outputs([tmp_path / "a"])
        check_outputs([tmp_path / "a"], force=True)

    def test_a_link_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        with pytest.raises(OutputError, match="loop"):
            check_outputs([tmp_path / "loop"], force=True)

    def test_missing_input_is_not_its_business(self, tmp_path: Path) -> None:
        check_outputs([tmp_path / "a"], [tmp_path / "nothing"])
        assert names(tmp_path) == []
