"""Billing details: what the account's subscriptions grant, what of it is in use, and where that is too much."""

from datetime import UTC, date, datetime

import streamlit as st

from lib.actions.billing.refresh_allowances import LATER, SNAPSHOT
from lib.domain.allowances import end_words, lines, total
from lib.domain.audience import OTHER_PAYER
from lib.store import accounts, allowance_use, billing, snapshots
from lib.store.billing import HubSubscription
from lib.store.snapshots import Snapshot
from lib.ui.billing.chart import show_chart
from lib.ui.billing.dialogs import offer_add, offer_edit, offer_refresh, offer_remove, show_dialog
from lib.ui.billing.tables import age_words, allowances_frame, later_words, over_words, show_allowances, term_words
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain
from lib.ui.widgets.zuora_link import show_zuora_link

_COLORS = {"Active": "green"}


def show_billing(visit: Visit) -> None:
    """The page below the action bar. It reads the Hub alone; a refresh reads Zuora."""
    with visit.read() as connection:
        subscriptions = billing.list_subscriptions(connection, visit.account.number)
        in_use = allowance_use.count_use(connection, visit.account.number)
        read = snapshots.last_snapshot(connection, visit.account.number, system="zuora", subject=SNAPSHOT)
        later = snapshots.last_snapshot(connection, visit.account.number, system="zuora", subject=LATER)
        payers = accounts.titles_by_zuora_number(connection, [one.terms.payer for one in subscriptions])
    today = visit.app.services.today()
    with st.container(horizontal=True):
        if len(subscriptions) > 1:
            offer_refresh(visit, subscription=None)
        offer_add(visit)
        show_zuora_link(visit)
    _show_account(subscriptions, in_use, today)
    if not subscriptions:
        st.info(
            "This account has no billing subscription, so nothing is granted to it.", icon=":material/receipt_long:"
        )
    granting: dict[str, int] = total(dict.fromkeys(one.terms.granted_on(today), 1) for one in subscriptions)
    shared = {kind for kind, count in granting.items() if count > 1}
    for one in subscriptions:
        with st.container(border=True):
            _show_head(visit, one, today)
            if one.terms.payer:
                payer = payers.get(one.terms.payer, one.terms.payer if visit.staff else OTHER_PAYER)
                st.caption(f"Paid by {plain(payer)}, which gets its invoices.")
            if len(subscriptions) > 1:
                # A single one grants what the account has, which stands above.
                _show_granted(one, in_use, shared, today)
            if told := later_words(one, later, today, staff=visit.staff):
                st.caption(plain(told))
            if visit.staff:
                _show_unmapped(visit, one.number, read)
            with st.container(horizontal=True):
                offer_refresh(visit, subscription=one.number)
                offer_edit(visit, subscription=one)
                offer_remove(visit, subscription=one.number)
    show_dialog(visit)


def _show_account(subscriptions: list[HubSubscription], in_use: dict[str, int], today: date) -> None:
    found = lines(total(one.terms.granted_on(today) for one in subscriptions), in_use)
    if not found:
        return
    over = [over_words(line) for line in found if line.over]
    if over:
        st.error("**Over allowance.** " + "  \n".join(map(plain, over)), icon=":material/warning:")
    st.markdown("**Allowances of the account**")
    table, chart = st.columns(2)
    with table:
        show_allowances(allowances_frame(found), "Allowances of the account")
    with chart:
        show_chart(found, key="used_of_granted")


def _show_head(visit: Visit, one: HubSubscription, today: date) -> None:
    status = one.terms.status or "Not known"
    with st.container(horizontal=True, vertical_alignment="center"):
        name = f" · {plain(one.name)}" if one.name else ""
        st.markdown(f"**{plain(one.number)}**{name}", width="content")
        over = one.terms.is_over(today)
        st.badge(plain(status), color="gray" if over else _COLORS.get(status, "orange"))  # type: ignore[arg-type]
        if ends := end_words(one.terms.ends, today):
            st.badge(ends, color="gray" if over else "orange", icon=":material/event_busy:")
    told = [term_words(one.terms)]
    if visit.staff:
        age = age_words(one.refreshed_at, datetime.now(UTC))
        when = f" ({visit.at(one.refreshed_at)})" if one.refreshed_at else ""
        told += [f"version {one.terms.version}" if one.terms.version is not None else "version not known", age + when]
    elif one.refreshed_at:
        told.append(f"as of {visit.at(one.refreshed_at)}")
    st.caption(" · ".join(told))
    if not one.terms.granted_on(today):
        ended = "This subscription has ended and grants nothing."
        st.caption(ended if over else "This subscription grants no allowance.")


def _show_granted(one: HubSubscription, in_use: dict[str, int], shared: set[str], today: date) -> None:
    granted = one.terms.granted_on(today)
    if not granted:
        return
    own = lines(granted, {kind: count for kind, count in in_use.items() if kind in granted})
    show_allowances(allowances_frame(own, shared), f"Allowances of {one.number}")


def _show_unmapped(visit: Visit, number: str, read: Snapshot | None) -> None:
    names = read.value.get(number) if read else None
    if read is None or not names:
        return
    told = "; ".join(plain(name) for name in names)
    st.warning(
        f"**Unmapped charges**, as read from Zuora at {visit.at(read.read_at)}: {told}. "
        "They grant nothing until an admin adds them to the charge map.",
        icon=":material/help:",
    )
