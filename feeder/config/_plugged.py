"""The tables of plugins: which there are, and what is said in them, checked against the options that each plugin has.

Whoever is named by a key of a table has a table of its own below it: `kind = "mine"` in [summary] has [summary.mine], `publisher = "zip"`
and `renderers = ["gemtext"]` in [output] have [output.zip] and [output.gemtext], and the reader of ".gmi" has [input.gmi].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from feeder import plugins
from feeder.config._said import Said
from feeder.config._tables import BUILTIN
from feeder.config._values import closest, is_kind, shown
from feeder.errors import FeederError
from feeder.locator import KeyPath
from feeder.plugins import Option, Part

__all__ = ["PLUGGABLE", "Plugged", "table"]

_CHOICES: Mapping[str, tuple[str, str]] = {
    "summarizers": ("summary", "kind"),
    "publishers": ("output", "publisher"),
    "renderers": ("output", "renderers"),
}
"""Which key names the plugins of a group. Nobody names a reader: files of its suffix do."""
_ABOVE = {"readers": "input", **{group: above for group, (above, _) in _CHOICES.items()}}
PLUGGABLE = frozenset(_ABOVE.values())
"""The tables that tables of plugins may stand in."""
_NAMES = frozenset(name for names in BUILTIN.values() for name in names)


def table(part: Part) -> str:
    """The table that the options of a plugin stand in: "output.zip"."""
    return f"{_ABOVE[part.plugin.group]}.{part.plugin.name.removeprefix('.')}"


class Plugged:
    """The plugins that a configuration has to do with. `parts` are those it uses or says something of, each by its table ("output.zip")."""

    def __init__(self, said: Said, environ: Iterable[str]) -> None:
        self._said = said
        self.parts: dict[str, Part] = {}
        self._named: dict[str, KeyPath] = {}
        for group, choice in _CHOICES.items():
            for path, name in _named(said, choice):
                self._use(group, name, f"{choice[0]}.{name}", path)
        for table in _mentioned(said, environ):
            self._meet(table)

    @property
    def variables(self) -> dict[str, tuple[str, str]]:
        """Environment variables for options: name -> (table, key)."""
        tables = ((table, option) for table, part in self.parts.items() for option in _options(part))
        return {_variable(table, option.name): (table, option.name) for table, option in tables}

    def put(self, said: Said, table: str, key: str, variable: str, text: str) -> None:
        """Put what a variable says over what the file says."""
        above, name = table.split(".", 1)
        section = said.data.setdefault(above, {})
        keys = section.setdefault(name, {}) if isinstance(section, dict) else None
        if isinstance(keys, dict):  # else it is the file's mistake, and told as that
            said.variables[above, name, key] = variable
            keys[key] = next(option for option in _options(self.parts[table]) if option.name == key).typed(text)

    def check(self, root: Path) -> tuple[tuple[Part, ...], tuple[tuple[str, str], ...]]:
        """The plugins with their options, and where each option was said ("output.zip.path", "feeder.toml:3"); each mistake is noted.

        Their tables are taken out of what was said: no other room knows them.
        """
        checked, origins = list[Part](), list[tuple[str, str]]()
        for table, part in self.parts.items():
            if done := self._checked(table, part, root):
                checked.append(done)
                origins += [(f"{table}.{key}", self._said.place((*table.split("."), key))) for key in done.given]
            above, name = table.split(".", 1)
            if isinstance(section := self._said.data.get(above), dict):
                section.pop(name, None)
        return tuple(checked), tuple(origins)

    def _use(self, group: str, name: str, table: str, path: KeyPath) -> None:
        """Take up a plugin that is named at `path`."""
        found = plugins.installed(group).get(name)
        if found is None:
            others = sorted({*BUILTIN[group], *plugins.installed(group)})
            close, kind = closest(name, others), plugins.GROUPS[group]
            hint = f'did you mean "{close}"?' if close else f"there is {', '.join(others) or 'none'}; install the package that brings it"
            return self._said.add(path, f'there is no {kind} "{name}"', hint)
        if table in self.parts:
            told = f"{self.parts[table].plugin} and {found} have one name: [{table}] cannot be both of theirs"
            return self._said.add(path, told, "use one of the two")
        self.parts[table], self._named[table] = Part(found), path
        return None

    def _meet(self, table: str) -> None:
        """Take up a plugin that has a table or a variable, though nobody names it: a reader, or one that is not in use now."""
        above, name = table.split(".", 1)
        groups = [group for group, found in _ABOVE.items() if found == above]
        found = (plugins.installed(group).get(f".{name}" if above == "input" else name) for group in groups)
        plugin = next(filter(None, found), None)
        if plugin and table not in self.parts:
            self.parts[table] = Part(plugin)
        elif not plugin and isinstance(section := self._said.data.get(above), dict) and name in section and (close := closest(table, self.parts)):
            del section[name]
            self._said.add((above, name), f"there is no plugin that [{table}] could be of", f"did you mean [{close}]?", at_key=True)

    def _checked(self, table: str, part: Part, root: Path) -> Part | None:
        """The plugin with its options; None where it cannot be used."""
        above, name = table.split(".", 1)
        path, section = (above, name), self._said.data.get(above)
        keys = section.get(name, {}) if isinstance(section, dict) else {}
        if not isinstance(keys, dict):
            self._said.add(
                path, f"[{table}] is a table of keys, not {shown(keys)}", f"begin with a line [{table}] and write its keys under it", at_key=True
            )
            return None
        try:
            known = {option.name: option for option in part.options}
        except FeederError as error:
            self._unusable(table, str(error))
            return None
        given = {key: value for key in keys if (value := self._value(table, known, key, keys[key], root)) is not None}
        missing = [option for option in known.values() if option.required and option.name not in keys]
        for option in missing:
            self._said.add(path if keys else self._named.get(table, path), f"{option.name} is missing in [{table}]", _meaning(option))
        part = Part(part.plugin, given)
        if not missing and len(given) == len(keys):
            self._try(table, part)
        return part

    def _value(self, table: str, known: Mapping[str, Option], key: str, value: object, root: Path) -> object:
        """The value of one key as the plugin gets it; None where it is wrong."""
        path = (*table.split("."), key)
        option = known.get(key)
        if option is None:
            close, others = closest(key, known), f"known are {', '.join(known)}" if known else "it has no options"
            self._said.add(path, f'unknown key "{key}" in [{table}]', f'did you mean "{close}"?' if close else others, at_key=True)
            return None
        if option.secret and path not in self._said.variables:
            hint = f"set {_variable(table, key)}, or {_variable(table, key)}_FILE to the name of a file that only you may read"
            self._said.add(path, f"{key} is a secret and does not belong in this file", hint, at_key=True)
            return None
        try:
            return option.taken(value, root)
        except ValueError as error:
            instead = "" if option.secret or isinstance(value, list) else f", not {shown(value)}"
            self._said.add(path, f"{key} must be {error}{instead}", _meaning(option))
            return None

    def _try(self, table: str, part: Part) -> None:
        """Make the part once: it may refuse what its options say together. A message that begins with the name of one is told there."""
        try:
            _ = part.made
        except ValueError as error:
            words, path = str(error).strip() or "its options do not go together", tuple(table.split("."))
            about = next((option.name for option in part.options if words.startswith(f"{option.name} ")), None)
            self._said.add((*path, about) if about else path, words if about else f"[{table}]: {words}", "")
        except FeederError as error:
            self._unusable(table, str(error))

    def _unusable(self, table: str, why: str) -> None:
        """A plugin that is not in use, or one that only some files need, holds up nobody."""
        if path := self._named.get(table):
            self._said.add(path, why, "")


def _options(part: Part) -> tuple[Option, ...]:
    try:
        return part.options
    except FeederError:
        return ()  # told by `check`


def _named(said: Said, choice: tuple[str, str]) -> Iterator[tuple[KeyPath, str]]:
    """Each name that a key says, with its place, but for what is built in; of a list each once."""
    value = said.table(choice[0]).get(choice[1])
    if isinstance(value, str):
        yield from [(choice, value)] if is_kind(value) and value not in _NAMES else []
    elif isinstance(value, list):
        yield from {
            name: ((*choice, number), name) for number, name in reversed(list(enumerate(value))) if isinstance(name, str) and is_kind(name)
        }.values()


def _mentioned(said: Said, environ: Iterable[str]) -> Iterator[str]:
    """Tables and variables that may be those of a plugin."""
    for above in dict.fromkeys(_ABOVE.values()):
        tables = [name for name, value in said.table(above).items() if isinstance(value, dict)]
        begin = f"FEEDER_{above.upper()}__"
        variables = [name.removeprefix(begin).partition("__") for name in environ if name.startswith(begin)]
        tables += [name.lower() for name, _, key in variables if key]
        yield from (f"{above}.{name}" for name in tables if name not in _NAMES)


def _variable(table: str, key: str) -> str:
    return f"FEEDER_{table}__{key}".upper().replace(".", "__").replace("-", "_")


def _meaning(option: Option) -> str:
    example = "" if option.required or option.default is None or option.secret else f"for example {option.name} = {_written(option.default)}"
    return "; ".join(filter(None, (option.help, example))) or f"it is {option.kind}"


def _written(value: object) -> str:
    plain = [str(one) if isinstance(one, Path) else one for one in value] if isinstance(value, list | tuple) else value
    return json.dumps(str(plain) if isinstance(plain, Path) else plain, ensure_ascii=False)
