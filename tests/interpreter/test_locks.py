"""Locks: one process a slot, whatever the others do and however they end."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.interpreter import locks
from compiler.interpreter.locks import Held, Locks
from compiler.turns import lock_name

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = "runs.etl"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def slot(home: Path, number: int = 0) -> Path:
    return home / "locks" / LOCK / str(number)


def links(folder: Path) -> dict[str, str]:
    return {each.name: os.readlink(each) for each in folder.iterdir()}


def taken(home: Path, slots: int = 1) -> Held:
    held = Locks(home).try_take(LOCK, slots)
    assert isinstance(held, Held)
    return held


def start_of(pid: int) -> str:
    """Field 22 of the process's stat, found in another way than the code does."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


OWN = f"{os.getpid()}@{start_of(os.getpid())}"


def test_first_take(home: Path) -> None:
    held = taken(home)
    assert held.path == slot(home) / "1"
    assert links(slot(home)) == {"1": OWN}


def test_release(home: Path) -> None:
    Locks(home).release(taken(home))
    assert links(slot(home)) == {"2": "free"}


def test_numbers_only_grow(home: Path) -> None:
    for number in (1, 3, 5, 7):
        held = taken(home)
        assert held.path.name == str(number)
        assert links(slot(home)) == {str(number): OWN}
        Locks(home).release(held)


def test_all_slots_taken(home: Path) -> None:
    paths = {taken(home, 3).path for _ in range(3)}
    assert paths == {slot(home, number) / "1" for number in range(3)}
    assert Locks(home).try_take(LOCK, 3) == os.getpid()


def test_slot_in_the_middle_is_found(home: Path) -> None:
    held = [taken(home, 3) for _ in range(3)]
    Locks(home).release(held[1])
    assert taken(home, 3).path == slot(home, 1) / "3"


def test_fewer_slots_than_before(home: Path) -> None:
    first = taken(home, 2)
    taken(home, 2)
    assert Locks(home).try_take(LOCK, 1) == os.getpid()
    Locks(home).release(first)
    assert taken(home, 1).path == slot(home) / "3"


def test_locks_do_not_meet(home: Path) -> None:
    taken(home)
    assert isinstance(Locks(home).try_take("runs.other", 1), Held)
    assert isinstance(Locks(home / "else").try_take(LOCK, 1), Held)


@pytest.mark.parametrize(
    ("kind", "name", "lock"),
    [
        ("runs", "etl.v2", "runs.etl.v2"),
        ("queue-runs", "heavy", "queue-runs.heavy"),
        ("queue-steps", "heavy", "queue-steps.heavy"),
        ("queue-steps", "../a b", "queue-steps.---a-b-"),
        ("queue-runs", "x" * 200, "queue-runs." + "x" * 93 + "-"),
    ],
)
def test_lock_name(kind: str, name: str, lock: str) -> None:
    found = lock_name(kind, name)  # type: ignore[arg-type]
    assert found.startswith(lock)
    assert len(found) - len(lock) == (6 if lock.endswith("-") else 0)


SLEEP = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Another process that lives."""
    process = subprocess.Popen(SLEEP, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    with process:
        yield process
        process.kill()


def held_by(home: Path, text: str, number: int = 4) -> None:
    slot(home).mkdir(parents=True, exist_ok=True)
    os.symlink(text, slot(home) / str(number))


def test_holder_that_lives(home: Path, other: subprocess.Popen[bytes]) -> None:
    held_by(home, f"{other.pid}@{start_of(other.pid)}")
    assert Locks(home).try_take(LOCK, 1) == other.pid


def test_number_of_a_process_is_used_again(
    home: Path, other: subprocess.Popen[bytes]
) -> None:
    held_by(home, f"{other.pid}@{int(start_of(other.pid)) - 1}")
    assert taken(home).path.name == "5"


def test_killed_holder_nobody_waited_for(
    home: Path, other: subprocess.Popen[bytes]
) -> None:
    held_by(home, f"{other.pid}@{start_of(other.pid)}")
    other.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert taken(home).path.name == "5"


def test_name_of_the_holder_is_hostile(home: Path, tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 2\n(b) R"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen(
        ["sleep", "60"], executable=program, stderr=subprocess.DEVNULL
    ) as process:
        try:
            text = Path(f"/proc/{process.pid}/stat").read_text()
            assert "(a) S 1 2\n(b) R)" in text
            held_by(home, f"{process.pid}@{start_of(process.pid)}")
            assert Locks(home).try_take(LOCK, 1) == process.pid
        finally:
            process.kill()


@pytest.mark.parametrize(
    "text",
    [
        "free",
        "garbage",
        "1@",
        "@1",
        "0@1",
        "-1@1",
        "1@1@1",
        "/etc/passwd",
        "../../..",
        f"0{os.getpid()}@{start_of(os.getpid())}",
        f"{os.getpid()}@{start_of(os.getpid())} ",
        f"{os.getpid()}@{start_of(os.getpid())}0",
        "99999999999999999999@1",
        "self@1",
    ],
    ids=lambda text: text.replace(str(os.getpid()), "PID").partition("@")[0],
)
def test_text_that_names_no_living_process(home: Path, text: str) -> None:
    held_by(home, text)
    assert taken(home).path.name == "5"
    assert links(slot(home)) == {"5": OWN}


def test_entries_that_are_no_links(home: Path) -> None:
    folder = slot(home)
    folder.mkdir(parents=True)
    for name in ("x", "04", "-9", "9x", "٣", "9" * 16, "7.part"):
        os.symlink(OWN, folder / name)
    (folder / "2").write_text(OWN)
    (folder / "3").mkdir()
    held = taken(home)
    assert held.path.name == "4"
    Locks(home).release(held)
    assert taken(home).path.name == "6"
    assert {"x", "04", "3"} <= {each.name for each in folder.iterdir()}


def test_highest_counts(home: Path) -> None:
    held_by(home, OWN, 4)
    held_by(home, "free", 10)
    assert taken(home).path.name == "11"
    assert links(slot(home)) == {"11": OWN}


def test_folder_is_removed_while_held(home: Path) -> None:
    held = taken(home)
    held.path.unlink()
    slot(home).rmdir()
    Locks(home).release(held)
    assert not slot(home).exists()
    assert taken(home).path.name == "1"


def test_release_leaves_what_another_holds(home: Path) -> None:
    held = taken(home)
    held.path.unlink()
    os.symlink("1@1", held.path)
    Locks(home).release(held)
    assert links(slot(home)) == {"1": "1@1"}


def test_someone_was_faster(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others take and release the slot between the look and the link: our number is
    free again, and below theirs."""
    link = os.symlink

    def late(text: str, path: Path) -> None:
        monkeypatch.undo()
        link("free", slot(home) / "3")
        link(text, path)

    held_by(home, "free", 1)
    monkeypatch.setattr(os, "symlink", late)
    assert taken(home).path.name == "4"
    assert links(slot(home)) == {"4": OWN}


