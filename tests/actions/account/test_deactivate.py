"""Deactivate: the whole effect before, every step kept, nothing half done and forgotten."""

from datetime import date

import pytest
from sqlalchemy import func, insert, select, update

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.errors import Blocked, NeedsSecondPerson, NotAllowed, PlanChanged, WrongConfirmation
from lib.actions.engine.plan import Confirmation
from lib.domain.quarantine import quarantine_until
from lib.standins.zuora.records import SubscriptionRecord
from lib.store import account_status, audit, belongings, schema
from lib.store.engine import writing
from tests.actions.conftest import BILLING, LEAD, NUMBERS, OTHER, VIEWER, zuora_id

WHY = Confirmation(typed="1001", reason="customer_request", note="Closed the shop.")
STEPS = [step.name for step in ACTIONS["deactivate"].steps]
WITHOUT_CANCEL = [name for name in STEPS if name != "cancel"]
HUB_STEPS = [name for name in STEPS if name not in ("begin", "cancel", "rules", "hub")]


@pytest.fixture
def furnished(world):
    """Account 1001 with something of everything; 1002, its child, uses one of its phone users."""
    with writing(world.services.engine) as connection:
        ids = dict(connection.execute(select(schema.account.c.number, schema.account.c.id)).all())
        own = {"account_id": ids["1001"]}

        def add(table, **values):
            return connection.execute(insert(table).values(**own, **values).returning(table.c.id)).scalar_one()

        billed = add(schema.subscription, number="SUB-00000001", status="Active")
        connection.execute(
            insert(schema.allowance).values(**own, subscription_id=billed, kind="pbx_extensions", granted=2)
        )
        office = add(schema.pbx, name="Office", group_name="wattle", subscription_id=billed)
        users = [
            add(
                schema.phone_user,
                pbx_id=office,
                extension=extension,
                display_name=f"Person {extension}",
                kind="desk_phone",
                login=f"{extension}@wattle",
            )
            for extension in ("100", "101")
        ]
        # Two of one name, so that each has to be identified.
        for _ in range(2):
            queue = add(schema.call_queue, name="Reception")
            connection.execute(insert(schema.queue_member).values(queue_id=queue, phone_user_id=users[0]))
        number = connection.execute(
            select(schema.phone_number.c.id).where(schema.phone_number.c.e164 == NUMBERS["1001"][0])
        ).scalar_one()
        add(schema.callflow, name="Day", kind="ivr", phone_number_id=number, target_phone_user_id=users[1])
        add(schema.call_parking, name="Park 1")
        add(schema.music_on_hold, name="Piano")
        add(schema.integration, name="CRM", vendor="Acme")
        add(schema.web_tracker_code, code="WT-1", site="www.wattle.example")
        add(schema.portal_user, email="ada@wattle.example", name="Ada", is_admin=True)
        connection.execute(update(schema.phone_number).values(subscription_id=None))
        connection.execute(
            update(schema.phone_number).where(schema.phone_number.c.id == number).values(subscription_id=billed)
        )
        connection.execute(
            insert(schema.person).values(
                username="ada", email="ada@wattle.example", name="Ada", account_id=ids["1001"], active=True
            )
        )
        connection.execute(
            insert(schema.person_role).values(
                person_id=select(schema.person.c.id).where(schema.person.c.username == "ada").scalar_subquery(),
                role="account_admin",
            )
        )
    world.standin.state.load_subscriptions(
        [
            SubscriptionRecord(
                id="s1",
                number="SUB-00000001",
                account_id=zuora_id("1001"),
                term_start_date=date(2026, 1, 1),
                term_end_date=date(2026, 12, 31),
            )
        ]
    )
    return world


def plan(world, actor=LEAD, **params):
    return world.runner.plan("deactivate", "1001", {"keep_children": True} | params, actor)


def run(world, **params):
    done = world.finish(world.runner.start(plan(world, **params), LEAD, WHY), 40)
    assert done.run.state == "done", done.run.error
    return done


def left(world, number="1001") -> dict[str, int]:
    with world.services.engine.connect() as connection:
        return {
            what: count for what in belongings.KINDS if (count := len(belongings.list_labels(connection, number, what)))
        }


def numbers(world):
    with world.services.engine.connect() as connection:
        return belongings.list_numbers(connection, "1001")


def texts(made):
    return [effect.text for effect in made.effects]


