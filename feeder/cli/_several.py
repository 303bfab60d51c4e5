"""Commands that take several configurations: how they are named on the command line. Nothing is read here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from feeder.cli._around import Suffixed, about, answer, failed, loader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from feeder.config import Config

__all__ = ["called", "each", "files_argument", "loaders", "one_or_files", "speaking_of"]

files_argument = click.argument("files", nargs=-1, metavar="[FILE]...", type=Suffixed(".toml"))


def one_or_files(config_file: str | None, files: Sequence[str]) -> tuple[str | None, ...]:
    """The configurations that are meant: those named behind the command, else the one of `-c`, which may be none."""
    if files and config_file is not None:
        raise click.UsageError(f"{files[0]} and -c {config_file}: name all configurations behind the command, without -c")
    return tuple(files) or (config_file,)


def each(config_file: str | None, files: Sequence[str], work: Callable[[Config], tuple[int, Mapping[str, object]]], *, as_json: bool) -> int:
    """Do the work for each configuration that is meant, and return the exit code: of several the first that is not 0.

    `work` returns its exit code and, for a program, its facts. What is wrong with the configurations is found before any work; a feed
    that fails at it keeps no other from it.
    """
    if len(loads := loaders(config_file, files)) == 1:
        code, facts = work(loads[0]())
        if as_json:
            answer(facts)
        return code
    from feeder import together
    from feeder.errors import FeederError

    codes: list[int] = []
    told: list[Mapping[str, object]] = []
    for config in together.loaded(loads):
        with about(config.name):
            try:
                code, facts = work(config)
            except FeederError as error:
                code, facts = failed(error), {"error": str(error)}
        codes.append(code)
        told.append({"name": config.name, **facts})
    if as_json:
        answer({"feeds": told})
    return next(filter(None, codes), 0)


def called(file: str) -> str:
    """The name of the feed that this file configures, without reading it."""
    from pathlib import Path

    from feeder import place

    path = Path(file).absolute()
    return place.name(path, path.parent)


@contextmanager
def speaking_of(file: str | None, files: Sequence[str]) -> Iterator[None]:
    """Where several configurations are named, whatever is told meanwhile is told of this one."""
    if len(files) < 2 or file is None:
        yield
        return
    with about(called(file)):
        yield


def loaders(config_file: str | None, files: Sequence[str], host: str | None = None, port: int | None = None) -> list[Callable[[], Config]]:
    """What reads the configurations, each now and at each SIGHUP."""
    return [loader(file, host, port) for file in one_or_files(config_file, files)]