def test_folder_is_removed_between(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.symlink

    def late(text: str, path: Path) -> None:
        monkeypatch.undo()
        path.parent.rmdir()
        link(text, path)

    monkeypatch.setattr(os, "symlink", late)
    assert taken(home).path.name == "1"


def test_home_that_is_a_file(home: Path) -> None:
    home.write_text("")
    with pytest.raises(OSError, match="Not a directory") as caught:
        Locks(home).try_take(LOCK, 1)
    assert str(home) in str(caught.value)


def test_home_that_leads_nowhere(home: Path) -> None:
    home.symlink_to("nowhere")
    with pytest.raises(FileExistsError) as caught:
        Locks(home).try_take(LOCK, 1)
    assert caught.value.filename == str(home)


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """The test runs as a user for whom what is read-only is so: for root nothing is."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


@pytest.mark.usefixtures("as_nobody")
def test_home_that_is_read_only() -> None:
    # Below the folder that all users share: those of pytest are for one alone.
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        slot(home).mkdir(parents=True)
        slot(home).chmod(0o500)
        with pytest.raises(PermissionError) as caught:
            Locks(home).try_take(LOCK, 1)
        assert caught.value.filename == str(slot(home) / "1")


def test_system_refuses_links(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str, path: Path) -> None:
        raise OSError(30, "Read-only file system", text)

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(OSError, match="Read-only") as caught:
        Locks(home).try_take(LOCK, 1)
    assert caught.value.filename == str(slot(home) / "1")


@pytest.fixture
def without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PROC", Path("/proc/none"))


@pytest.mark.usefixtures("without_proc")
def test_start_by_ps(home: Path, other: subprocess.Popen[bytes]) -> None:
    held = taken(home)
    start = os.readlink(held.path).partition("@")[2]
    # Mon_Jan_5_10:00:00_2026
    assert time.strptime(start, "%a_%b_%d_%H:%M:%S_%Y")
    assert Locks(home).try_take(LOCK, 1) == os.getpid()
    Locks(home).release(held)
    assert links(slot(home)) == {"2": "free"}
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    held_by(home, f"{other.pid}@{start}")
    assert taken(home).path.name == "5"


@pytest.mark.usefixtures("without_proc")
def test_system_without_any_list(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OSError, match="neither /proc nor ps"):
        Locks(home).try_take(LOCK, 1)
    assert not slot(home).exists() or links(slot(home)) == {}


# Takes and releases, and counts in a file how many are inside at once: now, at most.
HAMMER = """
import fcntl, os, random, sys, time
from pathlib import Path
from compiler.interpreter.locks import Held, Locks

home, slots, times, killed = Path(sys.argv[1]), *map(int, sys.argv[2:])

def count(change):
    with open(home / "count", "r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        now, most = map(int, stream.read().split())
        now += change
        stream.seek(0)
        stream.write(f"{now:6} {max(now, most):6}")

for _ in range(times):
    while not isinstance(held := Locks(home).try_take("runs.etl", slots), Held):
        time.sleep(random.random() / 500)
    count(1)
    if random.random() < 0.3:
        time.sleep(0.0005)
    count(-1)
    if killed:
        os.kill(os.getpid(), 9)
    Locks(home).release(held)
"""


def hammer(home: Path, slots: int, times: int, killed: bool) -> list[str]:
    words = [str(home), str(slots), str(times), str(int(killed))]
    return [sys.executable, "-c", HAMMER, *words]


@pytest.mark.parametrize("slots", [1, 3])
def test_many_processes(home: Path, slots: int) -> None:
    """20 processes take 200 times each; besides, others die while they hold a slot."""
    home.mkdir()
    (home / "count").write_text("0 0")
    kinds = [(200, False)] * 20 + [(1, True)] * 10
    processes = [
        subprocess.Popen(hammer(home, slots, *each), cwd=ROOT) for each in kinds
    ]
    codes = [process.wait() for process in processes]
    assert codes == [0] * 20 + [-signal.SIGKILL] * 10
    now, most = map(int, (home / "count").read_text().split())
    assert (now, most) == (0, slots)
    # Each take had a number of its own, and each release.
    last = sum(int(max(links(slot(home, it)), key=int)) for it in range(slots))
    assert last >= 20 * 200 * 2
    assert all(len(links(slot(home, it))) <= 2 for it in range(slots))
