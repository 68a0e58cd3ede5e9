"""What changes a PBX: the dialog for its billing subscription, and the section for its group name."""

from dataclasses import dataclass

import streamlit as st

from lib.domain.permissions import Permission
from lib.store import pbxs
from lib.store.pbxs import Pbx
from lib.ui.dialogs import Dialog, change, keep, opened_dialog
from lib.ui.runs.confirm import Asked, confirm_in_dialog, confirm_in_section, show_confirmation
from lib.ui.runs.second_person import request_of
from lib.ui.runs.start import ask_plan, ask_text, make_plan
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain

BILLING, RENAME = "pbx_billing", "rename_pbx"
_TYPED_LIMIT = 200
"""More than a group name may have, so that a text that is too long is refused with a reason, not cut off."""
_WARNING = "**This changes the login of every extension.** Use it sparingly, and agree on a time with the customer."


@dataclass(frozen=True, kw_only=True)
class PbxDialog(Dialog):
    """A change of one PBX; `pbx` is as the person saw it, so that a colleague's change is not overwritten."""

    pbx: Pbx


def offer_changes(visit: Visit, pbx: Pbx) -> None:
    """The buttons that change a PBX."""
    with st.container(horizontal=True):
        if visit.may(Permission.PBX_BILLING) and st.button(
            "Edit", icon=":material/edit:", key=f"billing_{pbx.id}", help="The billing subscription of this PBX"
        ):
            title = f"Billing subscription of {plain(pbx.name)}"
            keep(PbxDialog(name=BILLING, account=visit.account.number, title=title, pbx=pbx))
        if visit.may(Permission.PBX_RENAME) and st.button(
            "Update name",
            icon=":material/badge:",
            key=f"rename_{pbx.id}",
            help="The group name. This changes the login of every extension.",
        ):
            title = f"Update the group name of {plain(pbx.name)}"
            keep(PbxDialog(name=RENAME, account=visit.account.number, title=title, pbx=pbx))


def show_billing_dialog(visit: Visit) -> None:
    """The dialog for the billing subscription, if it is open."""
    dialog = opened_dialog(visit.account.number)
    if isinstance(dialog, PbxDialog) and dialog.name == BILLING:
        confirm_in_dialog(visit, dialog, _choose)


def show_rename(visit: Visit, pbx: Pbx) -> None:
    """The section for the group name, if it is open for this PBX."""
    dialog = opened_dialog(visit.account.number)
    if not isinstance(dialog, PbxDialog) or dialog.name != RENAME or dialog.pbx.id != pbx.id:
        return
    with confirm_in_section(dialog, _WARNING):
        _rename(visit, dialog)


def _choose(visit: Visit, dialog: PbxDialog) -> None:
    pbx = dialog.pbx
    with visit.read() as connection:
        today = visit.app.services.today()
        offered = {one.number: one.label_on(today) for one in pbxs.list_subscriptions(connection, visit.account.number)}
    if not offered:
        st.info("This account has no subscription in the Hub.", icon=":material/receipt_long:")
    options = [*offered, None]
    chosen = st.selectbox(
        "Billing subscription",
        options,
        index=options.index(pbx.subscription) if pbx.subscription in options else len(offered),
        format_func=lambda number: offered[number] if number else "No billing subscription",
        key=f"pbx_subscription_{pbx.id}",
        help="The subscriptions of this account in the Hub.",
    )
    wanted = {"pbx": pbx.id, "subscription": chosen, "base": pbx.subscription}
    if ask_plan(key="show_pbx_billing"):
        dialog = make_plan(visit, dialog, BILLING, wanted)
    elif dialog.plan is not None and dialog.params != wanted:
        # Another choice: the plan on the screen is no longer what would happen.
        dialog = change(dialog, plan=None)
    show_confirmation(visit, dialog)


def _rename(visit: Visit, dialog: PbxDialog) -> None:
    pbx, request = dialog.pbx, request_of(visit, RENAME)
    if request is not None and request.params["pbx"] != pbx.id:
        # The request is for another PBX of the account.
        request = None
    again = f"_{dialog.round}" if dialog.round else ""
    name = ask_text(
        f"rename_pbx_{pbx.id}",
        "New group name",
        value=str(request.params["group_name"]) if request else pbx.group_name,
        key=f"new_group_name_{pbx.id}{again}",
        max_chars=_TYPED_LIMIT,
        help="Small letters, digits and hyphens. No other PBX may have this name, in any account.",
    )
    if name is not None:
        dialog = make_plan(visit, dialog, RENAME, {"pbx": pbx.id, "group_name": name, "base": pbx.group_name})
    start = f"Update name to {dialog.plan.params['group_name']}" if dialog.plan else None
    asked = Asked(start=start, way="open this PBX and press Update name", request=request)
    show_confirmation(visit, dialog, asked)
