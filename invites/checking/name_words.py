"""Words that say where a last name begins: particles, titles, suffixes, and last names that come first."""

# Parts of last names, by the languages that have them. In lower case.
PARTICLES = frozenset(
    (
        "van von vom zu zum zur der den ten ter te tot het 't ’t op aan in uit onder zur auf am im "  # Dutch, German
        "de del della dello delle dei degli di da dal dalla d' d’ lo la li le los las les du des "  # Romance languages
        "do dos das da "  # Portuguese
        "af av "  # Scandinavian languages
        "mac mc o o' o’ ó ní nic uí mhic fitz st st. saint san santa santo sint ap "  # Irish, Scottish, Welsh, saints
        "bin ben ibn bint abu al el ould bat bar ha "  # Arabic, Hebrew
    ).split()
)
# A last name that begins with one of these needs no space after it.
PREFIXES = ("d'", "d’", "l'", "l’", "dell'", "dell’", "dall'", "dall’", "o'", "o’", "al-", "el-", "'t-")
# They join two last names: Ortega y Gasset, Costa e Silva.
JOINERS = frozenset(("y", "e", "i"))
# With a particle after them, they can be a first name of several words: María del Carmen.
FIRST_NAMES_WITH_PARTICLES = frozenset("maría maria mª ma josé jose juan rosa ana".split())
# These always are: Abd al Rahman.
BEGINNINGS_OF_FIRST_NAMES = frozenset("abd abdul abdel abdal abu umm nur noor".split())
TITLES = frozenset(
    (
        "mr mrs ms miss mx dr prof professor sir dame lord lady rev fr hon capt col gen maj lt sgt "  # English
        "herr frau dipl-ing dipl ing mag med phil rer nat habil h.c hc prof.dr "  # German
        "m mme mlle me monsieur madame mademoiselle docteur "  # French
        "sr sra srta don doña d dª dra lic sig sig.ra dott dott.ssa dottor avv arch geom rag "  # Spanish, Italian
        "dhr mevr mw drs ir hr fru fröken "  # Dutch, Scandinavian languages
        "pan pani bc mgr mudr judr phdr rndr paeddr doc inż dr.inż "  # Polish, Czech, Slovak
        "dr.univ ifj id özv ifjabb idősb "  # Hungarian
        "sayın bay bayan г-н г-жа д-р проф κ κα δρ د أ "  # Turkish, Bulgarian, Greek, Arabic
    ).split()
)
SUFFIXES = frozenset(
    (
        "jr sr ii iii iv phd ph.d md m.d mba msc m.sc ma m.a bsc b.sc ba b.a esq cpa dds jd llm pmp rn "
        "csc drsc dis cfa jun sen ml junior senior filho neto júnior sobrinho "
    ).split()
)
# They are no suffixes of another meaning, as Ma and Jun are.
CERTAIN_SUFFIXES = frozenset("jr sr phd junior senior filho neto júnior sobrinho".split())
# The second name of a person in Russian, Ukrainian and their neighbors. It always follows the first name.
PATRONYMICS = ("ович", "евич", "ильич", "овна", "евна", "ична", "івна", "ївна", "оглы", "кызы")
VIETNAMESE_LAST_NAMES = frozenset(
    (
        "nguyễn trần lê phạm huỳnh hoàng phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh trương đoàn lâm "
        "nguyen tran pham huynh hoang phan truong duong "
    ).split()
)
# In a Korean or Chinese name, Ha, In, Do, Da and Li are parts of the first name.
EAST_ASIAN_LAST_NAMES = frozenset(
    (
        "kim lee park choi jung jeong kang cho yoon yun jang lim han oh seo shin kwon hwang ahn song yoo hong jeon ko "
        "yang bae baek heo nam noh ha kwak sung cha joo woo na min wang li zhang liu chen huang zhao wu zhou xu sun ma "
        "hu guo he gao lin luo zheng liang xie tang feng deng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye "
        "cheng wei su lu ding ren tan wong chan lam ng cheung leung ho lau yeung yip chow chu fung kwok mak moon zhu"
    ).split()
)
# The most common last names of one character in Chinese and Korean, and those of two.
HAN_LAST_NAMES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭田董袁潘蒋蔣蔡余杜叶葉"
    "程苏蘇魏吕呂丁任沈姚卢盧姜崔锺钟鍾鐘谭譚陆陸汪范金石廖贾賈夏韦韋付方白邹鄒孟熊秦邱江尹薛闫閻段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔"
    "邵万萬钱錢严嚴覃武戴莫孔向汤湯温溫康施文牛樊葛邢安齐齊庞龐颜顏庄莊章鲁魯倪申俞翁詹游朴曺"
)
HAN_LAST_NAMES_OF_TWO = frozenset(
    (
        "欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 夏侯 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 司徒 司空 宇文 "
        "长孙 長孫 端木 南宫 南宮 独孤 獨孤 轩辕 軒轅 钟离 鍾離 西门 西門 南門 鮮于 鲜于 呼延 闻人 聞人 百里 "
        "東郭 东郭 澹台 澹臺 公羊 太史 申屠 赫连 赫連"
    ).split()
)
HANGUL_LAST_NAMES_OF_TWO = frozenset("남궁 황보 제갈 사공 선우 서문 독고 동방".split())
# Parts of addresses that are no names.
NOT_NAMES_IN_ADDRESSES = frozenset(
    (
        "first last firstname lastname name surname vorname nachname prenom nom nombre apellido nome cognome "
        "dr mr mrs ms prof "
        "info mail email contact office admin administrator sales support service services help helpdesk team hr "
        "jobs career careers marketing press media billing accounts accounting finance invoice invoices order orders "
        "shop store web webmaster postmaster hostmaster root no reply noreply donotreply not do newsletter news "
        "customer customers care client clients hello hi welcome desk it dev ops security privacy legal compliance "
        "test testing demo user users staff all everyone group list general management manager director ceo cfo cto "
        "reception secretary school library events event booking bookings reservation reservations hotel "
        "kontakt buchhaltung vertrieb verwaltung personal bewerbung rechnung rechnungen sekretariat empfang büro buero "
        "contabilidad ventas atencion cliente clientes recursos humanos administracion soporte direccion "
        "comptabilite direction accueil ventes commercial service rh contabilita amministrazione ufficio vendite "
        "suporte vendas financeiro atendimento biuro kancelaria sekretariat obchod podpora iroda ugyfelszolgalat "
        "berlin london paris madrid wien vienna europe germany france uk usa us eu de int ext external extern"
    ).split()
)
