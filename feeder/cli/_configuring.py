"""Commands on the configuration itself: config show, config schema."""

from __future__ import annotations

import click

from feeder import words
from feeder.cli._around import answer, config_option, json_option
from feeder.cli._several import files_argument, loaders
from feeder.cli._shape import Command, Group

__all__ = ["config"]


@click.group(cls=Group)
def config() -> None:
    """Show what is configured, and what can be."""


@config.command(
    cls=Command,
    examples=(
        ("feeder config show", "every setting, with who said it"),
        ("feeder config show --changed", "only those that are not as they would be anyway"),
        ("feeder config show news.toml notes.toml", "of several feeds in one service"),
        ("feeder config show --json", "the same for a program"),
    ),
)
@files_argument
@config_option
@json_option
@click.option("--changed", is_flag=True, help="Only what differs from the defaults.")
def show(files: tuple[str, ...], config_file: str | None, *, as_json: bool, changed: bool) -> None:
    """Show every setting that holds, and who said it.

    As TOML that could be the content of a feeder.toml; behind each value stands the line of the file or the environment variable
    that it comes from, or "default". Secrets are not shown, only whether they are set. Of several configurations it is what holds where
    they are one service.
    """
    from feeder import together
    from feeder.config import settings

    configs = together.loaded(loaders(config_file, files))
    if as_json:
        told = {each.name: settings.facts(each, changed=changed) for each in configs}
        answer({"feeds": told} if len(configs) > 1 else told[configs[0].name])
        return
    for number, each in enumerate(configs):
        click.echo("\n" if number else "", nl=False)
        click.echo("\n".join(map(words.safe, settings.document(each, changed=changed))))


@config.command(
    cls=Command,
    examples=(
        ("feeder config schema", "what a feeder.toml may say, for people who read JSON Schema"),
        ("feeder config schema > .feeder/feeder.schema.json", "where the first line of feeder.toml sends editors"),
    ),
)
def schema() -> None:
    """Print the JSON Schema of feeder.toml.

    An editor that knows it completes, explains and checks the file while it is written. `feeder init` puts it where the first line
    of feeder.toml says.
    """
    from importlib.resources import files

    click.echo(files("feeder").joinpath("feeder.schema.json").read_text(encoding="utf-8"), nl=False)
