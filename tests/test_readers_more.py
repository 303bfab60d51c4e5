"""The author always wins: which words of an article are its author's own summary, and which only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.model import Article, Source
from feeder.readers import read

BASE = "https://example.org/articles/"
BELOW = "<p>The rest of the article goes on for a while, as an article does below the fold.</p>"


def reading(body: str, name: str = "an-article.md") -> Article:
    return read(Source(name, body.encode(), BASE))


def described(description: str, title: str = "A bench by the mill - The Valley Times") -> Article:
    return reading(
        f'<html><head><title>{title}</title><meta name="description" content="{description}"></head><body>{BELOW}</body></html>', "page.html"
    )


@pytest.mark.parametrize(
    "mark",
    [
        "<!--more-->",
        "<!-- more -->",
        "<!--more Read on-->",
        "<!--MORE-->",
        "<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->",
    ],
)
@pytest.mark.parametrize("suffix", [".md", ".html"])
def test_what_stands_before_the_mark_is_the_summary(mark: str, suffix: str) -> None:
    """As Jekyll, Hugo and WordPress write it; nothing of it is published."""
    article = reading(f"<p>The short of it.</p>\n\n{mark}\n\n{BELOW}", f"an-article{suffix}")
    assert article.summary == "The short of it."
    assert ("summary", "<!--more-->") in article.origins
    assert article.content.count("<") == 4
    assert "ore" not in article.content.replace(BELOW, "")


@pytest.mark.parametrize(
    "text",
    [
        "<!-- more research needed -->",
        "<!--moreover-->",
        "<!--no more-->",
        "<!--more",
        "&lt;!--more--&gt;",
        "<pre><!--more--></pre>",
        "<code>a <!--more--></code>",
        "<noscript><!--more--></noscript>",
        "<img src='/a.png' alt='<!--more-->'>",
        "<script><!--more--></script>",
    ],
)
@pytest.mark.parametrize("suffix", [".md", ".html"])
def test_what_only_looks_like_the_mark_is_none(text: str, suffix: str) -> None:
    """A remark, code, an attribute, something that nobody sees."""
    assert reading(f"<p>The short of it.</p>\n\n{text}\n\n{BELOW}", f"an-article{suffix}").summary is None


@pytest.mark.parametrize(
    "before", ["", "# Title", "```\ncode\n```", "![only](/an/image.png)", "| a |\n|---|\n| b |", "<figure><figcaption>It.</figcaption></figure>"]
)
def test_a_mark_without_words_before_it_counts_for_nothing(before: str) -> None:
    assert reading(f"{before}\n\n<!--more-->\n\nThe rest of it.").summary is None


def test_a_mark_behind_the_only_line_of_a_text_leaves_it_a_text() -> None:
    article = reading("---\ntags: note\n---\nThe bridge is open\n\n<!--more-->\n", "bridge.txt")
    assert (article.title, article.content, article.summary) == ("Bridge", "<p>The bridge is open</p>", "The bridge is open")


def test_a_mark_inside_a_list_or_quotation_ends_the_summary_there() -> None:
    assert reading("First of all:\n\n- one\n- two <!--more--> and a half\n- three\n\nThe rest.").summary == "First of all: one; two"
    assert reading("> He said yes.\n>\n> <!--more-->\n>\n> Then no.\n\nThe rest.").summary == "He said yes."


def test_a_long_part_before_the_mark_is_given_whole() -> None:
    """How much of it subscribers see is the summarizer's business, as with every text of the author's."""
    article = reading("The river rose again that night. " * 40 + f"\n\n<!--more-->\n\n{BELOW}")
    assert len(article.summary or "") == 33 * 40 - 1


def test_marks_in_a_text_nested_too_deeply_count_for_nothing() -> None:
    assert reading("<div>" * 300 + "Words.<!--more--> More words.", "deep.html").summary is None


@pytest.mark.parametrize(
    "description",
    [
        "Just another WordPress site",
        "just another WordPress.com weblog.",
        "Just another Valley Network site",
        "My WordPress Blog",
        "Write an awesome description for your new site here. You can edit this line in _config.yml.",
        "Web site created using create-react-app",
        "Your site description here",
        "undefined",
        " — ",
        "A bench by the mill - The Valley Times",
        "the valley times",
        "A bench by the mill.",
        "The council has set up a bench by […]",
    ],
)
def test_a_description_that_says_nothing_about_the_article_does_not_win(description: str) -> None:
    """A program's default, the title, the site's name, something cut off. Nobody is bothered with it, and who asks is told."""
    article = described(description)
    assert article.summary is None
    assert [name for name, _ in article.origins if name == "not the summary"]
    assert article.flags == ()


@pytest.mark.parametrize(
    "description",
    [
        "Why I left WordPress",
        "Just another day at the mill, and then the water came",
        "A bench by the mill, and who paid for it",
        "The Valley Times on the new bench",
        "Lorem ipsum is older than you think",
        "Bänke.",
    ],
)
def test_a_description_that_says_something_wins_as_it_is_written(description: str) -> None:
    assert described(description).summary == description
    assert ("summary", "meta name=description") in described(description).origins


@pytest.mark.parametrize("said", ["Just another WordPress site", "A bench", "It goes on…"])
def test_front_matter_is_about_the_article_whatever_it_says(said: str) -> None:
    assert reading(f"---\ntitle: A bench\nsummary: {said}\n---\nThe council has set up a bench.").summary == said


@pytest.mark.parametrize("name", ["summary", "description", "excerpt"])
def test_front_matter_goes_before_the_mark_and_the_mark_before_the_description(name: str) -> None:
    page = f'<html><head><meta name="description" content="Of the head."></head><body><p>Before.</p>{{}}{BELOW}</body></html>'
    assert reading(page.format(""), "page.html").summary == "Of the head."
    assert reading(page.format("<!--more-->"), "page.html").summary == "Before."
    assert reading(f"---\n{name}: Of the matter.\n---\n" + page.format("<!--more-->"), "page.html").summary == "Of the matter."


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<!--more-->", "<!-- c -->", "<p>", "</p>", "<pre>", "</pre>", "a b.", "\n\n", "# h", "- i", "<b>", "`", "<!--", "-->", "<li>"]
        )
    )
)
def test_comments_change_nothing_in_what_is_published(parts: list[str]) -> None:
    """The mark is published as any other comment: not at all, and the words around it stay as they are."""
    body = "Words to begin with.\n\n" + " ".join(parts)
    with_marks, without = reading(body), reading(body.replace("<!--more-->", "<!--less-->"))
    assert with_marks.content.replace("more", "less") == without.content  # in code it is there to be seen
    assert without.summary is None
