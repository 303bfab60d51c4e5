"""How much of what a person would write a choice of sentences holds: an estimate from where words stand and how often. No language is known.

Each word, and each pair of neighbouring words, of an article has a chance to stand in a summary that a person writes of it. The chance
grows with the sentences that hold it and falls with the place of the first of them; it was fitted (logistic regression, six numbers each)
on news with summaries by their editors. The worth of a choice is then the expected share of words and pairs that it and such a summary have
in common (F1, as ROUGE-1 and ROUGE-2 count it): words that are unlikely lower it, so a sentence that only fills has no place in the best
choice, and a word that is there already brings nothing, so no choice says things twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, combinations, pairwise
from math import exp, log, log1p

__all__ = ["LONG", "PAIR", "WORD", "Overlap"]

_Weights = tuple[float, float, float, float, float, float]

# Constant; log of the number of sentences that hold it; their share; first sentence; log of the place; log of the number again if it is long.
WORD: _Weights = (-1.44, 0.69, 1.23, -0.28, -0.75, 0.28)
PAIR: _Weights = (-2.01, 1.09, 2.55, -0.42, -0.85, 0.0)
_MOST = 20  # counts beyond are all the same
_STEP = 4  # the rest is counted in so many sentences
LONG = 3  # letters: a longer word is rarely a mere link between others


class Overlap:
    """The expected overlap of choices among the sentences of a story's beginning with a summary of `expected` words.

    `story` holds the words of these sentences, `rest` those that come next. Here they are numbers, and pairs of them larger ones, for speed.
    The overlap is in points of F1 for words and for pairs together, 0 to 200.
    """

    def __init__(self, story: Sequence[Sequence[str]], rest: Sequence[str], expected: int) -> None:
        numbers = {word: number for number, word in enumerate(dict.fromkeys(chain.from_iterable(story)))}
        near = [[numbers[word] for word in sentence] for sentence in story]
        after = [numbers.get(word, -1) for word in rest]
        total = len(story) + _STEP * round(len(rest) * len(story) / max(1, sum(map(len, story))) / _STEP)
        words = list(map(set, near))
        chances = _chances(words, after, WORD, total, [number for word, number in numbers.items() if len(word) > LONG])
        many = len(numbers) + 1
        pairs = [{one * many + other + many for one, other in pairwise(sentence)} for sentence in near]
        after = [one * many + other + many for one, other in pairwise(after) if one >= 0 and other >= 0]
        chances |= _chances(pairs, after, PAIR, total, ())
        self._chance = chances.__getitem__
        self._keys = [one | two for one, two in zip(words, pairs, strict=True)]
        self._lengths = [len(sentence) for sentence in story]
        self._expected = expected
        self._gains = [sum(map(self._chance, keys)) for keys in self._keys]
        self._shared = {(i, j): self._keys[i] & self._keys[j] for i, j in combinations(range(len(self._keys)), 2)}
        self._twice = {pair: sum(map(self._chance, keys)) for pair, keys in self._shared.items()}

    def of(self, choice: tuple[int, ...], least: float = 0.0) -> float:
        """The expected overlap of at most three sentences, given by their places in order; 0 where it is plain that `least` is not reached."""
        gains, twice = self._gains, self._twice
        points = 200 / (self._expected + sum(map(self._lengths.__getitem__, choice)))
        if len(choice) == 1:
            return points * gains[choice[0]]
        if len(choice) == 2:
            return points * (gains[choice[0]] + gains[choice[1]] - twice[choice])
        i, j, k = choice
        both = twice[i, j], twice[i, k], twice[j, k]
        gain = gains[i] + gains[j] + gains[k] - sum(both)
        if points * (gain + min(both)) < least:
            return 0.0
        return points * (gain + sum(map(self._chance, self._shared[i, j] & self._keys[k])))


def _chances(sentences: Sequence[set[int]], rest: list[int], weights: _Weights, total: int, long: Iterable[int]) -> dict[int, float]:
    """Return the chance of each word or pair of the sentences; `total` is about how many sentences there are with the rest."""
    held = dict(Counter(chain(*sentences, rest)))
    if max(held.values(), default=0) > _MOST:
        held = {key: min(count, _MOST) for key, count in held.items()}
    for key in long:
        held[key] += _MOST
    chances: dict[int, float] = {}
    for place, keys in enumerate(sentences):
        row = _row(weights, place, total)
        chances |= {key: row[held[key]] for key in keys.difference(chances)}
    return chances


@lru_cache(maxsize=2048)
def _row(weights: _Weights, place: int, total: int) -> list[float]:
    """The chances of what stands first in the sentence at this place, by how often it stands in all; _MOST more if it is long."""
    counts = range(1, _MOST + 1)
    return [0.0, *(_chance(weights, held, place, total, long) for long in (0, 1) for held in counts)]


def _chance(weights: _Weights, held: int, place: int, total: int, long: int) -> float:
    constant, number, share, first, later, number_long = weights
    odds = constant + (number + number_long * long) * log(held) + share * held / total + first * (place == 0) + later * log1p(place)
    return 1 / (1 + exp(-odds))
