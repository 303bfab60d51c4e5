"""The media that articles show, each under the digest of its bytes, beside the ledger: so that they outlive their sources. It decides nothing.

A medium is written whole (temporary file, fsync, rename) and never changed. What the ledger says about one that is not here is healed by
reading its source again; what is here and nobody shows any more is taken away.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from feeder.errors import LedgerError

__all__ = ["Store", "Trial"]

_TEMP = ".part"


class Store:
    """The media in `folder`, which is made when the first is put. Only the one who holds the ledger's lock is `writing`; others look."""

    def __init__(self, folder: Path, *, writing: bool) -> None:
        self._folder = folder
        self._writing = writing
        self._names: set[str] | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._held()

    def put(self, name: str, body: bytes) -> None:
        """Keep a medium. Raises LedgerError where the disk refuses."""
        if not self._writing or name in self._held():
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temp = self._folder / f"{name}{_TEMP}"
            with temp.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            temp.rename(self._folder / name)
            self._sync(self._folder)
        except OSError as error:
            raise LedgerError(f"{self._folder / name}: {error.strerror}; see that its disk is not full and can be written") from error
        self._held().add(name)

    def read(self, name: str) -> bytes:
        """The bytes of a medium. Raises LedgerError where it is not to be had."""
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            self._names = None
            raise LedgerError(f"{self._folder / name}: {error.strerror}; the next look reads its source again") from error

    def keep_only(self, names: Iterable[str]) -> None:
        """Take away every other medium."""
        if not self._writing:
            return
        for name in self._held() - set(names):
            with suppress(OSError):
                (self._folder / name).unlink()
            self._held().discard(name)

    def _held(self) -> set[str]:
        if self._names is None:
            there = list(self._folder.iterdir()) if self._folder.is_dir() else []
            self._names = {file.name for file in there if not file.name.endswith(_TEMP)}
            for file in (file for file in there if self._writing and file.name.endswith(_TEMP)):
                with suppress(OSError):  # of a process that was killed: nobody else writes here (O9)
                    file.unlink()
        return self._names

    @staticmethod
    def _sync(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class Trial(Store):
    """A store to rehearse with: what is put goes into the folder `spare`, what is there stays."""

    def __init__(self, folder: Path, spare: Path) -> None:
        super().__init__(folder, writing=False)
        self._spare = Store(spare, writing=True)

    def __contains__(self, name: str) -> bool:
        return name in self._spare or super().__contains__(name)

    def put(self, name: str, body: bytes) -> None:
        """See Store.put."""
        if name not in self:
            self._spare.put(name, body)

    def read(self, name: str) -> bytes:
        """See Store.read."""
        return self._spare.read(name) if name in self._spare else super().read(name)
