"""Runs of actions: who wanted what, the state of each run, and which processes are alive."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row, bindparam, case, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from lib.store.engine import database_now
from lib.store.schema import action_claim, action_run, executor

OPEN_STATES = ("running", "failed")
ACCOUNT, CONTACTS = "account", "contacts"
"""The lanes: one open run each. A run in the second may start while one in the first waits, not while it runs."""
_CLAIM_LOCK = 7_215_332_004
# Used in every run of a page: building the query each time would take longer than running it.
_HOLDERS = (
    select(action_run)
    .join(action_claim, action_claim.c.run_id == action_run.c.id)
    .where(action_claim.c.account.in_(bindparam("accounts", expanding=True)))
    .order_by(action_claim.c.lane, action_run.c.id)
)


class Run(BaseModel):
    """One run. `plan` is the plan as shown, `steps` their names in order, `reason` and `note` what the person gave."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    account: str
    lane: str = ACCOUNT
    actor: str
    actor_name: str
    params: dict[str, Any]
    plan: dict[str, Any]
    steps: list[str]
    reason: str | None
    note: str | None
    state: str
    error: str | None
    created_at: datetime
    closed_at: datetime | None
    touched: float

    def concerns(self, account: str) -> bool:
        """True for the run's account, the others it claims, and the one on whose page it was planned."""
        return account in (self.account, self.plan.get("opened"), *self.plan.get("claims", ()))

    @property
    def is_open(self) -> bool:
        """True while this run claims the account: it is running, or failed and waiting."""
        return self.closed_at is None


class Claimed(Exception):
    """An open run has claimed an account of this run already."""

    def __init__(self, by: Run) -> None:
        super().__init__(by.id)
        self.by = by


def insert_run(connection: Connection, run: dict[str, Any], claims: Iterable[str]) -> None:
    """Store the run and claim its accounts, or do nothing. Call it in its own `writing` transaction.

    Raises:
        Claimed: with the open run that has one of the accounts.
    """
    accounts = require_free(connection, run, claims)
    lane = run.get("lane", ACCOUNT)
    connection.execute(
        insert(action_run).values(
            **run, state="running", created_at=datetime.now(UTC), touched=database_now(connection)
        )
    )
    claimed = [{"account": number, "lane": lane, "run_id": run["id"]} for number in accounts]
    connection.execute(insert(action_claim), claimed)


def require_free(connection: Connection, run: dict[str, Any], claims: Iterable[str]) -> list[str]:
    """The accounts that this run would claim, when no open run is in its way. From here on none can be.

    What is read of these accounts in the rest of the transaction stays true until the run is stored: only runs change
    them, and every start waits for the end of this transaction.

    Raises:
        Claimed: with the open run that has one of the accounts.
    """
    _lock_claims(connection)
    accounts = sorted({run["account"], *claims})
    lane = run.get("lane", ACCOUNT)
    for holder in _holders(connection, accounts):
        # A run of the account waits for any open run in the other lane. One of a contact waits only for a running one.
        if lane in (ACCOUNT, holder.lane) or holder.state == "running":
            raise Claimed(holder)
    return accounts


def resume_run(connection: Connection, run_id: str) -> bool:
    """Let a waiting run go on. False when it was not waiting. Call it in its own `writing` transaction.

    Raises:
        Claimed: another run on one of its accounts is open in the other lane. Two never run at once.
    """
    _lock_claims(connection)
    accounts = list(connection.execute(select(action_claim.c.account).where(action_claim.c.run_id == run_id)).scalars())
    for holder in _holders(connection, accounts):
        if holder.id != run_id and (holder.state == "running" or holder.lane != ACCOUNT):
            raise Claimed(holder)
    return move_run(connection, run_id, expect=["failed"], state="running")


def holder_after(connection: Connection, error: IntegrityError, accounts: Iterable[str]) -> Run | None:
    """The run that has an account, after another process was faster and a constraint refused our row.

    None when the error is about something else. The caller must raise that again.
    """
    names = str(error.orig)
    if not any(name in names for name in ("uq_action_run_open_account", "action_claim", "action_run.account")):
        return None
    return next(iter(_holders(connection, accounts)), None)


