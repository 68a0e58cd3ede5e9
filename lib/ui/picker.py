"""Find an account by anything known about it."""

import streamlit as st

from lib.launch import Hub
from lib.store import search
from lib.ui.selection import open_account
from lib.ui.text import plain

SHOWN = 8
_KINDS = {
    "number": "number",
    "name": "name",
    "phone": "phone number",
    "email": "e-mail",
    "subscription": "subscription",
}


def show_picker(hub: Hub) -> None:
    """A search box with its hits below; something that names exactly one account opens it at once."""
    typed = st.text_input(
        "Find an account",
        key="find_account",
        type="search",
        live=True,
        placeholder="Number, name, phone, e-mail, subscription",
        help="Part of an account number, a name, a phone number in any spelling, an e-mail or a subscription number.",
    )
    text = (typed or "").strip()
    if not text or text == st.session_state.get("found_account"):
        return
    with hub.services.engine.connect() as connection:
        result = search.search(connection, text, limit=SHOWN)
    if result.exact is not None:
        _open(result.exact)
    if not result.hits:
        st.caption(f"No account matches “{plain(text)}” ({result.understood}).")
        return
    for hit in result.hits:
        why = (
            "" if hit.matched_kind in ("number", "name") else f" · {_KINDS[hit.matched_kind]} {plain(hit.matched_text)}"
        )
        state = "" if hit.status == "active" else f" · {hit.status}"
        label = f"**{hit.number}** {plain(hit.name)}{state}{why}"
        if st.button(label, key=f"hit_{hit.number}", type="tertiary", wrap=True):
            _open(hit.number)
    if result.more:
        st.caption("More accounts match. Type more to narrow it down.")


def _open(number: str) -> None:
    # The box keeps what was typed; without this mark the next run would open the same account again.
    st.session_state["found_account"] = st.session_state["find_account"].strip()
    open_account(number)
