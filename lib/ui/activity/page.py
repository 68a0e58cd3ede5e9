"""The Activity page: what happened on the account, newest first, and what of it one wants to see."""

from dataclasses import dataclass, replace

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from lib.domain.activity import Page, Position, RunEntry, by_day, zone_of
from lib.store import activity, emails
from lib.store.activity import PAGE
from lib.ui.activity.audit import show_audit
from lib.ui.activity.entry import Telling, show_entry
from lib.ui.activity.filter import choose_filter, choose_text, clear_filter
from lib.ui.activity.words import day_words, person_words
from lib.ui.visit import Visit
from lib.ui.widgets.away import tell_unread

MOST = 10
"""At most this many pages stand below each other; then the list begins again, with the next older entries."""
_PLACE = "activity_place"


@dataclass(frozen=True)
class Place:
    """Where in a list a session stands: how many pages it shows, and behind what they begin."""

    of: object
    """The account and what its list is narrowed to."""
    pages: int = 1
    after: Position | None = None

    def older(self, behind: Position) -> "Place":
        """The place with the next older entries; `behind` is where those shown end."""
        return replace(self, pages=self.pages + 1) if self.pages < MOST else replace(self, pages=1, after=behind)


def show_activity(visit: Visit) -> None:
    """The page below the action bar."""
    zone = zone_of(st.context.timezone, visit.app.settings.time_zone)
    try:
        show_audit(visit)
        _show_list(visit, zone)
    except (SQLAlchemyError, ValueError) as error:
        # ValueError: a row that is none of ours, which the check of the audit will name.
        words = (
            "**The activity could not be read.** That says nothing about what happened on the account. "
            "Try again in a moment; if it stays so, tell the people who run the Account Manager."
        )
        tell_unread("activity", words, visit.account.number, error)


def _show_list(visit: Visit, zone: str) -> None:
    with visit.read() as connection:
        text, children = choose_text(activity.has_children(connection, visit.account.number))
        occurring = activity.occurring(connection, visit.account.number, children=children)
        people = person_words(occurring.people)
        wanted = choose_filter(text, occurring.kinds, people, zone)
        place = _place_in((visit.account.number, wanted, children))
        page = activity.read_activity(
            connection,
            visit.account.number,
            wanted,
            children=children,
            after=place.after,
            limit=PAGE * place.pages,
        )
        mailed = emails.count_of_runs(connection, [one.id for one in page.entries if isinstance(one, RunEntry)])
    if not page.entries and not occurring.kinds:
        st.info(
            "Nothing has happened on this account yet. Actions, refused attempts, changes of status and the e-mails "
            "the Account Manager sends are listed here.",
            icon=":material/history_toggle_off:",
        )
    elif not page.entries and place.after is None:
        st.info("Nothing that happened matches all of these filters.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", icon=":material/filter_alt_off:", key="clear_filters", on_click=clear_filter)
    else:
        telling = Telling(zone, people, accounts=children, mailed=mailed)
        _show_page(visit, page, telling, place)


def _show_page(visit: Visit, page: Page, telling: Telling, place: Place) -> None:
    if place.after is not None:
        st.button(
            "Back to the newest", icon=":material/first_page:", key="newest", on_click=_go, args=(Place(place.of),)
        )
    if telling.zone != visit.app.settings.time_zone:
        st.caption(
            f"The times in this list are those of your browser, {_place_name(telling.zone)}. "
            f"Elsewhere they are those of {_place_name(visit.app.settings.time_zone)}."
        )
    for day, entries in by_day(page.entries, telling.zone):
        st.markdown(f"**{day_words(day, telling.zone)}**")
        for entry in entries:
            show_entry(visit, entry, telling)
    if page.older is None:
        st.caption("There is nothing older.")
        return
    st.button(
        "Show older",
        icon=":material/expand_more:",
        key="older",
        on_click=_go,
        args=(place.older(page.older),),
        width="stretch",
    )


def _place_in(of: object) -> Place:
    """Where in this list the session stands. Another list begins at its top."""
    place: Place | None = st.session_state.get(_PLACE)
    if place is None or place.of != of:
        place = st.session_state[_PLACE] = Place(of)
    return place


def _go(place: Place) -> None:
    st.session_state[_PLACE] = place


def _place_name(zone: str) -> str:
    return zone.replace("_", " ")
