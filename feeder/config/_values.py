"""Values: each function turns what was written into what is meant, or raises WrongError to finish the sentence that begins with the key."""

from __future__ import annotations

import difflib
import json
import math
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, TypeGuard, Union, get_args, get_origin
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, SecretStr

from feeder.clients import CLIENTS
from feeder.text import legal, line

__all__ = [
    "CATEGORIES",
    "TRUTHS",
    "Duration",
    "Folder",
    "Iri",
    "OneLine",
    "WrongError",
    "Zone",
    "bare",
    "closest",
    "credential",
    "crontab",
    "email_address",
    "folder",
    "host_name",
    "hub_address",
    "iri",
    "is_kind",
    "kind_name",
    "language_tag",
    "names_folder",
    "once_each",
    "one_line",
    "one_or_more",
    "podcast_category",
    "publisher_name",
    "reader_name",
    "renderer_name",
    "screen_color",
    "seconds",
    "secret_address",
    "shown",
    "size",
    "watchword",
    "web_address",
    "zone",
]


class WrongError(ValueError):
    """`every` + " " + reason is the sentence; without a hint the key's example is shown."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


LEAST = 16  # characters of a token
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # what follows would be shown from the other side
_LANGUAGES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "français": "fr",
    "spanish": "es",
    "español": "es",
    "italian": "it",
    "italiano": "it",
    "portuguese": "pt",
    "português": "pt",
    "dutch": "nl",
    "nederlands": "nl",
    "polish": "pl",
    "polski": "pl",
    "russian": "ru",
    "japanese": "ja",
    "日本語": "ja",
    "chinese": "zh",
    "中文": "zh",
    "arabic": "ar",
    "turkish": "tr",
    "swedish": "sv",
}
TRUTHS = {"true": "true", "yes": "true", "on": "true", "1": "true", "false": "false", "no": "false", "off": "false", "0": "false"}
_SIZES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def seconds(value: object) -> object:
    """A length of time in seconds."""
    if isinstance(value, str):
        if not re.fullmatch(r"\s*(?:[0-9]+(?:\.[0-9]+)?\s*(?:ms|[smhdw])\s*)+", value):
            raise WrongError(f"must be a length of time, not {shown(value)}", _meant_time(value))
        parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|[smhdw])", value)
        return math.fsum(float(number) * _UNITS[unit] for number, unit in parts)
    return value


def _meant_time(value: str) -> str:
    """What "5 minutes", "PT5M", "5" or a crontab was probably meant to be."""
    plain = unicodedata.normalize("NFKC", value).strip()
    if len(plain.split()) >= 5 or plain.startswith("@"):
        return "a crontab belongs in cron"
    if re.fullmatch(r"[0-9.]+", plain):
        return f'its unit is missing: "{plain}s", "{plain}m" or "{plain}h"'
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|mil|[smhdw])", plain.lower().removeprefix("p").replace("t", ""))
    right = " ".join(f"{number}{'ms' if unit == 'mil' else unit}" for number, unit in parts)
    right = right if re.sub(r"[^0-9.]", "", right) == re.sub(r"[^0-9.]", "", plain) else ""
    return f'did you mean "{right}"?' if right else 'a number and ms, s, m, h, d or w, for example "5m" or "1h 30m"'


def size(value: object) -> object:
    """A size in bytes."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmg]i?b|b)\s*", value.lower())
        if not match:
            plain = re.match(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmg]?)", unicodedata.normalize("NFKC", value).lower())
            right = f"{plain[1]}{plain[2].upper().replace('K', 'k')}B" if plain else ""
            hint = f'did you mean "{right}"?' if right else 'a number and B, kB, MB, GB, KiB, MiB or GiB, for example "10MB"'
            raise WrongError(f"must be a size, not {shown(value)}", hint)
        return int(float(match[1]) * _SIZES[match[2]])
    return value


def folder(value: object) -> object:
    """The path of a folder."""
    if not isinstance(value, str):
        return value
    if not names_folder(value):
        raise WrongError("must name a folder, without control characters", r"write \\ for a backslash" if "\t" in value or "\n" in value else "")
    if re.match(r"\$[A-Za-z_{]|%\w+%", value):
        raise WrongError(f"{shown(value)} is taken as it stands: variables are not filled in", "write the whole path, or ~ for your home folder")
    if re.match(r"[A-Za-z]{2,}://", value):
        raise WrongError(f"{shown(value)} is an address, and must be the name of a folder")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise WrongError(f"{shown(value)} begins with the home folder of somebody who is not known here", "write the whole path") from None


