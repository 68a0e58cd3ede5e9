"""Moments as people write them."""

from datetime import datetime
from zoneinfo import ZoneInfo


def local_time(moment: datetime, zone: str) -> str:
    """A moment in this time zone: `14:02` today, `21 Nov 14:02` on another day."""
    there = moment.astimezone(ZoneInfo(zone))
    same_day = there.date() == datetime.now(ZoneInfo(zone)).date()
    return there.strftime("%H:%M") if same_day else there.strftime("%-d %b %H:%M")


def exact_time(moment: datetime, zone: str) -> str:
    """A moment in this time zone, to the second and with the zone's name: `21 Nov 2026 14:02:05 AEDT`."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%-d %b %Y %H:%M:%S %Z")
