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
from lib.ui.widgets.away import telling
from lib.ui.widgets.text import plain

# A file of ours: an icon by name would be fetched from a public font server.
ICON = Path(__file__).with_name("icon.png")


def show() -> None:
    """Run the page the address names, for those who may see it. Anonymous visitors are sent to the sign-in."""
    st.set_page_config(page_title="Account Manager", page_icon=str(ICON), layout="wide")
    telling(_show)()


def _show() -> None:
    # Whose pages there are is not known yet. Until it is, the address stays as it is.
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
    if page.url_path not in [section.url for section in navigation.sections_for(identity)]:
        show_elsewhere(visit, page.url_path)
        return
    if navigation.is_about_account(page.url_path):
        visit = replace(visit, opened=_open(visit, number))
    with during(visit):
        if visit.opened is not None:
            show_action_bar(visit)
            show_actions(visit)
            show_runs(visit)
        page.run()


def _open(visit: Visit, number: str | None) -> Account:
    """The account this page is about. Without a number, or with one that nobody has, it says so and ends the run."""
    if number is None:
        st.info("No account is open. Find one in the box on the left.", icon=":material/search:")
        st.stop()
    account = selection.load(visit, number)
    if account is None:
        there = (
            "Find another one in the box on the left."
            if visit.identity.may_choose_accounts
            else f"Contact {plain(visit.app.settings.mail_contact)}."
        )
        st.warning(f"There is no account “{plain(number)}”. {there}", icon=":material/search_off:")
        st.stop()
    return account
