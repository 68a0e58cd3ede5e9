"""What a subscription grants on a day, and the warnings before it is saved."""

from datetime import date

import pytest

from lib.actions.billing.subscription import number_problem, saved_words, usable
from lib.clients.errors import NotFound, Unreachable
from lib.clients.zuora.subscriptions.models import ZuoraSegment
from tests.common.factories import TODAY, make_account
from tests.unit.billing.subscriptions import SUB, TERM, charge, in_zuora, terms


def test_charges_of_one_allowance_are_summed():
    found = in_zuora(charge("Cloud Mobile", "4"), charge("cloud  mobile", "3"))
    assert found.granted.allowances == {"cloud_mobiles": 7}
    assert found.terms == terms(2, cloud_mobiles=7)
    assert (found.notes(), found.unmapped()) == ((), ())
    assert found.grants().rows == (("Cloud mobiles", "7"),)


@pytest.mark.parametrize(
    ("changes", "granted"),
    [
        ({"ends": "2026-02-01"}, {}),
        ({"starts": "2098-01-01"}, {}),
        ({"starts": str(TODAY)}, {"pbx_extensions": 5}),
        ({"ends": str(TODAY)}, {}),
        ({"starts": None, "ends": None}, {"pbx_extensions": 5}),
        ({"quantity": None, "included_units": "20"}, {"pbx_extensions": 20}),
        ({"quantity": None}, {}),
        ({"quantity": "2.7"}, {"pbx_extensions": 2}),
    ],
)
def test_what_counts_is_in_force_today_and_a_whole_one(changes, granted):
    assert in_zuora(charge("Extension", **{"quantity": "5"} | changes)).terms.allowances == granted


def test_a_charge_goes_on_behind_a_term_that_is_not_renewed_yet():
    ended = in_zuora(charge("Extension", "3", ends="2026-11-01"), term_ends="2026-11-01")
    assert ended.granted.allowances == {"pbx_extensions": 3}


def test_an_unmapped_charge_is_listed_and_grants_nothing():
    found = in_zuora(charge("Static IP Address"))
    assert found.notes() == (
        f"{SUB}: no allowance is known for “Static IP Address (PRPC-1)”. An admin can add it to the charge map.",
    )
    assert found.unmapped()[0].rows == ((SUB, "Static IP Address", "PRPC-1", "1"),)
    assert found.terms.allowances == {}


@pytest.mark.parametrize(
    ("changes", "says", "granted"),
    [
        ({"status": "Cancelled", "ends": "2026-03-01"}, "is cancelled in Zuora, so it grants nothing.", 0),
        ({"status": "Cancelled", "ends": str(TODAY)}, "is cancelled in Zuora, so it grants nothing.", 0),
        (
            {"status": "Cancelled", "ends": "2027-01-03"},
            "is cancelled in Zuora and ends 3 Jan 2027. Until then it keeps its allowances.",
            4,
        ),
        ({"status": "Draft"}, "is draft in Zuora, so it grants nothing.", 0),
        ({"status": "Expired"}, "is expired in Zuora, so it grants nothing.", 0),
        ({"ends": "2026-11-01", "auto_renews": False}, "ended 1 Nov 2026, so it grants nothing.", 0),
    ],
)
def test_the_days_decide_whether_it_grants(changes, says, granted):
    found = in_zuora(charge("Cloud Mobile", "4"), **changes)
    assert found.notes() == (f"{SUB} {says}",)
    assert found.terms.allowances == ({"cloud_mobiles": granted} if granted else {})
    assert found.later is None


class TestOrderedForLater:
    """Grants five now, three from 1 January 2027, seven from 1 March."""

    def ordered(self, today=TODAY, **changes):
        parts = ((5, "2026-01-01", "2027-01-01"), (3, "2027-01-01", "2027-03-01"), (7, "2027-03-01", "2099-01-01"))
        segments = tuple(ZuoraSegment(quantity=count, starts=on, ends=end) for count, on, end in parts)
        return in_zuora(charge("Cloud Mobile", segments=segments), today=today, **changes)

    @pytest.mark.parametrize(("day", "count"), [(date(2026, 12, 31), 5), (date(2027, 1, 1), 3), (date(2027, 3, 1), 7)])
    def test_the_segment_of_the_day_counts(self, day, count):
        assert self.ordered(day).terms.allowances == {"cloud_mobiles": count}

    def test_the_next_change_is_shown(self):
        found = self.ordered()
        assert (found.later.day, found.later.allowances) == (date(2027, 1, 1), {"cloud_mobiles": 3})
        assert found.notes() == (f"{SUB}, from 1 Jan 2027: Cloud mobiles 3 instead of 5.",)
        assert self.ordered(date(2027, 3, 1)).later is None

    def test_what_would_come_after_the_end_is_not(self):
        found = self.ordered(status="Cancelled", ends="2026-12-15")
        assert found.later is None
        assert found.terms.allowances == {"cloud_mobiles": 5}


class TestUsable:
    def test_the_accounts_own_is(self):
        found = in_zuora()
        assert usable(SUB, found, make_account()) is found

    @pytest.mark.parametrize(
        ("answer", "account", "says"),
        [
            (NotFound("Zuora", "read it"), {}, f"Zuora has no subscription {SUB}."),
            (Unreachable("Zuora", "read it"), {}, "Zuora could not be read, so nothing was changed. Zuora"),
            (in_zuora(), {"zuora_id": None}, "This account is not linked to Zuora"),
            (in_zuora(account_id="z2", account_number="A2"), {}, f"In Zuora {SUB} belongs to A2, not to A1001."),
            (in_zuora(account_id="z2", account_number=None), {}, f"In Zuora {SUB} belongs to another account, not"),
            (in_zuora(number="SUB-9"), {}, "Zuora calls this subscription SUB-9: use that number."),
        ],
    )
    def test_another_answer_is_a_sentence(self, answer, account, says):
        assert usable(SUB, answer, make_account(**account)).startswith(says)


def test_the_terms_in_one_line():
    assert saved_words(terms(2)) == f"Active, version 2, {TERM}"
    paid = in_zuora(invoice_owner_id="z9", invoice_owner_number="A9", status="Cancelled", ends="2027-01-03").terms
    assert saved_words(paid) == f"Cancelled, version 2, {TERM}, ends for good on 2027-01-03, paid by A9"
    unknown = terms().model_copy(update={"status": None, "version": None, "term_start": None, "term_end": None})
    assert saved_words(unknown) == "unknown, version unknown, unknown to no end"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Type the number"),
        ("SUB-1 SUB-2", "one subscription number at a time"),
        ("<b>SUB</b>", "letters, digits"),
        ("SUB-\u202e1", "letters, digits"),
        ("x" * 101, "letters, digits"),
        ("..", "letters, digits"),
    ],
)
def test_what_cannot_be_a_number(text, says):
    assert says in number_problem(text)
    assert number_problem(SUB) is None
