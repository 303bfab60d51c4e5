"""The summary an article brings along: its author's own, else its first sentences without datelines and boilerplate. No ranking.

News puts its summary first, so the first whole sentences are a floor that is hard to beat once they are clean. Three nets, each
wider than the one before, so that an article with any text has a summary:

    lead             whole sentences of paragraphs and quotes, at most 3 and 400 characters
    first fragments  what is no sentence (list items, captions, scripts without full stops), the same budget
    first words      headings, code and boilerplate too; at last the title

What is recognized as a dateline or as boilerplate is data, in the tables at the end: one string per language or region.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import TYPE_CHECKING

from feeder.model import Article, Block, Summary
from feeder.text import clean, line, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["summarize", "summarize_text"]

_MOST_SENTENCES = 3
_BUDGET = 400
# One sentence alone may exceed the budget, up to here; then it is cut within the budget, at a clause or a word.
_LONGEST = 600
_OWN_LONGEST = 1_000
# Of one block so much is looked at: three sentences and the boilerplate before them.
_LOOKED_AT = 3_000

_MOST_LOOKED_AT = 200

_PROSE = frozenset(("paragraph", "quote"))
_FRAGMENTS = frozenset(("paragraph", "quote", "item", "caption"))
_MATTER = frozenset(("item", "table", "code"))
_NETS = ((_PROSE, "lead"), (_FRAGMENTS, "first fragments"))


def summarize(article: Article) -> Summary:
    """Return the author's own summary if there is one, else the cleaned lead, else the best there is; empty for an empty article only."""
    if own := _own(article.summary or ""):
        return Summary(own, "author")
    for kinds, origin in _NETS:
        kept, reasons = _chosen(article, kinds, whole=kinds is _PROSE)
        if kept:
            return Summary(_cut(_joined(kept), _LONGEST), origin, tuple(reasons.items()))
    words = next((text for block in article.blocks if (text := line(block.text[:_LOOKED_AT]))), "")
    return Summary(_cut(words or line(article.title), _BUDGET), "first words" if words else "title")


def summarize_text(text: str, title: str | None, lang: str) -> str:
    """Return the summary of a plain text whose lines are its paragraphs: for measuring without a reader."""
    blocks = tuple(Block("paragraph", row) for row in text.splitlines() if row.strip())
    return summarize(Article(path="", title=title or "", content="", blocks=blocks, language=lang)).text


# --- the author's own -----------------------------------------------------------------------------------------------

_TAG = re.compile(r"</?(?:p|br|b|i|em|strong|a|span|div|code|q|u|s|small|sub|sup|mark|img|h[1-6]|ul|ol|li|blockquote)\b[^<>]*>", re.IGNORECASE)


def _own(summary: str) -> str:
    """Return what the author wrote as plain text on one line; over 1,000 characters it is no summary and is cut."""
    plain, tags = _TAG.subn(" ", summary)
    return _cut(line(clean(unescape(plain) if tags else plain)), _OWN_LONGEST)


# --- choosing -------------------------------------------------------------------------------------------------------


def _chosen(article: Article, kinds: frozenset[str], *, whole: bool) -> tuple[list[str], dict[str, str]]:
    """Return the first sentences that stand for the article, and for each one looked at why it is in or out.

    `whole` asks for whole sentences; without it fragments will do.
    """
    kept: list[str] = []
    reasons: dict[str, str] = {}
    title, full = _words(article.title[:_LOOKED_AT]), False
    for sentence in _candidates(article, kinds, kept):
        if (fault := _fault(sentence, title, whole=whole) or (_leaning(sentence, kept, reasons) if whole else None)) is not None:
            reasons.setdefault(sentence, f"dropped: {fault}")
        elif (again := _repeated(sentence, kept)) is not None:
            _replace(sentence, kept, again, reasons)
        elif full := bool(kept) and (len(kept) == _MOST_SENTENCES or len(_joined([*kept, sentence])) > _BUDGET):
            reasons[sentence] = "dropped: the budget is used up"
            break
        else:
            kept.append(sentence)
            reasons[sentence] = "kept"
    parts = _balanced(kept if full or _has_more(article, kinds) else _fewer(kept))
    return parts, reasons | dict.fromkeys(kept[len(parts) :], "dropped: it leaves a quotation open, or is the rest of the article")


