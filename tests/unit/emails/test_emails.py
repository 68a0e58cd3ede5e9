"""Kinds of e-mails and the addresses they can go to."""

import pytest

from lib.actions.emails.letters import KINDS
from lib.demo.belongings import _MAILS
from lib.domain.emails import EmailKind, EmailState, InvalidEmail, check_address


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com",
        "Ada.Lane+billing@Sub.Example.com",
        "o'brien_9@example.com",
        "a@b.co",
        "zoë@bücher.example",
        "ada@1300.example",
        "a" * 64 + "@example.com",
    ],
)
def test_an_address_is_taken_as_it_is(text):
    assert check_address(f" \t{text}  ") == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("ada@example.com\nBcc: eve@example.com", "line break"),
        ("ada@example.com\n", "line break"),
        ("ada@exam\u200bple.com", "invisible"),
        ("ada@example.com, eve@example.com", "more than one"),
        ("ada@example.com;eve@example.com", "more than one"),
        ("ada@example.com, eve", "more than one"),
        ("ada@example.com eve@example.com", "more than one"),
        ("Ada Lane <ada@example.com>", "Type only the e-mail address"),
        ('"ada"@example.com', "Type only the e-mail address"),
        ("ada lane@example.com", "a space in it"),
        ("ada", "domain"),
        ("ada@", "domain"),
        ("ada@localhost", "domain"),
        ("@example.com", "not an e-mail address"),
        (".ada@example.com", "not an e-mail address"),
        ("ada..lane@example.com", "not an e-mail address"),
        ("ada@.example.com", "not an e-mail address"),
        ("ada@example.com.", "not an e-mail address"),
        ("ada@-example.com", "not an e-mail address"),
        ("ada@exa_mple.com", "not an e-mail address"),
        ("ada@[127.0.0.1]", "not an e-mail address"),
        ("ada(work)@example.com", "not an e-mail address"),
        ("ada@" + "x" * 64 + ".com", "not an e-mail address"),
        ("a" * 65 + "@example.com", "too long"),
        ("ada@" + "example." * 32 + "com", "too long"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(text, words):
    with pytest.raises(InvalidEmail, match=words) as caught:
        check_address(text)
    assert str(caught.value).endswith(".")


def test_every_kind_has_words_and_fits_its_column():
    assert len({kind.label for kind in EmailKind}) == len(EmailKind)
    assert all(len(kind) <= 30 for kind in EmailKind)
    assert {state.label for state in EmailState} == {"Accepted by the mail server", "Not confirmed as accepted"}


def test_the_kinds_are_those_of_the_templates_and_of_the_demo():
    assert set(KINDS) <= set(EmailKind)
    assert {kind for kind, _ in _MAILS} <= set(EmailKind)


def test_kinds_that_let_a_reader_sign_in_are_known():
    assert {kind for kind in EmailKind if kind.holds_secret} == {
        EmailKind.PORTAL_INVITATION,
        EmailKind.ONE_TIME_CODE,
        EmailKind.PASSWORD_RESET,
        EmailKind.JET_PHONE_LOGIN,
    }
