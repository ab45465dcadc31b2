"""The endings of domains that mail programs link without "www." before them.

IANA lists all endings: https://data.iana.org/TLD/tlds-alpha-by-domain.txt. Here are all country codes, all that aren't
ASCII, and of the others those in which anyone can register a domain. Most endings of single companies are omitted:
many are also surnames, and nobody else can have a domain there. A test compares all of these with IANA's list.
"""

from __future__ import annotations

COUNTRY_CODES = frozenset(
    """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz ca
    cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr
    ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm
    jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq
    mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa
    re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn
    to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
    """.split()
)
OPEN = frozenset(
    """
    abogado academy accountant accountants actor ads adult aero africa agency airforce alsace amsterdam analytics
    apartments app apple arab archi army art asia associates attorney auction audi audio author auto autos baby band
    bank bar barcelona bargains baseball basketball bayern bcn beauty beer berlin best bet bible bid bike bingo bio
    biz black blackfriday blog blue boats bom bond boo book boston bot boutique box broadway broker brussels build
    builders business buy buzz bzh cab cafe cal call cam camera camp capetown capital car cards care career careers
    cars casa case cash casino cat catering center ceo cfd channel charity chat cheap christmas church circle city
    claims cleaning click clinic clothing cloud club coach codes coffee college cologne com community company
    compare computer condos construction consulting contact contractors cooking cool coop corsica country coupon
    coupons courses cpa credit creditcard creditunion cricket cruise cruises cymru cyou dad dance data date dating
    day dds deal dealer deals degree delivery democrat dental dentist desi design dev diamonds diet digital direct
    directory discount diy docs doctor dog domains dot download drive dubai durban earth eat eco edu education email
    energy engineer engineering enterprises equipment esq estate eus events exchange expert exposed express fail
    faith family fan fans farm fashion fast feedback film final finance financial fire fish fishing fit fitness
    flights florist flowers fly foo food football forex forsale forum foundation free frl fun fund furniture futbol
    fyi gal gallery game games garden gay gdn gent gift gifts gives giving glass global gmbh gold golf google gop
    got gov graphics gratis green gripe grocery group guide guitars guru hair hamburg haus health healthcare help
    helsinki here hiphop hiv hockey holdings holiday homes horse hospital host hosting hot hotels house how ice icu
    immo immobilien inc industries info ing ink institute insurance insure int international investments irish ist
    istanbul jetzt jewelry jobs joburg jot joy juegos kaufen kids kim kitchen kiwi koeln kosher krd kyoto land lat
    latino law lawyer lease legal lgbt life lifeinsurance lifestyle lighting like limited limo link live living llc
    llp loan loans lol london lotto love ltd ltda luxe luxury madrid maison makeup man management map market
    marketing markets mba med media meet melbourne meme memorial men menu miami mil mls mma mobi mobile moda moe moi
    mom money monster mortgage moscow motorcycles mov movie museum music nagoya name navy net network new news nexus
    ngo nico ninja now nowruz nrw nyc observer okinawa one ong onl online ooo org organic osaka page paris pars
    partners parts party pay pet pharmacy phd phone photo photography photos physio pics pictures pid pin pink pizza
    place play plumbing plus poker porn post press pro prod productions prof promo properties property protection
    pub qpon quebec quest racing radio read realestate realtor realty recipes red rehab reise reisen reit ren rent
    rentals repair report republican rest restaurant review reviews rich rio rip rocks rodeo room rsvp rugby ruhr
    run ryukyu saarland safe sale salon sarl save sbs scholarships school schule science scot search secure security
    select services sex sexy shia shiksha shoes shop shopping show singles site ski skin smile soccer social
    software solar solutions soy spa space sport spot srl stockholm storage store stream studio study style sucks
    supplies supply support surf surgery swatch swiss sydney systems taipei talk tatar tattoo tax taxi team tech
    technology tel tennis theater theatre tickets tienda tips tires tirol today tokyo tools top tours town toys
    trade trading training travel trust tube tunes tushu university uno vacations vegas ventures versicherung vet
    viajes video villas vin vip vision vlaanderen vodka vote voting voto voyage wales wang watch watches weather web
    webcam website wed wedding whoswho wien wiki win wine work works world wow wtf xin xxx xyz yachts yoga yokohama
    you yun zero zip zone zuerich
    """.split()
)
OF_OTHER_SCRIPTS = frozenset(
    """
    vermögensberater vermögensberatung ελ ευ бг бел дети ею католик ком мкд мон москва онлайн орг рус рф сайт
    срб укр қаз հայ ישראל קום ابوظبي ارامكو الاردن البحرين الجزائر السعودية العليان المغرب امارات ایران بارت
    بازار بيتك بھارت تونس سودان سورية شبكة عراق عرب عمان فلسطين قطر كاثوليك كوم مصر مليسيا موريتانيا موقع
    همراه پاکستان ڀارت कॉम नेट भारत भारतम् भारोत संगठन বাংলা ভারত ভাৰত ਭਾਰਤ ભારત ଭାରତ இந்தியா இலங்கை
    சிங்கப்பூர் భారత్ ಭಾರತ ഭാരതം ලංකා คอม ไทย ລາວ გე みんな アマゾン クラウド グーグル コム ストア セール
    ファッション ポイント 世界 中信 中国 中國 中文网 亚马逊 企业 佛山 信息 健康 八卦 公司 公益 台湾 台灣 商城
    商店 商标 嘉里 嘉里大酒店 在线 大拿 天主教 娱乐 家電 广东 微博 慈善 我爱你 手机 招聘 政务 政府 新加坡 新闻
    时尚 書籍 机构 淡马锡 游戏 澳門 点看 移动 组织机构 网址 网店 网站 网络 联通 谷歌 购物 通販 集团 電訊盈科
    飞利浦 食品 餐厅 香格里拉 香港 닷넷 닷컴 삼성 한국
    """.split()
)
# Reserved for documents and tests: RFC 2606.
RESERVED = frozenset({"example"})

ENDINGS = COUNTRY_CODES | OPEN | OF_OTHER_SCRIPTS | RESERVED
