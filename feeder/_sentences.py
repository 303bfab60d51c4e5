"""Where the sentences of one line end: sentencex proposes, and what is known of the language decides. No words here, only rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeder._abbreviations import words

if TYPE_CHECKING:
    from collections.abc import Collection

    from feeder._abbreviations import Words

__all__ = ["split"]

# sentencex takes quadratic time on open quotes and brackets: 1 µs a character at this size, 100 at a hundred times it.
_WINDOW = 2_000
# So far before and behind a place the rules look; for open quotation marks, so far before it.
_NEAR = 40
_FAR = 400
# Written without full stops: what looks like one belongs to an abbreviation.
_UNSTOPPED = frozenset(("th", "lo"))

_WIDE = "。！？।॥۔"
_ENDING = ".!?…؟" + _WIDE
_OPENING = "\"'“‘«„([{¿¡「『《【（"
_BOTH = "\"'”’"
_BRACKETS = ("(", "（")
_CLOSING = "\"'”’“»«›)]}」』》】）"
_NEVER_FIRST = tuple("”’›)]}」』》】）,;:，、：；،؛")
_STOP = re.compile(r"\.\s+")
_BRACKET = re.compile(r"\)(?<=[.!?…؟۔।]\))\s+")
_WIDE_BRACKET = re.compile("）(?<=[。！？]）)")
_QUOTE = re.compile(r"\b\"\B|\B\"|[“”„«»「」『』]")  # the mark inside ארה"ב is none
_FIRST = re.compile(r"[\W_]*(\w[^\s.,;:!?…।۔؟،\"”“»«()'’]*['’]?)(\.?)")

_JOINING = "-‐‑/_&@#º°ª"
_ROMAN = re.compile(r"[IVXL]{2,}\b")
_ORDINAL = re.compile(r"(?:^|\s)(?:\d{1,2}|[IVX]{2,})\.$")
_DOTTED = re.compile(r"(?:-?[^\W\d]{1,3}\.)+-?[^\W\d]{1,4}")
_DAY = re.compile(r"\d{1,2}\.")
_CLITIC = re.compile(r"['’]\w{1,2} ?[A-Z]")
_PARTICLES = frozenset(("de", "la", "le", "du", "di", "da", "do", "dos", "das", "del", "della", "lo", "el", "al", "von", "van", "der", "den"))

# What goes on behind a closed quotation: "Maria Reed asked.", "と言った。", "村民李明说。"
_SPEAKER = re.compile(r"(?!(?:He|She|They|It|We|I|You|The)\b)(?:[A-ZÀ-ÞĂĐĨŨƠƯẠ-Ỹ][\w.'’-]* ){1,4}(\w+)\b")
_JAPANESE = re.compile("[とがはをにのやへ]|など|って|も(?![うし])|で(?![もは])|な(?![おぜ])|か(?!れ)|だ(?![がか])")
_KOREAN = re.compile("이?라|[고며는은을를이가도와과로에의란하]|면서")
_CHINESE = re.compile("[^，。！？；：“”「」\\s]{0,15}(?:说|道|问|称|表示|說|問|稱|喊|回答|介绍|介紹)[，。：！]|的")


def split(row: str, tag: str) -> list[str]:
    """Return the sentences of one line, stripped, in linear time. `tag` is a primary language tag in lower case."""
    if tag in _UNSTOPPED:
        return list(filter(None, (row.strip(),)))
    known, found, start = words(tag), [], 0
    proposed = _proposed(row, tag)
    for end in _places(row, proposed, known):
        if _ends(row, start, end, known) if end in proposed else _is_missed(row, start, end, known):
            found.append(row[start:end].strip())
            start = end
    found.append(row[start:].strip())
    return list(filter(None, found))


def _proposed(row: str, tag: str) -> dict[int, None]:
    """Return the places where sentencex sees a sentence end, in order."""
    from sentencex import segment  # a compiled library: not for `feeder --help`

    found: dict[int, None] = {}
    start = place = 0
    while start < len(row):
        *parts, last = segment(tag, row[start : start + _WINDOW])
        for part in parts:
            start += len(part)
            doubtful = part[-1] != " " and (part[-1] in _OPENING or row[start] in _BOTH)
            place = max(place, _mended(row, place, start) if doubtful else start)
            found[place] = None
        # The last part may go on behind the window: it waits for the next one, unless it is most of the window itself.
        if not parts or len(last) > _WINDOW // 2 or start + len(last) == len(row):
            start += len(last)
    return found


def _mended(row: str, least: int, end: int) -> int:
    """Return the place before the quotation marks that open the next sentence, or behind the one that closes this one.

    sentencex puts them on the wrong side where it has lost count of them. The place is not below `least`.
    """
    place = end
    while place > least and row[place - 1] in _OPENING:
        place -= 1
    if place > least and row[place - 1].isspace() and not row[end].isspace():
        return place
    closed = row[end] in _BOTH and row[end + 1 : end + 2] == " " and end + 2 < len(row)
    return end + 2 if closed else end


def _places(row: str, proposed: dict[int, None], known: Words) -> Collection[int]:
    """Return where a sentence may end, in order: the proposed places, and others behind a full stop or a bracket."""
    found = [stop.end() for stop in _STOP.finditer(row)] if known.starts else []
    if ")" in row:
        found += [bracket.end() for bracket in _BRACKET.finditer(row)]
    if "）" in row:
        found += [bracket.end() for bracket in _WIDE_BRACKET.finditer(row)]
    others = [end for end in found if end not in proposed and end < len(row)]
    return sorted([*proposed, *others]) if others else proposed


def _ends(row: str, start: int, end: int, known: Words) -> bool:
    """Tell whether a sentence ends where sentencex says so."""
    first = row[end]
    if first in '"“«„':
        first = row[end + 1 : end + 2]
    plainly = first.isalpha() and not first.islower() and end - start > 2 and _is_plain_end(row, start, end, known)
    return plainly or not _goes_on(row, start, end, known)


def _is_plain_end(row: str, start: int, end: int, known: Words) -> bool:
    """Tell an end that needs no closer look, as most do: before a capital stands a mark, and before the mark no abbreviation."""
    mark = row[end - 2]
    if row[end - 1] != " ":
        return row[end - 1] in "。！？"
    if mark != ".":
        return mark in "?!؟।" or (mark in '"”' and row[end - 3] == ".")
    begin = max(row.rfind(" ", start, end - 2) + 1, start)
    word = row[begin : end - 2]
    alone = begin == start or row[begin - 2] != "."
    return alone and len(word) > 1 and word.isalpha() and not word.isupper() and word.lower() not in known.listed


def _goes_on(row: str, start: int, end: int, known: Words) -> bool:
    """Tell whether the sentence goes on behind a place that sentencex takes for its end."""
    head, tail = row[max(start, end - _NEAR) : end].rstrip(), row[end : end + _NEAR]
    body = head.rstrip(_CLOSING)
    if not body or body[-1] not in _ENDING:
        return False
    if tail.startswith(_NEVER_FIRST) or (not row[end - 1].isspace() and _is_inside_word(head, body, tail)):
        return True
    first = _FIRST.match(tail)
    if first is None or _is_lower(first[1], tail):
        return first is not None
    if body != head:
        return head[-1] in "》】" or _is_spoken(row[start], body, tail, known)
    if body[-1] in ".۔" and not body.endswith(".."):
        return _is_abbreviated(body, first, known)
    return body[-1] in ".…" and not _has_case(first[1])


def _is_missed(row: str, start: int, end: int, known: Words) -> bool:
    """Tell whether a sentence clearly ends where sentencex sees none end: its tables hold words that are no abbreviations."""
    head, tail = row[max(start, end - _NEAR) : end].rstrip(), row[end : end + _NEAR]
    first = _FIRST.match(tail)
    if first is None or _is_lower(first[1], tail):
        return False
    if head[-1] in ")）":
        return row[start : start + _NEAR].lstrip().startswith(_BRACKETS) and not head.endswith(("..)", "…)"))
    return _is_last(head, first, known) and _is_closed(row[max(start, end - _FAR) : end])


def _is_closed(text: str) -> bool:
    """Tell whether quotations and brackets are closed again."""
    return text.count("(") == text.count(")") and len(_QUOTE.findall(text)) % 2 == 0


def _is_last(head: str, first: re.Match[str], known: Words) -> bool:
    """Tell a word, or an abbreviation that may be the last one, before a word that opens a sentence."""
    word, pair = _last(head)
    names = {word, pair}
    if names & known.before or word.isdigit() or (names & known.number and _is_figure(first[1])):
        return False
    if _is_initial(word) and first[1].lower() in _PARTICLES:
        return False
    uncased = first[1][0].isalpha() and not _has_case(first[1]) and "." not in word
    ending = len(word) > 1 and (uncased or word in known.number or word[0].isdigit())
    return ending or _opens(first, known) or bool(names & known.end)


def _is_abbreviated(body: str, first: re.Match[str], known: Words) -> bool:
    """Tell whether the full stop at the end of the body belongs to an abbreviation, an initial or an ordinal number."""
    word, pair = _last(body)
    names = {word, pair}
    if names & known.before or (names & known.number and _is_figure(first[1])):
        return True
    opens = _opens(first, known)
    if known.ordinals and _ORDINAL.search(body):
        return not opens
    if word.isdigit():
        return len(word) == 4 and _DAY.match(first[0]) is not None
    if _is_initial(word) and first[1].lower() in _PARTICLES:
        return True
    if not known.starts or opens or first[1][0].isdigit() or names & known.end:
        return False
    return bool(names & known.inside) or _is_initial(word)


def _last(body: str) -> tuple[str, str]:
    """Return the last word without its full stop, in lower case, and the same with the short one before it: "b" and "z.b"."""
    found = body[:-1].lower().split()[-2:]
    if not found:
        return "", ""
    word = found[-1].lstrip(_OPENING).rpartition("'")[2].rpartition("’")[2]
    return word, found[0] + word if found[0][-1] == "." and len(found[0]) <= 4 else word


def _opens(first: re.Match[str], known: Words) -> bool:
    """Tell a word that opens sentences; one letter and a full stop is an initial."""
    return first[1].lower() in known.starts and not (len(first[1]) == 1 and first[2])


def _is_figure(word: str) -> bool:
    return word[0].isdigit() or _ROMAN.match(word) is not None


def _is_initial(word: str) -> bool:
    """Tell "J", "J.R.R" and "U.S"; in Chinese and Korean one character is a word."""
    return word < "\u1100" and (len(word) == 1 or _DOTTED.fullmatch(word) is not None)


def _is_lower(word: str, tail: str) -> bool:
    """Tell a word that opens no sentence from "iPhone", "'s Avonds" and Georgian, which has no capitals."""
    small = word[0].islower() and not "\u10d0" <= word[0] <= "\u10ff"
    return small and word[1:3].lower() == word[1:3] and not _CLITIC.match(tail)


def _has_case(word: str) -> bool:
    return word[0].lower() != word[0].upper()


def _is_eastern(text: str) -> bool:
    return "\u2e80" <= text[0] < "\uac00"


def _is_inside_word(head: str, body: str, tail: str) -> bool:
    """Tell whether a mark without a space behind it is a part of what it stands in: "S.A.", "TP.HCM", "n.º", "간다.\"고"."""
    if tail[0] in _JOINING:
        return True
    if body != head:
        return _KOREAN.match(tail) is not None
    part = body[:-1].replace("۔", ".").rpartition(".")[2].rpartition(" ")[2]
    if _has_case(tail):
        return (len(part) == 1 and part.isalnum()) or tail[1:2] == "." or (len(part) <= 4 and tail[:2].isalpha() and tail[:2].isupper())
    return body[-1] in ".۔" and tail[0].isalnum() and len(part) <= 2 and part < "\u1100"


def _is_spoken(opening: str, body: str, tail: str, known: Words) -> bool:
    """Tell whether the one who says so comes behind a closed quotation, or what it is a part of."""
    if _is_eastern(tail):
        return (_JAPANESE if "\u3041" <= tail[0] <= "\u30ff" else _CHINESE).match(tail) is not None
    if body[-1] not in "?!؟" or opening not in _OPENING or opening in _BRACKETS:
        return False
    speaker = _SPEAKER.match(tail)
    return speaker[1] in known.speech if speaker else not _has_case(tail)
