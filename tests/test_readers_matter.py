"""Front matter: restricted YAML and TOML, dates and the other facts of an author's own words."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.errors import Unreadable
from feeder.model import Article, Category, Source
from feeder.readers import read
from feeder.readers._dates import dated_name, moment
from feeder.readers._yaml import YamlError, parse

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        ("", ""),
        ("# only a comment", ""),
        ("a: 12:30\nb: no\nc: 010\nd: 1_000\ne: ~\nf: 1e3", {"a": "12:30", "b": "no", "c": "010", "d": "1_000", "e": "~", "f": "1e3"}),
        ("title: Rust: the good parts # aside", {"title": "Rust: the good parts"}),
        ("title: C# and F#", {"title": "C# and F#"}),
        ("a: 'it''s'\nb: \"tab\\t \\x41 \\u00e9 \\U0001F600 \\/ \\\"\"", {"a": "it's", "b": 'tab\t A é 😀 / "'}),
        ('"quoted key": 1\n\'other\': "x: y"', {"quoted key": "1", "other": "x: y"}),
        ("a:\n  - x\n  - y: 1\n    z: 2\n  -\n    q: 3\n  - - deep\n    - er", {"a": ["x", {"y": "1", "z": "2"}, {"q": "3"}, ["deep", "er"]]}),
        ("a:\n- x\n- 'y'\nb: z", {"a": ["x", "y"], "b": "z"}),
        ("a: [x, 'y, z', \"q\", [1, 2], {n: m, o: }, ]  # end", {"a": ["x", "y, z", "q", ["1", "2"], {"n": "m", "o": ""}]}),
        ("a: [\n  x, # first\n  y\n]\nb: {}\nc: []", {"a": ["x", "y"], "b": {}, "c": []}),
        ("a: {url: http://x.example/y#z}", {"a": {"url": "http://x.example/y#z"}}),
        ('a: plain text\n  goes on # aside\n  here\nb: "quoted\n  too"', {"a": "plain text goes on here", "b": "quoted too"}),
        ("a: |\n  one\n    two\n\n  three\nb: >-\n  one\n  two\n\n  three\nc: |", {"a": "one\n  two\n\nthree", "b": "one two\nthree", "c": ""}),
        ("a:\n  b:\n    c: d\n  e: f", {"a": {"b": {"c": "d"}, "e": "f"}}),
        ("- a\n- b", ["a", "b"]),
        ("just words\n  that go on", "just words that go on"),
    ],
)
def test_yaml_means_what_its_writer_meant(yaml: str, value: object) -> None:
    """C10: every scalar is text."""
    assert parse(yaml) == value


@pytest.mark.parametrize(
    ("yaml", "line", "reason"),
    [
        ("a: 1\na: 2", 1, "twice"),
        ("a: {b: 1, b: 2}", 0, "twice"),
        ("a: *b", 0, "anchors, aliases and tags"),
        ("a: [x, &b y]", 0, "anchors, aliases and tags"),
        ("a:\n  - !!set x", 1, "anchors, aliases and tags"),
        ("a: 1\n  b\nc", 2, "expected `key: value`"),
        ("a:\n    b: 1\n  c: 2", 2, "indented"),
        ("a:\n  b: 1\n    c: 2\nd: [", 3, "closing ]"),
        ("a: [x y", 0, "the closing ] is missing"),
        ("a: {x", 0, "expected `key: value`"),
        ("a: {x: y", 0, "the closing } is missing"),
        ('a: "x', 0, "the closing quote is missing"),
        ("a: 'x' y", 0, "behind the closing quote"),
        ("a:\n\tb: 1", 1, "tab"),
        ("a: " + "[" * 9, 0, "nested deeper than 8"),
        ("\n".join(" " * n + "a:" for n in range(12)), 8, "nested deeper than 8"),
        ("  a: 1\nb: 2", 1, "indented less"),
    ],
)
def test_yaml_errors_name_their_line(yaml: str, line: int, reason: str) -> None:
    """C5, C7, C9, C11."""
    with pytest.raises(YamlError) as caught:
        parse(yaml)
    assert (caught.value.line, reason in caught.value.reason) == (line, True), caught.value.reason


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:-[]{}#\"'|>&*!,\\ \n\t0é", max_size=60))
def test_any_text_is_yaml_or_a_yaml_error(yaml: str) -> None:
    line = 0
    try:
        parse(yaml)
    except YamlError as error:
        line = error.line
    assert 0 <= line <= yaml.count("\n")


# -- dates -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-22", "2026-11-21T23:00:00"),
        ("20261122", "2026-11-21T23:00:00"),
        ("2026-11-22T09:30", "2026-11-22T08:30:00"),
        ("2026-11-22 09:30:15.987", "2026-11-22T08:30:15"),
        ("2026-11-22T09:30:00Z", "2026-11-22T09:30:00"),
        ("2026-11-22 09:30:00 +0100", "2026-11-22T08:30:00"),
        ("2026-11-22t09:30:00-05", "2026-11-22T14:30:00"),
        ("2026-11-22 09:30 UTC", "2026-11-22T09:30:00"),
        ("20261122T093000Z", "2026-11-22T09:30:00"),
        ("Sun, 22 Nov 2026 09:30:00 +0100", "2026-11-22T08:30:00"),
        ("22 Nov 2026 09:30 GMT", "2026-11-22T09:30:00"),
        ("Sun, 22 Nov 2026 09:30:00 -0000", "2026-11-22T08:30:00"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00"),
    ],
)
def test_dates_are_read_in_the_feeds_zone_and_kept_in_utc(said: str, meant: str) -> None:
    """T5: the last two are in the gap and in the fold of daylight saving time in Berlin."""
    assert moment(said, BERLIN) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        *(
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "0000-00-00",
            "0001-01-01",
            "2026-11-22T25:00",
            "2026-11-22T10:00+99:99",
            "9999-12-31T23:00:00-10:00",
        ),
        *("22.11.2026", "1732266600", "32 Nov 2026 09:30 GMT", "2026-11-22T10", "٢٠٢٦-١١-٢٢", "0999-01-01"),
    ],
)
def test_impossible_dates_are_value_errors(said: str) -> None:
    """T6."""
    with pytest.raises(ValueError, match="is no date"):
        moment(said, BERLIN)


@pytest.mark.parametrize(
    ("stem", "day", "rest"),
    [
        ("2026-11-22-title", "2026-11-22", "title"),
        ("20261122 title", "2026-11-22", "title"),
        ("2026_11_22", "2026-11-22", ""),
        ("2026-11-2200", None, "2026-11-2200"),
        ("2026-13-22-x", None, "2026-13-22-x"),
        ("0000-11-22-x", None, "0000-11-22-x"),
        ("12345678-number", None, "12345678-number"),
    ],
)
def test_a_date_at_the_beginning_of_a_name_is_told_from_other_digits(stem: str, day: str | None, rest: str) -> None:
    assert dated_name(stem) == (day, rest)


# -- facts -------------------------------------------------------------------------------------------------------------------


def having(front_matter: str, mark: str = "---") -> Article:
    return read(Source("articles/x.md", f"{mark}\n{front_matter}\n{mark}\nSome words to publish.".encode(), "https://example.org/", BERLIN))


@pytest.mark.parametrize(
    ("said", "tag"),
    [("EN", "en"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("de-1901", "de-1901"), ("gsw", "gsw"), ("sl-rozaj-x-Own", "sl-rozaj-x-own")],
)
def test_language_tags_are_written_as_rfc_5646_recommends(said: str, tag: str) -> None:
    assert having(f"lang: {said}").language == tag


@pytest.mark.parametrize("said", ["deutsch", "xx", "e", "en-", "de DE", "[a, b]", "und"])
def test_bad_language_tags_are_left_out(said: str) -> None:
    assert "front matter" not in dict(having(f"lang: {said}").origins).values()


@pytest.mark.parametrize(
    ("said", "person"),
    [
        ("Ida Brandt", ("Ida Brandt", None, None)),
        ("Ida Brandt <ida@x.example>", ("Ida Brandt", None, "ida@x.example")),
        ("Ida Brandt <https://x.example/ida>", ("Ida Brandt", "https://x.example/ida", None)),
        ("Ida <javascript:alert(1)>", ("Ida", None, None)),
        ("{name: Ida, url: /ida, email: nonsense}", ("Ida", "https://example.org/ida", None)),
        ("{name: Ida, uri: 'mailto:a@b.example'}", ("Ida", None, None)),
        ("a < b", ("a < b", None, None)),
    ],
)
def test_authors_may_be_written_in_many_ways(said: str, person: tuple[str, str | None, str | None]) -> None:
    assert [(one.name, one.uri, one.email) for one in having(f"author: {said}").authors] == [person]


def test_authors_without_a_name_are_none() -> None:
    assert having("authors: [{email: a@b.example}, '', ' ']").authors == ()


@pytest.mark.parametrize(("said", "slug"), [("My Page", "my-page"), ("Über uns", "über-uns"), ("con", "article-con")])
def test_slugs_are_made_safe(said: str, slug: str) -> None:
    assert having(f"slug: {said}").slug == slug


@pytest.mark.parametrize("said", ["../x", "/etc/passwd", "a\\\\b", '"a\\0b"', ".hidden", "a%2fb", "c:x"])
def test_slugs_that_would_climb_or_hide_are_left_out(said: str) -> None:
    """C17."""
    article = having(f"slug: {said}")
    assert article.slug is None
    assert any(flag.startswith("front matter: slug: ") for flag in article.flags)


@pytest.mark.parametrize("said", ["urn:uuid:0b9c2e1e-6ad5-4c8f-9a55-0d8f4f1f0c11", "tag:x.example,2026-11:a", "https://x.example/1", "urn:isbn:123"])
def test_ids_are_taken_as_they_are(said: str) -> None:
    assert having(f"id: {said}").id == said


@pytest.mark.parametrize("said", ["my-article", "urn:uuid:1", "javascript:x", "tag:x", "https://", "https://x.example/ a"])
def test_ids_that_are_no_iri_are_left_out(said: str) -> None:
    assert having(f"id: {said}").id is None


@pytest.mark.parametrize("said", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://", "https://[x", "mailto:", "http://a b/"])
def test_links_that_lead_nowhere_good_are_left_out_with_a_flag(said: str) -> None:
    """C14, C28."""
    article = having(f"link: '{said}'")
    assert article.links == ()
    assert any(flag.startswith("front matter: links: ") for flag in article.flags)


UNSEEN = "\u202e\u200e\u2066\u061c\u200b\u2060\xad\u3164\ufe0f\U000e0041\ue000"


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_an_address_looks_like_what_it_is(unseen: str) -> None:
    """I20: nothing that turns the writing around or cannot be seen names a host, and elsewhere it is spelled out."""
    spelled = quote(unseen)
    said = [
        f"http://{unseen}evil.example/",
        f"//evil{unseen}.example/",
        f"https://good.example/a{unseen}b?c={unseen}#{unseen}",
        f"mailto:a{unseen}@b.example",
    ]
    body = " ".join(f'<a href="{address}">text</a>' for address in said)
    content = read(Source("x.html", f"<title>A</title><p>{body}".encode(), "https://example.org/", BERLIN)).content
    assert unseen not in content
    assert "evil" not in content
    assert f"https://good.example/a{spelled}b" in content
    links = [having(f"link: {address}").links for address in said]
    assert [link.href for (link,) in links[2:]] == [f"https://good.example/a{spelled}b?c={spelled}#{spelled}", f"mailto:a{spelled}@b.example"]
    assert links[:2] == [(), ()]
    assert having(f"id: https://good.example/{unseen}").id is None


def test_letters_of_every_script_stay_as_they_are_in_an_address() -> None:
    (link,) = having("link: https://bücher.example/漢字/مقالة?q=é#ß🎉").links
    assert link.href == "https://bücher.example/漢字/مقالة?q=é#ß🎉"


def test_links_are_absolute_and_related() -> None:
    links = having("link: ['../a b', //h.example/x, 'https://[::1]/y', 'HTTPS://x.example']").links
    assert [(link.href, link.rel) for link in links] == [
        ("https://example.org/a%20b", "related"),
        ("https://h.example/x", "related"),
        ("https://[::1]/y", "related"),
        ("https://x.example", "related"),
    ]


def test_terms_are_split_trimmed_and_each_there_once() -> None:
    assert [one.term for one in having("tags: '#news, town ;Town'\nkeywords: [x, {name: y}, {}, [z]]").categories] == ["news", "town", "x", "y"]


def test_a_category_may_be_a_table_of_term_scheme_and_label() -> None:
    """RFC 4287 section 4.2.2, in YAML and in TOML; one term in two schemes is two categories."""
    said = having(
        "tags:\n  - {term: '#C++', Scheme: 'https://example.org/langs', label: ' C,  plus plus '}\n  - {Term: c++}\n  - C++\n  - {label: x}"
    )
    assert said.categories == (Category("C++", "https://example.org/langs", "C, plus plus"), Category("c++"), Category("x", None, "x"))
    assert said.flags == ()
    said = having("tags = ['a', {term = 'b', scheme = 'urn:ex:b', label = ''}]", "+++")
    assert said.categories == (Category("a"), Category("b", "urn:ex:b"))
    assert having("tags: {term: 'one, not two', label: [x]}").categories == (Category("one, not two"),)


@pytest.mark.parametrize("scheme", ["langs", "/langs", "javascript:alert(1)", "https://x y", "urn:uuid:1"])
def test_a_scheme_that_is_no_absolute_iri_is_dropped_with_a_flag(scheme: str) -> None:
    article = having(f"tags: [{{term: a, scheme: '{scheme}', label: A}}]")
    assert article.categories == (Category("a", None, "A"),)
    assert [flag for flag in article.flags if flag.startswith("categories: the scheme")]


def test_drafts_and_minor_changes_are_said_in_many_words() -> None:
    assert [having(f"draft: {word}").draft for word in ("true", "Yes", "on", "no", "0", "perhaps", "")] == [
        True,
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert [having(f"minor: {word}").minor for word in ("true", "off", "perhaps")] == [True, False, False]


def test_a_long_title_is_cut_at_a_word_with_a_flag() -> None:
    article = having("title: " + "word " * 100)
    assert (len(article.title) <= 301, article.title.endswith("word…")) == (True, True)
    assert having("title: " + "x" * 400).title == "x" * 300 + "…"
    assert "title: longer than 300 characters and was cut" in article.flags


def test_tags_beyond_fifty_are_left_out_with_a_flag() -> None:
    article = having(f"tags: [{', '.join(f'tag{n}' for n in range(60))}]")
    assert len(article.categories) == 50
    assert "categories: more than 50, the last 10 were left out" in article.flags
    assert having(f"tags: [{', '.join(f'tag{n}' for n in range(50))}]").flags == ()


def test_a_field_of_the_wrong_shape_is_left_out_with_a_flag() -> None:
    article = having("title: [a, b]\ndate: {a: b}\nsummary: fine")
    assert (article.title, article.published, article.summary) == ("X", None, "fine")
    assert len([flag for flag in article.flags if "should be one text" in flag]) == 2


def test_toml_scalars_are_text_too() -> None:
    """C10."""
    article = having("title = 750\nminor = true\ndate = 2026-11-22\ntags = [1.50, 'b']\n[author]\nname = 'Ida'", "+++")
    assert (article.title, article.minor, article.published) == ("750", True, datetime(2026, 11, 21, 23, tzinfo=UTC))
    assert [one.term for one in article.categories] == ["1.5", "b"]
    assert article.authors[0].name == "Ida"


def test_empty_front_matter_is_none() -> None:
    assert having("").content == having("# comment").content == "<p>Some words to publish.</p>"
    assert having("no assignment", "+++").content.startswith("<p>+++")


def test_front_matter_over_64_kilobytes_is_refused() -> None:
    with pytest.raises(Unreadable, match="larger than 64 KB"):
        having("a: " + "é" * 40_000)
