"""The stand-in's state: a SQLite file that survives a restart."""

import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from lib.private import make_file, make_folder
from lib.standins.zuora import schema
from lib.standins.zuora.manners.faults import Faults
from lib.standins.zuora.manners.lag import ReadLag
from lib.standins.zuora.manners.limits import Limits
from lib.standins.zuora.records import InvoiceRecord, SubscriptionRecord, ZuoraRecord
from lib.standins.zuora.schema import CONTACT_FIELDS, TABLES, Row

__all__ = ["LEVELS", "Row", "ZuoraState"]

LEVELS = 5
_BATCH = 5000
_contact_row = attrgetter(*CONTACT_FIELDS)
_ABOVE = """
WITH RECURSIVE up(id, parent_id, level) AS (
  SELECT id, parent_id, 1 FROM account WHERE id = ?
  UNION ALL SELECT a.id, a.parent_id, up.level + 1 FROM account a JOIN up ON a.id = up.parent_id
  WHERE up.level < 100
) SELECT id FROM up ORDER BY level
"""
_HEIGHT = """
WITH RECURSIVE down(id, level) AS (
  SELECT id, 1 FROM account WHERE id = ?
  UNION ALL SELECT a.id, down.level + 1 FROM account a JOIN down ON a.parent_id = down.id
  WHERE down.level < 100
) SELECT max(level) FROM down
"""