class TestPlan:
    def test_it_tells_counts_names_and_what_stays(self, furnished):
        made = plan(furnished)
        until = quarantine_until(furnished.services.today())
        assert texts(made) == [
            "Status",
            "3 auth rules removed: no call but an emergency call connects",
            f"3 numbers go to quarantine until {until:%-d %B %Y}",
            "2 queues removed",
            "1 callflow removed",
            "1 call-parking set-up removed",
            "1 music on hold removed",
            "2 phone users removed",
            "1 PBX removed",
            "1 integration removed",
            "1 web-tracker code removed",
            "1 portal user removed",
            "1 Zuora subscription id removed",
        ]
        details = {detail.title: detail.rows for detail in made.details}
        removed = details["Removed from the Hub"]
        assert removed[:2] == (("queue", "Reception"), ("queue", "Reception #2"))
        assert ("phone user", "100@wattle (Person 100)") in removed
        assert details["Numbers"][0] == ("(03) 7010 0001", "local", "in use", f"{until:%-d %B %Y}")
        assert details["Subscriptions in Zuora"] == (("SUB-00000001", "Active", "31 December 2026", "left"),)
        assert "1 subscription in Zuora: goes on" in " ".join(made.untouched)
        assert "No e-mail goes out." in made.untouched
        assert "Emergency calls stay possible from phones that still reach the SBC: 000, 106 and 112." in made.untouched
        assert left(furnished)
        assert furnished.standing() == "active"

    @pytest.mark.sqlite_only
    def test_a_blocker_is_no_start(self, furnished):
        made = plan(furnished, keep_children=False)
        assert "1 active child account: 1002 - Banksia Bakery" in made.blockers[0]
        with pytest.raises(Blocked):
            furnished.runner.start(made, LEAD, WHY)
        assert left(furnished)

    def test_an_open_run_and_a_deactivated_account_are_blockers(self, furnished):
        furnished.break_sbc("database", "PUT", times=None)
        open_one = furnished.runner.plan("suspend", "1001", {"mail": False}, LEAD)
        failed = furnished.finish(furnished.runner.start(open_one, LEAD, Confirmation(reason="spam")))
        assert failed.run.id in plan(furnished).blockers[0]
        with writing(furnished.services.engine) as connection:
            connection.execute(update(schema.account).values(status="deactivated"))
        assert plan(furnished).blockers == ("The account is already deactivated.",)

    def test_outside_systems_away_are_told(self, furnished):
        furnished.fail("GET ", "drop_before")
        made = plan(furnished)
        assert not made.blockers
        assert "could not be read from Zuora" in " ".join(made.warnings)
        assert "are not known, so they cannot be cancelled" in " ".join(
            plan(furnished, zuora="invoice_period").blockers
        )
        furnished.break_sbc("drop_before")
        assert "The SBC could not be read" in plan(furnished).blockers[0]


class TestConfirmation:
    @pytest.mark.sqlite_only
    @pytest.mark.parametrize(
        "typed", [None, "", "1002", "#1001", "1001.", "10 01", "l001", "1OO1", "10\u200b01", "１００１", "2001", " "]
    )
    def test_anything_but_the_number_is_refused_in_a_sentence(self, furnished, typed):
        with pytest.raises(WrongConfirmation, match=r"is not the number of this account\. Type 1001"):
            furnished.runner.start(plan(furnished), LEAD, WHY.model_copy(update={"typed": typed}))
        assert left(furnished)
        assert furnished.standing() == "active"

    @pytest.mark.sqlite_only
    @pytest.mark.parametrize("typed", ["1001 ", "\t1001\n", "\u00a01001\u200b", "\ufeff1001", "\u202d1001\u202c"])
    def test_what_nobody_sees_around_the_number_is_no_mistake(self, furnished, typed):
        furnished.runner.start(plan(furnished), LEAD, WHY.model_copy(update={"typed": typed}))
        assert furnished.runner.open_run("1001") is not None

    def test_the_plan_of_one_account_cannot_be_confirmed_with_the_number_of_another(self, furnished):
        other = furnished.runner.plan("deactivate", "2002", {}, LEAD)
        with pytest.raises(WrongConfirmation):
            furnished.runner.start(other, LEAD, WHY)
        with pytest.raises(WrongConfirmation):
            furnished.runner.start(plan(furnished), LEAD, WHY.model_copy(update={"typed": "2002"}))

    @pytest.mark.parametrize("actor", [BILLING, VIEWER])
    def test_who_may_not_is_refused_also_by_direct_call_and_it_is_in_the_audit(self, furnished, actor):
        made = plan(furnished).model_copy(update={"made_by": actor.email})
        with pytest.raises(NotAllowed):
            furnished.runner.start(made, actor, WHY)
        with furnished.services.engine.connect() as connection:
            newest = audit.events_of_account(connection, "1001")[0]
        assert (newest.phase, newest.kind, newest.actor) == ("refused", "deactivate", actor.email)
        assert left(furnished)

    def test_facts_that_changed_give_a_new_plan_that_says_what(self, furnished):
        made = plan(furnished)
        with writing(furnished.services.engine) as connection:
            belongings.remove(connection, "1001", "music")
        with pytest.raises(PlanChanged, match="No longer: Hub: 1 music on hold removed") as changed:
            furnished.runner.start(made, LEAD, WHY)
        assert changed.value.plan.fingerprint != made.fingerprint

    def test_a_reason_is_needed(self, furnished):
        with pytest.raises(WrongConfirmation, match="Choose a reason"):
            furnished.runner.start(plan(furnished), LEAD, Confirmation(typed="1001"))


