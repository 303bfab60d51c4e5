"""The page of a server on which several feeds live: their names, and nothing else of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from feeder.renderers._templates import FILES, environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["listing"]


def listing(names: Iterable[str]) -> Mapping[str, bytes]:
    """Return the page and what it links to, by path. Each feed is found by its name below it."""
    page = environment().get_template("feeds.html").render(feeds=[(name, f"./{quote(name, safe='')}/") for name in names])
    return {"index.html": page.encode(), "style.css": FILES["style.css"]}
