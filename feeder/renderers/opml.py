"""All feeds of a site as one OPML 2.0 document, for readers to import. It lists them; it knows nothing of what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lxml import etree

from feeder.renderers._common import GROUPS, carried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeder.facets import Facet
    from feeder.model import Site

__all__ = ["render"]


def render(site: Site, facets: Sequence[Facet]) -> bytes:
    """Return the site's own feed and that of each facet as OPML 2.0 (http://opml.org/spec2.opml): UTF-8, one outline on each line.

    The facets stand by kind, and within it by address, whatever order they come in. There is no date in it: it changes only when a
    feed comes or goes.
    """
    document = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(document, "head"), etree.SubElement(document, "body")
    etree.SubElement(head, "title").text = carried(site.title)
    if site.authors:
        etree.SubElement(head, "ownerName").text = carried(", ".join(author.name for author in site.authors))
    _outline(body, site.title, site.base)
    for kind, name in GROUPS.items():
        members = sorted(facet for facet in facets if facet.kind == kind)
        group = etree.SubElement(body, "outline", text=name, title=name) if members else body
        for facet in members:
            _outline(group, f"{site.title}: {facet.label}", f"{site.base}{quote(facet.address)}/")
    etree.indent(document, space=" ")
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True) + b"\n"


def _outline(parent: etree._Element, title: str, home: str) -> None:
    """One subscription, called what its feed calls itself; `home` is the absolute address of its page, which ends in "/"."""
    said = carried(title)
    etree.SubElement(parent, "outline", text=said, title=said, type="rss", xmlUrl=f"{home}feed.xml", htmlUrl=home)
