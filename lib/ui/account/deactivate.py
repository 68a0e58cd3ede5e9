"""Deactivate: a section of the page with the choices, the whole plan, and a field for the account number."""

from datetime import date

import streamlit as st

from lib.actions.account.deactivation_choices import CHOICES, LEAVE, ON_DATE
from lib.actions.engine.plan import Plan
from lib.domain.accounts import AccountStatus
from lib.domain.permissions import Permission
from lib.domain.status import DEACTIVATE_REASONS
from lib.ui.dialogs import Dialog, opened_dialog
from lib.ui.runs.confirm import Asked, confirm_in_section, show_confirmation
from lib.ui.runs.second_person import request_of
from lib.ui.runs.start import make_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain

NAME = "deactivate"
_WARNING = "**This cannot be reversed.** Read the whole plan before you type the number."


def offer_deactivation(visit: Visit) -> None:
    """The button, for those who may use it; a click opens the section."""
    # Also while the account is being deactivated: an abandoned deactivation is completed by another one.
    if visit.account.status is AccountStatus.DEACTIVATED or not visit.may(Permission.ACCOUNT_DEACTIVATE):
        return
    if st.button("Deactivate", icon=":material/delete_forever:", key=own_key(visit.account, NAME)):
        request = request_of(visit, NAME)
        cautious = {"zuora": LEAVE, "cancel_on": None, "nuisance": False, "keep_children": False}
        title = f"Deactivate {plain(visit.account.title)}"
        # The second person sees the first person's choices.
        params = cautious if request is None else request.params
        make_plan(visit, Dialog(name=NAME, account=visit.account.number, title=title), NAME, params)


def show_deactivation(visit: Visit) -> None:
    """Draw the section, if it is open on this account."""
    dialog = opened_dialog(visit.account.number)
    if dialog is None or dialog.name != NAME or visit.account.status is AccountStatus.DEACTIVATED:
        return
    with confirm_in_section(dialog, _WARNING):
        if dialog.plan is not None:
            _choose(visit, dialog, dialog.plan)
        asked = Asked(
            start=f"Deactivate account {visit.account.number}",
            reasons=DEACTIVATE_REASONS,
            way="open this account and press Deactivate",
            request=request_of(visit, NAME),
            again="blocked",
        )
        show_confirmation(visit, dialog, asked)


def _choose(visit: Visit, dialog: Dialog, plan: Plan) -> None:
    """The choices; a new choice makes a new plan."""
    given = plan.params
    # Another key resets the choices to those of the request to a second person.
    again = f"_{dialog.round}" if dialog.round else ""
    zuora = st.radio(
        "Subscriptions in Zuora",
        list(CHOICES),
        index=list(CHOICES).index(given["zuora"]) if given["zuora"] in CHOICES else 0,
        format_func=CHOICES.__getitem__,
        key=f"deactivate_zuora{again}",
    )
    day: date | None = None
    if zuora == ON_DATE:
        kept = date.fromisoformat(given["cancel_on"]) if given.get("cancel_on") else visit.app.services.today()
        day = st.date_input("Cancel them on", value=kept, key=f"deactivate_day{again}")
    nuisance = st.checkbox(
        "Numbers are disconnected for nuisance calls (12 months in quarantine instead of 6)",
        value=bool(given.get("nuisance")),
        key=f"deactivate_nuisance{again}",
    )
    keep = bool(given.get("keep_children"))
    if keep or plan.facts.get("children"):
        keep = st.checkbox("Leave its child accounts as they are", value=keep, key=f"deactivate_children{again}")
    wanted = {
        "zuora": zuora,
        "cancel_on": day.isoformat() if day else None,
        "nuisance": nuisance,
        "keep_children": keep,
    }
    if wanted != {name: given.get(name) for name in wanted}:
        make_plan(visit, dialog, NAME, wanted)
        draw_again()
