"""What stands in an article and is no part of its story: datelines, by-lines, credits, calls to subscribe, greetings. Data, and how to see it.

One string for a language or region; a new one is a line in a table and a case in the tests.
"""

from __future__ import annotations

import re
from functools import cache

__all__ = ["decides", "greets", "is_boilerplate", "is_field", "is_label", "is_minutes", "undated"]

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


_REPORTERS = (
    r"وكالات|رويترز|أ ف ب|واس|وفا|سانا|قنا|بنا|ایرنا|ایسنا|مهر|فارس|تسنیم|خبرنگار\w*|اسٹاف رپورٹر|نامہ نگار|نمائندہ خصوصی|اے پی پی"
    r"|भाषा|वार्ता|एजेंसी|एएनआई|पीटीआई|संवाददाता|নিজস্ব (?:প্রতিবেদক|প্রতিনিধি)|প্রতিনিধি|বাসস|ইউএনবি"
)
# "النخيلة - وكالات:", "گل‌دره - ایرنا -", "सोनपुरी, तीन मई (भाषा)", "نورآباد (اسٹاف رپورٹر)"
_UNCASED = re.compile(rf"[^()!?.:؟]{{2,40}}?(?:\s*[-–—]\s*(?:{_REPORTERS})\s*[-–—:]\s*|\s*\(\s*(?:{_REPORTERS})\s*\)\s*[-–—:]?\s*)")


def undated(text: str) -> str:
    """Return a paragraph without the dateline, agency mark or time stamp before its first sentence."""
    for _ in range(3):
        rest = text[_dateline(text) :]
        if rest == text or not rest:
            break
        text = rest
    return text


