"""The saved details as a readable list, one line for each number of the account."""

import csv
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from lib.domain.auth_rules import NumberTruth
from lib.domain.emergency import LABELS, shown
from lib.domain.numbers import national
from lib.store.emergency import Version


def numbers_csv(version: Version, owned: Iterable[NumberTruth], zone: str) -> str:
    """CSV with a head line. No cell can begin a formula in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Number", "State of the number", *LABELS.values(), "Version", "Saved", "Saved by"])
    values = [shown(version.record, field) for field in LABELS]
    saved = version.saved_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    for one in owned:
        row = [national(one.number), one.state.value, *values, str(version.version), saved, version.saved_by]
        writer.writerow([defused(cell) for cell in row])
    return out.getvalue()


def defused(cell: str) -> str:
    """The cell as text: a spreadsheet would run what begins with one of these signs."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
