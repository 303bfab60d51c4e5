"""Commands that take several configurations: how they are named on the command line. Nothing is read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from feeder.cli._around import Suffixed, loader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feeder.config import Config

__all__ = ["files_argument", "loaders", "one_or_files"]

files_argument = click.argument("files", nargs=-1, metavar="[FILE]...", type=Suffixed(".toml"))


def one_or_files(config_file: str | None, files: Sequence[str]) -> tuple[str | None, ...]:
    """The configurations that are meant: those named behind the command, else the one of `-c`, which may be none."""
    if files and config_file is not None:
        raise click.UsageError(f"{files[0]} and -c {config_file}: name all configurations behind the command, without -c")
    return tuple(files) or (config_file,)


def loaders(config_file: str | None, files: Sequence[str], host: str | None = None, port: int | None = None) -> list[Callable[[], Config]]:
    """What reads the configurations, each now and at each SIGHUP."""
    return [loader(file, host, port) for file in one_or_files(config_file, files)]
