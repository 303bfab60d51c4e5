"""The author's `<!--more-->`: what stands before it is the summary. Plain text only; what it comes to is _facts.py's business."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import TYPE_CHECKING

from lxml import etree

from feeder.readers._content import MARK, blocks, remove, sanitized, too_deep
from feeder.readers._parsed import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from feeder.model import Block

__all__ = ["ORIGIN", "claims"]

ORIGIN = "<!--more-->"
_PROSE = frozenset(("paragraph", "quote", "item"))


def claims(root: _Element) -> Iterator[Claim]:
    """Yield what stands before the first more-mark that has prose before it, one row for each paragraph. The tree stays as it is."""
    if too_deep(root):
        return
    for number, _ in enumerate(root.iter(MARK)):
        said = [block for block in blocks(_before(root, number)) if block.kind in _PROSE]
        if said:
            yield Claim("marked", "\n".join(_rows(said)), ORIGIN)
            return


def _before(root: _Element, number: int) -> str:
    """Return the sanitized HTML before one of the marks, without the numbers of footnotes."""
    copy = deepcopy(root)
    mark = list(copy.iter(MARK))[number]
    for inner, outer in pairwise((mark, *mark.iterancestors())):
        inner.tail = None
        for later in list(inner.itersiblings()):
            outer.remove(later)
    for reference in list(copy.iterfind(".//sup[@class='footnote-ref']")):
        remove(reference)
    for heading in copy.iter("h1"):
        heading.tag = "h2"  # the sanitizer knows no h1, and would leave its words as a paragraph
    return sanitized(etree.tostring(copy, encoding="unicode", method="html", with_tail=False))


def _rows(said: list[Block]) -> Iterator[str]:
    """Yield the text of each block; between the items of a list stands what separates them."""
    for block, following in zip(said, [*said[1:], None], strict=True):
        listed = following is not None and block.kind == following.kind == "item"
        yield f"{block.text};" if listed and block.text[-1].isalnum() else block.text