def _dateline(text: str) -> int:
    """Return the length of the dateline the text opens with, or 0."""
    for pattern in (_STAMPED, _SIGNED, _UNCASED, *_EASTERN):
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
_LABELS = {
    "en": (
        r"photos?|pictures?|images?|videos?|credits?|sources?|related(?: \w+)?|tags?|topics|categories|keywords|share|print|e-?mail|tweet"
        r"|comments?|caption|copyright"
        r"|photo credits?|image credits?|editor['’]?s? note|disclaimer|media contacts?|contacts?|by|published|updated|last updated|first published"
        r"|posted|advertisement|sponsored"
        r"|most (?:read|popular)|trending|recommended|newsletter|listen|watch|loading|close|menu|home"
    ),
    "de": (
        r"bild(?:er)?|bildquelle|fotos?|quellen?|mehr zum thema|zum thema|schlagwörter|stichworte|anzeige|werbung|stand|aktualisiert"
        r"|veröffentlicht|teilen|drucken|von"
    ),
    "fr": (r"crédits?(?: photo)?|vidéos?|publicité|publié|mis à jour|mots[- ]clés|partager|imprimer|par|sur le même sujet"),
    "es": (r"imagen|vídeos?|fuentes?|publicidad|publicado|actualizado|relacionad[ao]s?|etiquetas|compartir|imprimir|por"),
    "it": (r"immagine|fonti|fonte|pubblicità|pubblicato|aggiornato|condividi|stampa|di"),
    "pt": (r"imagem|publicidade|atualizado|crédito|compartilhar|partilhar"),
    "nl": (r"beeld|bron|advertentie|gepubliceerd|bijgewerkt|delen|door"),
    "pl": (r"fot\.?|zdjęcie|źródło|reklama|opublikowano|aktualizacja|udostępnij"),
    "ru uk": (r"фото|видео|источник|реклама|обновлено|опубликовано|поделиться|джерело|автор|текст"),
    "tr vi id th": (
        r"fotoğraf|kaynak|reklam|güncelleme|paylaş|ảnh|nguồn|quảng cáo|sumber|baca juga|penulis|giriş|ilgili haber|haberi paylaş|haber|โดย|ภาพ|อ่านเพิ่มเติม"
    ),
    "ar fa he hi bn ur": (r"صورة|المصدر|إعلان|تحرير|بقلم|تصوير|عکس|נכתב|מאת|צילום|लेखक|प्रस्तुति|লেখক|تحریر|फोटो|स्रोत|विज्ञापन|ছবি|সূত্র|বিজ্ঞাপন|تصویر|ماخذ"),
    "zh ja ko": (
        r"图片来源|圖片來源|图|圖|来源|來源|摄影|攝影|广告|廣告|责任编辑|責任編輯|编辑|記者|记者|写真|画像|出典|広告|提供|사진|출처|광고|기자"
    ),
}
# These open no sentence of a story. One line per language.
_CALLS = {
    "en": (
        r"subscribe\b|sign (?:up|in) (?:for|to|now|here|or)\b|click (?:here|on|to|the)\b|tap here\b|scroll (?:down|for)\b"
        r"|read (?:more|also|next|the full|our)\b|see (?:also|more)\b"
        r"|watch (?:now|the video|below)\b|listen to this\b|follow (?:us\b|@|[\w ]{1,30} on (?:twitter|facebook|x|instagram)\b)|like us on\b"
        r"|join (?:us on|our)\b|download (?:our|the) app\b"
        r"|share (?:this|on|via|with)\b|continue reading\b|skip to\b|advertisement\b|sponsored (?:content|by)\b|all rights reserved\b"
        r"|copyright \W?\d|©|\(c\)|ⓒ|we use cookies\b"
        r"|(?:photo|image|picture|video|illustration)s? (?:by|via|courtesy|credit)\b|courtesy of\b|get (?:the|our) (?:latest|newsletter|app)\b"
        r"|thank you (?:all\b|everyone|to (?:all|everyone|the \d+ of you))|thanks (?:to (?:all|everyone) who|everyone|all)\b|leave a comment\b|we may earn\b"
        r"|this (?:article|story|post) (?:was|has been|is|first|originally) (?:first |originally )?"
        r"(?:published|updated|appeared|reprinted|part of|sponsored|brought)\b|story continues\b"
        r"|last (?:updated|modified)\b|(?:image|photo|video|media) caption\b|please enable\b|you (?:may|might) also like\b|more on this story\b"
        r"|enter your e-?mail\b|refresh this page\b|more (?:details|information) (?:will follow|to follow|soon)\b|this is a developing story\b|send (?:it|them) to\b"
        r"|that['’]s all (?:for|from)\b|see you (?:next|soon)\b|(?:interview|text|words|report) by\b|(?:the )?slides are\b"
    ),
    "de": (
        r"weitere (?:einzelheiten|informationen|details) (?:\w+ ){0,3}(?:nicht|folgen)\b|(?:bitte )?(?:die )?seite (?:neu laden|aktualisieren)\b|das gespräch führte\b"
        r"|(?:jetzt )?(?:abonnieren|anmelden) sie\b|lesen sie (?:auch|hier|mehr|dazu|weiter)\b|mehr (?:dazu|lesen|erfahren)\b|weiterlesen\b"
        r"|hier klicken\b|klicken sie\b|folgen sie uns\b"
        r"|alle rechte vorbehalten\b|(?:dieser|der) (?:artikel|text|beitrag) (?:ist|wurde|erschien) (?:zuerst|zuletzt|am|ein|erstmals)\b"
        r"|auch interessant\b|das könnte sie auch\b"
    ),
    "fr": (
        r"propos recueillis\b|entretien (?:réalisé|mené)\b|plus d['’]informations (?:à venir|suivront)\b|actualisez\b|(?:abonnez|inscrivez)-vous\b|(?:à )?lire (?:aussi|la suite|plus|également)\b|voir aussi\b|cliquez (?:ici|sur)\b|suivez-nous\b"
        r"|partagez (?:cet|sur)\b|tous droits réservés\b"
        r"|cet article (?:a été|est) (?:publié|réservé|initialement)\b|article réservé\b|il vous reste\b"
    ),
    "es": (
        r"suscrí(?:be|ba)\w*\b|regístr(?:ate|ese)\b|(?:lee|lea|leer|ver|vea) (?:también|más)\b|ha(?:z|ga) clic\b|síguenos\b|comparte (?:este|en)\b"
        r"|todos los derechos\b|este artículo (?:fue|se) publicad?\w*\b"
    ),
    "it": (
        r"grazie (?:di cuore|a tutti|a chi)\b|abbonati\b|iscriviti\b|leggi (?:anche|tutto|di più)\b|vedi anche\b|clicca qui\b|seguici\b|condividi su\b|tutti i diritti\b"
    ),
    "pt": (
        r"assine\b|inscreva-se\b|(?:leia|veja|saiba) (?:também|mais)\b|clique aqui\b|siga-nos\b|(?:com)?partilhe (?:este|esta|no)\b|todos os direitos\b"
    ),
    "nl": (
        r"meer informatie volgt\b|ververs\b|abonneer\b|lees (?:ook|meer|verder)\b|bekijk ook\b|klik hier\b|volg ons\b|deel (?:dit|op)\b|alle rechten\b"
    ),
    "pl": (
        r"odśwież\b|więcej informacji wkrótce\b|rozmawia(?:ł|ła)\b|(?:czytaj|zobacz|przeczytaj) (?:też|także|więcej|dalej|również)\b|zapisz się\b|kliknij\b|wszelkie prawa\b"
    ),
    "ru uk": (r"подпи(?:сывайтесь|шитесь)\b|(?:читайте|смотрите) (?:также|далее|ещё|еще)\b|все права\b|нажмите\b|читайте також\b|підписуйтесь\b"),
    "tr vi id": (
        r"abone ol\w*\b|devamını oku\w*\b|ayrıca okuyun\b|bizi takip\b|xem thêm\b|đọc (?:thêm|tiếp)\b|mời độc giả\b|theo dõi chúng tôi\b"
        r"|baca (?:juga|selengkapnya)\b"
    ),
    "ar hi bn ur": (r"اقرأ (?:أيضا|أيضًا|المزيد)|اشترك|تابعنا|جميع الحقوق|यह भी पढ़ें|और पढ़ें|सब्सक्राइब|আরও পড়ুন|আরো পড়ুন|یہ بھی پڑھیں|مزید پڑھیں"),
    "zh": (
        r"相关(?:阅读|新闻|链接|报道)|相關(?:閱讀|新聞)|延伸(?:阅读|閱讀)|点击(?:这里|此处|查看|阅读)|點擊|扫码|扫描|关注我们|订阅我们|分享到"
        r"|阅读更多|閱讀更多|版权(?:所有|声明)|未经授权"
    ),
    "ja": (r"それでは、?また|では、?また|ではまた|関連(?:記事|リンク)|続きを読む|あわせて読みたい|こちらをクリック|無断転載|フォローする|シェアする"),
    "ko": (r"관련 ?기사|더 ?보기|구독하|무단 ?전재|저작권자|기사제보|▶"),
}
_RIGHTS = (
    *("all rights reserved", "may not be reproduced", "may not be published", "alle rechte vorbehalten", "tous droits réservés"),
    *("todos los derechos reservados", "tutti i diritti riservati", "все права защищены", "版权所有", "無断転載", "무단전재", "무단 전재"),
)
_LABEL_WORDS = 8
_SMALL = frozenset(
    ("and", "und", "et", "y", "e", "en", "i", "och", "og", "for", "in", "the", "of", "at", "by", "von", "de", "van", "a.m.", "p.m.", "am", "pm")
)


