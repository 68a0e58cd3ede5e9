"""All Accounts: every account with its status, a hundred at a time."""

import streamlit as st

from lib.domain.accounts import AccountStatus
from lib.store import accounts
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.tables import accounts_frame, choose_account

ROWS = 100


def show_accounts(visit: Visit) -> None:
    """Counts by status, the filter, and one page of the list."""
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
    after = st.session_state.get("accounts_after") if st.session_state.get("accounts_status") == chosen else None
    st.session_state["accounts_status"] = chosen
    with visit.read() as connection:
        rows = accounts.list_accounts(
            connection, status=AccountStatus(chosen) if chosen else None, after=after, limit=ROWS + 1
        )
    shown = rows[:ROWS]
    if not shown:
        st.info(
            "No account has this status." if chosen else "There are no accounts yet.",
            icon=":material/search_off:",
        )
        return
    st.caption("Choose a row to open the account.")
    choose_account(accounts_frame(shown), key=f"accounts_{chosen}_{after}")
    back, forth = st.columns(2)
    if after and back.button("First page", icon=":material/first_page:", key="first_page"):
        st.session_state["accounts_after"] = None
        draw_again()
    if len(rows) > ROWS and forth.button("Next page", icon=":material/navigate_next:", key="next_page"):
        st.session_state["accounts_after"] = (shown[-1].name, shown[-1].number)
        draw_again()
