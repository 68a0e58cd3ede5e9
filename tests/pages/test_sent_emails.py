"""The sent e-mail history as people meet it."""

from datetime import UTC, datetime, timedelta

import pytest

from lib.domain.emails import EmailKind, EmailState
from lib.store import emails
from lib.store.emails import EmailFilter
from lib.store.engine import writing
from tests.pages.conftest import plain_accounts, press, said, sound, tables

PATH = "pages/account/emails.py"
OWN = iter([one for one in plain_accounts() if one.has.emails])
ODD = [
    "",
    "x" * 200,
    "42",
    "<b>x</b> :red[y] $a$",
    "\u202eשלום",
    "wa\u0301ttle",
    " a\u00a0\t",
    "a\nb",
    "a@x.y;b@x.y",
    "%_\\",
]


@pytest.fixture
def own():
    """An account no other test of this file has changed."""
    return next(OWN)


def opened(house, account, username="lead", **query):
    return house.open(username, PATH, account=account.number, **query)


def put(house, account, position=0, *, kind=EmailKind.SUSPENSION_NOTICE, **values):
    given = {
        "subject": f"Put {position}",
        "recipient": "ada@example.com",
        "state": EmailState.ACCEPTED,
        "message_id": f"<put-{account.number}-{position}@example.com>",
        "body": "Your password: correcthorse\nBye\n",
        "sent_at": datetime(2026, 11, 20, 3, 0, tzinfo=UTC) + timedelta(minutes=position),
        **values,
    }
    with writing(house.hub.services.engine) as connection:
        emails.record_sent(connection, account=account.number, kind=kind, **given)


def newest(house, account):
    with house.hub.services.engine.connect() as connection:
        return emails.read_emails(connection, account.number, EmailFilter(), limit=500)


def rows(app):
    return [row for frame in tables(app, "Sent", "Subject") for row in frame.itertuples()]


def labels(app):
    return [button.label for button in app.button]


def test_the_page_lists_what_was_sent_and_says_what_is_not_here(house, own):
    app = opened(house, own)
    assert [row.Subject for row in rows(app)] == [one.subject for one in reversed(own.has.emails)]
    assert rows(app)[0].Kind in {kind.label for kind in EmailKind}
    notes = " ".join(one.value for one in app.caption)
    for words in ("Voicemail", "invoices", "Zuora", "does not say that it was delivered"):
        assert words in notes


def test_more_than_a_page_is_turned_and_counted(house, own):
    for position in range(60):
        put(house, own, position, kind=EmailKind.SUSPENSION_NOTICE)
    every = newest(house, own)
    app = opened(house, own)
    assert f"{len(every)} e-mails" in [one.value for one in app.markdown]
    assert [row.Subject for row in rows(app)] == [one.subject for one in every[:50]]
    app = press(app, "Older")
    assert [row.Subject for row in rows(app)] == [one.subject for one in every[50:]]
    assert [row.Subject for row in rows(press(app, "Newer"))] == [one.subject for one in every[:50]]


def test_the_filters_stand_in_the_address_and_take_any_text(house, own):
    put(house, own, subject="Very <b>special</b>", recipient="zed@example.com")
    app = opened(house, own)
    sound(app.text_input(key="subject").set_value("SPECIAL").run())
    assert [row.Recipient for row in rows(app)] == ["zed@example.com"]
    assert [row.Subject for row in rows(opened(house, own, subject="special"))] == ["Very <b>special</b>"]
    sound(app.selectbox(key="email_kind").set_value("one_time_code").run())
    assert "No sent e-mail matches" in said(app)
    app = press(app, "Clear the filters")
    assert len(rows(app)) == len(newest(house, own))
    for text in ODD:
        for key in ("subject", "recipient"):
            sound(app.text_input(key=key).set_value(text).run())
            sound(app.text_input(key=key).set_value("").run())
    assert len(rows(app)) == len(newest(house, own))


def test_an_email_is_shown_without_secrets_and_offered_again(house, own):
    put(house, own)
    app = opened(house, own, email=str(next(one.id for one in newest(house, own) if one.subject == "Put 0")))
    shown = app.code[0].value
    assert "correcthorse" not in shown
    assert "Bye" in shown
    app = press(app, "Send to me")
    assert tables(app, "System")[0].iloc[0]["After"] == "lead@demo.example"
    assert "Send again" in labels(app)


def test_one_whose_text_is_not_kept_says_why(house, own):
    put(house, own, kind=EmailKind.ONE_TIME_CODE)
    app = opened(house, own, email=str(next(one.id for one in newest(house, own) if one.subject == "Put 0")))
    assert "whoever reads it could sign in" in said(app)
    assert "Send to me" not in labels(app)


@pytest.mark.parametrize("asked", ["0", "x", "9" * 30, "-1", "٣"])
def test_an_address_of_no_email_is_told(house, own, asked):
    assert "no such e-mail" in said(opened(house, own, email=asked))


def test_who_may_not_is_offered_neither_export_nor_resend(house, own):
    put(house, own)
    mine = str(newest(house, own)[0].id)
    exports = {
        username: bool(opened(house, own, username).get("download_button"))
        for username in ("lead", "billing", "viewer")
    }
    assert exports == {"lead": True, "billing": True, "viewer": False}
    assert "Send to me" not in labels(opened(house, own, "viewer", email=mine))
    assert "no such e-mail" in said(opened(house, own, "customer", email=mine))
