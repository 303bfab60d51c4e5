"""HTML for people: articles, the index, months, what articles share, notices, as bytes; decides nothing and writes nothing.

Content is sanitized long before it comes here and is marked safe at one place, in templates/article.html; everything else
is escaped by Jinja2. Links between our own pages are relative, so that a site works under any base path and from file://.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from feeder.clients import CLIENTS
from feeder.facets import author, tag
from feeder.model import Document
from feeder.renderers import colours, icons, qr
from feeder.renderers._common import GROUPS, on_the_web
from feeder.renderers._content import minutes, reachable
from feeder.renderers._meta import graph_of_entry, graph_of_page, linked_entry, linked_site
from feeder.renderers._templates import ERRORS, FILES, blame, environment, month

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feeder.errors import Problem
    from feeder.facets import Facet
    from feeder.model import Entry, Image, Link, Person, Sibling, Site

__all__ = ["SHOWN", "VERSION", "Pages", "static"]

SHOWN = 50
"""How many articles the index shows; the month pages hold them all."""

_HOME = resources.files("feeder.renderers")
_CODE = sorted((file for folder in (_HOME, _HOME / "xml") for file in folder.iterdir() if file.name.endswith(".py")), key=str)
_STYLES = {"style.css": ":root", "feed.css": "feed, |rss"}  # and what has their colours

POLICY = "default-src 'none'; style-src 'self'; img-src * data:; media-src *; base-uri 'none'; form-action 'none'"
"""What a page may load and run (CSP 3), as it says itself where no server does. Articles show images and play sounds of other sites."""

_LABELS = {"related": "Related", "via": "Source", "enclosure": "Download"}


def _version() -> str:
    """What documents are made with: the templates, the stylesheets and the code of all renderers."""
    digest = hashlib.sha256()
    for name, body in [*FILES.items(), *((file.name, file.read_bytes()) for file in _CODE)]:
        digest.update(f"\0{name}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:16]


VERSION = _version()
"""Changes when the same entry would give another page, or another feed."""


def static(site: Site, icon: Document | None = None, style: str | None = None) -> tuple[Document, ...]:
    """Return the stylesheets and icons that pages and feeds link to; `icon` is the owner's own, where there is one.

    The owner's `style` takes the place of ours, which is then beside it as feeder.css: `@import "feeder.css";` adds to it.
    """
    color = site.look.color
    styles = {name: FILES[name] + (colours.properties(color, selector).encode() if color else b"") for name, selector in _STYLES.items()}
    if style is not None:
        styles |= {"feeder.css": styles["style.css"], "style.css": style.encode()}
    return (*(Document(name, "text/css", body) for name, body in styles.items()), *icons.documents(site, icon))


class Pages:
    """The pages of one site.

    `templates`, by name, take the place of ours. Where one of them fails, that page is made with ours: `faults` holds what was wrong, by place,
    as `strict` raises it at once.
    """

    def __init__(self, site: Site, templates: Mapping[str, str] = MappingProxyType({}), *, strict: bool = False) -> None:
        self._site = site
        self.faults: dict[str, Problem] = {}
        self._ours = Pages(site) if templates and not strict else None
        self._templates = environment(templates)
        self._templates.filters |= {"below": self._below, "feed": self._feed, "home": _home, "name": _name, "qr": qr.svg, "reachable": reachable}
        self._templates.tests |= {"coded": lambda address: len(address.encode()) <= qr.LONGEST, "ours": self._is_ours}
        facts = {"site": site, "feed": f"{site.base}feed.xml", "labels": _LABELS, "groups": GROUPS, "policy": POLICY}
        self._templates.globals |= {**facts, "bars": colours.bars(site.look.color)}
        self._frame = functools.cache(lambda root: self._templates.get_template("frame.html").make_module({"root": root}))

    @property
    def site(self) -> Site:
        """The site whose pages they are."""
        return self._site

    def article(self, entry: Entry, *, facets: tuple[Facet, ...] = (), older: Sibling | None = None, newer: Sibling | None = None) -> bytes:
        """Return an article's own page, to be published where its permalink says; it leads to the pages of its `facets`, and to its neighbours."""
        root, language = self._root(entry.permalink), entry.language or self._site.language
        there = {facet.address: _home(facet, root) for facet in facets}
        persons, time = entry.authors or self._site.authors, minutes(entry.content, language)
        named = [(person.name, self._page_of(person, there)) for person in persons]
        return self._render(
            "article.html",
            entry=entry,
            title=entry.title,
            description=entry.summary,
            language=language,
            authors=[(person, there.get(author(person.name).address)) for person in persons],
            tags=[(category.label or category.term, there.get(tag(category.term).address)) for category in entry.categories],
            folders=[(_name(facet), there[facet.address]) for facet in facets if facet.kind == "folders"],
            links=[link for link in entry.links if link.rel in _LABELS and on_the_web(link.href)],
            rights=entry.rights or self._site.rights,
            canonical=entry.permalink,
            root=root,
            minutes=time,
            older=older,
            newer=newer,
            graph=graph_of_entry(entry, self._site, language=language, authors=named),
            linked=linked_entry(entry, self._site, language=language, authors=named, minutes=time),
        )

    def index(self, entries: Sequence[Entry], months: Sequence[tuple[str, int]], *, kinds: Sequence[str] = ()) -> bytes:
        """Return the front page (`index.html`): the first SHOWN of `entries`, in the order given.

        `months` are the month pages and how many articles each holds, as ("2026-11", 12); they are listed, newest first, when
        they hold more articles than are shown. `kinds` are those of facets that have a directory.
        """
        shown = entries[:SHOWN]
        return self._list(
            "index.html",
            "",
            entries=shown,
            months=sorted(months, reverse=True) if sum(count for _, count in months) > len(shown) else (),
            kinds=[kind for kind in GROUPS if kind in kinds],
            clients=[CLIENTS[name] for name in self._site.look.readers],
            title=self._site.title,
            description=self._site.subtitle or self._site.title,
            linked=linked_site(self._site),
        )

    def month(self, name: str, entries: Sequence[Entry]) -> bytes:
        """Return the page `archive/<name>.html` of one month ("2026-11"), which changes only when an entry of that month does."""
        title = month(name, self._site.language)
        return self._list("month.html", f"archive/{name}.html", entries=entries, name=name, title=title)

    def group(self, facet: Facet, entries: Sequence[Entry], years: Sequence[str]) -> bytes:
        """Return the page `<address>/index.html` of what articles share: `entries`, newest first, and the way to `years` ("2026")."""
        crumbs = _crumbs(facet, "../" * (facet.address.count("/") + 1))
        person = next((p for entry in entries for p in entry.authors if author(p.name).address == facet.address), None)
        return self._list(
            "group.html", f"{facet.address}/", title=facet.label, facet=facet, crumbs=crumbs, entries=entries, years=years, person=person
        )

    def year(self, facet: Facet, year: str, entries: Sequence[Entry | Sibling]) -> bytes:
        """Return the page `<address>/<year>.html`: the titles of all that was published in that year (UTC), in the order given."""
        crumbs = [*_crumbs(facet, "../" * (facet.address.count("/") + 1)), (_name(facet), "index.html")]
        path, title = f"{facet.address}/{year}.html", f"{facet.label} · {year}"
        return self._list("year.html", path, title=title, facet=facet, crumbs=crumbs, entries=entries, year=year)

    def directory(self, kind: str, facets: Sequence[Facet]) -> bytes:
        """Return the page `<kind>/index.html`, which names all facets of a kind in alphabetical order, folders with the way to them."""
        listed = sorted(facets, key=lambda facet: (facet.label.casefold().split("/"), facet.address))
        return self._list("directory.html", f"{kind}/", title=GROUPS[kind], facets=listed)

    def gone(self, title: str | None, permalink: str) -> bytes:
        """Return the page that takes the place of a withdrawn article; `title` is what it was called, or None to keep that back."""
        return self._say("This article was withdrawn", "What was published at this address has been taken away.", self._root(permalink), lost=title)

    def missing(self) -> bytes:
        """Return the page for an address where there is nothing. It is shown at any depth, so its links start at the host."""
        advice = "There is nothing at this address. It may have been mistyped, or the link that brought you here may be wrong."
        return self._say("Page not found", advice, urlsplit(self._site.base).path)

    def _list(self, template: str, path: str, *, title: str, description: str | None = None, **facts: object) -> bytes:
        """A page of the site itself at a path below its base, which is not percent-encoded."""
        said, address = description or f"{title}: {self._site.title}", self._site.base + quote(path)
        return self._render(
            template,
            title=title,
            description=said,
            language=self._site.language,
            rights=self._site.rights,
            canonical=address,
            root="../" * path.count("/"),
            graph=graph_of_page(self._site, title=title, description=said, address=address),
            **{"linked": None, **facts},
        )

    def _say(self, title: str, advice: str, root: str, *, lost: str | None = None) -> bytes:
        facts = {"rights": self._site.rights, "canonical": None, "graph": (), "linked": None}
        return self._render("notice.html", title=title, description=advice, lost=lost, language="en", root=root, **facts)

    def _render(self, template: str, *, root: str, **facts: object) -> bytes:
        try:
            return self._templates.get_template(template).render(facts, root=root, frame=self._frame(root)).encode()
        except ERRORS as error:
            if self._ours is None:
                raise
            problem = blame(error)
            self.faults.setdefault(problem.where, problem)
            return self._ours._render(template, root=root, **facts)

    def _root(self, permalink: str) -> str:
        """The way from a page to the site's root; an address outside the site cannot have a relative one."""
        path = permalink.removeprefix(self._site.base)
        return self._site.base if path == permalink else "../" * path.count("/")

    def _below(self, permalink: str, root: str) -> str:
        """The way to a document of ours from a page whose root is `root`."""
        path = permalink.removeprefix(self._site.base)
        return permalink if path == permalink else root + path

    def _page_of(self, person: Person, there: Mapping[str, str]) -> str | None:
        """The address of somebody's page here, else the one that they name."""
        facet = author(person.name)
        return f"{self._site.base}{quote(facet.address)}/" if facet.address in there else person.uri if on_the_web(person.uri) else None

    def _feed(self, facet: Facet) -> str:
        return f"{self._site.base}{quote(facet.address)}/feed.xml"

    def _is_ours(self, medium: Image | Link | None) -> bool:
        """Only what lies here is loaded with a page: nobody else is told who reads it."""
        return medium is not None and medium.href.startswith(self._site.base)


def _name(facet: Facet) -> str:
    """What a facet is called beside the way to it: a folder by its last step."""
    return facet.label.rpartition("/")[2] if facet.kind == "folders" else facet.label


def _crumbs(facet: Facet, root: str) -> list[tuple[str, str]]:
    """The way down to a facet: its kind, and the folders that a folder lies in, each with the address of its page."""
    crumbs = [(GROUPS[facet.kind], f"{root}{facet.kind}/index.html")]
    if facet.kind == "folders":
        up = facet.label.count("/")
        crumbs += [(name, f"{'../' * (up - depth)}index.html") for depth, name in enumerate(facet.label.split("/")[:-1])]
    return crumbs


def _home(facet: Facet, root: str) -> str:
    """The way to a facet's page from a page whose root is `root`."""
    return f"{root}{quote(facet.address)}/index.html"
