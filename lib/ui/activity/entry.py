"""One entry of the activity: a line that says what happened, and behind it how."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from lib.actions.engine.handing_out import WHAT
from lib.actions.engine.progress import StepProgress
from lib.actions.engine.receipt import result_of
from lib.domain.activity import EXPORT, EmailEntry, Entry, EventEntry, RunEntry, StatusEntry
from lib.domain.emails import EmailKind, EmailState
from lib.domain.status import REASON_WORDS
from lib.domain.words import counted
from lib.store import emails
from lib.ui.activity.words import kind_words
from lib.ui.navigation import DETAILS
from lib.ui.runs.tables import items_frame
from lib.ui.visit import Visit
from lib.ui.widgets.tables import show_grid
from lib.ui.widgets.text import unlinked

_RUNS = {
    "running": (":material/pending:", "blue", "under way"),
    "failed": (":material/error:", "red", "failed"),
    "done": (":material/check_circle:", "green", "done"),
    "abandoned": (":material/cancel:", "orange", "abandoned"),
}
_PHASES = {
    "refused": (":material/block:", "Refused"),
    "asked": (":material/how_to_reg:", "Put to a second person"),
    "approved": (":material/how_to_reg:", "Approved by a second person"),
    "done": (":material/published_with_changes:", ""),
}
MAILS = 20
"""At most this many e-mails of a run are shown; the others are counted."""
_STEP_COLORS = {"done": "green", "failed": "red", "running": "blue"}


@dataclass(frozen=True)
class Telling:
    """How entries are told: in which time zone, with which names, and whether each names its account."""

    zone: str
    people: Mapping[str, str]
    """E-mail address -> name."""
    accounts: bool
    mailed: Mapping[str, int]
    """Run id -> how many e-mails it sent, for those that sent any."""

    def begin(self, entry: Entry) -> str:
        """What every line begins with."""
        time = self.time(entry.at)
        return f"{time} · {entry.account} {unlinked(entry.account_name)}" if self.accounts else time

    def time(self, moment: datetime, form: str = "%H:%M") -> str:
        """The time of the day."""
        return moment.astimezone(ZoneInfo(self.zone)).strftime(form)

    def who(self, actor: str) -> str:
        """The person's name, where it is known."""
        return unlinked(self.people.get(actor, actor))


def show_entry(visit: Visit, entry: Entry, telling: Telling) -> None:
    """Draw the entry; what is behind it is read when somebody opens it."""
    match entry:
        case RunEntry():
            _show_run(visit, entry, telling)
        case EventEntry():
            _show_event(entry, telling)
        case StatusEntry():
            _show_status(entry, telling)
        case EmailEntry():
            _show_email(entry, telling)


def _show_run(visit: Visit, run: RunEntry, telling: Telling) -> None:
    icon, color, state = _RUNS[run.state]
    mail = ":material/mail:" if run.id in telling.mailed else None
    told = (f"**{unlinked(run.title)}**", unlinked(run.actor_name), f":{color}[{state}]", _reason(run.reason), mail)
    behind = st.expander(
        _line(telling.begin(run), *told), icon=icon, type="step", key=f"run_{run.id}", on_change="rerun"
    )
    with behind:
        _show_note(run.note)
        if run.error:
            st.markdown(f":red[What stopped it:] {unlinked(run.error)}")
        if behind.open:
            _show_steps(visit, run, telling)
        else:
            # A step without anything behind it would end the line that joins the entries of a day.
            st.caption(run.id)


def _show_steps(visit: Visit, run: RunEntry, telling: Telling) -> None:
    progress = visit.app.runner.progress(run.id, visit.identity)
    if progress.abandoned_by:
        by = telling.who(progress.abandoned_by)
        st.markdown(f":orange[Abandoned] by {by}: {unlinked(progress.abandon_reason or '')}")
    for step in progress.steps:
        _show_step(visit, run, step, telling)
    if run.id in telling.mailed:
        _show_mails(visit, run, telling.mailed[run.id])
    st.page_link(
        DETAILS.path,
        label="Receipt" if run.state in ("done", "abandoned") else "Go to it",
        icon=":material/receipt_long:",
        query_params={"account": run.account, "run": run.id},
    )