class TestDeactivated:
    def test_everything_is_gone_and_told_by_name(self, furnished):
        done = run(furnished)
        assert [(step.name, step.state) for step in done.steps] == [(name, "done") for name in WITHOUT_CANCEL]
        assert left(furnished) == {}
        until = quarantine_until(furnished.services.today())
        assert {(one.state, one.quarantined_until) for one in numbers(furnished)} == {("quarantined", until)}
        assert furnished.states("1001") == set()
        assert furnished.standing() == "deactivated"
        items = dict(furnished.runner.items(done.run.id, "portal_users"))
        assert items == {"ada@wattle.example (Ada)": "removed", "sign-in ada": "closed"}
        assert dict(furnished.runner.items(done.run.id, "numbers"))["(03) 7010 0001"].startswith("in quarantine until")
        receipt = furnished.runner.receipt(done.run.id).markdown("UTC")
        assert "Reception" in receipt
        assert "Asked for by the customer" in receipt
        with furnished.services.engine.connect() as connection:
            change = account_status.last_status_change(connection, "1001")
            active = connection.execute(
                select(schema.person.c.active).where(schema.person.c.username == "ada")
            ).scalar_one()
        assert (change.to_status.value, change.reason, change.actor) == ("deactivated", "customer_request", LEAD.email)
        assert not active

    def test_an_account_with_nothing_has_nothing_to_do(self, world):
        made = world.runner.plan("deactivate", "2002", {}, LEAD)
        done = world.finish(world.runner.start(made, LEAD, WHY.model_copy(update={"typed": "2002"})))
        assert done.run.state == "done"
        states = {step.name: step.state for step in done.steps}
        assert {name for name, state in states.items() if state == "done"} == {"begin", "hub"}
        assert set(states.values()) == {"done", "nothing"}

    def test_subscriptions_are_cancelled_once_and_first(self, furnished):
        done = run(furnished, zuora="invoice_period")
        assert [step.name for step in done.steps] == STEPS
        assert furnished.services.zuora.subscription("SUB-00000001").will_end
        assert (
            len([line for line in furnished.standin.state.faults.requests()[1] if line.startswith("POST /v1/ord")]) == 1
        )
        assert furnished.runner.items(done.run.id, "cancel")[0][0] == "SUB-00000001"

    def test_children_and_others_are_not_touched(self, furnished):
        run(furnished)
        assert furnished.standing("1002") == "active"
        assert furnished.states("2001") == {"allowed"}

    def test_it_cannot_be_done_twice(self, furnished):
        run(furnished)
        assert "already" in plan(furnished).blockers[0]


