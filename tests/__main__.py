"""The one check command: `python -m tests [--quick | --exhaustive] [STEP …]`. Runs every step, then lists those that failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).parent.parent
CORE = (
    "changes.py",
    "edition/*",
    "facets.py",
    "feeds.py",
    "text.py",
    "model.py",
    "ledger/*",
)  # decides and remembers what subscribers see: no branch untested
PYTEST = ("pytest", "-n", "2", "--dist", "worksteal")
COVERED = ("--cov=feeder", "--cov-branch", "--cov-report=")
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
STEPS: dict[str, tuple[str, ...]] = {
    "format": ("-m", "ruff", "format", "--check", "."),
    "lint": ("-m", "ruff", "check", "."),
    "types": ("-m", "mypy"),
    "contract": ("-c", LINT_IMPORTS),
    "docs": ("-m", "pytest", "tests/test_house.py", "tests/test_readme.py", "-k", "readme or note or link"),
    "tests": ("-m", *PYTEST, "-m", "not slow", *COVERED),
    "coverage": ("-m", "coverage", "report", "--fail-under=95"),
    "core": ("-m", "coverage", "report", "--fail-under=100", "--include=" + ",".join(f"feeder/{name}" for name in CORE)),
}
EXHAUSTIVE = {**STEPS, "tests": ("-m", *PYTEST, *COVERED)}
QUICK = {**STEPS, "tests": ("-m", *PYTEST, "-m", "not slow")}


def main() -> int:
    """Run the steps that were asked for, or all; return 1 if one failed."""
    parser = ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--quick", action="store_true", help="without coverage")
    parser.add_argument("--exhaustive", action="store_true", help="with the tests marked slow: every system call of a cycle killed, and the like")
    asked = parser.parse_args()
    if unknown := set(asked.steps) - STEPS.keys():
        parser.error(f"no such step: {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    chosen = QUICK if asked.quick else EXHAUSTIVE if asked.exhaustive else STEPS
    steps = {name: step for name, step in chosen.items() if name in (asked.steps or _all(quick=asked.quick))}
    failures = {name: said for name, step in steps.items() if (said := _failure(name, step)) is not None}
    for name, said in failures.items():
        _say(f"\n--- {name} ---\n{said}")
    _say(f"\n{len(failures)} of {len(steps)} steps failed: {', '.join(failures)}" if failures else f"\nall {len(steps)} steps passed")
    return 1 if failures else 0


def _all(*, quick: bool) -> set[str]:
    return STEPS.keys() - ({"coverage", "core"} if quick else set())


def _failure(name: str, step: tuple[str, ...]) -> str | None:
    """Run one step and print a line about it; return what it said if it failed."""
    began = time.monotonic()
    run = subprocess.run([sys.executable, *step], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=_environment(), check=False)
    closing = next((row for row in reversed(run.stdout.splitlines()) if row.strip()), "")
    _say(f"{'ok    ' if run.returncode == 0 else 'FAILED'} {name:<9}{time.monotonic() - began:7.1f} s  {closing.strip('= ')}")
    return None if run.returncode == 0 else run.stdout + run.stderr


def _environment() -> dict[str, str]:
    """This one without the configuration that somebody keeps in it for a Feeder of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FEEDER_")}


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the report is what this program is for


if __name__ == "__main__":
    sys.exit(main())
