"""The stand-in's memory: one SQLite file of its own, which outlives a restart."""

import itertools
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any

from lib.standins.zuora.faults import Faults
from lib.standins.zuora.records import ContactRecord, ZuoraRecord

Row = dict[str, Any]
LEVELS = 5
_BATCH = 5000
_CONTACT_FIELDS = tuple(f.name for f in fields(ContactRecord))
_contact_row = attrgetter(*_CONTACT_FIELDS)
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS contact ({", ".join(f"{name} TEXT NOT NULL" for name in _CONTACT_FIELDS)},
  PRIMARY KEY (id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account (
  id TEXT PRIMARY KEY COLLATE NOCASE,
  account_number TEXT NOT NULL UNIQUE COLLATE NOCASE,
  name TEXT NOT NULL COLLATE NOCASE,
  status TEXT NOT NULL COLLATE NOCASE,
  parent_id TEXT COLLATE NOCASE,
  currency TEXT NOT NULL,
  balance TEXT NOT NULL,
  bill_to_id TEXT NOT NULL,
  sold_to_id TEXT NOT NULL,
  notes TEXT NOT NULL,
  communication_profile_id TEXT,
  bill_cycle_day INTEGER NOT NULL,
  payment_term TEXT NOT NULL,
  additional_email_addresses TEXT NOT NULL,
  updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS account_parent ON account (parent_id);
CREATE INDEX IF NOT EXISTS account_name ON account (name);
"""
_ACCOUNT_COLUMNS = 15
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
    """Accounts and contacts in the SQLite file `path`; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.faults = Faults()
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def load(self, records: Iterable[ZuoraRecord]) -> None:
        """Add the accounts and their contacts, replacing those with the same id or number."""
        now = _now()
        rows = iter(records)
        contact = f"INSERT OR REPLACE INTO contact VALUES ({_marks(len(_CONTACT_FIELDS))})"  # noqa: S608
        account = f"INSERT OR REPLACE INTO account VALUES ({_marks(_ACCOUNT_COLUMNS)})"  # noqa: S608
        # In batches, so that requests are answered meanwhile.
        while batch := list(itertools.islice(rows, _BATCH)):
            with self._transaction() as db:
                people = {person.id: person for r in batch for person in (r.bill_to, r.sold_to)}
                db.executemany(contact, map(_contact_row, people.values()))
                db.executemany(account, (_account_row(record, now) for record in batch))

    def is_empty(self) -> bool:
        """True when no account is loaded."""
        return not self._rows("SELECT 1 AS one FROM account LIMIT 1")

    def clear(self) -> None:
        """Forget every account, contact, fault and counted request."""
        with self._transaction() as db:
            db.execute("DELETE FROM account")
            db.execute("DELETE FROM contact")
        self.faults.clear()
        self.faults.forget_requests()

    def account(self, key: str) -> Row | None:
        """The account with this number or id."""
        rows = self._rows("SELECT * FROM account WHERE id = ?", key) or self._rows(
            "SELECT * FROM account WHERE account_number = ?", key
        )
        return rows[0] if rows else None

    def contact(self, contact_id: str) -> Row:
        """The contact with this id."""
        return self._rows("SELECT * FROM contact WHERE id = ?", contact_id)[0]

    def find_accounts(self, where: str, values: Sequence[object], after: str, count: int) -> list[Row]:
        """Up to `count` accounts that fulfil `where`, by id, beginning after the id `after`."""
        sql = f"SELECT * FROM account WHERE id > ? AND ({where}) ORDER BY id LIMIT ?"  # noqa: S608
        return self._rows(sql, after, *values, count)

    def update_account(self, account_id: str, changes: Row) -> None:
        """Store the changed columns."""
        columns = ", ".join(f"{column} = ?" for column in (*changes, "updated_at"))
        with self._transaction() as db:
            db.execute(
                f"UPDATE account SET {columns} WHERE id = ?",  # noqa: S608 (columns are ours)
                (*changes.values(), _now(), account_id),
            )

    def ancestry(self, account_id: str) -> list[str]:
        """The account's id and those above it, nearest first."""
        return [row["id"] for row in self._rows(_ABOVE, account_id)]

    def height(self, account_id: str) -> int:
        """How many levels the account and everything below it take up."""
        return int(self._rows(_HEIGHT, account_id)[0]["max(level)"] or 0)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, sql: str, *values: object) -> list[Row]:
        with self._lock, closing(self._db.execute(sql, values)) as cursor:
            return [dict(row) for row in cursor]


def _account_row(record: ZuoraRecord, now: str) -> tuple[object, ...]:
    return (
        record.id,
        record.account_number,
        record.name,
        record.status,
        record.parent_id,
        record.currency,
        str(Decimal(record.balance)),
        record.bill_to.id,
        record.sold_to.id,
        record.notes,
        record.communication_profile_id,
        record.bill_cycle_day,
        record.payment_term,
        json.dumps(record.additional_email_addresses),
        now,
    )


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
