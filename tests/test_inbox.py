"""The input folder: what is read, what is waited for, what is refused, and when a missing file is evidence."""

from __future__ import annotations

import errno
import os
import resource
import socket
import stat as modes
import subprocess
import threading
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from feeder.errors import Unreadable, Unsettled
from feeder.inbox import Inbox, Scan, Stat, ignored_name
from tests.fakes import powerless, refused

SUFFIXES = frozenset({".txt", ".md", ".html"})


def inbox(folder: Path, settle: float = 1.0, max_size: int = 1000, max_depth: int = 64) -> Inbox:
    return Inbox(folder, suffixes=SUFFIXES, settle=settle, max_size=max_size, max_depth=max_depth)


def later(box: Inbox, seconds: float = 60.0, tick: float = 0.0) -> Scan:
    """A scan `seconds` after now: change times are the kernel's, so tests move the clock and not the files."""
    return box.scan(now=time.time() + seconds, tick=tick)


def reasons(scan: Scan) -> dict[str, str]:
    return {problem.where: problem.reason for problem in scan.problems}


def stat(path: Path) -> Stat:
    found = path.lstat()
    return Stat(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def test_settled_files_of_wanted_suffixes_are_found_at_every_depth(tmp_path: Path) -> None:
    """I6: without any event."""
    for path in ("a.txt", "b.MD", "deep/er/c.html", "v1.md/d.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("text")
    scan = later(inbox(tmp_path))
    assert scan.files == {path: stat(tmp_path / path) for path in ("a.txt", "b.MD", "deep/er/c.html", "v1.md/d.txt")}
    assert (scan.problems, scan.waiting, scan.ignored, scan.complete) == ((), {}, 0, True)
    assert scan.root == (tmp_path.stat().st_dev, tmp_path.stat().st_ino)


def test_files_with_another_suffix_are_only_counted(tmp_path: Path) -> None:
    for name in ("photo.jpg", "README", "mdmd", "notes.txt.bak"):
        (tmp_path / name).write_text("text")
    os.mkfifo(tmp_path / "pipe")
    scan = later(inbox(tmp_path))
    assert (scan.files, scan.problems, scan.ignored) == ({}, (), 5)


@pytest.mark.parametrize(
    "name",
    [
        *(
            ".a.md.swp",
            "4913",
            "a.md~",
            "a.tmp",
            "a.md.part",
            "a.crdownload",
            ".~lock.a.md#",
            "._a.md",
            ".DS_Store",
            "Thumbs.db",
            ".syncthing.a.md.tmp",
        ),
        *(".a.md.AbC123", ".nfs00000001", "~$a.md", "#a.md#", "~syncthing~a.md", "_draft.md", ".git", "a.md___jb_tmp___", "A.TMP", "desktop.ini"),
    ],
)
def test_hidden_files_drafts_and_temporaries_are_not_there(tmp_path: Path, name: str) -> None:
    """I5"""
    (tmp_path / name).write_text("text")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / name).mkdir()
    (tmp_path / "folder" / name / "a.md").write_text("text")
    assert ignored_name(name)
    scan = later(inbox(tmp_path))
    assert (scan.files, scan.problems, scan.waiting, scan.ignored, scan.complete) == ({}, (), {}, 0, True)


@pytest.mark.parametrize("name", ["a.md", "#1 of ten.md", "-rf.txt", "4913.txt", "a_b.md", "README"])
def test_other_names_are_not_ignored(name: str) -> None:
    assert not ignored_name(name)


def test_an_atomic_save_is_seen_as_one_new_version_of_the_same_path(tmp_path: Path) -> None:
    """I5: delete and create within the settle time."""
    box = inbox(tmp_path)
    (tmp_path / "a.md").write_text("old")
    before = later(box).files["a.md"]
    (tmp_path / ".a.md.swp").write_text("new!")
    (tmp_path / ".a.md.swp").rename(tmp_path / "a.md")
    assert later(box, 0).waiting.keys() == {"a.md"}
    after = later(box).files["a.md"]
    assert before != after
    assert box.read("a.md", after) == b"new!"


def test_a_fresh_file_waits_for_the_rest_of_its_settle_time(tmp_path: Path) -> None:
    """I1"""
    (tmp_path / "a.md").write_text("half")
    changed = stat(tmp_path / "a.md").ctime_ns / 1e9
    box = inbox(tmp_path, settle=10)
    scan = box.scan(now=changed + 4, tick=0)
    assert scan.files == {}
    assert scan.waiting["a.md"] == pytest.approx(6, abs=0.001)
    assert box.scan(now=changed + 10.001, tick=0.5).files.keys() == {"a.md"}


def test_a_file_restored_with_an_old_mtime_waits_too(tmp_path: Path) -> None:
    """I1: the change time cannot be set back."""
    (tmp_path / "a.md").write_text("text")
    os.utime(tmp_path / "a.md", (1, 1))
    assert later(inbox(tmp_path), 0).waiting.keys() == {"a.md"}


def test_a_file_from_the_future_settles_by_the_monotonic_clock(tmp_path: Path) -> None:
    """T1, T3: the wall clock says nothing, two equal looks a settle time apart do."""
    (tmp_path / "a.md").write_text("text")
    os.utime(tmp_path / "a.md", (4_000_000_000, 4_000_000_000))
    box = inbox(tmp_path, settle=2)
    assert later(box, tick=100.0).waiting == {"a.md": 2.0}
    assert later(box, tick=101.5).waiting == {"a.md": 0.5}
    assert later(box, tick=102.0).files.keys() == {"a.md"}
    assert later(box, tick=102.1).files.keys() == {"a.md"}
    (tmp_path / "a.md").write_text("other")
    os.utime(tmp_path / "a.md", (4_000_000_000, 4_000_000_000))
    assert later(box, tick=200.0).waiting == {"a.md": 2.0}


def test_a_file_that_keeps_growing_keeps_waiting(tmp_path: Path) -> None:
    """I1"""
    box = inbox(tmp_path, settle=2)
    for tick in range(5):
        with (tmp_path / "a.md").open("a") as file:
            file.write("more")
        assert box.scan(now=time.time() - 3600, tick=tick * 10).waiting == {"a.md": 2.0}


@pytest.mark.parametrize("mtime", [-1, 0, -(2**31), 2**34])
def test_impossible_times_do_not_stop_a_scan(tmp_path: Path, mtime: int) -> None:
    """T2"""
    (tmp_path / "a.md").write_text("text")
    os.utime(tmp_path / "a.md", (mtime, mtime))
    box = inbox(tmp_path)
    later(box, tick=0)
    assert later(box, tick=1).files.keys() == {"a.md"}


def test_an_empty_file_is_waited_for_longer_and_then_a_problem(tmp_path: Path) -> None:
    """I15, I3: five seconds at least, ten settle times."""
    (tmp_path / "a.md").write_text("text")
    box = inbox(tmp_path)
    assert later(box).files
    (tmp_path / "a.md").write_text("")
    changed = stat(tmp_path / "a.md").ctime_ns / 1e9
    scan = box.scan(now=changed + 4, tick=0)
    assert (scan.files, scan.problems) == ({}, ())
    assert scan.waiting["a.md"] == pytest.approx(6, abs=0.001)
    scan = box.scan(now=changed + 10.1, tick=1)
    assert (scan.files, scan.waiting, reasons(scan)) == ({}, {}, {"a.md": "is empty"})


def test_an_empty_file_from_the_future_is_a_problem_in_the_end(tmp_path: Path) -> None:
    """I15"""
    (tmp_path / "a.md").touch()
    box = inbox(tmp_path, settle=0)
    assert box.scan(now=0, tick=0).waiting == {"a.md": 5.0}
    assert reasons(box.scan(now=0, tick=5)) == {"a.md": "is empty"}


def test_a_file_is_read_as_it_was_scanned(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.md").write_bytes(b"\x00text\r\n\xff")
    box = inbox(tmp_path)
    assert box.read("b/a.md", later(box).files["b/a.md"]) == b"\x00text\r\n\xff"


def grow(path: Path) -> None:
    path.write_text("much more text")


def shrink(path: Path) -> None:
    os.truncate(path, 1)


def rewrite(path: Path) -> None:
    path.write_text("TEXT")


def swap(path: Path) -> None:
    other = path.with_suffix(".tmp")
    other.write_text("text")
    other.rename(path)


def become_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def become_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def become_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lose_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


def link_folder(path: Path) -> None:
    other = path.parent.with_name("other")
    path.parent.rename(other)
    path.parent.symlink_to(other)


@pytest.mark.parametrize(
    "change", [grow, shrink, rewrite, swap, Path.unlink, become_link, become_pipe, become_socket, become_folder, lose_folder, link_folder]
)
def test_a_file_that_is_another_one_by_now_is_not_read(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """I2, I4, I10, I11, I12, I29: whatever happens between the scan and the read, it is looked at again, and nothing blocks."""
    path = tmp_path / "b" / "a.md"
    path.parent.mkdir()
    path.write_text("text")
    box = inbox(tmp_path)
    scanned = later(box).files["b/a.md"]
    change(path)
    with pytest.raises(Unsettled, match=r"b/a\.md"):
        box.read("b/a.md", scanned)


def test_a_file_that_changes_while_it_is_read_is_never_read_torn(tmp_path: Path) -> None:
    """I2, I4: a reader beside a writer gets one whole settled version or Unsettled."""
    path = tmp_path / "a.md"
    box = inbox(tmp_path, settle=0.02, max_size=10_000_000)  # longer than the ticks in which the kernel stamps changes
    versions = [letter * 300_000 for letter in (b"a", b"b")]
    path.write_bytes(versions[0])
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.04):
            versions.reverse()
            path.write_bytes(versions[0])

    writer = threading.Thread(target=write)
    writer.start()
    whole = 0
    end = time.monotonic() + 2
    try:
        while time.monotonic() < end or not whole:
            scan = box.scan(now=time.time(), tick=time.monotonic())
            try:
                bodies = [box.read(name, found) for name, found in scan.files.items()]
            except Unsettled:
                continue
            assert all(body in versions for body in bodies)
            whole += len(bodies)
    finally:
        stop.set()
        writer.join()


def test_a_file_that_cannot_be_opened_is_its_owners_to_mend(tmp_path: Path) -> None:
    """I9: the scan still knows that it is there."""
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "a.md").chmod(0)
    box = inbox(tmp_path)
    scan = powerless(lambda: later(box))
    assert scan.complete
    with pytest.raises(Unreadable, match=r"Permission denied \(let the user that runs feeder read it"):
        powerless(lambda: box.read("a.md", scan.files["a.md"]))


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENOTCONN])
def test_a_machine_out_of_descriptors_or_a_lost_mount_is_no_fault_of_the_file(tmp_path: Path, code: int) -> None:
    """I27, I7"""
    (tmp_path / "a.md").write_text("text")
    box = inbox(tmp_path)
    scanned = later(box).files["a.md"]
    with pytest.raises(Unsettled, match=os.strerror(code)):
        refused("openat", code, lambda: box.read("a.md", scanned))


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.EACCES, errno.EMFILE])
def test_a_folder_that_cannot_be_opened_proves_nothing(tmp_path: Path, code: int) -> None:
    """I7, I27"""
    (tmp_path / "a.md").write_text("text")
    scan = refused("openat", code, lambda: later(inbox(tmp_path)))
    assert (scan.files, scan.complete, scan.root) == ({}, False, None)
    assert reasons(scan) == {str(tmp_path): f"cannot be listed: {os.strerror(code)}"}