def is_boilerplate(sentence: str, language: str | None) -> bool:
    """Tell a by-line, credit, call to subscribe or share, or a notice of rights from a sentence of the story.

    English ones stand among texts of every language (BCP 47); where the language is not known, those of all are looked for.
    """
    tag = (language or "").partition("-")[0].lower()
    lowered = sentence.lower()
    return _boilerplate(tag).match(sentence) is not None or any(map(lowered.__contains__, _RIGHTS))


@cache
def _boilerplate(tag: str) -> re.Pattern[str]:
    known = any(tag in tags.split() for tags in (*_LABELS, *_CALLS))
    labels, calls = ([text for tags, text in table.items() if not known or {"en", tag} & {*tags.split()}] for table in (_LABELS, _CALLS))
    return re.compile(rf"[\W_]{{0,6}}(?:(?:{'|'.join(labels)})(?:\s*[:：=＝/|©]|\W*$)|{'|'.join(calls)})", re.IGNORECASE)


def is_label(sentence: str) -> bool:
    """Tell a by-line, a section's name, a date or a time from a short sentence: it has no word in small letters."""
    words = sentence.strip(" .|-–—·•").split()
    if len(words) > _LABEL_WORDS or sentence[-1] in '!?"”»' or not any(map(str.isupper, sentence)):
        return False
    return sum(word[0].isupper() or word[0].isdigit() for word in words) * 2 >= len(words) and all(
        word in _SMALL or not word[0].islower() for word in words
    )


