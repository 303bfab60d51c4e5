"""The composition: a configuration becomes the parts of a cycle. Nothing runs here, and nobody below knows the configuration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar
from uuid import NAMESPACE_URL, uuid5

from feeder import __version__, edition, endpoint, media, notify, plugins, readers, stories, summarizers, theme
from feeder.clock import Clock
from feeder.config import Config, origins
from feeder.edition import Terms
from feeder.errors import ConfigError, FeederError, Problem, Unreadable
from feeder.inbox import Inbox
from feeder.ledger import Hub, Ledger, Pings
from feeder.model import Document, Image, Look, Medium, Person, Podcast, Site
from feeder.notify import Courier
from feeder.pipeline import Intake, Parts
from feeder.plugins import Part
from feeder.press import FEED, Press
from feeder.publishers import Publisher, located
from feeder.publishers.folder import FolderPublisher
from feeder.publishers.installed import InstalledPublisher
from feeder.publishers.rehearsal import Rehearsal
from feeder.renderers import fitting, html, jsonfeed, xml
from feeder.renderers.extra import Extra
from feeder.store import Store, Trial
from feeder.theme import Theme

if TYPE_CHECKING:  # at run time where there is one: nobody else shall pay for it
    from feeder.assistant import Assistant

__all__ = [
    "couriers",
    "dressed",
    "intake",
    "looking",
    "monitor",
    "plugged",
    "publishing",
    "queue",
    "recovering",
    "rehearsing",
    "renewed",
    "require_folder",
]

T = TypeVar("T")
ICON = 512  # pixels a side of an icon: every page loads it
UNPLACED = "http://127.0.0.1:8000/"  # what a feed's id is minted from when nobody said where it will be: the port does not matter


def require_folder(config: Config) -> None:
    """Raise FeederError where there is no input folder: nothing has to be withdrawn for a slip of the key."""
    folder = config.input.folder
    if folder.is_file():
        raise FeederError(f"{folder} is a file, and should be the folder of the articles: move it away, or name another `folder` in [input]")
    if not folder.is_dir():
        raise FeederError(f"there is no folder {folder}: make it and put articles in, or let `feeder init` do it")


@contextmanager
def publishing(config: Config, clock: Clock | None = None) -> Iterator[Parts]:
    """The parts to publish with, the only ones of their feed: ledger and output are locked until the context ends. Raises Busy."""
    with closing(Ledger.open(config.state)) as ledger:
        parts = _parts(config, ledger, clock or Clock(), Store(config.state / "media", writing=True))
        if ledger.get("feed_id") != parts.press.site.id:
            ledger.put(feed_id=parts.press.site.id)
        with parts.publisher.lock():
            yield parts


@contextmanager
def recovering(config: Config, clock: Clock, aside: str, *, force: bool = False) -> Iterator[Parts]:
    """The parts with a new and empty ledger, which takes the place of a lost one when the context ends well. Raises Busy, LedgerError."""
    with Ledger.rebuilding(config.state, aside, force=force) as ledger:
        parts = _parts(config, ledger, clock, Store(config.state / "media", writing=True))
        with parts.publisher.lock():
            yield parts


@contextmanager
def looking(config: Config) -> Iterator[Parts]:
    """The parts to look with (`plan`, `explain`), beside a running service: nothing may be written with them."""
    with closing(Ledger.look(config.state) or Ledger.blank()) as ledger:
        yield replace(_parts(config, ledger, Clock(), Store(config.state / "media", writing=False), keep=False), assistant=None)


@contextmanager
def rehearsing(config: Config, clock: Clock) -> Iterator[tuple[Parts, Rehearsal]]:
    """The parts to try a cycle with, beside a running service: a copy of the ledger, a publisher that only compares, a spare folder for media."""
    with closing(Ledger.copy(config.state)) as ledger, TemporaryDirectory(prefix="feeder-") as spare:
        parts = _parts(config, ledger, clock, Trial(config.state / "media", Path(spare)))
        shelf = Rehearsal(parts.publisher)
        yield replace(parts, publisher=shelf, assistant=None), shelf


def renewed(config: Config, parts: Parts, clock: Clock | None = None) -> Parts:
    """The parts after a configuration was read again. Ledger and publisher stay: their locks are held."""
    return replace(_parts(config, parts.ledger, clock or Clock(), parts.press.store, keep=False), publisher=parts.publisher)


def dressed(config: Config, parts: Parts, clock: Clock | None = None) -> Parts:
    """The parts with the theme as it is now: the very same ones while it is the same. To be called where cycles run."""
    if theme.fingerprint(config.root) == parts.worn:
        return parts
    return replace(_parts(config, parts.ledger, clock or Clock(), parts.press.store), publisher=parts.publisher)


def intake(config: Config, assistant: Assistant | None = None) -> Intake:
    """What turns the bytes of a file into an article. With an assistant, its summary is what that has been told before."""
    installed, plugin = _readers(config), config.part("summarizers", config.summary.kind)
    salt = f"{readers.VERSION} {summarizers.VERSION} {stories.VERSION} {config.summary.kind} {config.base} {config.feed.time_zone}"
    salt = " ".join([salt, *(part.stamp for part in (*installed.values(), *([plugin] if plugin else [])))])
    own = summarizers.installed(plugin) if plugin else summarizers.summarizer(next(iter(summarizers.KINDS)))
    return Intake(partial(readers.read, installed=installed), assistant.recall if assistant else own, config.base, config.feed.time_zone, salt)


def plugged(config: Config) -> tuple[Part, ...]:
    """The plugins in use: those that the configuration names, and every installed reader."""
    said = config.output
    chosen = [("summarizers", config.summary.kind), *(("renderers", name) for name in said.renderers), ("publishers", said.publisher)]
    return (*_readers(config).values(), *(part for choice in chosen if (part := config.part(*choice))))


def _readers(config: Config) -> dict[str, Part]:
    """The installed readers by suffix, but for suffixes that we read ourselves. None is loaded here: files may need it or not."""
    others = {name: plugin for name, plugin in plugins.installed("readers").items() if name.startswith(".") and name not in readers.SUFFIXES}
    return {name: config.part("readers", name) or Part(plugin) for name, plugin in others.items()}


def _publisher(config: Config) -> Publisher:
    if plugin := config.part("publishers", config.output.publisher):
        return InstalledPublisher(replace(plugin, within=None), check=_check)
    return FolderPublisher(config.output.folder, check=_check)


def _extras(config: Config) -> tuple[Extra, ...]:
    """The installed renderers that are asked for. Raises ConfigError where one cannot say what it makes."""
    extras = tuple(Extra(part) for name in config.output.renderers if (part := config.part("renderers", name)))
    for extra in extras:
        try:
            _ = *map(located, extra.documents), extra.whole
        except FeederError as error:
            raise _refused(config, extra, str(error)) from error
    return extras


def _require_own(config: Config, extras: Iterable[Extra], static: Iterable[str]) -> None:
    """Raise ConfigError unless each document of an installed renderer has a path that is nobody else's, nor a folder where another has a file."""
    taken = dict.fromkeys((path.casefold() for path in static), "Feeder")
    for extra in extras:
        for path in extra.documents:
            whose = "Feeder" if edition.owned(path) else next((taken[other] for other in taken if _meet(path.casefold(), other)), "")
            if whose:
                raise _refused(config, extra, f"{extra.plugin.plugin} cannot have {path}: it belongs to {whose}")
            taken[path.casefold()] = str(extra.plugin.plugin)


