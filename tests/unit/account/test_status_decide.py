"""What suspending and enabling would do, decided from the account, its debts and its auth rules."""

from datetime import date
from decimal import Decimal

import pytest

from lib.actions.account.debts import Billing, Debt, Payer
from lib.actions.account.emergency_calls import NOT_KNOWN, EmergencyCalls
from lib.actions.account.enable import Enable
from lib.actions.account.status import StatusFound
from lib.actions.account.suspend import Found, Suspend
from lib.actions.engine.plan import Confirmation, Plan
from lib.actions.numbers.rules import RuleSet
from lib.clients.errors import Unreachable
from lib.domain.accounts import AccountStatus
from lib.domain.auth_rules import Finding, Rule, RuleState, Verdict
from tests.common.factories import NOW, TODAY, make_account, make_wish, make_zuora_account

AWAY = Unreachable("SBC", "read the rules of account 1001")
ON = EmergencyCalls(("000", "106", "112"))
SUSPENDED = {"status": AccountStatus.SUSPENDED}


def make_rules(*states, want=RuleState.SUSPENDED):
    """One number for each state it has now."""
    findings = []
    for last, state in enumerate(states, start=1):
        expected = Rule(f"+6137010000{last}", "1001", want, "syd-1")
        verdict = Verdict.OK if state is want else Verdict.WRONG_STATE
        findings.append(Finding(expected.number, verdict, expected, Rule(expected.number, "1001", state, "syd-1")))
    return RuleSet(tuple(findings), {})


def make_debt(amount="1284.60", days=12, currency="AUD", payer=None):
    return Debt(Decimal(amount), currency, date(2026, 11, 13), days, 1, payer)


def make_billing(*debts, **changes):
    values = {"account": make_zuora_account(), "debts": debts, "problems": (), "subscriptions": ()}
    return Billing(**(values | changes))


def suspend(mail=False, account=None, **changes):
    values = {
        "account": account or make_account(),
        "billing": make_billing(),
        "rules": make_rules(RuleState.ALLOWED, RuleState.ALLOWED),
        "children": 0,
        "emergency": ON,
        "today": TODAY,
        "due": 7,
    }
    return Suspend().decide(Found(**(values | changes)), make_wish(mail=mail))


def enable(mail=False, account=None, billing=None, rules=None):
    rules = rules or make_rules(RuleState.SUSPENDED, want=RuleState.ALLOWED)
    found = StatusFound(account or make_account(**SUSPENDED), billing or make_billing(), rules)
    return Enable().decide(found, make_wish(mail=mail))


def effects(draft):
    return [(effect.system, effect.text) for effect in draft.effects]


