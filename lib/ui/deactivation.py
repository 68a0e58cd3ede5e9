"""Deactivate: a section of the page with the whole plan, the choices, and the account number to be typed."""

from datetime import date
from typing import Any

import streamlit as st

from lib.actions.action import Confirmation, Plan
from lib.actions.deactivation_plan import CHOICES, LEAVE, ON_DATE
from lib.actions.errors import ActionError
from lib.domain.accounts import Account, AccountStatus
from lib.domain.permissions import Identity, Permission
from lib.domain.standing import DEACTIVATE_REASONS, NOTE_LIMIT
from lib.launch import Hub
from lib.ui.again import draw_again
from lib.ui.dialogs import close_dialog, open_dialog, opened_dialog
from lib.ui.drafts import DraftPlace
from lib.ui.kept_text import kept_text_area
from lib.ui.moments import at
from lib.ui.plan_view import make_plan, show_notice, show_plan, start_plan
from lib.ui.text import plain
from lib.ui.typed_number import type_number

NAME = "deactivate"


def offer_deactivation(hub: Hub, account: Account, identity: Identity) -> None:
    """The button, for those who may; a click opens the section with the plan."""
    ended = account.status is AccountStatus.DEACTIVATED
    if ended or not identity.may(Permission.ACCOUNT_DEACTIVATE, account.number):
        return
    if st.button("Deactivate", icon=":material/delete_forever:", key="deactivate_account"):
        params = {"zuora": LEAVE, "cancel_on": None, "nuisance": False, "keep_children": False}
        request = hub.runner.second_person.request(NAME, account.number) if hub.settings.four_eyes else None
        if request is not None:
            # The second person sees what the first one asked for.
            params = request.params
        make_plan(hub, NAME, account.number, params, identity, open_dialog(NAME, account.number))


def show_deactivation(hub: Hub, account: Account, identity: Identity) -> None:
    """The section, if it is open on this account."""
    state = opened_dialog(account.number)
    if state is None or state["name"] != NAME or account.status is AccountStatus.DEACTIVATED:
        return
    with st.container(border=True):
        head, close = st.columns([5, 1], vertical_alignment="center")
        head.subheader(f"Deactivate {plain(account.title)}", anchor=False)
        if close.button("Close", icon=":material/close:", type="tertiary", key="close_deactivation"):
            close_dialog()
            draw_again()
        st.error(
            "**This cannot be reversed.** Read the whole plan before you type the number.", icon=":material/warning:"
        )
        plan: Plan | None = state["plan"]
        if plan is not None:
            _choose(hub, account, identity, state, plan)
            show_plan(plan)
            if not plan.blockers:
                _confirm(hub, account, identity, state, plan)
                return
        show_notice(state)
        if st.button("Look again", icon=":material/refresh:", key="deactivation_again"):
            make_plan(hub, NAME, account.number, dict(plan.params) if plan else {}, identity, state)
            draw_again()


def _choose(hub: Hub, account: Account, identity: Identity, state: dict[str, Any], plan: Plan) -> None:
    """The choices; another choice is another plan."""
    given = plan.params
    zuora = st.radio(
        "Subscriptions in Zuora",
        list(CHOICES),
        index=list(CHOICES).index(given["zuora"]) if given["zuora"] in CHOICES else 0,
        format_func=CHOICES.__getitem__,
        key="deactivate_zuora",
    )
    day: date | None = None
    if zuora == ON_DATE:
        kept = date.fromisoformat(given["cancel_on"]) if given.get("cancel_on") else hub.services.today()
        day = st.date_input("Cancel them on", value=kept, key="deactivate_day")
    nuisance = st.checkbox(
        "Numbers are disconnected for nuisance calls (12 months in quarantine in place of 6)",
        value=bool(given.get("nuisance")),
        key="deactivate_nuisance",
    )
    keep = bool(given.get("keep_children"))
    if keep or plan.facts.get("children"):
        keep = st.checkbox("Leave its child accounts as they are", value=keep, key="deactivate_children")
    wanted = {
        "zuora": zuora,
        "cancel_on": day.isoformat() if day else None,
        "nuisance": nuisance,
        "keep_children": keep,
    }
    if wanted != {name: given.get(name) for name in wanted}:
        make_plan(hub, NAME, account.number, wanted, identity, state)
        draw_again()


def _confirm(hub: Hub, account: Account, identity: Identity, state: dict[str, Any], plan: Plan) -> None:
    request = hub.runner.second_person.request(NAME, account.number) if hub.settings.four_eyes else None
    if request is not None and request.asked_by != identity.email and request.approved_by is None:
        _approve(hub, account, identity, state, plan)
        return
    reason = st.selectbox(
        "Reason",
        list(DEACTIVATE_REASONS),
        index=None,
        format_func=DEACTIVATE_REASONS.__getitem__,
        key="deactivate_reason",
    )
    place = DraftPlace.of(hub, account, identity, "deactivate_note")
    note = kept_text_area(
        place, "Note", key="deactivate_note", max_chars=NOTE_LIMIT, placeholder="For the people who come after"
    )
    typed = type_number(account, key="deactivate_typed")
    show_notice(state)
    if request is not None and request.asked_by == identity.email:
        if request.approved_by is None:
            st.info(
                f"You asked for a second person at {at(hub, request.asked_at)}. Nobody has approved it yet.",
                icon=":material/hourglass_top:",
            )
        else:
            st.success(
                f"{plain(request.approved_by_name or '')} approved it at {at(hub, request.approved_at)}.",
                icon=":material/verified_user:",
            )
    with st.container(horizontal=True):
        if st.button(f"Deactivate account {account.number}", type="primary", key=f"start_{plan.id}"):
            if start_plan(hub, identity, state, Confirmation(typed=typed, reason=reason, note=note)):
                place.drop()
                close_dialog()
            draw_again()
        if (
            hub.settings.four_eyes
            and request is None
            and st.button("Ask a second person", icon=":material/group_add:", key="ask_second")
        ):
            hub.runner.second_person.ask(plan, identity)
            state["notice"] = "Asked. Have somebody else with the same right open this account and press Deactivate."
            draw_again()


def _approve(hub: Hub, account: Account, identity: Identity, state: dict[str, Any], plan: Plan) -> None:
    request = hub.runner.second_person.request(NAME, account.number)
    assert request is not None, "the caller has just read it"
    st.info(
        f"{plain(request.asked_by_name)} asked for a second person at {at(hub, request.asked_at)}. "
        "Your approval is for exactly this plan; it starts nothing by itself.",
        icon=":material/group:",
    )
    typed = type_number(account, key="deactivate_typed")
    show_notice(state)
    if st.button("Approve this plan", type="primary", icon=":material/verified_user:", key="approve_plan"):
        try:
            fresh = hub.runner.plan(NAME, account.number, request.params, identity)
            hub.runner.second_person.approve(request, fresh, identity, typed)
        except ActionError as error:
            state["notice"] = str(error)
        else:
            close_dialog()
            st.toast("Approved. The first person can start it now.", icon=":material/verified_user:")
        draw_again()
