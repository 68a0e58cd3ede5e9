"""A runner knows what it is handed, and what earlier versions left behind is carried out."""

import pytest
from dbos import DBOS, SetWorkflowID
from sqlalchemy import select, update

from lib.actions.engine.durable import step_engine
from lib.actions.engine.durable.workflow import carry_out
from lib.actions.engine.errors import NotSeenYet, StepFailed
from lib.actions.engine.receipt_page import receipt_page
from lib.clients.errors import Rejected, Unreachable
from lib.store import audit, runs
from lib.store.engine import writing
from lib.store.schema import action_event, action_run
from tests.actions.conftest import LEAD
from tests.actions.engine.toy import ACCOUNT, NEW, OLD


def events(toys, run_id, phase):
    with toys.services.engine.connect() as connection:
        return [event for event in audit.events_of_run(connection, run_id) if event.phase == phase]


def refused(**more):
    return Rejected("Toyland", "set the value", writes=True, **more)


@pytest.mark.sqlite_only
class TestWhatARunnerIsHanded:
    def test_it_carries_out_the_actions_it_was_given(self, toys):
        done = toys.finish(toys.start())
        assert [(step.title, step.state) for step in done.steps] == [
            ("Set the first value", "done"),
            ("Set the second value", "done"),
        ]
        assert toys.toy.values == {"first": NEW, "second": NEW}

    def test_it_knows_no_other(self, toys):
        with pytest.raises(KeyError, match="rename"):
            toys.runner.plan("rename", ACCOUNT, {}, LEAD)

    def test_what_works_beside_the_runs_lives_as_long_as_the_runner_is_open(self, toys):
        (part,) = toys.background
        assert (part.at_work, part.executor_id) == (True, toys.runner.executor_id)
        toys.runner.close()
        assert not part.at_work
        toys.runner.open()
        assert part.at_work

    def test_a_run_of_an_action_that_is_gone_is_shown_by_the_names_of_its_steps(self, toys):
        run_id = toys.start()
        toys.finish(run_id)
        with writing(toys.services.engine) as connection:
            connection.execute(update(action_run).values(kind="gone"))
        shown = toys.runner.receipt(run_id)
        assert [step.title for step in shown.progress.steps] == ["first", "second"]
        assert toys.runner.undo_params(shown.progress.run, LEAD) is None


def test_a_step_is_given_the_run_it_belongs_to(toys):
    toys.toy.fail()
    run_id = toys.start()
    toys.finish(run_id)
    toys.runner.resume(run_id, LEAD)
    toys.finish(run_id)
    jobs = toys.toy.jobs
    assert [(job.step, job.key, job.again) for job in jobs] == [
        ("first", f"{run_id}:first", False),
        ("first", f"{run_id}:first", True),
        ("second", f"{run_id}:second", False),
    ]
    assert {(job.run.id, job.account, job.actor, job.run.actor_name) for job in jobs} == {
        (run_id, ACCOUNT, LEAD.email, LEAD.name)
    }
    assert jobs[0].params == {"text": NEW}
    assert jobs[0].facts == {"found": {"first": OLD, "second": OLD}}


def begun_by_the_version_before(toys):
    """A run that an earlier version wrote and gave to the step engine, with a third argument."""
    plan = toys.plan()
    row = {
        "id": plan.id,
        "kind": plan.kind,
        "account": plan.account,
        "lane": "account",
        "actor": LEAD.email,
        "actor_name": LEAD.name,
        "params": plan.params,
        "plan": plan.model_dump(mode="json", exclude={"details"}),
        "steps": list(plan.steps),
        "reason": None,
        "note": None,
    }
    with writing(toys.services.engine) as connection:
        runs.insert_run(connection, row, ())
    job = {name: row[name] for name in ("kind", "account", "actor", "actor_name", "reason", "note", "params")}
    with SetWorkflowID(plan.id):
        DBOS.enqueue_workflow(step_engine.QUEUE, carry_out, plan.id, row["steps"], job | {"facts": plan.facts})
    return plan.id


def test_a_run_that_the_version_before_began_is_carried_out(toys):
    run_id = begun_by_the_version_before(toys)
    assert toys.finish(run_id).run.state == "done"
    assert toys.toy.did == ["first", "second"]


