"""The e-mails the Hub sent: one row each, known by its Message-ID, so that a repeat of a step finds it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from lib.domain.emails import EmailKind, EmailState
from lib.store.accounts import AccountGone
from lib.store.schema import account, sent_email

SUBJECT_LIMIT = 255
_GIVES_WAY_TO: dict[EmailState, list[str]] = {
    EmailState.ACCEPTED: [EmailState.FAILED.value, EmailState.UNKNOWN.value],
    EmailState.UNKNOWN: [EmailState.FAILED.value],
    EmailState.FAILED: [],
}
"""Which recorded states a newly learnt one replaces."""


class SentEmail(BaseModel):
    """An e-mail on record. `body` is None where it would let its reader sign in."""

    model_config = ConfigDict(frozen=True)

    account: str
    kind: EmailKind
    subject: str
    recipient: str
    state: EmailState
    message_id: str
    body: str | None
    sent_at: datetime


def record_sent(
    connection: Connection,
    *,
    account: str,
    kind: EmailKind,
    subject: str,
    recipient: str,
    state: EmailState,
    message_id: str,
    body: str | None,
    sent_at: datetime,
) -> bool:
    """Put the e-mail on record for this account number; False when its record already said as much.

    An accepted one stays as it is. One that may have arrived does not become a failed one: only the repeat failed.
    Call it inside a `writing` transaction.

    Raises:
        AccountGone: no account has this number.
    """
    account_id = _account_id(connection, account)
    values = {
        "account_id": account_id,
        "kind": kind.value,
        # The e-mail has gone out: a long subject must not keep it from being recorded.
        "subject": subject if len(subject) <= SUBJECT_LIMIT else subject[: SUBJECT_LIMIT - 1] + "…",
        "recipient": recipient,
        "state": state.value,
        "message_id": message_id,
        "body": None if kind.holds_secret else body,
        "sent_at": sent_at,
    }
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    stored = connection.execute(
        insert(sent_email)
        .values(**values)
        .on_conflict_do_update(
            index_elements=[sent_email.c.message_id],
            set_={name: value for name, value in values.items() if name != "message_id"},
            where=sent_email.c.state.in_(_GIVES_WAY_TO[state]),
        )
        .returning(sent_email.c.id)
    )
    return stored.first() is not None


def find_by_message_id(connection: Connection, message_id: str) -> SentEmail | None:
    """The e-mail with this Message-ID, or None when none is on record."""
    row = connection.execute(
        select(sent_email, account.c.number.label("account"))
        .join(account, sent_email.c.account_id == account.c.id)
        .where(sent_email.c.message_id == message_id)
    ).one_or_none()
    return None if row is None else SentEmail.model_validate(dict(row._mapping))


def _account_id(connection: Connection, number: str) -> int:
    found: int | None = connection.execute(select(account.c.id).where(account.c.number == number)).scalar_one_or_none()
    if found is None:
        raise AccountGone(number)
    return found
