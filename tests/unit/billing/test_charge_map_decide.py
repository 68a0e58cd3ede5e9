"""What saving the charge map would do."""

from lib.actions.billing.charge_map import HOUSE, EditChargeMap, to_params
from lib.domain.allowances import MapRow
from tests.common.factories import make_wish

MOBILE, EXTENSION = MapRow(None, "Cloud Mobile", "cloud_mobiles"), MapRow(None, "Extension", "pbx_extensions")
NUMBERED = MapRow("PRPC-7", None, "local_numbers")
BASE = [MOBILE, EXTENSION, NUMBERED]


def decide(rows, stored=BASE, base=BASE):
    action = EditChargeMap()
    wish = make_wish(HOUSE, **action.normalise({"rows": to_params(rows), "base": to_params(base)}))
    stored = [MapRow(**one) for one in action.normalise({"rows": to_params(stored), "base": []})["rows"]]
    return action.decide(stored, wish)


def test_each_charge_is_shown_with_what_it_granted_and_will_grant():
    draft = decide([MOBILE, MapRow("PRPC-7", None, "ivrs"), MapRow(None, " New  thing ", "queues")])
    assert [(one.text, one.before, one.after) for one in draft.effects] == [
        ("PRPC-7", "Local numbers", "IVRs"),
        ("Extension", "PBX extensions", "not in the map"),
        ("New thing", "not in the map", "Queues"),
    ]
    assert (draft.steps, draft.blockers, draft.verdict) == (("hub",), (), None)
    assert draft.untouched == ("Saved allowances, until their subscription is refreshed.",)


def test_a_charge_with_number_and_name_is_called_by_both():
    assert decide([*BASE, MapRow("PRPC-8", "Queue", "queues")]).effects[0].text == "Queue (PRPC-8)"


def test_a_map_like_the_stored_one_is_an_answer():
    draft = decide(BASE)
    assert draft.verdict == "There is nothing to save: the charge map is already like this."
    assert (draft.effects, draft.steps) == ((), ())


def test_a_map_somebody_else_changed():
    draft = decide([MOBILE], stored=[EXTENSION])
    assert draft.blockers == (
        "Somebody else changed the charge map while you were editing it. Nothing was saved. Start again.",
    )


def test_a_map_that_is_not_valid():
    draft = decide([MapRow(None, "", "queues")])
    assert len(draft.blockers) == 1
    assert draft.steps == ()
