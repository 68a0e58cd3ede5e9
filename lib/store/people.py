"""The people who may sign in, their roles, and the protection of their sign-in."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, bindparam, func, select, update

from lib.domain.permissions import Role
from lib.store.schema import account, person, person_role

# Asked at every run of every page: to write the query down anew would take longer than to run it.
_WITH_ROLES = (
    select(person, account.c.number.label("account"), person_role.c.role)
    .outerjoin(account, person.c.account_id == account.c.id)
    .outerjoin(person_role, person_role.c.person_id == person.c.id)
    .where(person.c.username == bindparam("name", type_=person.c.username.type))
)


class Person(BaseModel):
    """Somebody with a sign-in. `account` is set for an account admin: the only account they see."""

    model_config = ConfigDict(frozen=True)

    username: str
    email: str
    name: str
    password_hash: str | None
    active: bool
    demo: bool
    account: str | None
    roles: frozenset[Role]
    locked_until: datetime | None
    signed_out_at: datetime | None

    def is_locked(self, now: datetime) -> bool:
        """True while sign-in is refused after too many wrong passwords."""
        return self.locked_until is not None and now < self.locked_until


def find_person(connection: Connection, username: str) -> Person | None:
    """The person with this sign-in name (any case), or None."""
    rows = connection.execute(_WITH_ROLES, {"name": username.strip().lower()}).all()
    if not rows:
        return None
    roles = frozenset(Role(row.role) for row in rows if row.role is not None)
    return Person.model_validate({**rows[0]._mapping, "roles": roles})


def record_wrong_password(connection: Connection, username: str, *, allowed: int, lock_minutes: float) -> None:
    """Count a wrong password; after `allowed` in a row sign-in is refused for `lock_minutes`."""
    lock = datetime.now(UTC) + timedelta(minutes=lock_minutes)
    connection.execute(
        update(person).where(person.c.username == username).values(failed_sign_ins=person.c.failed_sign_ins + 1)
    )
    connection.execute(
        update(person)
        .where(person.c.username == username, person.c.failed_sign_ins >= allowed)
        .values(locked_until=lock, failed_sign_ins=0)
    )


def record_sign_in(connection: Connection, username: str) -> None:
    """Forget earlier wrong passwords."""
    connection.execute(update(person).where(person.c.username == username).values(failed_sign_ins=0, locked_until=None))


def record_sign_out(connection: Connection, username: str) -> None:
    """From now on no cookie made before this moment signs the person in, in any browser."""
    connection.execute(update(person).where(person.c.username == username).values(signed_out_at=datetime.now(UTC)))


def has_demo_people(connection: Connection) -> bool:
    """True when a sign-in with a published password could be used."""
    count = select(func.count()).select_from(person).where(person.c.demo, person.c.active)
    return bool(connection.execute(count).scalar_one())
