"""What the pages of docs/ tell their readers to type and to write, done as it stands there, in order, in an empty folder.

A block of `sh` is run and must succeed; one of `console` must also say what is printed below its commands (… stands for anything). A block
whose first line names a file after its language, as in "```toml feeder.toml", is that file. `feeder run` and `feeder serve` stay until the
page ends. Programs that need another machine, root or a container are not run: what they are asked is kept and looked at in a test of its own.
"""

from __future__ import annotations

import re
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shell import ROOT, Shell

DOCS = ROOT / "docs"
PAGES = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HERE = "http://127.0.0.1:8000/"
PATIENCE = 15.0  # seconds for which a command that asks a service is asked again
ELSEWHERE = ("docker", "systemctl", "rsync", "useradd", "journalctl", "ollama", "certbot")


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    language: str
    file: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(page.read_text("utf-8"))]


class Desk:
    """Whoever works through a page."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.shell = Shell(folder / "notes", folder / "programs")
        self.shell.feeder()
        self.shell.program("sudo", '#!/bin/sh\nexec "$@"\n')
        for name in ELSEWHERE:
            self.shell.program(name, f'#!/bin/sh\necho {name} "$@" >> {folder}/elsewhere\n')
        if newsboat := shutil.which("newsboat"):
            self.shell.program("newsboat", f'#!/bin/sh\nexec {newsboat} "$@" -x reload\n')  # the same without its screen
        for name in ("input", "docs/deploy"):
            shutil.copytree(ROOT / name, folder / "project" / name)
        self._stack = stack
        self._page = HERE

    def do(self, block: Block) -> None:
        text = block.text.replace(HERE, self._page)
        if block.file:
            file = self.shell.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        elif block.language == "console":
            self._converse(text)
        elif block.language == "sh":
            self._type(text)

    def _type(self, text: str) -> None:
        *before, last = text.strip().split("\n")
        if re.fullmatch(r"(sudo -u \w+ )?feeder (run|serve)\b[^&|;]*", last):
            if before:
                self.shell.run("\n".join(before))
            self._page = self._stack.enter_context(self.shell.running(last))
            return
        self._until_it_is_so(lambda: self.shell.start(text).wait(60) == 0, text, again="curl" in text or "feeder status" in text)

    def _converse(self, text: str) -> None:
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            expected = re.compile(".*".join(map(re.escape, said.split("…"))), re.DOTALL)

            def answered(command: str = command, expected: re.Pattern[str] = expected) -> bool:
                self.shell.start(command).wait(60)
                return bool(expected.fullmatch(self.shell.log.read_text()))

            self._until_it_is_so(answered, text, again=True)

    def _until_it_is_so(self, done: object, text: str, *, again: bool) -> None:
        assert callable(done)
        end = time.monotonic() + PATIENCE
        while not done():
            if not again or time.monotonic() > end:
                pytest.fail(f"{text}\n{self.shell.log.read_text()}")
            time.sleep(0.2)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_says_works_as_it_stands_there(page: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        desk = Desk(tmp_path, stack)
        for block in blocks(page):
            desk.do(block)


def test_every_page_is_reachable_from_the_readme() -> None:
    """Directly, or from the page that lists the how-tos."""
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in (*PAGES, *DOCS.glob("*.md")):
        assert page.relative_to(ROOT).as_posix() in readme, page


def test_no_page_leads_nowhere() -> None:
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
