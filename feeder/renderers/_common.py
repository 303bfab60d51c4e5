"""What all documents have in common: characters that each of them can carry, addresses that may be opened, times. No document itself."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from feeder.text import legal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["GROUPS", "carried", "on_the_web", "stamp", "uri"]

GROUPS: Mapping[str, str] = {"tags": "Tags", "authors": "Authors", "folders": "Folders"}
"""What the kinds of facets are called, in the order in which they are listed."""

_DELIMITERS = "!#$%&'()*+,/:;=?@[]~"


def carried(text: str) -> str:
    """Return the text as XML can carry it, U+FFFD in the place of what it cannot: the twins of one feed say the same.

    Not text.clean: normalizing HTML could join a mark to the ">" of a tag.
    """
    return text if legal(text) else "".join(character if legal(character) else "\ufffd" for character in text)


def on_the_web(address: str | None) -> bool:
    """Tell whether an address may become a link: readers hand it to a browser as it is; `javascript:` and `file:` must never get there."""
    return address is not None and address.lower().startswith(("https://", "http://"))


def stamp(when: datetime) -> str:
    """Return a time as RFC 3339 has it, in UTC with a Z (RFC 4287 section 3.3)."""
    return when.isoformat().replace("+00:00", "Z")


def uri(address: str) -> str:
    """Return an address on the web as a URI (RFC 3987 section 3.1): JSON Feed, RSS and the extensions of Atom know no IRIs."""
    scheme, mark, rest = carried(address).partition("://")
    host = re.split("[/?#]", rest, maxsplit=1)[0]
    path = rest.removeprefix(host)
    if not host.isascii():
        with suppress(UnicodeError):  # no such host can be; percent-encoded it is at least a URI (RFC 3986 section 3.2.2)
            host = host.encode("idna").decode()
    return scheme + mark + quote(host, _DELIMITERS) + quote(path, _DELIMITERS)