@pytest.mark.sqlite_only
class TestFailing:
    @pytest.mark.parametrize("name", STEPS)
    def test_each_step_failing_stands_as_failed_and_resume_finishes(self, furnished, name, monkeypatch):
        steps = {step.name: step for step in ACTIONS["deactivate"].steps}
        broken = steps[name]
        real = broken.run

        def fail(context):
            raise RuntimeError("broken")

        made = plan(furnished, zuora="invoice_period")
        object.__setattr__(broken, "run", fail)
        try:
            failed = furnished.finish(furnished.runner.start(made, LEAD, WHY), 40)
        finally:
            object.__setattr__(broken, "run", real)
        assert failed.run.state == "failed"
        position = STEPS.index(name)
        assert [step.state for step in failed.steps] == ["done"] * position + ["failed"] + ["waiting"] * (
            len(STEPS) - position - 1
        )
        assert "RuntimeError" in failed.run.error
        assert furnished.standing() == ("active" if name == "begin" else "deactivating")
        furnished.runner.resume(failed.run.id, LEAD)
        done = furnished.finish(failed.run.id, 40)
        assert done.run.state == "done", done.run.error
        assert {step.state for step in done.steps} == {"done"}
        assert left(furnished) == {}
        assert furnished.standing() == "deactivated"

    def test_zuora_refusing_to_cancel_leaves_everything_else_as_it_was(self, furnished):
        made = plan(furnished, zuora="invoice_period")
        furnished.fail("POST /v1/orders", "success_false")
        failed = furnished.finish(furnished.runner.start(made, LEAD, WHY), 40)
        assert failed.run.state == "failed"
        assert len(left(furnished)) == len(belongings.KINDS)
        assert furnished.states("1001") == {"allowed"}

    def test_an_abandoned_one_refuses_every_change_alike_and_can_be_finished(self, furnished):
        made = plan(furnished)
        furnished.break_sbc("database", "POST /v1/rules/delete", times=None)
        failed = furnished.finish(furnished.runner.start(made, LEAD, WHY), 40)
        furnished.runner.abandon(failed.run.id, LEAD, "The SBC is being replaced.")
        furnished.sbc.state.faults.clear()
        assert furnished.standing() == "deactivating"
        for kind, params in (
            ("rename", {"name": "New"}),
            ("parent", {"parent": "2001"}),
            ("pin", {"note": "New", "until": None}),
            ("suspend", {}),
            ("enable", {}),
        ):
            assert "deactivating" in furnished.runner.plan(kind, "1001", params, LEAD).blockers[0], kind
        repair = furnished.runner.plan("refresh_rules", "1001", {}, LEAD)
        assert (repair.blockers, [effect.text for effect in repair.effects]) == (
            (),
            ["Remove 3 rules for numbers that should have none"],
        )
        run(furnished)
        assert furnished.standing() == "deactivated"

    def test_something_added_while_it_is_removed_is_told(self, furnished):
        made = plan(furnished)
        steps = {step.name: step for step in ACTIONS["deactivate"].steps}
        real = steps["parking"].run

        def add_a_user(context):
            with writing(furnished.services.engine) as connection:
                own = select(schema.account.c.id).where(schema.account.c.number == "1001").scalar_subquery()
                connection.execute(insert(schema.music_on_hold).values(account_id=own, name="Late song"))
            return real(context)

        object.__setattr__(steps["parking"], "run", add_a_user)
        try:
            done = furnished.finish(furnished.runner.start(made, LEAD, WHY), 40)
        finally:
            object.__setattr__(steps["parking"], "run", real)
        assert done.run.state == "done"
        assert ("Late song", "removed") in furnished.runner.items(done.run.id, "music")


class TestSecondPerson:
    @pytest.fixture
    def four_eyes(self, furnished):
        settings = furnished.services.settings.model_copy(update={"four_eyes": True})
        object.__setattr__(furnished.services, "settings", settings)
        return furnished

    def approve(self, world, actor, typed="1001", **params):
        request = world.runner.second_person.request("deactivate", "1001")
        world.runner.second_person.approve(request, plan(world, actor, **params), actor, typed)

    def test_nobody_starts_alone(self, four_eyes):
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(plan(four_eyes), LEAD, WHY)
        four_eyes.runner.second_person.ask(plan(four_eyes), LEAD)
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(plan(four_eyes), LEAD, WHY)
        with pytest.raises(NotAllowed, match="somebody else"):
            self.approve(four_eyes, LEAD)
        assert left(four_eyes)

    def test_two_people_may(self, four_eyes):
        four_eyes.runner.second_person.ask(plan(four_eyes), LEAD)
        with pytest.raises(WrongConfirmation):
            self.approve(four_eyes, OTHER, "1002")
        self.approve(four_eyes, OTHER)
        done = four_eyes.finish(four_eyes.runner.start(plan(four_eyes), LEAD, WHY), 40)
        assert done.run.state == "done"
        with four_eyes.services.engine.connect() as connection:
            phases = [event.phase for event in audit.events_of_account(connection, "1001") if event.run_id is None]
        assert {"asked", "approved"} <= set(phases)

    def test_another_plan_is_not_approved_by_it(self, four_eyes):
        four_eyes.runner.second_person.ask(plan(four_eyes), LEAD)
        self.approve(four_eyes, OTHER)
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(plan(four_eyes, nuisance=True), LEAD, WHY)
        with writing(four_eyes.services.engine) as connection:
            belongings.remove(connection, "1001", "music")
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(plan(four_eyes), LEAD, WHY)

    def test_what_changed_since_it_was_asked_cannot_be_approved(self, four_eyes):
        four_eyes.runner.second_person.ask(plan(four_eyes), LEAD)
        with writing(four_eyes.services.engine) as connection:
            belongings.remove(connection, "1001", "music")
        with pytest.raises(PlanChanged):
            self.approve(four_eyes, OTHER)

    def test_who_may_not_deactivate_cannot_approve(self, four_eyes):
        four_eyes.runner.second_person.ask(plan(four_eyes), LEAD)
        with pytest.raises(NotAllowed):
            self.approve(four_eyes, BILLING)


def test_no_event_of_a_run_is_missing_from_the_chain(furnished):
    run(furnished)
    with furnished.services.engine.connect() as connection:
        assert audit.verify_chain(connection) is None
        kept = connection.execute(select(func.count()).select_from(schema.action_item)).scalar_one()
    assert kept >= 3 + 2 + 2
