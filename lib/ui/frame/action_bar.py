"""The head of every account page: state first, then number and name, family, and what Zuora's answer is worth."""

import streamlit as st

from lib.actions.account.emergency_calls import of_facts
from lib.domain.status import REASON_WORDS
from lib.store import account_status, runs
from lib.store.runs import ACCOUNT
from lib.ui.selection import open_account, own_key
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain, unlinked

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
    """Status banner at the top left, then who this is, then the way to the parent, the pinned note and the buttons."""
    _show_banner(visit)
    label, icon, color = _PILLS[visit.account.standing]
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
    """What the article promises to every admin of a suspended account, and the truth while it is on its way."""
    staff = visit.staff
    ask = f" Contact {plain(visit.app.settings.mail_contact)} if you have any questions."
    match visit.account.standing:
        case "suspended":
            text = f"**This account is suspended.** {_EFFECT}{_emergency(visit)}"
            more = _since(visit) if staff else f" {_way_back(visit)}"
            st.error(text + more, icon=":material/pause_circle:")
        case "suspending":
            text = "**This account is being suspended.** Until that is finished, some of its calls may still connect."
            st.error(text + (_way_on(visit) if staff else ask), icon=":material/pending:")
        case "enabling":
            text = "**This account is being enabled.** Until that is finished, some of its calls may not connect."
            st.warning(text + (_way_on(visit) if staff else ask), icon=":material/pending:")
        case "deactivating":
            st.error("**This account is being deactivated.**" + ("" if staff else ask), icon=":material/pending:")
        case "deactivated":
            more = " Only its contacts can still be changed." if staff else ask
            st.error(f"**This account is deactivated.**{more}", icon=":material/cancel:")


def _emergency(visit: Visit) -> str:
    """What the plan of the suspension said of emergency calls; nothing where the SBC did not say that they connect."""
    with visit.read() as connection:
        change = account_status.last_status_change(connection, visit.account.number)
        run = None
        if change is not None and change.run_id is not None and change.to_status is visit.account.status:
            run = runs.get_run(connection, change.run_id)
    named = of_facts(run.plan.get("facts", {})).named if run is not None else ""
    return f" Emergency calls stay possible: {named}." if named else ""


def _way_back(visit: Visit) -> str:
    """What a customer can do about a suspension."""
    return (
        f"Your numbers stay on the account. Contact {plain(visit.app.settings.mail_contact)} to have it enabled again."
    )


def _since(visit: Visit) -> str:
    with visit.read() as connection:
        change = account_status.last_status_change(connection, visit.account.number)
    if change is None or change.to_status is not visit.account.status:
        return ""
    why = REASON_WORDS.get(change.reason, change.reason) if change.reason else None
    note = " · ".join((change.note or "").splitlines())
    told = " · ".join(unlinked(text) for text in (change.actor, why, note) if text)
    return f"  \nSince {visit.at(change.at)} · {told}"


def _way_on(visit: Visit) -> str:
    run = next(
        (one for one in visit.app.runner.open_runs(visit.account.number, visit.identity) if one.lane == ACCOUNT), None
    )
    if run is not None and run.state == "running":
        return ""
    if run is not None:
        return " It stopped before the end: resume it below."
    return " It was abandoned before the end: suspend or enable the account to settle it."