def _show_mails(visit: Visit, run: RunEntry, count: int) -> None:
    with visit.read() as connection:
        mails = emails.read_of_run(connection, run.id, MAILS)
    for mail in mails:
        words = _mail_words(EmailKind(mail.kind), mail.recipient, mail.subject)
        st.caption(f":material/mail: {_line(*words, EmailState(mail.state).label)}")
    if count > len(mails):
        st.caption(f":material/mail: and {counted(count - len(mails), 'more e-mail')}, each in Sent e-mail history")


def _show_step(visit: Visit, run: RunEntry, step: StepProgress, telling: Telling) -> None:
    """Its result and the value it changed, then its own words. Text, not a table: that would hide half on a phone."""
    changed = f"{unlinked(step.before or 'nothing')} → {unlinked(step.after or 'nothing')}"
    valued = changed if step.before != step.after and step.before is not None else None
    words = "" if step.stopped_run else unlinked(step.text)
    ended = telling.time(step.ended_at, "%H:%M:%S") if step.ended_at else None
    head = f":{_STEP_COLORS.get(step.state, 'gray')}[**{step.title}**: {result_of(step)}]"
    told = f"  \n:small[:gray[{_line(ended, words)}]]" if ended or words else ""
    st.markdown(f":small[{_line(head, valued)}]{told}")
    if step.has_items:
        key = f"each_{run.id}_{step.name}"
        each = st.expander(f"{step.title}: one by one", icon=":material/list:", key=key, on_change="rerun")
        if each.open:
            with each:
                show_grid(items_frame(visit.app.runner.items(run.id, step.name, visit.identity)), step.title)


def _show_event(event: EventEntry, telling: Telling) -> None:
    icon, phase = _PHASES.get(event.phase, (":material/info:", event.phase.capitalize()))
    numbers = event.details.get("numbers")
    what = f"{phase}: {_event_words(event)}" if phase else _event_words(event)
    count = counted(len(numbers), "number") if isinstance(numbers, dict) else _rows(event)
    line = _line(telling.begin(event), f"**{what}**", telling.who(event.actor), count)
    behind = st.expander(line, icon=icon, type="step", key=f"event_{event.id}", on_change="rerun")
    with behind:
        st.caption(unlinked(str(event.details.get("text") or f"Event {event.id} of the audit.")))
        if isinstance(numbers, dict) and behind.open:
            show_grid(items_frame((key, str(words)) for key, words in numbers.items()), "Numbers")


def _event_words(event: EventEntry) -> str:
    """What happened; of an export also of what."""
    named = event.details.get("what")
    of = WHAT.get(named) if event.kind == EXPORT and isinstance(named, str) else None
    return f"{kind_words(event.kind)} of {of}" if of else kind_words(event.kind)


def _rows(event: EventEntry) -> str | None:
    rows = event.details.get("rows")
    return counted(rows, "row") if event.kind == EXPORT and isinstance(rows, int) else None


def _show_status(change: StatusEntry, telling: Telling) -> None:
    told = (f"**Status: {change.from_status} → {change.to_status}**", telling.who(change.actor), _reason(change.reason))
    with st.expander(
        _line(telling.begin(change), *told), icon=":material/swap_horiz:", type="step", key=f"status_{change.id}"
    ):
        _show_note(change.note or "No note was given.")


def _show_email(mail: EmailEntry, telling: Telling) -> None:
    state = None if mail.state is EmailState.ACCEPTED else ":orange[not confirmed]"
    line = _line(telling.begin(mail), *_mail_words(mail.kind, mail.recipient, mail.subject), state)
    with st.expander(line, icon=":material/mail:", type="step", key=f"email_{mail.id}"):
        st.caption(mail.state.label)


def _mail_words(kind: EmailKind, recipient: str, subject: str) -> tuple[str, str]:
    return (f"**{kind.label}** to {unlinked(recipient)}", f"“{unlinked(subject)}”")


def _show_note(note: str | None) -> None:
    if note:
        st.caption("  \n".join(unlinked(line) for line in note.splitlines() if line.strip()))


def _reason(reason: str | None) -> str | None:
    return unlinked(REASON_WORDS.get(reason, reason)) if reason else None


def _line(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)