def test_a_missing_folder_proves_nothing_and_may_come_back(tmp_path: Path) -> None:
    """I7"""
    box = inbox(tmp_path / "input")
    scan = later(box)
    assert (scan.complete, scan.root) == (False, None)
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "a.md").write_text("text")
    assert later(box).files.keys() == {"a.md"}


def test_a_file_in_the_folders_place_proves_nothing(tmp_path: Path) -> None:
    """I7"""
    (tmp_path / "input").write_text("text")
    assert not later(inbox(tmp_path / "input")).complete


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
def test_a_listing_that_breaks_off_proves_nothing(tmp_path: Path, code: int) -> None:
    """I28"""
    (tmp_path / "a.md").write_text("text")
    scan = refused("getdents64", code, lambda: later(inbox(tmp_path)))
    assert not scan.complete
    assert scan.root is not None
    assert reasons(scan) == {str(tmp_path): f"cannot be listed: {os.strerror(code)}"}


def test_a_folder_without_permission_hides_its_own_files_only(tmp_path: Path) -> None:
    """I9, I28: the others are found, but nothing counts as removed."""
    for path in ("a.md", "closed/b.md", "listed/c.md", "open/d.md"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("text")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "listed").chmod(modes.S_IRUSR)
    scan = powerless(lambda: later(inbox(tmp_path)))
    assert scan.files.keys() == {"a.md", "open/d.md"}
    assert not scan.complete
    assert reasons(scan) == dict.fromkeys(("closed", "listed"), "cannot be listed: Permission denied")


