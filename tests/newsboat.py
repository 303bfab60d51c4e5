"""newsboat, a reader of feeds for terminals, as a subscriber that tests can look into."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

__all__ = ["Newsboat"]


class Newsboat:
    """newsboat with nothing but its own files, and what it keeps of one feed."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder, self.address = folder, address
        folder.mkdir()
        (folder / "urls").write_text(f"{address}\n")
        (folder / "config").write_text(f'reload-threads 1\nreset-unread-on-update "{address}"\n')

    def poll(self) -> None:
        """Reload all feeds, as its timer does."""
        command = ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"]
        environ = {**os.environ, "HOME": str(self._folder), "TERM": "dumb", "NO_PROXY": "*", "no_proxy": "*"}
        subprocess.run(command, cwd=self._folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)

    def items(self) -> dict[str, str]:
        """The title of each entry it keeps, by guid."""
        return dict(self.rows())

    def rows(self) -> list[tuple[str, str]]:
        """The guid and the title of each entry it keeps, as often as it keeps it."""
        return self._ask("SELECT guid, title FROM rss_item WHERE deleted = 0")

    def read(self) -> set[str]:
        """The guids of what it shows as unread; afterwards all is read."""
        unread = {guid for guid, _ in self._ask("SELECT guid, title FROM rss_item WHERE unread = 1 AND deleted = 0")}
        self._ask("UPDATE rss_item SET unread = 0")
        return unread

    def _ask(self, query: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self._folder / "cache.db")) as cache, cache:
            return cache.execute(query).fetchall()
