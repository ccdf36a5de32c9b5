"""Saving: what is read is the old file or the new one, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import iop_outcomes as iop
from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.saving import save_report
from iop_outcomes.shared import saving
from iop_outcomes.shared.saving import write_whole

OLD = b"old " * 1000
POSIX = pytest.mark.skipif(os.name != "posix", reason="links, modes and limits of POSIX systems")


# Without the rest of the package, whose import takes longer than the test.
ALONE = (
    "import sys, types; package = types.ModuleType('iop_outcomes'); "
    "package.__path__ = [sys.argv[2]]; sys.modules['iop_outcomes'] = package\n"
)


def child(code: str, path: Path) -> subprocess.Popen[bytes]:
    package = str(Path(iop.__file__).parent)
    command = [sys.executable, "-c", ALONE + code, str(path), package]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_bytes(OLD)
    return path


def test_a_new_file_is_written_and_an_existing_one_replaced(old: Path) -> None:
    assert write_whole(old, b"new") == old
    assert old.read_bytes() == b"new"
    assert write_whole(old.with_name("other.html"), b"too").read_bytes() == b"too"
    assert sorted(path.name for path in old.parent.iterdir()) == ["other.html", "report.html"]


@POSIX
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    size = 30_000_000
    path.write_bytes(b"0" * size)
    code = (
        "from iop_outcomes.shared.saving import write_whole\n"
        "print('started', flush=True)\n"
        "for number in range(10**6):\n"
        f"    write_whole(sys.argv[1], str(number % 10).encode() * {size})\n"
    )
    for number in range(6):
        writer = child(code, path)
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"started"
        time.sleep(0.04 + 0.013 * number)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        result = path.read_bytes()
        assert len(result) == size
        assert result.count(result[:1]) == size


def test_two_writers_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    size = 400_000

    def write(letter: bytes) -> None:
        for _ in range(20):
            write_whole(path, letter * size)
            result = path.read_bytes()
            assert result in (b"a" * size, b"b" * size)

    failed: list[BaseException] = []

    def run(letter: bytes) -> None:
        try:
            write(letter)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(letter,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@POSIX
def test_a_file_size_limit_gives_a_report_error_and_keeps_the_old_file(old: Path) -> None:
    code = (
        "import resource; from iop_outcomes.errors import ReportError\n"
        "from iop_outcomes.shared.saving import write_whole\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: write_whole(sys.argv[1], b'x' * 1_000_000, 'The report')\n"
        "except ReportError as error: print(error)\n"
    )
    output = child(code, old).communicate()[0].decode()
    assert output.startswith("The report cannot be written.\nFound: ")
    assert "too large" in output.lower()
    assert old.read_bytes() == OLD
    assert [one.name for one in old.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_gives_a_report_error_and_keeps_the_old_file(
    old: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saving.os, step, full)
    with pytest.raises(ReportError, match=r"cannot be written.\nFound: .*No space left"):
        write_whole(old, b"new")
    monkeypatch.undo()
    assert old.read_bytes() == OLD
    assert [one.name for one in old.parent.iterdir()] == ["report.html"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    link = tmp_path / "report.html"
    link.symlink_to("/dev/full")
    with pytest.raises(ReportError, match="No space left"):
        write_whole(link, OLD)
    assert link.readlink() == Path("/dev/full")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
    nothing = tmp_path / "nothing.html"
    nothing.symlink_to("/dev/null")
    write_whole(nothing, OLD)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@POSIX
def test_a_link_stays_a_link_and_the_mode_stays(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    target = tmp_path / "shelf" / "2026Q3.html"
    target.write_bytes(OLD)
    target.chmod(0o640)
    link = tmp_path / "newest.html"
    link.symlink_to("shelf/2026Q3.html")
    chain = tmp_path / "again.html"
    chain.symlink_to("newest.html")
    write_whole(chain, b"new")
    assert (chain.readlink(), link.readlink()) == (Path("newest.html"), Path("shelf/2026Q3.html"))
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    loose = tmp_path / "loose.html"
    loose.symlink_to("shelf/not_yet.html")
    write_whole(loose, b"made")
    assert loose.is_symlink()
    assert (tmp_path / "shelf" / "not_yet.html").read_bytes() == b"made"
    before = os.umask(0o027)
    try:
        result = write_whole(tmp_path / "mine.html", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE(result.stat().st_mode) == 0o640


@POSIX
def test_a_file_that_may_not_be_written_is_not_replaced(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.chmod(0o444)
    if os.access(old, os.W_OK):  # the superuser may write anything
        monkeypatch.setattr(saving.os, "access", lambda *_: False)
    with pytest.raises(ReportError, match="Permission denied"):
        write_whole(old, b"new")
    assert old.read_bytes() == OLD


def test_the_temporary_file_of_a_killed_writer_is_removed_after_a_day(old: Path) -> None:
    left, young, other = (
        old.with_name(name)
        for name in (
            "report.html.0123456789abcdef.part",
            "report.html.fedcba9876543210.part",
            "report.html.mine.part",
        )
    )
    for path in (left, young, other):
        path.write_bytes(b"half")
    ago = time.time() - 100_000
    for path in (left, other):
        os.utime(path, (ago, ago))
    write_whole(old, b"new")
    assert (left.exists(), young.exists(), other.exists()) == (False, True, True)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a\0b.html", "a character that no path can hold"),
        ("a\ud800b.html", "a character that no path can hold"),
        ("a" * 400 + ".html", "too long"),
        ("folder", "directory"),
        ("nowhere/x.html", "nowhere"),
    ],
)
def test_an_impossible_path_gives_a_report_error(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ReportError) as raised:
        write_whole(tmp_path / name, b"")
    assert found in str(raised.value).lower()
    str(raised.value).encode("utf-8")
    if name.endswith("html"):
        with pytest.raises(ReportError):
            save_report("", {}, tmp_path / name)


@POSIX
def test_a_name_as_long_as_the_system_allows_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / ("北" * 80 + "x" * 10 + ".html")  # 255 bytes
    assert write_whole(path, b"x").read_bytes() == b"x"


def test_nothing_else_in_the_package_writes_a_file() -> None:
    package = Path(iop.__file__).parent
    writing = ("write_bytes(", "write_text(", 'open("w', '"wb")', ".to_parquet(", "to_csv(path")
    result = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(word in line for word in writing)
        and not line.strip().startswith((">>>", "..."))  # an example makes its own file
    }
    assert result == {"shared/saving.py"}
