"""The form of one contact: type, press Update, read the sentence at the field or the receipt."""

from typing import Any

import streamlit as st

from lib.actions.edit_contact import values_of
from lib.clients.zuora import ZuoraContact
from lib.domain.accounts import Account
from lib.domain.contacts import LABELS, ContactRole, changed_fields, check_changes, tidy
from lib.domain.permissions import Identity
from lib.launch import Hub
from lib.ui.again import draw_again
from lib.ui.contacts_tables import newer_frame
from lib.ui.plan_view import make_plan, start_plan
from lib.ui.tables import show_text_table
from lib.ui.text import plain

_MAIN = list(LABELS)[:11]
_MORE = list(LABELS)[11:]
_PAIRS = (("first_name", "last_name"), ("work_phone", "mobile_phone"), ("city", "state"), ("postcode", "country"))


def show_form(hub: Hub, account: Account, identity: Identity, role: ContactRole, contact: ZuoraContact) -> None:
    """Draw the form on the contact as it is now; Update sends what was changed in it, and nothing else."""
    state = _state(account, role, contact)
    with st.form(f"contact_{role.value}"):
        _draw_fields(account, role, state)
        pressed = st.form_submit_button("Update", type="primary", icon=":material/save:", key=f"update_{role.value}")
    if pressed:
        told = state["problems"]
        _update(hub, account, identity, role, state)
        if told or state["problems"]:
            # The sentences stand at their fields, which are drawn already.
            draw_again()
    if state["notice"]:
        st.warning(plain(state["notice"]), icon=":material/sync_problem:")
    plan = state["plan"]
    if plan is not None:
        for blocker in plan.blockers:
            st.error(plain(blocker), icon=":material/block:")
    _show_newer(account, role, state, values_of(contact))


def is_begun(account: Account) -> bool:
    """True when a form of this account's contacts was on the screen, so that something may be typed in it."""
    return any(
        f"contact_{role.value}_{account.number}" in st.session_state and _is_drawn(account, role)
        for role in ContactRole
    )


def _is_drawn(account: Account, role: ContactRole) -> bool:
    return _key(account, role, "work_email") in st.session_state


def _draw_fields(account: Account, role: ContactRole, state: dict[str, Any]) -> None:
    paired = {field: pair for pair in _PAIRS for field in pair}
    for field in _MAIN:
        if field not in paired:
            _draw(account, role, field, state)
        elif paired[field][0] == field:
            with st.container(horizontal=True):
                for one in paired[field]:
                    _draw(account, role, one, state)
    with st.expander("More fields", expanded=any(state["base"][field] for field in _MORE)):
        for field in _MORE:
            _draw(account, role, field, state)


def _draw(account: Account, role: ContactRole, field: str, state: dict[str, Any]) -> None:
    key = _key(account, role, field)
    # Set by key alone: a value beside the key would be ignored once the widget exists.
    st.session_state.setdefault(key, state["base"][field])
    if field not in state["problems"]:
        st.text_input(LABELS[field], key=key)
        return
    # A box of its own: two fields may stand beside each other.
    with st.container():
        st.text_input(LABELS[field], key=key)
        st.error(plain(state["problems"][field]), icon=":material/error:")


def _state(account: Account, role: ContactRole, contact: ZuoraContact) -> dict[str, Any]:
    """What the form began with. It lasts while the form is on the screen, so that what is typed is never replaced."""
    name = f"contact_{role.value}_{account.number}"
    state: dict[str, Any] | None = st.session_state.get(name)
    now = values_of(contact)
    if state is None or not _is_drawn(account, role) or state["contact"] != contact.id:
        _clear(account, role)
        state = {"contact": contact.id, "base": now, "problems": {}, "notice": None, "plan": None}
        st.session_state[name] = state
    _follow(account, role, state, now)
    return state


def _follow(account: Account, role: ContactRole, state: dict[str, Any], now: dict[str, str]) -> None:
    """Let the form begin with Zuora's values of now, but for fields in which somebody has typed another one."""
    typed = _typed(account, role, state)
    for field, value in now.items():
        mine = tidy(typed[field])
        if value != state["base"][field] and mine in (value, state["base"][field]):
            state.update(base={**state["base"], field: value}, problems={}, notice=None, plan=None)
            st.session_state[_key(account, role, field)] = value


def _update(hub: Hub, account: Account, identity: Identity, role: ContactRole, state: dict[str, Any]) -> None:
    state.update(problems={}, notice=None, plan=None)
    changes = changed_fields(state["base"], _typed(account, role, state))
    if not changes:
        state["notice"] = "No field was changed, so there is nothing to update."
        return
    _, state["problems"] = check_changes(changes, role)
    if state["problems"]:
        return
    params = {"role": role.value, "contact": state["contact"], "changes": changes, "base": state["base"]}
    make_plan(hub, "edit_contact", account.number, params, identity, state)
    plan = state["plan"]
    if plan is not None and plan.details:
        # A colleague was faster: the page reads Zuora anew, to show their values beside these.
        hub.live.forget(account.number)
        draw_again()
    if plan is not None and not plan.blockers and start_plan(hub, identity, state):
        state["plan"] = None
        draw_again()


def _show_newer(account: Account, role: ContactRole, state: dict[str, Any], now: dict[str, str]) -> None:
    """Zuora's values of now, where a colleague changed them under the form: nothing typed is lost by it."""
    if all(now[field] == state["base"][field] for field in LABELS):
        return
    st.warning("Somebody changed this contact in Zuora since you began.", icon=":material/sync_problem:")
    show_text_table(newer_frame(state["base"], now, _typed(account, role, state)), "Mine and theirs")
    if st.button("Begin again with theirs", icon=":material/refresh:", key=f"theirs_{role.value}"):
        _clear(account, role)
        draw_again()


def _typed(account: Account, role: ContactRole, state: dict[str, Any]) -> dict[str, str]:
    return {
        field: str(st.session_state.get(_key(account, role, field), state["base"][field]) or "") for field in LABELS
    }


def _clear(account: Account, role: ContactRole) -> None:
    for field in LABELS:
        st.session_state.pop(_key(account, role, field), None)


def _key(account: Account, role: ContactRole, field: str) -> str:
    return f"{role.value}_{field}_{account.number}"
