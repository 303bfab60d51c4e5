"""Commands for whoever moves, mends or leaves: retry, recover, import, export."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from feeder import words

if TYPE_CHECKING:
    from typing import BinaryIO

from feeder.cli._around import answer, config_option, detail, json_option, loader, progressing, removals_option, say, state_folder
from feeder.cli._several import files_argument, one_or_files, speaking_of
from feeder.cli._shape import command

__all__ = ["export", "import_", "recover", "retry"]


@command(
    examples=(
        ("feeder retry", "after a file was mended that touching does not change, or an endpoint"),
        ("feeder retry --accept-removals", "yes, all these articles are meant to be gone"),
    )
)
@files_argument
@config_option
@removals_option
def retry(files: tuple[str, ...], config_file: str | None, *, accept_removals: bool) -> None:
    """Have the files that were set aside read again.

    Whoever failed, a language model's endpoint or a hub, is asked and told again, too. A running service does so at once;
    otherwise the next build or run does.
    """
    import signal

    from feeder.ledger import Ledger, holder

    states = [(file, state_folder(file)) for file in one_or_files(config_file, files)]
    for _, state in states:
        Ledger.ask(state, "retry accept-removals" if accept_removals else "retry")
    told: set[int] = set()
    for file, state in states:
        with speaking_of(file, files):
            if (pid := holder(state)) is None:
                say("the next feeder build or feeder run does it")
                continue
            if pid not in told:
                os.kill(pid, signal.SIGHUP)
                detail(f"SIGHUP to process {pid}, which holds {state / 'lock'}")
            told.add(pid)
            say(f"the service (process {pid}) does it now")


@command(
    examples=(
        ("feeder recover", "the ledger is lost: .feeder/ was deleted, or its disk"),
        ("feeder recover --force", "the ledger is there, and worse than what is published: an old backup"),
    )
)
@config_option
@click.option("--force", is_flag=True, help="Even if there is a ledger that is sound: it is set aside, not deleted.")
def recover(config_file: str | None, *, force: bool) -> None:
    """Rebuild a lost ledger from the published feed.

    Ids, permalinks, dates and withdrawals are read from feed.xml and archive/ in the output folder, and the articles found again in the
    input folder, so that subscribers notice nothing. A ledger that was there is set aside, and only one that is damaged. Stop a
    running service first.
    """
    from feeder import rescue
    from feeder.clock import Clock

    with progressing() as progress:
        recovered = rescue.recover(loader(config_file)(), clock=Clock(), force=force, progress=progress)
    say("\n".join(words.recovered(recovered)))


@command(
    "import",
    examples=(
        ("feeder import --dry-run old-feed.xml", "which articles are which entries?"),
        ("feeder import old-feed.xml", "keep their ids and dates"),
        ("curl https://news.example/rss | feeder import -", "straight from the old site"),
    ),
)
@click.argument("feed", type=click.File("rb"))
@config_option
@click.option("--dry-run", is_flag=True, help="Only say what would be taken over.")
@json_option
def import_(feed: BinaryIO, config_file: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Take over ids and dates from another tool's feed.

    FEED is a file in Atom, RSS or JSON Feed ("-": standard input). Articles in the input folder that are entries of it keep their ids and
    dates, so that a move marks nothing as unread; do it before the first build. What is public already keeps what it has.
    """
    from feeder import rescue, subscription
    from feeder.clock import Clock

    body = feed.read(subscription.LARGEST + 1)
    with progressing() as progress:
        adopted = rescue.adopt(loader(config_file)(), body, clock=Clock(), dry_run=dry_run, progress=progress)
    if as_json:
        answer(words.adopted(adopted))
    else:
        say("\n".join(words.adopted_lines(adopted)))


@command(
    examples=(
        ("feeder export backup.json", "a backup that can be read without feeder"),
        ("feeder export | gzip > backup.json.gz", "the same, smaller"),
    )
)
@click.argument("file", default="-", type=click.Path(dir_okay=False, allow_dash=True))
@config_option
def export(file: str, config_file: str | None) -> None:
    """Write everything as one JSON document to FILE.

    Every entry there ever was, with what was promised of it and what it says, also those that wait for their date: it is yours, not your
    subscribers'. Without FILE it goes to standard output. Its shape is documented and has a version.
    """
    from pathlib import Path

    from feeder import export as room

    config = loader(config_file)()
    with progressing() as progress:
        if file != "-":
            room.write(config, Path(file), progress=progress)
            detail(f"written: {file}")
            return
        if sys.stdout is None:
            raise click.ClickException("standard output is closed: name a FILE")
        for piece in room.exported(config, progress=progress):
            sys.stdout.buffer.write(piece.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
