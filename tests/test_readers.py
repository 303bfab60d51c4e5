"""What becomes of a file: the corpus in tests/articles is the specification, the laws below hold for any bytes."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeder import text
from feeder.errors import Unreadable
from feeder.model import Article, Source
from feeder.readers import SUFFIXES, read, suffixes
from feeder.readers._content import sanitized

CASES = Path(__file__).with_name("articles")
BASE = "https://example.org/articles/"
BERLIN = ZoneInfo("Europe/Berlin")
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "link", "meta", "base", "h1", "template", "noscript"}


def reading(body: bytes | str, name: str = "an-article.md") -> Article:
    return read(Source(name, body if isinstance(body, bytes) else body.encode(), BASE, BERLIN))


def refusal(body: bytes | str, name: str = "an-article.md") -> str:
    with pytest.raises(Unreadable) as caught:
        reading(body, name)
    return str(caught.value)


def attempt(source: Source) -> Article | None:
    """Return None for what is refused with a reason and a hint; any other error is the test's."""
    try:
        return read(source)
    except Unreadable as error:
        return None if error.reason and error.hint else pytest.fail(f"no hint: {error}")


# -- the corpus --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", sorted(CASES.glob("*.json")), ids=lambda case: case.stem)
def test_each_case_is_read_as_its_expectations_say(case: Path) -> None:
    """Each `<case>.<suffix>` is read as if it lay in `articles/`; its `about` carries the codes of FAULTS and FEED_RULES."""
    want: dict[str, Any] = json.loads(case.read_text("utf-8"))
    file = next(path for path in CASES.glob(f"{case.stem}.*") if path != case)
    if "unreadable" in want:
        assert want["unreadable"] in refusal(file.read_bytes(), file.name)
        return
    article = reading(file.read_bytes(), file.name)
    assert {key: shown(article, key) for key in want if key in SHOWN} == {key: want[key] for key in want if key in SHOWN}
    assert [phrase for phrase in want.get("has", ()) if phrase not in article.content] == []
    assert [phrase for phrase in want.get("lacks", ()) if phrase in article.content] == []
    assert dict(article.origins) | want.get("origins", {}) == dict(article.origins)
    assert "flags" not in want or all(any(part in flag for flag in article.flags) for part in want["flags"])
    assert "flags" not in want or want["flags"] or not article.flags
    assert_publishable(article)


SHOWN = {
    "title",
    "language",
    "published",
    "updated",
    "expires",
    "summary",
    "rights",
    "id",
    "slug",
    "draft",
    "minor",
    "authors",
    "categories",
    "links",
    "kinds",
}


def shown(article: Article, key: str) -> object:
    match key:
        case "authors":
            return [[person.name, person.uri, person.email] for person in article.authors]
        case "categories":
            return [category.term for category in article.categories]
        case "links":
            return [link.href for link in article.links]
        case "kinds":
            return [block.kind for block in article.blocks]
    value = getattr(article, key)
    return value.isoformat() if isinstance(value, datetime) else value


# -- laws --------------------------------------------------------------------------------------------------------------------


def assert_publishable(article: Article) -> None:
    assert article.title
    assert article.title == text.line(article.title)
    assert text.legal(article.title + article.content + (article.summary or ""))
    assert article.content == sanitized(article.content)
    tree = html5lib.parseFragment(article.content, treebuilder="etree", namespaceHTMLElements=False)
    for element in tree.iter():
        assert element.tag not in FORBIDDEN
        assert not [name for name in element.attrib if name.startswith("on") or name in {"style", "class", "id", "srcset"}]
        for address in filter(None, map(element.get, ("href", "src", "cite", "data", "action", "poster"))):
            assert address.lower().startswith(("http://", "https://", "mailto:"))
    assert all(block.text.strip() and (block.kind == "code" or "\n" not in block.text) for block in article.blocks)
    for when in (article.published, article.updated, article.expires):
        assert when is None or (when.utcoffset() is not None and not when.microsecond)


PIECES = st.sampled_from(
    [
        *(
            "---\n",
            "+++\n",
            "title: ",
            "date: 2026-11-22\n",
            "tags: [a, ",
            "- ",
            "# ",
            "> ",
            "    ",
            "\n\n",
            "\n",
            "|a|b|\n|-|-|\n",
            "[^1]",
            "[^1]: ",
            "`",
            "```\n",
            "*",
        ),
        *(
            "<p>",
            "</p>",
            "<b>",
            "<a href='",
            "javascript:",
            "//x",
            "'>",
            "<img src=",
            "<svg>",
            "<style>",
            "<math>",
            "<table>",
            "<td>",
            "<noscript>",
            "<title>",
            "<!--",
            "-->",
        ),
        *(
            "<template>",
            "<select>",
            "<form>",
            "<mglyph>",
            "<mtext>",
            "<annotation-xml encoding='text/html'>",
            "<xmp>",
            "<textarea>",
            "</title>",
            "<h1>",
            "<h3>",
            "<article>",
        ),
        *(
            "]]>",
            "&#0;",
            "&#x202e;",
            "&lt;",
            "&amp;",
            "\0",
            "\x1b",
            "\u202e",
            "\ufffe",
            "http://[",
            "https://x.example/",
            "words and more words",
            "é",
            "図",
            ": ",
            '"',
            "'",
        ),
    ]
)
BODIES = st.one_of(
    st.binary(max_size=300), st.lists(PIECES | st.text(max_size=8), max_size=30).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))
)


