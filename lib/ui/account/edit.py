"""The Edit dialog of an account: name, parent, children and pinned note. Look at the plan, then start it."""

from typing import Any

import streamlit as st

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.plan import Plan
from lib.domain.accounts import Account, AccountStatus
from lib.domain.permissions import Permission
from lib.domain.texts import trimmed
from lib.store import accounts
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.runs.drafts import DraftPlace
from lib.ui.runs.kept_text import kept_text_area
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain

NAME = "edit"


def offer_edit(visit: Visit) -> None:
    """The Edit button, for those who may; a click opens the dialog on the account as it is now."""
    if not _tabs(visit):
        return
    if st.button(
        "Edit", icon=":material/edit:", key=own_key(visit.account, "edit"), help="Name, parent, children, pinned note"
    ):
        # What the person sees as they begin: a change by somebody else meanwhile is told, not overwritten.
        open_dialog(NAME, visit.account.number, base_name=visit.account.name, base_parent=visit.account.parent_number)


def edit_dialog(visit: Visit, editing: dict[str, Any]) -> None:
    """Draw the dialog with its tabs."""
    if not _tabs(visit):
        # Somebody deactivated the account, or took the role away, while it was open.
        close_dialog()
        return
    title = f"Edit {plain(visit.account.title)}"
    show = dialog(title, _edit, width="medium", on_dismiss=close_dialog)
    show(visit, editing, _tabs(visit))


def _tabs(visit: Visit) -> list[str]:
    tabs: list[str] = []
    if visit.account.status is AccountStatus.DEACTIVATED:
        return tabs
    if visit.may(Permission.ACCOUNT_RENAME):
        tabs.append("Name")
    if visit.may(Permission.ACCOUNT_MOVE):
        tabs += ["Parent", "Children"]
    if visit.may(Permission.ACCOUNT_PIN):
        tabs.append("Note")
    if visit.may(Permission.NUMBER_RESTORE):
        tabs.append("Number")
    return tabs


def _edit(visit: Visit, editing: dict[str, Any], tabs: list[str]) -> None:
    tab = st.segmented_control("What to edit", tabs, default=tabs[0], required=True, key="edit_tab")
    if editing.get("tab") != tab:
        editing.update(tab=tab, plan=None, notice=None)
    match tab:
        case "Name":
            _edit_name(visit, editing)
        case "Parent":
            _edit_parent(visit, editing)
        case "Children":
            _edit_children(visit, editing)
        case "Note":
            _edit_note(visit, editing)
        case "Number":
            _restore_number(visit, editing)
    show_notice(editing)
    plan: Plan | None = editing["plan"]
    if plan is not None:
        show_plan(plan)
        if not plan.blockers:
            _offer_start(visit, plan, editing)


def _edit_name(visit: Visit, editing: dict[str, Any]) -> None:
    with st.form("rename", border=False):
        name = st.text_input("Account name", value=editing["base_name"], key="new_name")
        if st.form_submit_button("Show what changes", icon=":material/preview:"):
            make_plan(visit, "rename", visit.account.number, {"name": name, "base": editing["base_name"]}, editing)


def _edit_parent(visit: Visit, editing: dict[str, Any]) -> None:
    st.caption(f"Parent now: {plain(_shown_parent(visit.account))}")
    with st.form("parent", border=False):
        typed = st.text_input(
            "New parent",
            key="new_parent",
            placeholder="Account number",
            help="The number of the parent account.",
        )
        asked = st.form_submit_button("Show what changes", icon=":material/preview:")
    if asked:
        wanted = trimmed(typed or "")
        if wanted:
            params = {"parent": wanted, "base": editing["base_parent"]}
            make_plan(visit, "parent", visit.account.number, params, editing)
        else:
            editing.update(plan=None, notice="Type the number of the parent account.")
    if st.button("Remove the parent", icon=":material/link_off:", key="remove_parent"):
        make_plan(visit, "parent", visit.account.number, {"parent": None, "base": editing["base_parent"]}, editing)


def _edit_children(visit: Visit, editing: dict[str, Any]) -> None:
    with visit.read() as connection:
        children = accounts.list_children(connection, visit.account.number)
    with st.form("child", border=False):
        typed = st.text_input("Add a child", key="new_child", placeholder="Account number")
        asked = st.form_submit_button("Show what changes", icon=":material/preview:")
    if asked:
        wanted = trimmed(typed or "")
        with visit.read() as connection:
            child = accounts.find_account(connection, wanted)
        if child is None:
            editing.update(plan=None, notice=f"There is no account “{wanted}”. Nothing was changed.")
        else:
            params = {"parent": visit.account.number, "base": child.parent_number}
            make_plan(visit, "parent", child.number, params, editing)
    if not children:
        st.caption("This account has no children.")
        return
    titles = {child.number: child.title for child in children}
    chosen = st.selectbox("Remove a child", list(titles), index=None, format_func=titles.__getitem__, key="old_child")
    if chosen and st.button("Show what changes", icon=":material/link_off:", key="remove_child"):
        make_plan(visit, "parent", chosen, {"parent": None, "base": visit.account.number}, editing)


def _edit_note(visit: Visit, editing: dict[str, Any]) -> None:
    # No form of Streamlit: it sends nothing before its button, and a restart would lose the text.
    place = DraftPlace(visit, "pinned_note")
    note = kept_text_area(
        place,
        "Pinned note",
        visit.account.pinned_note or "",
        key="new_note",
        placeholder="Payment plan until 12 March",
        help="Everybody on the staff sees it above the account. Whoever suspends the account has to say why.",
    )
    until = st.date_input("In force until", value=visit.account.pinned_until, key="note_until", help="Empty: no end.")
    if st.button("Show what changes", icon=":material/preview:", key="show_note"):
        params = {"note": note, "until": until.isoformat() if until else None}
        make_plan(visit, "pin", visit.account.number, params, editing)
        editing["shown_for"] = (note, until)
    elif editing.get("shown_for") not in (None, (note, until)):
        # Typed on: what was shown is no longer what would happen.
        editing.update(plan=None, shown_for=None)
    if visit.account.pinned_note and st.button("Take the note off", icon=":material/keep_off:", key="unpin"):
        editing["shown_for"] = None
        make_plan(visit, "pin", visit.account.number, {"note": None, "until": None}, editing)


def _restore_number(visit: Visit, editing: dict[str, Any]) -> None:
    with st.form("restore", border=False):
        typed = st.text_input(
            "Number in quarantine",
            key="restored_number",
            placeholder="0491 570 006",
            help="A number that was given up by mistake, here or on another account. This account gets it.",
        )
        if st.form_submit_button("Show what changes", icon=":material/preview:"):
            make_plan(visit, "restore_number", visit.account.number, {"number": typed}, editing)


def _offer_start(visit: Visit, plan: Plan, editing: dict[str, Any]) -> None:
    if st.button(ACTIONS[plan.kind].verb, type="primary", icon=":material/play_arrow:", key=f"start_{plan.id}"):
        if start_plan(visit, editing):
            if plan.kind == "pin":
                DraftPlace(visit, "pinned_note").drop()
            close_dialog()
        draw_again()


def _shown_parent(account: Account) -> str:
    return f"{account.parent_number} - {account.parent_name}" if account.parent_number else "none"
