"""What summaries cost: against the first three sentences as sentencex splits them, and on input that is meant to be slow.

    python -m benchmarks.summaries

Prints the ratio to the floor on the texts of tests/summaries, best of five rounds each, and for each hostile shape the seconds at two sizes.
Runs in one process and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sentencex import segment

from feeder.model import Article, Block, Source
from feeder.readers import SUFFIXES, read
from feeder.summarizers.extractive import summarize

__all__ = ["main"]

CORPUS = Path(__file__).parent.parent / "tests" / "summaries"
ROUNDS = 5
SIZES = 1_000_000, 10_000_000  # characters
SHAPES = {
    "one sentence": lambda size: (("word " * (size // 5)) + ".",),
    "short sentences": lambda size: ("It is so. " * (size // 10),),
    "open quotations": lambda size: ('He said "no. ' * (size // 13),),
    "no spaces": lambda size: ("x" * size,),
    "short paragraphs": lambda size: ("It is so here.",) * (size // 14),
}


def main() -> None:
    """Measure and print."""
    texts = [read(Source(path.name, path.read_bytes(), "https://example.org/")) for path in sorted(CORPUS.iterdir()) if path.suffix in SUFFIXES]
    ours, floor = _best(lambda: [summarize(article) for article in texts]), _best(lambda: [_lead(article) for article in texts])
    print(f"{len(texts)} texts: {len(texts) / ours:,.0f} a CPU second; the first three sentences {len(texts) / floor:,.0f}: ratio {ours / floor:.1f}")
    for name, shape in SHAPES.items():
        articles = [Article("a.txt", "A title", "", tuple(Block("paragraph", text) for text in shape(size)), language="en") for size in SIZES]
        spent = [_best(lambda article=article: summarize(article)) for article in articles]
        print(f"{name:18}" + "".join(f"  {size / 1e6:.0f} MB {seconds * 1e3:7.1f} ms" for size, seconds in zip(SIZES, spent, strict=True)))


def _lead(article: Article) -> str:
    """The floor: paragraphs split, and three sentences joined."""
    found = [sentence for block in article.blocks for sentence in segment(article.language or "en", block.text)]
    return " ".join(found[:3])


def _best(work: Callable[[], object]) -> float:
    """The CPU seconds of the fastest round."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


if __name__ == "__main__":
    main()
