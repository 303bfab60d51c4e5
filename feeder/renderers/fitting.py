"""The fitting: every kind of page made once with the owner's templates, of a made-up article, before anybody sees one. Publishes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from feeder import facets
from feeder.errors import Problem
from feeder.model import Category, Entry, Image, Link, Person, Sibling
from feeder.renderers._templates import ERRORS, blame, environment
from feeder.renderers.html import Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from feeder.model import Site

__all__ = ["faults"]

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def faults(site: Site, templates: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what is wrong with templates, by name: each that cannot be compiled, and the first error of each page that is made with them."""
    found = dict[str, Problem]()
    compiling = environment(templates)
    for name in templates:
        _try(found, lambda name=name: compiling.get_template(name))  # type: ignore[misc]
    if not found and templates:
        for page in _pages(Pages(site, templates, strict=True)):
            _try(found, page)
    return tuple(found.values())


def _try(found: dict[str, Problem], make: Callable[[], object]) -> None:
    try:
        make()
    except ERRORS as error:
        problem = blame(error)
        found.setdefault(problem.where, problem)


def _pages(pages: Pages) -> Iterator[Callable[[], object]]:
    rich, bare = _rich(pages.site), replace(_rich(pages.site), authors=(), categories=(), image=None, same_story=(), language=None)
    shared = (facets.tag("fog"), facets.author("Ann"), *facets.folders("a/b/fog.md"))
    near = Sibling(rich.permalink, rich.title, _NOON)
    yield lambda: pages.article(rich, facets=shared, older=near, newer=near)
    yield lambda: pages.article(bare)
    yield lambda: pages.index((rich, bare), (("2026-01", 99),), kinds=("tags", "authors", "folders"))
    yield lambda: pages.index((), ())
    yield lambda: pages.month("2026-01", (rich, bare))
    yield lambda: pages.group(shared[-1], (rich, bare), ("2026",))
    yield lambda: pages.group(shared[1], (rich,), ())
    yield lambda: pages.year(shared[0], "2026", (rich, near))
    yield lambda: pages.directory("tags", shared[:1])
    yield lambda: pages.gone(None, rich.permalink)
    yield pages.missing


def _rich(site: Site) -> Entry:
    """An article with all that one can have."""
    permalink = f"{site.base}articles/fog.html"
    media = (Link(f"{site.base}media/fog.mp3", "enclosure", "audio/mpeg", length=1), Link("https://example.net/", "via", title="Source"))
    return Entry(
        "urn:uuid:0",
        "Fog",
        _NOON,
        _NOON + timedelta(days=2),
        "Fog again.",
        "<h2>Fog</h2><p>Fog again.</p>",
        (Link(permalink), *media),
        authors=(Person("Ann", "https://example.net/ann"), Person("Bo")),
        categories=(Category("fog", label="Fog"),),
        language="he",
        rights="CC0",
        same_story=(Sibling(permalink, "Fog", _NOON),),
        image=Image(f"{site.base}media/fog.jpg", "image/jpeg", 640, 480, "Fog"),
    )
