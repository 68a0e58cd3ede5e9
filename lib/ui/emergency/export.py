"""The saved details as a readable list, one line for each number of the account."""

from collections.abc import Iterable

from lib.domain.auth_rules import NumberTruth
from lib.domain.emergency import LABELS, shown
from lib.domain.numbers import national
from lib.store.emergency import Version
from lib.ui.widgets.exports import csv_lines, moment


def numbers_csv(version: Version, owned: Iterable[NumberTruth], zone: str) -> str:
    """CSV with a head line. A spreadsheet keeps every cell as it is written."""
    head = ["Number", "State of the number", *LABELS.values(), "Version", "Saved", "Saved by"]
    values = [shown(version.record, field) for field in LABELS]
    saved = [str(version.version), moment(version.saved_at, zone), version.saved_by]
    return csv_lines([head, *([national(one.number), one.state.value, *values, *saved] for one in owned)])
