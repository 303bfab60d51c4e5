"""The RSS and JSON forms of the feed, each by itself (rules 31 to 33) and beside the Atom one (rule 34)."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from lxml import etree

from feeder.judge._document import Facts, Item, absolute, at, damage, from_822, from_3339, language, media_type, name_of, prolog, said, tag
from feeder.judge._entries import enclosed, marked, order
from feeder.judge._markup import KNOWN, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from feeder.judge._document import Finding, Paper
    from feeder.judge._entries import Contents

__all__ = ["json_feed", "rss", "twins"]

_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_SY = "{http://purl.org/rss/1.0/modules/syndication/}"
_PODCAST = ("http://www.itunes.com/dtds/podcast-1.0.dtd", "https://podcastindex.org/namespace/1.0")
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 7 * 86400, "monthly": 30 * 86400, "yearly": 365 * 86400}
_CHANNEL = words(
    "title link description language copyright managingEditor webMaster pubDate lastBuildDate category generator docs cloud ttl image rating"
    " textInput skipHours skipDays item"
)
_ITEM = words("title link description author category comments enclosure guid pubDate source")
_ONCE = words("title link description guid pubDate lastBuildDate ttl generator language copyright image docs") | {_ENCODED}
_NESTED = words("item image textInput skipHours skipDays")
_ITUNES = "{http://www.itunes.com/"  # Apple's, which nest as they like: a category in a category, a name in an owner
_NAMED = {"guid": "isPermaLink", "enclosure": "url length type", "category": "domain", "source": "url"}
_ATTRIBUTES = {name: words(_NAMED.get(name, "")) for name in _CHANNEL | _ITEM}
_ATTRIBUTES |= {_ATOM_LINK: words("href rel type title hreflang length"), _ENCODED: frozenset()}
_END = re.compile(r"</([A-Za-z][A-Za-z0-9]*)>")
_MARKUP = re.compile(r"</[A-Za-z]|&#?\w+;")
_HTML_IN_TITLE = re.compile(rb"<title>[^<]*&(?:amp|lt);")
_JSON_FEED = words("version title home_page_url feed_url description user_comment next_url icon favicon author authors language expired hubs items")
_JSON_ITEM = words(
    "id url external_url title content_html content_text summary image banner_image date_published date_modified author authors tags language"
    " attachments"
)
_URLS = ("home_page_url", "feed_url", "next_url", "icon", "favicon", "url", "external_url", "image", "banner_image", "avatar")


# -- RSS ----------------------------------------------------------------------------------------------------------------------


def rss(paper: Paper, root: etree._Element, contents: Contents) -> tuple[Facts, list[Finding]]:
    """What an RSS 2.0 document says, and what is wrong with it (RSS Board profile)."""
    facts, channel = Facts(paper, "rss"), root.find("channel")
    if root.get("version") != "2.0" or channel is None or len(root) != 1 or {*root.keys(), *channel.keys()} != {"version"}:
        return facts, [paper.wrong(31, "it is no RSS 2.0: one channel in <rss version=2.0>", "", at(root))]
    found = [*prolog(paper, root, styled=False), *_channel(paper, channel)]
    for item in channel.iterfind("item"):
        digest = b""
        if (encoded := item.find(_ENCODED)) is not None:
            digest, flaws = marked(paper, said(encoded), contents, said(item.find("description")), at(encoded))
            found += flaws
        found += _item(paper, item)
        title, guid, link = (said(item.find(name)) for name in ("title", "guid", "link"))
        facts.items.append(Item(guid, title, link, from_822(said(item.find("pubDate"))), None, digest, at(item)))
    found += [*_unique(paper, facts, 31), *order(paper, facts)]
    return facts, found


def _channel(paper: Paper, channel: etree._Element) -> Iterator[Finding]:
    line = at(channel)
    for name in ("title", "link", "description"):
        if not said(channel.find(name)).strip():
            yield paper.wrong(31, f"the channel needs a <{name}> that is not empty", "", line)
        elif _MARKUP.search(said(channel.find(name))):
            yield paper.odd(31, f"the channel's {name} reads like markup: {said(channel.find(name))[:60]}", "it is plain text", line)
    names = [tag(child) for child in channel.iterchildren(etree.Element)]
    if "item" in names and set(names[names.index("item") :]) != {"item"}:
        yield paper.odd(31, "what is said of the channel stands behind an item", "", line)
    yield from _elements(paper, channel, _CHANNEL)
    own = [link.get("href") for link in channel.iterfind(_ATOM_LINK) if link.get("rel") == "self"]
    if own != [paper.address]:
        yield paper.wrong(6, f"it needs one atom:link rel=self, {paper.address}; it has {', '.join(map(str, own)) or 'none'}", "", line)
    if not language(said(channel.find("language"))):
        yield paper.odd(18, f'the channel\'s language is "{said(channel.find("language"))}"', "say `language` in [feed]", line)
    yield from _schedule(paper, channel)
    yield from _stray(paper, channel)


def _elements(paper: Paper, parent: etree._Element, known: frozenset[str]) -> Iterator[Finding]:
    """What RSS itself may hold, how often, and its times and addresses."""
    counts = Counter(tag(child) for child in parent.iterchildren(etree.Element))
    for child in parent.iterchildren(etree.Element):
        name, line, text = tag(child), at(child), said(child)
        if "{" not in name and name not in known:
            yield paper.wrong(31, f"<{name}> is not known in <{name_of(parent)}>", "", line)
        elif name in _ONCE and counts[name] > 1:
            yield paper.wrong(31, f"<{name_of(parent)}> has more than one <{name}>", "", line)
        elif (
            name not in _NESTED
            and not name.startswith(_ITUNES)
            and (len(child) or set(child.keys()) - _ATTRIBUTES.get(name, frozenset(child.keys())))
        ):
            yield paper.wrong(31, f"there are elements or attributes in <{name_of(child)}> that are not known", "", line)
        elif name in ("pubDate", "lastBuildDate"):
            yield from _date(paper, text, name, line)
        elif name == "link" and not absolute(text.strip()):
            yield paper.wrong(31, f"a link is not absolute: {text[:80]}", "", line)
        elif name == _ATOM_LINK:
            yield from _atom_link(paper, child)


def _atom_link(paper: Paper, link: etree._Element) -> Iterator[Finding]:
    kind = link.get("type", "application/rss+xml")
    if not absolute(link.get("href", "")) or (link.text or "").strip():
        yield paper.wrong(31, f"a link is not absolute, or not empty: {link.get('href')}", "", at(link))
    if not media_type(kind) or (link.get("rel") == "self" and kind != "application/rss+xml"):
        yield paper.odd(31, f"a link's type is {kind}", "of rel=self: application/rss+xml", at(link))


def _date(paper: Paper, text: str, name: str, line: int) -> Iterator[Finding]:
    when = from_822(text)
    if when is None:
        yield paper.wrong(31, f"{name} is no time of RFC 822 with four digits of year and the true weekday: {text[:40]}", "", line)
    elif when > paper.now:
        yield paper.wrong(11, f"{name} is in the future: {text}", "", line)


def _schedule(paper: Paper, channel: etree._Element) -> Iterator[Finding]:
    """Rule 32: how often to come back, said in two ways."""
    ttl, period, often = (channel.find(name) for name in ("ttl", f"{_SY}updatePeriod", f"{_SY}updateFrequency"))
    told = list[tuple[float, etree._Element]]()
    if ttl is not None and not (said(ttl).isdigit() and int(said(ttl))):
        yield paper.wrong(32, f"ttl is no number of minutes: {said(ttl)[:20]}", "", at(ttl))
    elif ttl is not None:
        told.append((60 * int(said(ttl)), ttl))
    frequency = said(often) or "1"
    if period is not None and not (said(period) in _PERIODS and frequency.isdigit() and int(frequency)):
        yield paper.wrong(32, f"updatePeriod is {said(period)[:20]} and updateFrequency {frequency[:20]}", "such as hourly and 12", at(period))
    elif period is not None:
        told.append((_PERIODS[said(period)] / int(frequency), period))
    for seconds, element in told:
        if paper.every and not paper.every / 2 <= seconds <= max(paper.every * 2, 120):
            yield paper.odd(32, f"{name_of(element)} says {seconds:.0f} s, the schedule {paper.every} s", "", at(element))


def _stray(paper: Paper, channel: etree._Element) -> Iterator[Finding]:
    """Rule 35."""
    if any((enclosure.get("type") or "").startswith(("audio/", "video/")) for enclosure in channel.iter("enclosure")):
        return
    for element in channel.iter(etree.Element):
        if etree.QName(element).namespace in _PODCAST:
            yield paper.wrong(35, f"<{name_of(element)}> of a podcast, and no recording", "", at(element))


def _item(paper: Paper, item: etree._Element) -> Iterator[Finding]:
    line = at(item)
    yield from _elements(paper, item, _ITEM)
    if not said(item.find("title")).strip() and not said(item.find("description")).strip():
        yield paper.wrong(31, "an item needs a title or a description", "", line)
    yield from _guid(paper, item, line)
    names = [tag(child) for child in item.iterchildren(etree.Element)]
    if _ENCODED in names and "description" not in names[: names.index(_ENCODED)]:
        yield paper.wrong(31, "content:encoded does not stand behind a description", "readers take the last for the text", line)
    if "author" in names and _CREATOR in names:
        yield paper.odd(31, "an item has both author and dc:creator", "", line)
    if names.count("enclosure") > 1:
        yield paper.odd(31, "an item has more than one enclosure", "players take any of them", line)
    for enclosure in item.iterfind("enclosure"):
        yield from enclosed(paper, enclosure.get("url", ""), enclosure.get("type"), enclosure.get("length"), at(enclosure))
    title = item.find("title")
    if any(name.lower() in KNOWN for name in _END.findall(said(title))):
        yield paper.odd(31, f"a title reads like markup: {said(title)[:60]}", "it is plain text", at(title))
    if title is not None and _HTML_IN_TITLE.search(paper.raw(at(title))):
        yield paper.odd(31, f"a title with &amp; or &lt;: {said(title)[:60]}", "&#x26; and &#x3C; survive readers that decode twice", at(title))


def _guid(paper: Paper, item: etree._Element, line: int) -> Iterator[Finding]:
    guid = item.find("guid")
    if guid is None or not said(guid).strip():
        yield paper.wrong(31, "an item has no guid", "readers cannot tell it from a new one", line)
    elif guid.get("isPermaLink") not in ("true", "false"):
        yield paper.wrong(31, "a guid does not say isPermaLink", "without it readers take it for an address", at(guid))
    elif guid.get("isPermaLink") == "true" and not said(guid).startswith(("https://", "http://")):
        yield paper.wrong(31, f"a guid that is no address says isPermaLink=true: {said(guid)[:80]}", "", at(guid))


# -- JSON ---------------------------------------------------------------------------------------------------------------------


def json_feed(paper: Paper, contents: Contents) -> tuple[Facts | None, list[Finding]]:
    """What a JSON Feed says, and what is wrong with it; nothing of other JSON."""
    try:
        told = json.loads(paper.body)
    except (ValueError, RecursionError) as error:
        return None, [paper.wrong(33, f"it is no JSON: {error}", "", getattr(error, "lineno", 0))]
    facts = Facts(paper, "json")
    if not isinstance(told, dict) or told.get("version") != "https://jsonfeed.org/version/1.1":
        return None, [paper.wrong(33, "it is no JSON Feed 1.1 by its version", "")]
    found = [*damage(paper), *_top(paper, told), *_strings(paper, told, _JSON_FEED, 0)]
    items = told.get("items")
    for item in items if isinstance(items, list) else ():
        line = _line(paper, item)
        found += _json_item(paper, item, line) if isinstance(item, dict) else [paper.wrong(33, "an item is no object")]
        if isinstance(item, dict):
            facts.items.append(_json_facts(paper, item, contents, found, line))
    found += [*_unique(paper, facts, 33), *order(paper, facts)]
    return facts, found


def _top(paper: Paper, told: Mapping[str, object]) -> Iterator[Finding]:
    if not isinstance(told.get("items"), list) or not isinstance(told.get("title"), str):
        yield paper.wrong(33, "it needs a title and items")
    if told.get("feed_url") != paper.address:
        yield paper.wrong(
            6, f"its feed_url is {told.get('feed_url')}, and it is at {paper.address}", "is `base_url` in [feed] where the output is served?"
        )
    if "home_page_url" not in told or "author" in told:
        yield paper.odd(33, "it needs home_page_url, and authors for author")


def _json_item(paper: Paper, item: Mapping[str, object], line: int) -> Iterator[Finding]:
    yield from _strings(paper, item, _JSON_ITEM, line)
    if not isinstance(item.get("id"), str) or not item.get("id"):
        yield paper.wrong(33, f"an item's id is no text: {item.get('id')!r}", "", line)
    if not isinstance(item.get("content_html", item.get("content_text")), str):
        yield paper.wrong(33, "an item has neither content_html nor content_text", "", line)
    for name in ("date_published", "date_modified"):
        when = from_3339(str(item[name])) if name in item else paper.now
        if when is None or when > paper.now:
            kind = f"no time of RFC 3339: {item[name]}" if when is None else f"in the future: {item[name]}"
            yield paper.wrong(13 if when is None else 11, f"{name} is {kind}", "", line)
    tags = item.get("tags", [])
    if not isinstance(tags, list) or len(set(map(str, tags))) < len(tags):
        yield paper.wrong(33, "tags are a list without repeats", "", line)
    attachments = item.get("attachments", [])
    for attachment in attachments if isinstance(attachments, list) else [None]:
        yield from _attachment(paper, attachment, line)


def _attachment(paper: Paper, attachment: object, line: int) -> Iterator[Finding]:
    if not isinstance(attachment, dict) or not absolute(str(attachment.get("url", ""))) or not media_type(str(attachment.get("mime_type", ""))):
        yield paper.wrong(33, "an attachment needs url and mime_type", "", line)
    elif "size_in_bytes" in attachment:
        yield from enclosed(paper, str(attachment["url"]), str(attachment["mime_type"]), str(attachment["size_in_bytes"]), line)


def _strings(paper: Paper, told: Mapping[str, object], known: frozenset[str], line: int) -> Iterator[Finding]:
    """Names and kinds of what an object may hold; what others add begins with an underscore."""
    for name, value in told.items():
        if name not in known and not name.startswith("_"):
            yield paper.wrong(33, f'"{name}" is not known', "what is not of JSON Feed begins with _", line)
        elif name in _URLS and not absolute(str(value)):
            yield paper.wrong(33, f"{name} is not absolute: {str(value)[:80]}", "", line)
        elif name in ("title", "summary", "content_html", "content_text", "description", "language") and not isinstance(value, str):
            yield paper.wrong(33, f"{name} is no text", "", line)
        elif name == "authors" and not (isinstance(value, list) and all(isinstance(author, dict) and author for author in value)):
            yield paper.wrong(33, "authors are a list of objects", "", line)
    if (spoken := told.get("language")) is not None and not language(str(spoken)):
        yield paper.odd(18, f'a language is "{spoken}"', "a tag such as en or pt-BR", line)


def _json_facts(paper: Paper, item: Mapping[str, object], contents: Contents, found: list[Finding], line: int) -> Item:
    digest = b""
    if isinstance(html := item.get("content_html"), str):
        digest, flaws = marked(paper, html, contents, str(item.get("summary", "")), line)
        found += flaws
    ident, title, link, published, updated = (str(item.get(name, "")) for name in ("id", "title", "url", "date_published", "date_modified"))
    return Item(ident, title, link, from_3339(published), from_3339(updated), digest, line)


def _line(paper: Paper, item: object) -> int:
    """Where an item stands: where its id does."""
    ident = json.dumps(item.get("id"), ensure_ascii=False).encode(errors="replace") if isinstance(item, dict) else b""
    at = paper.body.find(ident) if ident else -1
    return paper.body.count(b"\n", 0, at) + 1 if at >= 0 else 0


# -- beside each other --------------------------------------------------------------------------------------------------------


def _unique(paper: Paper, facts: Facts, rule: int) -> Iterator[Finding]:
    counts = Counter(item.id for item in facts.items)
    for item in facts.items:
        if item.id and counts[item.id] > 1:
            yield paper.wrong(9, f"two items have the id {item.id}", "readers show one of them", item.line)
        elif not item.title.strip():
            yield paper.odd(rule, "an item has no title", "", item.line)


def twins(current: Facts, twin: Facts) -> Iterator[Finding]:
    """Rule 34: the same entries with the same ids, titles, dates and links as in the Atom document."""
    here, there = [item.id for item in twin.items], [item.id for item in current.items]
    if here != there:
        differing = next((ident for ident in (*there, *here) if ident not in set(there) & set(here)), None)
        what = "the order" if differing is None else differing
        yield twin.paper.wrong(34, f"it does not hold the entries of {current.paper.path}: {what} differs", "the next build mends it")
    known = {item.id: item for item in current.items}
    for item in twin.items:
        if (other := known.get(item.id)) is None:
            continue
        for name in ("title", "link", "published", *(("updated",) if twin.kind == "json" else ())):
            if getattr(item, name) != getattr(other, name):
                yield twin.paper.wrong(34, f"{item.id} has another {name} than in {current.paper.path}", "the next build mends it", item.line)
