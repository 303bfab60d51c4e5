"""Sentences that lean on the one before them: they open with a pronoun or a connective, or with a quotation whose speaker came before. Data.

One string for a language: what opens such a sentence there. Where a language marks it inside the word (Arabic "wa-", Turkish verbs), only
the openings that are words of their own are listed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["asks", "leans", "unintroduced"]

_OPENINGS = {
    "en": r"he|she|it|they|this|that|these|those|his|her|hers|their|theirs|its|him|them|such|but|and|or|nor|so|however|meanwhile|also|yet|moreover"
    r"|furthermore|additionally|similarly|likewise|therefore|thus|hence|instead|still|nevertheless|nonetheless|besides|otherwise|afterwards?|later|both|another"
    r"|others|then|here|there|consequently|accordingly|subsequently|conversely|in (?:addition|contrast|fact|turn|other words|short|both cases)|as a result"
    r"|as such|for (?:example|instance|this reason)|after (?:that|this)|by contrast|on the (?:contrary|other hand)|at the same time|the (?:former|latter|same)"
    r"|one (?:of them|such|way|reason)|to (?:that|this) end|the (?:pair|couple|trio|duo)|neither|either|not only that|even so|that said|because of (?:this|that)",
    "de": r"er|sie|es|ihm|ihn|ihr|ihre[mnrs]?|seine?[mnrs]?|dies\w{0,2}|jene\w?|dessen|deren|denen|doch|aber|und|oder|denn|sondern|auch|zudem|außerdem|allerdings"
    r"|jedoch|dennoch|trotzdem|deshalb|deswegen|daher|darum|dadurch|dabei|dafür|dagegen|damit|danach|dann|davon|dazu|daraufhin|hingegen|stattdessen|ebenso"
    r"|ferner|schließlich|inzwischen|später|anschließend|hier|dort|so|beide|andere|das (?:ist|sei|war|gilt|heißt)|die (?:beiden|anderen)|zum beispiel"
    r"|im gegensatz|hinzu kommt|darunter|daneben|dort|somit|folglich|mit ihm|mit ihr",
    "fr": r"il|elle|ils|elles|ce|cela|ça|ceci|c['’]est|cet(?:te)?|ces|celui|celle|ceux|celles|son|sa|ses|leurs?|mais|et|ou|or|donc|car|cependant|toutefois|pourtant"
    r"|néanmoins|ainsi|aussi|puis|ensuite|enfin|alors|en effet|en outre|de plus|par ailleurs|par exemple|en revanche|au contraire|d['’]autre part|pour sa part"
    r"|de son côté|parallèlement|là|ici|dès lors|selon (?:lui|elle|eux)|tous deux|les deux|d['’]autres",
    "es": r"él|ella|ellos|ellas|ello|esto|eso|este|esta|estos|estas|es[ea]|es[oa]s|aquel\w*|su|sus|pero|y|e|o|sino|sin embargo|no obstante|además|también|tampoco"
    r"|así|por (?:eso|ello|tanto|lo tanto|su parte|ejemplo|el contrario|otra parte)|entonces|luego|después|en cambio|asimismo|igualmente|mientras tanto"
    r"|de hecho|ambos|otros|otras|allí|aquí|según (?:él|ella)|se trata",
    "it": r"egli|lui|lei|loro|esso|essa|essi|questo|questa|questi|queste|quest['’]\w*|quello|quella|quelli|quelle|suo|sua|suoi|sue|ma|e|ed|o|però|tuttavia"
    r"|inoltre|anche|così|quindi|dunque|pertanto|poi|infine|invece|infatti|ad esempio|per esempio|al contrario|nel frattempo|entrambi|altri|altre|lì|qui|intanto",
    "pt": r"ele|ela|eles|elas|isto|isso|este|esta|estes|estas|esse|essa|esses|essas|aquel\w*|seu|sua|seus|suas|mas|e|ou|porém|contudo|todavia|no entanto|entretanto"
    r"|além d\w+|também|assim|portanto|por isso|então|depois|em seguida|por outro lado|por exemplo|já|ambos|outros|outras|ali|aqui|segundo (?:ele|ela)|trata-se",
    "nl": r"hij|zij|ze|het (?:is|was|gaat)|dit|dat|deze|die|zijn|haar|hun|hen|maar|en|of|want|toch|echter|ook|bovendien|daarnaast|daarom|daardoor|daarbij|daarna"
    r"|daarvoor|daarmee|dus|dan|toen|verder|tevens|intussen|vervolgens|later|hier|daar|beide|andere|bijvoorbeeld|zo|volgens (?:hem|haar|hen)",
    "sv": r"han|hon|den (?:är|var|har|kan)|det (?:är|var|har|kan|gäller|innebär)|de|dessa|denna|detta|dess|deras|hans|hennes|men|och|eller|utan|dock|även|också|dessutom|därför"
    r"|därefter|däremot|därmed|sedan|så|ändå|samtidigt|senare|där|här|båda|andra|till exempel|enligt (?:honom|henne)|vidare",
    "pl": r"on|ona|ono|oni|one|to|ten|ta|te|ci|tym|tego|tej|tych|jego|jej|ich|jednak|ale|i|a|oraz|lub|więc|zatem|dlatego|ponadto|także|również|też|poza tym|następnie"
    r"|potem|później|tymczasem|natomiast|z kolei|na przykład|tam|tu|tutaj|obaj|obie|inni|inne|jak dodał\w*|według (?:niego|niej)",
    "ru": r"он|она|оно|они|его|её|ее|их|ему|ей|им|это|этот|эта|эти|этого|этой|этом|такой|такая|такие|тот|та|те|но|а|и|или|однако|поэтому|также|тоже|кроме того"
    r"|при этом|тем не менее|затем|потом|позже|тогда|там|здесь|так|например|в частности|с другой стороны|напротив|оба|другие|по (?:его|её|ее|их) словам|в свою очередь"
    r"|между тем|в результате|ранее|причём|причем|ведь",
    "uk": r"він|вона|воно|вони|його|її|їх|їхн\w+|йому|це|цей|ця|ці|цього|цієї|такий|така|такі|той|та|ті|але|а|і|й|або|однак|проте|тому|також|теж|крім того|при цьому"
    r"|втім|потім|згодом|пізніше|тоді|там|тут|так|наприклад|зокрема|з іншого боку|навпаки|обидва|інші|за (?:його|її|їхніми) словами|у свою чергу|водночас|раніше|адже",
    "tr": r"o|onlar|bu|bunlar|bunun|buna|bunu|bununla|şu|onun|onların|ancak|ama|fakat|ve|veya|ayrıca|üstelik|bu nedenle|bu yüzden|dolayısıyla|böylece|sonra|daha sonra"
    r"|öte yandan|buna karşın|yine de|örneğin|mesela|orada|burada|her ikisi|diğerleri|oysa|çünkü|nitekim",
    "ar": r"هو|هي|هم|وهو|وهي|وهم|هذا|هذه|ذلك|تلك|هؤلاء|وهذا|وهذه|وذلك|لكن|ولكن|كما|أيضا|وأيضا|ومع ذلك|لذلك|ولذلك|وبالتالي|ثم|بعد ذلك|وأضاف\w*|وأوضح\w*|وتابع\w*|وأكد\w*|وأشار\w*|وقال\w*"
    r"|من جانبه|من جانبها|من جهته|وفي المقابل|في المقابل|على سبيل المثال|وكان\w*|هناك|هنا|إنه|إنها|فيما",
    "fa": r"او|وی|آنها|آن|این|اینها|ایشان|اما|ولی|و|یا|همچنین|علاوه بر این|با این حال|بنابراین|سپس|پس از آن|به گفته (?:او|وی)|در مقابل|برای مثال|به عنوان مثال|آنجا|اینجا|هر دو|البته",
    "he": r"הוא|היא|הם|הן|זה|זו|זאת|אלה|אלו|אבל|אך|אולם|ואולם|גם|כמו כן|בנוסף|לכן|לפיכך|לאחר מכן|אחר כך|מאוחר יותר|עם זאת|לעומת זאת|למשל|לדוגמה|לדבריו|לדבריה|שם|כאן|שניהם|כך",
    "hi": r"वह|वे|यह|ये|उसने|उन्होंने|उसका|उसकी|उसके|उनका|उनकी|उनके|इसका|इसकी|इसके|इससे|इसमें|इस|इन|उस|उन|लेकिन|मगर|पर|और|या|तथा|हालांकि|इसलिए|फिर|बाद में|साथ ही|उदाहरण के लिए"
    r"|वहीं|वहां|यहां|दोनों|अन्य|ऐसे|ऐसी|ऐसा|तब",
    "bn": r"তিনি|সে|তারা|তাঁরা|এটি|এটা|এই|এসব|এ|তাঁর|তার|তাদের|তাঁদের|এর|কিন্তু|তবে|এবং|আর|ও|অথবা|এ ছাড়া|এছাড়া|তাই|ফলে|পরে|এরপর|তারপর|অন্যদিকে|উদাহরণস্বরূপ|সেখানে|এখানে|উভয়|সেই|ওই",
    "ur": r"وہ|یہ|اس|ان|انہوں|انھوں|اسے|انہیں|ان کا|ان کی|ان کے|اس کا|اس کی|اس کے|لیکن|مگر|تاہم|اور|یا|نیز|اسی|چنانچہ|لہذا|پھر|بعد میں|بعد ازاں|دوسری جانب|مثال کے طور پر|وہاں|یہاں|دونوں|جبکہ|البتہ",
    "vi": r"ông|bà|anh|chị|cô|nó|họ|này|đó|điều này|điều đó|việc này|nhưng|và|hoặc|tuy nhiên|tuy vậy|ngoài ra|bên cạnh đó|do đó|vì vậy|vì thế|sau đó|đồng thời|mặt khác|ngược lại"
    r"|ví dụ|chẳng hạn|ở đó|tại đây|cả hai|theo (?:ông|bà|anh|chị) (?:này|ấy)|cũng theo|trong khi đó|đây là|trước đó",
    "id": r"ia|dia|mereka|beliau|ini|itu|hal (?:ini|itu|tersebut)|tetapi|tapi|namun|dan|atau|selain itu|karena itu|oleh (?:karena itu|sebab itu)|maka|kemudian|lalu|setelah itu|sementara itu"
    r"|sebaliknya|di sisi lain|misalnya|contohnya|di (?:sana|sini)|keduanya|menurut(?:nya| dia)|juga|adapun|bahkan",
}  # fmt: skip
# Scripts without spaces, and Korean: no word ends after these, so they stand as they begin.
_BEGINNINGS = {
    "zh": "他|她|它|这|這|那|其|此|该|該|但|而|并|並|且|然而|因此|所以|于是|於是|此外|另外|同时|同時|随后|隨後|之后|之後|接着|接著|不过|不過|例如|比如|相反|对此|對此|据此|後者|后者|前者|两者|兩者",
    "ja": "彼|彼女|これ|それ|あれ|この|その|あの|ここ|そこ|しかし|だが|ただ|また|そして|さらに|そのため|このため|したがって|一方|次に|その後|例えば|たとえば|なお|ところが|でも|それでも|つまり|同氏|同社|同日|同市|同町|同校",
    "ko": "그는|그녀는|그가|그의|그들은|이는|이를|이에|이와|이런|이러한|이 |그 |그러나|하지만|그리고|또한|또 |따라서|그래서|한편|이후|그 후|예를 들|반면|그런데|다만|아울러|이어 |여기에|거기|이곳|그곳|양측|이날",
    "th": "เขา|เธอ|มัน|พวกเขา|นี่|นั่น|แต่|และ|หรือ|อย่างไรก็ตาม|นอกจากนี้|ดังนั้น|จากนั้น|ต่อมา|ขณะเดียวกัน|ในทางกลับกัน|ตัวอย่างเช่น",
}  # fmt: skip
_INSIDE = {
    "en": ("on the other hand", "for example,", "for instance,", "as mentioned", "as noted above", "the former", "the latter"),
    "de": ("andererseits", "hingegen", "wie erwähnt"),
    "fr": ("en revanche", "quant à lui", "quant à elle"),
    "es": ("en cambio", "por otro lado", "por otra parte"),
}
_NAMES = re.compile(r"\b[A-ZÀ-Þ][\w’'-]+(?: (?:[A-Z]\. )?[A-ZÀ-Þ][\w’'-]+)*")
_OPEN = "[\"'“”‘’„«»‹(\\[「『（—–-]"
_QUESTION = re.compile(r"[?？؟]['\"”’»«“)\]」』】）›]*$|(?:ですか|ますか|でしょうか|だろうか|のか|인가|일까|습니까|을까|나요|까요)[.。]?$")


# What a determiner of time or of the text itself does not point back to: "इस लेख में", "dieses Jahr".
_ITSELF = (
    r"quest['’](?:anno|estate|autunno|inverno|articolo)(?!\w)|[^\s]+ (?:рік|тиждень|місяць|article|post|guide|letter|week|month|year|summer|winter|spring|autumn|morning|evening|jahr|woche|monat|artikel|beitrag|text|sommer|winter|herbst|frühjahr|morgen"
    r"|année|semaine|mois|été|hiver|matin|article|année|año|semana|mes|verano|artículo|anno|settimana|mese|estate|articolo|ano|mês|artigo|jaar|maand|år|vecka|rok\w*|tydzień|miesiąc"
    r"|год\w*|недел\w+|месяц\w*|статье|року|тижн\w+|місяц\w+|статті|yıl|hafta|ay|yazı\w*|العام|الأسبوع|الشهر|المقال\w*|سال|هفته|ماه|مقاله|लेख|साल|सप्ताह|महीने|वर्ष|বছর|সপ্তাহ|মাস\w*|লেখা\w*"
    r"|سال|ہفتے|مہینے|مضمون|tahun|minggu|bulan|artikel|năm|tuần|tháng|bài)(?!\w)"
)


# "In an interview on Tuesday, he said": a pronoun behind an adverbial that holds no name.
_BEHIND = re.compile(r"\w[\w’'-]*(?: (?:[a-z0-9][\w’'-]*|[A-Z][a-z]+(?:day|ber|ary|ch|il|st|ly)|May|June))*, (?:he|she|they|it|his|her|their)\b")


def leans(sentence: str, language: str | None) -> bool:
    """Tell whether a sentence cannot be understood without the one before it. `language` is a BCP 47 tag; unknown ones are read as English."""
    tag = (language or "en").partition("-")[0].lower()
    if _opening(tag).match(sentence):
        return tag == "en" or re.match(_ITSELF, sentence, re.IGNORECASE) is None
    if tag == "en" and _BEHIND.match(sentence):
        return True
    return tag in _INSIDE and any(map(sentence.lower().__contains__, _INSIDE[tag]))


def asks(sentence: str) -> bool:
    """Tell whether a sentence is a question."""
    return _QUESTION.search(sentence, max(0, len(sentence) - 12)) is not None


def unintroduced(sentence: str, before: Sequence[str]) -> bool:
    """Tell whether a sentence says a surname alone whose full name stands in one before it: "Reed said".

    Scripts without capitals have no such names; in German, where every noun looks like one, too much is found.
    """
    full = {_bare(name[-1]) for text in before for name in _names(text) if len(name) > 1}
    return bool(full) and any(len(name) == 1 and _bare(name[0]) in full for name in _names(sentence))


def _names(text: str) -> Iterator[list[str]]:
    return (name.split() for name in _NAMES.findall(text))


def _bare(name: str) -> str:
    return name.partition("'")[0].partition("’")[0]


@cache
def _opening(language: str) -> re.Pattern[str]:
    if language in _BEGINNINGS:
        return re.compile(rf"{_OPEN}*(?:{_BEGINNINGS[language]})")
    words = _OPENINGS.get(language, _OPENINGS["en"])
    return re.compile(rf"{_OPEN}*(?:{words})(?![\w\u0900-\u0963\u0966-\u0dff\u064b-\u065f])", re.IGNORECASE)
