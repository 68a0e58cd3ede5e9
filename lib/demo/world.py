"""Builds the made-up world: the same accounts, people and numbers every time."""

from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from lib.demo.belongings import Furnisher
from lib.demo.companies import Companies
from lib.demo.contracts import contracted
from lib.demo.families import Seat, seats
from lib.demo.model import (
    ANCHOR,
    COMMUNICATION_PROFILES,
    Belongings,
    Contact,
    DemoAccount,
    InZuora,
    StatusChange,
    World,
    zuora_number,
)
from lib.demo.reserved import NumberPool

SEED = 20261116


@lru_cache(maxsize=2)
def world(anchor: datetime = ANCHOR) -> World:
    """Every account, with dates counted back from `anchor`."""
    return build(anchor)


def notable() -> dict[str, str]:
    """The special accounts: role -> account number."""
    return dict(world().notable)


def build(anchor: datetime = ANCHOR) -> World:
    """The same as `world`, without its cache."""
    random = Random(SEED)
    companies = Companies(SEED)
    pool = NumberPool()
    furnisher = Furnisher(random, companies, pool, anchor)
    places = seats()
    numbers = _account_numbers(random, len(places))
    accounts = []
    payer = numbers[next(place for place, seat in enumerate(places) if seat.role == "payer")]
    for seat, number in zip(places, numbers, strict=True):
        name = seat.name or companies.name()
        site = companies.site(name)
        bill_to = companies.contact(site, pool)
        sold_to = bill_to if seat.role == "same_contact" else companies.contact(site, pool)
        accounts.append(
            DemoAccount(
                number=number,
                name=name,
                site=site,
                status=seat.status,
                parent=None if seat.parent is None else numbers[seat.parent],
                zuora_id=f"{random.getrandbits(128):032x}",
                linked=seat.linked,
                profile=random.choice(list(COMMUNICATION_PROFILES)),
                pinned_note=seat.pinned,
                pinned_until=(anchor + timedelta(days=116)).date() if seat.pinned else None,
                created_at=anchor - timedelta(days=random.randrange(420, 2500), minutes=random.randrange(600)),
                bill_to=bill_to,
                sold_to=sold_to,
                in_zuora=_in_zuora(seat, name, numbers),
                has=contracted(
                    _belongings(furnisher, seat, site, name, bill_to, sold_to), seat.role, anchor, zuora_number(payer)
                ),
                history=_history(seat, anchor),
            )
        )
    roles = {seat.role: number for seat, number in zip(places, numbers, strict=True) if seat.role}
    return World(accounts=tuple(accounts), notable=roles)


def _account_numbers(random: Random, count: int) -> list[str]:
    """Older accounts have five digits, newer ones six."""
    older = random.sample(range(10_000, 100_000), count // 2)
    newer = random.sample(range(100_000, 400_000), count - count // 2)
    mixed = [str(number) for number in older + newer]
    random.shuffle(mixed)
    return mixed


def _belongings(
    furnisher: Furnisher, seat: Seat, site: str, name: str, bill_to: Contact, sold_to: Contact
) -> Belongings:
    if seat.status == "deactivated":
        return furnisher.left_over(sold_to)
    counts = {"no_numbers": 0, "five_thousand": 5000}
    return furnisher.furnish(
        site, name, bill_to, sold_to, count=counts.get(seat.role or ""), suspended=seat.status == "suspended"
    )


def _in_zuora(seat: Seat, name: str, numbers: list[str]) -> InZuora | None:
    if not seat.in_zuora:
        return None
    parent = seat.parent if seat.zuora_parent is None else seat.zuora_parent
    return InZuora(
        name=seat.zuora_name or name,
        status=seat.zuora_status,
        parent=None if parent is None else numbers[parent],
        balance=seat.balance,
        currency=seat.currency,
    )


def _history(seat: Seat, anchor: datetime) -> tuple[StatusChange, ...]:
    unpaid = StatusChange(
        from_status="active",
        to_status="suspended",
        reason="non_payment",
        note="Two reminders and a call without an answer.",
        at=anchor - timedelta(days=9, hours=2),
    )
    if seat.status == "suspended":
        return (unpaid,)
    if seat.status == "deactivated":
        closed = StatusChange(
            from_status="active",
            to_status="deactivated",
            reason="customer_request",
            note="Moved to another provider; all numbers ported or given up.",
            at=anchor - timedelta(days=33),
        )
        return (closed,)
    return ()
