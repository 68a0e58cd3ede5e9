"""The PBX page: each PBX with its group name, what bills it and its extensions, and the buttons that change it."""

from typing import Any

import streamlit as st

from lib.domain.accounts import AccountStatus
from lib.domain.permissions import Permission
from lib.domain.texts import visible
from lib.store import pbxs
from lib.store.pbxs import Pbx
from lib.ui.dialogs import open_dialog, opened_dialog
from lib.ui.pbx.dialogs import NAME as BILLING
from lib.ui.pbx.dialogs import billing_dialog
from lib.ui.pbx.rename import NAME as RENAME
from lib.ui.pbx.rename import show_rename
from lib.ui.pbx.tables import extensions_frame
from lib.ui.visit import Visit
from lib.ui.widgets.tables import show_grid
from lib.ui.widgets.text import plain, unlinked
from lib.ui.widgets.zuora_link import show_zuora_link

PAGE = 50
TEXT_LIMIT = 120
_PLACES = "pbx_places"


def show_pbxs(visit: Visit) -> None:
    """The page below the action bar."""
    with visit.read() as connection:
        found = pbxs.list_pbxs(connection, visit.account.number)
    show_zuora_link(visit)
    if not found:
        if visit.account.status is AccountStatus.DEACTIVATED:
            st.info("This account is deactivated; its PBXs were removed.", icon=":material/dialpad:")
        else:
            st.info("This account has no PBX.", icon=":material/dialpad:")
        return
    for pbx in found:
        _show_pbx(visit, pbx)
    state = opened_dialog(visit.account.number)
    if state is not None and state["name"] == BILLING:
        billing_dialog(visit, state)


def _show_pbx(visit: Visit, pbx: Pbx) -> None:
    with st.container(border=True):
        st.subheader(plain(pbx.name), anchor=False)
        with st.container(horizontal=True, gap="medium"):
            billed = " · ".join(part for part in (pbx.subscription, pbx.subscription_name) if part)
            _show_fact("Group name", pbx.group_name)
            _show_fact("Billing subscription", billed or "none")
            _show_fact("Extensions", f"{pbx.extensions:,}")
        if visit.account.status is not AccountStatus.DEACTIVATED:
            _offer(visit, pbx)
        state = opened_dialog(visit.account.number)
        if state is not None and state["name"] == RENAME and state["pbx"].id == pbx.id:
            show_rename(visit, state)
        _show_extensions(visit, pbx)


def _show_fact(label: str, text: str) -> None:
    """Not a metric: that would cut a long group name, which is a part of every login."""
    st.markdown(f":small[:gray[{label}]]  \n**{unlinked(text)}**", width="content")


def _offer(visit: Visit, pbx: Pbx) -> None:
    with st.container(horizontal=True):
        # What the person sees as they begin: a change by somebody else meanwhile is told, not overwritten.
        if visit.may(Permission.PBX_BILLING) and st.button(
            "Edit", icon=":material/edit:", key=f"billing_{pbx.id}", help="The billing subscription of this PBX"
        ):
            open_dialog(BILLING, visit.account.number, pbx=pbx)
        if visit.may(Permission.PBX_RENAME) and st.button(
            "Update name",
            icon=":material/badge:",
            key=f"rename_{pbx.id}",
            help="The group name. It changes the login of every extension.",
        ):
            open_dialog(RENAME, visit.account.number, pbx=pbx)


def _show_extensions(visit: Visit, pbx: Pbx) -> None:
    if not pbx.extensions:
        st.caption("This PBX has no extensions.")
        return
    text = ""
    if pbx.extensions > PAGE // 5:
        text = st.text_input(
            "Find an extension",
            key=f"extensions_{pbx.id}",
            type="search",
            max_chars=TEXT_LIMIT,
            placeholder="Extension, name, login, e-mail",
        )
        text = visible(text or "")
    place = _place(pbx, text)
    after = place["trail"][-1] if place["trail"] else None
    with visit.read() as connection:
        rows = pbxs.list_extensions(connection, pbx.id, text=text, after=after, limit=PAGE + 1)
    if not rows:
        st.caption("No extension of this PBX matches.")
        return
    shown = rows[:PAGE]
    show_grid(extensions_frame(shown), f"Extensions of {pbx.name}", key=f"extension_rows_{pbx.id}")
    if len(rows) <= PAGE and not place["trail"]:
        return
    with st.container(horizontal=True):
        st.button(
            "Earlier extensions",
            icon=":material/chevron_left:",
            key=f"earlier_{pbx.id}",
            disabled=not place["trail"],
            on_click=_back,
            args=(pbx.id,),
        )
        st.button(
            "Later extensions",
            icon=":material/chevron_right:",
            key=f"later_{pbx.id}",
            disabled=len(rows) <= PAGE,
            on_click=_on,
            args=(pbx.id, shown[-1].extension),
        )


def _place(pbx: Pbx, text: str) -> dict[str, Any]:
    """Where in this list the session stands: behind which extensions. Another search begins at its top."""
    places: dict[int, dict[str, Any]] = st.session_state.setdefault(_PLACES, {})
    place = places.get(pbx.id)
    if place is None or place["text"] != text:
        place = places[pbx.id] = {"text": text, "trail": []}
    return place


def _on(pbx_id: int, last: str) -> None:
    st.session_state[_PLACES][pbx_id]["trail"].append(last)


def _back(pbx_id: int) -> None:
    st.session_state[_PLACES][pbx_id]["trail"].pop()
