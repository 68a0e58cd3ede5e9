"""The step engine: runs survive the death of the process they were started in. DBOS is known here and nowhere else.

What makes a replay safe across deploys: the plan is an argument of the workflow, every step has a name of its
own, and the application version is constant. Each process has its own executor id; a run of a dead process is
taken over through `take_over`, because the engine itself only ever looks after its own.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID, StepOptions
from dbos import _sys_db as engine_store
from dbos import error as dbos_error
from sqlalchemy.exc import DBAPIError

from lib.actions.patience import LONGEST_WAIT, Patience
from lib.store.away import is_away
from lib.store.engine import make_engine

QUEUE = "actions"
WORKERS = 8
STOP_SECONDS = 2
Done = TypeVar("Done")


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
    patience_seconds: float = 0.0


@dataclass(frozen=True)
class Work:
    """What the engine knows of one run: `status` in its own words, `executor` the process it belongs to."""

    status: str
    executor: str | None


_hooks: Hooks | None = None
_patience = Patience(0, attempts=1, first_wait=0)
_short = Patience(0, attempts=1, first_wait=0)
_active: set[str] = set()
_here = threading.local()


class _EngineClock:
    """What the engine takes for the module `time`.

    It tries its own writes again until they succeed, and waits longer and longer in between: after some minutes
    without a database for a minute and a half, which a run would stand still for when the database is back.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        if getattr(_here, "runs", False):
            _patience.sleep(seconds)
        else:
            time.sleep(min(seconds, LONGEST_WAIT))


setattr(engine_store, "time", _EngineClock())  # noqa: B010 - it is not meant to be set, as a type checker says


@DBOS.workflow(name="action")
def _action(run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    assert _hooks is not None
    _active.add(run_id)
    _here.runs = True
    try:
        _carry_out(_hooks, run_id, steps, job)
    finally:
        _here.runs = False
        _active.discard(run_id)


def _carry_out(hooks: Hooks, run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    try:
        for step in steps:
            # A name of its own for each step: replaying a changed order by position would skip work silently.
            DBOS.run_step(StepOptions(name=step), _patience.carry, hooks.run_step, run_id, step, job)
    except Exception as error:
        if isinstance(error, dbos_error.DBOSException):
            raise  # the engine's own trouble (shutdown, takeover): the run goes on elsewhere
        # It has waited already. What cannot be written now the sweeper writes when the database is back.
        DBOS.run_step(StepOptions(name="_failed"), _short.carry, hooks.fail, run_id, _sentence(error))
        raise
    DBOS.run_step(StepOptions(name="_done"), _patience.carry, hooks.finish, run_id)


def launch(options: Options, hooks: Hooks) -> None:
    """Start the engine in this process. Call `stop` before another `launch`."""
    global _hooks, _patience, _short
    _hooks = hooks
    # Outside systems are retried by their client; what is left is a database that is away.
    attempts, first_wait = options.step_attempts, options.step_retry_seconds
    _patience = Patience(options.patience_seconds, attempts=attempts, first_wait=first_wait)
    _short = Patience(0, attempts=attempts, first_wait=first_wait)
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
    _patience.end()
    _short.end()
    while _active and time.monotonic() < end:
        time.sleep(0.05)
    DBOS.destroy()
    _hooks = None


def _afresh(work: Callable[[], Done]) -> Done:
    """Do it, and once more when its connection was one from before the database was away: it has left the pool."""
    try:
        return work()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return work()


def enqueue(run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    """Hand the run to whichever process is free. Doing it twice for one run does it once."""

    def hand_over() -> None:
        with SetWorkflowID(run_id):
            DBOS.enqueue_workflow(QUEUE, _action, run_id, steps, job)

    _afresh(hand_over)


def look_up(run_ids: list[str]) -> dict[str, Work]:
    """What the engine knows of these runs; a run it never got is missing from the answer."""
    if not run_ids:
        return {}
    found = _afresh(lambda: DBOS.list_workflows(workflow_ids=run_ids, load_input=False, load_output=False))
    return {one.workflow_id: Work(status=one.status, executor=one.executor_id) for one in found}


def take_over(run_id: str) -> None:
    """Continue a run whose process died, from the step it was in."""
    _afresh(lambda: DBOS.resume_workflow(run_id, queue_name=QUEUE))


def rewind(run_id: str) -> None:
    """Continue a failed run from the step that failed; the steps before it are not done again."""
    # Our row says "failed" a moment before the engine's own last write.
    for _ in range(100):
        if look_up([run_id])[run_id].status not in {"PENDING", "ENQUEUED"}:
            break
        time.sleep(0.05)
    steps = _afresh(lambda: DBOS.list_workflow_steps(run_id))
    failed = [step["function_id"] for step in steps if step["error"] is not None]
    _afresh(lambda: DBOS.rewind_workflow(run_id, start_step=min(failed, default=1), queue_name=QUEUE))


def _sentence(error: BaseException) -> str:
    if is_away(error):
        return "The Hub database could not be reached for too long. Resume when it answers again."
    return str(error)
