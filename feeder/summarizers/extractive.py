"""The summary an article brings along: its author's own, else the sentences that say most of it for their length. No model, no network.

News puts its summary first, so the clean beginning of the story is the floor, and it is left only for a choice that is better by a
margin. What is no story (datelines, by-lines, calls to subscribe, greetings) is never chosen, nor a sentence that leans on one left
out. Three nets, each wider than the one before, so that an article with any text has a summary:

    lead, extract    whole sentences of paragraphs and quotes, at most 3 and 400 characters, in the article's order
    first fragments  what is no sentence (list items, captions, scripts without full stops), the same budget
    first words      headings, code and boilerplate too; at last the title
"""

from __future__ import annotations

import re
from html import unescape
from itertools import combinations, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from feeder.model import Article, Block, Summary
from feeder.summarizers._leaning import unintroduced
from feeder.summarizers._overlap import Overlap
from feeder.summarizers._phrases import BUDGET, cut, is_balanced, joined, same, speech, width, words
from feeder.summarizers._story import LEANS, LOOKED_AT, MATTER, MOST_LOOKED_AT, NOT_WHOLE, SAME, Sentence, fault, pieces, told
from feeder.text import clean, line

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["summarize", "summarize_text"]

_MOST_SENTENCES = 3
# One sentence alone may exceed the budget, up to here; then it is cut within the budget, at a clause or a word.
_LONGEST = 600
_OWN_LONGEST = 1_000
# Words of the summary a person would write: as long as editors write them, and twice as long in the languages where those we know do.
# A Chinese or Japanese character counts as a word.
_EXPECTED = 55
_EXPECTED_IN = {"zh": 45, "ja": 45} | dict.fromkeys(("bn", "es", "eu", "ko", "ur"), 135)
# How many times better than the beginning of the story another choice must be.
_MARGIN = 1.02
# What rounds nothing off: a sentence of fewer columns; as a third one also a quotation (so much of it in quotation marks), where summaries are short.
_BRIEF = 24
_SPOKEN = 0.4
_FRAGMENTS = frozenset(("paragraph", "quote", "item", "caption"))


def summarize(article: Article) -> Summary:
    """Return the author's own summary if there is one, else the best extract, else the best there is; empty for an empty article only."""
    if own := _own(article.summary or ""):
        return Summary(own, dict(article.origins).get("summary", "author"))
    return _extract(article) or _fragments(article) or _words(article)


def summarize_text(text: str, title: str | None, lang: str) -> str:
    """Return the summary of a plain text whose lines are its paragraphs: for measuring without a reader."""
    blocks = tuple(Block("paragraph", row) for row in text.splitlines() if row.strip())
    return summarize(Article(path="", title=title or "", content="", blocks=blocks, language=lang)).text


# --- the author's own -----------------------------------------------------------------------------------------------

_TAG = re.compile(r"</?(?:p|br|b|i|em|strong|a|span|div|code|q|u|s|small|sub|sup|mark|img|h[1-6]|ul|ol|li|blockquote)\b[^<>]*>", re.IGNORECASE)


_HUGE = re.compile(r"&#x?[0-9a-fA-F]{9,};?")  # no character; int() refuses thousands of digits


def _own(summary: str) -> str:
    """Return what the author wrote as plain text on one line; over 1,000 characters it is no summary and is cut."""
    plain, tags = _TAG.subn(" ", summary)
    return cut(line(clean(unescape(_HUGE.sub("", plain)) if tags else plain)), _OWN_LONGEST)


# --- choosing -------------------------------------------------------------------------------------------------------


def _extract(article: Article) -> Summary | None:
    """Return the best choice of sentences, or None where there is no whole sentence."""
    found, rest = told(article)
    story = [sentence for sentence in found if not sentence.fault]
    if not story:
        return None
    expected = _EXPECTED_IN.get((article.language or "").partition("-")[0].lower(), _EXPECTED)
    choice = _choice(story, rest, expected, _most(story, rest, article))
    kept = [story[place] for place in choice]
    origin = "lead" if choice == tuple(range(len(choice))) else "extract"
    return Summary(line(cut(joined([sentence.text for sentence in kept], mark=""), _LONGEST)), origin, tuple(_reasons(found, kept)))


def _most(story: list[Sentence], rest: list[str], article: Article) -> int:
    """The sentences a summary may have. One that could hold the whole article has two at most, and not all: it is not the content again."""
    if rest or any(block.kind in MATTER for block in article.blocks):
        return _MOST_SENTENCES
    if len(story) > _MOST_SENTENCES and sum(width(sentence.text) for sentence in story) > BUDGET:
        return _MOST_SENTENCES
    return max(1, min(2, len(story) - 1))