class TestSuspend:
    def test_calls_first_then_the_status(self):
        draft = suspend()
        assert draft.title == "Suspend 1001 - Wattle Plumbing"
        assert effects(draft) == [
            ("Hub", "Status"),
            ("SBC", "2 numbers: inbound calls to voicemail, outbound calls hear the message"),
        ]
        assert (draft.effects[0].before, draft.effects[0].after) == ("active", "suspended")
        assert draft.steps == ("begin", "rules", "verify", "hub")
        assert draft.blockers == ()
        assert draft.untouched == (
            "Emergency calls stay possible: 000, 106 and 112.",
            "Calls in progress are not cut off.",
            "Numbers stay on the account, and plan fees keep billing.",
        )
        (detail,) = draft.details
        assert detail.rows[0] == (
            "(03) 7010 0001",
            "allowed, account 1001, trunk syd-1",
            "suspended, account 1001, trunk syd-1",
        )

    def test_the_facts(self):
        facts = suspend(billing=make_billing(make_debt())).facts
        assert len(facts.pop("rules")) == 16
        assert facts == {
            "standing": "active",
            "status": "active",
            "name": "Wattle Plumbing",
            "numbers": 2,
            "emergency_calls": ("000", "106", "112"),
            "debts": "1,284.60 AUD overdue, 1 invoice, the oldest for 12 days",
            "owed": {"overdue_amount": "1,284.60 AUD", "overdue_since": "13 November 2026"},
            "recipient": "ada@example.com",
            "pin": None,
        }

    def test_other_findings_are_other_facts(self):
        one, two = (suspend(rules=make_rules(state)).facts["rules"] for state in RuleState)
        assert one != two

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            (SUSPENDED, "The account is already suspended."),
            ({"status": AccountStatus.DEACTIVATED}, "The account is deactivated, so it cannot be"),
            ({"changing_to": AccountStatus.DEACTIVATED}, "The account is deactivating, so it cannot be"),
        ],
    )
    def test_the_wrong_status(self, changes, says):
        draft = suspend(account=make_account(**changes))
        assert draft.blockers[0].startswith(says)
        assert (draft.effects, draft.steps, draft.warnings) == ((), (), ())

    def test_one_that_stopped_half_way_can_be_finished(self):
        draft = suspend(account=make_account(changing_to=AccountStatus.SUSPENDED))
        assert draft.blockers == ()
        assert draft.effects[0].before == "suspending"

    def test_the_sbc_away(self):
        draft = suspend(rules=AWAY, emergency=NOT_KNOWN)
        assert draft.blockers == (f"The SBC could not be read, so nothing was changed. {AWAY}",)
        # The blocker says it; a warning about emergency calls would repeat it.
        assert draft.warnings == ("Nothing is overdue in Zuora.",)

    def test_no_number_and_nothing_left_to_do(self):
        assert "The account has no number, so no calls are affected." in suspend(rules=make_rules()).warnings
        draft = suspend(rules=make_rules(RuleState.SUSPENDED))
        assert "The SBC already does this for 1 number." in draft.warnings
        assert (effects(draft), draft.details) == ([("Hub", "Status")], ())

    @pytest.mark.parametrize(
        ("billing", "says"),
        [
            (make_billing(), ["Nothing is overdue in Zuora."]),
            (make_billing(complete=False), ["Nothing is overdue on the account itself in Zuora."]),
            (make_billing(debts=None, problems=("Away.",)), ["Away."]),
            (make_billing(make_debt()), ["In Zuora: 1,284.60 AUD overdue, 1 invoice, the oldest for 12 days."]),
            (
                make_billing(make_debt("5", days=1)),
                [
                    "In Zuora: 5.00 AUD overdue, 1 invoice, the oldest for 1 day.",
                    "Accounts are suspended for non-payment from day 7. This is day 1.",
                ],
            ),
            (
                make_billing(make_debt(payer="2001 Mallee"), payers=(Payer("z2001", "2001 Mallee", ("S-1", "S-2")),)),
                [
                    "2001 Mallee pays for S-1, S-2.",
                    "In Zuora: 1,284.60 AUD overdue, 1 invoice, the oldest for 12 days, owed by 2001 Mallee, who pays "
                    "for this account.",
                ],
            ),
        ],
    )
    def test_what_is_owed(self, billing, says):
        assert list(suspend(billing=billing).warnings) == says

    @pytest.mark.parametrize(
        "billing",
        [
            make_billing(debts=None),
            make_billing(make_debt(), make_debt(currency="USD")),
            make_billing(make_debt(payer="2001 Mallee")),
        ],
        ids=["not known", "two currencies", "the payer's"],
    )
    def test_the_letter_names_no_sum_that_is_not_the_accounts_own_and_one(self, billing):
        assert suspend(billing=billing).facts["owed"] is None

    @pytest.mark.parametrize(
        ("emergency", "says"),
        [
            (EmergencyCalls(()), "Emergency calls will not connect either"),
            (NOT_KNOWN, "Whether emergency calls stay possible is not known"),
        ],
    )
    def test_no_emergency_call_is_promised_that_the_sbc_does_not_promise(self, emergency, says):
        draft = suspend(emergency=emergency)
        assert draft.warnings[-1].startswith(says)
        assert not any("stay possible" in one for one in draft.untouched)

    @pytest.mark.parametrize(
        ("children", "says"),
        [(1, "1 child account."), (2, "2 child accounts.")],
    )
    def test_its_children(self, children, says):
        assert suspend(children=children).untouched[-1] == says

    def test_the_mail(self):
        draft = suspend(mail=True)
        assert draft.effects[-1].text == "Suspension notice to the bill-to contact"
        assert draft.effects[-1].after == "ada@example.com"
        assert draft.steps[-1] == "mail"

    @pytest.mark.parametrize(
        "billing", [make_billing(account=None), make_billing(account=make_zuora_account(bill_to=None))]
    )
    def test_nobody_to_mail_stops_the_mail_alone(self, billing):
        assert "Untick the e-mail" in suspend(mail=True, billing=billing).blockers[0]
        assert suspend(billing=billing).blockers == ()

    def test_a_pinned_note_comes_first_and_is_a_fact(self):
        pinned = make_account(pinned_note="Payment plan", pinned_until=TODAY)
        draft = suspend(account=pinned)
        assert draft.warnings[0] == "Pinned to this account, until 25 November 2026: “Payment plan”"
        assert draft.facts["pin"] == "Payment plan"
        over = suspend(account=make_account(pinned_note="Payment plan", pinned_until=date(2026, 11, 24)))
        assert (over.facts["pin"], over.warnings) == (None, ("Nothing is overdue in Zuora.",))


