"""The form of one contact: type, press Update, read the sentence at the field or the receipt."""

from typing import Any

import streamlit as st

from lib.actions.contacts.edit_contact import values_of
from lib.clients.zuora import ZuoraContact
from lib.domain.accounts import Account
from lib.domain.contacts import LABELS, ContactRole, changed_fields, check_changes, tidy
from lib.ui.contacts.fields import draw_fields, field_key
from lib.ui.contacts.removal import ask_removals, confirmed_removals
from lib.ui.contacts.tables import newer_frame
from lib.ui.runs.drafts import DraftPlace, show_restored
from lib.ui.runs.plan import make_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.tables import show_text_table
from lib.ui.widgets.text import plain


def show_form(visit: Visit, role: ContactRole, contact: ZuoraContact) -> None:
    """Draw the form on the contact as it is now; Update sends what was changed in it, and nothing else.

    What is typed is kept as a draft at each change, and is back after a restart, a lost connection or another page.
    """
    place = DraftPlace(visit, f"contact_{role.value}")
    state = _state(visit.account, role, contact, place)
    fresh = state.pop("fresh", False)
    with st.container(border=True, key=f"contact_form_{role.value}"):
        if show_restored(visit, state["restored"], key=f"discard_{role.value}"):
            _start_again(visit.account, role, place)
        draw_fields(visit.account, role, state, lambda: _keep(visit.account, role, place))
        missing = ask_removals(visit.account, role, state["base"], _typed(visit.account, role, state))
        pressed = st.button("Update", type="primary", icon=":material/save:", key=f"update_{role.value}")
    if pressed and fresh:
        # The click was on the form of a session that is gone; this one has begun with other values, perhaps.
        state["notice"] = "Nothing was sent: the page was loaded again. Check the fields and press Update again."
    elif pressed:
        told = state["problems"]
        _update(visit, role, state, place, missing)
        if told or state["problems"]:
            # The sentences stand at their fields, which are drawn already.
            draw_again()
    if state["notice"]:
        st.warning(plain(state["notice"]), icon=":material/sync_problem:")
    plan = state["plan"]
    if plan is not None:
        for blocker in plan.blockers:
            st.error(plain(blocker), icon=":material/block:")
    _show_newer(visit.account, role, state, values_of(contact), place)


def is_begun(account: Account) -> bool:
    """True when a form of this account's contacts was on the screen, so that something may be typed in it."""
    return any(_name(account, role) in st.session_state and _is_drawn(account, role) for role in ContactRole)


def _is_drawn(account: Account, role: ContactRole) -> bool:
    return field_key(account, role, "work_email") in st.session_state


def _state(account: Account, role: ContactRole, contact: ZuoraContact, place: DraftPlace) -> dict[str, Any]:
    """What the form began with. It lasts while the form is on the screen, so that what is typed is never replaced."""
    state: dict[str, Any] | None = st.session_state.get(_name(account, role))
    now = values_of(contact)
    if state is None or not _is_drawn(account, role) or state["contact"] != contact.id:
        _clear(account, role)
        state = _begin(contact.id, now, place)
        st.session_state[_name(account, role)] = state
        # Set, not only shown: a browser that lived through a restart sends what it showed before, and a field in
        # which nobody typed would undo what somebody changed in Zuora since.
        for field, value in {**state["base"], **state["typed"]}.items():
            st.session_state[field_key(account, role, field)] = value
    _follow(account, role, state, now)
    return state


def _begin(contact_id: str, now: dict[str, str], place: DraftPlace) -> dict[str, Any]:
    """A form on Zuora's current values, with what this person typed earlier and did not send."""
    state: dict[str, Any] = {
        "contact": contact_id,
        "base": now,
        "typed": {},
        "problems": {},
        "notice": None,
        "plan": None,
        "restored": None,
        "fresh": True,
    }
    draft = place.find()
    if draft is None:
        return state
    if draft.began_with.get("contact") != contact_id:
        state["notice"] = (
            f"What you typed at {place.visit.at(draft.saved_at)} was for another contact, which somebody has "
            "replaced in Zuora since then. It was not sent. The form shows the current contact."
        )
        place.drop()
        return state
    base = draft.began_with["fields"]
    typed = {
        field: text for field, text in draft.typed.items() if field in base and tidy(text) != now.get(field, tidy(text))
    }
    if not typed:
        place.drop()
        return state
    # Where somebody has changed a field since, the old base tells theirs from mine.
    return {**state, "typed": typed, "base": now | {field: base[field] for field in typed}, "restored": draft.saved_at}


