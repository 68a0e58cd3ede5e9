"""Who is staff and who is a customer, and which parts of an account each may read."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lib.domain.accounts import Account, AccountStatus
from lib.domain.audience import as_seen_by, is_staff
from lib.domain.permissions import Identity, Role

STAFF = [role for role in Role if role is not Role.ACCOUNT_ADMIN]
ACCOUNT = Account(
    number="104233",
    name="Acme",
    status=AccountStatus.SUSPENDED,
    pinned_note="Owner is difficult",
    pinned_until=date(2027, 1, 1),
    zuora_number="A-1",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    changed_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def person(*roles: Role, account: str | None = None) -> Identity:
    return Identity(email="p@example.com", name="P", roles=frozenset(roles), source="test", account=account)


@pytest.mark.parametrize("role", STAFF)
def test_every_role_of_the_staff_reads_everything_of_an_account(role):
    assert is_staff(person(role), "104233")
    assert as_seen_by(person(role), ACCOUNT) == ACCOUNT


@pytest.mark.parametrize("reader", [person(), person(Role.ACCOUNT_ADMIN), person(Role.ACCOUNT_ADMIN, account="104233")])
def test_a_customer_reads_the_account_without_its_pinned_note(reader):
    assert not is_staff(reader)
    seen = as_seen_by(reader, ACCOUNT)
    assert (seen.pinned_note, seen.pinned_until, seen.pin(date(2026, 6, 1))) == (None, None, None)
    assert seen == ACCOUNT.model_copy(update={"pinned_note": None, "pinned_until": None})


@given(some.sets(some.sampled_from(list(Role))), some.sampled_from([None, "104233", "104234"]))
def test_a_person_with_one_staff_role_is_staff_and_without_one_is_not(roles, account):
    assert is_staff(person(*roles, account=account), "104233") == bool(roles & set(STAFF))
