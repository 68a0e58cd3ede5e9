"""Change who may sign in and what they may do. Each change is checked and written to the audit."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from lib.app.passwords import hash_password
from lib.domain.accounts import NUMBER
from lib.domain.permissions import Role
from lib.email_addresses import read_address
from lib.store import audit, people, people_changes, sessions, sign_in_tries
from lib.store.engine import writing
from lib.store.people import Person

KIND = "people"
"""The kind of these events in the audit; the phase says what was done."""

LONGEST_NAME = 120
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,59}")


class NotChanged(ValueError):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True)
class NewPerson:
    """A person to add, as typed. `account` is the number of the account that an account admin sees."""

    username: str
    email: str
    name: str
    roles: frozenset[Role]
    account: str | None = None


def add(engine: Engine, new: NewPerson, password: str, *, actor: str) -> str:
    """Add this person; returns the user name they sign in with, in lower case.

    Raises:
        NotChanged: something typed cannot be used, or somebody else has the user name or the address.
        NotAnAddress: the e-mail address cannot be used.
        UnusablePassword: the password cannot be used.
    """
    username = check_username(new.username)
    address = read_address(new.email, private=True)
    email = f"{address.local}@{address.domain}"
    name = " ".join(new.name.split())
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise NotChanged(f"The name must have between 1 and {LONGEST_NAME} characters, all of them visible.")
    _check_roles(new.roles, new.account)
    hashed = hash_password(password)
    try:
        with writing(engine) as connection:
            people_changes.insert_person(
                connection,
                username=username,
                email=email,
                name=name,
                password_hash=hashed,
                account_number=new.account,
                roles=new.roles,
            )
            _note(connection, "added", actor, username, {"roles": sorted(new.roles), "account": new.account})
    except people_changes.Taken as taken:
        raise NotChanged(f"Somebody else has this {taken}. `people list` shows everybody.") from None
    except KeyError:
        raise NotChanged(f"There is no account {new.account}. Check the number.") from None
    return username


def change_roles(engine: Engine, username: str, roles: Iterable[Role], *, actor: str) -> int:
    """Give this person exactly these roles, and end their sign-ins; returns how many ended.

    Raises:
        NotChanged: there is no such person, the roles do not fit, or no admin would be left.
    """
    wanted = frozenset(roles)
    with _changing(engine, username) as (connection, found):
        _check_roles(wanted, found.account)
        if Role.ADMIN not in wanted:
            _keep_an_admin(connection, found)
        people_changes.replace_roles(connection, found.username, wanted)
        details = {"before": sorted(found.roles), "after": sorted(wanted)}
        return _end_sign_ins(connection, "roles", actor, found, details)


def disable(engine: Engine, username: str, *, actor: str) -> int:
    """Disable this person and end their sign-ins; returns how many ended.

    Raises:
        NotChanged: there is no such person, or no admin would be left.
    """
    with _changing(engine, username) as (connection, found):
        _keep_an_admin(connection, found)
        people_changes.set_active(connection, found.username, False)
        return _end_sign_ins(connection, "disabled", actor, found, {})


def enable(engine: Engine, username: str, *, actor: str) -> None:
    """Let a disabled person sign in again.

    Raises:
        NotChanged: there is no such person, or it is one of the demo's sign-ins.
    """
    with _changing(engine, username) as (connection, found):
        if found.demo:
            raise NotChanged("This is a sign-in of the demo. Its password is published, so it stays disabled.")
        people_changes.set_active(connection, found.username, True)
        _note(connection, "enabled", actor, found.username, {})


def change_password(engine: Engine, username: str, password: str, *, actor: str) -> int:
    """Give this person another password, and end their sign-ins; returns how many ended.

    Raises:
        NotChanged: there is no such person.
        UnusablePassword: the password cannot be used.
    """
    hashed = hash_password(password)
    with _changing(engine, username) as (connection, found):
        people_changes.set_password(connection, found.username, hashed)
        return _end_sign_ins(connection, "password", actor, found, {})


def unlock(engine: Engine, username: str, *, actor: str) -> int:
    """Forget this person's failed sign-ins; returns how many counters were removed.

    Raises:
        NotChanged: there is no such person.
    """
    with _changing(engine, username) as (connection, found):
        gone = sign_in_tries.forget_all_of(connection, found.username)
        _note(connection, "unlocked", actor, found.username, {"counters": gone})
        return gone


def check_username(text: str) -> str:
    """The user name as it is stored: in lower case.

    Raises:
        NotChanged: it cannot be a user name.
    """
    username = text.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise NotChanged(
            "A user name has at most 60 of the letters a to z, digits, dots, hyphens, underscores and @, and begins "
            "with a letter or a digit."
        )
    return username


def _check_roles(roles: frozenset[Role], account: str | None) -> None:
    if not roles:
        raise NotChanged(f"Name at least one role: {', '.join(Role)}.")
    if Role.ACCOUNT_ADMIN in roles and len(roles) > 1:
        raise NotChanged("An account admin is a customer and has no role of the staff. Give account_admin alone.")
    if Role.ACCOUNT_ADMIN in roles and account is None:
        raise NotChanged("An account admin belongs to one account. Add them with --account and its number.")
    if Role.ACCOUNT_ADMIN not in roles and account is not None:
        raise NotChanged("Only an account admin belongs to one account. Leave the account out, or the other roles.")
    if account is not None and not NUMBER.fullmatch(account):
        raise NotChanged("An account number has four to six digits.")


@contextmanager
def _changing(engine: Engine, username: str) -> Iterator[tuple[Connection, Person]]:
    with writing(engine) as connection:
        people_changes.lock_people(connection)
        found = people.find_person(connection, username)
        if found is None:
            raise NotChanged("Nobody has this user name. `people list` shows everybody.")
        yield connection, found


def _keep_an_admin(connection: Connection, found: Person) -> None:
    if found.active and Role.ADMIN in found.roles and not people_changes.other_admins(connection, found.username):
        raise NotChanged("This is the last active admin. Make somebody else an admin first.")


def _end_sign_ins(connection: Connection, phase: str, actor: str, found: Person, details: dict[str, list[Role]]) -> int:
    ended = sessions.end_sessions_of(connection, found.username)
    _note(connection, phase, actor, found.username, {**details, "sign_ins_ended": ended})
    return ended


def _note(connection: Connection, phase: str, actor: str, username: str, details: dict[str, object]) -> None:
    audit.append_event(connection, kind=KIND, phase=phase, actor=actor, details={"person": username, **details})
