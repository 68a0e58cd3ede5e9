"""The dialogs of the billing page: refresh allowances, add a subscription, edit and remove one."""

from collections.abc import Mapping

import streamlit as st

from lib.domain.accounts import AccountStatus
from lib.domain.permissions import Permission
from lib.store.billing import HubSubscription
from lib.ui.dialogs import Dialog, keep, opened_dialog
from lib.ui.runs.confirm import Asked, confirm_in_dialog, show_confirmation
from lib.ui.runs.start import ask_plan, ask_text, make_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain

REFRESH, ADD, EDIT, REMOVE = "refresh_allowances", "add_subscription", "edit_subscription", "remove_subscription"


def offer_refresh(visit: Visit, *, subscription: str | None) -> None:
    """The button that reads one subscription in Zuora again, or all of the account (None)."""
    if not visit.may(Permission.ALLOWANCES_REFRESH):
        return
    label = "Refresh allowances" if subscription else "Refresh all allowances"
    note = "Reads the latest version in Zuora and shows what changes before anything is saved."
    if st.button(label, icon=":material/refresh:", key=f"refresh_{subscription or visit.account.number}", help=note):
        dialog = _dialog(visit, REFRESH, f"Allowances of {plain(visit.account.title)}")
        make_plan(visit, dialog, REFRESH, {"subscription": subscription})


def offer_add(visit: Visit) -> None:
    """The button that adds a subscription; not on a deactivated account."""
    if visit.account.status is AccountStatus.DEACTIVATED or not visit.may(Permission.SUBSCRIPTIONS_EDIT):
        return
    if st.button("Add subscription", icon=":material/add:", key=own_key(visit.account, ADD)):
        keep(_dialog(visit, ADD, f"Add a subscription to {plain(visit.account.title)}"))


def offer_changes(visit: Visit, subscription: HubSubscription) -> None:
    """The buttons that edit a subscription (its name and its number) and remove it."""
    if not visit.may(Permission.SUBSCRIPTIONS_EDIT):
        return
    number, title = subscription.number, plain(visit.account.title)
    if st.button("Edit subscription", icon=":material/edit:", key=f"edit_{number}"):
        params = {"subscription": number, "number": number, "name": subscription.name or ""}
        keep(_dialog(visit, EDIT, f"Edit a subscription of {title}", params))
    if st.button("Remove", icon=":material/delete:", key=f"remove_{number}"):
        make_plan(visit, _dialog(visit, REMOVE, f"Remove a subscription from {title}"), REMOVE, {"number": number})


def show_dialog(visit: Visit) -> None:
    """The dialog of this page that is open, if there is one."""
    dialog = opened_dialog(visit.account.number)
    bodies = {REFRESH: _confirm, REMOVE: _confirm, ADD: _add, EDIT: _edit}
    if dialog is not None and dialog.name in bodies:
        confirm_in_dialog(visit, dialog, bodies[dialog.name], width="large")


def _dialog(visit: Visit, name: str, title: str, params: Mapping[str, str] | None = None) -> Dialog:
    return Dialog(name=name, account=visit.account.number, title=title, params=params or {})


def _confirm(visit: Visit, dialog: Dialog) -> None:
    show_confirmation(visit, dialog, Asked(again="always"))


def _add(visit: Visit, dialog: Dialog) -> None:
    number = ask_text(
        "add_subscription_form", "Subscription number", key="new_subscription", placeholder="SUB-00000012"
    )
    if number is not None:
        dialog = make_plan(visit, dialog, ADD, {"number": number})
    show_confirmation(visit, dialog)


def _edit(visit: Visit, dialog: Dialog) -> None:
    given = dialog.params
    with st.form("edit_subscription_form", border=False):
        name = st.text_input("Name", given["name"], key="subscription_name", help="What colleagues call it.")
        number = st.text_input(
            "Subscription number",
            given["number"],
            key="subscription_number",
            help="Change it when Zuora bills under a new number. What is billed to the old number moves to it.",
        )
        if ask_plan(in_form=True):
            typed = {"subscription": given["subscription"], "number": number, "name": name}
            dialog = make_plan(visit, dialog, EDIT, typed)
    show_confirmation(visit, dialog)