def _follow(account: Account, role: ContactRole, state: dict[str, Any], now: dict[str, str]) -> None:
    """Let the form begin with Zuora's values of now, but for fields in which somebody has typed another one."""
    typed = _typed(account, role, state)
    for field, value in now.items():
        mine = tidy(typed[field])
        if value != state["base"][field] and mine in (value, state["base"][field]):
            state.update(base={**state["base"], field: value}, problems={}, notice=None, plan=None)
            st.session_state[field_key(account, role, field)] = value


def _keep(account: Account, role: ContactRole, place: DraftPlace) -> None:
    """A field was changed: keep what differs from what the form began with."""
    state = st.session_state.get(_name(account, role))
    if state is None:
        return
    state.update(notice=None, plan=None)
    changes = changed_fields(state["base"], _typed(account, role, state))
    fields = {field: state["base"][field] for field in changes}
    place.keep(dict(changes), {"contact": state["contact"], "fields": fields})
    if not changes:
        state["restored"] = None


def _update(visit: Visit, role: ContactRole, state: dict[str, Any], place: DraftPlace, missing: list[str]) -> None:
    state.update(problems={}, notice=None, plan=None)
    changes = changed_fields(state["base"], _typed(visit.account, role, state))
    if not changes:
        state["notice"] = "No field was changed, so there is nothing to update."
        return
    _, state["problems"] = check_changes(changes, role)
    if state["problems"]:
        return
    if missing:
        names = ", ".join(LABELS[field] for field in missing)
        state["notice"] = f"Nothing was sent. To remove a value, tick its box. To keep it, type it again: {names}."
        return
    params = {
        "role": role.value,
        "contact": state["contact"],
        "changes": changes,
        "base": state["base"],
        "emptied": confirmed_removals(visit.account, role, state["base"], changes),
    }
    make_plan(visit, "edit_contact", visit.account.number, params, state)
    plan = state["plan"]
    if plan is not None and plan.details:
        # A colleague was faster: the page reads Zuora again, to show their values beside these.
        visit.app.live.forget(visit.account.number)
        draw_again()
    if plan is not None and not plan.blockers and start_plan(visit, state):
        state.update(plan=None, restored=None)
        place.drop()
        draw_again()


def _show_newer(
    account: Account, role: ContactRole, state: dict[str, Any], now: dict[str, str], place: DraftPlace
) -> None:
    """Zuora's values of now, where a colleague changed them under the form: nothing typed is lost by it."""
    if all(now[field] == state["base"][field] for field in LABELS):
        return
    st.warning("Somebody changed this contact in Zuora since you began.", icon=":material/sync_problem:")
    show_text_table(newer_frame(state["base"], now, _typed(account, role, state)), "Mine and theirs")
    if st.button("Begin again with theirs", icon=":material/refresh:", key=f"theirs_{role.value}"):
        _start_again(account, role, place)


def _start_again(account: Account, role: ContactRole, place: DraftPlace) -> None:
    place.drop()
    _clear(account, role)
    draw_again()


def _typed(account: Account, role: ContactRole, state: dict[str, Any]) -> dict[str, str]:
    shown = {**state["base"], **state["typed"]}
    return {field: str(st.session_state.get(field_key(account, role, field), shown[field]) or "") for field in LABELS}


def _clear(account: Account, role: ContactRole) -> None:
    st.session_state.pop(_name(account, role), None)
    for field in LABELS:
        st.session_state.pop(field_key(account, role, field), None)


def _name(account: Account, role: ContactRole) -> str:
    return f"contact_{role.value}_{account.number}"
