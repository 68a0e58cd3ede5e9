"""Who acts, and what they may do, at this moment. A page only knows who it was drawn for."""

from contextlib import nullcontext
from datetime import UTC, datetime

from sqlalchemy import Connection

from lib.actions.engine.errors import NotAllowed, SignedOut
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store import sessions


def as_now(services: Services, actor: Identity, connection: Connection | None = None) -> Identity:
    """The same person with the roles they have now, read from the database (in the transaction of `connection`).

    Raises:
        SignedOut: their sign-in has ended, they are inactive or have a new password, or they never signed in.
    """
    if actor.session is not None:
        with nullcontext(connection) if connection is not None else services.engine.connect() as reading:
            found = sessions.find_by_id(reading, actor.session)
        if found is not None and found.holds(datetime.now(UTC), services.settings.sign_in_hours):
            now = found.person.identity(actor.source, found.id)
            # A sign-in belongs to one person for ever: an identity with somebody else's was made up.
            if now.email == actor.email:
                return now
    raise SignedOut


def require_now(
    services: Services, actor: Identity, permission: Permission, account: str, connection: Connection | None = None
) -> Identity:
    """The same person as `as_now` returns, when they may do this to the account now.

    Raises:
        SignedOut: as `as_now`.
        NotAllowed: their roles do not include it.
    """
    now = as_now(services, actor, connection)
    if not now.may(permission, account):
        raise NotAllowed(f"Nothing was done: your role does not include {permission}. Ask a support lead to do it.")
    return now
