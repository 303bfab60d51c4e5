"""Stand-ins for faults: targets in memory, and a kernel that refuses. Everything else in the tests is the real thing."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from feeder.errors import Busy, PublishError
from feeder.model import Document
from feeder.publishers import Put, located

__all__ = ["FailingPublisher", "MemoryPublisher", "powerless", "refused"]

T = TypeVar("T")

# The numbers of the system calls; others are easily added.
_CALLS = {
    "x86_64": {"write": 1, "fcntl": 72, "flock": 73, "fsync": 74, "link": 86, "getdents64": 217, "openat": 257, "renameat": 264, "syncfs": 306},
    "aarch64": {"write": 64, "fcntl": 25, "flock": 32, "fsync": 82, "link": 37, "getdents64": 61, "openat": 56, "renameat": 38, "syncfs": 267},
}


@dataclass
class MemoryPublisher:
    """A Publisher in memory. `documents` is path -> (body, number of the put that wrote it); tests may change it as "someone else"."""

    check: Callable[[str, bytes], None] = lambda path, body: None
    documents: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    puts: int = 0
    locked: bool = False

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        gone = dict.fromkeys(path for path in remove if located(path))
        fresh, unchanged, seen = {}, 0, set()
        for document in documents:
            located(document.path)
            if document.path in seen:
                raise PublishError(f"{document.path}: two documents with one path in one put")
            seen.add(document.path)
            if self.get(document.path) == document.body:
                unchanged += 1
            else:
                self.check(document.path, document.body)
                fresh[document.path] = document.body
        self.puts += 1
        self.documents |= {path: (body, self.puts) for path, body in fresh.items()}
        removed = tuple(path for path in gone if path not in seen and path in self.documents)
        self.documents = {path: there for path, there in self.documents.items() if path not in removed}
        return Put(tuple(fresh), removed, unchanged)

    def get(self, path: str) -> bytes | None:
        located(path)
        return self.documents[path][0] if path in self.documents else None

    def stats(self, paths: Iterable[str] | None = None) -> Mapping[str, tuple[int, int]]:
        wanted = self.documents if paths is None else paths
        return {path: (len(self.documents[path][0]), self.documents[path][1]) for path in wanted if path in self.documents}

    def fingerprint(self) -> object:
        return frozenset(self.documents)

    @contextmanager
    def lock(self) -> Iterator[None]:
        if self.locked:
            raise Busy(f"memory: process {os.getpid()} publishes here already")
        self.locked = True
        try:
            yield
        finally:
            self.locked = False


class FailingPublisher(MemoryPublisher):
    """Fails once, at the `k`-th document it is ever given (from 1), as a disk does in the middle of the renames: those before it are out."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self.left = k

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        before: list[Document] = []
        for document in documents:
            self.left -= 1
            if self.left == 0:
                super().put(before)
                raise PublishError(f"{document.path}: no space left on device: free some space")
            before.append(document)
        return super().put(before, remove)


def refused(call: str, code: int, function: Callable[[], T]) -> T:
    """What `function` gives in a thread in which the kernel answers the system call `call` with the error `code`, each time."""
    number = _CALLS.get(platform.machine(), {}).get(call)
    if number is None:
        pytest.skip(f"the number of {call} on {platform.machine()} is not known here")
    return _apart(lambda: _filter(number, code), function)


def powerless(function: Callable[[], T]) -> T:
    """What `function` gives in a thread to which permissions apply, even when the tests run as root."""
    return _apart(_drop, function)


def _apart(prepare: Callable[[], None], function: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1, initializer=prepare) as pool:
        return pool.submit(function).result()


def _filter(number: int, code: int) -> None:
    """Seccomp, see seccomp(2): load the call's number; if it is ours, fail with `code`; else allow."""
    steps = ((0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | code), (0x06, 0, 0, 0x7FFF0000))
    program = b"".join(operation.to_bytes(2, "little") + bytes((yes, no)) + value.to_bytes(4, "little") for operation, yes, no, value in steps)
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, mode_filter = 38, 22, 2
    libc.prctl(no_new_privileges, 1, 0, 0, 0)
    if libc.prctl(set_seccomp, mode_filter, ctypes.byref(Program(len(steps), ctypes.addressof(buffer)))):
        raise OSError(ctypes.get_errno(), "seccomp")


def _drop() -> None:
    """Give up all capabilities of this thread, see capset(2): root is then an owner like any other."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        if libc.capset(header, (ctypes.c_uint32 * 6)()):
            raise OSError(ctypes.get_errno(), "capset")
