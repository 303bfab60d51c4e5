"""Telling hubs which feeds have changed (WebSub): what is sent, when, when again and for how long. It knows no articles, and makes no feed.

The rules:

    A ping is sent when the new bytes of its feed are out, and not before; none for what is as it was announced last.
    It is kept in the ledger until the hub has taken it (any 2xx).
    A hub that fails is left alone from a minute to six hours, twice as long each time, or for as long as it asks, up to a day;
    then one ping finds out whether it is back, the one that was tried least.
    What a hub has not taken for seven days is given up, if it failed ten times in a row, or with this feed: so much for a wrong clock.
    Each hub has a thread and a connection to the ledger of its own: one that is slow holds up nobody else.

WebSub leaves it to the hub how it wants to be told. All that are known take a form with hub.mode=publish and the feed's address: in hub.url
(Google's, Superfeedr), or in hub.topic (Switchboard). It is sent in both.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from feeder.clock import Clock
from feeder.endpoint import Answered, Endpoint, Unanswered
from feeder.errors import Abandoned, LedgerError
from feeder.ledger import Hub, Ping, Pings

__all__ = ["FORM", "Courier", "Delivery", "Rounds", "deliver", "is_topic", "link_field"]

Stop = Callable[[], None]
Queue = Callable[[], AbstractContextManager[Pings]]

FORM = {"Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"}
TOPICS = frozenset(("feed.xml", "rss.xml", "feed.json"))  # archives are none: nobody subscribes to them
FIRST_PAUSE, LONGEST_PAUSE = 60, 6 * 3600  # seconds that a hub is left alone after failures
LONGEST_WISH = 86_400  # seconds that it may ask to be left alone
PATIENCE, TRIES = 7 * 86_400, 10  # seconds after which a ping is given up, if it, or whatever its hub was sent of late, failed so often
BATCH = 20  # pings between two looks for one that is more urgent
LOOK = 60.0  # seconds between two looks at the queue at most: the clock may have been set
HINTS = {
    301: ", it has moved: write its new address",
    308: ", it has moved: write its new address",
    401: ", it does not take pings from everybody",
    403: ", it does not take pings from everybody",
    404: ", is its address right?",
    429: ", too many requests",
}

_log = logging.getLogger("feeder")


def is_topic(path: str) -> bool:
    """Whether hubs are told of changes in this document."""
    return path.rpartition("/")[2] in TOPICS


def link_field(path: str, base: str, hubs: Sequence[str]) -> str | None:
    """The Link field that goes with a document below `base` (WebSub section 4, RFC 8288), if hubs are told of it."""
    if not hubs or not is_topic(path):
        return None
    return ", ".join([*(f'<{hub}>; rel="hub"' for hub in hubs), f'<{base}{quote(path)}>; rel="self"'])


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one round to one hub: how many pings it took, and what the log should know."""

    told: int = 0
    remarks: tuple[str, ...] = ()


class Courier:
    """Takes pings to one `hub`, for feeds below `base`. One request may take `timeout` seconds."""

    def __init__(self, hub: str, base: str, endpoint: Endpoint, *, timeout: float, clock: Clock) -> None:
        self.hub = hub
        self.shown = Hub(hub).shown
        self._base = base
        self._endpoint = endpoint
        self._timeout = timeout
        self._clock = clock

    def deliver(self, pings: Pings, last: int, stop: Stop, *, within: float | None = None) -> Delivery:
        """Send what is due, none of it queued after `last`, until nothing is, the hub fails, or `within` so many seconds.

        `stop` may raise to give it up: what was not answered by then stays queued. Raises LedgerError.
        """
        told, began = 0, self._clock.tick()
        while self._ready(pings) and (waiting := pings.due(self.hub, self._now(), last=last, limit=BATCH)):
            for ping in waiting:
                stop()
                left = self._timeout if within is None else min(self._timeout, round(began + within - self._clock.tick(), 1))
                if left <= 0:
                    return Delivery(told)
                outcome = self._endpoint.post(self._body(ping), timeout=left, stop=stop)
                if not _taken(outcome):
                    return Delivery(told, self._failed(pings, ping, outcome))
                pings.taken(self.hub, ping, self._now())
                told += 1
        return Delivery(told)

    def pause(self, pings: Pings) -> float:
        """The seconds until there may be something to send; at most a minute."""
        hub = pings.hub(self.hub)
        if not hub.waiting:
            return LOOK
        return min(max(hub.until - self._now(), hub.due - self._now(), 1), LOOK)

    def _ready(self, pings: Pings) -> bool:
        until = pings.hub(self.hub).until - self._now()
        return until <= 0 or until > LONGEST_WISH + LONGEST_PAUSE  # the clock was ahead when this was noted

    def _body(self, ping: Ping) -> bytes:
        topic = self._base + quote(ping.path)
        return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()

    def _failed(self, pings: Pings, ping: Ping, outcome: Answered | Unanswered) -> tuple[str, ...]:
        before, reason, now = pings.hub(self.hub), _reason(outcome), self._now()
        wish = min(outcome.after or 0, LONGEST_WISH) if isinstance(outcome, Answered) else 0
        until = now + int(max(_backoff(before.failures), wish))
        hub = replace(before, failures=before.failures + 1, until=until, error=reason)
        attempts = 0 if hub.failures >= TRIES else TRIES
        dropped = pings.put_off(hub, ping, now + int(max(_backoff(ping.attempts), wish)), before=now - PATIENCE, attempts=attempts)
        told = f"{self.shown} does not take pings: {reason}; told again after {_moment(until)}"
        given_up = f"{self.shown} has not been told of changes for {PATIENCE // 86_400} days (feeds: {dropped}): given up until they change again"
        return (told, given_up) if dropped else (told,)

    def _now(self) -> int:
        return int(self._clock.wall())


