"""Billing in the Hub: an account's subscriptions with their allowances, and the charge map."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy import (
    Connection,
    Select,
    delete,
    func,
    insert,
    select,
    update,
)

from lib.domain.allowances import MapRow, in_map_order
from lib.store.account_id import id_of, id_query
from lib.store.schema import (
    account,
    allowance,
    charge_map,
    pbx,
    phone_number,
    subscription,
)
from lib.store.search import reindex


class SubscriptionTaken(Exception):
    """The subscription is on another account, whose number is `owner`."""

    def __init__(self, owner: str) -> None:
        super().__init__("the subscription is on another account")
        self.owner = owner


class SubscriptionTerms(BaseModel):
    """What a refresh copies from Zuora: status, term, version, and what is granted.

    `ends` is the day on which it ends for good, None when it goes on. The day before is its last. `payer` is the number
    in Zuora of the account that pays for it, None when that is the account itself.
    """

    model_config = ConfigDict(frozen=True)

    status: str | None
    term_start: date | None
    term_end: date | None
    version: int | None
    allowances: dict[str, int]
    ends: date | None = None
    payer: str | None = None

    def is_over(self, today: date) -> bool:
        """True when it grants nothing on this day. When it is cancelled for a later day, it grants until then."""
        if self.ends is not None and self.ends <= today:
            return True
        return self.status == "Expired" or (self.status == "Cancelled" and self.ends is None)

    def granted_on(self, today: date) -> dict[str, int]:
        """What it grants on this day."""
        return {} if self.is_over(today) else self.allowances

    @field_validator("allowances")
    @classmethod
    def _without_zeros(cls, granted: dict[str, int]) -> dict[str, int]:
        """Granting 0 of something is the same as not granting it."""
        return {kind: count for kind, count in granted.items() if count}


class HubSubscription(BaseModel):
    """A billing subscription as it is stored in the Hub."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str | None
    refreshed_at: datetime | None
    terms: SubscriptionTerms


class SubscriptionUse(BaseModel):
    """What still refers to a subscription: PBXs by name, numbers in E.164."""

    model_config = ConfigDict(frozen=True)

    pbxs: tuple[str, ...]
    numbers: tuple[str, ...]


def list_subscriptions(connection: Connection, number: str) -> list[HubSubscription]:
    """The account's subscriptions by number, each with its allowances."""
    rows = connection.execute(
        select(subscription).where(subscription.c.account_id == id_query(number)).order_by(subscription.c.number)
    ).all()
    granted: dict[int, dict[str, int]] = {row.id: {} for row in rows}
    for one in connection.execute(select(allowance).where(allowance.c.subscription_id.in_(list(granted)))):
        granted[one.subscription_id][one.kind] = one.granted
    return [
        HubSubscription(
            number=row.number,
            name=row.name,
            refreshed_at=row.refreshed_at,
            terms=SubscriptionTerms(
                status=row.status,
                term_start=row.term_start,
                term_end=row.term_end,
                version=row.version,
                ends=row.ends,
                payer=row.payer,
                allowances=granted[row.id],
            ),
        )
        for row in rows
    ]


def find_subscription(connection: Connection, number: str, wanted: str) -> HubSubscription | None:
    """The account's subscription with this number, or None."""
    return next((one for one in list_subscriptions(connection, number) if one.number == wanted), None)


def payers_of(connection: Connection, number: str) -> list[str]:
    """The numbers in Zuora of other accounts that pay for subscriptions of this one, as last refreshed."""
    found = select(subscription.c.payer).where(
        subscription.c.account_id == id_query(number), subscription.c.payer.is_not(None)
    )
    return sorted(set(connection.execute(found).scalars()))


def owner_of(connection: Connection, wanted: str) -> str | None:
    """The number of the account that has the subscription with this number, in any case."""
    return connection.execute(
        select(account.c.number)
        .join(subscription, subscription.c.account_id == account.c.id)
        .where(func.lower(subscription.c.number) == wanted.lower())
    ).scalar_one_or_none()


def save_terms(connection: Connection, number: str, wanted: str, terms: SubscriptionTerms) -> None:
    """Replace what the Hub has of one subscription by what Zuora says, and note that it was refreshed now."""
    id_ = connection.execute(_subscription_id(number, wanted)).scalar_one()
    connection.execute(
        update(subscription)
        .where(subscription.c.id == id_)
        .values(**terms.model_dump(exclude={"allowances"}), refreshed_at=datetime.now(UTC))
    )
    connection.execute(delete(allowance).where(allowance.c.subscription_id == id_))
    _grant(connection, number, id_, terms.allowances)


