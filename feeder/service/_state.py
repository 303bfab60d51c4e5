"""What anybody may know of a service: whether it is alive, whether it is ready, and why not. Nothing of what is published, due or wrong by name.

The reasons are sentences of ours: the words of an error may hold the name of a file that is under embargo, or a folder of this machine. Those are
for the owner, in the log and in `feeder status`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from feeder.desk import Asked, Desk, Told
from feeder.supervisor import Figures, Pace

__all__ = ["Health", "Observed", "Seen", "desks", "state"]

SAID = {
    "config": "config: what was to be read again is wrong, and the configuration stays as it was; the log says where",
    "watch": "watch: the input folder is not watched, only looked at on schedule",
    "templates": "templates: one of the owner's is broken, and pages are made without it; the log says where",
    "summaries": "summaries: the language model's endpoint fails; extracts are published",
    "heartbeat": "heartbeat: the monitor is not reached",
}
PLAIN = ("published", "supervisor", "hung", "plugins")  # these hold no words of others, but names that the configuration says
COUNTED = ("articles", "removals")  # these hold a number alone
FAILED = {
    "abandoned": "the last cycle was abandoned before it was done",
    "ledger": "the last cycle failed: the ledger cannot be used",
    "output": "the last cycle failed: the output cannot be written",
}
HUB = "pings: a hub does not take pings"


Health = Callable[[], tuple[bool, Mapping[str, object]]]


class Seen(NamedTuple):
    """One feed at this moment: what it is called among others, how it goes, and what anybody may know of it."""

    name: str
    pace: Pace
    state: Mapping[str, object]


class Observed(Protocol):
    """One feed as it is seen from outside; service.Service is one."""

    @property
    def name(self) -> str:
        """What it is called where there are several."""

    def pace(self) -> Pace:
        """How it goes at this moment."""

    def figures(self) -> Figures:
        """What there is to count of its cycles."""

    def troubles(self) -> Mapping[str, str]:
        """What is not as it should be, by what it is about."""

    def times(self) -> Mapping[str, object]:
        """When it last ran, and when it will."""


def state(feed: Observed) -> Mapping[str, object]:
    """What anybody may know of one feed."""
    pace, reasons, figures = feed.pace(), list(dict.fromkeys(_reasons(feed))), feed.figures()
    ready = pace.ready and not pace.asleep
    return {
        "live": pace.live,
        "ready": ready,
        "status": "unwell" if not (ready and pace.live) else "degraded" if reasons else "ok",
        "reasons": reasons,
        "cycles": figures.cycles,
        "failures": sum(figures.failures.values()),
        **feed.times(),
    }


def desks(health: Health) -> Mapping[str, Desk]:
    """The addresses at which one of the two questions is answered alone."""
    return {f"health/{word}": _desk(health, word) for word in ("live", "ready")}


def _desk(health: Health, word: str) -> Desk:
    def desk(_: Asked) -> Told:
        facts = health()[1]
        well = bool(facts[word])
        body = json.dumps({word: well, "reasons": [] if well and word == "live" else facts["reasons"]}).encode() + b"\n"
        return Told(200 if well else 503, "application/json", body, () if well else (("retry-after", "5"),))

    return desk


def _reasons(feed: Observed) -> list[str]:
    said = []
    for about, problem in feed.troubles().items():
        if about in PLAIN:
            said.append(problem)
        elif about == "cycle":
            said.append(FAILED.get(feed.figures().reason, "the last cycle failed"))
        else:
            said.append(f"{about}: {problem}" if about in COUNTED else SAID.get(about, HUB))
    return said
