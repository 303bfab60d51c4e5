"""The configuration: `feeder.toml` and the environment into one frozen Config, or every mistake at once. Makes no folder, starts nothing.

A value comes from an environment variable, else from the file, else it is the default. `_tables` is the only list of
keys: types and bounds are checked by pydantic, and a key's `description` and `examples` make the sentence its owner reads when a
value is wrong. tomllib forgets where things stood, so `locator` finds keys and values again in a text that tomllib has accepted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_origin

from pydantic.fields import FieldInfo

from feeder.config._mistakes import compare, compare_times, validated
from feeder.config._plugged import Plugged, table
from feeder.config._said import Said
from feeder.config._tables import EITHER, KEYS, MODELS, SECRETS, Config, Table, Tables
from feeder.config._values import closest
from feeder.errors import ConfigError, Problem
from feeder.model import Person
from feeder.text import clean, line

__all__ = ["Config", "load", "origins"]

Put = Callable[[Said, str, str, str, str], None]


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration in the file `path` and in the FEEDER_ variables of `environ`.

    Without a path it is `feeder.toml` of the current folder, and where there is none, the defaults. Reads the file and those
    that FEEDER_…_FILE variables name. Raises ConfigError with every problem, those of the file first and in its order.
    """
    found = path or (Path("feeder.toml") if Path("feeder.toml").exists() else None)
    root = Path.cwd() if found is None else found.absolute().parent
    said = Said(str(found or "feeder.toml"))
    if found is not None:
        said.read(_text(found))
    plugged = _hear(said, environ)
    parts, own = plugged.check(root)
    compare(said, root)
    tables = validated(said)
    compare_times(said, tables)
    if problems := said.problems():
        raise ConfigError(problems)
    whence = {"root": root, "file": found and found.absolute(), "said": (*said.origins(), *own), "heard": tuple(said.heard(environ))}
    return Config.model_validate({**whence, "parts": parts, **_completed(tables, root)})


def origins(config: Config) -> Mapping[str, str]:
    """Where each value comes from: "feed.title" -> "feeder.toml:3", "environment FEEDER_FEED__TITLE" or "default"; no secrets."""
    said = dict(config.said)
    names = (f"{table}.{key}" for table, keys in KEYS.items() for key in keys if key != "author")
    plugged = (f"{table(part)}.{option.name}" for part in config.parts for option in part.options if not option.secret)
    return {name: said.get(name, "default") for name in (*names, *plugged) if name not in SECRETS}


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError((Problem(str(path), "there is no such file", "`feeder init` writes one"),)) from None
    except OSError as error:
        raise ConfigError((Problem(str(path), f"cannot be read: {error.strerror}", "name a file that you may read"),)) from None
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        raise ConfigError((Problem(f"{path}:{row}:{column}", "is not UTF-8", "save the file as UTF-8"),)) from None


def _hear(said: Said, environ: Mapping[str, str]) -> Plugged:
    """Put what the environment says over what the file says, and return the plugins that either names.

    An empty variable says nothing, as docker compose leaves them.
    """
    names = {f"FEEDER_{table}__{key}".upper().replace(".", "__"): (table, key) for table, keys in KEYS.items() for key in keys}
    others = [variable for variable in sorted(environ) if variable.startswith("FEEDER_") and environ[variable]]
    others = [variable for variable in others if not _heard(said, environ, variable, names, _put)]
    plugged = Plugged(said, others)
    others = [variable for variable in others if not _heard(said, environ, variable, plugged.variables, plugged.put)]
    for variable in others:
        known = [name.removeprefix("FEEDER_").lower() for name in (*names, *plugged.variables)]
        close = closest(variable.removesuffix("_FILE").removeprefix("FEEDER_"), known)
        hint = f"did you mean $FEEDER_{close.upper()}?" if close else "FEEDER_FEED__TITLE is title in [feed]"
        said.add_variable(variable, "is not a variable of feeder", hint)
    return plugged


def _heard(said: Said, environ: Mapping[str, str], variable: str, names: Mapping[str, tuple[str, str]], put: Put) -> bool:
    """Take up one variable, if it is among these."""
    plain = variable if variable in names else variable.removesuffix("_FILE")
    if plain not in names:
        return False
    if plain != variable and environ.get(plain):
        said.add_variable(variable, f"says the same as ${plain}", "set one of the two")
    else:
        value = environ[variable] if plain == variable else _secret(said, variable, environ[variable])
        if value is not None:
            put(said, *names[plain], variable, value)
    return True


def _secret(said: Said, variable: str, path: str) -> str | None:
    try:
        return Path(path).read_text("utf-8").removesuffix("\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        said.add_variable(variable, f"names a file that cannot be read: {reason}", "give the path of a text file")
        return None


def _put(said: Said, table: str, key: str, variable: str, value: str) -> None:
    path, keys = tuple(table.split(".")), said.data
    for part in path:
        inner = keys.setdefault(part, {})
        if not isinstance(inner, dict):
            return  # the file's mistake is told already
        keys = inner
    if (*path, other := EITHER.get(key, "")) not in said.variables:
        keys.pop(other, None)
    said.variables[*path, key] = variable
    keys[key] = _typed(MODELS[table].model_fields["authors" if key == "author" else key], value)


def _typed(field: FieldInfo, value: str) -> object:
    """A variable is text; numbers, true and false and lists are written in it as in TOML."""
    if field.annotation in (int, bool) or (get_origin(field.annotation) is tuple and value[0] in "[{"):
        try:
            return tomllib.loads(f"value = {value}")["value"]
        except ValueError:
            return value
    return value


def _completed(tables: Tables, root: Path) -> dict[str, Table]:
    """The tables with the defaults that depend on other keys."""
    feed, schedule = tables.feed, tables.schedule
    title = feed.title or line(clean(re.sub(r"[-_\s]+", " ", root.name))) or "Feeder"
    title = feed.title or title[0].upper() + title[1:]
    time_zone = schedule.time_zone if "time_zone" in schedule.model_fields_set else feed.time_zone
    return {
        **dict(tables),
        "feed": feed.model_copy(update={"title": title, "authors": feed.authors or (Person(title),)}),
        "schedule": schedule.model_copy(update={"time_zone": time_zone, "every": None if schedule.cron else schedule.every}),
        "input": tables.input.model_copy(update={"folder": root / tables.input.folder}),
        "output": tables.output.model_copy(update={"folder": root / tables.output.folder}),
    }
