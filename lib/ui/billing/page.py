"""Billing details: what the account's subscriptions grant, how much is in use, and where that is too much."""

from collections import Counter
from datetime import UTC, date, datetime

import streamlit as st

from lib.actions.billing.refresh_allowances import LATER, SNAPSHOT
from lib.domain.allowances import end_words, lines, total
from lib.domain.audience import OTHER_PAYER
from lib.store import accounts, allowance_use, billing, snapshots
from lib.store.billing import HubSubscription
from lib.store.snapshots import Snapshot
from lib.ui.billing.chart import show_chart
from lib.ui.billing.dialogs import offer_add, offer_changes, offer_refresh, show_dialog
from lib.ui.billing.tables import age_words, later_words, over_words, show_allowances, term_words
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain
from lib.ui.widgets.zuora_link import show_zuora_link


def show_billing(visit: Visit) -> None:
    """The page below the action bar. It shows what the Hub knows; a refresh asks Zuora."""
    number = visit.account.number
    with visit.read() as connection:
        subscriptions = billing.list_subscriptions(connection, number)
        in_use = allowance_use.count_use(connection, number)
        unmapped = snapshots.last_snapshot(connection, number, system="zuora", subject=SNAPSHOT)
        later = snapshots.last_snapshot(connection, number, system="zuora", subject=LATER)
        payers = accounts.titles_by_zuora_number(connection, [one.terms.payer for one in subscriptions])
    today = visit.app.services.today()
    several = len(subscriptions) > 1
    with st.container(horizontal=True):
        if several:
            offer_refresh(visit, subscription=None)
        offer_add(visit)
        show_zuora_link(visit)
    _show_account(subscriptions, in_use, today)
    if not subscriptions:
        st.info("This account has no billing subscription, so it has no allowances.", icon=":material/receipt_long:")
    granting = Counter(kind for one in subscriptions for kind in one.terms.granted_on(today))
    shared = {kind for kind, count in granting.items() if count > 1}
    for one in subscriptions:
        with st.container(border=True):
            _show_head(visit, one, today)
            if one.terms.payer:
                payer = payers.get(one.terms.payer, one.terms.payer if visit.staff else OTHER_PAYER)
                st.caption(f"Paid by {plain(payer)}, which gets its invoices.")
            granted = one.terms.granted_on(today)
            # A single subscription grants what the table of the account shows.
            if several and granted:
                own = lines(granted, {kind: count for kind, count in in_use.items() if kind in granted})
                show_allowances(own, f"Allowances of {one.number}", shared)
            if words := later_words(one, later, today, staff=visit.staff):
                st.caption(plain(words))
            if visit.staff:
                _show_unmapped(visit, one.number, unmapped)
            with st.container(horizontal=True):
                offer_refresh(visit, subscription=one.number)
                offer_changes(visit, one)
    show_dialog(visit)


def _show_account(subscriptions: list[HubSubscription], in_use: dict[str, int], today: date) -> None:
    found = lines(total(one.terms.granted_on(today) for one in subscriptions), in_use)
    if not found:
        return
    over = [plain(over_words(line)) for line in found if line.over]
    if over:
        st.error("**Over allowance.** " + "  \n".join(over), icon=":material/warning:")
    st.markdown("**Allowances of the account**")
    table, chart = st.columns(2)
    with table:
        show_allowances(found, "Allowances of the account")
    with chart:
        show_chart(found, key="used_of_granted")


def _show_head(visit: Visit, one: HubSubscription, today: date) -> None:
    status, over = one.terms.status or "Not known", one.terms.is_over(today)
    with st.container(horizontal=True, vertical_alignment="center"):
        name = f" · {plain(one.name)}" if one.name else ""
        st.markdown(f"**{plain(one.number)}**{name}", width="content")
        st.badge(plain(status), color="gray" if over else "green" if status == "Active" else "orange")
        if ends := end_words(one.terms.ends, today):
            st.badge(ends, color="gray" if over else "orange", icon=":material/event_busy:")
    facts = [term_words(one.terms)]
    if visit.staff:
        age = age_words(one.refreshed_at, datetime.now(UTC))
        when = f" ({visit.at(one.refreshed_at)})" if one.refreshed_at else ""
        facts += [f"version {one.terms.version}" if one.terms.version is not None else "version not known", age + when]
    elif one.refreshed_at:
        facts.append(f"as of {visit.at(one.refreshed_at)}")
    st.caption(" · ".join(facts))
    if not one.terms.granted_on(today):
        ended = "This subscription has ended and grants nothing."
        st.caption(ended if over else "This subscription grants no allowance.")


def _show_unmapped(visit: Visit, number: str, read: Snapshot | None) -> None:
    names = read.value.get(number) if read else None
    if read is None or not names:
        return
    st.warning(
        f"**Unmapped charges**, as read from Zuora at {visit.at(read.read_at)}: {'; '.join(map(plain, names))}. "
        "They grant nothing until an admin adds them to the charge map.",
        icon=":material/help:",
    )
