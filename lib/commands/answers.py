"""What the commands share: the exit code, the database of the settings, and a sentence for what went wrong."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

FAILED = 1
"""The exit code when nothing was done. Wrong arguments end with 2."""


class NotDone(Exception):
    """The command did nothing; the text says why and what to do."""


def sentence_for(error: Exception) -> str | None:
    """What happened and what the person can change; None for a bug."""
    from lib.app.not_started import what_to_change
    from lib.app.passwords import UnusablePassword
    from lib.app.people import NotChanged
    from lib.email_addresses import NotAnAddress

    if isinstance(error, NotDone | NotChanged | UnusablePassword | NotAnAddress):
        return str(error)
    return what_to_change(error)


@contextmanager
def hub_database() -> Iterator["Engine"]:
    """The Hub database of the settings, at the newest schema.

    Raises:
        NotDone: its schema is older or newer than this version needs.
        SettingsError: the settings do not allow it.
    """
    from lib.settings import load
    from lib.store.engine import make_engine
    from lib.store.migrate import revision_difference

    engine = make_engine(load().database)
    try:
        with engine.connect() as connection:
            difference = revision_difference(connection)
        if difference is not None:
            raise NotDone(
                f"The database is not at the newest schema ({difference}). Run `python -m lib migrate` first."
            )
        yield engine
    finally:
        engine.dispose()


def terminal_user() -> str:
    """The actor of what is done from a terminal, for the audit."""
    try:
        return f"command line: {getpass.getuser()}"
    except (OSError, KeyError):
        # A container may run as a user without a name.
        import os

        return f"command line: user {os.getuid()}"
