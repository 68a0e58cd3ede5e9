"""The second person in a confirmation: the request, and the approval of exactly the plan in the request."""

import streamlit as st

from lib.actions.engine.plan import Plan
from lib.store.approvals import Approval
from lib.ui.dialogs import Dialog, change, close_dialog
from lib.ui.runs.plan import show_notice
from lib.ui.runs.start import act_on_plan, make_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain


def request_of(visit: Visit, kind: str) -> Approval | None:
    """The open request to a second person on this account, or None."""
    return visit.app.runner.second_person.request(kind, visit.account.number) if visit.app.settings.four_eyes else None


def waits_for(request: Approval | None, visit: Visit) -> Approval | None:
    """The request, if this person may approve it: somebody else asked, and nobody has approved it yet."""
    if request is None or request.asked_by == visit.identity.email or request.approved_by is not None:
        return None
    return request


def show_request(visit: Visit, request: Approval) -> None:
    """Who asked or approved, in words for the person who reads it."""
    if request.approved_by is not None:
        st.success(
            f"{plain(request.approved_by_name or '')} approved it at {visit.at(request.approved_at)}.",
            icon=":material/verified_user:",
        )
    elif request.asked_by == visit.identity.email:
        st.info(
            f"You asked for a second person at {visit.at(request.asked_at)}. Nobody has approved it yet.",
            icon=":material/hourglass_top:",
        )
    else:
        st.info(
            f"{plain(request.asked_by_name)} asked for a second person at {visit.at(request.asked_at)}. "
            "You approve exactly the plan above. Your approval does not start it.",
            icon=":material/group:",
        )


def show_other_plan(visit: Visit, dialog: Dialog, plan: Plan, request: Approval, way: str) -> None:
    """The second person changed a choice, or the facts have changed: the plan is not the one in the request."""
    st.warning(
        f"The plan above is not the one {plain(request.asked_by_name)} asked about at {visit.at(request.asked_at)}, "
        "so it cannot be approved.",
        icon=":material/rule:",
    )
    show_notice(dialog)
    if plan.params == request.params:
        st.caption("Something has changed since then. One of you has to ask again, about the new plan.")
        offer_to_ask(visit, dialog, plan, request, way)
    elif st.button("Show what was asked about", icon=":material/undo:", key=own_key(visit.account, "show_asked")):
        # Sets the choices and fields above the plan to those of the request.
        make_plan(visit, change(dialog, round=dialog.round + 1), plan.kind, request.params, plan.account)
        draw_again()


def offer_to_ask(visit: Visit, dialog: Dialog, plan: Plan, request: Approval | None, way: str) -> None:
    """The button that asks a second person, unless this plan was asked about already. `way`: how they get here."""
    if request is not None and request.fingerprint == plan.fingerprint:
        return
    if st.button("Ask a second person", icon=":material/group_add:", key=own_key(visit.account, "ask_second")):
        ask = visit.app.runner.ask
        if act_on_plan(visit, dialog, plan, lambda opened: ask(plan, visit.identity, opened=opened)):
            change(dialog, notice=f"Request sent. Ask a colleague with the same right to {way}.")
        draw_again()


def offer_approval(visit: Visit, dialog: Dialog, plan: Plan, typed: str) -> None:
    """The button that approves this plan, if `typed` is the account number."""
    if st.button("Approve this plan", type="primary", icon=":material/verified_user:", key=f"approve_{plan.id}"):
        approve = visit.app.runner.approve
        if act_on_plan(visit, dialog, plan, lambda opened: approve(plan, visit.identity, typed, opened=opened)):
            close_dialog()
            st.toast("Approved. The first person can start it now.", icon=":material/verified_user:")
        draw_again()
