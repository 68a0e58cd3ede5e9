"""Suspend and enable: the dialog with what will happen, the reason, and the tick box for the e-mail."""

from typing import Any

import streamlit as st

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.plan import Confirmation, Plan
from lib.domain.accounts import Account, AccountStatus
from lib.domain.permissions import Permission
from lib.domain.status import ENABLE_REASONS, NOTE_LIMIT, SUSPEND_REASONS
from lib.ui.dialogs import close_dialog, open_dialog
from lib.ui.runs.drafts import DraftPlace
from lib.ui.runs.kept_text import kept_text_area
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import dialog
from lib.ui.widgets.text import plain, unlinked

_REASONS = {"suspend": SUSPEND_REASONS, "enable": ENABLE_REASONS}
_BUTTONS = {"suspend": ("Suspend", ":material/pause_circle:"), "enable": ("Enable", ":material/play_circle:")}


def offer_standing(visit: Visit) -> None:
    """The button Suspend or Enable, or both where a change stopped half-way; a click opens the dialog."""
    if not visit.may(Permission.ACCOUNT_SUSPEND):
        return
    for kind in _offered(visit.account):
        label, icon = _BUTTONS[kind]
        if st.button(label, icon=icon, key=own_key(visit.account, kind)):
            make_plan(visit, kind, visit.account.number, {"mail": False}, open_dialog(kind, visit.account.number))


def standing_dialog(visit: Visit, state: dict[str, Any]) -> None:
    """Draw the dialog to suspend or enable."""
    title = f"{_BUTTONS[state['name']][0]} {plain(visit.account.title)}"
    dialog(title, _change, width="large", on_dismiss=close_dialog)(visit, state)


def _offered(account: Account) -> list[str]:
    if AccountStatus.DEACTIVATED in (account.status, account.changing_to):
        return []
    offered = []
    if account.standing != "suspended":
        offered.append("suspend")
    if account.standing != "active":
        offered.append("enable")
    return offered


def _change(visit: Visit, state: dict[str, Any]) -> None:
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    # A plan with the e-mail may be blocked by the e-mail alone, so the tick box stays.
    recipient = plan.facts.get("recipient") if plan else None
    if plan is not None and (not plan.blockers or plan.params.get("mail")):
        _ask(visit, state, plan, recipient)
    if plan is None or plan.blockers:
        show_notice(state)
    if (plan is None or plan.blockers) and st.button("Look again", icon=":material/refresh:", key="plan_again"):
        make_plan(visit, state["name"], visit.account.number, {"mail": False}, state)
        draw_again()


def _ask(visit: Visit, state: dict[str, Any], plan: Plan, recipient: str | None) -> None:
    kind = state["name"]
    reasons = _REASONS[kind]
    reason = st.selectbox("Reason", list(reasons), index=None, format_func=reasons.__getitem__, key=f"{kind}_reason")
    place = DraftPlace(visit, f"{kind}_note")
    note = kept_text_area(
        place, "Note", key=f"{kind}_note", max_chars=NOTE_LIMIT, placeholder="For the people who come after"
    )
    override = None
    if plan.facts.get("pin") and kind == "suspend":
        override = st.text_input("Why the pinned note does not hold this time", key="suspend_override")
    address = unlinked(recipient) if recipient else "no address could be read from Zuora"
    mail = st.checkbox(
        f"E-mail the bill-to contact ({address})",
        key=f"{kind}_mail",
        disabled=recipient is None and not plan.params["mail"],
    )
    if mail != plan.params["mail"]:
        make_plan(visit, kind, visit.account.number, {"mail": mail}, state)
        draw_again()
    if plan.blockers:
        return
    show_notice(state)
    verb = ACTIONS[kind].verb.split()[0]
    if st.button(f"{verb} account {visit.account.number}", type="primary", key=f"start_{plan.id}"):
        given = Confirmation(reason=reason, note=note, override=override)
        if start_plan(visit, state, given):
            place.drop()
            close_dialog()
        draw_again()
