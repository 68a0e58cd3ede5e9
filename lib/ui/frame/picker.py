"""Find an account by anything known about it."""

import streamlit as st

from lib.store import search
from lib.store.search import Hit, SearchResult
from lib.ui.selection import TYPED, open_account, section_of_other
from lib.ui.visit import Visit
from lib.ui.widgets.text import plain

SHOWN = 8
_BOX = "find_account"
_PLACE = "search_place"
_KINDS = {"phone": "phone number", "email": "e-mail", "subscription": "subscription"}


def show_picker(visit: Visit, opened: str | None, page: str) -> None:
    """A search box with its hits below. A text that matches exactly one account opens it at once.

    Leaving the page empties the box: going back to the page does not search again.
    """
    if st.session_state.get(_PLACE) not in (None, (opened, page)):
        st.session_state[_BOX] = ""
    st.session_state[_PLACE] = (opened, page)
    typed = st.text_input(
        "Find an account",
        key=_BOX,
        type="search",
        live=True,
        placeholder="Number, name, phone, e-mail",
        on_change=_note_typing,
        help="Part of an account number, name, phone number (in any format), e-mail address or subscription number.",
    )
    text = (typed or "").strip()
    if not text:
        return
    with visit.read() as connection:
        result = search.search(connection, text, limit=SHOWN)
    if result.exact is not None and result.exact != opened and not _may_be_longer(result):
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
        section_of_other().path,
        label=f"**{hit.number}** {plain(hit.name)}{state}",
        query_params={"account": hit.number},
        width="stretch",
    )
    if hit.matched_kind in _KINDS:
        st.caption(f"{_KINDS[hit.matched_kind]} {plain(hit.matched_text)}")


def _note_typing() -> None:
    st.session_state[TYPED] = True


def _may_be_longer(result: SearchResult) -> bool:
    """True while the text may be the beginning of a longer account number; then the person chooses."""
    return any(hit.number != result.exact and hit.number.startswith(str(result.exact)) for hit in result.hits)
