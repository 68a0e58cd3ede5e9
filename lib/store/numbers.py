"""Phone numbers in the Hub: what decides the auth rule of each, its revision, and which numbers changed.

A trigger notes every changed number in `rule_change`, whichever program changed it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, case, delete, func, select, update

from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import NumberState, NumberTruth
from lib.domain.chunks import chunks
from lib.store.account_id import id_of, id_query
from lib.store.schema import account, phone_number, rule_change
from lib.store.search import reindex

REVISION_LIMIT = 999_999_999
"""The SBC stores nine digits."""
_MANY = 500
_SPENT = phone_number.c.rule_revision >= REVISION_LIMIT


class NumberTaken(ValueError):
    """The number already belongs to an account."""


class RuleChange(BaseModel):
    """A note that the auth rule of a number may be wrong."""

    model_config = ConfigDict(frozen=True)

    id: int
    number: str


def truths_of_account(connection: Connection, number: str) -> list[NumberTruth]:
    """Every number of the account, in E.164 order."""
    rows = connection.execute(_truths().where(account.c.number == number).order_by(phone_number.c.e164))
    return [_truth(row) for row in rows]


def has_numbers(connection: Connection, number: str) -> bool:
    """True when the account has a number, in use or in quarantine."""
    found = select(phone_number.c.id).where(phone_number.c.account_id == id_query(number)).limit(1)
    return connection.execute(found).first() is not None


def truths_of_numbers(connection: Connection, numbers: Iterable[str]) -> dict[str, NumberTruth]:
    """What the Hub knows about these numbers, whatever their account. Unknown numbers are left out."""
    found: dict[str, NumberTruth] = {}
    for chunk in chunks(numbers, _MANY):
        for row in connection.execute(_truths().where(phone_number.c.e164.in_(chunk))):
            found[row.number] = _truth(row)
    return found


def take_revisions(connection: Connection, seen: Mapping[str, int]) -> dict[str, int]:
    """A new revision for the rule of each number: above the last one, and above the one `seen` on the SBC.

    Unknown numbers are left out. Read what decides the rule after this, in the same transaction, so that a later
    revision always goes with later data.

    Raises:
        OverflowError: a number has no more revisions. Ask `used_up` first.
    """
    taken: dict[str, int] = {}
    for chunk in chunks(sorted(seen), _MANY):
        # One statement, but each number has its own revision: no number uses up those of others.
        at_least = case({number: seen[number] for number in chunk}, value=phone_number.c.e164)
        higher = case((phone_number.c.rule_revision > at_least, phone_number.c.rule_revision), else_=at_least)
        rows = connection.execute(
            update(phone_number)
            .where(phone_number.c.e164.in_(chunk))
            .values(rule_revision=higher + 1)
            .returning(phone_number.c.e164, phone_number.c.rule_revision)
        )
        taken |= {row.e164: row.rule_revision for row in rows}
    if any(revision > REVISION_LIMIT for revision in taken.values()):
        raise OverflowError("the revision of an auth rule is used up")
    return taken


def used_up(connection: Connection, seen: Mapping[str, int]) -> list[str]:
    """The numbers that have no more revisions, by the Hub's own or by the one `seen` on the SBC."""
    found = {number for number, revision in seen.items() if revision >= REVISION_LIMIT}
    for chunk in chunks(seen, _MANY):
        spent = select(phone_number.c.e164).where(phone_number.c.e164.in_(chunk), _SPENT)
        found |= set(connection.execute(spent).scalars())
    return sorted(found)


def restart_revisions(connection: Connection, numbers: Iterable[str]) -> None:
    """Start the revisions of these numbers again, after the SBC has deleted what it kept of them.

    Only where they are used up: of two callers at once, the second goes on from the first.
    """
    for chunk in chunks(numbers, _MANY):
        connection.execute(update(phone_number).where(phone_number.c.e164.in_(chunk), _SPENT).values(rule_revision=0))


def rule_changes(connection: Connection, *, limit: int) -> list[RuleChange]:
    """The oldest notes of numbers whose rule may be wrong."""
    rows = connection.execute(select(rule_change).order_by(rule_change.c.id).limit(limit))
    return [RuleChange(id=row.id, number=row.e164) for row in rows]


