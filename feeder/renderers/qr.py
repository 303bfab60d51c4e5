"""A QR code (ISO/IEC 18004:2015) of a short text, as modules and as an SVG to stand within a page. It encodes; it reads nothing.

Byte mode in UTF-8, error correction level M (15 % may be lost), versions 1 to 13: 331 bytes, which is longer than any address that a
telephone would take. The numbers in brackets are sections of the standard. A symbol is a tuple of rows of bytes, 1 where a module is dark.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from itertools import chain, groupby, pairwise, zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LONGEST", "matrix", "svg"]

# (table 9, level M) For each version from 1: error correction codewords of a block, and how many blocks there are.
_BLOCKS = ((10, 1), (16, 1), (26, 1), (18, 2), (24, 2), (16, 4), (18, 4), (22, 4), (22, 5), (26, 5), (30, 5), (22, 8), (22, 9))
_LEVEL = 0b00  # M, in the format information
_QUIET = 4  # modules around the symbol that are light (section 9.1)
_PADDING = (0xEC, 0x11)
_FINDER = bytes((1, 0, 1, 1, 1, 0, 1))
_RUNS = re.compile(rb"\x00{5,}|\x01{5,}")

_MASKS: tuple[Callable[[int, int], bool], ...] = (  # (table 10) by row and column: where the modules of data are turned over
    lambda i, j: (i + j) % 2 == 0,
    lambda i, _: i % 2 == 0,
    lambda _, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)

_Grid = list[bytearray]


@lru_cache(maxsize=64)
def svg(text: str, name: str) -> str:
    """Return the code as one SVG element, without a size of its own: `name` says to those who do not see it what it is.

    It is dark on light whatever the page is: scanners need not understand the reverse. Raises ValueError for more than LONGEST bytes.
    """
    rows = matrix(text)
    side = len(rows) + 2 * _QUIET
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img"'
        f' aria-label="{escape(name)}"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d="{_path(rows)}"/></svg>'
    )


def matrix(text: str) -> tuple[bytes, ...]:
    """Return the modules of the smallest symbol that holds `text`, without the quiet zone. Raises ValueError for more than LONGEST bytes."""
    data = text.encode()
    version = next((version for version in range(1, len(_BLOCKS) + 1) if len(data) <= _capacity(version)), None)
    if version is None:
        raise ValueError(f"{len(data)} bytes do not fit into a code of version {len(_BLOCKS)}, which holds {LONGEST}")
    drawn, free = _functions(version)
    _place(drawn, free, _codewords(data, version))
    masked = [_masked(drawn, free, number) for number in range(len(_MASKS))]
    best = min(range(len(_MASKS)), key=lambda number: _penalty(masked[number]))
    _inform(masked[best], version, best)
    return tuple(map(bytes, masked[best]))


def _path(rows: tuple[bytes, ...]) -> str:
    """Each run of dark modules as a stroke through its middle, one unit wide; moves are relative, which is shortest."""
    steps, pen_x, pen_y = list[str](), 0, 0.0
    for y, row in enumerate(rows):
        for x, width in _dark(row):
            at = (x + _QUIET, y + _QUIET + 0.5)
            steps.append(f"m{at[0] - pen_x} {at[1] - pen_y:g}h{width}" if steps else f"M{at[0]} {at[1]}h{width}")
            pen_x, pen_y = at[0] + width, at[1]
    return "".join(steps).replace(" -", "-")


def _dark(row: bytes) -> list[tuple[int, int]]:
    """Where runs of dark modules begin, and how long they are."""
    runs, at = [], 0
    for dark, modules in groupby(row):
        width = len(list(modules))
        runs += [(at, width)] if dark else []
        at += width
    return runs


# --- codewords (7.4 to 7.6) ------------------------------------------------------------------------------------------


def _size(version: int) -> int:
    return 17 + 4 * version


def _total(version: int) -> int:
    """All codewords of a symbol (table 1): what its function patterns and the information about it leave."""
    patterns = 0 if version == 1 else (version // 7 + 2) ** 2 - 3
    aligned = 25 * patterns - (10 * (version // 7) if version > 1 else 0)  # those on a timing pattern share five modules with it
    return (_size(version) ** 2 - 3 * 64 - 31 - 2 * (_size(version) - 16) - aligned - (36 if version > 6 else 0)) // 8


def _count_bits(version: int) -> int:
    return 8 if version < 10 else 16


def _capacity(version: int) -> int:
    """How many bytes of text a symbol holds beside its head of mode and count."""
    check, blocks = _BLOCKS[version - 1]
    return (8 * (_total(version) - check * blocks) - 4 - _count_bits(version)) // 8


def _codewords(data: bytes, version: int) -> bytes:
    """The text with its head, filled up (7.4.10), cut into blocks, each with its check, and interleaved (7.6)."""
    check, count = _BLOCKS[version - 1]
    room = _total(version) - check * count
    bits = f"0100{len(data):0{_count_bits(version)}b}" + "".join(f"{byte:08b}" for byte in data)
    bits += "0" * min(4, 8 * room - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    words += bytes(_PADDING[number % 2] for number in range(room - len(words)))
    short, longer = divmod(room, count)
    blocks, at = [], 0
    for number in range(count):
        end = at + short + (number >= count - longer)
        blocks.append(words[at:end])
        at = end
    checks = [_check(block, check) for block in blocks]
    inside = chain.from_iterable(chain.from_iterable(zip_longest(*parts)) for parts in (blocks, checks))
    return bytes(word for word in inside if word is not None)


def _powers() -> tuple[list[int], list[int]]:
    """The powers of 2 in GF(256) by x⁸ + x⁴ + x³ + x² + 1, and their logarithms (7.5.2)."""
    powers, logs, value = [1] * 510, [0] * 256, 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logs[value] = exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return powers, logs


_POWERS, _LOGS = _powers()


@lru_cache(maxsize=16)
def _generator(degree: int) -> tuple[int, ...]:
    """The generator polynomial of so many check codewords (annex A), as logarithms, without its leading 1."""
    terms = [1]
    for root in range(degree):
        shifted = [0, *(_POWERS[_LOGS[term] + root] if term else 0 for term in terms)]
        terms = [a ^ b for a, b in zip([*terms, 0], shifted, strict=True)]
    return tuple(_LOGS[term] for term in terms[1:])


def _check(block: bytes, degree: int) -> bytes:
    """The Reed-Solomon check of a block: what is left when it is divided by the generator (7.5.2)."""
    rest = bytearray(block + bytes(degree))
    for at in range(len(block)):
        if rest[at]:
            lead = _LOGS[rest[at]]
            for offset, term in enumerate(_generator(degree), at + 1):
                rest[offset] ^= _POWERS[lead + term]
    return bytes(rest[len(block) :])


# --- modules (6.3, 7.7 to 7.10) --------------------------------------------------------------------------------------


def _functions(version: int) -> tuple[_Grid, _Grid]:
    """The patterns that every symbol of a version has, and where it is free for data (1)."""
    size = _size(version)
    grid, free = ([bytearray([value]) * size for _ in range(size)] for value in (0, 1))
    for i, j in ((0, 0), (0, size - 7), (size - 7, 0)):
        _square(grid, free, i, j, 7)
        for row in free[max(i - 1, 0) : i + 8]:  # the separator
            row[max(j - 1, 0) : j + 8] = bytes(min(j + 8, size) - max(j - 1, 0))
    for at in range(size):
        for i, j in ((6, at), (at, 6)):
            if free[i][j]:
                grid[i][j], free[i][j] = at % 2 == 0, 0
    centres = _centres(version)
    for i in centres:
        for j in centres:
            if (i, j) not in ((6, 6), (6, size - 7), (size - 7, 6)):
                _square(grid, free, i - 2, j - 2, 5)
    for i, j in chain(*_format_places(size), ((size - 8, 8),), _version_places(version)):
        free[i][j] = 0
    return grid, free


def _square(grid: _Grid, free: _Grid, top: int, left: int, side: int) -> None:
    """Squares within one another: dark, light, dark."""
    for i in range(side):
        for j in range(side):
            ring = min(i, j, side - 1 - i, side - 1 - j)
            grid[top + i][left + j], free[top + i][left + j] = ring != 1, 0


def _centres(version: int) -> list[int]:
    """Rows and columns of alignment patterns (annex E)."""
    if version == 1:
        return []
    count, last = version // 7 + 2, _size(version) - 7
    step = -(-(last - 6) // (2 * (count - 1))) * 2
    return [6, *(last - step * number for number in reversed(range(count - 1)))]


def _format_places(size: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where the fifteen bits of format information stand, the last bit first: around the first finder, and beside the others (7.9.1)."""
    column = [(i, 8) for i in (0, 1, 2, 3, 4, 5, 7, 8)]
    row = [(8, j) for j in (7, 5, 4, 3, 2, 1, 0)]
    return column + row, [(8, size - 1 - j) for j in range(8)] + [(size - 7 + i, 8) for i in range(7)]


