"""Makes the articles that the benchmarks publish: invented English, the same bytes for the same number, every time. Measures nothing.

Article number i is a function of i alone, so that a corpus of 1,000 is the beginning of a corpus of 10,000.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

__all__ = ["article", "edit", "path", "write"]

FIRST_DAY = datetime(2016, 1, 1, tzinfo=UTC)
YEARS = 10
WRITTEN = datetime(2025, 12, 31, tzinfo=UTC).timestamp()
SENTENCE = "Since this was written, the harbour office has counted everything once more and found {} lanterns."


def _list(words: str) -> tuple[str, ...]:
    return tuple(words.strip().replace("\n", "|").split("|"))


SUBJECTS = _list("""
the harbour office|a retired pilot|our neighbour|the night ferry|the lighthouse keeper|a travelling tailor|the village school
the old printing house|every second visitor|the weather station|a small committee|the baker on the corner|the youngest clerk|the town archive
a patient surveyor|the museum|the rope factory|a flock of geese|the station master|the choir|the water company|a careful reader|the market
the ship's carpenter|the evening train|the botanist|a letter from the north|the council|the observatory|an amateur historian
""")
VERBS = _list("""
repaired|measured|painted|borrowed|catalogued|forgot|collected|described|exchanged|inherited|inspected|moved|noticed|opened|photographed
preferred|promised|published|recommended|rebuilt|remembered|replaced|returned|sketched|sold|studied|tested|translated|visited|weighed
""")
OBJECTS = _list("""
the iron bridge|a box of maps|forty wooden chairs|the tide tables|a broken compass|the southern stairs|three kinds of rope|the ledger
an unfinished mural|the garden wall|a barrel of salt|the oldest photograph|the clock above the gate|a collection of shells|the narrow canal
the timetable|a handful of coins|the reading room|the western pier|a set of brass weights|the orchard|two rowing boats|the glass roof
the first edition|a crate of oranges|the signal lamp|the stone quarry|a pair of scales|the winter stores|the greenhouse
""")
ADVERBS = _list("""
slowly|carefully|at last|without a word|twice a year|by hand|in secret|with great care|before breakfast|on a whim|as agreed|once more
""")
PLACES = _list("""
in the fog|near the canal|behind the theatre|at the edge of the marsh|under the arches|along the river|on the upper floor|beside the mill
across the square|in the northern quarter|outside the walls|between two storms
""")
CLAUSES = _list("""
because the road had been closed since spring|although nobody had asked for it|while the tide was still going out
so that the children could see it too|after the inspectors had gone home|as long as the light allowed it|until the money ran out
which surprised the people who had waited there|even if the records say something else|before the first snow of the year
""")
OPENERS = _list("""
Meanwhile|Some years later|In the end|Every autumn|For a long time|On the other hand|As it turned out|To begin with|Until recently|That week
""")
SYLLABLES = _list("""
mar|lo|den|wick|ash|ber|ton|fel|hol|ryn|sel|vor|tam|ken|dri|os|pel|gar|min|eth|lan|cor|bis|tre
""")
TOPICS = _list("""
harbours|archives|weather|machines|gardens|letters|music|bridges|markets|travel|maps|birds|printing|food|light
""")
PEOPLE = _list("""
Ada Marlowe|Jonas Felder|Rosa Whitcombe|Edwin Garth|Lena Osterby|Tom Ashbury|Mina Corrigan
""")
SHAPES: tuple[Callable[[Random], str], ...] = (
    lambda r: f"{_a(r, SUBJECTS)} {_a(r, VERBS)} {_a(r, OBJECTS)} {_a(r, PLACES)}",
    lambda r: f"{_a(r, OPENERS)}, {_a(r, SUBJECTS)} {_a(r, VERBS)} {_a(r, OBJECTS)} {_a(r, ADVERBS)}",
    lambda r: f"{_a(r, SUBJECTS)} {_a(r, VERBS)} {_a(r, OBJECTS)} {_a(r, CLAUSES)}",
    lambda r: f"{_a(r, PLACES)}, {_a(r, SUBJECTS)} of {_name(r)} {_a(r, VERBS)} {r.randrange(2, 400)} lanterns {_a(r, ADVERBS)}",
    lambda r: f"{_name(r)} is where {_a(r, SUBJECTS)} {_a(r, ADVERBS)} {_a(r, VERBS)} {_a(r, OBJECTS)}, {_a(r, CLAUSES)}",
)


def write(folder: Path, count: int) -> int:
    """Write articles 0 to `count` - 1 below `folder`, as if long ago; return their size in bytes."""
    size = 0
    for number in range(count):
        file, body = folder / path(number), article(number).encode()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        os.utime(file, (WRITTEN, WRITTEN))
        size += len(body)
    return size


def edit(folder: Path, number: int) -> Path:
    """Add a sentence to the article, as its author would a day later; return the file. Each edit is another one."""
    file = folder / path(number)
    body = file.read_text(encoding="utf-8")
    file.write_text(f"{body}\n{SENTENCE.format(len(body))}\n", encoding="utf-8")
    return file


def path(number: int) -> str:
    """The article's path below the input folder: its year, and a name that is its own."""
    r, when = _begin(number)
    return f"{when.year}/{_name(r).lower()}-and-{_name(r).lower()}-{number:05}.md"


