"""Several configurations in one service: where each is found, and what no two of them may share. Starts nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from feeder.config import Config, origins, titled
from feeder.errors import ConfigError, Problem
from feeder.front import place
from feeder.model import Person

__all__ = ["Load", "loaded", "reloaded", "where"]

Load = Callable[[], Config]
"""Reads one configuration. Raises ConfigError."""

OWN = frozenset(("archive", "articles", "authors", "folders", "media", "tags"))  # folders that every feed has below its address


class _Clash(NamedTuple):
    """What two configurations cannot both say, told where the second one says it. `one` and `other` are their places in the list."""

    one: int
    other: int
    problem: Problem


def loaded(loads: Sequence[Load]) -> tuple[Config, ...]:
    """The configurations of one service, as one alone stays as it is. All are served where the first one says.

    Raises ConfigError with every mistake of every file, and with what those that have none may not share.
    """
    if len(loads) == 1:
        return (loads[0](),)
    found = [_attempt(load) for load in loads]
    configs = [_placed(config, len(loads)) for config in found if isinstance(config, Config)]
    problems = [problem for error in found if isinstance(error, ConfigError) for problem in error.problems]
    problems += [problem for config in configs for problem in _unnameable(config)]
    problems += [problem for config in configs[1:] for problem in _listens(configs[0], config)]
    configs = [_served(config, configs[0]) for config in configs]
    problems += [clash.problem for clash in _clashes(configs)]
    if problems:
        raise ConfigError(tuple(dict.fromkeys(problems)))
    return tuple(configs)


def reloaded(loads: Sequence[Load], running: Sequence[Config]) -> tuple[Config | ConfigError, ...]:
    """What each configuration is from now on, or why it stays as it was: it is wrong, or in the way of another one.

    What is `running` keeps its output and its address, whose locks and sockets cannot move; so these do not clash anew.
    """
    found = [_attempt(load) for load in loads]
    if len(loads) == 1:
        return tuple(found)
    serve = found[0].serve if isinstance(found[0], Config) else running[0].serve
    told = [one if isinstance(one, ConfigError) else _placed(one, len(loads)).model_copy(update={"serve": serve}) for one in found]
    while problems := _in_the_way(told, running):
        for index, wrong in problems.items():
            told[index] = ConfigError(tuple(wrong))
    return tuple(told)


def _in_the_way(told: Sequence[Config | ConfigError], running: Sequence[Config]) -> dict[int, list[Problem]]:
    """What is wrong with those that are new and clash with others, new or not."""
    fixed = [_fixed(new, old) if isinstance(new, Config) else old for new, old in zip(told, running, strict=True)]
    changed = {index for index, one in enumerate(told) if isinstance(one, Config) and fixed[index] != running[index]}
    clashes = _clashes(fixed)
    problems = {index: [clash.problem for clash in clashes if index in (clash.one, clash.other)] for index in changed}
    return {index: found for index, found in problems.items() if found}


def where(config: Config, key: str = "") -> str:
    """What its owner would open to change a key: the line that says it, the variable, or the file."""
    said = origins(config).get(key, "default")
    if said.startswith("environment "):
        return f"${said.partition(' ')[2]}"
    return _file(config) if said == "default" else said


def _attempt(load: Load) -> Config | ConfigError:
    try:
        return load()
    except ConfigError as error:
        return error


def _placed(config: Config, among: int) -> Config:
    """The configuration among so many. In one folder, whose name is the title of one alone, they are told apart by theirs."""
    feed, said = config.feed, origins(config)
    if said["feed.title"] == "default":
        title = titled(config.name)
        authors = (Person(title),) if said["feed.authors"] == "default" else feed.authors
        feed = feed.model_copy(update={"title": title, "authors": authors})
    return config.model_copy(update={"among": among, "feed": feed})


def _served(config: Config, first: Config) -> Config:
    return config.model_copy(update={"serve": first.serve})


def _fixed(new: Config, old: Config) -> Config:
    return new.model_copy(update={"output": old.output, "serve": old.serve})


def _file(config: Config) -> str:
    if config.file is None:
        return "feeder.toml"
    near = os.path.relpath(config.file)
    return str(config.file) if near.startswith("..") else near


def _unnameable(config: Config) -> Iterator[Problem]:
    """A name stands in addresses and in the log."""
    name = config.name
    encodable = name.encode("utf-8", "replace").decode() == name
    if not name.isprintable() or not encodable or "\\" in name or name in ("", ".", ".."):
        yield Problem(_file(config), "cannot be named in an address", "give it a name of letters, digits, - and _")


def _clashes(configs: Sequence[Config]) -> list[_Clash]:
    found = []
    for (i, one), (j, other) in combinations(enumerate(configs), 2):
        if one.file and other.file and os.path.realpath(one.file) == os.path.realpath(other.file):
            found.append(_Clash(i, j, Problem(_file(other), "is given twice", "name each configuration once")))
            continue
        problems = [*_names(one, other), *_folders(one, other), *_folders(other, one, again=True), *_addresses(one, other)]
        found += [_Clash(i, j, problem) for problem in problems]
    return found


def _names(one: Config, other: Config) -> Iterator[Problem]:
    """What each is called, in the service and by its subscribers."""
    if one.name == other.name:
        hint = "rename one of the files: the name stands in addresses and in the log"
        yield Problem(_file(other), f'is called "{other.name}", as {_file(one)} is', hint)
    if one.feed.id and one.feed.id == other.feed.id:
        hint = "an id is one feed's for ever: give this one another, or none"
        yield Problem(where(other, "feed.id"), f"the id is that of {_file(one)}, too", hint)


def _folders(one: Config, other: Config, *, again: bool = False) -> Iterator[Problem]:
    """What `other` publishes may touch nothing of `one`. With `again`, what is the same from both sides has been told."""
    target = Path(os.path.realpath(other.output.folder))
    theirs = {what: Path(os.path.realpath(folder)) for what, folder in _places(one).items()}
    for what, folder in theirs.items():
        if _nested(target, folder) and not (again and what == "output"):
            known = f"the {'ledger' if what == 'state' else what} of {_file(one)}"
            told = f"the output {target} is {known}, too" if target == folder else f"the output {target} and {known}, {folder}, lie in one another"
            yield Problem(where(other, "output.folder"), told.replace(f"{Path.cwd()}{os.sep}", ""), "give each a folder of its own")
    if not again and theirs["state"] == Path(os.path.realpath(other.state)):
        yield Problem(_file(other), f"would have the ledger of {_file(one)}, {theirs['state']}", "rename one of the files")


def _places(config: Config) -> dict[str, Path]:
    return {"output": config.output.folder, "input": config.input.folder, "state": config.state}


def _nested(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents


def _addresses(one: Config, other: Config) -> Iterator[Problem]:
    """Where one is found, the other may not be. Told of who says an address, and of the later one where both do."""
    if place(one.base) == place(other.base) and (one.feed.base_url or other.feed.base_url):
        late, early = (other, one) if other.feed.base_url else (one, other)
        yield Problem(where(late, "feed.base_url"), f"{late.base} is the address of {_file(early)}, too", "give each an address of its own")
        return
    yield from _hidden(one, other)
    yield from _hidden(other, one)


def _hidden(one: Config, other: Config) -> Iterator[Problem]:
    """Where `other` is published, something of `one` would not be found any more: all of it, by its name, or some of its pages."""
    (host, path), (their_host, their_path) = place(one.base), place(other.base)
    if other.feed.base_url and their_path == (one.name,):
        hint = "publish it at another address, or rename that file"
        yield Problem(where(other, "feed.base_url"), f"/{one.name}/ is where {_file(one)} is found whatever the host", hint)
    elif host == their_host and len(their_path) > len(path) and their_path[: len(path)] == path and their_path[len(path)] in OWN:
        yield Problem(where(other, "feed.base_url"), f"{other.base} lies among the pages of {_file(one)}", "publish it at another address")


def _listens(first: Config, other: Config) -> Iterator[Problem]:
    """One service has one server."""
    for key in ("host", "port"):
        mine, theirs = getattr(first.serve, key), getattr(other.serve, key)
        if mine != theirs and origins(other)[f"serve.{key}"] != "default":
            hint = "the first configuration says where all of them are served"
            yield Problem(where(other, f"serve.{key}"), f"{key} is {theirs}, and for {_file(first)} it is {mine}", hint)
