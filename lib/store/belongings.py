"""What belongs to an account in the Hub: list it by name, and remove it. Deactivating uses these.

Removing returns the labels of what it removed, so that the caller can store them in the same transaction. The order
matters: queues and callflows refer to phone users, phone users to PBXs, PBXs to subscriptions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, or_, select, update

from lib.domain.chunks import chunks
from lib.domain.numbers import national
from lib.store import numbers
from lib.store.account_id import id_query
from lib.store.schema import (
    account,
    allowance,
    call_parking,
    call_queue,
    callflow,
    integration,
    music_on_hold,
    pbx,
    person,
    person_role,
    phone_number,
    phone_user,
    portal_user,
    queue_member,
    subscription,
    web_tracker_code,
)

_MANY = 500


@dataclass(frozen=True)
class HubNumber:
    """A number of an account and its state."""

    e164: str
    kind: str
    state: str
    quarantined_until: date | None

    @property
    def label(self) -> str:
        """The number as people write it."""
        return national(self.e164)


def list_numbers(connection: Connection, number: str) -> list[HubNumber]:
    """Every number of the account, in E.164 order."""
    columns = (phone_number.c.e164, phone_number.c.kind, phone_number.c.state, phone_number.c.quarantined_until)
    rows = connection.execute(_of(number, phone_number, *columns).order_by(phone_number.c.e164))
    return [HubNumber(*row) for row in rows]


def list_labels(connection: Connection, number: str, what: str) -> list[str]:
    """The names of everything of one kind (`KINDS`) that the account has. No two are equal."""
    return [label for _, label in _labelled(connection, number, what)]


def remove(connection: Connection, number: str, what: str) -> list[str]:
    """Remove everything of one kind (`KINDS`) from the account. Returns the labels of what was removed."""
    found = _labelled(connection, number, what)
    kind = KINDS[what]
    for chunk in chunks([id_ for id_, _ in found], _MANY):
        kind.detach(connection, chunk)
        connection.execute(delete(kind.table).where(kind.table.c.id.in_(chunk)))
    return [label for _, label in found]


def quarantine_all(connection: Connection, number: str, *, until: date, reason: str) -> list[str]:
    """Put every number that is not in quarantine there, up to and including `until`. Returns their labels."""
    found = [one for one in list_numbers(connection, number) if one.state != "quarantined"]
    numbers.quarantine_numbers(connection, [one.e164 for one in found], until=until, reason=reason)
    return [one.label for one in found]


def close_sign_ins(connection: Connection, number: str) -> list[str]:
    """Close the sign-ins of people who belong only to this account. Returns their user names."""
    staff = select(person_role.c.person_id).where(person_role.c.role != "account_admin")
    own = connection.execute(
        _of(number, person, person.c.id, person.c.username).where(person.c.active, person.c.id.not_in(staff))
    ).all()
    for row in own:
        connection.execute(update(person).where(person.c.id == row.id).values(active=False))
    return [row.username for row in own]


@dataclass(frozen=True)
class _Kind:
    table: Table
    label: Callable[[Any], str]
    detach: Callable[[Connection, list[int]], None]


def _nothing(connection: Connection, ids: list[int]) -> None:
    """Nothing refers to it."""


def _detach_queues(connection: Connection, ids: list[int]) -> None:
    connection.execute(delete(queue_member).where(queue_member.c.queue_id.in_(ids)))


def _detach_users(connection: Connection, ids: list[int]) -> None:
    # Queues and callflows of this account are gone already. These are of other accounts.
    connection.execute(delete(queue_member).where(queue_member.c.phone_user_id.in_(ids)))
    connection.execute(
        update(callflow).where(callflow.c.target_phone_user_id.in_(ids)).values(target_phone_user_id=None)
    )


def _detach_subscriptions(connection: Connection, ids: list[int]) -> None:
    connection.execute(delete(allowance).where(allowance.c.subscription_id.in_(ids)))
    for table in (pbx, phone_number):
        connection.execute(update(table).where(table.c.subscription_id.in_(ids)).values(subscription_id=None))


def _name(row: Any) -> str:
    return str(row.name)


KINDS: dict[str, _Kind] = {
    "queues": _Kind(call_queue, _name, _detach_queues),
    "callflows": _Kind(callflow, lambda row: f"{row.name} ({row.kind.replace('_', ' ')})", _nothing),
    "parking": _Kind(call_parking, _name, _nothing),
    "music": _Kind(music_on_hold, _name, _nothing),
    "phone_users": _Kind(phone_user, lambda row: f"{row.login} ({row.display_name})", _detach_users),
    "pbxs": _Kind(pbx, lambda row: f"{row.name} ({row.group_name})", _nothing),
    "integrations": _Kind(integration, lambda row: f"{row.name} ({row.vendor})", _nothing),
    "tracker_codes": _Kind(web_tracker_code, lambda row: f"{row.code} ({row.site})", _nothing),
    "portal_users": _Kind(portal_user, lambda row: f"{row.email} ({row.name})", _nothing),
    "subscriptions": _Kind(subscription, lambda row: str(row.number), _detach_subscriptions),
}
"""Everything an account can have besides numbers, by the name of its step."""


def foreign_holders(connection: Connection, number: str) -> list[str]:
    """Accounts whose queues or callflows have a phone user or number of this one, so deactivating changes them."""
    own_users = _of(number, phone_user, phone_user.c.id)
    own_numbers = _of(number, phone_number, phone_number.c.id)
    queues = (
        select(call_queue.c.account_id)
        .join(queue_member, queue_member.c.queue_id == call_queue.c.id)
        .where(queue_member.c.phone_user_id.in_(own_users))
    )
    flows = select(callflow.c.account_id).where(
        or_(callflow.c.target_phone_user_id.in_(own_users), callflow.c.phone_number_id.in_(own_numbers))
    )
    rows = connection.execute(
        select(account.c.number)
        .where(or_(account.c.id.in_(queues), account.c.id.in_(flows)), account.c.number != number)
        .order_by(account.c.number)
    )
    return list(rows.scalars())


def _labelled(connection: Connection, number: str, what: str) -> list[tuple[int, str]]:
    """Id and label of each. A second one of the same name gets a number, so that labels are unique."""
    kind = KINDS[what]
    seen: dict[str, int] = {}
    found = []
    for row in connection.execute(_of(number, kind.table, kind.table).order_by(kind.table.c.id)):
        label = kind.label(row)
        seen[label] = seen.get(label, 0) + 1
        found.append((row.id, label if seen[label] == 1 else f"{label} #{seen[label]}"))
    return found


def _of(number: str, table: Table, *columns: Any) -> Select[Any]:
    return select(*columns).where(table.c.account_id == id_query(number))
