"""What every target promises (over the folder and the memory), and what the folder does when the machine fails it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feeder.errors import Busy, PublishError
from feeder.model import Document
from feeder.publishers import Publisher, Put
from feeder.publishers.conformance import Conformance
from feeder.publishers.folder import FolderPublisher
from tests.fakes import FailingPublisher, MemoryPublisher, powerless, refused

REPO = Path(__file__).parent.parent


def document(path: str, body: bytes = b"body") -> Document:
    return Document(path, "application/octet-stream", body)


def nothing(path: str, body: bytes) -> None:
    """A check that is content."""


def folder(root: Path, check: Callable[[str, bytes], None] = nothing) -> FolderPublisher:
    return FolderPublisher(root, check=check)


def tree(root: Path) -> dict[str, bytes]:
    """All there is, hidden or not, but the lock."""
    found = (path for path in root.rglob("*") if path.name != ".feeder.lock")
    return {str(path.relative_to(root)): b"" if path.is_dir() else path.read_bytes() for path in found}


class TestFolder(Conformance):
    """The folder keeps every promise."""

    @pytest.fixture
    def publisher(self, tmp_path: Path) -> Publisher:
        return folder(tmp_path / "output")


class TestMemory(Conformance):
    """So does the stand-in of the tests."""

    @pytest.fixture
    def publisher(self) -> Publisher:
        return MemoryPublisher()


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_document_that_fails_its_check_never_replaces_a_good_one(tmp_path: Path, kind: str) -> None:
    """O11: nor does any other of the same put."""
    checked: list[tuple[str, bytes]] = []

    def check(path: str, body: bytes) -> None:
        checked.append((path, body))
        if body == b"bad":
            raise PublishError(f"{path} is not well-formed")

    publisher = folder(tmp_path / "output", check) if kind == "folder" else MemoryPublisher(check)
    publisher.put([document("a", b"old"), document("feed.xml", b"good")])
    with pytest.raises(PublishError, match=r"feed\.xml is not well-formed"):
        publisher.put([document("a", b"new"), document("feed.xml", b"bad")])
    assert (publisher.get("a"), publisher.get("feed.xml")) == (b"old", b"good")
    assert checked == [("a", b"old"), ("feed.xml", b"good"), ("a", b"new"), ("feed.xml", b"bad")]


# -- the fakes ----------------------------------------------------------------------------------------------------------------


def test_the_failing_target_fails_once_in_the_middle_and_then_heals() -> None:
    publisher = FailingPublisher(3)
    documents = [document(name, name.encode()) for name in "abcd"]
    with pytest.raises(PublishError, match=r"^c: "):
        publisher.put(documents)
    assert publisher.stats().keys() == {"a", "b"}
    assert publisher.put(documents) == Put(("c", "d"), (), 2)


# -- the folder ---------------------------------------------------------------------------------------------------------------


def test_nothing_but_documents_and_the_lock_is_left(tmp_path: Path) -> None:
    publisher = folder(tmp_path)
    publisher.put([document("articles/a", b"a"), document("feed.xml", b"f")])
    assert tree(tmp_path) == {"articles": b"", "articles/a": b"a", "feed.xml": b"f"}


def test_folders_left_empty_go_and_others_stay(tmp_path: Path) -> None:
    publisher = folder(tmp_path)
    publisher.put([document("tags/x/y/a"), document("tags/b"), document("mine/a")])
    (tmp_path / "mine" / ".keep").touch()
    publisher.put([], ["tags/x/y/a", "mine/a"])
    assert tree(tmp_path).keys() == {"tags", "tags/b", "mine", "mine/.keep"}
    publisher.put([], ["tags/b"])
    assert tree(tmp_path).keys() == {"mine", "mine/.keep"}


def test_files_of_others_are_seen_and_left_alone(tmp_path: Path) -> None:
    publisher = folder(tmp_path)
    (tmp_path / "CNAME").write_text("news.example")
    (tmp_path / ".well-known").mkdir()
    (tmp_path / ".well-known" / "x").touch()
    (tmp_path / ".feeder-notes").touch()
    publisher.put([document("a")], ["b"])
    assert publisher.stats().keys() == {"CNAME", "a"}
    assert tree(tmp_path).keys() == {"CNAME", ".well-known", ".well-known/x", ".feeder-notes", "a"}


@pytest.mark.parametrize("change", [lambda root: (root / "tags" / "a").unlink(), lambda root: (root / "new").mkdir(), shutil.rmtree])
def test_a_change_by_someone_else_shows_in_the_fingerprint(tmp_path: Path, change: Callable[[Path], None]) -> None:
    root = tmp_path / "output"
    publisher = folder(root)
    publisher.put([document("tags/a"), document("b")])
    before = publisher.fingerprint()
    time.sleep(0.02)
    change(root)
    after = publisher.fingerprint()
    assert after != before
    assert publisher.fingerprint() == after


def test_a_change_in_a_folder_made_by_someone_else_shows_in_the_fingerprint(tmp_path: Path) -> None:
    publisher = folder(tmp_path)
    publisher.fingerprint()
    time.sleep(0.02)
    (tmp_path / "new").mkdir()
    before = publisher.fingerprint()
    time.sleep(0.02)
    (tmp_path / "new" / "a").touch()
    assert publisher.fingerprint() != before


def test_permissions_of_a_replaced_file_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    """O5"""
    publisher = folder(tmp_path)
    before = os.umask(0o027)
    try:
        publisher.put([document("a", b"1"), document("b", b"1")])
        (tmp_path / "a").chmod(0o664)
        if os.geteuid() == 0:
            os.chown(tmp_path / "a", 1234, 2345)
        publisher.put([document("a", b"2"), document("b", b"2"), document("c", b"2")])
    finally:
        os.umask(before)
    assert {name: (tmp_path / name).stat().st_mode & 0o7777 for name in "abc"} == {"a": 0o664, "b": 0o640, "c": 0o640}
    if os.geteuid() == 0:
        assert ((tmp_path / "a").stat().st_uid, (tmp_path / "a").stat().st_gid) == (1234, 2345)


@pytest.mark.parametrize("ahead", [0, 3600])
def test_each_version_of_a_document_is_of_a_later_second_even_if_the_clock_was_set_back(tmp_path: Path, ahead: int) -> None:
    """T3, rule 37: readers that go by Last-Modified see that it is another one."""
    publisher = folder(tmp_path)
    publisher.put([document("a", b"1")])
    when = int(time.time()) + ahead
    os.utime(tmp_path / "a", (when, when))
    publisher.put([document("a", b"2")])
    publisher.put([document("a", b"3")])
    assert int((tmp_path / "a").stat().st_mtime) >= when + 2


def test_an_owner_that_may_not_be_given_is_no_reason_to_fail(tmp_path: Path) -> None:
    """O5"""
    if os.geteuid():
        pytest.skip("only root can make a file of someone else")
    publisher = folder(tmp_path)
    publisher.put([document("a", b"1")])
    os.chown(tmp_path / "a", 1234, 2345)
    (tmp_path / "a").chmod(0o600)
    assert powerless(lambda: publisher.put([document("a", b"2")])).written == ("a",)
    assert publisher.get("a") == b"2"


def test_a_put_of_the_same_bytes_over_an_unreadable_file_writes_it_anew(tmp_path: Path) -> None:
    publisher = folder(tmp_path)
    publisher.put([document("a")])
    (tmp_path / "a").chmod(0)
    if os.geteuid() == 0:
        os.chown(tmp_path / "a", 1234, 2345)
    assert powerless(lambda: publisher.put([document("a")])).written == ("a",)


def test_a_removed_target_is_made_again(tmp_path: Path) -> None:
    """O3: and locked again, also in the middle of a lock."""
    root = tmp_path / "some" / "output"
    publisher = folder(root)
    with publisher.lock():
        publisher.put([document("a")])
        shutil.rmtree(root)
        assert publisher.get("a") is None
        assert publisher.put([document("a")]).written == ("a",)
        with pytest.raises(Busy), folder(root).lock():
            pass
    with folder(root).lock():
        pass


def test_a_target_someone_else_took_meanwhile_is_left_to_them(tmp_path: Path) -> None:
    """O3, S6"""
    root = tmp_path / "output"
    publisher, other = folder(root), folder(root)
    with publisher.lock():
        shutil.rmtree(root)
        with other.lock(), pytest.raises(Busy):
            publisher.put([document("a")])
    assert tree(root) == {}


def test_the_target_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "output").symlink_to("www")
    publisher = folder(tmp_path / "output")
    publisher.put([document("articles/a")])
    assert publisher.get("articles/a") == b"body"
    assert (tmp_path / "www" / "articles" / "a").read_bytes() == b"body"
    assert publisher.stats().keys() == {"articles/a"}


def test_links_in_the_output_are_replaced_or_refused_but_never_followed(tmp_path: Path) -> None:
    """H2"""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"body")
    root = tmp_path / "output"
    root.mkdir()
    (root / "a").symlink_to(outside / "secret")
    (root / "articles").symlink_to(outside)
    publisher = folder(root)
    assert publisher.get("a") is None
    assert publisher.get("articles/secret") is None
    assert publisher.stats() == {}
    assert publisher.stats(["a", "articles/secret"]) == {}
    assert publisher.put([document("a")], ["articles/secret"]) == Put(("a",), (), 0)
    assert not (root / "a").is_symlink()
    with pytest.raises(PublishError, match=r"articles/b: .*symbolic link"):
        publisher.put([document("a", b"new"), document("articles/b")])
    assert publisher.get("a") == b"body"
    assert tree(outside) == {"secret": b"body"}


def test_a_folder_where_a_document_belongs_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").mkdir()
    publisher = folder(tmp_path)
    with pytest.raises(PublishError, match=r"feed\.xml: Is a directory: a folder is where a file is needed"):
        publisher.put([document("a"), document("feed.xml")])
    with pytest.raises(PublishError, match="Is a directory"):
        publisher.put([], ["feed.xml"])
    assert tree(tmp_path).keys() == {"feed.xml"}


def test_a_file_where_a_folder_belongs_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "articles").write_text("mine")
    with pytest.raises(PublishError, match="articles/x/a: Not a directory: a file or symbolic link is where a folder is needed"):
        folder(tmp_path).put([document("new/b"), document("articles/x/a")])
    assert tree(tmp_path) == {"articles": b"mine"}


def test_a_pipe_where_a_document_belongs_is_replaced_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    publisher = folder(tmp_path)
    assert publisher.get("a") is None
    assert publisher.put([document("a", b"")]).written == ("a",)


def test_leftovers_of_a_killed_process_are_swept_once_under_the_lock(tmp_path: Path) -> None:
    """O9: even those of a process with our own number, as in a container that was started again."""
    left = [tmp_path / f".feeder-{os.getpid()}-0.tmp", tmp_path / "articles" / ".feeder-999999-12.tmp"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    publisher = folder(tmp_path)
    assert publisher.stats() == {}
    publisher.put([document("a")])
    assert tree(tmp_path).keys() == {"articles", "a"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB and 20 inodes."""
    root = tmp_path / "small"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=20", "none", str(root)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting needs root and a kernel that lets it")
    yield root
    subprocess.run(["umount", str(root)], check=True)


