"""Which addresses are valid, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.audience.addresses import Address, InvalidAddress, _parse_unusual, parse_address

LOCAL = st.text("abcXYZ019.!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)
DOMAIN = st.text("abcXYZ019.-", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("written", "mailed", "key"),
    [
        ("Ada.Lovelace@Example.ORG", "Ada.Lovelace@example.org", "ada.lovelace@example.org"),
        ("  ada+news@example.org\t", "ada+news@example.org", "ada+news@example.org"),
        ("o'hara@a.b-c.example.org", "o'hara@a.b-c.example.org", "o'hara@a.b-c.example.org"),
        ("Ada@BÜCHER.example", "Ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("Jürgen@Bücher.example", "Jürgen@xn--bcher-kva.example", "jürgen@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_mailed_as_written_and_counts_in_lower_case(written: str, mailed: str, key: str) -> None:
    assert parse_address(written) == Address(mailed, key)


@pytest.mark.parametrize(
    "written", ["ada@example.org\r\nBcc: all@example.org", "ada@example.org\0", "ada\n@example.org"]
)
def test_an_address_cannot_carry_a_header_or_a_command(written: str) -> None:
    with pytest.raises(InvalidAddress):
        parse_address(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "a b@example.org",
        "a@example",
        "a@@example.org",
        "a@-example.org",
        "a..b@example.org",
        "a@" + "b" * 250 + ".org",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(InvalidAddress):
        parse_address(written)


@pytest.mark.parametrize("written", ["jürgen secret@example.org", "secret.name@localhost", "secret name@example.org"])
def test_the_reason_does_not_repeat_the_address(written: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        parse_address(written)
    assert written.split("@")[0] not in str(caught.value)


@pytest.mark.parametrize(("length", "fits"), [(64, True), (65, False)])
def test_the_part_before_the_at_sign_has_a_longest_length(length: int, fits: bool) -> None:
    written = "a" * length + "@example.org"
    if fits:
        assert parse_address(written).mailed == written
    else:
        with pytest.raises(InvalidAddress):
            parse_address(written)


@settings(max_examples=300, deadline=None)
@given(LOCAL, DOMAIN)
@example("a", "b.x0")
@example("a", "b.ab--c")
@example("a", "ab--c.org")
def test_the_quick_way_takes_nothing_that_the_library_refuses(local: str, domain: str) -> None:
    """Except for domains set aside for tests (RFC 6761), which the library refuses by name."""
    written = f"{local}@{domain}"
    try:
        quick = parse_address(written)
    except InvalidAddress:
        return
    assert quick == _parse_unusual(written)
    assert parse_address(quick.key).key == quick.key
