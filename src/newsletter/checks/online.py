"""Links and pictures that do not answer, when somebody has asked the web."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.rule import warning
from newsletter.expressions import TOKEN
from newsletter.model import Finding

RULES = (
    warning(
        "link-broken",
        "A link or picture that does not answer is the mistake readers write about. Asked only with `--online`. "
        "Source: Litmus's survey of corrections; RFC 9110, section 15, for what answers mean.",
    ),
)


def addresses_in(mail: Mail) -> tuple[str, ...]:
    """Every web address of the mail, each once; one with a merge field in it is nobody's yet."""
    found = [one.get("href") for one in mail.page.shown("a")] + [one.get("src") for one in mail.page.shown("img")]
    whole = [one.strip() for one in found if one and one.strip().startswith(("http://", "https://"))]
    return tuple(dict.fromkeys(one for one in whole if not TOKEN.search(one) and "{" not in one))


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each address that gave no answer, or an error for one."""
    for element in mail.page.shown("a", "img"):
        address = (element.get("href") or element.get("src") or "").strip()
        reason = mail.broken.get(address)
        if reason:
            yield RULES[0].finding(
                f"{reason}", mail.at(element, address), fix="Mend the address, or wait for its site."
            )
