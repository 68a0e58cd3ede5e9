"""How long a step waits for a database that is away, on a clock of the test."""

import pytest
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable.patience import LONG_TRY, DatabaseGone, Patience

SECONDS = 900.0


class Step:
    """Works for `works` seconds each time, and then finds the database away, `failures` times."""

    def __init__(self, works: float, failures: int) -> None:
        self.now = 0.0
        self.tries = 0
        self._works = works
        self._failures = failures

    def carry(self) -> str:
        self.tries += 1
        self.now += self._works
        if self.tries <= self._failures:
            raise OperationalError("update", {}, Exception("gone"))
        return "done"

    def patience(self) -> Patience:
        return Patience(SECONDS, attempts=4, first_wait=0, clock=lambda: self.now)


def test_short_failures_of_a_long_step_are_not_added_up():
    step = Step(works=400, failures=6)
    assert step.patience().carry(step.carry) == "done"
    assert step.tries == 7


def test_a_try_that_only_waited_for_its_connection_begins_nothing_again():
    step = Step(works=LONG_TRY, failures=1_000)
    with pytest.raises(DatabaseGone):
        step.patience().carry(step.carry)
    assert step.now == LONG_TRY + SECONDS
