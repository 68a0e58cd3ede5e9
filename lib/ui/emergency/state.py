"""The contact form as a value: what it began with, what is typed in it, and where it is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st
from pydantic import ValidationError

from lib.domain.emergency import EmergencyRecord
from lib.domain.findings import Finding
from lib.store.drafts import Draft
from lib.store.emergency import Version
from lib.ui.dialogs import Dialog, change, close_dialog, current, keep
from lib.ui.runs.drafts import DraftPlace
from lib.ui.visit import Visit

PLACE = "emergency_form"
_ADDRESS = "form"


@dataclass(frozen=True, kw_only=True)
class EmergencyForm(Dialog):
    """The form that is open on an account."""

    name: str = "save_emergency"
    place: str = PLACE
    after: int
    """The version it began with, 0 when nothing was saved."""
    began: dict[str, Any]
    """Field -> the value it began with."""
    values: dict[str, Any]
    """Field -> its value now."""
    zuora: EmergencyRecord | None = None
    """What the last pull gave."""
    notes: tuple[Finding, ...] = ()
    """What the last pull left out or guessed."""
    contact: dict[str, str] | None = None
    """The Zuora contact that the last pull of this session read."""
    pulls: int = 0
    sent: EmergencyRecord | None = None
    restored: datetime | None = None
    """When the draft in the form was typed."""
    fresh: bool = True
    """True until it is drawn."""

    def key(self, field: str) -> str:
        """The key of the field in the session."""
        return f"emergency_{field}_{self.account}"

    def is_saved_as(self, latest: Version | None) -> bool:
        """True when what the form sent is the latest version."""
        return latest is not None and latest.record == self.sent and latest.version == self.after + 1


def draft_of(visit: Visit) -> DraftPlace:
    """Where this person's draft of the form is kept."""
    return DraftPlace(visit, "emergency")


def opened_form(visit: Visit) -> EmergencyForm | None:
    """The form, if it is open on this account in this session."""
    form: EmergencyForm | None = st.session_state.get(PLACE)
    return form if form is not None and form.account == visit.account.number else None


def follow_address(visit: Visit, latest: Version | None) -> EmergencyForm | None:
    """The form, also when only the page's address says that it is open: after a reload or a restart."""
    form = opened_form(visit)
    if form is None and st.query_params.get(_ADDRESS) == PLACE:
        form = open_form(visit, latest)
    if form is not None:
        st.query_params[_ADDRESS] = PLACE
    return form


def open_form(visit: Visit, latest: Version | None) -> EmergencyForm:
    """Open the form with this person's draft, or without one with the saved details."""
    place = draft_of(visit)
    draft = place.find()
    form = _restored(visit, draft) if draft is not None else None
    if form is None or (latest is not None and latest.record == EmergencyRecord.model_validate(form.values)):
        # There is no draft, another version of the product wrote it, or it has been saved.
        place.drop()
        values = (latest.record if latest else EmergencyRecord()).model_dump()
        after = latest.version if latest else 0
        form = EmergencyForm(account=visit.account.number, after=after, began=values, values=dict(values))
    fill(form)
    return keep(form)


def close_form(visit: Visit) -> None:
    """Close the form and drop what was typed."""
    st.query_params.pop(_ADDRESS, None)
    close_dialog(PLACE)
    draft_of(visit).drop()


def fill(form: EmergencyForm, *, only_missing: bool = False) -> None:
    """Set the fields on the screen to the values of the form."""
    for field, value in form.values.items():
        if not only_missing or form.key(field) not in st.session_state:
            st.session_state[form.key(field)] = value


def keep_typed(form: EmergencyForm, place: DraftPlace) -> None:
    """The callback of a field: keep the form as a draft, unless it is as it began."""
    now = current(form)
    if now is None:
        return
    values = {field: st.session_state.get(now.key(field), value) for field, value in now.values.items()}
    change(now, values=values)
    began = {
        "after": now.after,
        "record": now.began,
        "zuora": now.zuora and now.zuora.model_dump(),
        "notes": [one.model_dump() for one in now.notes],
    }
    place.keep(values if values != now.began else {}, began)


def _restored(visit: Visit, draft: Draft) -> EmergencyForm | None:
    """The form as the draft has it; None when this version cannot read it."""
    empty, began = EmergencyRecord().model_dump(), draft.began_with
    values = empty | {field: value for field, value in draft.typed.items() if field in empty}
    try:
        EmergencyRecord.model_validate(values)
        return EmergencyForm(
            account=visit.account.number,
            after=began["after"],
            began=began["record"],
            values=values,
            zuora=EmergencyRecord.model_validate(began["zuora"]) if began["zuora"] else None,
            notes=tuple(Finding.model_validate(one) for one in began["notes"]),
            restored=draft.saved_at,
        )
    except ValidationError:
        return None
