"""Drafts: what a person has typed into a form and not sent yet. They are kept for a day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from lib.store.schema import form_draft

KEPT = timedelta(days=1)
"""A draft that was not changed for this long is deleted."""


class Draft(BaseModel):
    """What was typed, by field, and the form's values before. Neither is printed: it is personal data."""

    model_config = ConfigDict(frozen=True)

    typed: dict[str, Any] = Field(repr=False)
    began_with: dict[str, Any] = Field(repr=False)
    saved_at: datetime


def find_draft(connection: Connection, account: str, person: str, form: str) -> Draft | None:
    """What this person (e-mail) has typed into this form of the account, or None."""
    row = connection.execute(
        select(form_draft).where(_of(account, person, form), form_draft.c.saved_at > _oldest())
    ).one_or_none()
    return None if row is None else Draft(typed=row.typed, began_with=row.began_with, saved_at=row.saved_at)


def save_draft(
    connection: Connection, account: str, person: str, form: str, *, typed: dict[str, Any], began_with: dict[str, Any]
) -> None:
    """Store what is typed now, instead of what was stored before. Call it inside `writing`."""
    drop_old_drafts(connection)
    values = {"typed": typed, "began_with": began_with, "saved_at": datetime.now(UTC)}
    renew = update(form_draft).where(_of(account, person, form)).values(values)
    if connection.execute(renew).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(form_draft).values(account=account, person=person, form=form, **values))
    except IntegrityError:
        # Another tab of the same person was faster. The later one counts.
        connection.execute(renew)


def drop_draft(connection: Connection, account: str, person: str, form: str) -> None:
    """Delete the draft. Call it inside `writing`."""
    connection.execute(delete(form_draft).where(_of(account, person, form)))


def drop_old_drafts(connection: Connection) -> int:
    """Delete every draft that is old enough. Returns how many there were."""
    return connection.execute(delete(form_draft).where(form_draft.c.saved_at <= _oldest())).rowcount


def _of(account: str, person: str, form: str) -> ColumnElement[bool]:
    return and_(form_draft.c.account == account, form_draft.c.person == person, form_draft.c.form == form)


def _oldest() -> datetime:
    return datetime.now(UTC) - KEPT
