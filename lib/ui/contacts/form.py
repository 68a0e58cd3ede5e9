"""The form of one contact: type and press Update, then read the error at its field, or the receipt."""

import streamlit as st

from lib.actions.contacts.edit_contact import values_of
from lib.clients.zuora import ZuoraContact
from lib.domain.contacts import LABELS, ContactRole, check_changes, emptied_fields
from lib.ui.contacts.fields import ask_removals, draw_fields
from lib.ui.contacts.state import ContactForm, forget, form_of, keep_typed
from lib.ui.contacts.tables import newer_frame
from lib.ui.dialogs import change, current
from lib.ui.runs.drafts import DraftPlace, show_restored
from lib.ui.runs.plan import show_blocked, show_notice
from lib.ui.runs.start import make_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.tables import show_text_table


def show_form(visit: Visit, role: ContactRole, contact: ZuoraContact) -> None:
    """Draw the form with the contact's current values. Update sends only the fields that were changed.

    Each change is kept as a draft, so that it is back after a restart, a lost connection or a visit to another page.
    """
    draft = DraftPlace(visit, f"contact_{role.value}")
    form = form_of(visit, role, contact, draft)
    fresh = form.fresh
    form = change(form, fresh=False)
    with st.container(border=True, key=f"contact_form_{role.value}"):
        if show_restored(visit, form.restored, key=f"discard_{role.value}"):
            forget(form, draft)
            draw_again()
        draw_fields(form, lambda: keep_typed(form, draft))
        missing = ask_removals(form)
        pressed = st.button("Update", type="primary", icon=":material/save:", key=f"update_{role.value}")
    now = form
    if pressed and fresh:
        # The click came from a session that has ended. This form may have begun with other values.
        notice = "Nothing was sent: the page was loaded again. Check the fields and press Update again."
        now = change(form, notice=notice)
    elif pressed:
        now = _update(visit, form, draft, missing)
        if form.problems or now.problems:
            # The errors belong to fields that are already drawn.
            draw_again()
    show_notice(now)
    show_blocked(now)
    _show_newer(now, values_of(contact), draft)


def _update(visit: Visit, form: ContactForm, draft: DraftPlace, missing: list[str]) -> ContactForm:
    form = change(form, problems={}, notice=None, plan=None)
    changes = form.changes
    if not changes:
        return change(form, notice="No field was changed, so there is nothing to update.")
    _, problems = check_changes(changes, form.role)
    if problems:
        return change(form, problems=problems)
    if missing:
        names = ", ".join(LABELS[field] for field in missing)
        notice = f"Nothing was sent. To remove a value, tick its box. To keep it, type it again: {names}."
        return change(form, notice=notice)
    params = {
        "role": form.role.value,
        "contact": form.contact,
        "changes": changes,
        "base": form.base,
        # Every one is ticked, or `missing` would name it.
        "emptied": emptied_fields(form.base, changes),
    }
    form = make_plan(visit, form, form.name, params)
    plan = form.plan
    if plan is None:
        return form
    if plan.details:
        # A colleague was faster: read Zuora again, to show their values beside these.
        visit.app.live.forget(visit.account.number)
        draw_again()
    if not plan.blockers and start_plan(visit, form, plan):
        change(form, plan=None, restored=None)
        draft.drop()
        draw_again()
    return current(form) or form


def _show_newer(form: ContactForm, now: dict[str, str], draft: DraftPlace) -> None:
    """The values that a colleague changed in Zuora while the form was open. What was typed stays in the form."""
    if all(now[field] == form.base[field] for field in LABELS):
        return
    st.warning("Somebody changed this contact in Zuora since you began.", icon=":material/sync_problem:")
    show_text_table(newer_frame(form.base, now, form.typed), "Mine and theirs")
    if st.button("Discard mine and use theirs", icon=":material/refresh:", key=f"theirs_{form.role.value}"):
        forget(form, draft)
        draw_again()
