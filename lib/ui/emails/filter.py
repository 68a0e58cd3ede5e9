"""The filters of the sent e-mail history. They are in the page's address, so that a view can be shared."""

from zoneinfo import ZoneInfo

import streamlit as st

from lib.domain.activity import period
from lib.domain.emails import EmailKind
from lib.store.emails import EmailFilter
from lib.ui.emails.tables import kind_label
from lib.ui.widgets.filters import day_field, search_field

# The keys of the fields are their names in the address.
_TEXT, _RECIPIENT, _KIND, _SINCE, _UNTIL = "subject", "recipient", "email_kind", "sent_from", "sent_to"
_WIDTH, _DAY_WIDTH = 150, 145
"""So that five fields fit in a row beside the sidebar."""


def choose_emails(zone: str) -> EmailFilter:
    """The fields in a row; returns the filter they ask for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = search_field("Subject", _TEXT, width=_WIDTH)
        recipient = search_field("Recipient", _RECIPIENT, width=_WIDTH)
        kind = st.selectbox(
            "Kind",
            [kind.value for kind in EmailKind],
            index=None,
            format_func=lambda kind: EmailKind(kind).label,
            key=_KIND,
            bind="query-params",
            placeholder="Every kind",
            width=_WIDTH,
        )
        first = day_field("From", _SINCE, width=_DAY_WIDTH)
        last = day_field("To", _UNTIL, width=_DAY_WIDTH)
    since, before = period(first, last, zone)
    return EmailFilter(since=since, before=before, text=text, recipient=recipient, kind=kind)


def clear_emails() -> None:
    """The callback of a button: empty every field."""
    st.session_state.update({_TEXT: "", _RECIPIENT: "", _KIND: None, _SINCE: None, _UNTIL: None})


def describe_filter(wanted: EmailFilter, zone: str) -> tuple[dict[str, str | bool], tuple[str, ...]]:
    """The filter as values and as words, for the audit. It says that a subject or recipient is given, not which."""
    values: dict[str, str | bool] = {}
    words = []
    for name, moment, word in (("since", wanted.since, "from"), ("before", wanted.before, "before")):
        if moment is not None:
            local = moment.astimezone(ZoneInfo(zone))
            values[name] = local.isoformat()
            words.append(f"sent {word} {local:%-d %B %Y}")
    if wanted.kind:
        values["kind"] = wanted.kind
        words.append(f"of the kind {kind_label(wanted.kind)}")
    if wanted.text:
        values["subject"] = True
        words.append("with a text in the subject")
    if wanted.recipient:
        values["recipient"] = True
        words.append("to one recipient")
    return values, tuple(words)