def _meet(one: str, other: str) -> bool:
    """Whether two paths are one, or one is a file and a folder of the other at once."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _refused(config: Config, extra: Extra, why: str) -> ConfigError:
    hint = "its options may let you choose another path" if extra.plugin.options else "use another one, or tell whoever makes it"
    return ConfigError((Problem(origins(config)["output.renderers"], why, hint),))


def _assistant(config: Config, ledger: Ledger, clock: Clock) -> Assistant | None:
    """Who is asked for summaries, if the configuration says so. It is not contacted here."""
    if config.summary.kind != "llm":
        return None
    if not endpoint.available():
        where, hint = origins(config)["summary.kind"], "install it with: pip install 'feeder[llm]'"
        raise ConfigError((Problem(where, 'kind "llm" needs the package httpx2', hint),))
    from feeder.assistant import Assistant, Terms

    said = config.summary.llm
    base, model, key = said.base_url or "", said.model or "", said.key.get_secret_value() if said.key else None
    address = endpoint.Endpoint(f"{base}chat/completions", key, agent=f"feeder/{__version__}")
    terms = Terms(model, said.timeout, said.patience, said.attempts, said.calls_per_day, said.tokens_per_day)
    extract = summarizers.summarizer(next(iter(summarizers.KINDS)))
    return Assistant(address, terms, ledger.answers, extract, name=f"{model} at {base}", clock=clock)


def couriers(config: Config, clock: Clock) -> tuple[Courier, ...]:
    """Who tells the hubs of changes, one for each. None is contacted here."""
    said, agent, public = config.websub, f"feeder/{__version__}", not config.websub.allow_private
    addresses = {hub: endpoint.Endpoint(hub, agent=agent, headers=notify.FORM, public=public, head_only=True) for hub in said.hubs}
    return tuple(Courier(hub, config.base, address, timeout=said.timeout, clock=clock) for hub, address in addresses.items())


def monitor(config: Config) -> endpoint.Endpoint | None:
    """Whom to tell that cycles go well, if anybody. Wherever the owner says, on this machine too. It is not contacted here. Raises ConfigError."""
    if (said := config.schedule.heartbeat) is None:
        return None
    if not endpoint.available():
        problem = "a heartbeat needs the package httpx2"
        raise ConfigError((Problem("$FEEDER_SCHEDULE__HEARTBEAT", problem, "install it with: pip install 'feeder[websub]'"),))
    return endpoint.Endpoint(said.get_secret_value(), agent=f"feeder/{__version__}", headers={"Accept": "*/*"}, head_only=True)


def queue(config: Config) -> AbstractContextManager[Pings]:
    """The pings that wait, for another thread than the one that publishes."""
    return Pings.beside(config.state)


def _hubs(config: Config) -> tuple[str, ...]:
    """The hubs, if they can be told and may be."""
    said, where = config.websub, origins(config)["websub.hubs"]
    if said.hubs and not endpoint.available():
        raise ConfigError((Problem(where, "hubs need the package httpx2", "install it with: pip install 'feeder[websub]'"),))
    if said.hubs and not said.allow_private and endpoint.near(config.base):
        hint = "say where it can be reached from outside: base_url in [feed]"
        raise ConfigError((Problem(where, f"hubs cannot fetch the feed from {config.base}", hint),))
    near = [Hub(hub).shown for hub in said.hubs if not said.allow_private and endpoint.near(hub)]
    if near:
        told = f"{' and '.join(near)}: not on the open Internet, but on this machine or in its network"
        raise ConfigError((Problem(where, told, "if that is meant, say allow_private = true in [websub]"),))
    return said.hubs


def _parts(config: Config, ledger: Ledger, clock: Clock, store: Store, *, keep: bool = True) -> Parts:
    assistant = _assistant(config, ledger, clock)
    cover, covers = _cover(config)
    icon, icons = _icon(config)
    look = Look(config.pages.color, icon, config.pages.readers)
    extras, publisher = _extras(config), _publisher(config)
    site = replace(_site(config, ledger, publisher), image=cover, podcast=_podcast(config), look=look)
    dress, pages, worn = _dress(config, site, ledger, keep=keep)
    static = (*html.static(site, icons, dress.style), *covers)
    _require_own(config, extras, [document.path for document in static])
    terms = Terms(config.feed.entries, timedelta(seconds=config.feed.tombstones))
    style = hashlib.sha256(repr((site, terms, html.VERSION, __version__, sorted(dress.templates.items()))).encode()).hexdigest()[:16]
    memo = xml.Memo(xml.ROOM // config.among)  # several feeds have together as much as one
    return Parts(
        inbox=Inbox(
            config.input.folder, suffixes=readers.suffixes(), media=media.SUFFIXES, settle=config.input.settle, max_size=config.input.max_size
        ),
        intake=intake(config, assistant),
        ledger=ledger,
        press=Press(ledger, store, site, pages, static, config.feed.entries, __version__, extras, memo=memo),
        publisher=publisher,
        settle=config.input.settle,
        largest=config.input.max_media,
        style=style,
        terms=terms,
        keep_removed=config.input.on_removal == "keep",
        assistant=assistant,
        plugins=tuple(str(part.plugin) for part in plugged(config)),
        worn=worn,
    )


def _dress(config: Config, site: Site, ledger: Ledger, *, keep: bool) -> tuple[Theme, html.Pages, tuple[object, ...] | None]:
    """The theme, the pages in it, and what it was read from."""
    worn = theme.fingerprint(config.root) if keep else None
    dress, faults = _theme(config, site, ledger, keep=keep)
    pages = html.Pages(site, dress.templates)
    pages.faults.update((problem.where, problem) for problem in faults)
    return dress, pages, worn


def _theme(config: Config, site: Site, ledger: Ledger, *, keep: bool) -> tuple[Theme, tuple[Problem, ...]]:
    """The theme beside the configuration, which `keep` has the ledger remember; where anything in it is broken, the last one that was not."""
    found, problems = theme.read(config.root)
    problems = problems or fitting.faults(site, found.templates)
    last, faults = ledger.get("theme") or "", json.dumps([str(problem) for problem in problems])
    if keep and faults != (ledger.get("faults") or "[]"):
        ledger.put(faults=faults)
    if problems:
        return Theme.unpacked(last), problems
    if keep and found.packed() != last:
        ledger.put(theme=found.packed())
    return found, ()


def _site(config: Config, ledger: Ledger, publisher: Publisher) -> Site:
    feed = config.feed
    minted = uuid5(NAMESPACE_URL, feed.base_url or UNPLACED + config.prefix).urn
    ident = feed.id or ledger.get("feed_id") or xml.feed_id(publisher.get(FEED) or b"") or minted
    every = int(config.schedule.every or 0)
    return Site(ident, feed.title or "", config.base, feed.language, feed.authors, feed.subtitle, feed.rights, every, _hubs(config))


def _podcast(config: Config) -> Podcast:
    said = config.podcast
    owner = Person(said.owner or config.feed.authors[0].name, email=said.email) if said.owner or said.email else None
    return Podcast(said.category, said.explicit, owner)


def _cover(config: Config) -> tuple[Image | None, tuple[Document, ...]]:
    """The cover and the document that it is, as it would be published beside an article. Raises ConfigError."""
    if (name := config.podcast.cover) is None:
        return None, ()
    medium, body = _picture(config, "podcast.cover", name, media.SIDE, "1400 to 3000 pixels a side")
    return Image(f"{config.base}{medium.path}", medium.type, medium.width, medium.height), (Document(medium.path, medium.type, body),)


def _icon(config: Config) -> tuple[Image | None, Document | None]:
    """The owner's icon and the document that it is: beside the pages, under a name that stays. Raises ConfigError."""
    if (name := config.pages.icon) is None:
        return None, None
    if name.lower().endswith(".svg"):
        document = Document("icon.svg", "image/svg+xml", _lying(config, "pages.icon", name, media.drawing))
        return Image(f"{config.base}{document.path}", document.media_type), document
    medium, body = _picture(config, "pages.icon", name, ICON, "256 pixels a side serve for every icon")
    document = Document("icon" + PurePosixPath(medium.name).suffix, medium.type, body)
    return Image(f"{config.base}{document.path}", medium.type, medium.width, medium.height), document


