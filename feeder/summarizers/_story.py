"""The sentences at the beginning of an article: which could stand in a summary, and why the others cannot. Nothing is chosen here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from feeder.summarizers._clutter import decides, greets, is_boilerplate, is_field, is_label, is_minutes, undated
from feeder.summarizers._leaning import asks, leans
from feeder.summarizers._overlap import LONG
from feeder.summarizers._phrases import BUDGET, ended, same, words
from feeder.text import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeder.model import Article

__all__ = ["LEANS", "LOOKED_AT", "MATTER", "MOST_LOOKED_AT", "NEAR", "NOT_WHOLE", "PROSE", "SAME", "Sentence", "fault", "pieces", "told"]

# Of one block so many characters are looked at, of an article so many sentences and blocks.
LOOKED_AT = 3_000
MOST_LOOKED_AT = 200
_CHUNK = 1_500  # so many characters are split at once
# Of the story a choice is made among the first eight sentences; how much a word counts, the next so many words tell too.
NEAR = 8
_REST = 350
SAME = 0.8  # of the words of the shorter of two sentences

PROSE = frozenset(("paragraph", "quote"))
MATTER = frozenset(("heading", "item", "table", "code"))

_NO_STORY = "no part of the story"
_TITLE = "the title again"
NOT_WHOLE = "not a whole sentence"
_QUESTION = "a question"
_EMPTY = "says next to nothing"
LEANS = "leans on a sentence that is left out"
_TORN = re.compile(r"[^\W\d] \. [^\W\d]")  # "the lady . attorney": a line's end that became a full stop
# Words, in a sentence that may be true and still tells nothing: "It was cold."
_NEXT_TO_NOTHING = 3
_ANSWER = 6  # words: what is so short behind a question answers it
_SCENE = 4  # sentences of an opening among which one of a few words paints a scene
_NUMBER = re.compile(r"\d")
_ROOT = 5  # letters by which a word of the title is known again in another form
# Languages that are written without full stops: a paragraph of some length is a sentence.
_WITHOUT_STOPS = frozenset(("th", "lo", "km", "my"))
# A note has some length; the shorter labels are about nobody.
_NOTE = 40
_OF_THE_NOTE = re.compile(r"(?:he|she|they|his|her|their|the (?:views|opinions)|follow|er|sie|il|elle)\b", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Sentence:
    """A sentence: why it cannot stand in a summary (`fault`), the one it leans on, whether it states the matter.

    `section` counts the headings, lists and questions between the beginning of the story and it.
    """

    text: str
    words: list[str]
    section: int
    fault: str = ""
    leans: Sentence | None = None
    matter: bool = False


def told(article: Article) -> tuple[list[Sentence], list[str]]:
    """Return the first sentences of an article, until eight of them are its story (have no fault), and the words that come next."""
    found, rest = _found(article)
    _without_repeats(found)
    _without_forms(found, article.title)
    _without_scenery(found, article.title)
    for sentence in found:
        if sentence.leans and sentence.leans.fault:
            sentence.fault = sentence.fault or LEANS
    return found, rest


def _found(article: Article) -> tuple[list[Sentence], list[str]]:
    found: list[Sentence] = []
    rest: list[str] = []
    story, section, title = 0, 0, words(article.title[:LOOKED_AT])
    for number, block in enumerate(article.blocks):
        if block.kind not in PROSE:
            section += story > 0 and block.kind in MATTER
            continue
        if len(rest) >= _REST or number + len(found) > MOST_LOOKED_AT:
            break
        begun, end = len(found), 0
        for text, end in pieces(block.text, article.language, opening=not story) if story < NEAR else ():  # noqa: B007 (used behind the loop)
            sentence = Sentence(text, words(text), section)
            sentence.fault = fault(sentence, title, article.language) or _unopened(sentence, found[-1:], opening=not story)
            _lean(sentence, found, article.language)
            found.append(sentence)
            story += not sentence.fault
            if story == NEAR:
                break
        section += len(found) == begun + 1 and story > 0 and found[-1].fault == _QUESTION  # what follows is its answer
        if story == NEAR:
            rest += words(block.text[end:LOOKED_AT])
    return found, rest[:_REST]


def pieces(text: str, language: str | None, *, opening: bool) -> Iterator[tuple[str, int]]:
    """Give the sentences of a block and where each ends, as far as it is looked at; the last of a longer one may be half a sentence."""
    head = text[:LOOKED_AT]
    start = len(head) - len(undated(head)) if opening else 0
    while start < len(head):
        found = sentences(head[start : start + _CHUNK], language)
        end = start + _CHUNK >= len(head)
        for sentence in found[:-1] if len(found) > 1 and not (end and head == text) else found:
            start = head.find(sentence, start) + len(sentence)
            yield sentence, start
        if end or len(found) < 2:  # what stands behind a sentence of that length is its rest
            return


def fault(sentence: Sentence, title: list[str], language: str | None) -> str:
    """Return why a sentence, wherever it stands, has no place in a summary; empty where it has one."""
    text = sentence.text
    if not any(map(str.isalpha, text)):
        return "no words"
    if len(sentence.words) <= 1.5 * len(title) and same(sentence.words, title, share=0.9):
        return _TITLE
    if is_boilerplate(text, language):
        return _NO_STORY
    if " . " in text and _TORN.search(text):
        return NOT_WHOLE
    if text.endswith(("...", "…")):
        return NOT_WHOLE
    return "" if ended(text) or (language in _WITHOUT_STOPS and len(text) > _NOTE) else NOT_WHOLE


def _unopened(sentence: Sentence, before: list[Sentence], *, opening: bool) -> str:
    """Tell what opens no story (labels, fields, greetings), goes on about the author of an editor's note, asks, or says next to nothing."""
    text = sentence.text
    if opening and (is_label(text) or is_field(text) or greets(text)):
        return _NO_STORY
    note = before and before[0].fault == _NO_STORY and len(before[0].text) > _NOTE
    if note and _OF_THE_NOTE.match(text):
        return _NO_STORY
    if asks(text):
        return _QUESTION
    if len(sentence.words) < _NEXT_TO_NOTHING or (before and len(sentence.words) == _NEXT_TO_NOTHING):
        return _EMPTY
    return NOT_WHOLE if opening and text[0].islower() and text.split(maxsplit=1)[0].islower() else ""


