"""What is made from the code and kept beside it: `python -m tests.remake` writes it anew. Tests say when it is time to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from feeder.config.schema import schema

__all__ = ["MADE", "ROOT"]

ROOT = Path(__file__).parent.parent


def _schema() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


MADE: Mapping[str, Callable[[], str]] = {"feeder/feeder.schema.json": _schema}
"""Each file by its path in the repository, with what makes its text."""

if __name__ == "__main__":
    for path, make in MADE.items():
        (ROOT / path).write_text(make(), "utf-8")
