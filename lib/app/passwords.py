"""Passwords: the hash to store, and the check of a typed password."""

import logging
import threading
from functools import cache
from typing import Any

from bcrypt import gensalt, hashpw

SHORTEST_PASSWORD = 12
"""Characters of a new password."""

LONGEST_PASSWORD = 72
"""Bytes of a password. bcrypt refuses longer ones, and so do we."""

_ROUNDS = 12
_WARNING_LOGGERS = ("caching.cache_data_api", "scriptrunner_utils.script_run_context")

# A check uses a processor for a quarter of a second: guessing must not take all of them from the people at work.
_checks = threading.Semaphore(2)


class UnusablePassword(ValueError):
    """The password cannot be stored; the text says why and does not quote it."""


def hash_password(password: str) -> str:
    """The bcrypt hash to store for a new password.

    Raises:
        UnusablePassword: too short, too long for bcrypt, or with an invisible character.
    """
    typed = password.encode("utf-8", "replace")
    if not password.isprintable():
        raise UnusablePassword("The password has a line break or another invisible character. Choose another one.")
    if len(password) < SHORTEST_PASSWORD:
        raise UnusablePassword(f"The password is too short. It needs at least {SHORTEST_PASSWORD} characters.")
    if len(typed) > LONGEST_PASSWORD:
        raise UnusablePassword(f"The password is too long. It may have at most {LONGEST_PASSWORD} bytes.")
    return hashpw(typed, gensalt(_ROUNDS)).decode()


def matches(password: str, stored: str | None) -> bool:
    """True when the password matches the stored hash. Without a hash it is False, and takes as long."""
    # bcrypt stops at a NUL. A character that cannot be encoded is in no password.
    typed = password.encode("utf-8", "replace").replace(b"\0", b"?")
    short = typed[:LONGEST_PASSWORD].decode("utf-8", "ignore")
    with _checks:
        nobody = _hash_of_nobody()
        try:
            right = bool(_hasher().check_pw(short, stored or nobody))
        except ValueError:
            # The stored text is not a bcrypt hash.
            right = False
    return right and bool(stored) and len(typed) <= LONGEST_PASSWORD


@cache
def _hasher() -> Any:
    """The library's password check. Importing it makes Streamlit log two warnings that no browser is connected."""
    loggers = [logging.getLogger(f"streamlit.runtime.{name}") for name in _WARNING_LOGGERS]
    for logger in loggers:
        logger.disabled = True
    from streamlit_authenticator.utilities import Hasher

    for logger in loggers:
        logger.disabled = False
    return Hasher


@cache
def _hash_of_nobody() -> str:
    """Made at the first sign-in, not at the start of the server: it takes a third of a second."""
    return hashpw(b"nobody", gensalt(_ROUNDS)).decode()
