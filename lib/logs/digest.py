"""What a log may say about an error: its kind and where it came from.

Libraries put values into the texts of their errors, and a traceback shows lines and variables: SQL parameters, names,
addresses. So the text of an error is never logged, except for a few fixed sentences of the database.
"""

import errno
import re
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

PROJECT = Path(__file__).resolve().parent.parent.parent
_ID = "_account_manager_error_id"
_CHAIN = 4
_FRAMES = 12
_GROUP = 3
# What SQLite says without values: the names of tables and columns are ours.
_FIXED = re.compile(
    r"no such (?:table|column|index): [\w.]+"
    r"|database (?:is locked|table is locked|disk image is malformed|or disk is full|schema has changed)"
    r"|attempt to write a readonly database|disk I/O error|unable to open database file"
    r"|(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(?:: [\w., ]+)?"
)


@dataclass(frozen=True)
class Digest:
    """One error for one line of a log."""

    id: str
    kind: str
    where: str

    def __str__(self) -> str:
        return f"id={self.id} error={self.kind!r} where={self.where!r}"


def digest(error: BaseException) -> Digest:
    """The error, its causes, and the places in our own code through which it came."""
    chain = list(_chain(error))
    places = _places(error.__traceback__)
    if len(chain) > 1:
        places += [place for place in _places(chain[-1].__traceback__)[-1:] if place not in places]
    return Digest(error_id(error), " < ".join(_kind(one) for one in chain), " > ".join(places))


def error_id(error: BaseException) -> str:
    """Eight characters that identify this error, the same on the screen and in the log."""
    known = getattr(error, _ID, None)
    if isinstance(known, str):
        return known
    made = secrets.token_hex(4)
    try:
        setattr(error, _ID, made)
    except AttributeError:
        return made
    return made


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen and len(seen) < _CHAIN:
        seen.add(id(now))
        yield now
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)


def _kind(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name} ({', '.join(_kind(one) for one in error.exceptions[:_GROUP])})"
    detail = _detail(error)
    return f"{name} ({detail})" if detail else name


def _detail(error: BaseException) -> str:
    """What more may be said about an error without its values."""
    if isinstance(error, sqlite3.Error):
        fixed = _FIXED.fullmatch(str(error))
        return fixed[0] if fixed else str(getattr(error, "sqlite_errorname", ""))
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error.errno))
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else ""


def _places(trace: TracebackType | None) -> list[str]:
    """File and line of each of our frames, outermost first, and of the frame that raised."""
    found: list[str] = []
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        own = _own(path)
        if own is not None or trace.tb_next is None:
            found.append(f"{own or _short(path)}:{trace.tb_lineno} {trace.tb_frame.f_code.co_name}")
        trace = trace.tb_next
    return found[-_FRAMES:]


def _own(path: str) -> str | None:
    try:
        inside = Path(path).relative_to(PROJECT)
    except ValueError:
        return None
    return None if inside.parts[0].startswith(".") else str(inside)


def _short(path: str) -> str:
    """A library's file as it is imported, without the folders of this machine."""
    for folder in sorted(sys.path, key=len, reverse=True):
        if folder and path.startswith(f"{folder}/"):
            return path[len(folder) + 1 :]
    return Path(path).name
