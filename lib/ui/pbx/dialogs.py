"""The dialog in which the billing subscription of a PBX is chosen."""

from typing import Any

import streamlit as st

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.plan import Plan
from lib.store import pbxs
from lib.store.pbxs import Pbx
from lib.ui.dialogs import close_dialog
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain

NAME = "pbx_billing"


def billing_dialog(visit: Visit, state: dict[str, Any]) -> None:
    """Draw the dialog."""
    title = f"Billing subscription of {plain(state['pbx'].name)}"
    dialog(title, _choose, width="medium", on_dismiss=close_dialog)(visit, state)


def _choose(visit: Visit, state: dict[str, Any]) -> None:
    pbx: Pbx = state["pbx"]
    with visit.read() as connection:
        today = visit.app.services.today()
        offered = {one.number: one.label_on(today) for one in pbxs.list_subscriptions(connection, visit.account.number)}
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
        make_plan(visit, NAME, visit.account.number, params, state)
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
        if start_plan(visit, state):
            close_dialog()
        draw_again()
