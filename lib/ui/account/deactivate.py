"""Deactivate: a section of the page with the whole plan, the choices, and the account number to be typed."""

from datetime import date
from typing import Any

import streamlit as st

from lib.actions.account.deactivation_choices import CHOICES, LEAVE, ON_DATE
from lib.actions.engine.plan import Plan
from lib.domain.accounts import AccountStatus
from lib.domain.permissions import Permission
from lib.domain.status import DEACTIVATE_REASONS, NOTE_LIMIT
from lib.ui.dialogs import close_dialog, open_dialog, opened_dialog
from lib.ui.runs.drafts import DraftPlace
from lib.ui.runs.kept_text import kept_text_area
from lib.ui.runs.plan import make_plan, show_notice, show_plan
from lib.ui.runs.typed import Asked, confirm_plan, is_for_second, request_of
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain

NAME = "deactivate"


def offer_deactivation(visit: Visit) -> None:
    """The button, for those who may; a click opens the section with the plan."""
    ended = visit.account.status is AccountStatus.DEACTIVATED
    if ended or not visit.may(Permission.ACCOUNT_DEACTIVATE):
        return
    if st.button("Deactivate", icon=":material/delete_forever:", key=own_key(visit.account, NAME)):
        params = {"zuora": LEAVE, "cancel_on": None, "nuisance": False, "keep_children": False}
        request = request_of(visit, NAME)
        if request is not None:
            # The second person sees what the first one asked for.
            params = request.params
        make_plan(visit, NAME, visit.account.number, params, open_dialog(NAME, visit.account.number))


def show_deactivation(visit: Visit) -> None:
    """The section, if it is open on this account."""
    state = opened_dialog(visit.account.number)
    if state is None or state["name"] != NAME or visit.account.status is AccountStatus.DEACTIVATED:
        return
    with st.container(border=True):
        head, close = st.columns([5, 1], vertical_alignment="center")
        head.subheader(f"Deactivate {plain(visit.account.title)}", anchor=False)
        if close.button("Close", icon=":material/close:", type="tertiary", key="close_deactivation"):
            close_dialog()
            draw_again()
        st.error(
            "**This cannot be reversed.** Read the whole plan before you type the number.", icon=":material/warning:"
        )
        plan: Plan | None = state["plan"]
        if plan is not None:
            _choose(visit, state, plan)
            show_plan(plan)
            if not plan.blockers:
                _confirm(visit, state)
                return
        show_notice(state)
        if st.button("Look again", icon=":material/refresh:", key="deactivation_again"):
            make_plan(visit, NAME, visit.account.number, dict(plan.params) if plan else {}, state)
            draw_again()


def _choose(visit: Visit, state: dict[str, Any], plan: Plan) -> None:
    """The choices; another choice is another plan."""
    given = plan.params
    zuora = st.radio(
        "Subscriptions in Zuora",
        list(CHOICES),
        index=list(CHOICES).index(given["zuora"]) if given["zuora"] in CHOICES else 0,
        format_func=CHOICES.__getitem__,
        key=_key(state, "zuora"),
    )
    day: date | None = None
    if zuora == ON_DATE:
        kept = date.fromisoformat(given["cancel_on"]) if given.get("cancel_on") else visit.app.services.today()
        day = st.date_input("Cancel them on", value=kept, key=_key(state, "day"))
    nuisance = st.checkbox(
        "Numbers are disconnected for nuisance calls (12 months in quarantine in place of 6)",
        value=bool(given.get("nuisance")),
        key=_key(state, "nuisance"),
    )
    keep = bool(given.get("keep_children"))
    if keep or plan.facts.get("children"):
        keep = st.checkbox("Leave its child accounts as they are", value=keep, key=_key(state, "children"))
    wanted = {
        "zuora": zuora,
        "cancel_on": day.isoformat() if day else None,
        "nuisance": nuisance,
        "keep_children": keep,
    }
    if wanted != {name: given.get(name) for name in wanted}:
        make_plan(visit, NAME, visit.account.number, wanted, state)
        draw_again()


def _confirm(visit: Visit, state: dict[str, Any]) -> None:
    request = request_of(visit, NAME)
    reason = note = None
    place = DraftPlace(visit, "deactivate_note")
    if not is_for_second(request, visit.identity):
        reason = st.selectbox(
            "Reason",
            list(DEACTIVATE_REASONS),
            index=None,
            format_func=DEACTIVATE_REASONS.__getitem__,
            key="deactivate_reason",
        )
        note = kept_text_area(
            place, "Note", key="deactivate_note", max_chars=NOTE_LIMIT, placeholder="Note for colleagues"
        )
    asked = Asked(
        start=f"Deactivate account {visit.account.number}",
        way="open this account and press Deactivate",
        reason=reason,
        note=note,
        started=place.drop,
    )
    confirm_plan(visit, state, request, asked)


def _key(state: dict[str, Any], name: str) -> str:
    """The key of a choice. Shown what was asked about, the choices begin again: a new key forgets the old choice."""
    return f"deactivate_{name}_{state['round']}" if state.get("round") else f"deactivate_{name}"