def _candidates(article: Article, kinds: frozenset[str], kept: list[str]) -> Iterator[str]:
    """Give the first sentences in order. Datelines stand before the story, so they are looked for until something is `kept`."""
    looked = 0
    for block in article.blocks:
        if block.kind not in kinds:
            continue
        head = line(block.text[:_LOOKED_AT])
        found = _quoted(sentences(head if kept else _undated(head), article.language))
        yield from found[:-1] if len(block.text) > _LOOKED_AT and len(found) > 1 else found
        looked += 1 + len(found)
        if looked > _MOST_LOOKED_AT:
            return


def _quoted(found: Iterable[str]) -> list[str]:
    """Give a quotation mark that opens the next sentence back to it; the splitter takes it for the end of the one before."""
    parts, mark = [], ""
    for sentence in found:
        sentence, mark = mark + sentence, ""
        if sentence[-2:-1] == " " and not _is_balanced(sentence) and sentence[-1] in '"“«':
            sentence, mark = sentence[:-2].rstrip(), sentence[-1]
        parts.append(sentence)
    return parts


def _has_more(article: Article, kinds: frozenset[str]) -> bool:
    """Tell whether an article whose sentences are all in its summary holds something else: lists, tables, code."""
    return any(block.kind in _MATTER - kinds for block in article.blocks)


def _fewer(kept: list[str]) -> list[str]:
    """Return one or two sentences of an article that has no others: the summary is not the content again."""
    return kept[: max(1, min(2, len(kept) - 1))]


def _fault(sentence: str, title: list[str], *, whole: bool) -> str | None:
    words = _words(sentence)
    if not words:
        return "no words"
    if _same(words, title, share=0.9) and len(words) <= 1.5 * len(title):
        return "the title again"
    if _is_boilerplate(sentence):
        return _NO_STORY
    if whole and not _ended(sentence):
        return "not a whole sentence"
    return None


def _leaning(sentence: str, kept: list[str], reasons: dict[str, str]) -> str | None:
    """Tell labels before the first sentence, and what goes on about the author of an editor's note."""
    if not kept and _is_label(sentence):
        return _NO_STORY
    before, reason = next(reversed(reasons.items()), ("", ""))
    note = reason.endswith(_NO_STORY) and len(before) > _NOTE
    return _NO_STORY if note and _OF_THE_NOTE.match(sentence) else None


def _repeated(sentence: str, kept: list[str]) -> int | None:
    words = _words(sentence)
    return next((at for at, other in enumerate(kept) if _same(words, _words(other), share=0.8)), None)


def _replace(sentence: str, kept: list[str], at: int, reasons: dict[str, str]) -> None:
    """Keep the fuller one of two sentences that say the same: the shorter is a caption or subtitle before the story."""
    other = kept[at]
    if len(sentence) > len(other) and (len(kept) == 1 or len(_joined([*kept[:at], sentence, *kept[at + 1 :]])) <= _BUDGET):
        kept[at] = sentence
        reasons.update({other: "dropped: said more fully later", sentence: "kept"})
    else:
        reasons.setdefault(sentence, "dropped: says the same again")


# --- sentences as characters ----------------------------------------------------------------------------------------

_NO_STORY = "no part of the story"
# A note has some length; the shorter labels are about nobody.
_NOTE = 40
_OF_THE_NOTE = re.compile(r"(?:he|she|they|his|her|their|the (?:views|opinions)|follow|er|sie|il|elle)\b", re.IGNORECASE)
# The vowel signs of Indic scripts are left out, which compares their words by the consonants.
_WORD = re.compile(r"\w+")
_ENDED = re.compile(r"[.!?…。！？｡।॥۔؟։።။៕།]\s?['\"”’»«“)\]」』】）›]*$")
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff65]")
_CLAUSE = re.compile(r"[,;:،؛](?=\s)|[、，；：]|\s[–—-](?=\s)")
_SPACE = re.compile(r"\s")
_PAIRS = ("()", "[]", "«»", "「」", "『』", "（）", "【】", "‹›")


