"""Copies of a folder have what it has, and are as good as it to a step."""

import os
import socket
import stat
from pathlib import Path

import pytest

from compiler.cli.copies import NoCopy, content_of, copy, remove


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    (path / "inner" / "deep").mkdir(parents=True)
    (path / "inner" / "deep" / "file").write_text("deep")
    return path


def copied(folder: Path) -> Path:
    to = folder.parent / "made" / "copy"
    copy(content_of(folder), to)
    return to


def test_modes_times_and_names(folder: Path) -> None:
    name = os.fsdecode(b"not \xff utf-8\n")
    (folder / name).write_bytes(b"\x00")
    (folder / name).chmod(0o751)
    os.utime(folder / name, (1_000_000, 2_000_000))
    (folder / "inner").chmod(0o500)
    copy_of = copied(folder)
    found = (copy_of / name).stat()
    assert (stat.S_IMODE(found.st_mode), found.st_mtime) == (0o751, 2_000_000)
    assert stat.S_IMODE((copy_of / "inner").stat().st_mode) == 0o500
    assert (copy_of / "inner" / "deep" / "file").read_text() == "deep"
    assert remove(copy_of)
    assert not copy_of.exists()
    (folder / "inner").chmod(0o700)


def test_links(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_text("outside")
    file = folder / "inner" / "deep" / "file"
    links = {
        "near": "inner/deep/file",
        "far": str(file),
        "inner/up": "../inner/deep/file",
        "whole": str(folder),
        "out": "../outside",
        "inner/away": str(outside),
        "broken": "nowhere",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    copy_of = copied(folder)
    for name in ("near", "far", "inner/up"):
        (copy_of / name).write_text(name)
        assert (copy_of / "inner" / "deep" / "file").read_text() == name
        assert file.read_text() == "deep"
    for name in ("out", "inner/away"):
        assert (copy_of / name).read_text() == "outside"
    assert (copy_of / "whole").resolve() == copy_of.resolve()
    assert os.readlink(copy_of / "broken") == "nowhere"
    again = folder.parent / "again"
    copy(content_of(copy_of), again)
    assert os.readlink(again / "far") == "inner/deep/file"


def test_what_is_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        copy_of = copied(folder)
    assert stat.S_ISFIFO((copy_of / "pipe").stat().st_mode)
    assert not (copy_of / "socket").exists()  # nobody would answer


def test_what_is_gone_meanwhile(folder: Path) -> None:
    content = content_of(folder)
    (folder / "inner" / "deep" / "file").unlink()
    copy(content, folder.parent / "copy")
    assert (folder.parent / "copy" / "inner" / "deep").is_dir()


def test_no_copy_onto_something(folder: Path) -> None:
    with pytest.raises(NoCopy, match=r"cannot copy .*folder.*: File exists"):
        copy(content_of(folder), folder)
