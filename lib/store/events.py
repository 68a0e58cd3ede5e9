"""The audit: an append-only chain of events. Each row carries the hash of the row before it.

A changed, removed or reordered row breaks the chain, and `verify_chain` says where. A cut-off tail does not
show in the chain itself; comparing `head` with a copy kept elsewhere shows it.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row, insert, inspect, select, text

from lib.store.schema import action_event

GENESIS = "0" * 64
_CHAIN_LOCK = 7_301_446
_HASHED = (
    "sequence",
    "run_id",
    "account",
    "kind",
    "step",
    "phase",
    "actor",
    "details",
    "executor",
    "at",
    "previous_hash",
)


class Event(BaseModel):
    """One thing that happened, or was refused. `details` holds before, after, request ids or the reason."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    run_id: str | None
    account: str | None
    kind: str
    step: str | None
    phase: str
    actor: str
    details: dict[str, Any]
    executor: str | None
    at: datetime
    hash: str


class Break(BaseModel):
    """The first place where the chain does not hold."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    reason: str


def append_event(
    connection: Connection,
    *,
    kind: str,
    phase: str,
    actor: str,
    run_id: str | None = None,
    account: str | None = None,
    step: str | None = None,
    details: dict[str, Any] | None = None,
    executor: str | None = None,
) -> int:
    """Add one event at the end of the chain and return its sequence. Call it inside a `writing` transaction."""
    if connection.dialect.name == "postgresql":
        # One writer at a time extends the chain; the lock ends with the transaction.
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    newest = connection.execute(
        select(action_event.c.sequence, action_event.c.hash).order_by(action_event.c.sequence.desc()).limit(1)
    ).one_or_none()
    row: dict[str, Any] = {
        "sequence": newest.sequence + 1 if newest else 1,
        "run_id": run_id,
        "account": account,
        "kind": kind,
        "step": step,
        "phase": phase,
        "actor": actor,
        "details": details or {},
        "executor": executor,
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "previous_hash": newest.hash if newest else GENESIS,
    }
    connection.execute(insert(action_event).values(**row, hash=_hash(row)))
    return int(row["sequence"])


def events_of_run(connection: Connection, run_id: str) -> list[Event]:
    """Everything that happened in one run, oldest first."""
    rows = connection.execute(
        select(action_event).where(action_event.c.run_id == run_id).order_by(action_event.c.sequence)
    )
    return [_event(row) for row in rows]


def events_of_account(connection: Connection, account: str, *, limit: int = 200) -> list[Event]:
    """The newest events of one account, newest first."""
    rows = connection.execute(
        select(action_event)
        .where(action_event.c.account == account)
        .order_by(action_event.c.sequence.desc())
        .limit(limit)
    )
    return [_event(row) for row in rows]


def verify_chain(connection: Connection) -> Break | None:
    """Recompute every hash; None when the chain holds, else the first break."""
    previous, expected = GENESIS, 1
    for row in _chain(connection):
        if row.sequence != expected:
            return Break(sequence=expected, reason=f"event {expected} is missing; the next one is {row.sequence}")
        if row.previous_hash != previous:
            return Break(sequence=row.sequence, reason="it does not follow the event before it")
        if row.hash != _hash(row._mapping):
            return Break(sequence=row.sequence, reason="its content was changed after it was written")
        previous, expected = row.hash, expected + 1
    return None


def head(connection: Connection) -> tuple[int, str]:
    """Sequence and hash of the newest event; (0, zeros) when there is none."""
    row = connection.execute(
        select(action_event.c.sequence, action_event.c.hash).order_by(action_event.c.sequence.desc()).limit(1)
    ).one_or_none()
    return (row.sequence, row.hash) if row else (0, GENESIS)


def _chain(connection: Connection) -> Iterator[Row[Any]]:
    # Streamed: the audit only ever grows, and verifying it must not need memory for all of it.
    result = connection.execution_options(yield_per=1000).execute(
        select(action_event).order_by(action_event.c.sequence)
    )
    yield from result


def _hash(row: Any) -> str:
    content = {name: row[name] for name in _HASHED}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _event(row: Row[Any]) -> Event:
    return Event.model_validate(dict(row._mapping))


def main() -> int:
    """`make verify-audit`: recompute the chain and say whether it holds. Returns the exit code."""
    import sys

    from lib.settings import load
    from lib.store.engine import make_engine

    engine = make_engine(load().database)
    if not inspect(engine).has_table(action_event.name):
        sys.stdout.write("There is no audit yet: the database was never started.\n")
        return 0
    with engine.connect() as connection:
        broken, (sequence, newest) = verify_chain(connection), head(connection)
    engine.dispose()
    if broken is not None:
        sys.stdout.write(f"The audit does not hold: event {broken.sequence}: {broken.reason}.\n")
        return 1
    sys.stdout.write(f"The audit holds: {sequence} events, head {newest}.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
