"""What installed renderers make: further documents of the same entries. What they return is checked, and what they mean is not judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from lxml import etree

if TYPE_CHECKING:
    from feeder.model import Feed
    from feeder.plugins import Part

__all__ = ["Extra", "Renderer"]


class Renderer(Protocol):
    """Makes documents of the entries that are public. The same feed gives the same bytes: it looks at no clock, disk or network.

    It is given the feed as it stands in feed.xml. One with a true `whole` is given all public entries, newest first, whatever their number;
    they name none on the same story.
    """

    @property
    def documents(self) -> Mapping[str, str]:
        """The media type of each document it makes, by its path below the output: a path of its own, which its options may name."""
        ...

    def __call__(self, feed: Feed, /) -> Mapping[str, bytes]:
        """Return the bytes of each of its documents, by path."""
        ...


@dataclass(frozen=True)
class Extra:
    """An installed renderer in use."""

    plugin: Part

    @cached_property
    def documents(self) -> Mapping[str, str]:
        """The media type of each of its documents, by path. Raises PluginError."""
        return self.plugin.call(lambda renderer: _declared(renderer.documents))

    @cached_property
    def whole(self) -> bool:
        """Whether it wants all entries. Raises PluginError."""
        return self.plugin.call(lambda renderer: bool(getattr(renderer, "whole", False)))

    def render(self, feed: Feed) -> Mapping[str, bytes]:
        """Return its documents, by path. Raises PluginError, also where they are not those that it has declared, or are broken."""
        return self.plugin.call(lambda renderer: _sound(renderer(feed), self.documents))


def _declared(said: object) -> Mapping[str, str]:
    if not isinstance(said, Mapping) or not said or not all(isinstance(word, str) and word for pair in said.items() for word in pair):
        raise TypeError("its documents are to be a mapping of paths to media types, and not empty")
    if hidden := next((path for path in said if not path.isprintable()), None):
        raise ValueError(f"{hidden!r} is no path that could be asked for")
    if broken := next((media for media in said.values() if "/" not in media or not media.isascii() or not media.isprintable()), None):
        raise ValueError(f"{broken!r} is no media type")
    return dict(said)


def _sound(made: object, declared: Mapping[str, str]) -> Mapping[str, bytes]:
    if not isinstance(made, Mapping) or not all(isinstance(body, bytes) for body in made.values()):
        raise TypeError("it is to return bytes by path")
    if made.keys() != declared.keys():
        raise ValueError(f"it made {', '.join(sorted(made))} and not {', '.join(sorted(declared))}")
    for path, body in made.items():
        if declared[path].partition(";")[0].strip().endswith("xml"):
            _parse(path, body)
    return dict(made)


def _parse(path: str, body: bytes) -> None:
    """No reader gets over XML that is not well-formed, so none shall have to."""
    try:
        etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise ValueError(f"{path} is not well-formed: {error.msg}") from error