def _ended(text: str) -> bool:
    """Tell whether the text ends as a sentence does, quotation marks and brackets after the full stop included."""
    return _ENDED.search(text, max(0, len(text) - 8)) is not None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _same(some: list[str], others: list[str], *, share: float) -> bool:
    """Tell whether two texts say the same: nearly all words of the shorter are in the longer. Three words are too few to tell."""
    if len(some) < 4 or len(others) < 4:
        return bool(some) and some == others
    one, two = set(some), set(others)
    return len(one & two) >= share * min(len(one), len(two))


def _joined(parts: list[str]) -> str:
    """Return the sentences as one text: no space where Chinese or Japanese meet, a semicolon after what is no sentence."""
    text = parts[0]
    for part in parts[1:]:
        if _WIDE.match(part) and (_WIDE.match(text[-1]) or _ended(text)):
            text += part
        else:
            text += (" " if _ended(text) or text[-1] in ":,;-–—" else "; ") + part
    return text


def _balanced(kept: list[str]) -> list[str]:
    """Leave out last sentences that open a quotation or bracket they do not close, where that leaves any."""
    return next((kept[:size] for size in range(len(kept), 0, -1) if _is_balanced(" ".join(kept[:size]))), kept)


def _is_balanced(text: str) -> bool:
    if any(text.count(pair[0]) != text.count(pair[1]) for pair in _PAIRS) or text.count('"') % 2:
        return False
    low, left, right = text.count("„"), text.count("“"), text.count("”")
    if low:  # „German“, „Polish”
        return low == left + right
    return left == right if left else right % 2 == 0  # “English”, ”Swedish”


def _cut(text: str, longest: int) -> str:
    """Return a text of over `longest` characters cut within the budget: at a clause, else at a word, with an ellipsis."""
    if len(text) <= longest:
        return text
    head = text[: min(longest, _BUDGET)]
    clauses = [mark.start() for mark in _CLAUSE.finditer(head)]
    words = [mark.start() for mark in _SPACE.finditer(head)]
    ends = [end for end in (*reversed(clauses), *reversed(words)) if end * 2 > len(head)]
    end = next((end for end in ends if _is_balanced(head[:end])), ends[0] if ends else len(head) - 1)
    while end > 1 and unicodedata.category(text[end])[0] in "MC":
        end -= 1
    return text[:end].rstrip(" ,;:–—-،、，；：") + "…"


# --- datelines ------------------------------------------------------------------------------------------------------

_AGENCIES = (
    r"CNN|AP|Associated Press|Reuters|Thomson Reuters|AFP|UPI|dpa|EFE|Xinhua|CBS|NBC|ABC|BBC|Bloomberg|Kyodo|Yonhap|TASS|ANSA|Adnkronos"
    r"|Europa Press|AAP|"
    r"PA|PTI|ANI|IANS|Anadolu|AA|APA|ATS|SDA|Belga|ANP|NTB|TT|Ritzau|STT|ČTK|TASR|PAP|MTI|Agerpres|Lusa|Notimex|Interfax|RIA|CP|Canadian Press"
    r"|Jiji|WAM|SPA|KUNA|"
    r"QNA|MENA|IRNA|TNS|CNS|ТАСС|Интерфакс|РИА|УНІАН|Укрінформ|رويترز|أ ف ب|وفا|एएनआई|पीटीआई|भाषा"
)
_DASH = r"(?:-{1,3}|[–—―]|[.।]\s?[-–—]?|=|:)"
_CREDITED = re.compile(rf"([^()\[\]!?]{{0,70}})[(\[]\s*((?:{_AGENCIES})\b[^()\[\]]{{0,40}}|[^()\[\]]{{2,40}})[)\]](\s*)({_DASH}?)\s*")
_AGENCY = re.compile(rf"(?:{_AGENCIES})\b")
_PLACED = re.compile(r"([^()!?]{2,70}?)(?:\s*[—―]\s*|\s+(?:-{1,3}|–)\s+|\s?--\s?)")
_STAMPED = re.compile(
    r"(?:\w+,\s+)?(?:\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\w+\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}|\d{1,2}\s\w+\s\d{4}),?\s+(?:at\s)?\d{1,2}[:.]\d{2}(?::\d\d)?\s?(?:[ap]\.?m\b\.?)?"
    r"(?:\s?(?:(?-i:[A-Z]{2,4})|Uhr)\b)?(?:\s?[|–—-])?\s+",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"By [A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){1,3}, (?:[A-Z]{2,} )+(?=[A-Z][a-z])")
