"""Sign-ins: a row for each person and browser, found by the cookie's token. Ending the row ends the sign-in."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from types import EllipsisType
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, insert, select, update

from lib.domain.permissions import Role
from lib.store.people import Person
from lib.store.schema import account, person, person_role, sign_in_session

KEPT = timedelta(days=30)
"""How long an ended or expired sign-in is kept."""

MOST = 20
"""How many sign-ins one person can have at a time."""

_COLUMNS = (
    sign_in_session.c.id.label("session_id"),
    sign_in_session.c.began_at,
    sign_in_session.c.ended_at,
    sign_in_session.c.password_mark,
    person,
    account.c.number.label("account"),
    person_role.c.role,
)


def _with_person(column: str) -> Select[Any]:
    # Built once for each of the two keys: it is used in every run of every page and fragment.
    key = sign_in_session.c[column]
    return (
        select(*_COLUMNS)
        .join(person, sign_in_session.c.person_id == person.c.id)
        .outerjoin(account, person.c.account_id == account.c.id)
        .outerjoin(person_role, person_role.c.person_id == person.c.id)
        .where(key == bindparam("key", type_=key.type))
    )


_BY_TOKEN = _with_person("token_hash")
_BY_ID = _with_person("id")


class SignIn(BaseModel):
    """One sign-in and whose it is, with the person as they are now."""

    model_config = ConfigDict(frozen=True)

    id: str
    person: Person
    began_at: datetime
    ended_at: datetime | None
    password_mark: str

    def holds(self, now: datetime, hours: float) -> bool:
        """True while it is valid: not ended, not older than `hours`, the person active, and the password the same.

        A beginning in the future means that the clock was set back. It counts as just begun.
        """
        return (
            self.ended_at is None
            and now - self.began_at <= timedelta(hours=hours)
            and self.person.active
            and secrets.compare_digest(self.password_mark, _mark(self.person.password_hash))
        )


def begin_session(
    connection: Connection, username: str, *, address: str, password_hash: str | EllipsisType | None = ...
) -> str:
    """Sign this person in, and return the token for the cookie, which is not stored. Call it inside `writing`.

    `password_hash` is the one that was checked. The oldest sign-ins beyond `MOST` of a person are deleted.

    Raises:
        KeyError: there is no such person, or the password has changed.
    """
    columns = (person.c.id, person.c.password_hash, person.c.active)
    row = connection.execute(select(*columns).where(person.c.username == username)).first()
    if row is None or (password_hash is not ... and (row.password_hash != password_hash or not row.active)):
        raise KeyError(username)
    kept = (
        select(sign_in_session.c.id)
        .where(sign_in_session.c.person_id == row.id)
        .order_by(sign_in_session.c.began_at.desc())
        .limit(MOST - 1)
    )
    connection.execute(
        delete(sign_in_session).where(sign_in_session.c.person_id == row.id, sign_in_session.c.id.not_in(kept))
    )
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    connection.execute(delete(sign_in_session).where(sign_in_session.c.began_at < now - KEPT))
    connection.execute(
        insert(sign_in_session).values(
            id=secrets.token_hex(16),
            token_hash=_hash(token),
            person_id=row.id,
            password_mark=_mark(row.password_hash),
            address=address[:45],
            began_at=now,
        )
    )
    return token


def find_by_token(connection: Connection, token: str) -> SignIn | None:
    """The sign-in of this cookie, ended or not. None when it was never issued."""
    return _find(connection, _BY_TOKEN, _hash(token))


def find_by_id(connection: Connection, session: str) -> SignIn | None:
    """The sign-in with this id, ended or not."""
    return _find(connection, _BY_ID, session)


def end_session(connection: Connection, session: str) -> bool:
    """End one sign-in. False when it had ended before. Call it inside `writing`."""
    return bool(_end(connection, sign_in_session.c.id == session))


def end_sessions_of(connection: Connection, username: str) -> int:
    """End every sign-in of this person, in any browser. Returns how many there were. Call it inside `writing`."""
    owner = select(person.c.id).where(person.c.username == username).scalar_subquery()
    return _end(connection, sign_in_session.c.person_id == owner)


def _end(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.execute(
        update(sign_in_session).where(which, sign_in_session.c.ended_at.is_(None)).values(ended_at=datetime.now(UTC))
    ).rowcount


def _find(connection: Connection, query: Select[Any], key: str) -> SignIn | None:
    rows = connection.execute(query, {"key": key}).all()
    if not rows:
        return None
    first = rows[0]._mapping
    roles = frozenset(Role(row.role) for row in rows if row.role is not None)
    return SignIn(
        id=first["session_id"],
        person=Person.model_validate({**first, "roles": roles}),
        began_at=first["began_at"],
        ended_at=first["ended_at"],
        password_mark=first["password_mark"],
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _mark(password_hash: str | None) -> str:
    """A short hash that changes with the password and does not reveal it."""
    return hashlib.sha256(f"mark:{password_hash}".encode()).hexdigest()
