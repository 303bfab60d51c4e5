"""HTML for people: one page per article, the index, month pages and notices, as bytes; decides nothing and writes nothing.

Content is sanitized long before it comes here and is marked safe at one place, in templates/article.html; everything else
is escaped by Jinja2. Links between our own pages are relative, so that a site works under any base path and from file://.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from itertools import takewhile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import DictLoader, Environment, StrictUndefined

from feeder.model import Document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jinja2 import Template

    from feeder.model import Entry, Site

__all__ = ["SHOWN", "VERSION", "Pages", "static"]

SHOWN = 50
"""How many articles the index shows; the month pages hold them all."""

_HOME = resources.files("feeder.renderers")
_FILES = {file.name: file.read_bytes() for file in sorted((_HOME / "templates").iterdir(), key=lambda file: file.name) if file.is_file()}
_STATIC = {"style.css": "text/css", "feed.css": "text/css", "icon.svg": "image/svg+xml", "favicon.ico": "image/x-icon"}

_LABELS = {"related": "Related", "via": "Source", "enclosure": "Download"}
_RTL_LANGUAGES = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "glk", "he", "iw", "khw", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi"]
)
_RTL_SCRIPTS = frozenset(["adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"])
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_EAST_ASIAN = {"ja": ("年", "月", "日"), "zh": ("年", "月", "日"), "ko": ("년 ", "월 ", "일")}


def _version() -> str:
    """What the pages are made with: the templates, the stylesheets and this code."""
    digest = hashlib.sha256((_HOME / "html.py").read_bytes())
    for name, body in _FILES.items():
        digest.update(f"\0{name}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:16]


VERSION = _version()
"""Changes when the same entry would give another page."""


def static() -> tuple[Document, ...]:
    """Return the stylesheets and icons that pages and feeds link to."""
    return tuple(Document(name, media_type, _FILES[name]) for name, media_type in _STATIC.items())


class Pages:
    """The pages of one site. Templates are compiled when it is made, so make it once and call it for each page."""

    def __init__(self, site: Site) -> None:
        self._site = site
        environment = Environment(
            loader=DictLoader({name: body.decode() for name, body in _FILES.items() if name.endswith(".html")}),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        environment.filters |= {"below": self._below, "day": _day, "direction": _direction, "month": _month, "stamp": _stamp}
        environment.tests["web"] = _web
        environment.globals = {"site": site, "feed": f"{site.base}feed.xml", "labels": _LABELS}
        frame = environment.get_template("frame.html")
        self._frame = functools.cache(lambda root: frame.make_module({"root": root}))
        self._article = environment.get_template("article.html")
        self._index = environment.get_template("index.html")
        self._month = environment.get_template("month.html")
        self._notice = environment.get_template("notice.html")

    def article(self, entry: Entry) -> bytes:
        """Return an article's own page, to be published where its permalink says."""
        return self._render(
            self._article,
            entry=entry,
            title=entry.title,
            description=entry.summary,
            language=entry.language or self._site.language,
            authors=entry.authors or self._site.authors,
            links=[link for link in entry.links if link.rel in _LABELS and _web(link.href)],
            rights=entry.rights or self._site.rights,
            canonical=entry.permalink,
            root=self._root(entry.permalink),
        )

    def index(self, entries: Sequence[Entry], months: Sequence[tuple[str, int]]) -> bytes:
        """Return the front page (`index.html`): the first SHOWN of `entries`, in the order given.

        `months` are the month pages and how many articles each holds, as ("2026-11", 12); they are listed, newest first, when
        they hold more articles than are shown.
        """
        shown = entries[:SHOWN]
        return self._render(
            self._index,
            entries=shown,
            months=sorted(months, reverse=True) if sum(count for _, count in months) > len(shown) else (),
            title=self._site.title,
            description=self._site.subtitle or self._site.title,
            language=self._site.language,
            rights=self._site.rights,
            canonical=self._site.base,
            root="",
        )

    def month(self, name: str, entries: Sequence[Entry]) -> bytes:
        """Return the page `archive/<name>.html` of one month ("2026-11"), which changes only when an entry of that month does."""
        title = _month(name, self._site.language)
        return self._render(
            self._month,
            entries=entries,
            name=name,
            title=title,
            description=f"{title}: {self._site.title}",
            language=self._site.language,
            rights=self._site.rights,
            canonical=f"{self._site.base}archive/{name}.html",
            root="../",
        )

    def gone(self, title: str | None, permalink: str) -> bytes:
        """Return the page that takes the place of a withdrawn article; `title` is what it was called, or None to keep that back."""
        return self._say("This article was withdrawn", "What was published at this address has been taken away.", self._root(permalink), lost=title)

    def missing(self) -> bytes:
        """Return the page for an address where there is nothing. It is shown at any depth, so its links start at the host."""
        advice = "There is nothing at this address. It may have been mistyped, or the link that brought you here may be wrong."
        return self._say("Page not found", advice, urlsplit(self._site.base).path)

    def _say(self, title: str, advice: str, root: str, *, lost: str | None = None) -> bytes:
        rights = self._site.rights
        return self._render(self._notice, title=title, description=advice, lost=lost, language="en", rights=rights, canonical=None, root=root)

    def _render(self, template: Template, *, root: str, **facts: object) -> bytes:
        return template.render(facts, root=root, frame=self._frame(root)).encode()

    def _root(self, permalink: str) -> str:
        """The way from a page to the site's root; an address outside the site cannot have a relative one."""
        path = permalink.removeprefix(self._site.base)
        return self._site.base if path == permalink else "../" * path.count("/")

    def _below(self, permalink: str, root: str) -> str:
        """The way to an article from a page whose root is `root`."""
        path = permalink.removeprefix(self._site.base)
        return permalink if path == permalink else root + path


def _web(address: str | None) -> bool:
    """Only such addresses become links: a `javascript:` that came in through front matter ends here."""
    return address is not None and address.lower().startswith(("https://", "http://"))


def _direction(language: str) -> str:
    """The `dir` of a BCP 47 tag: its script subtag decides, else its primary language."""
    primary, *rest = language.lower().split("-")
    before_extensions = takewhile(lambda part: len(part) > 1, rest)
    script = next((part for part in before_extensions if len(part) == 4 and part.isalpha()), None)
    right = primary in _RTL_LANGUAGES if script is None else script in _RTL_SCRIPTS
    return "rtl" if right else "ltr"


def _stamp(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _day(when: datetime, language: str) -> str:
    """The day (UTC) as nobody can misread it: in words where we know them, else in ISO 8601."""
    primary = language.lower().partition("-")[0]
    if primary == "en":
        return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
    if primary in _EAST_ASIAN:
        year, month, day = _EAST_ASIAN[primary]
        return f"{when.year}{year}{when.month}{month}{when.day}{day}"
    return f"{when.date()}"


def _month(name: str, language: str) -> str:
    """The month "2026-11" in words where we know them, else as it is."""
    primary = language.lower().partition("-")[0]
    year, _, month = name.partition("-")
    if primary == "en":
        return f"{_MONTHS[int(month) - 1]} {year}"
    if primary in _EAST_ASIAN:
        marks = _EAST_ASIAN[primary]
        return f"{year}{marks[0]}{int(month)}{marks[1]}".rstrip()
    return name
