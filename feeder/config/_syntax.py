"""What is wrong with a text that is no TOML, in the words of whoever wrote it; and the text without it, so that the rest can be looked at, too.

tomllib stops at the first mistake and names what it expected. Here the line is looked at again for what people write who know other
formats and other keyboards. What is taken out is replaced by spaces, so that everything else stays where it was.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Wrong", "mended"]

MOST = 20  # mistakes of this kind that are told at once


class Wrong(NamedTuple):
    """What is wrong at an offset of the text, and what its owner can do about it."""

    offset: int
    reason: str
    hint: str


class _Line(NamedTuple):
    """The line in which tomllib stopped: its text, where in it, and what it said; and what is no string and no comment in it."""

    text: str
    column: int
    said: str
    plain: str

    @property
    def rest(self) -> str:
        """What stands from there on."""
        return self.text[self.column :].strip()

    @property
    def pair(self) -> re.Match[str] | None:
        """Key and value, where it looks like them."""
        return re.match(r"""\s*([\w."'-]+)\s*=\s*(.*?)\s*$""", self.text[: len(self.plain.rstrip())])


Told = tuple[int, str, str]  # column, reason, hint

_STRING = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|#.*""")
_TRUTHS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_STATEMENT = re.compile(r"""[ \t]*(\[|[\w."'-]+\s*=)""")
_SECRET = re.compile(r"""[\w."' -]*(key|token|secret|password)["' ]*[=:]""", re.IGNORECASE)
_QUOTES = dict.fromkeys("“”„‟«»‹›〝〞＂″", '"') | dict.fromkeys("‘’‚‛＇′", "'")


def mended(text: str) -> tuple[str, tuple[Wrong, ...]]:
    """The text with the lines taken out that are no TOML, and what is wrong with each; in the order in which they stand there."""
    found: list[Wrong] = []
    while len(found) < MOST:
        try:
            tomllib.loads(text)
        except RecursionError:
            return "", (Wrong(0, "too many brackets inside each other", "two levels are enough for every key"),)
        except ValueError as error:  # TOMLDecodeError, and a bare ValueError for a number of thousands of digits
            said, offset = _place(str(error), text)
            start, end, wrong = _mistake(said, offset, text)
            found.append(wrong)
            text = text[:start] + _instead(said, text[start:end], wrong.offset - start) + text[end:]
        else:
            return text, tuple(found)
    return "", tuple(found)


def _instead(said: str, part: str, column: int) -> str:
    """What is read in its place: where backslashes, or letters outside of quotes, only look wrong, the right ones; else spaces."""
    if said.startswith(("Unescaped", "Invalid hex")) and "\\" in part:
        return part.replace("\\", "/")
    plain = _plain(part)
    if "\n" in part or column >= len(plain) or _straight(plain[column]) == plain[column]:
        return re.sub(r"[^\n]", " ", part)
    return "".join(_straight(letter) if letter == seen else letter for letter, seen in zip(part, plain.ljust(len(part), "_"), strict=True))


def _plain(row: str) -> str:
    """A line without its comment, and _ for every letter of a string."""
    return _STRING.sub(lambda found: "" if found[0].startswith("#") else "_" * len(found[0]), row)


def _place(message: str, text: str) -> tuple[str, int]:
    """What tomllib said, without the place that it ends in: "(at line 3, column 9)" or "(at end of document)"; and that place."""
    said, _, place = message.rpartition(" (at ")
    if not (match := re.match(r"line (\d+), column (\d+)", place)):
        return said or message, len(text.rstrip())
    starts = [0, *(newline.end() for newline in re.finditer("\n", text))]
    return said, min(starts[int(match[1]) - 1] + int(match[2]) - 1, len(text))


def _mistake(said: str, offset: int, text: str) -> tuple[int, int, Wrong]:
    """From where to where the text is of no use, and why."""
    if text[offset : offset + 1] == "\r":
        return 0, len(text), Wrong(offset, "this line ends in a carriage return alone", "save the file with the line ends of Unix or Windows")
    start, end = text.rfind("\n", 0, offset) + 1, (text + "\n").find("\n", offset)
    row = text[start:end]
    if said.startswith("Cannot"):
        return _twice(said, text, start, end)
    if (opened := _opened(said, text, start, row)) is not None:
        return opened
    column, reason, hint = _explained(_Line(row, offset - start, said, _plain(row)))
    return start, _end(text, start, end), Wrong(start + column, reason, hint)


def _end(text: str, start: int, end: int) -> int:
    """The end of what is taken out: with the line of a table its keys, since they are in no other."""
    if not _HEADER.match(text, start):
        return end
    following = _HEADER.search(text, end)
    return following.start() if following else len(text)


def _twice(said: str, text: str, start: int, end: int) -> tuple[int, int, Wrong]:
    """A key or a table that is there already; the key of a value of several lines stands above."""
    begin = start
    while begin and not _STATEMENT.match(text, begin):
        begin = text.rfind("\n", 0, begin - 1) + 1
    row = text[begin:end]
    column, name = len(row) - len(row.lstrip()), row.strip().partition("=")[0].strip().partition("#")[0].strip()
    before = next((number for number, line in enumerate(text[:begin].split("\n"), 1) if _same(line, name)), 0)
    where = f", in line {before}" if before else ""
    if said.startswith("Cannot mutate") or not row.lstrip().startswith("["):
        kind, hint = ("key", "keep one of the two") if said.startswith("Cannot overwrite") else ("table", "write all its keys in one place")
        return begin, end, Wrong(begin + column, f"{name}: this {kind} is already there{where}", hint)
    hint = "move its keys under the first one"
    return begin, _end(text, begin, end), Wrong(begin + column, f"{name}: this table is already there{where}", hint)


def _same(line: str, name: str) -> bool:
    """Whether a line begins the key or the table of that name."""
    return line.partition("=")[0].strip().partition("#")[0].strip() == name


def _opened(said: str, text: str, start: int, row: str) -> tuple[int, int, Wrong] | None:
    """A list, a table in braces or a long string that was begun above and not ended: tomllib stops at what comes after."""
    for long in ('"""', "'''"):
        if said.startswith(("Unterminated", "Expected")) and long in text and text.count(long) % 2 and not text[start:].rstrip().endswith(long):
            at = text.rfind(long)
            return text.rfind("\n", 0, at) + 1, len(text), Wrong(at, f"the {long} of this text is not closed", f"close it with {long}")
    if said.startswith("Unclosed") and not re.search(r"[\[{]", _plain(row)):
        return _above(text, start, start + len(row))
    if not re.match(r"\s*(\[|[\w.\"'-]+\s*=|$)", row) or (_fails(row) and row.strip()):
        return None
    return _above(text, start, start)


def _above(text: str, start: int, end: int) -> tuple[int, int, Wrong] | None:
    """The list or table that was begun above `start`; `end` is where what is taken out ends."""
    above = start
    while above:
        below, above = above, text.rfind("\n", 0, above - 1) + 1
        if re.match(r"[ \t]*[\w.\"'-]+\s*=", text[above:below]):
            plain = _plain(text[above:start])
            if (at := max(plain.rfind("[") if plain.count("[") > plain.count("]") else -1, _brace(plain))) < 0:
                return None
            kind, close = ("list", "]") if plain[at] == "[" else ("table", "}")
            return above, end, Wrong(above + at, f"the {plain[at]} of this {kind} is not closed", f"close it with {close}")
    return None


def _brace(plain: str) -> int:
    return plain.rfind("{") if plain.count("{") > plain.count("}") else -1


def _fails(row: str) -> bool:
    try:
        tomllib.loads(row)
    except (ValueError, RecursionError):
        return True
    return False


def _explained(line: _Line) -> Told:
    if _SECRET.match(line.text.lstrip()):  # what stands there is not repeated
        return line.column, "this is not TOML, and a secret does not belong in this file", "it comes from the environment alone"
    for rule in _RULES:
        if told := rule(line):
            return told
    return line.column, f"this is not TOML: {line.said[:1].lower()}{line.said[1:]}", ""


def _straight(letter: str) -> str:
    """The letter of ASCII that was meant by one that looks like it, or like nothing; any other is itself."""
    if letter.isascii() and (letter.isprintable() or letter in "\t\r\n"):
        return letter
    if letter in _QUOTES or letter.isspace() or not letter.isprintable():
        return _QUOTES.get(letter, " ")
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 and plain.isascii() else letter


def _odd_letters(line: _Line) -> Told | None:
    """What looks like a quotation mark, a space or a letter of ASCII outside of quotes, and is none; what cannot be seen at all."""
    for column, letter in enumerate(line.plain):
        name = unicodedata.name(letter, "")
        if letter in _QUOTES:
            right = "".join(map(_straight, line.text)).strip()
            return column, f"{letter} is no quotation mark in TOML", _meant(right) or "write \" or '"
        if _straight(letter) == letter:
            continue
        if letter.isspace():
            return column, f"this is no ordinary space but U+{ord(letter):04X}{f', {name.lower()}' if name else ''}", "write a space"
        if not letter.isprintable():
            return column, f"here is a character that cannot be seen, U+{ord(letter):04X}{f', {name.lower()}' if name else ''}", "take it away"
        return column, f"{letter} looks like {_straight(letter)} and is another character, U+{ord(letter):04X}", f"write {_straight(letter)}"
    return None


def _comments(line: _Line) -> Told | None:
    """Those of other languages."""
    for place, words in ((len(line.text) - len(line.text.lstrip()), line.text.strip()), (line.column, line.rest)):
        if re.match(r"//|;\s*\S|--|/\*|<!--|%", words):
            return place, "this is not how a comment begins", "a comment begins with #"
    return None


def _headers(line: _Line) -> Told | None:
    """A line that begins with [."""
    row = line.plain.strip()
    if not row.startswith("["):
        return None
    name = re.sub(r"[^\w.\"'-]+", "_", line.text.strip().lstrip("[").partition("]")[0].partition("#")[0].strip()).strip("_")
    many = "[[" if row.startswith("[[") else "["
    right = f"{many}{name}{many.replace('[', ']')}"
    if not name:
        return line.column, "this table has no name", "for example [feed]"
    if "]" not in row:
        return line.column, "the [ of this table is not closed", f"did you mean {right}?"
    after = line.text[line.column :].strip()
    if re.match(r"[\w\"']", after) and "]" in line.plain[: line.column]:
        return line.column, f"nothing may stand behind {right} on its line", "write the key on the next line"
    return line.column, "this is not how a table begins", f"did you mean {right}?"


def _other_formats(line: _Line) -> Told | None:
    """JSON, YAML, and lines without a key."""
    row, begin = line.text.strip(), len(line.text) - len(line.text.lstrip())
    if row.startswith("{"):
        return begin, "this looks like JSON, and is read as TOML", 'a table begins with a line [feed], and under it stands title = "My notes"'
    if match := re.match(r"([\w-]+)\s*:\s*$", row):
        return line.column, "this looks like YAML, and is read as TOML", f"a table begins with a line [{match[1]}]"
    if match := re.match(r"([\w-]+)\s*:\s*(.+)$", row):
        return line.column, "between a key and its value stands =, and not :", _meant(f"{match[1]} = {_right(match[2])}")
    if row.startswith("- "):
        return begin, "this looks like a list in YAML, and is read as TOML", 'a list is written ["a", "b"]'
    if row.startswith("="):
        return begin, "there is no key before the =", 'for example title = "My notes"'
    return None


def _keys(line: _Line) -> Told | None:
    """Something before the = that is no key, or no = at all."""
    if not line.said.startswith(("Expected '='", "Invalid initial", "Invalid statement")) or "{" in line.plain:
        return None
    row = line.text.strip()
    if match := re.match(r"([\w-]+(?:\s+[\w-]+)+)\s*=\s*(.+)$", row):
        return line.column, "a key is one word", _meant(f"{'_'.join(match[1].split())} = {match[2]}")
    if match := re.match(r"([\w-]+)\s+(\S.*)$", row):
        return line.column, "a key needs = and a value", _meant(f"{match[1]} = {_right(match[2])}") or 'for example title = "My notes"'
    return line.column, "a key needs = and a value", 'for example title = "My notes"'


def _braces(line: _Line) -> Told | None:
    """A table on one line."""
    if "{" not in line.plain[: line.column + 1]:
        return None
    before = line.plain[: line.column].rstrip()
    if line.rest.startswith(":"):
        return line.column, "between a key and its value stands =, and not :", 'for example { name = "Ann Author" }'
    if before.endswith(",") and line.rest.startswith("}"):
        return len(before) - 1, "no comma stands before the }", "take the comma away"
    if "}" not in line.plain:
        return line.plain.rfind("{"), "the { of this table is not closed", "close it with } on the same line"
    return None


def _lists(line: _Line) -> Told | None:
    """Two things in a list with nothing between them; a list that is left open; several things outside of a list."""
    if line.said.startswith("Unclosed array"):
        if line.rest[:1] and line.rest[0] not in "]#":
            return line.column, "between two things in a list stands a comma", 'for example ["Ann", "Ben"]'
        return line.plain.rfind("["), "the [ of this list is not closed", "close it with ]"
    string = r"\"(?:\\.|[^\"\\])*\"|'[^']*'"
    if (pair := line.pair) and re.fullmatch(rf"(?:{string})(?:\s*,?\s*(?:{string}))+", pair[2]):
        return line.column, "a list stands in brackets", _meant(f"{pair[1]} = [{', '.join(re.findall(string, pair[2]))}]")
    if pair and re.search(r"[,;]$", pair[2]) and not _fails(f"x = {pair[2][:-1]}"):
        return line.column, f"no {pair[2][-1]} stands at the end of a line", _meant(f"{pair[1]} = {pair[2][:-1]}")
    return None


def _words(line: _Line) -> Told | None:
    """Words and numbers of other languages, and what needs quotes."""
    if not (pair := line.pair):
        return None
    key, value, column = pair[1], pair[2], pair.start(2)
    if not value:
        return column, f"{key} has no value", f"write one, or put a # before {key}"
    if value.startswith("="):
        return column, "one = is enough", _meant(f"{key} = {value.lstrip('= ')}")
    if value.lower() in ("none", "null", "nil", "undefined", "~"):
        return column, f"there is no {value} in TOML", f"what is not said holds by default: put a # before {key}"
    if truth := _TRUTHS.get(value.lower()):
        return column, f"{value} is no value in TOML", f"did you mean {key} = {truth}?"
    if re.fullmatch(r"[+-]?\d{1,3}([,.' ]\d{3})+", value) or re.fullmatch(r"0+\d+|\d+\.", value):
        return column, f"{value} is not how a number is written", f"did you mean {key} = {re.sub(r'[^0-9+-]', '', value).lstrip('0') or '0'}?"
    if re.match(r"\d{4}-\d\d-\d\d", value):
        return column, f"{value} is no date, and no text without quotes", _meant(f'{key} = "{value}"')
    if value[0] in "\"'":
        return _quotes(line, key, value)
    if re.match(r"""[^\[{"']+$""", value) and not re.fullmatch(r"[\d_]+", value):
        return column, "this is not a value: text stands in quotes", _meant(f'{key} = "{value}"') or "put quotes around it"
    if re.match(r"""[^\[{"']+["']$""", value):
        return column, "the quotes are closed and not opened", _meant(f"{key} = {value[-1]}{value}")
    return None


def _quotes(line: _Line, key: str, value: str) -> Told | None:
    if line.said.startswith(("Illegal character", "Unterminated", 'Expected "\'"')) and "\\" not in value and value.count(value[0]) == 1:
        return len(line.text.rstrip()), "the quotes are not closed", _meant(f"{key} = {value}{value[0]}") or "close them on the same line"
    if line.said.startswith("Expected newline"):
        return line.column, "nothing may stand behind a value", "put it into the quotes, or a # before it"
    return None


def _right(value: str) -> str:
    """A value as TOML has it: text in quotes."""
    return f'"{value}"' if _fails(f"x = {value}") else value


def _meant(right: str) -> str:
    """The suggestion, if it is TOML and short."""
    return "" if _fails(right) or len(right) > 80 or re.search(r"://[^/\s]*@", right) else f"did you mean {right}?"


def _others(line: _Line) -> Told | None:
    """What tomllib says, and what a person would."""
    for beginning, reason, hint in _SAID:
        if line.said.startswith(beginning):
            return line.column, reason, hint
    return None


_SAID = (
    ("Invalid hex value", "this is not a character", r"write \\ for a backslash, or put the text in 'single quotes'"),
    ("Unescaped '\\'", "a backslash stands alone", r"write \\, or put the text in 'single quotes'"),
    ("Illegal character '\\n'", "the quotes are not closed", "close them on the same line"),
    ("Illegal character", "here is a character that cannot be seen", r"take it away, or write \t for a tab"),
    ("Unterminated string", "the quotes are not closed", "close them on the same line"),
    ('Expected "\'"', "the quotes are not closed", "close them on the same line"),
    ("Expected newline", "nothing may stand behind a value", "write it on the next line, or put a # before it"),
    ("Invalid value", "this is not a value", 'text stands in quotes, for example title = "My notes"'),
    ("Duplicate inline table key", "this key is already there", "keep one of the two"),
)


_RULES: tuple[Callable[[_Line], Told | None], ...] = (_odd_letters, _comments, _headers, _other_formats, _braces, _lists, _words, _keys, _others)
