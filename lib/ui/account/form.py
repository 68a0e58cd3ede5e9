"""The Edit dialog of an account: name, parent, children, pinned note, and a number to take out of quarantine."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from lib.domain.accounts import AccountStatus
from lib.domain.permissions import Permission
from lib.domain.texts import trimmed
from lib.store import accounts
from lib.ui.account.tables import parent_words
from lib.ui.dialogs import Dialog, change, close_dialog, keep
from lib.ui.runs.confirm import Asked, confirm_in_dialog, show_confirmation
from lib.ui.runs.drafts import DraftPlace
from lib.ui.runs.kept_text import kept_text_area
from lib.ui.runs.start import ask_plan, ask_text, make_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain


@dataclass(frozen=True, kw_only=True)
class EditDialog(Dialog):
    """The dialog, and what the person saw when it opened, so that a change by somebody else is not overwritten."""

    name: str = "edit"
    base_name: str
    base_parent: str | None
    tab: str | None = None


def offer_edit(visit: Visit) -> None:
    """The Edit button, for those who may use it; a click opens the dialog."""
    account = visit.account
    if not _tabs(visit):
        return
    if st.button(
        "Edit", icon=":material/edit:", key=own_key(account, "edit"), help="Name, parent, children, pinned note"
    ):
        title = f"Edit {plain(account.title)}"
        keep(EditDialog(account=account.number, title=title, base_name=account.name, base_parent=account.parent_number))


def edit_dialog(visit: Visit, dialog: EditDialog) -> None:
    """Draw the dialog with its tabs."""
    if not _tabs(visit):
        # The account was deactivated, or the person lost their role, while the dialog was open.
        close_dialog()
        return
    confirm_in_dialog(visit, dialog, _edit)


def _edit(visit: Visit, dialog: EditDialog) -> None:
    tabs = _tabs(visit)
    tab = st.segmented_control("What to edit", tabs, default=tabs[0], required=True, key="edit_tab")
    if dialog.tab != tab:
        dialog = change(dialog, tab=tab, plan=None, notice=None)
    _, draw = _TABS[tab]
    dialog = draw(visit, dialog)
    pinned = dialog.plan is not None and dialog.plan.kind == "pin"
    show_confirmation(visit, dialog, Asked(started=_note_place(visit).drop) if pinned else Asked())


def _edit_name(visit: Visit, dialog: EditDialog) -> EditDialog:
    name = ask_text("rename", "Account name", value=dialog.base_name, key="new_name")
    if name is None:
        return dialog
    return make_plan(visit, dialog, "rename", {"name": name, "base": dialog.base_name})


def _edit_parent(visit: Visit, dialog: EditDialog) -> EditDialog:
    st.caption(f"Parent now: {plain(parent_words(visit.account))}")
    typed = ask_text("parent", "New parent", key="new_parent", placeholder="Account number")
    if st.button("Remove the parent", icon=":material/link_off:", key="remove_parent"):
        return make_plan(visit, dialog, "parent", {"parent": None, "base": dialog.base_parent})
    if typed is None:
        return dialog
    if not trimmed(typed):
        return change(dialog, plan=None, notice="Type the number of the parent account.")
    return make_plan(visit, dialog, "parent", {"parent": trimmed(typed), "base": dialog.base_parent})


def _edit_children(visit: Visit, dialog: EditDialog) -> EditDialog:
    with visit.read() as connection:
        children = accounts.list_children(connection, visit.account.number)
    typed = ask_text("child", "Add a child", key="new_child", placeholder="Account number")
    if typed is not None:
        dialog = _add_child(visit, dialog, trimmed(typed))
    if not children:
        st.caption("This account has no children.")
        return dialog
    titles = {child.number: child.title for child in children}
    chosen = st.selectbox("Remove a child", list(titles), index=None, format_func=titles.__getitem__, key="old_child")
    if chosen and ask_plan(icon=":material/link_off:", key="remove_child"):
        params = {"parent": None, "base": visit.account.number}
        dialog = make_plan(visit, dialog, "parent", params, chosen)
    return dialog


def _add_child(visit: Visit, dialog: EditDialog, number: str) -> EditDialog:
    with visit.read() as connection:
        child = accounts.find_account(connection, number)
    if child is None:
        return change(dialog, plan=None, notice=f"There is no account “{number}”. Nothing was changed.")
    params = {"parent": visit.account.number, "base": child.parent_number}
    return make_plan(visit, dialog, "parent", params, child.number)


def _edit_note(visit: Visit, dialog: EditDialog) -> EditDialog:
    # Not a Streamlit form: it would send nothing before its button, and a restart would lose the text.
    note = kept_text_area(
        _note_place(visit),
        "Pinned note",
        visit.account.pinned_note or "",
        key="new_note",
        placeholder="Payment plan until 12 March",
        help="All staff see it at the top of the account. Suspending the account asks for a reason to override it.",
    )
    until = st.date_input("Show until", value=visit.account.pinned_until, key="note_until", help="Empty: no end.")
    wanted = {"note": note, "until": until.isoformat() if until else None}
    removed = {"note": None, "until": None}
    if ask_plan(key="show_note"):
        dialog = make_plan(visit, dialog, "pin", wanted)
    elif dialog.plan is not None and dialog.params not in (wanted, removed):
        # The person typed on, so the plan no longer matches.
        dialog = change(dialog, plan=None)
    if visit.account.pinned_note and st.button("Remove the note", icon=":material/keep_off:", key="unpin"):
        dialog = make_plan(visit, dialog, "pin", removed)
    return dialog


def _note_place(visit: Visit) -> DraftPlace:
    return DraftPlace(visit, "pinned_note")


def _restore_number(visit: Visit, dialog: EditDialog) -> EditDialog:
    help = "A number that was given up by mistake, on this or another account. It is moved to this account."
    number = ask_text("restore", "Number in quarantine", key="restored_number", placeholder="0491 570 006", help=help)
    return dialog if number is None else make_plan(visit, dialog, "restore_number", {"number": number})


_TABS: dict[str, tuple[Permission, Callable[[Visit, EditDialog], EditDialog]]] = {
    "Name": (Permission.ACCOUNT_RENAME, _edit_name),
    "Parent": (Permission.ACCOUNT_MOVE, _edit_parent),
    "Children": (Permission.ACCOUNT_MOVE, _edit_children),
    "Note": (Permission.ACCOUNT_PIN, _edit_note),
    "Number": (Permission.NUMBER_RESTORE, _restore_number),
}


def _tabs(visit: Visit) -> list[str]:
    if visit.account.status is AccountStatus.DEACTIVATED:
        return []
    return [tab for tab, (permission, _) in _TABS.items() if visit.may(permission)]
