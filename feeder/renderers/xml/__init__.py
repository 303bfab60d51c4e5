"""A feed as Atom 1.0 and RSS 2.0, and such bytes looked at again. The only room of feedgen; what goes into a feed is decided in feeds.

feedgen writes the elements (`_atom`, `_rss`), each entry by itself and the head by itself, and `_fragments` puts them together: an entry
that stands in several documents, or in the next edition as it was, is written once. feedgen's defects are mended in its own extension
hooks, which it calls with each finished element before it serializes; what it does not know is added there, from the table in
`_extensions`. `_words` is what both formats have in common, `_check` reads documents back.
"""

from __future__ import annotations

from feeder.renderers.xml._atom import atom
from feeder.renderers.xml._check import check, check_rss, feed_id
from feeder.renderers.xml._fragments import ROOM, Memo
from feeder.renderers.xml._rss import rss

__all__ = ["ROOM", "Memo", "atom", "check", "check_rss", "feed_id", "rss"]
