"""Quarantine lasts six calendar months, or twelve after nuisance calls."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.quarantine import quarantine_until


@pytest.mark.parametrize(
    ("day", "nuisance", "until"),
    [
        (date(2026, 11, 22), False, date(2027, 5, 22)),
        (date(2026, 11, 22), True, date(2027, 11, 22)),
        (date(2026, 8, 31), False, date(2027, 2, 28)),
        (date(2027, 8, 31), False, date(2028, 2, 29)),
        (date(2028, 2, 29), True, date(2029, 2, 28)),
        (date(2026, 12, 31), False, date(2027, 6, 30)),
        (date(2026, 6, 30), False, date(2026, 12, 30)),
    ],
)
def test_calendar_months(day, nuisance, until):
    assert quarantine_until(day, nuisance=nuisance) == until


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_never_more_than_the_months_and_hardly_less(day):
    assert 181 - 3 <= (quarantine_until(day) - day).days <= 184
    assert 365 - 1 <= (quarantine_until(day, nuisance=True) - day).days <= 366