def _taken(outcome: Answered | Unanswered) -> bool:
    return isinstance(outcome, Answered) and 200 <= outcome.status < 300


def _reason(outcome: Answered | Unanswered) -> str:
    """Why a ping was not taken. Words of the hub's own are not repeated."""
    if isinstance(outcome, Unanswered):
        return outcome.reason
    redirected = ", redirects are not followed: write the address that it leads to" if 300 <= outcome.status < 400 else ""
    return f"it answered {outcome.status}{HINTS.get(outcome.status, redirected)}"


def _backoff(failures: int) -> int:
    """The seconds to wait after one failure more."""
    return min(FIRST_PAUSE << min(failures, 16), LONGEST_PAUSE)


def _moment(stamp: int) -> str:
    return f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%dT%H:%M:%SZ}"


# -- at work ------------------------------------------------------------------------------------------------------------------


def deliver(couriers: Iterable[Courier], queue: Queue, *, last: int, within: float) -> tuple[str, ...]:
    """One round to every hub, all at once, `within` so many seconds; return what is left to say. What was not sent stays queued."""
    remarks: list[str] = []

    def go(courier: Courier) -> None:
        try:
            with queue() as pings:
                remarks.extend(courier.deliver(pings, last, lambda: None, within=within).remarks)
        except LedgerError as error:
            remarks.append(f"{courier.shown} could not be told: {error}")

    threads = [threading.Thread(target=go, args=(courier,), name="pings", daemon=True) for courier in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tuple(remarks)


class Rounds:
    """Couriers that go out whenever there is something to tell, each in a thread of its own.

    `note` hears, by the name of a hub, what is wrong with it, or None when it takes pings again.
    """

    def __init__(
        self, couriers: Iterable[Courier], queue: Queue, *, last: int, note: Callable[[str, str | None], None], log: logging.Logger = _log
    ) -> None:
        """Pings up to the number `last` are those of feeds that are out."""
        self._log = log
        self._couriers = tuple(couriers)
        self._queue = queue
        self._last = last
        self._note = note
        self._called = threading.Condition()
        self._calls = 0
        self._stopping = False
        self._threads: dict[str, threading.Thread] = {}

    def beat(self) -> None:
        """See that every courier is at work; to be called now and then."""
        for courier in self._couriers:
            if courier.hub not in self._threads or not self._threads[courier.hub].is_alive():
                thread = threading.Thread(target=self._work, args=(courier,), name="pings", daemon=True)
                self._threads[courier.hub] = thread
                thread.start()

    def wake(self, last: int) -> None:
        """Go out now: the feeds of all pings up to the number `last` are out."""
        with self._called:
            self._last = last
            self._calls += 1
            self._called.notify_all()

    def stop(self, within: float) -> None:
        """Stop, also in mid-request; wait for it `within` so many seconds."""
        with self._called:
            self._stopping = True
            self._called.notify_all()
        for courier in self._couriers:
            self._note(courier.shown, None)
        for thread in self._threads.values():
            thread.join(within / len(self._threads))

    def _work(self, courier: Courier) -> None:
        with suppress(Abandoned):
            while True:
                self._go_out(courier)

    def _go_out(self, courier: Courier) -> None:
        """Deliver, and rest, until the ledger fails or it is stopped."""
        try:
            with self._queue() as pings:
                self._deliver(courier, pings)
        except LedgerError as error:  # its disk is full, say
            self._log.error("%s cannot be told: %s", courier.shown, error)
            self._rest(LOOK, self._calls)

    def _deliver(self, courier: Courier, pings: Pings) -> None:
        while True:
            calls = self._calls
            delivery = courier.deliver(pings, self._last, self._check)
            for remark in delivery.remarks:
                self._log.warning("%s", remark)
            if delivery.told:
                self._log.info("%s was told of changes (feeds: %d)", courier.shown, delivery.told)
            error = pings.hub(courier.hub).error
            self._say(courier, f"does not take pings: {error}" if error else None)
            self._rest(courier.pause(pings), calls)

    def _say(self, courier: Courier, problem: str | None) -> None:
        with self._called:
            if not self._stopping:  # whoever comes after us may have said something else by now
                self._note(courier.shown, problem)

    def _check(self) -> None:
        if self._stopping:
            raise Abandoned("the pings wait for the next start")

    def _rest(self, seconds: float, calls: int) -> None:
        """Wait so long, or until there was another call than `calls`."""
        with self._called:
            self._called.wait_for(lambda: self._stopping or self._calls != calls, seconds)
        self._check()
