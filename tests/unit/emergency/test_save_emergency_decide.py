"""What saving the emergency details would do."""

import pytest

from lib.actions.emergency.save_emergency import Found, SaveEmergency
from lib.domain.accounts import AccountStatus
from lib.store.emergency import Version
from tests.common.factories import NOW, make_account, make_wish
from tests.unit.emergency.test_emergency import GOOD

OWN = frozenset({"+61491570156"})


def saved(version=1, **changes):
    return Version(version=version, record=GOOD.model_copy(update=changes), saved_by="olga@example.com", saved_at=NOW)


def decide(latest=None, after=0, *, accepted=(), account=None, **changes):
    wish = make_wish(details=GOOD.model_dump() | changes, after=after, accepted=accepted)
    return SaveEmergency().decide(Found(account or make_account(), latest, OWN), wish)


def test_the_first_version_shows_every_field_with_a_value():
    draft = decide()
    assert draft.title == "Save the emergency details of 1001 - Wattle Plumbing"
    changed = {one.text: (one.before, one.after) for one in draft.effects}
    assert changed["Business name"] == ("empty", "Banksia Bakery")
    assert all(after for _, after in changed.values())
    assert (draft.steps, draft.facts) == (("hub",), {"before": None, "after": 0})
    assert draft.untouched == ("The contacts in Zuora, and the register: nothing is sent to it.",)
    assert (draft.blockers, draft.warnings) == ((), ())


def test_a_later_version_shows_what_changes():
    draft = decide(saved(2), 2, house_number="14")
    assert [(one.text, one.before, one.after) for one in draft.effects] == [("House number", "12", "14")]
    assert draft.facts == {"before": GOOD.model_dump(), "after": 2}


def test_the_same_details_are_confirmed():
    assert [one.text for one in decide(saved(), 1).effects] == ["Confirmed as of today, no field changes"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "Victoria"}, "State: The state must be one of"),
        ({"street_name": "PO Box 1"}, "not a service address"),
        ({"contact_number": "0491 570 156"}, "a number of the account itself"),
        ({"locality": "x" * 41}, "41 characters"),
        ({"business_name": ""}, "Type the name of the business"),
    ],
)
def test_an_error_keeps_it_from_being_saved(changes, says):
    draft = decide(**changes)
    assert any(says in blocker for blocker in draft.blockers)
    assert (draft.effects, draft.steps) == ((), ())


def test_a_warning_does_not():
    draft = decide(postcode="2640", accepted=["“Blue gate” has no field here."])
    assert "usual range" in draft.warnings[0]
    assert draft.warnings[-1] == "Checked before saving: “Blue gate” has no field here."
    assert draft.steps == ("hub",)


@pytest.mark.parametrize(
    ("latest", "after", "says"),
    [
        (saved(3), 2, "olga@example.com has saved version 3 of the emergency details since. Start again."),
        (None, 2, "The saved details are gone. Start again."),
    ],
)
def test_a_version_saved_meanwhile(latest, after, says):
    assert decide(latest, after).blockers[0].startswith(says)


def test_a_deactivated_account_keeps_what_it_had():
    draft = decide(account=make_account(status=AccountStatus.DEACTIVATED))
    assert draft.blockers == ("The account is deactivated, so its emergency details cannot be changed.",)


def test_one_that_is_deactivating_can_still_be_corrected():
    assert decide(account=make_account(changing_to=AccountStatus.DEACTIVATED)).blockers == ()
