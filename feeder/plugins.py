"""Parts by name: a room's own table first, then what is installed as an entry point "feeder.<group>". Knows no room."""

from __future__ import annotations

from functools import cache
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from feeder.errors import FeederError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

__all__ = ["load", "names"]


def load(group: str, name: str, builtin: Mapping[str, str]) -> object:
    """Return the part called `name` (a kind, or a file suffix like ".md"): from `builtin`, name -> "module:attribute", else a plugin.

    Raises FeederError naming what there is when nothing has this name, or what is missing when it cannot be imported.
    """
    target = builtin.get(name)
    found = None if target else _installed(group).get(name)
    if target is None and found is None:
        raise FeederError(_unknown(group, name, names(group, builtin)))
    try:
        return resolve_name(target) if target else found.load() if found else None
    except (ImportError, AttributeError) as error:
        origin = f"the plugin {found.value}" if found else target
        raise FeederError(f"{group}: {name!r} cannot be loaded from {origin}: {error} (install what is missing, or choose another)") from error


def names(group: str, builtin: Mapping[str, str]) -> tuple[str, ...]:
    """Return every name `load` knows in this group, sorted."""
    return tuple(sorted({*builtin, *_installed(group)}))


@cache
def _installed(group: str) -> Mapping[str, EntryPoint]:
    """Return the group's plugins. Looked up once in a process (20 ms); of two with one name the first by target is taken."""
    from importlib.metadata import entry_points  # a third of the time that a summarizer takes to be imported

    found = sorted(entry_points(group=f"feeder.{group}"), key=lambda point: (point.name, point.value), reverse=True)
    return {point.name: point for point in found}


def _unknown(group: str, name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{group}: there is no {name!r} ({hint}there is: {', '.join(known) or 'nothing'})"
