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

# A word, or a pair of words, which is never long.
_Key = str | tuple[str, str]
_Weights = tuple[float, float, float, float, float, float]

# Constant; log of the number of sentences that hold it; their share; first sentence; log of the place; log of the number again if it is long.
WORD: _Weights = (-1.44, 0.69, 1.23, -0.28, -0.75, 0.28)
PAIR: _Weights = (-2.01, 1.09, 2.55, -0.42, -0.85, 0.0)
_MOST = 20  # counts beyond are all the same
_STEP = 4  # the rest is counted in so many sentences
LONG = 3  # letters: a longer word is rarely a mere link between others


class Overlap:
    """The expected overlap of choices among the sentences of a story's beginning with a summary of `expected` words.

    `story` holds the words of these sentences, `rest` those that come next. What stands only once has a chance that its place alone decides,
    so only what is repeated (most words are, few pairs) is looked at one by one.
    The overlap is in points of F1 for words and for pairs together, 0 to 200.
    """

    def __init__(self, story: Sequence[Sequence[str]], rest: Sequence[str], expected: int) -> None:
        self._expected = expected
        self._lengths = list(map(len, story))
        self._gains = [0.0] * len(story)
        self._repeated: list[set[_Key]] = [set() for _ in story]
        self._chances: dict[_Key, float] = {}
        total = len(story) + _STEP * round(len(rest) * len(story) / max(1, sum(self._lengths)) / _STEP)
        self._add([set(sentence) for sentence in story], rest, WORD, total)
        self._add([set(pairwise(sentence)) for sentence in story], pairwise(rest), PAIR, total)
        self._shared = {(i, j): self._repeated[i] & self._repeated[j] for i, j in combinations(range(len(story)), 2)}
        self._twice = {pair: sum(map(self._chances.__getitem__, keys)) for pair, keys in self._shared.items()}

    def _add(self, story: Sequence[set[_Key]], rest: Iterable[_Key], weights: _Weights, total: int) -> None:
        """Add what the words or pairs of the sentences bring; `total` is about how many sentences there are with the rest."""
        seen: set[_Key] = set()
        again: set[_Key] = set()
        for keys in story:
            again |= seen & keys
            seen |= keys
        later = list(filter(seen.__contains__, rest))
        again.update(later)
        repeated = [again & keys for keys in story]
        held = Counter(chain(later, *repeated))
        for place, keys in enumerate(repeated):
            row, row_long = _rows(weights, place, total)
            for key in keys.difference(self._chances):
                self._chances[key] = (row_long if len(key) > LONG else row)[min(held[key], _MOST)]
            self._gains[place] += row[1] * (len(story[place]) - len(keys)) + sum(map(self._chances.__getitem__, keys))
            self._repeated[place] |= keys

    def of(self, choice: tuple[int, ...], least: float = 0.0) -> float:
        """The expected overlap of at most three sentences, given by their places in order; 0 where it is plain that `least` is not reached."""
        gains, lengths, twice = self._gains, self._lengths, self._twice
        if len(choice) == 1:
            return 200 * gains[choice[0]] / (self._expected + lengths[choice[0]])
        if len(choice) == 2:
            i, j = choice
            return 200 * (gains[i] + gains[j] - twice[choice]) / (self._expected + lengths[i] + lengths[j])
        i, j, k = choice
        points = 200 / (self._expected + lengths[i] + lengths[j] + lengths[k])
        one, two, three = twice[i, j], twice[i, k], twice[j, k]
        gain = gains[i] + gains[j] + gains[k] - one - two - three
        if points * (gain + min(one, two, three)) < least:
            return 0.0
        return points * (gain + sum(map(self._chances.__getitem__, self._shared[i, j] & self._repeated[k])))


@lru_cache(maxsize=2048)
def _rows(weights: _Weights, place: int, total: int) -> tuple[list[float], list[float]]:
    """The chances of what stands first in the sentence at this place, by how often it stands in all; then those of what is long."""
    counts = range(1, _MOST + 1)
    short, long = ([0.0, *(_chance(weights, held, place, total, long) for held in counts)] for long in (0, 1))
    return short, long


def _chance(weights: _Weights, held: int, place: int, total: int, long: int) -> float:
    constant, number, share, first, later, number_long = weights
    odds = constant + (number + number_long * long) * log(held) + share * held / total + first * (place == 0) + later * log1p(place)
    return 1 / (1 + exp(-odds))
