"""`python -m benchmarks`: Feeder beside its peers on the same articles in one run, as medians of paired runs. Prints one Markdown table.

What is counted is CPU (user and system, all threads) and peak memory of whole processes, as the kernel tells them to the parent that
waits; never wall time, which says more about the disk and the neighbours. In each round every program does the same thing before any
does the next, in turn forwards and backwards, and ratios are taken within a round: whatever slows the machine slows all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import corpus, peers

__all__ = ["main"]

ROOT = Path(__file__).parent.parent
SETTLE = 1.5  # seconds: more than Feeder waits for a file to settle, so that no program is measured while it waits
STEPS = ("cold build", "nothing changed", "one change")
CYCLES = 10
SMALL = {"python -c pass": ("-c", "pass"), "feeder --help": ("-m", "feeder", "--help"), "feeder status --json": ("-m", "feeder", "status", "--json")}


class Cost(NamedTuple):
    """What a process took: CPU in seconds, peak memory in megabytes."""

    cpu: float
    memory: float


Costs = dict[str, dict[str, list[Cost]]]
"""By step, by program, one for each round."""


def main() -> None:
    """Measure, and print."""
    asked = _asked()
    with TemporaryDirectory(prefix="feeder-bench-", dir=asked.folder) as folder:
        bench = Bench(Path(folder), asked.runs)
        bench.warm()
        results = {f"{size}": bench.size(size) for size in asked.sizes}
        small = bench.small(Path(folder) / str(asked.sizes[-1]))
    if asked.json:
        print(json.dumps({"sizes": results, "commands": small}, indent=1))
    else:
        print("\n".join(_table(results, small)))


def _asked() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description="Feeder beside its peers: CPU seconds and peak memory, medians of paired runs.")
    parser.add_argument("--sizes", type=lambda said: [int(size) for size in said.split(",")], default=[1000, 10000], help="numbers of articles")
    parser.add_argument("--runs", type=int, default=5, help="rounds at each size")
    parser.add_argument("--json", action="store_true", help="every single figure, as JSON")
    parser.add_argument("--folder", type=Path, help="where to work; a disk, not a network mount")
    return parser.parse_args()


class Bench:
    """One run in one folder, with `rounds` at each size."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self._folder = folder
        self._rounds = rounds
        self._programs = peers.programs()
        # Compiled code goes beside the corpus, so that a checkout stays clean.
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("FEEDER_", "PYTHON"))}
        self._environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}

    def warm(self) -> None:
        """One round nobody measures, for what only a first run has to do: compile, and bring programs from the disk."""
        list(self._round(self._site("warm", 20), 0))

    def size(self, count: int) -> dict[str, object]:
        """Everything with so many articles: whole processes, then the running service."""
        site = self._site(str(count), count)
        costs: Costs = {step: {program.name: [] for program in self._programs} for step in STEPS}
        for number in range(self._rounds):
            for step, name, cost in self._round(site, number):
                costs[step][name].append(cost)
            _note(f"{count} articles: {number + 1} of {self._rounds} rounds")
        cycles = ("-m", "benchmarks.service", ".", str(CYCLES), str(self._rounds))
        return {"processes": costs, "service": json.loads(self._run(site, (sys.executable, *cycles), capture=True)[1])}

    def small(self, site: Path) -> dict[str, list[Cost]]:
        """Commands people wait for, and bare Python to subtract, in a site that is published."""
        costs: dict[str, list[Cost]] = {name: [] for name in SMALL}
        for _ in range(4 * self._rounds):
            for name, arguments in SMALL.items():
                costs[name].append(self._run(site, (sys.executable, *arguments))[0])
        return costs

    def _site(self, name: str, count: int) -> Path:
        site = self._folder / name
        peers.furnish(site)
        corpus.write(site / "input", count)
        return site

    def _round(self, site: Path, number: int) -> Iterator[tuple[str, str, Cost]]:
        turn = self._programs if number % 2 else self._programs[::-1]
        for step in STEPS:
            if step == "one change":
                corpus.edit(site / "input", number)
            time.sleep(SETTLE)
            for program in turn:
                if step == "cold build":
                    program.forget(site)
                yield step, program.name, self._run(site, program.command)[0]

    def _run(self, site: Path, command: Sequence[str], *, capture: bool = False) -> tuple[Cost, bytes]:
        """Run a program to its end; raises RuntimeError with what it said when it fails."""
        with (self._folder / "said").open("w+b") as said:
            process = subprocess.Popen(
                command, cwd=site, env=self._environment, stdin=subprocess.DEVNULL, stdout=said, stderr=None if capture else said
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            output = said.read()
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)}: {output.decode(errors='replace')}")
        return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), output


def _note(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# -- the table ------------------------------------------------------------------------------------------------------------------


def _table(results: dict[str, dict[str, object]], small: dict[str, list[Cost]]) -> Iterator[str]:
    names = [program.name for program in peers.programs()]
    yield f"| CPU, peak memory | articles | {' | '.join(names)} | Feeder : Hugo |"
    yield f"|---|---:|{'---:|' * len(names)}---:|"
    for size, found in results.items():
        costs: Costs = found["processes"]  # type: ignore[assignment]
        for step, by_name in costs.items():
            cells = [f"{_cpu(c.cpu for c in by_name[name])}, {median(c.memory for c in by_name[name]):.0f} MB" for name in names]
            yield f"| {step} | {int(size):,} | {' | '.join(cells)} | {_ratio(by_name)} |"
        service: dict[str, list[float]] = found["service"]  # type: ignore[assignment]
        for what, key in (("running service, nothing changed", "idle"), ("running service, one change", "change")):
            yield f"| {what} | {int(size):,} | {_cpu(service[key])} |{' |' * len(names)}"
        written = f"{median(service['documents']):.0f} documents, {median(service['bytes']) / 1e6:.1f} MB"
        yield f"| written by that change | {int(size):,} | {written} |{' |' * len(names)}"
    for name, taken in small.items():
        yield f"| `{name}` | | {_cpu(c.cpu for c in taken)} |{' |' * len(names)}"


def _cpu(seconds: Iterable[float]) -> str:
    found = median(seconds)
    return f"{found:.1f} s" if found >= 1 else f"{1000 * found:.0f} ms"


def _ratio(by_name: dict[str, list[Cost]]) -> str:
    """The median of the ratios within each round."""
    if "Hugo" not in by_name:
        return ""
    return f"{median(ours.cpu / theirs.cpu for ours, theirs in zip(by_name['Feeder'], by_name['Hugo'], strict=True)):.2f}"


if __name__ == "__main__":
    main()
