"""Carry out one step of a run and write down how it went: intent before, outcome after."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import structlog

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.action import Job, StepReport
from lib.actions.engine.durable import step_engine
from lib.actions.engine.durable.patience import DatabaseGone
from lib.actions.engine.errors import NotSeenYet, StepFailed
from lib.clients.errors import RemoteError
from lib.services import Services
from lib.store import audit, items, runs
from lib.store.audit import Event
from lib.store.away import is_away
from lib.store.engine import writing
from lib.store.runs import Run

log = structlog.get_logger(__name__)


def hand_over(run: Run) -> None:
    """Give a written run to the step engine, with all its steps need: a deploy cannot change a replay.

    While the engine cannot take it, the run waits for the sweeper, which looks for such runs.
    """
    job = {
        "kind": run.kind,
        "account": run.account,
        "actor": run.actor,
        "actor_name": run.actor_name,
        "reason": run.reason,
        "note": run.note,
        "params": run.params,
        "facts": run.plan["facts"],
    }
    try:
        step_engine.enqueue(run.id, run.steps, job)
    except step_engine.AWAY as error:
        log.warning("run waits for the step engine", run=run.id, why=type(error).__name__)


TELL_SECONDS = 1.0
"""How often at most a long step's progress is written: every write extends the audit's chain."""
_LOST = "outcome_unknown"
"""Marks in the audit a failure after which the work may be there: the answer to it was lost."""
_KEPT = "kept"
"""In the audit, what an attempt at a step keeps for later ones."""


class Stepper:
    """What the step engine calls back. Every error that leaves it is a sentence a person can be shown."""

    def __init__(self, services: Services, executor_id: str) -> None:
        self._services = services
        self._executor_id = executor_id

    def run_step(self, run_id: str, step: str, job: dict[str, Any]) -> dict[str, Any]:
        """Do one step. At least once: a kill between the work and its record does it again with the same key.

        A step whose good end is in the audit is not done again, even if the engine lost its own note of it.

        Raises:
            StepFailed, RemoteError: the step cannot go on.
            DBAPIError: our own database is away; the engine waits and tries again.
            DatabaseGone: it was away for too long after the work was done.
        """
        earlier = self._begin(run_id, step, job)
        last = earlier[-1] if earlier else None
        if last is not None and last.phase == "ok":
            return last.details
        context = Job(
            services=self._services,
            run_id=run_id,
            step=step,
            account=job["account"],
            params=job["params"],
            facts=job["facts"],
            key=f"{run_id}:{step}",
            repeated=_may_be_done(earlier),
            again=last is not None,
            actor=job["actor"],
            actor_name=job["actor_name"],
            reason=job["reason"],
            note=job["note"],
            journal=_StepJournal(self, run_id, step, job),
            age=datetime.now(UTC) - earlier[0].at if earlier else timedelta(),
            kept=_kept(earlier),
        )
        try:
            report = self._do(context, job["kind"], step)
        except (StepFailed, RemoteError) as error:
            unknown = isinstance(error, NotSeenYet) or (isinstance(error, RemoteError) and error.maybe_done)
            lost = {_LOST: True} if unknown else {}
            failed = {"error": str(error)} | lost
            elsewhere = step_engine.patiently(self._end, run_id, step, job, "failed", failed)
            if elsewhere is not None:
                return elsewhere
            raise
        # What is left is the record of it. Only that waits for a database that is away.
        return step_engine.patiently(self._end_well, run_id, step, job, report)

    def finish(self, run_id: str) -> None:
        """Close the run as done and give its account back."""
        self._close(run_id, "done", None)

    def fail(self, run_id: str, sentence: str) -> None:
        """Leave the run as failed; its account stays claimed until it is resumed or abandoned."""
        self._close(run_id, "failed", sentence)

    def keep_items(self, run_id: str, step: str, told: Iterable[tuple[str, str]]) -> None:
        """Write down what the step did to these items."""
        with writing(self._services.engine) as connection:
            items.keep_items(connection, run_id, step, told)

    def reword_items(self, run_id: str, step: str, before: str, after: str) -> None:
        """Put `after` for `before` in the words of the step's items."""
        with writing(self._services.engine) as connection:
            items.reword_items(connection, run_id, step, before, after)

    def _do(self, context: Job, kind: str, step: str) -> StepReport:
        try:
            return ACTIONS[kind].step(step).run(context)
        except (StepFailed, RemoteError, DatabaseGone):
            raise
        except Exception as error:
            if is_away(error):
                raise
            log.exception("step broke", run=context.run_id, step=step)
            raise StepFailed(
                f"This step stopped on an error of the Account Manager ({type(error).__name__}). "
                f"Steps before it are done, this one may be. Quote {context.key} to the people who run it."
            ) from error

    def _begin(self, run_id: str, step: str, job: dict[str, Any]) -> list[Event]:
        """Write the intent, unless the step has ended well before; returns the events there were of it."""
        with writing(self._services.engine) as connection:
            run = runs.get_run(connection, run_id)
            if run is None or run.state != "running":
                raise StepFailed(f"The run is {run.state if run else 'gone'}; this step was not begun.")
            earlier = [event for event in audit.events_of_run(connection, run_id) if event.step == step]
            runs.touch_run(connection, run_id)
            last = earlier[-1] if earlier else None
            if last is None or last.phase != "ok":
                self._append(connection, run_id, step, job, "begin", {})
        return earlier

    def _end_well(self, run_id: str, step: str, job: dict[str, Any], report: StepReport) -> dict[str, Any]:
        with self._services.engine.connect() as connection:
            digest = items.digest_of(connection, run_id, step)
        told = report.model_dump(mode="json") | ({"items": digest} if digest else {})
        return self._end(run_id, step, job, "ok", told) or told

    def _end(
        self, run_id: str, step: str, job: dict[str, Any], phase: str, details: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Write how the step ended, once; what another process wrote of its good end before, or None.

        A process that was slow enough to be taken for dead comes to the end of a step that another one has ended.
        """
        with writing(self._services.engine) as connection:
            # Locks the run's row, so that of two ends at once the second sees the first.
            runs.touch_run(connection, run_id)
            for event in audit.events_of_run(connection, run_id):
                if event.step == step and event.phase == "ok":
                    return event.details
            self._append(connection, run_id, step, job, phase, details)
        return None

    def write(self, run_id: str, step: str, job: dict[str, Any], phase: str, details: dict[str, Any]) -> None:
        """Add an event of this step to the audit; the run counts as moving."""
        with writing(self._services.engine) as connection:
            runs.touch_run(connection, run_id)
            self._append(connection, run_id, step, job, phase, details)

    def _append(
        self,
        connection: Any,
        run_id: str,
        step: str | None,
        job: dict[str, Any],
        phase: str,
        details: dict[str, Any],
    ) -> None:
        audit.append_event(
            connection,
            kind=job["kind"],
            phase=phase,
            actor=job["actor"],
            run_id=run_id,
            account=job["account"],
            step=step,
            details=details,
            executor=self._executor_id,
        )

    def _close(self, run_id: str, state: str, sentence: str | None) -> None:
        with writing(self._services.engine) as connection:
            if not runs.move_run(connection, run_id, expect=["running"], state=state, error=sentence):
                return
            run = runs.get_run(connection, run_id)
            assert run is not None
            job = {"kind": run.kind, "actor": run.actor, "account": run.account}
            self._append(connection, run_id, None, job, state, {"error": sentence} if sentence else {})


def _may_be_done(events: Sequence[Event]) -> bool:
    """True when the work of a step may be there already: an attempt at it has no end, or its answer was lost.

    Any attempt: one that could not even look, later, took nothing back of what an earlier one may have done.
    """
    ends = [one for one, following in pairwise([*events, None]) if following is None or following.phase == "begin"]
    return any(
        end.phase in ("begin", "progress") or (end.phase == "failed" and bool(end.details.get(_LOST)))
        for end in ends
        if end is not None
    )


def _kept(events: Iterable[Event]) -> dict[str, Any]:
    """Everything that earlier attempts kept; of two values under one name the later one."""
    kept: dict[str, Any] = {}
    for event in events:
        kept |= event.details.get(_KEPT, {})
    return kept


class _StepJournal:
    """The journal of one attempt at one step."""

    def __init__(self, stepper: Stepper, run_id: str, step: str, job: dict[str, Any]) -> None:
        self._stepper = stepper
        self._where = (run_id, step)
        self._job = job
        self._told_at = time.monotonic()
        self._far = {"done": 0, "total": 0}

    def keep(self, facts: Mapping[str, Any]) -> None:
        """See `Journal.keep`."""
        self._stepper.write(*self._where, self._job, "progress", self._far | {_KEPT: dict(facts)})

    def tell(self, done: int, total: int) -> None:
        """See `Journal.tell`."""
        self._far = {"done": done, "total": total}
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            self._stepper.write(*self._where, self._job, "progress", self._far)

    def itemise(self, items: Iterable[tuple[str, str]]) -> None:
        """See `Journal.itemise`."""
        self._stepper.keep_items(*self._where, items)

    def reword(self, before: str, after: str) -> None:
        """See `Journal.reword`."""
        self._stepper.reword_items(*self._where, before, after)
