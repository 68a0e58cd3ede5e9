"""People who act in tests, and their sign-ins in the test's database."""

from sqlalchemy import Engine, insert, select, update

from lib.domain.permissions import Identity, Role
from lib.store.engine import writing
from lib.store.schema import account, person, person_role, sign_in_session
from lib.store.sessions import begin_session, find_by_token


def somebody(email: str, name: str, *roles: Role, account: str | None = None) -> Identity:
    """A person who can be let in with `let_in`."""
    username = email.partition("@")[0]
    return Identity(
        email=email,
        name=name,
        roles=frozenset(roles),
        source="test",
        account=account,
        username=username,
        session=f"sign-in-of-{username}"[:32],
    )


def let_in(engine: Engine, *people: Identity) -> None:
    """Add these people, signed in; a second time changes nothing."""
    with writing(engine) as connection:
        for one in people:
            if connection.execute(select(person.c.id).where(person.c.email == one.email)).first():
                continue
            own = select(account.c.id).where(account.c.number == one.account).scalar_subquery() if one.account else None
            id_ = connection.execute(
                insert(person)
                .values(username=one.username, email=one.email, name=one.name, account_id=own)
                .returning(person.c.id)
            ).scalar_one()
            for role in one.roles:
                connection.execute(insert(person_role).values(person_id=id_, role=role.value))
            found = find_by_token(connection, begin_session(connection, one.username, address="127.0.0.1"))
            connection.execute(update(sign_in_session).where(sign_in_session.c.id == found.id).values(id=one.session))
