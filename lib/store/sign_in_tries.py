"""How often a sign-in failed lately, by address, by name and by browser.

A counter begins with the first failure and is deleted after its time, even if somebody goes on trying: nobody can keep
another person out for good by guessing.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Update, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from lib.store.schema import sign_in_try


class Counter(NamedTuple):
    """What a failure is counted for. `owner` is the name or the address."""

    kind: str
    owner: str
    rest: str = ""


def count_try(connection: Connection, counter: Counter, *, minutes: float) -> int:
    """Count one more try. Returns how many the counter has now. Call it inside `writing`.

    A try is counted before the password is checked, so that many at once cannot all pass as the last one allowed.
    """
    now, key = datetime.now(UTC), _key(counter)
    more = update(sign_in_try).where(sign_in_try.c.counter == key).values(tries=sign_in_try.c.tries + 1)
    # A counter that begins in the future is from before the clock was set back.
    stale = (sign_in_try.c.since < now - timedelta(minutes=minutes)) | (sign_in_try.c.since > now)
    connection.execute(delete(sign_in_try).where(sign_in_try.c.counter == key, stale))
    if not connection.execute(more).rowcount:
        _begin(connection, key, now, more)
    return int(connection.execute(select(sign_in_try.c.tries).where(sign_in_try.c.counter == key)).scalar_one())


def drop_old_tries(connection: Connection, *, minutes: float) -> None:
    """Delete every counter whose time is over. Call it inside `writing`."""
    connection.execute(delete(sign_in_try).where(sign_in_try.c.since < datetime.now(UTC) - timedelta(minutes=minutes)))


def take_back(connection: Connection, counter: Counter) -> None:
    """Uncount the last try: the password was right. Call it inside `writing`."""
    less = update(sign_in_try).where(sign_in_try.c.counter == _key(counter)).values(tries=sign_in_try.c.tries - 1)
    connection.execute(less)


def forget(connection: Connection, counter: Counter) -> None:
    """Reset this counter. Call it inside `writing`."""
    connection.execute(delete(sign_in_try).where(sign_in_try.c.counter == _key(counter)))


def _begin(connection: Connection, key: str, now: datetime, more: Update) -> None:
    try:
        with connection.begin_nested():
            connection.execute(insert(sign_in_try).values(counter=key, tries=1, since=now))
    except IntegrityError:
        # Another process began the counter a moment before.
        connection.execute(more)


def forget_all_of(connection: Connection, owner: str) -> int:
    """Reset every counter of this name or address. Returns how many there were. Call it inside `writing`."""
    mine = sign_in_try.c.counter.startswith(_hash(owner))
    return connection.execute(delete(sign_in_try).where(mine)).rowcount


def _key(counter: Counter) -> str:
    return _hash(counter.owner) + _hash(f"{counter.kind} {counter.rest}")


def _hash(text: str) -> str:
    # Hashed, because somebody may type their password into the name field. 128 bits, twice, fill a row.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
