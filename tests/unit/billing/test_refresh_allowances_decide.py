"""What a refresh of the allowances would save, decided from what the Hub has and what Zuora said."""

from lib.actions.billing.refresh_allowances import Found, RefreshAllowances
from lib.clients.errors import NotFound, Unreachable
from tests.common.factories import make_account, make_wish
from tests.unit.billing.subscriptions import OTHER, SUB, TERM, charge, in_zuora, stored, terms


def decide(*read, one=None):
    return RefreshAllowances().decide(Found(make_account(), list(read)), make_wish(subscription=one))


def test_old_and_new_are_shown_with_the_version_they_come_from():
    answer = in_zuora(charge("Cloud Mobile", "7"))
    draft = decide((stored(cloud_mobiles=5, pbx_extensions=9), answer), one=SUB)
    assert draft.title == f"Refresh allowances of {SUB}"
    assert [(one.text, one.before, one.after) for one in draft.effects] == [
        (f"Cloud mobiles ({SUB} version 2)", "5", "7"),
        (f"PBX extensions ({SUB} version 2)", "9", "0"),
        (SUB, f"Active, version 1, {TERM}", f"Active, version 2, {TERM}"),
    ]
    before, after = terms(cloud_mobiles=5, pbx_extensions=9), terms(2, cloud_mobiles=7)
    assert draft.facts == {
        "subscriptions": {SUB: {"before": before.model_dump(mode="json"), "after": after.model_dump(mode="json")}},
        "unmapped": {SUB: 0},
    }
    assert draft.steps == ("hub",)
    assert draft.untouched == ("Zuora, numbers, phone users and PBXs.",)
    assert (draft.blockers, draft.warnings, draft.verdict) == ((), (), None)


def test_when_nothing_changed_it_says_so_and_has_no_steps():
    draft = decide((stored(version=2, cloud_mobiles=1), in_zuora(charge("Cloud Mobile"))))
    assert draft.title == "Refresh allowances of 1001 - Wattle Plumbing"
    assert draft.verdict == f"Nothing has changed: the Hub has what Zuora grants. Read: {SUB} (version 2)."
    assert (draft.effects, draft.steps, draft.facts["subscriptions"]) == ((), (), {})


def test_of_several_only_the_changed_one_is_saved():
    same = (stored(version=2, cloud_mobiles=1), in_zuora(charge("Cloud Mobile")))
    draft = decide(same, (stored(OTHER), in_zuora(charge("Extension", "3"), number=OTHER)))
    assert list(draft.facts["subscriptions"]) == [OTHER]


def test_unmapped_charges_and_ends_are_warned_of():
    answer = in_zuora(charge("Static IP"), status="Cancelled", ends="2026-03-01")
    draft = decide((stored(cloud_mobiles=1), answer))
    assert "“Static IP (PRPC-1)”" in draft.warnings[0]
    assert draft.warnings[1] == f"{SUB} is cancelled in Zuora, so it grants nothing."
    assert draft.details[0].rows == ((SUB, "Static IP", "PRPC-1", "1"),)
    assert draft.facts["unmapped"] == {SUB: 1}


def test_one_that_cannot_be_read_keeps_the_others_from_being_saved():
    good = (stored(), in_zuora(charge("Cloud Mobile")))
    draft = decide(
        good, (stored(OTHER), NotFound("Zuora", "read it")), (stored("SUB-3"), Unreachable("Zuora", "read it"))
    )
    assert draft.blockers[0] == f"Zuora has no subscription {OTHER}."
    assert draft.blockers[1].startswith("Zuora could not be read, so nothing was changed.")
    assert (draft.effects, draft.steps) == ((), ())


def test_nothing_to_refresh():
    assert decide().blockers == ("This account has no billing subscription.",)
    assert decide(one=SUB).blockers == (f"{SUB} is not on this account.",)
