"""The open dialog, section or form from which an action can be started: one frozen value, kept in the session.

At most one dialog is open, since Streamlit shows only one. A form on a page is kept in the same way, at its own
`place`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from lib.actions.engine.plan import Plan

OPEN = "dialog"
"""The session key of the open dialog."""


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A dialog, section or form, and the plan it shows. Use `change` to replace it."""

    name: str
    """The kind of its action, where it has only one."""
    account: str | None
    """The account whose page it is on; None on a page without an account."""
    title: str = ""
    """Its heading, as Markdown."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of the latest plan."""
    plan: Plan | None = None
    notice: str | None = None
    """A sentence to show: why there is no plan, or why nothing was started."""
    round: int = 0
    """How often its fields were reset; part of their keys."""
    place: str = OPEN


D = TypeVar("D", bound=Dialog)


def keep(dialog: D) -> D:
    """Put it into the session, which opens it and closes any other."""
    st.session_state[dialog.place] = dialog
    return dialog


def change(dialog: D, **changes: Any) -> D:
    """The dialog with these changes, kept in the session."""
    return keep(replace(dialog, **changes))


def current(dialog: D) -> D | None:
    """The same dialog as it is now; None when it was closed or replaced by another one."""
    now = st.session_state.get(dialog.place)
    same = isinstance(now, type(dialog)) and (now.name, now.account) == (dialog.name, dialog.account)
    return now if same else None


def opened_dialog(account: str) -> Dialog | None:
    """The dialog that is open on this account, or None."""
    opened: Dialog | None = st.session_state.get(OPEN)
    return opened if opened is not None and opened.account == account else None


def close_dialog(place: str = OPEN) -> None:
    """Close what is open and forget what was typed in it."""
    st.session_state.pop(place, None)
