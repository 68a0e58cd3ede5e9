"""What a plan is based on, held from the look at it to the transaction that acts on it.

Between the two lie an HTTP request or several, and a run of somebody else that ends at that moment changes what the
plan was made from. The outside systems cannot be asked inside a transaction of the Hub: it would keep every writer of
an SQLite file waiting. What the Hub answered can be asked there again, and a run that ended shows in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection

from lib.actions.engine.errors import Blocked, PlanChanged
from lib.actions.engine.plan import Plan, changes_between
from lib.services import Services
from lib.store import runs
from lib.store.watched import Watched

TRIES = 3
"""How often a plan is looked at again before the person is asked to."""
Done = TypeVar("Done")


class Moved(Exception):
    """The Hub says something else than it did when the plan was looked at; `plan` is the one of that look."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.id)
        self.plan = plan


@dataclass(frozen=True)
class Ground:
    """A plan made a moment ago, equal to the one that is to be started, and what the Hub answered meanwhile."""

    plan: Plan
    watched: Watched

    def require(self, connection: Connection) -> None:
        """Raise unless the Hub still answers so. Call it in the transaction that acts, before that writes.

        Raises:
            Moved: it does not; the whole look has to be done again.
        """
        if not self.watched.holds(connection):
            raise Moved(self.plan)


def look_again(plan: Plan, services: Services, draft: Callable[[Services], Plan]) -> Ground:
    """Draft the plan once more and see that it is the same.

    Raises:
        Blocked, PlanChanged: it is not; each carries the fresh one.
    """
    watched = Watched(services.engine)
    with watched.engine.connect() as connection:
        # Another run may have changed what only an outside system knows.
        runs.newest_of(connection, [plan.account, *plan.claims])
    fresh = draft(replace(services, engine=watched.engine))
    if fresh.blockers:
        raise Blocked(fresh.blockers, fresh)
    if not fresh.steps:
        raise Blocked((fresh.verdict or "There is nothing to do.",), fresh)
    if fresh.fingerprint != plan.fingerprint:
        raise PlanChanged(fresh, changes_between(plan, fresh))
    return Ground(fresh, watched)


def on_firm_ground(act: Callable[[], Done]) -> Done:
    """Look and act; again when the ground moved between the two.

    Raises:
        PlanChanged: what moved changes the plan, or it goes on moving.
    """
    moved: Moved | None = None
    for _ in range(TRIES):
        try:
            return act()
        except Moved as again:
            moved = again
        except Blocked as blocked:
            if moved is None or blocked.plan is None:
                raise
            raise PlanChanged(blocked.plan, blocked.blockers) from blocked
    assert moved is not None
    raise PlanChanged(moved.plan, ("Something goes on changing on this account. Wait a moment and look again.",))