@pytest.mark.parametrize(
    "documents",
    [
        [document("a", b"new"), document("big", b"x" * 100_000)],
        [document("new/a", b"x" * 30_000), document("new/b", b"y" * 30_000)],
        [document("a", b"new"), *(document(f"new/{number}", b"n") for number in range(20))],
    ],
    ids=["a short write", "the second document", "no inode"],
)
def test_a_full_disk_leaves_the_old_documents_and_nothing_else(small: Path, documents: list[Document]) -> None:
    """O1, O7, O12: and once there is room, the same put works."""
    publisher = folder(small)
    publisher.put([document("a", b"old"), document("ballast", b"b" * 8192)])
    before = tree(small)
    with pytest.raises(PublishError, match=r"No space left on device: free some space or inodes"):
        publisher.put(documents, ["ballast"])
    assert tree(small) == before
    subprocess.run(["mount", "-o", "remount,size=1m,nr_inodes=100", str(small)], check=True)
    assert publisher.put(documents).written == tuple(document.path for document in documents)


def test_a_full_disk_keeps_no_one_from_the_lock(small: Path) -> None:
    """O1: a service that cannot write still serves."""
    publisher = folder(small)
    publisher.put([])
    (small / ".feeder.lock").write_bytes(b"")
    with (small / "full").open("wb", buffering=0) as file:
        assert file.write(b"x" * 100_000) < 100_000
    with publisher.lock(), pytest.raises(Busy, match="another process publishes here"), folder(small).lock():
        pass


