"""What is installed: entry points of the groups "feeder.<group>", and whether they are written for our interface. Calls nothing of theirs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from feeder.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

__all__ = ["GROUPS", "INTERFACE", "Plugin", "entry_points", "loaded", "plugin"]

INTERFACE = 1
"""What plugins are written for, docs/how-to/plugin.md: another number wherever one that keeps to it would no longer work."""

GROUPS: Mapping[str, str] = {"readers": "reader", "summarizers": "summarizer", "renderers": "renderer", "publishers": "publisher"}


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed part: what it is and whose."""

    group: str
    name: str
    target: str
    package: str
    version: str

    @property
    def called(self) -> str:
        """What it is called: "the renderer gemtext"."""
        return f"the {GROUPS.get(self.group, self.group)} {self.name}"

    def __str__(self) -> str:
        whose = f"{self.package} {self.version}".strip()
        return self.called + (f" ({whose})" if whose else "")


@cache
def entry_points(group: str) -> Mapping[str, EntryPoint]:
    """Return the group's plugins. Looked up once in a process (20 ms); of two with one name the first by target is taken."""
    from importlib.metadata import entry_points as installed  # a third of the time that a summarizer takes to be imported

    found = sorted(installed(group=f"feeder.{group}"), key=lambda point: (point.name, point.value), reverse=True)
    return {point.name: point for point in found}


def plugin(group: str, point: EntryPoint) -> Plugin:
    """Return what an entry point says of itself; nothing is imported."""
    about = point.dist.metadata if point.dist else None
    return Plugin(group, point.name, point.value, about["Name"] if about else "", about["Version"] if about else "")


def loaded(group: str, point: EntryPoint) -> object:
    """Return what an entry point names. Raises what its import does, and PluginError where it is written for another interface than ours.

    One that does not say is of the first.
    """
    part: object = point.load()
    wanted = getattr(sys.modules[point.module], "FEEDER_INTERFACE", 1)
    if wanted == INTERFACE:
        return part
    told = plugin(group, point)
    newer, older = ("Feeder", told.package) if isinstance(wanted, int) and wanted > INTERFACE else (told.package, "Feeder")
    mend = f"install a newer {newer or 'version of it'}, or an older {older or 'version of it'}"
    raise PluginError(f"{told} is written for interface {wanted} of Feeder's plugins, and this Feeder has {INTERFACE}: {mend}")
