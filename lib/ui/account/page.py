"""Account Details: what the Hub and Zuora say about the account, where they differ, and its family."""

import streamlit as st

from lib.app.live import Reading
from lib.clients.zuora import ZuoraStatus
from lib.domain.accounts import Account
from lib.domain.audience import OTHER_PAYER
from lib.domain.differences import HubView, ZuoraView, compare
from lib.domain.words import counted
from lib.store import accounts, billing, numbers
from lib.ui.account.tables import account_facts, differences_frame, own_facts, quarantine_frame
from lib.ui.visit import Visit
from lib.ui.widgets.reading import follow_reading, show_reading
from lib.ui.widgets.tables import accounts_frame, choose_account, show_grid, show_text_table


def show_details(visit: Visit) -> None:
    """The page below the action bar."""
    with visit.read() as connection:
        size = accounts.measure_account(connection, visit.account.number)
        children = accounts.list_children(connection, visit.account.number)
        resting = numbers.quarantined_of_account(connection, visit.account.number) if size.quarantined else []
    rest = "in quarantine" if visit.staff else "no longer in use"
    quarantined = f"{size.quarantined} more {rest}" if size.quarantined else None
    with st.container(horizontal=True, gap="large"):
        st.metric("Numbers", size.numbers, format="localized", help=quarantined, width="content")
        st.metric("Phone users", size.phone_users, format="localized", width="content")
        st.metric("PBXs", size.pbxs, width="content")
        st.metric("Subscriptions", size.subscriptions, width="content")
        st.metric("Children", size.children, width="content")
    reading = visit.app.live.zuora(visit.account)
    if reading.state == "reading":
        follow_reading(visit, _show_facts)
    else:
        _show_facts(visit, reading)
    if resting:
        title = f"Numbers {rest}"
        with st.expander(f"{title} ({size.quarantined:,})", icon=":material/bedtime:"):
            show_grid(quarantine_frame(resting, staff=visit.staff), title, key="quarantine")
    _show_children(visit, children)


def _show_facts(visit: Visit, reading: Reading) -> None:
    account = visit.account
    show_reading(visit, reading)
    with visit.read() as connection:
        paying = billing.payers_of(connection, account.number)
        known = accounts.titles_by_zuora_number(connection, paying)
    if not visit.staff:
        shown = own_facts(account, reading, dict.fromkeys(known.get(payer, OTHER_PAYER) for payer in paying))
        show_text_table(shown, "Account facts")
        return
    hub = HubView(name=account.name, status=account.status, parent=account.parent_number)
    differences = compare(hub, _zuora_view(reading))
    if differences:
        count = counted(len(differences), "difference")
        st.warning(f"{count} between Hub and Zuora.", icon=":material/difference:")
        show_text_table(differences_frame(differences), "Differences")
    payers = [known.get(payer, payer) for payer in paying]
    show_text_table(account_facts(account, reading, payers), "Account facts")


def _show_children(visit: Visit, children: list[Account]) -> None:
    st.markdown("**Children**")
    if not children:
        st.caption("This account has no children.")
        return
    choose_account(
        accounts_frame(children), key=f"children_{visit.account.number}", enabled=visit.identity.may_choose_accounts
    )


def _zuora_view(reading: Reading) -> ZuoraView | None:
    if reading.value is None or reading.state == "missing":
        return None
    zuora = reading.value.account
    return ZuoraView(name=zuora.name, cancelled=zuora.status is ZuoraStatus.CANCELED, parent=reading.value.parent)
