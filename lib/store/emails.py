"""The e-mails that we sent: one row each, with its Message-ID, by which a repeated step finds it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lib.domain.emails import EmailKind, EmailState
from lib.domain.permissions import Role
from lib.store.account_id import id_of
from lib.store.folding import contains
from lib.store.schema import account, person, person_role, sent_email

SUBJECT_LIMIT = 255
_GIVES_WAY_TO: dict[EmailState, list[str]] = {
    EmailState.ACCEPTED: [EmailState.FAILED.value, EmailState.UNKNOWN.value],
    EmailState.UNKNOWN: [EmailState.FAILED.value],
    EmailState.FAILED: [],
}
"""Which stored states a new one replaces."""


class SentEmail(BaseModel):
    """A stored e-mail. There is no `body` where a reader could sign in with it."""

    model_config = ConfigDict(frozen=True)

    account: str
    kind: EmailKind
    subject: str
    recipient: str
    state: EmailState
    message_id: str
    body: str | None
    sent_at: datetime


class EmailRow(BaseModel):
    """An e-mail as a list shows it."""

    model_config = ConfigDict(frozen=True)

    id: int
    sent_at: datetime
    kind: str
    subject: str
    recipient: str
    state: str

    @property
    def place(self) -> tuple[datetime, int]:
        """Its place in the list, for `read_emails`."""
        return self.sent_at, self.id


class EmailDetail(EmailRow):
    """One e-mail with its text, where that is stored, and the one it repeats."""

    body: str | None
    resent_from: int | None


class EmailFilter(BaseModel):
    """Which e-mails to list: from `since`, before `before`, and with these words in subject and recipient."""

    model_config = ConfigDict(frozen=True)

    since: datetime | None = None
    before: datetime | None = None
    text: str = ""
    recipient: str = ""
    kind: str | None = None


def read_emails(
    connection: Connection,
    number: str,
    wanted: EmailFilter,
    *,
    after: tuple[datetime, int] | None = None,
    limit: int,
    customer: bool = False,
) -> list[EmailRow]:
    """The newest `limit` e-mails of the account that match the filter, or those after the place `after`.

    `customer`: only those to the customer, without copies that the staff sent to themselves.
    """
    own = sent_email.c
    query = select(own.id, own.sent_at, own.kind, own.subject, own.recipient, own.state)
    query = query.where(*_conditions(connection, number, wanted), *_theirs(customer))
    if after is not None:
        moment, id_ = (literal(value, column.type) for value, column in zip(after, (own.sent_at, own.id), strict=True))
        # The first condition uses the index. The second makes the result exact.
        query = query.where(own.sent_at <= moment, or_(own.sent_at < moment, and_(own.sent_at == moment, own.id < id_)))
    rows = connection.execute(query.order_by(own.sent_at.desc(), own.id.desc()).limit(limit))
    return [EmailRow.model_validate(dict(row._mapping)) for row in rows]


def count_emails(connection: Connection, number: str, wanted: EmailFilter, *, most: int, customer: bool = False) -> int:
    """How many e-mails match the filter, at most `most`. `customer`: see `read_emails`."""
    some = select(sent_email.c.id).where(*_conditions(connection, number, wanted), *_theirs(customer)).limit(most)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def walk_emails(engine: Engine, number: str, wanted: EmailFilter, *, chunk: int) -> Iterator[list[EmailRow]]:
    """Every e-mail that matches the filter, newest first, `chunk` at a time, each in its own transaction."""
    after = None
    while True:
        with engine.connect() as connection:
            rows = read_emails(connection, number, wanted, after=after, limit=chunk)
        if rows:
            yield rows
        if len(rows) < chunk:
            return
        after = rows[-1].place


def find_email(connection: Connection, number: str, email_id: int, *, customer: bool = False) -> EmailDetail | None:
    """This e-mail, or None when the account has none with this id. `customer`: see `read_emails`."""
    row = connection.execute(
        select(sent_email)
        .join(account, sent_email.c.account_id == account.c.id)
        .where(sent_email.c.id == email_id, account.c.number == number, *_theirs(customer))
    ).one_or_none()
    return None if row is None else EmailDetail.model_validate(dict(row._mapping))


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
    resent_from: int | None = None,
    run_id: str | None = None,
) -> bool:
    """Store the e-mail for this account number. False when the stored one needed no change.

    An accepted one stays as it is. One that may have arrived does not become a failed one: only the repeat failed.
    `run_id` is the run that sent it. Call it inside a `writing` transaction.

    Raises:
        AccountGone: no account has this number.
    """
    account_id = id_of(connection, account)
    values = {
        "account_id": account_id,
        "kind": kind.value,
        # The e-mail was sent: a long subject must not stop us from storing it.
        "subject": subject if len(subject) <= SUBJECT_LIMIT else subject[: SUBJECT_LIMIT - 1] + "…",
        "recipient": recipient,
        "state": state.value,
        "message_id": message_id,
        "body": None if kind.holds_secret else body,
        "sent_at": sent_at,
        "resent_from": resent_from,
        "run_id": run_id,
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


def learn_state(connection: Connection, message_id: str, state: EmailState) -> bool:
    """Store the outcome of an e-mail whose row was written as *unknown* before it was sent. Nothing else changes.

    Only the caller who wrote the row may store a failure: no other attempt has sent that e-mail. False when the row
    needed no change. Call it inside a `writing` transaction.
    """
    gives_way = _GIVES_WAY_TO[state] or [EmailState.UNKNOWN.value]
    known = sent_email.c.message_id == message_id
    changed = update(sent_email).where(known, sent_email.c.state.in_(gives_way)).values(state=state.value)
    return connection.execute(changed).rowcount == 1


def states_of_run(connection: Connection, run_id: str, kind: EmailKind) -> dict[str, EmailState]:
    """The recipients to whom the run sent, or tried to send, an e-mail of this kind, oldest first, and the outcome."""
    own = sent_email.c
    tried = select(own.recipient, own.state).where(own.run_id == run_id, own.kind == kind.value).order_by(own.id)
    return {recipient: EmailState(state) for recipient, state in connection.execute(tried)}


def count_of_runs(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """How many e-mails each of these runs sent or tried to send. A run without any is left out."""
    own = sent_email.c
    rows = connection.execute(
        select(own.run_id, func.count()).where(own.run_id.in_(list(run_ids))).group_by(own.run_id)
    )
    return {row[0]: row[1] for row in rows}


def read_of_run(connection: Connection, run_id: str, limit: int) -> list[EmailRow]:
    """The first `limit` e-mails of a run, in the order of sending."""
    own = sent_email.c
    rows = connection.execute(
        select(*(own[name] for name in EmailRow.model_fields))
        .where(own.run_id == run_id)
        .order_by(own.sent_at, own.id)
        .limit(limit)
    )
    return [EmailRow.model_validate(dict(row._mapping)) for row in rows]


def find_by_message_id(connection: Connection, message_id: str) -> SentEmail | None:
    """The e-mail with this Message-ID, or None."""
    row = connection.execute(
        select(sent_email, account.c.number.label("account"))
        .join(account, sent_email.c.account_id == account.c.id)
        .where(sent_email.c.message_id == message_id)
    ).one_or_none()
    return None if row is None else SentEmail.model_validate(dict(row._mapping))


def _conditions(connection: Connection, number: str, wanted: EmailFilter) -> list[ColumnElement[bool]]:
    own = sent_email.c
    # The id, not a subquery, so that the planner knows how many rows the account has.
    found: list[ColumnElement[bool]] = [own.account_id == id_of(connection, number)]
    if wanted.since:
        found.append(own.sent_at >= wanted.since)
    if wanted.before:
        found.append(own.sent_at < wanted.before)
    if wanted.kind:
        found.append(own.kind == wanted.kind)
    if wanted.text:
        found.append(contains(wanted.text, own.subject))
    if wanted.recipient:
        found.append(contains(wanted.recipient, own.recipient))
    return found


def _theirs(customer: bool) -> list[ColumnElement[bool]]:
    """The conditions for e-mails to the customer, if they are read for a customer.

    They exclude those to an address of the staff, and those sent again to somebody who never got one first: that was a
    colleague's copy, even when that colleague has another address now.
    """
    if not customer:
        return []
    own, first = sent_email.c, sent_email.alias("first")
    staff = (
        select(func.lower(person.c.email))
        .join(person_role, person_role.c.person_id == person.c.id)
        .where(person_role.c.role != Role.ACCOUNT_ADMIN.value)
    )
    first_hand = exists().where(
        first.c.account_id == own.account_id, first.c.resent_from.is_(None), first.c.recipient == own.recipient
    )
    return [func.lower(own.recipient).not_in(staff), or_(own.resent_from.is_(None), first_hand)]
