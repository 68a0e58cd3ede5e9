"""E-mail addresses as people paste them: every form and the mail client accept and refuse the same ones."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.clients.mail.addresses import NotAnAddress, parse_address, parse_sender
from lib.clients.mail.compose import CannotCompose, compose
from lib.clients.mail.outgoing import OutgoingMail
from lib.domain.contacts import ContactRole, InvalidField, check_field
from lib.domain.emails import InvalidEmail, check_address

CASES = Path(__file__).parents[2] / "cases"
ASKED = json.loads((CASES / "email_addresses.json").read_text())
OURS = json.loads((CASES / "email_addresses_more.json").read_text())
SENDER = parse_sender("Jet Hub <hub@example.com>")
GOOD = {
    "a@x.com\u00a0": "a@x.com",
    " a@x.com\t": "a@x.com",
    "a@x.com,": "a@x.com",
    "a@x\u3002com": "a@x.com",
    "A.B@X.COM": "A.B@x.com",
    "m\u00fcller@ex\u00e4mple.de": "m\u00fcller@xn--exmple-cua.de",
    "\u7528\u6237@\u4f8b\u3048.jp": "\u7528\u6237@xn--r8jz45g.jp",
    "a@stra\u00dfe.de": "a@xn--strae-oqa.de",
    "a@fa\u00df.de": "a@xn--fa-hia.de",
    "a@\u1e9e.de": "a@xn--zca.de",
    "info@\ufb01sh.com.au": "info@fish.com.au",
    "e\u0301@x.com": "\u00e9@x.com",
}
"""What of the asked addresses is taken and sent in another spelling; the others below are taken as they are."""
AS_THEY_ARE = {
    *("a@x.com", "first.last+tag@x.com.au", "o'brien@x.com.au", "a_b@x.com", "a-b@x.co", "a@1und1.de", "a@x.c"),
    *("info@xn--exmple-cua.de", "accounts@x.museum", "a@sub.sub.x.com", "billing&accounts@x.com", "a!b@x.com"),
    *(
        "a%b@x.com",
        "a@xn--mnchen-3ya.de",
        "a@x.COM",
        "a@x.xn--p1ai",
        "a@x.con",
        "a@gmial.com",
        "\u00e9@x.com",
        "-@x.com",
    ),
    "x" * 64 + "@x.com",
}


def mailer(text):
    letter = OutgoingMail(text, "Subject", "text", "<p>text</p>", "<am.1@example.com>")
    return compose(letter, SENDER, datetime.now(UTC)).recipient


def answers(text):
    """What each place that takes an address makes of it; None where it refuses."""
    places = (
        lambda: parse_address(check_address(text)).spec,
        lambda: parse_address(text).spec,
        lambda: parse_address(check_field("personal_email", text, ContactRole.BILL_TO)).spec,
        lambda: mailer(text),
    )
    for place in places:
        try:
            yield place()
        except (InvalidEmail, InvalidField, NotAnAddress, CannotCompose):
            yield None


@pytest.mark.parametrize("text", ASKED, ids=ascii)
def test_the_asked_addresses(text):
    want = GOOD.get(text, text.lower() if text == "a@x.COM" else text if text in AS_THEY_ARE else None)
    assert list(answers(text)) == [want] * 4


@pytest.mark.parametrize("case", OURS, ids=lambda case: ascii(case["text"]))
def test_our_own(case):
    want = None if case["want"] == "refuse" else case["want"]
    assert list(answers(case["text"])) == [want] * 4


PIECES = st.sampled_from([
    "a", "Z", "7", "é", "ß", "İ", "日", ".", "..", "-", "–", "_", "@", "＠", " ", "\u00a0", "\u200b", "\u202e",
    "\u2028", ",", ";", "<", ">",
    '"', "'", "’", "(", ")", "[", "]", ":", "mailto:", "=?", "xn--", ".com", "@example.com",
    "。", "🙂", "\u0301", "ａ", "½", "\\", "/", "\ud800",
])  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=20).map(lambda text: f"{text}@example.com"))
def test_form_and_mailer_agree_on_any_text(text):
    form, wire, _, sent = answers(text)
    assert form == wire == sent
    if sent is not None:
        assert sent.count("@") == 1
        assert not any(sign.isspace() or sign in '<>,;:()"' for sign in sent)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a@x.com\nb@x.com", "more than one"),
        ("accounts@smith\u2013jones.com.au", "Use a hyphen"),
        ("a\uff20x.com", "full-width @"),
        ("a@\u200bx.com", "invisible"),
        ("🙂@x.com", "emoji"),
        ("a@\u0130stanbul.com", "Turkish"),
        ("Ada <a@x.com>", "without a name"),
        ("a..b@x.com", "two periods in a row"),
        ("a@x_y.com", "'_'"),
        ("a@x.com-", "end with a hyphen"),
        ("a@localhost", "no full domain"),
    ],
)
def test_the_reason_is_named(text, reason):
    with pytest.raises(InvalidEmail, match=reason) as refused:
        check_address(text)
    assert str(refused.value).endswith(".")
