"""Passwords: the hash that is stored, and the check of one that was typed."""

import logging
import threading
from functools import cache
from typing import Any

from bcrypt import gensalt, hashpw

SHORTEST_PASSWORD = 12
"""Characters of a new password."""

LONGEST_PASSWORD = 72
"""Bytes of a password that bcrypt looks at. It refuses longer ones, and so do we."""

_ROUNDS = 12
_TALKERS = ("caching.cache_data_api", "scriptrunner_utils.script_run_context")

# A check takes a quarter of a second of a processor: guessing must not take both from the people at work.
_checks = threading.Semaphore(2)


class UnusablePassword(ValueError):
    """The password cannot be stored; the text is a sentence that says why and does not quote it."""


def hash_password(password: str) -> str:
    """The bcrypt hash to store for a new password.

    Raises:
        UnusablePassword: too short, too long for bcrypt, or it holds a character that nobody can sign in with.
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
    """True when the password is the one of the stored hash. Without a hash it is False, and takes as long."""
    # What no encoding knows cannot be a password; NUL ends one for bcrypt.
    typed = password.encode("utf-8", "replace").replace(b"\0", b"?")
    short = typed[:LONGEST_PASSWORD].decode("utf-8", "ignore")
    with _checks:
        nobody = _hash_of_nobody()
        try:
            right = bool(_hasher().check_pw(short, stored or nobody))
        except ValueError:
            # What is stored is not the hash of a password.
            right = False
    return right and bool(stored) and len(typed) <= LONGEST_PASSWORD


@cache
def _hasher() -> Any:
    """The library's check of a password. Its package speaks to Streamlit as it is loaded, and Streamlit would warn
    twice that nobody is connected, which is so: the sign-in comes before that."""
    talkers = [logging.getLogger(f"streamlit.runtime.{name}") for name in _TALKERS]
    for talker in talkers:
        talker.disabled = True
    from streamlit_authenticator.utilities import Hasher

    for talker in talkers:
        talker.disabled = False
    return Hasher


@cache
def _hash_of_nobody() -> str:
    """Made at the first sign-in: it takes a third of a second, which no start of the server should wait for."""
    return hashpw(b"nobody", gensalt(_ROUNDS)).decode()
