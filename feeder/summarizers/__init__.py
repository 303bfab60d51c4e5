"""Summaries of articles: what a summarizer is, and the table of those there are. No reading, no storing, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from feeder import plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feeder.model import Article, Summary
    from feeder.plugins import Part

__all__ = ["KINDS", "VERSION", "Summarizer", "installed", "summarizer"]

# Part of the key under which summaries are cached: raise it when the same article would get another one.
VERSION = "2"

KINDS: Mapping[str, str] = {"extractive": "feeder.summarizers.extractive:summarize"}


class Summarizer(Protocol):
    """Gives an article its summary: plain text on one line, the same for the same article, never empty where the article is not."""

    def __call__(self, article: Article, /) -> Summary:
        """Return the summary of one article."""
        ...


def summarizer(kind: str) -> Summarizer:
    """Return the summarizer of this kind, built in or installed ("feeder.summarizers"). Raises FeederError naming the kinds there are."""
    return cast("Summarizer", plugins.load("summarizers", kind, KINDS))


def installed(plugin: Part) -> Summarizer:
    """Return a summarizer of others, called behind the boundary of plugins: where it fails, the extract is given."""
    from feeder.summarizers._installed import Installed

    return Installed(plugin, summarizer(next(iter(KINDS))))
