"""What a page shows while a database is away: what may not have been saved, and that the page comes back by itself."""

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
"""How often a page asks whether the database is back."""
NOTE_SECONDS = 30.0
Given = ParamSpec("Given")
_noted = ("", float("-inf"))


def show_away(error: Exception) -> bool:
    """If the error means that a database is away, say so and draw the page again as soon as it is back.

    Returns False, and shows nothing, for any other error.
    """
    if not is_away(error):
        return False
    quote = _note(error)
    st.error(
        "The database is not available at the moment. Your last change may not have been saved. "
        "Wait: this page comes back by itself. Check there before you try again. "
        f"Quote **{quote}** if it does not come back.",
        icon=":material/cloud_off:",
    )
    _come_back()
    return True


def show_unread(what: str, words: str, account: str, error: Exception) -> None:
    """Say in these words that a list could not be read, with a button to try again.

    If a database is away, the page also comes back by itself.
    """
    log.error(f"{what} not read", account=account, why=type(error).__name__)
    st.error(words, icon=":material/cloud_off:")
    st.button("Try again", icon=":material/refresh:", key=f"{what}_again")
    if is_away(error):
        _come_back()


def _come_back() -> None:
    """Have the browser ask every few seconds whether the databases can be written to, and then for the whole page."""
    # It does not ask who is signed in, which only the database knows. The page it draws again asks.
    alone(_ask_again, run_every=SECONDS)()


def _note(error: Exception) -> str:
    """The id of the line in the log; all pages share one line for half a minute."""
    global _noted
    quote, at = _noted
    if time.monotonic() - at >= NOTE_SECONDS:
        quote = secrets.token_hex(4)
        _noted = (quote, time.monotonic())
        log.warning("database away", id=quote, why=type(getattr(error, "orig", None) or error).__name__)
    return quote


def catching_away(body: Callable[Given, None]) -> Callable[Given, None]:
    """A part of a page that says so when a database is away. Any other exception is raised as it is."""

    @wraps(body)
    def draw(*given: Given.args, **more: Given.kwargs) -> None:
        try:
            body(*given, **more)
        except Exception as error:
            if not show_away(error):
                raise

    return draw


def _ask_again() -> None:
    try:
        problem = start.start().problem()
    except Exception as error:
        if not is_away(error):
            raise
        return
    if problem is None:
        draw_again()
