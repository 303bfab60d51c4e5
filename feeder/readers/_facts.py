"""What claims come to: each field's first claim that makes sense, checked and in its type. Decides nothing a file does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urljoin

from feeder import text
from feeder.model import Category, Link, Person
from feeder.readers._dates import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime, tzinfo

    from feeder.readers._parsed import Claim, Value

__all__ = ["Facts", "absolute"]

_T = TypeVar("_T")

_LONG = {"title": 300, "summary": 4000}
_MANY = 50
_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0"}
# RFC 5646 section 2.1 without extended languages and grandfathered tags, which nobody should write any more.
_TAG = re.compile(
    r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?((?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?)",
    re.IGNORECASE | re.ASCII,
)
# ISO 639-1, since a well-formed tag may still be none ("xx"); of the three-letter ones there are 8,000, they are believed.
_LANGUAGES = frozenset(
    re.findall(
        "..",
        "aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffifjfofrfygagdglgngugvhahehihohr"
        "hthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkylalblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnv"
        "nyocojomorospapiplpsptqurmrnrorurwsascsdsesgsiskslsmsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyi"
        "yozazhzu",
    )
)
_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:[^\s@<>,;:\"()\[\]\\.]{1,63}\.){1,8}[^\s@<>,;:\"()\[\]\\.]{1,63}")
_ADDRESSED = re.compile(r"([^<]*)<([^<>]*)>\s*")
_ID = re.compile(
    r"https?://[^\s/?#]+[^\s]*|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:\S+"
    r"|tag:[\w.@-]+,\d{4}(?:-\d\d){0,2}:\S+",
    re.IGNORECASE | re.ASCII,
)
_SIMPLE = re.compile(r"https?://[\w-][\w.-]*(?:[/?#][\w!#$%&'()*+,./:;=?@~-]*)?", re.ASCII)
# RFC 3987 section 2.2 has no controls, spaces and private characters in an address, section 4.1 none that set the direction of writing;
# what else nobody can see is refused or spelled out with them: an address must look like what it is.
_UNSAFE = re.compile(
    r"[\x00-\x20\x7f-\xa0\xad<>\"{}|\\^`\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000"
    r"\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)


@dataclass(slots=True)
class Facts:
    """The claims on one file, asked field by field. Origins and flags grow with the questions."""

    claims: Sequence[Claim]
    base: str
    zone: tzinfo
    origins: list[tuple[str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def line(self, name: str) -> str | None:
        """Return a field that is one line of plain text."""
        return self._first(name, lambda value: self._cut(name, value))

    def date(self, name: str) -> datetime | None:
        """Return a field that is a moment: UTC, whole seconds."""
        return self._first(name, lambda value: moment(_said(value), self.zone))

    def minor(self) -> bool:
        """Return whether the author calls the last change too small to tell subscribers."""
        return self._first("minor", _yes) or False

    def draft(self) -> bool:
        """Return whether the article stays in. Words that are neither yes nor no hold it back: that can be mended, publishing cannot."""
        said = self._first("draft", _yes)
        return any(claim.field == "draft" for claim in self.claims) if said is None else said

    def language(self) -> str | None:
        """Return the language's tag as RFC 5646 section 2.1.1 recommends to write it."""
        return self._first("language", lambda value: _language(_said(value)))

    def slug(self) -> str | None:
        """Return the file name the author wants for the page: never a path."""
        return self._first("slug", lambda value: _slug(_said(value)))

    def id(self) -> str | None:
        """Return the entry's id, an IRI (RFC 4287 section 4.2.6)."""
        return self._first("id", lambda value: _id(_said(value)))

    def authors(self) -> tuple[Person, ...]:
        """Return who wrote it, each once."""
        return self._all("authors", lambda value: _persons(value, self.base))

    def categories(self) -> tuple[Category, ...]:
        """Return what it is about, each term once; a text of several terms is split at commas and semicolons."""
        return self._all("categories", _terms)

    def links(self) -> tuple[Link, ...]:
        """Return what the author points to."""
        return self._all("links", lambda value: [Link(href=absolute(_said(item), self.base), rel="related") for item in _items(value)])

    def _first(self, name: str, convert: Callable[[Value], _T | None]) -> _T | None:
        return next((found for found, _ in self._sound(name, convert)), None)

    def _all(self, name: str, convert: Callable[[Value], Sequence[_T]]) -> tuple[_T, ...]:
        """Return the first claim's items and those of others from the same place, like `tags` and `categories`."""
        found: dict[_T, None] = {}
        place = None
        for items, origin in self._sound(name, convert):
            place = place or origin
            if origin == place:
                found |= dict.fromkeys(items)
        return tuple(found)[:_MANY]

    def _sound(self, name: str, convert: Callable[[Value], _T | None]) -> Iterator[tuple[_T, str]]:
        """Yield what each claim on a field comes to and its origin, skipping the empty and, with a flag, the senseless."""
        first = True
        for _, value, origin in (claim for claim in self.claims if claim.field == name):
            if not value:
                continue
            try:
                found = convert(value)
            except ValueError as error:
                self.flags.append(f"{origin}: {name}: {_shown(value)} {error}")
                continue
            if not found and found is not False:
                continue
            if first:
                self.origins.append((name, origin))
                first = False
            yield found, origin

    def _cut(self, name: str, value: Value) -> str:
        words = _said(value)
        found = text.line(words)
        if len(found) != len(" ".join(words.split())) and found:
            self.flags.append(f"{name}: characters that reverse the direction of writing were removed")
        limit = _LONG.get(name, 1000)
        if len(found) <= limit:
            return found
        self.flags.append(f"{name}: longer than {limit} characters and was cut")
        return found[:limit].rpartition(" ")[0] + "…" if " " in found[:limit] else found[:limit] + "…"


