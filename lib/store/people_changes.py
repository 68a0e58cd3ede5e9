"""Add people, and change what they may do and whether they may sign in. Call every function inside `writing`."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from lib.domain.permissions import Role
from lib.store.people import Person
from lib.store.schema import account, person, person_role


class Taken(ValueError):
    """Somebody else has this user name or e-mail address. The text says which."""


def list_people(connection: Connection) -> list[Person]:
    """Everybody with a sign-in, active or not, by user name."""
    query = (
        select(person, account.c.number.label("account"), person_role.c.role)
        .outerjoin(account, person.c.account_id == account.c.id)
        .outerjoin(person_role, person_role.c.person_id == person.c.id)
        .order_by(person.c.username)
    )
    roles: dict[str, set[Role]] = {}
    rows = {}
    for row in connection.execute(query):
        rows[row.username] = row._mapping
        roles.setdefault(row.username, set()).update({Role(row.role)} if row.role is not None else set())
    return [Person.model_validate({**row, "roles": frozenset(roles[name])}) for name, row in rows.items()]


def insert_person(
    connection: Connection,
    *,
    username: str,
    email: str,
    name: str,
    password_hash: str,
    account_number: str | None,
    roles: Iterable[Role],
) -> None:
    """Add somebody who may sign in. `account_number` is the only account an account admin sees.

    Raises:
        Taken: somebody else has the user name or the e-mail address.
        KeyError: there is no such account.
    """
    lock_people(connection)
    same = or_(person.c.username == username, func.lower(person.c.email) == email.lower())
    if (other := connection.execute(select(person.c.username).where(same)).scalar()) is not None:
        raise Taken("user name" if other == username else "e-mail address")
    own = None
    if account_number is not None:
        own = connection.execute(select(account.c.id).where(account.c.number == account_number)).scalar()
        if own is None:
            raise KeyError(account_number)
    row = {"username": username, "email": email, "name": name, "password_hash": password_hash, "account_id": own}
    connection.execute(insert(person).values(row))
    replace_roles(connection, username, roles)


def replace_roles(connection: Connection, username: str, roles: Iterable[Role]) -> None:
    """Give this person exactly these roles."""
    id_ = connection.execute(select(person.c.id).where(person.c.username == username)).scalar_one()
    connection.execute(delete(person_role).where(person_role.c.person_id == id_))
    connection.execute(insert(person_role), [{"person_id": id_, "role": role.value} for role in sorted(set(roles))])


def set_active(connection: Connection, username: str, active: bool) -> None:
    """Let this person sign in, or stop them from signing in."""
    connection.execute(update(person).where(person.c.username == username).values(active=active))


def set_password(connection: Connection, username: str, password_hash: str) -> None:
    """Give this person another password. Every sign-in made with the old one ends."""
    connection.execute(update(person).where(person.c.username == username).values(password_hash=password_hash))


def lock_people(connection: Connection) -> None:
    """Make others who change people wait until this transaction ends, so that each sees the change before.

    On SQLite `writing` does this already.
    """
    connection.execute(select(person.c.id).order_by(person.c.id).with_for_update(key_share=True)).all()


def other_admins(connection: Connection, username: str) -> int:
    """How many active admins there are besides this person."""
    query = (
        select(func.count())
        .select_from(person.join(person_role))
        .where(person.c.active, person_role.c.role == Role.ADMIN.value, person.c.username != username)
    )
    return int(connection.execute(query).scalar_one())
