"""What a reading of Zuora is worth: said on every page that shows one, unless it was read just now."""

from collections.abc import Callable

import streamlit as st

from lib.app.live import Reading
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import fragment
from lib.ui.widgets.text import plain

POLL_SECONDS = 1.0


def follow_reading(visit: Visit, show: Callable[[Visit, Reading], None]) -> None:
    """While Zuora is slow: show its last snapshot, and draw the whole page again once it has answered."""
    fragment(_look, run_every=POLL_SECONDS)(visit, show)


def _look(visit: Visit, show: Callable[[Visit, Reading], None]) -> None:
    reading = visit.app.live.zuora(visit.account, wait=0)
    if reading.state != "reading":
        draw_again()
    show(visit, reading)


def show_reading(visit: Visit, reading: Reading) -> None:
    """Say what Zuora's side of the page is worth, unless it was read just now.

    A customer is told how old the balance is, and nothing of the systems behind it.
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
    kept = f"It is shown as it was at {visit.at(reading.read_at)}." if reading.value else "So none is shown."
    match reading.state:
        case "failed":
            st.warning(f"The balance could not be looked up just now. {kept}", icon=":material/cloud_off:")
        case "reading":
            st.info(f"The balance is being looked up. {kept}", icon=":material/hourglass_top:")
