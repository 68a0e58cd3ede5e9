"""Carry out one step of a run and record it: the intent before, the outcome after."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lib.actions.engine.action import Action
from lib.actions.engine.durable import step_engine
from lib.actions.engine.durable.journal import StepJournal, append, kept_by
from lib.actions.engine.durable.patience import DatabaseGone
from lib.actions.engine.durable.workflow import patiently
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.failure import Failure
from lib.actions.engine.job import Job, StepReport
from lib.clients.errors import RemoteError
from lib.services import Services
from lib.store import audit, items, runs
from lib.store.audit import Event
from lib.store.away import is_away
from lib.store.engine import writing
from lib.store.runs import Run

log = structlog.get_logger(__name__)


def hand_over(run: Run) -> None:
    """Give a run that has its row to the step engine. When the engine is away, the sweeper does it later."""
    try:
        step_engine.enqueue(run.id, run.steps)
    except SQLAlchemyError as error:
        log.warning("run waits for the step engine", run=run.id, why=type(error).__name__)


class Stepper:
    """What the step engine calls. Every error that leaves it is a sentence that people can read."""

    def __init__(self, services: Services, actions: Mapping[str, Action[Any]], executor_id: str) -> None:
        self._services = services
        self._actions = actions
        self._executor_id = executor_id

    def run_step(self, run_id: str, step: str) -> dict[str, Any]:
        """Do one step. At least once: after a kill between the work and its record it is done again with the same key.

        A step that the audit says has ended well is not done again, even if the engine lost its own record of that.

        Raises:
            StepFailed, RemoteError: the step cannot go on.
            DBAPIError: our own database is away; the engine waits and tries again.
            DatabaseGone: it was away for too long after the work was done.
        """
        run, earlier = self._begin(run_id, step)
        if earlier and earlier[-1].phase == "ok":
            return earlier[-1].details
        try:
            report = self._do(self._job(run, step, earlier))
        except (StepFailed, RemoteError) as error:
            elsewhere = patiently(self._end, run, step, "failed", Failure.of(error).details())
            if elsewhere is not None:
                return elsewhere
            raise
        # The work is done. From here only its record waits for a database that is away.
        return patiently(self._end_well, run, step, report)

    def finish(self, run_id: str) -> None:
        """Close the run as done and unlock its account."""
        self._close(run_id, "done", None)

    def fail(self, run_id: str, sentence: str) -> None:
        """Leave the run as failed; its account stays locked until the run is resumed or abandoned."""
        self._close(run_id, "failed", sentence)

    def _job(self, run: Run, step: str, earlier: Sequence[Event]) -> Job:
        return Job(
            services=self._services,
            run=run,
            step=step,
            key=f"{run.id}:{step}",
            repeated=_may_be_done(earlier),
            again=bool(earlier),
            age=datetime.now(UTC) - earlier[0].at if earlier else timedelta(),
            kept=kept_by(earlier),
            journal=StepJournal(self._services.engine, run, step, self._executor_id),
        )

    def _do(self, job: Job) -> StepReport:
        try:
            steps = {step.name: step for step in self._actions[job.run.kind].steps}
            return steps[job.step].run(job)
        except (StepFailed, RemoteError, DatabaseGone):
            raise
        except Exception as error:
            if is_away(error):
                raise
            log.exception("step broke", run=job.run.id, step=job.step)
            raise StepFailed(
                f"Something went wrong in the Account Manager ({type(error).__name__}). The steps before this one are "
                f"done, this one may be. Report it to whoever runs the Account Manager and quote {job.key}."
            ) from error

    def _begin(self, run_id: str, step: str) -> tuple[Run, list[Event]]:
        """Record the intent, unless the step has already ended well. Returns the run and the step's earlier events."""
        with writing(self._services.engine) as connection:
            run = runs.get_run(connection, run_id)
            if run is None or run.state != "running":
                raise StepFailed(f"The run is {run.state if run else 'gone'}; this step was not begun.")
            earlier = [event for event in audit.events_of_run(connection, run_id) if event.step == step]
            runs.touch_run(connection, run_id)
            if not earlier or earlier[-1].phase != "ok":
                append(connection, run, "begin", {}, executor=self._executor_id, step=step)
        return run, earlier

    def _end_well(self, run: Run, step: str, report: StepReport) -> dict[str, Any]:
        with self._services.engine.connect() as connection:
            digest = items.digest_of(connection, run.id, step)
        details = report.model_dump(mode="json") | ({"items": digest} if digest else {})
        return self._end(run, step, "ok", details) or details

    def _end(self, run: Run, step: str, phase: str, details: dict[str, Any]) -> dict[str, Any] | None:
        """Record how the step ended, once. Returns the good end that another process recorded first, or None.

        A slow process that was taken for dead may finish a step that another one has already finished.
        """
        with writing(self._services.engine) as connection:
            # Locks the run's row, so that the second of two ends at the same time sees the first.
            runs.touch_run(connection, run.id)
            for event in audit.events_of_run(connection, run.id):
                if event.step == step and event.phase == "ok":
                    return event.details
            append(connection, run, phase, details, executor=self._executor_id, step=step)
        return None

    def _close(self, run_id: str, state: str, sentence: str | None) -> None:
        with writing(self._services.engine) as connection:
            if not runs.move_run(connection, run_id, expect=["running"], state=state, error=sentence):
                return
            run = runs.get_run(connection, run_id)
            assert run is not None
            append(connection, run, state, {"error": sentence} if sentence else {}, executor=self._executor_id)


def _may_be_done(events: Sequence[Event]) -> bool:
    """True when the work of a step may have been done: some attempt at it has no end, or its answer was lost.

    A later attempt that could not even look undid nothing of it.
    """
    following = [event.phase for event in events[1:]] + ["begin"]
    ends = [event for event, phase in zip(events, following, strict=False) if phase == "begin"]
    return any(
        end.phase in ("begin", "progress")
        or (end.phase == "failed" and Failure.model_validate(end.details).outcome_unknown)
        for end in ends
    )