# "МОСКВА, 3 мая. /ТАСС/." and "Москва. 3 мая. Интерфакс -"
_SLASHED = re.compile(rf"([^()!?/]{{2,60}}?)(?:\s*/\s*(?:{_AGENCIES})\s*/\.?|\.\s(?:{_AGENCIES})\s[-–—])\s*", re.IGNORECASE)
_EASTERN = (
    re.compile(r"(?:[［【〔][^］】〕]{1,30}[］】〕]|\[[^\]]{2,30}\](?=\s))\s*[-－–—―]?\s*"),
    re.compile(r"[(（][^()（）=＝]{1,12}[=＝][^()（）=＝]{1,12}[)）]\s*(?:[^=＝.。]{1,40}기자\s*[=＝]\s*)?"),
    re.compile(
        r"(?:[^\s，。、（(]{0,8}(?:社|网|網)[^\s，。（）()]{0,12}\d{1,2}日(?:电|電|讯|訊)|本报讯|本報訊)\s*(?:[（(][^（）()]{1,40}[）)])?\s*[:：]?\s*"
    ),
)


def _undated(text: str) -> str:
    """Return a paragraph without the dateline, agency mark or time stamp before its first sentence."""
    for _ in range(3):
        rest = text[_dateline(text) :]
        if rest == text or not rest:
            break
        text = rest
    return text


def _dateline(text: str) -> int:
    """Return the length of the dateline the text opens with, or 0."""
    for pattern in (_STAMPED, _SIGNED, *_EASTERN):
        if found := pattern.match(text):
            return found.end()
    if (found := _CREDITED.match(text)) and _is_credit(found):
        return found.end()
    if (found := _SLASHED.match(text)) and _opens(text[found.end() :]) and _is_place(found[1]):
        return found.end()
    if (found := _PLACED.match(text)) and _opens(text[found.end() :]) and _is_placed(found[1]):
        return found.end()
    return 0


def _is_credit(found: re.Match[str]) -> bool:
    """Tell a "LONDON, England (CNN) --" from a bracket in a sentence: "The agency (AP) said"."""
    place, source, gap, dash = found.groups()
    rest = found.string[found.end() :]
    set_off = bool(dash) or (not gap and _opens(rest))
    if not place.strip():
        return bool(_AGENCY.match(source)) or (set_off and source[0].isupper() and _opens(rest))
    if not (set_off and _is_place(place)):
        return False
    return bool(_AGENCY.match(source)) or (_is_loud(place) and dash not in ("", ".", "।", ":"))


def _is_placed(head: str) -> bool:
    """Tell a "BERLIN, May 3 —" or "Madrid, 3 may –" from the words before any dash."""
    return _is_place(head) and (_is_loud(head) or ("," in head and any(map(str.isdigit, head))))


def _is_place(head: str) -> bool:
    """Tell whether the words could be a place and a date: few, and hardly one in small letters."""
    words = head.split()
    return 0 < len(words) <= 9 and not words[0][0].islower() and sum(word[0].islower() for word in words) <= 2


def _is_loud(head: str) -> bool:
    """Tell whether the place, the words before a comma or a bracket, is in capitals."""
    place = re.split(r"[,(/]", head, maxsplit=1)[0].strip()
    return len(place) > 2 and place.isupper()


def _opens(rest: str) -> bool:
    """Tell whether a sentence could begin here."""
    start = rest.lstrip("\"'“‘«„(¿¡")[:1]
    return bool(start) and not start.islower() and (start.isalpha() or start.isdigit())


# --- boilerplate ----------------------------------------------------------------------------------------------------

