"""What an edit of a contact would send, decided from the account in Zuora."""

import pytest

from lib.actions.contacts.edit_contact import BOTH, EditContact, Found
from lib.clients.errors import NotFound, Unreachable
from lib.clients.zuora import ZuoraContact
from lib.domain.accounts import AccountStatus
from tests.common.factories import make_account, make_wish, make_zuora_account

OLD, NEW = "ada@example.com", "invoices@example.com"
SOMEBODY_ELSE = make_zuora_account(bill_to=ZuoraContact(id="c9"))


def ada(**changes):
    return ZuoraContact(**({"id": "c1", "first_name": "Ada", "last_name": "Lane", "work_email": OLD} | changes))


def decide(changes, contact=None, *, base=None, emptied=(), zuora=None, role="bill_to", account=None):
    contact = contact or ada()
    found = Found(account or make_account(), zuora or make_zuora_account(bill_to=contact, sold_to=ada(id="c2")))
    seen = {field: getattr(contact, field) for field in changes} | (base or {})
    wish = make_wish(role=role, contact="c1", changes=changes, base=seen, emptied=emptied)
    return EditContact().decide(found, wish)


def shown(draft):
    return [(one.text, one.before, one.after) for one in draft.effects]


def test_only_the_changed_field_is_sent():
    draft = decide({"work_email": f"  {NEW} ", "first_name": "Ada"})
    assert draft.title == "Update the Bill To contact of 1001 - Wattle Plumbing"
    assert shown(draft) == [("E-mail", OLD, NEW)]
    assert draft.effects[0].system == "Zuora"
    assert draft.steps == ("zuora",)
    sent = {"before": {"work_email": OLD}, "after": {"work_email": NEW}}
    assert draft.facts == {"contact": "c1", "shared": False, **sent}
    assert draft.untouched == ("Additional invoice addresses, numbers and saved emergency details.",)
    assert (draft.blockers, draft.warnings, draft.details) == ((), (), ())


def test_it_warns_when_one_contact_is_both():
    draft = decide(
        {"work_email": NEW}, zuora=make_zuora_account(bill_to=ada(), sold_to=ada(), bill_to_id="c1", sold_to_id="c1")
    )
    assert draft.warnings == (BOTH,)
    assert draft.facts["shared"] is True


def test_the_contacts_of_an_account_that_is_ending_can_be_changed():
    ended = make_account(status=AccountStatus.DEACTIVATED)
    assert decide({"work_email": NEW}, account=ended).blockers == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"work_email": "nobody"}, "E-mail: "),
        ({"work_email": ""}, "E-mail: "),
        ({"work_phone": "12"}, "Work phone: "),
        ({"first_name": ""}, "First name: First name is empty"),
        ({"first_name": "Ada"}, "There is nothing to change: Zuora already has these values."),
        ({"country": "Oz"}, "Country: Zuora does not know the country “Oz”"),
    ],
)
def test_a_bad_value(changes, says):
    draft = decide(changes)
    assert says in draft.blockers[0]
    assert (draft.effects, draft.steps) == ((), ())


@pytest.mark.parametrize(
    ("zuora", "says"),
    [
        (NotFound("Zuora", "read it"), "Zuora has no such account. Correct the link to Zuora first."),
        (Unreachable("Zuora", "read it"), "Zuora could not be read, so nothing was changed. Zuora"),
        (make_zuora_account(bill_to=None), "The account has no Bill To contact in Zuora."),
        (SOMEBODY_ELSE, "The account has another Bill To contact now."),
    ],
)
def test_a_contact_that_cannot_be_changed(zuora, says):
    draft = decide({"work_email": NEW}, zuora=zuora)
    assert draft.blockers[0].startswith(says)
    bad = decide({"work_email": "nobody"}, zuora=zuora)
    assert bad.blockers[0].startswith("E-mail: ")
    assert bad.blockers[1].startswith(says)


def test_an_account_without_zuora():
    wish = make_wish(role="sold_to", contact="c1", changes={"work_email": NEW}, base={})
    draft = EditContact().decide(Found(make_account(zuora_id=None), None), wish)
    assert draft.blockers == ("This account has no Zuora account, so it has no contacts.",)
    assert draft.title == "Update the Sold To contact of 1001 - Wattle Plumbing"


def test_a_colleagues_change_is_shown_next_to_mine():
    draft = decide({"work_email": NEW}, base={"work_email": "older@example.com"})
    assert draft.blockers == (
        f"E-mail: you typed “{NEW}”, but somebody else changed it to “{OLD}”.",
        "Nothing was changed.",
    )
    assert draft.details[0].rows == (("E-mail", "older@example.com", NEW, OLD),)
    assert draft.steps == ()


WITH_BOTH = ada(work_phone="03 5550 1234", address1="1 High Street")
REMOVED = {"work_phone": "", "address1": " "}


class TestRemoval:
    def test_a_value_is_removed_only_if_the_person_confirmed_it(self):
        assert decide(REMOVED, WITH_BOTH).blockers == (
            "Work phone: 03 5550 1234 would be removed. Confirm it first.",
            "Address line 1: 1 High Street would be removed. Confirm it first.",
            "Nothing was changed.",
        )
        half = decide(REMOVED, WITH_BOTH, emptied=["work_phone"])
        assert [one.split(":")[0] for one in half.blockers] == ["Address line 1", "Nothing was changed."]

    def test_what_was_confirmed_is(self):
        draft = decide(REMOVED, WITH_BOTH, emptied=list(REMOVED))
        assert shown(draft) == [
            ("Work phone", "03 5550 1234", "empty"),
            ("Address line 1", "1 High Street", "empty"),
        ]

    def test_a_field_that_is_already_empty_in_zuora_needs_no_confirmation(self):
        draft = decide({"work_phone": "", "city": "Carlton"}, base={"work_phone": "03 5550 1234"})
        assert shown(draft) == [("Suburb or town", "empty", "Carlton")]
        assert draft.blockers == ()


class TestPlace:
    @pytest.mark.parametrize(
        ("before", "typed", "after"),
        [
            ("", {"country": "AU"}, {"country": "Australia"}),
            ("", {"country": "australia"}, {"country": "Australia"}),
            ("", {"country": "AUS", "state": "vic"}, {"country": "Australia", "state": "vic"}),
            ("", {"country": "usa", "state": "ca"}, {"country": "United States", "state": "California"}),
            ("Canada", {"state": "Québec"}, {"state": "Quebec"}),
        ],
    )
    def test_it_is_sent_as_zuora_spells_it(self, before, typed, after):
        assert decide(typed, ada(country=before)).facts["after"] == after

    @pytest.mark.parametrize(
        ("before", "typed", "says"),
        [
            ({"country": "United States"}, {"state": "VIC"}, "State: “VIC” is not a state of United States"),
            ({"state": "VIC"}, {"country": "US"}, "State: “VIC” is not a state of United States"),
            ({"country": "Australia"}, {"country": "au"}, "There is nothing to change: Zuora already has"),
        ],
    )
    def test_what_zuora_would_refuse_is_refused_before(self, before, typed, says):
        assert says in decide(typed, ada(**before)).blockers[0]

    def test_a_country_no_list_knows_keeps_no_other_field_from_being_changed(self):
        assert shown(decide({"city": "Carlton"}, ada(country="Terra Australis"))) == [
            ("Suburb or town", "empty", "Carlton")
        ]