def _picture(config: Config, key: str, name: str, largest: int, advice: str) -> tuple[Medium, bytes]:
    """A square picture that the configuration names, without what it tells besides."""

    def prepared(body: bytes) -> tuple[Medium, bytes]:
        medium, clean = media.prepared(body)
        if medium.width is None or medium.width != medium.height:
            raise Unreadable("is no square picture", f"cut it to a square, {advice}")
        if medium.width > largest:
            raise Unreadable(f"has {medium.width} pixels a side, at most {largest} are taken", f"make it smaller: {advice}")
        return medium, clean

    return _lying(config, key, name, prepared)


def _lying(config: Config, key: str, name: str, prepare: Callable[[bytes], T]) -> T:
    """What becomes of a file that lies beside the configuration or in the input folder. Raises ConfigError."""
    places = [folder / name for folder in (config.root, config.input.folder)]
    try:
        return prepare(next((file for file in places if file.is_file()), places[0]).read_bytes())
    except (OSError, Unreadable) as error:
        reason, hint = (error.reason, error.hint) if isinstance(error, Unreadable) else (f"cannot be read: {error.strerror}", "see where it lies")
        raise ConfigError((Problem(origins(config)[key], f"the {key.partition('.')[2]} {name} {reason}", hint),)) from error


def _check(path: str, body: bytes) -> None:
    """Read a feed back before it replaces the one before. Raises PublishError. What installed renderers make is checked where it is made."""
    if not edition.owned(path):
        return
    if path == "rss.xml":
        xml.check_rss(body)
    elif path.endswith(".xml"):
        xml.check(body)
    elif path.endswith(".json"):
        jsonfeed.check(body)
