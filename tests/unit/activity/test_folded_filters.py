"""The filters of e-mails and activity give the same answers on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from lib.domain.activity import Filter
from lib.store import activity, emails, schema
from lib.store.emails import EmailFilter
from lib.store.engine import writing
from tests.common.factories import make_email, put_account

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SUBJECT = "Ihre Nummer (03)\u00a05550\u20110075 – CAFÉ d’Élan"
NOTE = "Reklamation von Müller, Tel. +61 3 5550 0075"


@pytest.fixture
def hub(engine):
    with writing(engine) as connection:
        account = put_account(connection, "41990")
        make_email(connection, account="41990", subject=SUBJECT, recipient="Zoë.Lane@Example.com", sent_at=NOW)
        change = {"account_id": account, "from_status": "active", "to_status": "suspended", "reason": "non_payment"}
        connection.execute(insert(schema.status_change).values(**change, note=NOTE, actor="lead@demo.example", at=NOW))
    with engine.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("cafe d'elan", True),
        ("Café d`Élan", True),
        ("CAFÉ D´ÉLAN", True),
        ("ihre nummer", True),
        ("0075 - cafe", True),
        ("03 5550 0075", True),
        ("tel:+61-3-5550-0075", True),
        ("0355500075", True),
        ("５５５０００７５", True),
        ("03 5550 0076", False),
        ("cafe_", False),
        ("%", False),
    ],
)
def test_the_subject(hub, typed, found):
    assert bool(emails.read_emails(hub, "41990", EmailFilter(text=typed), limit=5)) is found
    assert emails.count_emails(hub, "41990", EmailFilter(text=typed), most=5) == found
    listed = activity.read_activity(hub, "41990", Filter(text=typed)).entries
    assert any(one.kind == "suspension_notice" for one in listed if hasattr(one, "subject")) is found


@pytest.mark.parametrize("typed", ["zoe.lane", "ZOË.LANE@EXAMPLE.COM", "zoe\u0308", "lane@\u200bexample"])
def test_the_recipient(hub, typed):
    assert emails.read_emails(hub, "41990", EmailFilter(recipient=typed), limit=5)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("muller", True), ("MÜLLER", True), ("(03) 5550-0075", True), ("0355500075", True), ("mueller", False)],
)
def test_a_note(hub, typed, found):
    entries = activity.read_activity(hub, "41990", Filter(text=typed)).entries
    assert any(getattr(one, "note", None) == NOTE for one in entries) is found


@pytest.mark.parametrize("typed", ["non-payment", "NON‑PAYMENT", "Non–payment"])
def test_a_reason_by_its_words(hub, typed):
    from lib.domain.status import REASON_WORDS
    from lib.domain.texts import fold

    entries = activity.read_activity(hub, "41990", Filter(text=typed)).entries
    named = fold(typed) in fold(REASON_WORDS["non_payment"])
    assert any(getattr(one, "reason", None) == "non_payment" for one in entries) is named
