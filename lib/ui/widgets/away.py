"""A database that is away, as a page says it: what happened, what may not have been done, and that it comes back."""

import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st
import structlog
from streamlit import fragment as alone

from lib.app import start
from lib.store.away import is_away
from lib.ui.widgets.draw_again import draw_again

log = structlog.get_logger(__name__)
SECONDS = 3.0
"""How often a page that could not be drawn asks whether it can be now."""
NOTE_SECONDS = 30.0
Given = ParamSpec("Given")
_noted = ("", float("-inf"))


def told_away(error: Exception) -> bool:
    """Say it where the page has come to, and draw the page again as soon as the databases can be written to.

    False, and nothing is said, when the error is another one.
    """
    if not is_away(error):
        return False
    quote = _note(error)
    st.error(
        "The database does not answer at the moment, or cannot be written. What you asked for last may not have been "
        "done. Wait: this page comes back by itself, and then shows what is true. Look there before you try again. "
        f"Quote **{quote}** if it lasts.",
        icon=":material/cloud_off:",
    )
    come_back()
    return True


def tell_unread(what: str, words: str, account: str, error: Exception) -> None:
    """Say in these words that a list was not read, and offer another try.

    Where a database is away the page comes back by itself, too.
    """
    log.error(f"{what} not read", account=account, why=type(error).__name__)
    st.error(words, icon=":material/cloud_off:")
    st.button("Try again", icon=":material/refresh:", key=f"{what}_again")
    if is_away(error):
        come_back()


def come_back() -> None:
    """Have the browser ask every few seconds whether the databases can be written to, and then for the whole page."""
    # Nobody is asked who they are, since that is in the database: this draws the page again, which asks.
    alone(_ask_again, run_every=SECONDS)()


def _note(error: Exception) -> str:
    """The id of the line in the log; one line stands for all pages of the same half minute."""
    global _noted
    quote, at = _noted
    if time.monotonic() - at >= NOTE_SECONDS:
        quote = secrets.token_hex(4)
        _noted = (quote, time.monotonic())
        log.warning("database away", id=quote, why=type(getattr(error, "orig", None) or error).__name__)
    return quote


def telling(body: Callable[Given, None]) -> Callable[Given, None]:
    """The same part of a page, which says so when a database is away. A bug goes through it as it is."""

    @wraps(body)
    def told(*given: Given.args, **more: Given.kwargs) -> None:
        try:
            body(*given, **more)
        except Exception as error:
            if not told_away(error):
                raise

    return told


def _ask_again() -> None:
    try:
        problem = start.start().problem()
    except Exception as error:
        if not is_away(error):
            raise
        return
    if problem is None:
        draw_again()