# Alone, or before a colon, an equals sign or a credit's "/": labels. One line per language.
_LABELS = (
    r"photos?|pictures?|images?|videos?|credits?|sources?|related(?: \w+)?|tags?|topics|categories|keywords|share|print|e-?mail|tweet"
    r"|comments?|caption|copyright"
    r"|photo credits?|image credits?|editor['’]?s? note|disclaimer|media contacts?|contacts?|by|published|updated|last updated|first published"
    r"|posted|advertisement|sponsored"
    r"|most (?:read|popular)|trending|recommended|newsletter|listen|watch|loading|close|menu|home",
    r"bild(?:er)?|bildquelle|fotos?|quellen?|mehr zum thema|zum thema|schlagwörter|stichworte|anzeige|werbung|stand|aktualisiert"
    r"|veröffentlicht|teilen|drucken|von",
    r"crédits?(?: photo)?|vidéos?|publicité|publié|mis à jour|mots[- ]clés|partager|imprimer|par|sur le même sujet",
    r"imagen|vídeos?|fuentes?|publicidad|publicado|actualizado|relacionad[ao]s?|etiquetas|compartir|imprimir|por",
    r"immagine|fonti|fonte|pubblicità|pubblicato|aggiornato|condividi|stampa|di",
    r"imagem|publicidade|atualizado|crédito|compartilhar|partilhar",
    r"beeld|bron|advertentie|gepubliceerd|bijgewerkt|delen|door",
    r"fot\.?|zdjęcie|źródło|reklama|opublikowano|aktualizacja|udostępnij",
    r"фото|видео|источник|реклама|обновлено|опубликовано|поделиться|джерело|автор|текст",
    r"fotoğraf|kaynak|reklam|güncelleme|paylaş|ảnh|nguồn|quảng cáo|sumber|baca juga",
    r"صورة|المصدر|إعلان|फोटो|स्रोत|विज्ञापन|ছবি|সূত্র|বিজ্ঞাপন|تصویر|ماخذ",
    r"图片来源|圖片來源|图|圖|来源|來源|摄影|攝影|广告|廣告|责任编辑|責任編輯|编辑|記者|记者|写真|画像|出典|広告|提供|사진|출처|광고|기자",
)
# These open no sentence of a story. One line per language.
_CALLS = (
    r"subscribe\b|sign (?:up|in) (?:for|to|now|here|or)\b|click (?:here|on|to|the)\b|tap here\b|scroll (?:down|for)\b"
    r"|read (?:more|also|next|the full|our)\b|see (?:also|more)\b"
    r"|watch (?:now|the video|below)\b|listen to this\b|follow (?:us\b|@|[\w ]{1,30} on (?:twitter|facebook|x|instagram)\b)|like us on\b"
    r"|join (?:us on|our)\b|download (?:our|the) app\b"
    r"|share (?:this|on|via|with)\b|continue reading\b|skip to\b|advertisement\b|sponsored (?:content|by)\b|all rights reserved\b"
    r"|copyright \W?\d|©|\(c\)|ⓒ|we use cookies\b"
    r"|(?:photo|image|picture|video|illustration)s? (?:by|via|courtesy|credit)\b|courtesy of\b|get (?:the|our) (?:latest|newsletter|app)\b"
    r"|leave a comment\b|we may earn\b"
    r"|this (?:article|story|post) (?:was|has been|is|first|originally) (?:first |originally )?"
    r"(?:published|updated|appeared|reprinted|part of|sponsored|brought)\b|story continues\b"
    r"|last (?:updated|modified)\b|(?:image|photo|video|media) caption\b|please enable\b|you (?:may|might) also like\b|more on this story\b"
    r"|enter your e-?mail\b",
    r"(?:jetzt )?(?:abonnieren|anmelden) sie\b|lesen sie (?:auch|hier|mehr|dazu|weiter)\b|mehr (?:dazu|lesen|erfahren)\b|weiterlesen\b"
    r"|hier klicken\b|klicken sie\b|folgen sie uns\b"
    r"|alle rechte vorbehalten\b|(?:dieser|der) (?:artikel|text|beitrag) (?:ist|wurde|erschien) (?:zuerst|zuletzt|am|ein|erstmals)\b"
    r"|auch interessant\b|das könnte sie auch\b",
    r"(?:abonnez|inscrivez)-vous\b|(?:à )?lire (?:aussi|la suite|plus|également)\b|voir aussi\b|cliquez (?:ici|sur)\b|suivez-nous\b"
    r"|partagez (?:cet|sur)\b|tous droits réservés\b"
    r"|cet article (?:a été|est) (?:publié|réservé|initialement)\b|article réservé\b|il vous reste\b",
    r"suscrí(?:be|ba)\w*\b|regístr(?:ate|ese)\b|(?:lee|lea|leer|ver|vea) (?:también|más)\b|ha(?:z|ga) clic\b|síguenos\b|comparte (?:este|en)\b"
    r"|todos los derechos\b|este artículo (?:fue|se) publicad?\w*\b",
    r"abbonati\b|iscriviti\b|leggi (?:anche|tutto|di più)\b|vedi anche\b|clicca qui\b|seguici\b|condividi su\b|tutti i diritti\b",
    r"assine\b|inscreva-se\b|(?:leia|veja|saiba) (?:também|mais)\b|clique aqui\b|siga-nos\b|(?:com)?partilhe (?:este|esta|no)\b|todos os direitos\b",
    r"abonneer\b|lees (?:ook|meer|verder)\b|bekijk ook\b|klik hier\b|volg ons\b|deel (?:dit|op)\b|alle rechten\b",
    r"(?:czytaj|zobacz|przeczytaj) (?:też|także|więcej|dalej|również)\b|zapisz się\b|kliknij\b|wszelkie prawa\b",
    r"подпи(?:сывайтесь|шитесь)\b|(?:читайте|смотрите) (?:также|далее|ещё|еще)\b|все права\b|нажмите\b|читайте також\b|підписуйтесь\b",
    r"abone ol\w*\b|devamını oku\w*\b|ayrıca okuyun\b|bizi takip\b|xem thêm\b|đọc (?:thêm|tiếp)\b|mời độc giả\b|theo dõi chúng tôi\b"
    r"|baca (?:juga|selengkapnya)\b",
    r"اقرأ (?:أيضا|أيضًا|المزيد)|اشترك|تابعنا|جميع الحقوق|यह भी पढ़ें|और पढ़ें|सब्सक्राइब|আরও পড়ুন|আরো পড়ুন|یہ بھی پڑھیں|مزید پڑھیں",
    r"相关(?:阅读|新闻|链接|报道)|相關(?:閱讀|新聞)|延伸(?:阅读|閱讀)|点击(?:这里|此处|查看|阅读)|點擊|扫码|扫描|关注我们|订阅我们|分享到"
    r"|阅读更多|閱讀更多|版权(?:所有|声明)|未经授权",
    r"関連(?:記事|リンク)|続きを読む|あわせて読みたい|こちらをクリック|無断転載|フォローする|シェアする",
    r"관련 ?기사|더 ?보기|구독하|무단 ?전재|저작권자|기사제보|▶",
)
_BOILERPLATE = re.compile(
    rf"[\W_]{{0,6}}(?:(?:{'|'.join(_LABELS)})(?:\s*[:：=＝/|©]|\W*$)|{'|'.join(_CALLS)})",
    re.IGNORECASE,
)
_RIGHTS = (
    *("all rights reserved", "may not be reproduced", "may not be published", "alle rechte vorbehalten", "tous droits réservés"),
    *("todos los derechos reservados", "tutti i diritti riservati", "все права защищены", "版权所有", "無断転載", "무단전재", "무단 전재"),
)
_LABEL_WORDS = 8
_SMALL = frozenset(
    ("and", "und", "et", "y", "e", "en", "i", "och", "og", "for", "in", "the", "of", "at", "by", "von", "de", "van", "a.m.", "p.m.", "am", "pm")
)


def _is_boilerplate(sentence: str) -> bool:
    lowered = sentence.lower()
    return _BOILERPLATE.match(sentence) is not None or any(mark in lowered for mark in _RIGHTS)


def _is_label(sentence: str) -> bool:
    """Tell a by-line, a section's name, a date or a time from a short sentence: it has no word in small letters."""
    words = sentence.strip(" .|-–—·•").split()
    if len(words) > _LABEL_WORDS or sentence[-1] in '!?"”»' or not any(map(str.isupper, sentence)):
        return False
    return all(word in _SMALL or not word[0].islower() for word in words)
