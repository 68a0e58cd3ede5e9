"""The demo's sign-ins. Their passwords are published, so production refuses a database that has them."""

from dataclasses import dataclass

import bcrypt
from sqlalchemy import Connection, insert

from lib.demo.world import notable
from lib.domain.permissions import Role
from lib.store.account_id import id_of
from lib.store.schema import person, person_role


@dataclass(frozen=True)
class SignIn:
    """A published sign-in and what it can do."""

    username: str
    password: str
    role: Role
    what: str


DEMO_SIGN_INS = (
    SignIn("lead", "lead-demo", Role.SUPPORT_LEAD, "does everything on an account"),
    SignIn("billing", "billing-demo", Role.BILLING, "sees all accounts, changes no name or parent"),
    SignIn("viewer", "viewer-demo", Role.READ_ONLY, "sees everything, changes nothing"),
    SignIn("admin", "admin-demo", Role.ADMIN, "does everything a support lead does"),
    SignIn("customer", "customer-demo", Role.ACCOUNT_ADMIN, "sees one account only, a suspended one"),
)


def add_people(connection: Connection) -> None:
    """Write the demo's sign-ins. The accounts must exist already."""
    number = notable()["suspended"]
    own = id_of(connection, number)
    for sign_in in DEMO_SIGN_INS:
        row = {
            "username": sign_in.username,
            "email": f"{sign_in.username}@demo.example",
            "name": f"Demo {sign_in.username}",
            "password_hash": bcrypt.hashpw(sign_in.password.encode(), bcrypt.gensalt(12)).decode(),
            "demo": True,
            "account_id": own if sign_in.role is Role.ACCOUNT_ADMIN else None,
        }
        id_ = connection.execute(insert(person).values(row).returning(person.c.id)).scalar_one()
        connection.execute(insert(person_role).values(person_id=id_, role=sign_in.role.value))
