"""The only way to download data: for a person who may have it now, and only once the audit has it.

Every download of a page comes here, at the click. The person's right is read from the database again, the file is
made, and the event is written in a transaction that reads the right once more. When the event cannot be written,
nothing is handed out. The event has no personal data: it names the fields of a filter, never the name that was sought.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection

from lib.actions.engine.errors import NotAllowed
from lib.actions.engine.who import as_now
from lib.domain.activity import EXPORT
from lib.domain.permissions import Identity, Permission
from lib.domain.words import counted
from lib.services import Services
from lib.store import audit
from lib.store.engine import writing

log = structlog.get_logger(__name__)

WHAT = {
    "sent_emails": "sent e-mails",
    "emergency_details": "the emergency details by number",
    "audit_events": "the events of the audit",
    "receipt": "a receipt",
}
"""What can be handed out, in words."""


@dataclass(frozen=True)
class Parcel:
    """What somebody wants to download. `account` None: of all accounts."""

    what: str
    account: str | None
    permission: Permission = Permission.EXPORT
    filter: Mapping[str, Any] = field(default_factory=dict)
    """The filter, without personal data."""
    narrowed: tuple[str, ...] = ()
    """The filter in words."""
    run: str | None = None
    """The run whose receipt it is."""


def hand_out(
    services: Services, actor: Identity, parcel: Parcel, make: Callable[[Identity], tuple[bytes, int]]
) -> bytes:
    """The file that `make` makes for this person, who may have it at this moment. `make` also returns its rows.

    Raises:
        PermissionError: the person may not have it any more; the refusal is in the audit.
        SQLAlchemyError: the database is away; nothing is handed out.
    """
    try:
        file, rows = make(_who_may(services, actor, parcel))
        with writing(services.engine) as connection:
            # Again: a long file takes a while, and the person may have lost the right since.
            person = _who_may(services, actor, parcel, connection)
            _record(connection, parcel, person.email, "done", {"rows": rows, "text": _in_words(parcel, rows)})
    except NotAllowed as refusal:
        with writing(services.engine) as connection:
            why = {"why": type(refusal).__name__, "text": str(refusal)}
            _record(connection, parcel, actor.email, "refused", why)
        raise PermissionError("this person may not have this file now; nothing was handed out") from refusal
    log.info("handed out", what=parcel.what, account=parcel.account, rows=rows)
    return file


def _who_may(services: Services, actor: Identity, parcel: Parcel, connection: Connection | None = None) -> Identity:
    """The person with the roles they have now, which include the right to this file."""
    now = as_now(services, actor, connection)
    if not now.may(parcel.permission, parcel.account):
        raise NotAllowed(f"Nothing was handed out: the person does not have the right {parcel.permission} now.")
    return now


def _record(connection: Connection, parcel: Parcel, actor: str, phase: str, details: dict[str, Any]) -> None:
    about = {"what": parcel.what, "accounts": parcel.account or "all", "filter": dict(parcel.filter)}
    if parcel.run is not None:
        about["run"] = parcel.run
    audit.append_event(
        connection, kind=EXPORT, phase=phase, actor=actor, account=parcel.account, details=about | details
    )


def _in_words(parcel: Parcel, rows: int) -> str:
    of = f"account {parcel.account}" if parcel.account else "all accounts"
    which = f" ({parcel.run})" if parcel.run else ""
    narrowed = f", only those {', '.join(parcel.narrowed)}" if parcel.narrowed else ""
    return f"{counted(rows, 'row')} of {WHAT.get(parcel.what, parcel.what)}{which} of {of}{narrowed}."
