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
from stat import S_ISDIR, S_ISREG
from types import MappingProxyType
from typing import get_origin

from pydantic.fields import FieldInfo

from feeder import place
from feeder.config._mistakes import compare, compare_times, validated
from feeder.config._plugged import Plugged, table
from feeder.config._said import Said
from feeder.config._tables import EITHER, KEYS, MODELS, SECRETS, Config, Table, Tables
from feeder.config._values import bare, closest
from feeder.errors import ConfigError, Problem
from feeder.model import Person
from feeder.text import clean, line

__all__ = ["LARGEST", "Config", "load", "origins", "secret_variables", "titled"]

LARGEST = 1_000_000  # bytes of a file with a configuration, or with one value of it

Put = Callable[[Said, str, str, str, str], None]


def load(path: Path | None, environ: Mapping[str, str], options: Mapping[str, str] = MappingProxyType({})) -> Config:
    """The configuration in the file `path` and in the FEEDER_ variables of `environ`; `options` names those that stand for an option.

    Without a path it is `feeder.toml` of the current folder, and where there is none, the defaults. Reads the file and those
    that FEEDER_…_FILE variables name. Raises ConfigError with every problem, those of the file first and in its order.
    """
    found = path or (Path("feeder.toml") if Path("feeder.toml").exists() else None)
    root = Path.cwd() if found is None else found.absolute().parent
    said = Said(str(found or "feeder.toml"), options)
    if found is not None:
        said.read(_text(found))
    plugged = _hear(said, environ)
    parts, own = plugged.check(root)
    if not said.torn:
        compare(said, root)
    tables = validated(said)
    if not said.torn:
        compare_times(said, tables)
    if problems := said.problems():
        raise ConfigError(problems)
    whence = {"root": root, "file": found and found.absolute(), "said": (*said.origins(), *own), "heard": tuple(said.heard(environ))}
    return Config.model_validate({**whence, "parts": parts, **_completed(tables, root)})


def secret_variables() -> tuple[str, ...]:
    """The environment variables that hold a secret."""
    return tuple(f"FEEDER_{name}".upper().replace(".", "__") for name in SECRETS)


def origins(config: Config) -> Mapping[str, str]:
    """Where each value comes from: "feed.title" -> "feeder.toml:3", "environment FEEDER_FEED__TITLE" or "default"; no secrets."""
    said = dict(config.said)
    names = (f"{table}.{key}" for table, keys in KEYS.items() for key in keys if key != "author")
    plugged = (f"{table(part)}.{option.name}" for part in config.parts for option in part.options if not option.secret)
    return {name: said.get(name, "default") for name in (*names, *plugged) if name not in SECRETS}


def _text(path: Path) -> str:
    try:
        kind = path.stat()
        if not S_ISREG(kind.st_mode):  # a pipe would keep us waiting, and could not be read again
            what = "a folder" if S_ISDIR(kind.st_mode) else "a pipe or a device"
            raise ConfigError((Problem(str(path), f"is {what}, and must be a file", place.nearest(path)),))
        if kind.st_size > LARGEST:
            raise ConfigError((Problem(str(path), f"is {kind.st_size:,} bytes long, and no configuration is", "name a feeder.toml"),))
        body = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError((Problem(str(path), "there is no such file", place.nearest(path)),)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError((Problem(str(path), f"cannot be read: {reason}", "name a file that you may read"),)) from None
    try:
        return body.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError((_not_utf8(path, error),)) from None


def _not_utf8(path: Path, error: UnicodeDecodeError) -> Problem:
    if error.object.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(f"{path}:1:1", "is UTF-16, not UTF-8", "save the file as UTF-8")
    row = error.object.count(b"\n", 0, error.start) + 1
    before = error.object[error.object.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8-sig")
    letter = error.object[error.start : error.start + 1].decode("cp1252", "replace")
    return Problem(f"{path}:{row}:{len(before) + 1}", f"is not UTF-8: here is a byte that is {letter} in Windows' encoding", "save the file as UTF-8")


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
        with Path(path).open("rb") as file:
            return _alone(file.read(LARGEST + 1))
    except (OSError, ValueError) as error:  # the path is not told: whoever mixes up the two variables has put the secret there
        reason = error.strerror if isinstance(error, OSError) else str(error)
        hint = "it takes the path of a file; the value itself goes into the variable without _FILE"
        said.add_variable(variable, f"names a file that cannot be read: {reason}", hint)
        return None


def _alone(body: bytes) -> str:
    """What a file with one value says: without the end of its line. Raises ValueError with the reason."""
    if len(body) > LARGEST:
        raise ValueError("it is too long")
    try:
        return re.sub(r"\r?\n\Z", "", body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None


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
    kind, _ = bare(field.annotation)
    if kind in (int, float, bool) or (get_origin(kind) is tuple and value[0] in "[{"):
        try:
            return tomllib.loads(f"value = {value.strip()}").get("value", value)
        except (ValueError, RecursionError):
            return value
    return value


def titled(name: str) -> str:
    """The title of a feed that nobody gave one, after the name of its folder, or of its file among several."""
    title = line(clean(re.sub(r"[-_\s]+", " ", name))) or "Feeder"
    return title[0].upper() + title[1:]


def _completed(tables: Tables, root: Path) -> dict[str, Table]:
    """The tables with the defaults that depend on other keys."""
    feed, schedule = tables.feed, tables.schedule
    title = feed.title or titled(root.name)
    time_zone = schedule.time_zone if "time_zone" in schedule.model_fields_set else feed.time_zone
    return {
        **dict(tables),
        "feed": feed.model_copy(update={"title": title, "authors": feed.authors or (Person(title),)}),
        "schedule": schedule.model_copy(update={"time_zone": time_zone, "every": None if schedule.cron else schedule.every}),
        "input": tables.input.model_copy(update={"folder": root / tables.input.folder}),
        "output": tables.output.model_copy(update={"folder": root / tables.output.folder}),
    }
