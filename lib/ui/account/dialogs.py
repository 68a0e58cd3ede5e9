"""The dialogs to suspend, to enable, and to refresh auth rules. They open with a plan."""

import streamlit as st

from lib.actions.catalogue import ACTIONS
from lib.domain.accounts import Account
from lib.domain.permissions import Permission
from lib.domain.status import ENABLE_REASONS, SUSPEND_REASONS
from lib.domain.words import counted
from lib.ui.dialogs import Dialog
from lib.ui.runs.confirm import Asked, confirm_in_dialog, show_confirmation
from lib.ui.runs.start import make_plan
from lib.ui.selection import own_key
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.text import plain, unlinked

REFRESH = "refresh_rules"
REASONS = {"suspend": SUSPEND_REASONS, "enable": ENABLE_REASONS}
_BUTTONS = {"suspend": ("Suspend", ":material/pause_circle:"), "enable": ("Enable", ":material/play_circle:")}


def offer_status(visit: Visit) -> None:
    """The button Suspend or Enable, or both if a change stopped halfway; a click opens the dialog."""
    if not visit.may(Permission.ACCOUNT_SUSPEND):
        return
    for kind in _offered(visit.account):
        label, icon = _BUTTONS[kind]
        if st.button(label, icon=icon, key=own_key(visit.account, kind)):
            title = f"{label} {plain(visit.account.title)}"
            make_plan(visit, Dialog(name=kind, account=visit.account.number, title=title), kind, {"mail": False})


def offer_refresh(visit: Visit) -> None:
    """The button, for those who may use it; a click reads the SBC and opens the dialog."""
    if not visit.may(Permission.AUTH_RULES_REFRESH):
        return
    if st.button(
        "Refresh auth rules",
        icon=":material/sync_lock:",
        key=own_key(visit.account, REFRESH),
        help="Compares the rule of every number on the SBC with what it should be, and corrects wrong ones.",
    ):
        title = f"Auth rules of {plain(visit.account.title)}"
        make_plan(visit, Dialog(name=REFRESH, account=visit.account.number, title=title), REFRESH, {})


def show_dialog(visit: Visit, dialog: Dialog) -> None:
    """Draw the dialog, if it is one of these."""
    if dialog.name == REFRESH:
        confirm_in_dialog(visit, dialog, _refresh, width="large")
    elif dialog.name in REASONS:
        confirm_in_dialog(visit, dialog, _change_status, width="large")


def _offered(account: Account) -> list[str]:
    if account.is_ending:
        return []
    arrived = {"suspend": "suspended", "enable": "active"}
    return [kind for kind, status in arrived.items() if account.status_words != status]


def _refresh(visit: Visit, dialog: Dialog) -> None:
    wrong = dialog.plan.facts.get("wrong") if dialog.plan else None
    show_confirmation(visit, dialog, Asked(start=f"Refresh {counted(wrong or 0, 'rule')}", again="always"))


def _change_status(visit: Visit, dialog: Dialog) -> None:
    kind, plan = dialog.name, dialog.plan
    mail = plan is not None and bool(plan.params.get("mail"))
    # The e-mail alone may block the plan, so its tick box stays.
    if plan is not None and (mail or not plan.blockers):
        _choose_mail(visit, dialog, plan.facts.get("recipient"), mail=mail)
    asked = Asked(
        start=f"{ACTIONS[kind].verb.split()[0]} account {visit.account.number}",
        reasons=REASONS[kind],
        override=kind == "suspend" and plan is not None and bool(plan.facts.get("pin")),
        again="blocked",
        blocked_too=mail,
    )
    show_confirmation(visit, dialog, asked)


def _choose_mail(visit: Visit, dialog: Dialog, recipient: str | None, *, mail: bool) -> None:
    address = unlinked(recipient) if recipient else "no address could be read from Zuora"
    wanted = st.checkbox(
        f"E-mail the bill-to contact ({address})",
        value=mail,
        key=f"{dialog.name}_mail",
        disabled=recipient is None and not mail,
    )
    if wanted != mail:
        make_plan(visit, dialog, dialog.name, {"mail": wanted})
        draw_again()