def article(number: int) -> str:
    """The whole file: front matter, then 500 to 700 words of Markdown."""
    r, when = _begin(number)
    title = f"{_name(r)} and {_name(r)}: how {_a(r, SUBJECTS)} {_a(r, VERBS)} {_a(r, OBJECTS)}"
    return "\n".join([*_matter(r, title, when), *_body(r)])


def _begin(number: int) -> tuple[Random, datetime]:
    r = Random(f"article {number}")
    return r, FIRST_DAY + timedelta(minutes=r.randrange(YEARS * 365 * 24 * 60))


def _matter(r: Random, title: str, when: datetime) -> Iterator[str]:
    yield "---"
    yield f'title: "{title}"'
    yield f"date: {when:%Y-%m-%dT%H:%M:%SZ}"
    yield f"author: {_a(r, PEOPLE)}"
    yield f"tags: [{', '.join(sorted(r.sample(TOPICS, r.randrange(1, 4))))}]"
    if r.random() < 0.3:
        yield f'summary: "{_sentences(r, 2)}"'
    yield "---"


def _body(r: Random) -> Iterator[str]:
    """Paragraphs under headings, with a list, and in every fourth article a table, until there are enough words."""
    enough, words, part = r.randrange(420, 520), 0, 0
    table = r.random() < 0.25
    while words < enough:
        blocks = [*([f"## {_sentence(r).rstrip('.')}"] if part else []), *(_paragraph(r) for _ in range(r.randrange(2, 4)))]
        if part == 1:
            blocks.append("\n".join(f"- {_sentence(r)}" for _ in range(r.randrange(3, 6))))
        if part == 2 and table:
            blocks.append(_table(r))
        for block in blocks:
            words += len(block.split())
            yield f"\n{block}"
        part += 1
    yield ""


def _paragraph(r: Random) -> str:
    text = _sentences(r, r.randrange(3, 6))
    if r.random() < 0.4:
        text += f" There is more in [the records of {_name(r)}](https://{_name(r).lower()}.example/{r.randrange(1000, 9999)})."
    if r.random() < 0.3:
        text += f" *{_sentence(r)}* Its name was `{_name(r).lower()}`, and it was **{_a(r, ADVERBS)}** {_a(r, VERBS)}."
    return text


def _table(r: Random) -> str:
    rows = [f"| {_name(r)} | {r.randrange(1800, 2016)} | {_a(r, OBJECTS)} |" for _ in range(r.randrange(3, 7))]
    return "\n".join(["| place | year | found |", "|---|---:|---|", *rows])


def _sentences(r: Random, count: int) -> str:
    return " ".join(_sentence(r) for _ in range(count))


def _sentence(r: Random) -> str:
    text = r.choice(SHAPES)(r)
    return f"{text[0].upper()}{text[1:]}."


def _name(r: Random) -> str:
    return "".join(_a(r, SYLLABLES) for _ in range(r.randrange(2, 4))).capitalize()


def _a(r: Random, words: Sequence[str]) -> str:
    return words[int(r.random() * len(words))]


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m benchmarks.corpus", description=write.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    asked = parser.parse_args()
    print(write(asked.folder, asked.count), "bytes")
