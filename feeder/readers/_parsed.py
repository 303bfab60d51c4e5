"""What a format's reader hands over: claims and HTML as found, neither checked nor sanitized yet. Not an Article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["Claim", "Parsed", "Value"]

Value: TypeAlias = str | list["Value"] | dict[str, "Value"]


class Claim(NamedTuple):
    """One place saying something about an article: the Article field it is about, its words, and where they stand.

    Dates, tags and the like are still text. Of several claims about one field the first that makes sense is believed. Three fields are no
    Article's: "marked" is what stands before the more-mark, "description" what a page's head says (a summary where there is none and it
    is about the article), "site" what the whole site is called.
    """

    field: str
    value: Value
    origin: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """One document in one format, understood as far as the format goes.

    `content` is HTML, as text or as an lxml tree that is given away; `base` is the address its links are relative to, where
    the document says so itself.
    """

    content: str | _Element
    claims: tuple[Claim, ...] = ()
    flags: tuple[str, ...] = ()
    base: str | None = None
