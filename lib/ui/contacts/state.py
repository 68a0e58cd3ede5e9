"""The form of one contact as a value: what it began with, what is typed in it, and how it is kept."""

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
    """A form on the screen. It lasts as long as that, so that what is typed is never replaced."""

    name: str = "edit_contact"
    role: ContactRole
    contact: str
    """Its id in Zuora."""
    base: dict[str, str]
    """Field -> the value it began with, or that Zuora has now where nobody typed another one."""
    drafted: dict[str, str] = field(default_factory=dict)
    """Field -> what this person typed earlier and did not send."""
    problems: dict[str, str] = field(default_factory=dict)
    restored: datetime | None = None
    """When that was typed, while it is in the form."""
    fresh: bool = True
    """True until it was drawn once."""

    def key(self, field: str) -> str:
        """The key of a field in the session."""
        return _key(self.account, self.role, field)

    @property
    def typed(self) -> dict[str, str]:
        """Field -> what is typed there now."""
        shown = {**self.base, **self.drafted}
        return {field: str(st.session_state.get(self.key(field), shown[field]) or "") for field in LABELS}

    @property
    def changes(self) -> dict[str, str]:
        """The fields in which something else is typed than the form began with."""
        return changed_fields(self.base, self.typed)


def is_begun(account: Account) -> bool:
    """True when a form of this account's contacts was on the screen, so that something may be typed in it."""
    return any(
        _place(account.number, role) in st.session_state and _is_drawn(account.number, role) for role in ContactRole
    )


def form_of(visit: Visit, role: ContactRole, contact: ZuoraContact, draft: DraftPlace) -> ContactForm:
    """The form that is on the screen, else a new one on Zuora's current values and what was typed earlier."""
    number, now = visit.account.number, values_of(contact)
    form: ContactForm | None = st.session_state.get(_place(number, role))
    if form is None or not _is_drawn(number, role) or form.contact != contact.id:
        _clear(number, role)
        begun = ContactForm(account=number, role=role, contact=contact.id, base=now, place=_place(number, role))
        form = keep(_with_draft(visit, begun, draft))
        # Set, not only shown: a browser that lived through a restart sends what it showed before, and a field in
        # which nobody typed would undo what somebody changed in Zuora since.
        for one, value in {**form.base, **form.drafted}.items():
            st.session_state[form.key(one)] = value
    return _follow(form, now)


def keep_typed(form: ContactForm, draft: DraftPlace) -> None:
    """A field was changed: keep what differs from what the form began with. For a field's callback."""
    now = current(form)
    if now is None:
        return
    changes = now.changes
    fields = {field: now.base[field] for field in changes}
    draft.keep(dict(changes), {"contact": now.contact, "fields": fields})
    change(now, notice=None, plan=None, restored=now.restored if changes else None)


def forget(form: ContactForm, draft: DraftPlace) -> None:
    """Forget the form and what is typed in it: the next one begins with what Zuora has now."""
    draft.drop()
    _clear(form.account, form.role)


def _with_draft(visit: Visit, form: ContactForm, place: DraftPlace) -> ContactForm:
    draft = place.find()
    if draft is None:
        return form
    if draft.began_with.get("contact") != form.contact:
        place.drop()
        notice = (
            f"What you typed at {visit.at(draft.saved_at)} was for another contact, which somebody has "
            "replaced in Zuora since then. It was not sent. The form shows the current contact."
        )
        return change(form, notice=notice)
    base, now = draft.began_with["fields"], form.base
    typed = {
        field: text for field, text in draft.typed.items() if field in base and tidy(text) != now.get(field, tidy(text))
    }
    if not typed:
        place.drop()
        return form
    # Where somebody has changed a field since, the old base tells theirs from mine.
    old = now | {field: base[field] for field in typed}
    return change(form, drafted=typed, base=old, restored=draft.saved_at)


def _follow(form: ContactForm, now: dict[str, str]) -> ContactForm:
    """Let the form begin with Zuora's current values, but for fields in which somebody has typed another one."""
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