@settings(max_examples=100, deadline=None)
@given(body=BODIES, suffix=st.sampled_from(sorted(SUFFIXES)))
@example(body=b"<a href='http://[x'>y</a> words", suffix=".md")
@example(body=b"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>text", suffix=".html")
@example(body=b"<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>text", suffix=".md")
@example(body=b"<noscript><p title='</noscript><img src=x onerror=alert(1)>'>text", suffix=".html")
def test_any_bytes_are_a_publishable_article_or_unreadable(body: bytes, suffix: str) -> None:
    """C13, rules 16, 20 and 57; and reading again gives the same (rule 21)."""
    source = Source("some/name" + suffix, body, BASE)
    if (article := attempt(source)) is not None:
        assert_publishable(article)
        assert article == read(source)


@settings(max_examples=30, deadline=None)
@given(name=st.text(min_size=1, max_size=40).filter(lambda name: "/" not in name and "\0" not in name))
def test_any_file_name_gives_a_title(name: str) -> None:
    """I19, I20: not UTF-8, control characters, nothing readable."""
    assert text.line(title := reading("no title, but a sentence.", f"{name}.txt").title) == title != ""


def test_every_suffix_in_any_case_has_a_reader() -> None:
    assert suffixes() >= {".txt", ".text", ".md", ".markdown", ".html", ".htm"}
    assert reading("Some words that are a text.", "LOUD.TXT").title == "LOUD"
    assert "no reader for .pdf" in refusal("x", "a.pdf")


# -- bounds ------------------------------------------------------------------------------------------------------------------

LARGE = 10 * 1024 * 1024
HOSTILE = {
    "C25 one line": "word " * (LARGE // 5),
    "C21 brackets": "[" * 100_000,
    "C21 quotes": "> " * 10_000 + "x",
    "C21 emphasis": "*a _b " * 50_000,
    "C21 wide table": "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n" + "|b\n" * 2_000,
    "C21 footnotes": "[^a]: x\n\n" + "[^a]" * 50_000,
    "C7 deep elements": "<div>" * 10_000 + "<p>text at the bottom of it",
    "C7 open elements": "<p><b id=1>x" * 15_000,
    "C7 too many elements": "<i>" * 1_000_000,
    "C7 remarks below deep elements": "<div>" * 1_900 + "<!-- x -->" * 90_000 + "x",
    "C7 marks below deep elements": "<p>x<!--more-->" + "<div>" * 1_900 + "<pre>" + "<!--more-->" * 90_000 + "x",
    "C21 marks without words": "# x\n\n" * 8_000 + "<!--more-->\n\n# x\n\n" * 6 + "text",
    "C7 attributes": "<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x",
    "C7 deep lists": "---\ntags: " + "[" * 60_000 + "\n---\nx",
    "C7 deep mappings": "---\n" + "\n".join(" " * n + "a:" for n in range(300)) + "\n---\nx",
    "C7 deep TOML": "+++\na=" + "[" * 30_000 + "\n+++\nx",
    "C7 dotted TOML": "+++\n" + ".".join("a" * 30_000) + "=1\n+++\nx",
    "C7 JSON-LD": '<script type="application/ld+json">' + "[" * 100_000 + "</script><p>text</p>",
    "C22 spaces in quotes": '---\na: "' + " " * 60_000 + '\n"\n---\nx',
    "C22 attributes without an end": "<p a=b " * 20_000 + "x",
    "C22 addresses": "http://a.b/(" + ")" * 400_000,
    "C22 lines": "a\n\n" * 300_000,
    "large front matter": "---\ntitle: x\n" + "a: b\n" * 20_000 + "---\nx",
}


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_input_is_read_or_refused_in_bounded_time(hostile: str, suffix: str) -> None:
    """The bound is the test suite's own timeout: before it was bounded, each of these took minutes, gigabytes or a segmentation fault."""
    article = attempt(Source("hostile" + suffix, HOSTILE[hostile].encode(), BASE))
    assert article is None or article.blocks


def test_text_nested_too_deeply_for_markup_stays_readable() -> None:
    article = reading("<div>" * 1_000 + "<p>text at the bottom</p><p>and &lt; more", "deep.html")
    assert [block.text for block in article.blocks] == ["text at the bottom", "and < more"]
    assert "nested too deeply: only the text is published" in article.flags


def test_the_sanitizer_alone_lets_no_relative_address_and_no_control_character_through() -> None:
    """C4, C13: what stands before it may be deceived about the tree, it may not."""
    assert sanitized('<a href="x">a</a><blockquote cite="/y">q</blockquote>') == "<a>a</a><blockquote>q</blockquote>"
    assert sanitized("a&#1;b\x02c&#xfffe;d") == "a\ufffdb\ufffdc\ufffdd"
