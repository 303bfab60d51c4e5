"""Parts by name: a room's own table first, then what is installed as an entry point "feeder.<group>". Knows no room.

A plugin is a function, or a dataclass whose fields are its options (`_options`) and whose instance does the work. What is in use is a
`Part`, and the only way to call it leads through the boundary (`_boundary`): its caller gets an answer or a PluginError, whatever it does.
"""

from __future__ import annotations

import hashlib
from dataclasses import MISSING, dataclass, field
from functools import cached_property
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, TypeVar

from feeder.errors import FeederError, PluginError
from feeder.plugins._boundary import Boundary
from feeder.plugins._options import Option, options
from feeder.plugins._plugin import GROUPS, INTERFACE, Plugin, entry_points, loaded, plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["GROUPS", "INSTEAD", "INTERFACE", "MISSING", "WITHIN", "Option", "Part", "Plugin", "installed", "load", "names", "options"]

T = TypeVar("T")

INSTEAD = "the extract is published instead"  # how a note ends that says why a summarizer's own word is not
WITHIN = 30.0
"""Seconds that one call of a plugin may take."""


def load(group: str, name: str, builtin: Mapping[str, str]) -> object:
    """Return the part called `name` (a kind, or a file suffix like ".md"): from `builtin`, name -> "module:attribute", else a plugin.

    Raises FeederError naming what there is when nothing has this name, or what is missing when it cannot be imported; PluginError when it
    is written for another interface, or raises something else while it is imported.
    """
    target = builtin.get(name)
    found = None if target else entry_points(group).get(name)
    if target is None and found is None:
        raise FeederError(_unknown(group, name, names(group, builtin)))
    try:
        return resolve_name(target) if target else _called(group, name)
    except (ImportError, AttributeError) as error:
        origin = f"the plugin {found.value}" if found else target
        raise FeederError(f"{group}: {name!r} cannot be loaded from {origin}: {error} (install what is missing, or choose another)") from error


def names(group: str, builtin: Mapping[str, str]) -> tuple[str, ...]:
    """Return every name `load` knows in this group, sorted."""
    return tuple(sorted({*builtin, *entry_points(group)}))


def installed(group: str) -> Mapping[str, Plugin]:
    """Return the plugins of a group by name; nothing is imported."""
    return {name: plugin(group, point) for name, point in sorted(entry_points(group).items())}


@dataclass(frozen=True)
class Part:
    """A plugin in use: `given` are those of its options that somebody has said, as they are checked. `within` is in seconds;
    with None it is called in the thread of its caller, and has as long as that.

    It is loaded when it is first needed, so that one nobody needs costs nothing.
    """

    plugin: Plugin
    given: Mapping[str, object] = field(default_factory=dict, repr=False)  # there may be a secret among them
    within: float | None = WITHIN

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """What can be said of it. Raises FeederError where it cannot be loaded."""
        try:
            part = self._loaded
            return self._boundary.call(lambda: options(part), FeederError)
        except PluginError:
            raise
        except FeederError as error:
            raise PluginError(f"{self.plugin}: {error}") from error

    @cached_property
    def values(self) -> Mapping[str, object]:
        """Each option with what it is. Raises FeederError where the plugin cannot be loaded."""
        return {option.name: self.given.get(option.name, option.default) for option in self.options}

    @cached_property
    def made(self) -> Any:
        """The part itself, made with its options. Raises ValueError where it does not take them, FeederError where it cannot be loaded."""
        part: Any = self._loaded
        if not isinstance(part, type):
            return part
        values = dict(self.values)  # outside of the boundary: their mistake is not the plugin's
        return self._boundary.call(lambda: part(**values), ValueError)

    @property
    def error(self) -> str:
        """Why it cannot be used; empty where it can."""
        try:
            _ = self.made
        except (FeederError, ValueError) as error:
            return str(error)
        return ""

    @property
    def stamp(self) -> str:
        """A digest of everything that what it makes depends on, beside what it is given: its version and its options."""
        made_from = (self.plugin, sorted((name, repr(value)) for name, value in self.given.items()))
        return hashlib.sha256(repr(made_from).encode()).hexdigest()[:16]

    def call(self, ask: Callable[[Any], T], *passing: type[Exception]) -> T:
        """What `ask` returns of the part. Raises PluginError for whatever goes wrong, but passes on `passing`."""
        try:
            part = self.made
        except PluginError:
            raise
        except (FeederError, ValueError) as error:
            raise PluginError(f"{self.plugin} cannot be used: {error}") from error
        return self._boundary.call(lambda: ask(part), *passing)

    @cached_property
    def _loaded(self) -> object:
        return load(self.plugin.group, self.plugin.name, {})

    @cached_property
    def _boundary(self) -> Boundary:
        return Boundary(str(self.plugin), within=self.within)


def _called(group: str, name: str) -> object:
    """A plugin, imported behind the boundary: what a module does when it is imported is as foreign as what it does when it is called."""
    point = entry_points(group)[name]
    return Boundary(str(plugin(group, point)), within=WITHIN).call(lambda: loaded(group, point), ImportError, AttributeError, PluginError)


def _unknown(group: str, name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{group}: there is no {name!r} ({hint}there is: {', '.join(known) or 'nothing'})"
