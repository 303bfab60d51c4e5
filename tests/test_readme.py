"""The README's sessions, run as they stand there. Only `python3 -m venv` is another one: its environment is the one of these tests."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.__main__ import STEPS
from tests.shell import Shell, got, until

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|console)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SETUP = "python3 -m venv .venv && .venv/bin/pip install -q "

# What `python3 -m venv .venv` makes here: the programs that a real one would hold, from the environment at hand.
VENV = f"""#!/bin/sh
test "$*" = "-m venv .venv" || exec {sys.executable} "$@"
mkdir -p .venv/bin && cd .venv/bin
printf '#!/bin/sh\\n' | tee pip feeder python > /dev/null
printf 'exec {sys.executable} -m feeder "$@"\\n' >> feeder
printf 'exec {sys.executable} "$@"\\n' >> python
chmod +x pip feeder python
"""


class Clone(Shell):
    """A copy of what the README speaks of, and a shell in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "feeder-notes", folder / "programs")
        shutil.copytree(ROOT / "input", self.folder / "input")
        self.program("python3", VENV)


def block(words: str) -> str:
    """The one block with these words in it."""
    (found,) = [text for _, text in BLOCKS if words in text]
    return str(found).strip()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_every_session_of_the_readme_is_run_here() -> None:
    """A new one needs its test."""
    tested = ("feeder run", "first-note.txt", "newsboat", "feeder check", "-m tests")
    assert len(BLOCKS) == len(tested)
    assert all(block(words) for words in tested)


def test_its_first_command_publishes_and_a_file_that_is_saved_then_follows(clone: Clone) -> None:
    """The whole of "Try it", with newsboat where it is installed."""
    with clone.running(block("feeder run")) as page:
        until(lambda: "What is a feed?" in got(page))
        clone.run(block("first-note.txt"))
        until(lambda: "A first note" in got(page + "feed.xml"))
        if newsboat := shutil.which("newsboat"):
            clone.program("newsboat", f'#!/bin/sh\nexec {newsboat} "$@" -x reload\n')  # the same without its screen
            assert "http://127.0.0.1:8000/feed.xml" in block("newsboat")
            clone.run(block("newsboat").replace("http://127.0.0.1:8000/", page))
            assert {"A first note", "What is a feed?"} <= _titles(clone.folder / "cache.db")
        session = [line for line in block("feeder check").splitlines() if line]
        assert clone.run(session[0].removeprefix("$ ")).splitlines() == session[1:]


def _titles(cache: Path) -> set[str]:
    with closing(sqlite3.connect(cache)) as kept:
        return {title for (title,) in kept.execute("SELECT title FROM rss_item")}


def test_its_second_command_runs_the_check_command(clone: Clone) -> None:
    """Here only to the help of it: these tests are a part of it."""
    shutil.copytree(ROOT / "tests", clone.folder / "tests", ignore=shutil.ignore_patterns("articles", "__pycache__"))
    told = clone.run(f"{block('-m tests')} --help")
    assert "usage: python -m tests" in told
    said = re.findall(r"`python -m tests ([a-z ]+)`", README)
    assert said
    assert {step for steps in said for step in steps.split()} <= STEPS.keys()


def test_its_two_commands_set_up_everything_and_ci_runs_the_second() -> None:
    """`.ci/run` takes the very line out of the README."""
    first, second = block("feeder run"), block("-m tests")
    assert first == f"{SETUP}. && .venv/bin/feeder run"
    assert second == f"{SETUP}-e '.[dev]' && .venv/bin/python -m tests"
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    taken = re.search(r"^command=\$\((grep .*) README\.md\)$", ci, re.MULTILINE)
    assert taken
    found = subprocess.run(["bash", "-c", f"{taken[1]} README.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == second
    assert 'bash -euo pipefail -c "${command//.venv/$work/venv}"' in ci


def test_its_articles_are_the_ones_in_the_folder() -> None:
    """Three to begin with, one of each kind."""
    assert "with three articles to begin with in [`input/`](input)" in README
    assert sorted(file.suffix for file in (ROOT / "input").iterdir()) == [".html", ".md", ".txt"]
