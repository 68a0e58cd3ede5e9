"""Look after runs that lost their process or their thread: say that this process lives, take over, repair lost writes.

It also writes the head of the audit to the log, where nobody who can write to the database can change it, and deletes
old drafts of forms.
"""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lib.actions.engine.durable import records, step_engine, workflow
from lib.actions.engine.durable.journal import append
from lib.actions.engine.durable.records import Work
from lib.actions.engine.durable.stepping import hand_over
from lib.actions.engine.durable.stillness import Stillness
from lib.actions.engine.durable.trouble import Trouble
from lib.actions.engine.failure import Failure
from lib.services import Services
from lib.store import audit, drafts, runs
from lib.store.audit import Event
from lib.store.engine import database_now, writing
from lib.store.presence import Presence, is_known, is_present, taking_over
from lib.store.runs import Run

log = structlog.get_logger(__name__)

HEAD_SECONDS = 24 * 3600.0
"""How often the head of the audit is written to the log."""

DRAFT_SECONDS = 3600.0
"""How often old drafts of forms are deleted."""

_NO_REASON = "The process ended before it recorded why. Check the steps, then resume or abandon."


class Sweeper:
    """Two threads per process, so that the process goes on saying that it lives while a round waits.

    Recorded times are never compared: wall clocks jump, even the database's. A process is dead when its beat has not
    changed for `executor_dead_seconds` on this process's own clock; on SQLite, when its lock is gone. Everything else
    that must be quiet for a while is measured in the same way.
    """

    def __init__(self, services: Services, executor_id: str) -> None:
        self._services = services
        self._executor_id = executor_id
        self._stop = threading.Event()
        self._silent = threading.Event()
        self._sweeping: threading.Thread | None = None
        self._beating: threading.Thread | None = None
        self._presence = Presence(services.engine, executor_id)
        self._still = Stillness()
        self._head_logged_at: _Moment | None = None
        self._drafts_cleared_at: _Moment | None = None

    def start(self) -> None:
        """Start to beat and sweep."""
        self._stop.clear()
        self._silent.clear()
        if self._beating is None or not self._beating.is_alive():
            self._beating = threading.Thread(target=self._go_on_beating, name="heartbeat", daemon=True)
            self._beating.start()
        self._sweeping = threading.Thread(target=self._look_after, name="sweeper", daemon=True)
        self._sweeping.start()

    def rest(self) -> None:
        """Stop sweeping, and wait for the current round. The process goes on saying that it lives."""
        self._stop.set()
        if self._sweeping is not None:
            self._sweeping.join(timeout=10)

    def stop(self) -> None:
        """Stop sweeping and beating. On SQLite the process still counts as alive."""
        self.rest()
        self._silent.set()
        if self._beating is not None:
            self._beating.join(timeout=10)

    def leave(self) -> None:
        """Let other processes take over its runs at once.

        Not while a step is running here, or another process would do it at the same time. This one then goes on saying
        that it lives until it ends.
        """
        if step_engine.is_at_work():
            log.warning("step still under way at the end", executor=self._executor_id)
            return
        self.stop()
        self._presence.release()
        try:
            with writing(self._services.engine) as connection:
                runs.forget_executor(connection, self._executor_id)
        except SQLAlchemyError as error:
            # The database is away: the other processes notice a little later.
            log.warning("end not recorded", why=type(error).__name__)

    def beat(self) -> None:
        """Say that this process lives."""
        self._presence.hold()
        with writing(self._services.engine) as connection:
            runs.beat(connection, self._executor_id)

    def log_head(self) -> None:
        """Write the head of the audit to the log, at the first call and then once a day.

        The log is not kept in the database, so it shows when somebody cut off the end of the audit.
        """
        with self._services.engine.connect() as connection:
            now = _Moment(database_now(connection), time.monotonic())
            if not now.is_due(self._head_logged_at, HEAD_SECONDS):
                return
            newest = audit.head(connection)
        self._head_logged_at = now
        log.info("audit head", sequence=newest.sequence, hash=newest.hash)

    def clear_drafts(self) -> None:
        """Delete drafts of forms that are older than a day, at the first call and then once an hour."""
        with self._services.engine.connect() as connection:
            now = _Moment(database_now(connection), time.monotonic())
        if not now.is_due(self._drafts_cleared_at, DRAFT_SECONDS):
            return
        with writing(self._services.engine) as connection:
            drafts.drop_old_drafts(connection)
        self._drafts_cleared_at = now

    def sweep(self) -> None:
        """One round: repair whatever the engine and our rows disagree about.

        Raises:
            Exception: of the first run that could not be repaired; the others were.
        """
        with self._services.engine.connect() as connection:
            running = runs.running_runs(connection)
            beats = runs.beats(connection)
        known = records.look_up([run.id for run in running])
        step_engine.forget_waits({run_id for run_id, work in known.items() if work.executor == self._executor_id})
        self._still.look(
            {("beat", executor): beat for executor, beat in beats.items()}
            | {("run", run.id): (run.touched, known.get(run.id)) for run in running}
            | {("thread", run.id): known[run.id] for run in running if self._lacks_thread(run, known.get(run.id))},
            # A process counts as dead only after at least three looks.
            longest=self._services.settings.executor_dead_seconds / 3,
        )
        first: Exception | None = None
        for run in running:
            try:
                self._repair(run, known.get(run.id), beats)
            except Exception as error:  # noqa: BLE001 - one run that cannot be repaired must not hold up the others
                first = first or error
        if first is not None:
            raise first
        self._forget_dead(beats)

    def _repair(self, run: Run, work: Work | None, beats: dict[str, float]) -> None:
        if work is None:
            if self._is_still("run", run.id):  # else its process may be about to hand it over
                log.warning("run enqueued again", run=run.id)
                hand_over(run)
        elif work.status == "PENDING":
            if self._lacks_thread(run, work):
                # It may be about to start, or its thread ended because the engine could not write its record.
                if self._is_still("thread", run.id):
                    self._take_over(run, work, "run taken over, its thread had ended", beats)
            elif work.executor != self._executor_id and self._is_dead(work.executor, beats):
                self._take_over(run, work, "run taken over", beats)
        elif self._is_still("run", run.id):
            if work.status != "ENQUEUED":
                self._reconcile(run, work)
            elif step_engine.look_again():
                log.warning("step engine queue restarted", run=run.id)

    def _lacks_thread(self, run: Run, work: Work | None) -> bool:
        """True when the engine says that this process has the run, but no thread carries it out."""
        here = work is not None and work.status == "PENDING" and work.executor == self._executor_id
        return here and not workflow.has_thread(run.id)

    def _is_still(self, what: str, which: str) -> bool:
        return self._still.seconds((what, which)) >= self._services.settings.executor_dead_seconds

    def _is_dead(self, executor: str | None, beats: dict[str, float]) -> bool:
        if executor is None:
            return True
        if is_known(self._services.engine):
            return not is_present(self._services.engine, executor)
        # A process that left in good order, or was forgotten, has no beat.
        return executor not in beats or self._is_still("beat", executor)

    def _forget_dead(self, beats: dict[str, float]) -> None:
        dead = [one for one in beats if one != self._executor_id and self._is_dead(one, beats)]
        if dead:
            with writing(self._services.engine) as connection:
                for executor in dead:
                    runs.forget_silent(connection, executor, beats[executor])

    def _take_over(self, run: Run, seen: Work, event: str, beats: dict[str, float]) -> None:
        """Take the run over, once, even if several processes see at the same moment that its own is dead."""
        ours = seen.executor == self._executor_id
        with taking_over(self._services.engine, run.id, None if ours else seen.executor or ""):
            # The second process sees that the run has a process again.
            if records.look_up([run.id]).get(run.id) != seen:
                return
            with self._services.engine.connect() as connection:
                beat = runs.beats(connection).get(seen.executor or "")
                resumed = _resumed_last(audit.events_of_run(connection, run.id))
            if self._lacks_thread(run, seen) if ours else beat in (None, beats.get(seen.executor or "")):
                if resumed:
                    # What the engine has on record is the failure from before the Resume.
                    step_engine.rewind(run.id)
                else:
                    step_engine.take_over(run.id)
                log.warning(event, run=run.id, executor=seen.executor)

    def _go_on_beating(self) -> None:
        trouble = Trouble("heartbeat")
        while not self._silent.wait(self._services.settings.executor_beat_seconds):
            _try(trouble, self.beat)

    def _look_after(self) -> None:
        trouble = Trouble("sweep")
        _try(trouble, self.log_head)
        while not self._stop.wait(self._services.settings.executor_beat_seconds):
            _try(trouble, self.sweep, self.log_head, self.clear_drafts)

    def _reconcile(self, run: Run, work: Work) -> None:
        """The engine ended the run, but our own last write was lost or the engine did not get a Resume."""
        with self._services.engine.connect() as connection:
            events = audit.events_of_run(connection, run.id)
        if work.status == "SUCCESS":
            self._close(run, "done", None)
        elif _resumed_last(events):
            self._resume_again(run)
        else:
            self._close(run, "failed", _why(run, events))

    def _resume_again(self, run: Run) -> None:
        with writing(self._services.engine) as connection:
            first = runs.touch_run(connection, run.id, untouched=run.touched)
        # After the transaction: the engine's file may be locked for long, and nobody who writes to the Hub should wait.
        if first:
            step_engine.rewind(run.id)
            log.warning("run resumed again", run=run.id)

    def _close(self, run: Run, state: str, error: str | None) -> None:
        with writing(self._services.engine) as connection:
            moved = runs.move_run(
                connection, run.id, expect=["running"], state=state, error=error, untouched=run.touched
            )
            if moved:
                details = {"reconciled": True} | ({"error": error} if error else {})
                append(connection, run, state, details, executor=self._executor_id)


class _Moment(NamedTuple):
    """The same moment on the database's clock and on this process's clock."""

    database: float
    own: float

    def is_due(self, last: "_Moment | None", seconds: float) -> bool:
        """True when `seconds` have passed since `last` on either clock: one of them may stop or be set back."""
        return last is None or abs(self.database - last.database) >= seconds or self.own - last.own >= seconds


def _try(trouble: Trouble, *duties: Callable[[], None]) -> None:
    try:
        for duty in duties:
            duty()
    except Exception as error:  # noqa: BLE001 - the database may be away for a while; the next round tries again
        trouble.failed(error)
    else:
        trouble.works()


def _resumed_last(events: list[Event]) -> bool:
    """True when the newest event of the run is that somebody resumed it."""
    return bool(events) and events[-1].phase == "resumed"


def _why(run: Run, events: list[Event]) -> str:
    """Why the run failed: what its last step said, else what the engine recorded."""
    last = next((event for event in reversed(events) if event.step is not None), None)
    if last is not None and last.phase == "failed" and (said := Failure.model_validate(last.details).error):
        return said
    return records.why(run.id) or _NO_REASON