def names_folder(value: object) -> TypeGuard[str]:
    """Whether a value can be the name of a folder."""
    return isinstance(value, str) and bool(value.strip()) and not re.search(r"[\x00-\x1f]", value)


def zone(value: object) -> object:
    """A time zone by its name in the IANA database."""
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, "../etc", or a folder of zones such as "Europe"
        known = sorted(available_timezones())
        names = {name.rpartition("/")[2].lower(): name for name in known} | {name.lower(): name for name in known}
        close = closest(value.replace(" ", "_"), names)
        raise WrongError(f"{shown(value)} is not a known time zone", f'did you mean "{names[close]}"?' if close else "") from None


def one_line(value: str) -> str:
    """One line of text, without what could reorder or hide it."""
    plain = value.strip()
    if not line(plain):
        raise WrongError("must be one line of text, not empty")
    if "\n" in plain or "\r" in plain:
        raise WrongError("must be one line of text, and not several")
    for number, letter in enumerate(plain, 1):
        if not legal(letter) or unicodedata.category(letter) in ("Cc", "Zl", "Zp") or letter in _TURNING:
            name = unicodedata.name(letter, "tab" if letter == "\t" else "").lower()
            told = f"U+{ord(letter):04X}{f', {name}' if name else ''}"
            raise WrongError(f"must be one line of text without control characters: character {number} is {told}", "take it away")
    return line(plain)


def language_tag(value: str) -> str:
    """A language tag, BCP 47."""
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        return value
    guess = unicodedata.normalize("NFKC", value.strip()).partition(".")[0].replace("_", "-")
    guess = _LANGUAGES.get(guess.lower(), guess)
    hint = f'did you mean "{guess}"?' if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{2})?", guess) else ""
    raise WrongError(f"{shown(value)} is not a language tag (BCP 47)", hint)


def iri(value: str) -> str:
    """An absolute IRI, RFC 3987."""
    if re.fullmatch(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+""", value) and legal(value):
        return value
    bare = re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", value)
    raise WrongError(f"{shown(value)} is not an absolute address (IRI)", f'did you mean "urn:uuid:{value.lower()}"?' if bare else "")


def email_address(value: str) -> str:
    """An address that can stand in `atom:email`."""
    if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value) and legal(value):
        return value
    raise WrongError(f"{shown(value)} is not an e-mail address")


CATEGORIES = (
    *("Arts", "Business", "Comedy", "Education", "Fiction", "Government", "Health & Fitness", "History", "Kids & Family", "Leisure", "Music", "News"),
    *("Religion & Spirituality", "Science", "Society & Culture", "Sports", "Technology", "True Crime", "TV & Film"),
)


def podcast_category(value: str) -> str:
    """One of Apple's categories, with at most one below it."""
    first, *rest = (" ".join(part.split()) for part in value.split(">"))
    if first in CATEGORIES and len(rest) < 2 and all(rest):
        return " > ".join((first, *rest))
    close = next(iter(difflib.get_close_matches(first, CATEGORIES, 1)), "")
    raise WrongError(f"{shown(value)} is no category of podcasts", f'did you mean "{close}"?' if close else 'for example "Arts > Books"')


def screen_color(value: str) -> str:
    """A colour as "#rrggbb"."""
    bare = value.strip().lower()
    digits = bare.removeprefix("#")
    if not re.fullmatch(r"[0-9a-f]{3}|[0-9a-f]{6}", digits):
        raise WrongError(f"{shown(value)} is not a colour", 'red, green and blue with two digits each, for example "#1a5fb4"')
    if bare == digits:
        raise WrongError(f"{shown(value)} is not a colour", f'did you mean "#{digits}"?')
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def reader_name(value: str) -> str:
    """The name of a feed reader that a link can subscribe with."""
    name = re.sub(r"[^a-z0-9]", "", value.lower())
    if name in CLIENTS:
        return name
    close = closest(name, CLIENTS)
    hint = f'did you mean "{close}"?' if close else f"known are {', '.join(CLIENTS)}"
    raise WrongError(f"cannot name {shown(value)}, which is no feed reader that is known here", hint)


def web_address(value: str) -> str:
    """A folder address, in ASCII, that ends in "/"."""
    if "://" not in value:
        bare = re.sub(r"^https?:?/+", "", value.strip(), flags=re.IGNORECASE).rstrip("/")
        hint = f'did you mean "https://{bare}/"?' if re.match(r"[\w-]+\.\w|localhost|\[", bare) else ""
        raise WrongError(f"{shown(value)} is not a full web address", hint)
    if (place := _place(value)) is None:
        hint = f'did you mean "{value.strip()}"?' if value != value.strip() and _place(value.strip()) else ""
        raise WrongError(f"{shown(value)} is not a web address that begins with http:// or https://", hint)
    parts = urlsplit(value)
    if parts.query or parts.fragment or "@" in parts.netloc:
        plain = urlunsplit((parts.scheme, place, parts.path.rstrip("/") + "/", "", ""))
        raise WrongError("must be a plain folder address: no ?query, no #fragment, no user name", f'did you mean "{plain}"?')
    return urlunsplit((parts.scheme, place, quote(parts.path.rstrip("/"), safe=_IN_PATHS) + "/", "", ""))


def _place(value: str) -> str | None:
    """Host and port of a web address, in ASCII; None where it is none."""
    try:
        parts = urlsplit(value)
        port = "" if parts.port is None else f":{parts.port}"
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return None
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host) or parts.scheme not in ("http", "https") or re.search(r"[\s\x00-\x1f]", value):
        return None
    return (f"[{host}]" if ":" in host else host) + port


