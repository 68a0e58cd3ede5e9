"""The frame around every page: environment, sign-in, search, navigation, and the head of the open account."""

from dataclasses import replace
from pathlib import Path

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from lib.app import start
from lib.domain.accounts import Account
from lib.settings import SettingsError
from lib.ui import auth, navigation, selection
from lib.ui.frame.account_actions import show_actions
from lib.ui.frame.action_bar import show_action_bar
from lib.ui.frame.elsewhere import show_elsewhere
from lib.ui.frame.person import show_person
from lib.ui.frame.picker import show_picker
from lib.ui.frame.reconnect import follow_connection
from lib.ui.frame.strip import show_strip
from lib.ui.runs.panel import show_runs
from lib.ui.visit import Visit, during
from lib.ui.widgets.away import catching_away
from lib.ui.widgets.text import plain

# Our own file: Streamlit would fetch a named icon from a public font server.
ICON = Path(__file__).with_name("icon.png")


def show() -> None:
    """Run the page in the address, if this person may see it. Anonymous visitors are sent to the sign-in."""
    st.set_page_config(page_title="Account Manager", page_icon=str(ICON), layout="wide")
    catching_away(_show)()


def _show() -> None:
    # Until it is known who this is, and so which pages there are, the address stays as it is.
    try:
        app = start.start()
        identity = auth.current(app)
    except SettingsError as error:
        st.navigation(navigation.closed_pages(), position="hidden")
        st.error(f"The Account Manager did not start. {error}", icon=":material/settings_alert:")
        st.stop()
    except SQLAlchemyError:
        st.navigation(navigation.closed_pages(), position="hidden")
        raise
    if identity is None:
        st.navigation(navigation.closed_pages(), position="hidden").run()
        auth.leave()
    visit = Visit(app, identity)
    with during(visit):
        _show_page(visit)


def _show_page(visit: Visit) -> None:
    identity = visit.identity
    page = st.navigation(navigation.pages_for(identity))
    start = navigation.start_section(identity)
    if page.url_path == "" and start is not None:
        st.switch_page(start.path, query_params=dict(st.query_params))
    number = selection.settle(visit, page.url_path)
    with st.sidebar:
        if identity.may_choose_accounts:
            show_picker(visit, number, page.url_path)
        show_person(visit)
    show_strip(visit)
    follow_connection()
    section = navigation.section_at(page.url_path)
    if section is None or not identity.may(section.permission):
        show_elsewhere(visit, page.url_path)
        return
    if section.group == navigation.THIS_ACCOUNT:
        visit = replace(visit, opened=_open(visit, number))
    with during(visit):
        if visit.opened is not None:
            show_action_bar(visit)
            show_actions(visit)
            show_runs(visit)
        page.run()


def _open(visit: Visit, number: str | None) -> Account:
    """The account this page is about. Without one, says so and ends the run."""
    if number is None:
        st.info("No account is open. Search for one in the box on the left.", icon=":material/search:")
        st.stop()
    account = selection.load(visit, number)
    if account is None:
        there = (
            "Search for another one in the box on the left."
            if visit.identity.may_choose_accounts
            else f"Contact {plain(visit.app.settings.mail_contact)}."
        )
        st.warning(f"There is no account “{plain(number)}”. {there}", icon=":material/search_off:")
        st.stop()
    return account
