"""The judge against a small shelf of sound documents, and against the same with one thing broken in each case."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder.judge import Finding, base_of, judge
from tests.newsroom import Newsroom

CHECK = (Path(__file__).parent.parent / "docs" / "check.md").read_text("utf-8")
NOW = datetime(2036, 11, 22, 12, 0, 0, tzinfo=UTC)
BASE = "https://news.example/"
IDS = {f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in range(1, 4)}
GONE = "urn:uuid:00000000-0000-4000-8000-000000000009"
BEGIN = '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/css" href="{css}"?>\n'
HEAD = """<feed xmlns="http://www.w3.org/2005/Atom"{spaces} xml:lang="en">
<id>{id}</id>
<title>The News</title>
<updated>2036-11-20T10:00:00Z</updated>
<author>
<name>The News</name>
</author>
<link href="{base}{path}" rel="self" type="application/atom+xml"/>
{links}
<generator uri="urn:uuid:989f4b80-1d8b-4923-89f9-4f9fd7a2b616" version="1">Feeder</generator>
<icon>https://news.example/icon.svg</icon>
"""
ENTRY = """<entry>
<id>urn:uuid:00000000-0000-4000-8000-00000000000{n}</id>
<title>{title}</title>
<updated>2036-11-0{n}T10:00:00Z</updated>
<link href="https://news.example/articles/{n}.html" rel="alternate" type="text/html"/>
<published>2036-11-0{n}T09:00:00Z</published>
<category term="rain" scheme="https://news.example/tags/"/>
<summary>It rained on the {n}.</summary>
<content type="html">&lt;p&gt;It rained on the {n}. It was &lt;a href="https://wet.example/?a=1&amp;amp;b"&gt;wet&lt;/a&gt;.&lt;/p&gt;
&lt;ul&gt;&lt;li&gt;one&lt;/li&gt;&lt;/ul&gt;</content>
</entry>
"""
STONE = f'<at:deleted-entry ref="{GONE}" when="2036-11-20T10:00:00Z"/>\n'
HISTORY = ' xmlns:fh="http://purl.org/syndication/history/1.0" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
TITLES = {1: "Rain", 2: "More rain", 3: "Tom &#x26; Jerry"}
ITEM = """<item>
<title>{title}</title>
<link>https://news.example/articles/{n}.html</link>
<description>It rained on the {n}.</description>
<content:encoded>&lt;p&gt;It rained on the {n}. It was &lt;a href="https://wet.example/?a=1&amp;amp;b"&gt;wet&lt;/a&gt;.&lt;/p&gt;</content:encoded>
<guid isPermaLink="false">urn:uuid:00000000-0000-4000-8000-00000000000{n}</guid>
<pubDate>{day}, 0{n} Nov 2036 09:00:00 +0000</pubDate>
</item>
"""
JSON_ITEM = """{{
"id": "urn:uuid:00000000-0000-4000-8000-00000000000{n}",
"url": "https://news.example/articles/{n}.html",
"title": "{title}",
"content_html": "<p>It rained on the {n}. It was <a href=\\"https://wet.example/\\">wet</a>.</p>",
"summary": "It rained on the {n}.",
"date_published": "2036-11-0{n}T09:00:00Z",
"date_modified": "2036-11-0{n}T10:00:00Z"
}}"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The News</title>
<link rel="alternate" type="application/atom+xml" title="The News" href="https://news.example/feed.xml">
<script type="application/ld+json">{"@type": "Article"}</script>
</head><body><p>It rained.</p></body></html>
"""
FEED_ID = "urn:uuid:00000000-0000-4000-8000-0000000000ff"
ALTERNATE = '<link href="https://news.example/" rel="alternate" type="text/html"/>'
CURRENT = '<link href="https://news.example/feed.xml" rel="current" type="application/atom+xml"/>'


def atom(path: str, links: str, numbers: tuple[int, ...], *, extra: str = "", ident: str = FEED_ID) -> bytes:
    """A feed document of ours."""
    head = HEAD.format(spaces=HISTORY, id=ident, base=BASE, path=path, links=links)
    entries = "".join(ENTRY.format(n=n, title=TITLES[n]) for n in numbers)
    return (BEGIN.format(css="../" * path.count("/") + "feed.css") + head + extra + entries + "</feed>\n").encode()


def shelf() -> dict[str, bytes]:
    """What a feed of three entries publishes, when an archive holds one entry."""
    rows = "".join(ITEM.format(n=n, title=TITLES[n], day=day) for n, day in ((3, "Mon"), (2, "Sun")))
    titles = {**TITLES, 3: "Tom & Jerry"}
    archive = '<link href="https://news.example/archive/000{}.xml" rel="{}-archive" type="application/atom+xml"/>'
    return {
        "feed.xml": atom("feed.xml", f"{ALTERNATE}\n{archive.format(1, 'prev')}", (3, 2), extra=STONE),
        "archive/0001.xml": atom("archive/0001.xml", f"{CURRENT}\n{archive.format(2, 'next')}", (1,), extra="<fh:archive/>\n"),
        "archive/0002.xml": atom("archive/0002.xml", f"{CURRENT}\n{archive.format(1, 'prev')}", (3, 2)),
        "tags/rain/feed.xml": atom("tags/rain/feed.xml", ALTERNATE, (3, 2, 1), ident=FEED_ID[:-2] + "fe"),
        "tags/rain/index.html": PAGE.replace("/feed.xml", "/tags/rain/feed.xml").encode(),
        "rss.xml": (
            BEGIN.format(css="feed.css") + '<rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
            ' version="2.0">\n<channel>\n<title>The News</title>\n<link>https://news.example/</link>\n<description>The News</description>\n'
            '<atom:link href="https://news.example/rss.xml" rel="self" type="application/rss+xml"/>\n<language>en</language>\n'
            f"<lastBuildDate>Thu, 20 Nov 2036 10:00:00 +0000</lastBuildDate>\n<ttl>5</ttl>\n{rows}</channel>\n</rss>\n"
        ).encode(),
        "feed.json": (
            '{\n"version": "https://jsonfeed.org/version/1.1",\n"title": "The News",\n"home_page_url": "https://news.example/",\n'
            '"feed_url": "https://news.example/feed.json",\n"authors": [{"name": "The News"}],\n"language": "en",\n"items": [\n'
            + ",\n".join(JSON_ITEM.format(n=n, title=titles[n]) for n in (3, 2))
            + "\n]\n}\n"
        ).encode(),
        "feeds.opml": b'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><head><title>The News</title></head><body>\n'
        b'<outline type="rss" text="The News" xmlUrl="https://news.example/feed.xml" htmlUrl="https://news.example/"/>\n</body></opml>\n',
        "index.html": PAGE.encode(),
        "feed.css": b"feed { display: block }",
        "icon.svg": b"<svg/>",
        "media/rain.mp3": b"x" * 1000,
        **{f"articles/{n}.html": PAGE.encode() for n in (1, 2, 3)},
    }


def judged(documents: Mapping[str, bytes], live: set[str] | None = IDS, every: int = 300) -> list[Finding]:
    """What the judge finds."""
    return judge({path: len(body) for path, body in documents.items()}, documents.get, base=BASE, now=NOW, live=live, every=every)


LINK_1 = '<link href="https://news.example/articles/1.html" rel="alternate" type="text/html"/>'
LINK_3 = LINK_1.replace("/1.", "/3.")
ID_3 = "<id>urn:uuid:00000000-0000-4000-8000-000000000003</id>"
UPDATED_3 = "<updated>2036-11-03T10:00:00Z</updated>"
PUBLISHED_3 = "<published>2036-11-03T09:00:00Z</published>"
SUMMARY_3 = "<summary>It rained on the 3.</summary>"
TITLE_3 = "<title>Tom &#x26; Jerry</title>"
P_3 = "&lt;p&gt;It rained on the 3."
SOUND = '<link href="https://news.example/media/rain.mp3" rel="enclosure" type="audio/mpeg" length="1000"/>'
DATE_3 = "<pubDate>Mon, 03 Nov 2036 09:00:00 +0000</pubDate>"
GUID_3 = '<guid isPermaLink="false">urn:uuid:00000000-0000-4000-8000-000000000003</guid>'
THREAD = '<thr:total xmlns:thr="http://purl.org/syndication/thread/1.0">3</thr:total>'
ITUNES = '<itunes:explicit xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">false</itunes:explicit>'
SY = '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">now and then</sy:updatePeriod>'
LAST = '<link href="https://news.example/x.xml" rel="prev-archive"/><fh:complete/>'
F, R, J, A1, A2, TAG = "feed.xml", "rss.xml", "feed.json", "archive/0001.xml", "archive/0002.xml", "tags/rain/feed.xml"

# (what is broken, in which document, what stands there, what is put there, the rule that says so)
CASES: list[tuple[str, str, str, str, int]] = [
    ("a byte order mark", F, "<?xml version", "\ufeff<?xml version", 1),
    ("no declaration", F, '<?xml version="1.0" encoding="UTF-8"?>\n', "", 1),
    ("another encoding", F, 'encoding="UTF-8"', 'encoding="ISO-8859-1"', 1),
    ("a doctype", F, "<feed ", "<!DOCTYPE feed><feed ", 1),
    ("an element that is not closed", F, "</feed>", "", 1),
    ("an entity of HTML", F, P_3, f"&nbsp;{P_3}", 1),
    ("a control character", F, P_3, f"\x08{P_3}", 1),
    ("XML that is no feed", F, "<feed ", "<fee ", 1),
    ("an element that Atom does not know", F, TITLE_3, f"{TITLE_3}<guid>3</guid>", 3),
    ("what is said of the feed behind an entry", F, "</feed>", "<subtitle>late</subtitle></feed>", 3),
    ("text between the elements", F, TITLE_3, f"{TITLE_3}loose", 3),
    ("elements in a title", F, TITLE_3, "<title>Tom <b>and</b> Jerry</title>", 3),
    ("an author whose email is none", F, "<name>The News</name>", "<name>The News</name><email>nobody</email>", 3),
    ("a feed without an id", F, f"<id>{FEED_ID}</id>", "", 4),
    ("a feed without a title", F, "<title>The News</title>", "<title/>", 4),
    ("a feed with two updated", F, "<updated>2036-11-20T10:00:00Z</updated>", "<updated>2036-11-20T10:00:00Z</updated>" * 2, 4),
    ("a feed without an author", F, "<author>\n<name>The News</name>\n</author>", "", 4),
    ("an author without a name", F, "<name>The News</name>", "<uri>https://news.example/</uri>", 4),
    ("an entry without an id", F, ID_3, "", 5),
    ("an entry with an empty title", F, TITLE_3, "<title> </title>", 5),
    ("an entry without updated", F, UPDATED_3, "", 5),
    ("an entry with two ids", F, ID_3, ID_3 + ID_3.replace("3<", "8<"), 5),
    ("an entry without an alternate link", F, LINK_3, "", 5),
    ("an alternate link to a page that is not there", F, LINK_3, LINK_3.replace("/3.", "/4."), 5),
    ("no self link", F, 'rel="self"', 'rel="related"', 6),
    ("two self links", F, ALTERNATE, f'{ALTERNATE}<link href="https://news.example/feed.xml" rel="self"/>', 6),
    ("a self link elsewhere", F, 'href="https://news.example/feed.xml" rel="self"', 'href="https://old.example/feed.xml" rel="self"', 6),
    ("a relative self link", F, 'href="https://news.example/feed.xml" rel="self"', 'href="feed.xml" rel="self"', 6),
    ("two alternates of one type", F, LINK_3, LINK_3 + LINK_3.replace("/3.", "/2."), 7),
    ("a media type that is none", F, LINK_3, LINK_3.replace("text/html", "html"), 7),
    ("a rel that nobody registered", F, LINK_3, LINK_3 + '<link href="https://wet.example/" rel="friend"/>', 7),
    ("a link of archives in an entry", F, LINK_3, LINK_3 + '<link href="https://wet.example/" rel="next"/>', 7),
    ("an enclosure without its length", F, LINK_3, LINK_3 + SOUND.replace(' length="1000"', ""), 8),
    ("an enclosure of another length", F, LINK_3, LINK_3 + SOUND.replace("1000", "1001"), 8),
    ("an enclosure that is not there", F, LINK_3, LINK_3 + SOUND.replace("rain.mp3", "snow.mp3"), 8),
    ("an id that is no address", F, ID_3, "<id>3</id>", 9),
    ("an id with spaces around it", F, ID_3, "<id> urn:x:3 </id>", 9),
    ("an id that is not in its normal form", F, ID_3, "<id>HTTP://News.example/3</id>", 9),
    ("two entries of one id", F, ID_3, ID_3.replace("3<", "2<"), 9),
    ("two entries of one address", F, LINK_3, LINK_3.replace("/3.", "/2."), 9),
    ("an entry that says something else elsewhere", TAG, "<title>Rain</title>", "<title>Sun</title>", 9),
    ("an entry that was updated in one document only", TAG, "2036-11-01T10:00:00Z", "2036-11-01T11:00:00Z", 9),
    ("content that differs in another document", TAG, "It rained on the 1. It was", "It rained on the 1. It is", 9),
    ("two feeds of one id", TAG, FEED_ID[:-2] + "fe", FEED_ID, 9),
    ("an updated in the future", F, UPDATED_3, UPDATED_3.replace("2036", "2037"), 11),
    ("a published in the future", F, PUBLISHED_3, PUBLISHED_3.replace("2036", "2037"), 11),
    ("a feed that is older than its entries", F, "<updated>2036-11-20T10:00:00Z", "<updated>2036-11-01T10:00:00Z", 11),
    ("a feed that is older than its tombstones", F, "<updated>2036-11-20T10:00:00Z", "<updated>2036-11-19T10:00:00Z", 11),
    ("two entries of one updated", F, UPDATED_3, UPDATED_3.replace("03T", "02T"), 12),
    ("a time without T", F, UPDATED_3, UPDATED_3.replace("T10", " 10"), 13),
    ("a time without an offset", F, UPDATED_3, UPDATED_3.replace("Z", ""), 13),
    ("a day that there is not", F, UPDATED_3, UPDATED_3.replace("11-03", "11-31"), 13),
    ("a time with an offset", F, UPDATED_3, UPDATED_3.replace("Z", "+00:00"), 13),
    ("a title of HTML", F, TITLE_3, '<title type="html">Tom &lt;b&gt;and&lt;/b&gt; Jerry</title>', 14),
    ("markup in a title", F, TITLE_3, "<title>Tom &lt;b&gt;and&lt;/b&gt; Jerry</title>", 14),
    ("a title that is escaped twice", F, TITLE_3, "<title>Tom &amp;amp; Jerry</title>", 14),
    ("content that is not said to be HTML", F, 'type="html"', 'type="text"', 16),
    ("content of no type", F, ' type="html"', "", 16),
    ("content with nothing in it", F, P_3, f'</content><content type="html"/><content type="html">{P_3}', 5),
    ("an empty content", A1, '<content type="html">', '<content type="html"/><x:x xmlns:x="urn:x:x">', 1),
    ("an element that is left open", F, P_3, f"&lt;div&gt;{P_3}", 16),
    ("an end without a beginning", F, P_3, f"&lt;/em&gt;{P_3}", 16),
    ("elements that overlap", F, P_3, f"&lt;b&gt;&lt;i&gt;x&lt;/b&gt;&lt;/i&gt;{P_3}", 16),
    ("an element that is left open within another", F, P_3, f"&lt;p&gt;&lt;b&gt;x&lt;/p&gt;{P_3}", 16),
    ("an element that HTML does not know", F, P_3, f"&lt;rain&gt;&lt;/rain&gt;{P_3}", 16),
    ("a bare ampersand in the content", F, P_3, f"{P_3} AT&amp;T.", 16),
    ("a bare bracket in the content", F, P_3, f"{P_3} 3 &lt; 5.", 16),
    ("no summary", F, SUMMARY_3, "", 17),
    ("an empty summary", F, SUMMARY_3, "<summary/>", 17),
    ("markup in a summary", F, SUMMARY_3, "<summary>It &lt;em&gt;rained&lt;/em&gt;.</summary>", 17),
    ("no language", F, ' xml:lang="en"', "", 18),
    ("a language that is none", F, ' xml:lang="en"', ' xml:lang="english"', 18),
    ("a relative address in the content", F, "https://wet.example/", "/wet/", 19),
    ("a fragment for an address", F, "https://wet.example/?a=1&amp;amp;b", "#wet", 19),
    ("a relative link", F, LINK_3, LINK_3 + '<link href="wet.html" rel="related"/>', 19),
    ("a link to nowhere", F, LINK_3, LINK_3 + '<link rel="related"/>', 19),
    ("an author's relative address", F, "<name>The News</name>", "<name>The News</name><uri>/about</uri>", 19),
    ("a wrongly decoded quotation mark", F, TITLE_3, "<title>Tom\x92s Jerry</title>", 20),
    ("an old entry before a new one", F, PUBLISHED_3, PUBLISHED_3.replace("-03T", "-01T"), 22),
    ("no generator", F, ' version="1"', "", 23),
    ("a category without a term", F, 'term="rain"', 'term=""', 24),
    ("an icon that is not there", F, "icon.svg", "icon.png", 24),
    ("an element without a namespace", F, TITLE_3, f'{TITLE_3}<x xmlns="">x</x>', 25),
    ("a feed that is too large", F, P_3, P_3 + "x" * 600_000, 26),
    ("an archive that does not say so", A1, "<fh:archive/>\n", "", 27),
    ("an archive without current", A1, CURRENT, "", 27),
    ("a prev-archive that leads to nothing", F, "archive/0001.xml", "archive/0007.xml", 27),
    ("no way to the archives", F, "prev-archive", "related", 27),
    ("archives in a circle", A1, CURRENT, f'{CURRENT}<link href="https://news.example/archive/0001.xml" rel="prev-archive"/>', 27),
    ("a next-archive that leads to nothing", A1, "archive/0002.xml", "archive/0003.xml", 27),
    ("a document behind the last archive that calls itself one", A2, STONE[:0] + "<icon>", "<fh:archive/><icon>", 27),
    ("a live entry that is nowhere", A1, "-000000000001<", "-000000000007<", 27),
    ("a complete feed that has archives", F, ALTERNATE, f"{ALTERNATE}<fh:complete/>", 28),
    ("a tombstone behind an entry", F, "</feed>", STONE.replace("09", "07") + "</feed>", 29),
    ("a tombstone without when", F, ' when="2036-11-20T10:00:00Z"', "", 29),
    ("a tombstone of an entry that is here", F, GONE, ID_3[4:-5], 29),
    ("a tombstone of an entry that stands elsewhere", F, GONE, "urn:uuid:00000000-0000-4000-8000-000000000001", 29),
    ("a thread without replies", F, TITLE_3, TITLE_3 + THREAD, 30),
    ("a podcast without a recording", F, "<icon>", f"{ITUNES}<icon>", 35),
    ("no RSS 2.0", R, 'version="2.0"', 'version="0.91"', 31),
    ("a channel without a description", R, "<description>The News</description>\n", "", 31),
    ("a channel without a link", R, "<link>https://news.example/</link>\n", "", 31),
    ("an RSS feed that is elsewhere", R, 'href="https://news.example/rss.xml"', 'href="https://old.example/rss.xml"', 6),
    ("no self link in RSS", R, 'rel="self"', 'rel="related"', 6),
    ("two digits of year", R, DATE_3, DATE_3.replace("2036", "36"), 31),
    ("the wrong weekday", R, DATE_3, DATE_3.replace("Mon", "Tue"), 31),
    ("a pubDate in the future", R, DATE_3, "<pubDate>Tue, 03 Nov 2037 09:00:00 +0000</pubDate>", 11),
    ("no guid", R, GUID_3, "", 31),
    ("a guid that does not say what it is", R, GUID_3, GUID_3.replace(' isPermaLink="false"', ""), 31),
    ("a guid that is no address and says so", R, GUID_3, GUID_3.replace("false", "true"), 31),
    ("two items of one guid", R, GUID_3, GUID_3.replace("3<", "2<"), 9),
    ("content before the description", R, "<description>It rained on the 3.</description>\n", "", 31),
    ("a relative link in RSS", R, "<link>https://news.example/articles/3.html", "<link>/articles/3.html", 31),
    ("an element that RSS does not know", R, GUID_3, f"{GUID_3}<summary>x</summary>", 31),
    ("two titles", R, TITLE_3, TITLE_3 * 2, 31),
    ("an ampersand of XML in a title of RSS", R, TITLE_3, "<title>Tom &amp; Jerry</title>", 31),
    ("markup in a title of RSS", R, TITLE_3, "<title>Tom &#x3C;b>and&#x3C;/b> Jerry</title>", 31),
    ("two enclosures", R, GUID_3, GUID_3 + '<enclosure url="https://news.example/media/rain.mp3" type="audio/mpeg" length="1000"/>' * 2, 31),
    ("an enclosure without a type in RSS", R, GUID_3, GUID_3 + '<enclosure url="https://news.example/media/rain.mp3" length="1000"/>', 8),
    ("a script in RSS", R, P_3, f"&lt;script&gt;x&lt;/script&gt;{P_3}", 57),
    ("a ttl that is no number", R, "<ttl>5</ttl>", "<ttl>often</ttl>", 32),
    ("a ttl that is not the schedule", R, "<ttl>5</ttl>", "<ttl>600</ttl>", 32),
    ("a period that nobody knows", R, "<ttl>5</ttl>", SY, 32),
    ("a podcast without a recording in RSS", R, "<ttl>5</ttl>", ITUNES, 35),
    ("no JSON", J, '"items": [', '"items": ', 33),
    ("another version", J, "version/1.1", "version/2", 33),
    ("no title", J, '"title": "The News",\n', "", 33),
    ("a JSON feed that is elsewhere", J, "https://news.example/feed.json", "https://old.example/feed.json", 6),
    ("no home page", J, '"home_page_url": "https://news.example/",\n', "", 33),
    ("an id that is a number", J, '"id": "urn:uuid:00000000-0000-4000-8000-000000000003"', '"id": 3', 33),
    ("two items of one id", J, "000000000003", "000000000002", 9),
    ("no content", J, '"content_html": "<p>It rained on the 3', '"_html": "<p>It rained on the 3', 33),
    ("a name that JSON Feed does not know", J, '"language": "en"', '"lang": "en"', 33),
    ("a relative address", J, '"url": "https://news.example/articles/3.html"', '"url": "articles/3.html"', 33),
    ("authors that are no list", J, '[{"name": "The News"}]', '{"name": "The News"}', 33),
    ("tags twice", J, '"title": "Tom', '"tags": ["a", "a"], "title": "Tom', 33),
    ("an attachment without a type", J, '"title": "Tom', '"attachments": [{"url": "https://news.example/media/rain.mp3"}], "title": "Tom', 33),
    ("a date that is none", J, "2036-11-03T10:00:00Z", "yesterday", 13),
    ("a twin with another title", J, "Tom & Jerry", "Tom", 34),
    ("a twin with another date", J, "2036-11-03T09:00:00Z", "2036-11-03T08:00:00Z", 34),
    ("a twin with another link", R, "articles/3.html", "articles/1.html", 34),
    ("a twin with another entry", R, "000000000003", "000000000001", 34),
    ("a script", F, P_3, f"&lt;script&gt;x()&lt;/script&gt;{P_3}", 57),
    ("a handler", F, P_3, f'&lt;p onclick="x()"&gt;x&lt;/p&gt;{P_3}', 57),
    ("an address that runs", F, "https://wet.example/", "java&#9;script:x", 57),
    ("an iframe", F, P_3, f'&lt;iframe src="https://wet.example/"&gt;&lt;/iframe&gt;{P_3}', 57),
    ("a link that runs", F, LINK_3, LINK_3 + '<link href="javascript:x" rel="related"/>', 57),
    ("a script in a page", "articles/3.html", "<p>", "<script>x()</script><p>", 57),
    ("a handler in a page", "articles/3.html", "<p>", "<p onclick='x()'>", 57),
    ("an XSLT stylesheet", F, "text/css", "text/xsl", 59),
    ("no stylesheet", F, '<?xml-stylesheet type="text/css" href="feed.css"?>\n', "", 59),
    ("a stylesheet that is not there", F, "feed.css", "css/feed.css", 59),
    ("an index that does not name the feed", "index.html", "alternate", "related", 59),
    ("an index of a tag that does not name its feed", "tags/rain/index.html", "tags/rain/feed.xml", "feed.xml", 59),
    (
        "an index that names a feed that is not there",
        "index.html",
        'title="The News" href="https',
        'title="x" href="https://news.example/x.xml"><link rel="alternate" type="application/atom+xml" href="https',
        59,
    ),
    ("a picture that is not there", "articles/3.html", "<p>", '<p><img src="../media/gone.png" alt="">', 59),
    ("a style sheet that is not there", "articles/3.html", "<p>", '<link rel=stylesheet href="../gone.css"><p>', 59),
    ("a link to a page that is not there", "articles/3.html", "<p>", '<p><a href="9.html?from=3#top">nine</a>', 59),
    ("a list that names a feed that is not there", "feeds.opml", "feed.xml", "feeds.xml", 59),
]


def broken(case: tuple[str, str, str, str, int]) -> dict[str, bytes]:
    """The shelf with one thing broken."""
    _, path, before, after, _ = case
    documents = shelf()
    assert before.encode() in documents[path], "the case breaks nothing"
    return {**documents, path: documents[path].replace(before.encode(), after.encode(), 1)}


def test_sound_documents_are_not_spoken_of() -> None:
    """Neither with what the ledger knows nor without it."""
    assert judged(shelf()) == []
    assert judged(shelf(), live=None, every=0) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[4]}-{case[0]}")
def test_what_is_broken_is_told_by_its_rule(case: tuple[str, str, str, str, int]) -> None:
    """With the document that it is in; what two documents say is told of one of them."""
    _, path, _, _, rule = case
    found = judged(broken(case))
    assert any(finding.rule == rule and (finding.path == path or rule in (9, 27, 29)) for finding in found), found


@pytest.mark.parametrize(
    ("shown", "severity"),
    [('<img src="../media/gone.png">', "error"), ('<a href="9.html">', "warning"), ('<a href="https://elsewhere.example/">', ""), ("<a name=x>", "")],
)
def test_a_link_that_leads_to_nothing_may_be_its_authors_a_picture_may_not(shown: str, severity: str) -> None:
    """Rule 59; what two tags name is told once."""
    found = judged({**shelf(), "articles/3.html": shelf()["articles/3.html"] + 2 * shown.encode()})
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_what_is_live_and_stands_nowhere_is_told_with_how_many_more() -> None:
    """Rule 27."""
    (found,) = judged(shelf(), live={*IDS, GONE + "1", GONE + "2"})
    assert (found.rule, found.path) == (27, "feed.xml")
    assert found.what.endswith("is published and stands neither here nor in an archive, and 1 more")


def test_documents_of_a_real_build_are_not_spoken_of(tmp_path: Path) -> None:
    """With archives, tags, authors, folders, media, a recording, tombstones, an edit and languages."""
    room = Newsroom(tmp_path, '[feed]\ntitle = "The News"\nsubtitle = "All of it"\nbase_url = "https://news.example/"\nrights = "Yours"\n')
    room.write("dot.png", b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="))
    for number in range(60):
        matter = f"---\ntags: [rain, C++, 雨]\nauthor: [Ada {number % 3}, Grace]\n---\n"
        text = f"{matter}# Note {number}\n\nIt rained on AT&T <b>and</b> me, {number} times.\n"
        room.write(f"notes/{number}.md", text, age=timedelta(hours=99 - number))
    matter = "enclosure: {url: 'https://wet.example/rain.mp3', type: audio/mpeg, length: 12345}\nimage: dot.png\nlink: https://wet.example/\n"
    german = "Es regnete den ganzen Tag über, und der Wind blies."
    room.write("rain.md", f"---\n{matter}---\n# Regen & Wind\n\n{german}\n\n![Punkt](dot.png)\n")
    room.write("plain.txt", "3 < 5\n\nIn plain text <p> is nothing, & neither is &amp;.\n")
    room.cycle()
    room.later(hours=1)
    (room.input / "notes" / "1.md").unlink()
    (room.input / "notes" / "58.md").unlink()
    room.write("notes/2.md", "# Note 2\n\nIt did not rain.\n", age=timedelta())
    room.cycle()
    with room.parts() as parts:
        live = {k.id for k in parts.ledger.known().values() if k.public}
        every = parts.press.site.every
    documents = room.published()
    assert {"archive/0001.xml", "archive/0002.xml", "rss.xml", "feed.json", "feeds.opml"} <= documents.keys()
    assert b"deleted-entry" in documents["feed.xml"]
    sizes = {path: len(body) for path, body in documents.items()}
    assert judge(sizes, documents.get, base=BASE, now=room.now, live=live, every=every) == []


def test_a_document_that_went_away_meanwhile_and_one_of_another_kind_are_left_alone() -> None:
    """A service may publish beside."""
    assert judge({"gone.xml": 1, "archive.zip": 1}, lambda _path: None, base=BASE, now=NOW) == []


def test_half_a_character_in_any_text_of_json_is_judged_like_another() -> None:
    """RFC 8259 section 8.2: JSON may hold it, and no other document can."""
    feed = shelf()["feed.json"]
    for place in re.finditer(rb'(?<=: ")[^"]+', feed):
        body = feed[: place.start()] + rb"\ud800" + feed[place.start() :]
        for found in judged({**shelf(), "feed.json": body}):
            assert found.path in ("feed.json", "feed.xml")


def test_json_that_is_nested_too_deeply_is_told() -> None:
    """It is no fault of the judge."""
    (found,) = [found for found in judged({**shelf(), "feed.json": b"[" * 100_000}) if found.path == "feed.json"]
    assert found.rule == 33


def test_a_feed_says_below_which_base_it_is_published() -> None:
    """Where nobody else does."""
    assert base_of(shelf()["feed.xml"]) == BASE
    assert base_of(b"<feed/>") is None


def test_a_finding_is_one_line() -> None:
    """The rule, the document and the line, what is wrong, and what to do."""
    told = Finding("feed.xml", 11, "error", "it is of tomorrow", "wait", 12)
    assert str(told) == "rule 11: feed.xml:12: it is of tomorrow (wait)"
    assert str(Finding("feed.xml", 26, "error", "it is too large", "")) == "rule 26: feed.xml: it is too large"


def test_every_rule_that_is_judged_has_a_case_and_every_rule_a_row_in_the_reference() -> None:
    """docs/check.md numbers them all, and says which are judged."""
    rows = re.findall(r"^\| (\d+)(?:–(\d+))? \|.*\| ([^|]*) \|$", CHECK, re.MULTILINE)
    assert [n for first, last, _ in rows for n in range(int(first), int(last or first) + 1)] == list(range(1, 61))
    judged_rules = {int(first) for first, _, how in rows if how.startswith(("yes", "against", "elements", "that", "the documents", "in contents"))}
    assert {rule for *_, rule in CASES} == judged_rules