def hub_address(value: str) -> str:
    """A hub's address as it stands in feeds. The messages do not repeat it: a token may be in it."""
    if (place := _place(value)) is None:
        raise WrongError("must be web addresses that begin with https:// or http://")
    parts = urlsplit(value)
    if parts.fragment or "@" in parts.netloc:
        raise WrongError("must have no #fragment and no user name", "they stand in the feed, where everybody can read them")
    return urlunsplit((parts.scheme, place, quote(parts.path, safe=_IN_PATHS) or "/", quote(parts.query, safe=_IN_PATHS + "?"), ""))


def secret_address(value: SecretStr) -> SecretStr:
    """A web address that nothing shows: whoever knows it can speak for us."""
    word = value.get_secret_value().strip()
    if _place(word) is None or "@" in urlsplit(word).netloc:
        raise WrongError(
            "must be a web address that begins with https:// or http://, without a user name", "see what the variable, or its file, holds"
        )
    return SecretStr(word)


def one_or_more(value: object) -> object:
    """A list, where one alone need not be written as one."""
    return tuple(value if isinstance(value, list) else [value])


def once_each(values: tuple[str, ...]) -> tuple[str, ...]:
    """Each of a list once."""
    return tuple(dict.fromkeys(values))


def host_name(value: str) -> str:
    """Where to listen."""
    if re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]*::?[0-9A-Fa-f:.]*", value) and not re.fullmatch(r"[^:]+:\d+", value):
        return value
    if value in ("", "*"):
        raise WrongError(f"{shown(value)} is not a host name or an IP address", 'did you mean "0.0.0.0", everybody who can reach this machine?')
    raise WrongError(f"{shown(value)} is not a host name or an IP address", "without http:// and without the port, which has its own key")


def kind_name(value: str) -> str:
    """The name of a summarizer."""
    return _named(value, "summarizer")


def publisher_name(value: str) -> str:
    """The name of a publisher."""
    return _named(value, "publisher")


def renderer_name(value: str) -> str:
    """The name of a renderer."""
    return _named(value, "renderer")


def _named(value: str, noun: str) -> str:
    if is_kind(value):
        return value
    raise WrongError(f"{shown(value)} is not the name of a {noun}", "small letters, digits and hyphens")


def is_kind(value: str) -> bool:
    """Whether a word can be the name of a part."""
    return re.fullmatch(r"[a-z][a-z0-9_-]*", value) is not None


def credential(value: SecretStr) -> SecretStr:
    """A secret, never shown."""
    word = value.get_secret_value().strip()
    if re.fullmatch(r"[!-~]+", word):  # what may stand in a header of HTTP; the message never shows it
        return SecretStr(word)
    raise WrongError("must be one word of letters, digits and signs (ASCII)", "see that the variable, or the file it names, holds the key alone")


def watchword(value: SecretStr) -> SecretStr:
    """A secret that whoever can reach the server may guess at, as often as they like."""
    word = credential(value)
    if len(word.get_secret_value()) < LEAST:
        raise WrongError(f"must have at least {LEAST} characters", "`openssl rand -hex 16` makes one that nobody guesses")
    return word


