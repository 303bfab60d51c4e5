"""Commands for whoever runs a service: healthcheck, systemd."""

from __future__ import annotations

import os
import sys

import click

from feeder import words
from feeder.cli._around import config_option, say, state_folder
from feeder.cli._shape import command

__all__ = ["healthcheck"]


@command(
    examples=(
        ("feeder healthcheck", "in the folder of the service, or in its container"),
        ("feeder healthcheck --url http://127.0.0.1:8000/", "whatever the configuration says"),
    )
)
@config_option
@click.option("--url", metavar="ADDRESS", help="Ask the server at this address.")
@click.option("--timeout", type=click.FloatRange(0.1, 60), default=4.0, show_default=True, help="Seconds to wait for its answer.")
def healthcheck(config_file: str | None, *, url: str | None, timeout: float) -> None:
    """Say whether the service is well, for a container.

    The exit code is 0 if it is alive and has something to serve, else 1; a sentence says why. The server is asked where it really
    listens, also with port 0; a service without a server is known by its sign of life in the state folder.
    """
    from pathlib import Path

    from feeder import pulse
    from feeder.clock import Clock

    if url is not None:
        found = pulse.ask(url, timeout)
    else:
        otherwise = pulse.configured(Path(config_file) if config_file else None, os.environ)
        found = pulse.feel(state_folder(config_file), Clock().wall(), otherwise, timeout)
    why = found.why if found.why.isascii() and found.why.isprintable() else words.safe(found.why)  # what is needed for that takes half of the time
    if found.well:
        say(why)
    else:
        click.echo(f"feeder: {why}", err=True)
    sys.exit(not found.well)
