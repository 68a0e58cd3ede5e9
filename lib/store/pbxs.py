"""The PBXs of an account with their extensions: read them, change what bills them, change their group name."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from lib.domain.allowances import end_words
from lib.domain.chunks import chunks
from lib.domain.pbx import login_of
from lib.store.accounts import Conflict
from lib.store.folding import contains
from lib.store.schema import account, pbx, phone_user, subscription

_MANY = 500


class PbxGone(Exception):
    """The account does not have this PBX, or has lost it."""


class GroupNameTaken(Exception):
    """Another PBX has the group name, or another phone user has one of the new logins."""


class Pbx(BaseModel):
    """A PBX and its subscription. `extensions` is how many it has."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    group_name: str
    subscription: str | None
    subscription_name: str | None
    extensions: int


class Extension(BaseModel):
    """A phone user of a PBX."""

    model_config = ConfigDict(frozen=True)

    extension: str
    name: str
    login: str
    kind: str
    email: str | None


class Subscription(BaseModel):
    """A billing subscription of an account, with what a PBX needs of it."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str | None
    status: str | None
    ends: date | None = None

    @property
    def label(self) -> str:
        """Number, name and status in one line."""
        return " · ".join(part for part in (self.number, self.name, self.status) if part)

    def label_on(self, today: date) -> str:
        """Number, name, status and, if it ends, the day, in one line."""
        return " · ".join(part for part in (self.label, end_words(self.ends, today)) if part)


def list_pbxs(connection: Connection, number: str) -> list[Pbx]:
    """Every PBX of the account, by name."""
    rows = connection.execute(_pbxs(number).order_by(pbx.c.name, pbx.c.id))
    return [Pbx.model_validate(dict(row._mapping)) for row in rows]


def get_pbx(connection: Connection, number: str, pbx_id: int) -> Pbx:
    """This PBX of the account.

    Raises:
        PbxGone: the account has no such PBX.
    """
    found = find_pbx(connection, number, pbx_id)
    if found is None:
        raise PbxGone
    return found


def find_pbx(connection: Connection, number: str, pbx_id: int) -> Pbx | None:
    """This PBX of the account, or None."""
    row = connection.execute(_pbxs(number).where(pbx.c.id == pbx_id)).one_or_none()
    return None if row is None else Pbx.model_validate(dict(row._mapping))


def list_extensions(
    connection: Connection, pbx_id: int, *, text: str = "", after: str | None = None, limit: int | None = None
) -> list[Extension]:
    """At most `limit` extensions after the extension `after`, in the order of their numbers.

    `text` is looked for in the extension, the name, the login and the e-mail address.
    """
    own = phone_user.c
    query = _extensions().where(own.pbx_id == pbx_id)
    if text:
        columns = (own.extension, own.display_name, own.login, own.email)
        query = query.where(contains(text, *columns))
    if after is not None:
        size = func.length(own.extension)
        query = query.where(or_(size > len(after), and_(size == len(after), own.extension > after)))
    # As numbers: 999 before 1000.
    query = query.order_by(func.length(own.extension), own.extension).limit(limit)
    return [Extension.model_validate(dict(row._mapping)) for row in connection.execute(query)]


def list_subscriptions(connection: Connection, number: str) -> list[Subscription]:
    """The subscriptions of the account that the Hub knows."""
    columns = (subscription.c.number, subscription.c.name, subscription.c.status, subscription.c.ends)
    rows = connection.execute(
        select(*columns)
        .join(account, subscription.c.account_id == account.c.id)
        .where(account.c.number == number)
        .order_by(subscription.c.number)
    )
    return [Subscription.model_validate(dict(row._mapping)) for row in rows]


def change_subscription(
    connection: Connection, number: str, pbx_id: int, *, before: str | None, after: str | None
) -> bool:
    """Bill the PBX to the subscription `after` (None: to none) if it still is `before`. False when it already was.

    Raises:
        PbxGone: the account has no such PBX, or no such subscription.
        Conflict: somebody has chosen a third subscription.
    """
    current = get_pbx(connection, number, pbx_id).subscription
    if current == after:
        return False
    if current != before:
        raise Conflict(current)
    chosen = None
    if after is not None:
        chosen = connection.execute(
            select(subscription.c.id)
            .join(account, subscription.c.account_id == account.c.id)
            .where(account.c.number == number, subscription.c.number == after)
        ).scalar_one_or_none()
        if chosen is None:
            raise PbxGone
    connection.execute(update(pbx).where(pbx.c.id == pbx_id).values(subscription_id=chosen))
    return True


def holder_of(connection: Connection, group_name: str) -> tuple[str, str] | None:
    """Account number and name of the PBX that has this group name, None when it is free."""
    row = connection.execute(
        select(account.c.number, pbx.c.name).join(pbx, pbx.c.account_id == account.c.id).where(_is_named(group_name))
    ).first()
    return None if row is None else (row[0], row[1])


def taken_logins(connection: Connection, pbx_id: int, logins: Sequence[str]) -> list[str]:
    """The logins that phone users of other PBXs have."""
    found: list[str] = []
    for chunk in chunks(logins, _MANY):
        query = select(phone_user.c.login).where(phone_user.c.login.in_(chunk), phone_user.c.pbx_id != pbx_id)
        found += connection.execute(query).scalars()
    return sorted(found)


def rename_group(connection: Connection, number: str, pbx_id: int, *, before: str, after: str) -> list[tuple[str, str]]:
    """Give the PBX this group name and every extension its new login. Returns the (old, new) logins that changed.

    Call it inside a `writing` transaction: all of it happens or nothing. A repeat finds nothing to do.

    Raises:
        PbxGone: the account has no such PBX.
        Conflict: somebody has given it a third group name.
        GroupNameTaken: another PBX has the name, or another phone user one of the logins. Nothing was changed.
    """
    current = get_pbx(connection, number, pbx_id).group_name
    if current not in (before, after):
        raise Conflict(current)
    wanted = {one.login: login_of(one.extension, after) for one in list_extensions(connection, pbx_id)}
    changing = [(old, new) for old, new in wanted.items() if old != new]
    try:
        # A savepoint: PostgreSQL accepts no further statement after one that failed.
        with connection.begin_nested():
            connection.execute(update(pbx).where(pbx.c.id == pbx_id).values(group_name=after))
            own = phone_user.c
            connection.execute(
                update(phone_user).where(own.pbx_id == pbx_id).values(login=own.extension.concat(f"@{after}"))
            )
    except IntegrityError as taken:
        raise GroupNameTaken from taken
    return changing


def _is_named(group_name: str) -> ColumnElement[bool]:
    return pbx.c.group_name == group_name


def _pbxs(number: str) -> Select[tuple[int, str, str, str, str, int]]:
    count = select(func.count()).where(phone_user.c.pbx_id == pbx.c.id).scalar_subquery()
    return (
        select(
            pbx.c.id,
            pbx.c.name,
            pbx.c.group_name,
            subscription.c.number.label("subscription"),
            subscription.c.name.label("subscription_name"),
            count.label("extensions"),
        )
        .select_from(
            pbx.join(account, pbx.c.account_id == account.c.id).outerjoin(
                subscription, pbx.c.subscription_id == subscription.c.id
            )
        )
        .where(account.c.number == number)
    )


def _extensions() -> Select[tuple[str, str, str, str, str]]:
    own = phone_user.c
    return select(own.extension, own.display_name.label("name"), own.login, own.kind, own.email)
