"""The sent e-mail history, on the page."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from lib.domain.emails import EmailKind
from lib.standins.mail import MailStandin
from lib.store import emails
from lib.store.emails import EmailFilter
from lib.store.engine import writing
from lib.store.schema import account, person, sent_email
from lib.ui.emails.export import emails_csv
from tests.common.factories import make_email
from tests.pages.conftest import press, rerun_until, said, sound, tables

PATH = "pages/account/emails.py"
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


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailStandin(tmp_path_factory.mktemp("mail")) as standin:
        yield standin


@pytest.fixture(scope="module")
def settings(mail):
    return {"mail_host": mail.host, "mail_port": mail.port, "mail_security": "none"}


@pytest.fixture(scope="module")
def fits():
    return lambda one: one.has.emails


def opened(house, account, username="lead", **query):
    return house.open(username, PATH, account=account.number, **query)


def put(house, account, position=0, *, kind=EmailKind.SUSPENSION_NOTICE, **values):
    given = {
        "subject": f"Put {position}",
        "message_id": f"<put-{account.number}-{position}@example.com>",
        "body": "Your password: correcthorse\nBye\n",
        "sent_at": datetime(2026, 11, 20, 3, 0, tzinfo=UTC) + timedelta(minutes=position),
        **values,
    }
    with writing(house.app.services.engine) as connection:
        make_email(connection, account=account.number, kind=kind, **given)


def newest(house, account):
    with house.app.services.engine.connect() as connection:
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
    for words in ("Voicemail", "invoices", "Zuora", "does not mean that an e-mail was delivered"):
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


def test_the_filters_are_in_the_address_and_take_any_text(house, own):
    put(house, own, subject="Very <b>special</b>", recipient="zed@example.com")
    app = opened(house, own)
    sound(app.text_input(key="subject").set_value("SPECIAL").run())
    assert [row.Recipient for row in rows(app)] == ["zed@example.com"]
    assert [row.Subject for row in rows(opened(house, own, subject="special"))] == ["Very <b>special</b>"]
    sound(app.selectbox(key="email_kind").set_value("one_time_code").run())
    assert "No sent e-mail matches" in said(app)
    app = press(app, "Clear the filters")
    assert len(rows(app)) == len(newest(house, own))
    for odd in ODD:
        for key in ("subject", "recipient"):
            sound(app.text_input(key=key).set_value(odd).run())
            sound(app.text_input(key=key).set_value("").run())
    assert len(rows(app)) == len(newest(house, own))


def test_days_from_and_to_are_both_included(house, own):
    for position in range(4):
        put(house, own, position, sent_at=datetime(2030, 1, 1 + position, 0, 30, tzinfo=UTC))
    app = opened(house, own)
    sound(app.date_input(key="sent_from").set_value(date(2030, 1, 2)).run())
    assert [row.Subject for row in rows(app)] == ["Put 3", "Put 2", "Put 1"]
    sound(app.date_input(key="sent_to").set_value(date(2030, 1, 3)).run())
    assert [row.Subject for row in rows(app)] == ["Put 2", "Put 1"]
    sound(app.date_input(key="sent_from").set_value(date(2031, 1, 1)).run())
    sound(app.text_input(key="recipient").set_value("nobody").run())
    assert len(rows(press(app, "Clear the filters"))) == len(newest(house, own))
    assert (app.date_input(key="sent_from").value, app.date_input(key="sent_to").value) == (None, None)


def test_another_list_begins_at_its_top(house, own):
    for position in range(70):
        put(house, own, position, kind=EmailKind.SUSPENSION_NOTICE)
    app = press(opened(house, own), "Older")
    sound(app.text_input(key="subject").set_value("put").run())
    assert rows(app)[0].Subject == "Put 69"


def test_many_are_counted_up_to_a_bound_and_the_export_says_its_limit(house, own):
    with writing(house.app.services.engine) as connection:
        owner = connection.execute(select(account.c.id).where(account.c.number == own.number)).scalar_one()
        many = {"account_id": owner, "kind": "old_kind", "subject": "x", "recipient": "a@b.co", "state": "accepted"}
        given = [many | {"message_id": f"<many-{at}>", "sent_at": datetime.now(UTC)} for at in range(1_001)]
        connection.execute(insert(sent_email), given)
    app = opened(house, own)
    assert "More than 1,000 e-mails" in [one.value for one in app.markdown]
    assert any("newest 100,000" in one.value for one in app.caption)
    assert rows(app)[0].Kind == "Old kind"
    sound(app.text_input(key="recipient").set_value("example.com").run())
    assert not any("newest 100,000" in one.value for one in app.caption)


def test_a_history_that_cannot_be_read_is_not_shown_as_empty(house, own):
    app = opened(house, own)
    with house.app.services.engine.connect() as connection:
        connection.execute(text("alter table sent_email rename to gone"))
        connection.commit()
        try:
            sound(app.run())
            assert "The sent e-mails could not be read." in said(app)
            assert "has sent no e-mail" not in said(app)
        finally:
            connection.execute(text("alter table gone rename to sent_email"))
            connection.commit()
    assert rows(press(app, "Try again"))


def test_an_account_without_any_says_so_and_not_that_filters_hide_them(house, own):
    with writing(house.app.services.engine) as connection:
        owner = connection.execute(select(account.c.id).where(account.c.number == own.number)).scalar_one()
        connection.execute(delete(sent_email).where(sent_email.c.account_id == owner))
    app = opened(house, own)
    assert "The Hub has sent no e-mail for this account yet." in said(app)
    assert "Clear the filters" not in labels(app)


def test_an_email_is_shown_without_secrets_and_offered_again(house, own):
    put(house, own)
    app = opened(house, own, email=str(next(one.id for one in newest(house, own) if one.subject == "Put 0")))
    shown = app.code[0].value
    assert "correcthorse" not in shown
    assert "Bye" in shown
    app = press(app, "Send to me")
    assert tables(app, "System")[0].iloc[0]["After"] == "lead@demo.example"
    assert "Send again" in labels(app)


@pytest.mark.parametrize(("to", "recipient"), [("original", "ada@example.com"), ("me", "lead@demo.example")])
def test_it_is_sent_again_and_gets_its_own_row(house, own, mail, to, recipient):
    put(house, own, body="Your service is <b>suspended</b>.\n")
    first = next(one for one in newest(house, own) if one.subject == "Put 0")
    count = len(newest(house, own))
    mail.clear()
    app = opened(house, own, email=str(first.id))
    app = sound(app.button(key=f"resend_{to}_{first.id}").click().run())
    assert tables(app, "System")[0].iloc[0]["After"] == recipient
    assert "It was first sent on" in said(app)
    assert mail.messages() == []
    app = rerun_until(press(app, "Send again"), lambda app: bool(tables(app, "Step", "Result")))
    (message,) = mail.messages()
    assert (message.recipients, message.subject) == ((recipient,), "Put 0")
    assert "Your service is <b>suspended</b>." in message.text
    assert len(newest(house, own)) == count + 1
    again = newest(house, own)[0]
    assert (again.subject, again.recipient, again.state) == ("Put 0", recipient, "accepted")
    assert rows(app)[0].Recipient == recipient
    shown = opened(house, own, email=str(again.id))
    assert any("Sent again by hand" in one.value for one in shown.caption)
    assert not any("Sent again by hand" in one.value for one in opened(house, own, email=str(first.id)).caption)


def test_a_shown_email_is_closed_again(house, own):
    put(house, own)
    wanted = str(newest(house, own)[0].id)
    app = opened(house, own, email=wanted)
    assert app.code
    app = press(app, "Close")
    assert not app.code
    assert "email" not in app.query_params
    assert rows(app)


def test_an_email_of_another_account_is_not_shown(house, own, _unused):
    other = next(_unused)
    put(house, other)
    app = opened(house, own, email=str(newest(house, other)[0].id))
    assert "no such e-mail" in said(app)
    assert not app.code


def test_one_whose_text_is_not_kept_says_why(house, own):
    put(house, own, kind=EmailKind.ONE_TIME_CODE)
    app = opened(house, own, email=str(next(one.id for one in newest(house, own) if one.subject == "Put 0")))
    assert "it can be used to sign in" in said(app)
    assert "Send to me" not in labels(app)


@pytest.mark.parametrize("asked", ["0", "x", "9" * 30, "-1", "٣"])
def test_an_address_of_an_unknown_email_says_so(house, own, asked):
    assert "no such e-mail" in said(opened(house, own, email=asked))


def test_an_export_checks_the_permission_when_it_is_made(house, own):
    put(house, own)

    def export(actor, number=own.number):
        wanted = EmailFilter(text="put")
        return emails_csv(house.at(number, actor), wanted, "Australia/Perth").decode("utf-8-sig")

    assert export(house.identity("lead")).splitlines()[1:] == [
        "2026-11-20 11:00:00+08:00,Put 0,ada@example.com,Suspension notice,Accepted by the mail server"
    ]
    for username in ("viewer", "customer", "nobody", ""):
        with pytest.raises(PermissionError):
            export(house.identity(username))
    drawn_for = house.identity("billing")
    try:
        shut_out(house, "billing", active=False)
        with pytest.raises(PermissionError):
            export(drawn_for)
    finally:
        shut_out(house, "billing", active=True)
    assert export(drawn_for)


def shut_out(house, username, *, active):
    with writing(house.app.services.engine) as connection:
        connection.execute(update(person).where(person.c.username == username).values(active=active))


def test_people_without_the_permission_have_neither_export_nor_resend(house, own):
    put(house, own)
    mine = str(newest(house, own)[0].id)
    exports = {
        username: bool(opened(house, own, username).get("download_button"))
        for username in ("lead", "billing", "viewer")
    }
    assert exports == {"lead": True, "billing": True, "viewer": False}
    assert "Send to me" not in labels(opened(house, own, "viewer", email=mine))
    assert "no such e-mail" in said(opened(house, own, "customer", email=mine))
