"""Account Details: what the Hub and Zuora say about the account, where they differ, and its family."""

import streamlit as st

from lib.clients.zuora import ZuoraStatus
from lib.domain.accounts import Account
from lib.domain.differences import HubView, ZuoraView, compare
from lib.domain.permissions import Identity
from lib.domain.words import counted
from lib.frames import account_facts, accounts_frame, differences_frame, quarantine_frame
from lib.launch import Hub
from lib.live import Reading
from lib.store import accounts, billing, numbers
from lib.ui.action_bar import show_reading
from lib.ui.again import draw_again
from lib.ui.fragments import fragment
from lib.ui.tables import choose_account, show_text_table

POLL_SECONDS = 1.0


def show_details(hub: Hub, account: Account, identity: Identity) -> None:
    """The page below the action bar."""
    with hub.services.engine.connect() as connection:
        size = accounts.measure_account(connection, account.number)
        children = accounts.list_children(connection, account.number)
        resting = numbers.quarantined_of_account(connection, account.number) if size.quarantined else []
    quarantined = f"{size.quarantined} more in quarantine" if size.quarantined else None
    with st.container(horizontal=True, gap="large"):
        st.metric("Numbers", size.numbers, format="localized", help=quarantined, width="content")
        st.metric("Phone users", size.phone_users, format="localized", width="content")
        st.metric("PBXs", size.pbxs, width="content")
        st.metric("Subscriptions", size.subscriptions, width="content")
        st.metric("Children", size.children, width="content")
    reading = hub.live.zuora(account)
    if reading.state == "reading":
        # Slow Zuora: the page stands with the last snapshot, and looks again by itself.
        fragment(_await_reading, run_every=POLL_SECONDS)(hub, account)
    else:
        _show_facts(hub, account, reading)
    if resting:
        with st.expander(f"Numbers in quarantine ({size.quarantined:,})", icon=":material/bedtime:"):
            st.dataframe(quarantine_frame(resting), hide_index=True, alt="Numbers in quarantine", key="quarantine")
    _show_children(account, children, identity)


def _await_reading(hub: Hub, account: Account) -> None:
    reading = hub.live.zuora(account, wait=0)
    if reading.state != "reading":
        draw_again()
    _show_facts(hub, account, reading)


def _show_facts(hub: Hub, account: Account, reading: Reading) -> None:
    show_reading(hub, reading)
    differences = compare(_hub_view(account), _zuora_view(reading))
    if differences:
        st.warning(
            f"The Hub and Zuora differ in {counted(len(differences), 'place')}.",
            icon=":material/difference:",
        )
        show_text_table(differences_frame(differences), "Differences")
    with hub.services.engine.connect() as connection:
        paying = billing.payers_of(connection, account.number)
        known = accounts.titles_by_zuora_number(connection, paying)
    payers = [known.get(payer, payer) for payer in paying]
    show_text_table(account_facts(account, reading, payers), "Account facts")


def _show_children(account: Account, children: list[Account], identity: Identity) -> None:
    st.markdown("**Children**")
    if not children:
        st.caption("This account has no children.")
        return
    choose_account(accounts_frame(children), key=f"children_{account.number}", enabled=identity.may_choose_accounts)


def _hub_view(account: Account) -> HubView:
    return HubView(name=account.name, status=account.status, parent=account.parent_number)


def _zuora_view(reading: Reading) -> ZuoraView | None:
    if reading.value is None or reading.state == "missing":
        return None
    zuora = reading.value.account
    return ZuoraView(name=zuora.name, cancelled=zuora.status is ZuoraStatus.CANCELED, parent=reading.value.parent)