def test_a_read_only_disk_is_an_error_that_says_so(small: Path) -> None:
    """O2: what is there can still be read."""
    publisher = folder(small)
    publisher.put([document("a")])
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    with pytest.raises(PublishError, match="Read-only file system: mount it writable"):
        publisher.put([document("a", b"new")])
    assert publisher.get("a") == b"body"


def test_a_folder_without_permission_is_an_error_that_says_so(tmp_path: Path) -> None:
    """O2"""
    publisher = folder(tmp_path)
    publisher.put([document("articles/a")])
    (tmp_path / "articles").chmod(0o555)
    with pytest.raises(PublishError, match="articles/b: Permission denied: let the user that runs feeder write there"):
        powerless(lambda: publisher.put([document("b"), document("articles/b")]))
    (tmp_path / "articles").chmod(0)
    for attempt in (lambda: powerless(lambda: publisher.get("articles/a")), lambda: powerless(publisher.stats)):
        with pytest.raises(PublishError, match="Permission denied"):
            attempt()
    (tmp_path / "articles").chmod(0o755)
    assert publisher.stats().keys() == {"articles/a"}


MANY = [document(f"articles/{number}") for number in range(20)]


@pytest.mark.parametrize(
    ("call", "code", "documents", "message"),
    [
        ("write", errno.EDQUOT, [document("new/a")], "new/a: Disk quota exceeded: the disk quota of this user is used up"),
        ("write", errno.ENOSPC, [document("new/a")], "new/a: No space left on device: free some space"),
        ("fsync", errno.EIO, [document("new/a")], "new/a: Input/output error: the disk reports an error"),
        ("syncfs", errno.EIO, [document("a", b"new"), *MANY], "Input/output error: the disk reports an error"),
        ("renameat", errno.EXDEV, [document("a", b"new"), *MANY], "a: Invalid cross-device link: it is a mount of its own"),
        ("renameat", errno.EBUSY, [document("a", b"new")], "a: Device or resource busy: it is a mount of its own"),
    ],
)
def test_a_kernel_that_refuses_changes_nothing_and_the_next_put_works(
    tmp_path: Path, call: str, code: int, documents: list[Document], message: str
) -> None:
    """O1, O6, O8, O12: after a failed fsync the bytes are written anew, to a new file."""
    publisher = folder(tmp_path)
    publisher.put([document("a", b"old")])
    inode = (tmp_path / "a").stat().st_ino
    with pytest.raises(PublishError, match=message):
        refused(call, code, lambda: publisher.put(documents))
    assert tree(tmp_path) == {"a": b"old"}
    assert (tmp_path / "a").stat().st_ino == inode
    assert len(publisher.put(documents).written) == len(documents)


