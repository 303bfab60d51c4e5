"""What a format's reader hands over: claims and HTML as found, neither checked nor sanitized yet. Not an Article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["Claim", "Parsed", "Value", "sound"]

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


def sound(parsed: object) -> Parsed:
    """What another's reader returned, if it is what a reader returns. Raises TypeError: nothing of it may surprise anybody later."""
    if not isinstance(parsed, Parsed):
        raise TypeError(f"it returned {type(parsed).__name__}, not a Parsed")
    if not isinstance(parsed.content, str) and not hasattr(parsed.content, "iterancestors"):
        raise TypeError(f"its content is {type(parsed.content).__name__}, neither text nor a tree of lxml")
    if parsed.base is not None and not isinstance(parsed.base, str):
        raise TypeError("its base is no text")
    if not all(isinstance(flag, str) for flag in parsed.flags):
        raise TypeError("not each of its flags is a text")
    for claim in parsed.claims:
        if not (isinstance(claim, Claim) and isinstance(claim.field, str) and isinstance(claim.origin, str) and _is_value(claim.value)):
            raise TypeError(f"{claim!r:.80} is no Claim of a text, a list or a table")
    return parsed


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_value, value))
    return isinstance(value, str) or (isinstance(value, dict) and all(isinstance(key, str) and _is_value(one) for key, one in value.items()))
