"""Look after runs that lost their process: say that this one lives, take over from the dead, repair lost writes.

It also puts the head of the audit into the log, where nobody who can write to the database can change it, and forgets
old drafts of forms.
"""

import threading
from collections.abc import Callable

import structlog

from lib.actions import durable
from lib.actions.action import Services
from lib.actions.durable import Work
from lib.actions.stepping import hand_over
from lib.store import drafts, events, runs
from lib.store.engine import database_now, writing
from lib.store.presence import Presence, is_present
from lib.store.runs import Run

log = structlog.get_logger(__name__)

HEAD_SECONDS = 24 * 3600.0
"""How often the head of the audit is put into the log."""

DRAFT_SECONDS = 3600.0
"""How often drafts of forms are looked through for those that were kept long enough."""


class Sweeper:
    """Two threads per process: whatever a round has to wait for, the process goes on saying that it lives.

    All times are on the database's clock, the only one replicas share.
    """

    def __init__(self, services: Services, executor_id: str) -> None:
        self._services = services
        self._executor_id = executor_id
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._presence = Presence(services.engine, executor_id)
        self._head_told_at: float | None = None
        self._drafts_cleared_at: float | None = None

    def start(self) -> None:
        """Begin to beat and sweep."""
        self._stop.clear()
        self._threads = [
            threading.Thread(target=self._repeat, args=(self.beat,), name="heartbeat", daemon=True),
            threading.Thread(target=self._look_after, name="sweeper", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for the round under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self._presence.release()

    def beat(self) -> None:
        """Say that this process lives."""
        self._presence.hold()
        with writing(self._services.engine) as connection:
            runs.beat(connection, self._executor_id)

    def tell_head(self) -> None:
        """Put the head of the audit into the log, at the first call and then once a day.

        The log is kept elsewhere than the database: an audit whose end was cut off does not agree with it.
        """
        with self._services.engine.connect() as connection:
            now = database_now(connection)
            if self._head_told_at is not None and now - self._head_told_at < HEAD_SECONDS:
                return
            newest = events.head(connection)
        self._head_told_at = now
        log.info("audit head", sequence=newest.sequence, hash=newest.hash)

    def clear_drafts(self) -> None:
        """Forget what was typed into forms more than a day ago, at the first call and then once an hour."""
        with self._services.engine.connect() as connection:
            now = database_now(connection)
        if self._drafts_cleared_at is not None and now - self._drafts_cleared_at < DRAFT_SECONDS:
            return
        with writing(self._services.engine) as connection:
            drafts.drop_old_drafts(connection)
        self._drafts_cleared_at = now

    def sweep(self) -> None:
        """One round: whatever the engine and our rows disagree about is put right."""
        settings = self._services.settings
        with writing(self._services.engine) as connection:
            alive = runs.live_executors(connection, dead_after=settings.executor_dead_seconds)
            running = runs.running_runs(connection)
            quiet_since = database_now(connection) - settings.executor_dead_seconds
        known = durable.look_up([run.id for run in running])
        for run in running:
            work = known.get(run.id)
            if work is None:
                self._enqueue_again(run, quiet_since)
            elif work.status == "PENDING" and work.executor not in alive and not self._is_present(work.executor):
                self._take_over(run, work)
            elif work.status in {"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}:
                self._reconcile(run, "failed", quiet_since)
            elif work.status == "SUCCESS":
                self._reconcile(run, "done", quiet_since)

    def _take_over(self, run: Run, seen: Work) -> None:
        """Once, however many processes see at the same moment that its own is dead."""
        with writing(self._services.engine) as connection:
            # Locks the run's row: whoever comes second sees that it is somebody's again.
            runs.touch_run(connection, run.id)
            if durable.look_up([run.id]).get(run.id) == seen:
                log.warning("run taken over", run=run.id, dead_executor=seen.executor)
                durable.take_over(run.id)

    def _is_present(self, executor_id: str | None) -> bool:
        return executor_id is not None and is_present(self._services.engine, executor_id)

    def _look_after(self) -> None:
        self._try(self.tell_head)
        self._repeat(self.sweep, self.tell_head, self.clear_drafts)

    def _repeat(self, *duties: Callable[[], None]) -> None:
        while not self._stop.wait(self._services.settings.executor_beat_seconds):
            self._try(*duties)

    def _try(self, *duties: Callable[[], None]) -> None:
        try:
            for duty in duties:
                duty()
        except Exception:
            # The database may be away for a while; the next round tries again.
            log.exception("sweep failed")

    def _enqueue_again(self, run: Run, quiet_since: float) -> None:
        """The process died between writing the run and handing it over."""
        if run.touched >= quiet_since:
            return  # its process may be about to hand it over this very moment
        log.warning("run enqueued again", run=run.id)
        hand_over(run)

    def _reconcile(self, run: Run, state: str, quiet_since: float) -> None:
        """The engine ended the run but our own last write was lost. A Resume on its way counts as movement."""
        error = "The process ended before it could say why. Look at the steps, then resume or abandon."
        with writing(self._services.engine) as connection:
            moved = runs.move_run(
                connection,
                run.id,
                expect=["running"],
                state=state,
                error=error if state == "failed" else None,
                quiet_since=quiet_since,
            )
            if moved:
                events.append_event(
                    connection,
                    kind=run.kind,
                    phase=state,
                    actor=run.actor,
                    run_id=run.id,
                    account=run.account,
                    details={"reconciled": True},
                    executor=self._executor_id,
                )
