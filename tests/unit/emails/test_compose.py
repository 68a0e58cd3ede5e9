"""With any text, the message that is sent has these headers and no others."""

import email
from datetime import UTC, datetime
from email import policy

from hypothesis import given, settings
from hypothesis import strategies as st

from lib.clients.mail.addresses import parse_address, parse_sender
from lib.clients.mail.compose import CannotCompose, compose
from lib.clients.mail.outgoing import OutgoingMail

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version"]
SENDER = parse_sender("Jet Hub <hub@example.com>")
# Any characters, and often those that have a meaning in headers and addresses.
NASTY = st.text(st.one_of(st.characters(), st.sampled_from("\r\n\t \v\x85\u2028=?@.,;:<>\"'()[]aBé日🙂")), max_size=80)


@settings(max_examples=300, deadline=None)
@given(subject=NASTY, local=NASTY, text=NASTY)
def test_no_text_adds_a_header_or_a_recipient(subject, local, text):
    letter = OutgoingMail(f"{local}@example.com", subject, text, f"<p>{text}</p>", "<am.1@example.com>")
    try:
        made = compose(letter, SENDER, NOW)
    except CannotCompose as refused:
        assert len(str(refused)) < 100
        return
    message = email.message_from_bytes(made.content, policy=policy.default)
    assert sorted(message.keys()) == sorted(HEADERS)
    assert message["Subject"] == subject.strip()
    assert made.recipient == parse_address(f"{local}@example.com").spec
    assert made.recipient.endswith("@example.com")
    assert all(len(line) <= 998 for line in made.content.split(b"\r\n"))
    assert made.needs_utf8 or made.content.isascii()
    assert b"\n" not in made.content.replace(b"\r\n", b"")
    for subtype in ("plain", "html"):
        body = message.get_body((subtype,)).get_content()
        assert text.strip() == "" or body.split() == (text if subtype == "plain" else f"<p>{text}</p>").split()


@settings(max_examples=200, deadline=None)
@given(name=NASTY)
def test_no_senders_name_changes_the_address(name):
    try:
        sender = parse_sender(f"{name} <hub@example.com>")
    except ValueError:
        return
    made = compose(OutgoingMail("ada@example.com", "s", "t", "h", "<am.1@example.com>"), sender, NOW)
    message = email.message_from_bytes(made.content, policy=policy.default)
    (address,) = message["From"].addresses
    assert (made.sender, address.addr_spec) == ("hub@example.com", "hub@example.com")
    assert sorted(message.keys()) == sorted(HEADERS)


@settings(max_examples=300, deadline=None)
@given(text=NASTY | st.emails() | st.builds("{}{}{}".format, NASTY, st.just("ada@example.com"), NASTY))
def test_an_address_is_one_word_with_one_at_sign_or_none(text):
    try:
        address = parse_address(text)
    except ValueError as refused:
        assert not text.strip() or len(text) < 6 or text not in str(refused)
        return
    assert address.spec.count("@") == 1
    assert not any(sign.isspace() or sign in '<>,;:()"' for sign in address.spec)
    assert address.domain.isascii()
