"""What a person has open and may start an action from: one frozen value, kept in the session.

At most one dialog is open: Streamlit shows only one, and one is what a person can read. A form that stays on its page
is the same kind of value under a place of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from lib.actions.engine.plan import Plan

OPEN = "dialog"
"""Where the session has the dialog that is open."""


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A dialog, a section or a form with the plan it shows. A change replaces it; see `change`."""

    name: str
    """Which one it is: the kind of its action, where it is about one."""
    account: str | None
    """The account whose page it stands on; None where that page belongs to no account."""
    title: str = ""
    """What stands above it, as Markdown."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """What the action was asked for last."""
    plan: Plan | None = None
    notice: str | None = None
    """A sentence it has to say: why there is no plan, or why nothing was started."""
    round: int = 0
    """How often its fields began again with other values: a part of their keys."""
    place: str = OPEN


D = TypeVar("D", bound=Dialog)


def keep(dialog: D) -> D:
    """Keep it in the session, instead of what was there: this is how a dialog is opened."""
    st.session_state[dialog.place] = dialog
    return dialog


def change(dialog: D, **changes: Any) -> D:
    """The dialog with these changes, kept in the session."""
    return keep(replace(dialog, **changes))


def current(dialog: D) -> D | None:
    """The same dialog as it is now; None when it was closed, or another one took its place."""
    now = st.session_state.get(dialog.place)
    same = isinstance(now, type(dialog)) and (now.name, now.account) == (dialog.name, dialog.account)
    return now if same else None


def opened_dialog(account: str) -> Dialog | None:
    """The dialog that is open on this account, or None."""
    opened: Dialog | None = st.session_state.get(OPEN)
    return opened if opened is not None and opened.account == account else None


def close_dialog(place: str = OPEN) -> None:
    """Close what is open; what was typed in it is forgotten. `selection.settle` does so when another account is
    opened."""
    st.session_state.pop(place, None)
