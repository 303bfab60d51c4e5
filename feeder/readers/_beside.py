"""What an article refers to in the folder it lies in: which file is meant, and what is published of it. No file is looked at here.

An article is read twice where it refers to anything: first to learn what (`references`), then with the media that were found
(`Source.media`), so that addresses, sizes and types are in its HTML before that is sanitized.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from feeder import text
from feeder.media import SUFFIXES
from feeder.model import Image, Link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeder.model import Medium, Source

__all__ = ["Beside", "located"]

_HIDING = re.compile(r"%(?:2f|5c|00)|[\\\0]", re.IGNORECASE)
_MANY = 500
_THUMB = 100  # pixels a side that a picture in the text needs at least to stand for the article


class Beside:
    """The media of one article. Its lists grow as it is asked; `elsewhere` tells that its page states an address of its own."""

    def __init__(self, source: Source, *, elsewhere: bool) -> None:
        self.references: dict[str, None] = {}
        self.recordings: list[Link] = []
        self.thumbnail: Image | None = None
        self._folder = "" if elsewhere else source.path.rpartition("/")[0]
        self._elsewhere = elsewhere
        self._home = source.home or source.base
        self._media = source.media
        self._flags: dict[str, None] = {}
        self._names: set[str] = set()

    @property
    def flags(self) -> tuple[str, ...]:
        """What the author should know of the references, each once."""
        return tuple(self._flags)

    @property
    def unseen(self) -> bool:
        """Whether something is referred to that nobody has looked for yet."""
        return any(path not in self._media for path in self.references)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all media that were given out, sorted."""
        return tuple(sorted(self._names))

    def holds(self, href: str) -> bool:
        """Tell whether a reference means a file in the input folder, be it there or not."""
        return self._path(href) is not None

    def medium(self, href: str) -> Medium | None:
        """Return the medium that a reference means; None where it means none, or one that is not there: the author is told."""
        path = self._path(href)
        if path is None:
            return None
        if len(self.references) >= _MANY and path not in self.references:
            self._flag(href, f"is one medium too many: at most {_MANY} belong to an article")
            return None
        self.references[path] = None
        found = self._media.get(path)
        if isinstance(found, str):
            self._flag(href, found)
            return None
        return found

    def address(self, medium: Medium) -> str:
        """Return where a medium is published; from here on it belongs to the article."""
        self._names.add(medium.name)
        return f"{self._home}{medium.path}"

    def picture(self, href: str, alt: str) -> Image | None:
        """Return the picture that a reference means. The first large one in the text stands for the article, should nothing else be said."""
        medium = self.medium(href)
        if medium is None:
            return None
        if medium.width is None or medium.height is None:
            self._flag(href, "is no picture")
            return None
        image = Image(self.address(medium), medium.type, medium.width, medium.height, text.line(alt))
        if self.thumbnail is None and min(medium.width, medium.height) >= _THUMB:
            self.thumbnail = image
        return image

    def recording(self, href: str) -> Link | None:
        """Return the recording that a reference means, with a title, and note it among the recordings."""
        medium = self.medium(href)
        if medium is None:
            return None
        if medium.width is not None:
            self._flag(href, "is no recording")
            return None
        link = Link(self.address(medium), "enclosure", medium.type, medium.title or _named(href), length=medium.length)
        if link.href not in {other.href for other in self.recordings}:
            self.recordings.append(link)
        return link

    def linked(self, href: str) -> str | None:
        """Return the address for a link to a medium, None for any other link. A recording that is linked to is noted."""
        if PurePosixPath(href.partition("?")[0].partition("#")[0]).suffix.lower() not in SUFFIXES:
            return None
        medium = self.medium(href)
        if medium is None:
            return None
        if medium.width is None:
            self.recording(href)
        return self.address(medium)

    def duration(self, enclosures: Sequence[Link]) -> int | None:
        """Return how long the first of these is, in seconds."""
        first = enclosures[0].href if enclosures else ""
        return next((m.duration for m in self._media.values() if not isinstance(m, str) and f"{self._home}{m.path}" == first), None)

    def _path(self, href: str) -> str | None:
        if self._elsewhere:
            return None
        try:
            return located(href, self._folder)
        except ValueError as error:
            self._flag(href, str(error))
            return None

    def _flag(self, href: str, reason: str) -> None:
        self._flags[f"{text.printable(href.strip()[:60])} {reason}"] = None


def located(href: str, folder: str) -> str | None:
    """Return the path in the input folder that a reference in an article in `folder` means; None for an address on the Web, or within the page.

    NFC, percent-decoded once; "/" is the input folder. Raises ValueError for what leads out of it, and for separators in disguise (C17).
    """
    href = href.strip()
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or href.startswith("//") or not parts.path:
        return None
    try:
        plain = unicodedata.normalize("NFC", unquote(parts.path, errors="strict"))
    except UnicodeDecodeError:
        raise ValueError("is no name in UTF-8") from None
    if _HIDING.search(parts.path) or not text.legal(plain):
        raise ValueError("has a character that no file name here may have")
    found = [] if plain.startswith("/") else [name for name in folder.split("/") if name]
    for name in plain.split("/"):
        if name == "..":
            if not found:
                raise ValueError("leads out of the input folder")
            found.pop()
        elif name not in ("", "."):
            found.append(name)
    return "/".join(found) or None


def _named(href: str) -> str:
    return text.line(unquote(PurePosixPath(urlsplit(href.strip()).path).name))
