"""The contact form: Pull From Zuora fills it, findings stand at their fields, Save keeps a new version."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from pydantic import ValidationError

from lib.actions.contacts.edit_contact import values_of
from lib.app.live import Reading
from lib.domain import emergency
from lib.domain.accounts import Account
from lib.domain.emergency import FIELDS, LABELS, USAGES, EmergencyRecord
from lib.domain.emergency_check import check
from lib.domain.findings import Finding
from lib.store.emergency import Version
from lib.ui import auth
from lib.ui.emergency.address import notes_accepted, show_findings, show_zuora_address
from lib.ui.emergency.tables import beside_frame
from lib.ui.runs.drafts import TYPING_PAUSE, DraftPlace, show_restored
from lib.ui.runs.plan import make_plan, show_notice, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.tables import show_text_table
from lib.ui.widgets.text import plain

_STATE = "emergency_form"
_ADDRESS = "form"
_ROWS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Customer": (
        ("usage", "business_name"),
        ("surname", "given_names"),
        ("contact_name", "contact_number"),
        ("alternate_address", "listed"),
    ),
    "Address": (
        ("house_number", "house_suffix", "house_number_2", "house_suffix_2"),
        ("street_name", "street_type", "street_suffix"),
        ("locality", "state", "postcode"),
    ),
    "Building": (
        ("building_type", "building_number", "building_suffix", "building_number_2", "building_suffix_2"),
        ("floor_type", "floor_number", "floor_suffix"),
        ("property_name", "location"),
    ),
}


def is_open(account: Account) -> bool:
    """True while the form is open on this account in this session."""
    return _state(account) is not None


def offer_form(visit: Visit, latest: Version | None) -> None:
    """The button that opens the form, or closes it and forgets what was typed.

    The form opens on what this person typed earlier and did not save, else on the saved details. That it is open is
    in the address, so it is open again after a reload, a restart or a lost connection.
    """
    place = DraftPlace(visit, "emergency")
    if not is_open(visit.account) and st.query_params.get(_ADDRESS) == _STATE:
        _open(visit.account, latest, place)
    if is_open(visit.account):
        st.query_params[_ADDRESS] = _STATE
        if st.button("Close the form", icon=":material/close:", key="close_emergency"):
            _close()
            draw_again()
        return
    if st.button("Contact Form", icon=":material/contact_emergency:", type="primary", key="open_emergency"):
        _open(visit.account, latest, place)
        draw_again()
    draft = place.find()
    if draft is not None:
        st.info(
            f"You typed into the form at {visit.at(draft.saved_at)} and did not save it. Contact Form reopens it.",
            icon=":material/edit_note:",
        )


def show_form(visit: Visit, latest: Version | None, own_numbers: set[str]) -> None:
    """The form with what speaks against it, and the three columns that show what Save would do."""
    state = _state(visit.account)
    if state is None or auth.current(visit.app) != visit.identity:
        # Signed out or somebody else since the page was drawn.
        draw_again()
    fresh = state.pop("fresh", False)
    if _has_arrived(state, latest):
        _close()
        draw_again()
    if show_restored(visit, state["restored"], key="discard_emergency"):
        _close()
        _open(visit.account, latest, state["place"])
        draw_again()
    if st.button("Pull From Zuora", icon=":material/cloud_download:", key="pull_emergency"):
        _pull(visit, latest, state, own_numbers)
    show_notice(state)
    _tell_meanwhile(state, latest)
    reading = visit.app.live.zuora(visit.account) if state["contact"] is None else None
    slots = _draw(visit.account, state, _contact_in(reading) if reading else state["contact"])
    record = EmergencyRecord.model_validate(state["values"])
    saved = latest.record if latest else None
    # What a draft brings back is found again in Zuora's own reading.
    notes = list(
        dict.fromkeys([*state["notes"], *(_notes_unseen(reading, record, saved, own_numbers) if reading else ())])
    )
    findings = check(record, own_numbers=own_numbers)
    show_findings(slots, [*findings, *notes])
    frame = beside_frame(saved, _in_zuora(visit, reading, latest, own_numbers) if reading else state["zuora"], record)
    show_text_table(frame, "Saved here, in Zuora, will be saved")
    errors = sum(one.severity == "error" for one in findings)
    if errors:
        st.caption(f"{errors} {'field has' if errors == 1 else 'fields have'} an error; correct that before saving.")
    accepted = notes_accepted(notes, f"{_key(visit.account, 'notes')}_{state['pulls']}")
    refused = errors > 0 or not accepted
    if st.button("Save", type="primary", icon=":material/save:", disabled=refused, key="save_emergency"):
        if fresh:
            # The click was on the form of a session that is gone; this one has begun with other values, perhaps.
            state["notice"] = "Nothing was saved: the page was loaded again. Check the fields and press Save again."
            draw_again()
        _save(visit, state, record, notes)
    if state["plan"] is not None:
        for blocker in state["plan"].blockers:
            st.error(plain(blocker), icon=":material/block:")


def _save(visit: Visit, state: dict[str, Any], record: EmergencyRecord, notes: list[Finding]) -> None:
    accepted = [one.text for one in notes]
    params = {"details": record.model_dump(), "after": state["after"], "accepted": accepted}
    make_plan(visit, "save_emergency", visit.account.number, params, state)
    if state["plan"] is not None and not state["plan"].blockers and start_plan(visit, state):
        state.update(plan=None, sent=record, restored=None)
        state["place"].drop()
    draw_again()


def _pull(visit: Visit, latest: Version | None, state: dict[str, Any], own_numbers: set[str]) -> None:
    """Read Zuora anew and fill every field, so that no older value stays behind."""
    state.update(plan=None, notice=None)
    visit.app.live.forget(visit.account.number)
    with st.spinner("Reading Zuora"):
        reading = visit.app.live.zuora(visit.account)
    if reading.state != "live" or reading.value is None:
        why = {
            "reading": "Zuora has not answered yet. Pull again in a moment.",
            "unlinked": "This account is not linked to Zuora.",
        }.get(reading.state, f"Zuora could not be read. {reading.why}")
        state["notice"] = f"{why} The form stays as it was."
        return
    billing = reading.value.account
    if billing.sold_to is None:
        state["notice"] = "The account has no Sold To contact in Zuora. The form stays as it was."
        return
    contact = values_of(billing.sold_to)
    saved = latest.record if latest else None
    record, notes = emergency.pull(contact, billing.name, saved, own_numbers=own_numbers)
    state.update(zuora=record, notes=notes, values=record.model_dump(), contact=contact, pulls=state["pulls"] + 1)
    _fill(visit.account, state)
    _keep(visit.account)


def _contact_in(reading: Reading) -> dict[str, str] | None:
    value = reading.value
    return None if value is None or value.account.sold_to is None else values_of(value.account.sold_to)


def _notes_unseen(
    reading: Reading, record: EmergencyRecord, saved: EmergencyRecord | None, own_numbers: set[str]
) -> list[Finding]:
    contact, value = _contact_in(reading), reading.value
    if contact is None or value is None:
        return []
    return emergency.notes_unseen(record, saved, contact, value.account.name, own_numbers=own_numbers)


def _in_zuora(visit: Visit, reading: Reading, latest: Version | None, own_numbers: set[str]) -> EmergencyRecord | None:
    """What a pull would give, as far as Zuora has been read already; None when it could not be."""
    value = reading.value
    if value is None or value.account.sold_to is None:
        st.caption("Zuora's side is not known. Pull From Zuora reads it and says why when it cannot.")
        return None
    if reading.state != "live":
        why = "is being read" if reading.state == "reading" else "could not be read now"
        st.caption(f"Zuora {why}. Its side is shown as it was read at {visit.at(reading.read_at)}.")
    contact = values_of(value.account.sold_to)
    saved = latest.record if latest else None
    return emergency.pull(contact, value.account.name, saved, own_numbers=own_numbers)[0]


def _tell_meanwhile(state: dict[str, Any], latest: Version | None) -> None:
    if latest is not None and latest.version != state["after"]:
        st.warning(
            f"{plain(latest.saved_by)} saved version {latest.version} meanwhile. Close the form and open it again "
            "to start from there.",
            icon=":material/sync_problem:",
        )


def _draw(account: Account, state: dict[str, Any], contact: dict[str, str] | None) -> dict[str, Any]:
    """Every field, with a place below it for what speaks against it. Fills `values` from what was typed."""
    _fill(account, state, only_missing=True)
    slots: dict[str, Any] = {}
    for title, rows in _ROWS.items():
        with st.container(border=True):
            st.markdown(f"**{title}**")
            if title == "Address":
                show_zuora_address(contact)
            for row in rows:
                for column, field in zip(st.columns(len(row)), row, strict=True):
                    with column:
                        state["values"][field] = _draw_one(account, field, lambda: _keep(account))
                        slots[field] = st.empty()
    return slots


def _draw_one(account: Account, field: str, on_change: Callable[[], None]) -> Any:
    """The value is also the default: a browser that has forgotten the field shows the default, and sends it back."""
    key = _key(account, field)
    value = st.session_state[key]
    if field in ("listed", "alternate_address"):
        help_ = "VoIP or a PABX" if field == "alternate_address" else "In the public directory"
        return st.checkbox(LABELS[field], value, key=key, help=help_, on_change=on_change)
    if field == "usage":
        known = list(USAGES)
        if value not in known:
            known.insert(0, value)
        return st.selectbox(
            LABELS[field],
            known,
            known.index(value),
            format_func=lambda one: USAGES.get(one, one or "not chosen"),
            key=key,
            on_change=on_change,
        )
    return st.text_input(FIELDS[field][0], value, key=key, on_change=on_change, live=TYPING_PAUSE)


def _fill(account: Account, state: dict[str, Any], *, only_missing: bool = False) -> None:
    for field, value in state["values"].items():
        if not only_missing or _key(account, field) not in st.session_state:
            st.session_state[_key(account, field)] = value


def _open(account: Account, latest: Version | None, place: DraftPlace) -> None:
    if _restore(account, latest, place):
        return
    values = (latest.record if latest else EmergencyRecord()).model_dump()
    _begin(account, place, {"after": latest.version if latest else 0, "began": values, "values": dict(values)})


def _begin(account: Account, place: DraftPlace, known: dict[str, Any]) -> None:
    empty: dict[str, Any] = {
        "zuora": None,
        "notes": [],
        "contact": None,
        "pulls": 0,
        "notice": None,
        "plan": None,
        "sent": None,
        "restored": None,
    }
    state = {"account": account.number, "place": place, "fresh": True, **empty, **known}
    st.session_state[_STATE] = state
    _fill(account, state)


def _keep(account: Account) -> None:
    """A field was changed: keep the form as it is now, unless it is as it began."""
    state = _state(account)
    if state is None:
        return
    values = {field: st.session_state.get(_key(account, field), value) for field, value in state["values"].items()}
    state["values"] = values
    began = {
        "after": state["after"],
        "record": state["began"],
        "zuora": state["zuora"] and state["zuora"].model_dump(),
        "notes": [one.model_dump() for one in state["notes"]],
    }
    state["place"].keep(values if values != state["began"] else {}, began)


def _restore(account: Account, latest: Version | None, place: DraftPlace) -> bool:
    """Open the form as this person left it, if they typed into it and did not save; True when they had."""
    draft = place.find()
    if draft is None:
        return False
    empty, began = EmergencyRecord().model_dump(), draft.began_with
    values = empty | {field: value for field, value in draft.typed.items() if field in empty}
    try:
        record = EmergencyRecord.model_validate(values)
        zuora = EmergencyRecord.model_validate(began["zuora"]) if began["zuora"] else None
        notes = [Finding.model_validate(one) for one in began["notes"]]
    except ValidationError:
        # Kept by another version of the product, which knew other fields.
        place.drop()
        return False
    if latest is not None and latest.record == record:
        place.drop()
        return False
    kept = {"after": began["after"], "began": began["record"], "zuora": zuora, "notes": notes}
    _begin(account, place, {**kept, "values": values, "restored": draft.saved_at})
    return True


def _state(account: Account) -> dict[str, Any] | None:
    state: dict[str, Any] | None = st.session_state.get(_STATE)
    return state if state and state["account"] == account.number else None


def _close() -> None:
    st.query_params.pop(_ADDRESS, None)
    state = st.session_state.pop(_STATE, None)
    if state is not None:
        state["place"].drop()


def _has_arrived(state: dict[str, Any], latest: Version | None) -> bool:
    """True when what this form sent is the latest version: its work is done."""
    return latest is not None and latest.record == state["sent"] and latest.version == state["after"] + 1


def _key(account: Account, field: str) -> str:
    return f"emergency_{field}_{account.number}"
