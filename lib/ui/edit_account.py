"""The Edit dialog of Account Details: name, parent and children. Look at the plan, then start it."""

from typing import Any

import streamlit as st

from lib.actions.action import Plan
from lib.actions.catalogue import ACTIONS
from lib.actions.errors import AccountBusy, ActionError, PlanChanged
from lib.domain.accounts import Account
from lib.domain.permissions import Identity, Permission
from lib.launch import Hub
from lib.store import accounts
from lib.ui.plan_view import show_plan
from lib.ui.selection import show_run
from lib.ui.text import plain

_EDITING = "editing"


def offer_edit(hub: Hub, account: Account, identity: Identity) -> None:
    """The Edit button, for those who may; a click opens the dialog on the account as it is now."""
    tabs = _tabs(account, identity)
    if not tabs:
        return
    if st.button("Edit", icon=":material/edit:", key="edit_account", help="Name, parent and children"):
        st.session_state[_EDITING] = {
            "account": account.number,
            # What the person sees as they begin: a change by somebody else meanwhile is told, not overwritten.
            "name": account.name,
            "parent": account.parent_number,
            "plan": None,
            "notice": None,
        }
    editing = st.session_state.get(_EDITING)
    if editing and editing["account"] == account.number:
        dialog = st.dialog(f"Edit {plain(account.title)}", width="medium", on_dismiss=_forget)
        dialog(_edit)(hub, account, identity, editing, tabs)


def _tabs(account: Account, identity: Identity) -> list[str]:
    tabs = []
    if identity.may(Permission.ACCOUNT_RENAME, account.number):
        tabs.append("Name")
    if identity.may(Permission.ACCOUNT_MOVE, account.number):
        tabs += ["Parent", "Children"]
    return tabs


def _edit(hub: Hub, account: Account, identity: Identity, editing: dict[str, Any], tabs: list[str]) -> None:
    tab = st.segmented_control("What to edit", tabs, default=tabs[0], required=True, key="edit_tab")
    if editing.get("tab") != tab:
        editing.update(tab=tab, plan=None, notice=None)
    match tab:
        case "Name":
            _edit_name(hub, account, identity, editing)
        case "Parent":
            _edit_parent(hub, account, identity, editing)
        case "Children":
            _edit_children(hub, account, identity, editing)
    if editing["notice"]:
        st.warning(plain(editing["notice"]), icon=":material/sync_problem:")
    plan: Plan | None = editing["plan"]
    if plan is not None:
        show_plan(plan)
        if not plan.blockers:
            _offer_start(hub, plan, identity, editing)


def _edit_name(hub: Hub, account: Account, identity: Identity, editing: dict[str, Any]) -> None:
    with st.form("rename", border=False):
        name = st.text_input("Account name", value=editing["name"], key="new_name")
        if st.form_submit_button("Show what changes", icon=":material/preview:"):
            _make_plan(hub, "rename", account.number, {"name": name, "base": editing["name"]}, identity, editing)


def _edit_parent(hub: Hub, account: Account, identity: Identity, editing: dict[str, Any]) -> None:
    st.caption(f"Parent now: {plain(_shown_parent(account))}")
    with st.form("parent", border=False):
        typed = st.text_input(
            "New parent",
            key="new_parent",
            placeholder="Account number",
            help="The number of the parent account.",
        )
        asked = st.form_submit_button("Show what changes", icon=":material/preview:")
    if asked:
        wanted = (typed or "").strip()
        if wanted:
            params = {"parent": wanted, "base": editing["parent"]}
            _make_plan(hub, "parent", account.number, params, identity, editing)
        else:
            editing.update(plan=None, notice="Type the number of the parent account.")
    if st.button("Remove the parent", icon=":material/link_off:", key="remove_parent"):
        _make_plan(hub, "parent", account.number, {"parent": None, "base": editing["parent"]}, identity, editing)


def _edit_children(hub: Hub, account: Account, identity: Identity, editing: dict[str, Any]) -> None:
    with hub.services.engine.connect() as connection:
        children = accounts.list_children(connection, account.number)
    with st.form("child", border=False):
        typed = st.text_input("Add a child", key="new_child", placeholder="Account number")
        asked = st.form_submit_button("Show what changes", icon=":material/preview:")
    if asked:
        wanted = (typed or "").strip()
        with hub.services.engine.connect() as connection:
            child = accounts.find_account(connection, wanted)
        if child is None:
            editing.update(plan=None, notice=f"There is no account “{wanted}”. Nothing was changed.")
        else:
            params = {"parent": account.number, "base": child.parent_number}
            _make_plan(hub, "parent", child.number, params, identity, editing)
    if not children:
        st.caption("This account has no children.")
        return
    titles = {child.number: child.title for child in children}
    chosen = st.selectbox("Remove a child", list(titles), index=None, format_func=titles.__getitem__, key="old_child")
    if chosen and st.button("Show what changes", icon=":material/link_off:", key="remove_child"):
        _make_plan(hub, "parent", chosen, {"parent": None, "base": account.number}, identity, editing)


def _make_plan(
    hub: Hub, kind: str, number: str, params: dict[str, Any], identity: Identity, editing: dict[str, Any]
) -> None:
    editing.update(plan=None, notice=None)
    try:
        with st.spinner("Reading the Hub and Zuora"):
            editing["plan"] = hub.runner.plan(kind, number, params, identity)
    except ActionError as error:
        editing["notice"] = str(error)


def _offer_start(hub: Hub, plan: Plan, identity: Identity, editing: dict[str, Any]) -> None:
    if not st.button(_verb(plan), type="primary", icon=":material/play_arrow:", key=f"start_{plan.id}"):
        return
    try:
        run_id = hub.runner.start(plan, identity)
    except PlanChanged as changed:
        editing.update(plan=changed.plan, notice=f"{changed} Look at the new plan.")
        st.rerun()
    except AccountBusy as busy:
        st.error(plain(str(busy)), icon=":material/lock:")
    except ActionError as error:
        editing.update(plan=None, notice=str(error))
        st.rerun()
    else:
        _forget()
        show_run(run_id)
        st.rerun()


def _verb(plan: Plan) -> str:
    return ACTIONS[plan.kind].verb


def _shown_parent(account: Account) -> str:
    return f"{account.parent_number} - {account.parent_name}" if account.parent_number else "none"


def _forget() -> None:
    st.session_state.pop(_EDITING, None)
