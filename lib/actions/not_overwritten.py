"""A change of the Hub that overwrites nothing: it is made only while the value is the one of the plan."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from lib.actions.engine.errors import StepFailed
from lib.actions.engine.job import Job
from lib.store.accounts import Conflict
from lib.store.engine import writing


@contextmanager
def changing_hub(job: Job, says: Callable[[Any], str]) -> Iterator[Connection]:
    """A transaction of the Hub. `says` is a sentence about the value that somebody else wrote.

    Raises:
        StepFailed: somebody else changed the value.
    """
    try:
        with writing(job.services.engine) as connection:
            yield connection
    except Conflict as conflict:
        raise StepFailed(
            f"{says(conflict.current)} Nothing was overwritten. Abandon this and start again."
        ) from conflict
