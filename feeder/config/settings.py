"""The settings that hold, each as it can be written and with who said it: for `feeder config show` and the page of the owner. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from feeder.config import Config
from feeder.config._plugged import table as table_of
from feeder.config._tables import KEYS, MODELS, SECRETS, Table
from feeder.config._values import seconds, size
from feeder.config._written import functions, toml, written
from feeder.plugins import Option, Part
from feeder.terminal import columns

__all__ = ["DERIVED", "Setting", "document", "facts", "settings"]

DERIVED: Mapping[str, str] = {
    "feed.title": "the name of the folder",
    "feed.authors": "the title",
    "feed.base_url": "the server's address",
    "feed.id": "made once, and kept in the ledger",
    "schedule.time_zone": "the time zone of [feed]",
}
"""What holds where nothing is said, and no value says it."""
_WIDEST = 48  # columns of a value that the comments of a table stand behind; a longer one has its own comment two columns on


@dataclass(frozen=True, slots=True)
class Setting:
    """One key. `value` is what a file could say: a text, a number, true or false, a list, a table; None where nothing is said and nothing holds.

    `origin` is "feeder.toml:3", "environment FEEDER_FEED__TITLE" or "default"; `note` says what a default follows from, or what holds where
    there is no value. Of a secret the value is None, and `known` tells whether there is one.
    """

    table: str
    key: str
    value: object
    origin: str
    note: str = ""
    changed: bool = False
    secret: bool = False
    known: bool = True

    @property
    def name(self) -> str:
        """For example "summary.llm.timeout"."""
        return f"{self.table}.{self.key}"

    @property
    def text(self) -> str:
        """The value in the letters of TOML; empty where there is none to be shown."""
        return "" if self.value is None else toml(self.value)


def settings(config: Config) -> tuple[Setting, ...]:
    """Every key of every table in their order, a table within another right after it; behind them those of plugins."""
    said, notes, order = dict(config.said), _notes(config), list(KEYS)
    tables = sorted(KEYS, key=lambda table: (order.index(table.partition(".")[0]), table))
    own = (_setting(config, table, key, said, notes) for table in tables for key in KEYS[table] if key != "author")
    return (*own, *(_plugged(config, part, option, said) for part in config.parts for option in part.options))


def document(config: Config, *, changed: bool = False) -> Iterator[str]:
    """The lines of a feeder.toml that says all of it, with who said it behind each; with `changed`, only what is not as it would be anyway."""
    yield from _heading(config)
    chosen = [setting for setting in settings(config) if setting.changed or not changed]
    if not chosen:
        yield from ("", "# everything is as it is by default")
    for table, group in groupby(chosen, lambda setting: setting.table):
        yield from ("", f"[{table}]")
        rows = [(f"{setting.key} = {setting.text}" if setting.text else f"#{setting.key}", _whence(setting)) for setting in group]
        rows = [(said, whence.removeprefix(f"{config.root}/")) for said, whence in rows]  # the head says where the file is
        column = max((columns(said) for said, _ in rows if columns(said) <= _WIDEST), default=0)
        yield from (f"{said}{' ' * max(0, column - columns(said))}  # {whence}" for said, whence in rows)


def facts(config: Config, *, changed: bool = False) -> Mapping[str, object]:
    """The same for a program. Beside a length of time its seconds, beside a size its bytes; of a secret only whether it is set."""
    return {
        "file": None if config.file is None else str(config.file),
        "root": str(config.root),
        "state": str(config.state),
        "base": config.base,
        "environment": {variable: key or None for variable, key in config.heard},
        "settings": {setting.name: _fact(setting) for setting in settings(config) if setting.changed or not changed},
    }


def _fact(setting: Setting) -> Mapping[str, object]:
    if setting.secret:
        return {"set": setting.known, "origin": setting.origin}
    meant = functions(MODELS[setting.table].model_fields[setting.key]) if setting.table in MODELS else []
    plain = {
        name: function(setting.value) for name, function in (("seconds", seconds), ("bytes", size)) if function in meant and setting.value is not None
    }
    return {"value": setting.value, **plain, "origin": setting.origin, **({"note": setting.note} if setting.note else {})}


def _heading(config: Config) -> Iterator[str]:
    yield f"# file         {config.file or f'none: there is no feeder.toml in {config.root}'}"
    told = ", ".join(variable if key else f"{variable} (empty: says nothing)" for variable, key in config.heard)
    yield f"# environment  {told or 'no variable that begins with FEEDER_'}"
    yield f"# addresses    begin with {config.base}"
    yield f"# kept in      {config.state}"


def _whence(setting: Setting) -> str:
    """Who said it, or why nobody did."""
    if not setting.known:
        return f"not set{f': {setting.note}' if setting.note else ''}"
    if setting.secret:
        return f"set: {setting.origin}; never shown"
    return f"{setting.origin}{f': {setting.note}' if setting.note else ''}"


def _setting(config: Config, table: str, key: str, said: dict[str, str], notes: dict[str, str]) -> Setting:
    name, field = f"{table}.{key}", MODELS[table].model_fields[key]
    held = getattr(_table(config, table), key)
    origin = said.get(name, "default")
    note = notes.get(name, "") if origin == "default" else ""
    if name in SECRETS:
        return Setting(table, key, None, origin, note, changed=held is not None, secret=True, known=held is not None)
    value, default = written(field, held, config.root), written(field, field.default)
    return Setting(table, key, value, origin, note, changed=origin != "default" and value != default, known=value is not None)


def _plugged(config: Config, part: Part, option: Option, said: dict[str, str]) -> Setting:
    """An option of a plugin; what it means is said where its own default holds."""
    held, table = part.values[option.name], table_of(part)
    origin = said.get(f"{table}.{option.name}", "default")
    changed = option.name in part.given and held != option.default
    if option.secret:
        return Setting(table, option.name, None, origin, option.help, changed=changed, secret=True, known=option.name in part.given)
    note = option.help if origin == "default" else ""
    return Setting(table, option.name, _plain(held, config.root), origin, note, changed=changed, known=held is not None)


def _plain(value: object, root: Path) -> object:
    """A value of a plugin's option as it can be written."""
    if isinstance(value, list | tuple):
        return [_plain(one, root) for one in value]
    if isinstance(value, Path):
        return str(value.relative_to(root) if value.is_relative_to(root) else value)
    return value


def _notes(config: Config) -> dict[str, str]:
    """What a default follows from, and what holds where nothing is said."""
    return {
        **DERIVED,
        "feed.base_url": f"the server's address holds, {config.base}",
        "schedule.every": "cron says when" if config.schedule.cron else "",
    }


def _table(config: Config, name: str) -> Table:
    found: Table = config
    for part in name.split("."):
        found = getattr(found, part)
    return found
