"""Update name: a section of the page with every login before and after, and the account number to be typed."""

from typing import Any

import streamlit as st

from lib.actions.action import Confirmation, Plan
from lib.actions.errors import ActionError
from lib.domain.accounts import Account
from lib.domain.permissions import Identity
from lib.launch import Hub
from lib.store.approvals import Approval
from lib.store.pbxs import Pbx
from lib.ui.again import draw_again
from lib.ui.dialogs import close_dialog
from lib.ui.moments import at
from lib.ui.plan_view import make_plan, show_notice, show_plan, start_plan
from lib.ui.text import plain
from lib.ui.typed_number import type_number

NAME = "rename_pbx"
_TYPED_LIMIT = 200
"""More than a group name may have, so that a text that was pasted whole is told what is wrong with it."""


def show_rename(hub: Hub, account: Account, identity: Identity, state: dict[str, Any]) -> None:
    """The section, inside the box of its PBX."""
    pbx: Pbx = state["pbx"]
    with st.container(border=True):
        head, close = st.columns([5, 1], vertical_alignment="center")
        head.markdown(f"**Update the group name of {plain(pbx.name)}**")
        if close.button("Close", icon=":material/close:", type="tertiary", key="close_rename_pbx"):
            close_dialog()
            draw_again()
        st.error(
            "**This changes the login of every extension.** Use it sparingly, and agree on a time with the customer.",
            icon=":material/warning:",
        )
        request = _request(hub, account, pbx)
        with st.form(f"rename_pbx_{pbx.id}", border=False):
            name = st.text_input(
                "New group name",
                value=str(request.params["group_name"]) if request else pbx.group_name,
                key=f"new_group_name_{pbx.id}",
                max_chars=_TYPED_LIMIT,
                help="Small letters, digits and hyphens; no other PBX, of whatever account, may have it.",
            )
            asked = st.form_submit_button("Show what changes", icon=":material/preview:")
        if asked:
            params = {"pbx": pbx.id, "group_name": name, "base": pbx.group_name}
            make_plan(hub, NAME, account.number, params, identity, state)
        plan: Plan | None = state["plan"]
        if plan is None:
            show_notice(state)
            return
        show_plan(plan)
        if plan.blockers:
            show_notice(state)
        else:
            _confirm(hub, account, identity, state, plan)


def _request(hub: Hub, account: Account, pbx: Pbx) -> Approval | None:
    """What a second person is asked to approve of this PBX; the account may have others."""
    found = hub.runner.second_person.request(NAME, account.number) if hub.settings.four_eyes else None
    return found if found is not None and found.params["pbx"] == pbx.id else None


def _confirm(hub: Hub, account: Account, identity: Identity, state: dict[str, Any], plan: Plan) -> None:
    typed = type_number(account, key="rename_pbx_typed")
    show_notice(state)
    request = _request(hub, account, state["pbx"])
    if request is not None and request.asked_by != identity.email and request.approved_by is None:
        st.info(
            f"{plain(request.asked_by_name)} asked for a second person at {at(hub, request.asked_at)}. "
            "Your approval is for exactly this plan; it starts nothing by itself.",
            icon=":material/group:",
        )
        if st.button("Approve this plan", type="primary", icon=":material/verified_user:", key="approve_rename_pbx"):
            try:
                # The plan on the screen: where its name is not the one asked for, it is refused as another plan.
                fresh = hub.runner.plan(NAME, account.number, plan.params, identity)
                hub.runner.second_person.approve(request, fresh, identity, typed)
            except ActionError as error:
                state["notice"] = str(error)
            else:
                close_dialog()
                st.toast("Approved. The first person can start it now.", icon=":material/verified_user:")
            draw_again()
        return
    if request is not None and request.approved_by is None:
        st.info("You asked for a second person. Nobody has approved it yet.", icon=":material/hourglass_top:")
    with st.container(horizontal=True):
        label = f"Update name to {plan.params['group_name']}"
        if st.button(label, type="primary", key=f"start_{plan.id}"):
            if start_plan(hub, identity, state, Confirmation(typed=typed)):
                close_dialog()
            draw_again()
        if (
            hub.settings.four_eyes
            and request is None
            and st.button("Ask a second person", icon=":material/group_add:", key="ask_second_pbx")
        ):
            hub.runner.second_person.ask(plan, identity)
            state["notice"] = "Asked. Have somebody else with the same right open this PBX and press Update name."
            draw_again()
