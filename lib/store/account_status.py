"""The status of an account: begin a change, finish it, and read its history."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, insert, select, update

from lib.domain.accounts import AccountStatus
from lib.store.account_id import id_of, id_query
from lib.store.accounts import Conflict, get_account
from lib.store.schema import account, status_change


class StatusChange(BaseModel):
    """One entry of an account's history: from which status to which, by whom, when and why."""

    model_config = ConfigDict(frozen=True)

    from_status: AccountStatus
    to_status: AccountStatus
    reason: str | None
    note: str | None
    actor: str
    run_id: str | None
    at: datetime


def begin_status(connection: Connection, number: str, *, expect: str, to: AccountStatus) -> bool:
    """Begin to change the status if it is `expect` now. False when that change has begun already.

    Raises:
        Conflict: the status is another one.
    """
    current = get_account(connection, number)
    if current.changing_to is to:
        return False
    if current.status_words != expect:
        raise Conflict(current.status_words)
    connection.execute(
        update(account).where(account.c.number == number).values(changing_to=to.value, changed_at=datetime.now(UTC))
    )
    return True


def arrive_at_status(
    connection: Connection,
    number: str,
    *,
    to: AccountStatus,
    actor: str,
    reason: str | None,
    note: str | None,
    run_id: str,
) -> bool:
    """Finish the change of status and add a row to the history. False when it was finished before.

    Raises:
        Conflict: the account is changing to another status.
    """
    current = get_account(connection, number)
    if current.changing_to is None and current.status is to:
        return False
    if current.changing_to is not to:
        raise Conflict(current.status_words)
    now = datetime.now(UTC)
    connection.execute(
        update(account).where(account.c.number == number).values(status=to.value, changing_to=None, changed_at=now)
    )
    connection.execute(
        insert(status_change).values(
            account_id=id_of(connection, number),
            from_status=current.status.value,
            to_status=to.value,
            reason=reason,
            note=note,
            actor=actor,
            run_id=run_id,
            at=now,
        )
    )
    return True


def last_status_change(connection: Connection, number: str) -> StatusChange | None:
    """The newest change of the account's status: who, when and why."""
    row = connection.execute(
        select(status_change)
        .where(status_change.c.account_id == id_query(number))
        .order_by(status_change.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else StatusChange.model_validate(dict(row._mapping))
