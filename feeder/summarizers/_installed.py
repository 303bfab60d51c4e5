"""A summarizer of others: what it says is published if it can be, and the extract where not. It judges no words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from feeder.errors import PluginError
from feeder.model import Summary
from feeder.plugins import INSTEAD
from feeder.text import clean, line

if TYPE_CHECKING:
    from feeder.model import Article
    from feeder.plugins import Part
    from feeder.summarizers import Summarizer

__all__ = ["Installed"]

LONGEST = 1_000  # characters: as many as an author's own may have
_TAG = re.compile(r"</?[a-z][^<>]*>|<!--", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-z][a-z0-9]+|#\d+|#x[0-9a-f]+);", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Installed:
    """A Summarizer: `plugin`, with `fallback` for what it cannot do. A summary by the article's own author goes before it."""

    plugin: Part
    fallback: Summarizer

    def __call__(self, article: Article, /) -> Summary:
        """Return its summary, else the extract, with a flag that says why. Raises nothing that the fallback does not."""
        if article.summary:
            return self.fallback(article)
        try:
            return self.plugin.call(lambda summarize: _sound(summarize(article), article, self.plugin.plugin.name))
        except PluginError as error:
            extract = self.fallback(article)
            return replace(extract, origin=f"{extract.origin}; {error}", flags=(*extract.flags, f"{error}; {INSTEAD}"))


def _sound(said: object, article: Article, name: str) -> Summary:
    """What it returned, as it may be published. Raises ValueError or TypeError."""
    if not isinstance(said, Summary) or not isinstance(said.text, str):
        raise TypeError(f"it returned {type(said).__name__}, not a Summary")
    text = line(clean(said.text))
    if not text:
        raise ValueError("the summary is empty")
    if len(text) > LONGEST:
        raise ValueError(f"the summary has {len(text):,} characters, at most {LONGEST:,} are published")
    written = "\n".join(block.text for block in article.blocks)
    if markup := next((found[0] for pattern in (_TAG, _ENTITY) for found in pattern.finditer(text) if found[0] not in written), None):
        raise ValueError(f"the summary is to be plain text and has markup: {markup[:40]}")
    reasons = tuple((str(sentence), str(why)) for sentence, why in said.reasons)
    return Summary(text, line(clean(str(said.origin))) or name, reasons)