def absolute(href: str, base: str) -> str:
    """Return an absolute http, https or mailto address for a reference found in an article. Raises ValueError for any other.

    Characters that no address may hold are percent-encoded (RFC 3987 section 3.1), in a host they are refused.
    """
    href = href.strip()
    if _SIMPLE.fullmatch(href):
        return href
    if not href.startswith(("https://", "http://")):
        href = urljoin(base, href)
    if not href.lower().startswith(("https://", "http://", "mailto:")) or href.endswith(":"):
        raise ValueError("is no http, https or mailto address")
    if not _host_ok(href):
        raise ValueError("is an address without a valid host")
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), href)


def _host_ok(href: str) -> bool:
    if href[:7].lower() == "mailto:":
        return True
    host = href.partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    return bool(host.strip(".:@")) and not _UNSAFE.search(host) and host.count("[") == host.count("]")


def _said(value: Value) -> str:
    if not isinstance(value, str):
        raise ValueError("should be one text")
    return text.clean(value)


def _shown(value: Value) -> str:
    words = text.printable(value if isinstance(value, str) else str(value))
    return repr(words if len(words) <= 60 else words[:59] + "…")


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _yes(value: Value) -> bool:
    said = _said(value).strip().lower()
    if said not in _YES | _NO:
        raise ValueError("is neither yes nor no")
    return said in _YES


def _language(said: str) -> str | None:
    found = _TAG.fullmatch(said.strip().replace("_", "-"))
    if found is None or (len(found[1]) == 2 and found[1].lower() not in _LANGUAGES):
        raise ValueError("is no language tag, write en, de-AT or zh-Hant")
    primary, script, region, rest = found.groups()
    if primary.lower() in {"und", "mul", "zxx", "mis"}:
        return None
    return "-".join(filter(None, (primary.lower(), script and script.title(), region and region.upper(), rest[1:].lower())))


def _slug(said: str) -> str:
    if re.search(r"[/\\:\x00-\x1f\ufffd]|^\.|%[0-9a-fA-F]{2}", said):
        raise ValueError("is not safe as a file name, use letters, digits and hyphens")
    return text.slug(said)


def _id(said: str) -> str:
    if not _ID.fullmatch(said.strip()) or _UNSAFE.search(said.strip()):
        raise ValueError("is no absolute IRI, write urn:uuid:…, tag:example.org,2026:… or https://…")
    return said.strip()


def _persons(value: Value, base: str) -> list[Person]:
    return [person for item in _items(value) if (person := _person(item, base))]


def _person(value: Value, base: str) -> Person | None:
    if isinstance(value, dict):
        said = {key.lower(): inner for key, inner in value.items() if isinstance(inner, str)}
        name, mail, uri = said.get("name", ""), said.get("email", ""), said.get("uri") or said.get("url", "")
    else:
        name, mail, uri = _said(value), "", ""
        if addressed := _ADDRESSED.fullmatch(name):
            name, inner = addressed[1], addressed[2].strip()
            mail, uri = (inner, "") if "@" in inner and "/" not in inner else ("", inner)
        elif _MAIL.fullmatch(name.strip()):
            name, mail = name.partition("@")[0], name.strip()
    name = text.line(text.clean(name)).strip("\"' ")[:200]
    mail = text.line(text.clean(mail))
    return Person(name, _uri(uri, base), mail if _MAIL.fullmatch(mail) else None) if name else None


def _uri(said: str, base: str) -> str | None:
    try:
        found = absolute(text.clean(said), base) if said.strip() else ""
    except ValueError:
        return None
    return found if found.startswith("http") else None


def _terms(value: Value) -> list[Category]:
    return [Category(term[:100]) for term in _each_once(_words(value))]


def _words(value: Value) -> Iterator[str]:
    for item in _items(value):
        said = next((inner for inner in item.values() if isinstance(inner, str)), "") if isinstance(item, dict) else item
        parts = re.split("[,;]", said) if isinstance(value, str) and isinstance(said, str) else [said] if isinstance(said, str) else []
        yield from (text.line(text.clean(part)).lstrip("#") for part in parts)


def _each_once(words: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for word in words:
        if word and word.casefold() not in seen:
            seen.add(word.casefold())
            yield word