def _lean(sentence: Sentence, found: list[Sentence], language: str | None) -> None:
    """Note the sentence that this one leans on; where that one cannot be told, this one cannot either.

    The title can be leant on, and what leans on nothing opens the story. An editor's note takes with it what leans on it.
    """
    if sentence.fault or not found:
        return
    before = found[-1]
    answers = before.fault == _QUESTION and len(sentence.words) <= _ANSWER
    if not (answers or leans(sentence.text, language)):
        return
    if before.fault == _NO_STORY and len(before.text) > _NOTE:
        sentence.fault = _NO_STORY
    elif before.fault == _TITLE or all(other.fault == _NO_STORY for other in found):
        return
    else:
        sentence.leans = before
        sentence.fault = LEANS if before.fault else ""


def _without_repeats(found: list[Sentence]) -> None:
    """Of two sentences of the beginning that say the same the fuller one stays: the shorter is a caption or subtitle before the story."""
    near = [(sentence, set(sentence.words)) for sentence in found if not sentence.fault][:NEAR]
    for (one, some), (other, others) in combinations(near, 2):
        if len(some & others) < SAME * min(len(some), len(others)) or one.fault or other.fault or not same(some, others, share=SAME):
            continue
        if len(one.text) < len(other.text) <= BUDGET:
            one.fault = "said more fully later"
        else:
            other.fault = "says the same again"


def _without_forms(found: list[Sentence], title: str) -> None:
    """Of the minutes of a meeting only decisions are told, where there are any. They lean on nothing: "It was agreed to buy a pump."."""
    decisions = [sentence for sentence in found if sentence.fault in ("", LEANS) and decides(sentence.text)] if is_minutes(title[:LOOKED_AT]) else []
    if decisions:
        for sentence in found:
            sentence.fault = sentence.fault or "decides nothing"
        for sentence in decisions:
            sentence.fault, sentence.leans = "", None


def _without_scenery(found: list[Sentence], title: str) -> None:
    """Where the matter comes only after sentences that paint a scene, the story begins with the matter.

    The matter is the first sentence that holds half the title. Where none does, very short sentences tell a scene, and a number its end.
    """
    near = [sentence for sentence in found if not sentence.fault][:NEAR]
    if not title:
        return
    named = {word[:_ROOT] for word in words(title[:LOOKED_AT]) if len(word) > LONG or not word.isascii()}
    shared = [len(named.intersection(word[:_ROOT] for word in sentence.words)) for sentence in near]
    place = next((place for place, count in enumerate(shared) if count >= max(2, len(named) / 2)), None)
    if place is not None:
        near[place].matter = True
    elif any(sentence.fault == _EMPTY for sentence in found[:_SCENE]):
        place = next((place for place, sentence in enumerate(near) if not sentence.section and _NUMBER.search(sentence.text)), None)
    if place and max(shared[:place]) <= 1 and not near[place].leans:
        for sentence in near[:place]:
            sentence.fault = "stands before the matter"
