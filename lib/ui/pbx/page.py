"""The PBX page: each PBX with its group name, billing subscription and extensions, and the buttons to change it."""

import streamlit as st

from lib.domain.accounts import AccountStatus
from lib.domain.texts import visible
from lib.store import pbxs
from lib.store.pbxs import Pbx
from lib.ui.pbx.dialogs import offer_changes, show_billing_dialog, show_rename
from lib.ui.pbx.tables import extensions_frame
from lib.ui.visit import Visit
from lib.ui.widgets.paging import offer_turns, place_in
from lib.ui.widgets.tables import show_grid
from lib.ui.widgets.text import plain, unlinked
from lib.ui.widgets.zuora_link import show_zuora_link

PAGE = 50
TEXT_LIMIT = 120


def show_pbxs(visit: Visit) -> None:
    """The page below the action bar."""
    with visit.read() as connection:
        found = pbxs.list_pbxs(connection, visit.account.number)
    show_zuora_link(visit)
    if not found:
        gone = visit.account.status is AccountStatus.DEACTIVATED
        why = "This account is deactivated; its PBXs were removed." if gone else "This account has no PBX."
        st.info(why, icon=":material/dialpad:")
        return
    for pbx in found:
        _show_pbx(visit, pbx)
    show_billing_dialog(visit)


def _show_pbx(visit: Visit, pbx: Pbx) -> None:
    with st.container(border=True):
        st.subheader(plain(pbx.name), anchor=False)
        with st.container(horizontal=True, gap="medium"):
            billed = " · ".join(part for part in (pbx.subscription, pbx.subscription_name) if part)
            _show_fact("Group name", pbx.group_name)
            _show_fact("Billing subscription", billed or "none")
            _show_fact("Extensions", f"{pbx.extensions:,}")
        if visit.account.status is not AccountStatus.DEACTIVATED:
            offer_changes(visit, pbx)
        show_rename(visit, pbx)
        _show_extensions(visit, pbx)


def _show_fact(label: str, text: str) -> None:
    """Not `st.metric`, which cuts a long text: the group name is a part of every login."""
    st.markdown(f":small[:gray[{label}]]  \n**{unlinked(text)}**", width="content")


def _show_extensions(visit: Visit, pbx: Pbx) -> None:
    if not pbx.extensions:
        st.caption("This PBX has no extensions.")
        return
    text = ""
    if pbx.extensions > PAGE // 5:
        typed = st.text_input(
            "Find an extension",
            key=f"extensions_{pbx.id}",
            type="search",
            max_chars=TEXT_LIMIT,
            placeholder="Extension, name, login, e-mail",
        )
        text = visible(typed or "")
    place = place_in(f"extensions_of_{pbx.id}", text)
    with visit.read() as connection:
        rows = pbxs.list_extensions(connection, pbx.id, text=text, after=place.after, limit=PAGE + 1)
    if not rows:
        st.caption("No extension of this PBX matches.")
        return
    shown = rows[:PAGE]
    show_grid(extensions_frame(shown), f"Extensions of {pbx.name}", key=f"extension_rows_{pbx.id}")
    last = shown[-1].extension if len(rows) > PAGE else None
    offer_turns(place, "Earlier extensions", "Later extensions", last=last)
