"""The messages that the mail server accepted, in a SQLite file that survives a restart."""

import email
import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

from lib.private import make_file, make_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
  content BLOB NOT NULL, received_at TEXT NOT NULL, repeat INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS message_by_id ON message (message_id);
"""


@dataclass(frozen=True)
class ReceivedMail:
    """A message as it arrived. `repeat`: one with the same Message-ID arrived before."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    received_at: datetime
    repeat: bool
    content: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """Headers and parts."""
        return _parsed(self.content)


class Inbox:
    """Every message accepted, in the SQLite file `path`. Threads may share it."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        make_file(path)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def keep(self, sender: str, recipients: list[str], content: bytes) -> int:
        """Keep a message and return its number."""
        message_id = str(_parsed(content)["Message-ID"] or "").strip()
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        with self._lock:
            cursor = self._db.execute(
                "INSERT INTO message (message_id, sender, recipients, content, received_at, repeat) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?1 <> '' AND EXISTS (SELECT 1 FROM message WHERE message_id = ?1))",
                (message_id, sender, json.dumps(recipients), content, now),
            )
            return int(cursor.lastrowid or 0)

    def messages(self) -> list[ReceivedMail]:
        """Everything kept, in the order of arrival."""
        columns = "message_id, sender, recipients, content, received_at, repeat"
        with self._lock, closing(self._db.execute(f"SELECT {columns} FROM message ORDER BY id")) as found:  # noqa: S608
            return [_received(*row) for row in found]

    def count(self, message_id: str) -> int:
        """How often a message with this Message-ID arrived."""
        with self._lock:
            found = self._db.execute("SELECT count(*) FROM message WHERE message_id = ?", (message_id,))
            return int(found.fetchone()[0])

    def clear(self) -> None:
        """Delete every message."""
        with self._lock:
            self._db.execute("DELETE FROM message")


def _received(
    message_id: str, sender: str, recipients: str, content: bytes, received_at: str, repeat: int
) -> ReceivedMail:
    message = _parsed(content)
    return ReceivedMail(
        message_id=message_id,
        sender=sender,
        recipients=tuple(json.loads(recipients)),
        subject=str(message["Subject"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        received_at=datetime.fromisoformat(received_at),
        repeat=bool(repeat),
        content=content,
    )


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    # Lines end with CRLF in SMTP.
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=policy.default)
