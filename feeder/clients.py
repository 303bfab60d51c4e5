"""Feed readers that a link can subscribe with: what they are called, and the address each documents for it. It asks none of them anything."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

__all__ = ["CLIENTS", "Client"]


class Client(NamedTuple):
    """A reader: its name, and its address before the feed's own. Those on this machine (`plain`) take that as it is, others percent-encoded."""

    name: str
    before: str
    plain: bool = False

    def link(self, feed: str) -> str:
        """Return the address that asks a person's own reader whether it shall subscribe to `feed`."""
        return self.before + (feed if self.plain else quote(feed, safe=""))


CLIENTS: Mapping[str, Client] = MappingProxyType(
    {
        "bazqux": Client("BazQux", "https://bazqux.com/add?url="),
        "feedbin": Client("Feedbin", "https://feedbin.com/?subscribe="),
        "feedly": Client("Feedly", "https://feedly.com/i/subscription/feed%2F"),
        "inoreader": Client("Inoreader", "https://www.inoreader.com/?add_feed="),
        "netnewswire": Client("NetNewsWire", "x-netnewswire-feed:", plain=True),
        "newsblur": Client("NewsBlur", "https://www.newsblur.com/?url="),
        "theoldreader": Client("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
        "unread": Client("Unread", "unread://feeds?url="),
    }
)
"""By the names that `[pages] readers` takes."""
