"""What only the owner is shown: /status for people, /status.json for programs. Whoever is not the owner finds nothing there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from feeder.config import Config
from feeder.desk import Asked, Desk, Later, Told
from feeder.errors import LedgerError
from feeder.guard import Verdict, admitted
from feeder.renderers.status import REFRESH, STYLE, StatusPage
from feeder.standing import Standing, told
from feeder.survey import survey, unread

__all__ = ["MOST", "Feed", "Feeds", "Owner", "desks", "guarded", "owned", "owner_of", "surveyed"]

MOST = 100
"""Rows of a list that a page shows: somebody is to read it, and it is made while others wait."""

Feeds = Callable[[], Sequence[Standing]]
"""How each feed stands that the service publishes; it reads their ledgers."""
Owner = Callable[[], tuple[str | None, bool]]
"""The token that the owner has to say, if there is one, and whether the feed has a public address: see `guard`."""

_CHALLENGE = Told(
    HTTPStatus.UNAUTHORIZED,
    "text/plain; charset=utf-8",
    b"401 Unauthorized: say the token, as a Bearer token or as a password\n",
    (("WWW-Authenticate", 'Basic realm="feeder", charset="UTF-8"'),),
)
_OURS = (("Cross-Origin-Resource-Policy", "same-origin"), ("X-Robots-Tag", "noindex"))


class Configured(Protocol):
    """What says who owns a feed."""

    @property
    def config(self) -> Config:
        """The configuration as it is now."""


class Feed(Configured, Protocol):
    """What is asked of each feed at work."""

    def standing(self) -> Standing:
        """How it stands; reads its ledger."""


def owner_of(feeds: Sequence[Configured]) -> Owner:
    """Who owns these feeds. All are served where the first one says; one that has a public address is enough for a token."""

    def owner() -> tuple[str | None, bool]:
        token = feeds[0].config.serve.token
        return token.get_secret_value() if token else None, any(feed.config.feed.base_url for feed in feeds)

    return owner


def owned(feeds: Sequence[Feed]) -> Mapping[str, Desk]:
    """The desks of whoever owns these feeds."""
    return desks(lambda: [feed.standing() for feed in feeds], owner_of(feeds))


def guarded(desk: Desk, owner: Owner) -> Desk:
    """A desk that answers its owner alone."""

    def door(asked: Asked) -> Told | Later | None:
        said, public = owner()
        match admitted(asked, token=said, public=public):
            case Verdict.ADMITTED:
                return desk(asked)
            case Verdict.CHALLENGED:
                return _CHALLENGE
            case Verdict.UNKNOWN:
                return None

    return door


def desks(feeds: Feeds, owner: Owner) -> Mapping[str, Desk]:
    """The desks of the owner, by path."""
    page = StatusPage()

    def people(asked: Asked) -> Later:
        refresh = asked.query == REFRESH
        headers = (*_OURS, *((("Refresh", "60"),) if refresh else ()))
        return lambda: Told(HTTPStatus.OK, "text/html; charset=utf-8", page.made(feeds(), refreshing=refresh), headers)

    def program(asked: Asked) -> Later:
        del asked
        return lambda: Told(HTTPStatus.OK, "application/json", _as_json(feeds()), _OURS)

    def style(asked: Asked) -> Told:
        del asked
        return Told(HTTPStatus.OK, "text/css; charset=utf-8", STYLE, _OURS)

    made: dict[str, Desk] = {"status": people, "status.json": program, "status.css": style}
    return {path: guarded(desk, owner) for path, desk in made.items()}


def _as_json(feeds: Sequence[Standing]) -> bytes:
    """As `feeder status --json` tells it. In ASCII: a name need not be UTF-8."""
    return json.dumps(told(feeds), indent=1).encode() + b"\n"


def surveyed(state: Path, now: datetime, name: str) -> Standing:
    """How a feed of this process stands; where its ledger cannot be read, why, and nothing else."""
    try:
        return survey(state, now=now, most=MOST, name=name)
    except LedgerError as error:
        return unread(state, error, now=now, name=name)
