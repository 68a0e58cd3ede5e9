"""Suspend and enable: the Hub says so last, and never before the SBC does."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from lib.actions.engine.errors import ActionError, Blocked, NotAllowed, PlanChanged, WrongConfirmation
from lib.actions.engine.plan import Confirmation
from lib.clients.mail import message_id
from lib.domain.accounts import AccountStatus
from lib.standins.zuora.records import InvoiceRecord
from lib.store import account_status, accounts, emails, numbers
from lib.store.engine import writing
from lib.store.schema import sent_email
from tests.actions.conftest import BILLING, LEAD, NUMBERS, VIEWER, wait_for, zuora_id
from tests.other_writers import add_number, move_number

WHY = Confirmation(reason="non_payment", note="Two reminders and a call.")
PAID = Confirmation(reason="paid")
NEW = "+61370100003"


def suspend(world, mail=False, actor=LEAD):
    return world.runner.plan("suspend", "1001", {"mail": mail}, actor)


def suspended(world, mail=False):
    done = world.finish(world.runner.start(suspend(world, mail), LEAD, WHY))
    assert done.run.state == "done", done.run.error
    return done


def enable(world, mail=False):
    return world.runner.plan("enable", "1001", {"mail": mail}, LEAD)


def owe(world, amount="1284.60", days=12):
    today = world.services.today()
    world.standin.state.load_invoices(
        [
            InvoiceRecord(
                id="i1",
                number="INV00000001",
                account_id=zuora_id("1001"),
                amount=amount,
                balance=amount,
                due_date=today - timedelta(days=days),
                invoice_date=today - timedelta(days=days + 14),
            )
        ]
    )


def pin(world, note, until=None):
    with writing(world.services.engine) as connection:
        accounts.pin_note(connection, "1001", note=note, until=until)


def history(world):
    with world.services.engine.connect() as connection:
        return account_status.last_status_change(connection, "1001")


def effects(plan):
    return [(effect.system, effect.text) for effect in plan.effects]


class TestPlan:
    def test_it_says_what_happens_to_calls_and_what_does_not(self, world):
        owe(world)
        plan = suspend(world)
        assert effects(plan) == [
            ("Hub", "Status"),
            ("SBC", "3 numbers: inbound calls to voicemail, outbound calls hear the message"),
        ]
        assert "In Zuora: 1,284.60 AUD overdue, 1 invoice, the oldest for 12 days." in plan.warnings
        assert "Emergency calls stay possible: 000, 106 and 112." in plan.untouched
        assert "Calls in progress are not cut off." in plan.untouched
        assert "1 child account." in plan.untouched
        assert world.standing() == "active"
        assert world.states() == {"allowed"}

    def test_zuora_away_is_said_and_does_not_stop_it(self, world):
        world.fail("GET ", "drop_before")
        plan = suspend(world)
        assert not plan.blockers
        assert "could not be read from Zuora" in plan.warnings[0]
        assert "Nothing is overdue" not in " ".join(plan.warnings)

    def test_the_sbc_away_stops_it(self, world):
        world.break_sbc("drop_before")
        with pytest.raises(Blocked, match="The SBC could not be read, so nothing was changed"):
            world.runner.start(suspend(world), LEAD, WHY)
        assert world.standing() == "active"

    def test_money_that_came_in_meanwhile_gives_a_new_plan(self, world):
        owe(world)
        plan = suspend(world)
        world.standin.state.load_invoices([])
        owe(world, amount="10.00")
        with pytest.raises(PlanChanged):
            world.runner.start(plan, LEAD, WHY)


class TestEmergencyCalls:
    """Promised is what the SBC says, in the plan, the receipt and the letter; and nothing where it does not say."""

    def told(self, world, plan):
        done = world.finish(world.runner.start(plan, LEAD, WHY))
        assert done.run.state == "done", done.run.error
        (mail,) = world.mail.messages()
        return "\n".join([*plan.untouched, world.runner.receipt(done.run.id).markdown("UTC"), mail.text])

    def test_the_numbers_are_those_of_the_sbc(self, world):
        world.sbc.state.emergency = ("111", "112")
        told = self.told(world, suspend(world, mail=True))
        assert "Emergency calls stay possible: 111 and 112." in told
        assert "stay possible: 111 and 112. Read back." in told
        assert "you can call 111 and 112." in told
        assert "106" not in told.partition("Hello")[2]

    @pytest.mark.parametrize(
        ("says", "warning"),
        [
            ((), "Emergency calls will not connect either: they are switched off on the SBC"),
            (None, "Whether emergency calls stay possible is not known: the SBC did not say."),
        ],
        ids=["off", "an older SBC"],
    )
    def test_without_a_promise_of_the_sbc_nothing_is_promised(self, world, says, warning):
        world.sbc.state.emergency = says
        plan = suspend(world, mail=True)
        assert warning in " ".join(plan.warnings)
        told = self.told(world, plan)
        assert "stay possible" not in told
        assert "mergency" not in told.replace(warning, "").partition("Hello")[2]

    def test_an_sbc_that_does_not_answer_this_does_not_stop_the_plan(self, world):
        world.break_sbc("database", "GET /v1/health", times=None)
        plan = suspend(world)
        assert not plan.blockers
        assert "is not known" in " ".join(plan.warnings)
        assert not any("stay possible" in one for one in plan.untouched)


class TestConfirmation:
    @pytest.mark.sqlite_only
    def test_a_reason_is_needed(self, world):
        with pytest.raises(WrongConfirmation, match="Choose a reason"):
            world.runner.start(suspend(world), LEAD)
        assert world.standing() == "active"

    def test_a_pinned_note_asks_for_a_reason_against_it(self, world):
        pin(world, "Payment plan until 12 March", world.services.today() + timedelta(days=5))
        plan = suspend(world)
        assert "Payment plan until 12 March" in plan.warnings[0]
        with pytest.raises(WrongConfirmation, match="Payment plan until 12 March"):
            world.runner.start(plan, LEAD, WHY)
        given = WHY.model_copy(update={"override": "The second part was not paid."})
        assert world.finish(world.runner.start(plan, LEAD, given)).run.state == "done"
        assert "Pinned note overridden: The second part was not paid." in history(world).note

    def test_billing_may_and_a_viewer_may_not(self, world):
        assert not suspend(world, actor=BILLING).blockers
        with pytest.raises(NotAllowed):
            suspend(world, actor=VIEWER)


class TestSuspended:
    def test_calls_first_then_the_status_with_who_and_why(self, world):
        done = suspended(world)
        assert [(step.name, step.state) for step in done.steps] == [
            ("begin", "done"),
            ("rules", "done"),
            ("verify", "done"),
            ("hub", "done"),
        ]
        assert "emergency calls stay possible: 000, 106 and 112" in done.steps[1].text
        assert world.standing() == "suspended"
        assert world.states() == {"suspended"}
        assert world.states("2001") == {"allowed"}
        change = history(world)
        assert (change.to_status, change.reason, change.note, change.actor) == (
            AccountStatus.SUSPENDED,
            "non_payment",
            "Two reminders and a call.",
            LEAD.email,
        )
        assert change.run_id == done.run.id
        assert "Non-payment" in world.runner.receipt(done.run.id).markdown("UTC")
        assert ("(03) 7010 0001", "was allowed, now suspended") in world.runner.items(done.run.id, "rules")

    def test_enable_reverses_all_of_it(self, world):
        before = world.rules()
        suspended(world)
        plan = enable(world)
        with pytest.raises(WrongConfirmation):
            world.runner.start(plan, LEAD)
        assert world.finish(world.runner.start(plan, LEAD, PAID)).run.state == "done"
        assert world.standing() == "active"
        assert world.rules() == before
        assert history(world).reason == "paid"
        assert "already active" in enable(world).blockers[0]

    def test_missing_and_extra_rules_are_suspended_and_removed_as_well(self, world):
        kept = [rule for number, rule in world.sbc.state.rules().items() if number != NUMBERS["1001"][0]]
        world.sbc.state.clear()
        world.sbc.state.load([*kept, type(kept[0])(number="+61370109999", account="1001")])
        suspended(world)
        assert {number for number, rule in world.rules().items() if rule[0] == "1001"} == set(NUMBERS["1001"])
        assert world.states() == {"suspended"}

    def test_an_account_without_numbers_can_be_suspended(self, world):
        plan = world.runner.plan("suspend", "1002", {"mail": False}, LEAD)
        assert "no number" in " ".join(plan.warnings)
        assert world.finish(world.runner.start(plan, LEAD, WHY)).run.state == "done"
        assert world.standing("1002") == "suspended"


@pytest.mark.sqlite_only
class TestMail:
    def rows(self, world):
        with world.services.engine.connect() as connection:
            return connection.execute(select(sent_email.c.kind, sent_email.c.recipient, sent_email.c.state)).all()

    def test_the_bill_to_contact_is_told_once(self, world):
        owe(world)
        plan = suspend(world, mail=True)
        assert ("E-mail", "Suspension notice to the bill-to contact") in effects(plan)
        done = world.finish(world.runner.start(plan, LEAD, WHY))
        assert done.run.state == "done"
        (mail,) = world.mail.messages()
        assert list(mail.recipients) == ["ada@example.com"]
        assert "1,284.60 AUD" in mail.text
        assert "1001" in mail.text
        assert mail.message_id == message_id(f"{done.run.id}:mail", "example.com")
        assert [tuple(row) for row in self.rows(world)] == [("suspension_notice", "ada@example.com", "accepted")]

    def test_no_tick_no_mail(self, world):
        suspended(world)
        assert world.mail.messages() == []
        assert self.rows(world) == []

    @pytest.mark.parametrize("kind", ["connect", "recipient", "data", "busy", "drop_before", "drop_after"])
    def test_a_mail_server_that_fails_is_seen_and_resumed(self, world, kind):
        plan = suspend(world, mail=True)
        world.mail.fail(kind, None)
        failed = world.finish(world.runner.start(plan, LEAD, WHY))
        assert [step.state for step in failed.steps] == ["done"] * 4 + ["failed"]
        assert "ada@example.com" not in failed.run.error
        assert world.standing() == "suspended"
        assert [row.state for row in self.rows(world)] == ["unknown" if kind == "drop_after" else "failed"]
        before = {mail.message_id for mail in world.mail.messages()}
        world.mail.clear()
        world.runner.resume(failed.run.id, LEAD)
        assert world.finish(failed.run.id).run.state == "done"
        assert [row.state for row in self.rows(world)] == ["accepted"]
        # Where the first attempt had arrived, the second is the same e-mail to whoever gets it.
        assert before | {mail.message_id for mail in world.mail.messages()} == {
            message_id(f"{failed.run.id}:mail", "example.com")
        }

    def test_a_mail_on_record_is_not_sent_again(self, world):
        done = world.finish(world.runner.start(suspend(world, mail=True), LEAD, WHY))
        known = message_id(f"{done.run.id}:mail", "example.com")
        with world.services.engine.connect() as connection:
            assert emails.find_by_message_id(connection, known) is not None
        assert world.mail.count(known) == 1

    def test_enabled_is_told_as_well(self, world):
        suspended(world)
        world.finish(world.runner.start(enable(world, mail=True), LEAD, PAID))
        (mail,) = world.mail.messages()
        assert [row.kind for row in self.rows(world)] == ["reenabled_notice"]
        assert "1001" in mail.text


class TestHalfWay:
    @pytest.mark.sqlite_only
    @pytest.mark.parametrize("kind", ["unauthorized", "database", "html502", "drop_before", "drop_after", "truncate"])
    def test_the_hub_does_not_say_suspended_while_the_sbc_is_not(self, world, kind):
        plan = suspend(world)
        world.break_sbc(kind, "PUT /v1/rules", times=None)
        failed = world.finish(world.runner.start(plan, LEAD, WHY))
        assert failed.run.state == "failed"
        assert [step.state for step in failed.steps] == ["done", "failed", "waiting", "waiting"]
        assert world.standing() == "suspending"
        assert history(world) is None
        world.sbc.state.faults.clear()
        world.runner.resume(failed.run.id, LEAD)
        assert world.finish(failed.run.id).run.state == "done"
        assert world.standing() == "suspended"
        assert world.states() == {"suspended"}

    def test_a_write_the_sbc_never_shows_is_no_success(self, world):
        plan = suspend(world)
        real = world.services.sbc.get_rules

        def as_before(numbers, **how):
            return {
                number: rule and type(rule)(rule.number, rule.account, "allowed", rule.trunk, rule.revision)
                for number, rule in real(numbers, **how).items()
            }

        world.services.sbc.get_rules = as_before
        try:
            failed = world.finish(world.runner.start(plan, LEAD, WHY))
        finally:
            del world.services.sbc.get_rules
        assert failed.run.state == "failed"
        assert "does not show them" in failed.run.error
        assert world.standing() == "suspending"

    def test_an_abandoned_suspension_can_be_finished_or_undone(self, world):
        plan = suspend(world)
        world.break_sbc("database", "PUT /v1/rules", times=None)
        failed = world.finish(world.runner.start(plan, LEAD, WHY))
        world.runner.abandon(failed.run.id, LEAD, "The SBC is being replaced.")
        world.sbc.state.faults.clear()
        assert world.standing() == "suspending"
        assert not suspend(world).blockers
        assert world.finish(world.runner.start(enable(world), LEAD, PAID)).run.state == "done"
        assert (world.standing(), world.states()) == ("active", {"allowed"})

    def test_two_at_once_the_second_is_told_who(self, world):
        plan, other = suspend(world), suspend(world)
        world.break_sbc("latency", "PUT /v1/rules", seconds=0.5, times=None)
        run_id = world.runner.start(plan, LEAD, WHY)
        with pytest.raises(ActionError, match=r"Lee Lead has a running action on|this has changed since you looked"):
            world.runner.start(other, LEAD, WHY)
        assert world.finish(run_id).run.state == "done"


class TestNumbersThatChange:
    """No action is asked for: whoever changes a number in the Hub, its rule follows."""

    def add(self, world, number=NEW, to="1001"):
        with writing(world.services.engine) as connection:
            add_number(connection, number, account_number=to, trunk="syd-2")

    def follows(self, world, rule, number=NEW):
        wait_for(lambda: world.rules().get(number), lambda found: found == rule)
        wait_for(lambda: self.waiting(world), lambda left: left == [])

    def waiting(self, world):
        with world.services.engine.connect() as connection:
            return numbers.rule_changes(connection, limit=9)

    def test_a_number_added_to_a_suspended_account_is_suspended(self, world):
        suspended(world)
        self.add(world)
        self.follows(world, ("1001", "suspended", "syd-2"))

    def test_a_number_added_to_an_active_account_is_allowed(self, world):
        self.add(world)
        self.follows(world, ("1001", "allowed", "syd-2"))

    def test_a_number_moved_to_a_suspended_account_is_suspended_and_back_allowed(self, world):
        suspended(world)
        moved = NUMBERS["2001"][0]
        with writing(world.services.engine) as connection:
            move_number(connection, moved, to_account="1001")
        self.follows(world, ("1001", "suspended", "syd-1"), moved)
        with writing(world.services.engine) as connection:
            move_number(connection, moved, to_account="2001")
        self.follows(world, ("2001", "allowed", "syd-1"), moved)

    def test_a_number_in_quarantine_has_no_rule(self, world):
        suspended(world)
        gone = NUMBERS["1001"][0]
        with writing(world.services.engine) as connection:
            assert numbers.quarantine_numbers(connection, [gone], until=date(2027, 5, 22), reason="disconnected") == 1
        self.follows(world, None, gone)

    def test_a_number_added_while_the_account_is_being_suspended_is_suspended(self, world):
        plan = suspend(world)
        world.break_sbc("database", "PUT /v1/rules", times=None)
        failed = world.finish(world.runner.start(plan, LEAD, WHY))
        self.add(world)
        world.sbc.state.faults.clear()
        world.runner.resume(failed.run.id, LEAD)
        assert world.finish(failed.run.id).run.state == "done"
        self.follows(world, ("1001", "suspended", "syd-2"))

    def test_a_change_while_the_sbc_is_away_waits_for_it(self, world):
        world.break_sbc("drop_before")
        self.add(world)
        wait_for(world.sbc.state.requests, bool)
        assert self.waiting(world)
        world.sbc.state.faults.clear()
        self.follows(world, ("1001", "allowed", "syd-2"))

    def test_a_change_made_by_another_program_is_seen(self, world):
        with world.services.engine.begin() as connection:
            connection.exec_driver_sql("update phone_number set trunk = 'mel-1' where e164 = '+61370100001'")
        self.follows(world, ("1001", "allowed", "mel-1"), "+61370100001")


def test_pinning_is_an_action_of_its_own(world):
    def plan(note, until=None):
        return world.runner.plan("pin", "1001", {"note": note, "until": until}, LEAD)

    until = (datetime.now(UTC) + timedelta(days=9)).date()
    assert world.finish(world.runner.start(plan("Payment  plan\n", until), LEAD)).run.state == "done"
    with world.services.engine.connect() as connection:
        found = accounts.get_account(connection, "1001")
    assert (found.pinned_note, found.pinned_until) == ("Payment plan", until)
    assert world.finish(world.runner.start(plan(None), LEAD)).run.state == "done"
    with world.services.engine.connect() as connection:
        assert accounts.get_account(connection, "1001").pinned_note is None
