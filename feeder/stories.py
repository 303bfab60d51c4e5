"""Which articles tell of one event, found by the words that they share. Pure: no disk, no clock, no ledger.

The data model. An article's `vector` holds the terms that say most of it, as a few hundred bytes; a term is a number that stands for a
word. `Story` is what is compared of one article; `Frequencies` say how many articles have each term. A `Scale` weighs vectors by them
(TF-IDF) and measures how alike two are. Only those are measured that `partners` finds: near in time, and sharing terms that are heavy in both.

Every article that is read comes through here. So words and weights are looked up whole lists at a time, in dictionaries that make
what they are first asked for.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain, filterfalse, islice, pairwise
from operator import add, mul

from feeder.changes import likeness as vocabulary_shared
from feeder.model import Block

__all__ = ["ALL", "LEAST", "VERSION", "WINDOW", "Frequencies", "Place", "Scale", "Story", "partners", "terms", "vector"]

VERSION = "1"
"""Changes when the same article would give another vector."""
WINDOW = 5 * 24 * 3600
"""Seconds between two articles on one event, at most: shorter than a week, so that weekly series never meet."""
LEAST = 0.3
"""The likeness from which two articles tell the same story; docs/design.md has the figures it was chosen by."""
ALL = -1
"""The term that every article has: its frequency is the number of articles."""

Frequencies = Mapping[int, int]
Place = tuple[int, int, bytes]
"""Where a story stands in time: when it was published (seconds since 1970), its number; and its vector."""

LOOKED_AT = 1_500  # characters: an article says at its beginning what it is about
LONG = 32  # characters of a word that is worth remembering
REMEMBERED = 1 << 16, 500  # words, and weighed vectors
KEPT, KEPT_PAIRS = 80, 160  # terms of a vector; the second where they are pairs, of which there are more
TITLE = 2  # occurrences in the text that one in the title is worth
MOST_OFTEN = 4  # a word that occurs more often weighs no more: function words do, in a long article
STEM = 6  # letters of a word that count: what is inflected stays one term
KEYS, FEWEST_SHARED = 12, 2
RARE, RARE_OF = 32, 20  # a term that more than 32 articles have, and more than one of 20, is no key
NEAR, MEASURED = 6, 5
NAMED = 0.05  # of what two articles share must be names or figures
TEMPLATE, OTHER_WORDS = 0.25, 2

# -- words ------------------------------------------------------------------------------------------------------------------------

# Scripts that do not put spaces between words, and Korean, which puts them between words with their endings.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel signs and the like: part of their word, though `\w` does not say so.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0970-\u0dff\u200c\u200d"
_SPACED = rf"\d+(?:[.,:]\d+)*|[^\W\d_{_DENSE}](?:[^\W_{_DENSE}]|[{_MARKS}])*"
_WORD = re.compile(rf"[{_DENSE}]+|{_SPACED}")
_SPACED_WORD = re.compile(_SPACED)
_IS_DENSE, _RUN = re.compile(f"[{_DENSE}]"), re.compile(f"[{_DENSE}]+")
_HAN = re.compile("[\u3400-\u9fff]")
_VIETNAMESE = re.compile("[\u1ea0-\u1ef9\u01a0\u01a1\u01af\u01b0\u0110\u0111]")
_GRAMMAR = re.compile("[\u3040-\u309f]+|.?[的了是在和有不这這个個他我们們为為也就].?")
_PROSE = frozenset(("paragraph", "quote", "item"))
_JOINTS = "-–—/'’"

# In how many articles of a hundred a word occurs, by its class, before any was counted: measured on news in nine languages. The class is
# in the highest bits of a term, so that in ascending order those come first that tell most.
_USUAL = (0.01, 0.02, 0.03, 0.05, 0.055, 0.12, 0.25, 0.5)
_NUMBER, _SYLLABLES, _LONG_WORD, _TWO_DIGITS, _CHARACTERS, _CHARACTER, _GRAMMATICAL, _LITTLE = range(8)
_LETTERS = (_LITTLE, _LITTLE, _LITTLE, 6, 5, 4, _LONG_WORD)  # by the number of letters
_FIGURES = (_NUMBER, _TWO_DIGITS)
_CLASS = 27  # the bit at which it begins: of 30, which Python compares fast
_PRIOR = 10  # as many articles does what is usual count for
_CAPPED = [min(count, MOST_OFTEN) for count in range(3 * LOOKED_AT)].__getitem__
_WEIGHTS = [1 + math.log(max(1, count)) for count in range(MOST_OFTEN + 1)]


class _Terms(dict[str, int]):
    """The term of a token, which is what stands between two spaces; 0 where no word is in it."""

    def __missing__(self, token: str) -> int:
        found = _term(token)
        if len(token) <= LONG:
            if len(self) >= REMEMBERED[0]:
                self.clear()
            self[token] = found
        return found


def _term(token: str) -> int:
    found = _WORD.search(token)
    word = found[0].casefold() if found else ""
    if not word:
        return 0
    if "\n" in token:
        usual, word = _SYLLABLES, token
    elif word[0].isdigit():
        usual = (_LITTLE, _TWO_DIGITS, _NUMBER)[min(len(word), 3) - 1]
    elif _IS_DENSE.match(word):
        usual = _GRAMMATICAL if _GRAMMAR.fullmatch(word) else _CHARACTERS if len(word) > 1 else _CHARACTER
    else:
        usual, word = _LETTERS[min(len(word), 6)], word[:STEM]
    return usual << _CLASS | zlib.crc32(word.encode("utf-8", "surrogatepass")) >> 5


_terms = _Terms().__getitem__


def vector(title: str, blocks: Iterable[Block]) -> bytes:
    """The terms that say most of an article, with how often they occur: what `Scale` compares. Empty for a text without words."""
    text = ". ".join(block.text[:LOOKED_AT] for block in blocks if block.kind in _PROSE)[:LOOKED_AT]
    for joint in _JOINTS:
        text, title = text.replace(joint, " "), title.replace(joint, " ")
    split, most = _splitter(text)
    tokens = split(text)
    counts = Counter(map(_terms, tokens))
    names = _names(text, tokens, counts) if most == KEPT else None
    for term in {*map(_terms, split(title))}:
        counts[term] += TITLE
    del counts[0]
    return _packed(counts, names, most)


def terms(vector: bytes) -> array[int]:
    """The terms of a vector, ascending."""
    return array("I", vector[1 : 1 + 4 * vector[0]])


def _splitter(text: str) -> tuple[Callable[[str], list[str]], int]:
    """What tells the words of such a text apart, and how many of its terms to keep."""
    sample = "" if text.isascii() else text[:300]
    if 10 * len(_IS_DENSE.findall(sample)) > len(sample):
        return _pairs_of_characters, KEPT_PAIRS
    if 50 * len(_VIETNAMESE.findall(sample)) > len(sample):
        return _pairs_of_syllables, KEPT_PAIRS
    return str.split, KEPT


def _weights(vector: bytes) -> list[float]:
    return list(map(_WEIGHTS.__getitem__, vector[1 + 4 * vector[0] : 1 + 5 * vector[0]]))


def _packed(counts: Mapping[int, int], names: frozenset[int] | None, most: int) -> bytes:
    """How many terms there are; the terms, ascending; how often each occurs; those of names. Where there is no telling names, 0 is one."""
    often = {term for term, count in counts.items() if count > 1}
    kept = sorted([*sorted(often), *sorted(counts.keys() - often)][:most])
    named = [0] if names is None else sorted(names.intersection(kept))
    how_often = bytes(map(_CAPPED, map(counts.__getitem__, kept)))
    return bytes([len(kept)]) + array("I", kept).tobytes() + how_often + array("I", named).tobytes() if kept else b""


def _names(text: str, tokens: Iterable[str], counts: Mapping[int, int]) -> frozenset[int] | None:
    """The terms of what is written large within a sentence, and never small; None where the script has no capitals."""
    sentences = text.replace(". ", ".\n").replace("? ", "?\n").replace("! ", "!\n").split("\n")
    starts = Counter(sentence.partition(" ")[0] for sentence in sentences)
    if 2 * sum(token[:1].isupper() for token in starts) <= len(starts):
        return None
    large: Counter[int] = Counter()
    within = set()
    for token, count in Counter(filterfalse(str.islower, tokens)).items():
        term = _terms(token)
        large[term] += count
        if count > starts.get(token, 0):
            within.add(term)
    return frozenset(term for term in within if large[term] == counts.get(term))


def _pairs_of_characters(text: str) -> list[str]:
    runs = _RUN.findall(text)
    return [*chain.from_iterable(map(add, run, run[1:]) for run in runs), *_HAN.findall(text), *_SPACED_WORD.findall(text)]


def _pairs_of_syllables(text: str) -> list[str]:
    """Of Vietnamese, whose words are of several syllables, written apart."""
    return list(map("\n".join, pairwise(_WORD.findall(text.casefold()))))


# -- likeness ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Story:
    """What is compared of one article. `number` is the ledger's; `published` in seconds since 1970; `sketch` is that of `changes`."""

    number: int
    published: int
    language: str | None
    title: str
    sketch: bytes
    vector: bytes


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A vector with the weights of its terms, the sum of their squares when each is multiplied by what it tells, and the names."""

    weights: Mapping[int, float]
    squares: float
    names: Set[int] | None


class _Tellings(dict[int, float]):
    """How much terms tell (their idf), when so many of the articles that have them are those being compared."""

    def __init__(self, frequencies: Frequencies, own: int) -> None:
        super().__init__()
        self._frequencies, self._own = frequencies, own
        self._among = max(frequencies[ALL] - 2, 0)

    def __missing__(self, term: int) -> float:
        others = self._frequencies[term] - self._own
        telling = self[term] = math.log((self._among + _PRIOR) / (others + _PRIOR * _USUAL[term >> _CLASS]))
        return telling


class Scale:
    """Measures how alike stories are; `frequencies` must count them, and cover their terms when they are asked about."""

    def __init__(self, frequencies: Frequencies) -> None:
        self._frequencies = frequencies
        self._alone, self._together = _Tellings(frequencies, 1), _Tellings(frequencies, 2)
        self._weighed: dict[int, _Weighed] = {}

    def likeness(self, one: Story, other: Story) -> float:
        """How alike two stories are, 0 to 1, the same both ways; 0 where they are no pair, whatever words they share.

        It is the cosine of their vectors, each term weighed by how few of the other articles have it: not these two, so that two
        articles can be compared where there are no others. Not a pair are two languages, two parts of a series, and, in scripts
        that have capitals, two texts that share a subject but hardly a name or a figure.
        """
        if one.language and other.language and _primary(one.language) != _primary(other.language):
            return 0.0
        a, b = self._weigh(one), self._weigh(other)
        products, named, ours, theirs = [], [], [a.squares], [b.squares]
        names = None if a.names is None or b.names is None else a.names | b.names
        for term in a.weights.keys() & b.weights.keys():
            x, y, alone, together = a.weights[term], b.weights[term], self._alone[term] ** 2, self._together[term] ** 2
            products.append(x * y * together)
            ours.append(x * x * (together - alone))
            theirs.append(y * y * (together - alone))
            if names is None or term in names or term >> _CLASS in _FIGURES:
                named.append(products[-1])
        shared = math.fsum(products)  # exact, so that the order of the terms does not matter
        if not shared or math.fsum(named) < NAMED * shared or _serial(one, other):
            return 0.0
        return shared / math.sqrt(math.fsum(ours) * math.fsum(theirs))

    def keys(self, story: Story) -> list[int]:
        """The terms to find others by: the heaviest that some other has, but not so many others that they say little."""
        kept, most = terms(story.vector), max(RARE, self._frequencies[ALL] // RARE_OF)
        heavy = list(map(mul, _weights(story.vector), map(self._alone.__getitem__, kept)))
        ranked = map(kept.__getitem__, sorted(range(len(kept)), key=heavy.__getitem__, reverse=True))
        return list(islice((term for term in ranked if 1 < self._frequencies[term] <= most), KEYS))

    def _weigh(self, story: Story) -> _Weighed:
        found = self._weighed.get(story.number)
        if found is None:
            if len(self._weighed) >= REMEMBERED[1]:
                self._weighed.clear()
            kept, weights = terms(story.vector), _weights(story.vector)
            heavy = list(map(mul, weights, map(self._alone.__getitem__, kept)))
            names = frozenset(array("I", story.vector[1 + 5 * len(kept) :]))
            found = _Weighed(dict(zip(kept, weights, strict=True)), math.fsum(map(mul, heavy, heavy)), None if 0 in names else names)
            self._weighed[story.number] = found
        return found


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()


def _serial(one: Story, other: Story) -> bool:
    """Whether they are two parts of a series: one text with other fillings, under titles that differ in a word or in numbers."""
    a, b = (_title(story.title) for story in (one, other))
    if len(a) != len(b) or sum(x != y for x, y in zip(a, b, strict=True)) > min(OTHER_WORDS, len(a) // 2):
        return False
    return vocabulary_shared(one.sketch, other.sketch) >= TEMPLATE


def _title(title: str) -> list[str]:
    """The words of a title, or its characters where words are not told apart, without numbers."""
    words = (word for word in _WORD.findall(title.casefold()) if not word[0].isdigit())
    return [part for word in words for part in (word if _IS_DENSE.match(word) else [word])]


# -- who may be a pair --------------------------------------------------------------------------------------------------------------


def partners(window: Iterable[Place], keys: Mapping[int, Sequence[int]]) -> list[tuple[int, int]]:
    """The pairs of numbers that are worth measuring, at most 5 for each story that `keys` has, whatever there is.

    `window` is sorted, and holds everything that was published near those stories, themselves included. A pair lies within the
    window and shares two keys or more; of those that have a key, a story looks at the 6 before it and the 6 after it.
    """
    wanted = {term for heavy in keys.values() for term in heavy}
    having: dict[int, list[int]] = defaultdict(list)
    times, numbers = [], []
    for order, (published, number, vector) in enumerate(window):
        times.append(published)
        numbers.append(number)
        for term in wanted.intersection(terms(vector)):
            having[term].append(order)
    pairs: set[tuple[int, int]] = set()
    for own, number in enumerate(numbers):
        shared = Counter(chain.from_iterable(_around(own, having[term]) for term in keys.get(number, ())))
        often = [order for order, count in shared.items() if count >= FEWEST_SHARED and order != own]
        near = [(-shared[order], abs(own - order), numbers[order]) for order in often if abs(times[own] - times[order]) <= WINDOW]
        pairs.update((min(number, other), max(number, other)) for _, _, other in nsmallest(MEASURED, near))
    return sorted(pairs)


def _around(own: int, orders: list[int]) -> list[int]:
    place = bisect_left(orders, own)
    return orders[max(place - NEAR, 0) : place + NEAR + 1]