def add_subscription(
    connection: Connection, number: str, wanted: str, *, name: str | None, terms: SubscriptionTerms
) -> bool:
    """Add a subscription to the account, with its allowances. False when the account has it already.

    Raises:
        SubscriptionTaken: it is on another account.
    """
    owner = owner_of(connection, wanted)
    if owner == number:
        return False
    if owner is not None:
        raise SubscriptionTaken(owner)
    values = terms.model_dump(exclude={"allowances"})
    id_ = connection.execute(
        insert(subscription)
        .values(account_id=id_query(number), number=wanted, name=name, refreshed_at=datetime.now(UTC), **values)
        .returning(subscription.c.id)
    ).scalar_one()
    _grant(connection, number, id_, terms.allowances)
    reindex(connection, id_of(connection, number))
    return True


def change_subscription(
    connection: Connection, number: str, wanted: str, *, to: str, name: str | None, terms: SubscriptionTerms
) -> None:
    """Give a subscription of the account another number and name, and what is granted under them.

    The PBXs and numbers that are billed to it stay billed to it.

    Raises:
        SubscriptionTaken: this or another account has the other number already.
    """
    id_ = connection.execute(_subscription_id(number, wanted)).scalar_one()
    if to != wanted:
        if (owner := owner_of(connection, to)) is not None:
            raise SubscriptionTaken(owner)
        connection.execute(update(subscription).where(subscription.c.id == id_).values(number=to))
        save_terms(connection, number, to, terms)
        reindex(connection, id_of(connection, number))
    connection.execute(update(subscription).where(subscription.c.id == id_).values(name=name))


def remove_subscription(connection: Connection, number: str, wanted: str) -> bool:
    """Remove an unused subscription and its allowances. False when the account does not have it."""
    id_ = connection.execute(_subscription_id(number, wanted)).scalar_one_or_none()
    if id_ is None:
        return False
    connection.execute(delete(allowance).where(allowance.c.subscription_id == id_))
    connection.execute(delete(subscription).where(subscription.c.id == id_))
    reindex(connection, id_of(connection, number))
    return True


def use_of(connection: Connection, number: str, wanted: str) -> SubscriptionUse:
    """The PBXs and numbers, of any account, that still refer to this subscription."""
    held = _subscription_id(number, wanted).scalar_subquery()
    pbxs = connection.execute(select(pbx.c.name).where(pbx.c.subscription_id == held).order_by(pbx.c.name))
    numbers = connection.execute(
        select(phone_number.c.e164).where(phone_number.c.subscription_id == held).order_by(phone_number.c.e164)
    )
    return SubscriptionUse(pbxs=tuple(pbxs.scalars()), numbers=tuple(numbers.scalars()))


def list_charge_map(connection: Connection) -> list[MapRow]:
    """Every row of the charge map, by name and number."""
    rows = connection.execute(select(charge_map.c.charge_number, charge_map.c.charge_name, charge_map.c.allowance_kind))
    return in_map_order(MapRow(*row) for row in rows)


def save_charge_map(connection: Connection, rows: Sequence[MapRow], *, by: str) -> None:
    """Replace the charge map by these rows. An unchanged row keeps who wrote it and when."""
    there = {
        MapRow(row.charge_number, row.charge_name, row.allowance_kind): row.id
        for row in connection.execute(select(charge_map))
    }
    gone = [id_ for row, id_ in there.items() if row not in rows]
    connection.execute(delete(charge_map).where(charge_map.c.id.in_(gone)))
    new = [
        {
            "charge_number": row.charge_number,
            "charge_name": row.charge_name,
            "allowance_kind": row.kind,
            "changed_by": by,
            "changed_at": datetime.now(UTC),
        }
        for row in rows
        if row not in there
    ]
    if new:
        connection.execute(insert(charge_map), new)


def _grant(connection: Connection, number: str, subscription_id: int, granted: Mapping[str, int]) -> None:
    account_id = id_of(connection, number)
    values: Iterable[dict[str, Any]] = (
        {"account_id": account_id, "subscription_id": subscription_id, "kind": kind, "granted": count}
        for kind, count in granted.items()
    )
    if rows := list(values):
        connection.execute(insert(allowance), rows)


def _subscription_id(number: str, wanted: str) -> Select[Any]:
    return select(subscription.c.id).where(
        subscription.c.account_id == id_query(number), subscription.c.number == wanted
    )
