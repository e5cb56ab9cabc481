"""Words that are surely meant as a web address, and the host they name.

In: the words of a link. Out: its host; nothing for words that only look like one: `St.Gallen`, `ASP.NET`, `setup.py`.
Source of the names: the root zone of the name system (iana.org/domains/root/db), the countries' and the usual others.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(
    r"(?P<sure>https?://|www\.)?(?P<host>(?:(?:[^\W_]|-)+\.)+(?P<top>[a-z]{2,24}|xn--[a-z0-9-]+))(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_FILES = frozenset("ai app bz cc gz la md mm mov ms pl pm ps py rs sc sh so st tf ts zip".split())
"""Names at the top that are the ends of common files as well, and titles (`m.sc`)."""
_COUNTRIES = (
    "ac ad ae af ag al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by ca cd cf cg ch "
    "ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh "
    "gi gl gm gn gp gq gr gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp "
    "kr kw ky kz lb lc li lk lr ls lt lu lv ly ma mc me mg mh mk ml mn mo mp mq mr mt mu mv mw mx my mz na nc ne nf ng "
    "ni nl no np nr nu nz om pa pe pf pg ph pk pn pr pt pw qa re ro ru rw sa sb sd se sg si sk sl sm sn sr ss su sv sx "
    "sy sz tc td tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_OTHERS = (
    "com org net edu gov mil int info biz name pro mobi coop museum aero jobs travel asia cat tel post arpa academy "
    "agency art bank berlin blog care center city cloud club coach community company consulting design dev digital "
    "education email events example finance foundation fund global group guide hamburg health help hospital house "
    "international life link live london media money network news nyc online page paris photo press report school "
    "science services shop site social solutions space store studio support swiss systems team tech technology today "
    "tools top university vip website wien wiki work world xyz zone"
)
_TOP = frozenset(f"{_COUNTRIES} {_OTHERS}".split()) - _FILES


def said_host(words: str) -> str:
    """The host the words name, in lower case, when they are an address and nothing else: one with a scheme, with
    `www.`, or a name in lower-case letters that ends as names of sites do and files do not."""
    match = _ADDRESS.fullmatch(words.strip(" ."))
    if match is None:
        return ""
    sure, host = (match["sure"] or "").lower(), match["host"]
    if sure == "www.":
        return f"www.{host.lower()}"
    if sure:
        return host.lower()
    labels = host.split(".")
    is_name = host == host.lower() and host.isascii() and labels[-1] in _TOP and len(labels[-2]) > 1
    return host if is_name else ""
