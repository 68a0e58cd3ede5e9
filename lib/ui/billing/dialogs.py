"""The dialogs of the billing page: refresh allowances, add a subscription, remove one."""

from typing import Any

import streamlit as st

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.plan import Plan
from lib.domain.accounts import AccountStatus
from lib.domain.permissions import Permission
from lib.store.billing import HubSubscription
from lib.ui.dialogs import close_dialog, open_dialog, opened_dialog
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain

REFRESH, ADD, EDIT, REMOVE = "refresh_allowances", "add_subscription", "edit_subscription", "remove_subscription"


def offer_refresh(visit: Visit, *, subscription: str | None) -> None:
    """The button that reads Zuora, for one subscription or (None) for all of the account; for those who may."""
    if not visit.may(Permission.ALLOWANCES_REFRESH):
        return
    label = "Refresh allowances" if subscription else "Refresh all allowances"
    told = "Reads the latest version in Zuora and shows what changes before anything is saved."
    if st.button(label, icon=":material/refresh:", key=f"refresh_{subscription or visit.account.number}", help=told):
        params = {"subscription": subscription}
        make_plan(
            visit, REFRESH, visit.account.number, params, open_dialog(REFRESH, visit.account.number, params=params)
        )


def offer_add(visit: Visit) -> None:
    """The button to add a subscription, for those who may, to an account that can still have one."""
    if visit.account.status is AccountStatus.DEACTIVATED or not visit.may(Permission.SUBSCRIPTIONS_EDIT):
        return
    if st.button("Add subscription", icon=":material/add:", key=own_key(visit.account, ADD)):
        open_dialog(ADD, visit.account.number)


def offer_edit(visit: Visit, *, subscription: HubSubscription) -> None:
    """The button to give a subscription another name or number, for those who may."""
    if not visit.may(Permission.SUBSCRIPTIONS_EDIT):
        return
    if st.button("Edit subscription", icon=":material/edit:", key=f"edit_{subscription.number}"):
        params = {
            "subscription": subscription.number,
            "number": subscription.number,
            "name": subscription.name or "",
        }
        open_dialog(EDIT, visit.account.number, params=params)


def offer_remove(visit: Visit, *, subscription: str) -> None:
    """The button to remove a subscription, for those who may."""
    if not visit.may(Permission.SUBSCRIPTIONS_EDIT):
        return
    if st.button("Remove", icon=":material/delete:", key=f"remove_{subscription}"):
        params = {"number": subscription}
        make_plan(visit, REMOVE, visit.account.number, params, open_dialog(REMOVE, visit.account.number, params=params))


def show_dialog(visit: Visit) -> None:
    """Draw the dialog of this page that is open, if one is."""
    state = opened_dialog(visit.account.number)
    drawn = {
        REFRESH: (_look, f"Allowances of {plain(visit.account.title)}"),
        REMOVE: (_look, f"Remove a subscription from {plain(visit.account.title)}"),
        ADD: (_add, f"Add a subscription to {plain(visit.account.title)}"),
        EDIT: (_edit, f"Edit a subscription of {plain(visit.account.title)}"),
    }
    if state is None or state["name"] not in drawn:
        return
    body, title = drawn[state["name"]]
    dialog(title, body, width="large", on_dismiss=close_dialog)(visit, state)


def _look(visit: Visit, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    with st.container(horizontal=True):
        _offer_start(visit, state)
        if st.button("Look again", icon=":material/refresh:", key="look_again"):
            make_plan(visit, state["name"], visit.account.number, state["params"], state)
            draw_again()


def _add(visit: Visit, state: dict[str, Any]) -> None:
    with st.form("add_subscription_form", border=False):
        number = st.text_input("Subscription number", key="new_subscription", placeholder="SUB-00000012")
        if st.form_submit_button("Show what changes", icon=":material/preview:"):
            make_plan(visit, ADD, visit.account.number, {"number": number}, state)
    if state["plan"] is not None:
        show_plan(state["plan"])
    show_notice(state)
    _offer_start(visit, state)


def _edit(visit: Visit, state: dict[str, Any]) -> None:
    params = state["params"]
    with st.form("edit_subscription_form", border=False):
        name = st.text_input("Name", params["name"], key="subscription_name", help="What people here call it.")
        number = st.text_input(
            "Subscription number",
            params["number"],
            key="subscription_number",
            help="Another number when Zuora bills under a new subscription. What is billed to it goes along.",
        )
        if st.form_submit_button("Show what changes", icon=":material/preview:"):
            typed = {"subscription": params["subscription"], "number": number, "name": name}
            make_plan(visit, EDIT, visit.account.number, typed, state)
    if state["plan"] is not None:
        show_plan(state["plan"])
    show_notice(state)
    _offer_start(visit, state)


def _offer_start(visit: Visit, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is None or plan.blockers or not plan.steps:
        return
    if st.button(ACTIONS[plan.kind].verb, type="primary", icon=":material/play_arrow:", key=f"start_{plan.id}"):
        if start_plan(visit, state):
            close_dialog()
        draw_again()
