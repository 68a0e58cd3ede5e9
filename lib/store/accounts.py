"""Accounts in the Hub: read one, its family or a page of all of them; change name and parent."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row, Select, func, select, tuple_, update

from lib.domain.accounts import Account, AccountStatus
from lib.store.account_id import NUMBER, AccountGone, id_of, id_query
from lib.store.schema import account, pbx, phone_number, phone_user, subscription
from lib.store.search import reindex, reindex_name

_parent = account.alias("parent")


class Conflict(Exception):
    """The stored value is neither the expected one nor the new one. Nothing was changed."""

    def __init__(self, current: str | None) -> None:
        super().__init__("the stored value was changed by somebody else")
        self.current = current


class Size(BaseModel):
    """How much belongs to an account: how big a change to it is."""

    model_config = ConfigDict(frozen=True)

    numbers: int
    quarantined: int
    phone_users: int
    pbxs: int
    subscriptions: int
    children: int


def get_account(connection: Connection, number: str) -> Account:
    """The account with this number.

    Raises:
        AccountGone: there is no such account.
    """
    row = connection.execute(_ACCOUNT, {NUMBER.key: number}).one_or_none()
    if row is None:
        raise AccountGone(number)
    return _account(row)


def find_account(connection: Connection, number: str) -> Account | None:
    """The account with this number, or None."""
    try:
        return get_account(connection, number)
    except AccountGone:
        return None


def list_children(connection: Connection, number: str) -> list[Account]:
    """The direct children, by number."""
    rows = connection.execute(_accounts().where(_parent.c.number == number).order_by(account.c.number))
    return [_account(row) for row in rows]


def list_accounts(
    connection: Connection,
    *,
    status: AccountStatus | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 100,
) -> list[Account]:
    """One page of all accounts by name, after the account `after` (name and number of the last one shown).

    A keyset, so page 1,000 is as fast as page 1.
    """
    query = _accounts().order_by(account.c.name, account.c.number).limit(limit)
    if after is not None:
        query = query.where(tuple_(account.c.name, account.c.number) > tuple_(*after))
    if status is not None:
        query = query.where(account.c.status == status.value)
    return [_account(row) for row in connection.execute(query)]


def count_accounts(connection: Connection) -> dict[AccountStatus, int]:
    """How many accounts are in each state."""
    rows = connection.execute(select(account.c.status, func.count()).group_by(account.c.status))
    counted = {AccountStatus(status): count for status, count in rows}
    return {status: counted.get(status, 0) for status in AccountStatus}


def measure_account(connection: Connection, number: str) -> Size:
    """Count what belongs to the account, in one query."""
    row = connection.execute(_measures(), {NUMBER.key: number}).one()
    return Size.model_validate(dict(row._mapping))


def family_links(connection: Connection, numbers: Iterable[str]) -> dict[str, str | None]:
    """Every account of the families these accounts belong to, each with its parent's number.

    `union`, not `union all`, so that it ends even if the stored data has a loop.
    """
    up = select(account.c.id, account.c.parent_id).where(account.c.number.in_(list(numbers))).cte("up", recursive=True)
    up = up.union(select(account.c.id, account.c.parent_id).join(up, account.c.id == up.c.parent_id))
    down = select(up.c.id).cte("down", recursive=True)
    down = down.union(select(account.c.id).join(down, account.c.parent_id == down.c.id))
    rows = connection.execute(
        select(account.c.number, _parent.c.number)
        .join(down, account.c.id == down.c.id)
        .outerjoin(_parent, account.c.parent_id == _parent.c.id)
    )
    return {row[0]: row[1] for row in rows}


def rename_account(connection: Connection, number: str, *, before: str, after: str) -> bool:
    """Change the name if it still is `before`. False when it already was `after`.

    Raises:
        Conflict: somebody has given it a third name.
    """
    changed = connection.execute(
        update(account)
        .where(account.c.number == number, account.c.name == before)
        .values(name=after, changed_at=datetime.now(UTC))
    )
    if changed.rowcount and before != after:
        reindex_name(connection, id_of(connection, number))
        return True
    current = get_account(connection, number).name
    if current != after:
        raise Conflict(current)
    return False


def move_account(connection: Connection, number: str, *, before: str | None, after: str | None) -> bool:
    """Change the parent if it still is `before` (numbers; None without a parent). False when it already was `after`.

    Raises:
        Conflict: somebody has given it a third parent.
    """
    current = get_account(connection, number).parent_number
    if current == after:
        return False
    if current != before:
        raise Conflict(current)
    parent_id = None if after is None else id_of(connection, after)
    connection.execute(
        update(account).where(account.c.number == number).values(parent_id=parent_id, changed_at=datetime.now(UTC))
    )
    return True


def pin_note(connection: Connection, number: str, *, note: str | None, until: date | None) -> None:
    """Pin a note to the account, up to and including `until`. None removes the note."""
    connection.execute(
        update(account)
        .where(account.c.number == number)
        .values(pinned_note=note, pinned_until=until if note else None, changed_at=datetime.now(UTC))
    )


def index_account(connection: Connection, number: str) -> None:
    """Update what the search finds for the account."""
    reindex(connection, id_of(connection, number))


def numbers_by_zuora_id(connection: Connection, ids: Iterable[str]) -> Mapping[str, str]:
    """The account number behind each Zuora account id that the Hub knows."""
    rows = connection.execute(select(account.c.zuora_id, account.c.number).where(account.c.zuora_id.in_(list(ids))))
    return {row[0]: row[1] for row in rows}


def titles_by_zuora_number(connection: Connection, numbers: Iterable[str | None]) -> Mapping[str, str]:
    """Number and name in the Hub, by number in Zuora. Unknown numbers are left out."""
    wanted = sorted({number for number in numbers if number})
    if not wanted:
        return {}
    columns = (account.c.zuora_number, account.c.number, account.c.name)
    rows = connection.execute(select(*columns).where(account.c.zuora_number.in_(wanted)))
    return {row.zuora_number: f"{row.number} - {row.name}" for row in rows}


def _accounts() -> Select[Any]:
    return select(account, _parent.c.number.label("parent_number"), _parent.c.name.label("parent_name")).outerjoin(
        _parent, account.c.parent_id == _parent.c.id
    )


# Used in every run of a page: building the query each time would take longer than running it.
_ACCOUNT = _accounts().where(account.c.number == NUMBER)


@cache
def _measures() -> Select[Any]:
    own = id_query(NUMBER)

    def count(table: Any, *conditions: Any) -> Any:
        query = select(func.count()).select_from(table).where(table.c.account_id == own, *conditions)
        return query.scalar_subquery()

    children = select(func.count()).select_from(account).where(account.c.parent_id == own).scalar_subquery()
    return select(
        count(phone_number, phone_number.c.state != "quarantined").label("numbers"),
        count(phone_number, phone_number.c.state == "quarantined").label("quarantined"),
        count(phone_user).label("phone_users"),
        count(pbx).label("pbxs"),
        count(subscription).label("subscriptions"),
        children.label("children"),
    )


def _account(row: Row[Any]) -> Account:
    return Account.model_validate(dict(row._mapping))