def _version_places(version: int) -> list[tuple[int, int]]:
    """Where the eighteen bits of version information stand, the last bit first, twice; small symbols have none (7.10)."""
    if version < 7:
        return []
    below = [(bit // 3, _size(version) - 11 + bit % 3) for bit in range(18)]
    return below + [(j, i) for i, j in below]


def _place(grid: _Grid, free: _Grid, words: bytes) -> None:
    """Put the bits into what is free: two columns at a time, from the right, up and down by turns (7.7.3)."""
    size = len(grid)
    bits = (word >> shift & 1 for word in words for shift in range(7, -1, -1))
    pairs = [right for right in range(size - 1, 0, -2) if right > 6] + [5, 3, 1]
    way = [(i, j) for number, right in enumerate(pairs) for i in (range(size) if number % 2 else range(size - 1, -1, -1)) for j in (right, right - 1)]
    for i, j in way:
        if free[i][j]:
            grid[i][j] = next(bits, 0)


def _masked(grid: _Grid, free: _Grid, number: int) -> _Grid:
    """The symbol with the data turned over by a mask (7.8.2)."""
    turns = _MASKS[number]
    return [
        bytearray(module ^ (open_ and turns(i, j)) for j, (module, open_) in enumerate(zip(row, room, strict=True)))
        for i, (row, room) in enumerate(zip(grid, free, strict=True))
    ]


def _penalty(grid: _Grid) -> int:
    """How hard a symbol is to read: long runs, blocks, what looks like a finder, more of the one colour (7.8.3)."""
    lines = [*map(bytes, grid), *map(bytes, zip(*grid, strict=True))]
    size = len(grid)
    runs = sum(len(run[0]) - 2 for line in lines for run in _RUNS.finditer(line))
    dark = [int(line.translate(_DIGITS), 2) for line in lines[:size]]
    light = [row ^ ((1 << size) - 1) for row in dark]
    pairs = [a & b for rows in (dark, light) for a, b in pairwise(rows)]
    blocks = sum((pair & pair >> 1).bit_count() for pair in pairs)
    balance = abs(20 * sum(row.bit_count() for row in dark) - 10 * size**2) // size**2
    return runs + 3 * blocks + 40 * sum(map(_finders, lines)) + 10 * balance


_DIGITS = bytes.maketrans(b"\0\1", b"01")


def _finders(line: bytes) -> int:
    """How often a finder seems to stand in a line, with four light modules before or behind it; outside of the symbol it is light."""
    count, at = 0, line.find(_FINDER)
    while at >= 0:
        end = at + len(_FINDER)
        lonely = not (any(line[max(at - 4, 0) : at]) and any(line[end : end + 4]))
        count += lonely
        at = line.find(_FINDER, end if lonely else at + 4)
    return count


def _inform(grid: _Grid, version: int, mask: int) -> None:
    """Say which level, mask and version this is, with checks of their own (annexes C and D)."""
    said = _LEVEL << 3 | mask
    said = (said << 10 | _remainder(said << 10, 0b10100110111)) ^ 0b101010000010010
    for places in _format_places(len(grid)):
        for bit, (i, j) in enumerate(places):
            grid[i][j] = said >> bit & 1
    grid[-8][8] = 1
    said = version << 12 | _remainder(version << 12, 0b1111100100101)
    for bit, (i, j) in enumerate(_version_places(version)):
        grid[i][j] = said >> bit % 18 & 1


def _remainder(value: int, divisor: int) -> int:
    """What is left of a polynomial over GF(2)."""
    while value.bit_length() >= divisor.bit_length():
        value ^= divisor << value.bit_length() - divisor.bit_length()
    return value


LONGEST = _capacity(len(_BLOCKS))
"""How many bytes of UTF-8 a code holds at most."""
