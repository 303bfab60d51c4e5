"""The command line: words in, an exit code out. Every command imports what it needs when it runs; nothing is decided here."""

from __future__ import annotations

import click

from feeder import __version__
from feeder.cli._around import EXIT_CODES, FAULT, GONE, INTERRUPTED, QUARANTINE
from feeder.cli._asking import check, explain, plan, status
from feeder.cli._completion import completion
from feeder.cli._configuring import config
from feeder.cli._mending import export, import_, recover, retry
from feeder.cli._publishing import build, init, run, serve
from feeder.cli._serving import healthcheck, systemd
from feeder.cli._shape import Group

__all__ = ["EXIT_CODES", "FAULT", "GONE", "INTERRUPTED", "QUARANTINE", "main"]

SECTIONS = {
    "Begin": (init, config, completion),
    "Publish": (run, build, serve),
    "Ask": (check, status, plan, explain),
    "Run as a service": (healthcheck, systemd),
    "Mend and move": (retry, recover, import_, export),
}


def _version(ctx: click.Context, _option: click.Parameter, value: object) -> None:
    """What a report of a fault needs: feeder's version, Python's and the platform."""
    if value:
        import os
        import sys

        python, there = ".".join(map(str, sys.version_info[:3])), os.uname()
        click.echo(f"feeder {__version__} (Python {python}, {there.sysname} {there.machine})")
        ctx.exit()


@click.group(cls=Group, sections=SECTIONS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-V", "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and exit.")
def main() -> None:
    """Publish a folder of articles as a feed.

    \b
    feeder run               publish input/ to output/, serve it, and
                             keep doing so
    cp article.txt input/    ... and a second later your subscribers have it
    """
