"""What was last read from an outside system, and when, so that a page opens even while that system is down."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, delete, insert, select

from lib.store.account_id import id_of, id_query
from lib.store.schema import snapshot


class Snapshot(BaseModel):
    """One reading and its time. `value` is the JSON of the client's model."""

    model_config = ConfigDict(frozen=True)

    value: dict[str, Any]
    read_at: datetime


def save_snapshot(connection: Connection, number: str, *, system: str, subject: str, value: dict[str, Any]) -> None:
    """Keep this reading as the latest one of that subject for the account."""
    key = {"account_id": id_of(connection, number), "system": system, "subject": subject}
    connection.execute(delete(snapshot).filter_by(**key))
    connection.execute(insert(snapshot).values(**key, value=value, read_at=datetime.now(UTC)))


def last_snapshot(connection: Connection, number: str, *, system: str, subject: str) -> Snapshot | None:
    """The latest reading, or None."""
    row = connection.execute(
        select(snapshot.c.value, snapshot.c.read_at).where(
            snapshot.c.account_id == id_query(number),
            snapshot.c.system == system,
            snapshot.c.subject == subject,
        )
    ).one_or_none()
    return None if row is None else Snapshot(value=row.value, read_at=row.read_at)