def get_run(connection: Connection, run_id: str) -> Run | None:
    """The run with this id, or None."""
    row = connection.execute(select(action_run).where(action_run.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def open_run(connection: Connection, account: str) -> Run | None:
    """The open run that has claimed this account: the account's own, or one that claims it too."""
    return next(iter(_holders(connection, [account])), None)


def open_runs(connection: Connection, account: str) -> list[Run]:
    """Every open run on this account: the one that claims it, and one that corrects a contact."""
    return _holders(connection, [account])


def recent_runs(connection: Connection, account: str, *, limit: int = 20) -> list[Run]:
    """The newest runs of one account, newest first, in the order of the audit."""
    own = select(action_run).where(action_run.c.account == account)
    rows = connection.execute(own.order_by(action_run.c.sequence.desc(), action_run.c.created_at.desc()).limit(limit))
    return [_run(row) for row in rows]


def newest_of(connection: Connection, accounts: Iterable[str]) -> list[tuple[str, str]]:
    """The newest run of these accounts, in the order of the audit, and every open one, with their states.

    If the answer changes later, a run was started or has ended.
    """
    of_them = action_run.c.account.in_(sorted(set(accounts)))
    columns = (action_run.c.id, action_run.c.state)
    newest = select(*columns).where(of_them).order_by(action_run.c.sequence.desc(), action_run.c.id).limit(1)
    still_open = select(*columns).where(of_them, action_run.c.closed_at.is_(None)).order_by(action_run.c.id)
    return [(row.id, row.state) for query in (newest, still_open) for row in connection.execute(query)]


def running_runs(connection: Connection) -> list[Run]:
    """Every run that should be running."""
    return [_run(row) for row in connection.execute(select(action_run).where(action_run.c.state == "running"))]


def move_run(
    connection: Connection,
    run_id: str,
    *,
    expect: Sequence[str],
    state: str,
    error: str | None = None,
    untouched: float | None = None,
) -> bool:
    """Put the run into `state` if it is in one of `expect`. False when it was not, and nothing changed.

    `untouched`: only if the run has not changed since it was read with this `touched`. A run that becomes done or
    abandoned is closed, and its accounts are free again.
    """
    closes = state not in OPEN_STATES
    query = update(action_run).where(action_run.c.id == run_id, action_run.c.state.in_(expect))
    if untouched is not None:
        query = query.where(action_run.c.touched == untouched)
    changed = connection.execute(
        query.values(
            state=state,
            error=error,
            closed_at=datetime.now(UTC) if closes else None,
            touched=database_now(connection),
        )
    ).rowcount
    if changed and closes:
        connection.execute(delete(action_claim).where(action_claim.c.run_id == run_id))
    return bool(changed)


def touch_run(connection: Connection, run_id: str, *, untouched: float | None = None) -> bool:
    """Note that the run has just made progress. The row stays locked until the transaction ends.

    `untouched`: only if it has not changed since it was read with this `touched`. Otherwise False.
    """
    query = update(action_run).where(action_run.c.id == run_id)
    if untouched is not None:
        query = query.where(action_run.c.touched == untouched)
    return bool(connection.execute(query.values(touched=database_now(connection))).rowcount)


def beat(connection: Connection, executor_id: str) -> None:
    """Note that this process is alive. Only the change of the value counts, not what the clock says."""
    now = database_now(connection)
    next_beat = case((executor.c.beat == now, now + 0.001), else_=now)
    if not connection.execute(update(executor).where(executor.c.id == executor_id).values(beat=next_beat)).rowcount:
        connection.execute(insert(executor).values(id=executor_id, beat=now))


def beats(connection: Connection) -> dict[str, float]:
    """The last beat of each known process. A process is alive while its beat keeps changing.

    Do not use it as a time: the clock may have been set since. Measure with a clock of your own.
    """
    return {row.id: row.beat for row in connection.execute(select(executor))}


def forget_silent(connection: Connection, executor_id: str, last_beat: float) -> bool:
    """Delete the beat of a process that died. False, and nothing changed, when it has beaten since."""
    query = delete(executor).where(executor.c.id == executor_id, executor.c.beat == last_beat)
    return bool(connection.execute(query).rowcount)


def forget_executor(connection: Connection, executor_id: str) -> None:
    """Delete the beat of a process that ends in an orderly way, so that others take over at once."""
    connection.execute(delete(executor).where(executor.c.id == executor_id))


def _holders(connection: Connection, accounts: Iterable[str]) -> list[Run]:
    rows = connection.execute(_HOLDERS, {"accounts": list(accounts)})
    # One run may claim several of the accounts.
    return list({row.id: _run(row) for row in rows}.values())


def _lock_claims(connection: Connection) -> None:
    """One start or Resume at a time: the lanes are compared by reading, because no constraint can do it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _CLAIM_LOCK})


def _run(row: Row[Any]) -> Run:
    return Run.model_validate(dict(row._mapping))
