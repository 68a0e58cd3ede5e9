from lib.domain.accounts import AccountStatus
from lib.domain.differences import HubView, ZuoraView, compare

HUB = HubView(name="Wattle", status=AccountStatus.ACTIVE, parent="1000")
ZUORA = ZuoraView(name="Wattle", cancelled=False, parent="1000")


def test_equal_views_have_no_difference():
    assert compare(HUB, ZUORA) == []


def test_without_a_reading_of_zuora_nothing_is_equal_or_different():
    assert compare(HUB, None) == []


def test_each_field_is_compared_and_named():
    other = ZuoraView(name="Wattle Pty", cancelled=True, parent=None)
    found = compare(HUB, other)
    assert [(one.field, one.hub, one.zuora) for one in found] == [
        ("status", "active", "cancelled"),
        ("name", "Wattle", "Wattle Pty"),
        ("parent", "1000", "none"),
    ]
    assert all(one.advice.endswith(".") for one in found)


def test_a_deactivated_account_may_be_cancelled_in_zuora():
    gone = HUB.model_copy(update={"status": AccountStatus.DEACTIVATED})
    assert compare(gone, ZUORA.model_copy(update={"cancelled": True})) == []
