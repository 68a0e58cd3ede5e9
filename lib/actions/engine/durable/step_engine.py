"""The step engine: runs survive the death of the process they were started in. DBOS is known here and nowhere else.

What makes a replay safe across deploys: the plan is an argument of the workflow, every step has a name of its
own, and the application version is constant. Each process has its own executor id; a run of a dead process is
taken over through `take_over`, because the engine itself only ever looks after its own.

The engine gives up a run whose record it cannot write (a full disk, a database that is away): its thread ends, and the
record goes on saying that the run is under way. Such a run has no thread here any more (`has_thread`), and whoever
sees that for long enough takes it on again, by `take_over` as well.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID, StepOptions
from dbos import error as dbos_error
from dbos._dbos import _get_dbos_instance
from dbos._queue import queue_thread
from sqlalchemy import exc
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from lib.actions.engine.durable.patience import GONE, DatabaseGone, Patience
from lib.actions.engine.durable.run_threads import RunThreads
from lib.store.away import is_away
from lib.store.engine import connect_args, make_engine

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
    """What the engine knows of one run: `status` in its own words, `executor` the process it belongs to.

    `claimed` changes each time a process takes the run on.
    """

    status: str
    executor: str | None
    claimed: int | None = None


class _Unrecorded(BaseException):
    """The engine could not write its own record. Not an `Exception`: it would take one for the outcome of the run."""


class _TakenOver(BaseException):
    """Somebody else has the run: its thread here ends and writes nothing. Not an `Exception`, for the same reason."""


AWAY = (OperationalError, InterfaceError, InternalError, NoConnection)
"""How a database shows that it is away, full or read-only: what waiting cures."""
_UNRECORDED = (*AWAY, MemoryError)
"""Whatever else the engine raises it would raise again, and that ends the run."""
_hooks: Hooks | None = None
_patience = Patience(0, attempts=1, first_wait=0)
_short = Patience(0, attempts=1, first_wait=0)
_spent: set[str] = set()
"""Runs that have waited for as long as they may, and whose failure is on record nowhere.

Where the engine's database was away as well, the run is taken on again, and then fails at once. A run that was resumed,
or that another process had meanwhile, waits from the beginning.
"""
_threads = RunThreads()
_thread = threading.local()
_executor_id = ""


@DBOS.workflow(name="action")
def _action(run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    assert _hooks is not None
    with _threads.moving(run_id):
        try:
            _carry_out(_hooks, run_id, steps, job)
        except _UNRECORDED as error:
            raise _Unrecorded from error


def _carry_out(hooks: Hooks, run_id: str, steps: list[str], job: dict[str, Any]) -> None:
    try:
        for step in steps:
            # A name of its own for each step: replaying a changed order by position would skip work silently.
            DBOS.run_step(StepOptions(name=step), _do, hooks.run_step, run_id, step, job)
    except _UNRECORDED:
        raise  # what a step could not do with the Hub's database comes as another error, after its patience
    except Exception as error:
        if isinstance(error, dbos_error.DBOSException) and not isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded):
            raise  # the engine's own trouble (shutdown, takeover): the run goes on elsewhere
        # It has waited already. What cannot be written now the sweeper writes when the database is back.
        try:
            DBOS.run_step(StepOptions(name="_failed"), _carry, _short, hooks.fail, run_id, sentence_of(error))
        finally:
            _spent.discard(run_id)  # also when only the engine knows now: it has kept the error of the step
        raise
    DBOS.run_step(StepOptions(name="_done"), _do, hooks.finish, run_id)


def _do(work: Callable[..., Any], run_id: str, *given: Any) -> Any:
    if run_id in _spent:
        raise DatabaseGone(GONE)
    try:
        return _carry(_patience, work, run_id, *given)
    except DatabaseGone:
        _spent.add(run_id)
        raise


def patiently(work: Callable[..., Done], *given: Any) -> Done:
    """Within a step: write down what happened outside, as patiently as a step is done.

    Without a patience of its own the whole step would be done again, and whatever happened outside with it.

    Raises:
        DatabaseGone: patience is at an end, and with it the step.
    """
    require_own: Callable[[], None] | None = getattr(_thread, "require_own", None)
    tries = 0

    def try_it() -> Done:
        nonlocal tries
        tries += 1
        if tries > 1 and require_own is not None:
            require_own()
        return work(*given)

    done: Done = _patience.carry(try_it)
    return done


def _carry(patience: Patience, work: Callable[..., Any], run_id: str, *given: Any) -> Any:
    """Do it, and again while a database is away, for as long as the run is this thread's."""
    claims: list[int | None] = []

    def require_own() -> None:
        # While it waited it could not say that it lives, and somebody else may have begun the same step.
        try:
            now = look_up([run_id]).get(run_id)
        except exc.SQLAlchemyError as error:
            if is_away(error):
                raise
            raise _Unrecorded from error  # the trouble of the engine is not the outcome of the step
        claims.append(now.claimed if now else None)
        if now != Work("PENDING", _executor_id, claims[0]):
            _spent.discard(run_id)
            raise _TakenOver

    def try_it() -> Any:
        require_own()
        # For whatever waits within the step.
        _thread.require_own = require_own
        try:
            return work(run_id, *given)
        finally:
            _thread.require_own = None

    return patience.carry(try_it)


