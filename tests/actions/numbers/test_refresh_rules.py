"""Refresh auth rules: what is wrong is found, shown, corrected, and read back from the SBC."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, select, update

from lib.actions.engine.errors import Blocked, NotAllowed, PlanChanged
from lib.actions.numbers import keeper
from lib.actions.numbers.rules import apply_rules
from lib.domain.auth_rules import Verdict
from lib.standins.sbc import RuleRecord
from lib.store import audit
from lib.store.engine import writing
from lib.store.numbers import REVISION_LIMIT, take_revisions
from lib.store.schema import account, phone_number, rule_change
from tests.actions.conftest import BILLING, LEAD, NUMBERS, VIEWER, wait_for

FIRST, SECOND, THIRD = NUMBERS["1001"]
RIGHT = {number: (owner, "allowed", "syd-1") for owner, owned in NUMBERS.items() for number in owned}


def refresh(world, number="1001", actor=LEAD):
    return world.runner.plan("refresh_rules", number, {}, actor)


def hold(world, number, **values):
    """Give the SBC this rule instead of the right one."""
    given = {"account": "1001", "state": "allowed", "trunk": "syd-1"} | values
    world.sbc.state.load([RuleRecord(number=number, **given)])


def lose(world, *numbers):
    kept = [rule for number, rule in world.sbc.state.rules().items() if number not in numbers]
    world.sbc.state.clear()
    world.sbc.state.load(kept)


def test_a_missing_rule_is_found_and_created(world):
    lose(world, THIRD)
    plan = refresh(world)
    assert [effect.text for effect in plan.effects] == ["Create 1 missing rule"]
    (detail,) = plan.details
    assert detail.rows == (("0491 570 006", "missing", "no rule", "allowed, account 1001, trunk syd-1"),)
    done = world.finish(world.runner.start(plan, LEAD))
    assert done.run.state == "done"
    assert world.rules() == RIGHT
    assert [(step.name, step.state, step.count) for step in done.steps] == [("rules", "done", 1), ("verify", "done", 3)]
    assert world.runner.items(done.run.id, "rules") == [("0491 570 006", "was missing, now created")]
    assert "are correct" in done.steps[1].text


@pytest.mark.parametrize(
    ("values", "verdict", "was"),
    [
        ({"state": "suspended"}, Verdict.WRONG_STATE, "had state suspended, should have allowed"),
        ({"trunk": "mel-1"}, Verdict.WRONG_TRUNK, "had trunk mel-1, should have syd-1"),
        ({"account": "2002"}, Verdict.WRONG_ACCOUNT, "had account 2002, should have 1001"),
    ],
)
def test_each_wrong_part_is_its_own_finding(world, values, verdict, was):
    hold(world, FIRST, **values)
    plan = refresh(world)
    assert plan.details[0].rows[0][1] == verdict.value
    done = world.finish(world.runner.start(plan, LEAD))
    assert done.run.state == "done"
    assert world.rules() == RIGHT
    assert world.runner.items(done.run.id, "rules")[0][1].startswith(f"{was}, now ")
    assert f"(03) 7010 0001: {was}" in world.runner.receipt(done.run.id).markdown("UTC")


def test_a_rule_for_a_number_the_account_no_longer_has_is_removed(world):
    hold(world, "+61370109999")
    plan = refresh(world)
    assert plan.details[0].rows == (("(03) 7010 9999", "extra", "allowed, account 1001, trunk syd-1", "no rule"),)
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert world.rules() == RIGHT


def test_a_number_of_another_account_gets_the_rule_of_its_owner(world):
    stolen = NUMBERS["2001"][0]
    hold(world, stolen, account="1001", state="suspended")
    assert world.finish(world.runner.start(refresh(world), LEAD)).run.state == "done"
    assert world.rules() == RIGHT


def test_a_rule_that_calls_use_but_a_restart_would_lose_is_found(world):
    world.sbc.state.change_row(RuleRecord(number=FIRST, account="1001", state="suspended", trunk="syd-1", revision=5))
    plan = refresh(world)
    assert plan.details[0].rows[0][1] == "not kept"
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    world.sbc.state.reload()
    assert world.rules() == RIGHT


def test_a_rule_the_sbc_keeps_but_calls_do_not_use_is_missing(world):
    world.sbc.state.forget_live(FIRST)
    assert refresh(world).details[0].rows[0][1] == "missing"


def test_nothing_wrong_is_a_verdict_and_no_run(world):
    plan = refresh(world)
    assert plan.verdict == "All 3 rules are correct, read back."
    assert not plan.steps
    with pytest.raises(Blocked, match="are correct"):
        world.runner.start(plan, LEAD)


def test_a_newer_revision_on_the_sbc_does_not_win_over_the_truth(world):
    # As after a restore of the Hub's database from a backup.
    world.sbc.state.load([RuleRecord(number=FIRST, account="1001", state="suspended", trunk="syd-1", revision=900)])
    assert world.finish(world.runner.start(refresh(world), LEAD)).run.state == "done"
    assert world.rules() == RIGHT


@pytest.mark.sqlite_only
def test_a_write_from_before_a_removal_stays_without_effect_and_a_number_that_returns_gets_its_rule(world):
    """As when the last byte of a request arrives after the run that sent it gave up."""
    lose(world, FIRST)
    world.finish(world.runner.start(refresh(world), LEAD))
    before = world.services.sbc.get_rules([FIRST])[FIRST]
    assert before is not None
    with writing(world.services.engine) as connection:
        taken = take_revisions(connection, {FIRST: before.revision})[FIRST]
        connection.execute(update(phone_number).where(phone_number.c.e164 == FIRST).values(state="quarantined"))
    apply_rules(world.services, [FIRST], actor="test", track="test")
    late = replace(before, revision=taken)
    assert world.services.sbc.put_rules([late], actor="test", track="test").applied == 0
    assert FIRST not in world.rules()
    with writing(world.services.engine) as connection:
        connection.execute(
            update(phone_number).where(phone_number.c.e164 == FIRST).values(state="in_use", rule_revision=0)
        )
    apply_rules(world.services, [FIRST], actor="test", track="test")
    assert world.rules()[FIRST] == RIGHT[FIRST]


@pytest.mark.parametrize("number", [FIRST, "+61370109999"])
def test_a_revision_that_nothing_can_follow_stops_no_refresh(world, number):
    hold(world, number, trunk="mel-1", revision=REVISION_LIMIT)
    lose(world, THIRD)
    done = world.finish(world.runner.start(refresh(world), LEAD))
    assert done.run.state == "done", done.run.error
    assert world.rules() == RIGHT


def revision_in_the_hub(world, number: str) -> int:
    with world.services.engine.connect() as connection:
        return connection.execute(
            select(phone_number.c.rule_revision).where(phone_number.c.e164 == number)
        ).scalar_one()


@pytest.mark.sqlite_only
def test_after_the_last_revision_both_sides_begin_again_and_the_neighbours_keep_theirs(world):
    """One short of the limit: the first refresh takes the last revision there is, the second one finds none."""
    hold(world, FIRST, trunk="mel-1", revision=REVISION_LIMIT - 1)
    lose(world, THIRD)
    for revision in (REVISION_LIMIT, 1, 2):
        done = world.finish(world.runner.start(refresh(world), LEAD))
        assert done.run.state == "done", done.run.error
        assert world.rules() == RIGHT
        assert world.services.sbc.get_rules([FIRST])[FIRST].revision == revision
        assert revision_in_the_hub(world, FIRST) == revision
        lose(world, FIRST)
    assert revision_in_the_hub(world, THIRD) < 10


def test_a_revision_that_is_used_up_in_the_hub_holds_up_no_note_of_another_number(world):
    with writing(world.services.engine) as connection:
        connection.execute(
            update(phone_number).where(phone_number.c.e164 == FIRST).values(rule_revision=REVISION_LIMIT)
        )
        connection.execute(update(phone_number).where(phone_number.c.e164.in_([FIRST, THIRD])).values(trunk="syd-2"))
    # Between forgetting and writing a number has no rule for a moment.
    right = ("1001", "allowed", "syd-2")
    wait_for(world.rules, lambda rules: {rules.get(one) for one in (FIRST, THIRD)} == {right})


def test_a_number_nobody_can_explain_holds_up_no_other(world, monkeypatch):
    """The keeper tries each one alone, whatever went wrong with all of them."""
    real = keeper.apply_rules

    def unlucky(services, numbers, **how):
        if FIRST in numbers:
            raise OverflowError("the revision of an auth rule is used up")
        return real(services, numbers, **how)

    monkeypatch.setattr(keeper, "apply_rules", unlucky)
    with writing(world.services.engine) as connection:
        connection.execute(update(phone_number).where(phone_number.c.e164.in_([FIRST, THIRD])).values(trunk="syd-2"))
    wait_for(world.rules, lambda rules: rules.get(THIRD) == ("1001", "allowed", "syd-2"))
    assert world.rules()[FIRST][2] == "syd-1"


def test_a_deactivated_account_should_have_no_rule(world):
    with writing(world.services.engine) as connection:
        connection.execute(update(account).where(account.c.number == "1001").values(status="deactivated"))
    plan = refresh(world)
    assert "deactivated" in plan.warnings[0]
    assert [effect.text for effect in plan.effects] == ["Remove 3 rules for numbers that should have none"]
    assert world.finish(world.runner.start(plan, LEAD)).run.state == "done"
    assert world.states("1001") == set()


def test_findings_that_change_between_plan_and_start_give_a_new_plan(world):
    lose(world, FIRST)
    plan = refresh(world)
    lose(world, SECOND)
    with pytest.raises(PlanChanged) as changed:
        world.runner.start(plan, LEAD)
    assert len(changed.value.plan.details[0].rows) == 2


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", ["unauthorized", "database", "html502", "drop_before", "truncate"])
def test_a_failing_sbc_fails_the_plan_in_a_sentence(world, kind):
    world.break_sbc(kind)
    plan = refresh(world)
    assert plan.blockers[0].startswith("The SBC could not be read, so its rules are not known. ")
    assert "token-of-the" not in plan.blockers[0]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", ["unauthorized", "database", "drop_before", "drop_after", "truncate"])
def test_a_failing_write_leaves_a_run_that_resume_finishes(world, kind):
    lose(world, FIRST, SECOND)
    plan = refresh(world)
    world.break_sbc(kind, "PUT /v1/rules", times=None)
    failed = world.finish(world.runner.start(plan, LEAD))
    assert failed.run.state == "failed"
    assert [step.state for step in failed.steps] == ["failed", "waiting"]
    assert "SBC" in (failed.run.error or "")
    world.sbc.state.faults.clear()
    world.runner.resume(failed.run.id, LEAD)
    assert world.finish(failed.run.id).run.state == "done"
    assert world.rules() == RIGHT


@pytest.mark.sqlite_only
def test_a_long_refresh_goes_in_pieces_and_says_how_far_it_is(world):
    many = [f"+6125550{last:04}" for last in range(1000)]
    with writing(world.services.engine) as connection:
        owner = connection.execute(select(account.c.id).where(account.c.number == "1002")).scalar_one()
        connection.execute(
            insert(phone_number),
            [{"account_id": owner, "e164": number, "kind": "local", "trunk": "syd-1"} for number in many],
        )
        connection.execute(delete(rule_change))
    plan = refresh(world, "1002")
    assert plan.effects[0].text == "Create 1,000 missing rules"
    world.break_sbc("latency", "PUT /v1/rules", seconds=0.6, times=None)
    run_id = world.runner.start(plan, LEAD)
    now = wait_for(lambda: world.runner.progress(run_id), lambda seen: seen.steps[0].items_done)
    assert now.steps[0].state == "running"
    assert (now.steps[0].items_total, now.steps[0].items_done % 200) == (1000, 0)
    assert world.finish(run_id).run.state == "done"
    puts = [line for line in world.sbc.state.requests() if line.startswith("PUT")]
    assert len(puts) == 5
    with world.services.engine.connect() as connection:
        assert audit.verify_chain(connection) is None


@pytest.mark.sqlite_only
def test_an_sbc_that_is_too_slow_is_no_success(world):
    lose(world, FIRST)
    plan = refresh(world)
    world.break_sbc("latency", "PUT /v1/rules", seconds=8, times=None)
    failed = world.finish(world.runner.start(plan, LEAD))
    assert failed.run.state == "failed"
    assert "not known whether the change was made" in failed.run.error
    world.sbc.state.faults.clear()
    world.runner.resume(failed.run.id, LEAD)
    assert world.finish(failed.run.id).run.state == "done"
    assert world.rules() == RIGHT


@pytest.mark.parametrize("actor", [VIEWER, BILLING])
def test_who_may_not_is_refused(world, actor):
    with pytest.raises(NotAllowed):
        refresh(world, actor=actor)
