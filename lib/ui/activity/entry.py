"""One entry of the activity: a line that says what happened, and the details when it is opened."""

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
from lib.ui.runs.tables import STEP_COLORS, items_frame
from lib.ui.visit import Visit
from lib.ui.widgets.tables import show_grid
from lib.ui.widgets.text import dotted, unlinked

_RUNS = {
    "running": (":material/pending:", "blue", "under way"),
    "failed": (":material/error:", "red", "failed"),
    "done": (":material/check_circle:", "green", "done"),
    "abandoned": (":material/cancel:", "orange", "abandoned"),
}
_PHASES = {
    "refused": (":material/block:", "Refused"),
    "asked": (":material/how_to_reg:", "Sent to a second person"),
    "approved": (":material/how_to_reg:", "Approved by a second person"),
    "done": (":material/published_with_changes:", ""),
}
MAILS = 20
"""At most this many e-mails of a run are shown; the others are counted."""


@dataclass(frozen=True)
class Wording:
    """How entries are worded: the time zone, the names, and whether each names its account."""

    zone: str
    people: Mapping[str, str]
    """E-mail address -> name."""
    accounts: bool
    mailed: Mapping[str, int]
    """Run id -> how many e-mails it sent, for those that sent any."""

    def begin(self, entry: Entry) -> str:
        """The beginning of its line."""
        time = self.time(entry.at)
        return f"{time} · {entry.account} {unlinked(entry.account_name)}" if self.accounts else time

    def time(self, moment: datetime, form: str = "%H:%M") -> str:
        """The time of the day."""
        return moment.astimezone(ZoneInfo(self.zone)).strftime(form)

    def who(self, actor: str) -> str:
        """The name of the person, or the address if the name is not known."""
        return unlinked(self.people.get(actor, actor))


def show_entry(visit: Visit, entry: Entry, wording: Wording) -> None:
    """Draw the entry. Its details are read when somebody opens it."""
    match entry:
        case RunEntry():
            _show_run(visit, entry, wording)
        case EventEntry():
            _show_event(entry, wording)
        case StatusEntry():
            _show_status(entry, wording)
        case EmailEntry():
            _show_email(entry, wording)


def _show_run(visit: Visit, run: RunEntry, wording: Wording) -> None:
    icon, color, state = _RUNS[run.state]
    mail = ":material/mail:" if run.id in wording.mailed else None
    title, who = f"**{unlinked(run.title)}**", unlinked(run.actor_name)
    line = dotted(wording.begin(run), title, who, f":{color}[{state}]", _reason(run.reason), mail)
    behind = st.expander(line, icon=icon, type="step", key=f"run_{run.id}", on_change="rerun")
    with behind:
        _show_note(run.note)
        if run.error:
            st.markdown(f":red[What stopped it:] {unlinked(run.error)}")
        if behind.open:
            _show_steps(visit, run, wording)
        else:
            # An empty expander would break the line that connects the entries of a day.
            st.caption(run.id)


def _show_steps(visit: Visit, run: RunEntry, wording: Wording) -> None:
    progress = visit.app.runner.progress(run.id, visit.identity)
    if progress.abandoned_by:
        by = wording.who(progress.abandoned_by)
        st.markdown(f":orange[Abandoned] by {by}: {unlinked(progress.abandon_reason or '')}")
    for step in progress.steps:
        _show_step(visit, run, step, wording)
    if run.id in wording.mailed:
        _show_mails(visit, run, wording.mailed[run.id])
    st.page_link(
        DETAILS.path,
        label="Receipt" if run.state in ("done", "abandoned") else "Open the change",
        icon=":material/receipt_long:",
        query_params={"account": run.account, "run": run.id},
    )


