"""The command line: words in, an exit code out. Every command imports what it needs when it runs; nothing is decided here."""

from __future__ import annotations

import click

from feeder import __version__
from feeder.cli._around import EPILOG, FAULT, INTERRUPTED, QUARANTINE, Group
from feeder.cli._asking import check, explain, plan, status
from feeder.cli._mending import export, import_, recover, retry
from feeder.cli._publishing import build, init, run, serve

__all__ = ["EPILOG", "FAULT", "INTERRUPTED", "QUARANTINE", "main"]


@click.group(cls=Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, "-V", "--version", prog_name="feeder")
def main() -> None:
    """Publish a folder of articles as a feed.

    \b
    feeder run                  publish input/ to output/, serve it, and keep doing so
    cp article.txt input/       ... and a second later your subscribers have it
    """


for _command in (init, run, build, serve, check, status, plan, explain, retry, recover, import_, export):
    main.add_command(_command)
