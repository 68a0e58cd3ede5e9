"""Fragments and dialogs: parts of a page that run alone. Each checks who is signed in before it does anything.

They run at a click, with the values they were drawn with. The person they were drawn for may be signed out, have lost a
role or be somebody else by then. So no page calls Streamlit's own `st.fragment` or `st.dialog`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, ParamSpec

import streamlit as st

from lib.ui import auth
from lib.ui.visit import during, under_way
from lib.ui.widgets.away import catching_away
from lib.ui.widgets.draw_again import draw_again

_P = ParamSpec("_P")


def fragment(body: Callable[_P, None], *, run_every: float | None = None) -> Callable[_P, None]:
    """The body as a part of the page that is drawn again by itself, at its own clicks or every `run_every` seconds."""
    return st.fragment(_checked(body), run_every=run_every)


def dialog(
    title: str,
    body: Callable[_P, None],
    *,
    width: Literal["small", "medium", "large"],
    on_dismiss: Callable[[], Any],
) -> Callable[_P, None]:
    """The body as a dialog over the page."""
    return st.dialog(title, width=width, on_dismiss=on_dismiss)(_checked(body))


def _checked(body: Callable[_P, None]) -> Callable[_P, None]:
    """The body, which first checks who is signed in now.

    If nobody is, the browser goes to the sign-in. If it is another person, or their roles have changed, the whole page
    is drawn again and what was clicked is not done.
    """
    drawn = under_way()
    drawn_for = drawn.identity if drawn else None

    @catching_away
    @wraps(body)
    def check(*args: _P.args, **kwargs: _P.kwargs) -> None:
        if under_way() is not None:
            body(*args, **kwargs)
            return
        visit = auth.signed_in_visit()
        if visit.identity != drawn_for:
            draw_again()
        with during(visit):
            body(*args, **kwargs)

    return check
