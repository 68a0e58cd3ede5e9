"""Times in words, in a person's own time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lib.domain.moments import exact_time, local_time

MELBOURNE = "Australia/Melbourne"


def test_today_is_the_time_alone():
    now = datetime.now(UTC)
    assert local_time(now, MELBOURNE) == now.astimezone(ZoneInfo(MELBOURNE)).strftime("%H:%M")


def test_another_day_is_named():
    assert local_time(datetime(2026, 1, 4, 3, 2, tzinfo=UTC), MELBOURNE) == "4 Jan 14:02"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert local_time(yesterday, "UTC") == yesterday.strftime("%-d %b %H:%M")


def test_an_exact_time_has_its_second_and_its_zone():
    assert exact_time(datetime(2026, 11, 21, 3, 2, 5, tzinfo=UTC), MELBOURNE) == "21 Nov 2026 14:02:05 AEDT"
    assert exact_time(datetime(2026, 6, 21, 3, 2, 5, tzinfo=UTC), MELBOURNE) == "21 Jun 2026 13:02:05 AEST"
