"""A desk answers one request for what is no document: what it is asked, what it tells. No HTTP is done here, and nobody is kept out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Asked", "Desk", "Later", "Told"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A GET or HEAD request. `path` is decoded and has no leading slash, `query` is as it was sent, without its "?".

    `fields` are the header fields by name in lower case; one given twice is a list, with commas. `client` is the address of whoever is
    connected, without the port, empty where nobody knows it: that of a proxy, where there is one.
    """

    path: str
    query: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    client: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. It is kept by nobody (`Cache-Control: no-store`); `headers` come on top of what every answer of the server has."""

    status: int
    media: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


Later = Callable[[], Told]
"""An answer that takes its time, because it asks a disk: it is made in a thread of its own. OSError means 503, try again."""

Desk = Callable[[Asked], Told | Later | None]
"""What is called with a request, in the server's own thread: it must not block. None: to this client, there is nothing at this address."""
