"""docs/reference.md is what the program says of itself, and names all there is to name."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from click.testing import CliRunner

from feeder.cli import main
from tests.reference import ENVIRONMENT, FILE, FILES, reference

ROOT = Path(__file__).parent.parent


def test_the_reference_is_what_the_program_says() -> None:
    """`python -m tests.reference` writes it."""
    assert FILE.read_text("utf-8") == reference()


def test_every_environment_variable_that_is_read_is_named() -> None:
    """All upper-case names in the source that are asked of an environment."""
    asked = set()
    for file in (ROOT / "feeder").rglob("*.py"):
        asked |= set(re.findall(r"environ(?:\.get\(|\[|\.pop\()\"([A-Z_]+)\"", file.read_text("utf-8")))
    assert {name for name in asked if not name.startswith("FEEDER_")} <= ENVIRONMENT.keys()


def test_every_file_that_is_made_is_named(tmp_path: Path) -> None:
    """By what init and build leave, below the folders that the table names."""
    for words in (["init"], ["build"]):
        subprocess.run([sys.executable, "-m", "feeder", *words], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    made = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    told = [f"{name}*" if name.endswith("/") else name for name in FILES] + [".feeder/ledger.db-*"]
    assert made
    assert {path for path in made if not any(fnmatch(path, pattern) for pattern in told)} == set()


def test_the_readme_leads_to_the_reference() -> None:
    assert "docs/reference.md" in (ROOT / "README.md").read_text("utf-8")


def test_the_help_of_every_command_is_in_the_reference() -> None:
    """Word for word, and each option."""
    page = " ".join(FILE.read_text("utf-8").split())
    for section in main.sections.values():
        for command in section:
            told = CliRunner().invoke(main, [command.name or "", "--help"], prog_name="feeder", terminal_width=100).stdout
            assert all(option in page for option in re.findall(r"--[a-z-]+", told))