def test_a_scan_without_descriptors_stops_at_once(tmp_path: Path) -> None:
    """I27: one problem, not one for each of a thousand folders."""
    for number in range(20):
        (tmp_path / str(number)).mkdir()
    scan = refused("fcntl", errno.EMFILE, lambda: later(inbox(tmp_path)))
    assert not scan.complete
    assert len(scan.problems) == 1
    assert "ulimit -n" in scan.problems[0].hint


def test_descriptors_that_run_out_in_a_folder_stop_the_scan(tmp_path: Path) -> None:
    """I27"""
    folder = tmp_path
    for _ in range(40):
        folder = folder / "f"
        folder.mkdir()
    used = [os.open("/", os.O_RDONLY) for _ in range(3)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for fd in used:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(used) + 10, hard))
    try:
        scan = later(inbox(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not scan.complete
    assert [problem.where for problem in scan.problems] == [str(tmp_path)]
    assert later(inbox(tmp_path)).complete


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.md").write_text("text")
    (tmp_path / "a" / "closed").mkdir(mode=0)
    box = inbox(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        scan = powerless(lambda: later(box))
        box.read("a/b/c.md", scan.files["a/b/c.md"])
        with pytest.raises(Unsettled):
            box.read("a/x/c.md", scan.files["a/b/c.md"])
    refused("getdents64", errno.EIO, lambda: later(box))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_rename_under_a_running_scan_never_counts_as_a_removal(tmp_path: Path) -> None:
    """I28, I4: a file that moves between two folders meanwhile may be in neither list, and then the scan is not complete."""
    for number in range(300):
        (tmp_path / f"{number:03}").mkdir()
        (tmp_path / f"{number:03}" / "other.md").write_text("text")
    places = [tmp_path / "000" / "a.md", tmp_path / "299" / "a.md", tmp_path / "150" / "b.md"]
    places[0].write_text("text")
    stop = threading.Event()

    def move() -> None:
        at = 0
        while not stop.wait(0.011):
            at, old = (at + 1) % 3, at
            places[old].rename(places[at])

    mover = threading.Thread(target=move)
    mover.start()
    box, torn, deadline = inbox(tmp_path), 0, time.monotonic() + 10
    try:
        while torn < 3 and time.monotonic() < deadline:
            scan = later(box)
            torn += not scan.complete
            there = sum(str(place.relative_to(tmp_path)) in {*scan.files, *scan.waiting} for place in places)
            assert there == 1 or not scan.complete
    finally:
        stop.set()
        mover.join()
    assert torn == 3
    assert later(box).complete


def test_links_are_refused_wherever_they_lead(tmp_path: Path) -> None:
    """I10, I11: into the folder, out of it, to a folder, to itself, to nothing."""
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "a.md").write_text("text")
    (folder / "inside.md").symlink_to("a.md")
    (folder / "outside.txt").symlink_to("/etc/passwd")
    (folder / "out").symlink_to(tmp_path)
    (folder / "self").symlink_to(".")
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "nowhere.md").symlink_to("missing")
    (folder / ".#a.md").symlink_to("lock@host")
    scan = later(inbox(folder))
    assert scan.files.keys() == {"a.md"}
    assert reasons(scan) == dict.fromkeys(("inside.md", "outside.txt", "out", "self", "loop.md", "nowhere.md"), "is a symbolic link")
    assert scan.complete


def test_the_folder_itself_may_be_a_link_and_point_elsewhere_later(tmp_path: Path) -> None:
    """I26"""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.md").write_text("text")
    link = tmp_path / "input"
    link.symlink_to("one")
    box = inbox(link)
    first = later(box)
    link.unlink()
    link.symlink_to("two")
    second = later(box)
    assert first.files.keys() == {"one.md"}
    assert second.files.keys() == {"two.md"}
    assert first.root != second.root


def test_a_replaced_folder_has_another_identity(tmp_path: Path) -> None:
    """I26, I8: what an unmounted disk leaves is an empty folder, complete, but not the same one."""
    folder = tmp_path / "input"
    folder.mkdir()
    box = inbox(folder)
    before = later(box).root
    folder.rename(tmp_path / "aside")
    folder.mkdir()
    scan = later(box)
    assert (scan.files, scan.complete) == ({}, True)
    assert scan.root not in (None, before)


def test_what_is_no_file_is_a_problem_and_never_opened(tmp_path: Path) -> None:
    """I12: a FIFO without a writer would block, a device could do worse."""
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "socket.md").touch()
    become_socket(tmp_path / "socket.md")
    expected = {"pipe.md", "socket.md"}
    if os.geteuid() == 0:
        os.mknod(tmp_path / "device.md", modes.S_IFCHR | 0o600, os.makedev(1, 5))
        expected.add("device.md")
    scan = later(inbox(tmp_path))
    assert reasons(scan) == dict.fromkeys(expected, "is not a regular file")
    assert scan.complete