class TestConfirmation:
    def lacking(self, action, draft, **given):
        return action.lacking(
            Plan(**dict(draft), id="p", kind="k", account="1001", params={}, made_by="l", made_at=NOW, expires_at=NOW),
            Confirmation(**given),
        )

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, "Choose a reason"),
            ({"reason": "boredom"}, "Choose a reason"),
            ({"reason": "other", "note": " "}, "Write the reason in the note"),
            ({"reason": "spam", "note": "x" * 2001}, "at most 2,000"),
        ],
    )
    def test_a_reason_is_needed(self, given, says):
        assert says in self.lacking(Suspend(), suspend(), **given)

    def test_each_has_its_own_reasons(self):
        assert self.lacking(Suspend(), suspend(), reason="spam") is None
        assert self.lacking(Enable(), enable(), reason="spam") == "Choose a reason."
        assert self.lacking(Enable(), enable(), reason="paid") is None

    def test_a_pinned_note_asks_for_a_reason_against_it(self):
        pinned = suspend(account=make_account(pinned_note="Payment plan"))
        assert "“Payment plan”" in self.lacking(Suspend(), pinned, reason="spam", override=" ")
        assert self.lacking(Suspend(), pinned, reason="spam", override="Not paid.") is None


class TestEnable:
    def test_calls_first_then_the_status(self):
        draft = enable()
        assert draft.title == "Enable 1001 - Wattle Plumbing"
        assert effects(draft) == [("Hub", "Status"), ("SBC", "1 number: calls connect again, in and out")]
        assert (draft.effects[0].before, draft.effects[0].after) == ("suspended", "active")
        assert draft.steps == ("begin", "rules", "verify", "hub")
        assert draft.untouched == ("What the account owes.",)
        assert (draft.blockers, draft.warnings) == ((), ())
        assert set(draft.facts) == {"standing", "status", "name", "numbers", "rules", "debts", "recipient"}

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({}, "The account is already active."),
            ({"status": AccountStatus.DEACTIVATED}, "The account is deactivated, so it cannot be"),
            ({"changing_to": AccountStatus.DEACTIVATED}, "The account is deactivating, so it cannot be"),
        ],
    )
    def test_the_wrong_status(self, changes, says):
        draft = enable(account=make_account(**changes))
        assert draft.blockers[0].startswith(says)
        assert draft.steps == ()

    def test_a_suspension_that_stopped_half_way_can_be_taken_back(self):
        assert enable(account=make_account(changing_to=AccountStatus.SUSPENDED)).blockers == ()

    def test_what_is_still_owed_and_what_is_not_known(self):
        billing = make_billing(make_debt(), problems=("Its subscriptions could not be read.",))
        assert enable(billing=billing).warnings == (
            "Its subscriptions could not be read.",
            "Still in Zuora: 1,284.60 AUD overdue, 1 invoice, the oldest for 12 days.",
        )

    def test_the_sbc_away(self):
        assert enable(rules=AWAY).blockers == (f"The SBC could not be read, so nothing was changed. {AWAY}",)

    def test_the_mail(self):
        draft = enable(mail=True)
        assert draft.effects[-1].text == "Notice to the bill-to contact that calls work again"
        assert draft.steps[-1] == "mail"
        assert "Untick the e-mail" in enable(mail=True, billing=make_billing(account=None)).blockers[0]
