"""What Zuora says about an account now, without making a page wait for it.

A reading runs in the background. The page waits a moment for it; if that is not enough, it shows the last snapshot with
its time and asks again. Readings are cached by account, for a few seconds and up to a maximum number.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError

from lib.clients.errors import NotFound, RemoteError
from lib.clients.zuora import ZuoraAccount
from lib.domain.accounts import Account
from lib.services import Services
from lib.store import accounts, snapshots
from lib.store.away import is_away
from lib.store.engine import writing

log = structlog.get_logger(__name__)

ENTRIES = 500
READERS = 8


class ZuoraFacts(BaseModel):
    """What the pages show of a Zuora account. `parent` is a Hub account number where the Hub knows it."""

    model_config = ConfigDict(frozen=True)

    account: ZuoraAccount
    parent: str | None = None


@dataclass(frozen=True)
class Reading:
    """`value` is what is known, as of `read_at`; `state` says how far that can be trusted.

    live: read just now. reading: under way, `value` is the last snapshot. failed: could not be read, `why` says
    why, `value` is the last snapshot. missing: Zuora has no such account. unlinked: the Hub has no link to Zuora.
    """

    state: Literal["live", "reading", "failed", "missing", "unlinked"]
    value: ZuoraFacts | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    why: str = ""


@dataclass
class _Entry:
    future: Future[Reading]
    made: float
    changed_at: datetime
    served: bool = False


class LiveReads:
    """The readings of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="live")
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def zuora(self, account: Account, *, wait: float | None = None) -> Reading:
        """What Zuora says about the account, waiting at most `wait` seconds (default: the setting)."""
        if account.zuora_id is None:
            return Reading("unlinked")
        patience = self._services.settings.page_wait_seconds if wait is None else wait
        entry = self._entry(account, lambda: self._read(account))
        try:
            reading = entry.future.result(timeout=patience)
        except WaitedTooLong:
            return self._last(account, "reading")
        except Exception:
            # A reading that broke is not kept: the next page starts another one.
            self.forget(account.number)
            raise
        entry.served = True
        return reading

    def forget(self, number: str) -> None:
        """Drop what is cached about the account, for example after an action changed it."""
        with self._lock:
            self._entries.pop(number, None)

    def close(self) -> None:
        """End the readers, without waiting for a reading under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _entry(self, account: Account, read: Callable[[], Reading]) -> _Entry:
        """The reading that is under way or still fresh, else a new one: one at a time for each account."""
        with self._lock:
            entry = self._entries.get(account.number)
            if entry is not None and self._is_fresh(entry, account):
                self._entries.move_to_end(account.number)
                return entry
            entry = _Entry(self._pool.submit(read), time.monotonic(), account.changed_at)
            self._entries[account.number] = entry
            while len(self._entries) > ENTRIES:
                self._entries.popitem(last=False)
            return entry

    def _is_fresh(self, entry: _Entry, account: Account) -> bool:
        """False also when the account has changed in the Hub since: then it has probably changed in Zuora too."""
        if entry.changed_at != account.changed_at:
            return False
        # A reading that took longer than the cache time is still shown once, or a slow Zuora would never be shown.
        if not entry.future.done() or not entry.served:
            return True
        return time.monotonic() - entry.made < self._services.settings.zuora_cache_seconds

    def _read(self, account: Account) -> Reading:
        assert account.zuora_id is not None
        try:
            found = self._services.read_zuora(account.zuora_id)
            facts = ZuoraFacts(account=found, parent=self._parent(found))
        except NotFound:
            return Reading("missing", why=f"Zuora has no account {account.zuora_number}.", failed_at=datetime.now(UTC))
        except RemoteError as error:
            return self._last(account, "failed", why=str(error))
        except Exception as error:
            if is_away(error):
                # The last snapshot cannot be read either. The page says that the database is away.
                raise
            log.exception("reading broke", account=account.number)
            return self._last(account, "failed", why=f"Reading Zuora stopped on an error ({type(error).__name__}).")
        self._keep(account, facts)
        return Reading("live", facts, read_at=datetime.now(UTC))

    def _parent(self, found: ZuoraAccount) -> str | None:
        if found.parent_id is None:
            return None
        with self._services.engine.connect() as connection:
            known = accounts.numbers_by_zuora_id(connection, [found.parent_id])
        return known.get(found.parent_id) or self._services.read_zuora(found.parent_id).number

    def _keep(self, account: Account, facts: ZuoraFacts) -> None:
        value = facts.model_dump(mode="json")
        try:
            with writing(self._services.engine) as connection:
                snapshots.save_snapshot(connection, account.number, system="zuora", subject="account", value=value)
        except SQLAlchemyError as error:
            # The reading is still true. The older snapshot stays stored, with its own time.
            log.warning("reading not kept", account=account.number, why=type(error).__name__)

    def _last(self, account: Account, state: Literal["reading", "failed"], why: str = "") -> Reading:
        """The stored snapshot: the best that is known while Zuora does not answer."""
        with self._services.engine.connect() as connection:
            kept = snapshots.last_snapshot(connection, account.number, system="zuora", subject="account")
        failed_at = datetime.now(UTC) if state == "failed" else None
        if kept is None:
            return Reading(state, failed_at=failed_at, why=why)
        return Reading(state, _facts(kept.value), read_at=kept.read_at, failed_at=failed_at, why=why)


def _facts(value: dict[str, Any]) -> ZuoraFacts | None:
    """The facts of a snapshot; None when another version stored it in a form that this one cannot read."""
    try:
        return ZuoraFacts.model_validate(value)
    except ValueError:
        return None
