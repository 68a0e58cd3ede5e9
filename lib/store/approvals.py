"""Plans that wait for a second person. An approval is for one fingerprint: a changed plan needs another one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, insert, select, update

from lib.store.schema import plan_approval


class Approval(BaseModel):
    """One request for approval, and its outcome."""

    model_config = ConfigDict(frozen=True)

    id: int
    kind: str
    account: str
    fingerprint: str
    params: dict[str, Any]
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    approved_by: str | None
    approved_by_name: str | None
    approved_at: datetime | None
    used_by_run: str | None


def ask(
    connection: Connection,
    *,
    kind: str,
    account: str,
    fingerprint: str,
    params: dict[str, Any],
    asked_by: str,
    asked_by_name: str,
) -> int:
    """Store a request and return its id."""
    return int(
        connection.execute(
            insert(plan_approval)
            .values(
                kind=kind,
                account=account,
                fingerprint=fingerprint,
                params=params,
                asked_by=asked_by,
                asked_by_name=asked_by_name,
                asked_at=datetime.now(UTC),
            )
            .returning(plan_approval.c.id)
        ).scalar_one()
    )


def approve(connection: Connection, approval_id: int, *, by: str, by_name: str) -> bool:
    """Store who approved it. False when somebody did already."""
    changed = connection.execute(
        update(plan_approval)
        .where(plan_approval.c.id == approval_id, plan_approval.c.approved_by.is_(None))
        .values(approved_by=by, approved_by_name=by_name, approved_at=datetime.now(UTC))
    )
    return bool(changed.rowcount)


def use(connection: Connection, approval_id: int, run_id: str) -> bool:
    """Use an approval for a run. False when it was used before: one approval starts one run."""
    changed = connection.execute(
        update(plan_approval)
        .where(plan_approval.c.id == approval_id, plan_approval.c.used_by_run.is_(None))
        .values(used_by_run=run_id)
    )
    return bool(changed.rowcount)


def get(connection: Connection, approval_id: int) -> Approval | None:
    """The request with this id, or None."""
    row = connection.execute(select(plan_approval).where(plan_approval.c.id == approval_id)).one_or_none()
    return None if row is None else Approval.model_validate(dict(row._mapping))


def newest(connection: Connection, kind: str, account: str, *, hours: float) -> Approval | None:
    """The newest unused request of this kind for the account that is not older than `hours`."""
    row = connection.execute(
        select(plan_approval)
        .where(
            plan_approval.c.kind == kind,
            plan_approval.c.account == account,
            plan_approval.c.used_by_run.is_(None),
            plan_approval.c.asked_at > datetime.now(UTC) - timedelta(hours=hours),
        )
        .order_by(plan_approval.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Approval.model_validate(dict(row._mapping))
