"""One service's cycles, measured from inside: `python -m benchmarks.service SITE CYCLES FIRST` prints what each took as JSON.

A process of its own, so that its memory and its threads are nobody else's. It runs what service.py runs for each cycle, without the
schedule around it: pipeline.cycle, then Shelf.refresh.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.corpus import edit
from feeder import compose, config
from feeder.pipeline import Parts, Report, cycle
from feeder.shelf import Shelf

__all__ = ["main"]


def main(site: Path, cycles: int, first: int) -> dict[str, list[float]]:
    """CPU seconds, all threads, of each cycle with nothing to do and of each after an edit; the edits are of articles `first` and on.

    Of each edit also the number of documents that it wrote, and their bytes. Raises RuntimeError when a cycle did not do what it is measured for.
    """
    settings = config.load(site / "feeder.toml", {})
    with compose.publishing(settings) as parts:
        shelf = Shelf(settings.output.folder)
        shelf.load()
        _once(parts, shelf)
        costs: dict[str, list[float]] = {"idle": [], "change": [], "documents": [], "bytes": []}
        for number in range(first, first + cycles):
            costs["idle"].append(_measured(parts, shelf, changes=0)[0])
            edit(site / "input", number)
            cost, report = _measured(parts, shelf, changes=1)
            costs["change"].append(cost)
            costs["documents"].append(len(report.put.written))
            costs["bytes"].append(sum((settings.output.folder / path).stat().st_size for path in report.put.written))
    return costs


def _measured(parts: Parts, shelf: Shelf, *, changes: int) -> tuple[float, Report]:
    before = time.process_time()
    report = _once(parts, shelf)
    cost = time.process_time() - before
    if len(report.changes) != changes:
        raise RuntimeError(f"expected {changes} changes: {report}")
    return cost, report


def _once(parts: Parts, shelf: Shelf) -> Report:
    # A minute ahead, so that no file has to settle: waiting costs no CPU.
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    report = cycle(parts, now=now, tick=time.monotonic() + 60, stop=lambda: None)
    shelf.refresh(report.put.written, report.put.removed, report.gone)
    return report


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