def launch(options: Options, hooks: Hooks) -> None:
    """Start the engine in this process. Call `stop` before another `launch`."""
    global _hooks, _patience, _short, _executor_id
    _hooks = hooks
    _executor_id = options.executor_id
    # Outside systems are retried by their client; what is left is our own database being away.
    attempts, first_wait = options.step_attempts, options.step_retry_seconds
    _patience = Patience(options.patience_seconds, attempts=attempts, first_wait=first_wait)
    _short = Patience(0, attempts=attempts, first_wait=first_wait)
    if options.database.startswith("sqlite"):
        # Write-ahead logging is a property of the file; the engine does not switch it on itself.
        engine = make_engine(options.database)
        engine.connect().close()
        engine.dispose()
    try:
        _start(options)
    except BaseException:
        # There is one engine in a process: the next launch would get this half-started one, with its name.
        DBOS.destroy()
        raise


def _start(options: Options) -> None:
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
            # A server that is gone without a word is noticed as soon as the Hub's connections notice it.
            "db_engine_kwargs": {"connect_args": connect_args(options.database)},
        }
    )
    # In a thread of its own: the engine refuses to register a queue where an event loop runs.
    with ThreadPoolExecutor(1) as starter:
        starter.submit(_launch).result()


def _launch() -> None:
    DBOS.launch()
    # Its own waits for a database that is away grow to a minute and a half. Without them its queue looks again at once,
    # and a run that lost its thread is taken on again, both within seconds after the database is back.
    _engine()._sys_db._retry_connection_errors = False
    DBOS.register_queue(QUEUE, worker_concurrency=WORKERS, polling_interval_sec=0.2)


def stop() -> None:
    """End the engine in this process. A step under way runs again wherever its run is taken over."""
    global _hooks
    # Given a time of its own the engine always waits a whole second, even with nothing to do.
    end = time.monotonic() + STOP_SECONDS
    _spent.clear()
    _patience.end()
    _short.end()
    while _threads.any() and time.monotonic() < end:
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
    return {one.workflow_id: Work(one.status, one.executor_id, one.dequeued_at) for one in found}


def is_at_work() -> bool:
    """True while any run has a thread in this process, also one that `stop` did not wait for."""
    return _threads.any()


def has_thread(run_id: str) -> bool:
    """True while a thread of this process carries the run out, or waits to."""
    return _threads.has(run_id)


def forget_waits(but: set[str]) -> None:
    """Forget which runs have waited for as long as they may, except these: those that are this process's still."""
    _spent.intersection_update(but)


def look_again() -> bool:
    """Let the engine look into its queue again if its threads for that have ended; False when they live.

    They start each other again, but without memory, or another thread to be had, all of them end.
    """
    if any(thread.name == f"queue-worker-{QUEUE}" for thread in threading.enumerate()):
        return False
    engine, stop_event = _engine(), threading.Event()
    thread = threading.Thread(target=queue_thread, args=(stop_event, engine), name="queues", daemon=True)
    thread.start()
    engine.background_thread_stop_events.append(stop_event)
    engine._background_threads.append(thread)
    return True


def take_over(run_id: str) -> None:
    """Continue a run whose process or thread died, from the step it was in."""
    _afresh(lambda: DBOS.resume_workflow(run_id, queue_name=QUEUE))


def rewind(run_id: str) -> None:
    """Continue a failed run from the step that failed; the steps before it are not done again.

    Does nothing to a run that somebody else rewound meanwhile.
    """
    _spent.discard(run_id)
    # Our row says "failed" a moment before the engine's own last write.
    first = look_up([run_id])[run_id]
    for _ in range(100):
        now = look_up([run_id])[run_id]
        if now.status == "ENQUEUED" or (now.status == "PENDING" and now.claimed != first.claimed):
            return
        if now.status != "PENDING" or (now.executor == _executor_id and not has_thread(run_id)):
            break
        time.sleep(0.05)
    if now.status == "PENDING":
        # That last write was lost, and only a run that has ended can be rewound.
        _afresh(lambda: DBOS.cancel_workflow(run_id))
    _afresh(lambda: DBOS.rewind_workflow(run_id, start_step=_first_failed(run_id), queue_name=QUEUE))


def why(run_id: str) -> str | None:
    """The sentence of the step that failed, as the engine recorded it; None when it recorded none."""
    failed = [step for step in DBOS.list_workflow_steps(run_id) if step["error"] is not None]
    first = min(failed, key=lambda step: step["function_id"], default=None)
    return None if first is None or first["error"] is None else sentence_of(first["error"])


_RETRIES = dbos_error.DBOSMaxStepRetriesExceeded.__name__


def _first_failed(run_id: str) -> int:
    """The place of the step to go on from: the one that failed, else the first that has no record."""
    steps = DBOS.list_workflow_steps(run_id)
    failed = [step["function_id"] for step in steps if step["error"] is not None]
    last = max((step["function_id"] for step in steps), default=0)
    return min(failed, default=last + 1)


def _engine() -> Any:
    return _get_dbos_instance()


def sentence_of(error: BaseException) -> str:
    """What a person is told of an error that ended a run, be it fresh or read from the engine's record."""
    # What is read from the record has lost its class and kept its name.
    name = getattr(error, "name", type(error).__name__)
    if name == _RETRIES:
        return "The Hub database could not be reached for too long. Resume when it answers again."
    if hasattr(exc, str(name)):
        return f"What was done could not be recorded ({name}). Look at the steps, then resume or abandon."
    return str(error)
