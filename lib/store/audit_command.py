"""The audit for the people who run the product: check the chain, or export it as JSON lines.

`python -m lib audit` calls it.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from lib.settings import SettingsError, load
from lib.store.audit import Break, Head, check_chain, export_lines
from lib.store.engine import make_engine
from lib.store.schema import action_event

HOLDS, BROKEN, UNREAD = 0, 1, 2
"""Exit codes. Wrong arguments end with 2, too."""

_WHAT_TO_DO = """\
What to do:
- Stop nothing and repair nothing. Copy the database as it is now, and keep the copy.
- The events before {sequence} are as they were written. Do not rely on the later ones.
- Compare with the newest backup whose audit was intact, and with the lines "audit head" in the log.
- Find out who could write to the database since then. The product never changes or removes an event.
"""


def verify(noted: Head | None = None) -> int:
    """Check the audit of the settings' database, print the result, and return the exit code.

    `noted` is a head printed earlier: with it the check also finds an end that was cut off.
    """
    return _with_database(lambda engine: _verify(engine, noted))


def export(target: str) -> int:
    """Write every event as a line of JSON to this file, or to the screen for `-`. Return the exit code."""
    return _with_database(lambda engine: _export(engine, target))


def read_head(sequence: str, digest: str) -> Head:
    """A head that somebody noted earlier.

    Raises:
        ValueError: it is not a head. The text is a sentence for people.
    """
    sequence, digest = sequence.replace(",", ""), digest.lower()
    if not sequence.isdecimal() or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError("Give the number of an event and its hash of 64 characters, as an earlier check printed them.")
    return Head(sequence=int(sequence), hash=digest)


def _with_database(work: Callable[[Engine], int]) -> int:
    try:
        engine = make_engine(load().database)
        try:
            return work(engine)
        finally:
            engine.dispose()
    except SettingsError as error:
        return _unread(str(error))
    except (SQLAlchemyError, OSError) as error:
        return _unread(f"{type(error).__name__}: {getattr(error, 'orig', error)}")


def _verify(engine: Engine, noted: Head | None) -> int:
    if not inspect(engine).has_table(action_event.name):
        if noted is None or noted.sequence == 0:
            return _say("There is no audit yet: nothing has been started on this database.", HOLDS)
        return _broken(Break(sequence=1, reason="this database has no audit at all"))
    with engine.connect() as connection:
        check = check_chain(connection, noted)
    if check.broken is not None:
        return _broken(check.broken)
    _say(f"The audit holds: {check.head.sequence:,} events, head {check.head.sequence} {check.head.hash}.", HOLDS)
    if noted is None:
        return _say("Keep this line elsewhere. Pass it to --expect later to see whether the end was cut off.", HOLDS)
    return _say(f"Event {noted.sequence} is still the one that was noted.", HOLDS)


def _export(engine: Engine, target: str) -> int:
    count = 0
    with _writable(target) as file, engine.connect() as connection:
        if inspect(connection).has_table(action_event.name):
            for line in export_lines(connection):
                file.write(line)
                count += 1
    # Not among the exported lines, which may be redirected into a file.
    sys.stderr.write(f"{count:,} events exported.\n")
    return HOLDS


@contextmanager
def _writable(target: str) -> Iterator[TextIO]:
    """The file to write to. It gets its name when it is complete, and only its owner can read it."""
    if target == "-":
        yield sys.stdout
        return
    path = Path(target)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with part.open("w", encoding="ascii", newline="\n") as file:
        yield file
    part.replace(path)


def _broken(found: Break) -> int:
    _say(f"The audit does not hold. Event {found.sequence}: {found.reason}.", BROKEN)
    return _say(_WHAT_TO_DO.format(sequence=found.sequence).rstrip(), BROKEN)


def _unread(why: str) -> int:
    sys.stderr.write(f"The audit could not be read, so it was not checked. {why}\n")
    return UNREAD


def _say(text: str, code: int) -> int:
    sys.stdout.write(text + "\n")
    return code
