"""The stand-in's state: a SQLite file that survives a restart.

As in the SBC there are two copies of every rule: the row, which counts, and the live one, which calls use.
"""

import itertools
import json
import math
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from lib.private import make_file, make_folder
from lib.standins.sbc.records import Change, Rule, RuleRecord
from lib.standins.server.faults import Faults

Row = dict[str, Any]
EMERGENCY = ("000", "106", "112")
_BATCH = 5000
_CHANGES_KEPT = 1000
_COLUMNS = "number, account, state, trunk, rev"
_TABLE = """
CREATE TABLE IF NOT EXISTS {} (
  number TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('allowed', 'suspended')),
  trunk TEXT NOT NULL,
  rev INTEGER NOT NULL
) WITHOUT ROWID
"""
_VALUES = "VALUES (:number, :account, :state, :trunk, :rev)"
_TAKE = f"""
INSERT INTO rule ({_COLUMNS}) {_VALUES}
ON CONFLICT (number) DO UPDATE SET account = excluded.account, state = excluded.state, trunk = excluded.trunk,
  rev = excluded.rev WHERE excluded.rev >= rule.rev
"""
_DELETED = """
CREATE TABLE IF NOT EXISTS deleted (number TEXT PRIMARY KEY, rev INTEGER NOT NULL) WITHOUT ROWID
"""
_IS_LATE = "SELECT 1 FROM deleted WHERE number = :number AND rev >= :rev"
_KEEP_DELETED = """
INSERT INTO deleted (number, rev) VALUES (:number, :rev)
ON CONFLICT (number) DO UPDATE SET rev = max(excluded.rev, deleted.rev)
"""
_SET = {name: f"INSERT OR REPLACE INTO {name} ({_COLUMNS}) {_VALUES}" for name in ("rule", "live")}
_ALL_OF = "SELECT value FROM json_each(?)"


