"""What a deactivation would do, decided from everything that belongs to the account."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from lib.actions.account.deactivate import Deactivate
from lib.actions.account.deactivation_look import KINDS, Found
from lib.actions.account.debts import Billing, Debt, Payer
from lib.actions.account.emergency_calls import NOT_KNOWN, EmergencyCalls
from lib.actions.engine.plan import Confirmation
from lib.actions.numbers.rules import RuleSet
from lib.clients.errors import Unreachable
from lib.clients.zuora import ZuoraCharge, ZuoraRatePlan, ZuoraSubscription
from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import Finding, Rule, RuleState, Verdict
from lib.store.belongings import HubNumber
from tests.common.factories import TODAY, make_account, make_wish, make_zuora_account

AWAY = Unreachable("SBC", "read the rules of account 1001")
EMPTY = {what: [] for what in KINDS}
RULE = Rule("+61370100001", "1001", RuleState.ALLOWED, "syd-1")
CANCEL = {"zuora": "invoice_period"}
STEPS = [step.name for step in Deactivate().steps]


def make_number(last=1, state="in_use", until=None):
    return HubNumber(f"+6137010000{last}", "local", state, until)


def make_subscription(number="S-1", status="Active", **changes):
    """A subscription; the days are texts, as Zuora writes them."""
    return ZuoraSubscription(id=number, number=number, status=status, **({"term_ends": "2027-07-01"} | changes))


def charged_until(day):
    return (ZuoraRatePlan(id="p", charges=(ZuoraCharge(id="c", charged_through=day),)),)


def make_billing(*subscriptions, **changes):
    values = {
        "account": make_zuora_account(balance="0"),
        "debts": (),
        "problems": (),
        "subscriptions": subscriptions,
    }
    return Billing(**(values | changes))


def make_debt(payer=None):
    return Debt(Decimal("312"), "AUD", date(2026, 11, 7), 18, 1, payer)


def decide(wish=None, **changes):
    values = {
        "account": make_account(),
        "labels": EMPTY,
        "numbers": [make_number()],
        "children": [],
        "holders": [],
        "open_run": None,
        "billing": make_billing(make_subscription()),
        "rules": RuleSet((Finding(RULE.number, Verdict.EXTRA, None, RULE),), {}),
        "emergency": EmergencyCalls(("000", "112")),
        "today": TODAY,
    }
    return Deactivate().decide(Found(**(values | changes)), make_wish(**(wish or {})))


def texts(draft):
    return [effect.text for effect in draft.effects]


class TestEffects:
    def test_one_line_for_each_thing_that_changes(self):
        labels = EMPTY | {"queues": ["Reception", "Reception #2"], "pbxs": ["Office"]}
        draft = decide(labels=labels, numbers=[make_number(1), make_number(2)])
        assert draft.title == "Deactivate 1001 - Wattle Plumbing"
        assert [(one.system, one.text) for one in draft.effects] == [
            ("Hub", "Status"),
            ("SBC", "1 auth rule removed: no call but an emergency call connects"),
            ("Hub", "2 numbers go to quarantine until 25 May 2027"),
            ("Hub", "2 queues removed"),
            ("Hub", "1 PBX removed"),
        ]
        assert (draft.effects[0].before, draft.effects[0].after) == ("active", "deactivated, for good")
        assert draft.details[-1].rows == (("queue", "Reception"), ("queue", "Reception #2"), ("PBX", "Office"))
        assert (draft.blockers, draft.dangers) == ((), ())

    def test_the_steps_and_facts(self):
        draft = decide()
        assert list(draft.steps) == [name for name in STEPS if name != "cancel"]
        facts = dict(draft.facts)
        assert len(facts.pop("digest")) == 16
        assert facts == {
            "standing": "active",
            "status": "active",
            "rules": 1,
            "emergency_calls": ("000", "112"),
            "balance": "0",
            "children": [],
            "to_cancel": [],
            "until": "2027-05-25",
            "today": "2026-11-25",
        }

    def test_twelve_months_for_nuisance(self):
        draft = decide({"nuisance": True})
        assert draft.facts["until"] == "2027-11-25"
        assert "1 number goes to quarantine until 25 November 2027" in texts(draft)

    def test_a_number_in_quarantine_keeps_its_day(self):
        draft = decide(numbers=[make_number(state="quarantined", until=date(2027, 1, 2))])
        assert not any("quarantine" in text for text in texts(draft))
        assert "The last day in quarantine of 1 number." in draft.untouched
        assert draft.details[0].rows == (("(03) 7010 0001", "local", "quarantined", "2 January 2027"),)

    def test_cancelling_is_a_choice(self):
        draft = decide(CANCEL)
        assert texts(draft)[-1] == "1 subscription cancelled at the end of the invoice period"
        assert (list(draft.steps), draft.facts["to_cancel"]) == (STEPS, ["S-1"])
        on_a_day = decide({"zuora": "date", "cancel_on": "2026-12-24"})
        assert texts(on_a_day)[-1] == "1 subscription cancelled on 24 December 2026"

    @pytest.mark.parametrize(
        "changes",
        [
            {"labels": EMPTY | {"music": ["Piano"]}},
            {"numbers": [make_number(2)]},
            {"numbers": [make_number(state="porting")]},
            {"billing": make_billing(make_subscription(status="Suspended"))},
            {"billing": make_billing(make_subscription(scheduled_suspend="2026-12-05"))},
            {"billing": make_billing(make_subscription(), payers=(Payer("z2", "2001 Mallee", ("S-1",)),))},
            {"children": [make_account(number="1002")]},
            {"holders": ["1002"]},
        ],
    )
    def test_other_belongings_are_another_plan(self, changes):
        assert decide(**changes).facts["digest"] != decide().facts["digest"]


class TestBlockers:
    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"zuora": "burn"}, "Choose what happens to the subscriptions."),
            ({"zuora": "date"}, "Choose the day to cancel the subscriptions."),
            ({"zuora": "date", "cancel_on": "soon"}, "Choose the day to cancel the subscriptions."),
            ({"zuora": "date", "cancel_on": "2026-11-24"}, "The day to cancel the subscriptions has"),
        ],
    )
    def test_a_choice_that_cannot_be(self, params, says):
        (blocker,) = decide(params).blockers
        assert blocker.startswith(says)

    def test_a_deactivated_account(self):
        account = make_account(status=AccountStatus.DEACTIVATED)
        assert decide(account=account, rules=AWAY).blockers == ("The account is already deactivated.",)

    def test_an_abandoned_deactivation_can_be_finished(self):
        draft = decide(account=make_account(changing_to=AccountStatus.DEACTIVATED))
        assert draft.blockers == ()
        assert draft.effects[0].before == "deactivating"

    def test_an_open_run(self):
        run = SimpleNamespace(id="rename-1001-x", actor_name="Lee Lead", kind="rename", plan={"title": "Rename it"})
        (blocker,) = decide(open_run=run).blockers
        assert blocker.startswith("Lee Lead has an unfinished action on it (Rename it).")
        assert "Its receipt is rename-1001-x." in blocker

    @pytest.mark.parametrize(
        ("many", "says"),
        [
            (1, "(03) 7010 0001 is being ported out."),
            (6, "(03) 7010 0005 and 1 more are being ported out."),
        ],
    )
    def test_numbers_that_are_ported_out(self, many, says):
        (blocker,) = decide(numbers=[make_number(last, "porting") for last in range(1, many + 1)]).blockers
        assert says in blocker

    def test_active_children_unless_they_are_left(self):
        children = [
            make_account(number="1002", name="Banksia"),
            make_account(number="1003", status=AccountStatus.DEACTIVATED),
        ]
        draft = decide(children=children)
        assert draft.blockers[0].startswith("It has 1 active child account: 1002 - Banksia. Deactivate or move")
        assert (draft.claims, draft.facts["children"]) == (("1002", "1003"), ["1002"])
        left = decide({"keep_children": True}, children=children)
        assert left.blockers == ()
        assert "These children will have a deactivated parent: 1002 - Banksia." in left.warnings

    def test_subscriptions_that_are_not_known_cannot_be_cancelled(self):
        billing = make_billing(subscriptions=None, problems=("Zuora is away.",))
        assert decide(CANCEL, billing=billing).blockers == (
            "Its subscriptions are not known, so they cannot be cancelled. Zuora is away.",
        )
        left = decide(billing=billing)
        assert (left.blockers, left.warnings[0]) == ((), "Zuora is away.")
        assert "Subscriptions in Zuora: go on and bill until billing closes them by hand." in left.untouched

    @pytest.mark.parametrize(
        ("status", "way_out"),
        [
            ("Suspended", "Resume it in Zuora first"),
            ("Pending Activation", "Activate it in Zuora first"),
            ("Pending Acceptance", "Have it accepted in Zuora first"),
        ],
    )
    def test_what_zuora_does_not_cancel(self, status, way_out):
        billing = make_billing(make_subscription(status=status))
        (blocker,) = decide(CANCEL, billing=billing).blockers
        assert blocker.startswith(f"S-1 is {status.lower()}, and Zuora cancels active subscriptions only. {way_out}")
        left = decide(billing=billing)
        assert left.blockers == ()
        assert f"S-1 is {status.lower()} in Zuora and stays so." in left.untouched

    @pytest.mark.parametrize(
        ("changes", "day", "says"),
        [
            ({}, "2027-07-02", "S-1 cannot be cancelled on 2 July 2027: its term ends on 1 July 2027."),
            ({"contract_effective": "2027-01-01"}, "2026-12-24", "its contract begins on 1 January 2027."),
            ({"starts": "2027-01-01"}, "2026-12-24", "its contract begins on 1 January 2027."),
            ({"rate_plans": charged_until("2026-12-31")}, "2026-12-24", "it is invoiced until 31 December 2026."),
        ],
    )
    def test_a_day_on_which_zuora_does_not_cancel(self, changes, day, says):
        billing = make_billing(make_subscription(**changes))
        (blocker,) = decide({"zuora": "date", "cancel_on": day}, billing=billing).blockers
        assert says in blocker

    def test_the_sbc_away(self):
        draft = decide(rules=AWAY, emergency=NOT_KNOWN)
        assert draft.blockers == (f"The SBC could not be read, so the auth rules could not be removed. {AWAY}",)
        assert not any("mergency" in words for words in draft.warnings)
        assert draft.facts["rules"] == 0


class TestWarningsAndDangers:
    def test_an_active_account_stops_working_at_once(self):
        assert decide().warnings == ("The account is active. Its calls stop at once, in and out.",)
        assert decide(account=make_account(status=AccountStatus.SUSPENDED)).warnings == ()

    def test_who_uses_something_of_it(self):
        assert "Queues or callflows of 1002, 1003 use something of this account. It is removed from them." in (
            decide(holders=["1002", "1003"]).warnings
        )

    @pytest.mark.parametrize(
        ("wish", "says"),
        [({}, "It still gets their invoices."), (CANCEL, "Only this account's subscriptions are cancelled.")],
    )
    def test_who_pays_for_it(self, wish, says):
        billing = make_billing(make_subscription(), payers=(Payer("z2", "2001 Mallee", ("S-1",)),))
        (told,) = (words for words in decide(wish, billing=billing).warnings if "2001 Mallee pays for S-1" in words)
        assert told.endswith(says)

    @pytest.mark.parametrize(
        ("changes", "wish", "says"),
        [
            (
                {"status": "Cancelled", "term_ends": "2027-01-03"},
                CANCEL,
                "S-1 is already cancelled and ends on 3 January 2027. It bills until then. It is not cancelled "
                "again, so that day stays.",
            ),
            (
                {"scheduled_cancel": "2027-02-01"},
                {},
                "S-1 is already scheduled to be cancelled and ends on 1 February 2027. It bills until then.",
            ),
            (
                {"scheduled_suspend": "2026-12-05"},
                CANCEL,
                "S-1 is scheduled to be suspended on 5 December 2026. After that day, Zuora will not cancel it.",
            ),
            (
                {"auto_renews": False},
                {},
                "S-1 does not renew: without a cancellation it ends on 1 July 2027.",
            ),
            ({"status": "Draft"}, CANCEL, "Drafts in Zuora are not cancelled: S-1. Delete them there."),
            ({"status": "Draft"}, CANCEL, "There is no subscription to cancel in Zuora."),
        ],
    )
    def test_subscriptions_that_are_decided_already(self, changes, wish, says):
        assert says in decide(wish, billing=make_billing(make_subscription(**changes))).warnings

    @pytest.mark.parametrize(
        ("emergency", "connects", "warning"),
        [
            (EmergencyCalls(()), "no call connects", "Emergency calls will not connect either"),
            (NOT_KNOWN, "no ordinary call connects", "Whether emergency calls stay possible is not known"),
        ],
    )
    def test_no_emergency_call_is_promised_that_the_sbc_does_not_promise(self, emergency, connects, warning):
        draft = decide(emergency=emergency)
        assert texts(draft)[1].endswith(f"removed: {connects}")
        assert draft.warnings[-1].startswith(warning)
        assert not any("stay possible" in one for one in draft.untouched)

    def test_an_unpaid_balance(self):
        account = make_zuora_account(balance="742.35", currency="AUD")
        billing = make_billing(account=account, debts=(make_debt(), make_debt("2001 Mallee")))
        assert decide(billing=billing).dangers == (
            "Unpaid balance in Zuora: 742.35 AUD. Of it 312.00 AUD overdue, 1 invoice, the oldest for 18 days. "
            "Once the Zuora account is cancelled, it accepts no payments.",
            "In Zuora: 312.00 AUD overdue, 1 invoice, the oldest for 18 days, owed by 2001 Mallee, who pays for this "
            "account.",
        )

    def test_a_balance_without_a_currency_and_one_that_is_paid(self):
        (danger,) = decide(billing=make_billing(account=make_zuora_account(balance="5"))).dangers
        assert danger.startswith("Unpaid balance in Zuora: 5.00. Once the Zuora account")
        assert decide(billing=make_billing(account=make_zuora_account(balance="-5"))).dangers == ()


class TestUntouched:
    def test_what_stays(self):
        draft = decide()
        assert draft.untouched[0].startswith("The account has no queues, callflows, ")
        assert draft.untouched[1:] == (
            "1 subscription in Zuora: goes on and bills until billing closes it by hand.",
            "Emergency calls stay possible from phones that still reach the SBC: 000 and 112.",
            "The Zuora account itself, its invoices and its contacts stay.",
            "Emergency details, sent e-mails and the history of the account are kept.",
            "No e-mail goes out.",
        )

    @pytest.mark.parametrize(
        ("changes", "wish", "after"),
        [
            ({}, {}, "left"),
            ({}, CANCEL, "cancelled"),
            ({"status": "Draft"}, CANCEL, "left"),
            ({"status": "Expired"}, CANCEL, "has ended"),
            ({"auto_renews": False, "term_ends": "2026-11-25"}, CANCEL, "has ended"),
            ({"status": "Cancelled", "term_ends": "2026-11-25"}, CANCEL, "has ended"),
            ({"status": "Cancelled"}, CANCEL, "ends on 1 July 2027, as scheduled"),
        ],
    )
    def test_what_happens_to_each_subscription(self, changes, wish, after):
        draft = decide(wish, billing=make_billing(make_subscription(**changes)))
        (detail,) = (one for one in draft.details if one.title == "Subscriptions in Zuora")
        assert detail.rows[0][-1] == after


def test_a_reason_is_needed():
    action, plan = Deactivate(), None
    assert action.lacking(plan, Confirmation(typed="1001")) == "Choose a reason."
    assert action.lacking(plan, Confirmation(typed="1001", reason="moved")) is None


def test_the_choices_that_are_stored():
    all_of_them = {"zuora": "leave", "cancel_on": None, "nuisance": False, "keep_children": False}
    assert Deactivate().normalise({}) == all_of_them
    # A day counts only with its choice.
    assert Deactivate().normalise({"cancel_on": "2026-12-24"}) == all_of_them
    assert Deactivate().normalise({"zuora": "burn"}) == {"zuora": "burn"}
