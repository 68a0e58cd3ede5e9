"""What was last read from an outside system, with its date, so that a page still opens while that system is down."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Select, delete, insert, select

from lib.store.schema import account, snapshot


class Snapshot(BaseModel):
    """One dated reading: `value` is JSON of the client's model."""

    model_config = ConfigDict(frozen=True)

    value: dict[str, Any]
    read_at: datetime


def save_snapshot(connection: Connection, number: str, *, system: str, subject: str, value: dict[str, Any]) -> None:
    """Keep this reading as the latest one of that subject for the account."""
    account_id = connection.execute(_id_of(number)).scalar_one()
    key = {"account_id": account_id, "system": system, "subject": subject}
    connection.execute(delete(snapshot).filter_by(**key))
    connection.execute(insert(snapshot).values(**key, value=value, read_at=datetime.now(UTC)))


def last_snapshot(connection: Connection, number: str, *, system: str, subject: str) -> Snapshot | None:
    """The latest reading, or None when there never was one."""
    row = connection.execute(
        select(snapshot.c.value, snapshot.c.read_at).where(
            snapshot.c.account_id == _id_of(number).scalar_subquery(),
            snapshot.c.system == system,
            snapshot.c.subject == subject,
        )
    ).one_or_none()
    return None if row is None else Snapshot(value=row.value, read_at=row.read_at)


def _id_of(number: str) -> Select[tuple[int]]:
    return select(account.c.id).where(account.c.number == number)
