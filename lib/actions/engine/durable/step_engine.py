"""The step engine: runs survive the death of the process they were started in. It is DBOS.

A replay is safe across deploys because the steps are an argument of the workflow, every step has its own name, and the
application version is constant. Each process has its own executor id. The engine only looks after the runs of its own
process, so `take_over` is what continues a run of a dead one.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID
from dbos._queue import queue_thread

from lib.actions.engine.durable import records, workflow
from lib.actions.engine.durable.records import instance, with_a_live_connection
from lib.actions.engine.durable.workflow import Hooks
from lib.settings import Settings
from lib.store.engine import connect_args, make_engine

QUEUE = "actions"
WORKERS = 8
STOP_SECONDS = 2


def launch(settings: Settings, executor_id: str, hooks: Hooks) -> None:
    """Start the engine in this process. Call `stop` before another `launch`."""
    # Outside systems are retried by their client, so a step only waits for our own database.
    workflow.begin(settings, executor_id, hooks)
    if settings.engine_database.startswith("sqlite"):
        # Write-ahead logging is a property of the file; the engine does not switch it on itself.
        engine = make_engine(settings.engine_database)
        engine.connect().close()
        engine.dispose()
    try:
        _start(settings.engine_database, executor_id)
    except BaseException:
        # There is one engine in a process: the next launch would get this half-started one, with its name.
        DBOS.destroy()
        raise


def _start(database: str, executor_id: str) -> None:
    DBOS(
        config={
            "name": "account-manager",
            "system_database_url": database,
            "application_version": "1",
            "executor_id": executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "CRITICAL",
            # How soon its threads notice that they must end.
            "notification_listener_polling_interval_sec": 0.2,
            # A server that has gone silent is noticed as soon as the Hub's connections notice it.
            "db_engine_kwargs": {"connect_args": connect_args(database)},
        }
    )
    # In a new thread: the engine refuses to register a queue in a thread with an event loop.
    with ThreadPoolExecutor(1) as starter:
        starter.submit(_launch).result()


def _launch() -> None:
    DBOS.launch()
    # The engine's own waits for a database grow to a minute and a half. Without them its queue looks again, and a run
    # that lost its thread is taken over, within seconds after the database is back.
    instance()._sys_db._retry_connection_errors = False
    DBOS.register_queue(QUEUE, worker_concurrency=WORKERS, polling_interval_sec=0.2)


def stop() -> None:
    """End the engine in this process. The current step runs again in the process that takes its run over."""
    # When the engine is given a timeout it always waits a whole second, even with nothing to do.
    until = time.monotonic() + STOP_SECONDS
    workflow.end()
    while is_at_work() and time.monotonic() < until:
        time.sleep(0.05)
    DBOS.destroy()


def is_at_work() -> bool:
    """True while any run has a thread in this process, even after `stop`, which waits only for a while."""
    return workflow.threads.any()


def enqueue(run_id: str, steps: list[str]) -> None:
    """Hand the run to whichever process is free. Doing it twice for one run does it once."""

    def hand_over() -> None:
        with SetWorkflowID(run_id):
            DBOS.enqueue_workflow(QUEUE, workflow.carry_out, run_id, steps)

    with_a_live_connection(hand_over)


def forget_waits(but: set[str]) -> None:
    """Forget which runs have used up their waiting time, except these, which this process still has."""
    workflow.spent.intersection_update(but)


def look_again() -> bool:
    """Restart the engine's queue threads if they have ended; False when they are alive.

    They restart each other, but when the machine has no memory or threads left, all of them end.
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
    """Continue a run whose process or thread died, from its current step."""
    with_a_live_connection(lambda: DBOS.resume_workflow(run_id, queue_name=QUEUE))


def rewind(run_id: str) -> None:
    """Continue a failed run from the step that failed, unless somebody else has already done that."""
    workflow.spent.discard(run_id)
    # Our row says "failed" a moment before the engine's last write.
    first = records.look_up([run_id])[run_id]
    for _ in range(100):
        now = records.look_up([run_id])[run_id]
        if now.status == "ENQUEUED" or (now.status == "PENDING" and now.claimed != first.claimed):
            return
        if now.status != "PENDING" or (workflow.is_here(now) and not workflow.has_thread(run_id)):
            break
        time.sleep(0.05)
    if now.status == "PENDING":
        # The last write was lost, and only a run that has ended can be rewound.
        with_a_live_connection(lambda: DBOS.cancel_workflow(run_id))
    with_a_live_connection(
        lambda: DBOS.rewind_workflow(run_id, start_step=records.first_failed(run_id), queue_name=QUEUE)
    )
