"""The beginning of a run: its row, its claim on the account and its first event, in one transaction."""

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from lib.actions.engine.durable.stepping import hand_over
from lib.actions.engine.errors import AccountBusy
from lib.actions.engine.plan import Confirmation, Plan
from lib.domain.moments import local_time
from lib.domain.permissions import Identity
from lib.services import Services
from lib.store import audit, runs
from lib.store.engine import writing
from lib.store.runs import Run

log = structlog.get_logger(__name__)
Spend = Callable[[Connection], None]
"""What is checked, and used up, in the transaction that begins a run."""


def begin_run(
    services: Services, executor: str, plan: Plan, lane: str, actor: Identity, given: Confirmation, spend: Spend
) -> str:
    """Write the run and hand it to the step engine. Returns its id, even if it had already begun.

    Raises:
        AccountBusy: an open run holds the account.
        Exception: whatever `spend` raises; nothing was written.
    """
    row = _row(plan, lane, actor, given)
    engine = services.engine
    try:
        with writing(engine) as connection:
            if runs.get_run(connection, plan.id) is not None:
                return plan.id
            # First, so that what `spend` reads again cannot change any more.
            runs.require_free(connection, row, plan.claims)
            spend(connection)
            runs.insert_run(connection, row, plan.claims)
            audit.append_event(
                connection,
                kind=plan.kind,
                phase="started",
                actor=actor.email,
                run_id=plan.id,
                account=plan.account,
                details={"params": plan.params, **given.model_dump(exclude={"typed"})},
                executor=executor,
            )
            written = runs.get_run(connection, plan.id)
            assert written is not None
    except runs.Claimed as claimed:
        if claimed.by.id == plan.id:
            return plan.id  # the same click came through another thread or process
        raise busy(services, claimed.by) from claimed
    except IntegrityError as error:
        # Another process was faster by less than a transaction.
        with engine.connect() as connection:
            if runs.get_run(connection, plan.id) is not None:
                return plan.id
            holder = runs.holder_after(connection, error, [plan.account, *plan.claims])
        if holder is None:
            raise
        raise busy(services, holder) from error
    # After a crash from here on the sweeper enqueues the run.
    hand_over(written)
    log.info("run started", run=plan.id, kind=plan.kind, account=plan.account)
    return plan.id


def busy(services: Services, run: Run) -> AccountBusy:
    """The error that says who holds the account, and since when in the time zone of the product."""
    return AccountBusy(run, local_time(run.created_at, services.settings.time_zone))


def _row(plan: Plan, lane: str, actor: Identity, given: Confirmation) -> dict[str, Any]:
    return {
        "id": plan.id,
        "kind": plan.kind,
        "account": plan.account,
        "lane": lane,
        "actor": actor.email,
        "actor_name": actor.name,
        "params": plan.params,
        "plan": plan.model_dump(mode="json", exclude={"details"}),
        "steps": list(plan.steps),
        "reason": given.reason,
        "note": _note(given),
    }


def _note(given: Confirmation) -> str | None:
    """The note, with the reason for overriding the pinned one."""
    note, why = (given.note or "").strip(), (given.override or "").strip()
    return "\n".join(filter(None, (note, f"Pinned note overridden: {why}" if why else ""))) or None
