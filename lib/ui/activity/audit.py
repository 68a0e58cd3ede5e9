"""The audit on the Activity page: a check of its chain, and the download of the account's events."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import streamlit as st
import structlog
from sqlalchemy import Engine
from streamlit.delta_generator import DeltaGenerator

from lib.domain.permissions import Permission
from lib.domain.words import counted
from lib.store import audit
from lib.store.audit import Check, Head
from lib.ui.activity.export import offer_events
from lib.ui.visit import Visit

log = structlog.get_logger(__name__)

_SHORT = 8
"""How many characters of a hash are shown, to compare by eye."""


@dataclass(frozen=True)
class _Checked:
    """The latest check in this process. `noted` is the newest head that was found intact."""

    check: Check
    at: datetime
    noted: Head | None


_checked: WeakKeyDictionary[Engine, _Checked] = WeakKeyDictionary()
_lock = threading.Lock()


def show_audit(visit: Visit) -> None:
    """The result of the latest check, a button to check again, and the download for those who may export."""
    with st.container(horizontal=True, vertical_alignment="center"):
        result = st.container(width="content")
        asked = st.button(
            "Check the audit",
            icon=":material/rule:",
            type="tertiary",
            key="check_audit",
            help="Recomputes the hash of every event of every account. This may take a while.",
        )
        if visit.may(Permission.EXPORT):
            offer_events(visit)
    if asked:
        with result, st.spinner("Checking every event"):
            _check(visit)
    _show_result(visit, result)


def _show_result(visit: Visit, where: DeltaGenerator) -> None:
    last = _checked.get(visit.app.services.engine)
    if last is None:
        with visit.read() as connection:
            newest = audit.head(connection)
        where.caption(f":material/history_edu: The audit has {_words(newest)} (not checked yet).")
        return
    broken = last.check.broken
    checked = f"(checked at {visit.at(last.at)})."
    if broken is None:
        where.caption(f":green[:material/verified:] The audit holds: {_words(last.check.head)} {checked}")
        return
    st.error(
        f"**The audit does not hold.** Event {broken.sequence:,}: {broken.reason} {checked} "
        "The events before it are unchanged; do not rely on this event or any later one. "
        "Change nothing, and contact the people who run the Account Manager.",
        icon=":material/gpp_bad:",
    )


def _words(head: Head) -> str:
    count = counted(head.sequence, "event")
    return f"{count}, newest hash {head.hash[:_SHORT]}…" if head.sequence else "no events"


def _check(visit: Visit) -> None:
    """Check the chain, and that it still contains the head that an earlier check in this process saw."""
    engine = visit.app.services.engine
    with _lock:
        last = _checked.get(engine)
        noted = last.noted if last else None
        with engine.connect() as connection:
            check = audit.check_chain(connection, noted)
        _checked[engine] = _Checked(check, datetime.now(UTC), check.head if check.broken is None else noted)
    if check.broken is not None:
        log.error("audit broken", sequence=check.broken.sequence, reason=check.broken.reason)
