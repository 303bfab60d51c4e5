"""How a feed stands, as values: what is out, what is not and why, what was done and what it cost; and what of it wants attention.

Nothing is read here, and no clock is asked: `survey` makes these values, `words` and `renderers.status` show them. Of long lists a value
may hold only the beginning; `More` counts the rest. All but the whole are named tuples, not dataclasses: these take `feeder status` 20 ms more to
make than all that it tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

__all__ = [
    "Aside",
    "Assistant",
    "Concern",
    "Cycle",
    "Day",
    "Failing",
    "Hub",
    "More",
    "Note",
    "Out",
    "Remark",
    "Service",
    "Setting",
    "Settling",
    "Standing",
    "Waiting",
    "count",
    "distance",
    "facts",
    "size",
    "stamped",
    "told",
]

State = Literal["ok", "starting", "empty", "attention", "trouble"]


class Out(NamedTuple):
    """An article that is published: its file, its title, and where its page is, below the address of the feed."""

    path: str
    title: str
    page: str
    published: datetime


class Waiting(NamedTuple):
    """An article that is not to be read before `until`."""

    path: str
    until: datetime


class Settling(NamedTuple):
    """A file that is still being written, or was a moment ago: it is read when it has rested so many seconds more."""

    path: str
    seconds: float


class Aside(NamedTuple):
    """A file that cannot be published, since when, why, and what mends it. `published`: its last good version stays."""

    where: str
    reason: str
    hint: str
    since: datetime
    published: bool


class Note(NamedTuple):
    """What the owner of a file should know, although it is published."""

    where: str
    note: str


class Cycle(NamedTuple):
    """A cycle that did something: when it began, how long it took, and what it wrote; None where an older Feeder did not count."""

    at: datetime
    seconds: float
    did: str
    documents: int | None = None
    bytes: int | None = None


class Hub(NamedTuple):
    """How it stands with a hub, by its address without path and query. So many pings wait; after an `error` it is told again `told_after`."""

    hub: str
    waiting: int
    error: str = ""
    told_after: datetime | None = None
    given_up: int = 0
    last_told: datetime | None = None


class Assistant(NamedTuple):
    """How it stands with the language model: what of its budget today (UTC) has cost, and how many summaries are waited for."""

    model: str
    calls: int
    calls_per_day: int
    tokens: int
    tokens_per_day: int
    pending: int
    error: str = ""
    asked_after: datetime | None = None


class Failing(NamedTuple):
    """A plugin whose documents cannot be made, since when and why."""

    reason: str
    since: datetime


class Day(NamedTuple):
    """How many of the articles that are out were published on a day (UTC)."""

    day: date
    published: int


class Setting(NamedTuple):
    """A key of the configuration, its value as one would write it, and where it comes from: a line, a variable, or "default".

    `note` says what a default follows from.
    """

    key: str
    value: str
    origin: str
    note: str = ""


class Remark(NamedTuple):
    """What is not as it should be with a part of the service."""

    about: str
    note: str


class Service(NamedTuple):
    """What only a running service knows. `busy`: for so many seconds the present cycle has been running.

    `last` is when the last cycle began, whether it found anything to do or not, and `did` what came of it; `next` is when the next one will.
    `notes` are what is not as it should be with its parts.
    """

    since: datetime
    ready: bool
    page: str
    cycles: int = 0
    failures: int = 0
    busy: float | None = None
    last: datetime | None = None
    did: str = ""
    error: str | None = None
    next: datetime | None = None
    notes: tuple[Remark, ...] = ()
    settling: tuple[Settling, ...] = ()


class More(NamedTuple):
    """How many of each list there are beyond those that are told."""

    embargoed: int = 0
    held: int = 0
    quarantine: int = 0
    notes: int = 0
    settling: int = 0


NO_MORE = More()


class Concern(NamedTuple):
    """One thing that wants attention: what it is, and what its owner can do about it. `grave`: something does not work."""

    about: str
    says: str
    todo: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How one feed stands at a moment. `name` tells several apart; `process` is who publishes it, if anybody does.

    `published` counts what is out, `kept` those of them whose file is gone. `trouble` says why the ledger cannot be read: then all that it
    would have told is missing. `service` is there where a running one is asked, `settings` where the configuration was read.
    """

    version: str
    at: datetime
    name: str = ""
    process: int | None = None
    published: int = 0
    kept: int = 0
    withdrawn: int = 0
    expired: int = 0
    drafts: int = 0
    latest: tuple[Out, ...] = ()
    embargoed: tuple[Waiting, ...] = ()
    held: tuple[str, ...] = ()
    quarantine: tuple[Aside, ...] = ()
    notes: tuple[Note, ...] = ()
    more: More = NO_MORE
    assistant: Assistant | None = None
    hubs: tuple[Hub, ...] = ()
    plugins: tuple[str, ...] = ()
    failing: tuple[Failing, ...] = ()
    templates: tuple[str, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    days: tuple[Day, ...] = ()
    service: Service | None = None
    settings: tuple[Setting, ...] | None = None
    trouble: str = ""

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """What wants attention, the most urgent first."""
        return tuple(sorted((*_of_the_service(self), *_of_articles(self), *_of_others(self)), key=lambda concern: not concern.grave))

    @property
    def state(self) -> State:
        """How it stands in one word."""
        concerns = self.concerns
        if any(concern.grave for concern in concerns):
            return "trouble"
        if concerns:
            return "attention"
        if self.service and not self.service.ready:
            return "starting"
        return "ok" if self.published or self.cycles else "empty"

    @property
    def headline(self) -> str:
        """How it stands in one sentence."""
        match self.state:
            case "trouble":
                return "Something does not work"
            case "attention":
                return count(len(self.concerns), "thing needs", "things need") + " your attention"
            case "starting":
                return "The first look is under way"
            case "empty":
                return "Nothing is published yet"
            case _:
                return "All is well"


def told(feeds: Sequence[Standing]) -> dict[str, object]:
    """What a program is told: the facts of one feed, or a list."""
    return facts(feeds[0]) if len(feeds) == 1 else {"feeds": [facts(feed) for feed in feeds]}


def facts(standing: Standing) -> dict[str, object]:
    """All of it for a program, as JSON knows it: tables and lists, times in ISO 8601 (UTC). What it means is in docs/status.md."""
    begin = {"state": standing.state, "headline": standing.headline, "concerns": _plain(standing.concerns)}
    return {**begin, **{name: _plain(getattr(standing, name)) for name in Standing.__slots__}}


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return stamped(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: _plain(each) for name, each in zip(value._fields, value, strict=True)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def stamped(when: date) -> str:
    """A time (UTC) in RFC 3339, whole seconds, or a day."""
    return (when.replace(microsecond=0) if isinstance(when, datetime) else when).isoformat().replace("+00:00", "Z")


def distance(when: datetime, now: datetime) -> str:
    """How far away a time is, in the largest unit that is not zero: "in 3 h", "2 min ago", "now"."""
    seconds = (when - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    units = ((365 * 86_400, "years"), (86_400, "days"), (3600, "h"), (60, "min"), (1, "s"))
    length, unit = next((length, unit) for length, unit in units if abs(seconds) >= length)
    number = int(abs(seconds) // length)
    told = f"{number:,} {unit.removesuffix('s') if number == 1 and len(unit) > 1 else unit}"
    return f"in {told}" if seconds > 0 else f"{told} ago"


def size(number: int) -> str:
    """A number of bytes, as a person reads it."""
    unit = next(((length, unit) for length, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")) if number >= length), None)
    return f"{number / unit[0]:.1f} {unit[1]}" if unit else f"{number} B"


def count(number: int, one: str, more: str = "") -> str:
    """A number and its noun."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def _of_the_service(s: Standing) -> Iterator[Concern]:
    if s.trouble:
        yield Concern("ledger", s.trouble, "what is published stays; a ledger that is damaged is made anew by: feeder recover", grave=True)
    if (service := s.service) is None:
        return
    if service.error:
        again = "it is tried again by itself, ever more seldom, and at each look"
        yield Concern("cycles", f"the last cycle failed: {service.error}", f"{again}; what was published before stays", grave=True)
    below = {"articles", "plugins", "removals", "summaries", "templates", *(hub.hub for hub in s.hubs)}  # told from the ledger, which has more to say
    for about, problem in service.notes:
        if s.trouble or about not in below:
            yield Concern(about, problem, "mend it, and send SIGHUP or: feeder retry" if about == "config" else "")


def _of_articles(s: Standing) -> Iterator[Concern]:
    if held := len(s.held) + s.more.held:
        said = count(held, "article is gone at once and stays published", "articles are gone at once and stay published")
        yield Concern("held", said, "put the files back, or have them withdrawn with: feeder retry --accept-removals")
    if aside := len(s.quarantine) + s.more.quarantine:
        said = count(aside, "file is", "files are") + " set aside"
        yield Concern("quarantine", said, "mend each as it says below; it is read again as soon as it changes")


def _of_others(s: Standing) -> Iterator[Concern]:
    for plugin in s.failing:
        yield Concern("plugins", plugin.reason, "what it makes stays as it was; it is tried again with the next change, by feeder retry at once")
    for fault in s.templates:
        yield Concern("templates", fault, "pages stay as they were until it is mended; then it is taken up with the next look")
    for hub in s.hubs:
        if hub.error:
            waits = f"; {count(hub.waiting, 'ping waits', 'pings wait')}" if hub.waiting else ""
            again = "it is told again by itself; feeder retry does it now" if hub.waiting else "it is told of the next change"
            yield Concern("hubs", f"the hub {hub.hub} does not take pings: {hub.error}{waits}", again)
    if s.assistant and s.assistant.error:
        said = f"the language model {s.assistant.model} fails: {s.assistant.error}"
        yield Concern("summaries", said, "extracts are published meanwhile; it is asked again by itself, by feeder retry at once")
