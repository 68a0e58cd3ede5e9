"""How old a reading of Zuora is: shown on every page that uses one, unless it was read just now."""

from collections.abc import Callable

import streamlit as st

from lib.app.live import Reading
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import fragment
from lib.ui.widgets.text import plain

POLL_SECONDS = 1.0


def follow_reading(visit: Visit, show: Callable[[Visit, Reading], None]) -> None:
    """While Zuora is slow: show the last snapshot, and draw the whole page again when Zuora has answered."""
    fragment(_look, run_every=POLL_SECONDS)(visit, show)


def _look(visit: Visit, show: Callable[[Visit, Reading], None]) -> None:
    reading = visit.app.live.zuora(visit.account, wait=0)
    if reading.state != "reading":
        draw_again()
    show(visit, reading)


def show_reading(visit: Visit, reading: Reading) -> None:
    """Say how old Zuora's data on the page is, unless it was read just now.

    A customer is shown how old the balance is, without the names of systems.
    """
    if not visit.staff:
        _show_age(visit, reading)
        return
    kept = f"Showing what was read at {visit.at(reading.read_at)}." if reading.value else "Nothing was read earlier."
    match reading.state:
        case "failed":
            st.warning(
                f"Zuora could not be read at {visit.at(reading.failed_at)}. {kept} {plain(reading.why)}",
                icon=":material/cloud_off:",
            )
        case "reading":
            st.info(f"Zuora is being read. {kept}", icon=":material/hourglass_top:")
        case "missing":
            st.warning(f"{plain(reading.why)} Correct the link between the two.", icon=":material/link_off:")
        case "unlinked":
            st.info("This account is not linked to Zuora.", icon=":material/link_off:")


def _show_age(visit: Visit, reading: Reading) -> None:
    kept = f"It is shown as it was at {visit.at(reading.read_at)}." if reading.value else "So it is not shown."
    if reading.state == "failed":
        st.warning(f"The balance could not be looked up just now. {kept}", icon=":material/cloud_off:")
    elif reading.state == "reading":
        st.info(f"The balance is being looked up. {kept}", icon=":material/hourglass_top:")
