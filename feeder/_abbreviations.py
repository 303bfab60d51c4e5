"""What a full stop does not end in twenty-one languages: the abbreviations around sentencex's own. Data only, no rules."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

__all__ = ["UNKNOWN", "Words", "words"]


class Words(NamedTuple):
    """The words of a language that decide whether a full stop ends a sentence: in lower case, without the last full stop.

    before   stand before their word and never end a sentence: "Dr", "z.b"
    number   do so before a number only: "nr", "no"
    end      may stand last: before a capital they end a sentence, whatever sentencex says: "usw"
    inside   may too, but before a capital they mostly do not, unless the word is one that opens sentences: "inc", "г"
    starts   the words that open sentences and are no names. Without any, sentencex is believed where it splits
    ordinals "3." is "third"
    speech   verbs of "“Why?” Maria asked."
    listed   whatever is in `before`, `number` and `inside`
    """

    before: frozenset[str] = frozenset()
    number: frozenset[str] = frozenset()
    end: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()
    ordinals: bool = False
    speech: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()


UNKNOWN = Words()

# Dotted ones are written without spaces here and may have them in the text.
_TABLES: dict[str, dict[str, str]] = {
    "en": {
        "number": "vol ch fig figs sec para art pp p pt no nos",
        "before": "i.e e.g viz messrs",
        "speech": "said says asked asks replied answered shouted cried wondered demanded exclaimed whispered yelled joked added",
    },
    "de": {
        "before": "dr prof hr hrn fr frl fa st bzw bspw z.b d.h s.o s.u u.a v.a vgl sog gem lt ggf evtl insb insbes i.d.r i.s.v o.g u.u z.t dipl"
        " ing dipl.-ing mag rer nat phil med hl inkl exkl zzgl abzgl ca etwa u.ä geb gest verh zw bez bzgl hrsg verf rd tel str ev kath",
        "number": "nr nrn s abs art kap bd abb tab ziff rn rz anm z lfd vers § jan feb mär apr jun jul aug sep sept okt nov dez max min mind",
        "end": "usw etc u.s.w u.a.m u.v.m u.v.a usf o.ä u.ä dgl",
        "inside": "mio mrd tsd mo di mi do fr sa so jh jhd jhs v.chr n.chr chr",
        "starts": "der die das den dem des ein eine einen einem einer er sie es wir ich ihr man dann danach dort hier da dabei dafür damit doch"
        " aber auch als am an auf aus bei bis für im in ins mit nach nun nur ob seit so trotz über um und unter von vor während warum"
        " was weil wenn wer wie wo zu zum zur zwar dieser diese dieses jetzt heute gestern morgen später allerdings außerdem deshalb"
        " denn mehr viele alle beide kein keine sein seine ihre jeder jede noch nicht",
        "ordinals": "yes",
    },
    "fr": {
        "before": "m mme mmes mlle mlles mgr dr drs pr prof me st ste bd boul av ave pl fg c.-à-d càd p.ex cf ex r env av.j.-c. ap.j.-c j.-c sr"
        " gal gén col cap lt",
        "number": "no nos n art al p pp chap fig vol t éd h tél § janv févr avr juil sept oct nov déc min max",
        "end": "etc vol art env sup inf sing co plus",
        "inside": "inc ltd cie",
        "starts": "le la les l'on un une des de du il elle ils elles on nous vous je tu ce cet cette ces c'est cela ça dans en sur sous pour par"
        " avec sans mais et ou or donc car puis alors ainsi après avant depuis pendant quand lorsque si comme son sa ses leur leurs"
        " notre votre qui que quoi où pourquoi comment aucun aucune chaque plusieurs certains certaines tout tous toute toutes selon"
        " enfin ensuite aujourd'hui hier demain venez y a à même personne rien l'un l'autre d'autres",
    },
    "es": {
        "before": "sr sra sres sras srta dr dra dres prof profa d dª dña don lic ing arq gral cnel cap tte sto sta fr mons rvdo exmo excmo excma"
        " av avda pza plza c p.ej ej fdo ntra ntro hno hna vda dpto depto edif atte pag",
        "number": "núm num n no nos pág págs p pp art arts cap fig vol t tel tfno s ss h ene feb abr jun jul ago sept oct nov dic mín máx",
        "end": "etc no bien mar sobre contra entre sur sin tras post pos a.m p.m uds ud vds vd super extra norte final den dic",
        "inside": "cía ltda ee.uu rr.hh aa.vv cc.oo ff.aa jj.oo a.c d.c s.a s.l",
        "starts": "el la los las un una unos unas él ella ellos ellas yo tú nosotros usted ustedes en de del al a con por para sin sobre desde"
        " hasta y e o u pero sino aunque porque como cuando donde mientras si también además después luego antes entonces ahora hoy"
        " ayer mañana ya no sí se su sus mi tu nuestro este esta estos estas ese esa eso esto aquel aquella cada todo todos toda todas"
        " algunos algunas muchos muchas nadie nada hay era fue es son según así aún quizá tal entre durante tras lo le les me te nos"
        " qué quién cómo",
    },
    "it": {
        "before": "dott dott.ssa dr prof prof.ssa sig sigg sig.ra sig.na ing avv arch on sen gen col cap mons don s ss st p.zza v.le c.so cav"
        " comm rag geom fam p.es ad es cfr gent spett egr preg via",
        "number": "art artt n nn num p pp pag pagg cap fig vol tel sec sez par gen feb mar apr mag giu lug ago set sett ott nov dic h cod co",
        "end": "ecc etc no si se ci ne ai via ora anni usa ue nato uefa fifa onu fiat rai pop ton spot mesa sette",
        "inside": "a.c d.c s.p.a s.r.l",
        "starts": "il lo la i gli le l'ha un uno una lui lei noi voi loro io tu egli ella essi in di del della dei delle dello a al alla ai alle"
        " da dal dalla con su sul sulla per tra fra e ed o ma però anche se come quando dove mentre perché poiché dopo prima poi quindi"
        " così ora oggi ieri domani già non si ci questo questa questi queste quello quella quelli ogni tutto tutti tutte alcuni alcune"
        " molti molte nessuno niente c'è è era sono fu chi che cosa secondo infine inoltre suo sua suoi sue",
    },
    "pt": {
        "before": "sr sra srs sras srta dr dra drs dras prof profa profs d dª dom eng enga arq av r al pç pça tv s sto sta exmo exma v ex p.ex"
        " ex.mo ilmo ilma gen gal cel cap ten sgt mons pe fr rev dep ver vv v.exa v.s",
        "number": "art arts n no nº núm pág págs p pp cap fig vol t tel ss h jan fev mar abr mai jun jul ago set out nov dez mín máx",
        "end": "etc exa sim vs adj",
        "inside": "ltda cia séc a.c d.c e.u.a s.a",
        "starts": "o a os as um uma uns umas ele ela eles elas eu tu nós você vocês em de do da dos das no na nos nas ao à aos às com por pelo"
        " pela para sem sobre desde até e ou mas porém embora porque como quando onde enquanto se também além depois antes então agora"
        " hoje ontem amanhã já não sim seu sua seus suas este esta estes estas esse essa isso isto aquele aquela cada todo todos toda"
        " todas alguns algumas muitos muitas ninguém nada há era foi é são segundo assim ainda talvez entre durante após lo quem que"
        " qual",
    },
    "nl": {
        "before": "dhr mevr mw mej dr drs ir mr ing prof ds jhr st bijv bv d.w.z dwz m.n m.a.w o.a a.h.w t.a.v i.v.m t.o.v i.p.v z.g zgn vgl cf"
        " resp ca fa gebr incl excl evt",
        "number": "nr nrs blz p pp art afb fig hfst par vol dl tel jan feb febr mrt apr jun jul aug sept sep okt nov dec max min",
        "end": "enz etc e.d e.a hand bel best vol top pan me tot max tel gem arts start gek ob n.v b.v nee",
        "inside": "n.chr v.chr",
        "starts": "de het een hij zij ze wij we ik jij je u men dit dat deze die er in op aan bij met van voor naar na om over onder uit tot"
        " door te en of maar want dus ook als toen dan daarna daar hier nu nog niet wat wie waar wanneer hoe waarom terwijl omdat"
        " volgens sinds tijdens zijn haar hun onze ons elke alle veel andere elders toch wel zo geen eerst later gisteren vandaag"
        " morgen sommige iedereen niemand",
    },
    "sv": {
        "before": "dr prof dir ing st s:t s:ta hr fr frk t.ex bl.a dvs d.v.s s.k d.ä d.y m.a.o p.g.a pga jfr f.n f.d o.d fd ca resp inkl exkl"
        " ang fr.o.m t.o.m f.o.m fom tom s.a.s nuv dåv t.o",
        "number": "nr s sid kap kl tel fig st § jan feb mar apr jun jul aug sept sep okt nov dec max min",
        "end": "osv o.s.v etc hon det m.m o.dyl den dig mig sig in sen",
        "inside": "m.fl e.kr f.kr milj mdr kr",
        "starts": "den det de en ett han hon vi jag du ni man i på av för med till från om vid under över efter före mellan och men eller så då"
        " där här nu sedan när som att eftersom medan vad vem var varför hur detta denna dessa alla många några ingen inget andra dock"
        " även också inte därför enligt sin sitt hans hennes deras vår idag igår imorgon senare först redan ja nej varje både trots"
        " utan",
    },
    "pl": {
        "before": "ul al pl os dyr ur zm woj pow gm św bł bp abp ks o dr prof hab inż mgr lek gen płk ppłk kpt por ppor mjr sierż kard np tj tzn"
        " tzw m.in im pw ww ob br s red p pp szer dł wg dot tel sp jw cdn zob ws ds ok n.p.m r.ż",
        "number": "nr art ust pkt str s rozdz t godz poz par rys tab vol zł ok sty lut mar kwi maj cze lip sie wrz paź lis gru min maks l",
        "end": "itd itp etc in i.in",
        "inside": "r w p.n.e n.e pne tys mln mld zł jr o.o s.a ltd inc wiek",
        "starts": "ten ta to ci te on ona ono oni one ja ty my wy w we z ze na do od o po pod przed przy przez dla bez za nad u i a ale lecz"
        " oraz lub albo więc jednak potem później następnie wtedy teraz dziś dzisiaj wczoraj jutro tam tu tutaj gdy kiedy jak jeśli"
        " jeżeli ponieważ bo że co kto gdzie dlaczego czy nie tak jest był była było były są może także też również tylko już jeszcze"
        " każdy wszystkie wszyscy wielu wiele nikt nic jego jej ich według podczas mimo choć zdaniem dlatego czytano obecnie niestety",
        "ordinals": "yes",
    },
    "ru": {
        "before": "ул пл род ум просп пр пер наб бул ш им св проф акад доц д-р г-н г-жа гр тов т.е т.к т.н т.о напр см ср ген полк кап лейт о"
        " арх инж зам зав нач канд тел обл р-н пос дер с.-петербург н.п корп моск рис ст стр",
        "number": "стр с рис табл гл п пп ст кв д дом ч т тт вып № корп оф ок тел ауд каб",
        "end": "т.д т.п и.т.д и.т.п",
        "inside": "г гг в вв др пр тыс млн млрд долл руб коп чел н.э р.х мин сек час г.г",
        "starts": "он она оно они мы вы я ты это этот эта эти тот та те в во на с со к ко у о об от до по при под над за из без для через между"
        " и а но или же однако потом затем тогда теперь сейчас сегодня вчера завтра там тут здесь когда как если потому поэтому так что"
        " кто где почему зачем не нет да его её ее их наш все всё весь каждый многие никто ничто ничего после перед время также кроме"
        " ещё уже был была было были словам согласно хотя чтобы лишь только впрочем",
    },
    "uk": {
        "before": "вул пл нар пом просп пр пров наб бул ім св проф акад доц д-р п-н гр т.зв т.к т.ч напр див пор ген полк кап о зам зав нач канд"
        " тел обл р-н с смт м буд тобто рис",
        "number": "стор с рис табл гл п пп ст кв буд ч т вип № корп оф тел ок ауд каб",
        "end": "т.д т.п і.т.д",
        "inside": "р рр в ст ін др тис млн млрд дол грн коп чол н.е хв сек год",
        "starts": "він вона воно вони ми ви я ти це цей ця ці той та ті у в на з зі із до від по при під над за без для через між і й а але або"
        " проте однак потім тоді тепер зараз сьогодні вчора учора завтра там тут коли як якщо тому так що хто де чому навіщо не ні його"
        " її їх їхній наш усі всі все кожен багато ніхто ніщо нічого після перед також крім ще вже був була було були словами згідно"
        " хоча щоб лише тільки",
    },
    "tr": {
        "before": "dr prof doç yrd öğr gör av op uzm sn alb gen yzb hz örn bkz krş cad cd sok sk mah mh bul blv apt st haz çev yay müh mim ort"
        " yakl t.c d.b",
        "number": "no nr s sf ss md m.ö m.s mad kat tel fax böl şek sy c tl mö ms daire d",
        "end": "vb vs vd etc vesaire",
        "inside": "ltd şti a.ş inc tic san",
        "starts": "bu şu o onlar biz siz ben sen bir ve ama ancak fakat çünkü sonra önce daha ise de da ile için gibi kadar göre her hiç bazı"
        " birçok tüm bütün kim ne nerede neden nasıl bugün dün yarın şimdi orada burada böylece ayrıca yine hatta belki evet hayır"
        " diğer diğerleri",
        "ordinals": "yes",
    },
    "vi": {
        "before": "ts gs pgs ths bs cn ks pgs.ts gs.ts ths.bs bs.ts ts.bs ls tp q p đ h tx tt ql đt nxb cp tnhh mr mrs ms dr st thầy lm nsnd"
        " nsưt ubnd hđnd đc đ/c tp.hcm t.ư kts nb",
        "number": "tr số điều đ q p no vol t tel",
        "end": "v.v vv v.v.v",
        "starts": "ông bà anh chị cô chú em tôi chúng họ nó đây đó này các những một mỗi mọi trong ngoài trên dưới tại ở từ đến theo với và"
        " nhưng hoặc nếu khi sau trước rồi vì do nên để tuy mặc hiện hôm năm tháng ngày nhiều có không đã đang sẽ cũng chỉ",
        "speech": "hỏi nói đáp kêu hét thốt",
    },
    "id": {
        "before": "dr drs dra prof ir h hj k.h kh moh muh mohd yth bpk sdr sdri tn ny nn jl jln gg kec kab kel prov pt cv ud st a.n u.b d.a rp"
        " rm gen kol let jend pdt tgk r.a r.m tgl s.d mis cth alm",
        "number": "no nomor hlm hal vol jil pasal ps bab rt rw tel telp fax pkl jan feb mar apr jun jul agu sep sept okt nov des",
        "end": "dll dsb dst dkk etc",
        "inside": "tbk ltd inc s.h s.e s.pd m.pd m.m m.si s.t s.sos ph.d",
        "starts": "ia dia mereka kami kita saya aku anda itu ini para di ke dari pada dalam untuk dengan oleh dan atau tetapi namun karena"
        " sehingga jika ketika saat setelah sebelum kemudian lalu sekarang hari kemarin besok sana semua banyak setiap tidak ada adalah"
        " juga sementara menurut selain akibat selama bahkan meski",
    },
    "ar": {
        "before": "د أ أ.د م ص.ب ص.ب. أ.م د.م ش س ت ص ج ط",
        "inside": "م ه هـ ق.م",
        "starts": "ثم وقد وكان لكن ولكن وقال هذا هذه ذلك كما بعد قبل لم لن لا إن وفي ومن وهو وهي كانت كان قال قالت عودوا بعدها مات",
    },
    "fa": {
        "before": "د ا ب ج ص ص.ص ک م ع س ر ف ن خ ق ح آ پ نک رک",
        "inside": "ق.م ه.ش ه.ق م ه ش",
        "starts": "سپس این آن او آنها اما ولی پس بعد اکنون امروز دیروز فردا همچنین که چون اگر وی جوان",
    },
    "he": {
        "before": "עמ סע גב פרופ",
        "starts": "הוא היא הם הן זה זאת אבל אך גם אחר לאחר לכן כך כי אם כאשר עם על אחרי לפני",
    },
    "hi": {
        "before": "डॉ डा पृ सं प्रो पं श्री श्रीमती कु सु स्व मो मु रु रू कि मी ई पू ई.पू इं कै ले ब्रि मे क ख ग ए बी सी डी एफ जी एच जे के एल एम"
        " एन पी आर एस टी यू वी डब्ल्यू एक्स वाई कि.मी न नं",
        "starts": "वह वे यह ये और लेकिन पर अब फिर उस इस उन इन हम मैं तुम आप",
    },
    "bn": {
        "before": "ডা ড মো মোঃ মু মুহ সৈয়দ অধ্যা প্রফে ইঞ্জি কর্নে লে মে জেনা শ্রী খ্রি পূ কি মি রা সা হা আ এ বি সি ডি এফ জি এইচ আই জে কে এল এম"
        " এন পি কিউ আর এস টি ইউ ভি ডব্লিউ এক্স নং বি.দ্র",
        "starts": "সে তিনি তারা তাঁরা এই এটা এ কিন্তু এবং তবে পরে এখন আমরা আমি",
    },
    "ur": {
        "before": "ڈاکٹر پروفیسر اے بی سی ڈی ای ایف جی ایچ جے ایل ایم این کیو آر ایس ٹی یو وی ڈبلیو ایکس وائی زیڈ مولوی ص ج ق.م ء",
        "starts": "وہ یہ اس ان اور لیکن پھر اب ہم میں تم آپ",
    },
    "ko": {
        "before": "no vol dr mr mrs st prof vs",
        "starts": "그 그는 그녀는 그러나 하지만 그리고 이 이는",
        "ordinals": "yes",
    },
}


@cache
def words(tag: str) -> Words:
    """Return the words of the language with this primary tag; for one without a table, no words."""
    table = _TABLES.get(tag)
    if table is None:
        return UNKNOWN
    sets = {name: frozenset(value.split()) for name, value in table.items() if name != "ordinals"}
    listed = frozenset(" ".join(table.get(name, "") for name in ("before", "number", "inside")).split())
    return Words(**sets, ordinals="ordinals" in table, listed=listed)
