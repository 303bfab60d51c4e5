"""Whether a language model's answer may be published as the summary of an article. Words are not judged, only what can be checked.

The answer is data of unknown origin: of a model that errs, or of whoever wrote the article and hoped to speak through it. It is cleaned
as any text, and then every rule must find nothing: a rule is a function from the text and what the model was given to a reason, empty
if there is none. The reasons are ours alone, so that they can be logged, and told to the model when it is asked again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from feeder.text import clean, language, line, sentences

if TYPE_CHECKING:
    from feeder.model import Article

__all__ = ["BUDGET", "MOST", "Verdict", "judge", "material"]

MOST = 3  # sentences
BUDGET = 400  # characters
GIVEN = 12_000  # characters of the article that the model is given
LEAST = 12  # letters; of scripts that write a word in one or two, half of it
COMMON = 0.5  # share of the summary's words that the article must hold
SCRIPT = 0.8  # share of the summary's letters that must be of a script the article is written in
WIDE = "\u0e00"  # from here on (Thai, Chinese, Japanese, Korean), words are not told apart by spaces


@dataclass(frozen=True, slots=True)
class Verdict:
    """Either the summary as it may be published, or why the answer may not be."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class _Given:
    """What the model was given, as the rules compare it."""

    title: str
    text: str
    language: str | None

    @cached_property
    def plain(self) -> str:
        return _folded(self.text)

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(number for readings in _numbers(self.plain) for reading in readings for number in reading)


def material(article: Article) -> str:
    """Title and text of an article as the model is given them: whole blocks, as many as it can be expected to read."""
    taken, left = [line(article.title)], GIVEN
    for block in article.blocks:
        if len(block.text) > left:
            taken.append(_cut(block.text, left) if left == GIVEN else "")
            break
        taken.append(block.text)
        left -= len(block.text)
    return "\n\n".join(filter(None, taken))


def judge(answer: str, article: Article, *, whole: bool = True) -> Verdict:
    """The summary in a model's answer, or why it has none. `whole` is False for an answer that was cut off: its last sentence is not used."""
    said = _plain(answer)
    if not said:
        return Verdict("", "it was empty")
    text = _within(said, article.language, whole=whole)
    if not text:
        return Verdict("", f"its first sentence was longer than {BUDGET} characters" if whole else "it was cut off")
    given = _Given(line(article.title), material(article), article.language)
    return next((Verdict("", reason) for rule in _RULES if (reason := rule(text, given))), Verdict(text))


def _cut(text: str, limit: int) -> str:
    head = text[:limit]
    return head.rpartition(" ")[0] or head


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


# --- plain text -------------------------------------------------------------------------------------------------------

_LABELS = (
    "summary|tl;?dr|zusammenfassung|kurzfassung|résumé|resumen|riassunto|sintesi|resumo|samenvatting|sammanfattning|sammendrag|streszczenie|"
    "podsumowanie|краткое содержание|резюме|підсумок|короткий зміст|özet|ملخص|الملخص|خلاصه|خلاصہ|תקציר|סיכום|सारांश|সারাংশ|摘要|总结|概要|要約|요약|"
    "tóm tắt|ringkasan|สรุป"
)
_LABEL = re.compile(rf"[#>\s]*(?:{_LABELS})\s*[:：]\s*", re.IGNORECASE)
_QUOTED = {'"': '"', "“": "”", "„": "“", "«": "»", "»": "«", "「": "」", "『": "』", "‘": "’"}
_JOINERS = "\u200c\u200d"  # they are spelling in Persian and the scripts of India


def _plain(answer: str) -> str:
    """The answer on one line, without what models put around it: their thoughts, a label, emphasis, quotation marks."""
    text = clean(answer).rpartition("</think>")[2].replace("**", "").replace("`", "")
    text = "".join(c for c in text if c in _JOINERS or unicodedata.category(c) != "Cf")
    text = line(_LABEL.sub("", line(text), count=1) if _LABEL.match(line(text)) else text)
    inner = text[1:-1]
    if text and _QUOTED.get(text[0]) == text[-1] and not {text[0], text[-1]} & {*inner}:
        return line(inner)
    return text


