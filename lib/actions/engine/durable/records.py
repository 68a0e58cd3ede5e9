"""What the step engine has on record of runs, in its own database."""

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
    """What the engine knows of one run: `status` in its own words, `executor` the process it belongs to.

    `claimed` changes each time a process takes the run on.
    """

    status: str
    executor: str | None
    claimed: int | None = None


def look_up(run_ids: list[str]) -> dict[str, Work]:
    """What the engine knows of these runs; a run it never got is missing from the answer."""
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
    """The place of the step to go on from: the one that failed, else the first that has no record."""
    steps = DBOS.list_workflow_steps(run_id)
    failed = [step["function_id"] for step in steps if step["error"] is not None]
    last = max((step["function_id"] for step in steps), default=0)
    return min(failed, default=last + 1)


def sentence_of(error: BaseException) -> str:
    """What a person reads about an error that ended a run, be it fresh or read from the engine's record."""
    # What is read from the record has lost its class and kept its name.
    name = getattr(error, "name", type(error).__name__)
    if name == _RETRIES:
        return GONE
    if hasattr(exc, str(name)):
        return REFUSED.format(name)
    return str(error)


def with_a_live_connection(work: Callable[[], Done]) -> Done:
    """Do it, and once more when its connection was one from before the database was away: it has left the pool."""
    try:
        return work()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return work()


def instance() -> Any:
    """The engine of this process, for what it offers no public way to do."""
    return _get_dbos_instance()