def test_a_kernel_without_descriptors_is_an_error_that_says_so(tmp_path: Path) -> None:
    """O1"""
    publisher = folder(tmp_path)
    with pytest.raises(PublishError, match="Too many open files"):
        refused("openat", errno.EMFILE, lambda: publisher.put([document("a")]))


def test_a_file_system_without_locks_is_an_error_that_says_so(tmp_path: Path) -> None:
    """S6"""
    with pytest.raises(PublishError, match="cannot lock files"):
        refused("flock", errno.ENOLCK, lambda: folder(tmp_path).put([document("a")]))


def test_an_old_kernel_without_syncfs_syncs_everything(tmp_path: Path) -> None:
    assert len(refused("syncfs", errno.ENOSYS, lambda: folder(tmp_path).put(MANY)).written) == 20


def test_many_removals_in_many_folders_are_made_durable_too(tmp_path: Path) -> None:
    publisher = folder(tmp_path)
    documents = [document(f"tags/{number}/{name}") for number in range(20) for name in "ab"]
    publisher.put(documents)
    assert len(publisher.put([], [document.path for document in documents if document.path.endswith("a")]).removed) == 20
    assert len(publisher.stats()) == 20


def test_a_failed_put_leaves_no_descriptor_open(tmp_path: Path) -> None:
    publisher = folder(tmp_path)
    publisher.put([document("x/a")])
    before = len(os.listdir("/proc/self/fd"))
    for call in ("write", "fsync", "renameat"):
        with pytest.raises(PublishError):
            refused(call, errno.EIO, lambda: publisher.put([document("x/b"), document("y/c")]))
    with pytest.raises(PublishError):
        publisher.put([document("x/a/b")])
    publisher.get("x/a")
    publisher.stats()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_put_holds_names_and_never_bodies(tmp_path: Path) -> None:
    """A cold build is larger than memory should be: forty bodies take the room of a few."""
    size = 256 * 1024
    tracemalloc.start()
    try:
        put = folder(tmp_path).put(document(str(number), bytes([number]) * size) for number in range(40))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(put.written) == 40
    assert peak < 5 * size


