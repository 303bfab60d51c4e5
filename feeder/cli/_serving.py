"""Commands for whoever runs a service: healthcheck, systemd."""

from __future__ import annotations

import os
import sys

import click

from feeder import words
from feeder.cli._around import config_option, loader, remark, say, state_folder
from feeder.cli._shape import command

__all__ = ["healthcheck", "systemd"]


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


@command(
    examples=(
        ("feeder systemd | sudo tee /etc/systemd/system/feeder.service", "for this folder, under the user whose it is"),
        ("feeder systemd --user feeder -c /srv/notes/feeder.toml", "under a user of its own"),
        ("feeder systemd --for-me", "without root, for systemctl --user"),
    )
)
@config_option
@click.option("--user", metavar="NAME", help="Run as this user; the owner of the folder if not said.")
@click.option("--for-me", is_flag=True, help="For your own service manager (systemctl --user): it can confine less.")
def systemd(config_file: str | None, *, user: str | None, for_me: bool) -> None:
    """Print a unit of systemd for this configuration.

    The service may write its ledger and the output, read the rest, and do nothing else; each line says why. What has to be typed to
    enable it stands at the top. Nothing is installed.
    """
    from feeder import unit
    from feeder.config import secret_variables

    if user is not None and for_me:
        raise click.UsageError("--for-me is for the user who types it: leave --user away")
    facts = unit.facts(loader(config_file)(), os.environ, secrets=secret_variables(), user=user, own=for_me)
    click.echo(unit.unit(facts), nl=False)
    for variable, file in facts.secrets.items():
        if not file:
            secret = variable.removesuffix("_FILE")
            remark(f"${secret} is a secret and not in the unit: put it into the file that its LoadCredential names, for root alone")
    for folder in facts.writes:
        if not folder.is_dir():
            remark(f"{words.safe(folder)} has to be there before it starts: feeder build makes it, as {facts.user}")