def _within(text: str, tag: str | None, *, whole: bool) -> str:
    """As many whole sentences from the start as the budget holds."""
    found = list(sentences(text, tag))
    end, at = 0, 0
    for sentence in found[:MOST] if whole else found[:-1][:MOST]:
        at = text.index(sentence, at) + len(sentence)
        if at > BUDGET:
            break
        end = at
    return text[:end]


# --- markup, addresses, talk ------------------------------------------------------------------------------------------

_MARKUP = re.compile(r"</?[a-z!][^>]*>?|&(?:[a-z]+|#\w+);|\]\(|__|^(?:[-*•#>|]|\d+[.)])\s|\ufffd", re.IGNORECASE)
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]*:[^\s\d]\S*|www\.\S+|\S*@\S+|[^\W_][\w-]*(?:\.[\w-]+)*\.[^\W\d_]{2,}\S*"
    r"|[\w-]+\s*[\[({]\s*(?:\.|dot|at)\s*[\])}]\s*\w+|[\w-]+\s+dot\s+(?:com|org|net|info|io)\b"
)
_AROUND = ".,;:!?()[]{}<>\"'“”„«»‚‘…。、，"
_TALK = re.compile(
    r"\bas an ai\b|language model|\bi(?:'m| am) (?:sorry|unable)|\bi (?:can't|cannot|can not)\b"
    r"|^(?:sure|certainly|of course|okay|ok|absolutely)\b[,!.:]"
    r"|\bhere(?:'s| is| are) (?:an?|the|your|one|two|three)\b|\b(?:provided|above|given) (?:text|article)\b"
    r"|\bsystem prompt\b|\b(?:previous|earlier|my) instructions\b"
    r"|\bals ki\b|sprachmodell|\bich kann (?:leider )?(?:nicht|kein)|^hier ist (?:eine|die)\b|taalmodel|språkmodell"
    r"|en tant qu'ia|modèle de langage|^voici (?:un|le)\b|\bje ne peux pas\b|^ecco (?:un|il)\b|modello linguistico"
    r"|modelo de l(?:enguaje|inguagem)|^aquí (?:está|tienes)\b|\bno puedo\b"
    r"|model językowy|языковая модель|мовна модель|dil modeli|نموذج لغوي|مدل زبانی|מודל שפה|भाषा मॉडल|mô hình ngôn ngữ|model bahasa"
    r"|语言模型|言語モデル|언어 모델|^(?:好的|当然|以下是|以下は)|抱歉|申し訳"
)


def _markup(text: str, given: _Given) -> str:
    return "" if _held(_MARKUP.findall(text), given) else "it held markup"


def _address(text: str, given: _Given) -> str:
    found = (address.strip(_AROUND) for address in _ADDRESS.findall(_folded(text)))
    return "" if _held(found, given) else "it held an address that the article does not hold"


def _talk(text: str, given: _Given) -> str:
    return "" if _held(_TALK.findall(_folded(text)), given) else "it spoke of itself, and not of the article"


def _held(found: Iterable[str], given: _Given) -> bool:
    return all(_folded(word) in given.plain for word in found)


# --- numbers ----------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"\d{1,3}(?: \d{3})+(?!\d)|\d+(?:[.,'٫٬]\d+)*")
_SEPARATOR = re.compile(r"\D")


def _number(text: str, given: _Given) -> str:
    for readings in _numbers(_folded(text)):
        if not any(given.numbers.issuperset(reading) for reading in readings):
            return "it held a number that the article does not hold"
    return ""