def settle_rule_changes(connection: Connection, ids: Iterable[int]) -> None:
    """Delete these notes: the rule was read back from the SBC and is right."""
    for chunk in chunks(ids, _MANY):
        connection.execute(delete(rule_change).where(rule_change.c.id.in_(chunk)))


def count_rule_changes(connection: Connection, number: str) -> int:
    """How many numbers of this account are waiting for their rule."""
    query = (
        select(func.count(rule_change.c.e164.distinct()))
        .join(phone_number, phone_number.c.e164 == rule_change.c.e164)
        .join(account, account.c.id == phone_number.c.account_id)
        .where(account.c.number == number)
    )
    return int(connection.execute(query).scalar_one())


# ------------------------------------------------------------------ what changes a number
def quarantine_numbers(connection: Connection, numbers: Sequence[str], *, until: date, reason: str) -> int:
    """Put the numbers in quarantine until `until`. Returns how many were in use."""
    changed = 0
    for chunk in chunks(numbers, _MANY):
        changed += connection.execute(
            update(phone_number)
            .where(phone_number.c.e164.in_(chunk), phone_number.c.state != NumberState.QUARANTINED.value)
            .values(
                state=NumberState.QUARANTINED.value,
                quarantined_at=datetime.now(UTC),
                quarantined_until=until,
                quarantine_reason=reason,
                subscription_id=None,
            )
        ).rowcount
    return changed


def _truths() -> Any:
    return select(
        phone_number.c.e164.label("number"),
        account.c.number.label("account"),
        func.coalesce(account.c.changing_to, account.c.status).label("heading"),
        phone_number.c.state,
        phone_number.c.trunk,
    ).join(account, account.c.id == phone_number.c.account_id)


def _truth(row: Any) -> NumberTruth:
    # There may be ten thousand: unpacking a row is twice as fast as reading its columns one by one.
    number, owner, heading, state, trunk = row
    return NumberTruth(number, owner, AccountStatus(heading), NumberState(state), trunk)


class Quarantined(BaseModel):
    """A number in quarantine: whose it was, and until when."""

    model_config = ConfigDict(frozen=True)

    number: str
    account: str
    until: date | None
    reason: str | None


def find_quarantined(connection: Connection, number: str) -> Quarantined | None:
    """The number (E.164) if it is in quarantine, or None."""
    row = connection.execute(_quarantined().where(phone_number.c.e164 == number)).one_or_none()
    return None if row is None else Quarantined.model_validate(dict(row._mapping))


def quarantined_of_account(connection: Connection, number: str, *, limit: int = 1000) -> list[Quarantined]:
    """The account's numbers in quarantine, the first to leave first."""
    query = _quarantined().where(account.c.number == number)
    rows = connection.execute(query.order_by(phone_number.c.quarantined_until, phone_number.c.e164).limit(limit))
    return [Quarantined.model_validate(dict(row._mapping)) for row in rows]


def restore_number(connection: Connection, number: str, *, to_account: str) -> bool:
    """Take the number out of quarantine and give it to this account. False when it is in use there already.

    Raises:
        NumberTaken: it is in use on another account.
    """
    holder = connection.execute(
        select(account.c.number, phone_number.c.state)
        .join(account, account.c.id == phone_number.c.account_id)
        .where(phone_number.c.e164 == number)
    ).one_or_none()
    if holder is None or holder.state != NumberState.QUARANTINED.value:
        if holder is not None and holder.number == to_account:
            return False
        raise NumberTaken(number)
    source, target = id_of(connection, holder.number), id_of(connection, to_account)
    connection.execute(
        update(phone_number)
        .where(phone_number.c.e164 == number)
        .values(
            account_id=target,
            state=NumberState.IN_USE.value,
            quarantined_at=None,
            quarantined_until=None,
            quarantine_reason=None,
        )
    )
    reindex(connection, *{source, target})
    return True


def _quarantined() -> Any:
    return (
        select(
            phone_number.c.e164.label("number"),
            account.c.number.label("account"),
            phone_number.c.quarantined_until.label("until"),
            phone_number.c.quarantine_reason.label("reason"),
        )
        .join(account, account.c.id == phone_number.c.account_id)
        .where(phone_number.c.state == NumberState.QUARANTINED.value)
    )
