"""What every part of a page needs to know, in one value: the app, the person and the open account."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from lib.app.start import App
from lib.domain.accounts import Account
from lib.domain.audience import is_staff
from lib.domain.moments import local_time
from lib.domain.permissions import Identity, Permission


@dataclass(frozen=True)
class Visit:
    """The started app, the person who is signed in, and the account that is open on the page.

    The frame makes one at every run of the script, and a fragment at every click of its own. It is never kept.
    """

    app: App
    identity: Identity
    opened: Account | None = None

    @property
    def account(self) -> Account:
        """The account the page is about.

        Raises:
            LookupError: the page is about no account.
        """
        if self.opened is None:
            raise LookupError("no account is open on this page")
        return self.opened

    @property
    def staff(self) -> bool:
        """True for the company's own people; False for a customer's account admin."""
        return is_staff(self.identity)

    def may(self, permission: Permission) -> bool:
        """Whether this person may do this, to the open account where there is one."""
        return self.identity.may(permission, self.opened.number if self.opened else None)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to the Hub database, to read with."""
        with self.app.services.engine.connect() as connection:
            yield connection

    def at(self, moment: datetime | None) -> str:
        """`14:02` today, `21 Nov 14:02` on another day, in the time zone of `AM_TIME_ZONE`; "never" for None."""
        return "never" if moment is None else local_time(moment, self.app.settings.time_zone)


# The visit of this run of the script; each session runs in a thread of its own.
_under_way: ContextVar[Visit | None] = ContextVar("visit", default=None)


def under_way() -> Visit | None:
    """The visit of this run of the script; None before anybody has asked who is signed in."""
    return _under_way.get()


@contextmanager
def during(visit: Visit) -> Iterator[None]:
    """Makes it the visit that `under_way` returns, inside the `with` block."""
    token = _under_way.set(visit)
    try:
        yield
    finally:
        _under_way.reset(token)
