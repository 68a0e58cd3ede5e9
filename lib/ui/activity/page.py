"""The Activity page: what happened on the account, newest first, with filters."""

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from lib.domain.activity import Page, Position, RunEntry, by_day, zone_of
from lib.store import activity, emails
from lib.store.activity import PAGE
from lib.ui.activity.audit import show_audit
from lib.ui.activity.entry import Wording, show_entry
from lib.ui.activity.filter import choose_filter, choose_text, clear_filter
from lib.ui.activity.words import day_words, person_words
from lib.ui.visit import Visit
from lib.ui.widgets.away import show_unread
from lib.ui.widgets.paging import Place, offer_turn, place_in

MOST = 10
"""At most this many pages are shown below each other; then the list continues with the next older entries alone."""


def show_activity(visit: Visit) -> None:
    """The page below the action bar."""
    zone = zone_of(st.context.timezone, visit.app.settings.time_zone)
    try:
        show_audit(visit)
        _show_list(visit, zone)
    except (SQLAlchemyError, ValueError) as error:
        # ValueError: a row that this product did not write. The check of the audit names it.
        words = (
            "**The activity could not be read.** This does not mean that nothing happened on the account. "
            "Try again in a moment. If it still fails, contact the people who run the Account Manager."
        )
        show_unread("activity", words, visit.account.number, error)


def _show_list(visit: Visit, zone: str) -> None:
    with visit.read() as connection:
        text, children = choose_text(activity.has_children(connection, visit.account.number))
        occurring = activity.occurring(connection, visit.account.number, children=children)
        people = person_words(occurring.people)
        wanted = choose_filter(text, occurring.kinds, people, zone)
        place = place_in("activity_place", (visit.account.number, wanted, children))
        more, after = _range(place)
        page = activity.read_activity(
            connection,
            visit.account.number,
            wanted,
            children=children,
            after=after,
            limit=PAGE * (more + 1),
        )
        mailed = emails.count_of_runs(connection, [one.id for one in page.entries if isinstance(one, RunEntry)])
    if not page.entries and not occurring.kinds:
        st.info(
            "Nothing has happened on this account yet. Actions, refused attempts, changes of status and the e-mails "
            "the Account Manager sends are listed here.",
            icon=":material/history_toggle_off:",
        )
    elif not page.entries and after is None:
        st.info("Nothing that happened matches all of these filters.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", icon=":material/filter_alt_off:", key="clear_filters", on_click=clear_filter)
    else:
        wording = Wording(zone, people, accounts=children, mailed=mailed)
        _show_page(visit, page, wording, place)


def _show_page(visit: Visit, page: Page, wording: Wording, place: Place) -> None:
    if _range(place)[1] is not None:
        offer_turn(place.first(), "Back to the newest", ":material/first_page:", key="newest")
    if wording.zone != visit.app.settings.time_zone:
        st.caption(
            f"The times in this list are in your browser's time zone, {wording.zone.replace('_', ' ')}. "
            f"On other pages they are in {visit.app.settings.time_zone.replace('_', ' ')}."
        )
    for day, entries in by_day(page.entries, wording.zone):
        st.markdown(f"**{day_words(day, wording.zone)}**")
        for entry in entries:
            show_entry(visit, entry, wording)
    if page.older is None:
        st.caption("No older entries.")
        return
    offer_turn(place.next(page.older), "Show older", ":material/expand_more:", key="older", width="stretch")


def _range(place: Place) -> tuple[int, Position | None]:
    """How many pages are shown below the first one, and what the first one starts after."""
    more = len(place.trail) % MOST
    start = len(place.trail) - more
    return more, place.trail[start - 1] if start else None
