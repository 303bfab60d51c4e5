"""Reads gemtext: one line is one paragraph, heading, link, item, quotation or line of code."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from feeder.model import Source
from feeder.readers import Claim, Parsed, opened

FEEDER_INTERFACE = 1
WRAPPED = {"code": "<pre>{}</pre>", "item": "<ul>{}</ul>", "quote": "<blockquote>{}</blockquote>"}


def read(source: Source) -> Parsed:
    """An article in gemtext; its first heading is its title."""
    text, claims, flags = opened(source)  # decoded, cleaned, and without its front matter
    lines = list(told(text))
    title = next((words for kind, words in lines if kind == "h1"), None)
    html = []
    for kind, group in groupby(lines, lambda line: line[0]):
        rows = [row(kind, words) for _, words in group]
        html.append(WRAPPED.get(kind, "{}").format("\n".join(rows)))
    if title:
        claims = (*claims, Claim("title", title, "first heading"))
    return Parsed("\n".join(html), claims, flags)


def told(text: str) -> Iterator[tuple[str, str]]:
    """Each line as its kind and its words."""
    code = False
    for line in text.splitlines():
        if line.startswith("```"):
            code = not code
            continue
        if code:
            yield "code", line
        elif line.startswith("=>"):
            yield "link", line[2:].strip()
        elif line.startswith("* "):
            yield "item", line[2:].strip()
        elif line.startswith(">"):
            yield "quote", line[1:].strip()
        elif line.startswith("#"):
            words = line.lstrip("#")
            yield f"h{min(len(line) - len(words), 3)}", words.strip()
        elif line.strip():
            yield "p", line.strip()


def row(kind: str, words: str) -> str:
    """The HTML of one line. Whatever it holds, Feeder sanitizes it."""
    if kind == "link":
        address, _, label = words.partition(" ")
        return f'<p><a href="{escape(address)}">{escape(label.strip() or address)}</a></p>'
    tag = {"code": "", "item": "li", "quote": "p"}.get(kind, kind)
    return f"<{tag}>{escape(words)}</{tag}>" if tag else escape(words)
