"""The people who may sign in, and their roles."""

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, bindparam, func, select

from lib.domain.permissions import Identity, Role
from lib.store.schema import account, person, person_role

# Used in every run of every page: building the query each time would take longer than running it.
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
    password_hash: str | None = Field(repr=False)
    active: bool
    demo: bool
    account: str | None
    roles: frozenset[Role]

    def identity(self, source: str, session: str | None = None) -> Identity:
        """The person as they act now. `session` is their sign-in."""
        return Identity(
            email=self.email,
            name=self.name,
            roles=self.roles,
            source=source,
            account=self.account,
            username=self.username,
            session=session,
        )


def find_person(connection: Connection, username: str) -> Person | None:
    """The person with this sign-in name (any case), or None."""
    rows = connection.execute(_WITH_ROLES, {"name": username.strip().lower()}).all()
    if not rows:
        return None
    roles = frozenset(Role(row.role) for row in rows if row.role is not None)
    return Person.model_validate({**rows[0]._mapping, "roles": roles})


def has_demo_people(connection: Connection) -> bool:
    """True when a sign-in with a published password could be used."""
    count = select(func.count()).select_from(person).where(person.c.demo, person.c.active)
    return bool(connection.execute(count).scalar_one())
