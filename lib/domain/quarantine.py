"""How long a disconnected number stays in quarantine before it goes back to the donor carrier.

Six calendar months, twelve where it was disconnected for nuisance calls (ACMA, "Disconnected numbers").
"""

import calendar
from datetime import date

MONTHS = 6
NUISANCE_MONTHS = 12


def quarantine_until(day: date, *, nuisance: bool = False) -> date:
    """The last day in quarantine of a number disconnected on `day`: the same day of a later month, or its last."""
    months = day.month - 1 + (NUISANCE_MONTHS if nuisance else MONTHS)
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
