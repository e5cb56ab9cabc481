"""What a sender's records in the name system are judged to be."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import pytest

from newsletter.checks.domain.diagnosis import CouldNotLook, Diagnosis, Lookup, State, guarded
from newsletter.checks.domain.hosts import mx, ptr
from newsletter.checks.domain.policies import dkim, dmarc, spf

OK, WARNING, WRONG, UNKNOWN = State.OK, State.WARNING, State.WRONG, State.UNKNOWN
LONG = b64encode(b"k" * 294).decode()
"""As long as the public part of an RSA key of 2,048 bits."""


def _lookup(records: Mapping[str, tuple[str, ...]]) -> Lookup:
    """Answers of `TXT news.org` and so on; nothing for all others."""
    return lambda name, kind: records.get(f"{kind} {name}", ())


def _txt(*records: str, at: str = "news.org") -> Lookup:
    return _lookup({f"TXT {at}": records})


@pytest.mark.parametrize(
    ("records", "state", "said"),
    [
        (("v=spf1 ip4:192.0.2.1 -all",), OK, "(0 of 10 lookups)"),
        (("v=spf1 a mx:mail.news.org ~all", "google-site-verification=x"), OK, "(2 of 10 lookups)"),
        (("V=SPF1 redirect=_spf.else.org",), OK, "(1 of 10 lookups)"),
        ((), WRONG, "does not say who may send"),
        (("v=spf10 -all", "v=spf2.0/pra -all"), WRONG, "does not say who may send"),
        (("v=spf1 -all", "v=spf1 ~all"), WRONG, "has 2 SPF records"),
        (("v=spf1 mx +all",), WRONG, "lets everybody send"),
        (("v=spf1 all",), WRONG, "lets everybody send"),
        (("v=spf1 mx",), WARNING, "says nothing of all others"),
        (("v=spf1 mx ?all",), WARNING, "says nothing of all others"),
        ((f"v=spf1 {' '.join(f'a:h{n}.news.org' for n in range(11))} -all",), WRONG, "needs 11 lookups of 10"),
    ],
)
def test_spf(records: tuple[str, ...], state: State, said: str) -> None:
    found = spf("news.org", _txt(*records))
    assert (found.state, said in found.message) == (state, True), found


def test_spf_counts_the_lookups_of_what_it_includes_and_stops_in_circles() -> None:
    records = {
        "TXT news.org": ("v=spf1 include:a.org include:b.org -all",),
        "TXT a.org": ("v=spf1 include:b.org mx include:news.org ~all",),
        "TXT b.org": ("v=spf1 a a:x.org exists:%{i}.y.org ~all",),
    }
    # include a, in it: include b (with a, a, exists), mx, include news; then include b, whose terms are known.
    assert "(8 of 10 lookups)" in spf("news.org", _lookup(records)).message
    endless = {f"TXT n{at}.org": (f"v=spf1 include:n{at + 1}.org -all",) for at in range(200)}
    assert spf("n0.org", _lookup(endless)).state is WRONG


@pytest.mark.parametrize(
    ("record", "state", "said"),
    [
        (f"v=DKIM1; k=rsa; p={LONG}", OK, "a key at"),
        (f"p={LONG[:100]} {LONG[100:]}", OK, "a key at"),
        ("v=DKIM1; k=ed25519; p=" + b64encode(b"k" * 32).decode(), OK, "a key at"),
        ("v=DKIM1; p=" + b64encode(b"k" * 162).decode(), WARNING, "shorter than 2,048 bits"),
        ("v=DKIM1; p=" + b64encode(b"k" * 90).decode(), WRONG, "shorter than 1,024 bits"),
        (f"v=DKIM1; t=y:s; p={LONG}", WARNING, "only tried out"),
        ("v=DKIM1; p=", WRONG, "revoked"),
        ("v=DKIM1; p=a#b", WRONG, "damaged"),
        ("v=spf1 -all", WRONG, "there is no key"),
    ],
)
def test_dkim(record: str, state: State, said: str) -> None:
    (found,) = dkim("news.org", ["s1"], _txt(record, at="s1._domainkey.news.org"))
    assert (found.name, found.state, said in found.message) == ("DKIM s1", state, True), found


def test_dkim_without_a_selector_is_unknown_and_each_selector_is_looked_at_by_itself() -> None:
    assert [one.state for one in dkim("news.org", [], _txt())] == [UNKNOWN]

    def lookup(name: str, kind: str) -> tuple[str, ...]:
        if name.startswith("s1."):
            raise CouldNotLook("no name server answers in time")
        return (f"p={LONG}",)

    assert [one.state for one in dkim("news.org", ["s1", "s2"], lookup)] == [UNKNOWN, OK]


@pytest.mark.parametrize(
    ("place", "records", "state"),
    [
        ("_dmarc.mail.news.org", ("v=DMARC1; p=reject",), OK),
        ("_dmarc.news.org", ("v=DMARC1; p=quarantine; rua=mailto:a@news.org",), OK),
        ("_dmarc.news.org", ("v=DMARC1; p=reject; sp=none",), WARNING),
        ("_dmarc.mail.news.org", ("v=DMARC1; p=none",), WARNING),
        ("_dmarc.mail.news.org", ("v=DMARC1; rua=mailto:a@news.org",), WRONG),
        ("_dmarc.mail.news.org", ("v=DMARC1; p=none", "v=DMARC1; p=reject"), WRONG),
        ("_dmarc.mail.news.org", ("v=DMARC10; p=none",), WRONG),
        ("_dmarc.org", ("v=DMARC1; p=reject",), WRONG),
    ],
)
def test_dmarc_is_that_of_the_domain_or_of_the_one_above(place: str, records: tuple[str, ...], state: State) -> None:
    assert dmarc("mail.news.org", _txt(*records, at=place)).state is state


@pytest.mark.parametrize(
    ("records", "state", "said"),
    [
        (
            {"MX news.org": ("20 b.org.", "10 a.org."), "A a.org": ("192.0.2.1",), "AAAA b.org": ("2001:db8::1",)},
            OK,
            "a",
        ),
        ({"MX news.org": ("10 a.org.", "20 b.org."), "A a.org": ("192.0.2.1",)}, WARNING, "b.org has no address"),
        ({"MX news.org": ("10 a.org.",)}, WRONG, "a.org has no address"),
        ({"MX news.org": ("0 .",)}, WRONG, "takes no mail at all"),
        ({"A news.org": ("192.0.2.1",)}, WARNING, "has no MX"),
        ({}, WRONG, "nothing takes mail"),
    ],
)
def test_mx(records: dict[str, tuple[str, ...]], state: State, said: str) -> None:
    found = mx("news.org", _lookup(records))
    assert (found.state, said in found.message) == (state, True), found


A, BACK = {"A m.org": ("8.8.4.4",)}, {"PTR 8.8.4.4": ("m.org.",)}


@pytest.mark.parametrize(
    ("host", "records", "state"),
    [
        ("m.org", A | BACK, OK),
        ("8.8.4.4", A | BACK, OK),
        ("m.org", A, WARNING),
        ("m.org", A | {"PTR 8.8.4.4": ("else.org.",)}, WARNING),
        ("m.org", {}, WRONG),
        ("m.org", {"A m.org": ("10.0.0.7",)}, UNKNOWN),
        ("127.0.0.1", {}, UNKNOWN),
    ],
)
def test_ptr_has_to_lead_back(host: str, records: dict[str, tuple[str, ...]], state: State) -> None:
    assert ptr(host, _lookup(records)).state is state


def test_a_record_that_would_steer_a_terminal_is_escaped_and_ends_somewhere() -> None:
    said = spf("news.org", _txt("v=spf1 \x1b[31m" + "x" * 5_000 + " -all")).message
    assert said.isprintable()
    assert len(said) < 300


def test_nobody_who_answers_is_no_illness() -> None:
    def silent() -> Diagnosis:
        raise CouldNotLook("no name server answers in time")

    assert guarded("SPF", silent) == Diagnosis("SPF", UNKNOWN, "could not look: no name server answers in time.")
