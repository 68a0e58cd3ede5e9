"""Moments as people read them."""

from datetime import datetime

from lib.actions.runner import local_time
from lib.launch import Hub


def at(hub: Hub, moment: datetime | None) -> str:
    """`14:02` today, `21 Nov 14:02` otherwise, in the house's time zone; "never" for None."""
    return "never" if moment is None else local_time(moment, hub.settings.time_zone)
