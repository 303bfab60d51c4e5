"""Publishes into one ZIP file: the old one or the new one, and nothing between."""

import fcntl
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from feeder.errors import Busy, PublishError
from feeder.model import Document
from feeder.publishers import Put, located

FEEDER_INTERFACE = 1


@dataclass
class Zip:
    """A Publisher into the archive `path`."""

    path: Path = field(metadata={"help": "the archive, below the folder of feeder.toml"})

    def put(self, documents: Iterable[Document], remove: Iterable[str] = ()) -> Put:
        there, gone = self._read(), [path for path in remove if located(path)]
        written: list[str] = []
        seen: set[str] = set()
        for document in documents:
            located(document.path)  # refuses what could leave the target
            if document.path in seen:
                raise PublishError(f"{document.path}: two documents with one path")
            seen.add(document.path)
            if there.get(document.path) != document.body:
                there[document.path] = document.body
                written.append(document.path)
        removed = [path for path in gone if path not in seen and there.pop(path, None) is not None]
        if written or removed:
            self._write(there)
        return Put(tuple(written), tuple(removed), len(seen) - len(written))

    def get(self, path: str) -> bytes | None:
        located(path)
        if not any(info.filename == path for info in self._infos()):
            return None
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(path)

    def stats(self, paths: Iterable[str] | None = None) -> Mapping[str, tuple[int, int]]:
        """The checksum stands in for a time: it is another one when the document is, and that is what it is asked for."""
        asked = None if paths is None else set(paths)
        return {info.filename: (info.file_size, info.CRC) for info in self._infos() if asked is None or info.filename in asked}

    def fingerprint(self) -> object:
        try:
            here = self.path.stat()
        except FileNotFoundError:
            return None
        return here.st_ino, here.st_mtime_ns, here.st_size

    @contextmanager
    def lock(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f".{self.path.name}.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise Busy(f"{self.path}: process {file.read().strip()} publishes here already") from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _infos(self) -> list[zipfile.ZipInfo]:
        if not self.path.exists():
            return []
        with zipfile.ZipFile(self.path) as archive:
            return archive.infolist()

    def _read(self) -> dict[str, bytes]:
        if not self.path.exists():
            return {}
        with zipfile.ZipFile(self.path) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}

    def _write(self, documents: Mapping[str, bytes]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f".{self.path.name}.new")
        try:
            with beside.open("wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                    for path, body in sorted(documents.items()):
                        archive.writestr(zipfile.ZipInfo(path), body, zipfile.ZIP_DEFLATED)  # dated 1980: the same documents, the same bytes
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            raise PublishError(f"{self.path} cannot be written: {error.strerror}") from error
