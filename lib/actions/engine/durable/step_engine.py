"""The step engine: runs survive the death of the process they were started in. It is DBOS.

What makes a replay safe across deploys: the steps are an argument of the workflow, every step has a name of its
own, and the application version is constant. Each process has its own executor id; a run of a dead process is
taken over through `take_over`, because the engine itself only ever looks after its own.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID
from dbos._queue import queue_thread

from lib.actions.engine.durable import records, workflow
from lib.actions.engine.durable.records import instance, with_a_live_connection
from lib.actions.engine.durable.workflow import Hooks
from lib.store.engine import connect_args, make_engine

QUEUE = "actions"
WORKERS = 8
STOP_SECONDS = 2


@dataclass(frozen=True)
class Options:
    """How this process takes part."""

    database: str
    executor_id: str
    step_attempts: int
    step_retry_seconds: float
    patience_seconds: float = 0.0


def launch(options: Options, hooks: Hooks) -> None:
    """Start the engine in this process. Call `stop` before another `launch`."""
    workflow.begin(
        hooks,
        options.executor_id,
        # Outside systems are retried by their client; what is left is our own database being away.
        seconds=options.patience_seconds,
        attempts=options.step_attempts,
        first_wait=options.step_retry_seconds,
    )
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
    instance()._sys_db._retry_connection_errors = False
    DBOS.register_queue(QUEUE, worker_concurrency=WORKERS, polling_interval_sec=0.2)


def stop() -> None:
    """End the engine in this process. A step under way runs again wherever its run is taken over."""
    # Given a time of its own the engine always waits a whole second, even with nothing to do.
    until = time.monotonic() + STOP_SECONDS
    workflow.end()
    while is_at_work() and time.monotonic() < until:
        time.sleep(0.05)
    DBOS.destroy()


def is_at_work() -> bool:
    """True while any run has a thread in this process, also one that `stop` did not wait for."""
    return workflow.threads.any()


def enqueue(run_id: str, steps: list[str]) -> None:
    """Hand the run to whichever process is free. Doing it twice for one run does it once."""

    def hand_over() -> None:
        with SetWorkflowID(run_id):
            DBOS.enqueue_workflow(QUEUE, workflow.carry_out, run_id, steps)

    with_a_live_connection(hand_over)


def forget_waits(but: set[str]) -> None:
    """Forget which runs have waited for as long as they may, except these: those that are this process's still."""
    workflow.spent.intersection_update(but)


def look_again() -> bool:
    """Let the engine look into its queue again if its threads for that have ended; False when they live.

    They start each other again, but without memory, or another thread to be had, all of them end.
    """
    if any(thread.name == f"queue-worker-{QUEUE}" for thread in threading.enumerate()):
        return False
    engine, stop_event = instance(), threading.Event()
    thread = threading.Thread(target=queue_thread, args=(stop_event, engine), name="queues", daemon=True)
    thread.start()
    engine.background_thread_stop_events.append(stop_event)
    engine._background_threads.append(thread)
    return True


def take_over(run_id: str) -> None:
    """Continue a run whose process or thread died, from the step it was in."""
    with_a_live_connection(lambda: DBOS.resume_workflow(run_id, queue_name=QUEUE))


def rewind(run_id: str) -> None:
    """Continue a failed run from the step that failed; the steps before it are not done again.

    Does nothing to a run that somebody else rewound meanwhile.
    """
    workflow.spent.discard(run_id)
    # Our row says "failed" a moment before the engine's own last write.
    first = records.look_up([run_id])[run_id]
    for _ in range(100):
        now = records.look_up([run_id])[run_id]
        if now.status == "ENQUEUED" or (now.status == "PENDING" and now.claimed != first.claimed):
            return
        if now.status != "PENDING" or (workflow.is_here(now) and not workflow.has_thread(run_id)):
            break
        time.sleep(0.05)
    if now.status == "PENDING":
        # That last write was lost, and only a run that has ended can be rewound.
        with_a_live_connection(lambda: DBOS.cancel_workflow(run_id))
    with_a_live_connection(
        lambda: DBOS.rewind_workflow(run_id, start_step=records.first_failed(run_id), queue_name=QUEUE)
    )
