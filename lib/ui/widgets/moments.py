"""Moments as people read them."""

from datetime import datetime

from lib.actions.engine.runner import local_time
from lib.app.start import App


def at(app: App, moment: datetime | None) -> str:
    """`14:02` today, `21 Nov 14:02` otherwise, in the house's time zone; "never" for None."""
    return "never" if moment is None else local_time(moment, app.settings.time_zone)
