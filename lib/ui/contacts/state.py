"""The form of one contact as a value: what it began with, what is typed in it, and where it is kept."""

from dataclasses import dataclass, field
from datetime import datetime

import streamlit as st

from lib.actions.contacts.edit_contact import values_of
from lib.clients.zuora import ZuoraContact
from lib.domain.accounts import Account
from lib.domain.contacts import LABELS, ContactRole, changed_fields, tidy
from lib.ui.dialogs import Dialog, change, close_dialog, current, keep
from lib.ui.runs.drafts import DraftPlace
from lib.ui.visit import Visit


@dataclass(frozen=True, kw_only=True)
class ContactForm(Dialog):
    """A form on the screen. It is kept while it is there, so that what is typed is never replaced."""

    name: str = "edit_contact"
    role: ContactRole
    contact: str
    """Its id in Zuora."""
    base: dict[str, str]
    """Field -> the value it began with; follows Zuora's where nothing else was typed."""
    drafted: dict[str, str] = field(default_factory=dict)
    """Field -> what this person typed earlier and did not send."""
    problems: dict[str, str] = field(default_factory=dict)
    restored: datetime | None = None
    """When the draft in the form was typed."""
    fresh: bool = True
    """True until it is drawn."""

    def key(self, field: str) -> str:
        """The key of the field in the session."""
        return _key(self.account, self.role, field)

    @property
    def typed(self) -> dict[str, str]:
        """Field -> its text in the form now."""
        shown = {**self.base, **self.drafted}
        return {field: str(st.session_state.get(self.key(field), shown[field]) or "") for field in LABELS}

    @property
    def changes(self) -> dict[str, str]:
        """The fields whose text differs from what the form began with."""
        return changed_fields(self.base, self.typed)


def is_begun(account: Account) -> bool:
    """True when a form of this account's contacts is on the screen, so that something may be typed in it."""
    return any(
        _place(account.number, role) in st.session_state and _is_drawn(account.number, role) for role in ContactRole
    )


def form_of(visit: Visit, role: ContactRole, contact: ZuoraContact, draft: DraftPlace) -> ContactForm:
    """The form that is on the screen, else a new one with Zuora's current values and the draft."""
    number, now = visit.account.number, values_of(contact)
    form: ContactForm | None = st.session_state.get(_place(number, role))
    if form is None or not _is_drawn(number, role) or form.contact != contact.id:
        _clear(number, role)
        begun = ContactForm(account=number, role=role, contact=contact.id, base=now, place=_place(number, role))
        form = keep(_with_draft(visit, begun, draft))
        # A browser that was open during a restart sends the values it showed before. Without this, a field that
        # nobody touched would undo a change made in Zuora since.
        for one, value in {**form.base, **form.drafted}.items():
            st.session_state[form.key(one)] = value
    return _follow(form, now)


def keep_typed(form: ContactForm, draft: DraftPlace) -> None:
    """The callback of a field: keep what differs from what the form began with."""
    now = current(form)
    if now is None:
        return
    changes = now.changes
    draft.keep(changes, {"contact": now.contact, "fields": {field: now.base[field] for field in changes}})
    change(now, notice=None, plan=None, restored=now.restored if changes else None)


def forget(form: ContactForm, draft: DraftPlace) -> None:
    """Forget the form and what is typed in it: the next one begins with Zuora's current values."""
    draft.drop()
    _clear(form.account, form.role)


def _with_draft(visit: Visit, form: ContactForm, place: DraftPlace) -> ContactForm:
    draft = place.find()
    if draft is None:
        return form
    if draft.began_with.get("contact") != form.contact:
        place.drop()
        notice = (
            f"What you typed at {visit.at(draft.saved_at)} was for another contact, which somebody has since "
            "replaced in Zuora. It was not sent. The form shows the current contact."
        )
        return change(form, notice=notice)
    base, now = draft.began_with["fields"], form.base
    typed = {
        field: text for field, text in draft.typed.items() if field in base and tidy(text) != now.get(field, tidy(text))
    }
    if not typed:
        place.drop()
        return form
    # With the old base, a field that somebody changed since shows as theirs and mine.
    old = now | {field: base[field] for field in typed}
    return change(form, drafted=typed, base=old, restored=draft.saved_at)


def _follow(form: ContactForm, now: dict[str, str]) -> ContactForm:
    """The form on Zuora's current values, except in fields where the person has typed something else."""
    base, typed = form.base, form.typed
    moved = {
        field: value
        for field, value in now.items()
        if value != base[field] and tidy(typed[field]) in (value, base[field])
    }
    if not moved:
        return form
    for one, value in moved.items():
        st.session_state[form.key(one)] = value
    return change(form, base={**base, **moved}, problems={}, notice=None, plan=None)


def _clear(number: str | None, role: ContactRole) -> None:
    close_dialog(_place(number, role))
    for one in LABELS:
        st.session_state.pop(_key(number, role, one), None)


def _is_drawn(number: str, role: ContactRole) -> bool:
    return _key(number, role, "work_email") in st.session_state


def _key(number: str | None, role: ContactRole, field: str) -> str:
    return f"{role.value}_{field}_{number}"


def _place(number: str | None, role: ContactRole) -> str:
    return f"contact_{role.value}_{number}"