# --- greetings ------------------------------------------------------------------------------------------------------

# What opens a letter or a post and says nothing yet. One line per language.
_GREETINGS = (
    r"hello|hi|hey|dear|good (?:morning|afternoon|evening)|greetings|welcome|happy \w+[!.]|thanks|thank you|if you(?:['’]re| are) new|i hope|we hope|hope you|how are you|howdy",
    r"hallo|liebe[rs]?|guten (?:morgen|tag|abend)|servus|moin|grüezi|willkommen|herzlich willkommen|danke|vielen dank|ich hoffe|wir hoffen|hoffentlich",
    r"bonjour|bonsoir|salut|chers?|chères?|bienvenue|merci|j['’]espère|nous espérons",
    r"hola|buenos días|buenas (?:tardes|noches)|querid[oa]s?|estimad[oa]s?|bienvenid[oa]s?|gracias|espero que|esperamos que",
    r"ciao|buongiorno|buonasera|salve|car[iaeo]|gentili|benvenut[ioae]|grazie|spero che|speriamo",
    r"olá|oi|bom dia|boa (?:tarde|noite)|car[oa]s?|querid[oa]s?|bem-vind[oa]s?|obrigad[oa]|espero que|esperamos que",
    r"hallo|hoi|beste|goede(?:morgen|middag|navond)|welkom|bedankt|dank|ik hoop|we hopen",
    r"hej|hejsan|kära|god (?:morgon|kväll)|välkom\w+|tack|jag hoppas|vi hoppas",
    r"cześć|dzień dobry|drodzy|drogie?|szanowni|witaj\w*|witam\w*|dziękuj\w+|mam nadzieję|mamy nadzieję",
    r"(?:всем )?привет|здравствуйте|добрый (?:день|вечер)|доброе утро|дорогие|уважаемые|добро пожаловать|спасибо|надеюсь|надеемся",
    r"(?:всім )?привіт|вітаю|вітаємо|добрий (?:день|вечір)|доброго дня|дорогі|шановні|ласкаво просимо|дякую|дякуємо|сподіваюся|сподіваємося",
    r"merhaba|selam|sevgili|değerli|günaydın|iyi (?:günler|akşamlar)|hoş geldiniz|teşekkür\w*|umarım|umarız",
    r"مرحبا|مرحبًا|أهلا|أهلاً|السلام عليكم|أعزائي|أصدقائي|شكرا|نتمنى|أتمنى|سلام|درود|دوستان|امیدوارم|امیدواریم|با سلام|السلام علیکم|آداب|عزیز|امید ہے",
    r"שלום|היי|בוקר טוב|ערב טוב|חברים יקרים|ברוכים הבאים|תודה|אני מקווה|אנו מקווים",
    r"नमस्ते|नमस्कार|प्रिय|दोस्तों|धन्यवाद|आशा है|उम्मीद है|নমস্কার|প্রিয়|শুভেচ্ছা|আসসালামু আলাইকুম|ধন্যবাদ|আশা করি",
    r"xin chào|chào|kính gửi|thân gửi|cảm ơn|hy vọng|halo|hai|salam|selamat (?:pagi|siang|sore|malam|datang)|apa kabar|semoga|terima kasih|yang terhormat",
)
_WIDE_GREETINGS = (
    r"大家好|各位|亲爱的|親愛的|你好|您好|早上好|欢迎|歡迎|谢谢|感谢|感謝|こんにちは|こんばんは|おはようございます|皆さん|皆様|みなさん|いつも.{0,12}ありがとう"
    r"|お元気|[^。]{0,20}(?:ましたね|ですね)。$|ようこそ|안녕하세요|여러분|반갑습니다|감사합니다|สวัสดี|ขอบคุณ"
)
_GREETING = re.compile(rf"[\W_]{{0,3}}(?:(?:{'|'.join(_GREETINGS)})(?!\w)|{_WIDE_GREETINGS})", re.IGNORECASE)
_GREETING_LENGTH = 100
_EXCLAMATION = re.compile(r"(?:\S+\s+){0,4}\S+(?:\s[!！]+)?(?<=[!！])")


