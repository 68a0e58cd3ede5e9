"""An account with far more than any other: 300,000 e-mails and 5,000 phone users."""

from datetime import timedelta

from sqlalchemy import Connection, Engine, func, insert, select

from lib.demo.model import ANCHOR
from lib.store.engine import writing
from lib.store.schema import account, pbx, phone_user, sent_email
from lib.store.search import reindex

EMAILS, USERS = 300_000, 5_000
_CHUNK = 20_000


def crowd(engine: Engine, number: str) -> None:
    """Add e-mails and phone users until the account has that many."""
    with writing(engine) as connection:
        owner = connection.execute(select(account.c.id).where(account.c.number == number)).scalar_one()
        _add_users(connection, owner)
        _add_emails(connection, owner)
        reindex(connection, owner)


def _add_users(connection: Connection, owner: int) -> None:
    office, group = connection.execute(select(pbx.c.id, pbx.c.group_name).where(pbx.c.account_id == owner)).first()
    there = connection.execute(
        select(func.count()).select_from(phone_user).where(phone_user.c.account_id == owner)
    ).scalar_one()
    rows = [
        {
            "account_id": owner,
            "pbx_id": office,
            "extension": f"9{last:05}",
            "login": f"9{last:05}@{group}",
            "kind": "desk_phone",
            "display_name": f"Person {last}",
            "email": f"person{last}@customer.example",
        }
        for last in range(USERS - there)
    ]
    connection.execute(insert(phone_user), rows)


def _add_emails(connection: Connection, owner: int) -> None:
    for start in range(0, EMAILS, _CHUNK):
        rows = [
            {
                "account_id": owner,
                "sent_at": ANCHOR - timedelta(minutes=position),
                "kind": "jet_phone_login",
                "subject": "Your Jet Phone login details",
                "recipient": f"person{position % USERS}@customer.example",
                "state": "accepted",
                "message_id": f"<crowd-{position}@mail.example>",
            }
            for position in range(start, start + _CHUNK)
        ]
        connection.execute(insert(sent_email), rows)
