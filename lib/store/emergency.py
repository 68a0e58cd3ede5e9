"""Emergency details in the Hub: every version is kept, and the latest counts."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from lib.domain.emergency import EmergencyRecord
from lib.store.account_id import id_of, id_query
from lib.store.schema import emergency_record


class Version(BaseModel):
    """One saved version: what, by whom (e-mail) and when."""

    model_config = ConfigDict(frozen=True)

    version: int
    record: EmergencyRecord
    saved_by: str
    saved_at: datetime


class SavedMeanwhile(Exception):
    """Somebody else has saved another version, which is the latest one now."""

    def __init__(self, latest: Version | None) -> None:
        super().__init__("somebody else saved another version")
        self.latest = latest


def list_versions(connection: Connection, number: str, *, limit: int = 50) -> list[Version]:
    """The versions of the account, newest first."""
    rows = connection.execute(
        select(emergency_record)
        .where(emergency_record.c.account_id == id_query(number))
        .order_by(emergency_record.c.version.desc())
        .limit(limit)
    )
    return [
        Version(
            version=row.version,
            record=EmergencyRecord.model_validate(row.details),
            saved_by=row.saved_by,
            saved_at=row.saved_at,
        )
        for row in rows
    ]


def latest_version(connection: Connection, number: str) -> Version | None:
    """The latest version, or None when nothing was saved."""
    return next(iter(list_versions(connection, number, limit=1)), None)


def save_version(connection: Connection, number: str, record: EmergencyRecord, *, after: int, saved_by: str) -> Version:
    """Save the record as the version that follows `after` (0 for the first). Call it inside `writing`.

    Raises:
        AccountGone: no account has this number.
        SavedMeanwhile: `after` is not the latest version any more.
    """
    account_id = id_of(connection, number)
    latest = latest_version(connection, number)
    if (latest.version if latest else 0) != after:
        raise SavedMeanwhile(latest)
    saved = Version(version=after + 1, record=record, saved_by=saved_by, saved_at=datetime.now(UTC))
    try:
        with connection.begin_nested():
            connection.execute(
                insert(emergency_record).values(
                    account_id=account_id,
                    version=saved.version,
                    details=record.model_dump(),
                    saved_by=saved_by,
                    saved_at=saved.saved_at,
                )
            )
    except IntegrityError as error:
        # Another process was faster by less than a transaction: the constraint refused our row.
        raise SavedMeanwhile(latest_version(connection, number)) from error
    return saved
