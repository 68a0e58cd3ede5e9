"""All Accounts: every account with its status, a hundred at a time."""

import streamlit as st

from lib.domain.accounts import AccountStatus
from lib.store import accounts
from lib.ui.visit import Visit
from lib.ui.widgets.paging import offer_turn, place_in
from lib.ui.widgets.tables import accounts_frame, choose_account

ROWS = 100


def show_accounts(visit: Visit) -> None:
    """The number of accounts with each status, the filter, and one page of the list."""
    with visit.read() as connection:
        counts = accounts.count_accounts(connection)
    for column, (status, count) in zip(st.columns(len(counts)), counts.items(), strict=True):
        column.metric(status.value.capitalize(), count, format="localized")

    chosen = st.segmented_control(
        "Status",
        [status.value for status in AccountStatus],
        format_func=str.capitalize,
        key="status",
        bind="query-params",
    )
    place = place_in("accounts_place", chosen)
    wanted = AccountStatus(chosen) if chosen else None
    with visit.read() as connection:
        rows = accounts.list_accounts(connection, status=wanted, after=place.after, limit=ROWS + 1)
    shown = rows[:ROWS]
    if not shown:
        words = "No account has this status." if chosen else "There are no accounts yet."
        st.info(words, icon=":material/search_off:")
        return
    st.caption("Choose a row to open the account.")
    choose_account(accounts_frame(shown), key=f"accounts_{chosen}_{place.after}")
    back, forth = st.columns(2)
    if place.trail:
        with back:
            offer_turn(place.first(), "First page", ":material/first_page:", key="first_page")
    if len(rows) > ROWS:
        last = shown[-1].name, shown[-1].number
        with forth:
            offer_turn(place.next(last), "Next page", ":material/navigate_next:", key="next_page")
