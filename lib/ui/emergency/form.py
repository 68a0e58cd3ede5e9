"""The contact form: Pull From Zuora fills it, each finding is at its field, Save keeps a new version."""

import streamlit as st

from lib.actions.contacts.edit_contact import values_of
from lib.app.live import Reading
from lib.domain import emergency
from lib.domain.emergency import EmergencyRecord
from lib.domain.emergency_check import check
from lib.domain.findings import Finding
from lib.domain.words import counted
from lib.store.emergency import Version
from lib.ui import auth
from lib.ui.dialogs import change
from lib.ui.emergency.address import notes_accepted, show_findings
from lib.ui.emergency.fields import draw_fields
from lib.ui.emergency.state import (
    EmergencyForm,
    close_form,
    draft_of,
    fill,
    follow_address,
    keep_typed,
    open_form,
    opened_form,
)
from lib.ui.emergency.tables import beside_frame
from lib.ui.runs.drafts import show_restored
from lib.ui.runs.plan import show_blocked, show_notice
from lib.ui.runs.start import make_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.tables import show_text_table
from lib.ui.widgets.text import plain


def offer_form(visit: Visit, latest: Version | None) -> bool:
    """The button that opens the form, or closes it and drops what was typed; True while it is open."""
    if follow_address(visit, latest) is not None:
        if st.button("Close the form", icon=":material/close:", key="close_emergency"):
            close_form(visit)
            draw_again()
        return True
    if st.button("Contact Form", icon=":material/contact_emergency:", type="primary", key="open_emergency"):
        open_form(visit, latest)
        draw_again()
    draft = draft_of(visit).find()
    if draft is not None:
        st.info(
            f"You typed into the form at {visit.at(draft.saved_at)} and did not save it. Contact Form opens it again.",
            icon=":material/edit_note:",
        )
    return False


def show_form(visit: Visit, latest: Version | None, own_numbers: set[str]) -> None:
    """The form with its findings, and the table that shows what Save would change."""
    form = opened_form(visit)
    if form is None or auth.current(visit.app) != visit.identity:
        # The person has signed out, or somebody else has signed in, since the page was drawn.
        draw_again()
    fresh, saved = form.fresh, latest.record if latest else None
    form = change(form, fresh=False)
    if form.is_saved_as(latest):
        close_form(visit)
        draw_again()
    if show_restored(visit, form.restored, key="discard_emergency"):
        close_form(visit)
        open_form(visit, latest)
        draw_again()
    if st.button("Pull From Zuora", icon=":material/cloud_download:", key="pull_emergency"):
        form = _pull(visit, latest, form, own_numbers)
    show_notice(form)
    _show_newer(form, latest)
    reading = visit.app.live.zuora(visit.account) if form.contact is None else None
    contact = _sold_to(reading) if reading else form.contact
    begun = form
    values, slots = draw_fields(form, contact, lambda: keep_typed(begun, draft_of(visit)))
    form = change(form, values=values)
    record = EmergencyRecord.model_validate(values)
    in_zuora, unseen = _compare(reading, record, saved, own_numbers) if reading else (form.zuora, [])
    notes = list(dict.fromkeys([*form.notes, *unseen]))
    findings = check(record, own_numbers=own_numbers)
    show_findings(slots, [*findings, *notes])
    if reading is not None:
        _show_side(visit, reading, contact)
    show_text_table(beside_frame(saved, in_zuora, record), "Saved here, in Zuora, will be saved")
    errors = sum(one.severity == "error" for one in findings)
    if _offer_save(form, errors, notes):
        if fresh:
            # The click came from a session that has ended. This form may have begun with other values.
            change(form, notice="Nothing was saved: the page was loaded again. Check the fields and press Save again.")
            draw_again()
        _save(visit, form, record, notes)
    show_blocked(form)


def _compare(
    reading: Reading, record: EmergencyRecord, saved: EmergencyRecord | None, own_numbers: set[str]
) -> tuple[EmergencyRecord | None, list[Finding]]:
    """What a pull of this reading would give (None without a contact), and the notes that nobody has accepted yet.

    A draft does not keep the reading it was pulled from, so its notes are found again here.
    """
    contact = _sold_to(reading)
    if contact is None or reading.value is None:
        return None, []
    customer = reading.value.account.name
    in_zuora, _ = emergency.pull(contact, customer, saved, own_numbers=own_numbers)
    return in_zuora, emergency.notes_unseen(record, saved, contact, customer, own_numbers=own_numbers)


def _offer_save(form: EmergencyForm, errors: int, notes: list[Finding]) -> bool:
    if errors:
        st.caption(f"{counted(errors, 'error')} to correct before saving.")
    accepted = notes_accepted(notes, f"{form.key('notes')}_{form.pulls}")
    may_save = accepted and not errors
    return st.button("Save", type="primary", icon=":material/save:", disabled=not may_save, key="save_emergency")


def _save(visit: Visit, form: EmergencyForm, record: EmergencyRecord, notes: list[Finding]) -> None:
    params = {"details": record.model_dump(), "after": form.after, "accepted": [one.text for one in notes]}
    form = make_plan(visit, form, form.name, params)
    if form.plan is not None and not form.plan.blockers and start_plan(visit, form, form.plan):
        change(form, plan=None, sent=record, restored=None)
        draft_of(visit).drop()
    draw_again()


def _pull(visit: Visit, latest: Version | None, form: EmergencyForm, own_numbers: set[str]) -> EmergencyForm:
    """Read Zuora again and fill every field, so that no older value is left."""
    visit.app.live.forget(visit.account.number)
    with st.spinner("Reading Zuora"):
        reading = visit.app.live.zuora(visit.account)
    if reading.state != "live" or reading.value is None:
        why = {
            "reading": "Zuora has not answered yet. Pull again in a moment.",
            "unlinked": "This account is not linked to Zuora.",
        }.get(reading.state, f"Zuora could not be read. {reading.why}")
        return change(form, plan=None, notice=f"{why} The form was not changed.")
    contact = _sold_to(reading)
    if contact is None:
        notice = "The account has no Sold To contact in Zuora. The form was not changed."
        return change(form, plan=None, notice=notice)
    saved = latest.record if latest else None
    record, notes = emergency.pull(contact, reading.value.account.name, saved, own_numbers=own_numbers)
    form = change(
        form,
        plan=None,
        notice=None,
        zuora=record,
        notes=tuple(notes),
        values=record.model_dump(),
        contact=contact,
        pulls=form.pulls + 1,
    )
    fill(form)
    keep_typed(form, draft_of(visit))
    return form


def _sold_to(reading: Reading) -> dict[str, str] | None:
    """The Sold To contact as it was read; None when the account has none, or nothing was read."""
    contact = reading.value.account.sold_to if reading.value else None
    return values_of(contact) if contact else None


def _show_side(visit: Visit, reading: Reading, contact: dict[str, str] | None) -> None:
    """Say how old the values from Zuora are, unless they were read just now."""
    if contact is None:
        st.caption("There are no values from Zuora yet. Press Pull From Zuora to read them.")
    elif reading.state != "live":
        why = "is being read" if reading.state == "reading" else "could not be read now"
        st.caption(f"Zuora {why}. These values were read at {visit.at(reading.read_at)}.")


def _show_newer(form: EmergencyForm, latest: Version | None) -> None:
    if latest is not None and latest.version != form.after:
        st.warning(
            f"{plain(latest.saved_by)} has saved version {latest.version} since you opened this form. Close the form "
            "and open it again to start from that version.",
            icon=":material/sync_problem:",
        )
