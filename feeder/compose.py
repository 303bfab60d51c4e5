"""The composition: a configuration becomes the parts of a cycle. Nothing runs here, and nobody below knows the configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

from feeder import __version__, readers, summarizers
from feeder.config import Config, origins
from feeder.errors import ConfigError, FeederError, Problem
from feeder.inbox import Inbox
from feeder.ledger import Ledger
from feeder.model import Site
from feeder.pipeline import FEED, Intake, Parts
from feeder.publishers import Publisher
from feeder.publishers.folder import FolderPublisher
from feeder.renderers import html, xml

__all__ = ["intake", "looking", "publishing", "renewed"]

UNPLACED = "http://127.0.0.1:8000/"  # what a feed's id is minted from when nobody said where it will be: the port does not matter


@contextmanager
def publishing(config: Config) -> Iterator[Parts]:
    """The parts to publish with, the only ones of their feed: ledger and output are locked until the context ends. Raises Busy."""
    with closing(Ledger.open(config.state)) as ledger:
        parts = _parts(config, ledger)
        if ledger.get("feed_id") != parts.site.id:
            ledger.put(feed_id=parts.site.id)
        with parts.publisher.lock():
            yield parts


@contextmanager
def looking(config: Config) -> Iterator[Parts]:
    """The parts to look with (`plan`, `explain`), beside a running service: nothing may be written with them."""
    with closing(Ledger.look(config.state) or Ledger.blank()) as ledger:
        yield _parts(config, ledger)


def renewed(config: Config, parts: Parts) -> Parts:
    """The parts after a configuration was read again. Ledger and publisher stay: their locks are held."""
    return replace(_parts(config, parts.ledger), publisher=parts.publisher)


def intake(config: Config) -> Intake:
    """What turns the bytes of a file into an article."""
    salt = f"{readers.VERSION} {summarizers.VERSION} {config.summary.kind} {config.base} {config.feed.time_zone}"
    try:
        summarizer = summarizers.summarizer(config.summary.kind)
    except FeederError as error:
        where = origins(config).get("summary.kind", "summary.kind")
        raise ConfigError((Problem(where, str(error), "choose another `kind` in [summary]"),)) from error
    return Intake(readers.read, summarizer, config.base, config.feed.time_zone, salt)


def _parts(config: Config, ledger: Ledger) -> Parts:
    publisher = FolderPublisher(config.output.folder, check=_check)
    site = _site(config, ledger, publisher)
    style = hashlib.sha256(repr((site, config.feed.entries, html.VERSION, __version__)).encode()).hexdigest()[:16]
    return Parts(
        inbox=Inbox(config.input.folder, suffixes=readers.suffixes(), settle=config.input.settle, max_size=config.input.max_size),
        intake=intake(config),
        ledger=ledger,
        site=site,
        pages=html.Pages(site),
        static=html.static(),
        publisher=publisher,
        settle=config.input.settle,
        limit=config.feed.entries,
        version=__version__,
        style=style,
    )


def _site(config: Config, ledger: Ledger, publisher: Publisher) -> Site:
    feed = config.feed
    ident = feed.id or ledger.get("feed_id") or xml.feed_id(publisher.get(FEED) or b"") or uuid5(NAMESPACE_URL, feed.base_url or UNPLACED).urn
    return Site(ident, feed.title or "", config.base, feed.language, feed.authors, feed.subtitle, feed.rights)


def _check(path: str, body: bytes) -> None:
    """Read a feed back before it replaces the one before. Raises PublishError."""
    if path.endswith(".xml"):
        xml.check(body)
