"""The step engine: runs survive the death of the process they were started in. DBOS is known here and nowhere else.

What makes a replay safe across deploys: the plan is an argument of the workflow, every step has a name of its
own, and the application version is constant. Each process has its own executor id; a run of a dead process is
taken over through `take_over`, because the engine itself only ever looks after its own.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID, StepOptions
from dbos import error as dbos_error
from sqlalchemy.exc import InterfaceError, OperationalError

from lib.store.engine import make_engine

QUEUE = "actions"
WORKERS = 8
STOP_SECONDS = 2


class Hooks(Protocol):
    """What the workflow calls back; the runner implements it."""

    def run_step(self, run_id: str, step: str, job: dict[str, Any]) -> dict[str, Any]:
        """Carry out one step and return its report as JSON."""

    def finish(self, run_id: str) -> None:
        """Close the run as done."""

    def fail(self, run_id: str, sentence: str) -> None:
        """Leave the run as failed, waiting for Resume or Abandon."""


@dataclass(frozen=True)
class Options:
    """How this process takes part."""

    database: str
    executor_id: str
    step_attempts: int
    step_retry_seconds: float


@dataclass(frozen=True)
class Work:
    """What the engine knows of one run: `status` in its own words, `executor` the process it belongs to."""

    status: str
    executor: str | None


_hooks: Hooks | None = None
_retry: StepOptions = {}
_active: set[str] = set()


@DBOS.workflow(name="action")
def _action(run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    assert _hooks is not None
    _active.add(run_id)
    try:
        _carry_out(_hooks, run_id, steps, job)
    finally:
        _active.discard(run_id)


def _carry_out(hooks: Hooks, run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    try:
        for step in steps:
            DBOS.run_step(_named(step), hooks.run_step, run_id, step, job)
    except Exception as error:
        if isinstance(error, dbos_error.DBOSException) and not isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded):
            raise  # the engine's own trouble (shutdown, takeover): the run goes on elsewhere
        DBOS.run_step(_named("_failed"), hooks.fail, run_id, _sentence(error))
        raise
    DBOS.run_step(_named("_done"), hooks.finish, run_id)


def _named(step: str) -> StepOptions:
    # A name of its own for each step: replaying a changed order by position would skip work silently.
    return {**_retry, "name": step}


def launch(options: Options, hooks: Hooks) -> None:
    """Start the engine in this process. Call `stop` before another `launch`."""
    global _hooks, _retry
    _hooks = hooks
    # Outside systems are retried by their client; what is left to the engine is our own database being away.
    _retry = {
        "retries_allowed": options.step_attempts > 1,
        "max_attempts": options.step_attempts,
        "interval_seconds": options.step_retry_seconds,
        "backoff_rate": 2.0,
        "should_retry": lambda error: isinstance(error, OperationalError | InterfaceError),
    }
    if options.database.startswith("sqlite"):
        # Write-ahead logging is a property of the file; the engine does not switch it on itself.
        engine = make_engine(options.database)
        engine.connect().close()
        engine.dispose()
    DBOS(
        config={
            "name": "account-manager",
            "system_database_url": options.database,
            "application_version": "1",
            "executor_id": options.executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "CRITICAL",
            # How soon its threads notice that they are to end.
            "notification_listener_polling_interval_sec": 0.2,
        }
    )
    # In a thread of its own: the engine refuses to register a queue where an event loop runs.
    with ThreadPoolExecutor(1) as starter:
        starter.submit(_launch).result()


def _launch() -> None:
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=WORKERS, polling_interval_sec=0.2)


def stop() -> None:
    """End the engine in this process. A step under way runs again wherever its run is taken over."""
    global _hooks
    # Given a time of its own the engine always waits a whole second, even with nothing to do.
    end = time.monotonic() + STOP_SECONDS
    while _active and time.monotonic() < end:
        time.sleep(0.05)
    DBOS.destroy()
    _hooks = None


def enqueue(run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    """Hand the run to whichever process is free. Doing it twice for one run does it once."""
    with SetWorkflowID(run_id):
        DBOS.enqueue_workflow(QUEUE, _action, run_id, steps, job)


def look_up(run_ids: list[str]) -> dict[str, Work]:
    """What the engine knows of these runs; a run it never got is missing from the answer."""
    if not run_ids:
        return {}
    found = DBOS.list_workflows(workflow_ids=run_ids, load_input=False, load_output=False)
    return {one.workflow_id: Work(status=one.status, executor=one.executor_id) for one in found}


def take_over(run_id: str) -> None:
    """Continue a run whose process died, from the step it was in."""
    DBOS.resume_workflow(run_id, queue_name=QUEUE)


def rewind(run_id: str) -> None:
    """Continue a failed run from the step that failed; the steps before it are not done again."""
    # Our row says "failed" a moment before the engine's own last write.
    for _ in range(100):
        if look_up([run_id])[run_id].status not in {"PENDING", "ENQUEUED"}:
            break
        time.sleep(0.05)
    failed = [step["function_id"] for step in DBOS.list_workflow_steps(run_id) if step["error"] is not None]
    DBOS.rewind_workflow(run_id, start_step=min(failed, default=1), queue_name=QUEUE)


def _sentence(error: BaseException) -> str:
    if isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded):
        return "The Hub database could not be reached for too long. Resume when it answers again."
    return str(error)