def test_a_step_that_failed_in_the_version_before_is_done_again_by_this_one(toys):
    """Its failure has fewer details, and one of them says that the work may be there."""
    toys.toy.fail()
    run_id = begun_by_the_version_before(toys)
    assert toys.finish(run_id).run.state == "failed"
    with writing(toys.services.engine) as connection:
        failed = action_event.c.step.is_not(None) & (action_event.c.phase == "failed")
        assert connection.execute(select(action_event.c.sequence).where(failed)).scalar_one()
        connection.execute(
            update(action_event).where(failed).values(details={"error": "Not today.", "outcome_unknown": True})
        )
    shown = toys.runner.progress(run_id).steps[0]
    assert (shown.state, shown.text, shown.request_ids, shown.stopped_run) == ("failed", "Not today.", (), True)
    toys.runner.resume(run_id, LEAD)
    assert toys.finish(run_id).run.state == "done"
    assert [job.repeated for job in toys.toy.jobs] == [False, True, False]


@pytest.mark.sqlite_only
class TestAFailureKeepsItsStructure:
    def fail(self, toys, error):
        toys.toy.fail("first", error)
        run_id = toys.start()
        assert toys.finish(run_id).run.state == "failed"
        return run_id

    @pytest.mark.parametrize(
        ("error", "kept"),
        [
            (refused(request_id="req-7", codes=("51",)), {"request_ids": ["req-7"], "codes": ["51"]}),
            (refused(), {}),
            (
                Unreachable("Toyland", "set the value", writes=True, maybe_done=True, request_id="req-8"),
                {"request_ids": ["req-8"], "outcome_unknown": True},
            ),
            (StepFailed("Somebody else did it."), {}),
            (NotSeenYet("Not seen.", request_ids=("a", "b")), {"request_ids": ["a", "b"], "outcome_unknown": True}),
        ],
    )
    def test_in_the_audit(self, toys, error, kept):
        run_id = self.fail(toys, error)
        (told,) = [event for event in events(toys, run_id, "failed") if event.step]
        assert told.details == {"error": str(error)} | kept

    def test_also_when_a_step_says_it_in_its_own_words(self, toys):
        error = StepFailed("Two of three are done.")
        error.__cause__ = refused(request_id="req-9", codes=("7",))
        (told,) = [event for event in events(toys, self.fail(toys, error), "failed") if event.step]
        assert told.details == {"error": "Two of three are done.", "request_ids": ["req-9"], "codes": ["7"]}

    def test_the_receipt_names_the_request_that_failed(self, toys):
        run_id = self.fail(toys, refused(request_id="req-7"))
        toys.runner.abandon(run_id, LEAD, "given up")
        receipt = toys.runner.receipt(run_id)
        assert [step.request_ids for step in receipt.progress.steps] == [("req-7",), ()]
        row = next(line for line in receipt.markdown("UTC").splitlines() if line.startswith("| Set the first"))
        assert row.endswith("| req-7 |")
        assert "<td>req-7</td>" in receipt_page(receipt, "UTC")

    def test_the_run_says_which_step_stopped_it(self, toys):
        run_id = self.fail(toys, refused())
        failed = toys.runner.progress(run_id)
        assert [step.stopped_run for step in failed.steps] == [True, False]
        assert failed.run.error == failed.steps[0].text
        toys.toy.slow("first", 1)
        toys.runner.resume(run_id, LEAD)
        assert [step.stopped_run for step in toys.runner.progress(run_id).steps] == [False, False]
        toys.toy.fail("second")
        assert [step.stopped_run for step in toys.finish(run_id).steps] == [False, True]
        toys.runner.abandon(run_id, LEAD, "given up")
        assert [step.stopped_run for step in toys.runner.progress(run_id).steps] == [False, True]

    def test_what_stopped_it_after_a_resume_is_not_what_stopped_it_before(self, toys):
        run_id = self.fail(toys, refused())
        with writing(toys.services.engine) as connection:
            runs.resume_run(connection, run_id)
            audit.append_event(connection, kind="toy", phase="resumed", actor=LEAD.email, run_id=run_id)
            runs.move_run(connection, run_id, expect=["running"], state="failed", error="The database was away.")
        stopped = toys.runner.progress(run_id)
        assert [step.stopped_run for step in stopped.steps] == [False, False]
        assert "refused" in stopped.steps[0].text
