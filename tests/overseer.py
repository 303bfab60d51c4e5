"""A service manager for tests: it starts a real `feeder run`, hears what it says (sd_notify), and can hold its cycles back."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ARTICLE", "Overseen", "overseen", "until"]

ARTICLE = "A day at the river\n\nThe river was high after the rain, and nobody had expected the ducks.\n"

# A summarizer that is installed for real, entry point and all: it makes the same extracts, but waits while there is a file `hold`.
WAITS = """
import pathlib, time
from feeder.summarizers.extractive import summarize as extract

def summarize(article):
    pathlib.Path("asked").touch()
    while pathlib.Path("hold").exists():
        time.sleep(0.02)
    return extract(article)
"""


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until it holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def _plugin(folder: Path) -> None:
    about = folder / "waits-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "waits.py").write_text(WAITS)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: waits\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[feeder.summarizers]\nwaits = waits:summarize\n")


class Overseen:
    """A service and all that its manager heard, each with the second it came at."""

    def __init__(self, folder: Path, way: socket.socket, process: subprocess.Popen[str]) -> None:
        self.folder, self.process = folder, process
        self.heard: list[tuple[float, dict[str, str]]] = []
        self._way = way

    def listen(self, seconds: float = 0.0) -> None:
        """Take in what was said, for so long."""
        end = time.monotonic() + seconds
        while select.select([self._way], [], [], max(end - time.monotonic(), 0))[0]:
            said = dict(line.split("=", 1) for line in self._way.recv(65536).decode().split("\n"))
            self.heard.append((time.monotonic(), said))

    def said(self, name: str) -> list[str]:
        """Every value of one state so far."""
        self.listen()
        return [states[name] for _, states in self.heard if name in states]

    def order(self, *names: str) -> list[str]:
        """Those of these states that were said, in their order."""
        self.listen()
        return [name for _, states in self.heard for name in states if name in names]

    def hold(self) -> None:
        """Have the next summary wait."""
        (self.folder / "hold").touch()

    def release(self) -> None:
        """Let summaries be made again."""
        (self.folder / "hold").unlink()

    def write(self, name: str, text: str = ARTICLE) -> None:
        """Put an article there."""
        (self.folder / "input" / name).write_text(text)

    def log(self) -> str:
        """All that it has logged."""
        return (self.folder / "log").read_text()

    def feed(self) -> str:
        """The feed as it is published; empty before."""
        file = self.folder / "output" / "feed.xml"
        return file.read_text() if file.exists() else ""

    def address(self) -> str:
        """Where its server is, from its greeting; waits for that."""
        until(lambda: re.search(r"page +(http\S+)", (self.folder / "out").read_text()))
        return re.search(r"page +(http\S+)", (self.folder / "out").read_text())[1]  # type: ignore[index]

    def stop(self) -> float:
        """Ask it to stop as a service manager does; return the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
        return time.monotonic() - began


@contextmanager
def overseen(
    folder: Path,
    toml: str = "",
    *,
    watchdog: float | None = None,
    abstract: bool = False,
    held: bool = False,
    arguments: tuple[str, ...] = (),
    before: tuple[str, ...] = (),
    **more: str,
) -> Iterator[Overseen]:
    """A `feeder run` in `folder` under a manager. `held`: its first summary waits. `before` starts it. `more` goes into its environment."""
    _plugin(folder / "site")
    (folder / "input").mkdir(exist_ok=True)
    (folder / "feeder.toml").write_text(f'[input]\nsettle = "100ms"\n[summary]\nkind = "waits"\n{toml}')
    if held:
        (folder / "hold").touch()
    name = f"@feeder-test-{os.getpid()}-{time.monotonic_ns()}" if abstract else str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.bind(f"\0{name[1:]}" if abstract else name)
        environ = {**os.environ, "PYTHONPATH": f"{Path(__file__).parent.parent}:{folder / 'site'}", "NOTIFY_SOCKET": name, **more}
        environ |= {"WATCHDOG_USEC": str(int(watchdog * 1_000_000))} if watchdog else {}
        command = [*before, sys.executable, "-m", "feeder", "run", "--port", "0", *arguments]
        with (folder / "out").open("w") as out, (folder / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, env=environ, stdout=out, stderr=log, stdin=subprocess.DEVNULL, text=True)
        try:
            yield Overseen(folder, way, process)
        finally:
            process.kill()
            process.wait()
