"""The head of every account page: status first, then number and name, parent and pinned note."""

import streamlit as st

from lib.actions.account.emergency_calls import of_facts
from lib.domain.status import REASON_WORDS
from lib.store import account_status, runs
from lib.store.account_status import StatusChange
from lib.store.runs import ACCOUNT
from lib.ui.selection import open_account, own_key
from lib.ui.visit import Visit
from lib.ui.widgets.text import dotted, plain, unlinked

_PILLS = {
    "active": ("Active", ":material/check_circle:", "green"),
    "suspended": ("Suspended", ":material/pause_circle:", "orange"),
    "deactivated": ("Deactivated", ":material/cancel:", "gray"),
    "suspending": ("Suspending", ":material/pending:", "orange"),
    "enabling": ("Enabling", ":material/pending:", "orange"),
    "deactivating": ("Deactivating", ":material/pending:", "gray"),
}
_EFFECT = "Inbound calls go straight to voicemail. Outbound calls hear that the account is not allowed to make calls."


def show_action_bar(visit: Visit) -> None:
    """Status banner at the top left, then the account, its parent and the pinned note."""
    _show_banner(visit)
    label, icon, color = _PILLS[visit.account.status_words]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(visit.account.title), anchor=False, width="content")
        st.badge(label, icon=icon, color=color)  # type: ignore[arg-type]
    if visit.account.parent_number:
        shown = f"Parent: {visit.account.parent_number} {plain(visit.account.parent_name or '')}"
        if visit.identity.may_choose_accounts:
            if st.button(
                shown, icon=":material/account_tree:", type="tertiary", key=own_key(visit.account, "open_parent")
            ):
                open_account(visit.account.parent_number)
        else:
            st.caption(shown)
    pin = visit.account.pin(visit.app.services.today()) if visit.staff else None
    if pin is not None:
        until = f" (until {visit.account.pinned_until:%-d %B %Y})" if visit.account.pinned_until else ""
        st.info(f"**Pinned note{until}:** {unlinked(pin)}", icon=":material/keep:")


def _show_banner(visit: Visit) -> None:
    """The banner that the help article promises for a suspended account, and one while its status changes."""
    staff = visit.staff
    contact = plain(visit.app.settings.mail_contact)
    ask = f" Contact {contact} if you have any questions."
    match visit.account.status_words:
        case "suspended":
            change = _latest_change(visit)
            text = f"**This account is suspended.** {_EFFECT}{_emergency(visit, change)}"
            enable = f" Your numbers stay on the account. Contact {contact} to have it enabled again."
            st.error(text + (_since(visit, change) if staff else enable), icon=":material/pause_circle:")
        case "suspending":
            text = "**This account is being suspended.** Until that is finished, some of its calls may still connect."
            st.error(text + (_next_step(visit) if staff else ask), icon=":material/pending:")
        case "enabling":
            text = "**This account is being enabled.** Until that is finished, some of its calls may not connect."
            st.warning(text + (_next_step(visit) if staff else ask), icon=":material/pending:")
        case "deactivating":
            st.error("**This account is being deactivated.**" + ("" if staff else ask), icon=":material/pending:")
        case "deactivated":
            more = " Only its contacts can still be changed." if staff else ask
            st.error(f"**This account is deactivated.**{more}", icon=":material/cancel:")


def _latest_change(visit: Visit) -> StatusChange | None:
    """The change that led to the account's status, if the Hub has it."""
    with visit.read() as connection:
        change = account_status.last_status_change(connection, visit.account.number)
    return change if change is not None and change.to_status is visit.account.status else None


def _emergency(visit: Visit, change: StatusChange | None) -> str:
    """The emergency numbers in the plan of the suspension; nothing where the SBC did not say that they connect."""
    if change is None or change.run_id is None:
        return ""
    with visit.read() as connection:
        run = runs.get_run(connection, change.run_id)
    named = of_facts(run.plan.get("facts", {})).named if run is not None else ""
    return f" Emergency calls stay possible: {named}." if named else ""


def _since(visit: Visit, change: StatusChange | None) -> str:
    if change is None:
        return ""
    why = REASON_WORDS.get(change.reason, change.reason) if change.reason else None
    note = " · ".join((change.note or "").splitlines())
    return "  \n" + dotted(f"Since {visit.at(change.at)}", *map(unlinked, (change.actor, why or "", note)))


def _next_step(visit: Visit) -> str:
    opened = visit.app.runner.open_runs(visit.account.number, visit.identity)
    state = next((run.state for run in opened if run.lane == ACCOUNT), None)
    if state == "running":
        return ""
    if state is None:
        return " It was abandoned before it finished. Suspend or enable the account to complete the change."
    return " It stopped before it finished. Resume it below."