def _show_mails(visit: Visit, run: RunEntry, count: int) -> None:
    with visit.read() as connection:
        mails = emails.read_of_run(connection, run.id, MAILS)
    for mail in mails:
        words = _mail_words(EmailKind(mail.kind), mail.recipient, mail.subject)
        st.caption(f":material/mail: {dotted(*words, EmailState(mail.state).label)}")
    if count > len(mails):
        st.caption(f":material/mail: and {counted(count - len(mails), 'more e-mail')}, all in Sent e-mail history")


def _show_step(visit: Visit, run: RunEntry, step: StepProgress, wording: Wording) -> None:
    """Its result, the value it changed, and what was done. Not a table, which would be cut on a phone."""
    changed = f"{unlinked(step.before or 'nothing')} → {unlinked(step.after or 'nothing')}"
    valued = changed if step.before != step.after and step.before is not None else None
    words = "" if step.stopped_run else unlinked(step.text)
    ended = wording.time(step.ended_at, "%H:%M:%S") if step.ended_at else None
    head = f":{STEP_COLORS.get(step.state, 'gray')}[**{step.title}**: {result_of(step)}]"
    below = f"  \n:small[:gray[{dotted(ended, words)}]]" if ended or words else ""
    st.markdown(f":small[{dotted(head, valued)}]{below}")
    if step.has_items:
        key = f"each_{run.id}_{step.name}"
        each = st.expander(f"{step.title}: show the items", icon=":material/list:", key=key, on_change="rerun")
        if each.open:
            with each:
                show_grid(items_frame(visit.app.runner.items(run.id, step.name, visit.identity)), step.title)


def _show_event(event: EventEntry, wording: Wording) -> None:
    icon, phase = _PHASES.get(event.phase, (":material/info:", event.phase.capitalize()))
    numbers = event.details.get("numbers")
    what = f"{phase}: {_event_words(event)}" if phase else _event_words(event)
    count = counted(len(numbers), "number") if isinstance(numbers, dict) else _rows(event)
    line = dotted(wording.begin(event), f"**{what}**", wording.who(event.actor), count)
    behind = st.expander(line, icon=icon, type="step", key=f"event_{event.id}", on_change="rerun")
    with behind:
        st.caption(unlinked(str(event.details.get("text") or f"Event {event.id} of the audit.")))
        if isinstance(numbers, dict) and behind.open:
            show_grid(items_frame((key, str(words)) for key, words in numbers.items()), "Numbers")


def _event_words(event: EventEntry) -> str:
    """What happened; for an export also what was exported."""
    named = event.details.get("what")
    of = WHAT.get(named) if event.kind == EXPORT and isinstance(named, str) else None
    return f"{kind_words(event.kind)} of {of}" if of else kind_words(event.kind)


def _rows(event: EventEntry) -> str | None:
    rows = event.details.get("rows")
    return counted(rows, "row") if event.kind == EXPORT and isinstance(rows, int) else None


def _show_status(change: StatusEntry, wording: Wording) -> None:
    title = f"**Status: {change.from_status} → {change.to_status}**"
    line = dotted(wording.begin(change), title, wording.who(change.actor), _reason(change.reason))
    with st.expander(line, icon=":material/swap_horiz:", type="step", key=f"status_{change.id}"):
        _show_note(change.note or "No note.")


def _show_email(mail: EmailEntry, wording: Wording) -> None:
    state = None if mail.state is EmailState.ACCEPTED else ":orange[not confirmed]"
    line = dotted(wording.begin(mail), *_mail_words(mail.kind, mail.recipient, mail.subject), state)
    with st.expander(line, icon=":material/mail:", type="step", key=f"email_{mail.id}"):
        st.caption(mail.state.label)


def _mail_words(kind: EmailKind, recipient: str, subject: str) -> tuple[str, str]:
    return (f"**{kind.label}** to {unlinked(recipient)}", f"“{unlinked(subject)}”")


def _show_note(note: str | None) -> None:
    if note:
        st.caption("  \n".join(unlinked(line) for line in note.splitlines() if line.strip()))


def _reason(reason: str | None) -> str | None:
    return unlinked(REASON_WORDS.get(reason, reason)) if reason else None