_CRON = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NICKNAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def crontab(value: str) -> str:
    """The crontab with names as numbers and weekdays as names: crontab counts them from Sunday, APScheduler from Monday."""
    fields = value.lower().split()
    if len(fields) != 5:
        hint = f'did you mean "{_NICKNAMES[fields[0]]}"?' if fields[:1] and fields[0] in _NICKNAMES else ""
        hint = f'did you mean "{" ".join(fields[1:])}", without seconds?' if len(fields) == 6 else hint
        hint = hint or ("a length of time belongs in every" if re.search(r"\d\s*(ms|[smhd])\b", value) else "")
        raise WrongError(f"must have 5 fields, not {len(fields)}: minute, hour, day of the month, month, weekday", hint)
    _minutes, _hours, days, months, weekdays = (_cron_field(field, *bounds) for field, bounds in zip(fields, _CRON, strict=True))
    if len(days) < 31 and len({_DAYS[day] for day in weekdays}) < 7:
        raise WrongError("names both a day of the month and a weekday", "programs disagree whether one or both must fit: leave one of them *")
    if min(days) > max(_LONGEST[month - 1] for month in months):
        raise WrongError(f"never happens: there is no such day in {', '.join(_MONTHS[month - 1] for month in months)}")
    names = dict.fromkeys(_DAYS[day] for day in weekdays)
    fields[3] = "*" if len(months) == 12 else ",".join(map(str, months))
    fields[4] = "*" if len(names) == 7 else ",".join(names)
    return " ".join(fields)


def _cron_field(field: str, name: str, low: int, high: int) -> list[int]:
    """The numbers that one field stands for, sorted: "*", "*/15", "7", "1-5", "9-17/2", "mon-fri", and lists of these."""
    names = {"month": dict(zip(_MONTHS, range(1, 13), strict=True)), "weekday": dict(zip(_DAYS[:7], range(7), strict=True))}.get(name, {})
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(?:(\*)|([a-z]+|\d{1,3})(?:-([a-z]+|\d{1,3}))?)(?:/(\d{1,3}))?", part)
        words = (match[2], match[3] or match[2]) if match and not match[1] else (str(low), str(high))
        first, last = (names.get(word, int(word) if word.isdigit() else -1) for word in words)
        step = int(match[4] or 1) if match else 0
        sensible = not match or not match[4] or 1 <= step <= last - first  # "5/10" and "*/90" mean something else to each program
        if not step or not sensible or not low <= first <= last <= high:
            raise WrongError(
                f'cannot be: the {name} "{part}" is not *, {low}-{high}, a range or a step', 'for example "*/15", "7", "1-5" or "9-17/2"'
            )
        found.update(range(first, last + 1, step))
    return sorted(found)


_IN_PATHS = "/%:@!$&'()*+,;=~"
OneLine = Annotated[str, AfterValidator(one_line)]
Iri = Annotated[str, AfterValidator(iri)]
Duration = Annotated[float, BeforeValidator(seconds)]
Folder = Annotated[Path, BeforeValidator(folder)]
Zone = Annotated[ZoneInfo, BeforeValidator(zone)]


def bare(annotation: object, metadata: Iterable[object] = ()) -> tuple[object, tuple[object, ...]]:
    """A key's type without "or none", and all that is said beside it: bounds and the functions of this module."""
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        return bare(annotation, (*metadata, *more))
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (part for part in get_args(annotation) if part is not NoneType)
        return bare(annotation, metadata)
    return annotation, tuple(metadata)


# What people write who know other programs: difflib cannot see that an interval is an `every`.
_SYNONYMS = (
    "interval=every refresh=every frequency=every url=base_url link=base_url site_url=base_url home_page_url=base_url name=title description=subtitle"
    " tagline=subtitle limit=entries paginate=entries items=entries count=entries path=folder dir=folder directory=folder bind=host address=host"
    " listen=host copyright=rights license=rights tz=time_zone lang=language locale=language guid=id uuid=id summariser=kind hub=hubs llm=summary.llm"
    " site=feed channel=feed blog=feed general=feed params=feed web=serve http=serve source=input content=input articles=input destination=output"
    " public=output publish=output timer=schedule cron=schedule summaries=summary openai=summary.llm itunes=podcast pubsubhubbub=websub"
)
_ALSO_CALLED = dict(pair.split("=") for pair in _SYNONYMS.split())


def closest(word: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `word` was probably meant to be."""
    names = list(names)
    word = word.lower().replace("-", "_")
    return next(iter(difflib.get_close_matches(word, names, 1, 0.6)), None) or next((name for name in names if name == _ALSO_CALLED.get(word)), None)


def shown(value: object) -> str:
    """A value as its owner wrote it, more or less, and short."""
    if isinstance(value, dict | list | tuple):
        return "a table" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