class ZuoraState:
    """Everything Zuora has, in the SQLite file `path`. Threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        make_file(path)
        self.faults = Faults()
        self.lag = ReadLag()
        self.limits = Limits()
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        schema.create(self._db)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def load(self, records: Iterable[ZuoraRecord]) -> None:
        """Add the accounts and their contacts. They replace those with the same id or number."""
        self.lag.forget()
        now = _now()
        rows = iter(records)
        # In batches, so that requests are answered in between.
        while batch := list(itertools.islice(rows, _BATCH)):
            with self.transaction() as db:
                people = {person.id: person for r in batch for person in (r.bill_to, r.sold_to)}
                contacts = (dict(zip(CONTACT_FIELDS, _contact_row(person), strict=True)) for person in people.values())
                db.executemany(schema.insertion("contact"), contacts)
                db.executemany(schema.insertion("account"), (schema.account_row(record, now) for record in batch))

    def load_subscriptions(self, records: Iterable[SubscriptionRecord]) -> None:
        """Add the subscriptions. They replace those with the same id or number. The last one is the newest update."""
        self._load("subscription", records, schema.subscription_row)

    def load_invoices(self, records: Iterable[InvoiceRecord]) -> None:
        """Add the invoices. They replace those with the same id or number."""
        self._load("invoice", records, schema.invoice_row)

    def is_empty(self) -> bool:
        """True when no account is loaded."""
        return not self.rows("SELECT 1 AS one FROM account LIMIT 1")

    def clear(self) -> None:
        """Delete everything: records, faults, and counted requests and sign-ins."""
        with self.transaction() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 (tables are ours)
        self.lag.forget()
        self.faults.clear()
        self.faults.forget_requests()
        self.limits.forget()

    def account(self, key: str) -> Row | None:
        """The account with this number or id."""
        found = self._one("SELECT * FROM account WHERE id = ?", key) or self._one(
            "SELECT * FROM account WHERE account_number = ?", key
        )
        return self.lag.shown("account", found["id"], found) if found else None

    def contact(self, contact_id: str) -> Row:
        """The contact with this id, which must exist."""
        return self.lag.shown("contact", contact_id, self.rows("SELECT * FROM contact WHERE id = ?", contact_id)[0])

    def find_contact(self, contact_id: str) -> Row | None:
        """The contact with this id, or None."""
        found = self._one("SELECT * FROM contact WHERE id = ?", contact_id)
        return self.lag.shown("contact", contact_id, found) if found else None

    def account_of_contact(self, contact_id: str) -> Row | None:
        """An account that has this contact as bill-to or sold-to."""
        sql = "SELECT * FROM account WHERE bill_to_id = ?1 OR sold_to_id = ?1 ORDER BY id LIMIT 1"
        return self._one(sql, contact_id)

    def subscription(self, key: str) -> Row | None:
        """The latest version of the subscription with this number, or the version with this id."""
        latest = self._one("SELECT * FROM subscription WHERE number = ? AND is_latest", key)
        if latest:
            return self.lag.shown("subscription", latest["number"], latest)
        return self._one("SELECT * FROM subscription WHERE id = ?", key)

    def subscriptions_of(self, account_id: str, count: int, skipped: int = 0) -> list[Row]:
        """Latest versions of the account's subscriptions, the newest update first."""
        order = "ORDER BY updated_at DESC, id LIMIT ? OFFSET ?"
        sql = f"SELECT * FROM subscription WHERE account_id = ? AND is_latest {order}"  # noqa: S608
        rows = self.rows(sql, account_id, count, skipped)
        return [self.lag.shown("subscription", row["number"], row) for row in rows]

    def find_accounts(self, where: str, values: Sequence[object], after: str, count: int) -> list[Row]:
        """At most `count` accounts that match `where`, by id, after the id `after`."""
        sql = f"SELECT * FROM account WHERE id > ? AND ({where}) ORDER BY id LIMIT ?"  # noqa: S608
        return self.rows(sql, after, *values, count)

    def update_account(self, account_id: str, changes: Row) -> None:
        """Store the changed columns."""
        self._update("account", account_id, changes | {"updated_at": _now()})

    def update_contact(self, contact_id: str, changes: Row) -> None:
        """Store the changed columns."""
        if changes:
            self._update("contact", contact_id, changes)

    def replace_subscription(self, old_id: str, new: Row) -> None:
        """Store a new version. The old one can still be read by its id."""
        with self.transaction() as db:
            for row in self.rows("SELECT * FROM subscription WHERE id = ?", old_id):
                self.lag.keep("subscription", row["number"], row)
            db.execute("UPDATE subscription SET is_latest = 0 WHERE id = ?", (old_id,))
            db.execute(schema.insertion("subscription"), new | {"updated_at": _moment()})

    def end_cancelled(self, today: str) -> None:
        """End the subscriptions whose terms and conditions schedule a cancellation by `today`."""
        due = "scheduled_cancel_date <= ? AND status = 'Active' AND is_latest"
        if self.rows(f"SELECT 1 AS one FROM subscription WHERE {due} LIMIT 1", today):  # noqa: S608
            with self.transaction() as db:
                db.execute(
                    "UPDATE subscription SET status = 'Cancelled', cancelled_date = scheduled_cancel_date, "  # noqa: S608
                    f"scheduled_cancel_date = NULL WHERE {due}",
                    (today,),
                )

    def next_number(self, name: str) -> int:
        """The next number of this counter, from 1."""
        with self.transaction() as db:
            db.execute("INSERT INTO counter VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1", (name,))
            return int(db.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()["value"])

    def keep_order(self, order: Row) -> None:
        """Store a completed order as the list of orders shows it."""
        with self.transaction() as db:
            db.execute("INSERT INTO completed_order VALUES (?, ?)", (order["orderNumber"], json.dumps(order)))

    def orders(self, count: int) -> list[Row]:
        """The newest completed orders."""
        rows = self.rows("SELECT body FROM completed_order ORDER BY number DESC LIMIT ?", count)
        return [json.loads(row["body"]) for row in rows]

    def answer(self, key: str, since: float) -> Row | None:
        """The answer kept under this idempotency key, if it is from after `since`."""
        return self._one("SELECT * FROM answer WHERE key = ? AND at > ?", key, since)

    def keep_answer(self, answer: Row) -> None:
        """Keep an answer under its idempotency key."""
        with self.transaction() as db:
            db.execute(schema.insertion("answer"), answer)

    def ancestry(self, account_id: str) -> list[str]:
        """The account's id and those above it, nearest first."""
        return [row["id"] for row in self.rows(_ABOVE, account_id)]

    def height(self, account_id: str) -> int:
        """How many levels the account and everything below it have."""
        return int(self.rows(_HEIGHT, account_id)[0]["max(level)"] or 0)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing. One inside another belongs to the outer one."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._db
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def rows(self, sql: str, *values: object) -> list[Row]:
        """The rows that a query of ours finds."""
        with self._lock, closing(self._db.execute(sql, values)) as cursor:
            return [dict(row) for row in cursor]

    def _one(self, sql: str, *values: object) -> Row | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    def _update(self, table: str, key: str, changes: Row) -> None:
        columns = ", ".join(f"{column} = ?" for column in changes)
        with self.transaction() as db:
            for row in self.rows(f"SELECT * FROM {table} WHERE id = ?", key):  # noqa: S608 (tables are ours)
                self.lag.keep(table, key, row)
            db.execute(
                f"UPDATE {table} SET {columns} WHERE id = ?",  # noqa: S608 (columns are ours)
                (*changes.values(), key),
            )

    def _load(self, table: str, records: Iterable[Any], row_of: Callable[[Any, str], Row]) -> None:
        rows = iter(records)
        while batch := list(itertools.islice(rows, _BATCH)):
            with self.transaction() as db:
                db.executemany(schema.insertion(table), (row_of(record, _moment()) for record in batch))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
