"""The audit: an append-only chain of events. Each row has the hash of the row before it.

A changed, removed or reordered row breaks the chain, and `check_chain` says where. The chain alone does not show that
its end was cut off, or that it was rewritten from some row on. Comparing it with a head noted earlier does.
"""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row, Text, cast, insert, select, text

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
    """One thing that happened or was refused. `details` has before, after, request ids or the reason."""

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


class Head(BaseModel):
    """The newest event of the chain, or of the part that was checked. Sequence 0 when there are no events."""

    model_config = ConfigDict(frozen=True)

    sequence: int = 0
    hash: str = GENESIS


class Break(BaseModel):
    """The first place where the chain is broken."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    reason: str


class Check(BaseModel):
    """The result of checking the whole chain: up to where it is right, and why no further."""

    model_config = ConfigDict(frozen=True)

    head: Head
    broken: Break | None


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
        # Only one writer at a time adds to the chain. The lock ends with the transaction.
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    newest = head(connection)
    row: dict[str, Any] = {
        "sequence": newest.sequence + 1,
        "run_id": run_id,
        "account": account,
        "kind": kind,
        "step": step,
        "phase": phase,
        "actor": actor,
        "details": details or {},
        "executor": executor,
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "previous_hash": newest.hash,
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


def head(connection: Connection) -> Head:
    """The newest event, straight from the index."""
    row = connection.execute(
        select(action_event.c.sequence, action_event.c.hash).order_by(action_event.c.sequence.desc()).limit(1)
    ).one_or_none()
    return Head(sequence=row.sequence, hash=row.hash) if row else Head()


def verify_chain(connection: Connection) -> Break | None:
    """Compute every hash again. Returns the first break, or None when the chain is right."""
    return check_chain(connection).broken


def check_chain(connection: Connection, noted: Head | None = None) -> Check:
    """Compute every hash again. With a head `noted` earlier, also check that this event is there and unchanged.

    It reads the whole audit, which takes time but little memory.
    """
    reached = Head()
    with closing(_chain(connection)) as rows:
        for row in rows:
            reason = _broken(row, reached) or _rewritten(row, noted)
            if reason is not None:
                return Check(head=reached, broken=Break(sequence=reached.sequence + 1, reason=reason))
            reached = Head(sequence=row["sequence"], hash=row["hash"])
    if noted is not None and noted.sequence > reached.sequence:
        reason = f"the audit ends at event {reached.sequence}, and had {noted.sequence} when its head was noted"
        return Check(head=reached, broken=Break(sequence=reached.sequence + 1, reason=reason))
    return Check(head=reached, broken=None)


def export_lines(connection: Connection, account: str | None = None) -> Iterator[str]:
    """Every event, or those of one account, oldest first, each as one line of JSON.

    A line without its `hash` is exactly the text that was hashed.
    """
    with closing(_chain(connection, account)) as rows:
        for row in rows:
            yield _canonical(row) + "\n"


def _chain(connection: Connection, account: str | None = None) -> Generator[dict[str, Any]]:
    # The details as they are stored: an unreadable one must be reported, not stop the reading.
    stored = cast(action_event.c.details, Text).label("details")
    columns = [action_event.c[name] for name in (*_HASHED, "hash") if name != "details"]
    query = select(*columns, stored).order_by(action_event.c.sequence)
    if account is not None:
        query = query.where(action_event.c.account == account)
    # Streamed, because the audit only grows and does not fit into memory for ever.
    with connection.execute(query, execution_options={"yield_per": 1000}) as rows:
        for row in rows:
            yield {**row._mapping, "details": _parsed(row.details)}


def _parsed(details: Any) -> Any:
    try:
        return json.loads(details)
    except (TypeError, ValueError):
        return details


def _broken(row: Mapping[str, Any], before: Head) -> str | None:
    """Why this row cannot follow the one before it."""
    if row["sequence"] != before.sequence + 1:
        # The numbers begin at 1, so that nothing can be inserted before the first event.
        return f"the event with this number is missing; number {row['sequence']} is in its place"
    if row["previous_hash"] != before.hash:
        return "it does not follow the event before it"
    if row["hash"] != _hash(row):
        return "its content was changed after it was written"
    return None


def _rewritten(row: Mapping[str, Any], noted: Head | None) -> str | None:
    """Why this row is not the one whose hash was noted."""
    if noted is None or row["sequence"] != noted.sequence or row["hash"] == noted.hash:
        return None
    return "it is not the event that was noted: it or one before it was rewritten"


def _hash(row: Mapping[str, Any]) -> str:
    content = {name: row[name] for name in _HASHED}
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: Mapping[str, Any]) -> str:
    # `default`: a value of a type that no event has was put there by somebody. It only needs to hash differently.
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=repr)


def _event(row: Row[Any]) -> Event:
    return Event.model_validate(dict(row._mapping))
