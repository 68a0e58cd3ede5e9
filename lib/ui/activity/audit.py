"""The audit on the Activity page: whether its chain holds, and the account's events to take away."""

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
"""This many characters of a hash are enough to compare by eye."""


@dataclass(frozen=True)
class _Checked:
    """The newest check of this process. `noted` is the newest head that was seen to hold."""

    check: Check
    at: datetime
    noted: Head | None


_checked: WeakKeyDictionary[Engine, _Checked] = WeakKeyDictionary()
_lock = threading.Lock()


def show_audit(visit: Visit) -> None:
    """Say what the newest check found, offer another one, and the download to those who may export."""
    with st.container(horizontal=True, vertical_alignment="center"):
        said = st.container(width="content")
        asked = st.button(
            "Check the audit",
            icon=":material/rule:",
            type="tertiary",
            key="check_audit",
            help="Recomputes the hash of every event of every account. That may take a while.",
        )
        if visit.may(Permission.EXPORT):
            offer_events(visit)
    if asked:
        with said, st.spinner("Checking every event"):
            _check(visit)
    _say(visit, said)


def _say(visit: Visit, where: DeltaGenerator) -> None:
    last = _checked.get(visit.app.services.engine)
    if last is None:
        with visit.read() as connection:
            newest = audit.head(connection)
        where.caption(f":material/history_edu: The audit has {_told(newest)} (not checked yet).")
        return
    if last.check.broken is None:
        where.caption(
            f":green[:material/verified:] The audit holds: {_told(last.check.head)} (checked at {visit.at(last.at)})."
        )
        return
    broken = last.check.broken
    st.error(
        f"**The audit does not hold.** Event {broken.sequence:,}: {broken.reason} (checked at {visit.at(last.at)}). "
        f"The events before it are as they were written; do not rely on any from there on. "
        "Change nothing, and tell the people who run the Account Manager.",
        icon=":material/gpp_bad:",
    )


def _told(head: Head) -> str:
    count = counted(head.sequence, "event")
    return f"{count}, newest hash {head.hash[:_SHORT]}…" if head.sequence else "no events"


def _check(visit: Visit) -> None:
    """Check the chain, and that the head an earlier check of this process saw is still in it."""
    engine = visit.app.services.engine
    with _lock:
        last = _checked.get(engine)
        noted = last.noted if last else None
        with engine.connect() as connection:
            check = audit.check_chain(connection, noted)
        _checked[engine] = _Checked(check, datetime.now(UTC), check.head if check.broken is None else noted)
    if check.broken is not None:
        log.error("audit broken", sequence=check.broken.sequence, reason=check.broken.reason)