class SbcState:
    """Everything the SBC has, in the SQLite file `path`. Threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        make_file(path)
        self.faults = Faults()
        self.emergency: tuple[str, ...] | None = EMERGENCY
        """The emergency numbers in its health: empty where they are off, None for an SBC that does not say."""
        self._changes: deque[Change] = deque(maxlen=_CHANGES_KEPT)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        for name in ("rule", "live"):
            self._db.execute(_TABLE.format(name))
        self._db.execute(_DELETED)
        self._db.execute("CREATE INDEX IF NOT EXISTS rule_account ON rule (account, number)")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def load(self, rules: Iterable[Rule]) -> None:
        """Add the rules, row and live copy. They replace those of the same numbers, whatever their revision."""
        rows = (_row(rule) for rule in rules)
        # In batches, so that requests are answered in between.
        while batch := list(itertools.islice(rows, _BATCH)):
            with self._transaction() as db:
                for name in ("rule", "live"):
                    db.executemany(_SET[name], batch)

    def is_empty(self) -> bool:
        """True when there are no rules."""
        return not self._rows("SELECT 1 AS one FROM rule LIMIT 1")

    def clear(self) -> None:
        """Delete everything: rules, changes, faults and counted requests."""
        with self._transaction() as db:
            db.execute("DELETE FROM rule")
            db.execute("DELETE FROM live")
            db.execute("DELETE FROM deleted")
        self.emergency = EMERGENCY
        self.faults.clear()
        self.faults.forget_requests()
        self._changes.clear()

    def rules(self) -> dict[str, RuleRecord]:
        """Every row, by number."""
        return _by_number(self._rows(f"SELECT {_COLUMNS} FROM rule ORDER BY number"))  # noqa: S608

    def live(self) -> dict[str, RuleRecord]:
        """What calls use, by number."""
        return _by_number(self._rows(f"SELECT {_COLUMNS} FROM live ORDER BY number"))  # noqa: S608

    def forget_live(self, number: str) -> None:
        """Delete the live copy of this number and keep its row."""
        with self._transaction() as db:
            db.execute("DELETE FROM live WHERE number = ?", (number,))

    def change_row(self, rule: Rule) -> None:
        """Change the row directly, as somebody with access to the SBC's database could. The live copy stays."""
        with self._transaction() as db:
            db.execute(_SET["rule"], _row(rule))

    def reload(self) -> None:
        """Make the live copies again from the rows."""
        with self._transaction() as db:
            db.execute("DELETE FROM live")
            db.execute(f"INSERT INTO live ({_COLUMNS}) SELECT {_COLUMNS} FROM rule")  # noqa: S608

    def requests(self) -> list[str]:
        """`METHOD /path` of the latest thousand requests, oldest first."""
        return self.faults.requests()[1]

    def changes(self) -> list[Change]:
        """The latest thousand changes and who wanted them, oldest first, as the SBC logs them."""
        with self._lock:
            return list(self._changes)

    def note(self, change: Change) -> None:
        """Add a line to the log."""
        with self._lock:
            self._changes.append(change)

    def put(self, rows: Sequence[Row]) -> int:
        """Take all rows or none. Returns how many are newer than a deletion and not older than their row."""
        applied = 0
        with self._transaction() as db:
            for row in rows:
                if db.execute(_IS_LATE, row).fetchone():
                    continue
                if db.execute(_TAKE, row).rowcount:
                    db.execute(_SET["live"], row)
                    applied += 1
        return applied

    def delete(self, numbers: Mapping[str, Sequence[int | None]]) -> None:
        """Delete the rules of these numbers, row and live copy, or none, and keep the revisions of the deletions.

        Of several revisions of a number the highest counts. None means that of the rule that is there. A newer rule
        stays.
        """
        with self._transaction() as db:
            for number, stated in numbers.items():
                row = db.execute("SELECT rev FROM rule WHERE number = ?", (number,)).fetchone()
                there = row["rev"] if row else -1
                covered = max(there if revision is None else revision for revision in stated)
                db.execute(_KEEP_DELETED, {"number": number, "rev": covered})
                db.execute("DELETE FROM rule WHERE number = ? AND rev <= ?", (number, covered))
                limit = math.inf if None in stated else covered
                db.execute("DELETE FROM live WHERE number = ? AND rev <= ?", (number, limit))

    def forget(self, numbers: Sequence[str]) -> None:
        """Delete these numbers with their revisions, all or none."""
        with self._transaction() as db:
            for name in ("rule", "live", "deleted"):
                db.execute(f"DELETE FROM {name} WHERE number IN ({_ALL_OF})", (json.dumps(numbers),))  # noqa: S608

    def revisions(self, numbers: Sequence[str]) -> dict[str, int]:
        """The highest revision kept of each of these numbers, of its rule or of its deletion."""
        kept = "SELECT number, rev FROM rule UNION ALL SELECT number, rev FROM deleted"
        sql = f"SELECT number, max(rev) AS rev FROM ({kept}) WHERE number IN ({_ALL_OF}) GROUP BY number"  # noqa: S608
        return {row["number"]: row["rev"] for row in self._rows(sql, json.dumps(numbers)) if row["rev"] >= 0}

    def found(self, numbers: Sequence[str]) -> dict[str, Row]:
        """The live copies of these numbers."""
        sql = f"SELECT {_COLUMNS} FROM live WHERE number IN ({_ALL_OF})"  # noqa: S608
        return {row["number"]: row for row in self._rows(sql, json.dumps(numbers))}

    def of_account(self, account: str, after: str, count: int) -> list[Row]:
        """Rows of an account by number, after the number `after`, each with its live copy packed as `live`."""
        packed = "live.account || ',' || live.state || ',' || live.trunk || ',' || live.rev"
        sql = (
            f"SELECT rule.number, rule.state, rule.trunk, rule.rev, coalesce({packed}, '') AS live "  # noqa: S608
            "FROM rule LEFT JOIN live ON live.number = rule.number "
            "WHERE rule.account = ? AND rule.number > ? ORDER BY rule.number LIMIT ?"
        )
        return self._rows(sql, account, after, count)

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


def _row(rule: Rule) -> Row:
    return {
        "number": rule.number,
        "account": rule.account,
        "state": rule.state,
        "trunk": rule.trunk,
        "rev": rule.revision,
    }


def _by_number(rows: Iterable[Row]) -> dict[str, RuleRecord]:
    return {row["number"]: RuleRecord(*row.values()) for row in rows}