def greets(sentence: str) -> bool:
    """Tell a greeting, thanks or good wishes, or a short exclamation: what stands before the matter of a letter or a post."""
    return (len(sentence) <= _GREETING_LENGTH and _GREETING.match(sentence) is not None) or _EXCLAMATION.fullmatch(sentence) is not None


_FIELD = re.compile(r"[^\s:：]{1,20}(?:\s[^\s:：]{1,20}){0,2}\s?[:：]\s*[^\s:：]{1,20}(?:\s[^\s:：]{1,20}){0,4}")


def is_field(sentence: str) -> bool:
    """Tell a form's field from a sentence: "Chair: Ms R. Lund."."""
    if not _FIELD.fullmatch(sentence):
        return False
    value = re.split("[:：]", sentence, maxsplit=1)[1].split()
    return sum(not word[0].islower() for word in value) * 2 >= len(value)


# --- minutes --------------------------------------------------------------------------------------------------------

# In the titles of minutes, and what is decided in them. One line for a language. Compiled when they are first asked for, as few articles need them.
_MINUTES = (
    r"\b(?:minutes|protokoll\w*|compte rendu|procès-verbal|acta|verbale|ata|notulen|verslag|протокол\w*|tutanak|tutanağı|notulen|notulensi|risalah|biên bản)\b"
    r"|محضر|صورت‌?جلسه|פרוטוקול|कार्यवृत्त|কার্যবিবরণী|روداد|会议纪要|會議紀錄|议事录|議事録|회의록|รายงานการประชุม"
)
_DECIDED = (
    r"\b(?:agreed|decided|resolved|approved|voted|adopted|carried|beschließ\w*|beschlossen|stimm\w* .{0,80}zu\b|zugestimmt|genehmigt|angenommen|décid\w+|adopt\w+|approuv\w+"
    r"|acord\w+|aprob\w+|aprueb\w+|decid\w+|deliber\w+|approv\w+|aprov\w+|besl(?:uit|oten)\w*|besluta\w*|uchwal\w+|postanow\w+|решил\w*|постанов\w+|утвер\w+"
    r"|вирішил\w*|ухвал\w+|karar\w*|kabul ed\w+|memutuskan|menyetujui|disepakati|thống nhất|quyết định|thông qua)\b"
    r"|قرر|وافق|تقرر|تصویب|מחליט|החליט|אושר|निर्णय|সিদ্ধান্ত|فیصلہ|决定|決定|同意|通过|通過|可決|承認|의결|결정|가결|มีมติ|อนุมัติ"
)
_LAST_TIME = r"\b(?:minutes|protokoll?\w*|procès-verbal|acta|verbale|ata|notulen|протокол\w*|tutanak|notulen|biên bản)\b|agenda|повестк|議事|会议记录"


def is_minutes(title: str) -> bool:
    """Tell the minutes of a meeting by their title."""
    return re.search(_MINUTES, title, re.IGNORECASE) is not None


def decides(sentence: str) -> bool:
    """Tell a decision in minutes from the meeting's forms; that the last minutes were approved is form."""
    return re.search(_DECIDED, sentence, re.IGNORECASE) is not None and re.search(_LAST_TIME, sentence, re.IGNORECASE) is None
