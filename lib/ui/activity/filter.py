"""The filters of the activity. They are in the address, so that a view can be shared and survives a reload."""

from collections.abc import Mapping

import streamlit as st

from lib.domain.activity import Filter, period
from lib.ui.activity.words import kind_words
from lib.ui.widgets.filters import choice_field, day_field, search_field

# The keys of the fields are their names in the address.
_KIND, _PERSON, _SINCE, _UNTIL, _TEXT, _CHILDREN = "kind", "person", "since", "until", "words", "children"
_WIDTH = 180
"""Pixels: four fields fit in a row next to the sidebar, and two on a phone."""


def choose_text(there_are_children: bool) -> tuple[str, bool]:
    """The field for a text, and a switch to include the children of the account, if there are any."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        searched = "Title, name, reason, note, phone number, recipient, what a step did"
        text = search_field("Text", _TEXT, placeholder=searched)
        children = there_are_children and st.toggle(
            "Include children",
            key=_CHILDREN,
            bind="query-params",
            help="Also shows what happened on this account's children.",
        )
    return text, children


def choose_filter(text: str, kinds: tuple[str, ...], people: Mapping[str, str], zone: str) -> Filter:
    """The other fields in a row; returns the whole filter. Only the kinds and people that occur are offered.

    `people`: e-mail address -> the words for the person.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = sorted(kinds, key=kind_words)
        kind = choice_field("What", offered, _KIND, kind_words, placeholder="Everything", width=_WIDTH)
        person = choice_field("Who", people, _PERSON, people.__getitem__, placeholder="Anybody", width=_WIDTH)
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
