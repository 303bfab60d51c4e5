"""One Atom document: its feed, its entries and what stands in them (RFC 4287, rules 3 to 30 and 35). Other documents are not asked."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import blake2b
from html import entities
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from feeder.judge import _markup
from feeder.judge._document import ATOM, LANG, Facts, Item, absolute, at, from_3339, language, media_type, name_of, prolog, said, tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from feeder.judge._document import Finding, Paper

__all__ = ["Contents", "atom", "enclosed", "marked", "order"]

_FH = "{http://purl.org/syndication/history/1.0}"
_AT = "{http://purl.org/atompub/tombstones/1.0}"
_THR = "{http://purl.org/syndication/thread/1.0}"
_PODCAST = ("http://www.itunes.com/dtds/podcast-1.0.dtd", "https://podcastindex.org/namespace/1.0")
_PAGING = frozenset(("first", "last", "next", "previous", "prev", "prev-archive", "next-archive"))
_HISTORY = _PAGING | {"current"}
_RELS = _HISTORY | _markup.words(
    "alternate describedby edit edit-media enclosure hub license payment related replies search self service up via author icon"
)
_LARGEST = 512 * 1024
_SHORT = 400  # characters: of an article that is no longer than a summary, the summary may be all
_FEED = {"author": "*", "category": "*", "contributor": "*", "generator": "?", "icon": "?", "id": "1", "link": "*", "logo": "?", "rights": "?"}
_FEED |= {"subtitle": "?", "title": "1", "updated": "1", "entry": "*"}
_ENTRY = {"author": "*", "category": "*", "content": "?", "contributor": "*", "id": "1", "link": "*", "published": "?", "rights": "?"}
_ENTRY |= {"source": "?", "summary": "?", "title": "1", "updated": "1"}
_PERSON = {"name": "1", "uri": "?", "email": "?"}
_COMMON = frozenset((LANG, "{http://www.w3.org/XML/1998/namespace}base"))
_ATTRIBUTES = {"link": _markup.words("href rel type title hreflang length"), "category": _markup.words("term scheme label")}
_ATTRIBUTES |= {"generator": _markup.words("uri version"), "content": _markup.words("type src")}
_ATTRIBUTES |= dict.fromkeys(("title", "summary", "subtitle", "rights"), frozenset(["type"]))
_PARENTS = _markup.words("feed entry author contributor source")
_EMPTY = _markup.words("link category")
_HTML_NAME = re.compile(r"</([A-Za-z][A-Za-z0-9]*)>|&(#?\w+);")
_RAW_ENTITY = re.compile(rb"&amp;#?\w+;")


class Contents(NamedTuple):
    """What was found in contents that were met before, by digest: most entries stand in several documents."""

    seen: dict[bytes, list[_markup.Flaw]]

    def flaws(self, html: str) -> tuple[bytes, list[_markup.Flaw]]:
        """The digest of a content, and its flaws."""
        digest = blake2b(html.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest not in self.seen:
            self.seen[digest] = _markup.flaws(html)
        return digest, self.seen[digest]


def atom(paper: Paper, root: etree._Element, contents: Contents) -> tuple[Facts, list[Finding]]:
    """What an Atom feed document says, and what is wrong with it."""
    facts = Facts(paper, "atom", said(root.find(f"{ATOM}id")).strip(), archive=root.find(f"{_FH}archive") is not None)
    for link in root.iterfind(f"{ATOM}link"):
        facts.links.setdefault(link.get("rel", "alternate"), link.get("href", ""))
    found = [
        *prolog(paper, root),
        *_forms(paper, root),
        *_feed(paper, root),
        *_self(paper, root),
        *_history(paper, root),
        *_tombstones(paper, root, facts),
    ]
    for entry in root.iterfind(f"{ATOM}entry"):
        item = Item("", "", "", None, None, b"", at(entry))
        found += _entry(paper, root, entry)
        facts.items.append(_item(paper, entry, contents, found, item.line))
    found += [*_among(paper, facts), *_newest(paper, root, facts), *_extras(paper, root)]
    if not facts.archive and len(paper.body) > _LARGEST and facts.links.get("current", paper.address) == paper.address:
        found.append(paper.wrong(26, f"it has {len(paper.body):,} bytes; readers drop feeds of more than {_LARGEST:,}", "lower `entries` in [feed]"))
    return facts, found


# -- the feed -----------------------------------------------------------------------------------------------------------------


def _feed(paper: Paper, feed: etree._Element) -> Iterator[Finding]:
    yield from _grammar(paper, feed, _FEED, 4)
    authors = feed.find(f"{ATOM}author") is not None
    if not authors and (not _some(feed, "entry") or any(entry.find(f"{ATOM}author") is None for entry in _some(feed, "entry"))):
        yield paper.wrong(4, "the feed has no author", "say `author` in [feed]", at(feed))
    if not language(feed.get(LANG, "")):
        yield paper.odd(18, f'the feed\'s language is "{feed.get(LANG, "")}"', "say `language` in [feed], as en or pt-BR", at(feed))
    yield from _facts(paper, feed)
    generator = feed.find(f"{ATOM}generator")
    if generator is None or not (absolute(generator.get("uri", "")) and generator.get("version") and said(generator).strip()):
        yield paper.odd(23, "the generator is not named with its uri and version", "", at(generator))
    if generator is not None:
        yield from _text(paper, generator)
    for picture in (*_some(feed, "icon"), *_some(feed, "logo")):
        if not absolute(said(picture)) or paper.lost(said(picture)):
            yield paper.wrong(24, f"its {name_of(picture)} leads nowhere: {said(picture)[:80]}", "", at(picture))


def _self(paper: Paper, feed: etree._Element) -> Iterator[Finding]:
    """Rule 6."""
    own = [link for link in _some(feed, "link") if link.get("rel") == "self"]
    if len(own) != 1:
        yield paper.wrong(6, f"it has {len(own)} links rel=self; one is needed", "", at(feed))
    for link in own:
        if link.get("href") != paper.address:
            hint = "is `base_url` in [feed] where the output is served?"
            yield paper.wrong(6, f"it says its address is {link.get('href')}, and it is at {paper.address}", hint, at(link))
        elif link.get("type", "application/atom+xml") != "application/atom+xml":
            yield paper.odd(6, f"it says that it is {link.get('type')}, not application/atom+xml", "", at(link))


def _history(paper: Paper, feed: etree._Element) -> Iterator[Finding]:
    """Rule 28; the way through the archives is walked elsewhere."""
    rels = {link.get("rel", "alternate"): link for link in _some(feed, "link")}
    if feed.find(f"{_FH}complete") is not None and (both := rels.keys() & _PAGING):
        yield paper.wrong(28, f"a complete feed has no link rel={min(both)} (RFC 5005 section 2)", "", at(rels[min(both)]))


def _tombstones(paper: Paper, feed: etree._Element, facts: Facts) -> Iterator[Finding]:
    """Rule 29 (RFC 6721 section 3)."""
    here = {said(entry.find(f"{ATOM}id")) for entry in _some(feed, "entry")}
    for stone in feed.iter(f"{_AT}deleted-entry"):
        line, ref, when = at(stone), stone.get("ref", ""), from_3339(stone.get("when", ""))
        facts.tombstones.append((ref, line))
        if not absolute(ref) or when is None:
            yield paper.wrong(29, "a tombstone needs a ref and a when", "", line)
        elif when > paper.now:
            yield paper.wrong(11, f"a tombstone's time is in the future: {stone.get('when')}", "", line)
        if ref in here:
            yield paper.wrong(29, f"{ref} is told to be gone and is here", "", line)
        if any(before.tag == f"{ATOM}entry" for before in stone.itersiblings(preceding=True)):
            yield paper.wrong(29, "a tombstone stands behind an entry", "they come before the first", line)


def _newest(paper: Paper, feed: etree._Element, facts: Facts) -> Iterator[Finding]:
    """Rule 11: a feed is as new as the newest that it tells of."""
    when = from_3339(said(feed.find(f"{ATOM}updated")))
    stones = (from_3339(stone.get("when", "")) for stone in feed.iter(f"{_AT}deleted-entry"))
    newest = max(filter(None, (*(item.updated for item in facts.items), *stones)), default=None)
    if when and newest and when < newest:
        hint = "readers that look at it first miss the news"
        yield paper.wrong(
            11, f"the feed's updated is older than its newest entry ({newest:%Y-%m-%dT%H:%M:%SZ})", hint, at(feed.find(f"{ATOM}updated"))
        )


def _extras(paper: Paper, feed: etree._Element) -> Iterator[Finding]:
    """Rules 25, 30 and 35: elements of others only where they belong."""
    audible = any(link.get("type", "").startswith(("audio/", "video/")) for link in feed.iter(f"{ATOM}link") if link.get("rel") == "enclosure")
    replies = any(link.get("rel") == "replies" for link in feed.iter(f"{ATOM}link"))
    for element in feed.iter(etree.Element):
        space = etree.QName(element).namespace
        if not space:
            yield paper.wrong(25, f"<{name_of(element)}> has no namespace", "", at(element))
        elif space in _PODCAST and not audible:
            yield paper.wrong(35, f"<{name_of(element)}> of a podcast, and no recording", "", at(element))
        elif tag(element).startswith(_THR) and not replies:
            yield paper.wrong(30, f"<{name_of(element)}> of a thread, and no replies", "", at(element))


# -- an entry -----------------------------------------------------------------------------------------------------------------


def _entry(paper: Paper, feed: etree._Element, entry: etree._Element) -> Iterator[Finding]:
    line = at(entry)
    yield from _grammar(paper, entry, _ENTRY, 5)
    if not any(link.get("href") for link in _some(entry, "link") if link.get("rel", "alternate") == "alternate"):
        yield paper.wrong(5, "an entry has no alternate link", "readers open it to show the article", line)
    if feed.find(f"{ATOM}author") is None and entry.find(f"{ATOM}author") is None:
        yield paper.wrong(5, "an entry has no author, and the feed has none either", "", line)
    if (said_language := entry.get(LANG)) is not None and not language(said_language):
        yield paper.odd(18, f'an entry\'s language is "{said_language}"', "a tag such as en or pt-BR", line)
    yield from _facts(paper, entry)
    summary = entry.find(f"{ATOM}summary")
    if summary is None or not said(summary).strip():
        yield paper.wrong(17, "an entry has no summary", "", at(summary) or line)


def _item(paper: Paper, entry: etree._Element, contents: Contents, found: list[Finding], line: int) -> Item:
    """What an entry says, and what is wrong with its content."""
    digest = b""
    content = entry.find(f"{ATOM}content")
    if content is not None:
        digest, flaws = _content(paper, content, contents, said(entry.find(f"{ATOM}summary")))
        found += flaws
    link = next((link.get("href", "") for link in _some(entry, "link") if link.get("rel", "alternate") == "alternate"), "")
    published, updated = (from_3339(said(entry.find(ATOM + name))) for name in ("published", "updated"))
    return Item(said(entry.find(f"{ATOM}id")), said(entry.find(f"{ATOM}title")), link, published, updated, digest, line)


def _content(paper: Paper, content: etree._Element, contents: Contents, summary: str) -> tuple[bytes, list[Finding]]:
    html, kind, line = said(content), content.get("type", "text"), at(content)
    if kind != "html":
        return b"", [paper.wrong(16, f"content of type {kind}; it is to be html", "readers show its markup, or nothing", line)]
    if not html.strip():
        return b"", [paper.wrong(16, "a content element with nothing in it", "leave it out", line)]
    return marked(paper, html, contents, summary, line)


def marked(paper: Paper, html: str, contents: Contents, summary: str, line: int) -> tuple[bytes, list[Finding]]:
    """The digest of a content, and what rules 16, 17, 19 and 57 say of it."""
    digest, flaws = contents.flaws(html)
    found = [paper.wrong(flaw.rule, flaw.what, "", line) for flaw in flaws]
    if len(summary) > _SHORT and " ".join(summary.split()) == _markup.plain(html):
        found.append(paper.odd(17, "a summary is the content again", "", line))
    return digest, found


# -- what feeds and entries share ---------------------------------------------------------------------------------------------


def _forms(paper: Paper, feed: etree._Element) -> Iterator[Finding]:
    """Rule 3: the attributes of every element of Atom, and what may stand in it."""
    for element in feed.iter(f"{ATOM}*"):
        name = name_of(element)
        for attribute in set(element.keys()) - _COMMON - _ATTRIBUTES.get(name, frozenset()):
            if not attribute.startswith("{"):
                yield paper.wrong(3, f"<{name}> has an attribute {attribute} that is not known", "", at(element))
        if len(element) and name not in _PARENTS and element.get("type") != "xhtml":
            yield paper.wrong(3, f"there are elements in a {name}", "", at(element))
        if name in _EMPTY and (element.text or "").strip():
            yield paper.wrong(3, f"there is text in a {name}", "", at(element))
    for mark in (*feed.iterfind(f"{_FH}archive"), *feed.iterfind(f"{_FH}complete")):
        if len(mark) or (mark.text or "").strip():
            yield paper.wrong(27, f"there is something in <{name_of(mark)}>", "it says all by being there", at(mark))


def _grammar(paper: Paper, parent: etree._Element, known: dict[str, str], rule: int) -> Iterator[Finding]:
    """Rules 3 to 5: which elements of Atom may stand where, and how often."""
    who, counts = name_of(parent), Counter[str]()
    for child in parent.iterchildren(etree.Element):
        if not tag(child).startswith(ATOM):
            continue
        name = name_of(child)
        counts[name] += 1
        if name not in known:
            yield paper.wrong(3, f"<{name}> is not known in <{who}>", "", at(child))
        elif who == "feed" and name != "entry" and counts["entry"]:
            yield paper.wrong(3, f"<{name}> stands behind an entry", "what is said of the feed comes first", at(child))
    if any(text and text.strip() for text in (parent.text, *(child.tail for child in parent))):
        yield paper.wrong(3, f"there is text between the elements of <{who}>", "", at(parent))
    for name, often in known.items():
        if often != "*" and counts[name] > 1:
            yield paper.wrong(rule, f"<{who}> has {counts[name]} <{name}>; one is allowed", "", at(parent))
        elif often == "1" and not said(parent.find(ATOM + name)).strip():
            yield paper.wrong(rule, f"<{who}> needs a <{name}> that is not empty", "", at(parent))


def _facts(paper: Paper, parent: etree._Element) -> Iterator[Finding]:
    """The elements that a feed and an entry have in common, each by itself."""
    for name in ("title", "summary", "subtitle", "rights"):
        for element in _some(parent, name):
            yield from _text(paper, element)
    for name in ("updated", "published"):
        for element in _some(parent, name):
            yield from _time(paper, element)
    for element in _some(parent, "id"):
        yield from _ident(paper, element)
    for element in (*_some(parent, "author"), *_some(parent, "contributor")):
        yield from _person(paper, element)
    for element in _some(parent, "category"):
        if not element.get("term", "").strip() or not absolute(element.get("scheme", "urn:x")):
            yield paper.wrong(24, "a category needs a term, and its scheme is an absolute address", "", at(element))
    yield from _links(paper, parent)


def _text(paper: Paper, element: etree._Element) -> Iterator[Finding]:
    """Rules 14 and 17: plain text."""
    name, line, text = name_of(element), at(element), said(element)
    rule = 17 if name == "summary" else 14
    if element.get("type", "text") != "text":
        yield paper.wrong(rule, f"a {name} of type {element.get('type')}", "most readers show its markup: it is to be text", line)
    else:
        lines = text.count("\n") + 1
        for end, entity in _HTML_NAME.findall(text):
            twice = (entity in entities.name2codepoint or entity.startswith("#")) and _RAW_ENTITY.search(paper.raw(line, lines))
            if end.lower() in _markup.KNOWN or twice:
                yield paper.odd(rule, f"a {name} reads like markup: {text[:60]}", "it is plain text, escaped once", line)
                break


def _time(paper: Paper, element: etree._Element) -> Iterator[Finding]:
    """Rules 11 and 13."""
    text, name, line = said(element), name_of(element), at(element)
    when = from_3339(text)
    if when is None:
        yield paper.wrong(13, f"{name} is no time of RFC 3339: {text[:40]}", "as 2026-11-22T12:00:00Z", line)
    elif not text.endswith("Z"):
        yield paper.odd(13, f"{name} has an offset: {text}", "as 2026-11-22T12:00:00Z", line)
    if when and when > paper.now:
        yield paper.wrong(11, f"{name} is in the future: {text}", "readers sort it to the top, or hide it", line)


def _ident(paper: Paper, element: etree._Element) -> Iterator[Finding]:
    """Rule 9."""
    text, line = said(element), at(element)
    scheme, _, rest = text.partition("://")
    if not absolute(text):
        yield paper.wrong(9, f"an id is no absolute address: {text[:80]}", "", line)
    elif rest and (text != text.replace(scheme, scheme.lower(), 1) or (host := rest.partition("/")[0]) != host.lower() or "/" not in rest):
        yield paper.odd(9, f"an id is not in its normal form: {text[:80]}", "readers compare ids letter by letter", line)


def _person(paper: Paper, person: etree._Element) -> Iterator[Finding]:
    line, rule = at(person), 4 if name_of(person.getparent()) == "feed" else 5  # type: ignore[arg-type]
    yield from _grammar(paper, person, _PERSON, rule)
    for name in _some(person, "name"):
        yield from _text(paper, name)
    if (uri := person.find(f"{ATOM}uri")) is not None and not absolute(said(uri)):
        yield paper.wrong(19, f"an author's address is not absolute: {said(uri)[:80]}", "", line)
    if (email := person.find(f"{ATOM}email")) is not None and "@" not in said(email)[1:-1]:
        yield paper.wrong(3, f"an author's email is none: {said(email)[:80]}", "", line)


def _links(paper: Paper, parent: etree._Element) -> Iterator[Finding]:
    """Rules 7, 8, 19 and 57, and the pages of rule 5."""
    alternates = Counter[tuple[str | None, str | None]]()
    for link in _some(parent, "link"):
        line, rel, kind, href = at(link), link.get("rel", "alternate"), link.get("type"), link.get("href", "")
        if href.lower().startswith(("javascript:", "vbscript:", "data:", "file:")):
            yield paper.wrong(57, f"a link runs or opens something: {href[:80]}", "", line)
        elif not absolute(href):
            yield paper.wrong(19, f"a link is not absolute: {href[:80] or 'it has no href'}", "", line)
        elif rel == "alternate" and paper.lost(href):
            yield paper.wrong(5, f"an alternate link leads to nothing: {href}", "the next build makes the page anew", line)
        if kind is not None and not media_type(kind):
            yield paper.wrong(7, f"{kind!r} is no media type", "", line)
        if rel not in _RELS and not absolute(rel):
            yield paper.odd(7, f"rel={rel} is not registered", "", line)
        elif rel in _HISTORY and parent.tag == f"{ATOM}entry":
            yield paper.odd(7, f"rel={rel} belongs to a feed, not to an entry", "", line)
        if rel == "alternate":
            alternates[kind, link.get("hreflang")] += 1
        if rel == "enclosure":
            yield from enclosed(paper, href, kind, link.get("length"), line)
    if any(count > 1 for count in alternates.values()):
        yield paper.wrong(7, "two alternate links of one type and language", "readers take any of them", at(parent))


def enclosed(paper: Paper, href: str, kind: str | None, length: str | None, line: int) -> Iterator[Finding]:
    """Rule 8."""
    if not kind or not (length or "").isdigit():
        yield paper.wrong(8, "an enclosure needs a type and its length in bytes", "players ask for both", line)
        return
    size = paper.sizes.get(paper.place(href) or "")
    if paper.lost(href) or (size is not None and size != int(length or 0)):
        there = f"has {size:,} bytes, not {int(length or 0):,}" if size is not None else "is not published"
        yield paper.wrong(8, f"an enclosure {there}: {href}", "the next build makes it anew", line)


def _among(paper: Paper, facts: Facts) -> Iterator[Finding]:
    """Rules 9, 12 and 22: the entries of one document beside each other."""
    ids, times, links = (Counter(key(item) for item in facts.items) for key in (_id_of, _updated_of, _link_of))
    for item in facts.items:
        if ids[item.id] > 1 and item.id:
            yield paper.wrong(9, f"two entries have the id {item.id}", "readers show one of them", item.line)
        elif links[item.link] > 1 and item.link:
            yield paper.wrong(9, f"two entries have the address {item.link}", "", item.line)
        if item.updated and times[item.updated] > 1:
            yield paper.odd(12, f"two entries have the updated {item.updated:%Y-%m-%dT%H:%M:%SZ}", "some readers take them for one", item.line)
    if not facts.archive:
        yield from order(paper, facts)


def order(paper: Paper, facts: Facts) -> Iterator[Finding]:
    """Rule 22."""
    dates = [(item.published, item.line) for item in facts.items if item.published]
    for (one, _), (other, line) in pairwise(dates):
        if one < other:
            yield paper.odd(22, "the entries do not stand newest first", "", line)
            return


def _id_of(item: Item) -> str:
    return item.id


def _updated_of(item: Item) -> datetime | None:
    return item.updated


def _link_of(item: Item) -> str:
    return item.link


def _some(parent: etree._Element, name: str) -> list[etree._Element]:
    return parent.findall(ATOM + name)
