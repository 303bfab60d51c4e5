"""A person's shell in a folder of their own, with `feeder` in it, for tests of what the documentation tells them to type."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from feeder.ledger import holder

__all__ = ["Shell", "got", "until"]

ROOT = Path(__file__).parent.parent


class Shell:
    """bash in `folder`, with programs of ours before those of the machine. Servers take any free port."""

    def __init__(self, folder: Path, programs: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        programs.mkdir()
        self.folder = folder
        self.log = programs.with_name("log")
        self._programs = programs

    def program(self, name: str, text: str) -> None:
        """Put a program before those of the machine."""
        file = self._programs / name
        file.write_text(text)
        file.chmod(0o755)

    def feeder(self) -> None:
        """Put `feeder` there, as an installation does, and a `pip` that installs packages of plugins beside it, without a network."""
        site = self._programs.with_name("site")
        self.program("feeder", f'#!/bin/sh\nPYTHONPATH={site}:$PYTHONPATH exec {sys.executable} -m feeder "$@"\n')
        self.program("pip", f'#!/bin/sh\nexec {sys.executable} -m tests.plugs {site} "$@"\n')

    def start(self, command: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        """Give a command to the shell."""
        around = {name: value for name, value in os.environ.items() if not name.startswith(("FEEDER_", "COVERAGE", "XDG_"))}
        path = os.pathsep.join([str(self._programs), os.environ["PATH"]])
        environ = {**around, "PATH": path, "PYTHONPATH": str(ROOT), "FEEDER_SERVE__PORT": "0", "HOME": str(self.folder), "TERM": "dumb"}
        with (log or self.log).open("wb") as file:
            return subprocess.Popen(["bash", "-euc", command], cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def run(self, command: str) -> str:
        """Give a command to the shell and return what it says. It must not fail."""
        assert self.start(command).wait(60) == 0, f"{command}\n{self.log.read_text()}"
        return self.log.read_text()

    @contextmanager
    def running(self, command: str) -> Iterator[str]:
        """A service that a command starts, by the address of its page."""
        log = self.log.with_name("service")
        shell = self.start(command, log)
        try:
            until(lambda: "Ctrl-C" in log.read_text() or shell.poll() is not None)
            said = log.read_text()
            found = re.search(r"^All feeds: (\S+)$", said, re.MULTILINE) or re.search(r"^  page  (\S+)$", said, re.MULTILINE)
            assert found, log.read_text()
            yield found[1]
        finally:
            pid = holder(self.folder / ".feeder")
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
            else:
                shell.terminate()
            shell.wait(30)
        assert shell.returncode in (0, -signal.SIGTERM), log.read_text()


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until it holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def got(address: str) -> str:
    """What is at an address, empty while there is nothing."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return str(answer.read(), "utf-8")
    except urllib.error.HTTPError as refused:
        refused.close()
        return ""
