"""Parts of a page that run alone. Every one of them asks who this is before it does anything.

A fragment, and a dialog is one, runs at a click with the values it was drawn with. The person it was drawn for may be
signed out, shut out or somebody else by then. So no page calls Streamlit's own `st.fragment` or `st.dialog`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, ParamSpec

import streamlit as st

from lib.app import start
from lib.ui import auth
from lib.ui.visit import Visit, during, under_way
from lib.ui.widgets.away import telling
from lib.ui.widgets.draw_again import draw_again

_P = ParamSpec("_P")


def fragment(body: Callable[_P, None], *, run_every: float | None = None) -> Callable[_P, None]:
    """The body as a part of the page that is drawn again by itself, at its own clicks or after this many seconds."""
    return st.fragment(_asked(body), run_every=run_every)


def dialog(
    title: str,
    body: Callable[_P, None],
    *,
    width: Literal["small", "medium", "large"],
    on_dismiss: Callable[[], Any],
) -> Callable[_P, None]:
    """The body as a dialog over the page."""
    return st.dialog(title, width=width, on_dismiss=on_dismiss)(_asked(body))


def _asked(body: Callable[_P, None]) -> Callable[_P, None]:
    """The body, which begins with the question who this is now.

    When nobody is signed in any more the browser goes to the sign-in. When it is another person, or their roles have
    changed, the whole page is drawn again, and what was clicked is not done.
    """
    drawn = under_way()
    drawn_for = drawn.identity if drawn else None

    @telling
    @wraps(body)
    def ask(*args: _P.args, **kwargs: _P.kwargs) -> None:
        if under_way() is not None:
            body(*args, **kwargs)
            return
        app = start.start()
        now = auth.current(app)
        if now is None:
            auth.leave()
        if now != drawn_for:
            draw_again()
        with during(Visit(app, now)):
            body(*args, **kwargs)

    return ask