def test_a_huge_file_is_judged_by_its_size_alone(tmp_path: Path) -> None:
    """I13, I14: ten gigabytes on paper, no block on disk."""
    for name, size in (("huge.md", 10 * 2**30), ("over.md", 1001), ("fits.md", 1000)):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, size)
    scan = later(inbox(tmp_path))
    assert scan.files.keys() == {"fits.md"}
    assert reasons(scan) == {"huge.md": "is 10737418240 bytes long, at most 1000 are read", "over.md": "is 1001 bytes long, at most 1000 are read"}


def test_three_thousand_nested_folders_end_at_the_cap(tmp_path: Path) -> None:
    """I18: what lies above is found, and the scan is complete: no article was ever known below."""
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=at)
        above, at = at, os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(above)
    os.close(at)
    (tmp_path / "/".join("d" * 64) / "last.md").write_text("text")
    (tmp_path / "/".join("d" * 65) / "below.md").write_text("text")
    try:
        scan = later(inbox(tmp_path))
    finally:
        # Python's own rmtree, which pytest uses later, gives up at a thousand.
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)
    assert scan.files.keys() == {"/".join("d" * 64) + "/last.md"}
    assert reasons(scan) == {"/".join("d" * 65): "is more than 64 folders down"}
    assert scan.complete