def _numbers(text: str) -> Iterator[list[tuple[str, ...]]]:
    """What each figure of a text may mean: one number, several, or with spaces between either.

    1,000 and 1.000 and 1 000 are one number, in the digits of any script; a date or a version is several.
    """
    for found in _NUMBER.finditer(text):
        parts, marks = [_digits(part) for part in _SEPARATOR.split(found[0])], _SEPARATOR.findall(found[0])
        value = _value(parts, marks)
        several = tuple(_value([part], []) for part in parts)
        yield [*([(value,)] if value else []), *([several] if not value or " " in marks else [])]


def _digits(part: str) -> str:
    return "".join(str(unicodedata.digit(digit)) for digit in part)


def _value(parts: list[str], marks: list[str]) -> str:
    """The one number that the parts are: "1,234,567", "1 000", "12,34,567", "1.5", "1.234,56"; empty for what is none, as "12.3.2024"."""
    if not marks:
        return parts[0].lstrip("0") or "0"
    if len(marks) > 1 and marks[-1] not in marks[:-1]:  # another mark than before: a fraction follows
        whole = _value(parts[:-1], marks[:-1])
        return ".".join(filter(None, (whole, parts[-1].rstrip("0")))) if whole and "." not in whole else ""
    if len(set(marks)) == 1 and len(parts[-1]) == 3 and len(parts[0]) <= 3 and parts[0][0] != "0" and {len(part) for part in parts[1:-1]} <= {2, 3}:
        return "".join(parts)
    if len(parts) == 2:
        return ".".join(filter(None, (parts[0].lstrip("0") or "0", parts[1].rstrip("0"))))
    return ""


# --- words ------------------------------------------------------------------------------------------------------------

# Languages that are told apart with difficulty in a few sentences: an article in one may be summarized in what looks like another.
_NEAR = tuple(map(frozenset, (("no", "nb", "nn", "da"), ("hr", "sr", "bs", "sh"), ("id", "ms"), ("cs", "sk"), ("fa", "prs"), ("zh", "yue", "wuu"))))


def _tongue(text: str, given: _Given) -> str:
    found, stated = language(text), (given.language or "").partition("-")[0].lower()
    expected = {tag for tag in (stated, language(given.text)) if tag}
    near = any(found in tags and expected & tags for tags in _NEAR)
    if found and expected and found not in expected and not near:
        return "it was in another language"
    theirs, ours = _scripts(given.text[:GIVEN]), _scripts(text)
    usual = {script for script, count in theirs.items() if count * 20 >= theirs.total()}
    alike = sum(count for script, count in ours.items() if script in usual)
    return "" if alike >= SCRIPT * ours.total() else "it was in another script"


def _scripts(text: str) -> Counter[str]:
    return Counter(unicodedata.name(c, "").partition(" ")[0] for c in text if c.isalpha())


def _title(text: str, given: _Given) -> str:
    return "it repeated the title" if _words(text) == _words(given.title) else ""


def _once(text: str, given: _Given) -> str:
    said = sentences(text, given.language)
    return "" if len({*said}) == len(said) else "it repeated itself"


def _length(text: str, _given: _Given) -> str:
    letters = sum(2 if c >= WIDE else 1 for c in text if c.isalpha())
    return "" if letters >= LEAST else "it was too short"


def _overlap(text: str, given: _Given) -> str:
    """Most of its words, or their beginnings, are the article's: what an instruction in the article made the model say is not."""
    own, theirs = _stems(text), set(_stems(given.text))
    return "" if sum(stem in theirs for stem in own) >= COMMON * len(own) else "it had little in common with the article"


def _stems(text: str) -> list[str]:
    words = _words(text)
    narrow = [word for word in words if word < WIDE and not word.isdigit()]
    long = [word[:5] for word in narrow if len(word) > 3]
    pairs = [word[at : at + 2] for word in words if word >= WIDE for at in range(max(len(word) - 1, 1))]
    return (long or narrow) + pairs


def _words(text: str) -> list[str]:
    """Letters, digits and the marks that belong to them; all else parts words."""
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in _folded(text)).split()


_RULES = (_length, _markup, _title, _once, _talk, _address, _number, _tongue, _overlap)
