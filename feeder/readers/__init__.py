"""Readers: one file's bytes to an Article, by suffix. They decide nothing a file does not say, and touch no disk, clock or network.

A format is one module with `read(source: Source) -> Parsed` and one line in `SUFFIXES`, or an installed plugin of the group
`feeder.readers` named by its suffix, which is called behind the boundary of plugins. What all formats share is done here, so that no
format can forget it, in a fixed order: decode, clean, front matter (all three in `opened`), the format's own parsing, the more-mark,
sanitizing, blocks.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from feeder import text
from feeder.errors import FeederError, PluginError, Unreadable, Unsettled
from feeder.model import Article
from feeder.plugins import load, names
from feeder.readers._dates import dated_name
from feeder.readers._matter import opened
from feeder.readers._parsed import Claim, Parsed, sound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from feeder.model import Block, Source
    from feeder.plugins import Part
    from feeder.readers._facts import Facts

__all__ = ["SUFFIXES", "VERSION", "Claim", "Parsed", "opened", "read", "suffixes"]

VERSION = "3"
"""Changes when the same bytes would give another Article, so that what was read before is read again."""

SUFFIXES: Mapping[str, str] = {
    ".txt": "feeder.readers.plain:read",
    ".text": "feeder.readers.plain:read",
    ".md": "feeder.readers.markdown:read",
    ".markdown": "feeder.readers.markdown:read",
    ".html": "feeder.readers.html:read",
    ".htm": "feeder.readers.html:read",
}


def suffixes() -> frozenset[str]:
    """Return the suffixes of all files that can be read, lower-case and with their dot."""
    return frozenset(name for name in names("readers", SUFFIXES) if name.startswith("."))


def read(source: Source, installed: Mapping[str, Part] = MappingProxyType({})) -> Article:
    """Return the facts in one file; `installed` are readers of others, by suffix. Raises Unreadable, saying why and what to do.

    Where the article names `references`, it is to be read once more, with what was found of them in `source.media`. Raises Unsettled where
    an installed reader is still at another file.
    """
    suffix = PurePosixPath(source.path).suffix.lower()
    if suffix in SUFFIXES or suffix not in installed:
        return _article(source, _reader(suffix)(source))
    plugin = installed[suffix]
    try:
        return plugin.call(lambda reader: _article(source, sound(reader(source))), Unreadable)
    except PluginError as error:
        if error.busy:
            raise Unsettled(f"{source.path}: {error}") from error
        raise Unreadable(str(error), f"tell whoever makes {plugin.plugin.package}, or write the article in another format") from error


def _article(source: Source, parsed: Parsed) -> Article:
    from feeder.readers import _content, _more  # compiled parsers, which `suffixes` does without
    from feeder.readers._beside import Beside
    from feeder.readers._facts import Facts

    root = _content.parse(parsed.content) if isinstance(parsed.content, str) else parsed.content
    beside = Beside(source, elsewhere=parsed.base is not None)
    claims = (*parsed.claims, *_more.claims(root), *_named(source.path))
    facts = Facts(claims, parsed.base or source.base, source.zone, beside)
    title, image, stated = facts.line("title") or "Untitled", facts.image(), facts.enclosures()
    content, dropped = _content.published(root, facts.base, title, beside)
    enclosures = stated or tuple(beside.recordings)
    if not (blocks := _content.blocks(content)) and "<img" not in content:
        content = _content.listed(enclosures)  # a recording alone is an article, too
        blocks = _content.blocks(content)
    if not content and not beside.unseen:
        raise Unreadable("nothing is left to publish but a title", "write some text into it")
    article = _stated(source.path, title, content, facts)
    return replace(
        article,
        blocks=blocks,
        language=article.language or _detected(blocks, facts.origins),
        links=(*article.links, *enclosures),
        image=image or beside.thumbnail,
        duration=beside.duration(enclosures),
        references=tuple(beside.references),
        media=beside.names,
        origins=tuple(facts.origins),
        flags=(*parsed.flags, *facts.flags, *dropped, *beside.flags),
    )


def _stated(path: str, title: str, content: str, facts: Facts) -> Article:
    return Article(
        path=path,
        title=title,
        content=content,
        summary=facts.summary(title),
        authors=facts.authors(),
        categories=facts.categories(),
        links=facts.links(),
        language=facts.language(),
        rights=facts.line("rights"),
        id=facts.id(),
        slug=facts.slug(),
        published=facts.date("published"),
        updated=facts.date("updated"),
        expires=facts.date("expires"),
        draft=facts.draft(),
        minor=facts.minor(),
    )


@cache
def _reader(suffix: str) -> Callable[[Source], Parsed]:
    try:
        return cast("Callable[[Source], Parsed]", load("readers", suffix, SUFFIXES))
    except FeederError as error:
        raise Unreadable(f"no reader for {suffix or 'a file without a suffix'}", f"there is one for {', '.join(sorted(suffixes()))}") from error


def _named(path: str) -> tuple[Claim, ...]:
    """Return what a file's name says when nothing inside the file does: a date it begins with, and a title."""
    stem = text.clean(PurePosixPath(path).stem)
    day, rest = dated_name(stem)
    if " " not in rest:
        rest = re.sub(r"[-_]+", " ", rest)
    rest = text.line(rest)
    title = Claim("title", rest[:1].upper() + rest[1:] or stem, "file name")
    return (Claim("published", day, "file name"), title) if day else (title,)


# Two sentences are as good as a page, and several times faster.
_LOOKED_AT = 300


def _detected(blocks: tuple[Block, ...], origins: list[tuple[str, str]]) -> str | None:
    said, size = [], 0
    for block in blocks:
        if block.kind != "code":
            said.append(block.text)
            size += len(block.text)
        if size > _LOOKED_AT:
            break
    found = text.language(" ".join(said)[:_LOOKED_AT])
    if found:
        origins.append(("language", "detected"))
    return found
