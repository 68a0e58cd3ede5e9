"""Update name: a section of the page with every login before and after, and the account number to be typed."""

from typing import Any

import streamlit as st

from lib.actions.engine.plan import Plan
from lib.store.approvals import Approval
from lib.store.pbxs import Pbx
from lib.ui.dialogs import close_dialog
from lib.ui.runs.plan import make_plan, show_notice, show_plan
from lib.ui.runs.typed import Asked, confirm_plan, request_of
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain

NAME = "rename_pbx"
_TYPED_LIMIT = 200
"""More than a group name may have, so that a text that was pasted whole is told what is wrong with it."""


def show_rename(visit: Visit, state: dict[str, Any]) -> None:
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
        request = _request(visit, pbx)
        again = f"_{state['round']}" if state.get("round") else ""
        with st.form(f"rename_pbx_{pbx.id}", border=False):
            name = st.text_input(
                "New group name",
                value=str(request.params["group_name"]) if request else pbx.group_name,
                key=f"new_group_name_{pbx.id}{again}",
                max_chars=_TYPED_LIMIT,
                help="Small letters, digits and hyphens; no other PBX, of whatever account, may have it.",
            )
            looked = st.form_submit_button("Show what changes", icon=":material/preview:")
        if looked:
            params = {"pbx": pbx.id, "group_name": name, "base": pbx.group_name}
            make_plan(visit, NAME, visit.account.number, params, state)
        plan: Plan | None = state["plan"]
        if plan is None:
            show_notice(state)
            return
        show_plan(plan)
        if plan.blockers:
            show_notice(state)
        else:
            asked = Asked(
                start=f"Update name to {plan.params['group_name']}", way="open this PBX and press Update name"
            )
            confirm_plan(visit, state, request, asked)


def _request(visit: Visit, pbx: Pbx) -> Approval | None:
    """What a second person is asked to approve of this PBX; the account may have others."""
    found = request_of(visit, NAME)
    return found if found is not None and found.params["pbx"] == pbx.id else None
