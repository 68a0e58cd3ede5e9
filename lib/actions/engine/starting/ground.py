"""What a plan is based on, kept from the reading to the transaction that acts on it.

There are HTTP requests between the two, and a run of somebody else that ends at that moment changes what the plan was
made from. The outside systems cannot be read inside a transaction of the Hub, which would keep every writer of an
SQLite file waiting. The Hub can be read there again, and it shows that a run has ended.
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
"""How often a plan is made again before the person is asked to do it."""
Done = TypeVar("Done")


class Moved(Exception):
    """The Hub has changed since `plan` was made."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.id)
        self.plan = plan


@dataclass(frozen=True)
class Ground:
    """A plan made a moment ago, equal to the one that will be started, and what the Hub answered for it."""

    plan: Plan
    watched: Watched

    def require(self, connection: Connection) -> None:
        """Raise unless the Hub still gives these answers. Call it in the transaction that acts, before it writes.

        Raises:
            Moved: it does not; the plan must be made again.
        """
        if not self.watched.holds(connection):
            raise Moved(self.plan)


def look_again(plan: Plan, services: Services, draft: Callable[[Services], Plan]) -> Ground:
    """Make the plan once more and check that it is the same.

    Raises:
        Blocked, PlanChanged: it is not; each has the new one.
    """
    watched = Watched(services.engine)
    with watched.engine.connect() as connection:
        # Read for the comparison only: another run may change what only an outside system shows.
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
    """Read and act, and start again when the Hub changed between the two.

    Raises:
        PlanChanged: the plan is different now, or the Hub keeps changing.
    """
    moved: Moved | None = None
    for _ in range(TRIES):
        try:
            return act()
        except Moved as since:
            moved = since
        except Blocked as blocked:
            if moved is None or blocked.plan is None:
                raise
            raise PlanChanged(blocked.plan, blocked.blockers) from blocked
    assert moved is not None
    raise PlanChanged(moved.plan, ("This account keeps changing. Wait a moment and try again.",))
