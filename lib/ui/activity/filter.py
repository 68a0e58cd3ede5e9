"""The filters of the activity. They stand in the address, so that a view can be shared and survives a reload."""

from collections.abc import Mapping

import streamlit as st

from lib.domain.activity import Filter, period
from lib.ui.activity.words import kind_words
from lib.ui.widgets.filters import day_field, search_field

# The keys of the fields are their names in the address.
_KIND, _PERSON, _SINCE, _UNTIL, _TEXT, _CHILDREN = "kind", "person", "since", "until", "words", "children"
_WIDTH = 180
"""Four fields stand in a row beside the sidebar, and two on a phone."""


def choose_text(there_are_children: bool) -> tuple[str, bool]:
    """The field for a text, and beside it the switch that takes in the accounts directly below, where there are any."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        searched = "Title, name, reason, note, phone number, recipient, what a step did"
        text = search_field("Text", _TEXT, placeholder=searched)
        children = there_are_children and st.toggle(
            "Include children",
            key=_CHILDREN,
            bind="query-params",
            help="Also what happened on the accounts directly below this one.",
        )
    return text, children


def choose_filter(text: str, kinds: tuple[str, ...], people: Mapping[str, str], zone: str) -> Filter:
    """The other fields in a row, and what all of them say. Only what occurs is offered; any one of them is enough.

    `people`: e-mail address -> the words for the person.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "What",
            sorted(kinds, key=kind_words),
            index=None,
            format_func=kind_words,
            key=_KIND,
            bind="query-params",
            placeholder="Everything",
            width=_WIDTH,
        )
        person = st.selectbox(
            "Who",
            list(people),
            index=None,
            format_func=people.__getitem__,
            key=_PERSON,
            bind="query-params",
            placeholder="Anybody",
            width=_WIDTH,
        )
        first = day_field("From", _SINCE, width=_WIDTH)
        last = day_field("To", _UNTIL, width=_WIDTH)
    since, before = period(first, last, zone)
    return Filter(
        kinds=frozenset([kind] if kind else []),
        people=frozenset([person] if person else []),
        since=since,
        before=before,
        text=text,
    )


def clear_filter() -> None:
    """Empty every field; for a button's callback."""
    st.session_state.update({_KIND: None, _PERSON: None, _SINCE: None, _UNTIL: None, _TEXT: ""})
