"""Which links of a mail take its reader off the list: by where they lead, or by what they or their sentence say."""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from newsletter.checks.mail import Mail
from newsletter.checks.page import PHRASES, Element, words_of
from newsletter.model import Context

_SAYS_SO = re.compile(
    # English
    r"unsubscri|opt[- ]?out|manage (?:your )?(?:email )?preferences|manage (?:your|my) subscription"
    r"|(?:leave|(?:me|yourself) (?:off|from)) (?:this|the|our) (?:mailing )?list\b"
    r"|stop (?:receiving )?(?:these|our) (?:e-?mails|newsletters)|(?:e-?mail|newsletter|subscription) preferences"
    # Germanic: German, Dutch, Swedish, Danish, Norwegian
    r"|abmelden|abbestell|(?:hier|liste|verteiler|newsletter) austragen"
    r"|afmeld|uitschrijven|uit te schrijven|schrijf (?:je|u) uit"
    r"|avregistrera|avmeld|avprenumerera|avsluta (?:din |min )?prenumeration|säg upp (?:din )?prenumeration"
    r"|meld (?:deg|meg|dig|mig) (?:av|fra)\b|avslutt (?:abonnement|påmelding)"
    # Romance: French, Spanish, Catalan, Portuguese, Italian, Romanian
    r"|d[ée]sabonn|d[ée]sinscri"
    r"|dar(?:se|te|me)? de baja|date de baja|cancelar (?:la |tu |su |mi )?suscripci|donar-(?:se|vos|me|te) de baixa"
    r"|cancelar (?:a |sua |minha )*(?:inscri|assinatura|subscri)|deixar de receber|descadastr|desinscrev"
    r"|disiscriv|(?:annulla|cancella) (?:la tua |la |l['’])?iscrizione|cancellati da"
    r"|dezabon"
    # Slavic: Polish, Czech, Slovak, Croatian, Serbian, Slovene, Russian, Ukrainian, Bulgarian
    r"|wypisz|wypisa(?:ć|nie)|(?:anuluj|zrezygnuj z) subskrypcj"
    r"|odhl[aá]si[tť] (?:s[ea] )?(?:z )?odb|zru[sš]i[tť] odb|odjav(?:a|i|ite)\b"
    r"|отписа|отказаться от (?:рассылки|подписки)|відписа|отпиш"
    # Finnish, Estonian, Hungarian, Turkish, Greek, Lithuanian, Latvian
    r"|(?:peruuta|peru|lopeta) (?:uutiskirjeen )?tilaus|loobu uudiskirjast|leiratkoz"
    r"|(?:abonelikten|üyelikten|listeden) (?:çık|ayrıl)|απεγγραφ|διαγραφή από|κατάργηση (?:της )?(?:εγγραφής|συνδρομής)"
    r"|atsisakyti (?:prenumeratos|naujienlaiškio)|atrakstīties"
    # Arabic, Hebrew, Persian, Urdu, Hindi
    r"|[إا]لغاء (?:ال)?اشتراك|הסרה מרשימ|להסרה מ|הסר(?:ו)? אותי|ביטול (?:ה)?(?:מינוי|הרשמה)"
    r"|لغو (?:اشتراک|عضویت)|ان سبسکرائب|सदस्यता (?:समाप्त|रद्द)"
    # Japanese, Chinese, Korean, Vietnamese, Indonesian, Thai
    r"|(?:配信|登録|購読)[のを]?(?:停止|解除)|退[订訂]|取消[订訂][阅閱]|수신\s?거부|구독\s?(?:취소|해지)"
    r"|hủy đăng ký|berhenti berlangganan|ยกเลิกการ(?:สมัคร|รับ)",
    re.IGNORECASE,
)
"""How mails say it, in the words of their footers."""
_PLACEHOLDER = re.compile(r"\{\{[^}]*unsub|\*\|UNSUB|\[unsubscribe|%unsub|<%[^%]*unsub", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[。！？؟।]")
_BESIDE = 300
"""Characters on either side of a link in which its sentence is looked for."""


def can_leave(mail: Mail) -> bool:
    """Whether readers see a link that leads off the list, or another program's placeholder for one."""
    tokens = [
        one.token for one in mail.merge_fields if "unsubscribe_url" in one.source and one.context is not Context.TEXT
    ]
    named = _named((mail.headers or {}).get("list-unsubscribe", ""))
    links = [(link, link.get("href") or "") for link in mail.page.shown("a", "area") if link.get("href")]
    return (
        any(any(token in target for token in tokens) or _is_named(target, named) for _, target in links)
        or bool(_PLACEHOLDER.search(mail.html))
        or any(_SAYS_SO.search(_own(link)) for link, _ in links)
        or any(_SAYS_SO.search(_sentence_of(link)) for link, _ in links)
    )


def _named(header: str) -> frozenset[str]:
    """The addresses of a List-Unsubscribe header; white space in one is that of a folded line (RFC 2369, 2)."""
    return frozenset(_plain(one) for one in re.findall(r"<([^<>]+)>", header))


def _is_named(target: str, named: frozenset[str]) -> bool:
    """Whether the header names that very address; any mail to a mailbox that it names without a subject counts."""
    plain = _plain(target)
    return plain in named or (plain.startswith("mailto:") and plain.partition("?")[0] in named)


def _plain(address: str) -> str:
    """The address with its scheme and host in lower case and its escapes read."""
    address = "".join(address.split())
    try:
        parts = urlsplit(address)
        address = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()
    except ValueError:
        pass
    return unquote(address)


def _own(link: Element) -> str:
    return normalize("NFC", f"{words_of(link)} {link.get('href') or ''} {link.get('title') or ''}")


def _sentence_of(link: Element) -> str:
    """The words beside the link: up to where its sentence or its block ends, or another link stands."""
    before = after = ""
    one = link
    while one is not None and one.tag in PHRASES:
        before, after = _words_before(one) + before, after + _words_after(one)
        one = one.getparent()
    before = _SENTENCE_END.split(before[-_BESIDE:])[-1]
    after = _SENTENCE_END.split(after[:_BESIDE])[0]
    return normalize("NFC", " ".join(f"{before} … {after}".split()))


def _words_before(one: Element) -> str:
    words, sibling = "", one.getprevious()
    while sibling is not None and len(words) < _BESIDE:
        words = f"{sibling.tail or ''}{words}"
        if not _is_of_sentence(sibling):
            return words
        words, sibling = f"{' '.join(sibling.itertext())} {words}", sibling.getprevious()
    parent = one.getparent()
    return words if sibling is not None or parent is None else f"{parent.text or ''}{words}"


def _words_after(one: Element) -> str:
    words, sibling = one.tail or "", one.getnext()
    while sibling is not None and len(words) < _BESIDE and _is_of_sentence(sibling):
        words += f" {' '.join(sibling.itertext())}{sibling.tail or ''}"
        sibling = sibling.getnext()
    return words


def _is_of_sentence(element: Element) -> bool:
    return isinstance(element.tag, str) and (element.tag == "br" or (element.tag in PHRASES and element.tag != "a"))