def test_readers_never_see_a_torn_document(tmp_path: Path) -> None:
    """O4"""
    publisher = folder(tmp_path)
    versions = {letter * 200_000 for letter in (b"a", b"b")}
    publisher.put([document("feed.xml", b"a" * 200_000)])
    seen: set[bytes] = set()
    stop = threading.Event()

    def poll() -> None:
        while not stop.is_set():
            seen.add((tmp_path / "feed.xml").read_bytes())

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for _ in range(20):
            for version in versions:
                publisher.put([document("feed.xml", version)])
    finally:
        stop.set()
        reader.join()
    assert seen <= versions


# -- other processes ----------------------------------------------------------------------------------------------------------

SCRIPT = """
import sys
from pathlib import Path
from feeder.model import Document
from feeder.publishers.folder import FolderPublisher
def documents():
    for number in range(2):
        yield Document(f"articles/{number}", "text/html", b"new" * 1000)
    yield Document("feed.xml", "application/atom+xml", b"new" * 1000)
FolderPublisher(Path(sys.argv[1]), check=lambda path, body: None).put(documents(), ["gone"])
"""
OLD = [*(document(f"articles/{number}", b"old" * 1000) for number in range(2)), document("feed.xml", b"old" * 1000), document("gone")]
NEW = [*(document(f"articles/{number}", b"new" * 1000) for number in range(2)), document("feed.xml", b"new" * 1000)]


@pytest.mark.parametrize(("call", "when"), [("renameat", 1), ("renameat", 2), ("renameat", 3), ("unlinkat", 1), ("fsync", 2), ("fsync", 4)])
def test_a_kill_leaves_whole_documents_and_the_next_put_heals(tmp_path: Path, call: str, when: int) -> None:
    """S7, O4, O9, O10: before, between and after the renames; the feed is never newer than its pages."""
    strace = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
    if not shutil.which("strace") or subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("strace is missing or may not trace here")
    root = tmp_path / "output"
    publisher = folder(root)
    publisher.put(OLD)
    killed = subprocess.run([*strace, sys.executable, "-c", SCRIPT, str(root)], cwd=REPO, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    bodies = [publisher.get(document.path) for document in NEW]
    assert set(bodies) <= {b"old" * 1000, b"new" * 1000}
    assert bodies[-1] == b"old" * 1000 or set(bodies) == {b"new" * 1000}
    publisher.put(NEW, ["gone"])
    assert tree(root) == {"articles": b"", **{document.path: document.body for document in NEW}}


HOLD = """
import sys
from pathlib import Path
from feeder.publishers.folder import FolderPublisher
with FolderPublisher(Path(sys.argv[1]), check=lambda path, body: None).lock():
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_publishes_here_and_a_dead_one_locks_nobody_out(tmp_path: Path) -> None:
    """S6, J7"""
    root = tmp_path / "output"
    publisher = folder(root)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(root)], cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(Busy, match=rf"{root}: process {holder.pid} \(since \d{{4}}-.*Z\) publishes here already") as caught:
            publisher.put([document("a")])
        assert caught.value.exit_code == 75
    finally:
        holder.kill()
        holder.communicate()
    assert (root / ".feeder.lock").exists()
    assert publisher.put([document("a")]).written == ("a",)
