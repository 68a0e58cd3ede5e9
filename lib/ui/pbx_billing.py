"""The dialog in which the billing subscription of a PBX is chosen."""

from typing import Any

import streamlit as st

from lib.actions.action import Plan
from lib.actions.catalogue import ACTIONS
from lib.domain.accounts import Account
from lib.domain.permissions import Identity
from lib.launch import Hub
from lib.store import pbxs
from lib.store.pbxs import Pbx
from lib.ui.again import draw_again
from lib.ui.dialogs import close_dialog
from lib.ui.fragments import dialog
from lib.ui.plan_view import make_plan, show_notice, show_plan, start_plan
from lib.ui.text import plain

NAME = "pbx_billing"


def billing_dialog(hub: Hub, account: Account, identity: Identity, state: dict[str, Any]) -> None:
    """Draw the dialog."""
    title = f"Billing subscription of {plain(state['pbx'].name)}"
    dialog(title, _choose, width="medium", on_dismiss=close_dialog)(hub, account, identity, state)


def _choose(hub: Hub, account: Account, identity: Identity, state: dict[str, Any]) -> None:
    pbx: Pbx = state["pbx"]
    with hub.services.engine.connect() as connection:
        today = hub.services.today()
        offered = {one.number: one.label_on(today) for one in pbxs.list_subscriptions(connection, account.number)}
    if not offered:
        st.info("The Hub knows no subscription of this account.", icon=":material/receipt_long:")
    options = [*offered, None]
    chosen = st.selectbox(
        "Billing subscription",
        options,
        index=options.index(pbx.subscription) if pbx.subscription in options else len(offered),
        format_func=lambda number: offered[number] if number else "No billing subscription",
        key=f"pbx_subscription_{pbx.id}",
        help="The subscriptions of this account that the Hub knows.",
    )
    if st.button("Show what changes", icon=":material/preview:", key="show_pbx_billing"):
        params = {"pbx": pbx.id, "subscription": chosen, "base": pbx.subscription}
        make_plan(hub, NAME, account.number, params, identity, state)
    plan: Plan | None = state["plan"]
    if plan is not None and plan.params["subscription"] != chosen:
        # Chosen anew: what was shown is no longer what would happen.
        plan = state["plan"] = None
    show_notice(state)
    if plan is None:
        return
    show_plan(plan)
    if not plan.blockers and st.button(
        ACTIONS[NAME].verb, type="primary", icon=":material/play_arrow:", key=f"start_{plan.id}"
    ):
        if start_plan(hub, identity, state):
            close_dialog()
        draw_again()
