"""What the step engine has on record about runs, in its own database."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from dbos import DBOS
from dbos import error as dbos_error
from dbos._dbos import _get_dbos_instance
from sqlalchemy import exc
from sqlalchemy.exc import DBAPIError

from lib.actions.engine.durable.patience import GONE, REFUSED

Done = TypeVar("Done")
_RETRIES = dbos_error.DBOSMaxStepRetriesExceeded.__name__


@dataclass(frozen=True)
class Work:
    """What the engine knows about one run: `status` is its own word, `executor` the process that has the run.

    `claimed` changes each time a process takes the run.
    """

    status: str
    executor: str | None
    claimed: int | None = None


def look_up(run_ids: list[str]) -> dict[str, Work]:
    """What the engine knows about these runs, by id. A run it never got is missing."""
    if not run_ids:
        return {}
    found = with_a_live_connection(
        lambda: DBOS.list_workflows(workflow_ids=run_ids, load_input=False, load_output=False)
    )
    return {one.workflow_id: Work(one.status, one.executor_id, one.dequeued_at) for one in found}


def why(run_id: str) -> str | None:
    """The sentence of the step that failed, as the engine recorded it; None when it recorded none."""
    failed = [step for step in DBOS.list_workflow_steps(run_id) if step["error"] is not None]
    first = min(failed, key=lambda step: step["function_id"], default=None)
    return None if first is None or first["error"] is None else sentence_of(first["error"])


def first_failed(run_id: str) -> int:
    """The position of the step to continue from: the one that failed, else the first without a record."""
    steps = DBOS.list_workflow_steps(run_id)
    failed = [step["function_id"] for step in steps if step["error"] is not None]
    last = max((step["function_id"] for step in steps), default=0)
    return min(failed, default=last + 1)


def sentence_of(error: BaseException) -> str:
    """What a person reads about an error that ended a run, whether just raised or read from the engine's record."""
    # An error from the record has lost its class but not its name.
    name = getattr(error, "name", type(error).__name__)
    if name == _RETRIES:
        return GONE
    if hasattr(exc, str(name)):
        return REFUSED.format(name)
    return str(error)


def with_a_live_connection(work: Callable[[], Done]) -> Done:
    """Do it, and once more when its connection was older than a restart of the database: that one has left the pool."""
    try:
        return work()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return work()


instance: Callable[[], Any] = _get_dbos_instance
"""The engine of this process, for what has no public function."""
