"""What is hard to reverse is confirmed here: the account number typed and, where it is asked for, a second person.

One component for every such action, so that what is approved is always the plan on the screen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.actions.engine.plan import Confirmation, Plan
from lib.domain.accounts import Account
from lib.domain.permissions import Identity
from lib.domain.texts import trimmed
from lib.store.approvals import Approval
from lib.ui.dialogs import close_dialog
from lib.ui.runs.plan import act_on_plan, make_plan, named_page, show_notice, start_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain

# A script in a page is named to the browser by its hash, so it is the same in each.
NO_SPELLING = "document.querySelectorAll('[class*=_typed_field]').forEach(one => { one.spellcheck = false })"


@dataclass(frozen=True)
class Asked:
    """What the person is asked beside the number: `start` is the button's text, `way` how a second person gets here.

    `started` is called once the run has begun.
    """

    start: str
    way: str
    reason: str | None = None
    note: str | None = None
    started: Callable[[], None] = lambda: None


def request_of(visit: Visit, kind: str) -> Approval | None:
    """What a second person is asked to approve on this account, or None."""
    return visit.app.runner.second_person.request(kind, visit.account.number) if visit.app.settings.four_eyes else None


def is_for_second(request: Approval | None, identity: Identity) -> bool:
    """True when it is this person who may approve: somebody else asked, and nobody has approved it."""
    return request is not None and request.asked_by != identity.email and request.approved_by is None


def confirm_plan(visit: Visit, state: dict[str, Any], request: Approval | None, asked: Asked) -> None:
    """Below the plan of `state`: the number to be typed, and the button to start, to ask, or to approve."""
    plan: Plan = state["plan"]
    for_second = is_for_second(request, visit.identity)
    if for_second and request is not None and request.fingerprint != plan.fingerprint:
        _show_other_plan(visit, state, request, asked)
        return
    if for_second and request is not None:
        st.info(
            f"{plain(request.asked_by_name)} asked for a second person at {visit.at(request.asked_at)}. "
            "Your approval is for exactly the plan above; it starts nothing by itself.",
            icon=":material/group:",
        )
    typed = _type_number(visit.account, key=f"{plan.kind}_typed")
    show_notice(state)
    if for_second:
        _offer_approval(visit, state, typed)
        return
    if request is not None:
        _show_request(visit, request)
    with st.container(horizontal=True):
        if st.button(asked.start, type="primary", key=f"start_{plan.id}"):
            given = Confirmation(typed=typed, reason=asked.reason, note=asked.note)
            if start_plan(visit, state, given):
                asked.started()
                close_dialog()
            draw_again()
        if visit.app.settings.four_eyes and (request is None or request.fingerprint != plan.fingerprint):
            _offer_to_ask(visit, state, asked)


def _offer_to_ask(visit: Visit, state: dict[str, Any], asked: Asked) -> None:
    plan: Plan = state["plan"]
    if st.button("Ask a second person", icon=":material/group_add:", key=own_key(visit.account, "ask_second")):
        if act_on_plan(
            visit, state, lambda: visit.app.runner.ask(plan, visit.identity, opened=named_page(visit.identity, state))
        ):
            state["notice"] = f"Request sent. Ask a colleague with the same right to {asked.way}."
        draw_again()


def _show_other_plan(visit: Visit, state: dict[str, Any], request: Approval, asked: Asked) -> None:
    """The second person changed a choice, or the facts changed since: what they see is not what was asked about."""
    plan: Plan = state["plan"]
    st.warning(
        f"The plan above is not the one {plain(request.asked_by_name)} asked about at {visit.at(request.asked_at)}, "
        "so it cannot be approved.",
        icon=":material/rule:",
    )
    show_notice(state)
    if plan.params == request.params:
        st.caption("Something changed since. One of you has to ask about the plan as it is now.")
        _offer_to_ask(visit, state, asked)
    elif st.button("Show what was asked about", icon=":material/undo:", key=own_key(visit.account, "show_asked")):
        make_plan(visit, plan.kind, plan.account, request.params, state)
        # The choices and fields above the plan begin again from what was asked about.
        state["round"] = state.get("round", 0) + 1
        draw_again()


def _offer_approval(visit: Visit, state: dict[str, Any], typed: str) -> None:
    plan: Plan = state["plan"]
    if st.button("Approve this plan", type="primary", icon=":material/verified_user:", key=f"approve_{plan.id}"):
        if act_on_plan(
            visit,
            state,
            lambda: visit.app.runner.approve(plan, visit.identity, typed, opened=named_page(visit.identity, state)),
        ):
            close_dialog()
            st.toast("Approved. The first person can start it now.", icon=":material/verified_user:")
        draw_again()


def _show_request(visit: Visit, request: Approval) -> None:
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


def _type_number(account: Account, *, key: str) -> str:
    """What was typed so far. The browser neither completes it nor looks it up in a dictionary; pasting is allowed."""
    with st.container(key=f"{key}_field"):
        typed = st.text_input(
            f"Type the account number {account.number} to confirm",
            key=key,
            # The browser must not offer what was typed for another account.
            autocomplete="off",
        )
    # Streamlit has no option for this. What is set around a field holds for the field.
    st.html(
        f"<script>{NO_SPELLING}</script>",
        unsafe_allow_javascript=True,
        width="content",
    )
    return trimmed(typed)
