"""The Activity page: what happened on the account, newest first, and what of it one wants to see."""

from typing import Any

import streamlit as st
import structlog
from sqlalchemy.exc import SQLAlchemyError

from lib.domain.activity import Page, RunEntry, by_day, zone_of
from lib.store import activity, emails
from lib.store.activity import PAGE
from lib.store.away import is_away
from lib.ui.activity.audit import show_audit
from lib.ui.activity.entry import Telling, show_entry
from lib.ui.activity.filter import choose_filter, choose_text, clear_filter
from lib.ui.activity.words import day_words, person_words
from lib.ui.visit import Visit
from lib.ui.widgets.away import come_back
from lib.ui.widgets.draw_again import draw_again

log = structlog.get_logger(__name__)

MOST = 10
"""So many pages stand below each other; then the list begins anew, with the next older entries."""
_STATE = "activity_place"


def show_activity(visit: Visit) -> None:
    """The page below the action bar."""
    zone = zone_of(st.context.timezone, visit.app.settings.time_zone)
    try:
        show_audit(visit)
        _show_list(visit, zone)
    except (SQLAlchemyError, ValueError) as error:
        # ValueError: a row that is none of ours, which the check of the audit will name.
        log.error("activity not read", account=visit.account.number, why=type(error).__name__)  # noqa: TRY400 (no values)
        st.error(
            "**The activity could not be read.** That says nothing about what happened on the account. "
            "Try again in a moment; if it stays so, tell the people who run the Account Manager.",
            icon=":material/cloud_off:",
        )
        if st.button("Try again", icon=":material/refresh:", key="activity_again"):
            draw_again()
        if is_away(error):
            come_back()


def _show_list(visit: Visit, zone: str) -> None:
    with visit.read() as connection:
        text, children = choose_text(activity.has_children(connection, visit.account.number))
        occurring = activity.occurring(connection, visit.account.number, children=children)
        people = person_words(occurring.people)
        wanted = choose_filter(text, occurring.kinds, people, zone)
        place = _place(visit.account.number, wanted, children)
        page = activity.read_activity(
            connection,
            visit.account.number,
            wanted,
            children=children,
            after=place["after"],
            limit=PAGE * place["pages"],
        )
        mailed = emails.count_of_runs(connection, [one.id for one in page.entries if isinstance(one, RunEntry)])
    if not page.entries and not occurring.kinds:
        st.info(
            "Nothing has happened on this account yet. Actions, refused attempts, changes of status and the e-mails "
            "the Account Manager sends are listed here.",
            icon=":material/history_toggle_off:",
        )
    elif not page.entries and place["after"] is None:
        st.info("Nothing that happened matches all of these filters.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", icon=":material/filter_alt_off:", key="clear_filters", on_click=clear_filter)
    else:
        telling = Telling(zone, people, accounts=children, mailed=mailed, reader=visit.identity)
        _show_page(visit, page, telling, newest=place["after"] is None)


def _show_page(visit: Visit, page: Page, telling: Telling, *, newest: bool) -> None:
    if not newest:
        st.button("Back to the newest", icon=":material/first_page:", key="newest", on_click=_to_newest)
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
        on_click=_to_older,
        args=(page.older,),
        width="stretch",
    )


def _place(number: str, wanted: object, children: bool) -> dict[str, Any]:
    """Where in the list this session stands: how many pages, behind what. Another list begins at its top."""
    of = (number, wanted, children)
    place: dict[str, Any] = st.session_state.get(_STATE) or {}
    if place.get("of") != of:
        place = st.session_state[_STATE] = {"of": of, "pages": 1, "after": None}
    return place


def _to_older(behind: Any) -> None:
    place = st.session_state[_STATE]
    if place["pages"] < MOST:
        place["pages"] += 1
    else:
        place.update(pages=1, after=behind)


def _to_newest() -> None:
    st.session_state[_STATE].update(pages=1, after=None)


def _place_name(zone: str) -> str:
    return zone.replace("_", " ")
