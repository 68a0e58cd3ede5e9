import pytest

from lib.domain.permissions import GRANTS, Identity, Permission, Role


def person(*roles: Role, account: str | None = None) -> Identity:
    return Identity(email="p@example.com", name="P", roles=frozenset(roles), source="test", account=account)


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (Role.SUPPORT_LEAD, ["account:rename", "account:deactivate", "pbx:rename"], ["people:edit", "charge_map:edit"]),
        (Role.BILLING, ["account:suspend", "allowances:refresh", "contacts:edit"], ["account:rename", "account:move"]),
        (Role.READ_ONLY, ["account:see", "account:see_all"], ["account:rename", "account:suspend", "export:run"]),
        (Role.ADMIN, ["people:edit", "charge_map:edit", "account:rename"], []),
    ],
)
def test_what_each_role_may(role, may, may_not):
    one = person(role)
    assert all(one.may(Permission(name), "104233") for name in may)
    assert not any(one.may(Permission(name), "104233") for name in may_not)


def test_an_account_admin_sees_one_account_and_acts_on_none():
    one = person(Role.ACCOUNT_ADMIN, account="104233")
    assert one.may(Permission.ACCOUNT_SEE, "104233")
    assert not one.may(Permission.ACCOUNT_SEE, "104234")
    assert not one.may_choose_accounts
    assert {permission for permission in Permission if one.may(permission, "104233")} == {Permission.ACCOUNT_SEE}


def test_an_account_admin_without_an_account_sees_nothing():
    assert not person(Role.ACCOUNT_ADMIN).may(Permission.ACCOUNT_SEE)


def test_nobody_without_a_role_may_anything():
    assert not any(person().may(permission) for permission in Permission)


def test_every_role_has_its_grants():
    assert set(GRANTS) == set(Role)
