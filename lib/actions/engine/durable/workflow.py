"""How one run is carried out: its steps in order, each waiting for a database that is away, then its end.

The engine drops a run whose record it cannot write (a full disk, a database that is away): its thread ends, but the
record still says that the run is running. Such a run has no thread here any more (`has_thread`). When that lasts, the
sweeper takes it over.
"""

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from dbos import DBOS, StepOptions
from dbos import error as dbos_error
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from lib.actions.engine.durable import records
from lib.actions.engine.durable.patience import GONE, DatabaseGone, Patience
from lib.actions.engine.durable.records import Work, sentence_of
from lib.actions.engine.durable.run_threads import RunThreads
from lib.settings import Settings
from lib.store.away import is_away

Done = TypeVar("Done")


class Hooks(Protocol):
    """What the workflow calls; `Stepper` implements it."""

    def run_step(self, run_id: str, step: str) -> dict[str, Any]:
        """Carry out one step and return its report as JSON."""

    def finish(self, run_id: str) -> None:
        """Close the run as done."""

    def fail(self, run_id: str, sentence: str) -> None:
        """Leave the run as failed, waiting for Resume or Abandon."""


class _Unrecorded(BaseException):
    """The engine could not write its own record. Not an `Exception`: the engine would record that as the run's end."""


class _TakenOver(BaseException):
    """Another process has the run: its thread here ends and writes nothing. Not an `Exception`, for the same reason."""


_UNRECORDED = (OperationalError, InterfaceError, InternalError, NoConnection, MemoryError)
"""Errors of the engine's own writes that may pass. Any other error ends the run."""
_hooks: Hooks | None = None
_executor_id = ""
_patience = Patience(0, attempts=1, first_wait=0)
_short = Patience(0, attempts=1, first_wait=0)
_thread = threading.local()
threads = RunThreads()
"""The runs this process carries out."""
spent: set[str] = set()
"""Runs that have used up their waiting time, and whose failure is not on record.

When the engine's database was away as well, such a run is taken over and then fails at once. A run that was resumed, or
that another process has had since, may wait the full time again.
"""


def begin(settings: Settings, executor_id: str, hooks: Hooks) -> None:
    """Carry out runs with these hooks; a step waits `database_patience_minutes` for a database that is away."""
    global _hooks, _patience, _short, _executor_id
    _hooks, _executor_id = hooks, executor_id
    _patience, _short = (
        Patience(seconds, attempts=settings.step_attempts, first_wait=settings.step_retry_seconds)
        for seconds in (settings.database_patience_minutes * 60, 0)
    )


def end() -> None:
    """End all waiting. A run that waited goes on in the process that takes it over."""
    spent.clear()
    _patience.end()
    _short.end()


def has_thread(run_id: str) -> bool:
    """True while a thread of this process carries out the run, or waits to."""
    return threads.has(run_id)


def is_here(work: Work) -> bool:
    """True for work that the engine has on record as this process's."""
    return work.executor == _executor_id


# Every run has this name on record. Runs of earlier versions have a third argument; now the run's row has its content.
@DBOS.workflow(name="action")
def carry_out(run_id: str, steps: list[str], _earlier: dict[str, Any] | None = None) -> None:
    """Carry out the run. The steps are an argument, so a deploy cannot change them."""
    assert _hooks is not None
    with threads.moving(run_id):
        try:
            _carry_out(_hooks, run_id, steps)
        except _UNRECORDED as error:
            raise _Unrecorded from error


def _carry_out(hooks: Hooks, run_id: str, steps: list[str]) -> None:
    try:
        for step in steps:
            # Each step has its own name: a replay by position would silently skip work when the order has changed.
            DBOS.run_step(StepOptions(name=step), _do, hooks.run_step, run_id, step)
    except _UNRECORDED:
        raise  # the Hub's database comes as another error, after the waiting
    except Exception as error:
        if isinstance(error, dbos_error.DBOSException) and not isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded):
            raise  # an error of the engine itself (shutdown, takeover): the run goes on in another process
        # It has already waited. If this cannot be written, the sweeper writes it when the database is back.
        try:
            DBOS.run_step(StepOptions(name="_failed"), _carry, _short, hooks.fail, run_id, sentence_of(error))
        finally:
            spent.discard(run_id)  # also when only the engine has it: it has recorded the error of the step
        raise
    DBOS.run_step(StepOptions(name="_done"), _do, hooks.finish, run_id)


def _do(work: Callable[..., Any], run_id: str, *given: Any) -> Any:
    if run_id in spent:
        raise DatabaseGone(GONE)
    try:
        return _carry(_patience, work, run_id, *given)
    except DatabaseGone:
        spent.add(run_id)
        raise


def patiently(work: Callable[..., Done], *given: Any) -> Done:
    """Within a step: write down what an outside system did, and wait for the database as a step does.

    Without this the whole step would be repeated, and with it what it did outside.

    Raises:
        DatabaseGone: it was away for too long.
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
    """Do it, and try again while a database is away, as long as this process has the run."""
    claims: list[int | None] = []

    def require_own() -> None:
        # A process that waits may seem dead, and another one may have begun the same step.
        try:
            now = records.look_up([run_id]).get(run_id)
        except SQLAlchemyError as error:
            if is_away(error):
                raise
            raise _Unrecorded from error  # an error of the engine is not the outcome of the step
        claims.append(now.claimed if now else None)
        if now != Work("PENDING", _executor_id, claims[0]):
            spent.discard(run_id)
            raise _TakenOver

    def try_it() -> Any:
        require_own()
        # For `patiently` within the step.
        _thread.require_own = require_own
        try:
            return work(run_id, *given)
        finally:
            _thread.require_own = None

    return patience.carry(try_it)
