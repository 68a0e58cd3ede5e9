"""How one run is carried out: its steps in order, each as patiently as the database needs, then its end.

The engine gives up a run whose record it cannot write (a full disk, a database that is away): its thread ends, and the
record goes on saying that the run is under way. Such a run has no thread here any more (`has_thread`), and whoever
sees that for long enough takes it on again.
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
from lib.store.away import is_away

Done = TypeVar("Done")


class Hooks(Protocol):
    """What the workflow calls back; `Stepper` implements it."""

    def run_step(self, run_id: str, step: str) -> dict[str, Any]:
        """Carry out one step and return its report as JSON."""

    def finish(self, run_id: str) -> None:
        """Close the run as done."""

    def fail(self, run_id: str, sentence: str) -> None:
        """Leave the run as failed, waiting for Resume or Abandon."""


class _Unrecorded(BaseException):
    """The engine could not write its own record. Not an `Exception`: it would take one for the outcome of the run."""


class _TakenOver(BaseException):
    """Somebody else has the run: its thread here ends and writes nothing. Not an `Exception`, for the same reason."""


_UNRECORDED = (OperationalError, InterfaceError, InternalError, NoConnection, MemoryError)
"""How the engine's own write fails when the next one may go well. Any other error ends the run."""
_hooks: Hooks | None = None
_executor_id = ""
_patience = Patience(0, attempts=1, first_wait=0)
_short = Patience(0, attempts=1, first_wait=0)
_thread = threading.local()
threads = RunThreads()
"""The runs this process carries out."""
spent: set[str] = set()
"""Runs that have waited for as long as they may, and whose failure is on record nowhere.

Where the engine's database was away as well, the run is taken on again, and then fails at once. A run that was resumed,
or that another process had meanwhile, waits from the beginning.
"""


def begin(hooks: Hooks, executor_id: str, *, seconds: float, attempts: int, first_wait: float) -> None:
    """Carry out runs with these hooks from now on; a step waits `seconds` for a database that is away."""
    global _hooks, _patience, _short, _executor_id
    _hooks = hooks
    _executor_id = executor_id
    _patience = Patience(seconds, attempts=attempts, first_wait=first_wait)
    _short = Patience(0, attempts=attempts, first_wait=first_wait)


def end() -> None:
    """Let whatever waits wait no longer. Its run goes on wherever it is taken over."""
    spent.clear()
    _patience.end()
    _short.end()


def has_thread(run_id: str) -> bool:
    """True while a thread of this process carries the run out, or waits to."""
    return threads.has(run_id)


def is_here(work: Work) -> bool:
    """True for work that is this process's, as the engine has it on record."""
    return work.executor == _executor_id


# Every run ever begun has this name on record. Runs of earlier versions have a third argument, with what is read from
# the run's row now.
@DBOS.workflow(name="action")
def carry_out(run_id: str, steps: list[str], _earlier: dict[str, Any] | None = None) -> None:
    """Carry out the run. The steps are an argument, so a deploy cannot change a replay."""
    assert _hooks is not None
    with threads.moving(run_id):
        try:
            _carry_out(_hooks, run_id, steps)
        except _UNRECORDED as error:
            raise _Unrecorded from error


def _carry_out(hooks: Hooks, run_id: str, steps: list[str]) -> None:
    try:
        for step in steps:
            # A name of its own for each step: replaying a changed order by position would skip work silently.
            DBOS.run_step(StepOptions(name=step), _do, hooks.run_step, run_id, step)
    except _UNRECORDED:
        raise  # what a step could not do with the Hub's database comes as another error, after its patience
    except Exception as error:
        if isinstance(error, dbos_error.DBOSException) and not isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded):
            raise  # the engine's own trouble (shutdown, takeover): the run goes on elsewhere
        # It has waited already. What cannot be written now the sweeper writes when the database is back.
        try:
            DBOS.run_step(StepOptions(name="_failed"), _carry, _short, hooks.fail, run_id, sentence_of(error))
        finally:
            spent.discard(run_id)  # also when only the engine knows now: it has kept the error of the step
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
            now = records.look_up([run_id]).get(run_id)
        except SQLAlchemyError as error:
            if is_away(error):
                raise
            raise _Unrecorded from error  # the trouble of the engine is not the outcome of the step
        claims.append(now.claimed if now else None)
        if now != Work("PENDING", _executor_id, claims[0]):
            spent.discard(run_id)
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
