"""What was said, where it was said, and the mistakes met on the way. Knows no key."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping

from feeder.config._tables import KEYS
from feeder.errors import Problem
from feeder.locator import KeyPath, Spot, located

__all__ = ["Said"]


class Said:
    """Everything that was said, where it was said, and the problems met on the way."""

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self.name = name
        self.options = options  # of the command line, by the variables whose place they take
        self.data: dict[str, object] = {}
        self.variables: dict[KeyPath, str] = {}
        self.torn = False  # something of the file was no TOML: what is not there may have been meant to be
        self._text = ""
        self._spots: Mapping[KeyPath, Spot] = {}
        self._problems: list[tuple[int, int, Problem]] = []

    def read(self, text: str) -> None:
        """Take the text of a file. Lines that are no TOML are problems, and the rest is taken."""
        self._text = text
        try:
            self.data = tomllib.loads(text)
        except (ValueError, RecursionError):
            from feeder.config._syntax import mended

            text, wrong = mended(text)
            for each in wrong:
                self.add_at(*each)
            self.data, self.torn = tomllib.loads(text), True
        self._spots = located(text)

    def add(self, path: KeyPath, reason: str, hint: str, *, at_key: bool = False) -> None:
        """Note what is wrong with the key at `path`, or with the nearest thing around it that was written down."""
        for end in range(len(path), 0, -1):
            if variable := self.variables.get(path[:end]):
                return self.add_variable(variable, reason, hint)
            if spot := self._spots.get(path[:end]):
                return self.add_at(spot.key if at_key else spot.value, reason, hint)
        return self._problems.append((0, 0, Problem(self.name, reason, hint)))

    def add_at(self, offset: int, reason: str, hint: str) -> None:
        """Note what is wrong at an offset of the file."""
        row, column = self._position(offset)
        self._problems.append((row, column, Problem(f"{self.name}:{row}:{column}", reason, hint)))

    def add_variable(self, variable: str, reason: str, hint: str) -> None:
        """Note what is wrong with an environment variable; these come after the file's problems."""
        self._problems.append((sys.maxsize, 0, Problem(self.options.get(variable, f"${variable}"), reason, hint)))

    def problems(self) -> tuple[Problem, ...]:
        """All problems in the order of the file."""
        return tuple(problem for *_, problem in sorted(self._problems, key=lambda item: (*item[:2], item[2].where)))

    def origins(self) -> Iterable[tuple[str, str]]:
        """("section.key", "feeder.toml:3" or "environment FEEDER_SECTION__KEY") for each key that was said."""
        for table in KEYS:
            for key in filter(KEYS[table].__contains__, self.table(table)):
                yield f"{table}.{'authors' if key == 'author' else key}", self.place((*table.split("."), key))

    def place(self, path: KeyPath) -> str:
        """Where a key was said: "feeder.toml:3", "environment FEEDER_SECTION__KEY" or "option --port"."""
        variable = self.variables.get(path)
        if variable and variable in self.options:
            return f"option {self.options[variable]}"
        return f"environment {variable}" if variable else f"{self.name}:{self._position(self._spots[path].key)[0]}"

    def heard(self, environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """("FEEDER_SECTION__KEY", "section.key") for each variable that is there; ("…", "") for one that is empty and says nothing."""
        keys = {variable: ".".join(map(str, path)) for path, variable in self.variables.items()}
        yield from ((name, keys.get(name, "")) for name in sorted(environ) if name.startswith("FEEDER_") and name not in self.options)

    def table(self, name: str) -> dict[str, object]:
        """What was said in a table ("summary.llm" lies in "summary"); empty where there is none, or no table."""
        found: object = self.data
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _position(self, offset: int) -> tuple[int, int]:
        return self._text.count("\n", 0, offset) + 1, offset - self._text.rfind("\n", 0, offset)