def _choice(story: list[Sentence], rest: list[str], expected: int, most: int) -> tuple[int, ...]:
    """Return the places of the best sentences; those of the beginning, unless others are better by a margin."""
    near = _near(story)
    overlap = Overlap([sentence.words for sentence in near], rest, expected)
    texts = [sentence.text for sentence in near]
    choices = _choices(near, most, quotations=expected > _EXPECTED)
    beginning = max(((overlap.of(choice), choice) for choice in choices if choice[-1] == len(choice) - 1), key=itemgetter(0), default=(0.0, (0,)))
    best = beginning[0] * _MARGIN, beginning[1]
    for choice in choices:
        if (worth := overlap.of(choice, best[0])) > best[0] and not unintroduced(texts[choice[0]], texts[: choice[0]]):
            best = worth, choice
    return best[1]


def _near(story: list[Sentence]) -> list[Sentence]:
    """Return the sentences to choose from: the first eight, and none behind a heading or list once there are two before it."""
    section = _section(story)
    return [sentence for sentence in story if sentence.section <= section]


def _section(found: list[Sentence]) -> int:
    """Return the last section to choose from: the one that holds the second sentence of the story."""
    first = [sentence.section for sentence in found if not sentence.fault][:2]
    return first[-1]


def _choices(near: list[Sentence], most: int, *, quotations: bool) -> list[tuple[int, ...]]:
    """Return the choices that fit: one sentence, or up to three within the budget, with the matter; nothing leaning alone, no quotation open."""
    texts, widths = [sentence.text for sentence in near], [width(sentence.text) for sentence in near]
    last = {place for place, columns in enumerate(widths) if columns >= _BRIEF}
    third = {place for place in last if quotations or speech(texts[place]) < _SPOKEN}
    choices = _within(widths, most, last, third)
    unpaired = {place for place, text in enumerate(texts) if not is_balanced(text)}
    if unpaired:
        choices = [choice for choice in choices if unpaired.isdisjoint(choice) or _pairs_up([texts[place] for place in choice if place in unpaired])]
    for place in (place for place, sentence in enumerate(near) if place and sentence.leans):
        choices = [choice for choice in choices if place not in choice or place - 1 in choice]
    for place in (place for place, sentence in enumerate(near) if sentence.matter):
        choices = [choice for choice in choices if place in choice] or choices
    return choices


def _pairs_up(unpaired: list[str]) -> bool:
    """Tell whether quotations and brackets that one sentence leaves open are closed by another."""
    return len(unpaired) > 1 and is_balanced(" ".join(unpaired))


def _within(widths: list[int], most: int, last: set[int], third: set[int]) -> list[tuple[int, ...]]:
    """Return the choices of one sentence, and of more within the budget that end with one of `last`, or as the third with one of `third`."""
    places = range(len(widths))
    found: list[tuple[int, ...]] = [(place,) for place in places if widths[place] <= _LONGEST]
    if most == 1:
        return found
    behind = [[place for place in places[two + 1 :] if place in third] for two in places]
    for one, two in combinations(places, 2):
        room = BUDGET - widths[one] - widths[two] - 1
        if room < 0:
            continue
        if two in last:
            found.append((one, two))
        if most > 2:
            found += [(one, two, place) for place in behind[two] if widths[place] < room]
    return found


def _reasons(found: list[Sentence], kept: list[Sentence]) -> Iterator[tuple[str, str]]:
    """Give for each sentence looked at why it is in or out."""
    for sentence in found:
        if sentence in kept:
            yield sentence.text, "kept"
        elif sentence.fault:
            yield sentence.text, f"dropped: {sentence.fault}"
        elif sentence.leans and sentence.leans not in kept:
            yield sentence.text, f"dropped: {LEANS}"
        elif sentence.section > _section(found):
            yield sentence.text, "dropped: stands behind a heading, list or question"
        else:
            yield sentence.text, "dropped: adds less than its length"


# --- where there is no whole sentence -------------------------------------------------------------------------------


def _fragments(article: Article) -> Summary | None:
    """Return the first pieces of the article, within the budget, or None where there are only headings, tables and code."""
    kept: list[str] = []
    title = words(article.title[:LOOKED_AT])
    for text in islice(_pieces(article), MOST_LOOKED_AT):
        piece = Sentence(text, words(text), 0)
        if fault(piece, title, article.language) not in ("", NOT_WHOLE) or any(same(piece.words, words(other), share=SAME) for other in kept):
            continue
        if kept and (len(kept) == _MOST_SENTENCES or width(joined([*kept, text])) > BUDGET):
            break
        kept.append(text)
    if not kept:
        return None
    return Summary(cut(joined(_balanced(kept)), _LONGEST), "first fragments", tuple((text, "kept") for text in kept))


def _pieces(article: Article) -> Iterator[str]:
    for block in article.blocks:
        if block.kind in _FRAGMENTS:
            yield from (text for text, _ in pieces(block.text, article.language, opening=True))


def _balanced(kept: list[str]) -> list[str]:
    """Leave out last pieces that open a quotation or bracket they do not close, where that leaves any."""
    return next((kept[:size] for size in range(len(kept), 0, -1) if is_balanced(" ".join(kept[:size]))), kept)


def _words(article: Article) -> Summary:
    first = next((text for block in article.blocks if (text := line(block.text[:LOOKED_AT]))), "")
    return Summary(cut(first or line(article.title), BUDGET), "first words" if first else "title")