def test_long_folder_names_down_to_the_cap_do_not_spoil_the_scan(tmp_path: Path) -> None:
    """I18, I21: together longer than any path the kernel takes."""
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 255, dir_fd=at)
        above, at = at, os.open("d" * 255, os.O_RDONLY, dir_fd=at)
        os.close(above)
    os.close(os.open("a.md", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    scan = inbox(tmp_path, settle=0).scan(now=time.time() + 60, tick=0)
    assert [problem.reason for problem in scan.problems] == ["is empty"]
    assert scan.complete


def test_names_that_are_not_utf8_are_a_problem_that_can_be_printed(tmp_path: Path) -> None:
    """I19"""
    folder = os.fsencode(tmp_path)
    for name in (b"caf\xe9.md", b"caf\xe9.jpg"):
        Path(os.fsdecode(folder + b"/" + name)).write_text("text")
    Path(os.fsdecode(folder + b"/\xff")).mkdir()
    Path(os.fsdecode(folder + b"/\xff/a.md")).write_text("text")
    scan = later(inbox(tmp_path))
    assert scan.files == {}
    assert reasons(scan) == dict.fromkeys(("caf\\xe9.md", "\\xff"), "has a name that is not UTF-8")
    assert str(scan.problems).encode()
    assert (scan.ignored, scan.complete) == (1, True)


STRANGE = ("new\nline.md", "esc\x1b[31m.md", "\u202egnp.md", "x" * 252 + ".md", "-rf.txt", "%2e%2e.md", "con.md", " .txt", "ж.md", "back\\slash.md")


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_are_found_and_read_as_they_are(tmp_path: Path, name: str) -> None:
    """I20, I21, I24: what is printed or becomes a slug is made safe where that happens."""
    (tmp_path / name).write_text("text")
    box = inbox(tmp_path)
    scan = later(box)
    assert scan.files.keys() == {name}
    assert box.read(name, scan.files[name]) == b"text"


def test_a_decomposed_name_is_known_by_its_composed_form_and_read(tmp_path: Path) -> None:
    """I22: a disk that spells names another way gives the same path, and so the same id."""
    raw, key = unicodedata.normalize("NFD", "été/naïve.md"), "été/naïve.md"
    (tmp_path / raw).parent.mkdir()
    (tmp_path / raw).write_text("text")
    box = inbox(tmp_path)
    scan = later(box)
    assert scan.files.keys() == {key}
    assert box.read(key, scan.files[key]) == b"text"


def test_of_two_spellings_of_one_name_the_composed_one_is_read(tmp_path: Path) -> None:
    """I22: and the other is a problem under its own spelling, so that it cannot be taken for the first."""
    key, raw = "é.md", unicodedata.normalize("NFD", "é.md")
    (tmp_path / raw).write_text("decomposed")
    (tmp_path / key).write_text("composed")
    box = inbox(tmp_path)
    scan = later(box)
    assert box.read(key, scan.files[key]) == b"composed"
    assert [problem.where for problem in scan.problems] == [raw]
    assert raw not in scan.files


def test_of_two_decomposed_spellings_the_first_by_bytes_is_read(tmp_path: Path) -> None:
    """I22: in folders too, whatever order the disk lists or made them in."""
    folder = unicodedata.normalize("NFD", "é") + "/"
    (tmp_path / folder).mkdir()
    pairs = {f"é/{letter}.md": (folder + unicodedata.normalize("NFD", letter) + ".md", folder + letter + ".md") for letter in "éàüñôçåö"}
    for first, second in pairs.values():
        for path in (second, first):
            (tmp_path / path).write_text(path)
    box = inbox(tmp_path)
    scan = later(box)
    assert {key: box.read(key, stat).decode() for key, stat in scan.files.items()} == {key: first for key, (first, _) in pairs.items()}
    assert {problem.where for problem in scan.problems} == {second for _, second in pairs.values()}


def test_names_that_differ_in_case_only_are_two_files(tmp_path: Path) -> None:
    """I23"""
    for name in ("A.txt", "a.txt", "a.TXT"):
        (tmp_path / name).write_text(name)
    assert later(inbox(tmp_path)).files.keys() == {"A.txt", "a.txt", "a.TXT"}


def test_hard_links_are_two_files(tmp_path: Path) -> None:
    """I30: whether that makes one article or two is not decided here."""
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.txt").hardlink_to(tmp_path / "a.txt")
    files = later(inbox(tmp_path)).files
    assert files["a.txt"] == files["b.txt"]


def test_a_deleted_file_is_missing_from_a_complete_scan(tmp_path: Path) -> None:
    """I29"""
    (tmp_path / "a.txt").write_text("text")
    box = inbox(tmp_path)
    assert later(box).files
    (tmp_path / "a.txt").unlink()
    scan = later(box)
    assert (scan.files, scan.complete, scan.problems) == ({}, True, ())


def test_only_unsettled_files_are_remembered_between_scans(tmp_path: Path) -> None:
    """I17: memory does not grow with the folder, nor with the past."""
    for number in range(100):
        (tmp_path / f"{number}.md").write_text("text")
    box = inbox(tmp_path)
    later(box, 0)
    assert len(box._unsettled) == 100
    later(box, tick=0.5)
    assert (box._unsettled, box._spelled) == ({}, {})


def test_pictures_and_recordings_are_noted_and_not_read_as_articles(tmp_path: Path) -> None:
    """By their NFC names, settled or not; no link, no pipe, nothing hidden, and no other file."""
    for name in ("a.md", "photo.JPG", "sub/talk.mp3", "a\u0308.png", "notes.xyz", "_draft.jpg", ".hidden.png"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"bytes")
        os.utime(file, (1_000_000, 1_000_000))
    (tmp_path / "link.jpg").symlink_to(tmp_path / "photo.JPG")
    os.mkfifo(tmp_path / "pipe.mp3")
    box = Inbox(tmp_path, suffixes=frozenset({".md"}), media=frozenset({".jpg", ".png", ".mp3"}))
    now = (tmp_path / "photo.JPG").stat().st_ctime + 10
    scan = box.scan(now=now, tick=0)
    assert set(scan.files) == {"a.md"}
    assert set(scan.media) == {"photo.JPG", "sub/talk.mp3", "\u00e4.png"}
    assert scan.unsettled == {}
    assert [problem.where for problem in scan.problems] == ["link.jpg"]
    assert box.read("\u00e4.png", scan.media["\u00e4.png"]) == b"bytes"
    young = box.scan(now=now - 9.5, tick=0)
    assert set(young.unsettled) == set(young.media)
    assert young.waiting.keys() == {"a.md"}


def test_of_two_pictures_whose_names_look_the_same_one_is_meant(tmp_path: Path) -> None:
    """I22: the one spelled in NFC, whichever the folder lists first."""
    for name in ("a\u0308.png", "\u00e4.png"):
        (tmp_path / name).write_bytes(name.encode())
    box = Inbox(tmp_path, suffixes=frozenset({".md"}), media=frozenset({".png"}))
    scan = box.scan(now=(tmp_path / "\u00e4.png").stat().st_ctime + 10, tick=0)
    assert list(scan.media) == ["\u00e4.png"]
    assert box.read("\u00e4.png", scan.media["\u00e4.png"]) == "\u00e4.png".encode()
