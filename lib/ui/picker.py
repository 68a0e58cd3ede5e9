"""Find an account by anything known about it."""

import streamlit as st

from lib.launch import Hub
from lib.store import search
from lib.store.search import Hit
from lib.ui.navigation import DETAILS
from lib.ui.selection import open_account, opened_number
from lib.ui.text import plain

SHOWN = 8
_KINDS = {"phone": "phone number", "email": "e-mail", "subscription": "subscription"}


def show_picker(hub: Hub) -> None:
    """A search box with its hits below; something that names exactly one account opens it at once."""
    typed = st.text_input(
        "Find an account",
        key="find_account",
        type="search",
        live=True,
        placeholder="Number, name, phone, e-mail",
        help="Part of an account number, a name, a phone number in any spelling, an e-mail or a subscription number.",
        on_change=_remember_where,
    )
    text = (typed or "").strip()
    # The box keeps its text after an account was opened from it; the hits have done their work by then.
    if not text or st.session_state.get("searched_from") != opened_number():
        return
    with hub.services.engine.connect() as connection:
        result = search.search(connection, text, limit=SHOWN)
    if result.exact is not None and result.exact != opened_number():
        open_account(result.exact)
    if not result.hits:
        st.caption(f"No account matches “{plain(text)}” ({plain(result.understood)}).")
    for hit in result.hits:
        _show_hit(hit)
    if result.more:
        st.caption("More accounts match. Type more to narrow it down.")


def _show_hit(hit: Hit) -> None:
    state = "" if hit.status == "active" else f" · {hit.status}"
    st.page_link(
        DETAILS.path,
        label=f"**{hit.number}** {plain(hit.name)}{state}",
        query_params={"account": hit.number},
        width="stretch",
    )
    if hit.matched_kind in _KINDS:
        st.caption(f"{_KINDS[hit.matched_kind]} {plain(hit.matched_text)}")


def _remember_where() -> None:
    st.session_state["searched_from"] = opened_number()
